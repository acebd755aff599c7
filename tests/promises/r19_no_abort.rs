//! Rule 19: a call that is out of memory returns a status and changes nothing; completing, cancelling, waiting for one
//! and releasing allocate nothing; nothing is ever written on standard error. The one exception: a C++ exception.

use crate::common::header::{self, Names};
use crate::support::*;
use std::os::unix::process::ExitStatusExt;

/// Where there are no futexes, a thread's first sleep needs memory.
const SLEEP: &[&str] = if cfg!(asynchron_portable) { &["sleep"] } else { &[] };

/// Every function, with each of its allocations failing in turn.
#[test]
fn no_memory_is_a_status() {
    let program = process::compile("no_memory.c", &[]);
    process::run(process::command(&program, SLEEP), 120).assert_quiet_success();
    let list = process::run(process::command(&program, &["list"]), 60).stdout;
    let tried: Names = list.lines().map(str::to_owned).collect();
    let functions = header::declared().functions;
    let left_out: Vec<_> = functions.symmetric_difference(&tried).collect();
    assert!(left_out.is_empty(), "not tried in tests/c/promises/no_memory.c: {left_out:?}");
}

/// What must go on when there is no memory at all.
#[test]
fn completing_waiting_and_releasing_allocate_nothing() {
    let program = process::compile("no_allocation.c", &[]);
    process::run(process::command(&program, SLEEP), 120).assert_quiet_success();
}

/// Also on a thread that uses the library for the first time, where that was loaded by dlopen.
#[test]
fn a_thread_s_first_use_of_a_loaded_library_needs_no_memory() {
    let program = process::compile_without_library("loaded_without_memory.c");
    let library = process::shared_library();
    let mut command = std::process::Command::new(&program);
    command.arg(library).args(if cfg!(asynchron_portable) { Some("awake") } else { None });
    process::run(command, 60).assert_quiet_success();
}

#[test]
fn a_thread_that_is_cancelled_does_not_end_inside() {
    let program = process::compile("cancelled_thread.c", &[]);
    process::run(process::command(&program, &[]), 60).assert_quiet_success();
}

/// The count stops at its end: the asynchron lives for ever, and is never freed too early. As many retains as
/// 32 bits count take half a minute.
#[test]
#[ignore = "takes half a minute; the count has a test of its own in src/base/refs.rs"]
fn a_reference_count_saturates() {
    in_child(600, || {
        memory::quarantine();
        let (a, user) = (Handle::new(), Tally::new());
        let b = with_user_data(user.ptr(), user.drop_fn()).into_raw();
        a.set_pointer(b.cast(), Some(release_it));
        for _ in 0..(1u64 << 32) + 5 {
            unsafe { asynchron_retain(b) };
        }
        for _ in 0..100 {
            unsafe { asynchron_release(b) };
            assert_eq!((user.drops(), unsafe { asynchron_poll(b) }), (0, ASYNCHRON_PENDING));
        }
        memory::check_quarantine();
    });
}

/// Each kind of function that throws, and what the message calls it.
const THROWERS: [(&str, &str); 21] = [
    ("notify", "a callback"),
    ("notify-at-once", "a callback"),
    ("removable", "a callback"),
    ("broken", "a callback"),
    ("call", "a function"),
    ("spawn", "a function"),
    ("on-demand", "a function"),
    ("after", "a function"),
    ("then", "a function"),
    ("drop-callback", "a drop function"),
    ("drop-unnotified", "a drop function"),
    ("drop-spawn", "a drop function"),
    ("drop-on-demand", "a drop function"),
    ("drop-after", "a drop function"),
    ("drop-then", "a drop function"),
    ("value", "a drop function"),
    ("buffer", "a drop function"),
    ("refused-value", "a drop function"),
    ("payload", "a drop function"),
    ("user-data", "a drop function"),
    ("drop-never-asked", "a drop function"),
];

/// The end is a signal, and the message names the cause; a handler around the call that led there changes nothing.
#[test]
fn an_exception_out_of_a_callback_ends_the_program_with_a_message() {
    let program = process::compile("exceptions.cpp", &[]);
    for (thrower, what) in THROWERS {
        let ran = process::run(process::command(&program, &[thrower]), 60);
        let said = ran.stderr.to_lowercase();
        assert!(ran.status.signal().is_some(), "{thrower}: {} {}", ran.status, ran.stdout);
        let named = said.contains("asynchron: a c++ exception")
            && said.contains(&format!("out of {what},"));
        assert!(named, "{thrower}: the message does not say whose and what:\n{said}");
    }
    // What does not throw ends well, so it is the exception that ended the others.
    process::run(process::command(&program, &["none"]), 60).assert_quiet_success();
}

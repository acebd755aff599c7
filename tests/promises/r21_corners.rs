//! The corners of a process: how threads and processes end, signals, small stacks, the library twice.

use crate::common::{self, compiler, library::Form, run};
use crate::support::*;
use std::path::PathBuf;

fn last_release(place: &str) {
    let program = process::compile("last_release.c", &[]);
    process::run(process::command(&program, &[place]), 60).assert_quiet_success();
}

/// In the destructor of a pthread key, of the program's threads and of the library's.
#[test]
fn the_last_release_at_a_thread_s_end() {
    last_release("thread end");
    last_release("first thread end");
}

#[test]
fn the_last_release_in_a_callback() {
    last_release("callback");
}

#[test]
fn the_last_release_in_a_drop() {
    last_release("drop");
}

#[test]
fn the_last_release_in_a_function() {
    last_release("function");
}

#[test]
fn the_last_release_in_an_atexit_handler() {
    last_release("atexit");
}

/// From main, by return and by call, from inside a callback, and from a background thread. Another time the threads
/// are somewhere else.
#[test]
fn exit_while_all_threads_are_busy() {
    let program = process::compile("exit_while_busy.c", &[]);
    for _ in 0..25 {
        for way in ["return", "exit", "callback", "background"] {
            let ran = process::run(process::command(&program, &[way]), 60);
            assert_eq!(ran.status.code(), Some(7), "{way}: {}\n{}", ran.status, ran.stderr);
            assert_eq!(ran.stderr, "");
        }
    }
}

/// Every wait that a program can be in, interrupted over and over, goes on: for ever, or to its deadline.
#[test]
fn signals_interrupt_every_kind_of_wait() {
    let program = process::compile("signals.c", &[]);
    process::run(process::command(&program, &[]), 170).assert_quiet_success();
}

#[test]
fn threads_with_the_smallest_stack() {
    let program = process::compile("small_stack.c", &[]);
    process::run(process::command(&program, &[]), 60).assert_quiet_success();
}

/// tests/c/promises/linked_twice_module.c with the static library inside, to be loaded.
fn module(name: &str, flags: &[&str]) -> PathBuf {
    let module = common::out_dir().join(name).with_extension(std::env::consts::DLL_EXTENSION);
    let mut command = compiler::command("gnu11");
    command.arg(common::root().join("tests/c/promises/linked_twice_module.c"));
    command.args(["-fPIC", "-shared", "-Wl,-z,nodelete", "-o"]).arg(&module).args(flags);
    command.args(Form::Static.link_args());
    common::ok(run::succeed(command, common::LIMIT));
    module
}

/// Shared by the program, static in a module that keeps its names to itself, or shows them, and then gets the program's.
#[test]
fn the_library_linked_twice() {
    let program = process::compile("linked_twice.c", &[]);
    for (name, flags) in [("apart", &["-Wl,--exclude-libs,ALL"][..]), ("one", &[])] {
        let module = module(name, flags);
        // What other systems park on, a fork may leave locked.
        let fork = if cfg!(asynchron_portable) { "" } else { "fork" };
        let command = process::command(&program, &[module.to_str().unwrap(), name, fork]);
        process::run(command, 170).assert_quiet_success();
    }
}

/// It is not allowed, but happens in hosts that unwind: what is delivered later writes to nothing that is in use.
#[test]
#[cfg_attr(
    asynchron_portable,
    ignore = "who leaves a sleep stays in the table of those that sleep"
)]
fn a_wait_that_is_left_by_longjmp_lets_later_deliveries_go_well() {
    let program = process::compile("longjmp.c", &[]);
    process::run(process::command(&program, &["1000"]), 170).assert_quiet_success();
    if let Some(command) = process::under_valgrind_but_for_leaks(&program, &["50"]) {
        let ran = process::run(command, 170);
        assert!(ran.status.success(), "{}\n{}", ran.stdout, ran.stderr);
    }
}

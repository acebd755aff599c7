//! Rule 9: background threads belong to nobody: they have nothing of whoever happened to start them, take no signals
//! that are the program's, and let runtimes stop them.

use crate::common::library::Form;
use crate::support::*;
use std::io::Write;
use std::path::Path;

fn passes(source: &str, libraries: &[&str]) {
    let program = process::compile_with(source, &[], libraries);
    process::run(process::command(&program, &[]), 120).assert_quiet_success();
}

#[test]
fn a_thread_keeps_nothing_of_who_started_it() {
    passes("neutral_threads.c", &["-lm"]);
}

#[test]
fn a_thread_begins_with_the_policy_of_others() {
    let program = process::compile("begins_neutral.c", &[]);
    let ran = process::run(process::command(&program, &[]), 120);
    ran.assert_quiet_success();
    for policy in ran.stdout.lines() {
        say(&format!("skipped: a thread started by one with {policy}, which is not allowed here"));
    }
}

#[test]
fn signals_of_the_program_reach_the_program() {
    passes("signalfd.c", &[]);
}

#[test]
fn a_child_inherits_what_is_blocked_unless_it_is_given_an_empty_mask() {
    passes("children.c", &[]);
}

#[test]
fn the_boehm_collector_stops_our_threads_by_signals() {
    if Path::new("/usr/include/gc.h").exists() {
        passes("stopped_by_signals.c", &["-lgc"]);
    } else {
        skip("libgc", "libgc-dev is not installed");
    }
}

#[test]
fn mono_stops_our_threads_by_signals() {
    let Some(program) = process::compile_by("mcs", "stopped_by_mono.cs", |mcs, source, program| {
        mcs.arg("-warnaserror+").arg(format!("-out:{}", program.display())).arg(source);
    }) else {
        return skip("mono", "there is no mcs");
    };
    let mut mono = process::command(Path::new("mono"), &[]);
    mono.arg(program);
    process::run(mono, 120).assert_quiet_success();
}

#[test]
fn the_runtime_of_d_stops_our_threads_by_signals() {
    let Some(program) = process::compile_by("ldc2", "stopped_by_d.d", |ldc2, source, program| {
        ldc2.arg("-w").arg(source).arg(format!("-of={}", program.display()));
        ldc2.arg(format!("-L-L{}", Form::Shared.dir().display())).arg("-L-lasynchron");
    }) else {
        return skip("d", "there is no ldc2");
    };
    process::run(process::command(&program, &[]), 120).assert_quiet_success();
}

/// Says that this runtime was not tried. `ASYNCHRON_RUNTIMES` lists those, separated by spaces, for which that is a
/// failure.
fn skip(runtime: &str, why: &str) {
    let message = format!("skipped: our threads are stopped by {runtime}: {why}");
    let must = std::env::var("ASYNCHRON_RUNTIMES").unwrap_or_default();
    assert!(!must.split_whitespace().any(|name| name == runtime), "{message}");
    say(&message);
}

/// Past the test's capture.
fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}

//! Rule 9: background threads belong to nobody: they have nothing of who happened to start them, take no signals that
//! are the program's, and let runtimes stop them.

use crate::support::*;

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
    passes("begins_neutral.c", &[]);
}

#[test]
fn signals_of_the_program_reach_the_program() {
    passes("signalfd.c", &[]);
}

/// The collector's headers are there where CI runs; elsewhere this says that it was left out.
#[test]
fn a_runtime_stops_our_threads_by_signals() {
    let there = std::path::Path::new("/usr/include/gc.h").exists();
    if !there && std::env::var_os("CI").is_none() {
        eprintln!("left out: libgc-dev is not installed");
        return;
    }
    passes("stopped_by_signals.c", &["-lgc"]);
}

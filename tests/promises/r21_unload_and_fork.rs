//! Rule 21: the library stays once it is loaded; a forked child may create, deliver, wait and spawn.

use crate::support::*;

/// Loaded, used, closed while its threads are at work, used through old pointers, loaded and used again.
#[test]
fn closing_the_library_does_not_unload_it() {
    let program = process::compile_without_library("unload.c");
    let library = process::shared_library();
    let library = library.to_str().unwrap();
    process::run(process::command(&program, &[library]), 60).assert_quiet_success();
}

fn fork(scenario: &str) {
    let program = process::compile("fork.c", &[]);
    process::run(process::command(&program, &[scenario]), 170).assert_quiet_success();
}

/// Whatever the parent's threads are doing at that moment.
#[test]
fn a_child_can_do_everything() {
    fork("busy");
}

#[test]
fn what_the_parent_computes_never_completes_in_the_child() {
    fork("running");
}

/// The forking thread is one of the library's.
#[test]
fn inside_a_spawned_function() {
    fork("spawned");
}

/// And returns there: what else was spawned is left to the parent.
#[test]
fn a_spawned_function_that_forks_and_returns() {
    let program = process::compile("fork_and_return.c", &[]);
    process::run(process::command(&program, &[]), 60).assert_quiet_success();
}

/// What was spawned before the fork runs in the parent, once, and not in the child.
#[test]
fn the_parent_s_tasks_do_not_run_in_the_child() {
    fork("queued");
}

/// And its children's children; and in a callback, and in a function that is called.
#[test]
fn in_a_child_s_child_and_in_a_callback() {
    fork("nested");
}

/// Neither rings the parent's descriptor nor silences it, and has one of its own when it asks.
#[test]
fn a_child_leaves_the_parent_s_descriptor_alone() {
    let program = process::compile("fork_descriptor.c", &[]);
    process::run(process::command(&program, &[]), 120).assert_quiet_success();
}

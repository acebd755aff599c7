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

/// A program's own handlers call in all three positions, while other threads are at work; registered at that time.
fn handlers(when: &str) {
    let program = process::compile_without_library("fork_handlers.c");
    let library = process::shared_library();
    let command = process::command(&program, &[library.to_str().unwrap(), when]);
    process::run(command, 120).assert_quiet_success();
}

#[test]
fn a_fork_handler_of_the_program_may_call_and_be_the_first_that_does() {
    handlers("used");
}

#[test]
fn a_fork_handler_that_was_registered_after_the_first_calls_may_call() {
    handlers("after");
}

/// As in a program that loads the library by itself: the library's handlers run within those.
#[test]
fn a_fork_handler_that_was_there_before_the_library_was_loaded_may_call() {
    handlers("loaded");
}

/// Neither rings the parent's descriptor nor silences it, and has one of its own when it asks.
#[test]
fn a_child_leaves_the_parent_s_descriptor_alone() {
    let program = process::compile("fork_descriptor.c", &[]);
    process::run(process::command(&program, &[]), 120).assert_quiet_success();
}

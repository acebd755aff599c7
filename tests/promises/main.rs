//! The promises that the header makes, rule by rule, in a file for each: a broken promise is a failing test.
#![cfg(all(target_os = "linux", target_env = "gnu"))] // threads and memory are looked at in their ways
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "here every call is one of C's, and what makes it sound is what the test is about"
)]

#[path = "../common/mod.rs"]
mod common;
mod support;

mod r01_first_delivery_wins;
mod r02_contexts;
mod r02_handed_over_once;
mod r03_no_lock_around_user_code;
mod r04_publish_wake_notify;
mod r05_queued_callbacks;
mod r05_stack_safe;
mod r06_release_after_wait;
mod r07_call_and_spawn;
mod r07_deadlock;
mod r07_lets_go;
mod r08_lets_go;
mod r08_on_demand;
mod r09_as_many_as_processors;
mod r09_spawn_never_starves;
mod r09_threads_and_processes;
mod r09_threads_are_neutral;
mod r10_report_close;
mod r10_report_fd;
mod r10_report_order;
mod r10_report_remove;
mod r10_report_threads;
mod r11_wait_any;
mod r12_after_and_then;
mod r12_lets_go;
mod r13_nobody_left;
mod r14_tokens;
mod r14_unnotify;
mod r15_failure_is_rich;
mod r16_out_pointers;
mod r17_time;
mod r18_memory_order;
mod r19_examples_without_memory;
mod r19_no_abort;
mod r20_structs_that_grow;
mod r21_corners;
mod r21_unload_and_fork;
mod r22_follow;
mod r22_follow_inside;
mod r22_follow_races;
mod r23_promises;
mod r24_steps;
mod r24_ways;
mod r25_deadlines;
mod r25_timers;
mod r26_cancel_rest;
mod r26_groups;
mod r26_groups_races;
mod r27_executors;
mod r27_post;
mod r27_steps;
mod r28_shutdown;
mod r29_reserve;
mod r30_producers;
mod r30_returned;
mod r30_take;
mod r31_progress;

//! The executors under shuttle, which runs the library's own code, and its threads, in some thousand orders that it picks
//! by chance: `make -C reliability shuttle`. They are too much for loom, which would try them all.
//!
//! A model is a test, named after its promise. It fails by an assertion; or by a deadlock, which is what a lost wake-up
//! is. Where a time limit makes up for that, time has passed, which it only does while all threads sleep
//! (`src/sys/shuttle.rs`): so models check how much has.

#![cfg(shuttle)]
#![allow(clippy::undocumented_unsafe_blocks, reason = "every call of the library is one")]

mod posted;
mod shutdown;
mod support;
mod threads;

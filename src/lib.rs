//! **asynchron**: a value that arrives later, behind an opaque handle that any language can hold.
//!
//! The library is used from C, through `include/asynchron.h`, which is its manual. This crate is
//! how it is built:
//!
//! - `core`: one asynchron: its state, its outcome, its listeners, and how a thread waits;
//! - `report`: many, in completion order;
//! - `compose`: wait for any, wait for all, go on after others;
//! - `compute`, `executor`: functions that compute a value, here or on a background thread;
//! - `sync`, `sys`: atomics, and what the operating system gives;
//! - [`capi`]: the C interface, one file for each section of the header, in its order.

// Nothing that C can reach may panic, and each unsafe operation says by itself why it is sound.
#![cfg_attr(
    not(any(test, loom)),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::multiple_unsafe_ops_per_block,
        clippy::panic,
        clippy::unwrap_used
    )
)]

pub mod capi;
mod compose;
mod compute;
mod core;
mod executor;
mod report;
mod sync;
mod sys;

#[cfg(loom)]
#[doc(hidden)]
pub use sync::{alive, begin};

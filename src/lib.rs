//! **asynchron**: a value that arrives later, behind an opaque handle that any language can hold.
//!
//! The library is used from C, through `include/asynchron.h`, which is its manual. This crate is
//! how it is built:
//!
//! - `sys`, `sync`: what the operating system gives, and atomics;
//! - `base`: plain tools;
//! - `one`: one asynchron: its state, its outcome, its listeners, and how a thread waits;
//! - `compute`: functions that compute a value, here or on demand;
//! - `pool`: executors: what runs on other threads;
//! - `listen`: what listens: callbacks, steps, a wait for any, reports;
//! - `time`: deadlines and timers;
//! - [`capi`]: the C interface, one file for each section of the header, in its order.
//!
//! Each of these floors knows those above it in this list, and none below. `tests/floors.rs` holds them to that.

// Nothing that C can reach may panic, and each unsafe operation says by itself why it is sound.
#![cfg_attr(
    not(any(test, loom, shuttle)),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::multiple_unsafe_ops_per_block,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod base;
pub mod capi;
mod compute;
mod listen;
mod one;
mod pool;
mod sync;
mod sys;
mod time;

#[cfg(loom)]
#[doc(hidden)]
pub use sync::{alive, begin};
#[cfg(loom)]
#[doc(hidden)]
pub use time::serve_all;
#[cfg(shuttle)]
#[doc(hidden)]
pub mod model {
    //! What the models of the pool need beside the interface.
    pub use crate::pool::without_limit;
    pub use crate::sys::shuttle::{Gate, begin, compute, elapsed, end, spawn};
}

//! The library under loom, which tries every way in which its threads can fall together, and every value that its atomics
//! can give by their orderings: `make -C reliability loom`.
//!
//! A model is a test, named after its promise. It fails by an assertion; by an access that is not ordered, found by the
//! library's own atomics and cells (`src/sync/model.rs`); by a use of freed memory (`keeper.rs`); by a deadlock, which is
//! what a lost wake-up is; or by an object that is left. A failure often ends the program, since no panic gets through C.

#![cfg(loom)]
#![allow(clippy::undocumented_unsafe_blocks, reason = "every call of the library is one")]

mod callbacks;
mod collect;
mod follow;
mod groups;
mod keeper;
mod lent;
mod posted;
mod producers;
mod progress;
mod promises;
mod release;
mod report;
mod returned;
mod room;
mod several;
mod steps;
mod support;
mod time;

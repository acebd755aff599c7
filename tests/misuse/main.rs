//! What the library does with bad arguments and without memory.
//!
//! A table, one module per section of the header: every function, every kind of bad argument that
//! applies to it, and what the header promises for it. Each row is played in a fresh scene
//! (`scene.rs`), which must come out unchanged and still work; whatever the row hands over must be
//! dropped exactly once, and nothing may stay allocated. `complete.rs` reads the header, and fails
//! when the table lacks a function or a kind of argument.
//!
//! Beside the table:
//!
//! - `growing.rs`: option structs of every size, at the edge of memory that cannot be read.
//! - `handover.rs`, `contexts.rs`: what is handed over is dropped exactly once, on every path.
//! - `outs.rs`: what out parameters hold.
//! - `memory.rs`, `refused.rs`: each request for memory, a thread or a descriptor is refused.
//! - `quiet.rs`, `audience.rs`: what must not ask for memory at all.
//! - `silent.rs`: nothing of all this is written to standard error.
#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "here every call is unsafe, and wrong arguments are the subject"
)]
#![cfg(unix)]

mod child;
mod common;
mod ledger;
mod limit;
mod scene;
mod table;
mod tally;
mod trial;

mod callbacks;
mod collect;
mod compute;
mod deliver;
mod groups;
mod handles;
mod library;
mod many;
mod progress;
mod promises;
mod reports;

mod audience;
mod complete;
mod contexts;
mod growing;
mod handover;
mod memory;
mod outs;
mod quiet;
mod refused;
mod silent;
mod steps;
mod time;

#[global_allocator]
static LEDGER: ledger::Ledger = ledger::Ledger;

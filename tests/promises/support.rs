//! What the promise tests share. They call the C functions; these helpers only take the chores off them: handles
//! that release themselves, closures as callbacks, races in many rounds, time limits, processes of their own.

pub mod callbacks;
pub mod executor;
pub mod handle;
pub mod memory;
pub mod process;
pub mod race;
pub mod threads;

pub use asynchron::capi::asynchron_state_t::*;
pub use asynchron::capi::asynchron_status_t::*;
pub use asynchron::capi::*;
pub use std::ffi::{CStr, CString, c_char, c_void};
pub use std::ptr::{null, null_mut};
pub use std::sync::Arc;
pub use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};

pub use callbacks::*;
pub use executor::{EXECUTOR_OPTIONS, Executor, Tasks};
pub use handle::{Failure, Handle, Report};
pub use process::in_child;
pub use race::race;
pub use threads::{Gate, Waiter, start, until, within};

pub const MS: u64 = 1_000_000;
pub const SEC: u64 = 1_000 * MS;
/// A timeout that no test is meant to live through: it is there so that a wait is neither a poll nor endless.
pub const LONG: u64 = 1_000 * SEC;

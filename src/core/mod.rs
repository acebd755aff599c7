//! One asynchron: its state, its outcome, those that wait for it.
//!
//! Follow a value: [`cell`] takes a delivery, [`state`] decides who wins and publishes, [`outcome`]
//! is where the value lies, [`listener`] says who is to be told, [`tell`] tells them, [`due`] runs
//! what must not run at once, and [`wait`] is how a thread blocks until then. [`release`] is the end.

pub(crate) mod callback;
pub(crate) mod cell;
pub(crate) mod due;
pub(crate) mod extras;
pub(crate) mod failure;
pub(crate) mod handle;
pub(crate) mod here;
pub(crate) mod link;
pub(crate) mod listener;
pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod outcome;
pub(crate) mod patience;
pub(crate) mod refs;
pub(crate) mod release;
pub(crate) mod removable;
pub(crate) mod state;
pub(crate) mod step;
pub(crate) mod tell;
mod token;
pub(crate) mod user;
pub(crate) mod wait;

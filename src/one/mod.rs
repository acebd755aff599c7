//! One asynchron: its state, its outcome, those that listen to it.
//!
//! Follow a value: [`complete`] takes a delivery, [`state`] decides who wins, [`outcome`] is where the value lies,
//! [`publish`] makes it visible and tells those in the list of [`listener`], [`jobs`] runs what must not run at once,
//! and [`wait`] is how a thread blocks until then. [`release`] is the end.

pub(crate) mod asynchron;
pub(crate) mod chain;
pub(crate) mod complete;
pub(crate) mod deadline;
pub(crate) mod demand;
pub(crate) mod extras;
pub(crate) mod failure;
pub(crate) mod form;
pub(crate) mod handle;
pub(crate) mod inside;
pub(crate) mod jobs;
pub(crate) mod link;
pub(crate) mod listener;
pub(crate) mod outcome;
pub(crate) mod progress;
pub(crate) mod promises;
pub(crate) mod publish;
pub(crate) mod release;
pub(crate) mod room;
pub(crate) mod share;
pub(crate) mod state;
pub(crate) mod step;
pub(crate) mod take;
pub(crate) mod wait;
pub(crate) mod wanted;

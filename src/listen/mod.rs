//! What listens to asynchrons: callbacks, steps that go on after one or several, those that follow, groups of several,
//! a wait for any of several, reports.
//! (To wait for all is to wait for one after the other.)
//!
//! Each is a kind of listener ([`crate::one::listener::Kind`]). A callback that can be taken back is made of a
//! callback and a token, and a step after one source is a `then`; beyond that none knows the others.

use std::ffi::c_void;

use crate::one::asynchron::Asynchron;

pub(crate) mod after;
pub(crate) mod all;
pub(crate) mod any;
pub(crate) mod callback;
pub(crate) mod follow;
pub(crate) mod group;
pub(crate) mod removable;
pub(crate) mod report;
pub(crate) mod then;
mod token;
pub(crate) mod ways;

/// Computes a value from complete sources: 0, or an error code.
pub(crate) type JoinFn =
    unsafe extern "C-unwind" fn(*mut Asynchron, *const *mut Asynchron, usize, *mut c_void) -> i32;

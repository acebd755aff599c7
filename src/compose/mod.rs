//! Several together: wait for any, wait for all, go on after one or after them all.

use std::ffi::c_void;
use std::ptr::NonNull;

use crate::core::cell::Asynchron;
use crate::core::due::Job;
use crate::core::listener::Listener;

pub(crate) mod after;
pub(crate) mod then;
pub(crate) mod wait_all;
pub(crate) mod wait_any;

/// Computes a value from complete sources: 0, or an error code.
pub(crate) type JoinFn =
    unsafe extern "C-unwind" fn(*mut Asynchron, *const *mut Asynchron, usize, *mut c_void) -> i32;

/// What lies where a listener was, once it has been told: the job where the links were, and the source
/// that told it where it said whose it is.
#[repr(C)]
struct Told {
    job: Job,
    source: NonNull<Asynchron>,
}

const _: () = assert!(size_of::<Told>() == size_of::<Listener>());

impl Told {
    /// # Safety
    /// The node is the caller's alone, and is used as a listener no more.
    unsafe fn write_source(node: NonNull<Listener>, source: NonNull<Asynchron>) {
        // SAFETY: as the caller promises.
        unsafe { (*node.cast::<Self>().as_ptr()).source = source };
    }

    /// # Safety
    /// Its source was written, and the node is the caller's alone.
    unsafe fn source(node: NonNull<Listener>) -> NonNull<Asynchron> {
        // SAFETY: as the caller promises.
        unsafe { (*node.cast::<Self>().as_ptr()).source }
    }
}

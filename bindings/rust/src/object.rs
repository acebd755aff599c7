//! Objects of Rust as values and user data: which pointers are such, and of which type, is in a table.
//!
//! A program of C may deliver any pointer. So before one is read as a `T`, it is looked up: what is in the table is
//! alive, and was put there by this crate with its type.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::calls::{Handed, shielded};

/// A `T` on the heap, also if it has no size: each has an address of its own.
struct Held<T> {
    it: T,
    _address: u8,
}

type Part = Mutex<BTreeMap<usize, TypeId>>;

/// In parts, so that threads seldom wait for each other.
static TABLE: [Part; 64] = [const { Mutex::new(BTreeMap::new()) }; 64];

fn part(at: *const c_void) -> MutexGuard<'static, BTreeMap<usize, TypeId>> {
    let part = &TABLE[(at.addr() >> 4) % TABLE.len()];
    // Nothing panics while it is locked.
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts it on the heap and into the table, until its drop is called.
pub(crate) fn handed<T: Send + 'static>(it: T) -> Handed {
    let ctx: *mut c_void = Box::into_raw(Box::new(Held { it, _address: 0 })).cast();
    part(ctx).insert(ctx.addr(), TypeId::of::<T>());
    Handed { ctx, drop: Some(drop_held::<T>) }
}

/// The drop of such a pointer.
///
/// # Safety
///
/// `it` is of `handed` for the same `T`, and nobody uses it any more.
unsafe extern "C" fn drop_held<T: Send + 'static>(it: *mut c_void) {
    // SAFETY: the caller vouches for it.
    let _ = shielded(|| drop(unsafe { taken::<T>(it) }));
}

/// Takes it out of the table and off the heap.
///
/// # Safety
///
/// `it` is of `handed` for the same `T`, nobody uses it any more, and its drop will not be called.
pub(crate) unsafe fn taken<T: Send + 'static>(it: *mut c_void) -> T {
    part(it).remove(&it.addr());
    // SAFETY: the caller vouches for it: it is of `Box::into_raw`.
    let held = unsafe { Box::from_raw(it.cast::<Held<T>>()) };
    held.it
}

/// Whether it is a `T` of `handed`.
pub(crate) fn is<T: 'static>(it: *const c_void) -> bool {
    part(it).get(&it.addr()) == Some(&TypeId::of::<T>())
}

/// The `T` behind a pointer, if there is one.
///
/// # Safety
///
/// If the pointer was made by `handed`, its drop is not called while `'a` lasts.
pub(crate) unsafe fn borrowed<'a, T: Send + Sync + 'static>(it: *const c_void) -> Option<&'a T> {
    // SAFETY: the table says that it is such a box, which lives as long as the caller says. Shared references are all
    // that there are to it.
    is::<T>(it).then(|| unsafe { &(*it.cast::<Held<T>>()).it })
}

//! By pthread keys. The first few need no memory, and the others say so.

use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use super::SLOTS;

pub(crate) struct ThreadLocal {
    /// The key and 1; 0 until a thread first stores.
    key: AtomicUsize,
}

impl ThreadLocal {
    pub(crate) const fn new(index: usize) -> Self {
        assert!(index < SLOTS);
        Self { key: AtomicUsize::new(0) }
    }

    /// NULL, unless this thread has stored.
    #[inline]
    pub(crate) fn get(&self) -> *mut c_void {
        // ORDERING: Acquire sees what the thread that made the key did to make it.
        match self.key.load(Acquire) {
            0 => std::ptr::null_mut(),
            // SAFETY: the key was made, and is never deleted.
            known => unsafe { libc::pthread_getspecific(key_of(known)) },
        }
    }

    /// False: it cannot be stored.
    pub(crate) fn set(&self, value: *mut c_void) -> bool {
        let Some(key) = self.key() else {
            return false;
        };
        // SAFETY: the key was made, and is never deleted.
        unsafe { libc::pthread_setspecific(key, value) == 0 }
    }

    fn key(&self) -> Option<libc::pthread_key_t> {
        // ORDERING: Acquire sees what the thread that made the key did to make it.
        let known = self.key.load(Acquire);
        if known != 0 {
            return Some(key_of(known));
        }
        let mut made: libc::pthread_key_t = 0;
        // SAFETY: `made` is live. There is no destructor.
        if unsafe { libc::pthread_key_create(&mut made, None) } != 0 {
            return None;
        }
        // ORDERING: Release publishes the key; Acquire, on failure, sees the other's.
        match self.key.compare_exchange(0, (made as usize).wrapping_add(1), Release, Acquire) {
            Ok(_) => Some(made),
            Err(theirs) => {
                // SAFETY: made here, and used nowhere.
                unsafe { libc::pthread_key_delete(made) };
                Some(key_of(theirs))
            }
        }
    }
}

/// The key that a slot with this in it has.
fn key_of(known: usize) -> libc::pthread_key_t {
    known.wrapping_sub(1) as libc::pthread_key_t
}

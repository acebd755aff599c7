//! By the standard library.

use std::cell::Cell;
use std::ffi::c_void;

use super::SLOTS;

thread_local! {
    static HERE: [Cell<*mut c_void>; SLOTS] =
        const { [const { Cell::new(std::ptr::null_mut()) }; SLOTS] };
}

pub(crate) struct ThreadLocal {
    index: usize,
}

impl ThreadLocal {
    pub(crate) const fn new(index: usize) -> Self {
        assert!(index < SLOTS);
        Self { index }
    }

    #[expect(clippy::indexing_slicing, reason = "`new` has seen to it that there is one")]
    pub(crate) fn get(&self) -> *mut c_void {
        HERE.with(|here| here[self.index].get())
    }

    #[expect(clippy::indexing_slicing, reason = "as above")]
    pub(crate) fn set(&self, value: *mut c_void) -> bool {
        HERE.with(|here| here[self.index].set(value));
        true
    }
}

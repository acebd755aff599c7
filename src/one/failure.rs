//! A failure with everything that can be said of it, counted: passing it on shares it.

use std::alloc::{Layout, dealloc};
use std::ffi::{CStr, c_char, c_void};
use std::ptr::NonNull;

use crate::base::memory::{NoMemory, allocate};
use crate::base::program::Owned;
use crate::base::refs::Refs;

/// One allocation: this, then the domain, then the message, each with its closing NUL.
struct Block {
    refs: Refs,
    code: i32,
    layout: Layout,
    domain: *const c_char,
    message: *const c_char,
    payload: Owned,
}

pub(crate) struct Failure(NonNull<Block>);

// SAFETY: the block does not change once made, but for its count, which is atomic.
unsafe impl Send for Failure {}
// SAFETY: the block does not change once made, but for its count, which is atomic.
unsafe impl Sync for Failure {}

impl Failure {
    pub(crate) fn new(
        code: i32,
        domain: &CStr,
        message: &CStr,
        payload: Owned,
    ) -> Result<Self, NoMemory> {
        let (domain, message) = (domain.to_bytes_with_nul(), message.to_bytes_with_nul());
        let text = domain.len().checked_add(message.len()).ok_or(NoMemory)?;
        let text = Layout::array::<u8>(text).map_err(|_| NoMemory)?;
        let (layout, start) = Layout::new::<Block>().extend(text).map_err(|_| NoMemory)?;
        let room = allocate(layout)?;
        // SAFETY: `start` is inside the room just made.
        let first = unsafe { room.as_ptr().add(start) };
        // SAFETY: both texts fit behind the block, one after the other.
        let second = unsafe { first.add(domain.len()) };
        // SAFETY: the room from `first` on is as long as both texts together, and new.
        unsafe { first.copy_from_nonoverlapping(domain.as_ptr(), domain.len()) };
        // SAFETY: what follows the first text is as long as the second, and new.
        unsafe { second.copy_from_nonoverlapping(message.as_ptr(), message.len()) };
        let block = Block {
            refs: Refs::new(),
            code,
            layout,
            domain: first.cast::<c_char>().cast_const(),
            message: second.cast::<c_char>().cast_const(),
            payload,
        };
        let room = room.cast::<Block>();
        // SAFETY: the room begins with space for a block, and is ours.
        unsafe { room.write(block) };
        Ok(Self(room))
    }

    fn block(&self) -> &Block {
        // SAFETY: this reference keeps the block alive.
        unsafe { self.0.as_ref() }
    }

    pub(crate) fn code(&self) -> i32 {
        self.block().code
    }

    pub(crate) fn domain(&self) -> *const c_char {
        self.block().domain
    }

    pub(crate) fn message(&self) -> *const c_char {
        self.block().message
    }

    pub(crate) fn payload(&self) -> *const c_void {
        self.block().payload.ptr
    }
}

impl Clone for Failure {
    fn clone(&self) -> Self {
        self.block().refs.retain();
        Self(self.0)
    }
}

impl Drop for Failure {
    fn drop(&mut self) {
        if self.block().refs.release() {
            // SAFETY: this was the last reference, so the block is moved out once.
            let block = unsafe { self.0.read() };
            // SAFETY: allocated with this layout, and used no more.
            unsafe { dealloc(self.0.as_ptr().cast(), block.layout) };
            // The payload's drop runs here, with the block gone already.
        }
    }
}

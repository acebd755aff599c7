//! A failure with everything that can be said of it, counted: passing it on shares it.

use std::alloc::{Layout, dealloc};
use std::ffi::{CStr, c_char, c_void};
use std::mem::ManuallyDrop;
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
        let message = message.to_bytes_with_nul();
        let len = domain.count_bytes().checked_add(message.len()).ok_or(NoMemory)?;
        Ok(ReservedFailure::new(len)?.fill(code, domain, &[message], payload))
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

/// Room for a failure that is made later, when there may be no memory.
pub(crate) struct ReservedFailure {
    room: NonNull<u8>,
    layout: Layout,
    /// Where the texts begin.
    start: usize,
}

// SAFETY: nobody else has the room.
unsafe impl Send for ReservedFailure {}
// SAFETY: shared, it does nothing.
unsafe impl Sync for ReservedFailure {}

impl ReservedFailure {
    /// For texts of together so many bytes: the domain without its closing NUL, the message with it.
    #[inline]
    pub(crate) fn new(len: usize) -> Result<Self, NoMemory> {
        let len = len.checked_add(1).ok_or(NoMemory)?;
        let text = Layout::array::<u8>(len).map_err(|_| NoMemory)?;
        let (layout, start) = Layout::new::<Block>().extend(text).map_err(|_| NoMemory)?;
        Ok(Self { room: allocate(layout)?, layout, start })
    }

    /// The failure, whose message is made of these parts, the last of which ends with a NUL. What there is no room for
    /// is left out.
    #[inline]
    pub(crate) fn fill(
        self,
        code: i32,
        domain: &CStr,
        message: &[&[u8]],
        payload: Owned,
    ) -> Failure {
        let Self { room, layout, start } = *ManuallyDrop::new(self);
        // SAFETY: inside the room.
        let first = unsafe { room.add(start) };
        let mut texts = Texts { next: first, left: layout.size().saturating_sub(start) };
        texts.add(domain.to_bytes_with_nul());
        let second = texts.next;
        message.iter().for_each(|part| texts.add(part));
        // SAFETY: inside the room, which is not empty.
        let last = unsafe { room.add(layout.size().wrapping_sub(1)) };
        // So there is an end, whatever there was room for.
        // SAFETY: inside the room, which is new.
        unsafe { last.write(0) };
        let block = Block {
            refs: Refs::new(),
            code,
            layout,
            domain: first.as_ptr().cast::<c_char>().cast_const(),
            message: second.as_ptr().cast::<c_char>().cast_const(),
            payload,
        };
        let room = room.cast::<Block>();
        // SAFETY: the room begins with space for a block, and is ours.
        unsafe { room.write(block) };
        Failure(room)
    }
}

impl Drop for ReservedFailure {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout, and nothing was made of it.
        unsafe { dealloc(self.room.as_ptr(), self.layout) };
    }
}

/// Room that is being filled with texts.
struct Texts {
    next: NonNull<u8>,
    left: usize,
}

impl Texts {
    /// Adds as much as there is room for.
    #[inline]
    fn add(&mut self, text: &[u8]) {
        let len = text.len().min(self.left);
        // SAFETY: so much is left there, which is new.
        unsafe { self.next.as_ptr().copy_from_nonoverlapping(text.as_ptr(), len) };
        // SAFETY: still inside, or at the end.
        self.next = unsafe { self.next.add(len) };
        self.left = self.left.saturating_sub(len);
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

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn message(failure: &Failure) -> &[u8] {
        // SAFETY: a C string, which stays as long as the failure.
        unsafe { CStr::from_ptr(failure.message()) }.to_bytes()
    }

    #[test]
    fn what_is_made_later_is_as_what_is_made_at_once() {
        let texts: [&[u8]; 3] = [b"one, ", b"two, ", b"three\0"];
        let len = c"domain".count_bytes() + texts.concat().len();
        let failure = ReservedFailure::new(len).unwrap().fill(7, c"domain", &texts, Owned::NOTHING);
        assert_eq!((failure.code(), message(&failure)), (7, &b"one, two, three"[..]));
        // SAFETY: a C string, which stays as long as the failure.
        assert_eq!(unsafe { CStr::from_ptr(failure.domain()) }, c"domain");
        let other = Failure::new(7, c"domain", c"one, two, three", Owned::NOTHING).unwrap();
        assert_eq!(message(&failure), message(&other));
    }

    #[test]
    fn what_there_is_no_room_for_is_left_out() {
        for len in 0..40 {
            let reserved = ReservedFailure::new(c"domain".count_bytes() + 1 + len).unwrap();
            let failure =
                reserved.fill(1, c"domain", &[b"a message of twenty..\0"], Owned::NOTHING);
            assert_eq!(message(&failure), &b"a message of twenty.."[..len.min(21)]);
        }
    }

    #[test]
    fn room_that_is_not_needed_is_given_back() {
        drop(ReservedFailure::new(100).unwrap());
    }
}

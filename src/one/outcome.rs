//! What an asynchron completes with, and how it lies inside the object.

use std::ffi::{CStr, c_char, c_void};
use std::mem::{self, ManuallyDrop, MaybeUninit, offset_of};
use std::ptr;

use super::failure::Failure;
use super::form::Form;
use super::handle::Handle;
use crate::base::memory::Bytes;
use crate::base::program::Owned;
use crate::sync::UnsafeCell;

/// A value, an error or cancelled, on its way to an asynchron. Dropped, it frees what it holds.
pub(crate) enum Outcome {
    /// The empty value.
    Empty,
    /// A value that is nothing but a pointer, which was handed over.
    Pointer(Owned),
    Buffer(Buffer),
    /// A failure that is nothing but its code.
    Code(i32),
    Failure(Failure),
    /// Nobody was left to deliver.
    Broken,
    /// Its time ran out.
    Expired,
    Cancelled,
    CancelledBecause(Failure),
    /// A value that lies in another asynchron.
    Shared(Shared),
    /// For a reason of the library's own, which needs no memory.
    CancelledFor(&'static CStr),
}

/// A value that the program owns, or handed over.
#[repr(C)]
pub(crate) struct Buffer {
    pub(crate) data: *const c_void,
    pub(crate) len: usize,
    /// Freed with the buffer.
    pub(crate) owner: Owned,
}

/// A value that another asynchron holds, which is kept for it.
#[repr(C)]
pub(crate) struct Shared {
    pub(super) span: Span,
    /// Where it was delivered: that one shares nobody's.
    pub(super) origin: Handle,
}

/// Where a value outside the object lies: how [`Bytes`], [`Buffer`] and [`Shared`] begin.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) data: *const c_void,
    pub(crate) len: usize,
}

const _: () = assert!(offset_of!(Buffer, data) == 0 && offset_of!(Bytes, data) == 0);
const _: () = assert!(offset_of!(Buffer, len) == offset_of!(Span, len));
const _: () = assert!(offset_of!(Bytes, len) == offset_of!(Span, len));
const _: () = assert!(offset_of!(Shared, span) == 0);

impl Outcome {
    /// What a function's return says: 0 is the empty value, anything else a failure.
    pub(crate) fn of_return(code: i32) -> Self {
        if code == 0 { Self::Empty } else { Self::Code(code) }
    }

    /// Its executor was shut down before its turn came.
    pub(crate) fn shut_down() -> Self {
        Self::CancelledFor(c"shut down")
    }

    /// Nobody wants it any more.
    pub(crate) fn unwanted() -> Self {
        Self::CancelledFor(c"unwanted")
    }

    /// Another came first.
    pub(crate) fn unneeded() -> Self {
        Self::CancelledFor(c"unneeded")
    }
}

/// The room for an outcome inside the object. The state word says when it may be written (by the
/// one that has claimed, before it publishes) and read (by anyone, after); a [`Form`] says as what.
///
/// Aligned as malloc aligns on 32-bit systems, where its own fields ask for less; elsewhere the object's
/// layout sees to it.
#[repr(C, align(8))]
pub(crate) union Slot {
    span: Span,
    small: [MaybeUninit<u8>; Self::INSIDE],
    bytes: ManuallyDrop<Bytes>,
    buffer: ManuallyDrop<Buffer>,
    shared: ManuallyDrop<Shared>,
    code: i32,
    failure: ManuallyDrop<Failure>,
    reason: &'static CStr,
    empty: (),
}

/// A copy of at most [`Slot::INSIDE`] bytes of the program's.
///
/// Made before the asynchron is claimed: where they lie, the system may have to fetch them from a disk.
#[derive(Clone, Copy)]
pub(crate) struct Small {
    bytes: [MaybeUninit<u8>; Slot::INSIDE],
    len: u32,
}

impl Small {
    /// `None`: they are more.
    #[inline]
    pub(crate) fn copy_of(bytes: &[u8]) -> Option<Self> {
        let mut copy = [MaybeUninit::uninit(); Slot::INSIDE];
        let room = copy.get_mut(..bytes.len())?;
        // SAFETY: as long as the room.
        unsafe {
            room.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
        };
        // At most INSIDE, so it fits.
        Some(Self { bytes: copy, len: bytes.len() as u32 })
    }
}

/// A failure or a cancel, as it is told to the program. Lives as long as the object.
pub(crate) struct ErrorView {
    pub(crate) code: i32,
    pub(crate) domain: *const c_char,
    pub(crate) message: *const c_char,
    pub(crate) payload: *const c_void,
}

impl ErrorView {
    fn of_text(code: i32, domain: &'static CStr, message: &'static CStr) -> Self {
        Self { code, domain: domain.as_ptr(), message: message.as_ptr(), payload: ptr::null() }
    }
}

/// The code of a broken one. Programs compare with it: it stays.
pub(crate) const BROKEN_CODE: i32 = -6;

/// The code of one whose time ran out. It stays, too.
pub(crate) const EXPIRED_CODE: i32 = 4;

impl Slot {
    /// Copies of up to this many bytes lie inside the object: what a buffer's description takes.
    pub(crate) const INSIDE: usize = size_of::<Buffer>();

    pub(crate) fn empty() -> UnsafeCell<Self> {
        UnsafeCell::new(Self { empty: () })
    }

    /// # Safety
    /// `slot` is live, and the caller alone may touch it.
    #[inline]
    pub(crate) unsafe fn write(slot: *mut Self, outcome: Outcome) -> Form {
        let (kind, content) = match outcome {
            Outcome::Empty => (Form::SMALL, Self { empty: () }),
            Outcome::Pointer(owner) => {
                let buffer = Buffer { data: owner.ptr, len: 0, owner };
                (Form::POINTER, Self { buffer: ManuallyDrop::new(buffer) })
            }
            Outcome::Buffer(buffer) => (Form::BUFFER, Self { buffer: ManuallyDrop::new(buffer) }),
            Outcome::Code(code) => (Form::CODE, Self { code }),
            Outcome::Failure(failure) => {
                (Form::FAILURE, Self { failure: ManuallyDrop::new(failure) })
            }
            Outcome::Broken => (Form::BROKEN, Self { empty: () }),
            Outcome::Expired => (Form::EXPIRED, Self { empty: () }),
            Outcome::Cancelled => (Form::CANCELLED, Self { empty: () }),
            Outcome::CancelledFor(reason) => (Form::CANCELLED_FOR, Self { reason }),
            Outcome::CancelledBecause(reason) => {
                (Form::CANCELLED_BECAUSE, Self { failure: ManuallyDrop::new(reason) })
            }
            Outcome::Shared(shared) => (Form::SHARED, Self { shared: ManuallyDrop::new(shared) }),
        };
        // SAFETY: the caller alone may touch it.
        unsafe { slot.write(content) };
        Form::of_kind(kind)
    }

    /// # Safety
    /// As for [`Self::write`].
    #[inline]
    pub(crate) unsafe fn write_copy(slot: *mut Self, bytes: Bytes) -> Form {
        // SAFETY: the caller alone may touch it.
        unsafe { slot.write(Self { bytes: ManuallyDrop::new(bytes) }) };
        Form::of_kind(Form::BYTES)
    }

    /// # Safety
    /// As for [`Self::write`].
    #[inline]
    pub(crate) unsafe fn write_small(slot: *mut Self, small: Small) -> Form {
        // SAFETY: the caller alone may touch it.
        unsafe { slot.write(Self { small: small.bytes }) };
        Form::of_small(small.len)
    }

    /// The same for a copy in the room behind the object.
    ///
    /// # Safety
    /// As for [`Self::write`].
    #[inline]
    pub(crate) unsafe fn write_span(slot: *mut Self, span: Span) -> Form {
        // SAFETY: the caller alone may touch it.
        unsafe { slot.write(Self { span }) };
        Form::of_kind(Form::IN_ROOM)
    }

    /// The same for as many bytes as are known beforehand.
    ///
    /// # Safety
    /// As for [`Self::write`].
    #[inline]
    pub(crate) unsafe fn write_array<const N: usize>(slot: *mut Self, bytes: [u8; N]) -> Form {
        const { assert!(N <= Self::INSIDE) };
        // SAFETY: the caller alone may touch it, and they fit.
        unsafe { slot.cast::<[u8; N]>().write(bytes) };
        // It fits, as they do.
        Form::of_small(N as u32)
    }

    /// The value's address and length; `None` if it is none.
    ///
    /// # Safety
    /// The slot holds what `form` says, and is not written while the reference lives.
    #[inline]
    pub(crate) unsafe fn value(&self, form: Form) -> Option<(*const c_void, usize)> {
        if !form.is_value() {
            return None;
        }
        if form.is_plain() {
            let len = form.small_len();
            return Some((if len == 0 { ptr::null() } else { ptr::from_ref(self).cast() }, len));
        }
        // SAFETY: a copy, a buffer or a shared value, and all begin with where the value lies.
        let span = unsafe { &self.span };
        Some((span.data, span.len))
    }

    /// The failure or the cancel; `None` if it is a value.
    ///
    /// # Safety
    /// As for [`Self::value`].
    pub(crate) unsafe fn error(&self, form: Form) -> Option<ErrorView> {
        Some(match form.kind() {
            Form::FAILURE | Form::CANCELLED_BECAUSE => {
                // SAFETY: the form says so.
                let failure = unsafe { &self.failure };
                ErrorView {
                    code: failure.code(),
                    domain: failure.domain(),
                    message: failure.message(),
                    payload: failure.payload(),
                }
            }
            // SAFETY: the form says so.
            Form::CODE => ErrorView::of_text(unsafe { self.code }, c"", c""),
            Form::BROKEN => ErrorView::of_text(
                BROKEN_CODE,
                c"asynchron",
                c"the last handle was released and nobody was left to deliver",
            ),
            Form::EXPIRED => ErrorView::of_text(EXPIRED_CODE, c"asynchron", c"its time ran out"),
            Form::CANCELLED => ErrorView::of_text(0, c"", c""),
            // SAFETY: the form says so.
            Form::CANCELLED_FOR => ErrorView::of_text(0, c"", unsafe { self.reason }),
            _ => return None,
        })
    }

    /// The failure or the cancel once more, for another asynchron; what is rich is shared.
    ///
    /// # Safety
    /// As for [`Self::value`].
    pub(crate) unsafe fn share_error(&self, form: Form) -> Option<Outcome> {
        // SAFETY: read only where the form says that a failure is there.
        let failure = || Failure::clone(unsafe { &self.failure });
        match form.kind() {
            Form::FAILURE => Some(Outcome::Failure(failure())),
            Form::CANCELLED_BECAUSE => Some(Outcome::CancelledBecause(failure())),
            // SAFETY: the form says so.
            Form::CODE => Some(Outcome::Code(unsafe { self.code })),
            Form::BROKEN => Some(Outcome::Broken),
            Form::EXPIRED => Some(Outcome::Expired),
            Form::CANCELLED => Some(Outcome::Cancelled),
            // SAFETY: the form says so.
            Form::CANCELLED_FOR => Some(Outcome::CancelledFor(unsafe { self.reason })),
            _ => None,
        }
    }

    /// The asynchron that holds the value, if it is another.
    ///
    /// # Safety
    /// As for [`Self::value`].
    pub(super) unsafe fn origin(&self, form: Form) -> Option<&Handle> {
        // SAFETY: the form says so.
        form.is_shared().then(|| unsafe { &self.shared.origin })
    }

    /// The pointer, whose drop runs no more.
    ///
    /// # Safety
    /// The slot holds a pointer, which nobody else uses any more.
    pub(super) unsafe fn take_pointer(&mut self) -> *mut c_void {
        // SAFETY: as the caller promises.
        let buffer = unsafe { &mut self.buffer };
        ManuallyDrop::new(mem::replace(&mut buffer.owner, Owned::NOTHING)).ptr
    }

    /// Frees a copy that lies outside.
    ///
    /// # Safety
    /// The slot holds one; nobody uses it any more.
    #[inline]
    pub(crate) unsafe fn free_copy(&mut self) {
        // SAFETY: as the caller promises, and it is dropped once.
        unsafe { ManuallyDrop::drop(&mut self.bytes) };
    }

    /// Frees what the slot holds.
    ///
    /// # Safety
    /// The slot holds what `form` says; nobody uses it any more.
    #[inline]
    pub(crate) unsafe fn free(&mut self, form: Form) {
        match form.kind() {
            // SAFETY: the form says so, and it is dropped once.
            Form::BYTES => unsafe { self.free_copy() },
            // SAFETY: the form says so, and it is dropped once.
            Form::BUFFER => unsafe { ManuallyDrop::drop(&mut self.buffer) },
            // SAFETY: the form says so, and it is dropped once.
            Form::FAILURE | Form::CANCELLED_BECAUSE => unsafe {
                ManuallyDrop::drop(&mut self.failure);
            },
            // SAFETY: the form says so, and it is dropped once.
            _ if form.is_shared() => unsafe { self.let_go() },
            _ => {}
        }
    }

    /// Frees what is shared. Apart, so that others are freed faster.
    ///
    /// # Safety
    /// The slot holds that; nobody uses it any more.
    #[inline(never)]
    unsafe fn let_go(&mut self) {
        // SAFETY: as the caller promises, and it is dropped once.
        unsafe { ManuallyDrop::drop(&mut self.shared) };
    }
}

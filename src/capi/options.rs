//! Option structs that grow: the first field is the caller's sizeof.

use std::mem::MaybeUninit;

/// A plain C struct whose first field is its `size_t size`, and for which zeroes are the defaults.
///
/// # Safety
/// All bytes zero is a valid value.
pub(super) unsafe trait Options: Copy {
    /// What the first release had; less is refused.
    const FIRST_SIZE: usize;
}

pub(super) struct Read<T> {
    pub(super) options: T,
    /// There is more than we know of, and it is not zero: somebody relies on it.
    pub(super) unknown: bool,
}

/// More than any such struct will ever have.
const LARGEST: usize = 4096;

/// Reads as much as the caller has. `None`: no options, or of a size that is nonsense; nothing was
/// read.
///
/// # Safety
/// NULL, or a `size_t` that says how many bytes are there to read.
pub(super) unsafe fn read<T: Options>(from: *const T) -> Option<Read<T>> {
    if from.is_null() {
        return None;
    }
    // SAFETY: the first field, whatever the size.
    let size = unsafe { from.cast::<usize>().read() };
    if !(T::FIRST_SIZE..=LARGEST).contains(&size) {
        return None;
    }
    let known = size.min(size_of::<T>());
    let mut options = MaybeUninit::<T>::zeroed();
    // SAFETY: the caller has `size` bytes there, and the struct has room for `known`.
    unsafe {
        options.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(from.cast(), known);
    }
    let tail = (known..size).any(|at| {
        // SAFETY: within the caller's `size` bytes.
        let byte = unsafe { from.cast::<u8>().add(at) };
        // SAFETY: within the caller's `size` bytes.
        unsafe { byte.read() != 0 }
    });
    // SAFETY: what was not copied is zero, which is valid.
    Some(Read { options: unsafe { options.assume_init() }, unknown: tail })
}

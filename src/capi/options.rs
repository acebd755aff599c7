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
    if size < size_of::<T>() {
        // SAFETY: the caller has `size` bytes there, and all that is known begins with those.
        return Some(Read { options: unsafe { read_shorter(from, size) }, unknown: false });
    }
    // SAFETY: the caller has as many bytes there.
    let options = unsafe { from.read_unaligned() };
    // Most are not, and need no loop.
    let longer = size > size_of::<T>();
    let unknown = longer
        && (size_of::<T>()..size).any(|at| {
            // SAFETY: within the caller's `size` bytes.
            let byte = unsafe { from.cast::<u8>().add(at) };
            // SAFETY: within the caller's `size` bytes.
            unsafe { byte.read() != 0 }
        });
    Some(Read { options, unknown })
}

/// Reads those of an earlier release: what they do not have is zero.
///
/// # Safety
/// There are `size` bytes to read: at least those of the first release, and fewer than there are now.
#[inline]
unsafe fn read_shorter<T: Options>(from: *const T, size: usize) -> T {
    let mut options = MaybeUninit::<T>::zeroed();
    let (from, to) = (from.cast::<u8>(), options.as_mut_ptr().cast::<u8>());
    // How many the first release had is known when this is compiled, and mostly there are no more.
    // SAFETY: as the caller promises.
    unsafe { to.copy_from_nonoverlapping(from, T::FIRST_SIZE) };
    for at in T::FIRST_SIZE..size {
        // SAFETY: within the `size` bytes.
        let byte = unsafe { from.add(at) };
        // SAFETY: as the caller promises.
        let byte = unsafe { byte.read() };
        // SAFETY: within what is known.
        let place = unsafe { to.add(at) };
        // SAFETY: within what is known.
        unsafe { place.write(byte) };
    }
    // SAFETY: what was not copied is zero, which is valid.
    unsafe { options.assume_init() }
}

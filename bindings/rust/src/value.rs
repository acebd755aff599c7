//! What an asynchron has when it is complete, borrowed from its handle.

use std::ffi::{CStr, c_void};
use std::fmt;
use std::marker::PhantomData;
use std::mem::size_of;
use std::ptr::NonNull;
use std::slice;
use std::str;

use crate::error::{Error, Result};
use crate::{Asynchron, ffi, object};

/// A value, borrowed: it lives as long as the handle that it came from.
///
/// ```
/// use asynchron_c::{Asynchron, Error};
///
/// # fn main() -> asynchron_c::Result<()> {
/// let a = Asynchron::new()?;
/// a.set(u64::MAX)?;
/// let value = a.get()?;
/// assert_eq!(value.number::<u64>()?, u64::MAX);
/// assert_eq!(value.bytes(), [255; 8]);
/// assert_eq!(value.number::<u32>(), Err(Error::Kind));
/// # Ok(())
/// # }
/// ```
///
/// It cannot be kept for longer:
///
/// ```compile_fail,E0597
/// # use asynchron_c::Asynchron;
/// let value = {
///     let a = Asynchron::new().unwrap();
///     a.set("short").unwrap();
///     a.get().unwrap()
/// };
/// println!("{value:?}");
/// ```
#[derive(Clone, Copy)]
pub struct Value<'a> {
    data: *const c_void,
    len: usize,
    of: PhantomData<&'a Asynchron>,
}

// SAFETY: bytes do not change, and an object is given as a shared reference only if it is Sync.
unsafe impl Send for Value<'_> {}
// SAFETY: as above.
unsafe impl Sync for Value<'_> {}

impl<'a> Value<'a> {
    /// # Safety
    ///
    /// C has given it, for a handle that is held while `'a` lasts.
    pub(crate) unsafe fn of(value: ffi::asynchron_value_t) -> Value<'a> {
        Value { data: value.data, len: value.len, of: PhantomData }
    }

    /// The bytes; none, if it is empty or a pointer.
    pub fn bytes(self) -> &'a [u8] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: the library vouches for `len` bytes while the handle is held, which do not change.
        unsafe { slice::from_raw_parts(self.data.cast(), self.len) }
    }

    /// The bytes as text; refused if they are no UTF-8.
    pub fn text(self) -> Result<&'a str> {
        str::from_utf8(self.bytes()).map_err(|_| Error::Kind)
    }

    /// The bytes up to the first NUL, as C's strings end; refused if there is none.
    pub fn c_str(self) -> Result<&'a CStr> {
        CStr::from_bytes_until_nul(self.bytes()).map_err(|_| Error::Kind)
    }

    /// The number, as C has it in memory; refused if it has another size.
    pub fn number<N: Number>(self) -> Result<N> {
        N::of_bytes(self.bytes()).ok_or(Error::Kind)
    }

    /// The pointer, if somebody delivered one; whose it is and what is behind it is between you and them.
    pub fn pointer(self) -> Option<NonNull<c_void>> {
        if self.len == 0 { NonNull::new(self.data.cast_mut()) } else { None }
    }

    /// The object, if this crate delivered one of that type.
    ///
    /// ```
    /// use asynchron_c::{Asynchron, Error, Object};
    ///
    /// # fn main() -> asynchron_c::Result<()> {
    /// let a = Asynchron::new()?;
    /// a.set(Object(vec![1, 2, 3]))?;
    /// assert_eq!(a.get()?.object::<Vec<i32>>()?.len(), 3);
    /// assert_eq!(a.get()?.object::<String>(), Err(Error::Kind));
    /// # Ok(())
    /// # }
    /// ```
    pub fn object<T: Send + Sync + 'static>(self) -> Result<&'a T> {
        if self.len != 0 {
            return Err(Error::Kind);
        }
        // SAFETY: the value of an asynchron is freed with its last handle alone, or taken out with that.
        unsafe { object::borrowed(self.data) }.ok_or(Error::Kind)
    }

    /// Whether it has no bytes, and is no pointer.
    pub fn is_empty(self) -> bool {
        self.len == 0 && self.data.is_null()
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer() {
            Some(pointer) => write!(f, "Value({pointer:p})"),
            None => write!(f, "Value({} bytes)", self.len),
        }
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A number that C has, too: as a value it is its bytes in memory.
pub trait Number: sealed::Sealed + Copy {
    /// The number of these bytes, if they are as many as it has.
    #[doc(hidden)]
    fn of_bytes(bytes: &[u8]) -> Option<Self>;
}

macro_rules! numbers {
    ($($number:ty)*) => { $(
        impl sealed::Sealed for $number {}

        impl Number for $number {
            fn of_bytes(bytes: &[u8]) -> Option<$number> {
                let bytes: [u8; size_of::<$number>()] = bytes.try_into().ok()?;
                Some(<$number>::from_ne_bytes(bytes))
            }
        }

        impl crate::Deliver for $number {
            fn deliver(self, to: &Asynchron) -> Result<()> {
                to.set_bytes(&self.to_ne_bytes())
            }
        }
    )* };
}

numbers!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64);

//! The ways in which an asynchron may end, and callbacks that are for some of them alone.

use std::ffi::c_void;

use super::callback::{NotifyFn, RegisterError};
use crate::base::memory::try_box;
use crate::base::program::Owned;
use crate::one::asynchron::Asynchron;
use crate::one::form::Form;
use crate::one::listener::Interest;

/// Some of the ways: at least one. A step is for them, too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ways(u8);

impl Ways {
    pub(crate) const VALUE: Self = Self(1);
    const FAILURE: Self = Self(2);
    const CANCEL: Self = Self(4);
    pub(crate) const ALL: Self = Self(7);

    /// None of them asks for none, so that is all.
    pub(crate) fn new(value: bool, failure: bool, cancel: bool) -> Self {
        let bit = |asked, way: Self| if asked { way.0 } else { 0 };
        match bit(value, Self::VALUE) | bit(failure, Self::FAILURE) | bit(cancel, Self::CANCEL) {
            0 => Self::ALL,
            some => Self(some),
        }
    }

    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    /// Of [`Self::bits`], whatever lies above them.
    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Whether one that asks for these wants the outcome. One that only asks for a cancel makes it.
    pub(crate) fn interest(self) -> Interest {
        if self == Self::CANCEL { Interest::No } else { Interest::Yes }
    }

    /// Whether what is complete with this form ended in one of them.
    pub(crate) fn has(self, form: Form) -> bool {
        let ended = if form.is_value() {
            Self::VALUE
        } else if form.is_cancelled() {
            Self::CANCEL
        } else {
            Self::FAILURE
        };
        self.0 & ended.0 != 0
    }
}

/// The context of a callback that is for some ways alone: the program's function and context.
struct Only {
    ways: Ways,
    function: NotifyFn,
    ctx: Owned,
}

/// A function and its context that call `function` with `ctx` only if the asynchron ended in one of these ways.
pub(crate) fn only(
    ways: Ways,
    function: NotifyFn,
    ctx: Owned,
) -> Result<(NotifyFn, Owned), RegisterError> {
    if ways == Ways::ALL {
        return Ok((function, ctx));
    }
    let only = try_box(Only { ways, function, ctx }).map_err(|_| RegisterError::NoMemory)?;
    Ok((Only::call, Owned { ptr: Box::into_raw(only).cast(), drop: Some(Only::drop) }))
}

impl Only {
    unsafe extern "C-unwind" fn call(a: *mut Asynchron, only: *mut c_void) {
        // SAFETY: the context that `only` has made, which lives until its drop.
        let Self { ways, function, ctx } = unsafe { &*only.cast::<Self>() };
        // SAFETY: ALIVE while its callback runs.
        let outcome = unsafe { (*a).outcome() };
        if outcome.is_some_and(|(_, form)| ways.has(form)) {
            // SAFETY: the program registered this function for this pointer.
            unsafe { function(a, ctx.ptr) };
        }
    }

    unsafe extern "C-unwind" fn drop(only: *mut c_void) {
        // SAFETY: made by a box, and dropped once.
        drop(unsafe { Box::from_raw(only.cast::<Self>()) });
    }
}

//! A model has no descriptor to poll, nor has a system without pipes that can be polled.

/// There is none.
pub(crate) enum Bell {}

impl Bell {
    pub(crate) fn new() -> Option<Self> {
        None
    }

    pub(crate) fn is_ours(&self) -> bool {
        match *self {}
    }

    pub(crate) fn fd(&self) -> libc::c_int {
        match *self {}
    }

    pub(crate) fn ring(&self) {
        match *self {}
    }

    pub(crate) fn ring_again(&self) {
        match *self {}
    }

    pub(crate) fn silence(&self) {
        match *self {}
    }
}

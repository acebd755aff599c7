//! Several together: wait for any, wait for all, go on after them.

pub(crate) mod after;
pub(crate) mod wait_all;
pub(crate) mod wait_any;

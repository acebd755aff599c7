//! Plain tools: memory that can run out, counts, locks, back-off, and calls into the program's own code.

pub(crate) mod backoff;
pub(crate) mod lock;
pub(crate) mod memory;
pub(crate) mod patience;
pub(crate) mod prefetch;
pub(crate) mod program;
pub(crate) mod refs;
pub(crate) mod spin;

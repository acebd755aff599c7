//! A pointer that every thread has one of.
//!
//! Not `thread_local!`: in a library that was loaded by dlopen, a thread's first use of those needs
//! memory, and the system ends the program if there is none. (Where there is nothing better it is.)

#[cfg(all(
    target_arch = "x86_64",
    target_os = "linux",
    target_env = "gnu",
    not(asynchron_portable)
))]
#[path = "initial_exec.rs"]
mod kind;

#[cfg(all(
    unix,
    not(all(
        target_arch = "x86_64",
        target_os = "linux",
        target_env = "gnu",
        not(asynchron_portable)
    ))
))]
#[path = "keys.rs"]
mod kind;

#[cfg(not(unix))]
#[path = "std.rs"]
mod kind;

pub(crate) use kind::ThreadLocal;

/// How many slots there are.
const SLOTS: usize = 3;

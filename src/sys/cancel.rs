//! Cancellation of threads, by which none is to end inside the library.

/// Runs what is a cancellation point of the system's: there a thread that is being cancelled would end, and leave a
/// lock behind that it holds, or its place in a table.
#[cfg(all(unix, not(target_os = "android")))]
pub(super) fn uncancelled<R>(call: impl FnOnce() -> R) -> R {
    // Not declared for all systems by the crate.
    unsafe extern "C" {
        fn pthread_setcancelstate(state: libc::c_int, old: *mut libc::c_int) -> libc::c_int;
    }
    const DISABLE: libc::c_int = if cfg!(target_vendor = "apple") { 0 } else { 1 };

    let mut before = 0;
    // SAFETY: writes what the state was.
    unsafe { pthread_setcancelstate(DISABLE, &mut before) };
    let returned = call();
    // SAFETY: puts back what was written, and does not want to know what it replaces.
    unsafe { pthread_setcancelstate(before, &mut 0) };
    returned
}

/// No thread can be cancelled here.
#[cfg(any(not(unix), target_os = "android"))]
pub(super) fn uncancelled<R>(call: impl FnOnce() -> R) -> R {
    call()
}

//! Detached threads, the number of processors, and what a fork needs.
//!
//! Not std's threads where pthreads are to be had: starting one of those ends the program when
//! memory runs out.

use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of processors that this process may use, at least 1. Asked once.
pub(crate) fn processors() -> usize {
    static KNOWN: AtomicUsize = AtomicUsize::new(0);
    // ORDERING: the number stands alone; two threads that both ask get the same answer.
    match KNOWN.load(Ordering::Relaxed) {
        0 => {
            let n = ask_processors().max(1);
            // ORDERING: as above.
            KNOWN.store(n, Ordering::Relaxed);
            n
        }
        n => n,
    }
}

#[cfg(target_os = "linux")]
fn ask_processors() -> usize {
    // SAFETY: all zeroes is an empty cpu_set_t.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // The first thread's, which stands for the process: the caller may be pinned to one of many.
    // SAFETY: a plain query.
    let process = unsafe { libc::getpid() };
    // SAFETY: the set is as large as said. Fails only above 1024 processors.
    if unsafe { libc::sched_getaffinity(process, size_of::<libc::cpu_set_t>(), &mut set) } == 0 {
        // SAFETY: the set was filled in.
        return usize::try_from(unsafe { libc::CPU_COUNT(&set) }).unwrap_or(1);
    }
    online_processors()
}

#[cfg(all(unix, not(target_os = "linux")))]
fn ask_processors() -> usize {
    online_processors()
}

#[cfg(unix)]
fn online_processors() -> usize {
    // SAFETY: a plain query.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) }).unwrap_or(1)
}

#[cfg(not(unix))]
fn ask_processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Starts a detached thread that runs `main(arg)`; false when none can be had. It takes no
/// signals, which belong to the program's own threads, but those that it raises by a fault.
#[cfg(unix)]
pub(crate) fn start_thread(
    main: extern "C" fn(*mut c_void) -> *mut c_void,
    arg: *mut c_void,
) -> bool {
    use std::mem::MaybeUninit;
    use std::ptr;

    let mut attr = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: initialises the attributes.
    if unsafe { libc::pthread_attr_init(attr.as_mut_ptr()) } != 0 {
        return false;
    }
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut old = MaybeUninit::<libc::sigset_t>::uninit();
    let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
    // SAFETY: the attributes are initialised.
    unsafe {
        libc::pthread_attr_setdetachstate(attr.as_mut_ptr(), libc::PTHREAD_CREATE_DETACHED);
    }
    // SAFETY: initialises the set.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    for fault in
        [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS]
    {
        // SAFETY: the set is initialised.
        unsafe { libc::sigdelset(all.as_mut_ptr(), fault) };
    }
    // SAFETY: as above; initialises the old set.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), old.as_mut_ptr()) };
    // SAFETY: every pointer is live; `main` and `arg` are for the new thread to use.
    let failed = unsafe { libc::pthread_create(thread.as_mut_ptr(), attr.as_ptr(), main, arg) };
    // SAFETY: the old set is initialised.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, old.as_ptr(), ptr::null_mut()) };
    // SAFETY: the attributes are initialised, and used no more.
    unsafe { libc::pthread_attr_destroy(attr.as_mut_ptr()) };
    failed == 0
}

/// Starts a detached thread that runs `main(arg)`; false when none can be had.
#[cfg(not(unix))]
pub(crate) fn start_thread(
    main: extern "C" fn(*mut c_void) -> *mut c_void,
    arg: *mut c_void,
) -> bool {
    let arg = arg.expose_provenance();
    std::thread::Builder::new()
        .spawn(move || {
            main(std::ptr::with_exposed_provenance_mut(arg));
        })
        .is_ok()
}

/// Has `in_child` called in the child of every fork from now on; false without memory.
#[cfg(unix)]
pub(crate) fn at_fork(in_child: extern "C" fn()) -> bool {
    // libc declares the handlers as unsafe functions; a safe one serves.
    let in_child: unsafe extern "C" fn() = in_child;
    // SAFETY: registers a function that lives as long as the library, which is never unloaded.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) == 0 }
}

/// Nothing forks here.
#[cfg(not(unix))]
pub(crate) fn at_fork(_in_child: extern "C" fn()) -> bool {
    true
}

/// Names the calling thread, as long as it lives.
#[cfg(unix)]
pub(crate) fn this_thread() -> usize {
    // SAFETY: a plain query.
    unsafe { libc::pthread_self() as usize }
}

/// Names the calling thread, as long as it lives.
#[cfg(not(unix))]
pub(crate) fn this_thread() -> usize {
    thread_local!(static HERE: u8 = const { 0 });
    HERE.with(|here| std::ptr::from_ref(here).addr())
}

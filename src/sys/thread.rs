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
            // ORDERING: the number stands alone.
            KNOWN.store(n, Ordering::Relaxed);
            n
        }
        n => n,
    }
}

/// Whether another thread may run while this one does: it is no use to wait for one otherwise but asleep.
pub(crate) fn runs_in_parallel() -> bool {
    processors() > 1 || has_run_on_another()
}

/// Whether threads that wait have been seen on more than one processor, though the library was loaded by a thread that
/// was bound to one: others may not be.
#[cfg(target_os = "linux")]
#[cold]
fn has_run_on_another() -> bool {
    /// The first processor and 1; all bits: there was another.
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    // SAFETY: a plain query.
    let here =
        usize::try_from(unsafe { libc::sched_getcpu() }).map_or(0, |here| here.wrapping_add(1));
    // ORDERING: a hint.
    let seen = SEEN.load(Ordering::Relaxed);
    if seen == usize::MAX || seen == here {
        return seen == usize::MAX;
    }
    // ORDERING: a hint.
    SEEN.store(if seen == 0 { here } else { usize::MAX }, Ordering::Relaxed);
    seen != 0
}

#[cfg(not(target_os = "linux"))]
fn has_run_on_another() -> bool {
    false
}

#[cfg(target_os = "linux")]
fn ask_processors() -> usize {
    super::neutral::processors().unwrap_or_else(online_processors)
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

/// Others may run.
pub(crate) fn let_others_run() {
    std::thread::yield_now();
}

/// Starts a detached thread that runs `main(arg)` on a stack of so many bytes, or of as many as the least that a thread
/// needs; 0: the system's choice. False when none can be had.
#[cfg(unix)]
pub(crate) fn start_thread(
    main: extern "C" fn(*mut c_void) -> *mut c_void,
    arg: *mut c_void,
    stack_size: usize,
) -> bool {
    use std::mem::MaybeUninit;
    use std::ptr;

    let mut attr = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: initialises the attributes.
    if unsafe { libc::pthread_attr_init(attr.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: the attributes are initialised.
    let sized = stack_size == 0 || set_stack_size(unsafe { attr.assume_init_mut() }, stack_size);
    if !sized {
        // SAFETY: the attributes are initialised, and used no more.
        unsafe { libc::pthread_attr_destroy(attr.as_mut_ptr()) };
        return false;
    }
    let mut old = MaybeUninit::<libc::sigset_t>::uninit();
    let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
    // SAFETY: the attributes are initialised.
    unsafe {
        libc::pthread_attr_setdetachstate(attr.as_mut_ptr(), libc::PTHREAD_CREATE_DETACHED);
    }
    // SAFETY: asks for the mask, and initialises it.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, ptr::null(), old.as_mut_ptr()) };
    // SAFETY: initialised just now.
    let blocked = blocked_signals(unsafe { old.assume_init_ref() });
    // SAFETY: the mask is initialised.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &blocked, ptr::null_mut()) };
    // SAFETY: every pointer is live; `main` and `arg` are for the new thread to use.
    let create = |attr: &_| unsafe { libc::pthread_create(thread.as_mut_ptr(), attr, main, arg) };
    // SAFETY: the attributes are initialised.
    let failed = create_neutral(unsafe { attr.assume_init_mut() }, create);
    // SAFETY: the old mask is initialised.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, old.as_ptr(), ptr::null_mut()) };
    // SAFETY: the attributes are initialised, and used no more.
    unsafe { libc::pthread_attr_destroy(attr.as_mut_ptr()) };
    failed == 0
}

/// False: so much there is not.
#[cfg(unix)]
fn set_stack_size(attr: &mut libc::pthread_attr_t, size: usize) -> bool {
    // What our own calls take, beside what the system has to have.
    const OURS: usize = 32 << 10;
    // SAFETY: a plain query.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    let page = usize::try_from(page).unwrap_or(4096);
    // SAFETY: a plain query.
    let least = unsafe { libc::sysconf(libc::_SC_THREAD_STACK_MIN) };
    let least = usize::try_from(least).unwrap_or(0).max(libc::PTHREAD_STACK_MIN);
    let Some(size) = size.max(least.saturating_add(OURS)).checked_next_multiple_of(page) else {
        return false;
    };
    // SAFETY: the attributes are initialised.
    unsafe { libc::pthread_attr_setstacksize(attr, size) == 0 }
}

/// With a neutral policy, if the system allows it.
#[cfg(target_os = "linux")]
fn create_neutral(
    attr: &mut libc::pthread_attr_t,
    mut create: impl FnMut(&libc::pthread_attr_t) -> libc::c_int,
) -> libc::c_int {
    let chosen = super::neutral::begin_as_others(attr);
    let failed = create(attr);
    if failed != libc::EPERM || !chosen {
        return failed;
    }
    super::neutral::begin_as_here(attr);
    create(attr)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn create_neutral(
    attr: &mut libc::pthread_attr_t,
    create: impl FnOnce(&libc::pthread_attr_t) -> libc::c_int,
) -> libc::c_int {
    create(attr)
}

/// What the new thread blocks: all that is meant for the program's own threads. Not its own faults; and those by
/// which runtimes stop their threads only if the thread that starts it blocks them. A program that waits for one of
/// these (sigwait, signalfd) blocks it before it starts threads, so it stays right.
#[cfg(unix)]
fn blocked_signals(old: &libc::sigset_t) -> libc::sigset_t {
    const FAULTS: [libc::c_int; 6] =
        [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];

    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: initialises the set.
    unsafe { libc::sigfillset(set.as_mut_ptr()) };
    // SAFETY: initialised just now.
    let mut set = unsafe { set.assume_init() };
    // SAFETY: both are sets.
    let is_blocked = |signal| unsafe { libc::sigismember(old, signal) == 1 };
    for signal in FAULTS.into_iter().chain(stopping_signals().filter(|one| !is_blocked(*one))) {
        // SAFETY: it is a set.
        unsafe { libc::sigdelset(&mut set, signal) };
    }
    set
}

/// Those by which runtimes (Mono, D's, Go's, the Boehm collector) stop their threads.
#[cfg(unix)]
fn stopping_signals() -> impl Iterator<Item = libc::c_int> {
    #[cfg(target_os = "linux")]
    let others = [libc::SIGPWR].into_iter().chain(libc::SIGRTMIN()..=libc::SIGRTMAX());
    #[cfg(not(target_os = "linux"))]
    let others = [];
    [libc::SIGXCPU, libc::SIGUSR1, libc::SIGUSR2, libc::SIGURG].into_iter().chain(others)
}

/// Starts a detached thread that runs `main(arg)` on a stack of so many bytes; 0: the system's choice. False when none
/// can be had.
#[cfg(not(unix))]
pub(crate) fn start_thread(
    main: extern "C" fn(*mut c_void) -> *mut c_void,
    arg: *mut c_void,
    stack_size: usize,
) -> bool {
    let arg = arg.expose_provenance();
    let mut builder = std::thread::Builder::new();
    if stack_size > 0 {
        builder = builder.stack_size(stack_size);
    }
    builder
        .spawn(move || {
            main(std::ptr::with_exposed_provenance_mut(arg));
        })
        .is_ok()
}

/// Has these called around every fork from now on: before it, and after it in the parent and in the child, by the thread
/// that forks; false without memory.
#[cfg(unix)]
pub(crate) fn at_fork(
    before: extern "C" fn(),
    in_parent: extern "C" fn(),
    in_child: extern "C" fn(),
) -> bool {
    // libc declares the handlers as unsafe functions; safe ones serve.
    let all: [unsafe extern "C" fn(); 3] = [before, in_parent, in_child];
    let [before, in_parent, in_child] = all.map(Some);
    // SAFETY: registers functions that live as long as the library, which is never unloaded.
    unsafe { libc::pthread_atfork(before, in_parent, in_child) == 0 }
}

/// Nothing forks here.
#[cfg(not(unix))]
pub(crate) fn at_fork(
    _before: extern "C" fn(),
    _in_parent: extern "C" fn(),
    _in_child: extern "C" fn(),
) -> bool {
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

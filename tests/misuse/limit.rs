//! A time limit for every test, one test at a time, and the name of the step that killed the
//! program, should one do so.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::{child, ledger};

/// No step takes longer than moments, unless it hangs. A child has less time than those who wait
/// for it, so that it is the one that says what hangs.
fn limit() -> Duration {
    Duration::from_secs(if child::task().is_some() { 15 } else { 30 })
}

/// The tests share counters (`tally.rs`).
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What is being done now, kept so that a handler of signals may read it.
static STEP: [(AtomicPtr<u8>, AtomicUsize); 2] =
    [const { (AtomicPtr::new(std::ptr::null_mut()), AtomicUsize::new(0)) }; 2];

struct Progress {
    since: Instant,
    result: Option<Result<(), Box<dyn Any + Send>>>,
}

type Shared = Arc<(Mutex<Progress>, Condvar)>;

/// Given to a test, to say what it does next.
pub struct Watch(Shared);

impl Watch {
    /// The next step begins, with a time limit of its own.
    pub fn step(&self, what: &'static str, case: &'static str) {
        for (place, text) in STEP.iter().zip([what, case]) {
            place.1.store(0, SeqCst);
            place.0.store(text.as_ptr().cast_mut(), SeqCst);
            place.1.store(text.len(), SeqCst);
        }
        self.0.0.lock().unwrap().since = Instant::now();
    }
}

/// Runs `body` on a thread of its own, with an account of its own; a step that takes longer than
/// the limit fails the test.
pub fn within(body: impl FnOnce(&Watch) + Send + 'static) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    name_the_step_that_kills();
    let progress = Progress { since: Instant::now(), result: None };
    let shared: Shared = Arc::new((Mutex::new(progress), Condvar::new()));
    let watch = Watch(Arc::clone(&shared));
    let test = thread::current().name().unwrap_or("a test").to_owned();
    thread::spawn(move || {
        ledger::open();
        watch.step(test.leak(), "");
        let result = catch_unwind(AssertUnwindSafe(|| body(&watch)));
        let (progress, done) = &*watch.0;
        progress.lock().unwrap().result = Some(result);
        done.notify_all();
    });
    let (limit, (progress, done)) = (limit(), &*shared);
    let mut progress = progress.lock().unwrap();
    loop {
        match progress.result.take() {
            Some(Ok(())) => return,
            Some(Err(panic)) => resume_unwind(panic),
            None => {}
        }
        let used = progress.since.elapsed();
        if used >= limit {
            let [what, case] = current();
            panic!("{what}, {case}: hangs, no end within {limit:?}");
        }
        progress = done.wait_timeout(progress, limit - used).unwrap().0;
    }
}

fn current() -> [&'static str; 2] {
    STEP.each_ref().map(|(text, len)| {
        let (text, len) = (text.load(SeqCst), len.load(SeqCst));
        if text.is_null() || len == 0 {
            return "";
        }
        // SAFETY: `step` stored a 'static text; its length is 0 while it is being replaced.
        unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(text, len)) }
    })
}

/// A crash or an abort ends the program without a word about the test. So say it.
fn name_the_step_that_kills() {
    for signal in [libc::SIGABRT, libc::SIGSEGV, libc::SIGBUS, libc::SIGILL] {
        // SAFETY: the handler only writes; SA_RESETHAND makes the second arrival the usual end.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = say_step as extern "C" fn(libc::c_int) as usize;
            action.sa_flags = libc::SA_RESETHAND;
            libc::sigaction(signal, &action, std::ptr::null_mut());
        }
    }
}

extern "C" fn say_step(_signal: libc::c_int) {
    let [what, case] = current();
    for text in ["\nkilled by: ", what, ", ", case, "\n"] {
        // SAFETY: write may be called in a handler; the text is alive.
        unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
    }
}

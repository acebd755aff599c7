//! What the models share: handles, callbacks that count, memory that loom watches.

pub use asynchron::capi::asynchron_status_t::*;
pub use asynchron::capi::*;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
pub use std::ptr::{null, null_mut};
pub use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

pub use loom::thread;

pub const FOREVER: u64 = ASYNCHRON_FOREVER;
/// In a model a look at the clock takes a second: a wait with this limit looks, lets others run, and looks again.
pub const A_MOMENT: u64 = 1_500_000_000;

/// Tries a model of two threads in every way in which at most four times a thread is interrupted that could go on.
pub fn two_threads(model: impl Fn() + Send + Sync + 'static) {
    check(4, model);
}

/// The same with more threads, and at most twice: the ways are far more.
pub fn more_threads(model: impl Fn() + Send + Sync + 'static) {
    check(2, model);
}

/// The same with so many interruptions, and LOOM_MORE; after LOOM_MAX_DURATION seconds a model is cut off.
pub fn check(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let more = std::env::var("LOOM_MORE").map_or(0, |more| more.parse().expect("a number"));
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions + more);
    builder.max_branches = 10_000;
    builder.checkpoint_interval = 1_000; // how often it looks at the time
    let begun = Instant::now();
    let rounds = Arc::new(AtomicUsize::new(0));
    let count = rounds.clone();
    builder.check(move || {
        crate::keeper::begin();
        asynchron::begin();
        model();
        assert_eq!(asynchron::alive(), 0, "something is left");
        count.fetch_add(1, Relaxed);
    });
    crate::keeper::end();
    let cut_off = builder.max_duration.is_some_and(|most| begun.elapsed() >= most);
    println!("rounds: {} {}", rounds.load(Relaxed), if cut_off { "and cut off" } else { "" });
}

/// A handle as C has it: it says nothing of references.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct A(pub *mut asynchron_t);

impl A {
    pub fn new() -> Self {
        Self(unsafe { asynchron_create(null()) })
    }

    pub fn retain(self) -> Self {
        Self(unsafe { asynchron_retain(self.0) })
    }

    pub fn release(self) {
        unsafe { asynchron_release(self.0) };
    }

    pub fn set(self, value: u8) -> asynchron_status_t {
        unsafe { asynchron_set_bytes(self.0, (&raw const value).cast(), 1) }
    }

    /// Delivers a pointer, whose drop `dropped` notes.
    pub fn set_dropping(self, dropped: *mut c_void) -> asynchron_status_t {
        unsafe { asynchron_set_pointer(self.0, dropped, Some(Told::dropped)) }
    }

    /// The status, and the pointer if it was taken.
    pub fn take(self) -> (asynchron_status_t, *mut c_void) {
        let mut taken = null_mut();
        (unsafe { asynchron_take(self.0, &mut taken) }, taken)
    }

    pub fn start(self) -> asynchron_status_t {
        unsafe { asynchron_start(self.0) }
    }

    pub fn wait_returned(self, timeout_ns: u64) -> asynchron_status_t {
        unsafe { asynchron_wait_returned(self.0, timeout_ns) }
    }

    pub fn cancel_pending(self) -> asynchron_status_t {
        unsafe { asynchron_cancel_pending(self.0, null()) }
    }

    pub fn cancel(self) -> asynchron_status_t {
        unsafe { asynchron_cancel(self.0) }
    }

    pub fn poll(self) -> asynchron_status_t {
        unsafe { asynchron_poll(self.0) }
    }

    /// The status, and the value if there is one.
    pub fn get_timeout(self, timeout_ns: u64) -> (asynchron_status_t, Option<u8>) {
        let mut value = asynchron_value_t { data: null(), len: 0 };
        let status = unsafe { asynchron_get_timeout(self.0, timeout_ns, &mut value) };
        let byte =
            (status == ASYNCHRON_OK && value.len == 1).then(|| unsafe { *value.data.cast() });
        (status, byte)
    }

    pub fn get(self) -> (asynchron_status_t, Option<u8>) {
        self.get_timeout(FOREVER)
    }

    /// Waits, and has the value that must be there.
    pub fn value(self) -> u8 {
        let (status, value) = self.get();
        assert_eq!(status, ASYNCHRON_OK);
        value.expect("a byte")
    }
}

/// A place where one thread leaves a handle for another.
pub struct Place(loom::sync::Mutex<Option<A>>);

impl Place {
    pub fn new() -> Rc<Self> {
        Rc::new(Self(loom::sync::Mutex::new(None)))
    }

    pub fn leave(&self, a: A) {
        *self.0.lock().unwrap() = Some(a);
    }

    pub fn take(&self) -> Option<A> {
        self.0.lock().unwrap().take()
    }
}

/// Plain memory. Loom finds accesses to it that are not ordered.
pub struct Plain(loom::cell::UnsafeCell<u8>);

impl Plain {
    pub fn new(value: u8) -> Rc<Self> {
        Rc::new(Self(loom::cell::UnsafeCell::new(value)))
    }

    pub fn read(&self) -> u8 {
        self.0.with(|value| unsafe { *value })
    }

    pub fn write(&self, new: u8) {
        self.0.with_mut(|value| unsafe { *value = new });
    }
}

/// A context: how often its function and its drop have run, and what the function does.
pub struct Told {
    runs: Cell<usize>,
    drops: Cell<usize>,
    /// Written by the function and by the drop; whoever knows that they never run, or have, may write it, too.
    pub plain: Rc<Plain>,
    work: RefCell<Box<dyn Fn(A)>>,
}

impl Told {
    pub fn new(work: impl Fn(A) + 'static) -> Rc<Self> {
        let work = RefCell::new(Box::new(work) as Box<dyn Fn(A)>);
        Rc::new(Self { runs: Cell::new(0), drops: Cell::new(0), plain: Plain::new(0), work })
    }

    pub fn counts() -> Rc<Self> {
        Self::new(|_| ())
    }

    pub fn runs(&self) -> usize {
        self.runs.get()
    }

    pub fn drops(&self) -> usize {
        self.drops.get()
    }

    pub fn ctx(self: &Rc<Self>) -> *mut c_void {
        Rc::as_ptr(self).cast_mut().cast()
    }

    unsafe fn of<'a>(ctx: *mut c_void) -> &'a Self {
        unsafe { &*ctx.cast::<Self>() }
    }

    fn run(&self, a: *mut asynchron_t) {
        self.plain.write(1);
        self.runs.set(self.runs.get() + 1);
        (self.work.borrow())(A(a));
    }

    /// For asynchron_notify().
    pub unsafe extern "C" fn notified(a: *mut asynchron_t, ctx: *mut c_void) {
        unsafe { Self::of(ctx) }.run(a);
    }

    /// For asynchron_spawn() and its like.
    pub unsafe extern "C" fn called(a: *mut asynchron_t, ctx: *mut c_void) -> i32 {
        unsafe { Self::of(ctx) }.run(a);
        0
    }

    /// For asynchron_after() and asynchron_then(). All sources are complete.
    pub unsafe extern "C" fn joined(
        into: *mut asynchron_t,
        sources: *const *mut asynchron_t,
        n: usize,
        ctx: *mut c_void,
    ) -> i32 {
        for source in unsafe { std::slice::from_raw_parts(sources, n) } {
            assert_ne!(A(*source).poll(), ASYNCHRON_PENDING);
        }
        unsafe { Self::of(ctx) }.run(into);
        0
    }

    pub unsafe extern "C" fn dropped(ctx: *mut c_void) {
        let told = unsafe { Self::of(ctx) };
        told.plain.write(2);
        told.drops.set(told.drops.get() + 1);
    }

    /// Registers it as a callback that cannot be taken back.
    pub fn notify(self: &Rc<Self>, a: A) {
        let status = unsafe { asynchron_notify(a.0, Some(Self::notified), self.ctx()) };
        assert_eq!(status, ASYNCHRON_OK);
    }

    /// Registers it as one that can: returns its token.
    pub fn notify_with(self: &Rc<Self>, a: A) -> u64 {
        let mut token = 0;
        let options = asynchron_notify_options_t {
            size: size_of::<asynchron_notify_options_t>(),
            r#fn: Some(Self::notified),
            ctx: self.ctx(),
            drop_ctx: Some(Self::dropped),
            flags: 0,
            executor: std::ptr::null_mut(),
        };
        let status = unsafe { asynchron_notify_with(a.0, &options, &mut token) };
        assert_eq!(status, ASYNCHRON_OK);
        token
    }
}

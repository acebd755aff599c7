//! What the models share: handles, executors, tasks that count.

pub use asynchron::capi::asynchron_status_t::*;
pub use asynchron::capi::*;
pub use asynchron::model::{Gate, compute, elapsed, end, spawn};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::ptr::{null, null_mut};
pub use std::rc::Rc;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

pub const FOREVER: u64 = ASYNCHRON_FOREVER;
pub const MILLISECOND: u64 = 1_000_000;
pub const SECOND: u64 = 1000 * MILLISECOND;

/// The library's statics are those of one model at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs a model in SHUTTLE_SCHEDULES orders: half of them with a thread picked at each step, and half with few changes,
/// at points where they are likelier to matter (PCT).
pub fn check(model: impl Fn() + Send + Sync + Copy + 'static) {
    check_one_in(1, model);
}

/// A model that takes so many times as long, in so many times fewer orders.
pub fn check_one_in(times: usize, model: impl Fn() + Send + Sync + Copy + 'static) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let schedules =
        std::env::var("SHUTTLE_SCHEDULES").map_or(2000, |n| n.parse().expect("a number"));
    let half = (schedules / 2 / times).max(1);
    let begun = Instant::now();
    let round = move || {
        asynchron::model::begin();
        model();
    };
    let ran = Runner::new(RandomScheduler::new(half), config()).run(round)
        + Runner::new(PctScheduler::new(3, half), config()).run(round);
    assert!(ran >= 2 * half, "only {ran} schedules");
    println!("schedules: {ran} in {:.1} s", begun.elapsed().as_secs_f64());
}

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = 1 << 18;
    config.silence_warnings = true; // that all is SeqCst
    config.max_time = Some(Duration::from_secs(300));
    config
}

/// A handle as C has it: it says nothing of references.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct A(pub *mut asynchron_t);

impl A {
    pub fn new() -> Self {
        Self(unsafe { asynchron_create(null()) })
    }

    pub fn release(self) {
        unsafe { asynchron_release(self.0) };
    }

    pub fn cancel(self) -> asynchron_status_t {
        unsafe { asynchron_cancel(self.0) }
    }

    pub fn poll(self) -> asynchron_status_t {
        unsafe { asynchron_poll(self.0) }
    }

    pub fn get(self) -> asynchron_status_t {
        unsafe { asynchron_get(self.0, null_mut()) }
    }
}

/// A task that counts how often it has run, and its context was dropped.
pub struct Task {
    pub a: A,
    begun: Cell<usize>,
    ended: Cell<usize>,
    drops: Cell<usize>,
    work: Box<dyn Fn()>,
}

impl Task {
    pub fn new(work: impl Fn() + 'static) -> Rc<Self> {
        let (begun, ended, drops) = Default::default();
        Rc::new(Self { a: A::new(), begun, ended, drops, work: Box::new(work) })
    }

    /// One in which others may run.
    pub fn short() -> Rc<Self> {
        Self::new(shuttle::thread::yield_now)
    }

    pub fn get(&self) {
        assert_eq!(self.a.get(), ASYNCHRON_OK);
    }

    /// How often it has run: nobody runs it just now.
    pub fn runs(&self) -> usize {
        assert_eq!(self.begun.get(), self.ended.get(), "it still runs");
        self.ended.get()
    }

    pub fn drops(&self) -> usize {
        self.drops.get()
    }

    /// What has returned, and whose context is gone: it has run, or was cancelled. Whether it has run.
    pub fn is_over(&self) -> bool {
        assert_eq!(self.drops(), 1, "the drops of its context");
        match self.a.poll() {
            ASYNCHRON_OK => assert_eq!(self.runs(), 1),
            ASYNCHRON_CANCELLED => assert!(self.runs() <= 1),
            status => panic!("{status:?}"),
        }
        self.runs() == 1
    }

    unsafe extern "C" fn run(_: *mut asynchron_t, ctx: *mut c_void) -> i32 {
        let task = unsafe { &*ctx.cast::<Self>() };
        assert_eq!((task.begun.get(), task.drops()), (0, 0), "it ran, or its context was dropped");
        task.begun.set(1);
        (task.work)();
        task.ended.set(1);
        0
    }

    unsafe extern "C" fn drop_ctx(ctx: *mut c_void) {
        let task = unsafe { &*ctx.cast::<Self>() };
        assert_eq!(task.drops(), 0, "its context was dropped");
        task.drops.set(1);
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.a.release();
    }
}

/// An executor as C has it.
#[derive(Clone, Copy)]
pub struct E(*mut asynchron_executor_t);

impl E {
    fn made(post: asynchron_post_fn_t, threads: usize, ctx: *mut c_void) -> Self {
        let options = asynchron_executor_options_t {
            size: size_of::<asynchron_executor_options_t>(),
            name: null(),
            threads,
            stack_size: 0,
            flags: 0,
            post,
            ctx,
            drop_ctx: None,
        };
        let mut e = null_mut();
        assert_eq!(unsafe { asynchron_executor_create(&options, &mut e) }, ASYNCHRON_OK);
        Self(e)
    }

    pub fn of(threads: usize) -> Self {
        Self::made(None, threads, null_mut())
    }

    /// As the default one on a single processor.
    pub fn without_limit() -> Self {
        Self(asynchron::model::without_limit().cast())
    }

    pub fn posting(queue: &Rc<PostQueue>) -> Self {
        Self::made(Some(PostQueue::post), 0, Rc::as_ptr(queue).cast_mut().cast())
    }

    pub fn spawn(self, task: &Rc<Task>) -> asynchron_status_t {
        let ctx = Rc::as_ptr(task).cast_mut().cast();
        unsafe { asynchron_spawn_on(self.0, task.a.0, Some(Task::run), ctx, Some(Task::drop_ctx)) }
    }

    /// One that is accepted.
    pub fn accept(self, task: &Rc<Task>) {
        assert_eq!(self.spawn(task), ASYNCHRON_OK);
    }

    /// Whether it was accepted: what is not is dropped at once.
    pub fn may_accept(self, task: &Rc<Task>) -> bool {
        match self.spawn(task) {
            ASYNCHRON_OK => true,
            ASYNCHRON_E_CLOSED => {
                assert_eq!((task.runs(), task.drops()), (0, 1));
                false
            }
            status => panic!("spawn: {status:?}"),
        }
    }

    pub fn shut_down(self, flags: u64) {
        assert_eq!(unsafe { asynchron_executor_shutdown(self.0, flags, FOREVER) }, ASYNCHRON_OK);
    }

    pub fn release(self) {
        unsafe { asynchron_executor_release(self.0) }
    }
}

/// The program's own queue.
#[derive(Default)]
pub struct PostQueue(RefCell<VecDeque<*mut asynchron_task_t>>);

impl PostQueue {
    unsafe extern "C" fn post(task: *mut asynchron_task_t, ctx: *mut c_void) -> i32 {
        let queue = unsafe { &*ctx.cast::<Self>() };
        queue.0.borrow_mut().push_back(task);
        0
    }

    fn next(&self) -> Option<*mut asynchron_task_t> {
        shuttle::thread::yield_now();
        self.0.borrow_mut().pop_front()
    }

    /// Runs what has come.
    pub fn run_all(&self) {
        while let Some(task) = self.next() {
            unsafe { asynchron_task_run(task) };
        }
    }

    /// Discards what has come.
    pub fn discard_all(&self) {
        while let Some(task) = self.next() {
            unsafe { asynchron_task_discard(task) };
        }
    }
}

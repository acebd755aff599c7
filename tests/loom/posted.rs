//! An executor of the program's. It is shut down while others hand over, run, give back or complete what is posted: once
//! that has returned, none of it runs any more, nor does a drop, nor ever will. And what is posted is taken back, or
//! needed no more, while others run it or give it back.

use crate::support::*;
use std::ffi::c_void;

/// Where the program's `post` leaves what it is given.
type Posted = loom::sync::Mutex<Option<Task>>;

struct Task(*mut asynchron_task_t);

impl Task {
    fn run(self) {
        unsafe { asynchron_task_run(self.0) };
    }

    fn discard(self) {
        unsafe { asynchron_task_discard(self.0) };
    }
}

unsafe extern "C" fn post(task: *mut asynchron_task_t, posted: *mut c_void) -> i32 {
    *unsafe { &*posted.cast::<Posted>() }.lock().unwrap() = Some(Task(task));
    0
}

unsafe extern "C" fn run_at_once(task: *mut asynchron_task_t, _: *mut c_void) -> i32 {
    Task(task).run();
    0
}

#[derive(Clone, Copy)]
struct Executor(*mut asynchron_executor_t);

impl Executor {
    fn new(
        post: unsafe extern "C" fn(*mut asynchron_task_t, *mut c_void) -> i32,
        posted: *mut c_void,
    ) -> Self {
        let mut options: asynchron_executor_options_t = unsafe { std::mem::zeroed() };
        options.size = size_of::<asynchron_executor_options_t>();
        options.post = Some(post);
        options.ctx = posted;
        let mut made = null_mut();
        assert_eq!(unsafe { asynchron_executor_create(&options, &mut made) }, ASYNCHRON_OK);
        Self(made)
    }

    fn spawn(
        self,
        a: A,
        told: &Rc<Told>,
        drop: Option<unsafe extern "C" fn(*mut c_void)>,
    ) -> asynchron_status_t {
        unsafe { asynchron_spawn_on(self.0, a.0, Some(Told::called), told.ctx(), drop) }
    }

    /// A callback that runs there: its token.
    fn notify(self, a: A, told: &Rc<Told>) -> u64 {
        let mut token = 0;
        let options = asynchron_notify_options_t {
            size: size_of::<asynchron_notify_options_t>(),
            r#fn: Some(Told::notified),
            ctx: told.ctx(),
            drop_ctx: Some(Told::dropped),
            flags: 0,
            executor: self.0,
        };
        let status = unsafe { asynchron_notify_with(a.0, &options, &mut token) };
        assert_eq!(status, ASYNCHRON_OK);
        token
    }

    /// A step that runs there: what it delivers into.
    fn then(self, source: A, told: &Rc<Told>) -> A {
        let mut into = null_mut();
        let options = asynchron_step_options_t {
            size: size_of::<asynchron_step_options_t>(),
            r#fn: Some(Told::joined),
            ctx: told.ctx(),
            drop_ctx: Some(Told::dropped),
            flags: 0,
            executor: self.0,
        };
        let status = unsafe { asynchron_then_with(source.0, null_mut(), &options, &mut into) };
        assert_eq!(status, ASYNCHRON_OK);
        A(into)
    }

    /// When it returns, the context is nobody's but this thread's.
    fn shut_down(self, flags: u64, told: &Told) {
        assert_eq!(unsafe { asynchron_executor_shutdown(self.0, flags, FOREVER) }, ASYNCHRON_OK);
        told.plain.write(3);
    }

    fn release(self) {
        unsafe { asynchron_executor_release(self.0) };
    }
}

const CANCEL: u64 = ASYNCHRON_SHUTDOWN_CANCEL;

/// Shuts one down in which a task lies, against what another thread does with that and with what it delivers into.
fn shut_down_against(flags: u64, other: fn(A, &Posted)) {
    two_threads(move || {
        let told = Told::counts();
        let posted = Rc::new(Posted::new(None));
        let executor = Executor::new(post, Rc::as_ptr(&posted).cast_mut().cast());
        let a = A::new();
        assert_eq!(executor.spawn(a, &told, Some(Told::dropped)), ASYNCHRON_OK);
        let its = posted.clone();
        let thread = thread::spawn(move || other(a, &its));
        executor.shut_down(flags, &told);
        assert_eq!(told.drops(), 1);
        assert_ne!(a.poll(), ASYNCHRON_PENDING);
        thread.join().unwrap();
        let left = posted.lock().unwrap().take();
        if let Some(task) = left {
            task.discard();
        }
        assert_eq!((told.drops(), told.plain.read()), (1, 3));
        executor.release();
        a.release();
    });
}

fn take(posted: &Posted) -> Task {
    posted.lock().unwrap().take().expect("one was posted")
}

#[test]
fn what_is_run_while_its_executor_is_shut_down_has_returned_after_that() {
    shut_down_against(0, run);
}

#[test]
fn what_is_run_while_its_executor_is_shut_down_is_cancelled_or_has_returned() {
    shut_down_against(CANCEL, run);
}

#[test]
fn what_is_discarded_while_its_executor_is_shut_down_was_dropped_after_that() {
    shut_down_against(0, discard);
}

#[test]
fn what_is_completed_while_its_executor_is_shut_down_was_dropped_after_that() {
    shut_down_against(CANCEL, |a, _| _ = a.set(1));
}

#[test]
fn a_post_while_its_executor_is_shut_down_is_refused_or_waited_for() {
    two_threads(|| {
        let told = Told::counts();
        let executor = Executor::new(run_at_once, null_mut());
        let (a, its) = (A::new(), told.clone());
        let other = thread::spawn(move || executor.spawn(a, &its, None));
        executor.shut_down(0, &told);
        let spawned = other.join().unwrap();
        assert!(spawned == ASYNCHRON_OK || spawned == ASYNCHRON_E_CLOSED);
        assert_eq!(told.runs(), usize::from(spawned == ASYNCHRON_OK));
        assert_eq!(told.plain.read(), 3);
        executor.release();
        a.release();
    });
}

fn run(_: A, posted: &Posted) {
    take(posted).run();
}

fn discard(_: A, posted: &Posted) {
    take(posted).discard();
}

fn set_and_run(a: A, posted: &Posted) {
    assert_eq!(a.set(1), ASYNCHRON_OK);
    let task = posted.lock().unwrap().take();
    task.into_iter().for_each(Task::run);
}

/// Takes a callback back against what another thread does; afterwards nobody uses its context. `due`: it lies with the
/// executor already.
fn unnotify_against(due: bool, other: fn(A, &Posted)) {
    two_threads(move || {
        let told = Told::counts();
        let posted = Rc::new(Posted::new(None));
        let executor = Executor::new(post, Rc::as_ptr(&posted).cast_mut().cast());
        let a = A::new();
        let token = executor.notify(a, &told);
        executor.release();
        if due {
            assert_eq!(a.set(1), ASYNCHRON_OK);
        }
        let its = posted.clone();
        let thread = thread::spawn(move || other(a, &its));
        let taken_back = unsafe { asynchron_unnotify(a.0, token) };
        assert_eq!(told.drops(), 1);
        told.plain.write(3);
        thread.join().unwrap();
        match taken_back {
            ASYNCHRON_OK => assert_eq!(told.runs(), 0),
            other => assert_eq!(other, ASYNCHRON_ALREADY),
        }
        assert_eq!((told.drops(), told.plain.read()), (1, 3));
        a.release();
    });
}

#[test]
fn after_an_unnotify_against_its_run_nobody_uses_the_context() {
    unnotify_against(true, run);
}

#[test]
fn after_an_unnotify_against_its_discard_nobody_uses_the_context() {
    unnotify_against(true, discard);
}

/// If it was taken back before it was due, nothing is posted.
#[test]
fn after_an_unnotify_against_its_post_nobody_uses_the_context() {
    unnotify_against(false, set_and_run);
}

/// Cancels what a step delivers into against what another thread does. `due`: it lies with the executor already.
fn cancel_against(due: bool, other: fn(A, &Posted)) {
    two_threads(move || {
        let told = Told::counts();
        let posted = Rc::new(Posted::new(None));
        let executor = Executor::new(post, Rc::as_ptr(&posted).cast_mut().cast());
        let source = A::new();
        let into = executor.then(source, &told);
        executor.release();
        if due {
            assert_eq!(source.set(1), ASYNCHRON_OK);
        }
        let its = posted.clone();
        let thread = thread::spawn(move || other(source, &its));
        let cancel = into.cancel();
        assert_ne!(into.poll(), ASYNCHRON_PENDING);
        thread.join().unwrap();
        assert_eq!(told.drops(), 1);
        match cancel {
            ASYNCHRON_OK => assert_eq!(into.poll(), ASYNCHRON_CANCELLED),
            other => assert_eq!(other, ASYNCHRON_ALREADY),
        }
        into.release();
        source.release();
    });
}

#[test]
fn a_cancel_meets_a_posted_step_that_is_run() {
    cancel_against(true, run);
}

#[test]
fn a_cancel_meets_a_posted_step_that_is_discarded() {
    cancel_against(true, discard);
}

#[test]
fn a_cancel_meets_the_post_of_a_step() {
    cancel_against(false, set_and_run);
}

//! Models of the pool: threads take turns as shuttle has it, and time stands still until all of them sleep.
//!
//! Then it goes on to when the first of them is to wake. So whatever needs no time must not take any, and a model
//! that looks at [`elapsed`] finds a wake-up that is lost, also where a time limit makes up for it.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

use shuttle::thread::{self, Thread};

use super::TimeLimit;
use crate::sync::{AtomicU32, Ordering::*};

/// One that sleeps.
struct Asleep {
    key: usize,
    mask: u32,
    until: TimeLimit,
    /// It has the processor all the while: see [`compute`].
    computes: bool,
    number: u32,
    thread: Thread,
    woken: Rc<Cell<bool>>,
}

struct World {
    now: u64,
    /// The number of the newest thread.
    newest: u32,
    threads: usize,
    /// Those of them that do not sleep.
    awake: usize,
    /// The one that came first first.
    asleep: Vec<Asleep>,
}

// A model's threads take turns on one thread of the system's.
std::thread_local! {
    static WORLD: RefCell<World> = const {
        RefCell::new(World { now: 0, newest: 1, threads: 1, awake: 1, asleep: Vec::new() })
    };
}

shuttle::thread_local! {
    static NUMBER: Cell<u32> = Cell::new(1);
    static SLOTS: [Cell<*mut c_void>; 3] = [const { Cell::new(ptr::null_mut()) }; 3];
}

impl World {
    /// Wakes so many of those that are `chosen`. They are to be unparked, when the world is no longer borrowed.
    fn wake(&mut self, most: usize, chosen: impl Fn(&Asleep) -> bool) -> Vec<Thread> {
        let mut woken = Vec::new();
        while woken.len() < most {
            let Some(at) = self.asleep.iter().position(&chosen) else {
                break;
            };
            let sleeper = self.asleep.remove(at);
            sleeper.woken.set(true);
            self.awake += 1;
            woken.push(sleeper.thread);
        }
        woken
    }

    /// One thread less is awake. If it was the last, time goes on.
    fn one_less(&mut self) -> Vec<Thread> {
        self.awake -= 1;
        let next = self.asleep.iter().filter_map(|sleeper| sleeper.until).min();
        match next.filter(|_| self.awake == 0) {
            Some(next) => {
                self.now = self.now.max(next);
                self.wake(usize::MAX, |sleeper| sleeper.until.is_some_and(|until| until <= next))
            }
            // If none is awake now, none ever will be: shuttle calls that a deadlock.
            None => Vec::new(),
        }
    }
}

/// Changes the world, and has those go on that were woken.
fn change(body: impl FnOnce(&mut World) -> Vec<Thread>) -> usize {
    let woken = WORLD.with_borrow_mut(body);
    woken.iter().for_each(Thread::unpark);
    woken.len()
}

fn sleep(key: usize, mask: u32, until: TimeLimit, computes: bool) {
    let woken = Rc::new(Cell::new(false));
    let (number, thread) = (NUMBER.with(Cell::get), thread::current());
    let sleeper = Asleep { key, mask, until, computes, number, thread, woken: Rc::clone(&woken) };
    change(|world| {
        world.asleep.push(sleeper);
        world.one_less()
    });
    while !woken.get() {
        thread::park();
    }
}

/// A new round of a model begins.
pub fn begin() {
    WORLD.set(World { now: 0, newest: 1, threads: 1, awake: 1, asleep: Vec::new() });
}

/// The key of one that sleeps until it is the only thread: no word lies there.
const ALONE: usize = 0;

/// Sleeps until all other threads have ended.
pub fn end() {
    if WORLD.with_borrow(|world| world.threads > 1) {
        sleep(ALONE, u32::MAX, None, false);
    }
}

/// How much time has passed in this round, in nanoseconds.
pub fn elapsed() -> u64 {
    now()
}

/// Uses a processor for so long, while others run.
pub fn compute(nanos: u64) {
    sleep(usize::MAX, 0, Some(now() + nanos), true);
}

/// A thread of the model's.
pub fn spawn(body: impl FnOnce() + 'static) {
    let number = WORLD.with_borrow_mut(|world| {
        world.threads += 1;
        world.awake += 1;
        world.newest += 1;
        world.newest
    });
    let body = OnOneThread(Box::new(body));
    thread::spawn(move || {
        NUMBER.with(|mine| mine.set(number));
        body.run();
        change(|world| {
            world.threads -= 1;
            let mut woken = world.one_less();
            if world.threads == 1 {
                woken.extend(world.wake(1, |sleeper| sleeper.key == ALONE));
            }
            woken
        });
    });
}

/// It may have what only one thread of the system's may: all of a model's threads run on that.
struct OnOneThread(Box<dyn FnOnce()>);

// SAFETY: it stays on that thread.
unsafe impl Send for OnOneThread {}

impl OnOneThread {
    fn run(self) {
        (self.0)();
    }
}

/// What the program itself waits by.
pub struct Gate(AtomicU32);

impl Gate {
    /// Closed.
    pub const fn closed() -> Self {
        Self(AtomicU32::new(0))
    }

    /// From now on whoever comes passes.
    pub fn open(&self) {
        // ORDERING: under shuttle all are in one order.
        self.0.store(1, Release);
        wake(&raw const self.0, u32::MAX, i32::MAX);
    }

    /// Whether one would pass.
    pub fn is_open(&self) -> bool {
        // ORDERING: as in `open`.
        self.0.load(Acquire) == 1
    }

    /// Sleeps until it is open.
    pub fn pass(&self) {
        wait(&self.0, 0, u32::MAX, None);
    }
}

pub(crate) fn now() -> u64 {
    WORLD.with_borrow(|world| world.now)
}

/// Sleeps while `*word == expected`, until a [`wake`] whose mask shares a bit with `mask`, or until then.
pub(crate) fn wait(word: &AtomicU32, expected: u32, mask: u32, limit: TimeLimit) {
    // ORDERING: as of the system's: from here on no other thread runs before this one sleeps.
    if word.load(Relaxed) == expected && limit.is_none_or(|at| now() < at) {
        sleep(ptr::from_ref(word).addr(), mask, limit, false);
    }
}

/// Wakes at most `count` of those that sleep on `word` with a bit of `mask`. Returns how many.
pub(crate) fn wake(word: *const AtomicU32, mask: u32, count: i32) -> u32 {
    thread::yield_now();
    let chosen = |sleeper: &Asleep| sleeper.key == word.addr() && sleeper.mask & mask != 0;
    change(|world| world.wake(count as usize, chosen)) as u32
}

/// For what is held for a few instructions: it takes no time.
pub(crate) fn wait_a_moment(_word: &AtomicU32, _expected: u32, _mask: u32, _nanos: u64) {
    thread::yield_now();
}

pub(crate) fn pause(_times: u32) {
    thread::yield_now();
}

pub(crate) fn make_way(_nanos: u64) {
    thread::yield_now();
}

/// As above.
pub(crate) fn nap(_nanos: u64) {
    thread::yield_now();
}

pub(crate) fn let_others_run() {
    thread::yield_now();
}

/// As the system's.
pub(crate) struct ThreadLocal(usize);

impl ThreadLocal {
    pub(crate) const fn new(index: usize) -> Self {
        Self(index)
    }

    pub(crate) fn get(&self) -> *mut c_void {
        SLOTS.with(|slots| slots[self.0].get())
    }

    pub(crate) fn set(&self, value: *mut c_void) -> bool {
        SLOTS.with(|slots| slots[self.0].set(value));
        true
    }
}

pub(crate) fn this_thread() -> usize {
    thread_number() as usize
}

/// With one processor an executor without limit has one place; and nobody spins, which would only take longer.
pub(crate) fn processors() -> usize {
    1
}

pub(crate) fn runs_in_parallel() -> bool {
    false
}

pub(crate) fn start_thread(
    main: extern "C" fn(*mut c_void) -> *mut c_void,
    arg: *mut c_void,
    _stack_size: usize,
) -> bool {
    spawn(move || {
        main(arg);
    });
    true
}

/// A model does not fork.
pub(crate) fn at_fork(_: extern "C" fn(), _: extern "C" fn(), _: extern "C" fn()) -> bool {
    true
}

pub(crate) fn thread_number() -> u32 {
    NUMBER.with(Cell::get)
}

/// Nobody's clock goes on: that a thread is runnable has to tell.
pub(crate) fn processor_time(_thread: u32) -> Option<u64> {
    Some(0)
}

pub(crate) fn is_runnable(thread: u32) -> bool {
    WORLD.with_borrow(|world| {
        !world.asleep.iter().any(|sleeper| sleeper.number == thread && !sleeper.computes)
    })
}

pub(crate) fn wake_up_time() -> u64 {
    0
}

pub(crate) fn measure_sometimes(_: u64) {}

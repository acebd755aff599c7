//! The pool: which tasks lie, which threads rest, and who is called for what.

use std::mem;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering::*};

use super::Refused;
use super::busy::BUSY;
use super::queue::{Rooms, Tasks};
use super::task::{Room, Task};
use super::worker::{Call, Worker};
use crate::base::lock::{Guard, Line, Lock};
use crate::base::memory::{NoMemory, try_box};
use crate::base::program::Owned;
use crate::one::asynchron::Asynchron;
use crate::one::extras::Function;
use crate::sys;

/// Tasks lie in two halves of one queue until a thread takes them, so that those who add and those who take
/// seldom meet: who finds nothing more going swaps in all that has come. Where both locks are taken,
/// that of `going` comes first.
#[repr(C)]
pub(super) struct Pool {
    pub(super) inner: Line<Lock<Inner>>,
    going: Line<Lock<Going>>,
    /// How many tasks have left the queue so far, and a number below that of the oldest: as a rule, that of the one
    /// which left it last from its front. Both change under the lock of `going`.
    gone: AtomicU64,
    before_oldest: AtomicU64,
    /// How many threads have come so far: the number of the newest, by which it is named.
    come: AtomicU32,
}

/// The older half.
struct Going {
    tasks: Tasks,
    /// Of tasks that were taken.
    rooms: Rooms,
}

pub(super) struct Inner {
    /// The newer half.
    coming: Tasks,
    /// For tasks to come.
    rooms: Rooms,
    /// Threads at rest, the one that came last first: it is the warmest.
    resting: *mut Worker,
    /// All threads, and those of them that are just being started: those may yet fail to come.
    pub(super) threads: usize,
    starting: usize,
    /// Those of them that sleep in one of our waits.
    pub(super) sleeping: usize,
    /// Those that run a task and do not sleep in one of our waits.
    pub(super) active: usize,
    /// How many may be active before a task has to lie.
    pub(super) places: usize,
    /// Whether a thread watches over how long the oldest task has lain.
    pub(super) watched: bool,
    /// How often a thread was added because nothing had begun for long, since a task last lay.
    pub(super) stalls: u32,
    /// How many tasks have been queued so far: the number of the newest.
    pub(super) queued: u64,
}

// SAFETY: tasks may run on any thread; workers are reached under the pool's lock.
unsafe impl Send for Inner {}

/// A child of a fork has none of its parent's threads: it begins anew.
static POOL: AtomicPtr<Pool> = AtomicPtr::new(ptr::null_mut());

extern "C" fn forget_pool() {
    // ORDERING: a child begins with one thread.
    POOL.store(ptr::null_mut(), Relaxed);
    BUSY.forget();
}

impl Pool {
    /// The pool of this process, if there is one already.
    pub(super) fn current() -> Option<&'static Self> {
        // ORDERING: Acquire sees the pool behind the pointer.
        // SAFETY: once stored it lives for ever.
        unsafe { POOL.load(Acquire).as_ref() }
    }

    pub(super) fn is_current(&self) -> bool {
        // ORDERING: only a fork changes it, on the thread that forks.
        ptr::eq(POOL.load(Relaxed), self)
    }

    /// A number for the thread that asks.
    pub(super) fn number(&self) -> u32 {
        // ORDERING: the number stands alone.
        self.come.fetch_add(1, Relaxed).wrapping_add(1)
    }

    /// The pool of this process, made on first use.
    pub(super) fn get() -> Result<&'static Self, NoMemory> {
        static PREPARED: AtomicBool = AtomicBool::new(false);

        if let Some(pool) = Self::current() {
            return Ok(pool);
        }
        // Once it is true, every child forgets. Two threads may both register: that does no harm.
        // ORDERING: Acquire pairs with the Release below.
        if !PREPARED.load(Acquire) {
            if !sys::at_fork(forget_pool) {
                return Err(NoMemory);
            }
            // ORDERING: Release shows that it is registered.
            PREPARED.store(true, Release);
        }
        let inner = Inner {
            coming: Tasks::new(),
            rooms: Rooms::new(),
            resting: ptr::null_mut(),
            threads: 0,
            starting: 0,
            sleeping: 0,
            active: 0,
            places: sys::processors(),
            watched: false,
            stalls: 0,
            queued: 0,
        };
        let pool = Self {
            inner: Line(Lock::new(inner)),
            going: Line(Lock::new(Going { tasks: Tasks::new(), rooms: Rooms::new() })),
            gone: AtomicU64::new(0),
            before_oldest: AtomicU64::new(0),
            come: AtomicU32::new(0),
        };
        let made = Box::into_raw(try_box(pool).map_err(|_| NoMemory)?);
        // ORDERING: Release publishes the pool; Acquire, on failure, sees the other's.
        let pool = match POOL.compare_exchange(ptr::null_mut(), made, Release, Acquire) {
            Ok(_) => made,
            Err(theirs) => {
                // SAFETY: `made` was stored nowhere.
                drop(unsafe { Box::from_raw(made) });
                theirs
            }
        };
        // SAFETY: it is not NULL, and lives for ever.
        Ok(unsafe { &*pool })
    }

    /// Queues a task, and calls a thread for it if there is a place; refuses it if there is no room for it, or no
    /// thread and none can be had. Whoever comes first takes the oldest: so no task waits for a thread of its own
    /// while others overtake it.
    pub(super) fn submit(
        &'static self,
        a: &Asynchron,
        function: Function,
        ctx: Owned,
    ) -> Result<(), Refused> {
        let (room, inner) = self.room()?;
        let Some((inner, number)) = self.queue(room, inner, a, function, ctx) else {
            return Ok(());
        };
        // One that is only being started may yet fail to come: one that rests takes its place.
        let instead = inner.starting > 0 && !inner.resting.is_null();
        if inner.active >= inner.places && !instead && inner.has_threads() {
            self.watch(inner);
            return Ok(());
        }
        let mut inner = inner;
        inner.active = inner.active.wrapping_add(1);
        let Err(mut inner) = self.call(inner, Call::Look) else {
            return Ok(());
        };
        inner.active = inner.active.wrapping_sub(1);
        drop(inner);
        let Some(task) = self.take_back(number) else {
            return Ok(());
        };
        // SAFETY: taken out of the queue. What comes back is dropped here, where no lock is held.
        drop(unsafe { Task::give_up(task) });
        Err(Refused::NoThread)
    }

    /// Room for a task, and the lock.
    #[inline]
    fn room(&self) -> Result<(Room, Guard<'_, Inner>), NoMemory> {
        let mut inner = self.inner.lock();
        if let Some(room) = inner.rooms.pop() {
            return Ok((room, inner));
        }
        drop(inner);
        Ok((Room::new()?, self.inner.lock()))
    }

    /// Queues a task, and says its number; unless its asynchron is complete, so that it is not needed.
    #[inline]
    fn queue<'a>(
        &'static self,
        room: Room,
        mut inner: Guard<'a, Inner>,
        a: &Asynchron,
        function: Function,
        ctx: Owned,
    ) -> Option<(Guard<'a, Inner>, u64)> {
        // Under the lock, so that who takes it off finds it in the queue. Nobody waits for this lock with that of an
        // asynchron.
        match room.fill(self, a, function, ctx) {
            Ok(task) => {
                inner.queued = inner.queued.wrapping_add(1);
                let number = inner.queued;
                // SAFETY: just made; it stays until it is taken out.
                unsafe { inner.coming.push(task, number) };
                Some((inner, number))
            }
            Err((room, a, ctx)) => {
                let room = inner.rooms.push(room);
                drop(inner);
                drop((room, a, ctx));
                None
            }
        }
    }

    /// The task of this number, taken out if it is still queued, and no thread will look at the queue.
    fn take_back(&self, number: u64) -> Option<NonNull<Task>> {
        let mut going = self.going.lock();
        let mut inner = self.inner.lock();
        if inner.has_threads() {
            return None;
        }
        let halves = [&inner.coming, &going.tasks];
        let task = halves.iter().find_map(|half| half.find_from_behind(number))?;
        self.unlink(&mut going, &mut inner, task);
        Some(task)
    }

    /// Takes a task out, which is needed no more. False: somebody else has.
    ///
    /// # Safety
    /// It is alive.
    pub(super) unsafe fn remove(&self, task: NonNull<Task>) -> bool {
        if !self.is_current() {
            // In the child of a fork nobody else is there to take it, and the locks may be taken for ever.
            return true;
        }
        let mut going = self.going.lock();
        let mut inner = self.inner.lock();
        // SAFETY: as the caller promises; under the locks, the link is the holder's.
        let queued = unsafe { (*task.as_ptr()).link.queued };
        if queued {
            self.unlink(&mut going, &mut inner, task);
        }
        queued
    }

    /// Takes out a task that is queued.
    fn unlink(&self, going: &mut Going, inner: &mut Inner, task: NonNull<Task>) {
        let oldest = if going.tasks.is_empty() { &inner.coming } else { &going.tasks };
        let is_oldest = oldest.begins_with(task);
        // SAFETY: what is in the queue is alive, and its link is the queue's.
        let number = unsafe { (*task.as_ptr()).link.number };
        // SAFETY: it is in one of the two.
        unsafe { Tasks::unlink([&mut going.tasks, &mut inner.coming], task) };
        self.count_gone(Some(number).filter(|_| is_oldest));
    }

    /// The oldest task; if there is none, the lock, while which is held none comes. `room`: of the last task.
    pub(super) fn take(&self, room: Option<Room>) -> Result<NonNull<Task>, Guard<'_, Inner>> {
        let mut going = self.going.lock();
        let room = room.and_then(|room| going.rooms.push(room));
        if let Some(task) = self.take_from(&mut going.tasks) {
            drop(going);
            drop(room);
            return Ok(task);
        }
        let mut inner = self.inner.lock();
        mem::swap(&mut going.tasks, &mut inner.coming);
        inner.rooms.take_over(&mut going.rooms);
        let task = self.take_from(&mut going.tasks);
        drop(going);
        match task {
            Some(task) => {
                drop(inner);
                drop(room);
                Ok(task)
            }
            None => Err(inner),
        }
    }

    fn take_from(&self, going: &mut Tasks) -> Option<NonNull<Task>> {
        let (task, number) = going.pop()?;
        self.count_gone(Some(number));
        Some(task)
    }

    /// One has left the queue; if it was the oldest, with its number.
    fn count_gone(&self, oldest: Option<u64>) {
        // ORDERING: both under the lock of `going`; those who read them without only compare.
        let gone = self.gone.load(Relaxed).wrapping_add(1);
        // ORDERING: as above.
        self.gone.store(gone, Relaxed);
        if let Some(number) = oldest {
            // ORDERING: as above.
            self.before_oldest.store(number, Relaxed);
        }
    }

    /// Whether a task lies. If one has only just been taken, it may still seem to.
    pub(super) fn has_tasks(&self, inner: &Inner) -> bool {
        // ORDERING: the lock shows what came; of what went, an older count is as good.
        self.gone.load(Relaxed) < inner.queued
    }

    /// The number of the oldest task, if there is one; or a smaller one, if those before it were needed no more.
    pub(super) fn oldest(&self, _inner: &Inner) -> u64 {
        // ORDERING: as above.
        self.before_oldest.load(Relaxed).wrapping_add(1)
    }

    /// Sees to it that somebody watches how long the oldest task lies, if one does. False: nobody
    /// can be had for it. Those that are busy will come to it, and those that sleep try again.
    pub(super) fn watch(&'static self, mut inner: Guard<'_, Inner>) -> bool {
        if !self.has_tasks(&inner) {
            return true;
        }
        if inner.watched {
            // One that is only being started may yet fail to come.
            return inner.starting == 0;
        }
        inner.watched = true;
        let Err(mut inner) = self.call(inner, Call::Watch) else {
            return true;
        };
        inner.watched = false;
        false
    }

    /// Calls a thread at rest, or a new one. If none can be had, returns the lock: while it was free
    /// to start a thread, another may have come to rest, but none does now.
    pub(super) fn call<'a>(
        &'static self,
        mut inner: Guard<'a, Inner>,
        call: Call,
    ) -> Result<(), Guard<'a, Inner>> {
        if inner.resting.is_null() {
            inner.threads = inner.threads.wrapping_add(1);
            inner.starting = inner.starting.wrapping_add(1);
            drop(inner);
            let started = Worker::start(call);
            inner = self.inner.lock();
            inner.starting = inner.starting.wrapping_sub(1);
            if started {
                return Ok(());
            }
            inner.threads = inner.threads.wrapping_sub(1);
        }
        let Some(resting) = NonNull::new(inner.resting) else {
            return Err(inner);
        };
        // SAFETY: workers at rest are alive until they have been called.
        let worker = unsafe { resting.as_ref() };
        inner.stop_resting(worker);
        worker.call.set(call);
        drop(inner);
        // SAFETY: taken from those at rest, with its call.
        unsafe { Worker::wake(resting) };
        Ok(())
    }
}

impl Inner {
    /// Whether there is a thread that will look at the queue. One that sleeps may be waiting for
    /// just what would lie there.
    fn has_threads(&self) -> bool {
        self.threads > self.starting.wrapping_add(self.sleeping)
    }

    pub(super) fn rest(&mut self, worker: &Worker) {
        worker.rests.set(true);
        worker.before.set(ptr::null_mut());
        worker.behind.set(self.resting);
        // SAFETY: workers at rest are alive.
        if let Some(behind) = unsafe { self.resting.as_ref() } {
            behind.before.set(ptr::from_ref(worker).cast_mut());
        }
        self.resting = ptr::from_ref(worker).cast_mut();
    }

    pub(super) fn stop_resting(&mut self, worker: &Worker) {
        worker.rests.set(false);
        let (before, behind) = (worker.before.get(), worker.behind.get());
        // SAFETY: workers at rest are alive.
        match unsafe { before.as_ref() } {
            Some(before) => before.behind.set(behind),
            None => self.resting = behind,
        }
        // SAFETY: as above.
        if let Some(behind) = unsafe { behind.as_ref() } {
            behind.before.set(before);
        }
    }
}

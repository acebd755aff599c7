//! What an executor has in this process: which tasks lie, which threads rest, and who is summoned for what.

mod rest;

use std::mem;
use std::ptr::{self, NonNull};

use super::SpawnError;
use super::chunk::{Chunk, Rooms};
use super::executor::Executor;
use super::queue::{HALF_RELEASED, NONE, NOWHERE, Place, RunQueue};
use super::task::Task;
use super::worker::{Duty, Worker};
use crate::base::backoff::Backoff;
use crate::base::lock::{Guard, Line, Lock};
use crate::base::memory::NoMemory;
use crate::base::program::Owned;
use crate::one::asynchron::Asynchron;
use crate::one::demand::Function;
use crate::one::handle::Handle;
use crate::sync::{AtomicU32, AtomicU64, Ordering::*};

/// Tasks lie in two halves of one queue until a thread takes them, so that those who add and those who take
/// seldom meet: whoever finds nothing more going swaps in all that has come. Where both locks are taken,
/// that of `going` comes first.
#[repr(C)]
pub(super) struct Crew {
    pub(super) inner: Line<Lock<Inner>>,
    pub(super) going: Line<Lock<Going>>,
    /// The number of the oldest task in the older half, or [`NONE`]. Changes under the lock of `going`.
    oldest: AtomicU64,
    /// How many threads have come so far: the number of the newest, by which it is named.
    come: AtomicU32,
    /// Where no more than so many tasks may run: whether there may be more of them just now, since one that slept has
    /// woken. Changes under the lock of `inner`.
    pub(super) too_many: AtomicU32,
    /// What is being ended outside of the crew's threads, or runs there.
    pub(super) taken: AtomicU32,
    /// Changes when nothing is left to run, for those that wait for that.
    pub(super) quiet: AtomicU32,
    executor: NonNull<Executor>,
    /// In which process it was made.
    pub(super) process: u32,
}

// SAFETY: the executor may be used by any thread.
unsafe impl Send for Crew {}
// SAFETY: the executor may be used by any thread.
unsafe impl Sync for Crew {}

/// The older half.
pub(super) struct Going {
    pub(super) queue: RunQueue,
    /// The number of the newest task that was ever in this half.
    newest: u64,
    /// How many tasks have been taken so far because their turn had come.
    begun: u64,
}

pub(super) struct Inner {
    /// The newer half.
    pub(super) coming: RunQueue,
    /// Where the next tasks will lie.
    rooms: Rooms,
    /// Threads at rest, the one that came last first: it is the warmest.
    resting: *mut Worker,
    /// All threads, and those of them that are just being started: those may yet fail to come.
    pub(super) threads: usize,
    starting: usize,
    /// Whether the executor's last reference is theirs.
    left_to_threads: bool,
    /// Those of them that sleep in one of our waits.
    pub(super) sleeping: usize,
    /// Those that run a task and do not sleep in one of our waits.
    pub(super) active: usize,
    /// How many may be active before a task has to lie.
    pub(super) places: usize,
    /// Whether a thread watches over how long the oldest task has been queued; or none ever does, since that would
    /// change nothing.
    pub(super) watched: bool,
    /// How often a thread was added because nothing had begun for long, since a task last lay.
    pub(super) stalls: u32,
    /// How many tasks have been queued so far: the number of the newest.
    pub(super) queued: u64,
    /// How many threads wait until nothing is left to run.
    pub(super) awaiting: usize,
}

// SAFETY: tasks may run on any thread; workers are reached under the executor's lock.
unsafe impl Send for Inner {}

impl Crew {
    /// The crew of this executor in this process.
    pub(super) fn new(executor: &Executor, process: u32) -> Self {
        let inner = Inner {
            coming: RunQueue::EMPTY,
            rooms: Rooms::NONE,
            resting: ptr::null_mut(),
            threads: 0,
            starting: 0,
            left_to_threads: false,
            sleeping: 0,
            active: 0,
            places: executor.terms.places(),
            watched: executor.terms.is_limited(),
            stalls: 0,
            queued: 0,
            awaiting: 0,
        };
        Self {
            inner: Line(Lock::new(inner)),
            going: Line(Lock::new(Going { queue: RunQueue::EMPTY, newest: 0, begun: 0 })),
            oldest: AtomicU64::new(NONE),
            come: AtomicU32::new(0),
            too_many: AtomicU32::new(0),
            taken: AtomicU32::new(0),
            quiet: AtomicU32::new(0),
            executor: NonNull::from(executor),
            process,
        }
    }

    pub(super) fn executor(&self) -> &Executor {
        // SAFETY: it lies in it.
        unsafe { self.executor.as_ref() }
    }

    /// What a thread is inside of while it runs something of this process's crew.
    pub(super) fn frame(&self) -> *const () {
        // What the crew is aligned to leaves room to tell a fork's child from its parent.
        const SPARE: usize = align_of::<Crew>().wrapping_sub(1);
        let process = self.process as usize & SPARE;
        ptr::from_ref(self).cast::<()>().wrapping_byte_add(process)
    }

    /// A number for the thread that asks.
    pub(super) fn number(&self) -> u32 {
        // ORDERING: the number stands alone.
        self.come.fetch_add(1, Relaxed).wrapping_add(1)
    }

    /// Queues a task, and summons a thread for it if there is a place. Refuses it if there is no room for it, or no
    /// thread and none can be had. Whoever comes first takes the oldest: so no task waits for a thread of its own
    /// while others overtake it.
    pub(super) fn submit(
        &self,
        a: &Asynchron,
        function: Function,
        ctx: Owned,
    ) -> Result<(), SpawnError> {
        // Counted before it is listed, as those suppose who ask whether it is wanted.
        let a = Handle::retain(a);
        let mut backoff = Backoff::new();
        let (mut inner, task) = loop {
            let mut inner = self.inner.lock();
            if self.executor().is_closed() {
                // Before the context is dropped.
                drop(inner);
                return Err(SpawnError::Closed);
            }
            let Some(room) = inner.rooms.next() else {
                // Before memory is asked for, and before the context is dropped.
                drop(inner);
                Chunk::add_to(self).map_err(|NoMemory| SpawnError::NoMemory)?;
                continue;
            };
            // SAFETY: free, and it is queued before the lock is given back.
            match unsafe { Task::listen(room, &a, function, &ctx) } {
                Some(true) => break (inner, room.0),
                Some(false) => {
                    // As above.
                    drop(inner);
                    return Ok(());
                }
                None => drop(inner),
            }
            backoff.wait();
        };
        mem::forget((ctx, a));
        inner.rooms.use_next();
        // SAFETY: it leaves the queue before it ends.
        match unsafe { self.add(inner, Task::place(task)) } {
            // SAFETY: it was taken out of the queue.
            Some(_) if unsafe { Task::give_up(task) } => Err(SpawnError::NoThread),
            _ => Ok(()),
        }
    }

    /// The same for something that is there already, and lies in no queue. It may be gone if that succeeds.
    ///
    /// # Safety
    /// It stays until it leaves the queue; the caller keeps the executor.
    pub(super) unsafe fn submit_place(&self, place: NonNull<Place>) -> Result<(), SpawnError> {
        let inner = self.inner.lock();
        if self.executor().is_closed() {
            return Err(SpawnError::Closed);
        }
        // SAFETY: as the caller promises.
        match unsafe { self.add(inner, place) } {
            Some(_) => Err(SpawnError::NoThread),
            None => Ok(()),
        }
    }

    /// Queues it, and summons a thread. If none can be had, returns it, taken out again.
    ///
    /// # Safety
    /// As for `submit_place`.
    #[inline(always)]
    unsafe fn add(
        &self,
        mut inner: Guard<'_, Inner>,
        place: NonNull<Place>,
    ) -> Option<NonNull<Place>> {
        let number = inner.queued.wrapping_add(1);
        inner.queued = number;
        // SAFETY: as the caller promises.
        unsafe { inner.coming.push(place, number) };
        if inner.active >= inner.places {
            // One that is only being started may yet fail to come: one that rests takes its place.
            let instead = inner.starting > 0 && !inner.resting.is_null();
            if !instead && inner.has_threads() {
                self.watch(inner);
                return None;
            }
            self.note_too_many();
        }
        inner.active = inner.active.wrapping_add(1);
        let Err(mut inner) = self.summon(inner, Duty::Look) else {
            return None;
        };
        inner.active = inner.active.wrapping_sub(1);
        drop(inner);
        self.withdraw(number)
    }

    /// There may be more that run than places.
    pub(super) fn note_too_many(&self) {
        if self.executor().terms.is_limited() {
            // ORDERING: a hint. Whoever sees it looks under the lock; whoever does not has begun before.
            self.too_many.store(1, Relaxed);
        }
    }

    /// Takes out the task of this number, if it is still queued, and no thread will look at the queue.
    fn withdraw(&self, number: u64) -> Option<NonNull<Place>> {
        let mut going = self.going.lock();
        let mut inner = self.inner.lock();
        if inner.has_threads() {
            return None;
        }
        let task = Self::half_of(number, &mut going, &mut inner).take_out(number);
        self.note_oldest(&going);
        drop(going);
        self.tell_if_quiet(inner);
        task
    }

    /// One of two who have a part in a task gives it up, since its asynchron was completed otherwise: if it still
    /// lies in the queue, it is taken out. True: the other has given up his part, or there is none.
    ///
    /// # Safety
    /// The caller has a part in it, which ends here, unless the answer is true.
    pub(super) unsafe fn release(&self, task: NonNull<Place>) -> bool {
        let mut going = self.going.lock();
        let mut inner = self.inner.lock();
        // SAFETY: the caller has a part in it, and the locks are held.
        let place = unsafe { Place::of(task) };
        match place.number {
            NOWHERE => {
                place.number = HALF_RELEASED;
                false
            }
            HALF_RELEASED => true,
            number => {
                // SAFETY: it has a number, so it lies in that half.
                unsafe { Self::half_of(number, &mut going, &mut inner).unlink(task) };
                self.note_oldest(&going);
                true
            }
        }
    }

    /// Keeps a chunk for later tasks; false if it is not needed.
    ///
    /// # Safety
    /// As for [`Rooms::keep`].
    pub(super) unsafe fn keep(&self, chunk: NonNull<Chunk>) -> bool {
        // SAFETY: as the caller promises.
        unsafe { self.inner.lock().rooms.keep(chunk) }
    }

    /// Where a task of this number lies, if it does.
    pub(super) fn half_of<'a>(
        number: u64,
        going: &'a mut Going,
        inner: &'a mut Inner,
    ) -> &'a mut RunQueue {
        if number <= going.newest { &mut going.queue } else { &mut inner.coming }
    }

    /// The oldest task; if there is none, the lock, while which is held none comes.
    pub(super) fn take_oldest(&self) -> Result<NonNull<Place>, Guard<'_, Inner>> {
        let mut going = self.going.lock();
        if let Some(task) = self.take_oldest_of(&mut going) {
            return Ok(task);
        }
        let mut inner = self.inner.lock();
        mem::swap(&mut going.queue, &mut inner.coming);
        going.newest = inner.queued;
        self.take_oldest_of(&mut going).ok_or(inner)
    }

    fn take_oldest_of(&self, going: &mut Going) -> Option<NonNull<Place>> {
        let task = going.queue.pop()?;
        going.begun = going.begun.wrapping_add(1);
        self.note_oldest(going);
        Some(task)
    }

    pub(super) fn note_oldest(&self, going: &Going) {
        // ORDERING: the locks order what readers have to see; see `oldest`.
        self.oldest.store(going.queue.oldest(), Relaxed);
    }

    /// How many tasks have been taken so far because their turn had come.
    pub(super) fn begun(&self) -> u64 {
        self.going.lock().begun
    }

    /// Whether a task lies. If one has only just been taken, it may still seem to.
    pub(super) fn has_tasks(&self, inner: &Inner) -> bool {
        self.oldest(inner) != NONE
    }

    /// The number of the oldest task, or [`NONE`].
    pub(super) fn oldest(&self, inner: &Inner) -> u64 {
        // ORDERING: tasks come to the older half under both locks: this one shows those that came. Of what left it
        // since, an older number is as good.
        match self.oldest.load(Relaxed) {
            NONE => inner.coming.oldest(),
            number => number,
        }
    }
}

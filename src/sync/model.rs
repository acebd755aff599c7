//! loom's atomics and cells, for models. They notice their own end, too, so that a use that is not
//! ordered before it is found. And they know when a thread has nothing to do but nap.

use std::cell::{Cell, RefCell};
use std::sync::atomic::Ordering;
use std::thread::panicking;

use loom::sync::atomic;
use loom::thread::{self, Thread};

// A model's threads take turns on one thread of the system's.
std::thread_local! {
    static ALIVE: Cell<usize> = const { Cell::new(0) };
    /// How often one has changed.
    static CHANGES: Cell<usize> = const { Cell::new(0) };
    /// Those that nap until one changes.
    static NAPPING: RefCell<Vec<Thread>> = const { RefCell::new(Vec::new()) };
}

loom::thread_local! {
    /// How many of the changes this thread has made, or knew of when it last woke from a nap.
    static KNOWN: Cell<usize> = Cell::new(0);
    /// Whether it has read a value since that is not the newest.
    static BEHIND: Cell<bool> = Cell::new(false);
}

/// How many atomics and cells there are now: none, if every object is gone.
pub fn alive() -> usize {
    ALIVE.get()
}

/// Makes, or drops, what is not an object's, and stays until the model is over.
pub(crate) fn global<T>(make: impl FnOnce() -> T) -> T {
    let before = ALIVE.get();
    let made = make();
    ALIVE.set(before);
    made
}

/// A new model begins.
pub fn begin() {
    ALIVE.set(0);
    NAPPING.take();
}

fn changed() {
    CHANGES.set(CHANGES.get() + 1);
    KNOWN.with(|known| known.set(known.get() + 1));
    for thread in NAPPING.take() {
        thread.unpark();
    }
}

/// Lets others run. A thread that has seen all that there is to see sleeps until something changes:
/// two that were only to look again and again would do so in turns, in ever more ways.
pub(crate) fn nap() {
    let up_to_date = KNOWN.with(|known| known.replace(CHANGES.get()) == CHANGES.get());
    if BEHIND.with(|behind| behind.replace(false)) || !up_to_date {
        return thread::yield_now();
    }
    NAPPING.with_borrow_mut(|napping| napping.push(thread::current()));
    thread::park();
    KNOWN.with(|known| known.set(CHANGES.get()));
}

macro_rules! atomic {
    ($name:ident $(<$t:ident>)?, $value:ty, { $($more:tt)* }) => {
        pub(crate) struct $name $(<$t>)? {
            atomic: atomic::$name $(<$t>)?,
            /// What it really is by now, whatever a thread may still read.
            newest: Cell<$value>,
        }

        #[allow(dead_code, reason = "not all of it is used of each type")]
        impl $(<$t>)? $name $(<$t>)? {
            #[track_caller]
            pub(crate) fn new(value: $value) -> Self {
                ALIVE.set(ALIVE.get() + 1);
                Self { atomic: atomic::$name::new(value), newest: Cell::new(value) }
            }

            #[track_caller]
            pub(crate) fn load(&self, order: Ordering) -> $value {
                let value = self.atomic.load(order);
                if value != self.newest.get() {
                    BEHIND.with(|behind| behind.set(true));
                }
                value
            }

            #[track_caller]
            pub(crate) fn store(&self, value: $value, order: Ordering) {
                self.atomic.store(value, order);
                self.newest.set(value);
                changed();
            }

            #[track_caller]
            pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                let before = self.atomic.swap(value, order);
                self.newest.set(value);
                changed();
                before
            }

            #[track_caller]
            pub(crate) fn compare_exchange(
                &self,
                from: $value,
                to: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                let result = self.atomic.compare_exchange(from, to, success, failure);
                if result.is_ok() {
                    self.newest.set(to);
                    changed();
                }
                result
            }

            #[track_caller]
            pub(crate) fn compare_exchange_weak(
                &self,
                from: $value,
                to: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(from, to, success, failure)
            }

            $($more)*
        }

        impl $(<$t>)? Drop for $name $(<$t>)? {
            fn drop(&mut self) {
                ALIVE.set(ALIVE.get().wrapping_sub(1)); // a global's was not counted
                if !panicking() {
                    self.atomic.with_mut(|_| ());
                }
            }
        }
    };
}

atomic!(AtomicPtr<T>, *mut T, {});
atomic!(AtomicU64, u64, {});
atomic!(AtomicU32, u32, {
    #[track_caller]
    pub(crate) fn fetch_add(&self, value: u32, order: Ordering) -> u32 {
        let before = self.atomic.fetch_add(value, order);
        self.newest.set(before.wrapping_add(value));
        changed();
        before
    }

    #[track_caller]
    pub(crate) fn fetch_sub(&self, value: u32, order: Ordering) -> u32 {
        self.fetch_add(value.wrapping_neg(), order)
    }
});

/// The value, and beside it a cell of loom's by which accesses are noticed: when the pointer is asked
/// for, which is when it is used.
pub(crate) struct UnsafeCell<T> {
    accesses: Accesses,
    value: std::cell::UnsafeCell<T>,
}

struct Accesses(loom::cell::UnsafeCell<()>);

impl<T> UnsafeCell<T> {
    #[track_caller]
    pub(crate) fn new(value: T) -> Self {
        ALIVE.set(ALIVE.get() + 1);
        let accesses = Accesses(loom::cell::UnsafeCell::new(()));
        Self { accesses, value: std::cell::UnsafeCell::new(value) }
    }

    #[track_caller]
    pub(crate) fn get(&self) -> *mut T {
        self.accesses.0.with_mut(|_| ());
        self.value.get()
    }

    #[track_caller]
    pub(crate) fn get_to_read(&self) -> *const T {
        self.accesses.0.with(|_| ());
        self.value.get()
    }
}

impl Drop for Accesses {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get().wrapping_sub(1)); // a global's was not counted
        if !panicking() {
            self.0.with_mut(|_| ());
        }
    }
}

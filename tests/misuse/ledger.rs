//! The allocator of this program. It writes down which test owns each allocation, so that what
//! other tests and the test runner allocate meanwhile does not count; it counts what the current
//! thread asks for; and it refuses memory to the current thread on demand.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

pub struct Ledger;

const ACCOUNTS: usize = 256;

/// Live allocations by account. Account 0 belongs to no test.
static LIVE: [AtomicIsize; ACCOUNTS] = [const { AtomicIsize::new(0) }; ACCOUNTS];

thread_local! {
    static ACCOUNT: Cell<usize> = const { Cell::new(0) };
    static REQUESTS: Cell<usize> = const { Cell::new(0) };
    static DENY: Cell<Deny> = const { Cell::new(Deny::Nothing) };
    static DENIED: Cell<usize> = const { Cell::new(0) };
}

/// Which of the requests to come are refused; the first is 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Deny {
    Nothing,
    Only(usize),
    From(usize),
}

fn refused() -> bool {
    REQUESTS.set(REQUESTS.get() + 1);
    let (refuse, next) = match DENY.get() {
        Deny::Nothing => return false,
        Deny::Only(1) => (true, Deny::Nothing),
        Deny::From(1) => (true, Deny::From(1)),
        Deny::Only(n) => (false, Deny::Only(n - 1)),
        Deny::From(n) => (false, Deny::From(n - 1)),
    };
    DENY.set(next);
    DENIED.set(DENIED.get() + usize::from(refuse));
    refuse
}

/// Room in front of an allocation for the number of its account, so wide that the allocation is
/// aligned as it asks to be, and no better: nobody may count on more.
fn widened(layout: Layout) -> Option<(Layout, usize)> {
    let align = layout.align();
    let front = if align < 16 { 16 + align } else { align };
    let size = layout.size().checked_add(front)?;
    Some((Layout::from_size_align(size, align.max(16)).ok()?, front))
}

/// Asks `from`, and writes the account in front.
fn allocated(layout: Layout, from: unsafe fn(&System, Layout) -> *mut u8) -> *mut u8 {
    if refused() {
        return std::ptr::null_mut();
    }
    let Some((wide, front)) = widened(layout) else {
        return std::ptr::null_mut();
    };
    // SAFETY: the layout is not empty: it has room for the front.
    let room = unsafe { from(&System, wide) };
    if room.is_null() {
        return room;
    }
    let account = ACCOUNT.get();
    LIVE[account].fetch_add(1, SeqCst);
    // SAFETY: the front is at least 16 bytes, and the room is aligned to 16.
    unsafe {
        room.cast::<usize>().write(account);
        room.add(front)
    }
}

// SAFETY: every allocation is the system's, with a front of its own that is taken off again.
unsafe impl GlobalAlloc for Ledger {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        allocated(layout, System::alloc)
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        allocated(layout, System::alloc_zeroed)
    }

    unsafe fn dealloc(&self, data: *mut u8, layout: Layout) {
        let Some((wide, front)) = widened(layout) else {
            return;
        };
        // SAFETY: allocated above with the same layout, so the account is in front.
        unsafe {
            let room = data.sub(front);
            LIVE[room.cast::<usize>().read()].fetch_sub(1, SeqCst);
            System.dealloc(room, wide);
        }
    }
}

/// From here on the current thread's allocations are on an account of their own.
pub fn open() {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let account = NEXT.fetch_add(1, SeqCst);
    assert!(account < ACCOUNTS, "more tests than accounts");
    ACCOUNT.set(account);
}

/// Allocations alive on the current account.
pub fn live() -> isize {
    LIVE[ACCOUNT.get()].load(SeqCst)
}

/// How many more are alive than `before`; gives background threads some time to let go.
pub fn left_over(before: isize, patience: Duration) -> isize {
    let begun = Instant::now();
    loop {
        let left = live() - before;
        if left <= 0 || begun.elapsed() > patience {
            return left;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// How often `body` asks for memory on this thread.
pub fn requests_of<R>(body: impl FnOnce() -> R) -> (R, usize) {
    let before = REQUESTS.get();
    let result = body();
    (result, REQUESTS.get() - before)
}

/// Runs `body` with memory refused to this thread; also says how many requests were refused.
pub fn denied<R>(deny: Deny, body: impl FnOnce() -> R) -> (R, usize) {
    deny_here(deny);
    let result = body();
    (result, grant_here())
}

/// Refuses memory to this thread until `grant_here`.
pub fn deny_here(deny: Deny) {
    DENIED.set(0);
    DENY.set(deny);
}

/// Ends `deny_here`, and says how many requests were refused.
pub fn grant_here() -> usize {
    DENY.set(Deny::Nothing);
    DENIED.get()
}

#[test]
fn the_ledger_counts_by_thread_and_refuses_on_demand() {
    open();
    let before = live();
    let (boxed, requests) = requests_of(|| Box::new(7u8));
    assert_eq!((live() - before, requests), (1, 1));
    std::thread::spawn(move || drop(boxed)).join().unwrap();
    let mut room = Vec::<u8>::new();
    let refused = |room: &mut Vec<u8>, deny| denied(deny, || room.try_reserve_exact(10).is_err());
    assert_eq!(refused(&mut room, Deny::Only(1)), (true, 1));
    assert_eq!(refused(&mut room, Deny::From(2)), (false, 0));
    drop(room);
    assert_eq!(live(), before);
}

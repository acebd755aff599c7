//! Waiting for any of several: one listener on each, all gone again when it returns.

use std::alloc::{Layout, dealloc};
use std::mem::{MaybeUninit, offset_of};
use std::ptr::{self, NonNull};

use crate::base::memory::{NoMemory, allocate};
use crate::one::asynchron::Asynchron;
use crate::one::inside;
use crate::one::listener::{Kind, Listener, Owner};
use crate::one::publish::Telling;
use crate::one::wait::{WaitError, block_until};
use crate::sync::{AtomicPtr, AtomicU32, Ordering::*};
use crate::sys;

static ANY: Kind = Kind::Take(Any::take);

/// For so many there is room without memory.
const ON_THE_STACK: usize = 32;

/// What the listeners of one wait tell.
#[repr(C, align(8))]
struct Any {
    /// First, for the listeners: see [`Owner`].
    kind: &'static Kind,
    /// The first listener that was told.
    told: AtomicPtr<Listener>,
    /// 1 once that is known: what the thread sleeps on.
    word: AtomicU32,
}

/// What lies where others know it while a wait lasts: memory of its own, and not the stack, unless there
/// is none. If a host leaves the wait by longjmp(), a completion still finds it, where it is only lost.
#[repr(C)]
struct WaitBlock {
    any: MaybeUninit<Any>,
    /// Those of a few; there may be more.
    nodes: [MaybeUninit<Listener>; ON_THE_STACK],
}

impl WaitBlock {
    const NODES: usize = offset_of!(Self, nodes);

    /// With so many nodes.
    fn layout(n: usize) -> Option<Layout> {
        let size = n.checked_mul(size_of::<Listener>())?.checked_add(Self::NODES)?;
        Layout::from_size_align(size, align_of::<Self>()).ok()
    }
}

// SAFETY: it begins so.
unsafe impl Owner for Any {}

impl Any {
    /// The waiting thread must take the source's lock before it can leave: after that, the completion is
    /// visible to it, and nobody knows its block any more but by the address of the word.
    ///
    /// # Safety
    /// As for [`Kind::Take`]; the node is a `wait_any`'s.
    unsafe fn take(node: NonNull<Listener>, _: &Asynchron, telling: &mut Telling) {
        // SAFETY: as the caller promises.
        let any = unsafe { Listener::owner::<Self>(node) };
        // SAFETY: TOLD: alive while it is LOCKED, since its call takes that lock before it returns.
        unsafe { any.as_ref() }.tell(node, telling);
    }

    fn tell(&self, node: NonNull<Listener>, telling: &mut Telling) {
        // ORDERING: only the first one's store counts; the word carries the news.
        if self.told.compare_exchange(ptr::null_mut(), node.as_ptr(), Relaxed, Relaxed).is_ok() {
            // ORDERING: Release shows `told` to the thread that sees 1. The completion comes by the lock.
            self.word.store(1, Release);
            telling.wake_later(&self.word);
        }
    }

    fn told(&self) -> Option<NonNull<Listener>> {
        // ORDERING: Acquire pairs with `tell`.
        if self.word.load(Acquire) == 0 {
            return None;
        }
        // ORDERING: stored before the word.
        NonNull::new(self.told.load(Relaxed))
    }
}

/// The index of one that is complete: the lowest, if there are some already.
pub(crate) fn wait_any(
    all: &[&Asynchron],
    timeout_ns: u64,
) -> Result<Result<usize, WaitError>, NoMemory> {
    if let Some(index) = first_complete(all) {
        return Ok(Ok(index));
    }
    if all.iter().all(|a| inside::is_inside(a)) {
        return Ok(Err(WaitError::Deadlock));
    }
    if timeout_ns == 0 {
        return Ok(Err(WaitError::Timeout));
    }
    let layout = WaitBlock::layout(all.len()).ok_or(NoMemory)?;
    match allocate(layout) {
        Ok(block) => {
            // SAFETY: there is room for a listener each, and it stays until the call returns.
            let result = unsafe { listen_and_wait(all, block.cast(), timeout_ns) };
            // SAFETY: allocated above; every listener is unlinked again.
            unsafe { dealloc(block.as_ptr(), layout) };
            Ok(result)
        }
        Err(NoMemory) if all.len() <= ON_THE_STACK => Ok(wait_on_the_stack(all, timeout_ns)),
        Err(NoMemory) => Err(NoMemory),
    }
}

/// For a few.
#[cold]
#[inline(never)]
fn wait_on_the_stack(all: &[&Asynchron], timeout_ns: u64) -> Result<usize, WaitError> {
    let mut block = MaybeUninit::<WaitBlock>::uninit();
    // SAFETY: there is room for a listener each, and it stays until the call returns.
    unsafe { listen_and_wait(all, NonNull::from(&mut block).cast(), timeout_ns) }
}

fn first_complete(all: &[&Asynchron]) -> Option<usize> {
    all.iter().position(|a| a.state().load_for_detectors().is_complete())
}

/// # Safety
/// `block` has as many nodes as `all` has elements.
unsafe fn listen_and_wait(
    all: &[&Asynchron],
    block: NonNull<WaitBlock>,
    timeout_ns: u64,
) -> Result<usize, WaitError> {
    let any_at = block.cast::<Any>();
    // SAFETY: it lies first.
    unsafe {
        any_at.write(Any {
            kind: &ANY,
            told: AtomicPtr::new(ptr::null_mut()),
            word: AtomicU32::new(0),
        })
    };
    // SAFETY: just written; others only share it.
    let any = unsafe { any_at.as_ref() };
    // SAFETY: so far into the block that they lie in it.
    let nodes = unsafe { block.byte_add(WaitBlock::NODES) }.cast::<Listener>();
    let mut complete = None;
    let mut listening = 0;
    for (index, a) in all.iter().enumerate() {
        // SAFETY: the block has room for as many as there are asynchrons.
        let node = unsafe { nodes.add(index) };
        // SAFETY: there is room, and nobody knows the node yet.
        unsafe { node.write(Listener::of_owner(any_at)) };
        // SAFETY: it stays until it was told or unlistened below.
        if !unsafe { a.listen(node) } {
            complete = Some(index);
            break;
        }
        listening = index.wrapping_add(1);
    }
    if complete.is_none() {
        let _ = block_until(
            timeout_ns,
            || any.told().is_some(),
            || any.told(),
            |limit| {
                sys::wait(&any.word, 0, u32::MAX, limit);
            },
        );
    }
    // SAFETY: what was told is one of `nodes`.
    let told = any.told().map(|node| unsafe { node.offset_from(nodes) }.unsigned_abs());
    // Before it leaves: what is cancelled because nobody waits for it any more did not complete in time.
    let found = complete.or(told).or_else(|| first_complete(all));
    for (index, a) in all.iter().enumerate().take(listening) {
        // SAFETY: the block has room for as many as there are asynchrons.
        let node = unsafe { nodes.add(index) };
        // SAFETY: it was given to `listen` of this asynchron. This also waits for a `tell` that is
        // under way, so that nobody knows the block afterwards.
        unsafe { a.unlisten(node) };
    }
    // SAFETY: written above; nobody knows it any more.
    unsafe { any_at.drop_in_place() };
    found.ok_or(WaitError::Timeout)
}

//! The object: an outcome, a state, references, listeners. Making one, asking it, listening.

use std::alloc::Layout;
use std::mem::MaybeUninit;
#[cfg(not(any(loom, shuttle)))]
use std::mem::offset_of;
use std::ptr::NonNull;

use super::extras::Extras;
use super::form::Form;
use super::handle::Handle;
use super::listener::{List, Listener};
use super::outcome::Slot;
use super::room::Reserve;
use super::state::{Held, Seen, State};
use crate::base::memory::{MALLOC_ALIGN, NoMemory, allocate, try_box};
use crate::base::refs::Refs;
use crate::sync::{UnsafeCell, race};

/// Room behind the object, in the same allocation, for what goes with it. With that, it is as large as one of malloc's
/// blocks, to the last byte.
#[repr(C, align(8))]
pub(crate) struct Annex(
    [MaybeUninit<usize>; if cfg!(any(loom, shuttle)) {
        40
    } else if cfg!(target_pointer_width = "64") {
        10
    } else {
        12
    }],
);

/// 56 bytes, which malloc serves from its blocks of 64. Blocks need not begin with a cache line: what
/// is always used comes first, and what only few have, last.
#[repr(C)]
pub(crate) struct Asynchron {
    pub(super) state: State,
    pub(super) refs: Refs,
    pub(super) listeners: UnsafeCell<List>,
    pub(super) slot: UnsafeCell<Slot>,
    /// Not written before the state word says that there are some. From then on it stays.
    pub(super) extras: UnsafeCell<MaybeUninit<NonNull<Extras>>>,
}

#[cfg(all(target_pointer_width = "64", not(any(loom, shuttle))))]
const _: () = assert!(size_of::<Asynchron>() == 56);
// A small value is aligned as malloc's own.
#[cfg(not(any(loom, shuttle)))]
const _: () = assert!(offset_of!(Asynchron, slot) % MALLOC_ALIGN == 0);

// SAFETY: the state word says who may touch the slot and the list; the rest is atomic.
unsafe impl Send for Asynchron {}
// SAFETY: the state word says who may touch the slot and the list; the rest is atomic.
unsafe impl Sync for Asynchron {}

/// Making one, and what it is asked.
impl Asynchron {
    // Only the size is malloc's affair: 16 as the alignment of the type would make it 64 bytes.
    pub(super) const LAYOUT: Layout = match Layout::from_size_align(size_of::<Self>(), MALLOC_ALIGN)
    {
        Ok(layout) => layout,
        Err(_) => panic!("not an alignment"),
    };

    pub(super) const LAYOUT_JOINED: Layout = match Self::LAYOUT.extend(Layout::new::<Annex>()) {
        Ok((layout, offset)) if offset == size_of::<Self>() => layout,
        _ => panic!("does not follow at once"),
    };

    #[inline]
    pub(crate) fn create() -> Result<Handle, NoMemory> {
        let room = allocate(Self::LAYOUT)?.cast();
        // SAFETY: the room is as large as the object, and ours.
        unsafe { Self::write(room, State::new(), Refs::new()) };
        // SAFETY: the first reference is the caller's.
        Ok(unsafe { Handle::from_raw(room) })
    }

    /// Makes one in front of an [`Annex`], which is to be written. There is a second reference, for that.
    pub(crate) fn create_joined() -> Result<(Handle, NonNull<Annex>), NoMemory> {
        let room = allocate(Self::LAYOUT_JOINED)?.cast();
        // SAFETY: the room is larger than the object, and ours.
        unsafe { Self::write(room, State::new_joined(), Refs::two()) };
        // For `whole`.
        room.as_ptr().expose_provenance();
        // SAFETY: the first reference is the caller's.
        let made = unsafe { Handle::from_raw(room) };
        // SAFETY: the rest of the room begins there.
        Ok((made, unsafe { room.add(1) }.cast()))
    }

    /// # Safety
    /// The room is at least as large as the object, and the caller's.
    #[inline]
    pub(super) unsafe fn write(room: NonNull<Self>, state: State, refs: Refs) {
        let made = Self {
            state,
            refs,
            listeners: UnsafeCell::new(List::EMPTY),
            slot: Slot::empty(),
            extras: UnsafeCell::new(MaybeUninit::uninit()),
        };
        // SAFETY: as the caller promises.
        unsafe { room.write(made) };
    }

    pub(crate) fn create_with(extras: Extras, reserve: Reserve) -> Result<Handle, NoMemory> {
        let extras = try_box(extras).map_err(|_| NoMemory)?;
        let made = Self::create_reserved(reserve)?;
        // SAFETY: ALONE: nobody else knows them yet.
        let demand = *unsafe { extras.demand() };
        let extras = NonNull::from(Box::leak(extras));
        made.state.unlock(made.add_extras(made.state.lock(), extras));
        if let Some(demand) = demand {
            // SAFETY: ALONE: nobody else knows the object yet. It stays until it is taken off.
            unsafe { made.listen_first(demand.cast()) };
        }
        Ok(made)
    }

    #[inline]
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn extras(&self) -> Option<&Extras> {
        if !self.state.load().has_extras() {
            return None;
        }
        // SAFETY: EXTRAS: the word says that there are some.
        let extras = unsafe { self.extras_pointer() };
        // SAFETY: EXTRAS: they are neither changed nor freed before the object is.
        Some(unsafe { extras.as_ref() })
    }

    /// # Safety
    /// EXTRAS: the word was seen to say so, or is held and says so.
    pub(super) unsafe fn extras_pointer(&self) -> NonNull<Extras> {
        // SAFETY: EXTRAS: written before the word said so, and never again.
        unsafe { self.extras.get_to_read().cast::<NonNull<Extras>>().read() }
    }

    /// The extras, made now if there are none.
    pub(crate) fn extras_or_new(&self) -> Result<&Extras, NoMemory> {
        if let Some(extras) = self.extras() {
            return Ok(extras);
        }
        let made = try_box(Extras::nothing()).map_err(|_| NoMemory)?;
        self.add_extras_unless_there(NonNull::from(Box::leak(made)));
        self.extras().ok_or(NoMemory)
    }

    /// Has these, which were made just now, be its extras. False, and they are freed, if another thread was faster to
    /// make some.
    pub(super) fn add_extras_unless_there(&self, made: NonNull<Extras>) -> bool {
        let held = self.state.lock();
        if held.has_extras() {
            self.state.unlock(held);
            // SAFETY: ALONE: nobody else knows them.
            unsafe { Extras::free(made) };
            return false;
        }
        self.state.unlock(self.add_extras(held, made));
        true
    }

    /// Adds the extras, of which there are none, to an object whose lock is held.
    fn add_extras(&self, held: Held, extras: NonNull<Extras>) -> Held {
        // SAFETY: LOCKED: the word does not say yet that there are some, so nobody else looks there, and nobody else
        // writes.
        unsafe { self.extras.get().write(MaybeUninit::new(extras)) };
        held.with_extras()
    }

    /// One reference more, for somebody who takes it over by [`Handle::from_raw`].
    #[inline]
    pub(crate) fn retain(&self) {
        self.refs.retain();
    }

    /// For the holder of a reference: whether there may be another.
    pub(crate) fn is_shared(&self) -> bool {
        // In this order: a callback may retain it while it is lent, and it is lent once at most.
        let shared = self.state.load().is_lent() || !self.refs.is_one_minded_or_not();
        if !shared {
            race::acquire(&raw const self.state);
            race::acquire(&raw const self.refs);
        }
        shared
    }

    /// The slot; `None` while incomplete.
    #[inline]
    pub(crate) fn outcome(&self) -> Option<(&Slot, Form)> {
        self.outcome_seen(self.state.load_for_detectors())
    }

    /// The same, but also `None` if a race detector is to be told.
    #[inline]
    pub(crate) fn outcome_at_once(&self) -> Option<(&Slot, Form)> {
        let seen = self.state.load();
        if seen.is_watched() { None } else { self.outcome_seen(seen) }
    }

    #[inline]
    fn outcome_seen(&self, seen: Seen) -> Option<(&Slot, Form)> {
        // SAFETY: PUBLISHED: it is not written any more.
        seen.is_complete().then(|| (unsafe { &*self.slot.get_to_read() }, seen.form()))
    }
}

/// Listening.
impl Asynchron {
    /// The list of listeners.
    ///
    /// # Safety
    /// LOCKED, LAST or ALONE, and there is no other reference to the list.
    #[expect(clippy::mut_from_ref, reason = "it is the caller's alone")]
    #[inline]
    pub(crate) unsafe fn listeners(&self) -> &mut List {
        // SAFETY: as the caller promises.
        unsafe { &mut *self.listeners.get() }
    }

    /// Adds a listener to the list. False, and it is not added, if it is complete already.
    ///
    /// # Safety
    /// The node is in no list, and stays until it was told or [`Self::unlisten`] has returned.
    pub(crate) unsafe fn listen(&self, node: NonNull<Listener>) -> bool {
        // SAFETY: as the caller promises.
        self.unless_complete(|list| unsafe { list.push(node) }).is_some()
    }

    /// The same for one who must not wait: `None`, and it is not added, if others are at the word just now.
    ///
    /// # Safety
    /// As for [`Self::listen`].
    pub(crate) unsafe fn try_listen(&self, node: NonNull<Listener>) -> Option<bool> {
        let held = self.state.try_lock()?;
        let incomplete = !held.is_complete();
        if incomplete {
            // SAFETY: LOCKED: the list is this thread's alone.
            let list = unsafe { self.listeners() };
            // SAFETY: as the caller promises.
            unsafe { list.push(node) };
        }
        self.state.unlock(held);
        Some(incomplete)
    }

    /// Takes a listener out of the list, if it is there; false if it was told, or is about to be. If nobody wants it any
    /// more then, it is cancelled.
    ///
    /// # Safety
    /// The node was given to `listen` of this asynchron, and is alive.
    pub(crate) unsafe fn unlisten(&self, node: NonNull<Listener>) -> bool {
        let held = self.state.lock();
        // SAFETY: LOCKED: alive, and nobody else changes it.
        let listed = unsafe { Listener::is_listed(node) };
        if listed {
            // SAFETY: LOCKED: the list is this thread's alone.
            let list = unsafe { self.listeners() };
            // SAFETY: LISTED, and here.
            unsafe { list.unlink(node) };
        }
        // SAFETY: ALIVE by the caller's reference.
        unsafe { Self::unlock_wanted(NonNull::from(self), held) };
        listed
    }

    /// Runs `work` on the list of listeners, under the lock, and says whether the asynchron is
    /// complete. If it is not, whoever completes it comes to the list after this. It must not run any
    /// of the program's code.
    #[inline]
    pub(crate) fn with_listeners<R>(&self, work: impl FnOnce(&mut List, bool) -> R) -> R {
        let held = self.state.lock();
        // SAFETY: LOCKED: the list is this thread's alone.
        let list = unsafe { self.listeners() };
        let result = work(list, held.is_complete());
        self.state.unlock(held);
        result
    }

    /// The same, unless it is complete: that is known without the lock.
    #[inline]
    pub(crate) fn unless_complete<R>(&self, work: impl FnOnce(&mut List) -> R) -> Option<R> {
        let held = self.state.claim()?;
        // SAFETY: LOCKED: the list is this thread's alone.
        let result = work(unsafe { self.listeners() });
        self.state.unlock(held);
        Some(result)
    }
}

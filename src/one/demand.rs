//! A function on demand: computes the value when somebody asks for it.
//!
//! Until somebody does, it listens to its own asynchron: if that is completed otherwise, the function is never
//! needed, and whoever completes it drops the context. Whoever takes it off the list has it, the one that asks or the
//! one who completes.

use std::ffi::c_void;
use std::ptr::NonNull;

use super::asynchron::Asynchron;
use super::jobs::Job;
use super::listener::{Kind, Listener};
use super::publish::Telling;
use crate::base::memory::{NoMemory, try_box};
use crate::base::program::Owned;

/// Its asynchron completes otherwise.
static DEMAND_NEEDLESS: Kind = Kind::Idle(Demand::take);

/// Computes a value: 0, or an error code.
pub(crate) type Function = unsafe extern "C-unwind" fn(*mut Asynchron, *mut c_void) -> i32;

#[repr(C)]
pub(crate) struct Demand {
    /// In the list of its asynchron. First, so that its address is the demand's.
    needless: Listener,
    /// Without one, the context only waits to be freed.
    pub(crate) function: Option<Function>,
    pub(crate) ctx: Owned,
}

impl Demand {
    /// `None`: there is neither a function nor a context.
    pub(crate) fn new(
        function: Option<Function>,
        ctx: Owned,
    ) -> Result<Option<Box<Self>>, NoMemory> {
        if function.is_none() && ctx.is_nothing() {
            return Ok(None);
        }
        let made = Self { needless: Listener::new(&DEMAND_NEEDLESS), function, ctx };
        try_box(made).map(Some).map_err(|_| NoMemory)
    }

    /// # Safety
    /// As for [`Kind::Idle`].
    unsafe fn take(node: NonNull<Listener>, a: &Asynchron, telling: &mut Telling) {
        if let Some(extras) = a.extras() {
            // SAFETY: LOCKED, as the caller promises.
            *unsafe { extras.demand() } = None;
        }
        // SAFETY: as the caller promises.
        unsafe { telling.run_later(node, Self::let_go) };
    }

    /// # Safety
    /// The job lies where a demand begins that was taken off its list; called once.
    unsafe fn let_go(job: NonNull<Job>) {
        // SAFETY: made by a box, and nobody else can find it any more.
        drop(unsafe { Box::from_raw(job.cast::<Self>().as_ptr()) });
    }
}

impl Asynchron {
    /// Starts a pending one that has a function on demand, which is the caller's from then on.
    pub(crate) fn start_on_demand(&self) -> Option<Box<Demand>> {
        let held = self.state().claim_pending()?;
        // SAFETY: LOCKED.
        let demand = self.extras().and_then(|extras| unsafe { extras.demand() }.take());
        let Some(demand) = demand else {
            self.state().unlock(held);
            return None;
        };
        // SAFETY: LOCKED: the list is this thread's alone.
        let list = unsafe { self.listeners() };
        // SAFETY: LISTED: it was to be found, so nobody has taken it off.
        unsafe { list.unlink(demand.cast()) };
        let (held, _) = held.start();
        self.state().unlock(held);
        // SAFETY: made by a box, and nobody else can find it any more.
        Some(unsafe { Box::from_raw(demand.as_ptr()) })
    }
}

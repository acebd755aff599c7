//! What the library's addresses are called, and the functions that it calls.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr::{null_mut, without_provenance_mut};
use std::rc::Rc;

use asynchron::capi::*;

use crate::machine::call::*;
use crate::machine::player;

thread_local! {
    /// For the functions that the library calls.
    pub static NAMES: RefCell<Option<Rc<Names>>> = const { RefCell::new(None) };
}

#[derive(Default)]
pub struct Names {
    /// The address of one that is gone may be another's later on.
    asynchrons: RefCell<BTreeMap<Id, *mut asynchron_t>>,
    /// What is being made for a function that may run before it is known where.
    coming: RefCell<BTreeMap<Thing, Id>>,
    tokens: RefCell<BTreeMap<Id, *mut u64>>,
    token_of: RefCell<BTreeMap<Thing, Id>>,
    /// What the executor was given, and whether it refuses more.
    tasks: RefCell<Vec<*mut asynchron_task_t>>,
    pub refuses: Cell<bool>,
}

impl Names {
    pub fn name(&self, a: *const asynchron_t) -> Id {
        let all = self.asynchrons.borrow();
        // Of those at this address only the youngest can be alive.
        let known = all.iter().rev().find(|(_, address)| address.cast_const() == a);
        known.map_or_else(
            || {
                player::fault("an asynchron that nobody knows".into());
                Id::MAX
            },
            |(&id, _)| id,
        )
    }

    pub fn of(&self, a: Id) -> *mut asynchron_t {
        self.asynchrons.borrow().get(&a).copied().unwrap_or(null_mut())
    }

    pub fn met(&self, made: Id, a: *mut asynchron_t) {
        let other = self.asynchrons.borrow_mut().insert(made, a);
        if other.is_some_and(|other| other != a) {
            player::fault("two addresses for the same asynchron".into());
        }
    }

    pub fn is_coming(&self, made: Id, ctx: Thing) {
        self.coming.borrow_mut().insert(ctx, made);
    }

    /// Where the token is to be written.
    pub fn new_token(&self, token: Id, ctx: Thing) -> *mut u64 {
        let room = Box::into_raw(Box::new(0));
        self.tokens.borrow_mut().insert(token, room);
        self.token_of.borrow_mut().insert(ctx, token);
        room
    }

    pub fn token(&self, token: Id) -> u64 {
        // SAFETY: made by `new_token`, and freed with the names.
        self.tokens.borrow().get(&token).map_or(0, |&room| unsafe { *room })
    }

    /// The nth, which is the caller's then, or NULL; and how many there were.
    pub fn take_task(&self, nth: usize) -> (*mut asynchron_task_t, usize) {
        let mut tasks = self.tasks.borrow_mut();
        let n = tasks.len();
        let at = nth.checked_rem(n);
        (at.map_or(null_mut(), |at| tasks.remove(at)), n)
    }

    fn check_token_of(&self, ctx: Option<Thing>) {
        let token = ctx.and_then(|ctx| self.token_of.borrow().get(&ctx).copied());
        if token.is_some_and(|token| self.token(token) == 0) {
            player::fault("a callback runs before its token was written".into());
        }
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        for &room in self.tokens.borrow().values() {
            // SAFETY: made by a box, and freed here alone.
            drop(unsafe { Box::from_raw(room) });
        }
    }
}

pub unsafe extern "C" fn post(task: *mut asynchron_task_t, _: *mut c_void) -> i32 {
    let Some(names) = NAMES.with_borrow(Clone::clone) else { return 1 };
    if names.refuses.get() {
        return 1;
    }
    names.tasks.borrow_mut().push(task);
    0
}

/// What is handed over is a number, which nobody reads as an address.
pub fn pointer(thing: Thing) -> *mut c_void {
    without_provenance_mut(thing + 1)
}

pub fn thing(pointer: *const c_void) -> Option<Thing> {
    pointer.addr().checked_sub(1)
}

pub fn drop_of(owned: Owned) -> asynchron_drop_fn_t {
    owned.drop.then_some(drop_thing)
}

unsafe extern "C" fn drop_thing(pointer: *mut c_void) {
    thing(pointer).map_or_else(|| player::fault("a drop of NULL".into()), player::dropped);
}

fn run(a: *mut asynchron_t, sources: &[*mut asynchron_t], ctx: *mut c_void) -> i32 {
    let Some(names) = NAMES.with_borrow(Clone::clone) else { return 0 };
    let ctx = thing(ctx);
    names.check_token_of(ctx);
    let made = ctx.and_then(|ctx| names.coming.borrow_mut().remove(&ctx));
    made.into_iter().for_each(|made| names.met(made, a));
    let sources: Vec<Id> = sources.iter().map(|&source| names.name(source)).collect();
    player::ran(names.name(a), &sources, ctx.unwrap_or(Thing::MAX))
}

pub unsafe extern "C" fn on_complete(a: *mut asynchron_t, ctx: *mut c_void) {
    run(a, &[], ctx);
}

pub unsafe extern "C" fn compute(a: *mut asynchron_t, ctx: *mut c_void) -> i32 {
    run(a, &[], ctx)
}

pub unsafe extern "C" fn join(
    a: *mut asynchron_t,
    sources: *const *mut asynchron_t,
    n: usize,
    ctx: *mut c_void,
) -> i32 {
    // SAFETY: the library gives as many as it says.
    let sources = if n == 0 { &[] } else { unsafe { std::slice::from_raw_parts(sources, n) } };
    run(a, sources, ctx)
}

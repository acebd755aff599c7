//! What is shared, of every kind.

use std::ffi::{CStr, c_void};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use super::*;
use crate::base::memory::Bytes;
use crate::base::program::Owned;
use crate::one::extras::Extras;
use crate::one::failure::Failure;
use crate::one::outcome::{BROKEN_CODE, Buffer, Small};
use crate::one::room::Reserve;
use crate::one::take::TakeError;

unsafe extern "C-unwind" fn count(times: *mut c_void) {
    // SAFETY: a counter that lives as long as the test.
    unsafe { &*times.cast::<AtomicUsize>() }.fetch_add(1, Relaxed);
}

fn counted(times: &AtomicUsize) -> Owned {
    Owned { ptr: ptr::from_ref(times).cast_mut().cast(), drop: Some(count) }
}

fn new() -> Handle {
    Asynchron::create().unwrap()
}

/// A source whose end is counted.
fn source(ends: &AtomicUsize, reserve: usize) -> Handle {
    let extras = Extras::new(None, counted(ends), None).unwrap();
    Asynchron::create_with(extras, Reserve::new(reserve).unwrap()).unwrap()
}

fn deliver_small(a: &Handle) {
    let small = Small::copy_of(b"small").unwrap();
    // SAFETY: ALIVE: the handle is a reference.
    assert!(unsafe { Asynchron::complete_small(a.as_non_null(), small) });
}

fn deliver_copy(a: &Handle, bytes: &[u8]) {
    // SAFETY: ALIVE: the handle is a reference.
    let done = unsafe { Asynchron::complete_copy(a.as_non_null(), Bytes::copy_of(bytes).unwrap()) };
    assert!(done);
}

fn deliver_in_room(a: &Handle, bytes: &[u8]) {
    // SAFETY: ALIVE: the handle is a reference.
    let done = unsafe { Asynchron::complete_in_room(a.as_non_null(), bytes) };
    assert_eq!(done, Some(true));
}

fn deliver(a: &Handle, outcome: Outcome) {
    // SAFETY: ALIVE: the handle is a reference.
    assert!(unsafe { Asynchron::complete(a.as_non_null(), outcome) }.is_ok());
}

fn complete_as(into: &Handle, source: &Handle) -> bool {
    // SAFETY: ALIVE: the handle is a reference.
    unsafe { Asynchron::complete_as(into.as_non_null(), source.clone()) }.is_ok()
}

fn as_it(source: &Handle) -> Handle {
    let into = new();
    assert!(complete_as(&into, source));
    into
}

fn value(a: &Handle) -> Option<(*const c_void, usize)> {
    let (slot, form) = a.outcome().unwrap();
    // SAFETY: PUBLISHED: the slot holds what the form says.
    unsafe { slot.value(form) }
}

fn error(a: &Handle) -> (i32, *const i8, *const c_void, bool) {
    let (slot, form) = a.outcome().unwrap();
    // SAFETY: PUBLISHED: the slot holds what the form says.
    let error = unsafe { slot.error(form) }.unwrap();
    (error.code, error.message.cast(), error.payload, form.is_cancelled())
}

#[test]
fn a_value_of_any_kind_stays_where_it_was_delivered_and_that_is_kept_alone() {
    const LONG: [u8; 100] = [7; 100];
    type Deliver<'a> = &'a dyn Fn(&Handle);
    let drops = AtomicUsize::new(0);
    let buffer = || Buffer { data: LONG.as_ptr().cast(), len: 100, owner: counted(&drops) };
    let kinds: [(&str, usize, usize, Deliver); 5] = [
        ("small", 5, 0, &deliver_small),
        ("copy", 100, 0, &|a| deliver_copy(a, &LONG)),
        ("room", 100, 0, &|a| deliver_in_room(a, &LONG)),
        ("buffer", 100, 1, &|a| deliver(a, Outcome::Buffer(buffer()))),
        ("pointer", 0, 1, &|a| deliver(a, Outcome::Pointer(counted(&drops)))),
    ];
    for (kind, len, dropped, deliver) in kinds {
        let (origin_ends, between_ends) = (AtomicUsize::new(0), AtomicUsize::new(0));
        drops.store(0, Relaxed);
        let origin = source(&origin_ends, if kind == "room" { 100 } else { 0 });
        deliver(&origin);
        let there = value(&origin).unwrap();
        assert_eq!(there.1, len, "{kind}");
        let between = source(&between_ends, 0);
        assert!(complete_as(&between, &origin));
        let last = as_it(&between);
        assert_eq!(value(&last), Some(there), "{kind}: the very same");
        drop(between);
        assert_eq!(between_ends.load(Relaxed), 1, "{kind}: those between are not kept");
        drop(origin);
        assert_eq!(origin_ends.load(Relaxed), 0, "{kind}: it is kept");
        if len > 0 {
            // SAFETY: so many bytes are there, while it is kept.
            let first = unsafe { *there.0.cast::<u8>() };
            assert_eq!(first, if len == 5 { b's' } else { 7 }, "{kind}");
        }
        drop(last);
        let seen = (origin_ends.load(Relaxed), drops.load(Relaxed));
        assert_eq!(seen, (1, dropped), "{kind}: and goes with the last");
    }
}

#[test]
fn what_one_with_room_of_its_own_shares_is_let_go() {
    let ends = AtomicUsize::new(0);
    let origin = source(&ends, 0);
    let buffer = Buffer { data: ptr::null(), len: 0, owner: Owned::NOTHING };
    deliver(&origin, Outcome::Buffer(buffer));
    let roomy = Asynchron::create_reserved(Reserve::new(100).unwrap()).unwrap();
    assert!(complete_as(&roomy, &origin));
    drop(origin);
    assert_eq!(ends.load(Relaxed), 0, "what has no address may have an owner");
    drop(roomy);
    assert_eq!(ends.load(Relaxed), 1);
}

#[test]
fn an_empty_value_and_what_ended_otherwise_is_shared_whole_and_keeps_no_asynchron() {
    let drops = AtomicUsize::new(0);
    let rich = |text: &CStr| Failure::new(7, c"d", text, counted(&drops)).unwrap();
    let kinds = [
        Outcome::Empty,
        Outcome::Code(3),
        Outcome::Failure(rich(c"why")),
        Outcome::Broken,
        Outcome::Cancelled,
        Outcome::CancelledBecause(rich(c"reason")),
    ];
    for outcome in kinds {
        drops.store(0, Relaxed);
        let is_empty = matches!(outcome, Outcome::Empty);
        let is_broken = matches!(outcome, Outcome::Broken);
        let is_rich = matches!(outcome, Outcome::Failure(_) | Outcome::CancelledBecause(_));
        let ends = AtomicUsize::new(0);
        let origin = source(&ends, 0);
        deliver(&origin, outcome);
        let last = as_it(&as_it(&origin));
        assert_eq!(value(&last), value(&origin));
        if is_empty {
            assert_eq!(value(&last), Some((ptr::null(), 0)));
        } else {
            let error = error(&last);
            assert_eq!(error, self::error(&origin), "the very same");
            assert_eq!(error.0 == BROKEN_CODE, is_broken);
        }
        drop(origin);
        assert_eq!((ends.load(Relaxed), drops.load(Relaxed)), (1, 0));
        drop(last);
        assert_eq!(drops.load(Relaxed), usize::from(is_rich));
    }
}

#[test]
fn what_is_shared_completes_once_and_is_let_go_if_another_was_first() {
    let drops = AtomicUsize::new(0);
    let origin = new();
    let into = new();
    assert!(!complete_as(&into, &origin), "it is not complete");
    assert!(into.outcome().is_none());
    deliver(&origin, Outcome::Pointer(counted(&drops)));
    deliver(&into, Outcome::Cancelled);
    assert!(!complete_as(&into, &origin), "it was cancelled");
    assert!(!origin.is_shared());
    drop(origin);
    assert_eq!(drops.load(Relaxed), 1);
}

#[test]
fn a_pointer_is_taken_through_the_one_that_shares_it_once_nobody_else_does() {
    let drops = AtomicUsize::new(0);
    let origin = new();
    deliver(&origin, Outcome::Pointer(counted(&drops)));
    let (first, second) = (as_it(&origin), as_it(&origin));
    assert!(matches!(origin.take_pointer(), Err(TakeError::Shared)), "by two");
    drop(origin);
    assert!(matches!(first.take_pointer(), Err(TakeError::Shared)), "by the second");
    drop(second);
    let also = first.clone();
    assert!(matches!(first.take_pointer(), Err(TakeError::Shared)), "held twice");
    drop(also);
    let taken = first.take_pointer().ok();
    assert_eq!(taken, Some(ptr::from_ref(&drops).cast_mut().cast()));
    drop(first);
    assert_eq!(drops.load(Relaxed), 0, "its drop does not run any more");
    let other = new();
    deliver_small(&other);
    assert!(matches!(as_it(&other).take_pointer(), Err(TakeError::NoPointer)));
}

#[test]
fn a_million_in_a_row_that_share_are_released_in_constant_stack() {
    let ends = AtomicUsize::new(0);
    let origin = source(&ends, 0);
    deliver(&origin, Outcome::Pointer(counted(&ends)));
    let mut all = vec![origin];
    for _ in 0..1_000_000 {
        let next = as_it(all.last().unwrap());
        all.push(next);
    }
    let last = all.pop();
    drop(all);
    assert_eq!(ends.load(Relaxed), 0);
    drop(last);
    assert_eq!(ends.load(Relaxed), 2);
}

//! What was lent to a callback, and what else may have it at that moment.

use crate::support::*;

/// The callback hands over; the receiver registers one more, releases; the waiter releases.
#[test]
fn a_callback_hands_on_to_one_that_registers_another() {
    more_threads(|| {
        let a = A::new();
        let place = Place::new();
        let theirs = place.clone();
        let told = Told::new(move |a| theirs.leave(a.retain()));
        let late = Told::counts();
        told.notify(a);
        let l2 = late.clone();
        let p2 = place.clone();
        let receives = thread::spawn(move || {
            if let Some(a) = p2.take() {
                l2.notify(a);
                a.release();
                assert_eq!(l2.runs(), 1);
            }
        });
        let sets = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        assert_eq!(a.value(), 1);
        a.release();
        sets.join().unwrap();
        receives.join().unwrap();
        if let Some(a) = place.take() {
            a.release();
        }
        assert_eq!(told.runs(), 1);
    });
}

/// Any, entry, callback at once; the deliverer has no reference of its own.
#[test]
fn a_callback_beside_a_wait_any_and_an_entry_and_the_last_release() {
    two_threads(|| {
        let a = A::new();
        let dropped = Told::counts();
        let told = Told::counts();
        told.notify(a);
        let report = unsafe { asynchron_report_create(&a.0, 1) };
        let ctx = dropped.ctx();
        let sets = thread::spawn(move || {
            assert_eq!(
                unsafe { asynchron_set_pointer(a.0, ctx, Some(Told::dropped)) },
                ASYNCHRON_OK
            );
        });
        assert_eq!(unsafe { asynchron_wait_any(&a.0, 1, FOREVER, null_mut()) }, ASYNCHRON_OK);
        a.release();
        unsafe { asynchron_report_release(report) };
        sets.join().unwrap();
        assert_eq!((told.runs(), dropped.drops()), (1, 1));
    });
}

/// The same, but the report's item is taken and released, and the callback releases the one reference.
#[test]
fn a_callback_that_releases_the_only_handle() {
    two_threads(|| {
        let a = A::new();
        let dropped = Told::counts();
        let told = Told::new(|a| {
            a.release();
            assert_eq!(a.poll(), ASYNCHRON_OK);
        });
        told.notify(a);
        let second = Told::counts();
        second.notify_with(a);
        let report = unsafe { asynchron_report_create(&a.0, 1) };
        let ctx = dropped.ctx();
        let sets = thread::spawn(move || {
            assert_eq!(
                unsafe { asynchron_set_pointer(a.0, ctx, Some(Told::dropped)) },
                ASYNCHRON_OK
            );
        });
        let mut item = asynchron_item_t { asynchron: null_mut(), tag: null_mut() };
        assert_eq!(unsafe { asynchron_report_next(report, FOREVER, &mut item) }, ASYNCHRON_OK);
        A(item.asynchron).release();
        unsafe { asynchron_report_release(report) };
        sets.join().unwrap();
        assert_eq!((told.runs(), second.runs(), dropped.drops()), (1, 1, 1));
    });
}

/// A then's own asynchron, with a callback, released while its source is set.
#[test]
fn what_a_then_delivers_into_is_lent_too() {
    two_threads(|| {
        let a = A::new();
        let joined = Told::counts();
        let into = A(unsafe {
            asynchron_then(a.0, null_mut(), Some(Told::joined), joined.ctx(), Some(Told::dropped))
        });
        let told = Told::new(|a| {
            a.retain();
            assert_eq!(a.poll(), ASYNCHRON_OK);
            a.release();
        });
        told.notify(into);
        let sets = thread::spawn(move || {
            assert_eq!(a.set(1), ASYNCHRON_OK);
            a.release();
        });
        while into.poll() == ASYNCHRON_PENDING {
            thread::yield_now();
        }
        into.release();
        sets.join().unwrap();
        assert_eq!((told.runs(), joined.runs(), joined.drops()), (1, 1, 1));
    });
}

/// Broken off: the callback hands over, another releases.
#[test]
fn a_callback_of_a_broken_one_hands_on() {
    more_threads(|| {
        let a = A::new();
        a.retain();
        let place = Place::new();
        let theirs = place.clone();
        let told = Told::new(move |a| theirs.leave(a.retain()));
        told.notify(a);
        let p2 = place.clone();
        let receives = thread::spawn(move || {
            if let Some(a) = p2.take() {
                assert_eq!(a.poll(), ASYNCHRON_FAILED);
                a.release();
            }
        });
        let other = thread::spawn(move || a.release());
        a.release();
        other.join().unwrap();
        receives.join().unwrap();
        if let Some(a) = place.take() {
            a.release();
        }
        assert_eq!(told.runs(), 1);
    });
}

/// The item of one report is removed by another thread while the callback is lent it.
#[test]
fn an_entry_is_removed_while_a_callback_has_the_object() {
    two_threads(|| {
        let a = A::new();
        let told = Told::counts();
        told.notify(a);
        let report = unsafe { asynchron_report_create(&a.0, 1) };
        let sets = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        while a.poll() == ASYNCHRON_PENDING {
            thread::yield_now();
        }
        assert_eq!(unsafe { asynchron_report_remove(report, a.0) }, ASYNCHRON_OK);
        a.release();
        unsafe { asynchron_report_release(report) };
        sets.join().unwrap();
        assert_eq!(told.runs(), 1);
    });
}

//! What was lent to a callback, and what else may have it at that moment.

use std::cell::Cell;

use crate::support::*;

/// A callback retains the handle and hands it over; another thread uses and releases it while the callback ends and two
/// more, of which one is this, deliver and release theirs.
fn handed_over(register: fn(&Rc<Told>, A), other: fn(A), here: fn(A), receive: fn(A)) {
    let a = A::new();
    let place = Place::new();
    let theirs = place.clone();
    let told = Told::new(move |a| theirs.leave(a.retain()));
    register(&told, a);
    let receives = {
        let place = place.clone();
        thread::spawn(move || {
            if let Some(a) = place.take() {
                receive(a);
                a.release();
            }
        })
    };
    let other = thread::spawn(move || other(a));
    here(a);
    other.join().unwrap();
    receives.join().unwrap();
    if let Some(a) = place.take() {
        a.release();
    }
    assert_eq!(told.runs(), 1);
}

fn set(a: A) {
    assert_eq!(a.set(1), ASYNCHRON_OK);
}

fn wait_and_release(a: A) {
    assert_eq!(a.value(), 1);
    a.release();
}

fn get(a: A) {
    assert_eq!(a.get_timeout(0), (ASYNCHRON_OK, Some(1)));
}

#[test]
fn a_callback_may_hand_its_handle_over_while_a_waiter_releases() {
    more_threads(|| handed_over(Told::notify, set, wait_and_release, get));
}

#[test]
fn a_callback_may_hand_its_handle_over_while_the_one_that_set_releases() {
    more_threads(|| handed_over(Told::notify, set_and_release, |_| (), get));
}

#[test]
fn a_callback_that_can_be_taken_back_may_hand_its_handle_over() {
    let register: fn(&Rc<Told>, A) = |told, a| _ = told.notify_with(a);
    more_threads(move || handed_over(register, set, wait_and_release, get));
}

#[test]
fn a_callback_hands_on_to_one_that_registers_another() {
    let register_another = |a| {
        let late = Told::counts();
        late.notify(a);
        assert_eq!(late.runs(), 1);
    };
    more_threads(move || handed_over(Told::notify, set, wait_and_release, register_another));
}

/// Nobody delivers: it breaks with the second release.
#[test]
fn a_callback_of_a_broken_one_hands_on() {
    let register: fn(&Rc<Told>, A) = |told, a| told.notify(a.retain());
    let failed = |a: A| assert_eq!(a.poll(), ASYNCHRON_FAILED);
    more_threads(move || handed_over(register, A::release, A::release, failed));
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
            assert_eq!(a.set_dropping(ctx), ASYNCHRON_OK);
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
            assert_eq!(a.set_dropping(ctx), ASYNCHRON_OK);
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

/// Its last reference that is counted is a step's, whose turn comes while a callback has the one that is not.
#[test]
fn a_step_lets_go_of_what_a_callback_still_has() {
    two_threads(|| {
        let (source, into) = (A::new(), A::new());
        let other = Rc::new(Cell::new(None));
        let theirs = other.clone();
        let told = Told::new(move |a| {
            theirs.set(Some(thread::spawn(move || set_and_release(source))));
            a.release();
        });
        told.notify(into);
        let step = Told::counts();
        let (joined, dropped) = (Some(Told::joined as _), Some(Told::dropped as _));
        let sources = [source.0];
        A(unsafe { asynchron_after(sources.as_ptr(), 1, into.0, joined, step.ctx(), dropped) })
            .release();
        into.cancel();
        other.take().expect("it ran").join().unwrap();
        assert_eq!((told.runs(), step.runs(), step.drops()), (1, 0, 1));
    });
}

fn set_and_release(a: A) {
    set(a);
    a.release();
}

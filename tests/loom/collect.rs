//! Delivering, and collecting what was delivered.

use std::ffi::CStr;

use crate::support::*;

#[test]
fn a_get_has_the_value_and_all_that_was_done_before_the_set() {
    two_threads(|| {
        let a = A::new();
        let note = Plain::new(0);
        let theirs = note.clone();
        let other = thread::spawn(move || {
            theirs.write(7);
            assert_eq!(a.set(1), ASYNCHRON_OK);
        });
        assert_eq!(a.value(), 1);
        assert_eq!(note.read(), 7);
        other.join().unwrap();
        a.release();
    });
}

#[test]
fn two_gets_both_wake() {
    more_threads(|| {
        let a = A::new();
        let other = thread::spawn(move || assert_eq!(a.value(), 1));
        let third = thread::spawn(move || assert_eq!(a.value(), 1));
        assert_eq!(a.set(1), ASYNCHRON_OK);
        other.join().unwrap();
        third.join().unwrap();
        a.release();
    });
}

#[test]
fn of_two_sets_and_a_cancel_one_wins_and_everybody_sees_it() {
    more_threads(|| {
        let a = A::new();
        let one = thread::spawn(move || (a.set(1), a.get()));
        let two = thread::spawn(move || (a.cancel(), a.get()));
        let three = (a.set(3), a.get());
        let (one, two) = (one.join().unwrap(), two.join().unwrap());
        assert_eq!([one.1, two.1], [three.1, three.1]);
        let expected = match three.1 {
            (ASYNCHRON_OK, Some(1)) => [ASYNCHRON_OK, ASYNCHRON_ALREADY, ASYNCHRON_ALREADY],
            (ASYNCHRON_CANCELLED, None) => [ASYNCHRON_CANCELLED, ASYNCHRON_OK, ASYNCHRON_CANCELLED],
            (ASYNCHRON_OK, Some(3)) => [ASYNCHRON_ALREADY, ASYNCHRON_ALREADY, ASYNCHRON_OK],
            other => panic!("{other:?}"),
        };
        assert_eq!([one.0, two.0, three.0], expected);
        a.release();
    });
}

#[test]
fn of_two_pointers_set_both_are_dropped_and_the_loser_s_at_once() {
    two_threads(|| {
        let a = A::new();
        let (mine, yours) = (Told::counts(), Told::counts());
        let (ctx, told) = (yours.ctx(), yours.clone());
        let set = |ctx| a.set_dropping(ctx);
        let other = thread::spawn(move || {
            let status = a.set_dropping(ctx);
            assert_eq!(told.drops(), if status == ASYNCHRON_OK { 0 } else { 1 });
        });
        let status = set(mine.ctx());
        assert_eq!(mine.drops(), if status == ASYNCHRON_OK { 0 } else { 1 });
        other.join().unwrap();
        assert_eq!(mine.drops() + yours.drops(), 1);
        a.release();
        assert_eq!((mine.drops(), yours.drops()), (1, 1));
    });
}

#[test]
fn a_get_that_times_out_misses_nothing_that_comes_later() {
    two_threads(|| {
        let a = A::new();
        let other = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        match a.get_timeout(A_MOMENT) {
            (ASYNCHRON_TIMEOUT, None) => assert_eq!(a.value(), 1),
            got => assert_eq!(got, (ASYNCHRON_OK, Some(1))),
        }
        other.join().unwrap();
        a.release();
    });
}

#[test]
fn a_get_that_times_out_keeps_no_wake_up_from_another() {
    more_threads(|| {
        let a = A::new();
        let waits = thread::spawn(move || assert_eq!(a.value(), 1));
        let gives_up = thread::spawn(move || _ = a.get_timeout(A_MOMENT));
        assert_eq!(a.set(1), ASYNCHRON_OK);
        waits.join().unwrap();
        gives_up.join().unwrap();
        a.release();
    });
}

fn on_demand(told: &Rc<Told>) -> A {
    let mut options: asynchron_options_t = unsafe { std::mem::zeroed() };
    options.size = size_of::<asynchron_options_t>();
    options.on_demand = Some(Told::called);
    options.on_demand_ctx = told.ctx();
    options.drop_on_demand_ctx = Some(Told::dropped);
    let mut a = A(null_mut());
    assert_eq!(unsafe { asynchron_create_with(&options, &mut a.0) }, ASYNCHRON_OK);
    a
}

#[test]
fn of_two_that_ask_one_runs_the_function_on_demand_and_both_have_its_value() {
    two_threads(|| {
        let told = Told::new(|a| assert_eq!(a.set(1), ASYNCHRON_OK));
        let a = on_demand(&told);
        let other = thread::spawn(move || assert_eq!(a.value(), 1));
        assert_eq!(a.value(), 1);
        other.join().unwrap();
        assert_eq!((told.runs(), told.drops()), (1, 1));
        a.release();
    });
}

#[test]
fn a_set_and_one_that_asks_may_meet_and_the_first_value_stays() {
    two_threads(|| {
        let told = Told::new(|a| _ = a.set(1));
        let a = on_demand(&told);
        let other = thread::spawn(move || a.set(2));
        let value = a.value();
        let won = other.join().unwrap() == ASYNCHRON_OK;
        assert_eq!(value, if won { 2 } else { 1 });
        assert!(won || told.runs() == 1);
        assert_eq!(told.drops(), 1);
        a.release();
    });
}

#[test]
fn two_that_ask_for_a_name_that_was_not_given_have_the_same() {
    two_threads(|| {
        let a = A::new();
        let name = move || unsafe { CStr::from_ptr(asynchron_name(a.0)) }.to_owned();
        let other = thread::spawn(name);
        let mine = name();
        assert_eq!(other.join().unwrap(), mine);
        assert!(mine.to_bytes().starts_with(b"asynchron-"));
        a.release();
    });
}

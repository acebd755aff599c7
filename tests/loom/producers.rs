//! What producers of their own means use: who begins, and who takes out what was delivered.

use crate::support::*;

#[test]
fn start_and_cancel_pending_exclude_each_other() {
    two_threads(|| {
        let a = A::new();
        let other = thread::spawn(move || a.start());
        let cancelled = a.cancel_pending();
        let expected = match other.join().unwrap() {
            ASYNCHRON_OK => ASYNCHRON_ALREADY,
            ASYNCHRON_CANCELLED => ASYNCHRON_OK,
            status => panic!("started: {status:?}"),
        };
        assert_eq!(cancelled, expected);
        a.release();
    });
}

/// Whoever comes too late with it neither hides nor changes what the other has delivered.
#[test]
fn cancel_pending_against_a_delivery() {
    two_threads(|| {
        let a = A::new();
        let other = thread::spawn(move || a.set(1));
        let cancelled = a.cancel_pending();
        let set = other.join().unwrap();
        match cancelled {
            ASYNCHRON_OK => assert_eq!((set, a.poll()), (ASYNCHRON_CANCELLED, ASYNCHRON_CANCELLED)),
            ASYNCHRON_ALREADY => assert_eq!((set, a.value()), (ASYNCHRON_OK, 1)),
            status => panic!("cancelled: {status:?}"),
        }
        a.release();
    });
}

/// Takes what `told` notes the drop of, or finds that another holds it, and gives up its own reference. True: taken.
fn take_or_release(a: A, told: &Told) -> bool {
    match a.take() {
        (ASYNCHRON_OK, taken) => {
            assert!(std::ptr::eq(taken.cast(), told));
            // Nobody else has it, and it is not dropped.
            told.plain.write(3);
            true
        }
        (ASYNCHRON_ALREADY, _) => {
            a.release();
            false
        }
        (status, _) => panic!("taken: {status:?}"),
    }
}

/// Two have a reference each; `other` does something with the second, and says whether it has taken the pointer.
fn take_against(other: fn(A, &Told) -> bool) {
    two_threads(move || {
        let told = Told::counts();
        let a = A::new();
        assert_eq!(a.set_dropping(told.ctx()), ASYNCHRON_OK);
        let (theirs, its) = (a.retain(), told.clone());
        let other = thread::spawn(move || other(theirs, &its));
        let taken = take_or_release(a, &told);
        let also = other.join().unwrap();
        assert!(!(taken && also), "taken twice");
        assert_eq!(told.drops(), usize::from(!(taken || also)));
    });
}

#[test]
fn of_two_who_take_it_one_has_it_at_most() {
    take_against(take_or_release);
}

#[test]
fn what_is_released_meanwhile_is_taken_or_dropped_once() {
    take_against(|a, told| {
        told.plain.read();
        a.release();
        false
    });
}

#[test]
fn what_is_retained_meanwhile_is_not_taken() {
    take_against(|a, told| {
        let more = a.retain();
        a.release();
        told.plain.read();
        more.release();
        false
    });
}

//! Several together: `wait_any`, `wait_all`, `after`, `then`.

use crate::support::*;

fn wait_any(all: &[A], timeout_ns: u64) -> (asynchron_status_t, usize) {
    let mut index = usize::MAX;
    let status =
        unsafe { asynchron_wait_any(all.as_ptr().cast(), all.len(), timeout_ns, &mut index) };
    (status, index)
}

#[test]
fn a_wait_any_wakes_for_either() {
    two_threads(|| {
        let all = [A::new(), A::new()];
        let [a, b] = all;
        let sets = thread::spawn(move || assert_eq!(b.set(1), ASYNCHRON_OK));
        assert_eq!(wait_any(&all, FOREVER), (ASYNCHRON_OK, 1));
        assert_eq!(b.get_timeout(0), (ASYNCHRON_OK, Some(1)));
        // It has left nothing behind: the other thread may still be inside set.
        a.release();
        b.release();
        sets.join().unwrap();
    });
}

#[test]
fn a_wait_any_tells_one_of_two_that_are_set() {
    more_threads(|| {
        let all = [A::new(), A::new()];
        let [a, b] = all;
        let waits = thread::spawn(move || wait_any(&all, FOREVER));
        let other = thread::spawn(move || assert_eq!(b.set(1), ASYNCHRON_OK));
        assert_eq!(a.set(1), ASYNCHRON_OK);
        let (status, index) = waits.join().unwrap();
        assert_eq!(status, ASYNCHRON_OK);
        assert_eq!(all[index].get_timeout(0), (ASYNCHRON_OK, Some(1)));
        other.join().unwrap();
        a.release();
        b.release();
    });
}

#[test]
fn a_wait_any_that_times_out_leaves_nothing_behind() {
    two_threads(|| {
        let a = A::new().retain();
        let sets = thread::spawn(move || {
            assert_eq!(a.set(1), ASYNCHRON_OK);
            a.release();
        });
        match wait_any(&[a], A_MOMENT) {
            (ASYNCHRON_TIMEOUT, _) => {}
            found => assert_eq!(found, (ASYNCHRON_OK, 0)),
        }
        a.release();
        sets.join().unwrap();
    });
}

#[test]
fn a_wait_any_and_a_callback_learn_of_one_set() {
    two_threads(|| {
        let a = A::new();
        let told = Told::counts();
        told.notify(a);
        let sets = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        assert_eq!(wait_any(&[a], FOREVER), (ASYNCHRON_OK, 0));
        sets.join().unwrap();
        assert_eq!(told.runs(), 1);
        a.release();
    });
}

#[test]
fn a_wait_any_behind_many_callbacks_wakes_and_leaves_nothing_behind() {
    two_threads(|| {
        let a = A::new().retain();
        let many: Vec<_> = (0..5).map(|_| Told::counts()).collect();
        many.iter().for_each(|told| told.notify(a));
        let sets = thread::spawn(move || {
            assert_eq!(a.set(1), ASYNCHRON_OK);
            a.release();
        });
        assert_eq!(wait_any(&[a], FOREVER), (ASYNCHRON_OK, 0));
        a.release();
        sets.join().unwrap();
        assert!(many.iter().all(|told| told.runs() == 1));
    });
}

#[test]
fn a_wait_any_and_a_get_learn_of_one_set() {
    // Twice would take minutes.
    check(1, || {
        let a = A::new();
        let gets = thread::spawn(move || assert_eq!(a.value(), 1));
        let waits = thread::spawn(move || assert_eq!(wait_any(&[a], FOREVER), (ASYNCHRON_OK, 0)));
        assert_eq!(a.set(1), ASYNCHRON_OK);
        gets.join().unwrap();
        waits.join().unwrap();
        a.release();
    });
}

fn after(all: &[A], told: &Rc<Told>) -> A {
    let (joined, ctx, dropped) = (Some(Told::joined as _), told.ctx(), Some(Told::dropped as _));
    A(unsafe { asynchron_after(all.as_ptr().cast(), all.len(), null_mut(), joined, ctx, dropped) })
}

fn then(a: A, told: &Rc<Told>) -> A {
    let (joined, ctx, dropped) = (Some(Told::joined as _), told.ctx(), Some(Told::dropped as _));
    A(unsafe { asynchron_then(a.0, null_mut(), joined, ctx, dropped) })
}

#[test]
fn an_after_runs_once_when_two_threads_complete_its_sources() {
    two_threads(|| {
        let all = [A::new(), A::new()];
        let [a, b] = all;
        let notes = [Plain::new(0), Plain::new(0)];
        let [first, second] = notes.clone();
        // Whoever runs it sees what each did before.
        let told = Told::new(move |into| {
            _ = into.set(notes[0].read() + notes[1].read());
        });
        let into = after(&all, &told);
        let other = thread::spawn(move || {
            first.write(3);
            assert_eq!(a.set(1), ASYNCHRON_OK);
            a.release();
        });
        second.write(4);
        assert_eq!(b.set(1), ASYNCHRON_OK);
        b.release();
        assert_eq!(into.value(), 7);
        other.join().unwrap();
        assert_eq!((told.runs(), told.drops()), (1, 1));
        into.release();
    });
}

#[test]
fn an_after_made_while_its_sources_are_set_runs_once() {
    more_threads(|| {
        let all = [A::new(), A::new()];
        let [a, b] = all;
        let one = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        let two = thread::spawn(move || assert_eq!(b.set(1), ASYNCHRON_OK));
        let told = Told::counts();
        let into = after(&all, &told);
        assert_eq!(into.get(), (ASYNCHRON_OK, None));
        one.join().unwrap();
        two.join().unwrap();
        assert_eq!((told.runs(), told.drops()), (1, 1));
        for a in [a, b, into] {
            a.release();
        }
    });
}

#[test]
fn an_after_whose_handle_is_released_at_once_runs_all_the_same() {
    more_threads(|| {
        let all = [A::new(), A::new()];
        let [a, b] = all;
        let told = Told::counts();
        let into = after(&all, &told);
        let one = thread::spawn(move || {
            assert_eq!(a.set(1), ASYNCHRON_OK);
            a.release();
        });
        let two = thread::spawn(move || {
            assert_eq!(b.set(1), ASYNCHRON_OK);
            b.release();
        });
        into.release();
        one.join().unwrap();
        two.join().unwrap();
        assert_eq!((told.runs(), told.drops()), (1, 1));
    });
}

#[test]
fn a_then_made_while_its_source_is_set_runs_once() {
    two_threads(|| {
        let a = A::new();
        let sets = thread::spawn(move || {
            assert_eq!(a.set(1), ASYNCHRON_OK);
        });
        let told = Told::counts();
        let into = then(a, &told);
        assert_eq!(into.get(), (ASYNCHRON_OK, None));
        a.release();
        into.release();
        sets.join().unwrap();
        assert_eq!((told.runs(), told.drops()), (1, 1));
    });
}

#[test]
fn a_then_against_a_cancel_of_what_it_delivers_into_drops_its_context_once() {
    two_threads(|| {
        let a = A::new();
        let told = Told::counts();
        let into = then(a, &told);
        let sets = thread::spawn(move || {
            assert_eq!(a.set(1), ASYNCHRON_OK);
            a.release();
        });
        let cancelled = into.cancel();
        let (status, _) = into.get();
        assert_eq!(
            status,
            if cancelled == ASYNCHRON_OK { ASYNCHRON_CANCELLED } else { ASYNCHRON_OK }
        );
        into.release();
        sets.join().unwrap();
        assert_eq!(told.drops(), 1);
    });
}

#[test]
fn a_failure_that_two_share_is_freed_once() {
    two_threads(|| {
        let a = A::new();
        let payload = Told::counts();
        let told = Told::counts();
        let into = then(a, &told);
        let ctx = payload.ctx();
        let fails = thread::spawn(move || {
            let (text, drop) = (c"why".as_ptr(), Some(Told::dropped as _));
            let status = unsafe { asynchron_fail_with(a.0, 5, text, text, ctx, drop) };
            assert_eq!(status, ASYNCHRON_OK);
            a.release();
        });
        assert_eq!(into.get().0, ASYNCHRON_FAILED);
        into.release();
        fails.join().unwrap();
        assert_eq!((told.runs(), told.drops(), payload.drops()), (0, 1, 1));
    });
}

#[test]
fn a_wait_all_wakes_when_two_threads_have_completed_them() {
    more_threads(|| {
        let all = [A::new(), A::new()];
        let [a, b] = all;
        let one = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        let two = thread::spawn(move || assert_eq!(b.set(1), ASYNCHRON_OK));
        let status = unsafe { asynchron_wait_all(all.as_ptr().cast(), 2, FOREVER) };
        assert_eq!(status, ASYNCHRON_OK);
        a.release();
        b.release();
        one.join().unwrap();
        two.join().unwrap();
    });
}

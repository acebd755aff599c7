//! Callbacks, and taking them back.

use crate::support::*;

#[test]
fn a_callback_registered_while_it_is_set_runs_once_and_sees_the_value() {
    two_threads(|| {
        let a = A::new();
        let note = Plain::new(0);
        let theirs = note.clone();
        let told = Told::new(move |a| {
            assert_eq!(a.get_timeout(0), (ASYNCHRON_OK, Some(1)));
            assert_eq!(theirs.read(), 7);
        });
        let other = thread::spawn(move || {
            note.write(7);
            assert_eq!(a.set(1), ASYNCHRON_OK);
        });
        told.notify(a);
        other.join().unwrap();
        assert_eq!(told.runs(), 1);
        a.release();
    });
}

#[test]
fn callbacks_registered_by_two_threads_both_run() {
    more_threads(|| {
        let a = A::new();
        let (mine, yours) = (Told::counts(), Told::counts());
        let theirs = yours.clone();
        let registers = thread::spawn(move || theirs.notify(a));
        let sets = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        mine.notify(a);
        registers.join().unwrap();
        sets.join().unwrap();
        assert_eq!((mine.runs(), yours.runs()), (1, 1));
        a.release();
    });
}

/// What unnotify says is true, and afterwards nobody uses the context.
fn taken_back(status: asynchron_status_t, told: &Told) {
    match status {
        ASYNCHRON_OK => assert_eq!((told.runs(), told.drops()), (0, 1)),
        ASYNCHRON_ALREADY => assert_eq!((told.runs(), told.drops()), (1, 1)),
        other => panic!("{other:?}"),
    }
    told.plain.write(3);
}

#[test]
fn after_an_unnotify_against_a_set_nobody_uses_the_context() {
    two_threads(|| {
        let a = A::new();
        let told = Told::counts();
        let token = told.notify_with(a);
        let other = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        taken_back(unsafe { asynchron_unnotify(a.0, token) }, &told);
        other.join().unwrap();
        a.release();
    });
}

#[test]
fn a_try_unnotify_that_does_not_say_pending_is_as_good() {
    two_threads(|| {
        let a = A::new();
        let told = Told::counts();
        let token = told.notify_with(a);
        let other = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        match unsafe { asynchron_try_unnotify(a.0, token) } {
            ASYNCHRON_PENDING => {}
            status => taken_back(status, &told),
        }
        other.join().unwrap();
        assert_eq!(told.drops(), 1);
        a.release();
    });
}

#[test]
fn a_callback_may_take_itself_back_while_another_thread_does() {
    two_threads(|| {
        let a = A::new();
        let token = Rc::new(std::cell::Cell::new(0));
        let its = token.clone();
        let told = Told::new(move |a| {
            assert_eq!(unsafe { asynchron_unnotify(a.0, its.get()) }, ASYNCHRON_ALREADY);
        });
        token.set(told.notify_with(a));
        let other = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        taken_back(unsafe { asynchron_unnotify(a.0, token.get()) }, &told);
        other.join().unwrap();
        a.release();
    });
}

#[test]
fn a_callback_may_take_back_one_that_is_due_while_another_thread_does() {
    two_threads(|| {
        let a = A::new();
        let second = Told::counts();
        let token = Rc::new(std::cell::Cell::new(0));
        let its = token.clone();
        let first = Told::new(move |a| {
            assert_ne!(unsafe { asynchron_unnotify(a.0, its.get()) }, ASYNCHRON_PENDING);
        });
        first.notify(a);
        token.set(second.notify_with(a));
        let other = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        assert_ne!(unsafe { asynchron_unnotify(a.0, token.get()) }, ASYNCHRON_PENDING);
        other.join().unwrap();
        assert_eq!((first.runs(), second.runs(), second.drops()), (1, 0, 1));
        a.release();
    });
}

#[test]
fn two_threads_that_take_back_the_same_are_both_answered() {
    more_threads(|| {
        let a = A::new();
        let told = Told::counts();
        let token = told.notify_with(a);
        let sets = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        let other = thread::spawn(move || unsafe { asynchron_unnotify(a.0, token) });
        let mine = unsafe { asynchron_unnotify(a.0, token) };
        let yours = other.join().unwrap();
        sets.join().unwrap();
        assert_eq!(told.runs() + usize::from(mine == ASYNCHRON_OK || yours == ASYNCHRON_OK), 1);
        assert!(mine != ASYNCHRON_OK || yours != ASYNCHRON_OK);
        assert_eq!(told.drops(), 1);
        a.release();
    });
}

/// Whoever completes it comes to the last one after publishing.
#[test]
fn the_last_of_many_may_be_taken_back_while_they_are_told() {
    two_threads(|| {
        let a = A::new();
        let many: Vec<_> = (0..5).map(|_| Told::counts()).collect();
        many.iter().for_each(|told| told.notify(a));
        let last = Told::counts();
        let token = last.notify_with(a);
        let other = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        taken_back(unsafe { asynchron_unnotify(a.0, token) }, &last);
        other.join().unwrap();
        assert!(many.iter().all(|told| told.runs() == 1));
        a.release();
    });
}

/// Whoever has slept for the lock takes it as crowded, and then the other sleeps until it is woken: not to be would be
/// a deadlock.
#[test]
fn two_that_want_the_lock_again_and_again_both_get_it() {
    check(3, || {
        let a = A::new();
        let register = move || {
            let (one, two) = (Told::counts(), Told::counts());
            one.notify(a);
            two.notify(a);
            (one, two)
        };
        let other = thread::spawn(move || std::mem::forget(register()));
        let (one, two) = register();
        other.join().unwrap();
        assert_eq!(a.set(1), ASYNCHRON_OK);
        assert_eq!((one.runs(), two.runs()), (1, 1));
        a.release();
    });
}

/// The numbers of tokens are used again, by whoever comes.
#[test]
fn a_token_of_another_s_leads_nowhere_while_its_place_is_used_again() {
    two_threads(|| {
        let (a, b) = (A::new(), A::new());
        let gone = Told::counts();
        let stale = gone.notify_with(a);
        assert_eq!(unsafe { asynchron_unnotify(a.0, stale) }, ASYNCHRON_OK);
        let other = thread::spawn(move || {
            let told = Told::counts();
            let token = told.notify_with(b);
            assert_eq!(unsafe { asynchron_unnotify(b.0, token) }, ASYNCHRON_OK);
            assert_eq!(told.drops(), 1);
        });
        let told = Told::counts();
        let token = told.notify_with(a);
        assert_eq!(unsafe { asynchron_unnotify(a.0, stale) }, ASYNCHRON_ALREADY);
        assert_eq!(unsafe { asynchron_unnotify(b.0, token) }, ASYNCHRON_ALREADY);
        assert_eq!(unsafe { asynchron_unnotify(a.0, token) }, ASYNCHRON_OK);
        assert_eq!(told.drops(), 1);
        other.join().unwrap();
        a.release();
        b.release();
    });
}

//! One that follows: its source, its own cancel, and the last handles of both, all at once.

use crate::support::*;

fn follow(into: A, source: A) -> asynchron_status_t {
    unsafe { asynchron_follow(into.0, source.0) }
}

fn following(source: A) -> A {
    let into = A::new();
    assert_eq!(follow(into, source), ASYNCHRON_OK);
    into
}

/// Sets, and releases at once.
fn set_and_release(a: A) {
    a.set(1);
    a.release();
}

#[test]
fn the_source_completes_while_what_follows_is_cancelled_and_both_are_released() {
    two_threads(|| {
        let source = A::new();
        let into = following(source);
        let sets = thread::spawn(move || set_and_release(source));
        into.cancel();
        assert_ne!(into.poll(), ASYNCHRON_PENDING);
        into.release();
        sets.join().unwrap();
    });
}

#[test]
fn the_source_ends_while_what_follows_is_cancelled() {
    two_threads(|| {
        let source = A::new();
        let into = following(source);
        let ends = thread::spawn(move || source.release());
        into.cancel();
        assert_ne!(into.poll(), ASYNCHRON_PENDING);
        into.release();
        ends.join().unwrap();
    });
}

#[test]
fn two_sources_complete_at_once_and_one_of_them_wins() {
    two_threads(|| {
        let (one, two) = (A::new(), A::new());
        let into = following(one);
        assert_eq!(follow(into, two), ASYNCHRON_OK);
        let sets = thread::spawn(move || set_and_release(one));
        assert_eq!(two.set(2), ASYNCHRON_OK);
        assert!([1, 2].contains(&into.value()));
        two.release();
        into.release();
        sets.join().unwrap();
    });
}

#[test]
fn two_sources_and_a_cancel_at_once() {
    more_threads(|| {
        let (one, two) = (A::new(), A::new());
        let into = following(one);
        assert_eq!(follow(into, two), ASYNCHRON_OK);
        let others = [one, two].map(|source| thread::spawn(move || set_and_release(source)));
        into.cancel();
        into.release();
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn it_follows_while_the_source_completes() {
    two_threads(|| {
        let (source, into) = (A::new(), A::new());
        let theirs = source.retain();
        let sets = thread::spawn(move || set_and_release(theirs));
        assert_eq!(follow(into, source), ASYNCHRON_OK);
        source.release();
        assert_eq!(into.value(), 1);
        into.release();
        sets.join().unwrap();
    });
}

#[test]
fn it_follows_while_it_is_cancelled() {
    two_threads(|| {
        let (source, into) = (A::new(), A::new());
        let theirs = into.retain();
        let cancels = thread::spawn(move || {
            theirs.cancel();
            theirs.release();
        });
        let status = follow(into, source);
        assert!(status == ASYNCHRON_OK || status == ASYNCHRON_CANCELLED);
        source.release();
        assert_ne!(into.poll(), ASYNCHRON_PENDING);
        into.release();
        cancels.join().unwrap();
    });
}

#[test]
fn it_follows_while_both_sides_complete() {
    more_threads(|| {
        let (source, into) = (A::new(), A::new());
        let (theirs, ours) = (source.retain(), into.retain());
        let sets = thread::spawn(move || set_and_release(theirs));
        let cancels = thread::spawn(move || {
            ours.cancel();
            ours.release();
        });
        let _ = follow(into, source);
        source.release();
        into.release();
        sets.join().unwrap();
        cancels.join().unwrap();
    });
}

#[test]
fn both_of_a_circle_complete_at_once() {
    two_threads(|| {
        let (one, two) = (A::new(), A::new());
        assert_eq!(follow(one, two), ASYNCHRON_OK);
        assert_eq!(follow(two, one), ASYNCHRON_OK);
        let sets = thread::spawn(move || {
            one.set(1);
            assert!([1, 2].contains(&one.value()));
            one.release();
        });
        two.set(2);
        assert!([1, 2].contains(&two.value()));
        two.release();
        sets.join().unwrap();
    });
}

/// In the middle of a chain: the first completes while the one between is cancelled.
#[test]
fn a_chain_completes_from_both_of_its_ends() {
    two_threads(|| {
        let source = A::new();
        let between = following(source);
        let last = following(between);
        let sets = thread::spawn(move || set_and_release(source));
        if between.cancel() == ASYNCHRON_OK {
            assert_eq!(last.poll(), ASYNCHRON_CANCELLED);
        }
        between.release();
        sets.join().unwrap();
        assert_ne!(last.poll(), ASYNCHRON_PENDING);
        last.release();
    });
}

/// A waiter may release what it waited for at once, and with it the last reference to where the value lies.
#[test]
fn the_last_of_those_that_share_frees_what_they_share_once() {
    more_threads(|| {
        let source = A::new();
        let told = Told::counts();
        let all = [following(source), following(source)];
        let gets = all.map(|into| {
            thread::spawn(move || {
                assert_eq!(into.get().0, ASYNCHRON_OK);
                into.release();
            })
        });
        assert_eq!(source.set_dropping(told.ctx()), ASYNCHRON_OK);
        source.release();
        gets.into_iter().for_each(|get| get.join().unwrap());
        assert_eq!(told.drops(), 1);
    });
}

/// What is done before the source is delivered is seen by whoever sees what follows complete.
#[test]
fn what_happened_before_the_delivery_is_seen_through_it() {
    two_threads(|| {
        let source = A::new();
        let into = following(source);
        let plain = Plain::new(0);
        let theirs = plain.clone();
        let sets = thread::spawn(move || {
            theirs.write(7);
            set_and_release(source);
        });
        assert_eq!(into.value(), 1);
        assert_eq!(plain.read(), 7);
        into.release();
        sets.join().unwrap();
    });
}

/// The function has returned, or has not, when another has its asynchron follow.
#[test]
fn a_function_returns_while_another_has_its_asynchron_follow() {
    two_threads(|| {
        let (source, a) = (A::new(), A::new());
        let (theirs, its) = (a.retain(), source.retain());
        let follows = thread::spawn(move || {
            let status = follow(theirs, its);
            theirs.release();
            set_and_release(its);
            status
        });
        let told = Told::counts();
        let status = unsafe { asynchron_call(a.0, Some(Told::called), told.ctx()) };
        assert_eq!(told.runs(), usize::from(status == ASYNCHRON_OK));
        let (ended, value) = a.get();
        assert_eq!(ended, ASYNCHRON_OK);
        let followed = follows.join().unwrap();
        if followed != ASYNCHRON_OK {
            assert_eq!((followed, value), (ASYNCHRON_ALREADY, None), "the function's own");
        } else if status != ASYNCHRON_OK {
            assert_eq!((status, value), (ASYNCHRON_ALREADY, Some(1)), "the source's");
        }
        a.release();
        source.release();
    });
}

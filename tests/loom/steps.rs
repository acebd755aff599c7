//! A step that is taken off its sources, because what it delivers into was completed otherwise.

use crate::support::*;

/// `into` may be NULL; with one source it is a `then` that runs after a failure, too.
fn after(sources: &[A], into: A, told: &Rc<Told>) -> A {
    let (joined, ctx, dropped) = (Some(Told::joined as _), told.ctx(), Some(Told::dropped as _));
    let (all, n) = (sources.as_ptr().cast(), sources.len());
    A(unsafe { asynchron_after(all, n, into.0, joined, ctx, dropped) })
}

fn then(source: A, told: &Rc<Told>) -> A {
    let (joined, ctx, dropped) = (Some(Told::joined as _), told.ctx(), Some(Told::dropped as _));
    A(unsafe { asynchron_then(source.0, null_mut(), joined, ctx, dropped) })
}

const NEW: A = A(null_mut());

#[test]
fn a_cancel_meets_the_end_of_the_source() {
    two_threads(|| {
        let source = A::new();
        let told = Told::counts();
        let into = after(&[source], NEW, &told);
        let ends = thread::spawn(move || source.release());
        into.cancel();
        into.release();
        ends.join().unwrap();
        assert_eq!(told.drops(), 1);
    });
}

#[test]
fn a_cancel_meets_the_source_and_both_last_releases() {
    more_threads(|| {
        let source = A::new().retain();
        let told = Told::counts();
        let into = then(source, &told).retain();
        let sets = thread::spawn(move || {
            assert_eq!(source.set(1), ASYNCHRON_OK);
            source.release();
        });
        let releases = thread::spawn(move || {
            source.release();
            into.release();
        });
        into.cancel();
        into.release();
        sets.join().unwrap();
        releases.join().unwrap();
        assert_eq!(told.drops(), 1);
    });
}

/// The source is freed by whoever finds nobody in its list, and that is so when the last step was taken off.
/// (Two threads alone: two that try for a lock in turns would keep a third one from ever giving it back.)
#[test]
fn two_cancels_meet_the_end_of_the_source() {
    two_threads(|| {
        let source = A::new();
        let (one, two) = (Told::counts(), Told::counts());
        let first = then(source, &one);
        let second = then(source, &two);
        let ends = thread::spawn(move || {
            second.cancel();
            second.release();
            source.release();
        });
        first.cancel();
        first.release();
        ends.join().unwrap();
        assert_eq!((one.drops(), two.drops()), (1, 1));
    });
}

#[test]
fn a_cancel_meets_two_sources_on_their_threads() {
    more_threads(|| {
        let sources = [A::new(), A::new()];
        let [a, b] = sources;
        let told = Told::counts();
        let into = after(&sources, NEW, &told);
        let others = [a, b].map(|source| {
            thread::spawn(move || {
                assert_eq!(source.set(1), ASYNCHRON_OK);
                source.release();
            })
        });
        into.cancel();
        into.release();
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(told.drops(), 1);
    });
}

#[test]
fn a_cancel_meets_one_source_of_two_and_lets_go_of_the_other() {
    two_threads(|| {
        let sources = [A::new(), A::new()];
        let [a, b] = sources;
        let told = Told::counts();
        let into = after(&sources, NEW, &told);
        let sets = thread::spawn(move || {
            assert_eq!(a.set(1), ASYNCHRON_OK);
            a.release();
        });
        assert_eq!(into.cancel(), ASYNCHRON_OK);
        into.release();
        assert_eq!((told.runs(), told.drops()), (0, 1));
        sets.join().unwrap();
        b.release();
    });
}

fn a_cancel_meets_the_making(n: usize) {
    two_threads(move || {
        let (sources, into) = ([A::new(), A::new()], A::new());
        let told = Told::counts();
        let ours = into.retain();
        let cancels = thread::spawn(move || {
            assert_eq!(into.cancel(), ASYNCHRON_OK);
            into.release();
        });
        let made = after(&sources[..n], ours, &told);
        cancels.join().unwrap();
        assert_eq!((told.runs(), told.drops()), (0, 1));
        for a in [made, ours, sources[0], sources[1]] {
            a.release();
        }
    });
}

#[test]
fn a_cancel_meets_the_making_of_a_step_after_one() {
    a_cancel_meets_the_making(1);
}

#[test]
fn a_cancel_meets_the_making_of_a_step_after_several() {
    a_cancel_meets_the_making(2);
}

#[test]
fn two_steps_into_the_same_meet() {
    two_threads(|| {
        let (sources, into) = ([A::new(), A::new()], A::new());
        let [a, b] = sources;
        let (one, two) = (Told::counts(), Told::counts());
        after(&[a], into, &one).release();
        after(&[b], into, &two).release();
        let sets = thread::spawn(move || {
            assert_eq!(a.set(1), ASYNCHRON_OK);
            a.release();
        });
        assert_eq!(b.set(1), ASYNCHRON_OK);
        b.release();
        into.release();
        sets.join().unwrap();
        assert_eq!((one.runs() + two.runs(), one.drops(), two.drops()), (1, 1, 1));
    });
}

/// The step in the middle starts what the last one is taken off from: the only reference is its own.
#[test]
fn a_cancel_at_the_end_of_a_chain_meets_its_beginning() {
    two_threads(|| {
        let first = A::new();
        let (one, two) = (Told::counts(), Told::counts());
        let middle = then(first, &one);
        let last = then(middle, &two);
        middle.release();
        let sets = thread::spawn(move || {
            assert_eq!(first.set(1), ASYNCHRON_OK);
            first.release();
        });
        last.cancel();
        last.release();
        sets.join().unwrap();
        assert_eq!((one.runs(), one.drops(), two.drops()), (1, 1, 1));
    });
}

//! Several as one: whoever decides, or ends what the group is for, cancels the rest, of which it has no reference.

use crate::support::*;

type GroupFn =
    unsafe extern "C" fn(*const *mut asynchron_t, usize, *mut asynchron_t, u64) -> *mut asynchron_t;

const REST: u64 = ASYNCHRON_CANCEL_REST;

/// `into` may be NULL.
fn group(as_one: GroupFn, sources: &[A], into: A, flags: u64) -> A {
    A(unsafe { as_one(sources.as_ptr().cast(), sources.len(), into.0, flags) })
}

fn notify(a: A, told: &Rc<Told>) {
    let status = unsafe { asynchron_notify(a.0, Some(Told::notified), told.ctx()) };
    assert_eq!(status, ASYNCHRON_OK);
}

const NEW: A = A(null_mut());

#[test]
fn two_sources_complete_at_once() {
    for as_one in [asynchron_all as GroupFn, asynchron_any, asynchron_race] {
        two_threads(move || {
            let sources = [A::new(), A::new()];
            let [a, b] = sources;
            let into = group(as_one, &sources, NEW, 0);
            let sets = thread::spawn(move || {
                assert_eq!(a.set(1), ASYNCHRON_OK);
                a.release();
            });
            assert_eq!(b.set(2), ASYNCHRON_OK);
            b.release();
            sets.join().unwrap();
            assert_eq!(into.poll(), ASYNCHRON_OK);
            into.release();
        });
    }
}

/// Each may cancel the other, whose last handle is being given up.
#[test]
fn two_sources_complete_at_once_and_the_rest_is_cancelled() {
    two_threads(|| {
        let sources = [A::new(), A::new()];
        let [a, b] = sources;
        let into = group(asynchron_race, &sources, NEW, REST);
        let sets = thread::spawn(move || {
            a.set(1);
            a.release();
        });
        b.set(2);
        b.release();
        sets.join().unwrap();
        assert_eq!(into.poll(), ASYNCHRON_OK);
        into.release();
    });
}

/// The callback alone has what is cancelled then, and gives it up last or first.
fn the_rest_is_cancelled_while_its_last_handle_goes(callbacks: usize) {
    two_threads(move || {
        let source = A::new();
        let told = Told::counts();
        (0..callbacks).for_each(|_| notify(source, &told));
        let into = group(asynchron_race, &[source], NEW, REST);
        let ends = thread::spawn(move || source.release());
        assert_ne!(into.cancel(), ASYNCHRON_PENDING);
        ends.join().unwrap();
        assert_eq!(told.runs(), callbacks);
        into.release();
    });
}

#[test]
fn the_rest_is_cancelled_while_its_last_handle_goes_of_one_alone() {
    the_rest_is_cancelled_while_its_last_handle_goes(0);
}

#[test]
fn the_rest_is_cancelled_while_its_last_handle_goes_of_one_with_a_callback() {
    the_rest_is_cancelled_while_its_last_handle_goes(1);
}

#[test]
fn the_rest_is_cancelled_while_its_last_handle_goes_of_one_with_two_callbacks() {
    the_rest_is_cancelled_while_its_last_handle_goes(2);
}

#[test]
fn the_rest_is_cancelled_while_its_last_handle_goes_of_one_in_another_group() {
    two_threads(|| {
        let source = A::new();
        let into = group(asynchron_race, &[source], NEW, REST);
        let other = group(asynchron_any, &[source], NEW, 0);
        let ends = thread::spawn(move || source.release());
        into.cancel();
        into.release();
        ends.join().unwrap();
        assert_ne!(other.poll(), ASYNCHRON_PENDING);
        other.release();
    });
}

#[test]
fn the_rest_is_cancelled_while_it_completes() {
    two_threads(|| {
        let source = A::new();
        let told = Told::counts();
        notify(source, &told);
        let into = group(asynchron_all, &[source], NEW, REST);
        let sets = thread::spawn(move || {
            source.set(1);
            assert_ne!(source.poll(), ASYNCHRON_PENDING);
            source.release();
        });
        into.cancel();
        into.release();
        sets.join().unwrap();
        assert_eq!(told.runs(), 1);
    });
}

#[test]
fn it_is_cancelled_while_its_last_source_completes() {
    two_threads(|| {
        let sources = [A::new(), A::new()];
        let [a, b] = sources;
        let into = group(asynchron_all, &sources, NEW, 0);
        assert_eq!(a.set(1), ASYNCHRON_OK);
        let sets = thread::spawn(move || {
            assert_eq!(b.set(1), ASYNCHRON_OK);
            b.release();
        });
        into.cancel();
        into.release();
        a.release();
        sets.join().unwrap();
    });
}

#[test]
fn it_is_cancelled_while_it_is_made() {
    two_threads(|| {
        let (sources, into) = ([A::new(), A::new()], A::new());
        let ours = into.retain();
        let cancels = thread::spawn(move || {
            assert_eq!(into.cancel(), ASYNCHRON_OK);
            into.release();
        });
        let made = group(asynchron_race, &sources, ours, REST);
        cancels.join().unwrap();
        assert!(sources.iter().all(|source| source.poll() == ASYNCHRON_CANCELLED));
        for a in [made, ours, sources[0], sources[1]] {
            a.release();
        }
    });
}

/// Two that cancel the same one, whose last handle goes. (With fewer interruptions: two that try for a lock in turns go
/// together in very many ways.)
#[test]
fn two_groups_cancel_the_same() {
    check(2, || {
        let source = A::new();
        let told = Told::counts();
        notify(source, &told);
        let one = group(asynchron_race, &[source], NEW, REST);
        let two = group(asynchron_race, &[source], NEW, REST);
        let ends = thread::spawn(move || {
            two.cancel();
            two.release();
            source.release();
        });
        one.cancel();
        one.release();
        ends.join().unwrap();
        assert_eq!(told.runs(), 1);
    });
}

//! Room that was reserved for a value: who fills it, who waits for that, and who releases it.

use crate::support::*;

/// More than lies inside the object.
const LEN: usize = 100;

fn reserved() -> A {
    let mut options: asynchron_options_t = unsafe { std::mem::zeroed() };
    options.size = size_of::<asynchron_options_t>();
    options.reserve = LEN;
    let mut a = A(null_mut());
    assert_eq!(unsafe { asynchron_create_with(&options, &mut a.0) }, ASYNCHRON_OK);
    a
}

fn fill(a: A, byte: u8) -> asynchron_status_t {
    let value = [byte; LEN];
    unsafe { asynchron_set_bytes(a.0, value.as_ptr().cast(), LEN) }
}

/// The byte that the room is full of; `None` if it is cancelled.
fn filled(a: A) -> Option<u8> {
    let mut value = [0; LEN];
    match unsafe { asynchron_get_bytes(a.0, value.as_mut_ptr().cast(), LEN, null_mut()) } {
        ASYNCHRON_OK => {
            assert_eq!(value, [value[0]; LEN], "one value, whole");
            Some(value[0])
        }
        other => {
            assert_eq!(other, ASYNCHRON_CANCELLED);
            None
        }
    }
}

#[test]
fn of_two_that_fill_the_room_one_wins_and_the_other_sees_that() {
    two_threads(|| {
        let a = reserved();
        let fills = move |mine, theirs| {
            let status = fill(a, mine);
            assert_eq!(a.poll(), ASYNCHRON_OK, "the one that was first is visible by then");
            let won = status == ASYNCHRON_OK;
            assert!(won || status == ASYNCHRON_ALREADY);
            assert_eq!(filled(a), Some(if won { mine } else { theirs }));
            won
        };
        let other = thread::spawn(move || fills(2, 1));
        let mine = fills(1, 2);
        assert_ne!(other.join().unwrap(), mine);
        a.release();
    });
}

#[test]
fn who_waits_for_the_room_learns_of_a_cancel() {
    more_threads(|| {
        let a = reserved();
        let first = thread::spawn(move || fill(a, 1));
        let second = thread::spawn(move || fill(a, 2));
        let cancelled = a.cancel();
        let (first, second) = (first.join().unwrap(), second.join().unwrap());
        match filled(a) {
            None => {
                assert_eq!(cancelled, ASYNCHRON_OK);
                assert_eq!((first, second), (ASYNCHRON_CANCELLED, ASYNCHRON_CANCELLED));
            }
            Some(byte) => {
                assert_eq!(cancelled, ASYNCHRON_ALREADY);
                let (won, lost) = if byte == 1 { (first, second) } else { (second, first) };
                assert_eq!((won, lost), (ASYNCHRON_OK, ASYNCHRON_ALREADY));
            }
        }
        a.release();
    });
}

#[test]
fn a_get_of_what_fills_the_room_may_be_followed_by_the_last_release_at_once() {
    two_threads(|| {
        let a = reserved();
        let other = thread::spawn(move || assert_eq!(fill(a, 1), ASYNCHRON_OK));
        assert_eq!(filled(a), Some(1));
        a.release();
        other.join().unwrap();
    });
}

#[test]
fn who_fills_the_room_and_who_needs_none_may_meet() {
    two_threads(|| {
        let a = reserved();
        let other = thread::spawn(move || fill(a, 1));
        let small = a.set(2);
        let filled_it = other.join().unwrap() == ASYNCHRON_OK;
        assert_ne!(filled_it, small == ASYNCHRON_OK);
        if filled_it {
            assert_eq!(filled(a), Some(1));
        } else {
            assert_eq!(a.value(), 2);
        }
        a.release();
    });
}

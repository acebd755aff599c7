//! Progress: who writes, who reads, and who completes.

use crate::support::*;

type Pair = Option<(u64, u64)>;

/// None of the pairs has a number of another.
fn write(a: A, number: u64) -> asynchron_status_t {
    unsafe { asynchron_progress(a.0, number, number) }
}

/// Which of the pairs it is.
fn read(a: A) -> Option<u64> {
    let pair: Pair = {
        let (mut done, mut total) = (0, 0);
        let status = unsafe { asynchron_progress_of(a.0, &mut done, &mut total) };
        (status == ASYNCHRON_OK).then_some((done, total))
    };
    let (done, total) = pair?;
    assert_eq!(done, total, "a pair is never mixed");
    Some(done)
}

#[test]
fn what_is_read_was_written_as_one() {
    two_threads(|| {
        let a = A::new();
        assert_eq!(write(a, 1), ASYNCHRON_OK);
        let writer = thread::spawn(move || {
            for number in 2..4 {
                assert_eq!(write(a, number), ASYNCHRON_OK);
            }
        });
        let (first, second) = (read(a), read(a));
        assert!(first >= Some(1) && second >= first, "it never goes back");
        writer.join().unwrap();
        assert_eq!(read(a), Some(3));
        a.release();
    });
}

#[test]
fn of_two_that_begin_it_one_is_the_last() {
    two_threads(|| {
        let a = A::new();
        let other = thread::spawn(move || {
            assert_eq!(write(a, 1), ASYNCHRON_OK);
            assert_ne!(read(a), None, "what was written is there");
        });
        assert_eq!(write(a, 2), ASYNCHRON_OK);
        other.join().unwrap();
        assert!(matches!(read(a), Some(1 | 2)));
        a.release();
    });
}

#[test]
fn of_two_that_write_and_one_that_reads_none_sees_a_mixed_pair() {
    more_threads(|| {
        let a = A::new();
        assert_eq!(write(a, 1), ASYNCHRON_OK);
        let writers = [2, 4].map(|number| {
            thread::spawn(move || {
                assert_eq!(write(a, number), ASYNCHRON_OK);
                assert_eq!(write(a, number + 1), ASYNCHRON_OK);
            })
        });
        assert_ne!(read(a), None);
        for writer in writers {
            writer.join().unwrap();
        }
        assert!(matches!(read(a), Some(3 | 5)), "the last of one of them");
        a.release();
    });
}

/// A write that came too late is refused, and nobody sees it.
#[test]
fn after_the_completion_it_stays() {
    two_threads(|| {
        let a = A::new();
        assert_eq!(write(a, 1), ASYNCHRON_OK);
        let writer = thread::spawn(move || write(a, 2));
        assert_eq!(a.set(7), ASYNCHRON_OK);
        let then = read(a);
        let written = writer.join().unwrap();
        assert_eq!(read(a), then);
        assert_eq!(then, Some(if written == ASYNCHRON_OK { 2 } else { 1 }));
        assert!(matches!(written, ASYNCHRON_OK | ASYNCHRON_ALREADY));
        a.release();
    });
}

/// Also where the write that came too late was the first.
#[test]
fn after_the_completion_it_does_not_begin() {
    two_threads(|| {
        let a = A::new();
        let writer = thread::spawn(move || write(a, 1));
        assert_eq!(a.cancel(), ASYNCHRON_OK);
        let then = read(a);
        let written = writer.join().unwrap();
        assert_eq!(read(a), then);
        assert_eq!(then, (written == ASYNCHRON_OK).then_some(1));
        assert!(matches!(written, ASYNCHRON_OK | ASYNCHRON_CANCELLED));
        a.release();
    });
}

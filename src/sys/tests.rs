//! What parking promises, whatever it is made of.

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::{wait, wake};

const MANY: u32 = 20;
const LIMIT: Duration = Duration::from_secs(60);
const MOMENT: Duration = Duration::from_millis(1);

/// Many threads that sleep once while the word is 0, and say when they have slept.
fn sleepers(word: &'static AtomicU32, mask: u32) -> Receiver<()> {
    let (slept, who_slept) = mpsc::channel();
    for _ in 0..MANY {
        let slept = slept.clone();
        thread::spawn(move || {
            wait(word, 0, mask, None);
            slept.send(())
        });
    }
    // Most of them sleep by then.
    thread::sleep(20 * MOMENT);
    who_slept
}

/// How many more have slept, a moment later.
fn more(who_slept: &Receiver<()>) -> u32 {
    let mut count = 0;
    while who_slept.recv_timeout(MOMENT).is_ok() {
        count += 1;
    }
    count
}

#[test]
fn who_shares_no_bit_of_the_mask_sleeps_on_until_all_are_woken() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    let (others, meant) = (sleepers(&WORD, 2), sleepers(&WORD, 1));
    let (begun, mut woken) = (Instant::now(), 0);
    while woken < MANY {
        assert!(begun.elapsed() < LIMIT, "{woken} are woken");
        wake(&WORD, 1, i32::MAX);
        woken += more(&meant);
    }
    assert_eq!(more(&others), 0);
    // ORDERING: any would do.
    WORD.store(1, SeqCst);
    wake(&WORD, 3, i32::MAX);
    for woken in 0..MANY {
        assert_eq!(others.recv_timeout(LIMIT), Ok(()), "{woken} are woken");
    }
}

#[test]
fn no_more_than_the_count_are_woken() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    let who_slept = sleepers(&WORD, 1);
    let (begun, mut calls, mut woken) = (Instant::now(), 0, 0);
    while woken < MANY {
        assert!(begun.elapsed() < LIMIT, "{woken} are woken");
        wake(&WORD, 1, 1);
        calls += 1;
        woken += more(&who_slept);
        assert!(woken <= calls, "{calls} calls have woken {woken}");
    }
}

#[test]
fn a_word_that_is_gone_is_woken_by_its_address() {
    // There is nothing behind it that could be read.
    wake(ptr::without_provenance(64), u32::MAX, i32::MAX);
}

//! Reports.

use crate::support::*;

#[derive(Clone, Copy)]
struct Report(*mut asynchron_report_t);

impl Report {
    fn of(all: &[A]) -> Self {
        Self(unsafe { asynchron_report_create(all.as_ptr().cast(), all.len()) })
    }

    fn next(self, timeout_ns: u64) -> (asynchron_status_t, Option<A>) {
        let mut item = asynchron_item_t { asynchron: null_mut(), tag: null_mut() };
        let status = unsafe { asynchron_report_next(self.0, timeout_ns, &mut item) };
        (status, Some(A(item.asynchron)).filter(|_| status == ASYNCHRON_OK))
    }

    /// Waits for the next, which must have this value, and releases it.
    fn next_is(self, value: u8) {
        let (status, item) = self.next(FOREVER);
        assert_eq!(status, ASYNCHRON_OK);
        let item = item.expect("an item");
        assert_eq!(item.get_timeout(0), (ASYNCHRON_OK, Some(value)));
        item.release();
    }

    fn add(self, a: A) -> asynchron_status_t {
        unsafe { asynchron_report_add(self.0, a.0, null_mut()) }
    }

    fn close(self) {
        assert_eq!(unsafe { asynchron_report_close(self.0) }, ASYNCHRON_OK);
    }

    fn remove(self, a: A) -> asynchron_status_t {
        unsafe { asynchron_report_remove(self.0, a.0) }
    }

    fn release(self) {
        unsafe { asynchron_report_release(self.0) };
    }
}

#[test]
fn a_next_has_what_is_set_meanwhile_and_all_that_was_done_before() {
    two_threads(|| {
        let a = A::new();
        let report = Report::of(&[a]);
        let note = Plain::new(0);
        let theirs = note.clone();
        let sets = thread::spawn(move || {
            theirs.write(7);
            assert_eq!(a.set(1), ASYNCHRON_OK);
        });
        report.next_is(1);
        assert_eq!(note.read(), 7);
        assert_eq!(report.next(FOREVER).0, ASYNCHRON_END);
        sets.join().unwrap();
        report.release();
        a.release();
    });
}

#[test]
fn a_next_a_set_and_a_remove_agree_who_has_it() {
    more_threads(|| {
        let a = A::new();
        let report = Report::of(&[a]);
        let sets = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        let removes = thread::spawn(move || report.remove(a));
        let (status, item) = report.next(FOREVER);
        let removed = removes.join().unwrap();
        match status {
            ASYNCHRON_OK => assert_eq!(removed, ASYNCHRON_END),
            ASYNCHRON_END => assert_eq!(removed, ASYNCHRON_OK),
            other => panic!("{other:?}"),
        }
        if let Some(item) = item {
            assert_eq!(item.poll(), ASYNCHRON_OK);
            item.release();
        }
        sets.join().unwrap();
        report.release();
        a.release();
    });
}

/// One that is being added may be found before it listens, and one that was removed may still be on its way.
#[test]
fn an_add_a_set_and_a_remove_agree_who_has_it() {
    more_threads(|| {
        let a = A::new();
        let report = Report::of(&[]);
        let sets = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        let adds = thread::spawn(move || {
            assert_eq!(report.add(a), ASYNCHRON_OK);
        });
        let removed = report.remove(a);
        adds.join().unwrap();
        if removed == ASYNCHRON_END {
            report.next_is(1);
        }
        assert_eq!(report.next(FOREVER).0, ASYNCHRON_END);
        report.release();
        sets.join().unwrap();
        a.release();
    });
}

#[test]
fn two_reports_on_one_source_both_yield_it() {
    more_threads(|| {
        let a = A::new();
        let (mine, yours) = (Report::of(&[a]), Report::of(&[a]));
        let sets = thread::spawn(move || {
            assert_eq!(a.set(1), ASYNCHRON_OK);
        });
        let other = thread::spawn(move || {
            yours.next_is(1);
            yours.release();
        });
        mine.next_is(1);
        mine.release();
        sets.join().unwrap();
        other.join().unwrap();
        a.release();
    });
}

#[test]
fn one_report_yields_both_that_two_threads_set() {
    more_threads(|| {
        let (a, b) = (A::new(), A::new());
        let report = Report::of(&[a, b]);
        let one = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        let two = thread::spawn(move || assert_eq!(b.set(1), ASYNCHRON_OK));
        report.next_is(1);
        report.next_is(1);
        assert_eq!(report.next(FOREVER).0, ASYNCHRON_END);
        report.release();
        one.join().unwrap();
        two.join().unwrap();
        a.release();
        b.release();
    });
}

#[test]
fn of_two_that_ask_one_has_the_item_and_the_other_learns_of_the_end() {
    more_threads(|| {
        let a = A::new();
        let report = Report::of(&[a]);
        let ask = move || {
            let (status, item) = report.next(FOREVER);
            if let Some(item) = item {
                item.release();
            }
            status
        };
        let other = thread::spawn(ask);
        let sets = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        let mine = ask();
        let yours = other.join().unwrap();
        sets.join().unwrap();
        assert!(
            [(ASYNCHRON_OK, ASYNCHRON_END), (ASYNCHRON_END, ASYNCHRON_OK)].contains(&(mine, yours))
        );
        report.release();
        a.release();
    });
}

#[test]
fn one_that_is_woken_leaves_the_item_to_the_next() {
    more_threads(|| {
        let a = A::new();
        let report = Report::of(&[a]);
        let sets = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        let wakes = thread::spawn(move || {
            assert_eq!(unsafe { asynchron_report_wake(report.0) }, ASYNCHRON_OK);
        });
        let mut woken = 0;
        let mut items = 0;
        while woken + items < 2 {
            let (status, item) = report.next(FOREVER);
            match item {
                Some(item) => {
                    item.release();
                    items += 1;
                }
                None if status == ASYNCHRON_WOKEN => woken += 1,
                // With the item gone there is nothing left, until the wake comes.
                None => {
                    assert_eq!((status, items), (ASYNCHRON_END, 1));
                    thread::yield_now();
                }
            }
        }
        assert_eq!((woken, items), (1, 1));
        sets.join().unwrap();
        wakes.join().unwrap();
        report.release();
        a.release();
    });
}

#[test]
fn a_next_that_times_out_misses_nothing_that_comes_later() {
    two_threads(|| {
        let a = A::new();
        let report = Report::of(&[a]);
        let sets = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        match report.next(A_MOMENT) {
            (ASYNCHRON_TIMEOUT, None) => report.next_is(1),
            (status, item) => {
                assert_eq!(status, ASYNCHRON_OK);
                item.expect("an item").release();
            }
        }
        sets.join().unwrap();
        report.release();
        a.release();
    });
}

#[test]
fn what_is_added_while_it_is_set_is_yielded() {
    two_threads(|| {
        let a = A::new();
        let report = Report::of(&[]);
        let sets = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        assert_eq!(report.add(a), ASYNCHRON_OK);
        report.next_is(1);
        sets.join().unwrap();
        report.release();
        a.release();
    });
}

#[test]
fn a_report_may_be_released_while_what_it_holds_is_set() {
    two_threads(|| {
        let a = A::new();
        let report = Report::of(&[a]);
        let sets = thread::spawn(move || {
            assert_eq!(a.set(1), ASYNCHRON_OK);
            a.release();
        });
        report.release();
        sets.join().unwrap();
    });
}

#[test]
fn the_end_is_told_although_another_is_added_at_once() {
    more_threads(|| {
        let (a, b) = (A::new(), A::new());
        let report = Report::of(&[a]);
        let asks = thread::spawn(move || report.next(FOREVER));
        assert_eq!(report.remove(a), ASYNCHRON_OK);
        assert_eq!(report.add(b), ASYNCHRON_OK);
        // Only for one that has asked too late.
        assert_eq!(b.set(1), ASYNCHRON_OK);
        match asks.join().unwrap() {
            (ASYNCHRON_OK, Some(item)) => item.release(),
            (status, _) => {
                assert_eq!(status, ASYNCHRON_END);
                report.next_is(1);
            }
        }
        assert_eq!(report.next(FOREVER).0, ASYNCHRON_END);
        report.release();
        a.release();
        b.release();
    });
}

/// The place of what is removed while it is set is used again only when nobody looks at it any more.
#[test]
fn another_may_be_added_at_once_where_one_is_removed_while_it_is_set() {
    check(3, || {
        let (a, b) = (A::new(), A::new());
        let report = Report::of(&[a]);
        let sets = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        let adds = thread::spawn(move || {
            if let (_, Some(item)) = report.next(0) {
                item.release();
            }
            assert_eq!(report.add(b), ASYNCHRON_OK);
        });
        let removed = report.remove(a);
        assert!([ASYNCHRON_OK, ASYNCHRON_END].contains(&removed));
        sets.join().unwrap();
        adds.join().unwrap();
        assert_eq!(b.set(2), ASYNCHRON_OK);
        report.next_is(2);
        report.release();
        a.release();
        b.release();
    });
}

/// What was added is yielded, and nothing else.
#[test]
fn an_add_a_close_a_set_and_a_next_agree_on_what_is_yielded() {
    more_threads(|| {
        let (a, b) = (A::new(), A::new());
        let report = Report::of(&[a]);
        let sets = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
        let closes = thread::spawn(move || report.close());
        assert_eq!(b.set(2), ASYNCHRON_OK);
        let added = report.add(b);
        assert!([ASYNCHRON_OK, ASYNCHRON_E_CLOSED].contains(&added));
        let mut yielded = [false; 2];
        while let (ASYNCHRON_OK, Some(item)) = report.next(FOREVER) {
            yielded[usize::from(item == b)] = true;
            item.release();
        }
        assert_eq!(yielded, [true, added == ASYNCHRON_OK]);
        sets.join().unwrap();
        closes.join().unwrap();
        assert_eq!(report.add(b), ASYNCHRON_E_CLOSED);
        report.release();
        a.release();
        b.release();
    });
}

#[test]
fn of_two_that_ask_both_learn_of_the_end_of_one_that_is_closed_meanwhile() {
    more_threads(|| {
        let a = A::new();
        let report = Report::of(&[a]);
        let asks = thread::spawn(move || report.next(FOREVER));
        let closes = thread::spawn(move || {
            report.close();
            assert_eq!(a.cancel(), ASYNCHRON_OK);
        });
        let mine = report.next(FOREVER);
        let yours = asks.join().unwrap();
        closes.join().unwrap();
        let statuses = [mine.0, yours.0];
        assert!(
            statuses == [ASYNCHRON_OK, ASYNCHRON_END] || statuses == [ASYNCHRON_END, ASYNCHRON_OK]
        );
        mine.1.or(yours.1).expect("an item").release();
        report.release();
        a.release();
    });
}

/// Its last item is taken out while it is closed.
#[test]
fn a_next_a_remove_and_a_close_agree_on_the_end() {
    more_threads(|| {
        let a = A::new();
        let report = Report::of(&[a]);
        let closes = thread::spawn(move || report.close());
        let removes = thread::spawn(move || assert_eq!(report.remove(a), ASYNCHRON_OK));
        assert_eq!(report.next(FOREVER).0, ASYNCHRON_END);
        removes.join().unwrap();
        closes.join().unwrap();
        assert_eq!((report.add(a), report.next(FOREVER).0), (ASYNCHRON_E_CLOSED, ASYNCHRON_END));
        report.release();
        a.release();
    });
}

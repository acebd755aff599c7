//! Rule 26: several as one. `all` has the empty value once all have one, or ends as the first that has none; `any` is as
//! the first that has a value, or as the last; `race` is as the first. Nothing is left on the sources then.

use std::ptr;
use std::sync::Mutex;

use crate::support::*;

const GROUPS: [GroupFn; 3] = [asynchron_all, asynchron_any, asynchron_race];
const BROKEN: i32 = ASYNCHRON_E_BROKEN as i32;

/// How one has ended: a value, a failure's code, or a cancel's reason.
#[derive(Clone, Debug, PartialEq)]
enum End {
    Pending,
    Value(Vec<u8>),
    Failed(i32),
    Cancelled(String),
}

fn end_of(a: &Handle) -> End {
    match a.poll() {
        ASYNCHRON_PENDING => End::Pending,
        ASYNCHRON_OK => End::Value(a.get().unwrap()),
        ASYNCHRON_CANCELLED => End::Cancelled(a.error().unwrap().message),
        _ => End::Failed(a.error().unwrap().code),
    }
}

/// How a source is to end.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Value,
    Failure,
    Cancel,
}
use Way::*;

impl Way {
    /// Ends the source with this index.
    fn end(self, a: &Handle, index: usize) {
        match self {
            Value => _ = a.set(&[index as u8; 100]),
            Failure => _ = a.fail(index as i32 + 1, "why"),
            Cancel => {
                let reason = CString::new(index.to_string()).unwrap();
                unsafe { asynchron_cancel_with(a.raw(), reason.as_ptr()) };
            }
        }
    }
}

fn is(one: GroupFn, other: GroupFn) -> bool {
    ptr::fn_addr_eq(one, other)
}

/// What the rule says of sources that end in this order, each with its index; and how many of them it takes.
fn expected(as_one: GroupFn, order: &[(usize, Way)]) -> (Option<usize>, usize) {
    let found = if is(as_one, asynchron_all) {
        order.iter().position(|(_, end)| *end != Value)
    } else if is(as_one, asynchron_any) {
        let first = order.iter().position(|(_, end)| *end == Value);
        first.or(Some(order.len() - 1))
    } else {
        Some(0)
    };
    match found {
        Some(place) => (Some(order[place].0), place + 1),
        None => (None, order.len()),
    }
}

/// All orders of three, as indices.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

fn each_case(mut test: impl FnMut(GroupFn, &[(usize, Way)])) {
    for as_one in GROUPS {
        for case in 0..27 {
            let ends = [0, 1, 2].map(|n| [Value, Failure, Cancel][case / 3_usize.pow(n) % 3]);
            for order in ORDERS {
                test(as_one, &order.map(|index| (index, ends[index])));
            }
        }
    }
}

fn should_be(decides: Option<usize>, sources: &[Handle]) -> End {
    decides.map_or(End::Value(vec![]), |index| end_of(&sources[index]))
}

#[test]
fn the_source_that_decides_completes_it_at_once() {
    within(60, || {
        each_case(|as_one, order| {
            let sources = Handle::many(3);
            let own = Handle::new();
            let (made, given) =
                (group(as_one, &sources, None, 0), group(as_one, &sources, Some(&own), 0));
            assert_eq!(given.raw(), own.raw());
            let (decides, after) = expected(as_one, order);
            for (n, (index, end)) in order.iter().enumerate() {
                assert_eq!(end_of(&made) == End::Pending, n < after);
                end.end(&sources[*index], *index);
            }
            assert_eq!(end_of(&made), should_be(decides, &sources));
            assert_eq!(end_of(&own), should_be(decides, &sources));
            drop(given);
            let shared: Vec<_> =
                sources.iter().map(|a| unsafe { asynchron_is_shared(a.raw()) }).collect();
            let value = matches!(end_of(&made), End::Value(ref v) if !v.is_empty());
            for (index, shared) in shared.into_iter().enumerate() {
                let kept = value && decides == Some(index);
                assert_eq!(shared, i32::from(kept), "only the one that has the value is kept");
            }
            assert_eq!(unsafe { asynchron_is_shared(own.raw()) }, 0, "it is let go");
        });
    });
}

/// Those that are complete at the call count in the order of their indices; the others come after them.
#[test]
fn of_several_complete_at_the_call_the_lowest_index_is_the_first_and_the_highest_the_last() {
    within(60, || {
        each_case(|as_one, order| {
            for before in 1..=3 {
                let sources = Handle::many(3);
                order[..before].iter().for_each(|(index, end)| end.end(&sources[*index], *index));
                let mut known = order[..before].to_vec();
                known.sort_by_key(|(index, _)| *index);
                known.extend_from_slice(&order[before..]);
                let (decides, after) = expected(as_one, &known);
                let made = group(as_one, &sources, None, 0);
                for (n, (index, end)) in order.iter().enumerate().skip(before) {
                    assert_eq!(end_of(&made) == End::Pending, n < after);
                    end.end(&sources[*index], *index);
                }
                assert_eq!(end_of(&made), should_be(decides, &sources));
            }
        });
    });
}

#[test]
fn all_of_nothing_has_the_empty_value_and_the_others_are_misuse() {
    let own = Handle::new();
    assert_eq!(group(asynchron_all, &[], None, 0).get(), Ok(vec![]));
    assert_eq!(group(asynchron_all, &[], Some(&own), ASYNCHRON_CANCEL_REST).raw(), own.raw());
    assert_eq!(own.get(), Ok(vec![]));
    for as_one in [asynchron_any, asynchron_race] {
        assert!(unsafe { as_one(null(), 0, null_mut(), 0) }.is_null());
    }
}

#[test]
fn a_failure_passes_on_whole_and_a_value_is_not_copied() {
    let payload = Tally::new();
    let sources = Handle::many(2);
    let made = GROUPS.map(|as_one| group(as_one, &sources, None, 0));
    sources[0].set(&[1; 100]);
    unsafe {
        let (domain, message) = (c"domain".as_ptr(), c"message".as_ptr());
        asynchron_fail_with(sources[1].raw(), 3, domain, message, payload.ptr(), payload.drop_fn());
    }
    assert_eq!(made[0].error(), sources[1].error());
    let place = |a: &Handle| {
        let mut value = asynchron_value_t { data: null(), len: 0 };
        assert_eq!(unsafe { asynchron_get(a.raw(), &mut value) }, ASYNCHRON_OK);
        value.data
    };
    assert_eq!(place(&made[1]), place(&sources[0]));
    assert_eq!(place(&made[2]), place(&sources[0]));
    drop(sources);
    assert_eq!(made[1].get(), Ok(vec![1; 100]));
    assert_eq!(made[0].error().unwrap().payload, payload.ptr() as usize);
    assert_eq!(payload.drops(), 0);
    drop(made);
    assert_eq!(payload.drops(), 1);
}

#[test]
fn a_source_may_be_there_more_than_once() {
    for flags in [0, ASYNCHRON_CANCEL_REST] {
        for as_one in GROUPS {
            for end in [Value, Failure, Cancel] {
                for before in [false, true] {
                    let source = Handle::new();
                    let same: Vec<_> = (0..9).map(|_| source.clone()).collect();
                    if before {
                        end.end(&source, 4);
                    }
                    let made = group(as_one, &same, None, flags);
                    end.end(&source, 4);
                    let empty = is(as_one, asynchron_all) && end == Value;
                    let should = if empty { End::Value(vec![]) } else { end_of(&source) };
                    assert_eq!(end_of(&made), should);
                }
            }
        }
    }
}

#[test]
fn a_pending_source_is_not_kept_and_breaks() {
    for as_one in GROUPS {
        let mut sources = Handle::many(2);
        let made = group(as_one, &sources, None, 0);
        sources.pop();
        let any = is(as_one, asynchron_any);
        assert_eq!(end_of(&made), if any { End::Pending } else { End::Failed(BROKEN) });
        sources.pop();
        assert_eq!(end_of(&made), End::Failed(BROKEN));
    }
}

#[test]
fn what_it_delivers_into_is_kept_and_nothing_is_left_on_the_sources_once_it_is_complete() {
    for as_one in GROUPS {
        let dropped = Tally::new();
        let sources = Handle::many(3);
        let into = with_user_data(dropped.ptr(), dropped.drop_fn());
        drop(group(as_one, &sources, Some(&into), 0));
        let again = Handle::shared(into.raw());
        drop(into);
        assert_eq!(again.cancel(), ASYNCHRON_OK);
        drop(again);
        assert_eq!(dropped.drops(), 1, "it is let go");
        sources.iter().for_each(|a| assert_eq!(end_of(a), End::Pending));
    }
}

#[test]
fn one_that_is_complete_is_returned_and_nothing_is_registered() {
    for as_one in GROUPS {
        let (sources, into) = (Handle::many(3), Handle::new());
        into.set(b"before");
        let made = group(as_one, &sources, Some(&into), 0);
        assert_eq!((made.raw(), made.get()), (into.raw(), Ok(b"before".to_vec())));
        sources[0].set(b"after");
        assert_eq!(made.get(), Ok(b"before".to_vec()));
    }
}

#[test]
fn anyone_may_deliver_before() {
    for as_one in GROUPS {
        let (sources, into) = (Handle::many(2), Handle::new());
        let made = group(as_one, &sources, Some(&into), 0);
        assert_eq!(into.set(b"mine"), ASYNCHRON_OK);
        sources[0].fail(1, "");
        sources[1].set(b"x");
        assert_eq!(made.get(), Ok(b"mine".to_vec()));
    }
}

/// Inside a callback, too, where callbacks wait for their turn.
#[test]
fn it_is_complete_before_any_callback_runs() {
    within(60, || {
        for as_one in GROUPS {
            let sources = Handle::many(1);
            let seen = Arc::new(Mutex::new(vec![]));
            let (saw, later) = (seen.clone(), Arc::new(Mutex::new(None::<Handle>)));
            let made = later.clone();
            notify(&sources[0], move |_| {
                let made = made.lock().unwrap();
                saw.lock().unwrap().push(made.as_ref().unwrap().poll());
            });
            *later.lock().unwrap() = Some(group(as_one, &sources, None, 0));
            let outer = Handle::new();
            let (source, inside) = (sources[0].clone(), later.clone());
            let saw = seen.clone();
            notify(&outer, move |_| {
                source.set(b"x");
                saw.lock().unwrap().push(inside.lock().unwrap().as_ref().unwrap().poll());
            });
            outer.set(b"");
            assert_eq!(*seen.lock().unwrap(), [ASYNCHRON_OK; 2]);
            later.lock().unwrap().take();
        }
    });
}

#[test]
fn a_thread_that_waits_for_it_is_woken() {
    within(60, || {
        for as_one in GROUPS {
            let sources = Handle::many(1);
            let made = group(as_one, &sources, None, 0);
            let waiter = start(move || made.wait(LONG)).asleep();
            sources[0].set(b"x");
            assert_eq!(waiter.join(), ASYNCHRON_OK);
        }
    });
}

#[test]
fn a_circle_completes_once_one_of_it_does() {
    for as_one in GROUPS {
        let (a, b) = (Handle::new(), Handle::new());
        drop(group(as_one, std::slice::from_ref(&a), Some(&b), 0));
        drop(group(as_one, std::slice::from_ref(&b), Some(&a), 0));
        a.fail(2, "two");
        assert_eq!(end_of(&b), End::Failed(2));
        assert_eq!([&a, &b].map(|a| unsafe { asynchron_is_shared(a.raw()) }), [0, 0]);
    }
}

//! The system refuses what it is asked for: memory and a thread to the first spawn of a process,
//! which makes what all later ones use, and a descriptor to a report. So that each spawn is the
//! first, it has a process of its own.

use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::ledger::{Deny, denied};
use crate::table::*;
use crate::tally::{self, DROP, FN};
use crate::{child, limit};

const WITHOUT_MEMORY: &str = "refused::the_first_spawn_of_a_process_without_memory";
const WITHOUT_THREAD: &str = "refused::the_first_spawn_of_a_process_without_a_thread";

#[test]
fn the_first_spawn_of_a_process_without_memory() {
    match child::task() {
        Some(deny) => limit::within(move |_| spawn_first(&deny)),
        None => limit::within(|watch| {
            for kind in ["only", "from"] {
                let refused = (1..100).take_while(|nth| {
                    watch.step("the first spawn of a process", kind);
                    was_refused(&format!("{kind} {nth}"))
                });
                assert!(refused.count() > 0, "{kind}: the first spawn asks for no memory");
            }
        }),
    }
}

/// Whether the child refused any request; it must end well in any case.
fn was_refused(deny: &str) -> bool {
    let out = child::run(&["--exact", WITHOUT_MEMORY], deny);
    assert!(out.contains("requests refused: "), "{deny}: {out}");
    !out.contains("requests refused: 0")
}

fn spawn_first(deny: &str) {
    let (kind, nth) = deny.split_once(' ').unwrap();
    let kind = if kind == "only" { Deny::Only } else { Deny::From };
    let deny = kind(nth.parse().unwrap());
    let dropped = AtomicU32::new(0);
    let ctx = (&raw const dropped).cast_mut().cast();
    unsafe {
        let a = asynchron_create(null());
        let (status, refusals) = denied(deny, || asynchron_spawn(a, FN, ctx, DROP));
        if status != ASYNCHRON_OK {
            assert!(refusals > 0 && status == ASYNCHRON_E_NOMEM, "{status:?}, {refusals} refused");
            assert_eq!((dropped.load(SeqCst), tally::runs()), (1, 0));
            assert_eq!(asynchron_poll(a), ASYNCHRON_PENDING);
            dropped.store(0, SeqCst);
            assert_eq!(asynchron_spawn(a, FN, ctx, DROP), ASYNCHRON_OK, "with memory again");
        }
        assert_eq!(asynchron_get(a, null_mut()), ASYNCHRON_OK);
        assert_eq!((dropped.load(SeqCst), tally::runs()), (1, 1));
        asynchron_release(a);
        println!("requests refused: {refusals}");
    }
}

/// Without room for its stack there is no thread.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn the_first_spawn_of_a_process_without_a_thread() {
    if child::task().is_none() {
        return limit::within(|_| {
            let out = child::run(&["--exact", WITHOUT_THREAD], "no thread");
            assert!(out.contains("refused: ASYNCHRON_E_SYSTEM"), "{out}");
        });
    }
    limit::within(|_| unsafe {
        let dropped = AtomicU32::new(0);
        let ctx = (&raw const dropped).cast_mut().cast();
        let a = asynchron_create(null());
        let no_room = room_for_no_thread();
        let status = limited(libc::RLIMIT_AS, no_room, || asynchron_spawn(a, FN, ctx, DROP));
        assert_eq!((dropped.load(SeqCst), tally::runs()), (1, 0));
        assert_eq!(asynchron_poll(a), ASYNCHRON_PENDING);
        assert_eq!(asynchron_spawn(a, FN, ctx, DROP), ASYNCHRON_OK, "with threads again");
        assert_eq!(asynchron_get(a, null_mut()), ASYNCHRON_OK);
        assert_eq!((dropped.load(SeqCst), tally::runs()), (2, 1));
        asynchron_release(a);
        println!("refused: {status:?}");
    });
}

/// Where no second thread can be had, the one that there is runs everything, also what comes just
/// as it is done with the rest.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn spawns_of_a_process_with_one_background_thread() {
    const ONE_THREAD: &str = "refused::spawns_of_a_process_with_one_background_thread";
    if child::task().is_none() {
        return limit::within(|_| {
            let out = child::run(&["--exact", ONE_THREAD], "no second thread");
            assert!(out.contains("all have run"), "{out}");
        });
    }
    limit::within(|watch| unsafe {
        let spawned = || {
            let a = asynchron_create(null());
            (asynchron_spawn(a, FN, null_mut(), DROP), a)
        };
        let (status, first) = spawned();
        assert_eq!(status, ASYNCHRON_OK);
        assert_eq!(asynchron_get(first, null_mut()), ASYNCHRON_OK);
        asynchron_release(first);
        limited(libc::RLIMIT_AS, room_for_no_thread(), || {
            for _ in 0..20_000 {
                watch.step("spawns", "no second thread can be had");
                let three = [spawned(), spawned(), spawned()];
                for (status, a) in three {
                    if status == ASYNCHRON_OK {
                        assert_eq!(asynchron_get(a, null_mut()), ASYNCHRON_OK);
                    }
                    asynchron_release(a);
                }
                if three.iter().any(|(status, _)| *status != ASYNCHRON_OK) {
                    // This thread was away for so long that the other has gone.
                    break;
                }
            }
        });
        println!("all have run");
    });
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn a_report_without_a_descriptor() {
    hold(rows! {
        asynchron_report_fd {
            "none can be had" => number(ASYNCHRON_E_SYSTEM as i64),
                |s| limited(libc::RLIMIT_NOFILE, 0, || asynchron_report_fd(s.report));
            "none could be had before" => number(0), |s| {
                limited(libc::RLIMIT_NOFILE, 0, || asynchron_report_fd(s.report));
                asynchron_report_fd(s.report).min(0)
            };
        }
    });
}

/// A limit of address space that has no room for the stack of one more thread.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn room_for_no_thread() -> libc::rlim_t {
    let used = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: libc::rlim_t = used.split(' ').next().unwrap().parse().unwrap();
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as libc::rlim_t;
    pages * page + (1 << 20)
}

/// Calls with a limit of the process's lowered.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn limited<R>(
    resource: libc::__rlimit_resource_t,
    to: libc::rlim_t,
    call: impl FnOnce() -> R,
) -> R {
    let mut old = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    unsafe {
        assert_eq!(libc::getrlimit(resource, &mut old), 0);
        assert_eq!(libc::setrlimit(resource, &libc::rlimit { rlim_cur: to, ..old }), 0);
        let result = call();
        assert_eq!(libc::setrlimit(resource, &old), 0);
        result
    }
}

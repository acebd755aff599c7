//! Rule 14: taking a callback back.

use crate::support::*;
use std::sync::Mutex;
use std::sync::mpsc::channel;

fn counter() -> (Arc<AtomicUsize>, impl FnMut(*mut asynchron_t) + Send + 'static) {
    let ran = Arc::new(AtomicUsize::new(0));
    let inside = ran.clone();
    (ran, move |_| _ = inside.fetch_add(1, SeqCst))
}

type Take = fn(&Handle, u64) -> asynchron_status_t;
const BOTH: [Take; 2] = [Handle::unnotify, Handle::try_unnotify];

#[test]
fn taken_back_it_never_runs_and_its_context_is_dropped() {
    for take in BOTH {
        let (a, (ran, f), dropped) = (Handle::new(), counter(), Tally::new());
        let (others, other) = counter();
        let mut f = f;
        let (before, after_it) = (notify(&a, |_| ()), OnDrop(move || count_one(dropped)));
        let token = notify(&a, move |a| {
            let _owned = &after_it;
            f(a);
        });
        notify(&a, other);
        assert_eq!((take(&a, token), dropped.drops()), (ASYNCHRON_OK, 1));
        assert_eq!(take(&a, token), ASYNCHRON_ALREADY, "unknown by now");
        assert_eq!(take(&a, before), ASYNCHRON_OK);
        a.set(b"x");
        assert_eq!((ran.load(SeqCst), others.load(SeqCst), dropped.drops()), (0, 1, 1));
        assert_eq!(take(&a, token), ASYNCHRON_ALREADY);
    }
}

fn count_one(tally: Tally) {
    unsafe { tally.drop_fn().unwrap()(tally.ptr()) }
}

#[test]
fn one_that_has_run_is_already() {
    for take in BOTH {
        let (a, (ran, f)) = (Handle::new(), counter());
        let token = notify(&a, f);
        a.set(b"x");
        assert_eq!((take(&a, token), ran.load(SeqCst)), (ASYNCHRON_ALREADY, 1));
        let (ran, f) = counter();
        let token = notify(&a, f);
        assert_eq!((take(&a, token), ran.load(SeqCst)), (ASYNCHRON_ALREADY, 1), "run at once");
    }
}

#[test]
fn tokens() {
    let a = Handle::new();
    for unknown in [0, 1, 77, u64::MAX] {
        assert_eq!(a.unnotify(unknown), ASYNCHRON_ALREADY);
        assert_eq!(a.try_unnotify(unknown), ASYNCHRON_ALREADY);
    }
    let mut tokens: Vec<u64> = (0..10_000).map(|_| notify(&a, |_| ())).collect();
    let all = tokens.clone();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!((tokens.len(), tokens.contains(&0)), (10_000, false));
    assert_eq!(notify_flags(&a, 0, |_| (), null_mut()), ASYNCHRON_OK, "nobody needs to want it");
    for token in all.iter().step_by(2) {
        assert_eq!(a.unnotify(*token), ASYNCHRON_OK);
    }
    assert_eq!(a.unnotify(all[0]), ASYNCHRON_ALREADY);
}

/// The token is there before the callback runs, even when that is at once or on another thread.
#[test]
fn the_token_is_written_before_the_callback_can_run() {
    fn register(a: &Handle, place: &Arc<AtomicU64>) -> asynchron_status_t {
        let token = place.clone();
        let check = move |a: *mut asynchron_t| {
            let seen = token.load(SeqCst);
            assert_ne!(seen, 0, "not written yet");
            let status = unsafe { asynchron_unnotify(a, seen) };
            assert_eq!(status, ASYNCHRON_ALREADY, "it is its own token");
        };
        notify_flags(a, 0, check, place.as_ptr())
    }
    in_child(120, || {
        memory::quarantine();
        let (a, place) = (Handle::new(), Arc::new(AtomicU64::new(0)));
        a.set(b"x");
        register(&a, &place);
        race(
            5000,
            |_| (Handle::new(), Arc::new(AtomicU64::new(0))),
            &[&|s: &(Handle, _)| _ = s.0.set(b"x"), &|(a, place)| {
                assert_eq!(register(a, place), ASYNCHRON_OK);
                assert_ne!(place.load(SeqCst), 0);
            }],
            drop,
        );
    });
}

/// A callback that stands at a gate, and then a drop that stands at another one.
struct Slow {
    a: Handle,
    token: u64,
    running: Gate,
    go: Gate,
    dropping: Gate,
    drop: Gate,
}

fn slow() -> Slow {
    let a = Handle::new();
    let [running, go, dropping, drop] = std::array::from_fn(|_| Gate::new());
    let [r, g, d, e] = [&running, &go, &dropping, &drop].map(Gate::clone);
    let at_drop = OnDrop(move || {
        d.open();
        e.pass();
    });
    let token = notify(&a, move |_| {
        let _owned = &at_drop;
        r.open();
        g.pass();
    });
    Slow { a, token, running, go, dropping, drop }
}

#[test]
fn unnotify_waits_for_a_running_one_and_its_drop() {
    within(60, || {
        let s = slow();
        let a = s.a.clone();
        let deliverer = start(move || a.set(b"x"));
        s.running.pass();
        let (a, token) = (s.a.clone(), s.token);
        let taker = start(move || a.unnotify(token)).asleep();
        assert_eq!(s.a.try_unnotify(s.token), ASYNCHRON_PENDING);
        s.go.open();
        s.dropping.pass();
        let taker = taker.asleep();
        assert_eq!(s.a.try_unnotify(s.token), ASYNCHRON_PENDING, "its drop has not run");
        s.drop.open();
        assert_eq!((taker.join(), deliverer.join()), (ASYNCHRON_ALREADY, ASYNCHRON_OK));
        assert_eq!(s.a.try_unnotify(s.token), ASYNCHRON_ALREADY);
    });
}

/// One that waits for a callback must not need the deliverer's later callbacks: it goes when its own is through.
#[test]
fn unnotify_waits_for_that_callback_only() {
    within(60, || {
        let (s, later, end) = (slow(), Gate::new(), Gate::new());
        let (entered, leave) = (later.clone(), end.clone());
        let last = notify(&s.a, move |_| {
            entered.open();
            leave.pass();
        });
        let a = s.a.clone();
        let deliverer = start(move || a.set(b"x"));
        s.running.pass();
        let (a, token) = (s.a.clone(), s.token);
        let taker = start(move || a.unnotify(token)).asleep();
        s.go.open();
        s.drop.open();
        later.pass();
        assert_eq!(taker.join(), ASYNCHRON_ALREADY);
        assert_eq!(s.a.try_unnotify(last), ASYNCHRON_PENDING);
        end.open();
        deliverer.join();
    });
}

/// Due, but not begun: taken back from another thread and from an earlier callback.
#[test]
fn queued_but_not_begun_is_ok() {
    within(60, || {
        let (s, (ran, mut f), dropped) = (slow(), counter(), Tally::new());
        let at_drop = OnDrop(move || count_one(dropped));
        let token = notify(&s.a, move |a| {
            let _owned = &at_drop;
            f(a);
        });
        let a = s.a.clone();
        let deliverer = start(move || a.set(b"x"));
        s.running.pass();
        assert_eq!(s.a.unnotify(token), ASYNCHRON_OK);
        assert_eq!(dropped.drops(), 1, "OK means that the drop has run");
        s.go.open();
        s.drop.open();
        deliverer.join();
        assert_eq!(ran.load(SeqCst), 0);
    });
    for take in BOTH {
        within(60, move || {
            let (a, b, (ran, f), (more, g)) = (Handle::new(), Handle::new(), counter(), counter());
            let (tokens, results) = (Arc::new(Mutex::new((0, 0))), Arc::new(Mutex::new(vec![])));
            let (mine, told, other) = (tokens.clone(), results.clone(), b.clone());
            notify(&a, move |a| {
                let (of_a, of_b) = *mine.lock().unwrap();
                other.set(b"x");
                let statuses = [take(&Handle::shared(a), of_a), take(&other, of_b)];
                told.lock().unwrap().extend(statuses);
            });
            *tokens.lock().unwrap() = (notify(&a, f), notify(&b, g));
            a.set(b"x");
            assert_eq!(*results.lock().unwrap(), [ASYNCHRON_OK; 2]);
            assert_eq!((ran.load(SeqCst), more.load(SeqCst)), (0, 0));
        });
    }
}

/// From inside: without waiting for itself. Also from a callback that runs in a wait inside it, and from its drop.
#[test]
fn from_inside_its_own_callback() {
    for take in BOTH {
        within(60, move || {
            let (a, (send, seen)) = (Handle::new(), channel());
            let token = Arc::new(AtomicU64::new(0));
            let at_drop = {
                let (a, token, send) = (a.raw() as usize, token.clone(), send.clone());
                OnDrop(move || {
                    let a = Handle::shared(a as *mut asynchron_t);
                    send.send(("drop", take(&a, token.load(SeqCst)))).unwrap();
                })
            };
            let (mine, inside) = (token.clone(), send.clone());
            let never = Handle::new();
            let registered = notify(&a, move |a| {
                let _owned = &at_drop;
                let a = Handle::shared(a);
                inside.send(("callback", take(&a, mine.load(SeqCst)))).unwrap();
                assert_eq!(never.wait(1), ASYNCHRON_TIMEOUT);
                inside.send(("after the wait", take(&a, mine.load(SeqCst)))).unwrap();
            });
            token.store(registered, SeqCst);
            let (outer, send) = (token, send);
            notify(&a, move |a| {
                let status = take(&Handle::shared(a), outer.load(SeqCst));
                send.send(("nested", status)).unwrap();
            });
            a.set(b"x");
            let own = ASYNCHRON_ALREADY;
            let order = ["callback", "nested", "after the wait", "drop"].map(|name| (name, own));
            assert_eq!(seen.try_iter().collect::<Vec<_>>(), order);
        });
    }
}

/// What unnotify is for: afterwards the context's memory is the caller's again.
#[test]
fn afterwards_nobody_uses_the_context() {
    unsafe extern "C" fn use_it(_: *mut asynchron_t, ctx: *mut c_void) {
        let ctx = unsafe { &*ctx.cast::<[AtomicUsize; 2]>() };
        ctx[1].store(1, SeqCst);
        assert_eq!(ctx[0].load(SeqCst), 0, "used after unnotify");
        std::hint::spin_loop();
        assert_eq!(ctx[0].load(SeqCst), 0, "used after unnotify");
        ctx[1].store(2, SeqCst);
    }
    in_child(120, || {
        memory::quarantine();
        type Subject = (Handle, u64, Box<[AtomicUsize; 2]>);
        race(
            10_000,
            |_| {
                let (a, ctx) =
                    (Handle::new(), Box::new([AtomicUsize::new(0), AtomicUsize::new(0)]));
                let mut token = 0;
                let options = asynchron_notify_options_t {
                    size: size_of::<asynchron_notify_options_t>(),
                    r#fn: Some(use_it),
                    ctx: std::ptr::from_ref(&*ctx).cast_mut().cast(),
                    drop_ctx: None,
                    flags: 0,
                    executor: std::ptr::null_mut(),
                };
                let status = unsafe { asynchron_notify_with(a.raw(), &options, &mut token) };
                assert_eq!(status, ASYNCHRON_OK);
                (a, token, ctx)
            },
            &[&|s: &Subject| _ = s.0.set(b"x"), &|(a, token, ctx)| {
                let ran = match a.unnotify(*token) {
                    ASYNCHRON_OK => 0,
                    _ => 2,
                };
                assert_eq!(ctx[1].swap(0, SeqCst), ran, "not run, or through");
                ctx[0].store(1, SeqCst);
            }],
            |s: Subject| assert_eq!(s.2[1].load(SeqCst), 0),
        );
    });
}

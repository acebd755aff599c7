//! A ctx, and user data, are dropped exactly once on every path: the function ran, was taken off,
//! or never runs. The paths of misuse are rows of the table.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::{OPTIONS, notify_options, works};
use crate::limit;
use crate::scene::Scene;
use crate::table::*;
use crate::tally::{self, DROP, FN, JOIN, NOTIFY};

#[test]
fn a_ctx_is_dropped_on_every_path() {
    let mut rows = of_callbacks();
    rows.extend(of_after_and_then());
    rows.extend(of_on_demand());
    rows.extend(of_spawn());
    hold(rows);
}

/// Of those that compute, the ctx is dropped after the function and before the completion by what
/// it returned: whoever waits for the value finds that the ctx is gone.
#[test]
fn the_ctx_is_gone_before_the_value_is_there() {
    type Compute = unsafe fn(*mut asynchron_t, *mut c_void);
    struct Ctx {
        a: *mut asynchron_t,
        found: asynchron_status_t,
        runs: u32,
    }
    unsafe extern "C" fn look(ctx: *mut c_void) {
        let ctx = unsafe { &mut *ctx.cast::<Ctx>() };
        (ctx.found, ctx.runs) = (unsafe { asynchron_poll(ctx.a) }, tally::runs());
    }
    const LOOK: asynchron_drop_fn_t = Some(look);
    let compute: [(&'static str, Compute); 4] = [
        ("spawn", |a, ctx| unsafe {
            assert_eq!(asynchron_spawn(a, FN, ctx, LOOK), ASYNCHRON_OK);
        }),
        ("on demand", |_, _| ()),
        ("after", |a, ctx| unsafe {
            asynchron_release(asynchron_after(null(), 0, a, JOIN, ctx, LOOK));
        }),
        ("then", |a, ctx| unsafe {
            let source = asynchron_create(null());
            asynchron_set_bytes(source, null(), 0);
            asynchron_release(asynchron_then(source, a, JOIN, ctx, LOOK));
            asynchron_release(source);
        }),
    ];
    limit::within(move |watch| {
        for (name, compute) in compute {
            watch.step(name, "when the ctx is dropped");
            tally::reset();
            let mut ctx = Ctx { a: null_mut(), found: ASYNCHRON_END, runs: 0 };
            let to_ctx = (&raw mut ctx).cast();
            let on_demand = asynchron_options_t {
                on_demand: FN,
                on_demand_ctx: to_ctx,
                drop_on_demand_ctx: LOOK,
                ..OPTIONS
            };
            let options = if name == "on demand" { on_demand } else { OPTIONS };
            unsafe {
                assert_eq!(asynchron_create_with(&options, &mut ctx.a), ASYNCHRON_OK);
                compute(ctx.a, to_ctx);
                assert_eq!(asynchron_get(ctx.a, null_mut()), ASYNCHRON_OK);
                asynchron_release(ctx.a);
            }
            assert_eq!((ctx.found, ctx.runs), (ASYNCHRON_PENDING, 1), "{name}");
        }
    });
}

fn of_callbacks() -> Vec<Row> {
    rows! {
        asynchron_notify_with {
            "it runs" => OK.drops(1).runs(1),
                |s| registered(s.thing(), |a| asynchron_fail(a, 1, null()));
            "it runs: NULL ctx" => OK.drops(1).runs(1),
                |_| registered(null_mut(), |a| asynchron_cancel(a));
            "it runs at once" => OK.drops(1).runs(1), |s| {
                let options = asynchron_notify_options_t {
                    drop_ctx: DROP,
                    ..notify_options(NOTIFY, s.thing())
                };
                asynchron_notify_with(s.cancelled, &options, null_mut())
            };
            "nobody is left to deliver" => OK.drops(1).runs(1),
                |s| registered(s.thing(), |_| ASYNCHRON_OK);
        }
        asynchron_unnotify {
            "it is taken off" => OK.drops(1), |s| taken_off(s, asynchron_unnotify);
        }
        asynchron_try_unnotify {
            "it is taken off" => OK.drops(1), |s| taken_off(s, asynchron_try_unnotify);
        }
    }
}

fn of_after_and_then() -> Vec<Row> {
    rows! {
        asynchron_after {
            "it runs" => POINTER.drops(1).runs(1),
                |s| joined(
                    |a| asynchron_after(&a, 1, null_mut(), JOIN, s.thing(), DROP),
                    |a| asynchron_fail(a, 1, null()),
                );
            "nobody is left to deliver" => POINTER.drops(1).runs(1),
                |s| joined(
                    |a| asynchron_after(&a, 1, null_mut(), JOIN, s.thing(), DROP),
                    |_| ASYNCHRON_OK,
                );
            "nobody is left to deliver: NULL ctx" => POINTER.drops(1).runs(1),
                |_| joined(
                    |a| asynchron_after([a, a].as_ptr(), 2, null_mut(), JOIN, null_mut(), DROP),
                    |_| ASYNCHRON_OK,
                );
        }
        asynchron_then {
            "it runs" => POINTER.drops(1).runs(1),
                |s| joined(
                    |a| asynchron_then(a, null_mut(), JOIN, s.thing(), DROP),
                    |a| asynchron_set_bytes(a, null(), 0),
                );
            "never run, for a failure" => POINTER.drops(1),
                |s| joined(
                    |a| asynchron_then(a, null_mut(), JOIN, s.thing(), DROP),
                    |a| asynchron_fail(a, 1, null()),
                );
            "never run, for a cancel: NULL ctx" => POINTER.drops(1),
                |_| joined(
                    |a| asynchron_then(a, null_mut(), JOIN, null_mut(), DROP),
                    |a| asynchron_cancel(a),
                );
            "never run, for an earlier failure" => POINTER.drops(1),
                |s| joined(
                    |_| asynchron_then(s.failed, null_mut(), JOIN, s.thing(), DROP),
                    |_| ASYNCHRON_OK,
                );
            "never run: nobody is left to deliver" => POINTER.drops(1),
                |s| joined(
                    |a| asynchron_then(a, null_mut(), JOIN, s.thing(), DROP),
                    |_| ASYNCHRON_OK,
                );
            "a failure is passed on: its payload is dropped once" => POINTER.drops(1),
                |s| joined(
                    |a| asynchron_then(a, null_mut(), JOIN, null_mut(), None),
                    |a| asynchron_fail_with(a, 1, null(), c"why".as_ptr(), s.thing(), DROP),
                );
        }
    }
}

fn of_on_demand() -> Vec<Row> {
    rows! {
        asynchron_create_with {
            "on demand: it runs" => OK.drops(1).runs(1),
                |s| on_demand(s.thing(), |a| asynchron_get(a, null_mut()));
            "on demand: it runs, NULL ctx" => OK.drops(1).runs(1),
                |_| on_demand(null_mut(), |a| asynchron_wait(a, ASYNCHRON_FOREVER));
            "on demand: nobody asks" => PENDING.drops(1),
                |s| on_demand(s.thing(), |a| asynchron_poll(a));
            "on demand: no time" => TIMEOUT.drops(1),
                |s| on_demand(s.thing(), |a| asynchron_wait(a, 0));
            "on demand: delivered before" => OK.drops(1), |s| {
                on_demand(s.thing(), |a| {
                    asynchron_set_bytes(a, null(), 0);
                    asynchron_get(a, null_mut())
                })
            };
            "on demand: cancelled before" => CANCELLED.drops(1), |s| {
                on_demand(s.thing(), |a| {
                    asynchron_cancel(a);
                    asynchron_get(a, null_mut())
                })
            };
            "on demand: another function is called" => OK.drops(1).runs(1),
                |s| on_demand(s.thing(), |a| asynchron_call(a, FN, null_mut()));
            "on demand: nobody is left to deliver" => OK.drops(1).runs(1),
                |s| on_demand(s.thing(), |a| asynchron_notify(a, NOTIFY, null_mut()));
            "user data goes last" => OK.drops(1), |s| {
                let mut a = null_mut();
                let options = asynchron_options_t {
                    user_data: s.thing(),
                    drop_user_data: DROP,
                    ..OPTIONS
                };
                let status = asynchron_create_with(&options, &mut a);
                asynchron_retain(a);
                works(a);
                assert_eq!(s.drops(), 0, "a reference is left");
                asynchron_release(a);
                status
            };
        }
    }
}

fn of_spawn() -> Vec<Row> {
    rows! {
        asynchron_spawn {
            "it runs" => OK.drops(1).runs(1), |s| spawned(s, s.thing(), |_| ());
            "it runs: released first" => OK.drops(1).runs(1), |s| {
                let a = asynchron_create(null());
                let status = asynchron_spawn(a, FN, s.thing(), DROP);
                asynchron_release(a);
                until_dropped(s);
                status
            };
            "never run: delivered before" => OK.drops(1), |s| {
                spawned(s, s.thing(), |a| {
                    asynchron_set_bytes(a, null(), 0);
                })
            };
            "never run: cancelled before, NULL ctx" => OK.drops(1), |s| {
                spawned(s, null_mut(), |a| {
                    asynchron_cancel(a);
                })
            };
        }
    }
}

unsafe fn registered(
    ctx: *mut c_void,
    complete: impl FnOnce(*mut asynchron_t) -> asynchron_status_t,
) -> asynchron_status_t {
    unsafe {
        let a = asynchron_create(null());
        let options = asynchron_notify_options_t { drop_ctx: DROP, ..notify_options(NOTIFY, ctx) };
        let status = asynchron_notify_with(a, &options, null_mut());
        assert_eq!(complete(a), ASYNCHRON_OK);
        asynchron_release(a);
        status
    }
}

/// OK means that the drop has run.
unsafe fn taken_off(
    s: &Scene,
    unnotify: unsafe extern "C" fn(*mut asynchron_t, u64) -> asynchron_status_t,
) -> asynchron_status_t {
    let options =
        asynchron_notify_options_t { drop_ctx: DROP, ..notify_options(NOTIFY, s.thing()) };
    let mut token = 0;
    unsafe {
        assert_eq!(asynchron_notify_with(s.pending, &options, &mut token), ASYNCHRON_OK);
        assert_eq!(s.drops(), 0);
        unnotify(s.pending, token)
    }
}

/// Joins a source of its own, which is then completed and released.
unsafe fn joined(
    join: impl FnOnce(*mut asynchron_t) -> *mut asynchron_t,
    complete: impl FnOnce(*mut asynchron_t) -> asynchron_status_t,
) -> *mut asynchron_t {
    unsafe {
        let source = asynchron_create(null());
        let into = join(source);
        assert_eq!(complete(source), ASYNCHRON_OK);
        asynchron_release(source);
        assert_ne!(asynchron_poll(into), ASYNCHRON_PENDING);
        asynchron_release(into);
        into
    }
}

/// The ctx of a function on demand; released in the end.
unsafe fn on_demand(
    ctx: *mut c_void,
    ask: impl FnOnce(*mut asynchron_t) -> asynchron_status_t,
) -> asynchron_status_t {
    let options = asynchron_options_t {
        on_demand: FN,
        on_demand_ctx: ctx,
        drop_on_demand_ctx: DROP,
        ..OPTIONS
    };
    let mut a = null_mut();
    unsafe {
        assert_eq!(asynchron_create_with(&options, &mut a), ASYNCHRON_OK);
        let status = ask(a);
        asynchron_release(a);
        status
    }
}

unsafe fn spawned(
    s: &Scene,
    ctx: *mut c_void,
    before: impl FnOnce(*mut asynchron_t),
) -> asynchron_status_t {
    unsafe {
        let a = asynchron_create(null());
        before(a);
        let status = asynchron_spawn(a, FN, ctx, DROP);
        asynchron_wait(a, ASYNCHRON_FOREVER);
        until_dropped(s);
        asynchron_release(a);
        status
    }
}

/// The background thread drops when the function's turn comes.
fn until_dropped(s: &Scene) {
    while s.drops() == 0 {
        std::thread::yield_now();
    }
}

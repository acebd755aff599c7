//! Rule 2 for contexts: what is handed over with a function or a callback is dropped exactly once, too.

use crate::r02_handed_over_once::once;
use crate::support::*;
use std::mem::offset_of;

unsafe extern "C" fn no_notify(_: *mut asynchron_t, _: *mut c_void) {}

unsafe extern "C" fn no_fn(_: *mut asynchron_t, _: *mut c_void) -> i32 {
    0
}

unsafe extern "C" fn no_join(
    _: *mut asynchron_t,
    _: *const *mut asynchron_t,
    _: usize,
    _: *mut c_void,
) -> i32 {
    0
}

fn options(
    user: (*mut c_void, asynchron_drop_fn_t),
    on_demand: (*mut c_void, asynchron_drop_fn_t),
) -> asynchron_options_t {
    asynchron_options_t {
        user_data: user.0,
        drop_user_data: user.1,
        on_demand: Some(no_fn),
        on_demand_ctx: on_demand.0,
        drop_on_demand_ctx: on_demand.1,
        ..OPTIONS
    }
}

#[test]
fn what_create_with_is_given() {
    // First as the user data, then as the context of the function on demand; the other one is nothing.
    for at in 0..2 {
        let give = |p, drop| {
            let both = [(p, drop), (null_mut(), None)];
            options(both[at], both[1 - at])
        };
        let create = |p, drop| {
            let mut out = null_mut();
            assert_eq!(unsafe { asynchron_create_with(&give(p, drop), &mut out) }, ASYNCHRON_OK);
            Handle::owned(out)
        };
        once("never run", |p, drop| {
            create(p, drop);
        });
        once("run on demand", |p, drop| {
            assert_eq!(create(p, drop).get(), Ok(vec![]));
        });
        once("delivered", |p, drop| {
            create(p, drop).set(b"x");
        });
        once("cancelled", |p, drop| {
            create(p, drop).cancel();
        });
        once("called with another function", |p, drop| {
            call(&create(p, drop), |_| 0);
        });
        once("nowhere to put it", |p, drop| {
            let status = unsafe { asynchron_create_with(&give(p, drop), null_mut()) };
            assert_eq!(status, ASYNCHRON_E_INVALID);
        });
    }
    let (user, ctx) = (Tally::new(), Tally::new());
    let mut refused = options((user.ptr(), user.drop_fn()), (ctx.ptr(), ctx.drop_fn()));
    for size in [0, 8, offset_of!(asynchron_options_t, reserve) - 1] {
        refused.size = size;
        let mut out = null_mut();
        assert_eq!(unsafe { asynchron_create_with(&refused, &mut out) }, ASYNCHRON_E_INVALID);
    }
    assert_eq!((user.drops(), ctx.drops()), (0, 0), "it was not read, so nothing was handed over");
}

#[test]
fn the_context_of_a_callback() {
    let register = |a: *mut asynchron_t, f: asynchron_notify_fn_t, flags, size, p, drop_ctx| {
        let o = asynchron_notify_options_t {
            size,
            r#fn: f,
            ctx: p,
            drop_ctx,
            flags,
            executor: std::ptr::null_mut(),
        };
        let mut token = 0;
        (unsafe { asynchron_notify_with(a, &o, &mut token) }, token)
    };
    let (f, size): (asynchron_notify_fn_t, _) =
        (Some(no_notify), size_of::<asynchron_notify_options_t>());
    let completions: [fn(Handle); 4] = [
        |a| {
            a.set(b"x");
        },
        |a| {
            a.fail(1, "x");
        },
        |a| {
            a.cancel();
        },
        drop,
    ];
    for complete in completions {
        once("run", |p, drop_ctx| {
            let a = Handle::new();
            assert_eq!(register(a.raw(), f, 0, size, p, drop_ctx).0, ASYNCHRON_OK);
            complete(a);
        });
    }
    once("run at once", |p, drop_ctx| {
        let a = Handle::new();
        a.set(b"x");
        assert_eq!(register(a.raw(), f, 0, size, p, drop_ctx).0, ASYNCHRON_OK);
    });
    once("unregistered", |p, drop_ctx| {
        let a = Handle::new();
        let (_, token) = register(a.raw(), f, 0, size, p, drop_ctx);
        assert_eq!(a.unnotify(token), ASYNCHRON_OK);
        a.set(b"x");
    });
    once("not pending", |p, drop_ctx| {
        let a = Handle::new();
        a.set(b"x");
        let flag = ASYNCHRON_NOTIFY_IF_PENDING;
        assert_eq!(register(a.raw(), f, flag, size, p, drop_ctx).0, ASYNCHRON_ALREADY);
    });
    let a = Handle::new();
    for (a, f, flags) in [(null_mut(), f, 0), (a.raw(), None, 0), (a.raw(), f, 1 << 63)] {
        once("refused", |p, drop_ctx| {
            assert_eq!(register(a, f, flags, size, p, drop_ctx).0, ASYNCHRON_E_INVALID);
        });
    }
    let tally = Tally::new();
    let first_release = std::mem::offset_of!(asynchron_notify_options_t, executor);
    for size in [0, first_release - 1] {
        let refused = register(a.raw(), f, 0, size, tally.ptr(), tally.drop_fn()).0;
        assert_eq!(refused, ASYNCHRON_E_INVALID);
    }
    assert_eq!(tally.drops(), 0, "it was not read, so nothing was handed over");
}

/// A context given to spawn is dropped on another thread: wait for it there.
#[test]
fn the_context_of_spawn() {
    let spawned = |prepare: fn(&Handle), f: asynchron_fn_t| {
        within(60, move || {
            let (a, tally) = (Handle::new(), Tally::new());
            prepare(&a);
            let status = unsafe { asynchron_spawn(a.raw(), f, tally.ptr(), tally.drop_fn()) };
            if status == ASYNCHRON_OK {
                a.wait(ASYNCHRON_FOREVER);
            }
            until(|| tally.drops() != 0);
            drop(a);
            assert_eq!(tally.drops(), 1);
            status
        })
    };
    assert_eq!(spawned(|_| (), Some(no_fn)), ASYNCHRON_OK);
    assert_eq!(
        spawned(
            |a| {
                a.set(b"x");
            },
            Some(no_fn)
        ),
        ASYNCHRON_OK
    );
    assert_eq!(
        spawned(
            |a| {
                a.cancel();
            },
            Some(no_fn)
        ),
        ASYNCHRON_OK
    );
    assert_eq!(spawned(|_| (), None), ASYNCHRON_E_INVALID);
    within(60, || {
        static DROPS: AtomicUsize = AtomicUsize::new(0);
        unsafe extern "C" fn count_elsewhere(p: *mut c_void) {
            DROPS.fetch_add(if p.is_null() { 1 } else { 100 }, SeqCst);
        }
        let a = Handle::new();
        let drop = Some(count_elsewhere as unsafe extern "C" fn(_));
        assert_eq!(
            unsafe { asynchron_spawn(a.raw(), Some(no_fn), null_mut(), drop) },
            ASYNCHRON_OK
        );
        a.wait(ASYNCHRON_FOREVER);
        until(|| DROPS.load(SeqCst) != 0);
        assert_eq!(DROPS.load(SeqCst), 1, "the pointer NULL");
    });
    once("no handle", |p, drop| {
        let status = unsafe { asynchron_spawn(null_mut(), Some(no_fn), p, drop) };
        assert_eq!(status, ASYNCHRON_E_INVALID);
    });
}

#[test]
fn the_context_of_after_and_then() {
    let then = |a: &Handle, into, f, p, drop| unsafe { asynchron_then(a.raw(), into, f, p, drop) };
    let after =
        |a: &Handle, into, f, p, drop| unsafe { asynchron_after(&a.raw(), 1, into, f, p, drop) };
    type Join<'a> = &'a dyn Fn(
        &Handle,
        *mut asynchron_t,
        asynchron_join_fn_t,
        *mut c_void,
        asynchron_drop_fn_t,
    ) -> *mut asynchron_t;
    let joins: [Join; 2] = [&then, &after];
    let f: asynchron_join_fn_t = Some(no_join);
    let completions: [fn(Handle); 4] = [
        |a| {
            a.set(b"x");
        },
        |a| {
            a.fail(1, "x");
        },
        |a| {
            a.cancel();
        },
        drop,
    ];
    for join in joins {
        for complete in completions {
            once("run, or passed on", |p, drop_ctx| {
                let a = Handle::new();
                let _into = Handle::owned(join(&a, null_mut(), f, p, drop_ctx));
                complete(a);
            });
        }
        once("nobody waits for it any more", |p, drop_ctx| {
            let a = Handle::new();
            drop(Handle::owned(join(&a, null_mut(), f, p, drop_ctx)));
            a.set(b"x");
        });
        once("cancelled before", |p, drop_ctx| {
            let (a, into) = (Handle::new(), Handle::new());
            drop(Handle::owned(join(&a, into.raw(), f, p, drop_ctx)));
            into.cancel();
            a.set(b"x");
        });
        once("into itself", |p, drop_ctx| {
            let a = Handle::new();
            assert!(join(&a, a.raw(), f, p, drop_ctx).is_null());
        });
        once("no function", |p, drop_ctx| {
            assert!(join(&Handle::new(), null_mut(), None, p, drop_ctx).is_null());
        });
    }
    once("no source", |p, drop| unsafe {
        assert!(asynchron_then(null_mut(), null_mut(), f, p, drop).is_null());
        // Each of these two is a call of its own, so the second one's pointer is none.
        assert!(asynchron_after(null(), 1, null_mut(), f, null_mut(), None).is_null());
    });
    once("a source that is NULL", |p, drop| unsafe {
        let a = Handle::new();
        let list = [a.raw(), null_mut()];
        assert!(asynchron_after(list.as_ptr(), 2, null_mut(), f, p, drop).is_null());
    });
}

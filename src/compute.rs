//! Functions that compute a value: called here and now, or on demand.

use std::ffi::c_void;

use crate::base::program::{Owned, abort_on_exception};
use crate::one::asynchron::Asynchron;
use crate::one::demand::{Demand, Function};
use crate::one::handle::Handle;
use crate::one::inside;
use crate::one::outcome::Outcome;
use crate::one::state::Seen;
use crate::one::wait::{self, WaitError};

/// Runs `function` if `a` is pending; or returns the state that forbids it.
pub(crate) fn call(a: &Asynchron, function: Function, ctx: Owned) -> Result<(), Seen> {
    let a = Handle::retain(a);
    a.state().start()?;
    run(&a, ctx, plain(function));
    Ok(())
}

/// Runs the function that moved `a` from PENDING to RUNNING, frees its context, and completes `a`
/// by what it returned, unless it was completed meanwhile, or follows another. After that, whoever waits for the
/// function's return goes on.
pub(crate) fn run(
    a: &Handle,
    ctx: Owned,
    function: impl FnOnce(*mut Asynchron, *mut c_void) -> i32,
) {
    let code = inside::run_as(a, || {
        let code = abort_on_exception("a function", || function(a.as_ptr(), ctx.ptr));
        drop(ctx);
        code
    });
    let completed = a.state().load().takes_return() && {
        // SAFETY: ALIVE: the handle is a reference.
        unsafe { Asynchron::complete_returned(a.as_non_null(), Outcome::of_return(code)) }.is_ok()
    };
    if !completed {
        a.state().end_function();
    }
}

/// A function of the program's, as [`run`] takes it.
pub(crate) fn plain(function: Function) -> impl FnOnce(*mut Asynchron, *mut c_void) -> i32 {
    // SAFETY: `run` calls it with the context that the program gave together with this function.
    move |a, ctx| unsafe { function(a, ctx) }
}

/// Blocks until `a` is complete. The first to ask a pending one that has a function on demand runs
/// it, to its end.
#[inline(never)]
pub(crate) fn compute_or_wait(a: &Asynchron, timeout_ns: u64) -> Result<Seen, WaitError> {
    let seen = a.state().load_for_detectors();
    if seen.is_complete() {
        return Ok(seen);
    }
    if timeout_ns != 0 && a.extras().is_some_and(|extras| extras.has_demand()) {
        // Whoever asks wants it, also while the function runs: until it is complete, or the time is up.
        let asked = Handle::retain(a);
        run_demand(a);
        return wait::until_complete(&asked, timeout_ns);
    }
    wait::until_complete(a, timeout_ns)
}

/// Whether the next to ask runs a function on demand.
pub(crate) fn waits_for_demand(a: &Asynchron) -> bool {
    a.state().load().is_pending() && a.extras().is_some_and(|extras| extras.has_demand())
}

#[cold]
fn run_demand(a: &Asynchron) {
    // Counted before it starts, as those suppose who ask whether it is wanted.
    let a = Handle::retain(a);
    let demand = a.start_on_demand().map(|demand| *demand);
    if let Some(Demand { function: Some(function), ctx, .. }) = demand {
        run(&a, ctx, plain(function));
    }
}

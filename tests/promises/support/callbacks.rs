//! Closures as the library's callbacks, and drops that are counted.

use super::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A panic must not unwind into the library: say so past the test runner's capture and stop.
fn guarded<T>(f: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?");
        let line = format!("panic in a callback of a promise test: {text}\n");
        unsafe { libc::write(2, line.as_ptr().cast(), line.len()) };
        std::process::abort()
    })
}

unsafe extern "C" fn run_notify<F: FnMut(*mut asynchron_t)>(a: *mut asynchron_t, ctx: *mut c_void) {
    guarded(|| unsafe { (*ctx.cast::<F>())(a) })
}

unsafe extern "C" fn run_fn<F: FnMut(*mut asynchron_t) -> i32>(
    a: *mut asynchron_t,
    ctx: *mut c_void,
) -> i32 {
    guarded(|| unsafe { (*ctx.cast::<F>())(a) })
}

unsafe extern "C" fn run_join<F: FnMut(*mut asynchron_t, &[*mut asynchron_t]) -> i32>(
    a: *mut asynchron_t,
    sources: *const *mut asynchron_t,
    n: usize,
    ctx: *mut c_void,
) -> i32 {
    let sources = if n == 0 { &[] } else { unsafe { std::slice::from_raw_parts(sources, n) } };
    guarded(|| unsafe { (*ctx.cast::<F>())(a, sources) })
}

unsafe extern "C" fn drop_box<T>(ctx: *mut c_void) {
    guarded(|| drop(unsafe { Box::from_raw(ctx.cast::<T>()) }))
}

fn boxed<T>(f: T) -> *mut c_void {
    Box::into_raw(Box::new(f)).cast()
}

/// Registers `f`; asserts OK and returns the token.
pub fn notify<F: FnMut(*mut asynchron_t) + Send + 'static>(a: &Handle, f: F) -> u64 {
    let mut token = 0;
    assert_eq!(notify_flags(a, 0, f, &mut token), ASYNCHRON_OK);
    token
}

pub fn notify_flags<F: FnMut(*mut asynchron_t) + Send + 'static>(
    a: &Handle,
    flags: u64,
    f: F,
    token: *mut u64,
) -> asynchron_status_t {
    let options = asynchron_notify_options_t {
        size: size_of::<asynchron_notify_options_t>(),
        r#fn: Some(run_notify::<F>),
        ctx: boxed(f),
        drop_ctx: Some(drop_box::<F>),
        flags,
        executor: null_mut(),
    };
    unsafe { asynchron_notify_with(a.raw(), &options, token) }
}

/// The same with an executor for it.
pub fn notify_on<F: FnMut(*mut asynchron_t) + Send + 'static>(
    executor: &Executor,
    a: &Handle,
    flags: u64,
    f: F,
    token: *mut u64,
) -> asynchron_status_t {
    let options = asynchron_notify_options_t {
        size: size_of::<asynchron_notify_options_t>(),
        r#fn: Some(run_notify::<F>),
        ctx: boxed(f),
        drop_ctx: Some(drop_box::<F>),
        flags,
        executor: executor.raw(),
    };
    unsafe { asynchron_notify_with(a.raw(), &options, token) }
}

/// Runs `f` here, as the function of `a`.
pub fn call<F: FnMut(*mut asynchron_t) -> i32>(a: &Handle, mut f: F) -> asynchron_status_t {
    unsafe { asynchron_call(a.raw(), Some(run_fn::<F>), (&raw mut f).cast()) }
}

pub fn spawn<F: FnMut(*mut asynchron_t) -> i32 + Send + 'static>(
    a: &Handle,
    f: F,
) -> asynchron_status_t {
    unsafe { asynchron_spawn(a.raw(), Some(run_fn::<F>), boxed(f), Some(drop_box::<F>)) }
}

pub fn spawn_on<F: FnMut(*mut asynchron_t) -> i32 + Send + 'static>(
    executor: &Executor,
    a: &Handle,
    f: F,
) -> asynchron_status_t {
    let (f, drop_ctx) = (boxed(f), Some(drop_box::<F> as unsafe extern "C" fn(_)));
    unsafe { asynchron_spawn_on(executor.raw(), a.raw(), Some(run_fn::<F>), f, drop_ctx) }
}

/// Options that ask for nothing.
pub const OPTIONS: asynchron_options_t = asynchron_options_t {
    size: size_of::<asynchron_options_t>(),
    name: null(),
    user_data: null_mut(),
    drop_user_data: None,
    on_demand: None,
    on_demand_ctx: null_mut(),
    drop_on_demand_ctx: None,
    reserve: 0,
    expire_after_ns: 0,
};

pub fn create_with(options: &asynchron_options_t) -> Handle {
    let mut out = null_mut();
    assert_eq!(unsafe { asynchron_create_with(options, &mut out) }, ASYNCHRON_OK);
    Handle::owned(out)
}

/// These options, with the function `f` on demand.
pub fn demanding<F: FnMut(*mut asynchron_t) -> i32 + Send + 'static>(
    options: asynchron_options_t,
    f: F,
) -> asynchron_options_t {
    asynchron_options_t {
        on_demand: Some(run_fn::<F>),
        on_demand_ctx: boxed(f),
        drop_on_demand_ctx: Some(drop_box::<F>),
        ..options
    }
}

pub fn on_demand<F: FnMut(*mut asynchron_t) -> i32 + Send + 'static>(f: F) -> Handle {
    create_with(&demanding(OPTIONS, f))
}

/// An asynchron with user data.
pub fn with_user_data(data: *mut c_void, drop: asynchron_drop_fn_t) -> Handle {
    create_with(&asynchron_options_t { user_data: data, drop_user_data: drop, ..OPTIONS })
}

/// An asynchron with room for a value.
pub fn reserved(reserve: usize) -> Handle {
    create_with(&asynchron_options_t { reserve, ..OPTIONS })
}

pub fn after<F>(sources: &[Handle], into: Option<&Handle>, f: F) -> Handle
where
    F: FnMut(*mut asynchron_t, &[*mut asynchron_t]) -> i32 + Send + 'static,
{
    let list = handle::raws(sources);
    let into = into.map_or(null_mut(), Handle::raw);
    let (n, drop_ctx) = (list.len(), Some(drop_box::<F> as unsafe extern "C" fn(_)));
    Handle::owned(unsafe {
        asynchron_after(list.as_ptr(), n, into, Some(run_join::<F>), boxed(f), drop_ctx)
    })
}

pub fn then<F>(a: &Handle, into: Option<&Handle>, f: F) -> Handle
where
    F: FnMut(*mut asynchron_t, &[*mut asynchron_t]) -> i32 + Send + 'static,
{
    let into = into.map_or(null_mut(), Handle::raw);
    let drop_ctx = Some(drop_box::<F> as unsafe extern "C" fn(_));
    Handle::owned(unsafe { asynchron_then(a.raw(), into, Some(run_join::<F>), boxed(f), drop_ctx) })
}

/// The same for the ways of ending that the flags say.
pub fn then_with<F>(a: &Handle, into: Option<&Handle>, flags: u64, f: F) -> Handle
where
    F: FnMut(*mut asynchron_t, &[*mut asynchron_t]) -> i32 + Send + 'static,
{
    let (options, mut out) = (step_options(flags, f), null_mut());
    let into = into.map_or(null_mut(), Handle::raw);
    let status = unsafe { asynchron_then_with(a.raw(), into, &options, &mut out) };
    assert_eq!(status, ASYNCHRON_OK);
    Handle::owned(out)
}

/// One of asynchron_all(), asynchron_any() and asynchron_race().
pub type GroupFn =
    unsafe extern "C" fn(*const *mut asynchron_t, usize, *mut asynchron_t, u64) -> *mut asynchron_t;

pub fn group(as_one: GroupFn, sources: &[Handle], into: Option<&Handle>, flags: u64) -> Handle {
    let (list, into) = (handle::raws(sources), into.map_or(null_mut(), Handle::raw));
    Handle::owned(unsafe { as_one(list.as_ptr(), list.len(), into, flags) })
}

pub fn step_options<F>(flags: u64, f: F) -> asynchron_step_options_t
where
    F: FnMut(*mut asynchron_t, &[*mut asynchron_t]) -> i32 + Send + 'static,
{
    asynchron_step_options_t {
        size: size_of::<asynchron_step_options_t>(),
        r#fn: Some(run_join::<F>),
        ctx: boxed(f),
        drop_ctx: Some(drop_box::<F>),
        flags,
        executor: null_mut(),
    }
}

/// Something to hand over: a pointer whose drop is counted. It outlives the test, so that a drop that runs twice
/// is counted too and not a crash.
#[derive(Clone, Copy)]
pub struct Tally(&'static AtomicUsize);

impl Tally {
    pub fn new() -> Self {
        Tally(Box::leak(Box::new(AtomicUsize::new(0))))
    }

    pub fn ptr(self) -> *mut c_void {
        std::ptr::from_ref(self.0).cast_mut().cast()
    }

    /// How often the drop has run.
    pub fn drops(self) -> usize {
        self.0.load(SeqCst)
    }

    pub fn drop_fn(self) -> asynchron_drop_fn_t {
        Some(count)
    }
}

unsafe extern "C" fn count(p: *mut c_void) {
    unsafe { &*p.cast::<AtomicUsize>() }.fetch_add(1, SeqCst);
}

/// Runs `f` when it is dropped: what a closure owns shows when its context is dropped.
pub struct OnDrop<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)()
    }
}

/// A drop function that releases the handle it is given.
pub unsafe extern "C" fn release_it(p: *mut c_void) {
    unsafe { asynchron_release(p.cast()) }
}

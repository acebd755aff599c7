//! What the library in Rust does with its share: see share.h. It is a cdylib over the C interface, without a crate.
#![deny(unsafe_op_in_unsafe_fn)]

use std::ffi::{c_char, c_int, c_void, CStr, CString};
use std::ptr::{null, null_mut};
use std::sync::{Arc, Condvar, Mutex};

/// An asynchron of C's.
#[repr(C)]
pub struct Raw {
    _opaque: [u8; 0],
}

#[repr(C)]
struct Value {
    data: *const c_void,
    len: usize,
}

#[repr(C)]
struct Failure {
    code: i32,
    domain: *const c_char,
    message: *const c_char,
    payload: *const c_void,
}

type Drop = extern "C" fn(*mut c_void);

#[repr(C)]
struct NotifyOptions {
    size: usize,
    call: extern "C" fn(*mut Raw, *mut c_void),
    ctx: *mut c_void,
    drop_ctx: Option<Drop>,
    flags: u64,
    executor: *mut c_void,
}

#[link(name = "asynchron")]
extern "C" {
    fn asynchron_create(name: *const c_char) -> *mut Raw;
    fn asynchron_retain(a: *mut Raw) -> *mut Raw;
    fn asynchron_release(a: *mut Raw);
    fn asynchron_drop(a: *mut c_void);
    fn asynchron_poll(a: *const Raw) -> i32;
    fn asynchron_set_bytes(a: *mut Raw, data: *const c_void, len: usize) -> i32;
    fn asynchron_set_pointer(
        a: *mut Raw,
        ptr: *mut c_void,
        drop: Option<unsafe extern "C" fn(*mut c_void)>,
    ) -> i32;
    fn asynchron_fail_with(
        a: *mut Raw,
        code: i32,
        domain: *const c_char,
        message: *const c_char,
        payload: *mut c_void,
        drop: Option<Drop>,
    ) -> i32;
    fn asynchron_cancel_with(a: *mut Raw, reason: *const c_char) -> i32;
    fn asynchron_get(a: *mut Raw, out: *mut Value) -> i32;
    fn asynchron_wait(a: *mut Raw, timeout_ns: u64) -> i32;
    fn asynchron_error(a: *mut Raw, out: *mut Failure) -> i32;
    fn asynchron_notify_with(a: *mut Raw, options: *const NotifyOptions, token: *mut u64) -> i32;
}

const OK: i32 = 0;
const FAILED: i32 = 1;
const CANCELLED: i32 = 2;
const FOREVER: u64 = u64::MAX;

/// The kinds of share.h.
const PERIOD: u32 = 16;

#[repr(C)]
pub struct Share {
    all: *const *mut Raw,
    gate: *mut Raw,
    late: *mut Raw,
    done: *mut Raw,
    count: u32,
    hosts: u32,
    host: u32,
    won: u32,
    refused: u32,
    told: u32,
}

/// A handle that is valid for as long as it is used here.
#[derive(Clone, Copy)]
struct Handle(*mut Raw);

impl Handle {
    fn value(self) -> Value {
        let mut value = Value { data: null(), len: 0 };
        // SAFETY: the handle is valid, and the value writable.
        assert_eq!(unsafe { asynchron_get(self.0, &mut value) }, OK, "there is no value");
        value
    }

    fn number(self) -> i64 {
        let value = self.value();
        assert_eq!(value.len, 8);
        // SAFETY: so many bytes are there, for as long as the handle.
        unsafe { value.data.cast::<i64>().read_unaligned() }
    }

    /// The message of a failure, or the reason of a cancel.
    fn message(self, status: i32) -> String {
        let mut failure = Failure { code: 0, domain: null(), message: null(), payload: null() };
        // SAFETY: the handle is valid, the failure writable, and its strings live as long as the handle.
        unsafe {
            assert_eq!(asynchron_wait(self.0, FOREVER), OK);
            assert_eq!(asynchron_poll(self.0), status, "it has ended otherwise");
            assert!(asynchron_error(self.0, &mut failure) >= OK);
            CStr::from_ptr(failure.message).to_str().expect("UTF-8").to_owned()
        }
    }

    fn set(self, bytes: &[u8]) -> i32 {
        // SAFETY: the handle is valid, and the bytes are there.
        unsafe { asynchron_set_bytes(self.0, bytes.as_ptr().cast(), bytes.len()) }
    }

    /// Delivers what a function returned.
    fn set_result(self, number: i64, result: Result<i64, String>) -> i32 {
        match result {
            Ok(value) => self.set(&value.to_ne_bytes()),
            Err(message) => {
                let message = CString::new(message).expect("no zero inside");
                // SAFETY: the handle is valid, and the strings are copied.
                unsafe {
                    asynchron_fail_with(
                        self.0,
                        number as i32,
                        c"rust".as_ptr(),
                        message.as_ptr(),
                        null_mut(),
                        None,
                    )
                }
            }
        }
    }

    fn cancel(self, reason: String) -> i32 {
        let reason = CString::new(reason).expect("no zero inside");
        // SAFETY: the handle is valid, and the reason is copied.
        unsafe { asynchron_cancel_with(self.0, reason.as_ptr()) }
    }

    /// Hands over an asynchron that is made here, and then delivers into that.
    fn make(self, value: i64) -> i32 {
        // SAFETY: `made` has two references: one goes with the pointer, and the other is released here.
        unsafe {
            let made = asynchron_create(null());
            assert!(!made.is_null());
            let status =
                asynchron_set_pointer(self.0, asynchron_retain(made).cast(), Some(asynchron_drop));
            assert_eq!(Handle(made).set(&value.to_ne_bytes()), OK);
            asynchron_release(made);
            status
        }
    }
}

/// The number, unless it is one of those that fail.
fn compute(number: i64, fails: bool) -> Result<i64, String> {
    if fails {
        return Err(format!("rust fails {number}"));
    }
    Ok((number << 20) + 44)
}

fn deliver(round: u32, a: Handle, number: i64, other: impl Fn(u32) -> Handle) -> i32 {
    match if round == 0 { 1 } else { round % PERIOD } {
        0 => a.set(&(Handle(other(2).value().data.cast_mut().cast()).number() + 1).to_ne_bytes()),
        3 => a.set(&(other(1).number() + 1).to_ne_bytes()),
        7 => a.set(other(2).message(FAILED).as_bytes()),
        9 => a.cancel(format!("rust cancels {number}")),
        11 => a.set(other(2).message(CANCELLED).as_bytes()),
        14 => a.make((number << 20) + 44),
        15 if round / PERIOD % 2 == 1 => {
            // SAFETY: the handle is valid.
            assert_eq!(unsafe { asynchron_wait(a.0, FOREVER) }, OK);
            a.set_result(number, compute(number, false))
        }
        kind => a.set_result(number, compute(number, kind == 5)),
    }
}

/// How many have ended, and how many of those by a cancel.
type Told = (Mutex<(u32, u32)>, Condvar);

extern "C" fn tell(a: *mut Raw, ctx: *mut c_void) {
    // SAFETY: `ctx` is what `listen` has handed over, and is dropped after this; the handle is valid.
    let (told, cancelled) = unsafe { (&*ctx.cast::<Told>(), asynchron_poll(a) == CANCELLED) };
    let mut counts = told.0.lock().unwrap();
    counts.0 += 1;
    counts.1 += u32::from(cancelled);
    told.1.notify_one();
}

extern "C" fn drop_told(ctx: *mut c_void) {
    // SAFETY: it comes from `Arc::into_raw`, and this is called once for each.
    drop(unsafe { Arc::from_raw(ctx.cast::<Told>()) });
}

fn listen(a: Handle, told: &Arc<Told>) {
    let ctx = Arc::into_raw(told.clone()).cast_mut().cast();
    let size = size_of::<NotifyOptions>();
    let options = NotifyOptions {
        size,
        call: tell,
        ctx,
        drop_ctx: Some(drop_told),
        flags: 0,
        executor: null_mut(),
    };
    // SAFETY: the handle and the options are valid; `ctx` goes with its drop. This library stays loaded.
    assert_eq!(unsafe { asynchron_notify_with(a.0, &options, null_mut()) }, OK);
}

fn run(share: &mut Share) {
    let (hosts, host, all) = (share.hosts, share.host, share.all);
    // SAFETY: there are `count` of them, and C keeps them.
    let at = |round: u32, host: u32| Handle(unsafe { *all.add((round * hosts + host) as usize) });
    let told = Arc::new((Mutex::new((0, 0)), Condvar::new()));
    let rounds = share.count / hosts;
    let raced = (15..rounds).step_by(PERIOD as usize);
    raced.clone().for_each(|round| listen(at(round, host), &told));
    for round in 0..rounds {
        let there = (host + 1 + round / PERIOD % (hosts - 1)) % hosts;
        let number = i64::from(round * hosts + host);
        match deliver(round, at(round, host), number, |ago| at(round - ago, there)) {
            OK => share.won += 1,
            CANCELLED => share.refused += 1,
            status => panic!("number {number} was refused: {status}"),
        }
    }
    let raced = raced.count() as u32;
    share.told = told.1.wait_while(told.0.lock().unwrap(), |counts| counts.0 < raced).unwrap().1;
    assert_eq!(Handle(share.done).set(&[]), OK);
    assert_eq!(Handle(share.gate).message(CANCELLED), "C closes the gate");
    listen(Handle(share.late), &told); // it comes, since nobody unloads this library
}

/// A panic does not leave Rust.
///
/// # Safety
///
/// As share.h has it.
#[no_mangle]
pub unsafe extern "C" fn rust_host(share: *mut Share) -> c_int {
    // SAFETY: it is C's, and nobody else's for so long.
    let share = unsafe { &mut *share };
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(share))) {
        Ok(()) => 0,
        Err(_) => -1,
    }
}

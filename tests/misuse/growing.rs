//! Structs that grow: option structs of every size from 0 to well beyond the known one, each laid
//! out so that the memory right behind it cannot be read, with the tail zero, and non-zero at every
//! byte.

use std::ffi::c_void;
use std::mem::offset_of;
use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::{OPTIONS, mark, notify_options, works};
use crate::compute::CREATE;
use crate::limit;
use crate::steps::full;
use crate::tally::{self, DROP, FN, NOTIFY};

/// How much larger than known; more than any release will add at once.
const TAIL: usize = 72;

/// What the token is before the call.
const NO_TOKEN: u64 = u64::MAX;

/// One page of memory, and behind it one that must not be touched.
struct Edge {
    start: *mut u8,
    page: usize,
}

impl Edge {
    fn new() -> Self {
        unsafe {
            let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap();
            let (read_write, private) =
                (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANON);
            let start = libc::mmap(null_mut(), 2 * page, read_write, private, -1, 0);
            assert_ne!(start, libc::MAP_FAILED);
            assert_eq!(libc::mprotect(start.byte_add(page), page, libc::PROT_NONE), 0);
            Self { start: start.cast(), page }
        }
    }

    /// The first `size` bytes of `whole`, its own size field among them, at the edge. Where the
    /// alignment leaves a gap, it is filled with ones, to be seen if it counts as tail.
    fn place(&self, whole: &[u8], size: usize) -> *const c_void {
        let room = size.max(size_of::<usize>()).next_multiple_of(align_of::<usize>());
        unsafe {
            let at = self.start.add(self.page - room);
            at.write_bytes(0xff, room);
            at.copy_from_nonoverlapping(whole.as_ptr(), size);
            at.cast::<usize>().write(size);
            at.cast()
        }
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.start.cast(), 2 * self.page) };
    }
}

/// The bytes of `known`, and a tail that is zero but for the byte at `wrong`.
fn with_tail<T>(known: &T, wrong: Option<usize>) -> Vec<u8> {
    let bytes =
        unsafe { std::slice::from_raw_parts((&raw const *known).cast::<u8>(), size_of::<T>()) };
    let mut whole = bytes.to_vec();
    whole.resize(size_of::<T>() + TAIL, 0);
    if let Some(wrong) = wrong {
        whole[size_of::<T>() + wrong] = 1;
    }
    whole
}

/// Tries every size, and every place of a non-zero byte; `call` returns the status and how many
/// functions ran and things were dropped.
fn every_size<T>(
    first_release: usize,
    known: &T,
    accepted: [u32; 2],
    refused: [u32; 2],
    call: impl Fn(*const c_void) -> Tried,
) {
    let edge = Edge::new();
    for size in 0..first_release {
        let tried = call(edge.place(&with_tail(known, None), size));
        assert_eq!(tried, (ASYNCHRON_E_INVALID, [0, 0]), "size {size}");
    }
    for size in first_release..=size_of::<T>() + TAIL {
        let tried = call(edge.place(&with_tail(known, None), size));
        assert_eq!(tried, (ASYNCHRON_OK, accepted), "size {size}, zero tail");
        for wrong in 0..size.saturating_sub(size_of::<T>()) {
            let tried = call(edge.place(&with_tail(known, Some(wrong)), size));
            assert_eq!(
                tried,
                (ASYNCHRON_E_INVALID, refused),
                "size {size}, byte {wrong} of the tail"
            );
        }
    }
}

type Tried = (asynchron_status_t, [u32; 2]);

fn tried(call: impl FnOnce() -> asynchron_status_t) -> Tried {
    tally::reset();
    (call(), [tally::runs(), tally::null_drops()])
}

#[test]
fn options_of_every_size() {
    limit::within(|_| {
        let known = asynchron_options_t {
            drop_user_data: DROP,
            on_demand: FN,
            drop_on_demand_ctx: DROP,
            ..OPTIONS
        };
        let first_release = offset_of!(asynchron_options_t, reserve);
        every_size(first_release, &known, [0, 2], [0, 2], |options| {
            tried(|| {
                let mut a = mark();
                let status = unsafe { asynchron_create_with(options.cast(), &mut a) };
                assert_eq!(a == mark(), status != ASYNCHRON_OK, "out is written only with OK");
                if status == ASYNCHRON_OK {
                    works(a);
                }
                status
            })
        });
    });
}

#[test]
fn notify_options_of_every_size() {
    limit::within(|_| {
        let known =
            asynchron_notify_options_t { drop_ctx: DROP, ..notify_options(NOTIFY, null_mut()) };
        let first_release = offset_of!(asynchron_notify_options_t, executor);
        every_size(first_release, &known, [1, 1], [0, 1], |options| {
            tried(|| {
                let (a, mut token) = unsafe { (asynchron_create(null()), NO_TOKEN) };
                let status = unsafe { asynchron_notify_with(a, options.cast(), &mut token) };
                assert_eq!(
                    token == NO_TOKEN,
                    status != ASYNCHRON_OK,
                    "the token is written only with OK"
                );
                works(a);
                status
            })
        });
    });
}

#[test]
fn step_options_of_every_size() {
    step_options(|source, options, out| unsafe {
        asynchron_then_with(source, null_mut(), options, out)
    });
    step_options(|source, options, out| unsafe {
        asynchron_after_with(&source, 1, null_mut(), options, out)
    });
}

type Step = fn(
    *mut asynchron_t,
    *const asynchron_step_options_t,
    *mut *mut asynchron_t,
) -> asynchron_status_t;

fn step_options(step: Step) {
    limit::within(move |_| {
        let first_release = size_of::<asynchron_step_options_t>();
        every_size(first_release, &full(null_mut()), [1, 1], [0, 1], |options| {
            tried(|| unsafe {
                let (source, mut into) = (asynchron_create(null()), mark());
                assert_eq!(asynchron_cancel(source), ASYNCHRON_OK);
                let status = step(source, options.cast(), &mut into);
                assert_eq!(into == mark(), status != ASYNCHRON_OK, "out is written only with OK");
                if status == ASYNCHRON_OK {
                    assert_eq!(asynchron_poll(into), ASYNCHRON_OK);
                    asynchron_release(into);
                }
                asynchron_release(source);
                status
            })
        });
    });
}

#[test]
fn executor_options_of_every_size() {
    limit::within(|_| {
        let known = asynchron_executor_options_t { drop_ctx: DROP, ..CREATE };
        let first_release = size_of::<asynchron_executor_options_t>();
        every_size(first_release, &known, [0, 1], [0, 1], |options| {
            tried(|| unsafe {
                let mut e = mark();
                let status = asynchron_executor_create(options.cast(), &mut e);
                assert_eq!(e == mark(), status != ASYNCHRON_OK, "out is written only with OK");
                if status == ASYNCHRON_OK {
                    asynchron_executor_release(e);
                }
                status
            })
        });
    });
}

const KNOWN: u64 =
    ASYNCHRON_NOTIFY_IF_PENDING | ASYNCHRON_ON_VALUE | ASYNCHRON_ON_FAILURE | ASYNCHRON_ON_CANCEL;

#[test]
fn every_unknown_flag_is_refused() {
    limit::within(|_| {
        for bit in 0..64 {
            let flags = 1u64 << bit;
            if flags & KNOWN != 0 {
                continue;
            }
            for flags in [flags, flags | ASYNCHRON_NOTIFY_IF_PENDING] {
                let options = asynchron_notify_options_t {
                    drop_ctx: DROP,
                    flags,
                    ..notify_options(NOTIFY, null_mut())
                };
                let result = tried(|| unsafe {
                    let (a, mut token) = (asynchron_create(null()), NO_TOKEN);
                    let status = asynchron_notify_with(a, &options, &mut token);
                    assert_eq!(token, NO_TOKEN);
                    works(a);
                    status
                });
                assert_eq!(result, (ASYNCHRON_E_INVALID, [0, 1]), "flags {flags:#x}");
            }
        }
    });
}

#[test]
fn if_pending_registers_on_a_pending_one() {
    limit::within(|_| {
        let options = asynchron_notify_options_t {
            drop_ctx: DROP,
            flags: ASYNCHRON_NOTIFY_IF_PENDING,
            ..notify_options(NOTIFY, null_mut())
        };
        let result = tried(|| unsafe {
            let (a, mut token) = (asynchron_create(null()), NO_TOKEN);
            let status = asynchron_notify_with(a, &options, &mut token);
            assert!(token != 0 && token != NO_TOKEN, "the token {token}");
            works(a);
            status
        });
        assert_eq!(result, (ASYNCHRON_OK, [1, 1]));
    });
}

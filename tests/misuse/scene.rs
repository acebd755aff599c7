//! What a row finds, and what it must leave as it was: handles in several states, reports, and out
//! parameters with marks in them.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut, without_provenance_mut};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use asynchron::capi::asynchron_state_t::*;
use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::{MARK, OPTIONS, error_of, mark, notify_options, value_of};
use crate::tally::{self, DROP, count_in_ctx};

#[derive(Default)]
struct Counters {
    /// The user data of each handle, by its drop: 1 once the last reference is gone.
    gone: [AtomicU32; 4],
    /// Calls of the callbacks registered on `pending`.
    told: AtomicU32,
    handed_over: AtomicU32,
}

pub struct Scene {
    counters: Box<Counters>,
    /// Has two callbacks, one of them with the token `token_of_pending`; in two reports.
    pub pending: *mut asynchron_t,
    pub token_of_pending: u64,
    /// Its value is the four bytes "done"; in `report`.
    pub ready: *mut asynchron_t,
    /// With code 5, and "no such thing" as its message.
    pub failed: *mut asynchron_t,
    pub cancelled: *mut asynchron_t,
    /// Pending, without a name until somebody asks for it.
    pub unnamed: *mut asynchron_t,
    /// Holds `ready` and `pending`.
    pub report: *mut asynchron_report_t,
    /// Holds `pending` alone.
    pub waiting: *mut asynchron_report_t,
    /// Holds nothing.
    pub empty: *mut asynchron_report_t,
    // Out parameters, with marks in them.
    pub value: asynchron_value_t,
    pub error: asynchron_error_t,
    pub item: asynchron_item_t,
    pub items: [asynchron_item_t; 2],
    pub handle: *mut asynchron_t,
    pub number: usize,
    pub token: u64,
    pub bytes: [u8; 16],
}

fn marked_item() -> asynchron_item_t {
    asynchron_item_t { asynchron: mark(), tag: mark() }
}

fn is_marked(item: &asynchron_item_t) -> bool {
    item.asynchron == mark() && item.tag == mark()
}

/// The tag of `ready` in `report`.
fn tag() -> *mut c_void {
    without_provenance_mut(0x7a6)
}

fn made(name: &CStr, gone: &AtomicU32) -> *mut asynchron_t {
    let mut a = null_mut();
    let user_data = (&raw const *gone).cast_mut().cast();
    let options =
        asynchron_options_t { name: name.as_ptr(), user_data, drop_user_data: DROP, ..OPTIONS };
    assert_eq!(unsafe { asynchron_create_with(&options, &mut a) }, ASYNCHRON_OK);
    a
}

impl Scene {
    pub fn new() -> Self {
        let counters = Box::<Counters>::default();
        let [pending, ready, failed, cancelled] =
            [(c"pending", 0), (c"ready", 1), (c"failed", 2), (c"cancelled", 3)]
                .map(|(name, place)| made(name, &counters.gone[place]));
        let told = (&raw const counters.told).cast_mut().cast::<c_void>();
        let mut token_of_pending = 0;
        let (report, waiting, empty);
        unsafe {
            let options = notify_options(Some(count_in_ctx), told);
            let registered = asynchron_notify_with(pending, &options, &mut token_of_pending);
            assert_eq!(registered, ASYNCHRON_OK);
            assert_eq!(asynchron_notify(pending, Some(count_in_ctx), told), ASYNCHRON_OK);
            assert_eq!(asynchron_set_bytes(ready, c"done".as_ptr().cast(), 4), ASYNCHRON_OK);
            assert_eq!(asynchron_fail(failed, 5, c"no such thing".as_ptr()), ASYNCHRON_OK);
            assert_eq!(asynchron_cancel(cancelled), ASYNCHRON_OK);
            report = asynchron_report_create(&pending, 1);
            assert_eq!(asynchron_report_add(report, ready, tag()), ASYNCHRON_OK);
            waiting = asynchron_report_create(&pending, 1);
            empty = asynchron_report_create(null(), 0);
        }
        Self {
            counters,
            pending,
            token_of_pending,
            ready,
            failed,
            cancelled,
            unnamed: unsafe { asynchron_create(null()) },
            report,
            waiting,
            empty,
            value: asynchron_value_t { data: mark(), len: MARK },
            error: asynchron_error_t {
                code: 0x5eed,
                domain: mark(),
                message: mark(),
                payload: mark(),
            },
            item: marked_item(),
            items: [marked_item(), marked_item()],
            handle: mark(),
            number: MARK,
            token: MARK as u64,
            bytes: [0x5e; 16],
        }
    }

    /// Something to hand over together with `DROP`.
    pub fn thing(&self) -> *mut c_void {
        (&raw const self.counters.handed_over).cast_mut().cast()
    }

    /// Drops of `thing`, and of NULL.
    pub fn drops(&self) -> u32 {
        self.counters.handed_over.load(SeqCst) + tally::null_drops()
    }

    /// Whether `handle` has been written as an out parameter.
    pub fn handle_is_marked(&self) -> bool {
        self.handle == mark()
    }

    pub fn check_unchanged(&self) {
        self.check_out_parameters();
        let handles = [
            (self.pending, c"pending", ASYNCHRON_STATE_PENDING, ASYNCHRON_PENDING),
            (self.ready, c"ready", ASYNCHRON_STATE_READY, ASYNCHRON_OK),
            (self.failed, c"failed", ASYNCHRON_STATE_READY, ASYNCHRON_FAILED),
            (self.cancelled, c"cancelled", ASYNCHRON_STATE_CANCELLED, ASYNCHRON_CANCELLED),
        ];
        for ((a, name, state, status), gone) in handles.into_iter().zip(&self.counters.gone) {
            unsafe {
                assert_eq!(gone.load(SeqCst), 0, "references of {name:?}");
                assert_eq!(asynchron_state(a), state, "the state of {name:?}");
                assert_eq!(asynchron_poll(a), status, "poll of {name:?}");
                assert_eq!(CStr::from_ptr(asynchron_name(a)), name, "the name");
                assert_eq!(
                    asynchron_user_data(a),
                    (&raw const *gone).cast_mut().cast(),
                    "user data"
                );
            }
        }
        assert_eq!(self.counters.told.load(SeqCst), 0, "a callback on pending ran");
        assert_eq!(
            unsafe { asynchron_poll(self.unnamed) },
            ASYNCHRON_PENDING,
            "poll of the unnamed one"
        );
        for (report, held) in [(self.report, 2), (self.waiting, 1), (self.empty, 0)] {
            assert_eq!(unsafe { asynchron_report_pending(report) }, held, "report_pending");
        }
    }

    fn check_out_parameters(&self) {
        let value = self.value.data == mark::<c_void>() && self.value.len == MARK;
        assert!(value, "the value given as out was written");
        let texts = [self.error.domain, self.error.message];
        let error = self.error.code == 0x5eed && self.error.payload == mark::<c_void>();
        assert!(
            error && texts == [mark::<c_char>().cast_const(); 2],
            "the error given as out was written"
        );
        let items = is_marked(&self.item) && self.items.iter().all(is_marked);
        assert!(items, "an item given as out was written");
        assert!(self.handle_is_marked(), "the handle given as out was written");
        assert_eq!((self.number, self.token), (MARK, MARK as u64), "a number given as out");
        assert_eq!(self.bytes, [0x5e; 16], "the buffer was written");
    }

    /// The use that a following program makes of everything.
    pub fn check_that_it_works(&mut self) {
        assert_eq!(self.next(self.report), (ASYNCHRON_OK, self.ready, tag()));
        assert_eq!(self.next(self.report).0, ASYNCHRON_TIMEOUT);
        assert_eq!(self.next(self.empty).0, ASYNCHRON_END);
        assert_eq!(value_of(self.ready), (ASYNCHRON_OK, b"done".to_vec()));
        assert_eq!(error_of(self.failed), (ASYNCHRON_OK, 5, c"no such thing".to_owned()));
        assert_eq!(error_of(self.cancelled), (ASYNCHRON_OK, 0, c"".to_owned()));
        let name = unsafe { CStr::from_ptr(asynchron_name(self.unnamed)) };
        assert!(
            name.to_bytes().starts_with(b"asynchron-"),
            "the name made when first asked: {name:?}"
        );
        let set = unsafe { asynchron_set_bytes(self.pending, c"late".as_ptr().cast(), 4) };
        assert_eq!(set, ASYNCHRON_OK, "delivering to pending");
        assert_eq!(self.counters.told.load(SeqCst), 2, "the callbacks on pending");
        assert_eq!(value_of(self.pending), (ASYNCHRON_OK, b"late".to_vec()));
        for report in [self.report, self.waiting] {
            assert_eq!(self.next(report), (ASYNCHRON_OK, self.pending, null_mut()));
            assert_eq!(self.next(report).0, ASYNCHRON_END);
        }
    }

    /// What a report has; a reference that comes with it is given up at once.
    fn next(
        &self,
        report: *mut asynchron_report_t,
    ) -> (asynchron_status_t, *mut asynchron_t, *mut c_void) {
        let mut item = marked_item();
        let status = unsafe { asynchron_report_next(report, 0, &mut item) };
        if status == ASYNCHRON_OK {
            unsafe { asynchron_release(item.asynchron) };
        }
        (status, item.asynchron, item.tag)
    }

    /// Gives up every reference, which must be the last of each handle. Returns `drops`.
    pub fn release(self) -> u32 {
        unsafe {
            for report in [self.report, self.waiting, self.empty] {
                asynchron_report_release(report);
            }
            for a in [self.pending, self.ready, self.failed, self.cancelled, self.unnamed] {
                asynchron_release(a);
            }
            if !self.handle_is_marked() {
                asynchron_release(self.handle);
            }
        }
        let gone = self.counters.gone.each_ref().map(|gone| gone.load(SeqCst));
        assert_eq!(gone, [1; 4], "drops of pending, ready, failed and cancelled");
        self.drops()
    }
}

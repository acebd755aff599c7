//! Rule 16: out pointers are written only with OK; which may be NULL; empty and copied values.

use crate::support::handle::raws;
use crate::support::*;

const MARK: usize = 0xABCD;

fn marked_value() -> asynchron_value_t {
    asynchron_value_t { data: MARK as *const c_void, len: MARK }
}

/// One of every kind that has no value to give: pending, failed, cancelled; and NULL.
fn valueless() -> Vec<(*mut asynchron_t, Handle)> {
    let [pending, failed, cancelled, spare] = std::array::from_fn(|_| Handle::new());
    failed.fail(1, "x");
    cancelled.cancel();
    let list = [pending, failed, cancelled].map(|a| (a.raw(), a));
    list.into_iter().chain([(null_mut(), spare)]).collect()
}

#[test]
fn values_are_written_only_with_ok() {
    within(60, || {
        for (raw, a) in valueless() {
            let mut v = marked_value();
            for timeout in [0, 1, MS] {
                let status = unsafe { asynchron_get_timeout(raw, timeout, &mut v) };
                assert_ne!(status, ASYNCHRON_OK);
            }
            if raw.is_null() || a.poll() != ASYNCHRON_PENDING {
                assert_ne!(unsafe { asynchron_get(raw, &mut v) }, ASYNCHRON_OK);
                let (mut buffer, mut len) = ([7u8; 8], MARK);
                let p = buffer.as_mut_ptr().cast();
                let status = unsafe { asynchron_get_bytes(raw, p, 8, &mut len) };
                assert_eq!((status == ASYNCHRON_OK, buffer, len), (false, [7; 8], MARK));
            }
            call(&a, |me| {
                let status = unsafe { asynchron_get_timeout(me, 0, &mut v) };
                assert_eq!(status, ASYNCHRON_E_DEADLOCK);
                0
            });
            assert_eq!((v.data as usize, v.len), (MARK, MARK));
        }
    });
}

#[test]
fn errors_are_written_only_with_ok() {
    let (pending, value) = (Handle::new(), Handle::new());
    value.set(b"x");
    for raw in [pending.raw(), value.raw(), null_mut()] {
        let mark = MARK as *const c_char;
        let mut e =
            asynchron_error_t { code: 77, domain: mark, message: mark, payload: mark.cast() };
        assert_ne!(unsafe { asynchron_error(raw, &mut e) }, ASYNCHRON_OK);
        let seen = [e.domain as usize, e.message as usize, e.payload as usize];
        assert_eq!((e.code, seen), (77, [MARK; 3]));
    }
}

#[test]
fn items_and_indices_are_written_only_with_ok() {
    within(60, || {
        let (r, a) = (Report::new(), Handle::new());
        let (mark, mut n) = ((MARK as *mut asynchron_t, MARK as *mut c_void), MARK);
        let mut item = asynchron_item_t { asynchron: mark.0, tag: mark.1 };
        let mut check = |expected, cap| {
            for timeout in [0, MS] {
                if expected == ASYNCHRON_WOKEN {
                    r.wake();
                    r.wake();
                }
                n = MARK;
                unsafe {
                    let next = asynchron_report_next(r.raw(), timeout, &mut item);
                    let batch =
                        asynchron_report_next_batch(r.raw(), timeout, &mut item, cap, &mut n);
                    assert_eq!((next, batch, n), (expected, expected, 0));
                }
                assert_eq!((item.asynchron, item.tag), mark);
            }
        };
        check(ASYNCHRON_END, 1);
        r.add(&a, 1);
        check(ASYNCHRON_TIMEOUT, 1);
        check(ASYNCHRON_WOKEN, 1);
        unsafe {
            let status = asynchron_report_next(null_mut(), 0, &mut item);
            assert_eq!(status, ASYNCHRON_E_INVALID);
            n = MARK;
            let status = asynchron_report_next_batch(null_mut(), 0, &mut item, 1, &mut n);
            assert_eq!((status, n), (ASYNCHRON_E_INVALID, 0));
        }
        assert_eq!((item.asynchron, item.tag), mark);

        let list = raws(&[a.clone(), a.clone()]);
        let mut index = MARK;
        let mut any =
            |timeout| unsafe { (asynchron_wait_any(list.as_ptr(), 2, timeout, &mut index), index) };
        assert_eq!(any(0), (ASYNCHRON_TIMEOUT, MARK));
        assert_eq!(any(MS), (ASYNCHRON_TIMEOUT, MARK));
        call(&a, |_| {
            assert_eq!(any(ASYNCHRON_FOREVER), (ASYNCHRON_E_DEADLOCK, MARK));
            0
        });
    });
}

#[test]
fn handles_and_tokens_are_written_only_with_ok() {
    let mut out = MARK as *mut asynchron_t;
    for size in [0, 8, std::mem::offset_of!(asynchron_options_t, reserve) - 1] {
        let options = asynchron_options_t { size, ..OPTIONS };
        assert_eq!(unsafe { asynchron_create_with(&options, &mut out) }, ASYNCHRON_E_INVALID);
    }
    let options = asynchron_options_t { reserve: usize::MAX, ..OPTIONS };
    assert_eq!(unsafe { asynchron_create_with(&options, &mut out) }, ASYNCHRON_E_INVALID);
    assert_eq!(unsafe { asynchron_create_with(null(), &mut out) }, ASYNCHRON_E_INVALID);
    assert_eq!(out as usize, MARK);
    let (a, mut token) = (Handle::new(), MARK as u64);
    assert_eq!(notify_flags(&a, 1 << 40, |_| (), &mut token), ASYNCHRON_E_INVALID);
    a.set(b"x");
    let flag = ASYNCHRON_NOTIFY_IF_PENDING;
    assert_eq!(notify_flags(&a, flag, |_| (), &mut token), ASYNCHRON_ALREADY);
    assert_eq!(token as usize, MARK);
}

#[test]
fn where_null_is_legal_and_where_not() {
    within(60, || unsafe {
        let (a, r) = (Handle::new(), Report::new());
        assert_eq!(asynchron_get_timeout(a.raw(), 0, null_mut()), ASYNCHRON_TIMEOUT);
        a.set(b"x");
        assert_eq!(asynchron_get(a.raw(), null_mut()), ASYNCHRON_OK);
        assert_eq!(asynchron_get_timeout(a.raw(), 0, null_mut()), ASYNCHRON_OK);
        assert_eq!(asynchron_wait_any(&a.raw(), 1, 0, null_mut()), ASYNCHRON_OK);
        assert_eq!(notify_flags(&a, 0, |_| (), null_mut()), ASYNCHRON_OK);
        let mut byte = 0u8;
        let p = (&raw mut byte).cast();
        assert_eq!(asynchron_get_bytes(a.raw(), p, 1, null_mut()), ASYNCHRON_OK);
        assert_eq!(asynchron_get_bytes(a.raw(), p, 0, null_mut()), ASYNCHRON_E_INVALID);

        let failed = Handle::new();
        failed.fail(1, "x");
        assert_eq!(asynchron_error(failed.raw(), null_mut()), ASYNCHRON_E_INVALID);
        r.add(&a, 1);
        let mut item = asynchron_item_t { asynchron: null_mut(), tag: null_mut() };
        let (report, mut n) = (r.raw(), 0);
        assert_eq!(asynchron_report_next(report, 0, null_mut()), ASYNCHRON_E_INVALID);
        let batch = |out, cap, n| asynchron_report_next_batch(report, 0, out, cap, n);
        assert_eq!(batch(null_mut(), 1, &mut n), ASYNCHRON_E_INVALID);
        assert_eq!(batch(&mut item, 0, &mut n), ASYNCHRON_E_INVALID);
        assert_eq!(batch(&mut item, 1, null_mut()), ASYNCHRON_E_INVALID);
        assert_eq!((r.pending(), r.next_tag(0)), (1, Ok(1)), "nothing was taken");
    });
}

/// Without a buffer there is nothing to wait for: refused at once, on a pending one, too.
#[test]
fn get_bytes_without_a_buffer() {
    within(60, || {
        let (a, mut len) = (Handle::new(), MARK);
        for cap in [0, 1, usize::MAX] {
            let status = unsafe { asynchron_get_bytes(a.raw(), null_mut(), cap, &mut len) };
            assert_eq!((status, len), (ASYNCHRON_E_INVALID, MARK));
        }
    });
}

#[test]
fn get_bytes_tells_what_it_needs() {
    for (value, cap) in [(1, 0), (8, 7), (16, 15), (17, 0), (17, 16), (5000, 4999)] {
        let (a, bytes) = (Handle::new(), vec![b'v'; value]);
        a.set(&bytes);
        let (mut buffer, mut len) = (vec![7u8; value + 1], MARK);
        let p: *mut c_void = buffer.as_mut_ptr().cast();
        let get = |cap, len| unsafe { asynchron_get_bytes(a.raw(), p, cap, len) };
        assert_eq!((get(cap, &mut len), len), (ASYNCHRON_E_INVALID, value));
        assert_eq!(buffer, vec![7; value + 1], "nothing was copied");
        for enough in [value, value + 1] {
            len = MARK;
            assert_eq!((get(enough, &mut len), len), (ASYNCHRON_OK, value));
            assert_eq!((&buffer[..value], buffer[value]), (&bytes[..], 7));
        }
    }
}

#[test]
fn an_empty_value_is_null_and_0() {
    let (some, no) = (c"text".as_ptr().cast::<c_void>(), null_mut());
    let empty: [&dyn Fn(*mut asynchron_t) -> asynchron_status_t; 6] = [
        &|a| unsafe { asynchron_set_bytes(a, null(), 0) },
        &|a| unsafe { asynchron_set_bytes(a, some, 0) },
        &|a| unsafe { asynchron_set_buffer(a, null(), 0, no, None) },
        &|a| unsafe { asynchron_set_buffer(a, some, 0, no, None) },
        &|a| unsafe { asynchron_set_pointer(a, no, None) },
        &|a| call(&Handle::shared(a), |_| 0),
    ];
    for set in empty {
        let (a, mut v) = (Handle::new(), marked_value());
        assert_eq!(set(a.raw()), ASYNCHRON_OK);
        assert_eq!(unsafe { asynchron_get(a.raw(), &mut v) }, ASYNCHRON_OK);
        assert_eq!((v.data, v.len), (null(), 0));
        let (mut byte, mut len) = (7u8, MARK);
        let p = (&raw mut byte).cast();
        let status = unsafe { asynchron_get_bytes(a.raw(), p, 0, &mut len) };
        assert_eq!((status, len, byte), (ASYNCHRON_OK, 0, 7));
    }
}

#[test]
fn a_pointer_and_a_buffer_are_given_back_as_they_are() {
    let (a, b, text) = (Handle::new(), Handle::new(), c"not copied");
    a.set_pointer(MARK as *mut c_void, None);
    let (data, owner) = (text.as_ptr().cast(), Tally::new());
    unsafe { asynchron_set_buffer(b.raw(), data, 10, owner.ptr(), owner.drop_fn()) };
    let (mut v, mut w) = (marked_value(), marked_value());
    assert_eq!(unsafe { asynchron_get(a.raw(), &mut v) }, ASYNCHRON_OK);
    assert_eq!(unsafe { asynchron_get(b.raw(), &mut w) }, ASYNCHRON_OK);
    assert_eq!((v.data as usize, v.len, w.data, w.len), (MARK, 0, data, 10));
    drop(b);
    assert_eq!(owner.drops(), 1);
}

/// Copied, wherever it lies, and aligned for anything.
#[test]
fn copied_data_is_aligned_as_malloc_s() {
    let align = align_of::<libc::max_align_t>();
    let source: Vec<u8> = (0..4096u32).map(|n| n as u8).collect();
    let (mut kept, mut mine) = (Vec::new(), source.clone());
    for len in (1..200).chain([255, 256, 257, 1000, 4096]) {
        let (a, mut v) = (Handle::new(), marked_value());
        a.set(&mine[..len]);
        assert_eq!(unsafe { asynchron_get(a.raw(), &mut v) }, ASYNCHRON_OK);
        assert_eq!((v.data as usize % align, v.len), (0, len));
        kept.push((a, v.data));
    }
    mine.fill(0);
    for (a, data) in kept {
        let value = a.get().unwrap();
        assert_eq!(value, &source[..value.len()], "what the caller did later shows");
        let mut v = marked_value();
        assert_eq!(unsafe { asynchron_get(a.raw(), &mut v) }, ASYNCHRON_OK);
        assert_eq!(v.data, data, "every get has the same");
    }
}

//! Out pointers: what the library has written there, and that it has written nothing else.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::without_provenance;

use asynchron::capi::asynchron_status_t::{self, *};
use asynchron::capi::*;

use super::names::{Names, thing};
use crate::machine::call::*;
use crate::machine::player;

const UNTOUCHED: usize = 0x5A5A_5A5A;

fn check(untouched: bool) {
    if !untouched {
        player::fault("an out pointer was written that must not be".into());
    }
}

fn nowhere() -> *const c_void {
    without_provenance(UNTOUCHED)
}

pub fn value(get: impl FnOnce(*mut asynchron_value_t) -> asynchron_status_t) -> Answer {
    let mut out = asynchron_value_t { data: nowhere(), len: UNTOUCHED };
    let status = get(&raw mut out);
    if status != ASYNCHRON_OK {
        check(out.data == nowhere() && out.len == UNTOUCHED);
        return Answer::Is(status as i32);
    }
    Answer::Value(seen(out))
}

pub fn pointer(take: impl FnOnce(*mut *mut c_void) -> asynchron_status_t) -> Answer {
    let mut out = nowhere().cast_mut();
    let status = take(&raw mut out);
    if status != ASYNCHRON_OK {
        check(out == nowhere().cast_mut());
        return Answer::Is(status as i32);
    }
    Answer::Value(thing(out).map_or(Value::Odd(out.addr(), 0), Value::Pointer))
}

fn seen(out: asynchron_value_t) -> Value {
    let asynchron_value_t { data, len } = out;
    let from = data.addr().wrapping_sub(BYTES.as_ptr().addr());
    match thing(data) {
        None if len == 0 => Value::Empty,
        Some(thing) if len == 0 => Value::Pointer(thing),
        Some(_) if from < BYTES.len() => Value::Lent { from, len },
        Some(_) if data.addr() % 16 == 0 && len <= BYTES.len() => {
            // SAFETY: neither the program's bytes nor a number of its own: the library's copy.
            Value::Copied(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len) }.to_vec())
        }
        _ => Value::Odd(data.addr(), len),
    }
}

pub fn bytes(
    cap: usize,
    get: impl FnOnce(*mut c_void, *mut usize) -> asynchron_status_t,
) -> Answer {
    let (mut buf, mut len) = ([0xA5_u8; 600], UNTOUCHED);
    let status = get(buf.as_mut_ptr().cast(), &raw mut len);
    let given = if status == ASYNCHRON_OK { len } else { 0 };
    check(given <= cap && buf[given.min(cap)..].iter().all(|&byte| byte == 0xA5));
    if matches!(status, ASYNCHRON_OK | ASYNCHRON_E_INVALID) {
        let bytes = buf[..given.min(cap)].to_vec();
        return Answer::Bytes { status: status as i32, len, bytes };
    }
    check(len == UNTOUCHED);
    Answer::Is(status as i32)
}

pub fn progress(get: impl FnOnce(*mut u64, *mut u64) -> asynchron_status_t) -> Answer {
    let (mut done, mut total) = (UNTOUCHED as u64, UNTOUCHED as u64);
    let status = get(&raw mut done, &raw mut total);
    if status != ASYNCHRON_OK {
        check(done == UNTOUCHED as u64 && total == UNTOUCHED as u64);
        return Answer::Is(status as i32);
    }
    Answer::Progress { done, total }
}

pub fn error(get: impl FnOnce(*mut asynchron_error_t) -> asynchron_status_t) -> Answer {
    let mark = 0x5A5A;
    let (domain, message) = (nowhere().cast(), nowhere().cast());
    let mut out = asynchron_error_t { code: mark, domain, message, payload: nowhere() };
    let status = get(&raw mut out);
    if status != ASYNCHRON_OK {
        let texts = out.domain == domain && out.message == message;
        check(out.code == mark && texts && out.payload == nowhere());
        return Answer::Is(status as i32);
    }
    let (code, domain, mut said) = (out.code, text(out.domain), text(out.message));
    if code == ASYNCHRON_E_BROKEN as i32 && domain == BROKEN_DOMAIN && !said.is_empty() {
        said = BROKEN.into();
    }
    Answer::Error { code, domain, message: said, payload: thing(out.payload) }
}

/// A text of the library's, none of which is NULL.
pub fn text(text: *const c_char) -> String {
    if text.is_null() {
        return "NULL".into();
    }
    // SAFETY: as the library promises.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

fn item_untouched(item: &asynchron_item_t) -> bool {
    item.asynchron.addr() == UNTOUCHED && item.tag.addr() == UNTOUCHED
}

pub fn items(
    names: &Names,
    get: impl FnOnce(*mut asynchron_item_t) -> (asynchron_status_t, Option<usize>),
) -> Answer {
    let tag = nowhere().cast_mut();
    let mut out = [asynchron_item_t { asynchron: tag.cast(), tag }; 8];
    let (status, n) = get(out.as_mut_ptr());
    let given = if status == ASYNCHRON_OK { n.unwrap_or(1) } else { 0 };
    check(n.is_none_or(|n| n == given));
    let (items, rest) = out.split_at(given.min(out.len()));
    check(rest.iter().all(item_untouched));
    if status != ASYNCHRON_OK {
        return Answer::Is(status as i32);
    }
    let item = |item: &asynchron_item_t| (names.name(item.asynchron), thing(item.tag));
    Answer::Items(items.iter().map(item).collect())
}

/// `complete` says of an index whether that one is.
pub fn index(
    one_was_complete: bool,
    complete: impl Fn(usize) -> bool,
    wait: impl FnOnce(*mut usize) -> asynchron_status_t,
) -> Answer {
    let mut out = UNTOUCHED;
    let status = wait(&raw mut out);
    if status != ASYNCHRON_OK {
        check(out == UNTOUCHED);
        return Answer::Is(status as i32);
    }
    Answer::Index(if !one_was_complete && complete(out) { ANY } else { out })
}

//! Rule 15: a failure's code, domain, message and payload live as long as the handle, for everyone.

use crate::support::*;

fn raw_error(a: &Handle) -> asynchron_error_t {
    let mut e = asynchron_error_t { code: 77, domain: null(), message: null(), payload: null() };
    assert_eq!(unsafe { asynchron_error(a.raw(), &mut e) }, ASYNCHRON_OK);
    e
}

fn fail_with(a: &Handle, code: i32, domain: &CStr, message: &CStr, payload: Tally) {
    let (domain, message) = (domain.as_ptr(), message.as_ptr());
    let (p, drop) = (payload.ptr(), payload.drop_fn());
    let status = unsafe { asynchron_fail_with(a.raw(), code, domain, message, p, drop) };
    assert_eq!(status, ASYNCHRON_OK);
}

/// A text of its own, so that the caller can spoil it afterwards.
fn text(length: usize, byte: u8) -> Vec<u8> {
    let mut text = vec![byte; length];
    text.push(0);
    text
}

#[test]
fn all_of_it_is_there_any_number_of_times_for_everyone() {
    within(60, || {
        for length in [0, 1, 15, 16, 17, 100, 1 << 20] {
            let (mut domain, mut message) = (text(length, b'd'), text(length, b'm'));
            let (a, payload) = (Handle::new(), Tally::new());
            fail_with(
                &a,
                i32::MIN,
                CStr::from_bytes_with_nul(&domain).unwrap(),
                CStr::from_bytes_with_nul(&message).unwrap(),
                payload,
            );
            // The strings were copied: what becomes of the caller's is no matter.
            domain.fill(b'?');
            message.fill(b'?');
            drop((domain, message));
            let first = raw_error(&a);
            let pointers = [first.domain as usize, first.message as usize];
            let readers = [(); 3].map(|()| {
                let a = a.clone();
                start(move || {
                    for _ in 0..100 {
                        let e = raw_error(&a);
                        assert_eq!([e.domain as usize, e.message as usize], pointers);
                        assert_eq!(
                            (e.code, e.payload as usize),
                            (i32::MIN, payload.ptr() as usize)
                        );
                    }
                    let e = raw_error(&a);
                    let [d, m] = [e.domain, e.message].map(|s| unsafe { CStr::from_ptr(s) });
                    assert_eq!(d.to_bytes(), &text(length, b'd')[..length]);
                    assert_eq!(m.to_bytes(), &text(length, b'm')[..length]);
                })
            });
            readers.into_iter().for_each(Waiter::join);
            // Other failures in between touch it not: there is no "last error".
            Handle::new().fail(1, "another");
            let last = a.clone();
            drop(a);
            assert_eq!(last.error().unwrap().message.len(), length);
            assert_eq!((raw_error(&last).message as usize, payload.drops()), (pointers[1], 0));
            drop(last);
            assert_eq!(payload.drops(), 1);
        }
    });
}

#[test]
fn no_string_is_ever_null() {
    let expect = |a: &Handle, code, domain: &str, message: &str| {
        let error =
            Failure { code, domain: domain.to_owned(), message: message.to_owned(), payload: 0 };
        assert_eq!(a.error(), Ok(error));
    };
    let fail = |code, message: *const c_char| {
        let a = Handle::new();
        assert_eq!(unsafe { asynchron_fail(a.raw(), code, message) }, ASYNCHRON_OK);
        a
    };
    expect(&fail(3, null()), 3, "", "");
    expect(&fail(3, c"".as_ptr()), 3, "", "");
    expect(&fail(-3, c"text".as_ptr()), -3, "", "text");
    let [d, m] = [c"domain".as_ptr(), c"message".as_ptr()];
    for (domain, message, texts) in
        [(null(), null(), ["", ""]), (d, null(), ["domain", ""]), (null(), m, ["", "message"])]
    {
        let (a, no) = (Handle::new(), null_mut());
        unsafe { asynchron_fail_with(a.raw(), 4, domain, message, no, None) };
        expect(&a, 4, texts[0], texts[1]);
    }
    let a = Handle::new();
    call(&a, |_| 5);
    expect(&a, 5, &a.error().unwrap().domain, &a.error().unwrap().message);
}

/// Texts are bytes up to the first zero, in whatever encoding.
#[test]
fn texts_are_passed_through_as_they_are() {
    let bytes: Vec<u8> = (1..=255).chain([0]).collect();
    let (a, text) = (Handle::new(), CStr::from_bytes_with_nul(&bytes).unwrap());
    fail_with(&a, 1, text, text, Tally::new());
    let e = raw_error(&a);
    for s in [e.domain, e.message] {
        assert_eq!(unsafe { CStr::from_ptr(s) }, text);
    }
}

#[test]
fn code_0_is_a_failure_like_any_other() {
    let a = Handle::new();
    assert_eq!(a.fail(0, "nought"), ASYNCHRON_OK);
    assert_eq!((a.poll(), a.get()), (ASYNCHRON_FAILED, Err(ASYNCHRON_FAILED)));
    assert_eq!(a.error().map(|e| (e.code, e.message)), Ok((0, "nought".to_owned())));
}

#[test]
fn there_is_an_error_only_of_a_failed_or_cancelled_one() {
    let a = Handle::new();
    assert_eq!(a.error(), Err(ASYNCHRON_PENDING));
    call(&a, |me| {
        assert_eq!(Handle::shared(me).error(), Err(ASYNCHRON_PENDING), "running");
        0
    });
    assert_eq!(a.error(), Err(ASYNCHRON_E_INVALID));
    for value in [&b""[..], b"x", &[0; 100]] {
        let a = Handle::new();
        a.set(value);
        assert_eq!(a.error(), Err(ASYNCHRON_E_INVALID));
    }
}

#[test]
fn a_cancel_s_reason_is_its_message() {
    let cancelled = |reason: *const c_char| {
        let a = Handle::new();
        assert_eq!(unsafe { asynchron_cancel_with(a.raw(), reason) }, ASYNCHRON_OK);
        a
    };
    let plain = Handle::new();
    plain.cancel();
    let mut reason = text(50, b'r');
    let long = cancelled(reason.as_ptr().cast());
    reason.fill(b'?');
    let rs = "r".repeat(50);
    for (a, message) in [
        (plain, ""),
        (cancelled(null()), ""),
        (cancelled(c"".as_ptr()), ""),
        (cancelled(c"why".as_ptr()), "why"),
        (long, &rs),
    ] {
        let (message, domain) = (message.to_owned(), String::new());
        assert_eq!(a.error(), Ok(Failure { code: 0, domain, message, payload: 0 }));
        assert_eq!((a.poll(), a.get()), (ASYNCHRON_CANCELLED, Err(ASYNCHRON_CANCELLED)));
    }
}

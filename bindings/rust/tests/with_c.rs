//! Handles that a part in C shares: made there and completed here, and the other way round.

mod common;

use std::ffi::CString;
use std::thread;

use asynchron_c::{Asynchron, Error, Failure};
use common::c::helper;
use common::limit;

#[test]
fn what_c_has_made_is_completed_here() {
    let _limit = limit();
    let name = CString::new("of C").unwrap();
    // SAFETY: the name is a string, and the handle returned is ours.
    let a = unsafe { Asynchron::from_raw((helper().create)(name.as_ptr())) };
    assert_eq!(a.name(), "of C");
    let waits = a.clone().into_raw().expose_provenance();
    let thread = thread::spawn(move || {
        // SAFETY: the reference that the handle had is the helper's now, which gives it up.
        unsafe { (helper().wait_number)(std::ptr::with_exposed_provenance_mut(waits)) }
    });
    a.set(u64::MAX).unwrap();
    assert_eq!(thread.join().unwrap(), u64::MAX);
    assert!(!a.is_shared());
}

#[test]
fn what_was_made_here_is_completed_by_c() {
    let _limit = limit();
    let handles: Vec<_> = (0..100).map(|_| Asynchron::new().unwrap()).collect();
    let raw: Vec<_> = handles.iter().map(Asynchron::as_raw).collect();
    // SAFETY: the handles are held until the threads have ended, as the helper promises for its return.
    assert_eq!(unsafe { (helper().complete)(raw.as_ptr(), raw.len(), 2) }, 1);
    for (index, a) in (0..).zip(&handles) {
        assert_eq!(a.get().unwrap().number::<u64>(), Ok(index));
    }
}

#[test]
fn c_reads_a_failure_whole() {
    let _limit = limit();
    let a = Asynchron::new().unwrap();
    a.fail(Failure::new(-5, "no luck").domain("mine")).unwrap();
    // SAFETY: the handle is held, and the strings are constants.
    let right =
        unsafe { (helper().wait_failure)(a.as_raw(), -5, c"mine".as_ptr(), c"no luck".as_ptr()) };
    assert_eq!(right, 1);
    let a = Asynchron::spawn(|_| -> () { panic!("of Rust") }).unwrap();
    // SAFETY: as above.
    let right =
        unsafe { (helper().wait_failure)(a.as_raw(), 1, c"panic".as_ptr(), c"of Rust".as_ptr()) };
    assert_eq!(right, 1);
}

#[test]
fn a_pointer_of_c_is_no_object_of_rust() {
    let a = Asynchron::new().unwrap();
    // SAFETY: the handle is held.
    assert_eq!(unsafe { (helper().set_pointer)(a.as_raw()) }, 1);
    let value = a.get().unwrap();
    assert!(value.pointer().is_some());
    assert_eq!(value.object::<i32>(), Err(Error::Kind));
    assert_eq!(a.take::<i32>().unwrap_err().why, Error::Kind);
}

#[test]
fn a_string_of_c_is_read_with_its_end() {
    let a = Asynchron::new().unwrap();
    // SAFETY: the handle is held, and the string a constant.
    assert_eq!(unsafe { (helper().set_string)(a.as_raw(), c"of C".as_ptr()) }, 1);
    assert_eq!(a.get().unwrap().c_str(), Ok(c"of C"));
    assert_eq!(a.get().unwrap().bytes(), b"of C\0");
}

#[test]
fn c_keeps_or_breaks_a_promise() {
    let _limit = limit();
    let a = Asynchron::new().unwrap();
    let promise = a.promise().unwrap();
    let more = promise.clone();
    // SAFETY: the promise is the helper's, which gives it up.
    unsafe { (helper().promise)(promise.into_raw(), 0, 0) };
    assert!(a.try_get().is_none(), "there is one more");
    // SAFETY: as above.
    unsafe { (helper().promise)(more.into_raw(), 1, 5) };
    assert_eq!(a.get().unwrap().number::<u64>(), Ok(5));

    let a = Asynchron::new().unwrap();
    // SAFETY: as above.
    unsafe { (helper().promise)(a.promise().unwrap().into_raw(), 0, 0) };
    assert!(matches!(a.get(), Err(Error::Failed(why)) if why.is_broken()));
}

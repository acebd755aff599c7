//! Values arrive as they left, are freed once, and are read as what they are alone.

mod common;

use std::ffi::CStr;
use std::io;

use asynchron_c::{Asynchron, Error, Failure, Number, Object, Owned, Value, ffi};
use common::Drops;

fn arrives<N: Number + asynchron_c::Deliver + PartialEq + std::fmt::Debug>(number: N) {
    let a = Asynchron::new().unwrap();
    a.set(number).unwrap();
    assert_eq!(a.get().unwrap().number::<N>(), Ok(number));
}

#[test]
fn numbers_arrive_exactly_up_to_the_largest() {
    arrives(u64::MAX);
    arrives(i64::MIN);
    arrives(u8::MAX);
    arrives(i8::MIN);
    arrives(u16::MAX);
    arrives(i16::MIN);
    arrives(u32::MAX);
    arrives(i32::MIN);
    arrives(usize::MAX);
    arrives(isize::MIN);
    arrives(f32::MIN_POSITIVE);
    arrives(f64::MAX);
}

#[test]
fn bytes_and_text_arrive_with_any_content() {
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [&all[..], &all[..16], &all[..1], &[]] {
        let (a, b) = (Asynchron::new().unwrap(), Asynchron::new().unwrap());
        a.set(bytes).unwrap();
        b.set(bytes.to_vec()).unwrap();
        assert_eq!((a.get().unwrap().bytes(), b.get().unwrap().bytes()), (bytes, bytes));
    }
    let a = Asynchron::new().unwrap();
    a.set("g\u{fc}\u{df}\0e \u{1f600}").unwrap();
    assert_eq!(a.get().unwrap().text(), Ok("g\u{fc}\u{df}\0e \u{1f600}"));
    let a = Asynchron::new().unwrap();
    a.set([0xffu8]).unwrap();
    assert_eq!(a.get().unwrap().text(), Err(Error::Kind));
}

#[test]
fn what_is_handed_over_is_not_copied() {
    let (a, text) = (Asynchron::new().unwrap(), "x".repeat(100));
    let at = text.as_ptr();
    a.set(text).unwrap();
    assert_eq!(a.get().unwrap().bytes().as_ptr(), at);
    static CONSTANT: &[u8] = b"constant";
    let a = Asynchron::new().unwrap();
    a.set(Owned(CONSTANT)).unwrap();
    assert_eq!(a.get().unwrap().bytes().as_ptr(), CONSTANT.as_ptr());
}

#[test]
fn c_strings_keep_their_end() {
    let a = Asynchron::new().unwrap();
    a.set(c"with an end").unwrap();
    assert_eq!(a.get().unwrap().bytes(), b"with an end\0");
    assert_eq!(a.get().unwrap().c_str(), Ok(c"with an end"));
    let a = Asynchron::new().unwrap();
    a.set("without").unwrap();
    assert_eq!(a.get().unwrap().c_str().map(CStr::to_owned), Err(Error::Kind));
}

#[test]
fn objects_are_read_as_their_own_type_alone() {
    let a = Asynchron::new().unwrap();
    a.set(Object(5u64)).unwrap();
    let value: Value = a.get().unwrap();
    assert_eq!(value.object::<u64>(), Ok(&5));
    assert_eq!(value.object::<i64>(), Err(Error::Kind));
    assert_eq!((value.bytes(), value.number::<u64>()), (&[][..], Err(Error::Kind)));
    let a = Asynchron::new().unwrap();
    a.set(5u64).unwrap();
    assert_eq!(a.get().unwrap().object::<u64>(), Err(Error::Kind));
}

#[test]
fn objects_without_a_size_are_apart() {
    #[derive(Debug, PartialEq)]
    struct One;
    #[derive(Debug, PartialEq)]
    struct Other;
    let (a, b) = (Asynchron::new().unwrap(), Asynchron::new().unwrap());
    a.set(Object(One)).unwrap();
    b.set(Object(Other)).unwrap();
    assert_eq!(a.get().unwrap().object::<One>(), Ok(&One));
    assert_eq!(a.get().unwrap().object::<Other>(), Err(Error::Kind));
    assert_eq!(b.take::<Other>().unwrap(), Other);
}

#[test]
fn a_pointer_to_where_an_object_was_is_none() {
    struct Gone(#[expect(dead_code)] u64);
    let a = Asynchron::new().unwrap();
    a.set(Object(Gone(5))).unwrap();
    let pointer = a.get().unwrap().pointer().unwrap();
    assert!(a.get().unwrap().object::<Gone>().is_ok());
    drop(a);
    let b = Asynchron::new().unwrap();
    // SAFETY: a pointer is not looked at, and with no drop nobody frees it.
    unsafe { ffi::asynchron_set_pointer(b.as_raw(), pointer.as_ptr(), None) };
    assert!(b.get().unwrap().object::<Gone>().is_err());
}

#[test]
fn an_object_is_dropped_once_with_the_last_handle() {
    let drops = Drops::default();
    let a = Asynchron::new().unwrap();
    a.set(Object(drops.witness())).unwrap();
    let b = a.clone();
    drop(a);
    assert_eq!(drops.count(), 0);
    drop(b);
    assert_eq!(drops.count(), 1);
}

#[test]
fn what_comes_too_late_is_dropped_once() {
    let drops = Drops::default();
    let a = Asynchron::new().unwrap();
    a.set(1u8).unwrap();
    assert_eq!(a.set(Object(drops.witness())), Err(Error::Already));
    assert_eq!(drops.count(), 1);
    let a = Asynchron::new().unwrap();
    a.cancel_with("late").unwrap();
    let late = Error::Cancelled { reason: "late".into() };
    assert_eq!(a.set(Object(drops.witness())), Err(late));
    assert_eq!(drops.count(), 2);
}

#[test]
fn what_is_taken_out_is_the_takers() {
    let drops = Drops::default();
    let a = Asynchron::new().unwrap();
    assert_eq!(a.clone().take::<u8>().unwrap_err().why, Error::Pending);
    a.set(Object((drops.witness(), 5))).unwrap();
    assert_eq!(a.clone().take::<u8>().unwrap_err().why, Error::Kind);
    let (_witness, number) = a.take::<(common::Witness, i32)>().unwrap();
    assert_eq!((number, drops.count()), (5, 0));
}

#[test]
fn what_is_shared_by_a_follower_cannot_be_taken() {
    let (source, follower) = (Asynchron::new().unwrap(), Asynchron::new().unwrap());
    follower.follow(&source).unwrap();
    source.set(Object(String::from("shared"))).unwrap();
    let refused = source.take::<String>().unwrap_err();
    assert_eq!(follower.get().unwrap().object::<String>().unwrap(), "shared");
    drop(refused);
    // Whether the last one may take it is the library's to say; it is read in any case.
    match follower.take::<String>() {
        Ok(taken) => assert_eq!(taken, "shared"),
        Err(refused) => {
            assert_eq!(refused.handle.get().unwrap().object::<String>().unwrap(), "shared");
        }
    }
}

#[test]
fn user_data_is_dropped_with_the_handle_and_read_as_its_type() {
    let drops = Drops::default();
    let a = Asynchron::options().user_data((drops.witness(), 5)).create().unwrap();
    assert_eq!(a.user_data::<(common::Witness, i32)>().unwrap().1, 5);
    assert!(a.user_data::<u8>().is_none());
    drop(a);
    assert_eq!(drops.count(), 1);
    drop(Asynchron::options().user_data(drops.witness()));
    assert_eq!(drops.count(), 2);
    assert!(Asynchron::new().unwrap().user_data::<u8>().is_none());
}

#[test]
fn names_survive_and_a_nul_in_a_string_is_an_error() {
    let name = "n\u{e4}me ".repeat(1000);
    assert_eq!(Asynchron::named(&name).unwrap().name(), name);
    assert_eq!(Asynchron::options().name(&*name).create().unwrap().name(), name);
    assert!(Asynchron::new().unwrap().name().starts_with("asynchron-"));

    let a = Asynchron::new().unwrap();
    assert_eq!(Asynchron::named("a\0b").err(), Some(Error::Nul));
    let drops = Drops::default();
    let options = Asynchron::options().name("a\0b").user_data(drops.witness());
    assert_eq!(options.create().err(), Some(Error::Nul));
    assert_eq!(drops.count(), 1);
    assert_eq!(a.fail(Failure::new(1, "a\0b")), Err(Error::Nul));
    assert_eq!(a.fail(Failure::new(1, "").domain("a\0b")), Err(Error::Nul));
    assert_eq!(a.cancel_with("a\0b"), Err(Error::Nul));
    assert_eq!(a.cancel_pending("a\0b"), Err(Error::Nul));
    assert_eq!(asynchron_c::Executor::new("a\0b", 1).err(), Some(Error::Nul));
    assert!(!a.is_complete());
}

#[test]
fn an_error_of_rust_becomes_a_failure_with_its_text() {
    let a = Asynchron::new().unwrap();
    a.set(Err::<(), _>(io::Error::other("no\0 luck"))).unwrap();
    let Err(Error::Failed(why)) = a.get() else { panic!() };
    assert_eq!((why.code, &*why.message), (1, "no\u{fffd} luck"));
    assert_eq!(why.domain, "std::io::error::Error");

    let a = Asynchron::new().unwrap();
    let failure = Failure::new(i32::MIN, "whole").domain("mine");
    a.set(Err::<u8, _>(failure.clone())).unwrap();
    assert_eq!(a.get().unwrap_err(), Error::Failed(failure));

    let (a, gone) = (Asynchron::new().unwrap(), Error::Cancelled { reason: "gone".into() });
    a.set(Err::<u8, _>(gone.clone())).unwrap();
    assert_eq!(a.get().unwrap_err(), gone);

    let (a, cut) = (Asynchron::new().unwrap(), Error::Cancelled { reason: "a\0b".into() });
    a.set(Err::<u8, _>(cut)).unwrap();
    assert_eq!(a.get().unwrap_err(), Error::Cancelled { reason: "a\u{fffd}b".into() });
}

#[test]
fn what_a_function_cannot_deliver_is_its_failure() {
    let a = Asynchron::new().unwrap();
    a.call(|_| Failure::new(5, "a\0b")).unwrap();
    let Err(Error::Failed(why)) = a.get() else { panic!() };
    assert_eq!(why.message, Error::Nul.to_string());
}

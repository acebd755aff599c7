//! A panic in the program's code becomes a failure with its message, or ends where it is: it never unwinds into C.

mod common;

use std::panic::panic_any;
use std::sync::mpsc;

use asynchron_c::{Asynchron, Ending, Error, Executor, Failure, Object, Task};
use common::{Drops, limit};

fn panic_of(a: &Asynchron) -> String {
    match a.get() {
        Err(Error::Failed(Failure { code: 1, domain, message })) if domain == "panic" => message,
        other => panic!("{other:?}"),
    }
}

fn fails(_: &Asynchron) -> u8 {
    panic!("it is {}", "broken")
}

#[test]
fn a_panic_in_a_function_becomes_a_failure_with_its_message() {
    let _limit = limit();
    assert_eq!(panic_of(&Asynchron::spawn(fails).unwrap()), "it is broken");

    let a = Asynchron::new().unwrap();
    a.call(fails).unwrap();
    assert_eq!(panic_of(&a), "it is broken");

    let a = Asynchron::options().on_demand(fails).create().unwrap();
    assert_eq!(panic_of(&a), "it is broken");

    let (a, executor) = (Asynchron::new().unwrap(), Executor::new("", 1).unwrap());
    a.compute_on(&executor, fails).unwrap();
    assert_eq!(panic_of(&a), "it is broken");
}

#[test]
fn a_panic_in_a_step_becomes_a_failure_with_its_message() {
    let _limit = limit();
    let a = Asynchron::new().unwrap();
    let then = a.then(|me, _| fails(me)).unwrap();
    let after = Asynchron::after(std::slice::from_ref(&a), None, |me, _| fails(me)).unwrap();
    let finally = then.step().when(Ending::ANY).then(|_, then| panic_of(then)).unwrap();
    a.set(()).unwrap();
    assert_eq!((&*panic_of(&then), &*panic_of(&after)), ("it is broken", "it is broken"));
    assert_eq!(finally.get().unwrap().text(), Ok("it is broken"));
}

#[test]
fn any_panic_has_a_message() {
    let _limit = limit();
    let constant = Asynchron::spawn(|_| -> () { panic!("constant") }).unwrap();
    assert_eq!(panic_of(&constant), "constant");
    let nul = Asynchron::spawn(|_| -> () { panic!("a\0b") }).unwrap();
    assert_eq!(panic_of(&nul), "a\u{fffd}b");
    let number = Asynchron::spawn(|_| -> () { panic_any(5) }).unwrap();
    assert_eq!(panic_of(&number), "a panic without a message");
}

/// Panics when it is dropped.
struct Bad;

impl Drop for Bad {
    fn drop(&mut self) {
        panic!("a bad drop");
    }
}

#[test]
fn a_panic_in_a_drop_ends_there() {
    let _limit = limit();
    let a = Asynchron::new().unwrap();
    a.set(Object(Bad)).unwrap();
    drop(a);
    drop(Asynchron::options().user_data(Bad).create().unwrap());
    // What a panic carries may be as bad.
    let a = Asynchron::spawn(|_| -> () { panic_any(Bad) }).unwrap();
    assert_eq!(panic_of(&a), "a panic without a message");
    // A context that is never used is dropped all the same.
    let (a, bad) = (Asynchron::new().unwrap(), Bad);
    a.cancel().unwrap();
    a.compute(move |_| drop(bad)).unwrap();
}

#[test]
fn a_panic_in_a_callback_does_not_keep_the_others_from_running() {
    let _limit = limit();
    let (a, (send, receive)) = (Asynchron::new().unwrap(), mpsc::channel());
    let drops = Drops::default();
    let witness = drops.witness();
    a.notify(move |_| {
        let _witness = witness;
        panic!("in a callback");
    })
    .unwrap();
    a.notify(move |_| send.send(5).unwrap()).unwrap();
    a.set(()).unwrap();
    assert_eq!((receive.recv(), drops.count()), (Ok(5), 1));
}

#[test]
fn a_panic_in_a_post_discards_its_task() {
    let _limit = limit();
    let executor = Executor::with_post(|_: Task| panic!("in a post")).unwrap();
    let a = Asynchron::new().unwrap();
    a.compute_on(&executor, |_| 5u8).unwrap();
    assert!(matches!(a.get(), Err(Error::Failed(why)) if why.is_broken()));
}

#[test]
fn a_panic_after_the_delivery_changes_nothing() {
    let _limit = limit();
    let a = Asynchron::spawn(|me| -> () {
        me.set(5u8).unwrap();
        panic!("too late");
    })
    .unwrap();
    assert_eq!(a.get().unwrap().number::<u8>(), Ok(5));
}

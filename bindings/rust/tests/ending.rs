//! A program ends while waits are open: nothing of the library or of this crate keeps it.

mod common;

use std::env;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::process::{self, Child, Command, ExitStatus};
use std::sync::{Arc, Barrier};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};

use asynchron_c::{Asynchron, Report, Stream};
use common::{eventually, limit};

const ROLE: &str = "ASYNCHRON_TEST_ENDING";

/// Every kind of wait, all of them open; then the end.
fn the_program() -> ! {
    let never = Asynchron::new().unwrap();
    let report = Report::of(std::slice::from_ref(&never)).unwrap();
    let started = Arc::new(Barrier::new(4));
    let (a, there) = (never.clone(), started.clone());
    thread::spawn(move || {
        there.wait();
        a.get().map(drop)
    });
    let (there, a) = (started.clone(), never.clone());
    let spawned = Asynchron::spawn(move |_| {
        there.wait();
        a.wait()
    });
    let there = started.clone();
    thread::spawn(move || {
        there.wait();
        report.iter().count()
    });
    let context = &mut Context::from_waker(Waker::noop());
    let (mut wait, mut stream) = (never.clone().into_future(), Stream::new().unwrap());
    stream.add(&never, 0).unwrap();
    assert!(Pin::new(&mut wait).poll(context).is_pending());
    assert!(stream.poll_next(context).is_pending());
    let timer = Asynchron::timer(Duration::from_secs(3600)).unwrap();
    started.wait();
    thread::sleep(Duration::from_millis(50));
    std::mem::forget((wait, stream, spawned, timer));
    process::exit(7);
}

/// This program, for that test alone.
fn child(test: &str) -> Command {
    let mut me = Command::new(env::current_exe().unwrap());
    me.args(["--exact", test]).env(ROLE, "1");
    me
}

/// How it ended: in a second, but for a machine that does other things. A wait that kept it would last for ever.
fn end(mut child: Child) -> ExitStatus {
    let (start, mut status) = (Instant::now(), None);
    eventually(|| {
        status = child.try_wait().unwrap();
        status.is_some() || start.elapsed() > Duration::from_secs(20)
    });
    if status.is_none() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    status.expect("it does not end")
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_a_program_that_waits() {
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::ExitStatusExt;
    if env::var_os(ROLE).is_some() {
        println!("\nwaits");
        Asynchron::new().unwrap().get().map(drop).unwrap();
    }
    let _limit = limit();
    let mut child = child("an_interrupt_ends_a_program_that_waits")
        .arg("--nocapture")
        .stdout(process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map(Result::unwrap).any(|line| line == "waits"));
    thread::sleep(Duration::from_millis(20));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(end(child).signal(), Some(2));
}

#[test]
fn a_program_ends_within_a_second_while_waits_are_open() {
    if env::var_os(ROLE).is_some() {
        the_program();
    }
    let _limit = limit();
    let child = child("a_program_ends_within_a_second_while_waits_are_open").spawn().unwrap();
    assert_eq!(end(child).code(), Some(7));
}

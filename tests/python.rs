//! The binary interface is plain: a language that knows nothing of ours but the header's facts can
//! use it.

#![cfg(unix)]

mod common;

use std::process::Command;

use common::library::Form;
use common::{LIMIT, ok, run, source};

#[test]
fn pythons_ctypes_runs_the_seeds_demonstration_a_callback_and_a_report() {
    let mut version = Command::new("python3");
    version.arg("--version");
    if let Err(e) = run::succeed(version, LIMIT) {
        panic!("this test needs python3 on the PATH (Debian: apt install python3): {e}");
    }
    let mut command = Command::new("python3");
    command.arg("-B").arg(source("demo.py")).arg(Form::Shared.file());
    let ran = ok(run::succeed(command, LIMIT));
    assert!(
        ran.stdout.contains("Python is at home") && ran.stderr.is_empty(),
        "{}",
        ran.describe()
    );
}

/// A daemon thread of Python's must not be inside a callback then; each of these keeps to that.
#[test]
fn a_python_program_may_end_while_its_threads_use_the_library_as_the_guide_says() {
    for way in ["no_callback", "joined", "waited_for"] {
        for _ in 0..10 {
            let mut command = Command::new("python3");
            command.arg("-B").arg(source("python_ends.py")).arg(Form::Shared.file()).arg(way);
            let ran = ok(run::succeed(command, LIMIT));
            assert!(ran.stdout == "ended\n" && ran.stderr.is_empty(), "{way}: {}", ran.describe());
        }
    }
}

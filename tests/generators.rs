//! What generators and compilers of other languages make of `asynchron.h` is compiled, and works.
//!
//! Each is a recipe in `tests/readers`. A tool that is not installed is skipped, and that is said on standard error.
//! `ASYNCHRON_READERS` lists those for which that is a failure; `tests/readers/setup.sh` installs them.

#![cfg(unix)]

mod common;

use std::io::Write;
use std::process::Command;

use common::library::Form;
use common::{LIMIT, made, ok, out_dir, root, run};

/// The status of a recipe that lacks its tool.
const NOT_INSTALLED: i32 = 77;

#[test]
fn swig_makes_a_module_that_works() {
    follow("swig");
}

#[test]
fn ctypesgen_makes_a_module_that_works() {
    follow("ctypesgen");
}

#[test]
fn zig_translates_the_header() {
    follow("zig");
}

#[test]
fn ldc_imports_the_header_as_c() {
    follow("importc");
}

#[test]
fn nim_uses_what_it_names_of_the_header() {
    follow("nim");
}

#[test]
fn gnat_compiles_the_specification_that_gcc_makes() {
    follow("gnat");
}

#[test]
fn bindgen_makes_a_module_that_works() {
    follow("bindgen");
}

fn follow(tool: &str) {
    let dir = made(out_dir().join(tool));
    let here = root().join("tests/readers");
    let mut shell = Command::new("sh");
    shell.arg("-eu").arg(here.join(format!("{tool}.sh"))).current_dir(&dir);
    shell.env("HERE", &here).env("INCLUDE", root().join("include"));
    let libraries = Form::Shared.dir();
    shell.env("LIBRARIES", &libraries).env("LD_LIBRARY_PATH", &libraries);
    let ran = ok(run::run(shell, 10 * LIMIT));
    if ran.status.code() == Some(NOT_INSTALLED) {
        let must = std::env::var("ASYNCHRON_READERS").unwrap_or_default();
        assert!(!must.split_whitespace().any(|name| name == tool), "{tool} is not installed");
        let _ = writeln!(std::io::stderr(), "skipped: {tool} is not installed");
        return;
    }
    let worked =
        ran.status.success() && ran.stdout.lines().any(|line| line.starts_with("read by "));
    assert!(worked, "{}", ran.describe());
}

//! Rule 19, for every example's scenario: its first, second, ... allocation fails, alone or with all that come after,
//! whether the example's own, the library's or the system's. The example ends well or by its own check; it does not
//! crash or hang, and nothing is lost.

use crate::common::{self, compiler, library::Form, run::succeed};
use crate::support::*;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

#[test]
fn an_example_whose_memory_runs_out_ends_well_or_by_its_own_check() {
    let leaks = leaks_are_seen();
    if !leaks {
        // Past the test runner's capture: nobody shall think that this was looked for.
        let _ = std::io::stderr().write_all(b"skipped: leaks of the examples: no leak checker\n");
    }
    let mut runs = 0;
    for source in examples() {
        let program = build(&source, leaks);
        for and_on in [false, true] {
            let refusals = (1..1000).take_while(|at| refused(&program, *at, and_on)).count();
            assert!((1..999).contains(&refusals), "{}: {refusals} refusals", source.display());
            runs += refusals + 1;
        }
    }
    println!("{runs} runs");
}

/// Runs it with allocation number `at` failing. Whether any did.
fn refused(program: &Path, at: usize, and_on: bool) -> bool {
    let ran = run(program, at, and_on);
    if ended_for_want_of_memory(&ran) {
        return true;
    }
    let what = format!("{}, FAIL_AT={at} FAIL_ON={}", program.display(), i32::from(and_on));
    let (said, account) = ran.stderr.split_once("asked ").unwrap_or_else(|| {
        panic!("{what}: {}\n{}", ran.status, ran.stderr);
    });
    let refused = !account.ends_with(", refused 0\n");
    let clean = match ran.status.code() {
        Some(0) => said.is_empty(),
        // One line, which says what does not hold.
        Some(1) => refused && said.lines().count() == 1,
        _ => false,
    };
    assert!(clean && account.lines().count() == 1, "{what}: {}\n{}", ran.status, ran.stderr);
    refused
}

/// Where there are no futexes, a thread's first sleep needs memory, and ends the program if there is none: by
/// the allocation itself, or by what registers or finds what is the thread's own. Another thread may come to the
/// end of the example before that; the leak checker then sees what the one that ends it was about to use.
fn ended_for_want_of_memory(ran: &process::Ran) -> bool {
    let ends = ["memory allocation of", "allocate memory for thread-local", "TLS destructor"];
    let aborted = ran.status.signal() == Some(libc::SIGABRT);
    let ended = aborted || matches!(ran.status.code(), Some(0 | 1 | LEAKS | 127));
    cfg!(asynchron_portable) && ended && ends.iter().any(|end| ran.stderr.contains(end))
}

/// What the leak checker makes of a program that ended well.
const LEAKS: i32 = 23;

fn run(program: &Path, at: usize, and_on: bool) -> process::Ran {
    let mut command = process::command(program, &[]);
    if program.file_stem().is_some_and(|name| name == "cksum") {
        command.args(["Cargo.toml", "LICENSE-MIT", "src/lib.rs"].map(|f| common::root().join(f)));
    }
    command.env("FAIL_AT", at.to_string()).env("FAIL_ON", i32::from(and_on).to_string());
    if program.file_stem().is_some_and(|name| name == "plugin") {
        command.arg(plug_in());
    }
    process::run(command, 60)
}

/// What the example that loads a plug-in is given.
fn plug_in() -> &'static Path {
    static PLUG_IN: OnceLock<PathBuf> = OnceLock::new();
    PLUG_IN.get_or_init(|| {
        let source = common::root().join("examples-c/collatz_plugin.c");
        let module = common::made(common::out_dir().join("without_memory")).join("collatz.so");
        common::ok(compiler::module(&source, "gnu11", &module));
        module
    })
}

/// The example with the allocator that fails, and with the leak checker behind that. Without optimisation, so that what
/// an example holds when its check ends it lies where the leak checker finds it.
fn build(source: &Path, leaks: bool) -> PathBuf {
    let dir = common::made(common::out_dir().join("without_memory"));
    let program = dir.join(source.file_stem().unwrap()).with_extension("out");
    let mut command = compiler::command("gnu11");
    command.args(["-O0", "-g"]).arg(source).arg("-o").arg(&program);
    command.arg(common::root().join("tests/c/promises/failing_scenario.c"));
    command.args(leaks.then_some("-fsanitize=leak"));
    command.args(Form::Shared.link_args()).args(["-pthread", "-ldl"]);
    common::ok(succeed(command, common::LIMIT));
    program
}

/// Whether there is a leak checker that sees one.
fn leaks_are_seen() -> bool {
    let empty = common::header::snippet("empty.c", "int main(void) { return 0; }\n");
    let mut command = compiler::command("gnu11");
    command.arg(&empty).arg("-fsanitize=leak").arg("-o").arg(empty.with_extension("leak"));
    if succeed(command, common::LIMIT).is_err() {
        return false;
    }
    let planted = build(&common::root().join("reliability/planted/leak.c"), true);
    run(&planted, 0, false).stderr.contains("detected memory leaks")
}

fn examples() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(common::root().join("examples-c")).unwrap();
    let mut examples: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    examples.retain(|path| {
        let name = path.to_string_lossy();
        name.ends_with(".c") && !name.ends_with("_plugin.c")
    });
    examples.sort();
    assert!(examples.len() > 10, "where are the examples? {examples:?}");
    examples
}

//! Processes of their own: this test program once more for one test, and C programs.

use crate::common;
use crate::common::compiler;
use crate::common::library::Form;
use std::any::type_name;
use std::collections::BTreeMap;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, io::Read, thread};

const CHILD: &str = "ASYNCHRON_PROMISE_CHILD";

/// Runs `body`, which is a closure written in a test, in a process of its own: what it does to limits, descriptors
/// and memory touches no other test.
pub fn in_child<F: FnOnce()>(seconds: u64, body: F) {
    if let Err(text) = try_in_child(seconds, body) {
        panic!("{text}");
    }
}

/// The same, for a test that may try again.
pub fn try_in_child<F: FnOnce()>(seconds: u64, body: F) -> Result<(), String> {
    in_child_as::<F>(seconds, body)
}

/// The same, for a body that is not itself the closure `N` written in the test.
pub fn in_child_as<N>(seconds: u64, body: impl FnOnce()) -> Result<(), String> {
    // "promises::r01_x::some_test::{{closure}}" holds the test's name as the runner knows it.
    let (_, name) = type_name::<N>().split_once("::").unwrap();
    let name = name.split("::{{closure}}").next().unwrap();
    if env::var(CHILD).as_deref() == Ok(name) {
        body();
        return Ok(());
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--include-ignored"]).env(CHILD, name);
    let ran = run(command, seconds);
    if ran.status.success() && ran.stdout.contains("1 passed") {
        return Ok(());
    }
    Err(format!("{name} in its own process: {}\n{}\n{}", ran.status, ran.stdout, ran.stderr))
}

pub struct Ran {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// It exited with 0 and wrote nothing on standard error.
    pub fn assert_quiet_success(&self) {
        assert!(self.status.success(), "{}\n{}\n{}", self.status, self.stdout, self.stderr);
        assert_eq!(self.stderr, "", "something was written on standard error");
    }
}

/// Runs it with a time limit; at the limit it is killed and the test fails.
pub fn run(mut command: Command, seconds: u64) -> Ran {
    // A group of its own, so that children of the child go with it.
    command.process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let stdout = collect(child.stdout.take().unwrap());
    let stderr = collect(child.stderr.take().unwrap());
    let limit = Instant::now() + Duration::from_secs(seconds);
    let (status, late) = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break (status, false);
        }
        if Instant::now() > limit {
            kill_group(child.id());
            break (child.wait().unwrap(), true);
        }
        thread::sleep(Duration::from_millis(2));
    };
    kill_group(child.id());
    let ran = Ran { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() };
    assert!(!late, "hangs: {command:?} not done after {seconds} s\n{}\n{}", ran.stdout, ran.stderr);
    ran
}

fn kill_group(leader: u32) {
    unsafe { libc::kill(-(leader as i32), libc::SIGKILL) };
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// tests/c/promises/`source` as a program, with the shared library.
pub fn compile(source: &str, flags: &[&str]) -> PathBuf {
    compile_with(source, flags, &[])
}

/// The same, with other libraries.
pub fn compile_with(source: &str, flags: &[&str], libraries: &[&str]) -> PathBuf {
    built(source, || {
        let (path, program) = places(source);
        let standard = if source.ends_with(".cpp") { "c++11" } else { "gnu11" };
        let object = program.with_extension("o");
        common::ok(compiler::object(&path, standard, flags, &object));
        let cpp = source.ends_with(".cpp");
        let libraries: Vec<_> = libraries.iter().map(|name| (*name).to_owned()).collect();
        common::ok(compiler::link_with(&[&object], &libraries, cpp, Form::Shared, &program));
        program
    })
}

/// The same, for one that loads the library by itself.
pub fn compile_without_library(source: &str) -> PathBuf {
    built(source, || {
        let (path, program) = places(source);
        let mut command = compiler::command("gnu11");
        command.arg(path).arg("-o").arg(&program).args(["-ldl", "-pthread"]);
        common::ok(common::run::succeed(command, common::LIMIT));
        program
    })
}

/// The same by another language's compiler, if it is there: `ask` tells it the source and the program.
pub fn compile_by(
    compiler: &str,
    source: &str,
    ask: impl FnOnce(&mut Command, &Path, &Path),
) -> Option<PathBuf> {
    let mut command = Command::new(compiler);
    let there = Command::new(compiler).arg("--version").stdout(Stdio::null()).status().is_ok();
    there.then(|| {
        built(source, || {
            let (path, program) = places(source);
            ask(&mut command, &path, &program);
            common::ok(common::run::succeed(command, common::LIMIT));
            program
        })
    })
}

pub fn shared_library() -> PathBuf {
    Form::Shared.file()
}

pub fn command(program: &Path, args: &[&str]) -> Command {
    let mut command = compiler::run_command(program, Form::Shared);
    command.args(args);
    command
}

/// The program under valgrind, if there is one: an access to freed memory is then an error.
pub fn under_valgrind(program: &Path, args: &[&str]) -> Option<Command> {
    valgrind(&["--leak-check=full", "--errors-for-leak-kinds=definite"], program, args)
}

/// The same, for a program that has to lose memory.
pub fn under_valgrind_but_for_leaks(program: &Path, args: &[&str]) -> Option<Command> {
    valgrind(&["--leak-check=no"], program, args)
}

fn valgrind(flags: &[&str], program: &Path, args: &[&str]) -> Option<Command> {
    let mut command = compiler::run_command("valgrind".as_ref(), Form::Shared);
    let found = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_ok();
    command.args(["-q", "--error-exitcode=99", "--fair-sched=yes"]).args(flags);
    command.arg(program).args(args);
    found.then_some(command)
}

fn places(source: &str) -> (PathBuf, PathBuf) {
    let path = common::root().join("tests/c/promises").join(source);
    let program = common::out_dir().join(source).with_extension("out");
    (path, program)
}

/// Each program is built once, by the first test that wants it.
fn built(source: &str, build: impl FnOnce() -> PathBuf) -> PathBuf {
    static BUILT: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut programs = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    match programs.get(source) {
        Some(program) => program.clone(),
        None => {
            let program = build();
            programs.insert(source.to_owned(), program.clone());
            program
        }
    }
}

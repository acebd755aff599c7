//! The example program `cksum` does a real program's work: sorted, it prints what the system's
//! `cksum` prints, a file that cannot be read does not stop the others, and Ctrl-C loses nothing
//! that was finished.

#![cfg(unix)]

mod common;

use std::ffi::CString;
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use common::library::Form;
use common::run::Collected;
use common::{LIMIT, compiler, ok, root, run};

fn cksum() -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let source = root().join("examples-c/cksum.c");
    let build = || ok(compiler::program(&source, "c99", Form::Shared));
    compiler::run_command(PROGRAM.get_or_init(build), Form::Shared)
}

/// A directory with files of this test, gone with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = common::out_dir().join(name);
        let _ = fs::remove_dir_all(&dir);
        Scratch(common::made(dir))
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A named pipe that nobody writes to: opening it for reading blocks.
    fn pipe(&self) -> PathBuf {
        let path = self.0.join("pipe");
        let name = CString::new(path.as_os_str().as_bytes()).unwrap();
        // SAFETY: the name is a string that ends with a zero byte and lives through the call.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        path
    }

    /// Zeros that take no place on the disk and many seconds to read.
    fn endless(&self) -> PathBuf {
        let path = self.0.join("endless");
        File::create(&path).and_then(|file| file.set_len(1 << 38)).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Fails with the lines that only one of the two has: in any order, they are to be the same.
fn assert_same_lines(ours: &str, theirs: &str) {
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let (ours, theirs) = (sorted(ours), sorted(theirs));
    if ours != theirs {
        let only = |a: &[String], b: &[String]| -> String {
            a.iter().filter(|line| !b.contains(line)).map(|line| format!("  {line}\n")).collect()
        };
        let (more, less) = (only(&ours, &theirs), only(&theirs, &ours));
        panic!("only from the example:\n{more}only from the system's cksum:\n{less}");
    }
}

/// The repository's own files: nothing that was built, nothing of git's.
fn own_files(dir: &Path, into: &mut Vec<PathBuf>) {
    if ["target", "build", ".git"].iter().any(|other| dir.ends_with(other)) {
        return;
    }
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            own_files(&path, into);
        } else if path.is_file() {
            into.push(path.strip_prefix(root()).unwrap().to_owned());
        }
    }
}

fn big_file(scratch: &Scratch) -> PathBuf {
    let path = scratch.0.join("256 MiB");
    let mut file = File::create(&path).unwrap();
    let mut block = vec![0_u8; 1 << 20];
    let mut x = 0x9E37_79B9_7F4A_7C15_u64;
    for turn in 0..256_u32 {
        // A block is made once; a different number in each makes the file one without repeats.
        if turn == 0 {
            for chunk in block.chunks_exact_mut(8) {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                chunk.copy_from_slice(&x.to_le_bytes());
            }
        }
        block[..4].copy_from_slice(&turn.to_le_bytes());
        file.write_all(&block).unwrap();
    }
    path
}

#[test]
fn sorted_its_output_is_that_of_the_systems_cksum() {
    let scratch = Scratch::new("same");
    let mut names = Vec::new();
    own_files(root(), &mut names);
    assert!(names.len() > 20, "the repository has files: {names:?}");
    for size in [0, 1, 255, 256, 65_535, 65_536, 65_537, 1 << 20] {
        let bytes: Vec<u8> =
            (0..size).map(|i: u32| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        names.push(scratch.file(&format!("size {size}"), &bytes));
    }
    names.push(big_file(&scratch));
    let directory = common::made(scratch.0.join("directory"));
    let missing = scratch.0.join("missing");
    names.insert(0, missing.clone());
    names.insert(names.len() / 2, directory.clone());

    let mut ours = cksum();
    ours.args(&names);
    let ours = ok(run::run(ours, LIMIT));
    let mut theirs = Command::new("cksum");
    theirs.env("LC_ALL", "C").current_dir(root()).args(&names);
    let theirs = ok(run::run(theirs, LIMIT));

    // coreutils 9.0 and 9.1 do not notice that a directory cannot be read, and print the sum of
    // nothing for it.
    let mistake = format!("4294967295 0 {}\n", directory.display());
    assert_same_lines(&ours.stdout, &theirs.stdout.replace(&mistake, ""));
    assert_eq!(ours.stdout.lines().count(), names.len() - 2, "all that can be read is there");
    assert_eq!((ours.status.code(), theirs.status.code()), (Some(1), Some(1)), "{}", ours.stderr);
    assert_eq!(
        ours.stderr.lines().count(),
        2,
        "one line for each failure, no progress: {}",
        ours.stderr
    );
    for (path, words) in [(directory, "Is a directory"), (missing, "No such file or directory")] {
        let name = path.display().to_string();
        let told = ours.stderr.lines().any(|line| line.contains(&name) && line.contains(words));
        assert!(told, "nothing of {name} and `{words}` in:\n{}", ours.stderr);
    }
}

#[test]
fn when_every_file_can_be_read_the_exit_status_is_zero_and_nothing_else_is_said() {
    let scratch = Scratch::new("clean");
    let names = ["a", "b", "c"].map(|name| scratch.file(name, name.as_bytes()));
    let mut command = cksum();
    command.args(&names);
    let ran = ok(run::succeed(command, LIMIT));
    assert!(ran.stdout.lines().count() == 3 && ran.stderr.is_empty(), "{}", ran.describe());
}

#[test]
fn a_line_is_printed_as_its_file_completes_and_ctrl_c_ends_with_130_after_the_finished_ones() {
    let scratch = Scratch::new("interrupted");
    let names = [
        scratch.pipe(),
        scratch.endless(),
        scratch.file("one", b"1"),
        scratch.file("two", b"22"),
        scratch.file("three", b"333"),
    ];
    let mut command = cksum();
    command.args(&names);
    let mut running = ok(run::start(command));
    // Two never end in this test, and they are first: the others are not kept waiting.
    ok(running.printed(|text| text.lines().count() == 3, LIMIT));
    running.signal(libc::SIGINT);
    let ran = ok(running.finish(Duration::from_secs(10)));
    assert_eq!(ran.status.code(), Some(130), "{}", ran.describe());

    let mut theirs = Command::new("cksum");
    theirs.env("LC_ALL", "C").args(&names[2..]);
    let theirs = ok(run::succeed(theirs, LIMIT));
    assert_same_lines(&ran.stdout, &theirs.stdout);
}

#[test]
fn what_takes_longer_than_the_timeout_is_given_up_and_the_exit_status_is_one() {
    let scratch = Scratch::new("too_late");
    let (never, endless) = (scratch.pipe(), scratch.endless());
    let mut command = cksum();
    command.args(["--timeout", "0.2"]).args([&never, &endless, &scratch.file("one", b"1")]);
    let running = ok(run::start(command));
    let ran = ok(running.finish(LIMIT));
    assert_eq!(ran.status.code(), Some(1), "{}", ran.describe());
    let late = |path: &Path| format!("cksum: {}: its time ran out", path.display());
    for path in [&never, &endless] {
        assert!(ran.stderr.lines().any(|line| line == late(path)), "{}", ran.describe());
    }
    assert!(ran.stdout.lines().all(|line| line.ends_with("one")), "{}", ran.describe());
}

#[test]
fn a_timeout_that_is_none_is_refused() {
    for none in ["", "0", "-1", "x", "1s", "nan"] {
        let mut command = cksum();
        command.args(["--timeout", none, "a"]);
        let running = ok(run::start(command));
        let ran = ok(running.finish(LIMIT));
        assert_eq!(ran.status.code(), Some(1), "{none}: {}", ran.describe());
        assert!(ran.stderr.starts_with("cksum: usage: "), "{none}: {}", ran.describe());
    }
}

#[test]
fn progress_is_shown_on_standard_error_where_that_is_a_terminal() {
    let scratch = Scratch::new("terminal");
    let names = [scratch.file("small", b"small"), scratch.pipe(), scratch.endless()];
    let (screen, terminal) = terminal();
    let mut command = cksum();
    command.args(&names);
    let running = ok(run::start_with_stderr(command, Stdio::from(terminal)));
    let seen = Collected::from(File::from(screen));
    let until = Instant::now() + Duration::from_secs(20);
    // A bar for the file that is read, and one for all.
    let bars = |text: &str| text.contains("endless") && text.contains("1 of 3 files");
    while !bars(&seen.text()) && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
    running.signal(libc::SIGINT);
    let ran = ok(running.finish(Duration::from_secs(10)));
    assert!(bars(&seen.text()), "no progress: {:?}\n{}", seen.text(), ran.describe());
    assert_eq!(ran.stdout.lines().count(), 1, "none of it among the results\n{}", ran.describe());
}

/// Both ends of a new pseudo terminal: what is written to the second is read from the first.
fn terminal() -> (OwnedFd, OwnedFd) {
    let (mut screen, mut terminal) = (-1, -1);
    let none = std::ptr::null_mut();
    // SAFETY: the two numbers are written by the call; name, attributes and size may be null.
    let result =
        unsafe { libc::openpty(&mut screen, &mut terminal, none, none.cast(), none.cast()) };
    assert_eq!(result, 0, "no pseudo terminal: {}", std::io::Error::last_os_error());
    // SAFETY: both are open, and nobody else has them.
    unsafe { (OwnedFd::from_raw_fd(screen), OwnedFd::from_raw_fd(terminal)) }
}

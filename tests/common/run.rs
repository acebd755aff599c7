//! Programs in a process of their own. A hang is a failure that names itself, never a stuck run.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A program that has ended.
pub struct Ran {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    what: String,
}

impl Ran {
    /// What it was, how it ended and all that it said, for a failing test.
    pub fn describe(&self) -> String {
        let Ran { status, stdout, stderr, what } = self;
        format!("{what}\n{status}\n--- stdout ---\n{stdout}\n--- stderr ---\n{stderr}")
    }
}

/// Runs it to its end with nothing on standard input. It may end in any way, but within the limit.
pub fn run(command: Command, limit: Duration) -> Result<Ran, String> {
    start(command)?.finish(limit)
}

/// Runs it to its end; anything but exit status 0 is an error.
pub fn succeed(command: Command, limit: Duration) -> Result<Ran, String> {
    let ran = run(command, limit)?;
    if ran.status.success() { Ok(ran) } else { Err(ran.describe()) }
}

/// Starts it with nothing on standard input. Standard error is collected unless the caller has sent
/// it elsewhere through `start_with_stderr`.
pub fn start(command: Command) -> Result<Running, String> {
    start_with_stderr(command, Stdio::piped())
}

pub fn start_with_stderr(mut command: Command, stderr: Stdio) -> Result<Running, String> {
    let what = describe(&command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .map_err(|e| format!("cannot start {what}: {e}"))?;
    let stdout = child.stdout.take().map(Collected::from);
    let stderr = child.stderr.take().map(Collected::from);
    Ok(Running { child, stdout, stderr, what })
}

/// The command line; not the environment, which is long and not ours to show.
fn describe(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy()));
    words.join(" ")
}

/// A program that runs. Dropped, it is killed.
pub struct Running {
    child: Child,
    stdout: Option<Collected>,
    stderr: Option<Collected>,
    what: String,
}

impl Running {
    /// What it has printed so far.
    pub fn stdout(&self) -> String {
        self.stdout.as_ref().map(Collected::text).unwrap_or_default()
    }

    /// Waits until what it has printed satisfies the condition, while it goes on running.
    pub fn printed(
        &mut self,
        enough: impl Fn(&str) -> bool,
        limit: Duration,
    ) -> Result<(), String> {
        let until = Instant::now() + limit;
        loop {
            if enough(&self.stdout()) {
                return Ok(());
            }
            if self.ended()?.is_some() {
                return Err(format!("it ended too early: {}\n{}", self.what, self.stdout()));
            }
            if Instant::now() >= until {
                return Err(format!("in {limit:?} {} printed only:\n{}", self.what, self.stdout()));
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    pub fn signal(&self, number: libc::c_int) {
        // SAFETY: kill takes plain numbers, and the child is not reaped yet, so the id is still its
        // own.
        let result = unsafe { libc::kill(self.child.id() as libc::pid_t, number) };
        assert_eq!(result, 0, "cannot signal {}", self.what);
    }

    /// Waits for its end; past the limit it is killed, and what it said is in the error.
    pub fn finish(mut self, limit: Duration) -> Result<Ran, String> {
        let until = Instant::now() + limit;
        let (status, in_time) = loop {
            if let Some(status) = self.ended()? {
                break (status, true);
            }
            if Instant::now() >= until {
                let _ = self.child.kill();
                break (self.child.wait().map_err(|e| e.to_string())?, false);
            }
            thread::sleep(Duration::from_millis(2));
        };
        let stdout = self.stdout.take().map(Collected::finish).unwrap_or_default();
        let stderr = self.stderr.take().map(Collected::finish).unwrap_or_default();
        let ran = Ran { status, stdout, stderr, what: self.what.clone() };
        if in_time { Ok(ran) } else { Err(format!("killed after {limit:?}: {}", ran.describe())) }
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>, String> {
        self.child.try_wait().map_err(|e| format!("cannot wait for {}: {e}", self.what))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A pipe read to its end on a thread of its own, so that the writer never blocks on a full one.
pub struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Collected {
    pub fn from(mut pipe: impl Read + Send + 'static) -> Collected {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&bytes);
        let reader = thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(n @ 1..) = pipe.read(&mut chunk) {
                into.lock().unwrap().extend_from_slice(&chunk[..n]);
            }
        });
        Collected { bytes, reader }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    fn finish(self) -> String {
        let Collected { bytes, reader } = self;
        let _ = reader.join();
        String::from_utf8_lossy(&bytes.lock().unwrap()).into_owned()
    }
}

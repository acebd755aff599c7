//! A test that runs in a process of its own: this program once more, told by its environment.

use std::process::Command;

/// Set in a child only, to what it is to do.
const TASK: &str = "ASYNCHRON_MISUSE_CHILD";

/// What this process is to do, if it is a child.
pub fn task() -> Option<String> {
    std::env::var(TASK).ok()
}

/// Runs the tests that these arguments select. They must hold, and write nothing to standard
/// error. Returns what is on standard output.
pub fn run(arguments: &[&str], task: &str) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child.args(arguments).arg("--nocapture").env(TASK, task).output().unwrap();
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    let what = format!("{arguments:?}, {task}: {}\n{out}\n{err}", output.status);
    assert!(output.status.success(), "{what}");
    assert!(err.is_empty(), "written to standard error: {what}");
    assert!(!out.contains("running 0 tests"), "no such test: {what}");
    out.into_owned()
}

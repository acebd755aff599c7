//! What the tests at the language border share: the built library, the C and C++ compilers, the
//! header's declarations, and programs that run in a process of their own with a time limit.

#![allow(dead_code)] // each test file uses its own part

pub mod compiler;
pub mod header;
pub mod library;
pub mod run;
pub mod samples;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Far more than any program here needs: whatever reaches it hangs.
pub const LIMIT: Duration = Duration::from_secs(30);

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file, or those of a directory, however deep, that have one of these extensions.
pub fn files_of(path: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    if !path.is_dir() {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let wanted = extension.is_some_and(|extension| extensions.contains(&extension));
        return wanted.then(|| path.to_owned()).into_iter().collect();
    }
    // What is built comes and goes meanwhile.
    if path.ends_with("build") || path.ends_with("target") {
        return Vec::new();
    }
    let entries = std::fs::read_dir(path).expect("a directory can be read");
    entries.flat_map(|entry| files_of(&entry.unwrap().path(), extensions)).collect()
}

/// A C, C++ or Python source of these tests.
pub fn source(name: &str) -> PathBuf {
    root().join("tests/c/border").join(name)
}

/// Where this test file's programs are built: one directory for each test file.
pub fn out_dir() -> PathBuf {
    made(Path::new(env!("CARGO_TARGET_TMPDIR")).join("border").join(env!("CARGO_CRATE_NAME")))
}

/// The directory, made if it is not there.
pub fn made(dir: PathBuf) -> PathBuf {
    std::fs::create_dir_all(&dir).unwrap_or_else(|e| panic!("cannot make {}: {e}", dir.display()));
    dir
}

/// A path beside this one that no other thread or process takes: what is made there is then
/// renamed, so that others see all of it or nothing.
pub fn fresh(path: &Path) -> PathBuf {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    let turn = TURN.fetch_add(1, Ordering::Relaxed);
    path.with_extension(format!("new-{}-{turn}", std::process::id()))
}

/// The value, or a panic with the message as it is: it has many lines, which `unwrap` would print
/// as one.
pub fn ok<T>(result: Result<T, String>) -> T {
    result.unwrap_or_else(|message| panic!("{message}"))
}

//! The library as cargo built it for this run, in both forms.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use super::run;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Shared,
    Static,
}

impl Form {
    pub const BOTH: [Form; 2] = [Form::Shared, Form::Static];

    pub fn name(self) -> &'static str {
        match self {
            Form::Shared => "shared",
            Form::Static => "static",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Form::Shared => std::env::consts::DLL_SUFFIX,
            Form::Static => ".a",
        }
    }

    /// What the linker needs to take this form, and only this one.
    pub fn link_args(self) -> Vec<String> {
        let dir = self.dir();
        let mut args = vec!["-L".to_owned(), dir.display().to_string(), "-lasynchron".to_owned()];
        match self {
            Form::Shared => args.push(format!("-Wl,-rpath,{}", dir.display())),
            Form::Static => args.extend(native_libraries().iter().cloned()),
        }
        args
    }

    /// A directory that holds nothing but this form, under its plain name.
    pub fn dir(self) -> PathBuf {
        let path = self.file();
        path.parent().expect("the library is in a directory").to_owned()
    }

    /// This form of the library, in `dir`.
    pub fn file(self) -> PathBuf {
        let dir = super::made(super::out_dir().join("lib").join(self.name()));
        let link = dir.join(format!("libasynchron{}", self.suffix()));
        let fresh = super::fresh(&link);
        std::os::unix::fs::symlink(built(self), &fresh)
            .and_then(|()| fs::rename(&fresh, &link))
            .unwrap_or_else(|e| panic!("cannot make {}: {e}", link.display()));
        link
    }
}

/// `cargo test` leaves the library beside the test programs, in `deps`, with or without a hash in
/// its name; only `cargo build` puts it one directory above.
fn built(form: Form) -> PathBuf {
    let exe = std::env::current_exe().expect("a program knows its path");
    let deps = exe.parent().expect("a program is in a directory");
    newest(deps, form.suffix())
        .or_else(|| newest(deps.parent()?, form.suffix()))
        .unwrap_or_else(|| panic!("no {} library in {} or above", form.name(), deps.display()))
}

fn newest(dir: &Path, suffix: &str) -> Option<PathBuf> {
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let stem = name.strip_prefix("libasynchron").and_then(|rest| rest.strip_suffix(suffix));
        stem.is_some_and(|hash| hash.is_empty() || hash.starts_with('-'))
    };
    let modified = |path: &PathBuf| {
        fs::metadata(path).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
    };
    let entries = fs::read_dir(dir).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    entries.filter(is_ours).max_by_key(modified)
}

/// What Rust's own library needs from the system when it is linked statically, as the compiler
/// tells it.
fn native_libraries() -> &'static [String] {
    static LIBRARIES: OnceLock<Vec<String>> = OnceLock::new();
    LIBRARIES.get_or_init(|| {
        let out = super::fresh(&super::out_dir().join("empty.a"));
        let args =
            ["--print=native-static-libs", "--crate-name=empty", "--crate-type=staticlib", "-o"];
        let mut command = rustc();
        command.args(args).arg(&out).arg("-");
        let said = super::ok(run::succeed(command, super::LIMIT)).stderr;
        let _ = fs::remove_file(&out);
        let list = said.lines().find_map(|line| line.split_once("native-static-libs:"));
        let (_, list) = list.unwrap_or_else(|| panic!("no native-static-libs in:\n{said}"));
        list.split_whitespace().map(str::to_owned).collect()
    })
}

/// The triple that the library and the tests are built for, unless cargo was told another one.
pub fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| {
        let mut command = rustc();
        command.arg("-vV");
        let said = super::ok(run::succeed(command, super::LIMIT)).stdout;
        let host = said.lines().find_map(|line| line.strip_prefix("host: "));
        host.unwrap_or_else(|| panic!("no host in:\n{said}")).to_owned()
    })
}

fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

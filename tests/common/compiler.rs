//! The C and C++ compilers that the cc crate finds, and what is asked of them here.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::library::{self, Form};
use super::run;

pub const C_STANDARDS: [&str; 3] = ["c99", "c11", "c17"];
pub const CPP_STANDARDS: [&str; 3] = ["c++11", "c++17", "c++20"];

/// No warning is accepted from anything that is built here.
pub const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

/// What the name of a source in this standard's language ends with.
pub fn suffix(standard: &str) -> &'static str {
    if standard.starts_with("c++") { "cpp" } else { "c" }
}

/// The compiler for this standard's language, warnings on, with the header to be found.
pub fn command(standard: &str) -> Command {
    let mut command = tool(standard.starts_with("c++")).to_command();
    command
        .arg(format!("-std={standard}"))
        .args(STRICT)
        .arg("-I")
        .arg(super::root().join("include"));
    command
}

fn tool(cpp: bool) -> &'static cc::Tool {
    static C: OnceLock<cc::Tool> = OnceLock::new();
    static CPP: OnceLock<cc::Tool> = OnceLock::new();
    let slot = if cpp { &CPP } else { &C };
    slot.get_or_init(|| {
        let host = library::host();
        let mut build = cc::Build::new();
        // cargo tells these to build scripts only, so they are said here.
        build.cargo_metadata(false).target(host).host(host).opt_level(2).debug(false).cpp(cpp);
        let language = if cpp { "C++" } else { "C" };
        build
            .try_get_compiler()
            .unwrap_or_else(|e| panic!("these tests need a {language} compiler: {e}"))
    })
}

/// Whether the source is valid and without a warning; nothing is written.
pub fn check(source: &Path, standard: &str, flags: &[&str]) -> Result<(), String> {
    let mut command = command(standard);
    command.args(flags).arg("-fsyntax-only").arg(source);
    run::succeed(command, super::LIMIT).map(drop)
}

/// Compiles one source to an object file.
pub fn object(source: &Path, standard: &str, flags: &[&str], object: &Path) -> Result<(), String> {
    let mut command = command(standard);
    command.args(flags).arg("-c").arg(source).arg("-o").arg(object);
    run::succeed(command, 20 * super::LIMIT).map(drop)
}

/// Links objects to a program with one form of the library.
pub fn link(objects: &[&Path], cpp: bool, form: Form, program: &Path) -> Result<(), String> {
    link_with(objects, &[], cpp, form, program)
}

/// The same, with what else the linker is to be told.
pub fn link_with(
    objects: &[&Path],
    others: &[String],
    cpp: bool,
    form: Form,
    program: &Path,
) -> Result<(), String> {
    let mut command = tool(cpp).to_command();
    command.args(objects).arg("-o").arg(program).args(form.link_args());
    command.args(others).arg("-pthread");
    run::succeed(command, super::LIMIT).map(drop)
}

/// Compiles and links one source; the program is named after it, the standard and the form.
pub fn program(source: &Path, standard: &str, form: Form) -> Result<PathBuf, String> {
    let stem =
        source.file_stem().and_then(|stem| stem.to_str()).expect("a source has a plain name");
    let program = super::out_dir().join(format!("{stem}-{standard}-{}", form.name()));
    let compiled = program.with_extension("o");
    object(source, standard, &[], &compiled)?;
    link(&[&compiled], standard.starts_with("c++"), form, &program)?;
    Ok(program)
}

/// Compiles and links one source to a module that a program loads, with the shared form of the library.
pub fn module(source: &Path, standard: &str, module: &Path) -> Result<(), String> {
    let mut command = command(standard);
    command.args(["-fPIC", "-shared", "-fvisibility=hidden"]).arg(source).arg("-o").arg(module);
    command.args(Form::Shared.link_args());
    run::succeed(command, super::LIMIT).map(drop)
}

/// Runs one, with the library that it was linked to: cargo's own search path for its tests is put
/// aside.
pub fn run_command(program: &Path, form: Form) -> Command {
    let mut command = Command::new(program);
    let variable =
        if cfg!(target_vendor = "apple") { "DYLD_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" };
    command.env_remove(variable);
    if form == Form::Shared {
        command.env(variable, form.dir());
    }
    command.env("LC_ALL", "C").current_dir(super::root());
    command
}

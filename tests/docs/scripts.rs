//! Python, Go, JavaScript and Java: run by what is installed, with the library under the name that
//! it is installed by.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::common::library::Form;
use crate::common::samples::{self, Sample};
use crate::common::{compiler, made, ok, out_dir, root, run};
use crate::{c, check_output, every, skip};

/// Some of these compile first, and what they need of their own libraries, too.
const LIMIT: Duration = Duration::from_secs(300);

#[test]
fn the_python_samples_run() {
    for sample in &every("python") {
        if sample.text.contains("import cffi") && !works(python(&["-c", "import cffi"])) {
            skip(sample, "python3 has no cffi");
        } else if sample.text.contains("import Asynchron")
            && !works(python(&["-c", "import asynchron"]))
        {
            skip(sample, "python3 has no asynchron");
        } else if sample.text.contains("pkg-config")
            && !works(command("pkg-config", &["--version"]))
        {
            skip(sample, "there is no pkg-config");
        } else {
            run_file(sample, "sample.py", python(&[]));
        }
    }
}

#[test]
fn the_go_samples_run() {
    for sample in &every("go") {
        if !works(command("go", &["version"])) {
            skip(sample, "there is no go");
            continue;
        }
        let mut go = command("go", &["run"]);
        // As if it were installed where the C compiler looks.
        go.env("C_INCLUDE_PATH", root().join("include")).env("LIBRARY_PATH", installed());
        if sample.text.contains("\t\"asynchron\"\n") {
            require_module(sample);
            go.env("CGO_LDFLAGS", "-lasynchron").env("GOFLAGS", "-mod=mod");
        }
        run_file(sample, "main.go", go);
    }
}

/// The sample is a module that requires the one of the sources.
fn require_module(sample: &Sample) {
    let module = root().join("bindings/go");
    let text = format!(
        "module sample\n\ngo 1.19\n\nrequire asynchron v0.0.0\n\nreplace asynchron => {}\n",
        module.display()
    );
    let file = dir(sample).join("go.mod");
    std::fs::write(&file, text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
}

#[test]
fn the_javascript_samples_run() {
    for sample in &every("js") {
        if !works(command("node", &["--version"])) {
            skip(sample, "there is no node");
        } else if sample.text.contains("'koffi'") && !works(node(&["-e", "require('koffi')"])) {
            skip(sample, "node has no koffi");
        } else if !sample.text.contains("./addon.node") || build_addon(sample) {
            run_file(sample, "sample.js", node(&[]));
        }
    }
}

#[test]
fn the_java_samples_run() {
    // Programs for the library of Java are run by bindings/java/ci.sh.
    for sample in every("java").iter().filter(|sample| !sample.text.contains("import asynchron.")) {
        let Some(java) = java() else {
            skip(sample, "there is no Java 22 or later");
            continue;
        };
        let mut program = command(&java, &["--enable-native-access=ALL-UNNAMED"]);
        let modules = run::succeed(command(&java, &["--list-modules"]), LIMIT);
        if ok(modules).stdout.contains("jdk.compiler") {
            run_file(sample, "Main.java", program);
        } else if Path::new(ECJ).exists() {
            compile_by_ecj(&java, sample);
            program.arg("Main");
            run_there(sample, program);
        } else {
            skip(sample, "Java has no compiler, and there is no ecj");
        }
    }
}

/// Where Debian puts the compiler that is a Java program itself.
const ECJ: &str = "/usr/share/java/ecj.jar";

/// Where the sample's file would be, leaves its classes.
fn compile_by_ecj(java: &Path, sample: &Sample) {
    let source = dir(sample).join("Main.java");
    std::fs::write(&source, &sample.text).unwrap_or_else(|e| panic!("{}: {e}", source.display()));
    let main = "org.eclipse.jdt.internal.compiler.batch.Main";
    let mut ecj = command(java, &["-cp", ECJ, main, "-nowarn", "-source", "10", "-target", "10"]);
    ecj.arg("-d").arg(dir(sample)).arg(source);
    run::succeed(ecj, LIMIT).unwrap_or_else(|e| panic!("{}: {e}", sample.place()));
}

fn run_file(sample: &Sample, name: &str, mut command: Command) {
    let file = dir(sample).join(name);
    std::fs::write(&file, &sample.text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    command.arg(name);
    run_there(sample, command);
}

fn run_there(sample: &Sample, mut command: Command) {
    command.current_dir(dir(sample)).env("LC_ALL", "C.UTF-8");
    // cargo's own search path would find the library by another name.
    let installed = installed();
    command.env("LD_LIBRARY_PATH", &installed).env("PKG_CONFIG_PATH", &installed);
    let ran = run::succeed(command, LIMIT).unwrap_or_else(|e| panic!("{}: {e}", sample.place()));
    check_output(sample, &ran);
}

fn dir(sample: &Sample) -> PathBuf {
    made(out_dir().join(sample.name()))
}

fn command(program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn python(arguments: &[&str]) -> Command {
    let mut python = command("python3", &["-B"]);
    python.args(arguments);
    python
}

fn node(arguments: &[&str]) -> Command {
    command("node", arguments)
}

fn works(command: Command) -> bool {
    run::succeed(command, LIMIT).is_ok()
}

/// A directory with the names that an installation has, and with what pkg-config asks for.
fn installed() -> PathBuf {
    let dir = made(out_dir().join("installed"));
    let library = Form::Shared.file();
    for name in ["libasynchron.so", "libasynchron.so.0"] {
        let (link, fresh) = (dir.join(name), crate::common::fresh(&dir.join(name)));
        std::os::unix::fs::symlink(&library, &fresh)
            .and_then(|()| std::fs::rename(&fresh, &link))
            .unwrap_or_else(|e| panic!("cannot make {}: {e}", link.display()));
    }
    // As much of it as samples ask for.
    let facts = format!(
        "includedir={}\nName: asynchron\nDescription: \nVersion: 0\n",
        root().join("include").display()
    );
    let (file, fresh) = (dir.join("asynchron.pc"), crate::common::fresh(&dir.join("asynchron.pc")));
    std::fs::write(&fresh, facts)
        .and_then(|()| std::fs::rename(&fresh, &file))
        .unwrap_or_else(|e| panic!("cannot make {}: {e}", file.display()));
    dir
}

/// Builds the addon that stands above this script; false if Node.js came without its headers.
fn build_addon(script: &Sample) -> bool {
    let above = samples::of(&root().join(&script.page));
    let addon = above.iter().rev().find(|s| s.line < script.line && c::is_addon(s));
    let addon = addon.unwrap_or_else(|| panic!("{}: no addon above it", script.place()));
    let node = ok(run::succeed(node(&["-p", "process.execPath"]), LIMIT)).stdout;
    let prefix = Path::new(node.trim()).ancestors().nth(2).expect("node is in PREFIX/bin");
    let include = prefix.join("include/node");
    if !include.join("node_api.h").exists() {
        skip(script, "node has no node_api.h");
        return false;
    }
    let mut command = compiler::command("c99");
    command.arg("-isystem").arg(include).args(["-shared", "-fPIC", "-o"]);
    command.arg(dir(script).join("addon.node")).arg(c::source(addon, "c99"));
    command.args(Form::Shared.link_args());
    ok(run::succeed(command, LIMIT));
    true
}

/// One that has the foreign function interface: the user's, or any that Debian would put there.
fn java() -> Option<PathBuf> {
    let home = std::env::var_os("JAVA_HOME").map(|home| Path::new(&home).join("bin/java"));
    let others = std::fs::read_dir("/usr/lib/jvm").into_iter().flatten();
    let others = others.filter_map(|entry| Some(entry.ok()?.path().join("bin/java")));
    home.into_iter().chain([PathBuf::from("java")]).chain(others).find(|java| {
        let mut command = Command::new(java);
        command.arg("-version");
        // openjdk version "25.0.1" 2025-10-21
        let said = run::succeed(command, LIMIT).map(|ran| ran.stderr).unwrap_or_default();
        let version = said.split('"').nth(1).and_then(|version| version.split('.').next());
        version.and_then(|major| major.parse().ok()).is_some_and(|major: u32| major >= 22)
    })
}

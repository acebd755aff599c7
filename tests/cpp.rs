//! The C++ interface: the programs in `tests/cpp` compile without a warning in every standard of
//! the language and by every compiler at hand, and hold.

#![cfg(unix)]

mod common;
#[path = "cpp/rooms.rs"]
mod rooms;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::library::Form;
use common::{LIMIT, compiler, header, ok, out_dir, root, run};

/// Beyond those that every program here is built with.
const STRICTER: [&str; 5] =
    ["-Wshadow", "-Wconversion", "-Wsign-conversion", "-Wnon-virtual-dtor", "-Wundef"];

#[derive(Clone, Copy, PartialEq)]
enum By {
    Default,
    Clang,
}

/// The compilers at hand. Only the default one need be.
fn compilers() -> Vec<By> {
    let clang = Command::new("clang++").arg("--version").output().is_ok_and(|o| o.status.success());
    if clang { vec![By::Default, By::Clang] } else { vec![By::Default] }
}

fn command(by: By, standard: &str) -> Command {
    let mut command = match by {
        By::Default => compiler::command(standard),
        By::Clang => {
            let mut clang = Command::new("clang++");
            clang.arg(format!("-std={standard}")).arg("-O2").args(compiler::STRICT);
            clang.arg("-I").arg(root().join("include"));
            clang
        }
    };
    command.args(STRICTER);
    // One standard is enough for what the optimiser sees, and does. Without it, the others take half the time.
    command.arg(if standard == "c++20" { "-O2" } else { "-O0" });
    command
}

/// Whether it knows the standard; all know the first and, for the sake of the coroutines, C++20.
fn knows(by: By, standard: &str) -> bool {
    let unit = header::snippet("empty.cpp", "int main() { return 0; }\n");
    let mut command = command(by, standard);
    command.arg("-fsyntax-only").arg(unit);
    run::run(command, LIMIT).is_ok_and(|ran| ran.status.success())
}

fn object(by: By, standard: &str, source: &Path, object: &Path) {
    let mut command = command(by, standard);
    command.arg("-c").arg(source).arg("-o").arg(object);
    ok(run::succeed(command, 20 * LIMIT));
}

fn source(name: &str) -> PathBuf {
    root().join("tests/cpp").join(name)
}

/// Builds one of the programs, runs it with these forms of the library, and returns what the last
/// run printed.
fn hold(name: &str, by: By, standard: &str, forms: &[Form]) -> String {
    let compiler = if by == By::Clang { "clang" } else { "default" };
    let base = out_dir().join(format!("{name}-{compiler}-{standard}"));
    let compiled = base.with_extension("o");
    object(by, standard, &source(&format!("{name}.cpp")), &compiled);
    let mut said = String::new();
    for form in forms {
        let program = base.with_extension(form.name());
        ok(compiler::link(&[&compiled], true, *form, &program));
        said = ok(run::succeed(compiler::run_command(&program, *form), 10 * LIMIT)).stdout;
    }
    said
}

#[test]
fn every_test_holds() {
    for by in compilers() {
        for standard in ["c++11", "c++17", "c++20"] {
            let forms: &[Form] =
                if standard == "c++17" { &[Form::Static] } else { &[Form::Shared] };
            let said = hold("main", by, standard, forms);
            let coroutines = said.contains("a_coroutine_computes_its_future");
            assert_eq!(coroutines, standard == "c++20", "{said}");
        }
    }
}

/// Use after free and leaks: of frames that are destroyed while they wait, above all.
#[test]
#[cfg(target_os = "linux")]
fn every_test_holds_under_address_sanitizer() {
    let mut command = command(By::Default, "c++20");
    let program = out_dir().join("main-asan");
    command.args(["-O1", "-g", "-fsanitize=address"]).arg(source("main.cpp"));
    command.arg("-o").arg(&program).args(Form::Static.link_args()).arg("-pthread");
    ok(run::succeed(command, 20 * LIMIT));
    ok(run::succeed(compiler::run_command(&program, Form::Static), 10 * LIMIT));
}

/// What is taken out is handed over, whoever may hand out a future of it at that moment.
#[test]
#[cfg(target_os = "linux")]
fn to_thread_sanitizer_a_value_is_taken_without_a_race() {
    let mut command = command(By::Default, "c++17");
    let program = out_dir().join("taking-tsan");
    command.args(["-O1", "-g", "-fsanitize=thread", "-DONLY=\"taking.cpp\""]);
    command.arg(source("main.cpp")).arg("-o").arg(&program);
    command.args(Form::Shared.link_args()).arg("-pthread");
    if run::succeed(command, 20 * LIMIT).is_err() {
        eprintln!("skipped: no ThreadSanitizer");
        return;
    }
    ok(run::succeed(compiler::run_command(&program, Form::Shared), 20 * LIMIT));
}

/// In a program that takes itself for a plug-in, and so has to be empty in the end.
#[test]
fn every_test_holds_in_a_plug_in() {
    for (by, standard) in [(By::Default, "c++11"), (By::Clang, "c++20")] {
        if !compilers().contains(&by) {
            continue;
        }
        let mut command = command(by, standard);
        let program = out_dir().join(format!("main-plug-in-{standard}"));
        command.arg("-DASYNCHRON_PLUGIN").arg(source("main.cpp")).arg("-o").arg(&program);
        command.args(Form::Shared.link_args()).arg("-pthread");
        ok(run::succeed(command, 20 * LIMIT));
        ok(run::succeed(compiler::run_command(&program, Form::Shared), 10 * LIMIT));
    }
}

#[test]
fn every_other_standard_compiles_without_a_warning() {
    for by in compilers() {
        let newest = ["c++23", "c++2b"].into_iter().find(|standard| knows(by, standard));
        for standard in ["c++14"].into_iter().chain(newest) {
            let mut command = command(by, standard);
            command.arg("-fsyntax-only").arg(source("main.cpp"));
            ok(run::succeed(command, 20 * LIMIT));
        }
    }
}

#[test]
#[cfg_attr(not(all(target_os = "linux", target_env = "gnu")), ignore = "puts glibc's malloc aside")]
fn want_of_memory_is_an_exception_and_loses_nothing() {
    hold("memory", By::Default, "c++20", &[Form::Shared]);
}

/// Nor is anything handed over that would not keep it.
#[test]
#[cfg_attr(not(all(target_os = "linux", target_env = "gnu")), ignore = "puts glibc's malloc aside")]
fn want_of_memory_loses_nothing_in_a_plug_in() {
    let mut command = command(By::Default, "c++20");
    let program = out_dir().join("memory-plug-in");
    command.arg("-DASYNCHRON_PLUGIN").arg(source("memory.cpp")).arg("-o").arg(&program);
    command.args(Form::Shared.link_args()).arg("-pthread");
    ok(run::succeed(command, 20 * LIMIT));
    ok(run::succeed(compiler::run_command(&program, Form::Shared), 10 * LIMIT));
}

#[test]
#[cfg(target_os = "linux")]
fn want_of_threads_is_an_exception_where_a_value_is_moved_out() {
    hold("no_threads", By::Default, "c++20", &[Form::Shared]);
}

/// What would throw ends the program there, with a message.
#[test]
fn without_exceptions_it_is_as_useful() {
    for by in compilers() {
        let plug_in = "-DASYNCHRON_PLUGIN";
        for (standard, more) in [("c++11", plug_in), ("c++17", "-O2"), ("c++20", "-fno-rtti")] {
            let mut command = command(by, standard);
            let compiler = if by == By::Clang { "clang" } else { "default" };
            let program = out_dir().join(format!("no_exceptions-{compiler}-{standard}"));
            command.args(["-fno-exceptions", more]).arg(source("no_exceptions.cpp"));
            command.arg("-o").arg(&program).args(Form::Shared.link_args()).arg("-pthread");
            ok(run::succeed(command, 20 * LIMIT));
            ok(run::succeed(compiler::run_command(&program, Form::Shared), LIMIT));
            let mut ends = compiler::run_command(&program, Form::Shared);
            ends.arg("by what would throw");
            let ended = ok(run::run(ends, LIMIT));
            assert!(
                !ended.status.success() && ended.stderr.contains("why it failed"),
                "{}",
                ended.stderr
            );
        }
    }
}

/// Two modules that hide their symbols, from every compiler and standard library at hand.
#[test]
#[cfg(target_os = "linux")]
fn modules_that_hide_their_symbols_understand_each_other() {
    let host = out_dir().join("modules-host");
    let compiled = host.with_extension("o");
    ok(compiler::object(&source("modules/host.c"), "c11", &["-D_GNU_SOURCE"], &compiled));
    ok(compiler::link_with(&[&compiled], &["-ldl".into()], false, Form::Shared, &host));
    let mut kinds = Vec::new();
    for (by, library) in [(By::Default, ""), (By::Clang, ""), (By::Clang, "-stdlib=libc++")] {
        if compilers().contains(&by) && has(by, library) {
            let name = format!("{}{library}", if by == By::Clang { "clang" } else { "default" });
            kinds.push((name, by, library));
        }
    }
    let module = |which: &str, (name, by, library): &(String, By, &str)| {
        let module = out_dir().join(format!("{which}-{name}.so"));
        let mut command = command(*by, "c++20");
        command.args(Some(library).filter(|library| !library.is_empty()));
        command.args(["-fPIC", "-shared", "-fvisibility=hidden"]);
        command.arg(source(&format!("modules/{which}.cpp"))).arg("-o").arg(&module);
        command.args(Form::Shared.link_args());
        ok(run::succeed(command, 20 * LIMIT));
        module
    };
    let makers: Vec<_> = kinds.iter().map(|kind| module("maker", kind)).collect();
    let askers: Vec<_> = kinds.iter().map(|kind| module("asker", kind)).collect();
    for (maker, made) in makers.iter().zip(&kinds) {
        for (asker, asked) in askers.iter().zip(&kinds) {
            let mut host = compiler::run_command(&host, Form::Shared);
            host.arg(maker).arg(asker);
            let said = ok(run::succeed(host, LIMIT)).stdout;
            let other_type =
                "error: asynchron: the value is not of the type that is asked for (code -1)";
            // What one standard library makes, another cannot read, but it says so.
            let [string, record, thrown, own] = if made.2 == asked.2 {
                ["a string", "a record", "range_error: thrown", "runtime_error: own"]
            } else {
                [other_type, other_type, "error: c++: thrown (code 1)", "error: c++: own (code 1)"]
            };
            let same = ["error: maker: failed (code 5)", "cancelled: enough", "42"];
            let expected = [["7", string, record, thrown, own].as_slice(), &same].concat();
            let lines: Vec<_> = said.lines().collect();
            assert_eq!(lines, expected, "{} asked by {}", made.0, asked.0);
        }
    }
}

/// One of the programs in `tests/cpp/modules`, or a module.
#[cfg(target_os = "linux")]
fn built(which: &str, kind: &str, by: By, flags: &[&str]) -> PathBuf {
    let compiler = if by == By::Clang { "clang" } else { "default" };
    let out = out_dir().join(format!("{which}-{kind}-{compiler}"));
    let mut command = command(by, "c++20");
    command.args(flags).arg(source(&format!("modules/{which}.cpp"))).arg("-o").arg(&out);
    command.args(Form::Shared.link_args()).args(["-pthread", "-ldl"]);
    ok(run::succeed(command, 20 * LIMIT));
    out
}

/// Has a program load, use and unload a plug-in, many times.
#[cfg(target_os = "linux")]
fn unloads(host: &Path, module: &Path) {
    let mut host = compiler::run_command(host, Form::Shared);
    host.arg(module);
    ok(run::succeed(host, 20 * LIMIT));
}

#[test]
#[cfg(target_os = "linux")]
fn a_plug_in_that_has_left_can_be_unloaded() {
    for by in compilers() {
        let mut hidden = vec!["-fPIC", "-shared", "-fvisibility=hidden"];
        if by == By::Default {
            hidden.push("-fno-gnu-unique");
        }
        let module = built("plug_in", "hidden", by, &hidden);
        unloads(&built("plug_in_host", "plain", by, &[]), &module);
    }
}

/// Without optimization every template that it uses is a symbol, which the script keeps to itself. The host in C has no
/// standard library of C++, which comes with the plug-in.
#[test]
#[cfg(target_os = "linux")]
fn a_plug_in_with_a_version_script_can_be_unloaded_without_optimization() {
    let in_c = out_dir().join("plug_in_host-c");
    let compiled = in_c.with_extension("o");
    ok(compiler::object(&source("modules/plug_in_host.c"), "c11", &["-D_GNU_SOURCE"], &compiled));
    ok(compiler::link_with(&[&compiled], &["-ldl".into()], false, Form::Shared, &in_c));
    let script = format!("-Wl,--version-script={}", source("modules/plug_in.map").display());
    for by in compilers() {
        let module = built("plug_in", "script", by, &["-fPIC", "-shared", "-O0", &script]);
        let host = built("plug_in_host", "exports", by, &["-O0", "-rdynamic"]);
        for host in [&host, &in_c] {
            unloads(host, &module);
        }
    }
}

/// The program has the same functions by the same names, which count nothing.
#[test]
#[cfg(target_os = "linux")]
fn a_plug_in_counts_what_it_hands_over_whatever_the_program_exports() {
    for by in compilers() {
        let mut shown = vec!["-fPIC", "-shared", "-O0"];
        if by == By::Default {
            shown.push("-fno-gnu-unique");
        }
        let module = built("plug_in", "shown", by, &shown);
        unloads(&built("plug_in_host", "exports_too", by, &["-O0", "-rdynamic"]), &module);
    }
}

/// Whether a compiler has this standard library.
fn has(by: By, library: &str) -> bool {
    let unit = header::snippet("library.cpp", "#include <string>\nint main() { return 0; }\n");
    let mut command = command(by, "c++20");
    command.args(Some(library).filter(|library| !library.is_empty()));
    command.arg("-fsyntax-only").arg(unit);
    run::run(command, LIMIT).is_ok_and(|ran| ran.status.success())
}

#[test]
fn the_header_compiles_alone_and_twice() {
    let unit = header::snippet("twice.cpp", &"#include <asynchron.hpp>\n".repeat(2));
    for by in compilers() {
        for standard in ["c++11", "c++20"] {
            let mut command = command(by, standard);
            command.args(["-Wold-style-cast", "-fsyntax-only"]).arg(&unit);
            ok(run::succeed(command, LIMIT));
        }
    }
}

#[test]
fn units_of_several_standards_make_one_program() {
    let unit = |name: &str, text: &str| {
        header::snippet(name, &format!("#include <asynchron.hpp>\n{text}"))
    };
    let old = unit(
        "old.cpp",
        "asynchron::future<std::string> old() { return asynchron::spawn([] { return std::string(\"old\"); }); }\n",
    );
    let new = unit(
        "new.cpp",
        "asynchron::future<std::string> old();\n\
         static asynchron::future<bool> same() { co_return co_await old() == \"old\"; }\n\
         int main() { return same().get() ? 0 : 1; }\n",
    );
    let objects = [out_dir().join("old.o"), out_dir().join("new.o")];
    object(By::Default, "c++11", &old, &objects[0]);
    object(By::Default, "c++20", &new, &objects[1]);
    let program = out_dir().join("old_and_new");
    ok(compiler::link(&[&objects[0], &objects[1]], true, Form::Shared, &program));
    ok(run::succeed(compiler::run_command(&program, Form::Shared), LIMIT));
}

#[test]
fn its_macros_have_our_prefix() {
    let text: String = rooms::rooms().iter().map(|name| rooms::room(name)).collect();
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("#define "))
        .map(|rest| rest.split([' ', '(']).next().unwrap_or_default())
        .collect();
    assert!(names.contains(&"ASYNCHRON_COROUTINES"), "where are they? {names:?}");
    let strangers: Vec<_> = names.iter().filter(|n| !n.starts_with("ASYNCHRON_")).collect();
    assert!(strangers.is_empty(), "{strangers:?}");
}

//! C and C++: compiled without a warning, linked with either form of the library, and run.

use std::path::PathBuf;
use std::process::Command;

use crate::common::library::Form;
use crate::common::samples::Sample;
use crate::common::{LIMIT, compiler, header, ok, run};
use crate::{check_output, every, skip};

/// Other libraries that samples use: a header, and what pkg-config calls the library.
const LIBRARIES: [(&str, &str); 13] = [
    ("<uv.h>", "libuv"),
    ("<asynchron/uv.h>", "libuv"),
    ("<gio/gio.h>", "gio-2.0"),
    ("<asynchron/glib.h>", "gio-2.0"),
    ("<asynchron/gtask.h>", "gio-2.0"),
    ("<asynchron/curl.h>", "libcurl"),
    ("<asynchron/curl_epoll.h>", "libcurl"),
    ("<asynchron/curl_uv.h>", "libcurl"),
    ("<asynchron/curl_uv.h>", "libuv"),
    ("<asynchron/hiredis.h>", "hiredis"),
    ("<asynchron/pq.h>", "libpq"),
    ("<asynchron/nats.h>", "libnats"),
    ("<glib.h>", "glib-2.0"),
];

/// The same, where the header is all there is.
const HEADERS: [&str; 1] = ["<asio.hpp>"];

#[test]
fn the_c_samples_compile_and_run() {
    for sample in every("c").iter().filter(|sample| !is_addon(sample) && !is_plug_in(sample)) {
        run_with_both_forms(sample, "c99");
    }
}

#[test]
fn the_cpp_samples_compile_and_run() {
    for sample in every("cpp").iter().filter(|sample| !is_plug_in(sample) && !is_host(sample)) {
        if !is_coroutine(sample) {
            run_with_both_forms(sample, "c++17");
        }
        run_with_both_forms(sample, "c++20");
    }
}

/// For C++20 and later.
fn is_coroutine(sample: &Sample) -> bool {
    sample.text.contains("co_await")
}

/// For Node.js, and tried with the script below it.
pub fn is_addon(sample: &Sample) -> bool {
    sample.text.contains("<node_api.h>")
}

/// For a host to load.
pub fn is_plug_in(sample: &Sample) -> bool {
    sample.text.contains("plugin_stop(void)\n{")
}

fn is_host(sample: &Sample) -> bool {
    sample.text.contains("<dlfcn.h>")
}

#[test]
#[cfg(target_os = "linux")]
fn the_plug_ins_are_loaded_used_and_unloaded_a_thousand_times() {
    let (c, cpp) = (every("c"), every("cpp"));
    let host = cpp.iter().find(|sample| is_host(sample)).expect("a host is shown");
    let object = source(host, "c++17").with_extension("o");
    let program = object.with_extension("host");
    ok(compiler::object(&source(host, "c++17"), "c++17", &[], &object));
    ok(compiler::link_with(&[&object], &["-ldl".into()], true, Form::Shared, &program));
    let plug_ins: Vec<_> = c.iter().chain(&cpp).filter(|sample| is_plug_in(sample)).collect();
    assert_eq!(plug_ins.len(), 3, "two in C and one in C++ are shown");
    for plug_in in plug_ins {
        let standard = if plug_in.language == "c" { "c99" } else { "c++17" };
        let module = source(plug_in, standard).with_extension(format!("{standard}.so"));
        let mut command = compiler::command(standard);
        command.args(["-shared", "-fPIC", "-fvisibility=hidden", "-fno-gnu-unique"]);
        command.arg(source(plug_in, standard)).arg("-o").arg(&module);
        command.args(Form::Shared.link_args());
        ok(run::succeed(command, LIMIT));
        let mut command = compiler::run_command(&program, Form::Shared);
        command.arg(&module);
        check_output(host, &ok(run::succeed(command, 4 * LIMIT)));
    }
}

fn run_with_both_forms(sample: &Sample, standard: &str) {
    let (mut flags, mut libraries) = (Vec::new(), Vec::new());
    for (_, library) in LIBRARIES.iter().filter(|(header, _)| sample.text.contains(header)) {
        let (Some(cflags), Some(libs)) =
            (pkg_config("--cflags", library), pkg_config("--libs", library))
        else {
            return skip(sample, &format!("pkg-config does not find {library}"));
        };
        // What another library's headers are warned of is not ours to mend.
        flags.extend(cflags.into_iter().map(|flag| match flag.strip_prefix("-I") {
            Some(dir) => format!("-isystem{dir}"),
            None => flag,
        }));
        libraries.extend(libs);
    }
    for header in HEADERS.iter().filter(|header| sample.text.contains(**header)) {
        if !has(header, standard) {
            return skip(sample, &format!("the compiler does not find {header}"));
        }
    }
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let source = source(sample, standard);
    let object = source.with_extension(format!("{standard}.o"));
    ok(compiler::object(&source, standard, &flags, &object));
    for form in Form::BOTH {
        let program = object.with_extension(form.name());
        let cpp = standard.starts_with("c++");
        ok(compiler::link_with(&[&object], &libraries, cpp, form, &program));
        let ran = ok(run::succeed(compiler::run_command(&program, form), LIMIT));
        check_output(sample, &ran);
    }
}

/// The sample as a file. The compiler speaks of the page's own lines.
pub fn source(sample: &Sample, standard: &str) -> PathBuf {
    let Sample { page, line, text, .. } = sample;
    header::snippet(
        &format!("{}.{}", sample.name(), compiler::suffix(standard)),
        &format!("#line {line} \"{page}\"\n{text}"),
    )
}

fn has(include: &str, standard: &str) -> bool {
    let name = format!("has.{}", compiler::suffix(standard));
    let unit = header::snippet(&name, &format!("#if !__has_include({include})\n#error\n#endif\n"));
    let mut command = compiler::command(standard);
    command.arg("-fsyntax-only").arg(unit);
    run::run(command, LIMIT).is_ok_and(|ran| ran.status.success())
}

fn pkg_config(what: &str, library: &str) -> Option<Vec<String>> {
    let mut command = Command::new("pkg-config");
    command.args([what, library]);
    let ran = run::succeed(command, LIMIT).ok()?;
    Some(ran.stdout.split_whitespace().map(str::to_owned).collect())
}

//! The binary interface: what the built library exports, and what a compiled program has of it
//! inside.

#![cfg(target_os = "linux")] // its file format

mod common;

use std::collections::BTreeMap;
use std::mem::{offset_of, size_of};
use std::process::Command;

use asynchron::capi::*;
use common::compiler;
use common::header::{self, Names};
use common::library::Form;
use common::{LIMIT, ok, run, source};

/// readelf and not nm: nm asks whatever compiler plugins are installed, and they may refuse the
/// intermediate code that a release build keeps in the static library beside the machine code.
fn readelf(arguments: &[&str], form: Form) -> String {
    let mut command = Command::new("readelf");
    command.env("LC_ALL", "C").arg("-W").args(arguments).arg(form.file());
    ok(run::succeed(command, LIMIT)).stdout
}

/// The symbols of one form that others can see, with their versions, either those that are defined
/// in it or those that are not.
fn symbols(form: Form, defined: bool) -> Names {
    let table = match form {
        Form::Shared => "--dyn-syms",
        Form::Static => "--syms",
    };
    let symbol = |line: &str| {
        // Number, value, size, type, binding, visibility, section, name.
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, _, "GLOBAL" | "WEAK", _, section, name, ..] = words[..] else {
            return None;
        };
        ((section != "UND") == defined).then(|| name.to_owned())
    };
    let symbols: Names = readelf(&[table], form).lines().filter_map(symbol).collect();
    assert!(!symbols.is_empty(), "readelf shows no symbol of the {} library", form.name());
    symbols
}

#[test]
fn the_shared_library_exports_the_headers_functions_and_nothing_else() {
    let exported = symbols(Form::Shared, true);
    let declared = header::declared().functions;
    let missing: Vec<_> = declared.difference(&exported).collect();
    let extra: Vec<_> = exported.difference(&declared).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "declared, not exported: {missing:?}; exported, not declared: {extra:?}"
    );
}

#[test]
fn the_static_library_defines_the_headers_functions_and_no_other_of_our_names() {
    let mut defined = symbols(Form::Static, true);
    defined.retain(|name| name.starts_with("asynchron"));
    assert_eq!(defined, header::declared().functions);
}

#[test]
fn the_shared_library_needs_nothing_but_the_systems_c_libraries() {
    let dynamic = readelf(&["-d"], Form::Shared);
    for line in dynamic.lines().filter(|line| line.contains("(NEEDED)")) {
        let library = line.split(['[', ']']).nth(1).unwrap_or_default();
        let name = library.split('.').next().unwrap_or_default();
        let system = ["libc", "libgcc_s", "libm", "libpthread", "libdl", "librt", "libutil"];
        let loader = name.starts_with("ld-");
        assert!(loader || system.contains(&name), "needs {library}");
    }
    if cfg!(target_env = "gnu") {
        let mut undefined = symbols(Form::Shared, false);
        undefined.retain(|name| !is_the_systems(name));
        assert!(undefined.is_empty(), "from elsewhere: {undefined:?}");
    }
}

/// What the system's libraries do not show: crates are linked in.
#[test]
fn the_library_stands_on_no_crate_but_libc() {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(common::root());
    command.args(["tree", "--locked", "--offline", "--edges=normal", "--prefix=none"]);
    // As it is shipped, whatever these tests were compiled for.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    let tree = ok(run::succeed(command, LIMIT)).stdout;
    let crates: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(crates, ["asynchron", "libc"], "{tree}");
}

/// The C library and the compiler's give their symbols versions; the others are hooks that every
/// shared library looks for and does without, and what ThreadSanitizer or Go's race detector has if it is there.
fn is_the_systems(symbol: &str) -> bool {
    let (name, version) = symbol.split_once('@').unwrap_or((symbol, ""));
    let version = version.trim_start_matches('@');
    let hook = name == "__gmon_start__" || name.starts_with("_ITM_");
    let hook = hook || matches!(name, "__tsan_acquire" | "__tsan_release" | "__tsan_go_start");
    hook || version.starts_with("GLIBC_") || version.starts_with("GCC_")
}

#[test]
fn the_shared_library_is_never_unloaded() {
    let dynamic = readelf(&["-d"], Form::Shared);
    let mut flags = dynamic.lines().filter(|line| line.contains("(FLAGS_1)"));
    let marked = flags.any(|line| line.contains("NODELETE"));
    assert!(marked, "not marked NODELETE:\n{dynamic}");
}

#[test]
fn layouts_in_c_are_frozen_and_those_of_the_library() {
    let mut ours = BTreeMap::new();
    macro_rules! layout {
        ($type:ident $(: $($member:ident)*)?) => {
            let name = stringify!($type);
            ours.insert(name.to_owned(), size_of::<$type>());
            $($({
                // A name that is a word of Rust's own is written with r# here.
                let member = stringify!($member).trim_start_matches("r#");
                ours.insert(format!("{name}.{member}"), offset_of!($type, $member));
            })*)?
        };
    }
    layout!(asynchron_status_t);
    layout!(asynchron_state_t);
    layout!(asynchron_value_t: data len);
    layout!(asynchron_error_t: code domain message payload);
    layout!(asynchron_item_t: asynchron tag);
    layout!(asynchron_options_t: size name user_data drop_user_data
        on_demand on_demand_ctx drop_on_demand_ctx reserve expire_after_ns);
    layout!(asynchron_notify_options_t: size r#fn ctx drop_ctx flags executor);
    layout!(asynchron_step_options_t: size r#fn ctx drop_ctx flags executor);
    layout!(asynchron_executor_options_t: size name threads stack_size flags post ctx drop_ctx);
    for standard in compiler::C_STANDARDS {
        let said = say("layout.c", standard, Form::Shared);
        let line = |line: &str| {
            let (what, number) = line.split_once(' ')?;
            Some((what.to_owned(), number.parse().ok()?))
        };
        let seen: BTreeMap<String, usize> = said.lines().filter_map(line).collect();
        assert_eq!(seen, ours, "as {standard}");
    }
}

#[test]
fn numbers_in_the_library_are_those_of_the_header() {
    use asynchron_state_t::*;
    use asynchron_status_t::*;
    let outcomes = [ASYNCHRON_OK, ASYNCHRON_FAILED, ASYNCHRON_CANCELLED, ASYNCHRON_PENDING];
    assert_eq!(outcomes.map(|s| s as i32), [0, 1, 2, 3]);
    let answers = [ASYNCHRON_TIMEOUT, ASYNCHRON_ALREADY, ASYNCHRON_END, ASYNCHRON_WOKEN];
    assert_eq!(answers.map(|s| s as i32), [4, 5, 6, 7]);
    let refusals = [ASYNCHRON_E_INVALID, ASYNCHRON_E_NOMEM, ASYNCHRON_E_DEADLOCK];
    assert_eq!(refusals.map(|s| s as i32), [-1, -2, -3]);
    let errors = [ASYNCHRON_E_SYSTEM, ASYNCHRON_E_INTERNAL, ASYNCHRON_E_BROKEN, ASYNCHRON_E_CLOSED];
    assert_eq!(errors.map(|s| s as i32), [-4, -5, -6, -7]);
    let early = [ASYNCHRON_STATE_PENDING, ASYNCHRON_STATE_RUNNING];
    assert_eq!(early.map(|s| s as i32), [0, 1]);
    let complete = [ASYNCHRON_STATE_READY, ASYNCHRON_STATE_CANCELLED];
    assert_eq!(complete.map(|s| s as i32), [2, 3]);
}

#[test]
fn options_are_read_where_c_put_them_and_the_version_is_the_packages() {
    for form in Form::BOTH {
        let said = say("options.c", "c99", form);
        assert_eq!(said.trim_end(), env!("CARGO_PKG_VERSION"), "{form:?}");
    }
}

#[test]
fn a_cpp_program_is_at_home() {
    let modes = [("c++11", Form::Shared), ("c++11", Form::Static), ("c++20", Form::Shared)];
    for (standard, form) in modes {
        assert_eq!(say("program.cpp", standard, form), "C++ is at home\n");
    }
}

/// Builds and runs one of the programs here, which is to succeed; what it says.
fn say(name: &str, standard: &str, form: Form) -> String {
    let program = ok(compiler::program(&source(name), standard, form));
    ok(run::succeed(compiler::run_command(&program, form), LIMIT)).stdout
}

//! The header: fresh, valid by itself in every mode, and the only names it brings are ours.

#![cfg(unix)]

mod common;

use std::path::Path;

use common::compiler::{self, C_STANDARDS, CPP_STANDARDS};
use common::header::{self, Declared, Names};
use common::library::Form;
use common::{LIMIT, ok, out_dir, run, source};

#[test]
fn the_committed_headers_and_the_data_are_the_generated_ones() {
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()))
    };
    for path in [header::path(), header::ffi_path(), header::data_path()] {
        let name = path.file_name().expect("a header has a name");
        let generated = read(&Path::new(env!("ASYNCHRON_GENERATED_HEADERS")).join(name));
        let committed = read(&path);
        if committed != generated {
            stale(&path, &committed, &generated);
        }
    }
}

fn stale(path: &Path, committed: &str, generated: &str) -> ! {
    let (mut old, mut new) = (committed.lines(), generated.lines());
    let mut number = 1;
    let (old, new) = loop {
        match (old.next(), new.next()) {
            (Some(a), Some(b)) if a == b => number += 1,
            (None, None) => break ("", "(only line ends differ)"),
            (a, b) => break (a.unwrap_or("(the end)"), b.unwrap_or("(the end)")),
        }
    };
    panic!(
        "{} is stale. Refresh it with\n\n\
         \x20   ASYNCHRON_UPDATE_HEADER=1 cargo build\n\n\
         The first difference is in line {number}:\ncommitted: {old}\ngenerated: {new}\n",
        path.display()
    );
}

#[test]
fn the_header_for_foreign_function_interfaces_declares_the_same_without_a_preprocessor() {
    let text = std::fs::read_to_string(header::ffi_path()).unwrap();
    let (_, code) = text.split_once("*/").expect("a comment comes first");
    for foreign in ["#", "/*", "//", "__", "ASYNCHRON_API", "extern"] {
        assert!(!code.contains(foreign), "there is {foreign} in it");
    }
    let (whole, plain) = (header::declared(), header::declared_for_ffi());
    let missing: Vec<_> = whole.statements.difference(&plain.statements).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // What it has beyond that are the constants that are macros.
    let more: Names = plain.statements.difference(&whole.statements).cloned().collect();
    assert!(more.iter().all(|statement| statement.starts_with("enum ")), "{more:?}");
    let enumerators: Names = plain.enumerators.difference(&whole.enumerators).cloned().collect();
    let system = header::macros("c99", "#include <stddef.h>\n#include <stdint.h>\n");
    let all = header::macros("c99", "#include <asynchron.h>\n");
    let no_int = ["_H", "_API", "_MUST_USE", "_FOREVER", "_VERSION_STRING"];
    let is_int = |name: &&String| !no_int.iter().any(|end| name.ends_with(end));
    let macros: Names = all.difference(&system).filter(is_int).cloned().collect();
    assert_eq!(enumerators, macros);
    let mut text = String::from("#include <asynchron.h>\n");
    text.extend(macros.iter().map(|name| format!("enum {{ WHOLE_{name} = {name} }};\n")));
    text.extend(macros.iter().map(|name| format!("#undef {name}\n")));
    text.extend(more.iter().map(|statement| format!("{statement};\n")));
    text.extend(macros.iter().map(|name| {
        format!("typedef char same_{name}[(int)WHOLE_{name} == (int){name} ? 1 : -1];\n")
    }));
    ok(compiler::check(&header::snippet("same.c", &text), "c99", &[]));
}

#[test]
fn the_header_compiles_alone_and_twice_in_every_mode() {
    for standard in C_STANDARDS.into_iter().chain(CPP_STANDARDS) {
        let suffix = compiler::suffix(standard);
        for times in 1..=2 {
            let text = "#include <asynchron.h>\n".repeat(times);
            let unit = header::snippet(&format!("included-{times}.{suffix}"), &text);
            let mut flags = vec!["-Wundef", "-Wshadow"];
            if suffix == "c" {
                flags.push("-Wstrict-prototypes");
            }
            ok(compiler::check(&unit, standard, &flags));
            flags.push("-DASYNCHRON_SHARED");
            ok(compiler::check(&unit, standard, &flags));
        }
    }
}

#[test]
fn two_units_of_one_program_hold_the_header() {
    let dir = out_dir();
    let a = dir.join("unit_a.o");
    ok(compiler::object(&source("unit_a.c"), "c99", &[], &a));
    for (standard, language) in [("c17", "c"), ("c++17", "c++")] {
        let (unit, b) = (source("unit_b.c"), dir.join(format!("unit_b-{standard}.o")));
        ok(compiler::object(&unit, standard, &["-x", language], &b));
        for form in Form::BOTH {
            let program = dir.join(format!("units-{standard}-{}", form.name()));
            ok(compiler::link(&[&a, &b], language == "c++", form, &program));
            ok(run::succeed(compiler::run_command(&program, form), LIMIT));
        }
    }
}

#[test]
fn only_our_names_come_with_the_header() {
    let ours = |names: &Names, prefix: &str| {
        let strangers: Vec<_> = names.iter().filter(|name| !name.starts_with(prefix)).collect();
        assert!(strangers.is_empty(), "not {prefix}*: {strangers:?}");
    };
    for standard in ["c99", "c17", "c++11", "c++20"] {
        let system = header::macros(standard, "#include <stddef.h>\n#include <stdint.h>\n");
        let all = header::macros(standard, "#include <asynchron.h>\n");
        let added: Names = all.difference(&system).cloned().collect();
        assert!(added.contains("ASYNCHRON_FOREVER"), "{standard}: {added:?}");
        ours(&added, "ASYNCHRON_");
    }
    let declared = header::declared();
    ours(&declared.functions, "asynchron_");
    ours(&declared.types, "asynchron_");
    ours(&declared.tags, "asynchron_");
    ours(&declared.enumerators, "ASYNCHRON_");
    let Declared { variables, types, enumerators, .. } = declared;
    assert!(variables.is_empty(), "a header has no variables: {variables:?}");
    // The check has seen something.
    assert!(types.contains("asynchron_join_fn_t"), "{types:?}");
    assert!(enumerators.contains("ASYNCHRON_E_BROKEN"), "{enumerators:?}");
}

#[test]
fn every_prototype_is_the_promised_one() {
    let file = source("prototypes.c");
    for standard in C_STANDARDS {
        ok(compiler::check(&file, standard, &["-Wundef"]));
    }
    for form in Form::BOTH {
        let program = ok(compiler::program(&file, "c99", form));
        ok(run::succeed(compiler::run_command(&program, form), LIMIT));
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let pinned: Names = words.map(str::to_owned).collect();
    let functions = header::declared().functions;
    let loose: Vec<_> = functions.difference(&pinned).collect();
    assert!(loose.is_empty(), "not pinned in {}: {loose:?}", file.display());
}

#[test]
fn a_function_says_what_it_returns_and_since_when_and_no_line_says_nothing() {
    let text = std::fs::read_to_string(header::path()).unwrap();
    let mut functions = 0;
    for (at, _) in text.match_indices("\n */\nASYNCHRON_API") {
        let (before, after) = text.split_at(at);
        let comment = &before[before.rfind("/**").unwrap()..];
        let prototype = after.split_once("*/").unwrap().1.split_once(';').unwrap().0;
        assert!(comment.contains("\n * - Since: "), "{comment}");
        let returns = comment.contains("\n * - Returns");
        assert_eq!(returns, !prototype.starts_with("\nASYNCHRON_API void asynchron_"), "{comment}");
        for empty in [": nothing.", "- Threads: any", " does not block.", "never blocks"] {
            assert!(!comment.contains(empty), "{empty:?} is what holds anyway: {comment}");
        }
        functions += 1;
    }
    assert_eq!(functions, header::declared().functions.len());
}

#[test]
fn the_compiler_warns_exactly_where_ignoring_a_result_is_a_bug() {
    let file = source("must_use.c");
    let mut command = compiler::command("c99");
    // A syntax check would not do: gcc finds unused results only when it compiles.
    command.args(["-Wno-error", "-c", "-o"]).arg(out_dir().join("must_use.o")).arg(&file);
    let said = ok(run::succeed(command, LIMIT)).stderr;

    let text = std::fs::read_to_string(&file).unwrap();
    let (loud, quiet) = text.split_once("void quiet(").unwrap();
    let called = |line: &str| Some(line.strip_prefix("    ")?.split_once('(')?.0.to_owned());
    let names = |part: &str| part.lines().filter_map(called).collect();
    let (loud, quiet): (Names, Names) = (names(loud), names(quiet));

    let warned = |line: &str| {
        let place = line.split_once("must_use.c:")?.1;
        let number: usize = place.split(':').next()?.parse().ok()?;
        let warns = line.contains("[-Wunused-result]");
        if warns { called(text.lines().nth(number - 1)?) } else { None }
    };
    let warned: Names = said.lines().filter_map(warned).collect();
    assert_eq!(warned, loud, "\n{said}");

    let all: Names = loud.union(&quiet).cloned().collect();
    let functions = header::declared().functions;
    let left_out: Vec<_> = functions.symmetric_difference(&all).collect();
    assert!(left_out.is_empty(), "not called in {}: {left_out:?}", file.display());
}

//! The interface as data: `bindings/asynchron.json` says what the header says, and where a compiler puts things.

#![cfg(unix)]

mod common;

use std::process::Command;

use common::{LIMIT, compiler, header, ok, run};
use serde_json::Value;

fn data() -> Value {
    let text = std::fs::read_to_string(header::data_path()).expect("it is committed");
    serde_json::from_str(&text).expect("it is JSON")
}

fn each<'a>(data: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> {
    data[list].as_array().unwrap_or_else(|| panic!("no {list}")).iter()
}

fn text<'a>(one: &'a Value, key: &str) -> &'a str {
    one[key].as_str().unwrap_or_else(|| panic!("no {key} in {one}"))
}

#[test]
fn the_data_names_all_that_the_header_declares() {
    let (data, declared) = (data(), header::declared());
    let names = |lists: &[&str]| -> header::Names {
        lists
            .iter()
            .flat_map(|list| each(&data, list))
            .map(|one| text(one, "name").into())
            .collect()
    };
    assert_eq!(names(&["functions"]), declared.functions);
    assert_eq!(names(&["enums", "handles", "structs", "callbacks"]), declared.types);
    let values = each(&data, "enums").flat_map(|one| each(one, "values"));
    let values: header::Names = values.map(|one| text(one, "name").into()).collect();
    assert_eq!(values, declared.enumerators);
    for list in ["functions", "enums", "handles", "structs", "callbacks", "constants"] {
        for one in each(&data, list) {
            assert!(!text(one, "comment").is_empty(), "nothing is said of {}", text(one, "name"));
        }
    }
}

/// The word that bindings go by beside the sentence for people.
#[test]
fn a_function_blocks_by_the_data_exactly_if_the_header_says_so() {
    let data = data();
    for one in each(&data, "functions") {
        let comment = text(one, "comment").replace("\n  ", " ");
        let threads = comment.lines().find_map(|line| line.strip_prefix("- Threads: "));
        let said = threads.unwrap_or_default();
        let expected = match (said.contains("blocks"), said.contains("timeout of 0")) {
            (false, _) => "never",
            (true, false) => "always",
            (true, true) => "unless the timeout is 0",
        };
        assert_eq!(text(one, "blocks"), expected, "{}: {said}", text(one, "name"));
    }
}

/// Each prototype of the data beside that of the header: a compiler takes both only if they say the same.
#[test]
fn the_data_has_the_types_of_the_header() {
    let data = data();
    let mut unit = String::from("#include <asynchron.h>\n");
    for one in each(&data, "functions") {
        let parameters: Vec<_> = each(one, "parameters").map(|one| text(one, "type")).collect();
        let parameters = if parameters.is_empty() { "void".into() } else { parameters.join(", ") };
        unit +=
            &format!("{} {}({parameters});\n", text(&one["returns"], "type"), text(one, "name"));
    }
    for one in each(&data, "callbacks") {
        let parameters: Vec<_> = each(one, "parameters").map(|one| text(one, "type")).collect();
        let (name, returns) = (text(one, "name"), text(one, "returns"));
        unit += &format!("typedef {returns} (*{name})({});\n", parameters.join(", "));
    }
    // Typedefs may be said twice since C11.
    ok(compiler::check(&header::snippet("prototypes.c", &unit), "c11", &[]));
}

/// On the machine that this runs on, and, where the compiler can, on those with 32 bits: `-malign-double` aligns as others
/// do.
#[test]
fn the_data_has_the_offsets_that_a_compiler_gives() {
    let data = data();
    let host = if size_of::<usize>() == 8 {
        "lp64"
    } else if align_of::<u64>() == 8 {
        "ilp32"
    } else {
        "i386"
    };
    check_offsets(&data, host, &[]);
    if cfg!(target_arch = "x86_64") && is_gcc() {
        check_offsets(&data, "i386", &["-m32", "-ffreestanding"]);
        check_offsets(&data, "ilp32", &["-m32", "-malign-double", "-ffreestanding"]);
    }
}

fn is_gcc() -> bool {
    let mut version = Command::new("cc");
    version.arg("-v");
    run::succeed(version, LIMIT).is_ok_and(|said| said.stderr.contains("gcc version"))
}

fn check_offsets(data: &Value, abi: &str, flags: &[&str]) {
    let mut unit = String::from("#include <asynchron.h>\n#include <stddef.h>\n");
    let mut hold = |what: String| unit += &format!("_Static_assert({what}, \"\");\n");
    for one in each(data, "structs") {
        let name = text(one, "name");
        hold(format!("sizeof({name}) == {}", one["size"][abi]));
        hold(format!("_Alignof({name}) == {}", one["alignment"][abi]));
        for member in each(one, "members") {
            hold(format!(
                "offsetof({name}, {}) == {}",
                text(member, "name"),
                member["offset"][abi]
            ));
        }
    }
    for one in each(data, "enums") {
        for value in each(one, "values") {
            hold(format!("{} == {}", text(value, "name"), value["value"]));
        }
    }
    for one in each(data, "constants") {
        hold(format!("{} == {}u", text(one, "name"), text(one, "value")));
    }
    ok(compiler::check(&header::snippet(&format!("offsets-{abi}.c"), &unit), "c11", flags));
}

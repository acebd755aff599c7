//! The table is complete: for every function that the header declares, and every kind of bad
//! argument that its parameters allow, there is a row.

use std::collections::BTreeMap;

use crate::table::Row;
use crate::{
    callbacks, collect, compute, deliver, groups, handles, library, many, progress, promises,
    reports, steps, time,
};

#[test]
fn the_table_has_every_function_and_every_kind_of_bad_argument() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/include/asynchron.h");
    let functions = functions_of(&std::fs::read_to_string(path).expect("the header"));
    assert!(functions.len() > 40, "the header was read: {functions:?}");
    let rows = all_rows();

    for row in &rows {
        assert!(functions.contains_key(row.function), "{}: not in the header", row.function);
    }
    let mut missing = Vec::new();
    for (function, parameters) in &functions {
        let cases: Vec<_> = rows.iter().filter(|row| row.function == function).collect();
        if cases.is_empty() {
            missing.push(format!("{function}: no row at all"));
        }
        for parameter in parameters {
            for kind in kinds_of(parameter) {
                if !cases.iter().any(|row| row.case.starts_with(&kind)) {
                    missing.push(format!("{function}: {kind}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "no row in tests/misuse for\n{}", missing.join("\n"));
}

fn all_rows() -> Vec<Row> {
    let mut rows = library::rows();
    rows.extend(handles::rows());
    rows.extend(deliver::rows());
    rows.extend(collect::rows());
    rows.extend(compute::rows());
    rows.extend(progress::rows());
    rows.extend(promises::rows());
    rows.extend(time::rows());
    rows.extend(callbacks::rows());
    rows.extend(reports::rows());
    rows.extend(many::rows());
    rows.extend(steps::rows());
    rows.extend(groups::rows());
    rows
}

#[derive(Debug, PartialEq)]
struct Parameter {
    /// Without names, spaces and `struct`: "constchar*".
    kind: String,
    name: String,
}

/// What can be wrong with a parameter, in the words that a row's case begins with.
fn kinds_of(parameter: &Parameter) -> Vec<String> {
    let Parameter { kind, name } = parameter;
    let kinds: &[&str] = match (kind.as_str(), name.as_str()) {
        ("asynchron_t*", "into") => &["into among the sources"],
        ("asynchron_t*" | "constasynchron_t*", _) => &["NULL handle"],
        ("asynchron_report_t*" | "constasynchron_report_t*", _) => &["NULL report"],
        ("asynchron_promise_t*" | "constasynchron_promise_t*", _) => &["NULL promise"],
        ("uint64_t", "flags") => &["unknown flag"],
        ("asynchron_t*const*", _) => {
            &["NULL array", "NULL in the array", "n = 0", "n over SIZE_MAX/2"]
        }
        ("asynchron_fn_t" | "asynchron_join_fn_t" | "asynchron_notify_fn_t", _) => {
            &["NULL function"]
        }
        ("asynchron_drop_fn_t", _) => &["NULL to drop", "NULL drop"],
        ("constvoid*", "data") => &["NULL data with a length"],
        ("size_t", "len") => &["length over SIZE_MAX/2"],
        ("constasynchron_options_t*", _) => &OPTIONS,
        ("constasynchron_notify_options_t*", _) => &NOTIFY_OPTIONS,
        ("constasynchron_step_options_t*", _) => &STEP_OPTIONS,
        ("constasynchron_executor_options_t*", _) => &EXECUTOR_OPTIONS,
        ("asynchron_executor_t*", _) => &["NULL executor"],
        ("asynchron_task_t*", _) => &["NULL task"],
        ("uint64_t", "token") => &["unknown token"],
        ("int32_t", "status") => &["status out of range"],
        ("size_t", "cap") => &["cap 0"],
        ("int", "watch") => &["neither 0 nor 1"],
        // Anything else that is an out parameter, or a string.
        (
            "asynchron_t**"
            | "asynchron_executor_t**"
            | "asynchron_value_t*"
            | "asynchron_error_t*"
            | "asynchron_item_t*"
            | "size_t*"
            | "uint64_t*"
            | "void**"
            | "constchar*",
            name,
        ) => return vec![format!("NULL {name}")],
        ("void*", "buf" | "tag" | "guarded" | "a") => return vec![format!("NULL {name}")],
        // Dropped by the drop beside it, never looked into, or right whatever it is.
        ("void*", "ptr" | "owner" | "payload" | "ctx") => &[],
        ("uint64_t", "timeout_ns" | "done" | "total") | ("int32_t", "code") | ("size_t", "n") => {
            &[]
        }
        unknown => panic!("the header has a kind of parameter that no row knows: {unknown:?}"),
    };
    kinds.iter().map(|kind| (*kind).to_owned()).collect()
}

const OPTIONS: [&str; 5] = [
    "NULL options",
    "size 0",
    "size too small",
    "larger with a zero tail",
    "larger with a non-zero tail",
];
const EXECUTOR_OPTIONS: [&str; 6] = [
    "NULL options",
    "size 0",
    "size too small",
    "larger with a zero tail",
    "larger with a non-zero tail",
    "unknown flag",
];
const STEP_OPTIONS: [&str; 7] = [
    "NULL options",
    "size 0",
    "size too small",
    "larger with a zero tail",
    "larger with a non-zero tail",
    "unknown flag",
    "NULL function",
];
const NOTIFY_OPTIONS: [&str; 7] = [
    "NULL options",
    "size 0",
    "size too small",
    "larger with a zero tail",
    "larger with a non-zero tail",
    "unknown flag",
    "NULL function",
];

/// The functions that a C header declares, and their parameters.
fn functions_of(header: &str) -> BTreeMap<String, Vec<Parameter>> {
    let code = without_directives(&without_comments(header));
    let mut functions = BTreeMap::new();
    for statement in code.split([';', '{', '}']) {
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        if statement.starts_with("typedef") {
            continue;
        }
        let Some((before, after)) = statement.split_once('(') else {
            continue;
        };
        let Some(name) =
            before.split([' ', '*']).next_back().filter(|name| name.starts_with("asynchron_"))
        else {
            continue;
        };
        let list = after.rsplit_once(')').expect("the end of the parameters").0;
        let parameters = list.split(',').map(str::trim).filter(|text| *text != "void");
        functions.insert(name.to_owned(), parameters.map(parameter_of).collect());
    }
    functions
}

fn parameter_of(text: &str) -> Parameter {
    let end = text.rfind([' ', '*']).expect("a name behind the type") + 1;
    let words = text[..end].split_whitespace().filter(|word| *word != "struct");
    Parameter { kind: words.collect(), name: text[end..].to_owned() }
}

fn without_comments(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find("/*") {
        code.push_str(&rest[..begin]);
        code.push(' ');
        let end = rest[begin..].find("*/").expect("the end of a comment");
        rest = &rest[begin + end + 2..];
    }
    code.push_str(rest);
    code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// A directive may go on behind a backslash.
fn without_directives(text: &str) -> String {
    let mut code = String::new();
    let mut inside = false;
    for line in text.lines() {
        inside = inside || line.trim_start().starts_with('#');
        if !inside {
            code.push_str(line);
            code.push('\n');
        }
        inside = inside && line.ends_with('\\');
    }
    code
}

#[test]
fn the_reader_of_headers_reads_what_cbindgen_writes() {
    let header = r#"
        #define A(x) \
            asynchron_no(x);
        /* asynchron_nor(int a); */
        // asynchron_never(void);
        typedef int32_t (*asynchron_fn_t)(struct asynchron_t *self, void *ctx);
        extern "C" {
        ASYNCHRON_API
        struct asynchron_t *asynchron_one(struct asynchron_t *const *as,
                                          size_t n);
        ASYNCHRON_API uint32_t asynchron_two(void);
        }
    "#;
    let functions = functions_of(header);
    let parameter = |kind: &str, name: &str| Parameter { kind: kind.into(), name: name.into() };
    let expected = [
        (
            "asynchron_one".to_owned(),
            vec![parameter("asynchron_t*const*", "as"), parameter("size_t", "n")],
        ),
        ("asynchron_two".to_owned(), vec![]),
    ];
    assert_eq!(functions, expected.into());
}

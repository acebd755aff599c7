//! The interface as data, for programs that make bindings: what the header declares and says, who owns what, and where the
//! members of structs lie. It becomes `bindings/asynchron.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::declarations::{Declaration, Member, Signature, What};
use crate::layout::{ABIS, Layout, layout};
use crate::ownership::{Blocks, Ownership, Word};

/// Part of the header, under its title.
pub struct Section {
    pub title: String,
    pub declarations: Vec<Declaration>,
}

#[derive(Serialize)]
struct Interface<'a> {
    name: &'a str,
    version: &'a str,
    number: u32,
    /// What the words of ownership mean.
    ownership: BTreeMap<&'a str, &'a str>,
    abis: Vec<AbiData>,
    constants: Vec<Constant<'a>>,
    enums: Vec<Enum<'a>>,
    handles: Vec<HandleType<'a>>,
    structs: Vec<Struct<'a>>,
    callbacks: Vec<Callback<'a>>,
    functions: Vec<Function<'a>>,
}

#[derive(Serialize)]
struct AbiData {
    name: &'static str,
    of: &'static str,
    pointer: usize,
    size_t: usize,
    uint64_t_alignment: usize,
}

/// Its value in decimal: one does not fit what some languages read a number as.
#[derive(Serialize)]
struct Constant<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    value: String,
    comment: &'a str,
}

#[derive(Serialize)]
struct Enum<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    comment: &'a str,
    values: Vec<Value<'a>>,
}

#[derive(Serialize)]
struct Value<'a> {
    name: &'a str,
    value: i32,
    comment: &'a str,
}

#[derive(Serialize)]
struct HandleType<'a> {
    name: &'a str,
    comment: &'a str,
    retain: Option<&'a str>,
    release: Option<&'a str>,
}

#[derive(Serialize)]
struct Struct<'a> {
    name: &'a str,
    comment: &'a str,
    size: BTreeMap<&'static str, usize>,
    alignment: BTreeMap<&'static str, usize>,
    members: Vec<MemberData<'a>>,
}

#[derive(Serialize)]
struct MemberData<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    offset: BTreeMap<&'static str, usize>,
    comment: &'a str,
}

#[derive(Serialize)]
struct Callback<'a> {
    name: &'a str,
    comment: &'a str,
    returns: &'a str,
    parameters: Vec<Plain<'a>>,
}

#[derive(Serialize)]
struct Plain<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    section: &'a str,
    since: &'a str,
    comment: &'a str,
    returns: Returned<'a>,
    parameters: Vec<Parameter<'a>>,
    must_use: bool,
    /// `never`, `always`, or `unless the timeout is 0`.
    blocks: &'static str,
    /// Whether functions of the program's may run inside the call.
    calls: bool,
}

#[derive(Serialize)]
struct Returned<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    ownership: &'a str,
}

#[derive(Serialize)]
struct Parameter<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    ownership: &'a str,
    nullable: bool,
    /// Of what is written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    /// The parameter that frees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    freed_by: Option<&'a str>,
}

/// The text of the file.
pub fn text(
    version: (&str, u32),
    words: &str,
    sections: &[Section],
    ownership: &BTreeMap<String, Ownership>,
) -> String {
    let all = || sections.iter().flat_map(|section| &section.declarations);
    let names: BTreeSet<&str> =
        all().filter_map(|one| callback(one).map(|one| one.name.as_str())).collect();
    let functions: Vec<_> =
        sections.iter().flat_map(|section| functions(section, ownership)).collect();
    let declared: BTreeSet<&str> = functions.iter().map(|one| one.name).collect();
    let unknown: Vec<_> =
        ownership.keys().filter(|name| !declared.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "no functions: {unknown:?}");
    let interface = Interface {
        name: "asynchron",
        version: version.0,
        number: version.1,
        ownership: meanings(words),
        abis: ABIS
            .iter()
            .map(|abi| AbiData {
                name: abi.name,
                of: abi.of,
                pointer: abi.pointer,
                size_t: abi.pointer,
                uint64_t_alignment: abi.align_u64,
            })
            .collect(),
        constants: all().filter_map(constant).collect(),
        enums: all().filter_map(enumeration).collect(),
        handles: all().filter_map(|one| handle(one, &declared)).collect(),
        structs: all().filter_map(|one| structure(one, &names)).collect(),
        callbacks: all().filter_map(callback_data).collect(),
        functions,
    };
    let text =
        serde_json::to_string_pretty(&interface).expect("it has no maps but those of strings");
    text + "\n"
}

/// The table's own explanations: a word, and what it means.
fn meanings(table: &str) -> BTreeMap<&str, &str> {
    let lines = table.lines().filter_map(|line| line.strip_prefix("#   "));
    lines
        .filter_map(|line| line.split_once(' '))
        .map(|(word, meaning)| (word, meaning.trim()))
        .collect()
}

fn constant(one: &Declaration) -> Option<Constant<'_>> {
    let What::Constant(name, value) = &one.what else {
        return None;
    };
    let (kind, value) = match value.as_str() {
        "UINT64_MAX" => ("uint64_t", u64::MAX.to_string()),
        value => ("uint64_t", value.parse::<u64>().expect("a constant is a number").to_string()),
    };
    Some(Constant { name, kind, value, comment: &one.comment })
}

fn enumeration(one: &Declaration) -> Option<Enum<'_>> {
    let What::Enum(name, members) = &one.what else {
        return None;
    };
    let value = |member: &'_ Member| member.what.parse().expect("a value is a number");
    let values = members.iter().map(|member| Value {
        name: &member.name,
        value: value(member),
        comment: &member.comment,
    });
    Some(Enum { name, kind: "int32_t", comment: &one.comment, values: values.collect() })
}

fn handle<'a>(one: &'a Declaration, functions: &BTreeSet<&'a str>) -> Option<HandleType<'a>> {
    let What::Opaque(name) = &one.what else {
        return None;
    };
    let prefix = name.trim_end_matches("_t");
    let named = |verb: &str| functions.get(format!("{prefix}_{verb}").as_str()).copied();
    Some(HandleType {
        name,
        comment: &one.comment,
        retain: named("retain"),
        release: named("release"),
    })
}

fn structure<'a>(one: &'a Declaration, callbacks: &BTreeSet<&str>) -> Option<Struct<'a>> {
    let What::Struct(name, members) = &one.what else {
        return None;
    };
    let kinds: Vec<_> = members.iter().map(|member| member.what.as_str()).collect();
    let layouts: Vec<(_, Layout)> = ABIS
        .iter()
        .map(|abi| (abi.name, layout(abi, &kinds, |kind| callbacks.contains(kind))))
        .collect();
    let each = |of: &dyn Fn(&Layout) -> usize| {
        layouts.iter().map(|(abi, layout)| (*abi, of(layout))).collect()
    };
    let member = |(nth, member): (usize, &'a Member)| MemberData {
        name: &member.name,
        kind: &member.what,
        offset: each(&|layout| layout.offsets[nth]),
        comment: &member.comment,
    };
    Some(Struct {
        name,
        comment: &one.comment,
        size: each(&|layout| layout.size),
        alignment: each(&|layout| layout.alignment),
        members: members.iter().enumerate().map(member).collect(),
    })
}

fn callback(one: &Declaration) -> Option<&Signature> {
    match &one.what {
        What::Callback(signature) => Some(signature),
        _ => None,
    }
}

fn callback_data(one: &Declaration) -> Option<Callback<'_>> {
    let signature = callback(one)?;
    let parameters =
        signature.parameters.iter().map(|one| Plain { name: &one.name, kind: &one.kind });
    Some(Callback {
        name: &signature.name,
        comment: &one.comment,
        returns: &signature.returns,
        parameters: parameters.collect(),
    })
}

fn functions<'a>(
    section: &'a Section,
    table: &'a BTreeMap<String, Ownership>,
) -> Vec<Function<'a>> {
    let function = |one: &'a Declaration| {
        let What::Function(signature) = &one.what else {
            return None;
        };
        let comment = one.comment.as_str();
        let name = signature.name.as_str();
        let Some(owned) = table.get(name) else {
            panic!("src/capi/ownership.txt does not say who owns what of {name}");
        };
        Some(Function {
            name,
            section: &section.title,
            since: since(comment),
            comment,
            returns: Returned {
                kind: &signature.returns,
                ownership: owned.returned.as_ref().map_or("value", |word| &word.word),
            },
            parameters: parameters(signature, &owned.arguments),
            must_use: signature.must_use,
            blocks: match owned.blocks {
                Blocks::Never => "never",
                Blocks::Always => "always",
                Blocks::UnlessPolled => "unless the timeout is 0",
            },
            calls: owned.calls,
        })
    };
    section.declarations.iter().filter_map(function).collect()
}

fn parameters<'a>(signature: &'a Signature, words: &'a [Word]) -> Vec<Parameter<'a>> {
    assert_eq!(
        signature.parameters.len(),
        words.len(),
        "the arguments of {} in ownership.txt",
        signature.name
    );
    let drop_after = |nth: usize| {
        let after = words[nth..].iter().position(|word| word.word == "drop");
        after.map(|after| signature.parameters[nth + after].name.as_str())
    };
    let each = signature.parameters.iter().zip(words).enumerate();
    each.map(|(nth, (parameter, word))| Parameter {
        name: &parameter.name,
        kind: &parameter.kind,
        ownership: &word.word,
        nullable: word.nullable,
        content: word.content.as_deref(),
        freed_by: if matches!(word.word.as_str(), "handed" | "kept") {
            drop_after(nth)
        } else {
            None
        },
    })
    .collect()
}

/// The version that its comment names.
fn since(comment: &str) -> &str {
    let version = comment.lines().find_map(|line| line.strip_prefix("- Since: "));
    version.expect("each function says since when it is there")
}

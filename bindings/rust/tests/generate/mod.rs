//! Rust's declarations of a C header that is given as data.

use std::fmt::Write;

use serde_json::Value;

const HEAD: &str = "\
//! The C interface, as `asynchron.h` declares it: names, arguments and structs are those of the header, which says what
//! each of them does. Made from `bindings/asynchron.json` by `tests/ffi.rs`.
//!
//! Only a program that does itself what this crate has no safe form of needs it, with the handles that
//! [`Asynchron::as_raw`](crate::Asynchron::as_raw) gives.

#![allow(missing_docs, non_camel_case_types)]

use std::ffi::{c_char, c_int, c_void};
use std::mem::{align_of, offset_of, size_of};
";

fn text<'a>(of: &'a Value, member: &str) -> &'a str {
    of[member].as_str().unwrap()
}

fn list<'a>(of: &'a Value, member: &str) -> &'a [Value] {
    of[member].as_array().unwrap()
}

/// A type of C as Rust writes it.
fn rust_type(c: &str) -> String {
    let c = c.trim();
    if let Some(to) = c.strip_suffix("*const *") {
        return format!("*const {}", rust_type(&format!("{to}*")));
    }
    if let Some(to) = c.strip_suffix('*') {
        let to = to.trim();
        return match to.strip_prefix("const ") {
            Some(to) => format!("*const {}", rust_type(to)),
            None => format!("*mut {}", rust_type(to)),
        };
    }
    let plain = match c {
        "void" => "c_void",
        "char" => "c_char",
        "int" => "c_int",
        "size_t" => "usize",
        "int32_t" => "i32",
        "uint32_t" => "u32",
        "uint64_t" => "u64",
        name if name.starts_with("asynchron_") => name,
        other => panic!("no type of Rust is known for {other}"),
    };
    plain.to_owned()
}

/// Some names are taken in Rust.
fn rust_name(c: &str) -> &str {
    match c {
        "self" => "me",
        "as" => "handles",
        "fn" => "r#fn",
        other => other,
    }
}

/// A function or a type of one: with its parameters on the next lines, if one does not hold it.
fn declaration(before: &str, of: &Value, after: &str) -> String {
    let one = |p: &Value| {
        let (name, rust) = (rust_name(text(p, "name")), rust_type(text(p, "type")));
        if name.is_empty() { rust } else { format!("{name}: {rust}") }
    };
    let all: Vec<_> = list(of, "parameters").iter().map(one).collect();
    let line = format!("{before}({}){after}\n", all.join(", "));
    if line.len() <= 120 {
        return line;
    }
    let mut lines = String::new();
    let mut room = 0;
    for one in all {
        // A space, and the comma.
        if one.len() + 2 > room {
            lines.push_str("\n       ");
            room = 113;
        }
        lines.push_str(&format!(" {one},"));
        room -= one.len() + 2;
    }
    format!("{before}({lines}\n    ){after}\n")
}

fn returns(c: &str) -> String {
    if c == "void" { String::new() } else { format!(" -> {}", rust_type(c)) }
}

fn constants(data: &Value, out: &mut String) {
    for c in list(data, "constants") {
        let value = c["value"].as_str().unwrap();
        let value = if value == u64::MAX.to_string() { "u64::MAX" } else { value };
        writeln!(out, "pub const {}: {} = {value};", text(c, "name"), rust_type(text(c, "type")))
            .unwrap();
    }
    for e in list(data, "enums") {
        let name = text(e, "name");
        writeln!(out, "\npub type {name} = {};", rust_type(text(e, "type"))).unwrap();
        for value in list(e, "values") {
            writeln!(out, "pub const {}: {name} = {};", text(value, "name"), value["value"])
                .unwrap();
        }
    }
}

fn types(data: &Value, out: &mut String) {
    for h in list(data, "handles") {
        let name = text(h, "name");
        write!(out, "\n#[repr(C)]\npub struct {name} {{\n    _opaque: [u8; 0],\n}}\n").unwrap();
    }
    out.push('\n');
    for c in list(data, "callbacks") {
        let (name, result) = (text(c, "name"), returns(text(c, "returns")));
        let before = format!("pub type {name} = Option<unsafe extern \"C\" fn");
        out.push_str(&declaration(&before, c, &format!("{result}>;")));
    }
    for s in list(data, "structs") {
        let name = text(s, "name");
        write!(out, "\n#[repr(C)]\n#[derive(Clone, Copy)]\npub struct {name} {{\n").unwrap();
        for m in list(s, "members") {
            writeln!(
                out,
                "    pub {}: {},",
                rust_name(text(m, "name")),
                rust_type(text(m, "type"))
            )
            .unwrap();
        }
        out.push_str("}\n");
    }
}

/// Where the members of each struct lie, which the compiler checks.
fn layout(data: &Value, out: &mut String) {
    out.push_str("\n#[cfg(target_pointer_width = \"64\")]\nconst _: () = {\n");
    for s in list(data, "structs") {
        let name = text(s, "name");
        writeln!(out, "    assert!(size_of::<{name}>() == {});", s["size"]["lp64"]).unwrap();
        writeln!(out, "    assert!(align_of::<{name}>() == {});", s["alignment"]["lp64"]).unwrap();
        for m in list(s, "members") {
            let (member, at) = (rust_name(text(m, "name")), &m["offset"]["lp64"]);
            writeln!(out, "    assert!(offset_of!({name}, {member}) == {at});").unwrap();
        }
    }
    out.push_str("};\n");
}

/// The whole file. It is not formatted: that would tie it to a version of rustfmt.
pub fn rust_of(data: &Value) -> String {
    let mut out = format!("{HEAD}\n");
    constants(data, &mut out);
    types(data, &mut out);
    layout(data, &mut out);
    out.push_str("\nunsafe extern \"C\" {\n");
    for f in list(data, "functions") {
        let result = returns(text(&f["returns"], "type"));
        let before = format!("    pub fn {}", text(f, "name"));
        out.push_str(&declaration(&before, f, &format!("{result};")));
    }
    out.push_str("}\n");
    out
}

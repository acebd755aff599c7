//! Makes the C header from the comments in `src/capi`, and links the shared library.
//!
//! The fresh header is written to the build directory; the committed one is replaced only if
//! `ASYNCHRON_UPDATE_HEADER` is set, and a test compares the two.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of `src/capi` that become sections of the header, in its order.
const SECTIONS: [&str; 9] = [
    "types",
    "library",
    "handles",
    "deliver",
    "collect",
    "compute",
    "callbacks",
    "report",
    "compose",
];

fn main() {
    println!("cargo:rerun-if-changed=src/capi");
    println!("cargo:rerun-if-changed=cbindgen.toml");
    println!("cargo:rerun-if-env-changed=ASYNCHRON_UPDATE_HEADER");

    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let header = header(&root);
    let fresh = out.join("asynchron.h");
    fs::write(&fresh, &header).expect("the build directory is writable");
    println!("cargo:rustc-env=ASYNCHRON_GENERATED_HEADER={}", fresh.display());
    if env::var_os("ASYNCHRON_UPDATE_HEADER").is_some() {
        fs::create_dir_all(root.join("include")).expect("include/ can be made");
        fs::write(root.join("include/asynchron.h"), &header).expect("include/ is writable");
    }

    // Threads of ours may be resting when the last user closes the library.
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

fn header(root: &Path) -> String {
    let capi = root.join("src/capi");
    let mut header = comment(&read(&capi.join("introduction.txt")));
    header.push_str("\n#ifndef ASYNCHRON_H\n#define ASYNCHRON_H\n\n");
    header.push_str("#include <stddef.h>\n#include <stdint.h>\n\n");
    header.push_str(&versions());
    header.push_str(MACROS);
    header.push_str("#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    for (index, section) in SECTIONS.iter().enumerate() {
        let file = capi.join(format!("{section}.rs"));
        header.push_str(&comment(&format!("{}\n{}", "=".repeat(96), module_comment(&file))));
        header.push('\n');
        header.push_str(&declarations(root, &file, index == 0));
        header.push('\n');
    }
    header.push_str("#ifdef __cplusplus\n}\n#endif\n\n#endif /* ASYNCHRON_H */\n");
    header
}

/// What cbindgen makes of one file.
fn declarations(root: &Path, file: &Path, types: bool) -> String {
    let mut config =
        cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is valid");
    // The enums need a form for C++; functions get one brace around them all instead.
    config.cpp_compat = types;
    let mut text = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_src(file)
        .generate()
        .expect("src/capi can be read")
        .write(&mut text);
    let text = String::from_utf8(text).expect("the sources are UTF-8");
    // A name that Rust keeps for itself.
    let mut text = text.replace("self_", "self");
    // In C the enum needs no tag beside the typedef of int32_t, and a C++ compiler would mind both.
    for name in ["asynchron_status_t", "asynchron_state_t"] {
        let condition = "#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L\n  ";
        text = text.replace(
            &format!("enum {name}\n{condition}: int32_t"),
            &format!("enum\n{condition}{name} : int32_t"),
        );
    }
    format!("{}\n", text.trim())
}

fn versions() -> String {
    let part = |name: &str| env::var(format!("CARGO_PKG_VERSION{name}")).expect("cargo sets it");
    let mut text = String::new();
    for name in ["MAJOR", "MINOR", "PATCH"] {
        let number = part(&format!("_{name}"));
        writeln!(text, "#define ASYNCHRON_VERSION_{name} {number}").expect("a string grows");
    }
    text.push_str(
        "#define ASYNCHRON_VERSION_NUMBER \\\n    (ASYNCHRON_VERSION_MAJOR * 10000 + \
         ASYNCHRON_VERSION_MINOR * 100 + ASYNCHRON_VERSION_PATCH)\n",
    );
    writeln!(text, "#define ASYNCHRON_VERSION_STRING \"{}\"\n", part("")).expect("a string grows");
    text
}

const MACROS: &str = r#"/* Before every function. Define ASYNCHRON_SHARED to use the shared library on Windows. */
#if !defined(ASYNCHRON_API)
#if defined(_WIN32) && defined(ASYNCHRON_SHARED)
#define ASYNCHRON_API __declspec(dllimport)
#else
#define ASYNCHRON_API
#endif
#endif

/* Before a function where ignoring the result means a leak, a hang or an uninitialised value. */
#if !defined(ASYNCHRON_MUST_USE)
#if defined(__GNUC__) || defined(__clang__)
#define ASYNCHRON_MUST_USE __attribute__((warn_unused_result))
#else
#define ASYNCHRON_MUST_USE
#endif
#endif

"#;

/// The `//!` comment at the head of a file.
fn module_comment(file: &Path) -> String {
    let source = read(file);
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

fn comment(text: &str) -> String {
    let lines = text.trim_end().lines().map(|line| format!(" * {line}").trim_end().to_string());
    format!("/*\n{}\n */\n", lines.collect::<Vec<_>>().join("\n"))
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

//! Makes the two C headers from `src/capi`, and links the shared library: `asynchron.h`, with the
//! comments, for compilers, and `asynchron.ffi.h`, with the declarations alone, for foreign function
//! interfaces that have no preprocessor. And `asynchron.json`, the same as data, for programs that make
//! bindings.
//!
//! The fresh files are written to the build directory; the committed ones are replaced only if
//! `ASYNCHRON_UPDATE_HEADER` is set, and a test compares them.

#[path = "generate/declarations.rs"]
mod declarations;
#[path = "generate/interface.rs"]
mod interface;
#[path = "generate/layout.rs"]
mod layout;
#[path = "generate/ownership.rs"]
mod ownership;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The files of `src/capi` that become sections of the header, in its order.
const SECTIONS: [&str; 14] = [
    "types",
    "library",
    "handles",
    "deliver",
    "collect",
    "compute",
    "executor",
    "progress",
    "promises",
    "callbacks",
    "report",
    "time",
    "compose",
    "groups",
];

fn main() {
    println!("cargo:rerun-if-changed=src/capi");
    println!("cargo:rerun-if-changed=cbindgen.toml");
    println!("cargo:rerun-if-changed=generate");
    println!("cargo:rerun-if-env-changed=ASYNCHRON_UPDATE_HEADER");

    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let update = env::var_os("ASYNCHRON_UPDATE_HEADER").is_some();
    let made = [
        ("include", "asynchron.h", header(&root)),
        ("include", "asynchron.ffi.h", ffi_header(&root)),
        ("bindings", "asynchron.json", data(&root)),
    ];
    for (directory, name, text) in made {
        fs::write(out.join(name), &text).expect("the build directory is writable");
        if update {
            let directory = root.join(directory);
            fs::create_dir_all(&directory).expect("it can be made");
            fs::write(directory.join(name), &text).expect("it is writable");
        }
    }
    println!("cargo:rustc-env=ASYNCHRON_GENERATED_HEADERS={}", out.display());

    if has_race_detectors() {
        println!("cargo:rustc-cfg=race_detectors");
    }

    // Threads of ours may be resting when the last user closes the library.
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

/// Whether a race detector may be in the process that does not see into the library: see src/sync/race.rs. One that
/// the library is itself compiled for sees better by itself.
fn has_race_detectors() -> bool {
    let target = |name: &str| env::var(format!("CARGO_CFG_{name}")).unwrap_or_default();
    let architectures = ["aarch64", "loongarch64", "riscv64", "s390x", "x86_64"];
    target("TARGET_OS") == "linux"
        && target("TARGET_POINTER_WIDTH") == "64"
        && architectures.contains(&target("TARGET_ARCH").as_str())
        && env::var_os("CARGO_CFG_LOOM").is_none()
        && env::var_os("CARGO_CFG_SANITIZE").is_none()
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
    let mut config = configuration(root);
    // The enums need a form for C++; functions get one brace around them all instead.
    config.cpp_compat = types;
    let mut text = generated(config, file);
    // Before C23 the type is int32_t, and the enum only brings the constants. Its tag in C is for readers of headers
    // that drop an enum without one, or whose tag is the typedef's name. C++ has no typedef.
    for name in ENUMS {
        let condition = "#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L\n  ";
        let tag = tag(name);
        text = text.replace(
            &format!(
                "enum {name}\n{condition}: int32_t\n#endif // {}",
                &condition[4..condition.len() - 3]
            ),
            &format!(
                "enum\n#if defined(__cplusplus)\n  {name} : int32_t\n\
                 #elif __STDC_VERSION__ >= 202311L\n  {tag} : int32_t\n#else\n  {tag}\n#endif"
            ),
        );
        text = text.replace(
            &format!("typedef enum {name} {name};"),
            &format!("typedef enum {tag} {name};"),
        );
    }
    format!("{}\n", text.trim())
}

/// The same declarations, which need no preprocessor and no header of the system's.
fn ffi_header(root: &Path) -> String {
    let mut header = comment(FFI_INTRODUCTION);
    header.push_str(&ffi_versions());
    for section in SECTIONS {
        let mut config = configuration(root);
        config.documentation = false;
        config.function.prefix = None;
        config.function.must_use = None;
        let text = generated(config, &root.join(format!("src/capi/{section}.rs")));
        let text = without_macros(&as_c99(&text));
        writeln!(header, "\n{}", text.trim()).expect("a string grows");
    }
    header
}

/// The interface as data.
fn data(root: &Path) -> String {
    let capi = root.join("src/capi");
    let section = |name: &&str| {
        let file = capi.join(format!("{name}.rs"));
        let mut config = configuration(root);
        config.function.prefix = None;
        config.function.must_use = Some(declarations::MUST_USE.into());
        let text = as_c99(&generated(config, &file));
        let title =
            module_comment(&file).lines().next().expect("a section has a title").to_string();
        interface::Section { title, declarations: declarations::read(&text) }
    };
    let sections: Vec<_> = SECTIONS.iter().map(section).collect();
    let table = read(&capi.join("ownership.txt"));
    let number = ["_MAJOR", "_MINOR", "_PATCH"]
        .iter()
        .fold(0, |number, name| number * 100 + part(name).parse::<u32>().expect("it is a number"));
    interface::text((&part(""), number), &table, &sections, &ownership::read(&table))
}

/// What cbindgen makes, as C99 sees it: its conditions all ask for a later standard.
fn as_c99(text: &str) -> String {
    let mut seen = true;
    let mut kept = String::new();
    for line in text.lines() {
        match line.split_whitespace().next() {
            Some("#if") => seen = false,
            Some("#else" | "#endif") => seen = true,
            _ if seen => {
                kept.push_str(line);
                kept.push('\n');
            }
            _ => {}
        }
    }
    for name in ENUMS {
        kept = kept.replace(&format!("enum {name}\n {{"), &format!("enum {} {{", tag(name)));
    }
    kept
}

/// C99 with an enumerator in place of each macro that is a number, if one can hold it.
fn without_macros(text: &str) -> String {
    let mut kept = String::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next().map(str::parse::<i32>)) {
            (Some("#define"), Some(name), Some(Ok(value))) => {
                let tag = name.to_lowercase();
                kept.push_str(&format!("enum {tag}_e {{\n    {name} = {value},\n}};\n"));
            }
            (Some("#define"), ..) => {}
            _ => {
                kept.push_str(line);
                kept.push('\n');
            }
        }
    }
    kept
}

const ENUMS: [&str; 2] = ["asynchron_status_t", "asynchron_state_t"];

/// An enum's tag in C, from its type's name.
fn tag(name: &str) -> String {
    format!("{}_e", name.trim_end_matches("_t"))
}

fn configuration(root: &Path) -> cbindgen::Config {
    cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is valid")
}

fn generated(config: cbindgen::Config, file: &Path) -> String {
    let mut text = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_src(file)
        .generate()
        .expect("src/capi can be read")
        .write(&mut text);
    let text = String::from_utf8(text).expect("the sources are UTF-8");
    // A name that Rust keeps for itself.
    text.replace("self_", "self")
}

const FFI_INTRODUCTION: &str = "\
asynchron.ffi.h: the declarations of asynchron.h, for foreign function interfaces that read C but
have no preprocessor, such as cffi, LuaJIT's and PHP's. What each of them does is said in asynchron.h.

Constants are enumerators, but for ASYNCHRON_FOREVER, which asynchron_forever() returns: no
enumerator holds 64 bits everywhere.";

/// A part of the package's version; the whole, if `name` is empty.
fn part(name: &str) -> String {
    env::var(format!("CARGO_PKG_VERSION{name}")).expect("cargo sets it")
}

fn versions() -> String {
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

/// The same as an enum.
fn ffi_versions() -> String {
    let numbers = ["MAJOR", "MINOR", "PATCH"].map(|name| (name, part(&format!("_{name}"))));
    let mut number = 0;
    let mut text = String::from("\nenum asynchron_version_e {\n");
    for (name, value) in &numbers {
        writeln!(text, "    ASYNCHRON_VERSION_{name} = {value},").expect("a string grows");
        number = number * 100 + value.parse::<u32>().expect("a part of the version is a number");
    }
    writeln!(text, "    ASYNCHRON_VERSION_NUMBER = {number},\n}};").expect("a string grows");
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

/* Before a function that is called for its result, or that nothing comes of if it is refused: it returns
   a handle, writes through a pointer, or registers or starts something. Look at the status of the others,
   too: without memory, asynchron_set_bytes() delivers nothing, and asynchron_expire_after() sets no
   deadline. */
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

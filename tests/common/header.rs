//! What the header declares, as the compiler sees it after preprocessing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{compiler, ok, run};

pub type Names = BTreeSet<String>;

/// The names that the header brings into a program, without those of the standard headers it
/// includes.
#[derive(Debug, Default)]
pub struct Declared {
    pub functions: Names,
    pub types: Names,
    pub tags: Names,
    pub enumerators: Names,
    pub variables: Names,
    /// Each of them as it is written, but for white space and attributes.
    pub statements: Names,
}

pub fn path() -> PathBuf {
    super::root().join("include/asynchron.h")
}

/// The one that needs no preprocessor.
pub fn ffi_path() -> PathBuf {
    super::root().join("include/asynchron.ffi.h")
}

/// The interface as data.
pub fn data_path() -> PathBuf {
    super::root().join("bindings/asynchron.json")
}

/// A source file with this text, for a test that needs a few lines of C only.
pub fn snippet(name: &str, text: &str) -> PathBuf {
    let path = super::out_dir().join(name);
    let fresh = super::fresh(&path);
    std::fs::write(&fresh, text)
        .and_then(|()| std::fs::rename(&fresh, &path))
        .unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
    path
}

/// The names of the macros after these headers were included.
pub fn macros(standard: &str, includes: &str) -> Names {
    let suffix = compiler::suffix(standard);
    let name = format!("macros-{}-{standard}.{suffix}", includes.len());
    let mut command = compiler::command(standard);
    command.args(["-dM", "-E"]).arg(snippet(&name, includes));
    let said = ok(run::succeed(command, super::LIMIT)).stdout;
    let name =
        |line: &str| Some(line.strip_prefix("#define ")?.split([' ', '(']).next()?.to_owned());
    said.lines().filter_map(name).collect()
}

/// The header's declarations, in C.
pub fn declared() -> Declared {
    let source = snippet("declared.c", "#include <asynchron.h>\n");
    let mut command = compiler::command("c99");
    command.arg("-E").arg(source);
    parse(&own_lines(&ok(run::succeed(command, super::LIMIT)).stdout))
}

/// Those of the header without a preprocessor's lines.
pub fn declared_for_ffi() -> Declared {
    let text = std::fs::read_to_string(ffi_path()).expect("it is there");
    let (_, declarations) = text.split_once("*/").expect("a comment comes first");
    parse(declarations)
}

/// Of preprocessed text the lines that come from our header: `# line "file"` says where the next
/// ones are from.
fn own_lines(text: &str) -> String {
    let mut ours = false;
    let mut out = String::new();
    for line in text.lines() {
        if let Some(marker) = line.strip_prefix("# ") {
            let file = marker.split('"').nth(1).unwrap_or_default();
            ours = file.ends_with("asynchron.h");
        } else if ours {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Enough of C's grammar for a header of typedefs, structs, enums and prototypes.
fn parse(text: &str) -> Declared {
    let mut found = Declared::default();
    for statement in statements(&without_attributes(&tokens(text))) {
        found.statements.insert(statement.join(" "));
        let outer = outside(&statement);
        let last = outer.last().filter(|token| is_name(token)).cloned();
        for pair in outer.windows(2) {
            if ["struct", "enum", "union"].contains(&pair[0].as_str()) && is_name(&pair[1]) {
                found.tags.insert(pair[1].clone());
            }
        }
        if outer.iter().any(|token| token == "enum") {
            found.enumerators.extend(enumerators(&statement));
        }
        let bracket = outer.iter().any(|token| token == "(");
        let at = statement.iter().position(|token| token == "(").unwrap_or_default();
        match (outer[0] == "typedef", bracket) {
            (true, true) => {
                found.types.extend(statement[at..].iter().find(|t| is_name(t)).cloned())
            }
            (true, false) => found.types.extend(last),
            (false, true) => found.functions.extend(statement[..at].last().cloned()),
            (false, false) => {
                // What is left of the definition of a struct or an enum is its tag.
                found.variables.extend(last.filter(|name| !found.tags.contains(name)));
            }
        }
    }
    found
}

/// In an enum's braces, every name after the brace or a comma.
fn enumerators(statement: &[String]) -> impl Iterator<Item = String> {
    let inside = statement.iter().skip_while(|token| *token != "{");
    let pairs = inside.clone().zip(inside.skip(1));
    let starts =
        pairs.filter(|(before, name)| ["{", ","].contains(&before.as_str()) && is_name(name));
    starts.map(|(_, name)| name.clone())
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Words and single signs.
fn tokens(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in text.chars() {
        let word = c.is_ascii_alphanumeric() || c == '_';
        match (word && in_word, out.last_mut()) {
            (true, Some(last)) => last.push(c),
            _ if !c.is_whitespace() => out.push(c.to_string()),
            _ => {}
        }
        in_word = word;
    }
    out
}

fn without_attributes(tokens: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = tokens.iter().peekable();
    while let Some(token) = rest.next() {
        if token != "__attribute__" {
            out.push(token.clone());
            continue;
        }
        let mut depth = 0;
        for token in rest.by_ref() {
            depth += i32::from(token == "(") - i32::from(token == ")");
            if depth == 0 {
                break;
            }
        }
    }
    out
}

fn statements(tokens: &[String]) -> Vec<Vec<String>> {
    let mut out = vec![Vec::new()];
    let mut depth = 0;
    for token in tokens {
        depth += i32::from(token == "(" || token == "{") - i32::from(token == ")" || token == "}");
        if token == ";" && depth == 0 {
            out.push(Vec::new());
        } else if let Some(statement) = out.last_mut() {
            statement.push(token.clone());
        }
    }
    out.retain(|statement| !statement.is_empty());
    out
}

/// The statement without what its brackets hold.
fn outside(statement: &[String]) -> Vec<String> {
    let mut depth = 0;
    let mut out = Vec::new();
    for token in statement {
        let opens = token == "(" || token == "{";
        let closes = token == ")" || token == "}";
        if depth == 0 && !closes {
            out.push(token.clone());
        }
        depth += i32::from(opens) - i32::from(closes);
    }
    out
}

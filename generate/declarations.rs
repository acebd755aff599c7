//! The declarations of the interface, read from what cbindgen makes of them, with their comments.

/// What one declaration says, and the comment before it.
pub struct Declaration {
    pub comment: String,
    pub what: What,
}

pub enum What {
    /// A constant, and its value as it is written.
    Constant(String, String),
    Enum(String, Vec<Member>),
    Opaque(String),
    Struct(String, Vec<Member>),
    /// The type of a function that the program gives.
    Callback(Signature),
    Function(Signature),
}

/// Of an enum or a struct.
pub struct Member {
    pub comment: String,
    pub name: String,
    /// The value, or the type.
    pub what: String,
}

pub struct Signature {
    pub name: String,
    pub returns: String,
    pub parameters: Vec<Parameter>,
    pub must_use: bool,
}

pub struct Parameter {
    pub name: String,
    pub kind: String,
}

/// The word before a function whose result is not to be ignored.
pub const MUST_USE: &str = "ASYNCHRON_MUST_USE";

/// Reads C99 without conditions, as cbindgen writes it: each declaration begins with its line, ends with a semicolon, and
/// has its comment before it.
pub fn read(text: &str) -> Vec<Declaration> {
    let mut declarations = Vec::new();
    let (mut comment, mut code) = (String::new(), String::new());
    let mut depth = 0_usize;
    for line in text.lines() {
        let trimmed = line.trim();
        if depth == 0 && code.is_empty() {
            if trimmed.starts_with("/**") {
                comment.clear();
                continue;
            }
            if let Some(words) = commented(trimmed) {
                comment.push_str(words);
                comment.push('\n');
                continue;
            }
            if trimmed.is_empty() {
                continue;
            }
            if let Some(constant) = trimmed.strip_prefix("#define ") {
                let (name, value) = constant.split_once(' ').expect("a constant has a value");
                let what = What::Constant(name.into(), value.trim().into());
                declarations.push(Declaration { comment: tidy(&comment), what });
                comment.clear();
                continue;
            }
        }
        code.push_str(line);
        code.push('\n');
        if commented(trimmed).is_none() && !trimmed.starts_with("/**") {
            depth = depth + trimmed.matches('{').count() - trimmed.matches('}').count();
        }
        if depth == 0 && trimmed.ends_with(';') {
            if let Some(what) = declaration(&code) {
                declarations.push(Declaration { comment: tidy(&comment), what });
                comment.clear();
            }
            code.clear();
        }
    }
    assert!(code.trim().is_empty(), "no declaration: {code}");
    declarations
}

/// The words of a line inside of a comment, or "" at its end.
fn commented(trimmed: &str) -> Option<&str> {
    match trimmed.strip_prefix('*')? {
        "/" => Some(""),
        words => Some(words.strip_prefix(' ').unwrap_or(words)),
    }
}

fn tidy(comment: &str) -> String {
    comment.trim().to_string()
}

/// `None`: what an enum's name stands for, which is said with the enum.
fn declaration(code: &str) -> Option<What> {
    let what = if let Some(rest) = code.strip_prefix("enum ") {
        let (tag, body) = rest.split_once('{').expect("an enum has members");
        let name = format!("{}_t", tag.trim().trim_end_matches("_t").trim_end_matches("_e"));
        let member = |comment, line: &str| {
            let (name, value) =
                line.trim_end_matches(',').split_once(" = ").expect("it has a value");
            Member { comment, name: name.into(), what: value.into() }
        };
        What::Enum(name, members(body, member))
    } else if let Some(rest) = code.strip_prefix("typedef struct {") {
        let (body, end) = rest.rsplit_once('}').expect("a struct ends");
        let member = |comment, line: &str| {
            let Parameter { name, kind } = parameter(line.trim_end_matches(';'));
            Member { comment, name, what: kind }
        };
        What::Struct(end.trim().trim_end_matches(';').into(), members(body, member))
    } else if let Some(rest) = code.strip_prefix("typedef struct ") {
        What::Opaque(rest.split_whitespace().next().expect("it has a name").into())
    } else if let Some(rest) = code.strip_prefix("typedef ") {
        if !rest.contains("(*") {
            return None;
        }
        let (returns, rest) = rest.split_once("(*").expect("just found");
        let (name, rest) = rest.split_once(")(").expect("it has parameters");
        What::Callback(signature(returns, name, rest, false))
    } else {
        let must_use = code.contains(MUST_USE);
        let code = code.replace(MUST_USE, "");
        let (front, rest) = code.split_once('(').expect("a function has parameters");
        let Parameter { name, kind } = parameter(front);
        What::Function(signature(&kind, &name, rest, must_use))
    };
    Some(what)
}

fn signature(returns: &str, name: &str, rest: &str, must_use: bool) -> Signature {
    let inside = rest.rsplit_once(')').expect("the parameters end").0;
    let parameters = inside.split(',').filter(|one| one.trim() != "void").map(parameter);
    Signature {
        name: name.trim().into(),
        returns: returns.trim().into(),
        parameters: parameters.collect(),
        must_use,
    }
}

/// `const char *name` apart. One without a name, of the type of a function, has "".
fn parameter(text: &str) -> Parameter {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let at = text.rfind(|c| !is_name(c)).map_or(0, |at| at + 1);
    let (kind, name) = text.split_at(at);
    Parameter { name: name.into(), kind: kind.trim().into() }
}

fn members(body: &str, member: impl Fn(String, &str) -> Member) -> Vec<Member> {
    let (mut comment, mut found) = (String::new(), Vec::new());
    for line in body.lines().map(str::trim) {
        if line.starts_with("/**") {
            comment.clear();
        } else if let Some(words) = commented(line) {
            comment.push_str(words);
            comment.push('\n');
        } else if !line.is_empty() && line != "}" && line != "};" {
            found.push(member(tidy(&comment), line));
            comment.clear();
        }
    }
    found
}

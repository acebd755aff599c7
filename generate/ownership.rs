//! Who owns what a function is given: the table of `src/capi/ownership.txt`.

use std::collections::BTreeMap;

pub struct Ownership {
    pub arguments: Vec<Word>,
    pub returned: Option<Word>,
    pub blocks: Blocks,
    /// Functions of the program's may run inside the call.
    pub calls: bool,
}

/// One word of the table, apart.
pub struct Word {
    pub word: String,
    /// What is written there.
    pub content: Option<String>,
    pub nullable: bool,
}

#[derive(Clone, Copy)]
pub enum Blocks {
    Never,
    Always,
    UnlessPolled,
}

const WORDS: [&str; 12] = [
    "value", "borrowed", "copied", "given", "given_ok", "handed", "kept", "drop", "fn", "options",
    "tag", "fills",
];
const RETURNED: [&str; 3] = ["new", "borrowed", "static"];
const CONTENTS: [&str; 3] = ["new", "borrowed", "value"];

pub fn read(table: &str) -> BTreeMap<String, Ownership> {
    let lines =
        table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut all = BTreeMap::new();
    for line in lines {
        let mut parts = line.split(';').map(str::trim);
        let (front, flags) = (parts.next().expect("a line has words"), parts);
        let (arguments, returned) = match front.split_once("->") {
            Some((arguments, returned)) => (arguments, Some(returned.trim())),
            None => (front, None),
        };
        let mut words = arguments.split_whitespace();
        let name = words.next().expect("a line begins with a name");
        let mut ownership = Ownership {
            arguments: words.map(|word| parsed(word, &WORDS)).collect(),
            returned: returned.map(|word| parsed(word, &RETURNED)),
            blocks: Blocks::Never,
            calls: false,
        };
        for flag in flags {
            match flag {
                "blocks" => ownership.blocks = Blocks::Always,
                "blocks unless 0" => ownership.blocks = Blocks::UnlessPolled,
                "calls" => ownership.calls = true,
                other => panic!("{name}: what is {other}?"),
            }
        }
        assert!(all.insert(name.to_string(), ownership).is_none(), "{name} is there twice");
    }
    all
}

fn parsed(word: &str, known: &[&str]) -> Word {
    let (rest, nullable) = word.strip_suffix('?').map_or((word, false), |rest| (rest, true));
    let (name, content) = match rest.split_once(':') {
        Some((name, content)) => (name, Some(content)),
        None => (rest, None),
    };
    let writes = content.is_some();
    assert!(
        writes == matches!(name, "out" | "fills") && (name == "out" || known.contains(&name)),
        "what is {word}?"
    );
    assert!(content.is_none_or(|content| CONTENTS.contains(&content)), "what is {word}?");
    Word { word: name.into(), content: content.map(Into::into), nullable }
}

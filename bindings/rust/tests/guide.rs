//! The programs of the guide are the examples, and print what it says that they print.
//!
//! `cargo test` builds them; before this test alone, `cargo build --examples` does.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The blocks of a page: what is after the fence, and the text.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let parts = page.split("\n```").skip(1).step_by(2);
    parts.map(|part| part.split_once('\n').unwrap()).collect()
}

fn run(example: &str) -> String {
    // Beside this test: target/debug/deps and target/debug/examples.
    let here = env::current_exe().unwrap();
    let program = here.parent().unwrap().with_file_name("examples").join(example);
    let ran = Command::new(&program).output().unwrap_or_else(|e| panic!("{example}: {e}"));
    assert!(ran.status.success() && ran.stderr.is_empty(), "{example}: {ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn the_programs_of_the_guide_print_what_it_says() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(here.join("../../docs/guide/rust.md")).unwrap();
    let blocks = blocks(&page);
    let programs = blocks.iter().enumerate().filter(|(_, (language, _))| *language == "rust");
    let mut seen = 0;
    for ((at, (_, program)), example) in programs.zip(["first", "exported"]) {
        let text = fs::read_to_string(here.join(format!("examples/{example}.rs"))).unwrap();
        assert_eq!(*program, text.trim_end(), "{example} is another program");
        let (language, output) = blocks[at + 1];
        assert_eq!(language, "text");
        assert_eq!(run(example).trim_end(), output, "{example}");
        seen += 1;
    }
    assert_eq!(seen, 2);
}

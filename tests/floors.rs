//! The floors of `src/`: no file names by a path what stands above it, not even in a comment.

mod common;

use std::fs;

use common::{files_of, root, samples};

/// From the ground up. What is not in here is the roof: `lib.rs`.
const FLOORS: [&str; 9] =
    ["sync", "sys", "base", "one", "compute", "pool", "listen", "time", "capi"];

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| *floor == name)
}

/// The floors that a text names by a path from the root, each with where it does: also several in braces, over several
/// lines, and by way of `super` from a module so deep.
fn named(text: &str, depth: usize) -> Vec<(usize, usize)> {
    let mut named = Vec::new();
    for root in ["crate::".to_owned(), "super::".repeat(depth)] {
        for (at, found) in text.match_indices(&root) {
            let rest = &text[at + found.len()..];
            for name in heads(rest) {
                named.extend(floor(name).map(|floor| (floor, at)));
            }
        }
    }
    named
}

/// The names that a path goes on with: one, or those of a list in braces.
fn heads(rest: &str) -> Vec<&str> {
    let word =
        |text: &'_ str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let Some(list) = rest.strip_prefix('{') else {
        return vec![&rest[..word(rest)]];
    };
    let (mut heads, mut inside, mut begins) = (Vec::new(), 0_usize, true);
    for (at, c) in list.char_indices() {
        match c {
            '{' => inside += 1,
            '}' if inside == 0 => break,
            '}' => inside -= 1,
            ',' => begins = inside == 0,
            c if begins && !c.is_whitespace() => {
                heads.push(&list[at..at + word(&list[at..])]);
                begins = false;
            }
            _ => {}
        }
    }
    heads
}

#[test]
fn no_floor_knows_what_stands_above_it() {
    let src = root().join("src");
    let (all, mut wrong) = (files_of(&src, &["rs"]), Vec::new());
    assert!(all.len() > 40, "only {} sources", all.len());
    for path in all {
        let inside = path.strip_prefix(&src).unwrap();
        let first = inside.iter().next().unwrap().to_str().unwrap();
        let name = first.trim_end_matches(".rs");
        if name == "lib" {
            continue;
        }
        let own = floor(name).unwrap_or_else(|| panic!("{} is on no floor", inside.display()));
        let text = fs::read_to_string(&path).unwrap();
        let depth = inside.components().count() - usize::from(inside.ends_with("mod.rs"));
        for (other, at) in named(&text, depth).into_iter().filter(|(other, _)| *other > own) {
            let (above, number) = (FLOORS[other], text[..at].lines().count());
            wrong.push(format!("src/{}:{number} names {above}", inside.display()));
        }
    }
    assert!(wrong.is_empty(), "these run up:\n{}", wrong.join("\n"));
}

/// What somebody new reads first has them in this order, and says so.
#[test]
fn contributing_lists_the_floors_from_the_ground_up() {
    let page = samples::read(&root().join("CONTRIBUTING.md"));
    let section = page.split("\n## ").find(|section| section.starts_with("Where things are\n"));
    let section = section.expect("CONTRIBUTING.md says where things are");
    let cells = section.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let listed: Vec<_> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter_map(|path| path.strip_prefix("src/"))
        .map(|path| path.trim_end_matches('/').trim_end_matches(".rs"))
        .collect();
    assert_eq!(listed, FLOORS);
}

#[test]
fn every_way_to_name_a_floor_is_seen() {
    let seen = |text, depth| {
        let floors = named(text, depth).into_iter().map(|(floor, _)| FLOORS[floor]);
        floors.collect::<Vec<_>>()
    };
    assert_eq!(seen("use crate::one::state;", 2), ["one"]);
    assert_eq!(seen("use crate::{compute, pool::Pool};", 2), ["compute", "pool"]);
    let nested = "use crate::{\n    sys::{self, now},\n    pool::spawn as again,\n};";
    assert_eq!(seen(nested, 2), ["sys", "pool"]);
    assert_eq!(seen("/// As [`crate::listen::any`], and crate::capi.", 2), ["listen", "capi"]);
    assert_eq!(seen("use super::super::pool::{self, Pool};", 2), ["pool"]);
    assert_eq!(seen("use super::state; use super::super::{pool};", 3), [""; 0]);
    assert_eq!(seen("use crate::alive; // a crate: one", 2), [""; 0]);
}

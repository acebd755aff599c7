//! The floors of `src/`: no file names what stands above it, not even in a comment.

use std::fs;
use std::path::{Path, PathBuf};

/// From the ground up. What is not in here is the roof: `lib.rs`.
const FLOORS: [&str; 8] = ["sync", "sys", "base", "one", "compute", "listen", "pool", "capi"];

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| *floor == name)
}

/// The floors that a line names by `crate::`, also several in braces.
fn named(line: &str) -> Vec<usize> {
    let mut named = Vec::new();
    for (at, found) in line.match_indices("crate::") {
        let rest = &line[at + found.len()..];
        let list = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or(list),
            None => rest,
        };
        let several = rest.starts_with('{');
        for part in list.split(',').take(if several { usize::MAX } else { 1 }) {
            let name: String =
                part.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            named.extend(floor(&name));
        }
    }
    named
}

fn sources(dir: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(path);
        }
    }
}

#[test]
fn no_floor_knows_what_stands_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    sources(&src, &mut all);
    assert!(all.len() > 40, "only {} sources", all.len());
    for path in all {
        let inside = path.strip_prefix(&src).unwrap();
        let first = inside.iter().next().unwrap().to_str().unwrap();
        let name = first.trim_end_matches(".rs");
        if name == "lib" {
            continue;
        }
        let own = floor(name).unwrap_or_else(|| panic!("{} is on no floor", inside.display()));
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            for other in named(line).into_iter().filter(|other| *other > own) {
                let (above, number) = (FLOORS[other], number + 1);
                wrong.push(format!("src/{}:{number} names {above}", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "these run up:\n{}", wrong.join("\n"));
}

#[test]
fn every_way_to_name_a_floor_is_seen() {
    let at = |name| floor(name).unwrap();
    assert_eq!(named("use crate::one::state;"), [at("one")]);
    assert_eq!(named("use crate::{compute, pool::Pool};"), [at("compute"), at("pool")]);
    assert_eq!(
        named("/// As [`crate::listen::any`], and crate::capi."),
        [at("listen"), at("capi")]
    );
    assert_eq!(named("use crate::alive; // a crate: one"), []);
}

//! The pictures in docs/guide are drawn from docs/pictures: `make -C docs pictures`.

#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use common::{LIMIT, ok, root, run, samples};

/// The names of the files of a directory with an extension, without it.
fn stems(dir: &str, extension: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join(dir)).expect("the directory is there");
    let paths = entries.map(|entry| entry.expect("a directory can be read").path());
    paths
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .map(|path| path.file_stem().and_then(|s| s.to_str()).expect("names are plain").to_owned())
        .collect()
}

/// What stands in a picture: its nodes, its arrows, and every line of text. Where each stands depends on the fonts of
/// the machine that drew it.
fn content(svg: &str) -> Vec<String> {
    let mut found = Vec::new();
    for element in ["<title", "<text"] {
        for rest in svg.split(element).skip(1) {
            let text = rest.split_once('>').and_then(|(_, rest)| rest.split_once('<'));
            found.push(text.expect("an element has an end").0.to_owned());
        }
    }
    assert!(!found.is_empty(), "the picture is empty");
    found.sort();
    found
}

#[test]
fn every_picture_has_a_source_and_every_source_a_picture() {
    let sources = stems("docs/pictures", "dot");
    assert!(!sources.is_empty(), "there are no pictures");
    assert_eq!(sources, stems("docs/guide", "svg"));
}

#[test]
fn the_pictures_show_what_their_sources_say() {
    if Command::new("dot").arg("-V").output().is_err() {
        let _ = writeln!(std::io::stderr(), "skipped: there is no graphviz");
        return;
    }
    for name in stems("docs/pictures", "dot") {
        let mut dot = Command::new("dot");
        dot.arg("-Tsvg").arg(root().join(format!("docs/pictures/{name}.dot")));
        let drawn = ok(run::succeed(dot, LIMIT)).stdout;
        let kept = samples::read(&root().join(Path::new("docs/guide").join(format!("{name}.svg"))));
        assert_eq!(content(&drawn), content(&kept), "{name}: make -C docs pictures");
    }
}

/// In the width of a phone, of some 360 pixels, letters stay legible down to about half their size.
#[test]
fn no_picture_is_too_wide_for_a_phone() {
    for name in stems("docs/guide", "svg") {
        let svg = samples::read(&root().join(format!("docs/guide/{name}.svg")));
        let width = svg.split_once("<svg width=\"").and_then(|(_, rest)| rest.split_once("pt\""));
        let width: u32 = width.and_then(|(width, _)| width.parse().ok()).expect("it has a width");
        assert!(width <= 480, "{name}.svg is {width} points wide: draw it from the top down");
    }
}

#[test]
fn every_picture_is_legible_on_a_dark_page() {
    for name in stems("docs/guide", "svg") {
        let svg = samples::read(&root().join(format!("docs/guide/{name}.svg")));
        let dark = svg.contains("@media (prefers-color-scheme: dark)");
        assert!(dark, "{name}: make -C docs pictures");
    }
}

#[test]
fn every_picture_is_shown() {
    let pages: String = samples::pages().iter().map(|page| samples::read(page)).collect();
    for name in stems("docs/guide", "svg") {
        assert!(pages.contains(&format!("{name}.svg)")), "no page shows {name}.svg");
    }
}

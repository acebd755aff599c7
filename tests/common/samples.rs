//! The fenced blocks of the pages: programs, and the output that a page shows below them.

use std::path::{Path, PathBuf};

/// The pages whose samples are tested.
pub fn pages() -> Vec<PathBuf> {
    let root = super::root();
    let mut pages = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    collect(&root.join("docs"), &mut pages);
    pages.sort();
    pages
}

fn collect(dir: &Path, pages: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

/// One fenced block.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The page, seen from the repository.
    pub page: String,
    /// The number of its first line.
    pub line: usize,
    /// The word after the fence; empty if there is none.
    pub language: String,
    pub text: String,
    /// What the page shows below it: the next block, if that is ```text.
    pub output: Option<String>,
}

impl Sample {
    /// Where to look when it fails.
    pub fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }

    /// A name for files.
    pub fn name(&self) -> String {
        let stem = Path::new(&self.page).file_stem().and_then(|stem| stem.to_str());
        format!("{}-{}", stem.expect("a page has a plain name"), self.line)
    }
}

pub fn read(page: &Path) -> String {
    std::fs::read_to_string(page).unwrap_or_else(|e| panic!("cannot read {}: {e}", page.display()))
}

/// The blocks of a page, in its order.
pub fn of(page: &Path) -> Vec<Sample> {
    let relative = page.strip_prefix(super::root()).unwrap_or(page).display().to_string();
    let mut found: Vec<Sample> = Vec::new();
    let mut inside = false;
    for (number, line) in read(page).lines().enumerate() {
        if let Some(info) = line.trim_start().strip_prefix("```") {
            inside = !inside;
            if inside {
                found.push(Sample {
                    page: relative.clone(),
                    line: number + 2,
                    language: info.trim().to_owned(),
                    text: String::new(),
                    output: None,
                });
            }
        } else if let (true, Some(sample)) = (inside, found.last_mut()) {
            sample.text.push_str(line);
            sample.text.push('\n');
        }
    }
    assert!(!inside, "{relative} has a ``` without its end");
    let shown: Vec<_> = found
        .iter()
        .skip(1)
        .map(|next| (next.language == "text").then(|| next.text.clone()))
        .collect();
    for (sample, output) in found.iter_mut().zip(shown) {
        sample.output = output;
    }
    found
}

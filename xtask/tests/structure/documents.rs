//! Paths that documents name in backquotes.

use std::fs;
use std::path::Path;

/// Paths below the root that the documents there and in `docs` name and that do not exist. A path begins with one of `folders`;
/// `{a,b}` stands for both, and capitals stand for any name.
pub fn missing(root: &Path, folders: &[&str]) -> Vec<String> {
    let documents = [root.to_owned(), root.join("docs")].into_iter().flat_map(|folder| {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|file| file.extension().is_some_and(|ending| ending == "md"))
    });
    let mut missing: Vec<String> = documents
        .flat_map(|document| {
            let text = fs::read_to_string(&document).unwrap();
            let paths = named(&text, folders).into_iter().filter(|path| !root.join(path).exists());
            paths.map(|path| format!("{}: {path}", document.display())).collect::<Vec<_>>()
        })
        .collect();
    missing.sort();
    missing
}

/// What a document names, without what stands in blocks of code.
pub fn named(text: &str, folders: &[&str]) -> Vec<String> {
    let prose: String = text.split("```").step_by(2).collect();
    let quoted = prose.split('`').skip(1).step_by(2);
    let is_path = |word: &&str| {
        let first = word.split_once('/').map(|(first, _)| first);
        let stands_for_others = word.contains(['*', ' ', ':']) || word.split(['/', '.']).any(is_placeholder);
        first.is_some_and(|first| folders.contains(&first)) && !stands_for_others
    };
    quoted.filter(is_path).flat_map(alternatives).collect()
}

/// `NAME` and the like; a name of one letter is none.
fn is_placeholder(part: &str) -> bool {
    part.len() > 1 && part != "README" && part.chars().all(|c| c.is_ascii_uppercase())
}

/// A path for each of `{a,b}`.
fn alternatives(path: &str) -> Vec<String> {
    let Some((before, (within, after))) =
        path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    else {
        return vec![path.to_owned()];
    };
    within.split(',').flat_map(|part| alternatives(&format!("{before}{part}{after}"))).collect()
}

//! Large network files in TOML, a stretch of their text at a time.
//!
//! A document of a million tables takes far more memory than the network in it. Such a file is a head and then sections
//! under `[[nodes]]` and `[[edges]]`, or a head with lists `nodes = [...]` and `edges = [...]`. A stretch of sections, or of
//! the entries of a list, means the same by itself, so stretches are parsed one after another.

use super::reader::{Reading, ReadingSeed};
use serde::de::DeserializeSeed;
use std::ops::Range;

/// Sections or entries in a stretch.
const ENTRIES: usize = 4096;

/// What the file says, if it can be read in stretches. `None` where it cannot, or has a fault: a parser that sees all
/// of it then tells where.
pub(super) fn read(text: &str) -> Option<Reading> {
    // Inside of a string of several lines, a heading is none.
    if text.contains("\"\"\"") || text.contains("'''") {
        return None;
    }
    let mut reading = Reading::default();
    let (mut from, mut at, mut sections) = (0, 0, 0);
    for line in text.split_inclusive('\n') {
        if matches!(line.trim_end(), "[[nodes]]" | "[[edges]]") {
            sections += 1;
            // The head stands by itself, so that its lists cannot be continued below.
            if sections == 1 {
                put_head(&mut reading, &text[from..at])?;
                if reading.has_lists() {
                    return None;
                }
                from = at;
            } else if sections > ENTRIES {
                put(&mut reading, &text[from..at])?;
                (from, sections) = (at, 1);
            }
        }
        at += line.len();
    }
    if from == 0 {
        put_head(&mut reading, text)?;
    } else {
        put(&mut reading, &text[from..])?;
    }
    reading.whole().ok()?;
    Some(reading)
}

fn put(reading: &mut Reading, stretch: &str) -> Option<()> {
    ReadingSeed(reading).deserialize(toml::Deserializer::parse(stretch).ok()?).ok()
}

/// Reads what stands before the first section: its long lists in stretches, then the rest.
fn put_head(reading: &mut Reading, head: &str) -> Option<()> {
    let lists = lists(head)?;
    let mut rest = String::new();
    let mut from = 0;
    for (index, List { key, whole, stretches }) in lists.iter().enumerate() {
        if lists[..index].iter().any(|other| other.key == *key) {
            return None;
        }
        for stretch in stretches {
            put(reading, &format!("{key} = [{}]", &head[stretch.clone()]))?;
        }
        rest.push_str(&head[from..whole.start]);
        from = whole.end;
    }
    rest.push_str(&head[from..]);
    put(reading, &rest)
}

/// A list of nodes or edges.
struct List {
    key: &'static str,
    /// From its key to behind its bracket.
    whole: Range<usize>,
    /// Entries with the commas between them; at least one stretch.
    stretches: Vec<Range<usize>>,
}

/// The lists of nodes and edges at the top of a document; `None` if its brackets or quotes do not match.
fn lists(text: &str) -> Option<Vec<List>> {
    let mut lists = Vec::new();
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0, depth: 0 };
    let mut begins_line = true;
    while scanner.at < text.len() {
        if begins_line && scanner.depth == 0 {
            // Below a heading, keys are another table's.
            if text[scanner.at..].starts_with('[') {
                break;
            }
            if let Some((key, inside)) = begins_list(text, scanner.at) {
                let start = scanner.at;
                (scanner.at, scanner.depth) = (inside, 1);
                let stretches = scanner.stretches()?;
                lists.push(List { key, whole: start..scanner.at, stretches });
            }
        }
        begins_line = text.as_bytes().get(scanner.at) == Some(&b'\n');
        scanner.step()?;
    }
    Some(lists)
}

/// The key of a list that begins at a place, and where its entries begin.
fn begins_list(text: &str, at: usize) -> Option<(&'static str, usize)> {
    ["nodes", "edges"].into_iter().find_map(|key| {
        let value = text[at..].strip_prefix(key)?.trim_start_matches([' ', '\t']).strip_prefix('=')?;
        let entries = value.trim_start_matches([' ', '\t']).strip_prefix('[')?;
        Some((key, text.len() - entries.len()))
    })
}

/// Goes through a document from one thing that matters to its structure to the next.
struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl Scanner<'_> {
    /// Passes one byte, string or comment.
    fn step(&mut self) -> Option<()> {
        match *self.bytes.get(self.at)? {
            quote @ (b'"' | b'\'') => {
                self.at += 1;
                loop {
                    match *self.bytes.get(self.at)? {
                        b'\\' if quote == b'"' => self.at += 1,
                        b'\n' => return None,
                        end if end == quote => break,
                        _ => {}
                    }
                    self.at += 1;
                }
            }
            b'#' => {
                while self.bytes.get(self.at + 1).is_some_and(|&byte| byte != b'\n') {
                    self.at += 1;
                }
            }
            b'[' | b'{' => self.depth += 1,
            b']' | b'}' => self.depth = self.depth.checked_sub(1)?,
            _ => {}
        }
        self.at += 1;
        Some(())
    }

    /// Stretches of a list's entries, to behind its bracket.
    fn stretches(&mut self) -> Option<Vec<Range<usize>>> {
        let mut stretches = Vec::new();
        let (mut start, mut entries) = (self.at, 0);
        loop {
            let (before, byte) = (self.at, *self.bytes.get(self.at)?);
            let ends_entry = byte == b',' && self.depth == 1;
            self.step()?;
            if self.depth == 0 {
                stretches.push(start..before);
                return Some(stretches);
            }
            entries += usize::from(ends_entry);
            if ends_entry && entries == ENTRIES {
                stretches.push(start..self.at);
                (start, entries) = (self.at, 0);
            }
        }
    }
}

//! Large network files in TOML, a stretch of their text at a time.
//!
//! A document of a million tables takes far more memory than the network in it. Such a file is a head and then sections
//! under `[[nodes]]` and `[[edges]]`, each of which means the same by itself, so stretches of sections are parsed one after
//! another.

use super::reader::{Reading, ReadingSeed};
use serde::de::DeserializeSeed;

/// Sections in a stretch.
const SECTIONS: usize = 4096;

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
            if sections == 1 || sections > SECTIONS {
                put(&mut reading, &text[from..at])?;
                if sections == 1 && reading.has_lists() {
                    return None;
                }
                (from, sections) = (at, 2);
            }
        }
        at += line.len();
    }
    put(&mut reading, &text[from..])?;
    reading.whole().ok()?;
    Some(reading)
}

fn put(reading: &mut Reading, stretch: &str) -> Option<()> {
    ReadingSeed(reading).deserialize(toml::Deserializer::parse(stretch).ok()?).ok()
}

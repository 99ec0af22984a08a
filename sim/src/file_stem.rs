//! File stems: names that may become a part of a path.
//!
//! A run, a network or a preset is called what its file says, and a file may come from anywhere. What becomes a path
//! passes through [`FileStem`], so that no name leads out of the folder it is meant for, hides in it, reads like an
//! option of a command, or means a device.

use crate::categorize;
use std::fmt::{self, Display, Formatter};
use thiserror::Error;

/// Longest stem, in bytes: file systems take 255, and a seed, a number and an ending follow.
pub const MAX_BYTES: usize = 128;

/// Names that Windows keeps for devices, whatever ending follows; `COM` and `LPT` with a digit too.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// A name of letters, digits, `-`, `_` and `.`, which begins with a letter, a digit or `_`, ends with no `.`, is no
/// Windows device and has at most [`MAX_BYTES`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileStem(String);

/// A name that cannot become a part of a path.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{field} = {found}: no file or folder can be called so, {fault}; use letters, digits, `-`, `_` and `.`, at most \
     {MAX_BYTES} bytes, or say with --out where to write"
)]
pub struct FileStemError {
    /// Which field of which file holds the name.
    pub field: String,
    /// The name, quoted and cut.
    pub found: String,
    /// What is wrong with it.
    pub fault: FileStemFault,
}

categorize!(FileStemError: BadInput);

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FileStemFault {
    /// The name is empty.
    #[error("it is empty")]
    Empty,
    /// It has more than [`MAX_BYTES`] bytes.
    #[error("it has {0} bytes")]
    Long(usize),
    /// A character that is not permitted.
    #[error("it holds {0:?}")]
    Character(char),
    /// A character that is not permitted in front.
    #[error("it begins with {0:?}")]
    First(char),
    /// A dot at the end, which Windows drops.
    #[error("it ends with a dot")]
    Last,
    /// Windows keeps the name for a device.
    #[error("on Windows it is a device")]
    Device,
}

impl FileStem {
    /// Takes a name that stands in `field`.
    ///
    /// # Errors
    /// [`FileStemError`] says what the name may not hold.
    pub fn new(field: impl Into<String>, name: &str) -> Result<FileStem, FileStemError> {
        match fault(name) {
            None => Ok(FileStem(name.to_owned())),
            Some(fault) => Err(FileStemError { field: field.into(), found: quoted(name), fault }),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for FileStem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text from a file as a message shows it: in quotes, without control characters, cut to a readable length.
pub fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}...", &text[..end]),
    }
}

fn fault(name: &str) -> Option<FileStemFault> {
    let Some(first) = name.chars().next() else { return Some(FileStemFault::Empty) };
    if name.len() > MAX_BYTES {
        return Some(FileStemFault::Long(name.len()));
    }
    let permitted = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if let Some(c) = name.chars().find(|&c| !permitted(c)) {
        return Some(FileStemFault::Character(c));
    }
    if matches!(first, '-' | '.') {
        return Some(FileStemFault::First(first));
    }
    if name.ends_with('.') {
        return Some(FileStemFault::Last);
    }
    let base = name.split('.').next().unwrap_or_default().to_lowercase();
    let port = |kind: &str| {
        let number = base.strip_prefix(kind).unwrap_or_default();
        number.chars().count() == 1 && number.chars().all(|c| c.is_ascii_digit() || "¹²³".contains(c))
    };
    let device = DEVICES.contains(&base.as_str()) || port("com") || port("lpt");
    device.then_some(FileStemFault::Device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_taken_as_they_are() {
        for name in [
            "iris",
            "linear-regression",
            "lattice-8x8",
            "a",
            "_x",
            "v1.2",
            "München",
            "com",
            "console",
            "com10",
        ] {
            assert_eq!(FileStem::new("name", name).map(|stem| stem.to_string()).as_deref(), Ok(name));
        }
    }

    #[test]
    fn what_is_no_stem_is_named() {
        for (name, fault) in [
            ("", FileStemFault::Empty),
            ("../x", FileStemFault::Character('/')),
            ("/etc/passwd", FileStemFault::Character('/')),
            ("a\\b", FileStemFault::Character('\\')),
            ("C:x", FileStemFault::Character(':')),
            ("a b", FileStemFault::Character(' ')),
            ("a\0", FileStemFault::Character('\0')),
            ("$(id)", FileStemFault::Character('$')),
            ("..", FileStemFault::First('.')),
            (".hidden", FileStemFault::First('.')),
            ("-rf", FileStemFault::First('-')),
            ("x.", FileStemFault::Last),
            ("NUL", FileStemFault::Device),
            ("con.v", FileStemFault::Device),
            ("Lpt1", FileStemFault::Device),
            ("COM²", FileStemFault::Device),
        ] {
            assert_eq!(FileStem::new("name", name).map_err(|error| error.fault), Err(fault), "{name:?}");
        }
        let long = "x".repeat(MAX_BYTES + 1);
        let error = FileStem::new("name", &long).unwrap_err();
        assert_eq!(error.fault, FileStemFault::Long(MAX_BYTES + 1));
        assert!(error.to_string().len() < 300, "{error}");
    }

    #[test]
    fn a_message_holds_no_control_characters() {
        let error = FileStem::new("net.json: name", "\u{1b}]0;x\u{7}\n").unwrap_err().to_string();
        assert!(error.starts_with("net.json: name = ") && !error.contains(char::is_control), "{error}");
    }
}

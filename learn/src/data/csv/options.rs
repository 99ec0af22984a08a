//! How to read a table, as a configuration says it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What stands between two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Separator {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tab character.
    Tab,
    /// `|`
    Pipe,
    /// One or more blanks or tabs.
    Blank,
}

impl Separator {
    /// In the order in which equally good ones are taken.
    pub(super) const ALL: [Separator; 5] =
        [Separator::Tab, Separator::Semicolon, Separator::Pipe, Separator::Comma, Separator::Blank];

    pub(super) fn is(self, byte: u8) -> bool {
        match self {
            Separator::Comma => byte == b',',
            Separator::Semicolon => byte == b';',
            Separator::Tab => byte == b'\t',
            Separator::Pipe => byte == b'|',
            Separator::Blank => byte == b' ' || byte == b'\t',
        }
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Separator::Comma => "comma",
            Separator::Semicolon => "semicolon",
            Separator::Tab => "tab",
            Separator::Pipe => "pipe",
            Separator::Blank => "blank",
        })
    }
}

impl std::str::FromStr for Separator {
    type Err = String;

    /// The character itself or its name.
    fn from_str(text: &str) -> Result<Self, String> {
        let named = Separator::ALL.into_iter().find(|separator| separator.to_string() == text);
        let typed = || {
            Some(match text {
                "," => Separator::Comma,
                ";" => Separator::Semicolon,
                "\t" | "\\t" => Separator::Tab,
                "|" => Separator::Pipe,
                " " | "\\s+" => Separator::Blank,
                _ => return None,
            })
        };
        named
            .or_else(typed)
            .ok_or_else(|| format!("`{text}` is no separator; give comma, semicolon, tab, pipe or blank"))
    }
}

/// What stands before the fraction of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decimal {
    /// `1.5`
    Point,
    /// `1,5`
    Comma,
}

impl std::str::FromStr for Decimal {
    type Err = String;

    /// The character itself or its name.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "point" | "." => Ok(Decimal::Point),
            "comma" | "," => Ok(Decimal::Comma),
            _ => Err(format!("`{text}` is no decimal mark; give point or comma")),
        }
    }
}

/// Whether a target column holds classes or numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// Decided on the column, by the rule of this module.
    #[default]
    Auto,
    /// Every distinct cell is a class.
    Classification,
    /// Every cell is a number to be met.
    Regression,
}

/// What becomes of rows with a missing cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// The first missing cell is an error.
    #[default]
    Error,
    /// Such rows are left out.
    Drop,
    /// A feature takes the column's mean over the training rows, the same one in every later file. Rows without a target are
    /// left out.
    Mean,
}

impl Missing {
    pub(crate) fn is_error(&self) -> bool {
        *self == Missing::Error
    }
}

/// How to read a table; what is not said is found out by the rules of this module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CsvOptions {
    /// Target columns, by name or by number counted from 1 (a column of that name goes first); none means that it is
    /// guessed.
    pub targets: Vec<String>,
    /// Whether the target is a class or a number.
    pub kind: TargetKind,
    /// What parts the cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<Separator>,
    /// What stands before the fraction of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<Decimal>,
    /// Whether the first line names the columns; if it is not said, it does, and is refused if it looks like a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// What becomes of rows with a missing cell.
    #[serde(skip_serializing_if = "Missing::is_error")]
    pub missing: Missing,
    /// Columns to leave out, by name or by number counted from 1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Columns of a table without a header, the target among them; found out, and asked of later tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_characters_are_taken() {
        for separator in Separator::ALL {
            assert_eq!(separator.to_string().parse(), Ok(separator));
        }
        assert_eq!((";".parse(), "\\t".parse()), (Ok(Separator::Semicolon), Ok(Separator::Tab)));
        assert!("x".parse::<Separator>().unwrap_err().contains("semicolon"));
        assert_eq!((",".parse(), "point".parse()), (Ok(Decimal::Comma), Ok(Decimal::Point)));
    }
}

//! How to read a table, as a configuration says it.

use serde::{Deserialize, Serialize};

use super::dialect::{Decimal, Separator};

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
}

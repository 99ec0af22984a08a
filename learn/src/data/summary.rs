//! What was read and what was decided while reading: what a user has to see before trusting a result.

use super::dataset::Targets;
use serde::Serialize;
use std::fmt;

/// Why a column is the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetReason {
    /// The user named it.
    Asked,
    /// It is called like a label.
    Name,
    /// It is the last column, and no other can be meant.
    Last,
    /// It is the only column outside a numbered series such as `p0, p1, p2`.
    OutsideSeries,
    /// It comes with the data: labels of images, or the network's own target.
    Given,
}

impl TargetReason {
    fn words(self) -> &'static str {
        match self {
            TargetReason::Asked => " (as asked)",
            TargetReason::Name => " (called like a label)",
            TargetReason::Last => " (the last column)",
            TargetReason::OutsideSeries => " (the only column outside the numbered ones)",
            TargetReason::Given => "",
        }
    }
}

/// Whether answers are classes or numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// One of some classes.
    Classes,
    /// Answers are numbers: a regression.
    Number,
}

/// A column that is no feature, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The column, by name or `column N` if it has none.
    pub column: String,
    /// Why, as it follows the column: `counts the rows`, `is empty`, `was dropped`.
    pub why: &'static str,
}

/// What a data set of the user's was taken to be. Its text is one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DataSummary {
    /// Names of the target columns.
    pub target: Vec<String>,
    /// Why these columns are the targets.
    pub reason: TargetReason,
    /// Whether the answers are classes or numbers.
    pub kind: AnswerKind,
    /// The classes, in label order; empty for numbers.
    pub classes: Vec<String>,
    /// How many rows are used.
    pub rows: usize,
    /// Rows left out because a cell is missing.
    pub rows_left_out: usize,
    /// Missing cells that will be filled with the column's mean.
    pub cells_filled: usize,
    /// Features, after texts became columns.
    pub features: usize,
    /// Columns that became no feature, and why.
    pub left_out: Vec<LeftOut>,
    /// Columns of text, with what they became.
    pub became: Vec<String>,
    /// Features that hold one value in every row, and so carry nothing.
    pub constant: Vec<String>,
    /// Whatever else had to be decided: the separator, comment lines, images turned.
    pub notes: Vec<String>,
}

impl DataSummary {
    /// Of data that come with their targets, and of which every row and column is used.
    pub fn given(target: String, targets: &Targets, features: usize, notes: Vec<String>) -> DataSummary {
        let (kind, classes) = match targets {
            Targets::Classes { names, .. } => (AnswerKind::Classes, names.clone()),
            Targets::Values { .. } => (AnswerKind::Number, Vec::new()),
        };
        DataSummary {
            target: vec![target],
            reason: TargetReason::Given,
            kind,
            classes,
            rows: targets.rows(),
            rows_left_out: 0,
            cells_filled: 0,
            features,
            left_out: Vec::new(),
            became: Vec::new(),
            constant: Vec::new(),
            notes,
        }
    }
}

impl fmt::Display for DataSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}; ", counted(self.rows, "row"), counted(self.features, "feature"))?;
        write!(f, "target {}", quoted(&self.target))?;
        f.write_str(self.reason.words())?;
        match self.kind {
            AnswerKind::Number => f.write_str(": a number")?,
            AnswerKind::Classes => write!(f, ": {} classes {}", self.classes.len(), listed(&self.classes))?,
        }
        if self.rows_left_out > 0 {
            write!(f, "; {} with missing cells left out", counted(self.rows_left_out, "row"))?;
        }
        if self.cells_filled > 0 {
            write!(f, "; {} filled with their column's mean", counted(self.cells_filled, "missing cell"))?;
        }
        for LeftOut { column, why } in self.left_out.iter().take(SHOWN) {
            write!(f, "; left out {column:?}, which {why}")?;
        }
        if self.left_out.len() > SHOWN {
            write!(f, " and {} more columns", self.left_out.len() - SHOWN)?;
        }
        if !self.became.is_empty() {
            write!(f, "; {}", listed_by(&self.became, "; "))?;
        }
        if !self.constant.is_empty() {
            write!(f, "; the same in every row, so of no use: {}", listed(&self.constant))?;
        }
        self.notes.iter().try_for_each(|note| write!(f, "; {note}"))
    }
}

/// Names shown of a long list.
const SHOWN: usize = 12;

/// A number of things, one or several.
pub(crate) fn counted(count: impl fmt::Display, thing: &str) -> String {
    let count = count.to_string();
    let several = if count == "1" { "" } else { "s" };
    format!("{count} {thing}{several}")
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("{:?}", shortened(name))).collect::<Vec<_>>().join(", ")
}

/// Names for a message: all of a few, the beginning of many.
pub(crate) fn listed(names: &[String]) -> String {
    listed_by(names, ", ")
}

fn listed_by(names: &[String], between: &str) -> String {
    let mut text = names.iter().take(SHOWN).map(|name| shortened(name)).collect::<Vec<_>>().join(between);
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

/// A text for a message: its beginning, if it is long, and nothing that moves a terminal's cursor.
pub(crate) fn shortened(text: &str) -> String {
    const LETTERS: usize = 40;
    let plain = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
    let mut short: String = text.chars().take(LETTERS).map(plain).collect();
    if text.chars().nth(LETTERS).is_some() {
        short.push_str("...");
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_things_are_cut_and_control_characters_shown() {
        assert_eq!(shortened(&"ü".repeat(50)), format!("{}...", "ü".repeat(40)));
        assert_eq!(shortened("a\u{1b}[31m"), "a\u{fffd}[31m");
        let many: Vec<String> = (0..25).map(|i| i.to_string()).collect();
        assert!(listed(&many).ends_with("10, 11 and 13 more"));
    }
}

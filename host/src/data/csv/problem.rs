//! What can be wrong with a CSV file, said with its place and its remedy.

use std::fmt;

use thiserror::Error;

use crate::data::dataset::DatasetError;

/// A CSV file that cannot be used: `file:line: what is wrong; what to do`.
#[derive(Debug, Error)]
pub struct CsvError {
    /// The file, as the caller named it.
    pub file: String,
    /// Line of the file, counted from 1; the line a record begins on. `None` where the whole file is meant.
    pub line: Option<u64>,
    /// What is wrong.
    #[source]
    pub problem: Box<CsvProblem>,
}

impl CsvError {
    pub(super) fn whole(file: &str, problem: CsvProblem) -> Self {
        CsvError { file: file.to_owned(), line: None, problem: Box::new(problem) }
    }

    pub(super) fn at(file: &str, line: u64, problem: CsvProblem) -> Self {
        CsvError { file: file.to_owned(), line: Some(line), problem: Box::new(problem) }
    }
}

impl fmt::Display for CsvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.problem),
            None => write!(f, "{}: {}", self.file, self.problem),
        }
    }
}

/// What is wrong with a CSV file.
#[derive(Debug, Error)]
pub enum CsvProblem {
    /// The file could not be read.
    #[error("it cannot be read ({0}); check the path and its permissions")]
    Io(#[from] std::io::Error),
    /// Not text.
    #[error("byte {offset} is not UTF-8 text; save the file as UTF-8")]
    NotUtf8 {
        /// Offset of the first wrong byte, counted from 0.
        offset: usize,
    },
    /// Nothing in it.
    #[error("the file is empty; it needs a header line of column names and one line a row")]
    Empty,
    /// A header and no rows.
    #[error("there is a header and not a single row; add rows below it")]
    HeaderOnly,
    /// A first line of numbers only.
    #[error("the first line holds only numbers; put a header line with the columns' names above it")]
    HeaderIsNumbers,
    /// A column without a name.
    #[error("column {number} has no name in the header; name it or delete the column")]
    UnnamedColumn {
        /// Column, counted from 1.
        number: usize,
    },
    /// Two columns of one name.
    #[error("columns {first} and {second} are both called {name:?}; rename one of them")]
    DuplicateColumn {
        /// The name.
        name: String,
        /// The first of them, counted from 1.
        first: usize,
        /// The second of them, counted from 1.
        second: usize,
    },
    /// A row with more or fewer cells than the header.
    #[error(
        "this row has {found} cells and the header has {expected}; look for a missing or extra comma, or an \
         unclosed quote"
    )]
    Ragged {
        /// Cells of the row.
        found: usize,
        /// Cells of the header.
        expected: usize,
    },
    /// Only targets, no features.
    #[error("there is no feature column beside the target {target:?}{}", separator_hint(target))]
    NoFeatures {
        /// The target column(s).
        target: String,
    },
    /// The target column asked for does not exist.
    #[error(
        "there is no column {wanted:?} to be the target{}; the columns are {there} (a name, or a number \
         counted from 1)",
        suggestion(nearest.as_deref())
    )]
    UnknownTarget {
        /// What was asked for.
        wanted: String,
        /// The column it resembles, if any.
        nearest: Option<String>,
        /// The columns there are.
        there: String,
    },
    /// One column asked for twice.
    #[error("column {name:?} is given twice as a target; name each target once")]
    RepeatedTarget {
        /// The column.
        name: String,
    },
    /// A feature the trained network needs is missing.
    #[error("there is no column {wanted:?}, a feature the network needs{}; the columns are {there}",
        suggestion(nearest.as_deref()))]
    MissingFeature {
        /// The feature.
        wanted: String,
        /// The column it resembles, if any.
        nearest: Option<String>,
        /// The columns there are.
        there: String,
    },
    /// An empty cell.
    #[error("column {column:?} is empty; fill the cell or delete the row")]
    MissingCell {
        /// The column.
        column: String,
    },
    /// Text where a number belongs.
    #[error(
        "column {column:?} holds {cell:?}, which is not a number; correct it, delete the row or the column"
    )]
    NotANumber {
        /// The column.
        column: String,
        /// The cell, shortened if long.
        cell: String,
    },
    /// NaN, an infinity, or a number too large for a float.
    #[error("column {column:?} holds {cell:?}, which is not a finite number; correct it or delete the row")]
    NotFinite {
        /// The column.
        column: String,
        /// The cell, shortened if long.
        cell: String,
    },
    /// A column of fractions with text in it.
    #[error(
        "the target {column:?} holds {cell:?} among numbers with fractions; correct the cell to learn values, \
         or ask for classification to take every distinct text as a class"
    )]
    MixedTarget {
        /// The target column.
        column: String,
        /// The first text, shortened if long.
        cell: String,
    },
    /// Classification of several columns.
    #[error("a classification has one target column and {count} were given; name one, or ask for regression")]
    SeveralClassTargets {
        /// Target columns given.
        count: usize,
    },
    /// All rows of one class.
    #[error(
        "every row of the target {column:?} is of class {class:?}; add rows of another class, or choose \
         another target"
    )]
    OneClass {
        /// The target column.
        column: String,
        /// The only class.
        class: String,
    },
    /// More classes than any network here would learn.
    #[error(
        "the target {column:?} has {count} distinct classes, more than {limit}; if it is a quantity ask for \
         regression, if it is a key choose another target"
    )]
    TooManyClasses {
        /// The target column.
        column: String,
        /// Distinct classes.
        count: usize,
        /// Most classes taken.
        limit: usize,
    },
    /// The table was read and is no data set.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean {name:?}?"))
}

fn separator_hint(target: &str) -> &'static str {
    if target.contains([';', '\t']) {
        "; the header seems to be separated by semicolons or tabs: separate the cells by commas"
    } else {
        "; add at least one column of numbers to learn from"
    }
}

/// The candidate most like `wanted`, ignoring case, if at least half of it agrees.
pub(super) fn nearest(wanted: &str, candidates: &[String]) -> Option<String> {
    let wanted: Vec<char> = wanted.to_lowercase().chars().take(LONGEST_COMPARED).collect();
    candidates
        .iter()
        .map(|candidate| {
            let letters: Vec<char> = candidate.to_lowercase().chars().take(LONGEST_COMPARED).collect();
            (edit_distance(&wanted, &letters), letters.len(), candidate)
        })
        .filter(|(distance, length, _)| 2 * distance <= wanted.len().max(*length))
        .min_by_key(|(distance, ..)| *distance)
        .map(|(.., candidate)| shortened(candidate))
}

/// Names are compared up to this many letters, so that a strange file cannot make an error slow.
const LONGEST_COMPARED: usize = 40;

/// Insertions, deletions and replacements that make one name of the other, row by row.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(x != y);
            row.push(replaced.min(above[j + 1] + 1).min(row[j] + 1));
        }
        above = row;
    }
    above[b.len()]
}

/// The columns' names for a message: all of a few, the beginning of many.
pub(super) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let mut text = names.iter().take(SHOWN).map(|name| shortened(name)).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

/// A cell for a message: its beginning, if it is long.
pub(super) fn shortened(cell: &str) -> String {
    const SHOWN: usize = 40;
    match cell.char_indices().nth(SHOWN) {
        None => cell.to_owned(),
        Some((end, _)) => format!("{}...", &cell[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_or_none() {
        let names = ["species", "sepal_length", "y"].map(str::to_owned);
        assert_eq!(nearest("Specis", &names).as_deref(), Some("species"));
        assert_eq!(nearest("sepal length", &names).as_deref(), Some("sepal_length"));
        assert_eq!(nearest("quality", &names), None);
    }

    #[test]
    fn long_things_are_cut() {
        assert_eq!(shortened(&"ü".repeat(50)), format!("{}...", "ü".repeat(40)));
        let many: Vec<String> = (0..25).map(|i| i.to_string()).collect();
        assert!(listed(&many).ends_with("18, 19 and 5 more"));
    }
}

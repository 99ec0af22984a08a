//! What can be wrong with a CSV file, said with its place and its remedy.

use std::fmt;
use wheatstone_sim::{Categorized, ErrorCategory};

use thiserror::Error;

use crate::data::dataset::DatasetError;
use crate::data::summary::{counted, listed, shortened};

use super::records::{MAX_CELLS, MAX_RECORD};

/// A CSV file that cannot be used: `file:line: what is wrong; what to do`.
#[derive(Debug, Error)]
pub struct CsvError {
    /// The file, as the caller named it.
    pub file: String,
    /// Line of the file, counted from 1; the line a record begins on. `None` where the whole file is meant.
    pub line: Option<u64>,
    /// What is wrong there, and what to do.
    #[source]
    pub problem: Box<CsvProblem>,
}

impl Categorized for CsvError {
    fn category(&self) -> ErrorCategory {
        self.problem.category()
    }
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
    /// A gzipped file that cannot be unpacked.
    #[error("it cannot be unpacked ({0}); the gzip file is damaged or cut off, fetch it again")]
    Packed(std::io::Error),
    /// Another kind of file, by its first bytes.
    #[error("it is not a table of text but {what}")]
    Foreign {
        /// What it is, and what to do.
        what: &'static str,
    },
    /// A cell is not text in UTF-8.
    #[error(
        "cell {number} holds the byte {byte:#04x}, which is not UTF-8 text; save the file as UTF-8, for example with \
         `iconv -f WINDOWS-1252 -t UTF-8`"
    )]
    NotUtf8 {
        /// The cell of the record, counted from 1.
        number: usize,
        /// Value of the byte.
        byte: u8,
    },
    /// A NUL byte.
    #[error("there is a NUL byte, so the file is not text; save the table as CSV in UTF-8")]
    Nul,
    /// A record longer than any table's.
    #[error(
        "the row that begins here is longer than {MAX_RECORD} bytes or {MAX_CELLS} cells; look for an unclosed quote, or \
         for line ends that were lost"
    )]
    LongRecord,
    /// Quotes that are opened and never closed.
    #[error(
        "a quote is opened here and closed nowhere below; close it, or write it twice (\"\") to mean a quote"
    )]
    UnclosedQuote,
    /// Text between a closing quote and the next separator.
    #[error(
        "text follows the closing quote in column {number}; write a quote inside quotes twice (\"\"), or say which \
         separator is meant by --separator"
    )]
    TextAfterQuote {
        /// Column, counted from 1.
        number: usize,
    },
    /// A line that may be a comment or a row.
    #[error(
        "this line begins with # and has as many cells as a row: is it a row or a comment? quote its first cell if it is a row, \
         take the # away if it names the columns, delete the line if it is a comment"
    )]
    CommentOrRow,
    /// The file is empty.
    #[error("the file is empty; it needs a header line of column names and one line a row")]
    Empty,
    /// A header and no rows.
    #[error("there is a header and not a single row; add rows below it")]
    HeaderOnly,
    /// No row is left.
    #[error(
        "every row has a missing cell, so none is left; fill cells{}",
        if *trained { "" } else { ", leave a column out by --drop, or use --missing mean" }
    )]
    NoRowLeft {
        /// Whether a trained network is to answer the rows.
        trained: bool,
    },
    /// A first line that looks like the rows below it.
    #[error(
        "the first line ({cells}) looks like the rows below it, not like a header; {remedy}, or --header if it is the header"
    )]
    HeaderIsData {
        /// Its first cells, joined by commas.
        cells: String,
        /// `give --no-header, ...` or where the names may be.
        remedy: &'static str,
    },
    /// A column without a name.
    #[error(
        "column {number} has no name in the header and is no index that counts the rows; name it, or leave it out by \
         --drop {number}"
    )]
    UnnamedColumn {
        /// Column, counted from 1.
        number: usize,
    },
    /// A column that a program wrote as an index, and that is none.
    #[error(
        "column {name:?} looks like an index, but does not count the rows; leave it out by --drop {number}, or rename it if it \
         is to be learned from"
    )]
    OddIndex {
        /// The name that was given.
        name: String,
        /// Column, counted from 1.
        number: usize,
    },
    /// Two columns of one name.
    #[error("columns {first} and {second} are both called {name:?}; rename one of them")]
    DuplicateColumn {
        /// The name that was given.
        name: String,
        /// The first of them, counted from 1.
        first: usize,
        /// The second of them, counted from 1.
        second: usize,
    },
    /// A row with more or fewer cells than the header.
    #[error(
        "this row has {} and the first has {expected}, parted by {separator}; look for a missing or extra \
         {separator} or an unclosed quote, or say which separator is meant by --separator{}",
        counted(found, "cell"),
        title.map_or_else(String::new, |line| format!(", or delete line {line} if it is a title"))
    )]
    Ragged {
        /// Cells of the row.
        found: usize,
        /// Cells of the header.
        expected: usize,
        /// The separator, in words.
        separator: String,
        /// The first line, if it has one cell.
        title: Option<u64>,
    },
    /// The first line that Excel writes to itself.
    #[error("this line tells a spreadsheet the separator and is no header; delete line {line}")]
    SeparatorLine {
        /// Line of the file, counted from 1.
        line: u64,
    },
    /// A first line with one name for several columns.
    #[error(
        "this line names one of {columns} columns ({name:?}); delete line {line} if it is a title, name the columns otherwise"
    )]
    TitleLine {
        /// Line of the file, counted from 1.
        line: u64,
        /// The only name there is.
        name: String,
        /// How many cells it has.
        columns: usize,
    },
    /// Rows with a cell more than the header, of which the first names no row.
    #[error(
        "the rows have {found} cells and the header has {expected}, and column 1 ({cell:?} here) does not name the rows; quote \
         cells that hold a {separator}, name the missing column in the header, or say how it is written by --separator or \
         --decimal"
    )]
    ShortHeader {
        /// Cells of every row.
        found: usize,
        /// Cells of the header.
        expected: usize,
        /// The first cell of the first row.
        cell: String,
        /// The separator, in words.
        separator: String,
    },
    /// Only targets, no features.
    #[error(
        "there is no feature column beside the target {target}; add at least one column of numbers to learn from, or say \
         which separator is meant by --separator"
    )]
    NoFeatures {
        /// The target column(s).
        target: String,
    },
    /// No column is left beside the features, or none at all.
    #[error("there is no column left to be the target; add it, or name another by --target")]
    NoTarget,
    /// Several columns may be the target, and none is more likely.
    #[error("which column is the target? {candidates} could be; name it by --target")]
    WhichTarget {
        /// Names of the columns that come into question.
        candidates: String,
    },
    /// The target column asked for does not exist.
    #[error(
        "there is no column {wanted:?} to be the target{}; the columns are {there} (--target takes a name, or a number \
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
    /// A column to be left out does not exist.
    #[error(
        "there is no column {wanted:?} to be left out{}; the columns are {there} (--drop takes a name, or a number counted \
         from 1)",
        suggestion(nearest.as_deref())
    )]
    UnknownDrop {
        /// What was asked for.
        wanted: String,
        /// The column it resembles, if any.
        nearest: Option<String>,
        /// The columns there are.
        there: String,
    },
    /// One column asked for twice.
    #[error("column {name:?} is given twice, as a target or to be left out; name each column once")]
    RepeatedTarget {
        /// Name of the column.
        name: String,
    },
    /// A feature the trained network needs is missing.
    #[error("there is no column {wanted:?}, a feature the network needs{}; the columns are {there}",
        suggestion(nearest.as_deref()))]
    MissingFeature {
        /// Name of the feature.
        wanted: String,
        /// The column it resembles, if any.
        nearest: Option<String>,
        /// The columns there are.
        there: String,
    },
    /// A table without a header that has other columns than the network needs.
    #[error(
        "{} without names: the network needs these {expected}, in this order: {wanted}; give exactly those{}, or a header line",
        counted(found, "column"),
        width.map_or_else(String::new, |width| format!(", or all {width} of the table it was trained on"))
    )]
    OtherWidth {
        /// How many columns there are.
        found: usize,
        /// How many columns are needed.
        expected: usize,
        /// Names of the columns that are needed.
        wanted: String,
        /// Columns of the table it was trained on, if that had no names either.
        width: Option<usize>,
    },
    /// A missing cell.
    #[error(
        "column {column:?} {what}; fill the cell, or leave such rows out by --missing drop{}",
        if *mean { ", or take the column's mean by --missing mean" } else { "" }
    )]
    MissingCell {
        /// Name of the column.
        column: String,
        /// `is empty`, or which mark it holds.
        what: String,
        /// Whether a mean could stand in for it.
        mean: bool,
    },
    /// Text where a number belongs.
    #[error(
        "column {column:?} holds {cell:?}, which is not a number{why}; correct it{}",
        if *drop { ", or leave the column out by --drop" } else { "" }
    )]
    NotANumber {
        /// Name of the column.
        column: String,
        /// The cell, shortened if long.
        cell: String,
        /// What more is known, beginning with a blank or a mark; may be empty.
        why: &'static str,
        /// Whether the column could be left out.
        drop: bool,
    },
    /// NaN, an infinity, or a number too large for a float.
    #[error("column {column:?} holds {cell:?}, which is not a finite number; correct it or delete the row")]
    NotFinite {
        /// Name of the column.
        column: String,
        /// The cell, shortened if long.
        cell: String,
    },
    /// A comma that may be decimal or part thousands.
    #[error(
        "column {column:?} holds {cell:?}, whose comma may be decimal or part thousands; say --decimal comma, or write the \
         number without it"
    )]
    AmbiguousComma {
        /// Name of the column.
        column: String,
        /// Text of the cell.
        cell: String,
    },
    /// Decimal points and decimal commas in one table.
    #[error(
        "column {column:?} holds {cell:?} with a decimal point and other cells have decimal commas; write all of them one way"
    )]
    MixedDecimals {
        /// The column with points.
        column: String,
        /// The first cell with a point.
        cell: String,
    },
    /// A column of nearly as many texts as rows.
    #[error(
        "column {column:?} holds {distinct} different texts in {rows} rows, the first {cell:?}: a key or free text, not a \
         category; leave it out by --drop, or name another --target if it is what is to be learned"
    )]
    NotCategories {
        /// Name of the column.
        column: String,
        /// Text of the first cell that is no number.
        cell: String,
        /// Different texts, counted up to a limit.
        distinct: String,
        /// How many rows there are.
        rows: usize,
    },
    /// A text the trained network does not know.
    #[error(
        "column {column:?} holds {cell:?}, and the network was trained on {known}; correct it or delete the row"
    )]
    UnknownCategory {
        /// Name of the column.
        column: String,
        /// Text of the cell.
        cell: String,
        /// What it was trained on.
        known: String,
    },
    /// A column of fractions with text in it.
    #[error(
        "the target {column:?} holds {cell:?} among numbers with fractions; correct the cell to learn numbers, or ask for \
         --kind classification to take every distinct text as a class"
    )]
    MixedTarget {
        /// Name of the target column.
        column: String,
        /// The first text, shortened if long.
        cell: String,
    },
    /// Truth values written in several ways, which may be two classes or four.
    #[error(
        "the target {column:?} holds {second:?}, and {first:?} above it: truth values spelled in two ways; spell all of them in \
         one"
    )]
    MixedTruth {
        /// Name of the target column.
        column: String,
        /// The spelling that comes first in the file.
        first: String,
        /// The first one of another kind.
        second: String,
    },
    /// Classification of several columns.
    #[error(
        "a classification has one target column and {count} were given; name one, or ask for --kind regression"
    )]
    SeveralClassTargets {
        /// How many target columns were given.
        count: usize,
    },
    /// All rows of one class.
    #[error(
        "every row of the target {column:?} is of class {class:?}; add rows of another class, or choose \
         another --target"
    )]
    OneClass {
        /// Name of the target column.
        column: String,
        /// Name of the only class.
        class: String,
    },
    /// More classes than any network here would learn.
    #[error(
        "the target {column:?} has more than {limit} distinct classes; if it is a quantity ask for --kind \
         regression, if it is a key choose another --target"
    )]
    TooManyClasses {
        /// Name of the target column.
        column: String,
        /// The most classes there may be.
        limit: usize,
    },
    /// More numbers than fit.
    #[error(
        "{rows} rows of {features} features are more than {limit} numbers; learn from fewer rows or columns"
    )]
    TooLarge {
        /// How many rows there are.
        rows: usize,
        /// How many features there are.
        features: usize,
        /// The most numbers there may be.
        limit: usize,
    },
    /// The table was read and is no data set.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

impl Categorized for CsvProblem {
    fn category(&self) -> ErrorCategory {
        match self {
            CsvProblem::Io(error) => ErrorCategory::BadInput.unless_denied(error),
            CsvProblem::Packed(_)
            | CsvProblem::Foreign { .. }
            | CsvProblem::NotUtf8 { .. }
            | CsvProblem::Nul
            | CsvProblem::LongRecord
            | CsvProblem::UnclosedQuote
            | CsvProblem::TextAfterQuote { .. }
            | CsvProblem::CommentOrRow
            | CsvProblem::Empty
            | CsvProblem::HeaderOnly
            | CsvProblem::NoRowLeft { .. }
            | CsvProblem::HeaderIsData { .. }
            | CsvProblem::UnnamedColumn { .. }
            | CsvProblem::OddIndex { .. }
            | CsvProblem::DuplicateColumn { .. }
            | CsvProblem::Ragged { .. }
            | CsvProblem::SeparatorLine { .. }
            | CsvProblem::TitleLine { .. }
            | CsvProblem::ShortHeader { .. }
            | CsvProblem::NoFeatures { .. }
            | CsvProblem::NoTarget
            | CsvProblem::WhichTarget { .. }
            | CsvProblem::UnknownTarget { .. }
            | CsvProblem::UnknownDrop { .. }
            | CsvProblem::RepeatedTarget { .. }
            | CsvProblem::MissingFeature { .. }
            | CsvProblem::OtherWidth { .. }
            | CsvProblem::MissingCell { .. }
            | CsvProblem::NotANumber { .. }
            | CsvProblem::NotFinite { .. }
            | CsvProblem::AmbiguousComma { .. }
            | CsvProblem::MixedDecimals { .. }
            | CsvProblem::NotCategories { .. }
            | CsvProblem::UnknownCategory { .. }
            | CsvProblem::MixedTarget { .. }
            | CsvProblem::MixedTruth { .. }
            | CsvProblem::SeveralClassTargets { .. }
            | CsvProblem::OneClass { .. }
            | CsvProblem::TooManyClasses { .. }
            | CsvProblem::TooLarge { .. }
            | CsvProblem::Dataset(_) => ErrorCategory::BadInput,
        }
    }
}

impl CsvProblem {
    /// What a failure in the middle of reading is: of the decompressor, or of the file.
    pub(super) fn of_reading(error: std::io::Error) -> CsvProblem {
        use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        match error.kind() {
            InvalidData | InvalidInput | UnexpectedEof => CsvProblem::Packed(error),
            _ => CsvProblem::Io(error),
        }
    }

    /// A column that was named and is not there: `make` gets the name wanted, the one it resembles, and those there are.
    pub(super) fn no_column(
        wanted: &str,
        header: &[String],
        make: impl FnOnce(String, Option<String>, String) -> CsvProblem,
    ) -> CsvProblem {
        make(shortened(wanted), nearest(wanted, header), listed(header))
    }
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean {name:?}?"))
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
}

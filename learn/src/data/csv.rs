//! The user's own tables: CSV and its relatives.
//!
//! `docs/data.md` states the rules. A table is read twice and never held as text: `survey` finds out what every column
//! holds, then `learning` (to train on) or `known` (for a trained network) makes numbers of the cells. Between the two
//! stands the plan: which column is the target, what becomes a feature and how.
//!
//! Whatever the bytes, the answer is a data set or a [`CsvError`], never a panic.

mod cell;
mod class;
mod dialect;
mod header;
mod known;
mod learning;
mod options;
mod problem;
mod records;
mod source;
mod survey;
mod table;
mod target;

use std::path::Path;

pub(super) use self::class::class_of;
pub use self::known::{FeatureRows, KnownTable};
pub use self::learning::MAX_CLASSES;
pub use self::options::{CsvOptions, Decimal, Missing, Separator, TargetKind};
pub use self::problem::{CsvError, CsvProblem};
use self::source::Source;
pub use self::survey::FEW_DISTINCT;
use crate::data::dataset::Dataset;

/// Most numbers taken from one table: 8 GiB of them.
pub const MAX_NUMBERS: usize = 1 << 30;

/// Reads a table from a file, plain or gzipped; see [`parse_csv`].
///
/// # Errors
/// [`CsvError`], with [`CsvProblem::Io`] if the file cannot be read.
pub fn read_csv_file(path: &Path, options: &CsvOptions) -> Result<Dataset, CsvError> {
    let (file, source) = open(path)?;
    learning::read(&file, &source, options)
}

/// A data set from the bytes of a table; `file` names it in errors and becomes the data set's name. What was decided stands
/// in its [summary](Dataset::summary).
///
/// # Errors
/// [`CsvError`] names the file, the line, the column and the remedy.
pub fn parse_csv(file: &str, bytes: &[u8], options: &CsvOptions) -> Result<Dataset, CsvError> {
    learning::read(file, &Source::Bytes(bytes), options)
}

/// Reads feature rows from a file, plain or gzipped; see [`parse_features`].
///
/// # Errors
/// [`CsvError`], with [`CsvProblem::Io`] if the file cannot be read.
pub fn read_features_file(
    path: &Path,
    known: &KnownTable,
    options: &CsvOptions,
) -> Result<FeatureRows, CsvError> {
    let (file, source) = open(path)?;
    known::features(&file, &source, known, options)
}

/// Feature rows from the bytes of a table, for a network trained on the known columns.
///
/// Columns are found by their names, in any order. Other columns, such as a target, are ignored whatever they
/// hold. Without a header the columns are the features in their order, or those the network was trained on.
///
/// # Errors
/// [`CsvError`]; [`CsvProblem::MissingFeature`] names the first feature without a column.
pub fn parse_features(
    file: &str,
    bytes: &[u8],
    known: &KnownTable,
    options: &CsvOptions,
) -> Result<FeatureRows, CsvError> {
    known::features(file, &Source::Bytes(bytes), known, options)
}

/// Reads labelled rows from a file, plain or gzipped; see [`parse_labelled`].
///
/// # Errors
/// [`CsvError`], with [`CsvProblem::Io`] if the file cannot be read.
pub fn read_labelled_file(
    path: &Path,
    known: &KnownTable,
    options: &CsvOptions,
) -> Result<Dataset, CsvError> {
    let (file, source) = open(path)?;
    known::labelled(&file, &source, known, options)
}

/// Labelled rows from the bytes of a table, in the columns, classes and kind of target of a trained network; of one class
/// only, or few, as they may be.
///
/// The target is the column that `options` name, or the one that would be guessed.
///
/// # Errors
/// [`CsvError`]; a class the network does not know is one, with line and column.
pub fn parse_labelled(
    file: &str,
    bytes: &[u8],
    known: &KnownTable,
    options: &CsvOptions,
) -> Result<Dataset, CsvError> {
    known::labelled(file, &Source::Bytes(bytes), known, options)
}

fn open(path: &Path) -> Result<(String, Source<'static>), CsvError> {
    let file = path.display().to_string();
    match Source::open(path) {
        Ok(source) => Ok((file, source)),
        Err(e) => Err(CsvError::whole(&file, e.into())),
    }
}

#[cfg(test)]
mod tests;

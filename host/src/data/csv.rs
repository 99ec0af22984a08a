//! The user's own tables: CSV files with a header line.
//!
//! The rules, in full:
//! - The file is UTF-8 text (a byte order mark is ignored), cells separated by commas, quoted with `"` where
//!   needed; blanks round a cell and blank lines are ignored. The first line names the columns.
//! - The target is the last column unless another is named. Every other column is a feature and holds finite
//!   numbers, written with a decimal point. There are no missing values.
//! - With [`TargetKind::Auto`] the target is a class if it holds anything that is not a number, or if it holds
//!   only integers of which at most [`FEW_DISTINCT`] are distinct and at most half as many distinct as there
//!   are rows; otherwise a value. Text among numbers with fractions is taken for a typing error and refused.
//!   Several target columns are always values.
//! - Classes are sorted: by number if all of them are numbers (two spellings of one number are one class,
//!   called by the first spelling met), else by text, byte by byte.
//!
//! Whatever the bytes, the answer is a data set or a [`CsvError`], never a panic.

mod problem;
mod table;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use self::problem::{CsvError, CsvProblem};
use self::problem::{listed, nearest, shortened};
use self::table::{Row, Table};
use crate::data::dataset::{Dataset, Targets};

/// More distinct classes than this are refused: such a column is a quantity or a key.
pub const MAX_CLASSES: usize = 1000;

/// Integers with at most this many distinct values may be classes when nobody says.
pub const FEW_DISTINCT: usize = 20;

/// Whether a target column holds classes or values.
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

/// How to read a table; the default takes the last column as target and decides its kind by the rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CsvOptions {
    /// Target columns, by name or by number counted from 1 (a column of that name goes first); none means the
    /// last column.
    pub targets: Vec<String>,
    /// Whether the target is a class or a value.
    pub kind: TargetKind,
}

/// Reads a whole table from a file; see [`parse_csv`].
///
/// # Errors
/// [`CsvError`], with [`CsvProblem::Io`] if the file cannot be read.
pub fn read_csv_file(path: &Path, options: &CsvOptions) -> Result<Dataset, CsvError> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|e| CsvError::whole(&file, e.into()))?;
    parse_csv(&file, &bytes, options)
}

/// Reads a whole table from any reader; see [`parse_csv`].
///
/// # Errors
/// [`CsvError`], with [`CsvProblem::Io`] if the reader fails.
pub fn read_csv(file: &str, mut reader: impl Read, options: &CsvOptions) -> Result<Dataset, CsvError> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|e| CsvError::whole(file, e.into()))?;
    parse_csv(file, &bytes, options)
}

/// A data set from the bytes of a CSV file; `file` names it in errors and becomes the data set's name.
///
/// # Errors
/// [`CsvError`] names the file, the line, the column and the remedy.
pub fn parse_csv(file: &str, bytes: &[u8], options: &CsvOptions) -> Result<Dataset, CsvError> {
    let table = Table::parse(file, bytes)?;
    let targets = target_columns(&table, &options.targets)?;
    let features: Vec<usize> = (0..table.header.len()).filter(|column| !targets.contains(column)).collect();
    if features.is_empty() {
        let target = table.header.join(", ");
        return Err(CsvError::whole(file, CsvProblem::NoFeatures { target: shortened(&target) }));
    }
    if targets.len() > 1 && options.kind == TargetKind::Classification {
        let problem = CsvProblem::SeveralClassTargets { count: targets.len() };
        return Err(CsvError::whole(file, problem));
    }
    let values = numbers(&table, &features)?;
    let wanted = match (targets.as_slice(), options.kind) {
        ([target], TargetKind::Classification) => classes(&table, *target)?,
        ([target], TargetKind::Auto) if holds_classes(&table, *target)? => classes(&table, *target)?,
        (columns, _) => {
            Targets::Values { names: pick(&table.header, columns), rows: numbers(&table, columns)? }
        }
    };
    Dataset::new(file, pick(&table.header, &features), values, wanted)
        .map_err(|e| CsvError::whole(file, e.into()))
}

/// Feature rows without targets, in the column order of a trained network.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureRows {
    values: Vec<f64>,
    width: usize,
    lines: Vec<u64>,
}

impl FeatureRows {
    /// Number of rows; at least 1.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The features of one row, in the data's own units.
    ///
    /// # Panics
    /// When `row` is not below [`FeatureRows::rows`].
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// Line of the file a row begins on, counted from 1.
    ///
    /// # Panics
    /// When `row` is not below [`FeatureRows::rows`].
    pub fn line(&self, row: usize) -> u64 {
        self.lines[row]
    }
}

/// Reads feature rows from a file; see [`parse_features`].
///
/// # Errors
/// [`CsvError`], with [`CsvProblem::Io`] if the file cannot be read.
pub fn read_features_file(path: &Path, features: &[String]) -> Result<FeatureRows, CsvError> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|e| CsvError::whole(&file, e.into()))?;
    parse_features(&file, &bytes, features)
}

/// Feature rows from the bytes of a CSV file, for a network trained on the named features.
///
/// Columns are found by their names, in any order. Other columns, such as a target, are ignored whatever they
/// hold.
///
/// # Errors
/// [`CsvError`]; [`CsvProblem::MissingFeature`] names the first feature without a column.
pub fn parse_features(file: &str, bytes: &[u8], features: &[String]) -> Result<FeatureRows, CsvError> {
    let table = Table::parse(file, bytes)?;
    let mut columns = Vec::with_capacity(features.len());
    for feature in features {
        let Some(column) = table.header.iter().position(|name| name == feature) else {
            let problem = CsvProblem::MissingFeature {
                wanted: shortened(feature),
                nearest: nearest(feature, &table.header),
                there: listed(&table.header),
            };
            return Err(CsvError::whole(file, problem));
        };
        columns.push(column);
    }
    let values = numbers(&table, &columns)?;
    Ok(FeatureRows { values, width: columns.len(), lines: table.rows.iter().map(|row| row.line).collect() })
}

fn pick(header: &[String], columns: &[usize]) -> Vec<String> {
    columns.iter().map(|&column| header[column].clone()).collect()
}

fn target_columns(table: &Table, wanted: &[String]) -> Result<Vec<usize>, CsvError> {
    if wanted.is_empty() {
        return Ok(vec![table.header.len() - 1]);
    }
    let mut columns = Vec::with_capacity(wanted.len());
    for target in wanted {
        let by_name = table.header.iter().position(|name| name == target.trim());
        let by_number = || {
            let number: usize = target.trim().parse().ok()?;
            (1..=table.header.len()).contains(&number).then(|| number - 1)
        };
        let Some(column) = by_name.or_else(by_number) else {
            let problem = CsvProblem::UnknownTarget {
                wanted: shortened(target),
                nearest: nearest(target, &table.header),
                there: listed(&table.header),
            };
            return Err(CsvError::whole(&table.file, problem));
        };
        if columns.contains(&column) {
            let name = shortened(&table.header[column]);
            return Err(CsvError::whole(&table.file, CsvProblem::RepeatedTarget { name }));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// The numbers of some columns, row-major; the first cell that is none is the error.
fn numbers(table: &Table, columns: &[usize]) -> Result<Vec<f64>, CsvError> {
    let mut values = Vec::with_capacity(table.rows.len() * columns.len());
    for row in &table.rows {
        for &column in columns {
            let cell = filled(table, row, column)?;
            let column = || table.header[column].clone();
            let value: f64 = cell.parse().map_err(|_| {
                let problem = CsvProblem::NotANumber { column: column(), cell: shortened(cell) };
                CsvError::at(&table.file, row.line, problem)
            })?;
            if !value.is_finite() {
                let problem = CsvProblem::NotFinite { column: column(), cell: shortened(cell) };
                return Err(CsvError::at(&table.file, row.line, problem));
            }
            values.push(value);
        }
    }
    Ok(values)
}

fn filled<'a>(table: &Table, row: &'a Row, column: usize) -> Result<&'a str, CsvError> {
    match row.cell(column) {
        "" => {
            let problem = CsvProblem::MissingCell { column: table.header[column].clone() };
            Err(CsvError::at(&table.file, row.line, problem))
        }
        cell => Ok(cell),
    }
}

/// The rule of [`TargetKind::Auto`].
fn holds_classes(table: &Table, column: usize) -> Result<bool, CsvError> {
    let mut text = None;
    let mut fractions = false;
    let mut whole = Vec::new();
    for row in &table.rows {
        let cell = filled(table, row, column)?;
        match cell.parse::<f64>() {
            Err(_) if text.is_none() => text = Some(row),
            Err(_) => {}
            Ok(value) if value.fract() == 0.0 => whole.push(value + 0.0),
            Ok(_) => fractions = true,
        }
    }
    match text {
        Some(row) if fractions => {
            let problem = CsvProblem::MixedTarget {
                column: table.header[column].clone(),
                cell: shortened(row.cell(column)),
            };
            Err(CsvError::at(&table.file, row.line, problem))
        }
        Some(_) => Ok(true),
        None if fractions => Ok(false),
        None => {
            whole.sort_by(f64::total_cmp);
            whole.dedup();
            Ok(whole.len() <= FEW_DISTINCT && 2 * whole.len() <= table.rows.len())
        }
    }
}

/// The classes of a column and the class of every row.
fn classes(table: &Table, column: usize) -> Result<Targets, CsvError> {
    let cells = table.rows.iter().map(|row| filled(table, row, column)).collect::<Result<Vec<_>, _>>()?;
    let keys: Vec<ClassKey> = match cells.iter().map(|cell| finite(cell)).collect::<Option<Vec<f64>>>() {
        Some(values) => values.into_iter().map(ClassKey::number).collect(),
        None => cells.iter().map(|cell| ClassKey::Text(cell)).collect(),
    };
    let mut first_spelling = BTreeMap::new();
    for (key, cell) in keys.iter().zip(&cells) {
        first_spelling.entry(*key).or_insert(*cell);
    }
    let count = first_spelling.len();
    let column = table.header[column].clone();
    if count > MAX_CLASSES {
        let problem = CsvProblem::TooManyClasses { column, count, limit: MAX_CLASSES };
        return Err(CsvError::whole(&table.file, problem));
    }
    if count < 2 {
        let problem = CsvProblem::OneClass { column, class: shortened(cells[0]) };
        return Err(CsvError::whole(&table.file, problem));
    }
    let place: BTreeMap<ClassKey, usize> =
        first_spelling.keys().enumerate().map(|(place, key)| (*key, place)).collect();
    Ok(Targets::Classes {
        names: first_spelling.values().map(|cell| (*cell).to_owned()).collect(),
        labels: keys.iter().map(|key| place[key]).collect(),
    })
}

fn finite(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|value: &f64| value.is_finite())
}

/// What classes are told apart and sorted by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ClassKey<'a> {
    /// The bits of a number, turned so that they sort as the number does.
    Number(u64),
    Text(&'a str),
}

impl ClassKey<'_> {
    fn number(value: f64) -> Self {
        // Adding zero makes +0 of -0. IEEE numbers sort as their bits do once negative ones are inverted.
        let bits = (value + 0.0).to_bits();
        let sign = 1 << 63;
        ClassKey::Number(if bits & sign == 0 { bits | sign } else { !bits })
    }
}

#[cfg(test)]
mod tests;

//! A table for a network that is trained already: its columns, categories, classes and kind of target are the network's.

use std::fmt;

use super::cell::{Cell, classify};
use super::class::class_of;
use super::learning::{CellReader, Given, room, targets_named};
use super::options::{CsvOptions, Decimal, Missing, Separator};
use super::problem::{CsvError, CsvProblem};
use super::records::Record;
use super::source::Source;
use super::table::Table;
use super::target;
use crate::data::column::TableColumn;
use crate::data::dataset::{Dataset, TargetNames, Targets};
use crate::data::summary::{AnswerKind, DataSummary, TargetReason, counted, listed, shortened};

/// What a trained network was told about its table.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownTable {
    /// The feature columns, in the network's order.
    pub columns: Vec<TableColumn>,
    /// The classes, or the names of the values.
    pub targets: TargetNames,
    /// What parted the cells; taken again if it can be.
    pub separator: Option<Separator>,
    /// Whether the network has a mean for a missing feature.
    pub fills_gaps: bool,
}

impl KnownTable {
    fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }
}

/// Feature rows without targets, in the column order of a trained network. A feature that is missing, and that the network
/// has a mean for, is NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureRows {
    values: Vec<f64>,
    width: usize,
    /// Number of each row in the file, from 1, and its line.
    places: Vec<(usize, u64)>,
    left_out: usize,
    separator: Separator,
    decimal: Decimal,
    notes: Vec<String>,
}

impl FeatureRows {
    /// Number of rows; at least 1.
    pub fn rows(&self) -> usize {
        self.places.len()
    }

    /// The features of one row, in the data's own units.
    ///
    /// # Panics
    /// When `row` is not below [`FeatureRows::rows`].
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// Which row of the file it is, counted from 1 without the header.
    ///
    /// # Panics
    /// When `row` is not below [`FeatureRows::rows`].
    pub fn number(&self, row: usize) -> usize {
        self.places[row].0
    }

    /// Line of the file a row begins on, counted from 1.
    ///
    /// # Panics
    /// When `row` is not below [`FeatureRows::rows`].
    pub fn line(&self, row: usize) -> u64 {
        self.places[row].1
    }

    /// Rows of the file that were left out because a cell is missing.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// What parted the cells.
    pub fn separator(&self) -> Separator {
        self.separator
    }

    /// What stood before the fractions.
    pub fn decimal(&self) -> Decimal {
        self.decimal
    }

    /// What had to be decided about how the file is written, in words.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl fmt::Display for FeatureRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", counted(self.rows(), "row"), counted(self.width, "feature"))?;
        if self.left_out > 0 {
            write!(f, "; {} with missing cells left out", counted(self.left_out, "row"))?;
        }
        self.notes.iter().try_for_each(|note| write!(f, "; {note}"))
    }
}

pub(super) fn features(
    file: &str,
    source: &Source,
    known: &KnownTable,
    options: &CsvOptions,
) -> Result<FeatureRows, CsvError> {
    let names = known.names();
    let table = open(file, source, known, options, Some(&names))?;
    let places = feature_places(&table, &names, options, true)?;
    let decimal = decimal(&table, &places, options)?;
    let reader = CellReader::new(&table, decimal, options.missing);
    let width = known.columns.iter().map(TableColumn::width).sum();
    let mut rows = FeatureRows {
        values: room(&table, width)?,
        width,
        places: Vec::new(),
        left_out: 0,
        separator: table.separator(),
        decimal,
        notes: table.notes(decimal),
    };
    table.each_row(|row, record| {
        if take_features(&reader, record, &places, &known.columns, &mut rows.values)?.is_some() {
            rows.places.push((row + 1, record.line()));
        } else {
            rows.left_out += 1;
        }
        Ok(())
    })?;
    if rows.places.is_empty() {
        return Err(CsvError::whole(file, CsvProblem::NoRowLeft { trained: true }));
    }
    Ok(rows)
}

pub(super) fn labelled(
    file: &str,
    source: &Source,
    known: &KnownTable,
    options: &CsvOptions,
) -> Result<Dataset, CsvError> {
    let whole = |problem| CsvError::whole(file, problem);
    let names = known.names();
    let table = open(file, source, known, options, None)?;
    let places = feature_places(&table, &names, options, false)?;
    let (targets, reason) = match targets_named(&table, &options.targets)?.as_slice() {
        [] => {
            let usable: Vec<usize> =
                (0..table.names.len()).filter(|column| !places.contains(column)).collect();
            match (usable.as_slice(), &known.targets) {
                ([only], _) => (vec![*only], TargetReason::Given),
                (_, TargetNames::Values(names)) if names.iter().all(|name| table.names.contains(name)) => {
                    (targets_named(&table, names)?, TargetReason::Given)
                }
                _ => {
                    let guessed = target::guess(&table.names, &usable, &table.columns, table.rows);
                    let (target, reason) = guessed.map_err(whole)?;
                    (vec![target], reason)
                }
            }
        }
        asked => (asked.to_vec(), TargetReason::Asked),
    };
    let numbers: Vec<usize> = match known.targets {
        TargetNames::Classes(_) => places.clone(),
        TargetNames::Values(_) => places.iter().chain(&targets).copied().collect(),
    };
    let decimal = decimal(&table, &numbers, options)?;
    let reader = CellReader::new(&table, decimal, options.missing);
    let width = known.columns.iter().map(TableColumn::width).sum();
    let mut values = room(&table, width)?;
    let mut wanted = match &known.targets {
        TargetNames::Classes(names) => Targets::Classes { names: names.clone(), labels: Vec::new() },
        TargetNames::Values(names) => {
            if names.len() != targets.len() {
                return Err(whole(CsvProblem::Dataset(crate::data::DatasetError::OtherTargets {
                    name: file.to_owned(),
                    there: listed(&targets.iter().map(|&t| table.names[t].clone()).collect::<Vec<_>>()),
                    wanted: known.targets.to_string(),
                })));
            }
            Targets::Values { names: names.clone(), rows: Vec::new() }
        }
    };
    let (mut rows_left_out, mut cells_filled) = (0, 0);
    table.each_row(|_, record| {
        let before = values.len();
        let filled = take_features(&reader, record, &places, &known.columns, &mut values)?;
        let labelled = filled.is_some() && take_targets(&reader, record, &targets, &mut wanted)?;
        if !labelled {
            values.truncate(before);
            rows_left_out += 1;
            return Ok(());
        }
        cells_filled += filled.unwrap_or_default();
        Ok(())
    })?;
    if values.is_empty() {
        return Err(whole(CsvProblem::NoRowLeft { trained: true }));
    }
    let (kind, classes) = match &wanted {
        Targets::Classes { names, .. } => (AnswerKind::Classes, names.clone()),
        Targets::Values { .. } => (AnswerKind::Number, Vec::new()),
    };
    let summary = DataSummary {
        target: targets.iter().map(|&column| table.names[column].clone()).collect(),
        reason,
        kind,
        classes,
        rows: wanted.rows(),
        rows_left_out,
        cells_filled,
        features: width,
        left_out: Vec::new(),
        became: Vec::new(),
        constant: Vec::new(),
        notes: table.notes(decimal),
    };
    Dataset::from_table(file, known.columns.clone(), values, wanted, summary, options.clone())
        .map_err(|e| whole(e.into()))
}

fn open<'s>(
    file: &'s str,
    source: &'s Source<'s>,
    known: &KnownTable,
    options: &CsvOptions,
    wanted: Option<&[String]>,
) -> Result<Table<'s>, CsvError> {
    let mut table = Table::open(file, source, options, known.separator, wanted)?;
    (table.trained, table.fills_gaps) = (true, known.fills_gaps);
    Ok(table)
}

/// Where the network's features stand. A table without names must have the columns of the one it was trained on; without the
/// target, if that `may_lack`, where it was behind all others.
fn feature_places(
    table: &Table,
    names: &[String],
    options: &CsvOptions,
    may_lack: bool,
) -> Result<Vec<usize>, CsvError> {
    let found = table.names.len();
    let other_width = || {
        let (expected, wanted) = (names.len(), listed(names));
        CsvProblem::OtherWidth { found, expected, wanted, width: options.width }
    };
    if let Some(width) = options.width
        && !table.has_header
    {
        let targets = options.targets.len();
        let last = |count: usize| (width - count + 1..=width).map(|number| format!("c{number}"));
        let lacks = targets < width
            && found == width - targets
            && last(targets).all(|name| options.targets.contains(&name));
        if found != width && !(may_lack && (found == names.len() || lacks)) {
            return Err(CsvError::whole(table.file, other_width()));
        }
    }
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        let Some(place) = table.names.iter().position(|there| there == name) else {
            let problem = if table.has_header {
                CsvProblem::no_column(name, &table.names, |wanted, nearest, there| {
                    CsvProblem::MissingFeature { wanted, nearest, there }
                })
            } else {
                other_width()
            };
            return Err(CsvError::whole(table.file, problem));
        };
        places.push(place);
    }
    Ok(places)
}

/// The decimal mark: told, or found out on the columns that are read. One that the run found out need not be this file's.
fn decimal(table: &Table, places: &[usize], options: &CsvOptions) -> Result<Decimal, CsvError> {
    table.decimal(places, options.decimal)
}

/// Appends the features of a row; how many are to be filled, or `None` if the row is left out.
fn take_features(
    reader: &CellReader,
    record: &Record,
    places: &[usize],
    columns: &[TableColumn],
    values: &mut Vec<f64>,
) -> Result<Option<usize>, CsvError> {
    let before = values.len();
    let mut filled = 0;
    for (&place, column) in places.iter().zip(columns) {
        match reader.feature(record, place, column, values)? {
            Given::Value => {}
            Given::ToFill => filled += 1,
            Given::LeaveOut => {
                values.truncate(before);
                return Ok(None);
            }
        }
    }
    Ok(Some(filled))
}

/// Appends the targets of a row; `false` if one is missing and the row is left out.
fn take_targets(
    reader: &CellReader,
    record: &Record,
    places: &[usize],
    wanted: &mut Targets,
) -> Result<bool, CsvError> {
    for &place in places {
        // A network of before a mark stood for a missing value may have a class of that name.
        let class =
            matches!(wanted, Targets::Classes { names, .. } if class_of(names, record.cell(place)).is_some());
        if classify(record.cell(place)) == Cell::Missing && !class {
            if reader.missing == Missing::Error {
                return Err(reader.missing_cell(record, place, false));
            }
            return Ok(false);
        }
    }
    match wanted {
        Targets::Values { rows, .. } => {
            for &place in places {
                let value = reader.number(record.cell(place));
                rows.push(value.ok_or_else(|| reader.not_a_number(record, place))?);
            }
        }
        Targets::Classes { names, labels } => {
            let place = places.first().copied().unwrap_or_default();
            let cell = record.cell(place);
            let label = class_of(names, cell).ok_or_else(|| {
                let (column, cell) = (reader.table.names[place].clone(), shortened(cell));
                let problem = CsvProblem::UnknownCategory { column, cell, known: listed(names) };
                CsvError::at(reader.table.file, record.line(), problem)
            })?;
            labels.push(label);
        }
    }
    Ok(true)
}

//! A table to train on: what is the target, what becomes of the other columns, and all of it as numbers.

use std::collections::BTreeMap;

use super::MAX_NUMBERS;
use super::cell::{Cell, classify, with_comma};
use super::class::ClassKey;
use super::options::{CsvOptions, Decimal, Missing, TargetKind};
use super::problem::{CsvError, CsvProblem};
use super::records::Record;
use super::source::Source;
use super::survey::{ColumnSurvey, MAX_CATEGORIES, Seen};
use super::table::Table;
use super::target;
use crate::data::column::{CellKind, TableColumn};
use crate::data::dataset::{Dataset, Targets};
use crate::data::summary::{AnswerKind, DataSummary, TargetReason, listed, shortened};

/// More distinct classes than this are refused: such a column is a quantity or a key.
pub const MAX_CLASSES: usize = 1000;

/// Texts that are categories in however few rows.
const FEW_TEXTS: usize = 10;

pub(super) fn read(file: &str, source: &Source, options: &CsvOptions) -> Result<Dataset, CsvError> {
    let table = Table::open(file, source, options, None, None)?;
    let plan = Plan::of(&table, options)?;
    let features: usize = plan.features.iter().map(TableColumn::width).sum();
    let reader = CellReader::new(&table, plan.decimal, options.missing);
    let mut values = room(&table, features)?;
    let mut wanted = Wanted::new(plan.kind);
    let mut rows_left_out = 0;
    let mut cells_filled = 0;
    table.each_row(|_, record| {
        let before = values.len();
        let mut filled = 0;
        for (&place, column) in plan.places.iter().zip(&plan.features) {
            match reader.feature(record, place, column, &mut values)? {
                Given::Value => {}
                Given::ToFill => filled += 1,
                Given::LeaveOut => {
                    values.truncate(before);
                    rows_left_out += 1;
                    return Ok(());
                }
            }
        }
        if !wanted.take(&reader, record, &plan.targets)? {
            values.truncate(before);
            rows_left_out += 1;
            return Ok(());
        }
        cells_filled += filled;
        Ok(())
    })?;
    if values.is_empty() {
        return Err(CsvError::whole(file, CsvProblem::NoRowLeft { trained: false }));
    }
    let targets = wanted.finish(&table, &plan.targets)?;
    let classes = match &targets {
        Targets::Classes { names, .. } => names.clone(),
        Targets::Values { .. } => Vec::new(),
    };
    let summary = DataSummary {
        target: plan.targets.iter().map(|&column| table.names[column].clone()).collect(),
        reason: plan.reason,
        kind: if classes.is_empty() { AnswerKind::Number } else { AnswerKind::Classes },
        classes,
        rows: targets.rows(),
        rows_left_out,
        cells_filled,
        features,
        left_out: plan.left_out,
        became: plan.features.iter().filter_map(became).collect(),
        constant: constant(&plan.features, &values, features),
        notes: table.notes(plan.decimal),
    };
    let resolved = CsvOptions {
        targets: summary.target.clone(),
        kind: match summary.kind {
            AnswerKind::Classes => TargetKind::Classification,
            AnswerKind::Number => TargetKind::Regression,
        },
        separator: Some(table.separator()),
        decimal: Some(plan.decimal),
        header: Some(table.has_header),
        missing: options.missing,
        drop: options.drop.clone(),
        // Named columns are found by their names, however many there are.
        width: (!table.has_header).then_some(table.names.len()),
    };
    Dataset::from_table(file, plan.features, values, targets, summary, resolved)
        .map_err(|e| CsvError::whole(file, e.into()))
}

/// Room for the numbers of every row.
pub(super) fn room(table: &Table, features: usize) -> Result<Vec<f64>, CsvError> {
    let rows = table.rows;
    let mut values = Vec::new();
    let numbers = rows.checked_mul(features).filter(|&numbers| numbers <= MAX_NUMBERS);
    match numbers.map(|numbers| values.try_reserve_exact(numbers)) {
        Some(Ok(())) => Ok(values),
        _ => {
            let problem = CsvProblem::TooLarge { rows, features, limit: MAX_NUMBERS };
            Err(CsvError::whole(table.file, problem))
        }
    }
}

/// What is to become of every column.
struct Plan {
    targets: Vec<usize>,
    reason: TargetReason,
    kind: AnswerKind,
    /// Columns of the table that are features, and what they hold.
    places: Vec<usize>,
    features: Vec<TableColumn>,
    left_out: Vec<crate::data::summary::LeftOut>,
    decimal: Decimal,
}

impl Plan {
    fn of(table: &Table, options: &CsvOptions) -> Result<Plan, CsvError> {
        let whole = |problem| CsvError::whole(table.file, problem);
        let dropped = table.find(&options.drop, |wanted, nearest, there| CsvProblem::UnknownDrop {
            wanted,
            nearest,
            there,
        })?;
        let asked = targets_named(table, &options.targets)?;
        if let Some(&both) = asked.iter().find(|column| dropped.contains(column)) {
            return Err(whole(CsvProblem::RepeatedTarget { name: table.names[both].clone() }));
        }
        let (usable, left_out) = table.usable(&dropped, &asked)?;
        let (targets, reason) = if asked.is_empty() {
            let (target, reason) =
                target::guess(&table.names, &usable, &table.columns, table.rows).map_err(whole)?;
            (vec![target], reason)
        } else {
            (asked, TargetReason::Asked)
        };
        let places: Vec<usize> = usable.into_iter().filter(|column| !targets.contains(column)).collect();
        if places.is_empty() {
            let names: Vec<String> = targets.iter().map(|&column| table.names[column].clone()).collect();
            return Err(whole(CsvProblem::NoFeatures { target: format!("{:?}", listed(&names)) }));
        }
        let kind = kind(table, &targets, options.kind)?;
        let features =
            places.iter().map(|&place| feature_column(table, place)).collect::<Result<Vec<_>, _>>()?;
        let numeric_targets = targets.iter().filter(|_| kind == AnswerKind::Number);
        for &target in numeric_targets.clone() {
            table.check_numbers(target)?;
        }
        let numbers: Vec<usize> = places.iter().chain(numeric_targets).copied().collect();
        let decimal = table.decimal(&numbers, options.decimal)?;
        Ok(Plan { targets, reason, kind, places, features, left_out, decimal })
    }
}

/// Target columns that were asked for.
pub(super) fn targets_named(table: &Table, names: &[String]) -> Result<Vec<usize>, CsvError> {
    table.find(names, |wanted, nearest, there| CsvProblem::UnknownTarget { wanted, nearest, there })
}

fn kind(table: &Table, targets: &[usize], wanted: TargetKind) -> Result<AnswerKind, CsvError> {
    match (targets, wanted) {
        ([target], TargetKind::Auto) => match target::holds_classes(&table.columns[*target], table.rows) {
            Ok(true) => Ok(AnswerKind::Classes),
            Ok(false) => Ok(AnswerKind::Number),
            Err(Seen { line, cell }) => {
                let column = table.names[*target].clone();
                Err(CsvError::at(table.file, line, CsvProblem::MixedTarget { column, cell }))
            }
        },
        ([_], TargetKind::Classification) => Ok(AnswerKind::Classes),
        (several, TargetKind::Classification) => {
            let problem = CsvProblem::SeveralClassTargets { count: several.len() };
            Err(CsvError::whole(table.file, problem))
        }
        _ => Ok(AnswerKind::Number),
    }
}

/// What the cells of a feature column are.
fn feature_column(table: &Table, place: usize) -> Result<TableColumn, CsvError> {
    let (survey, rows): (&ColumnSurvey, usize) = (&table.columns[place], table.rows);
    let name = table.names[place].clone();
    let cells = if survey.is_boolean(rows) {
        CellKind::Boolean
    } else if survey.is_text(rows) {
        let distinct = survey.categories.len();
        if distinct > MAX_CATEGORIES || (distinct > FEW_TEXTS && 2 * distinct > survey.filled(rows)) {
            let more = if distinct > MAX_CATEGORIES { "more than " } else { "" };
            let distinct = format!("{more}{}", distinct.min(MAX_CATEGORIES));
            let Seen { line, cell } =
                survey.first_text.clone().unwrap_or(Seen { line: 1, cell: String::new() });
            let problem = CsvProblem::NotCategories { column: name, cell, distinct, rows };
            return Err(CsvError::at(table.file, line, problem));
        }
        // A column of both is neither: the numbers may be a code or the texts a mistake.
        if survey.numeric() > 0 || survey.first_grouped.is_some() || survey.first_infinite.is_some() {
            table.check_numbers(place)?;
        }
        CellKind::Categories(survey.categories.iter().cloned().collect())
    } else {
        table.check_numbers(place)?;
        CellKind::Number
    };
    Ok(TableColumn { name, cells })
}

fn became(column: &TableColumn) -> Option<String> {
    let name = shortened(&column.name);
    match &column.cells {
        CellKind::Number => None,
        CellKind::Boolean => Some(format!("{name:?} is 0 or 1")),
        CellKind::Categories(texts) if texts.len() <= 2 => {
            Some(format!("{name:?} is 1 at {:?}", texts.last().map_or(String::new(), |text| shortened(text))))
        }
        CellKind::Categories(texts) => Some(format!("{name:?} is {} features, one a text", texts.len())),
    }
}

/// Names of features that hold one value in every row that has it.
fn constant(columns: &[TableColumn], values: &[f64], width: usize) -> Vec<String> {
    let rows = values.len() / width.max(1);
    if rows < 2 {
        return Vec::new();
    }
    let names: Vec<String> = columns.iter().flat_map(TableColumn::features).collect();
    let mut firsts: Vec<f64> = vec![f64::NAN; width];
    let mut varies = vec![false; width];
    for row in values.chunks_exact(width) {
        for ((first, varies), &value) in firsts.iter_mut().zip(&mut varies).zip(row) {
            if first.is_nan() {
                *first = value;
            }
            *varies |= value != *first && !value.is_nan();
        }
    }
    names.into_iter().zip(varies).filter(|(_, varies)| !varies).map(|(name, _)| name).collect()
}

/// What a feature's cell gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Value,
    /// Nothing, and the mean will stand for it.
    ToFill,
    /// Nothing, and the row is to be left out.
    LeaveOut,
}

/// Makes numbers of cells.
pub(super) struct CellReader<'t, 's> {
    pub(super) table: &'t Table<'s>,
    pub(super) decimal: Decimal,
    pub(super) missing: Missing,
}

impl<'t, 's> CellReader<'t, 's> {
    pub(super) fn new(table: &'t Table<'s>, decimal: Decimal, missing: Missing) -> Self {
        CellReader { table, decimal, missing }
    }

    /// Appends the features of one cell.
    pub(super) fn feature(
        &self,
        record: &Record,
        place: usize,
        column: &TableColumn,
        values: &mut Vec<f64>,
    ) -> Result<Given, CsvError> {
        let cell = record.cell(place);
        match &column.cells {
            CellKind::Number => match self.number(cell) {
                Some(value) => values.push(value),
                None => return self.no_number(record, place, values),
            },
            CellKind::Boolean => match (classify(cell), cell.parse::<f64>()) {
                (Cell::Boolean(_, value), _) => values.push(f64::from(u8::from(value))),
                (_, Ok(value)) if value == 0.0 || value == 1.0 => values.push(value),
                (Cell::Missing, _) => return self.gap(record, place, 1, values),
                _ => return Err(self.unknown(record, place, "truth values (true/false, yes/no, T/F)")),
            },
            CellKind::Categories(texts) => {
                let Ok(index) = texts.binary_search_by(|text| text.as_str().cmp(cell)) else {
                    if classify(cell) == Cell::Missing {
                        return self.gap(record, place, column.width(), values);
                    }
                    return Err(self.unknown(record, place, &listed(texts)));
                };
                let one = |is: bool| f64::from(u8::from(is));
                match texts.len() {
                    0..=2 => values.push(one(index == 1)),
                    count => values.extend((0..count).map(|text| one(text == index))),
                }
            }
        }
        Ok(Given::Value)
    }

    /// The finite number a cell holds.
    pub(super) fn number(&self, cell: &str) -> Option<f64> {
        match self.decimal {
            Decimal::Point => cell.parse().ok(),
            Decimal::Comma => cell.parse().ok().or_else(|| with_comma(cell)),
        }
        .filter(|value: &f64| value.is_finite())
    }

    fn no_number(&self, record: &Record, place: usize, values: &mut Vec<f64>) -> Result<Given, CsvError> {
        match classify(record.cell(place)) {
            Cell::Missing => self.gap(record, place, 1, values),
            _ => Err(self.not_a_number(record, place)),
        }
    }

    /// Why a cell is no number.
    pub(super) fn not_a_number(&self, record: &Record, place: usize) -> CsvError {
        let (column, cell) = (self.table.names[place].clone(), shortened(record.cell(place)));
        let problem = match classify(record.cell(place)) {
            Cell::NotFinite => CsvProblem::NotFinite { column, cell },
            Cell::Comma { .. } => {
                let why = "; say --decimal comma if its comma is decimal";
                CsvProblem::NotANumber { column, cell, why, drop: !self.table.trained }
            }
            _ => CsvProblem::NotANumber { column, cell, why: "", drop: !self.table.trained },
        };
        CsvError::at(self.table.file, record.line(), problem)
    }

    fn unknown(&self, record: &Record, place: usize, known: &str) -> CsvError {
        let (column, cell) = (self.table.names[place].clone(), shortened(record.cell(place)));
        let problem = CsvProblem::UnknownCategory { column, cell, known: known.to_owned() };
        CsvError::at(self.table.file, record.line(), problem)
    }

    /// What becomes of a missing feature.
    fn gap(
        &self,
        record: &Record,
        place: usize,
        width: usize,
        values: &mut Vec<f64>,
    ) -> Result<Given, CsvError> {
        match self.missing {
            Missing::Error => Err(self.missing_cell(record, place, self.table.fills_gaps)),
            Missing::Drop => Ok(Given::LeaveOut),
            Missing::Mean => {
                values.extend(std::iter::repeat_n(f64::NAN, width));
                Ok(Given::ToFill)
            }
        }
    }

    pub(super) fn missing_cell(&self, record: &Record, place: usize, mean: bool) -> CsvError {
        let what = match record.cell(place) {
            "" => "is empty".to_owned(),
            mark => format!("holds {mark:?}, which stands for a missing value"),
        };
        let column = self.table.names[place].clone();
        CsvError::at(self.table.file, record.line(), CsvProblem::MissingCell { column, what, mean })
    }
}

/// The first of some classes that spells a truth value in another way than the first of all, if all are truth values.
fn mixed_truth(spellings: &[String]) -> Option<usize> {
    let truth = |cell: &String| match classify(cell) {
        Cell::Boolean(pair, _) => Some(Some(pair)),
        Cell::Number(value) if value == 0.0 || value == 1.0 => Some(None),
        _ => None,
    };
    let pairs: Vec<_> = spellings.iter().map(truth).collect::<Option<_>>()?;
    pairs.iter().position(|pair| *pair != pairs[0])
}

/// The targets of the rows so far.
enum Wanted {
    Values(Vec<f64>),
    /// Distinct cells in the order in which they came, and which of them each row has.
    Classes {
        spellings: Vec<String>,
        /// The line on which each of them came first.
        lines: Vec<u64>,
        places: BTreeMap<String, u32>,
        rows: Vec<u32>,
    },
}

impl Wanted {
    fn new(kind: AnswerKind) -> Wanted {
        match kind {
            AnswerKind::Number => Wanted::Values(Vec::new()),
            AnswerKind::Classes => Wanted::Classes {
                spellings: Vec::new(),
                lines: Vec::new(),
                places: BTreeMap::new(),
                rows: Vec::new(),
            },
        }
    }

    /// Takes the targets of a row; `false` if one is missing and the row is to be left out.
    fn take(&mut self, reader: &CellReader, record: &Record, targets: &[usize]) -> Result<bool, CsvError> {
        for &target in targets {
            if classify(record.cell(target)) == Cell::Missing {
                if reader.missing == Missing::Error {
                    return Err(reader.missing_cell(record, target, false));
                }
                return Ok(false);
            }
        }
        match self {
            Wanted::Values(values) => {
                for &target in targets {
                    let value = reader.number(record.cell(target));
                    values.push(value.ok_or_else(|| reader.not_a_number(record, target))?);
                }
            }
            Wanted::Classes { spellings, lines, places, rows } => {
                let target = targets.first().copied().unwrap_or_default();
                let cell = record.cell(target);
                let place = match places.get(cell) {
                    Some(&place) => place,
                    None => {
                        // Several spellings of one number are one class, so there may be some more.
                        if spellings.len() > 4 * MAX_CLASSES {
                            let column = reader.table.names[target].clone();
                            let problem = CsvProblem::TooManyClasses { column, limit: MAX_CLASSES };
                            return Err(CsvError::whole(reader.table.file, problem));
                        }
                        let place = u32::try_from(spellings.len()).unwrap_or(u32::MAX);
                        spellings.push(cell.to_owned());
                        lines.push(record.line());
                        places.insert(cell.to_owned(), place);
                        place
                    }
                };
                rows.push(place);
            }
        }
        Ok(true)
    }

    fn finish(self, table: &Table, targets: &[usize]) -> Result<Targets, CsvError> {
        let (spellings, lines, rows) = match self {
            Wanted::Values(rows) => {
                let names = targets.iter().map(|&column| table.names[column].clone()).collect();
                return Ok(Targets::Values { names, rows });
            }
            Wanted::Classes { spellings, lines, rows, .. } => (spellings, lines, rows),
        };
        if let Some(other) = mixed_truth(&spellings) {
            let column = targets.first().map_or(String::new(), |&column| table.names[column].clone());
            let (first, second) = (spellings[0].clone(), spellings[other].clone());
            return Err(CsvError::at(
                table.file,
                lines[other],
                CsvProblem::MixedTruth { column, first, second },
            ));
        }
        let keys = ClassKey::of_all(&spellings);
        let mut first_spelling = BTreeMap::new();
        for (key, spelling) in keys.iter().zip(&spellings) {
            first_spelling.entry(*key).or_insert(spelling);
        }
        let names: Vec<String> = first_spelling.values().map(|&spelling| spelling.clone()).collect();
        let column = || targets.first().map_or(String::new(), |&column| table.names[column].clone());
        if names.len() > MAX_CLASSES {
            let problem = CsvProblem::TooManyClasses { column: column(), limit: MAX_CLASSES };
            return Err(CsvError::whole(table.file, problem));
        }
        if let [class] = names.as_slice() {
            let problem = CsvProblem::OneClass { column: column(), class: shortened(class) };
            return Err(CsvError::whole(table.file, problem));
        }
        let labels: Vec<usize> = keys
            .iter()
            .map(|key| first_spelling.keys().position(|other| other == key).unwrap_or_default())
            .collect();
        Ok(Targets::Classes { names, labels: rows.iter().map(|&row| labels[row as usize]).collect() })
    }
}

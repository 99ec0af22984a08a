//! The first pass over a table: what every column holds, without keeping a cell.

use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::BufRead;

use super::cell::{Cell, Pair, classify};
use super::options::Separator;
use super::problem::{CsvError, CsvProblem};
use super::records::Records;
use crate::data::summary::shortened;

/// The most distinct texts of a categorical column; a column with more is none.
pub(super) const MAX_CATEGORIES: usize = 100;

/// Integers with at most this many distinct values may be classes when nobody says.
pub const FEW_DISTINCT: usize = 20;

/// What columns that name or count the rows are called.
const NAMES_OF_ROWS: [&str; 14] = [
    "id",
    "index",
    "row",
    "row_id",
    "rowid",
    "rownames",
    "name",
    "names",
    "key",
    "sample",
    "no",
    "nr",
    "number",
    "unnamed: 0",
];

/// A cell worth naming in an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) line: u64,
    pub(super) cell: String,
}

/// What a column holds below the first line.
#[derive(Clone, Debug, Default)]
pub(super) struct ColumnSurvey {
    pub(super) missing: usize,
    /// Numbers that a decimal point or no mark at all would explain.
    pub(super) numbers: usize,
    pub(super) fractions: bool,
    pub(super) first_point: Option<Seen>,
    /// Numbers with a decimal comma.
    pub(super) commas: usize,
    pub(super) first_comma: Option<Seen>,
    /// Whether a comma can only be decimal.
    pub(super) clear_comma: bool,
    pub(super) first_grouped: Option<Seen>,
    pub(super) first_infinite: Option<Seen>,
    pub(super) booleans: usize,
    pair: Option<Pair>,
    pairs_mixed: bool,
    /// Texts, truth values among them.
    pub(super) texts: usize,
    pub(super) first_text: Option<Seen>,
    /// Distinct texts, at most [`MAX_CATEGORIES`] and one.
    pub(super) categories: BTreeSet<String>,
    /// Distinct integers, at most [`FEW_DISTINCT`] and one, as bits.
    pub(super) integers: BTreeSet<u64>,
    counts_from_0: bool,
    counts_from_1: bool,
    /// Cells equal to that of the first line.
    pub(super) like_first: usize,
    /// Whether a cell is three digits of which the first is 0, as the end of a number whose thousands are parted.
    group_end: bool,
}

impl ColumnSurvey {
    fn new() -> Self {
        ColumnSurvey { counts_from_0: true, counts_from_1: true, ..ColumnSurvey::default() }
    }

    fn see(&mut self, cell: &str, row: usize, line: u64, first: Option<&str>) {
        let seen = || Some(Seen { line, cell: shortened(cell) });
        let mut number = None;
        match classify(cell) {
            Cell::Missing => self.missing += 1,
            Cell::Number(value) => {
                self.numbers += 1;
                number = Some(value);
                if value.fract() == 0.0 {
                    // Once there are more than few, it does not matter which.
                    if self.integers.len() <= FEW_DISTINCT {
                        self.integers.insert((value + 0.0).to_bits());
                    }
                } else {
                    self.fractions = true;
                }
                if self.first_point.is_none() && cell.contains('.') {
                    self.first_point = seen();
                }
            }
            Cell::Comma { grouped } => {
                self.commas += 1;
                self.clear_comma |= !grouped;
                self.fractions = true;
                if self.first_comma.is_none() {
                    self.first_comma = seen();
                }
            }
            Cell::Grouped => {
                if self.first_grouped.is_none() {
                    self.first_grouped = seen();
                }
            }
            Cell::NotFinite => {
                if self.first_infinite.is_none() {
                    self.first_infinite = seen();
                }
            }
            Cell::Boolean(pair, _) => {
                self.booleans += 1;
                self.pairs_mixed |= *self.pair.get_or_insert(pair) != pair;
                self.see_text(cell, line);
            }
            Cell::Text => self.see_text(cell, line),
        }
        #[expect(clippy::cast_precision_loss, reason = "a table has fewer rows than 2^53")]
        let counted = |from: usize| number == Some((row + from) as f64);
        self.counts_from_0 = self.counts_from_0 && counted(0);
        self.counts_from_1 = self.counts_from_1 && counted(1);
        self.like_first += usize::from(first == Some(cell));
        self.group_end |=
            cell.len() == 3 && cell.starts_with('0') && cell.bytes().all(|byte| byte.is_ascii_digit());
    }

    fn see_text(&mut self, cell: &str, line: u64) {
        self.texts += 1;
        if self.first_text.is_none() {
            self.first_text = Some(Seen { line, cell: shortened(cell) });
        }
        if self.categories.len() <= MAX_CATEGORIES && !self.categories.contains(cell) {
            self.categories.insert(cell.to_owned());
        }
    }

    /// Cells that are not missing.
    pub(super) fn filled(&self, rows: usize) -> usize {
        rows - self.missing
    }

    /// Cells that are numbers, with a point or a comma.
    pub(super) fn numeric(&self) -> usize {
        self.numbers + self.commas
    }

    /// Whether all of it are truth values, spelled one way.
    pub(super) fn is_boolean(&self, rows: usize) -> bool {
        self.booleans > 0 && self.booleans == self.filled(rows) && !self.pairs_mixed
    }

    /// Whether it is text that is not merely a typing error among numbers.
    pub(super) fn is_text(&self, rows: usize) -> bool {
        self.texts > 0 && 2 * self.numeric() < self.filled(rows) && !self.is_boolean(rows)
    }

    /// Whether its cells number the rows, from 0 or from 1.
    pub(super) fn counts_rows(&self, rows: usize) -> bool {
        rows > 0 && (self.counts_from_0 || self.counts_from_1)
    }
}

/// A table seen once.
pub(super) struct Survey {
    /// The first line's cells, and the line it stands on.
    pub(super) first: Vec<String>,
    pub(super) first_line: u64,
    /// One for each cell of a row.
    pub(super) columns: Vec<ColumnSurvey>,
    /// Rows below the first line; with it, if it is a row.
    pub(super) rows: usize,
    pub(super) comments: u64,
    /// The line of the first row below the first line, and its first cell.
    first_row: Seen,
    /// Whether all cells of the first column are different texts; only looked at where rows have a cell more than the first line.
    texts_apart: bool,
    /// Whether the comment above the first line parts into as many cells as it.
    pub(super) names_in_comment: bool,
}

impl Survey {
    /// Reads every record. The first is a row if `first_is_row`.
    pub(super) fn of<R: BufRead>(
        file: &str,
        reader: R,
        separator: Separator,
        first_is_row: bool,
    ) -> Result<Survey, CsvError> {
        let mut records = Records::new(file, reader, separator);
        let (first, first_line) = match records.next()? {
            None => return Err(CsvError::whole(file, CsvProblem::Empty)),
            Some(record) => (record.cells().map(str::to_owned).collect::<Vec<_>>(), record.line()),
        };
        if let Some(problem) = no_header(&first, first_line, first_is_row) {
            return Err(CsvError::at(file, first_line, problem));
        }
        let in_comment = |comment: &str| cells_of(comment, separator);
        let names_in_comment = records.comments() > 0 && in_comment(&records.last_comment()) == first.len();
        let mut survey = Survey {
            first,
            first_line,
            columns: Vec::new(),
            rows: 0,
            comments: 0,
            first_row: Seen { line: first_line, cell: String::new() },
            texts_apart: true,
            names_in_comment,
        };
        // Hashes stand for the texts: two of one hash only refuse a table that could be read.
        let mut texts = HashSet::new();
        if first_is_row {
            survey.columns = survey.first.iter().map(|_| ColumnSurvey::new()).collect();
            let Survey { first, columns, .. } = &mut survey;
            columns.iter_mut().zip(first).for_each(|(column, cell)| column.see(cell, 0, first_line, None));
            survey.rows = 1;
        }
        while let Some(record) = records.next()? {
            let (line, width) = (record.line(), record.len());
            let Survey { first, columns, rows, first_row, texts_apart, .. } = &mut survey;
            if *rows == 0 {
                *first_row = Seen { line, cell: shortened(record.cell(0)) };
                columns.extend((0..width).map(|_| ColumnSurvey::new()));
            }
            let expected = columns.len();
            let row_names = expected == first.len() + 1 && first.len() >= 2;
            if width != expected || (expected != first.len() && !row_names) {
                let expected = if row_names { expected } else { first.len() };
                let separator = separator.to_string();
                let title = (*rows == 0 && first.len() == 1).then_some(first_line);
                let problem = CsvProblem::Ragged { found: width, expected, separator, title };
                return Err(CsvError::at(file, line, problem));
            }
            let shift = expected - first.len();
            for (place, (column, cell)) in columns.iter_mut().zip(record.cells()).enumerate() {
                let above = place.checked_sub(shift).map(|place| first[place].as_str());
                column.see(cell, *rows, line, above.filter(|_| !first_is_row));
            }
            if row_names && *texts_apart {
                let mut hasher = DefaultHasher::new();
                record.cell(0).hash(&mut hasher);
                *texts_apart = classify(record.cell(0)) == Cell::Text && texts.insert(hasher.finish());
            }
            *rows += 1;
        }
        if let Some(line) = records.comment_of_width(survey.columns.len().max(1)) {
            return Err(CsvError::at(file, line, CsvProblem::CommentOrRow));
        }
        survey.comments = records.comments();
        Ok(survey)
    }

    /// Refuses rows of one cell more than the header whose first cells are no row names as R writes them: then a cell holds the
    /// separator, or a name is missing, and every column would be read under its neighbour's name.
    pub(super) fn check_row_names(&self, file: &str, separator: Separator) -> Result<(), CsvError> {
        let Some(names) = self.columns.first() else { return Ok(()) };
        let named = names.counts_rows(self.rows) || self.texts_apart;
        // `Paris, France` and `200,000`.
        let parted = separator == Separator::Comma
            && (self.columns.iter().any(|column| column.group_end)
                || self.texts_apart && names_text(&self.columns, self.rows));
        // The name above the second column is that of the first, and the last name is missing.
        let names_first = self.first.first().is_some_and(|name| {
            NAMES_OF_ROWS.contains(&name.to_lowercase().as_str()) && !names_text(&self.columns, self.rows)
        });
        if named && !parted && !names_first {
            return Ok(());
        }
        let Seen { line, cell } = self.first_row.clone();
        let problem = CsvProblem::ShortHeader {
            found: self.columns.len(),
            expected: self.first.len(),
            cell,
            separator: separator.to_string(),
        };
        Err(CsvError::at(file, line, problem))
    }
}

/// Whether the second column holds texts, as one called `name` would.
fn names_text(columns: &[ColumnSurvey], rows: usize) -> bool {
    columns.get(1).is_some_and(|column| column.is_text(rows))
}

/// What a first line is that neither names columns nor is a row.
fn no_header(first: &[String], line: u64, is_row: bool) -> Option<CsvProblem> {
    let (name, rest) = first.split_first()?;
    if !rest.iter().all(String::is_empty) {
        return None;
    }
    if name.len() <= 5 && name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sep=")) {
        return Some(CsvProblem::SeparatorLine { line });
    }
    let columns = first.len();
    let title = !is_row && columns >= 3 && classify(name) == Cell::Text;
    title.then(|| CsvProblem::TitleLine { line, name: shortened(name), columns })
}

/// Cells of one line.
fn cells_of(line: &str, separator: Separator) -> usize {
    let mut records = Records::new("", line.as_bytes(), separator);
    records.next().ok().flatten().map_or(0, |record| record.len())
}

//! A table that was looked through once: its dialect and its columns are known, its cells are still in the file.

use std::io::Read;

use super::dialect::sniff;
use super::header;
use super::options::{CsvOptions, Decimal, Separator};
use super::problem::{CsvError, CsvProblem};
use super::records::{MAX_RECORD, Record, Records};
use super::source::Source;
use super::survey::{ColumnSurvey, Seen, Survey};
use crate::data::summary::{LeftOut, counted};

/// Enough of a file to tell its separator.
const SAMPLE_BYTES: usize = 1 << 18;

/// Lines a sample should have.
const SAMPLE_LINES: usize = 12;

/// A table and where to read its cells.
pub(super) struct Table<'s> {
    pub(super) file: &'s str,
    source: &'s Source<'s>,
    separator: Separator,
    /// One for each cell of a row; unnamed columns are empty.
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<ColumnSurvey>,
    pub(super) rows: usize,
    /// Whether the first line names the columns.
    pub(super) has_header: bool,
    first_line: u64,
    row_names: bool,
    comments: u64,
    /// Whether a trained network is to answer it: no column can be left out then.
    pub(super) trained: bool,
    /// Whether a mean can stand for a missing feature.
    pub(super) fills_gaps: bool,
}

impl<'s> Table<'s> {
    /// Finds out how the table is written and what its columns hold. Where columns of these names are `wanted`, a first line
    /// that has them all is a header, and a table without one of exactly as many columns has these.
    pub(super) fn open(
        file: &'s str,
        source: &'s Source<'s>,
        options: &CsvOptions,
        separator_hint: Option<Separator>,
        wanted: Option<&[String]>,
    ) -> Result<Table<'s>, CsvError> {
        let separator = match options.separator {
            Some(separator) => separator,
            None => {
                let (sample, whole) = sample(file, source)?;
                sniff(&sample, whole, separator_hint)
            }
        };
        let first_is_row = options.header == Some(false);
        let survey = Survey::of(file, source.reader(file)?, separator, first_is_row)?;
        let known = wanted.is_some_and(|wanted| wanted.iter().all(|name| survey.first.contains(name)));
        if options.header.is_none() && !known {
            header::check(file, &survey)?;
        }
        if survey.rows == 0 {
            return Err(CsvError::whole(file, CsvProblem::HeaderOnly));
        }
        let ends_empty = survey.columns.last().is_some_and(|last| last.missing == survey.rows);
        if !first_is_row && survey.columns.len() > survey.first.len() && !ends_empty {
            survey.check_row_names(file, separator)?;
        }
        let Survey { first, first_line, mut columns, rows, comments, .. } = survey;
        let mut row_names = false;
        let names = if first_is_row {
            match wanted {
                Some(wanted) if wanted.len() == first.len() => wanted.to_vec(),
                _ => header::generated(first.len()),
            }
        } else if columns.len() > first.len() {
            if ends_empty {
                // Every row ends in a separator, the header does not.
                columns.pop();
                first
            } else {
                row_names = true;
                [vec![String::new()], first].concat()
            }
        } else {
            first
        };
        header::check_names(file, first_line, &names)?;
        let has_header = !first_is_row;
        Ok(Table {
            file,
            source,
            separator,
            names,
            columns,
            rows,
            has_header,
            first_line,
            row_names,
            comments,
            trained: false,
            fills_gaps: true,
        })
    }

    /// The columns that hold data, given those the user leaves out, and the others with a word why.
    ///
    /// # Errors
    /// A column to be left out is not there; a column without a name, or one that programs write as an index, holds
    /// something else.
    pub(super) fn usable(
        &self,
        drop: &[usize],
        asked: &[usize],
    ) -> Result<(Vec<usize>, Vec<LeftOut>), CsvError> {
        let mut usable = Vec::new();
        let mut left_out = Vec::new();
        for (column, survey) in self.columns.iter().enumerate() {
            let name = &self.names[column];
            let number = column + 1;
            let index_name = is_index_name(name);
            let why = if drop.contains(&column) {
                "was to be dropped"
            } else if asked.contains(&column) && !name.is_empty() {
                usable.push(column);
                continue;
            } else if asked.contains(&column) {
                return Err(CsvError::at(self.file, self.first_line, CsvProblem::UnnamedColumn { number }));
            } else if survey.missing == self.rows {
                "is empty"
            } else if self.row_names && column == 0 {
                "names the rows"
            } else if (name.is_empty() || index_name.is_some()) && survey.counts_rows(self.rows) {
                "counts the rows"
            } else if name.is_empty() {
                return Err(CsvError::at(self.file, self.first_line, CsvProblem::UnnamedColumn { number }));
            } else if index_name == Some(Index::OfProgram) {
                let problem = CsvProblem::OddIndex { name: name.clone(), number };
                return Err(CsvError::at(self.file, self.first_line, problem));
            } else {
                usable.push(column);
                continue;
            };
            let column = if name.is_empty() { format!("column {number}") } else { name.clone() };
            left_out.push(LeftOut { column, why });
        }
        Ok((usable, left_out))
    }

    /// Columns by name, or by number counted from 1.
    pub(super) fn find(
        &self,
        wanted: &[String],
        unknown: fn(String, Option<String>, String) -> CsvProblem,
    ) -> Result<Vec<usize>, CsvError> {
        let mut columns = Vec::with_capacity(wanted.len());
        for name in wanted {
            let by_name = self.names.iter().position(|there| !there.is_empty() && there == name.trim());
            let by_number = || {
                let number: usize = name.trim().parse().ok()?;
                (1..=self.names.len()).contains(&number).then(|| number - 1)
            };
            let Some(column) = by_name.or_else(by_number) else {
                return Err(CsvError::whole(self.file, CsvProblem::no_column(name, &self.names, unknown)));
            };
            if columns.contains(&column) {
                let name = self.names[column].clone();
                return Err(CsvError::whole(self.file, CsvProblem::RepeatedTarget { name }));
            }
            columns.push(column);
        }
        Ok(columns)
    }

    /// The decimal mark of some columns of numbers.
    ///
    /// # Errors
    /// Points and commas are mixed, or a comma may as well part thousands.
    pub(super) fn decimal(&self, columns: &[usize], told: Option<Decimal>) -> Result<Decimal, CsvError> {
        let of_numbers = || columns.iter().filter(|&&column| !self.columns[column].is_text(self.rows));
        let first = |seen: fn(&ColumnSurvey) -> &Option<Seen>| {
            of_numbers().find_map(|&column| Some((column, seen(&self.columns[column]).clone()?)))
        };
        let comma = first(|survey| &survey.first_comma);
        let decimal = match (told, &comma) {
            (Some(decimal), _) => decimal,
            (None, None) => Decimal::Point,
            (None, Some((column, Seen { line, cell }))) => {
                let clear = of_numbers().any(|&column| self.columns[column].clear_comma);
                if !clear && self.separator != Separator::Semicolon {
                    let (column, cell) = (self.names[*column].clone(), cell.clone());
                    return Err(CsvError::at(self.file, *line, CsvProblem::AmbiguousComma { column, cell }));
                }
                Decimal::Comma
            }
        };
        match (decimal, first(|survey| &survey.first_point), comma) {
            (Decimal::Comma, Some((column, Seen { line, cell })), _) => {
                let column = self.names[column].clone();
                Err(CsvError::at(self.file, line, CsvProblem::MixedDecimals { column, cell }))
            }
            (Decimal::Point, _, Some((column, Seen { line, cell }))) => {
                let why = " with a decimal point; say --decimal comma if its comma is decimal";
                let column = self.names[column].clone();
                Err(CsvError::at(
                    self.file,
                    line,
                    CsvProblem::NotANumber { column, cell, why, drop: !self.trained },
                ))
            }
            _ => Ok(decimal),
        }
    }

    /// Refuses a column that is to hold numbers and does not.
    pub(super) fn check_numbers(&self, column: usize) -> Result<(), CsvError> {
        let survey = &self.columns[column];
        let name = || self.names[column].clone();
        if let Some(Seen { line, cell }) = &survey.first_grouped {
            let why = ": its thousands are parted; write the digits without marks";
            let problem =
                CsvProblem::NotANumber { column: name(), cell: cell.clone(), why, drop: !self.trained };
            return Err(CsvError::at(self.file, *line, problem));
        }
        if let Some(Seen { line, cell }) = &survey.first_infinite {
            let problem = CsvProblem::NotFinite { column: name(), cell: cell.clone() };
            return Err(CsvError::at(self.file, *line, problem));
        }
        if let Some(Seen { line, cell }) = &survey.first_text {
            let why = if survey.numeric() > 0 { ", among numbers" } else { "" };
            let problem =
                CsvProblem::NotANumber { column: name(), cell: cell.clone(), why, drop: !self.trained };
            return Err(CsvError::at(self.file, *line, problem));
        }
        Ok(())
    }

    /// Shows every row, with its number counted from 0.
    pub(super) fn each_row(
        &self,
        mut each: impl FnMut(usize, &Record) -> Result<(), CsvError>,
    ) -> Result<(), CsvError> {
        let mut records = Records::new(self.file, self.source.reader(self.file)?, self.separator);
        if self.has_header {
            records.next()?;
        }
        let mut row = 0;
        while let Some(record) = records.next()? {
            each(row, record)?;
            row += 1;
        }
        Ok(())
    }

    /// What had to be decided about how it is written, in words.
    pub(super) fn notes(&self, decimal: Decimal) -> Vec<String> {
        let mut notes = Vec::new();
        if self.separator != Separator::Comma {
            notes.push(format!("separated by {}s", self.separator));
        }
        if decimal == Decimal::Comma {
            notes.push("decimal commas".to_owned());
        }
        if !self.has_header {
            notes.push("no header".to_owned());
        }
        if self.comments > 0 {
            notes.push(counted(self.comments, "comment line"));
        }
        notes
    }

    /// What parts its cells.
    pub(super) fn separator(&self) -> Separator {
        self.separator
    }
}

/// A name that an index goes by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Index {
    /// Only programs write it.
    OfProgram,
    /// People may mean something else by it.
    Likely,
}

fn is_index_name(name: &str) -> Option<Index> {
    let lower = name.to_lowercase();
    if lower.starts_with("unnamed:") || lower == "rownames" || lower == "level_0" {
        return Some(Index::OfProgram);
    }
    ["id", "index", "row", "row_id", "rowid"].contains(&lower.as_str()).then_some(Index::Likely)
}

/// The beginning of a file: at least some lines of it, and whether it is all.
fn sample(file: &str, source: &Source) -> Result<(Vec<u8>, bool), CsvError> {
    let mut reader = source.reader(file)?;
    let mut sample = Vec::new();
    let mut wanted = SAMPLE_BYTES;
    loop {
        let missing = (wanted - sample.len()) as u64;
        let got = reader.by_ref().take(missing).read_to_end(&mut sample);
        let got = got.map_err(|e| CsvError::whole(file, CsvProblem::of_reading(e)))? as u64;
        if got < missing {
            return Ok((sample, true));
        }
        let lines = sample.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).take(SAMPLE_LINES).count();
        if lines == SAMPLE_LINES || wanted >= MAX_RECORD {
            return Ok((sample, false));
        }
        wanted *= 2;
    }
}

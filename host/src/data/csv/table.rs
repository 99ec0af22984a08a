//! From bytes to a rectangular table of text with the line every row begins on.

use csv::{ReaderBuilder, StringRecord};

use super::problem::{CsvError, CsvProblem};

/// A header and its rows, all of the header's width; cells are not yet looked at.
pub(super) struct Table {
    pub(super) file: String,
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    /// Line of the file the row begins on, counted from 1.
    pub(super) line: u64,
    cells: StringRecord,
}

impl Row {
    /// The cell of a column, without the blanks round it.
    pub(super) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default().trim()
    }
}

impl Table {
    /// Reads everything; lines that are empty or blank are skipped, a byte order mark is ignored.
    pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Table, CsvError> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let mut lines = LineCounter { bytes, offset: 0, line: 1 };
        if let Err(wrong) = std::str::from_utf8(bytes) {
            let offset = wrong.valid_up_to();
            return Err(CsvError::at(file, lines.advance(offset), CsvProblem::NotUtf8 { offset }));
        }
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut header: Option<Vec<String>> = None;
        let mut rows = Vec::new();
        for record in reader.records() {
            let cells = record.map_err(|e| CsvError::whole(file, CsvProblem::Io(e.into())))?;
            let line = lines.record_line(cells.position().map_or(0, |position| position.byte()));
            if cells.iter().all(|cell| cell.trim().is_empty()) && cells.len() <= 1 {
                continue;
            }
            let Some(names) = &header else {
                header = Some(checked_header(file, line, &cells)?);
                continue;
            };
            if cells.len() != names.len() {
                let problem = CsvProblem::Ragged { found: cells.len(), expected: names.len() };
                return Err(CsvError::at(file, line, problem));
            }
            rows.push(Row { line, cells });
        }
        let header = header.ok_or_else(|| CsvError::whole(file, CsvProblem::Empty))?;
        if rows.is_empty() {
            return Err(CsvError::whole(file, CsvProblem::HeaderOnly));
        }
        Ok(Table { file: file.to_owned(), header, rows })
    }
}

fn checked_header(file: &str, line: u64, cells: &StringRecord) -> Result<Vec<String>, CsvError> {
    let names: Vec<String> = cells.iter().map(|cell| cell.trim().to_owned()).collect();
    if let Some(unnamed) = names.iter().position(String::is_empty) {
        return Err(CsvError::at(file, line, CsvProblem::UnnamedColumn { number: unnamed + 1 }));
    }
    if names.iter().all(|name| name.parse::<f64>().is_ok()) {
        return Err(CsvError::at(file, line, CsvProblem::HeaderIsNumbers));
    }
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|&column| (&names[column], column));
    let twice = order.windows(2).filter(|pair| names[pair[0]] == names[pair[1]]).min_by_key(|pair| pair[1]);
    if let Some(&[first, second]) = twice {
        let name = names[first].clone();
        let problem = CsvProblem::DuplicateColumn { name, first: first + 1, second: second + 1 };
        return Err(CsvError::at(file, line, problem));
    }
    Ok(names)
}

/// Counts line ends (`\n`, `\r\n` or a lone `\r`) up to ever larger offsets.
///
/// The CSV reader's own line of a record is that of the line end before it, off by the number of skipped
/// blank lines; an error message has to point at the row itself.
struct LineCounter<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: u64,
}

impl LineCounter<'_> {
    /// The line a record begins on whose position the reader gives as `byte`.
    fn record_line(&mut self, byte: u64) -> u64 {
        let start = usize::try_from(byte).unwrap_or(self.bytes.len()).min(self.bytes.len());
        let skipped = self.bytes[start..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        self.advance(start + skipped)
    }

    fn advance(&mut self, offset: usize) -> u64 {
        while self.offset < offset {
            let ends = match self.bytes[self.offset] {
                b'\n' => true,
                b'\r' => self.bytes.get(self.offset + 1) != Some(&b'\n'),
                _ => false,
            };
            self.line += u64::from(ends);
            self.offset += 1;
        }
        self.line
    }
}

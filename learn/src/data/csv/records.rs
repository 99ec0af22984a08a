//! From bytes to records, one at a time, with the line each begins on.
//!
//! The reader of the `csv` crate knows quotes only at the very beginning of a cell, no runs of blanks as separator, and
//! mends unclosed quotes silently; a table read by it can be half read. This one takes blanks before a quote and refuses
//! what cannot be meant. Nothing is allocated for a cell: a record is one buffer with the ends of its cells.

use std::collections::BTreeMap;
use std::io::BufRead;

use super::options::Separator;
use super::problem::{CsvError, CsvProblem};

/// Longest record, in bytes: more is no table.
pub(super) const MAX_RECORD: usize = 1 << 26;

/// Most cells of a record.
pub(super) const MAX_CELLS: usize = 1 << 20;

/// The cells of one record; blanks round them do not count.
#[derive(Debug, Default)]
pub(super) struct Record {
    text: String,
    ends: Vec<usize>,
    line: u64,
}

impl Record {
    /// Line of the file it begins on, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell; empty beyond the last one.
    pub(super) fn cell(&self, column: usize) -> &str {
        let Some(&end) = self.ends.get(column) else { return "" };
        let start = column.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end).unwrap_or_default().trim()
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|column| self.cell(column))
    }
}

/// Where in a record the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    LineStart,
    CellStart,
    Bare,
    Quoted,
    /// Behind a quote inside quotes: it ends them, or a second one stands for one.
    Quote,
    AfterQuoted,
    Comment,
}

/// Reads the records of a table one after the other.
pub(super) struct Records<'f, R> {
    reader: R,
    file: &'f str,
    separator: Separator,
    at: At,
    /// Of the next byte.
    line: u64,
    after_return: bool,
    quote_line: u64,
    bytes: Vec<u8>,
    record: Record,
    comment: Vec<u8>,
    comments: u64,
    rowlike: BTreeMap<usize, u64>,
}

impl<'f, R: BufRead> Records<'f, R> {
    pub(super) fn new(file: &'f str, reader: R, separator: Separator) -> Self {
        Records {
            reader,
            file,
            separator,
            at: At::LineStart,
            line: 1,
            after_return: false,
            quote_line: 0,
            bytes: Vec::new(),
            record: Record::default(),
            comment: Vec::new(),
            comments: 0,
            rowlike: BTreeMap::new(),
        }
    }

    /// Lines that begin with `#`, so far.
    pub(super) fn comments(&self) -> u64 {
        self.comments
    }

    /// The first line that begins with `#` and is a row of `width` cells if the `#` is text. Above the first record a blank
    /// behind the `#` makes a comment of it; so it does where one cell is a row.
    pub(super) fn comment_of_width(&self, width: usize) -> Option<u64> {
        self.rowlike.get(&width).copied()
    }

    /// The comment line read last, behind its `#`.
    pub(super) fn last_comment(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.comment)
    }

    /// The next record; blank lines and comments are skipped.
    ///
    /// # Errors
    /// [`CsvError`] with the line: unclosed quotes, text behind a closing quote, no UTF-8, NUL, a record without end.
    pub(super) fn next(&mut self) -> Result<Option<&Record>, CsvError> {
        self.bytes.clear();
        self.record.ends.clear();
        loop {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(CsvError::whole(self.file, CsvProblem::of_reading(e))),
            };
            if chunk.is_empty() {
                return self.end_of_file();
            }
            let mut place = 0;
            let mut whole = false;
            while place < chunk.len() && !whole {
                let state = &mut Scan {
                    file: self.file,
                    separator: self.separator,
                    at: &mut self.at,
                    line: &mut self.line,
                    after_return: &mut self.after_return,
                    quote_line: &mut self.quote_line,
                    bytes: &mut self.bytes,
                    record: &mut self.record,
                    comment: &mut self.comment,
                    comments: &mut self.comments,
                    rowlike: &mut self.rowlike,
                };
                let (taken, ended) = state.take(&chunk[place..])?;
                place += taken;
                whole = ended;
            }
            self.reader.consume(place);
            if self.bytes.len() > MAX_RECORD || self.record.ends.len() > MAX_CELLS {
                return Err(CsvError::at(self.file, self.record.line, CsvProblem::LongRecord));
            }
            if whole {
                return self.finish().map(Some);
            }
        }
    }

    fn end_of_file(&mut self) -> Result<Option<&Record>, CsvError> {
        match self.at {
            At::Quoted => Err(CsvError::at(self.file, self.quote_line, CsvProblem::UnclosedQuote)),
            At::Comment => {
                self.at = At::LineStart;
                let (above, line) = (self.record.line == 0, self.line);
                see_comment(&self.comment, self.separator, above, line, &mut self.rowlike);
                Ok(None)
            }
            At::LineStart => Ok(None),
            At::CellStart if self.separator == Separator::Blank && !self.record.ends.is_empty() => {
                self.at = At::LineStart;
                self.finish().map(Some)
            }
            _ => {
                self.at = At::LineStart;
                self.record.ends.push(self.bytes.len());
                self.finish().map(Some)
            }
        }
    }

    fn finish(&mut self) -> Result<&Record, CsvError> {
        let text = std::mem::take(&mut self.record.text);
        let spare = text.into_bytes();
        match String::from_utf8(std::mem::replace(&mut self.bytes, spare)) {
            Ok(text) => {
                self.record.text = text;
                Ok(&self.record)
            }
            Err(wrong) => {
                let offset = wrong.utf8_error().valid_up_to();
                let number = 1 + self.record.ends.iter().take_while(|&&end| end <= offset).count();
                let byte = wrong.as_bytes().get(offset).copied().unwrap_or_default();
                Err(CsvError::at(self.file, self.record.line, CsvProblem::NotUtf8 { number, byte }))
            }
        }
    }
}

/// What a step of the reader changes, apart from the chunk it borrows.
struct Scan<'s, 'f> {
    file: &'f str,
    separator: Separator,
    at: &'s mut At,
    line: &'s mut u64,
    after_return: &'s mut bool,
    quote_line: &'s mut u64,
    bytes: &'s mut Vec<u8>,
    record: &'s mut Record,
    comment: &'s mut Vec<u8>,
    comments: &'s mut u64,
    rowlike: &'s mut BTreeMap<usize, u64>,
}

/// Counts the cells a comment has if its `#` is text.
fn see_comment(
    comment: &[u8],
    separator: Separator,
    above: bool,
    line: u64,
    rowlike: &mut BTreeMap<usize, u64>,
) {
    // A letter for the `#`, so that the cells behind it are not taken for a comment again.
    let text = [b"x", comment].concat();
    let cells = Records::new("", &text[..], separator).next().ok().flatten().map_or(0, Record::len);
    let apart = comment.first().is_none_or(u8::is_ascii_whitespace);
    if !(apart && (above || cells < 2)) {
        rowlike.entry(cells).or_insert(line);
    }
}

impl Scan<'_, '_> {
    /// Takes some bytes from the beginning of `chunk`; how many, and whether the record is whole.
    fn take(&mut self, chunk: &[u8]) -> Result<(usize, bool), CsvError> {
        // Plain stretches go over at once.
        if matches!(*self.at, At::Bare | At::Quoted) {
            let plain = chunk.iter().position(|&byte| self.is_special(byte)).unwrap_or(chunk.len());
            if plain > 0 {
                *self.after_return = false;
                self.bytes.extend_from_slice(&chunk[..plain]);
                return Ok((plain, false));
            }
        }
        let byte = chunk[0];
        if byte == 0 {
            return Err(CsvError::at(self.file, *self.line, CsvProblem::Nul));
        }
        let second_of_pair = byte == b'\n' && std::mem::take(self.after_return);
        *self.after_return = byte == b'\r';
        let ends_line = matches!(byte, b'\n' | b'\r');
        let ended = if ends_line { self.line_end(byte, second_of_pair) } else { self.letter(byte)? };
        if ends_line && !second_of_pair {
            *self.line += 1;
        }
        Ok((1, ended))
    }

    fn is_special(&self, byte: u8) -> bool {
        match *self.at {
            At::Quoted => matches!(byte, b'"' | b'\r' | b'\n' | 0),
            _ => matches!(byte, b'\r' | b'\n' | 0) || self.separator.is(byte),
        }
    }

    /// A line end; whether it ends a record.
    fn line_end(&mut self, byte: u8, second_of_pair: bool) -> bool {
        match *self.at {
            At::Quoted => {
                self.bytes.push(byte);
                false
            }
            _ if second_of_pair => false,
            At::LineStart => false,
            At::Comment => {
                *self.at = At::LineStart;
                see_comment(self.comment, self.separator, self.record.line == 0, *self.line, self.rowlike);
                false
            }
            at => {
                *self.at = At::LineStart;
                if at != At::CellStart || self.separator != Separator::Blank {
                    self.end_cell();
                }
                true
            }
        }
    }

    fn letter(&mut self, byte: u8) -> Result<bool, CsvError> {
        let separates = self.separator.is(byte);
        let blank = matches!(byte, b' ' | b'\t') && !(separates && self.separator != Separator::Blank);
        match *self.at {
            At::LineStart if blank => {}
            At::LineStart if byte == b'#' => {
                *self.at = At::Comment;
                *self.comments += 1;
                self.comment.clear();
            }
            At::LineStart => {
                self.record.line = *self.line;
                *self.at = At::CellStart;
                return self.letter(byte);
            }
            At::Comment => {
                // What is longer is no row either.
                if self.comment.len() < MAX_RECORD {
                    self.comment.push(byte);
                }
            }
            At::CellStart if blank => {}
            At::CellStart if separates => self.end_cell(),
            At::CellStart if byte == b'"' => {
                *self.at = At::Quoted;
                *self.quote_line = *self.line;
            }
            At::CellStart => {
                self.bytes.push(byte);
                *self.at = At::Bare;
            }
            At::Bare | At::AfterQuoted if separates => self.end_cell(),
            At::Bare => self.bytes.push(byte),
            At::Quoted if byte == b'"' => *self.at = At::Quote,
            At::Quoted => self.bytes.push(byte),
            At::Quote if byte == b'"' => {
                self.bytes.push(byte);
                *self.at = At::Quoted;
            }
            At::Quote => {
                *self.at = At::AfterQuoted;
                return self.letter(byte);
            }
            At::AfterQuoted if blank => {}
            At::AfterQuoted => {
                let number = self.record.ends.len() + 1;
                return Err(CsvError::at(self.file, *self.line, CsvProblem::TextAfterQuote { number }));
            }
        }
        Ok(false)
    }

    fn end_cell(&mut self) {
        self.record.ends.push(self.bytes.len());
        if *self.at != At::LineStart {
            *self.at = At::CellStart;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str, separator: Separator) -> Result<Vec<(u64, Vec<String>)>, CsvError> {
        let mut all: Vec<(u64, Vec<String>)> = Vec::new();
        // The smallest buffer there is: whatever the chunks, the records are the same.
        let small = std::io::BufReader::with_capacity(1, text.as_bytes());
        let mut reader = Records::new("t", small, separator);
        while let Some(record) = reader.next()? {
            all.push((record.line(), record.cells().map(str::to_owned).collect()));
        }
        let mut again = Records::new("t", text.as_bytes(), separator);
        for (line, cells) in &all {
            let record = again.next()?.unwrap();
            let same: Vec<&str> = record.cells().collect();
            assert_eq!((record.line(), same), (*line, cells.iter().map(String::as_str).collect()));
        }
        Ok(all)
    }

    fn cells(text: &str, separator: Separator) -> Vec<Vec<String>> {
        records(text, separator).unwrap().into_iter().map(|(_, cells)| cells).collect()
    }

    #[test]
    fn quotes_and_blanks() {
        let text = "a, \"b, c\" ,\"d\"\"e\"\r\n1,\t\"two\nlines\",\n,,\n";
        assert_eq!(
            cells(text, Separator::Comma),
            [vec!["a", "b, c", "d\"e"], vec!["1", "two\nlines", ""], vec!["", "", ""]]
        );
        assert_eq!(cells("5\" nail,2", Separator::Comma), [["5\" nail", "2"]]);
        assert_eq!(cells("a\t\t\"x\ty\"\t\n", Separator::Tab), [["a", "", "x\ty", ""]]);
    }

    #[test]
    fn runs_of_blanks_are_one_separator() {
        assert_eq!(
            cells("  a \t b  \"c d\"  \n\t1 2 3", Separator::Blank),
            [["a", "b", "c d"], ["1", "2", "3"]]
        );
    }

    #[test]
    fn lines_are_counted_through_blank_ones_comments_and_quotes() {
        for end in ["\n", "\r", "\r\n"] {
            let text = ["# note", "", "a,b", "  ", "\"1", "\",2", "#", "3,4"].join(end);
            let lines: Vec<u64> =
                records(&text, Separator::Comma).unwrap().iter().map(|(line, _)| *line).collect();
            assert_eq!(lines, [3, 5, 8], "{end:?}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_line() {
        for (text, line, part) in [
            ("a,b\n1,\"x\n2,y\n", 2, "quote"),
            ("a,b\n\n1,\"x\"y\n", 3, "column 2"),
            ("a,b\n1,\0\n", 2, "NUL"),
        ] {
            let wrong = records(text, Separator::Comma).unwrap_err();
            assert_eq!(wrong.line, Some(line), "{wrong}");
            assert!(wrong.to_string().contains(part), "{wrong}");
        }
    }
}

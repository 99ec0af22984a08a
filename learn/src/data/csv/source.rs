//! Where the bytes of a table come from: read in streams, as often as needed, unpacked if they are gzipped.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::problem::{CsvError, CsvProblem};
use super::records::MAX_RECORD;
use crate::bounded::read_on;

/// Bytes that can be read from the beginning more than once.
pub(super) enum Source<'a> {
    Bytes(&'a [u8]),
    /// What can be read only once: a pipe, standard input.
    Whole(Vec<u8>),
    File(PathBuf),
}

/// The most bytes that are held of what can be read only once. A file may be longer.
const MOST_HELD: u64 = 1 << 30;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Files that are no text, by their first bytes: what they are and what to do.
const FOREIGN: [(&[u8], &str); 16] = [
    (b"\xff\xfe", UTF_16),
    (b"\xfe\xff", UTF_16),
    (b"PK\x03\x04", "a zip archive or an Excel workbook: unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook: save the sheet as CSV"),
    (b"PAR1", "a Parquet file: write it as CSV, for example with pandas"),
    (b"ARROW1", "an Arrow file: write it as CSV, for example with pandas"),
    (b"\x89HDF", "an HDF5 file: write the table as CSV, for example with pandas"),
    (b"\x93NUMPY", "a NumPy array: give it a name that ends in .npy, or save X and y in one .npz"),
    (b"BZh", "packed with bzip2: unpack it with bunzip2, or pack it with gzip"),
    (b"\xfd7zXZ", "packed with xz: unpack it with unxz, or pack it with gzip"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd: unpack it with unzstd, or pack it with gzip"),
    (b"%PDF", "a PDF document: export the table as CSV"),
    (b"<!DOCTYPE", "a web page: download the file itself"),
    (b"<!doctype", "a web page: download the file itself"),
    (b"<html", "a web page: download the file itself"),
    (b"@relation", "an ARFF file: save the table as CSV"),
];

const UTF_16: &str = "UTF-16 text: save it as UTF-8, for example with `iconv -f UTF-16 -t UTF-8`";

impl Source<'_> {
    /// A file, or what can be read from a pipe.
    pub(super) fn open(path: &Path) -> io::Result<Source<'static>> {
        let mut file = File::open(path)?;
        let kind = file.metadata()?;
        if kind.is_file() {
            return Ok(Source::File(path.to_owned()));
        }
        let mut bytes = Vec::new();
        match read_on(&mut file, &mut bytes, MAX_RECORD as u64) {
            Err(error) if error.kind() != io::ErrorKind::FileTooLarge => return Err(error),
            Err(_) if may_go_on(&bytes) => read_on(&mut file, &mut bytes, MOST_HELD)?,
            _ => {}
        }
        Ok(Source::Whole(bytes))
    }

    /// The text from its beginning, unpacked and without a byte order mark.
    ///
    /// # Errors
    /// [`CsvError`] if it cannot be opened, or its first bytes are those of something else.
    pub(super) fn reader(&self, file: &str) -> Result<Box<dyn BufRead + '_>, CsvError> {
        let failed = |e: io::Error| CsvError::whole(file, e.into());
        let mut reader: Box<dyn BufRead + '_> = match self {
            Source::Bytes(bytes) => Box::new(*bytes),
            Source::Whole(bytes) => Box::new(bytes.as_slice()),
            Source::File(path) => Box::new(buffered(File::open(path).map_err(failed)?)),
        };
        if reader.fill_buf().map_err(failed)?.starts_with(&GZIP) {
            reader = Box::new(buffered(MultiGzDecoder::new(reader)));
        }
        let (mark, foreign) = {
            let head = reader.fill_buf().map_err(|e| CsvError::whole(file, CsvProblem::of_reading(e)))?;
            (head.starts_with(&BYTE_ORDER_MARK), foreign(head))
        };
        if let Some(what) = foreign {
            return Err(CsvError::whole(file, CsvProblem::Foreign { what }));
        }
        if mark {
            reader.consume(BYTE_ORDER_MARK.len());
        }
        Ok(reader)
    }
}

/// Whether more than the beginning is worth reading. A row without an end, or what is no text, is refused by its beginning.
fn may_go_on(begin: &[u8]) -> bool {
    let is_text = || !begin.contains(&0) && begin.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    begin.starts_with(&GZIP) || is_text()
}

fn buffered<R: Read>(reader: R) -> BufReader<R> {
    BufReader::with_capacity(1 << 16, reader)
}

fn foreign(head: &[u8]) -> Option<&'static str> {
    let named = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what);
    // UTF-16 without a mark: every other byte of plain letters is 0.
    let every_other =
        |from: usize| head.len() >= 4 && head.iter().skip(from).step_by(2).take(8).all(|&byte| byte == 0);
    let json = || {
        let text = head.trim_ascii_start();
        (text.starts_with(b"{") || text.starts_with(b"[{") || text.starts_with(b"[["))
            .then_some("JSON: write the table as CSV, for example with pandas")
    };
    named.or_else(|| (every_other(0) != every_other(1)).then_some(UTF_16)).or_else(json)
}

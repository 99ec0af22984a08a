//! Arrays written as NumPy reads them: the NPY format, version 1, and archives of such files.
//!
//! A header leaves room for the number of rows, so that a file of records grows at its end and only its header is written over,
//! which no crate for the format does. What reads arrays is [`data::arrays`](crate::data::arrays).

use std::io::{self, Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Bytes of a header are a multiple of this, as NumPy aligns them.
const ALIGNMENT: usize = 64;

/// Digits of the largest number of rows.
const LONGEST_COUNT: usize = 20;

/// Magic number, version and length.
const PREFIX: usize = 10;

/// The header of an array in C order. `element` is NumPy's description of an element: `'<f8'` in quotes, or a list of fields;
/// `columns` are the sizes behind the number of rows. It is equally long for any number of rows.
pub fn header(element: &str, rows: u64, columns: &[usize]) -> Vec<u8> {
    let sizes: String = columns.iter().map(|size| format!(" {size},")).collect();
    let dictionary =
        |rows: u64| format!("{{'descr': {element}, 'fortran_order': False, 'shape': ({rows},{sizes}), }}");
    let length = (PREFIX + dictionary(0).len() + LONGEST_COUNT).next_multiple_of(ALIGNMENT);
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(length - PREFIX).unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend(dictionary(rows).into_bytes());
    bytes.resize(length - 1, b' ');
    bytes.push(b'\n');
    bytes
}

/// Numbers as the bytes of `'<f8'`.
pub fn floats(values: impl IntoIterator<Item = f64>) -> impl Iterator<Item = u8> {
    values.into_iter().flat_map(f64::to_le_bytes)
}

/// Numbers as the bytes of `'<u8'`.
pub fn integers(values: impl IntoIterator<Item = u64>) -> impl Iterator<Item = u8> {
    values.into_iter().flat_map(u64::to_le_bytes)
}

/// Texts as their element, of as many characters as the longest has, and its bytes.
pub fn texts(values: &[String]) -> (String, Vec<u8>) {
    let longest = values.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    let mut bytes = Vec::with_capacity(4 * longest * values.len());
    for text in values {
        let characters = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(longest);
        characters.for_each(|character| bytes.extend(character.to_le_bytes()));
    }
    (format!("'<U{longest}'"), bytes)
}

/// Arrays by name in one file, what `numpy.load` calls an `.npz`.
pub struct Archive(ZipWriter<Cursor<Vec<u8>>>);

impl Default for Archive {
    fn default() -> Archive {
        Archive(ZipWriter::new(Cursor::new(Vec::new())))
    }
}

impl Archive {
    /// Adds an array: its element, the sizes of its axes, and its bytes.
    ///
    /// # Errors
    /// The archive is larger than such a file can be.
    pub fn put(&mut self, name: &str, element: &str, shape: &[usize], bytes: &[u8]) -> io::Result<()> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        self.0.start_file(format!("{name}.npy"), options.large_file(bytes.len() >= 1 << 31))?;
        let (rows, columns) = shape.split_first().map_or((1, [].as_slice()), |(rows, rest)| (*rows, rest));
        self.0.write_all(&header(element, rows as u64, columns))?;
        self.0.write_all(bytes)
    }

    /// The file.
    ///
    /// # Errors
    /// As [`Archive::put`].
    pub fn finish(self) -> io::Result<Vec<u8>> {
        Ok(self.0.finish()?.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::arrays::{Values, parse_npy};

    #[test]
    fn a_header_is_as_long_for_any_number_of_rows() {
        let none = header("'<f8'", 0, &[3]);
        for rows in [1, 10, u64::MAX] {
            let some = header("'<f8'", rows, &[3]);
            assert_eq!((some.len(), some.last()), (none.len(), Some(&b'\n')));
        }
        assert!(none.len().is_multiple_of(ALIGNMENT));
    }

    #[test]
    fn what_is_written_is_read() {
        let array =
            [header("'<f8'", 2, &[2]), floats([1.0, -0.5, f64::MIN_POSITIVE, 0.1]).collect()].concat();
        let read = parse_npy("a", array.as_slice()).unwrap();
        assert_eq!(read.shape, [2, 2]);
        assert_eq!(read.values, Values::Numbers(vec![1.0, -0.5, f64::MIN_POSITIVE, 0.1]));
        let names = ["a", "\u{e9}\u{4e2d}c", ""].map(str::to_owned);
        let (element, bytes) = texts(&names);
        let read = parse_npy("a", [header(&element, 3, &[]), bytes].concat().as_slice()).unwrap();
        assert_eq!(read.values, Values::Texts(names.to_vec()));
    }
}

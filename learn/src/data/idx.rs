//! MNIST and its relatives: four files in the IDX format, in one folder.
//!
//! An IDX file is a big-endian header and raw bytes: images have the magic number `0x00000803`, then count,
//! rows and columns; labels have `0x00000801`, then the count (4 bytes each). The four files are called
//! `PREFIXtrain-images-idx3-ubyte`, `PREFIXtrain-labels-idx1-ubyte`, and the same with `t10k` or `test` in place of `train`; a dot
//! before `idx` and an ending `.gz` are taken too. MNIST and Fashion-MNIST have no prefix, EMNIST has
//! `emnist-letters-` and others, and all of them in one folder. Whether a file is gzipped is seen from its first two bytes, since
//! browsers unpack files and keep the ending.
//!
//! EMNIST stores its images transposed; they are turned upright. Pixels become `byte / 255`, features `pixel_r_c` with row and
//! column counted from 0. A full MNIST takes
//! about 440 MB this way (70,000 rows of 784 floats). The test files become the data set's fixed test part.
//!
//! A header is believed only as far as the bytes that follow it: nothing is allocated on its word alone.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use wheatstone_sim::{Categorized, ErrorCategory};

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

use crate::data::dataset::{Citation, Dataset, DatasetError, Targets};
use crate::data::summary::{DataSummary, listed};
use crate::whole_file::folder_of;

/// Most bytes of pixels or labels one file may announce: 1 GiB, over twenty times MNIST.
pub const MAX_BYTES: u64 = 1 << 30;

const IMAGES: u32 = 0x0000_0803;
const LABELS: u32 = 0x0000_0801;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The images of one IDX file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// How many images there are.
    pub count: usize,
    /// Pixel rows of each.
    pub rows: usize,
    /// Pixel columns of each.
    pub columns: usize,
    /// `count * rows * columns` grey values, image by image, row by row.
    pub pixels: Vec<u8>,
}

/// IDX files that cannot be used.
#[derive(Debug, Error)]
pub enum IdxError {
    /// None of a file's spellings is there.
    #[error(
        "there is no {name} in {folder} (nor {name}.gz, nor with a dot before idx); put the four files of the set there, or give \
         .npy arrays, or a folder with the pictures of each class in a sub-folder"
    )]
    Missing {
        /// Path of the folder, as it was named.
        folder: String,
        /// The file's usual name.
        name: String,
    },
    /// The folder holds several sets.
    #[error(
        "{folder} holds several sets, called {prefixes}; name one file of the set that is meant by --data"
    )]
    Several {
        /// Path of the folder, as it was named.
        folder: String,
        /// What the names of their files begin with.
        prefixes: String,
    },
    /// The folder cannot be listed.
    #[error("{folder} cannot be listed ({source}); check the path and its permissions")]
    Folder {
        /// Path of the folder, as it was named.
        folder: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file could not be read or unpacked.
    #[error("{file} cannot be read: {source}; if it is a .gz file it may be damaged, fetch it again")]
    Io {
        /// Path of the file, as it was named.
        file: String,
        /// What the system or the decompressor said.
        source: std::io::Error,
    },
    /// Another kind of file.
    #[error(
        "{file} begins with the magic number {found:#010x} instead of {wanted:#010x}; {}",
        magic_hint(*found)
    )]
    Magic {
        /// Path of the file, as it was named.
        file: String,
        /// Its first four bytes as a number, most significant byte first.
        found: u32,
        /// What they should be.
        wanted: u32,
    },
    /// The file ends too early.
    #[error("{file} ends at byte {found} and its header needs {needed} bytes; fetch the file again")]
    Truncated {
        /// Path of the file, as it was named.
        file: String,
        /// Bytes there are, after unpacking.
        found: u64,
        /// Bytes needed, header included.
        needed: u64,
    },
    /// The file goes on after its last image or label.
    #[error("{file} goes on after byte {needed}, where its header says it ends; fetch the file again")]
    TooLong {
        /// Path of the file, as it was named.
        file: String,
        /// Bytes needed, header included.
        needed: u64,
    },
    /// A size that is zero or beyond reason.
    #[error(
        "{file} announces sizes {sizes:?}; each must be at least 1 and all multiplied at most {MAX_BYTES}, so \
         the header is damaged"
    )]
    Sizes {
        /// Path of the file, as it was named.
        file: String,
        /// The sizes of its header.
        sizes: Vec<u32>,
    },
    /// Images and labels that do not pair up.
    #[error(
        "{images} holds {image_count} images and {labels} holds {label_count} labels; they are not a pair"
    )]
    Counts {
        /// The file of images.
        images: String,
        /// How many images it holds.
        image_count: usize,
        /// The file of labels.
        labels: String,
        /// How many labels it holds.
        label_count: usize,
    },
    /// Training and test images of different size.
    #[error(
        "the images of {file} are {rows}x{columns} pixels and those for training {train_rows}x{train_columns}; \
         the folder mixes two sets"
    )]
    ImageSize {
        /// The file of test images.
        file: String,
        /// Pixel rows of the test images.
        rows: usize,
        /// Pixel columns of the test images.
        columns: usize,
        /// Pixel rows of the training images.
        train_rows: usize,
        /// Pixel columns of the training images.
        train_columns: usize,
    },
    /// The files were read and are no data set.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

impl Categorized for IdxError {
    fn category(&self) -> ErrorCategory {
        match self {
            IdxError::Missing { .. }
            | IdxError::Several { .. }
            | IdxError::Magic { .. }
            | IdxError::Truncated { .. }
            | IdxError::TooLong { .. }
            | IdxError::Sizes { .. }
            | IdxError::Counts { .. }
            | IdxError::ImageSize { .. } => ErrorCategory::BadInput,
            IdxError::Folder { source, .. } => ErrorCategory::BadInput.unless_denied(source),
            IdxError::Io { source, .. } => ErrorCategory::BadInput.unless_denied(source),
            IdxError::Dataset(error) => error.category(),
        }
    }
}

fn magic_hint(found: u32) -> &'static str {
    match found {
        IMAGES => "it holds images, labels are wanted: the files are swapped",
        LABELS => "it holds labels, images are wanted: the files are swapped",
        _ => "it is not an IDX file of bytes",
    }
}

/// Reads the four files of a set as one data set; the rows of the `t10k` or `test` files are its test part. `path` is the folder, or
/// one of the files where the folder holds several sets.
///
/// Classes are the labels that occur, in numeric order, named by their number; any byte is a label, so the
/// letters of EMNIST (1 to 26) are read too.
///
/// # Errors
/// [`IdxError`] names the file and, for a damaged one, the byte.
pub fn read_mnist(path: &Path) -> Result<Dataset, IdxError> {
    let (folder, prefix) = find_set(path)?;
    let (mut train, mut labels, _) = read_part(&folder, &prefix, &["train"])?;
    let (mut test, test_labels, test_file) = read_part(&folder, &prefix, &["t10k", "test"])?;
    if (test.rows, test.columns) != (train.rows, train.columns) {
        return Err(IdxError::ImageSize {
            file: test_file,
            rows: test.rows,
            columns: test.columns,
            train_rows: train.rows,
            train_columns: train.columns,
        });
    }
    let emnist = prefix.to_lowercase().starts_with("emnist");
    let mut notes = Vec::new();
    if emnist {
        (train, test) = (train.transposed(), test.transposed());
        notes.push("EMNIST's images are transposed and were turned upright".to_owned());
        if prefix.to_lowercase().contains("letters") {
            notes.push("its labels 1 to 26 are the letters a to z".to_owned());
        }
    }
    labels.extend(test_labels);
    let known: Vec<u8> = BTreeSet::from_iter(labels.iter().copied()).into_iter().collect();
    let targets = Targets::Classes {
        names: known.iter().map(u8::to_string).collect(),
        labels: labels.iter().map(|label| known.partition_point(|k| k < label)).collect(),
    };
    let features = pixel_names(train.rows, train.columns);
    let summary = DataSummary::given("label".to_owned(), &targets, features.len(), notes);
    let values = train.pixels.iter().chain(&test.pixels).map(|&pixel| f64::from(pixel) / 255.0).collect();
    let name = if prefix.is_empty() { "mnist" } else { prefix.trim_end_matches(['-', '_', '.']) };
    let set = Dataset::new(name, features, values, targets)?.with_summary(summary);
    let set = set.with_citation(if emnist { EMNIST } else { MNIST });
    Ok(set.with_test_from(train.count)?)
}

/// Name of every pixel of an image, row by row.
pub(super) fn pixel_names(rows: usize, columns: usize) -> Vec<String> {
    (0..rows).flat_map(|row| (0..columns).map(move |column| format!("pixel_{row}_{column}"))).collect()
}

impl Images {
    /// The same images with rows and columns exchanged.
    fn transposed(&self) -> Images {
        let Images { count, rows, columns, ref pixels } = *self;
        let size = rows * columns;
        let place = |image: usize, row: usize, column: usize| image * size + column * columns + row;
        let turned = (0..count).flat_map(|image| {
            (0..columns).flat_map(move |row| (0..rows).map(move |column| pixels[place(image, row, column)]))
        });
        Images { count, rows: columns, columns: rows, pixels: turned.collect() }
    }
}

const MNIST: Citation = Citation {
    reference: "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner (1998). Gradient-based learning applied to document \
                recognition. Proceedings of the IEEE 86, 2278-2324 (for MNIST; cite the makers of another set).",
    link: "https://doi.org/10.1109/5.726791",
    licence: None,
};

const EMNIST: Citation = Citation {
    reference: "G. Cohen, S. Afshar, J. Tapson, A. van Schaik (2017). EMNIST: extending MNIST to handwritten letters. \
                International Joint Conference on Neural Networks, 2921-2926.",
    link: "https://doi.org/10.1109/IJCNN.2017.7966217",
    licence: None,
};

/// Whether a file is called like one of a set.
pub fn is_idx_name(name: &str) -> bool {
    set_of(name).is_some()
}

/// What the name of a set's file begins with.
fn set_of(name: &str) -> Option<&str> {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let kinds = ["images-idx3-ubyte", "images.idx3-ubyte", "labels-idx1-ubyte", "labels.idx1-ubyte"];
    let part = kinds.iter().find_map(|kind| name.strip_suffix(kind))?.strip_suffix('-')?;
    ["train", "t10k", "test"].iter().find_map(|name| part.strip_suffix(name))
}

/// The folder of a set and what the names of its files begin with.
fn find_set(path: &Path) -> Result<(PathBuf, String), IdxError> {
    if !path.is_dir()
        && let Some(name) = path.file_name().and_then(|name| name.to_str())
        && let Some(prefix) = set_of(name)
    {
        let folder = folder_of(path);
        return Ok((folder.to_owned(), prefix.to_owned()));
    }
    let folder = path.display().to_string();
    let mut prefixes = BTreeSet::new();
    match path.read_dir() {
        Ok(entries) => {
            for entry in entries {
                let entry = entry.map_err(|source| IdxError::Folder { folder: folder.clone(), source })?;
                let name = entry.file_name();
                prefixes.extend(name.to_str().and_then(set_of).map(str::to_owned));
            }
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(source) => return Err(IdxError::Folder { folder, source }),
    }
    let mut found = prefixes.into_iter();
    match (found.next(), found.next()) {
        (Some(prefix), None) => Ok((path.to_owned(), prefix)),
        (None, _) => Ok((path.to_owned(), String::new())),
        (Some(first), Some(second)) => {
            let prefixes: Vec<String> = [first, second].into_iter().chain(found).collect();
            Err(IdxError::Several { folder, prefixes: listed(&prefixes) })
        }
    }
}

/// Images and labels of one part, under the first of its names that is there; and the file of the images.
fn read_part(folder: &Path, prefix: &str, parts: &[&str]) -> Result<(Images, Vec<u8>, String), IdxError> {
    let (image_file, mut reader) = open(folder, prefix, parts, "images-idx3-ubyte")?;
    let pixels = parse_images(&image_file, &mut reader)?;
    let (label_file, mut reader) = open(folder, prefix, parts, "labels-idx1-ubyte")?;
    let classes = parse_labels(&label_file, &mut reader)?;
    if pixels.count != classes.len() {
        return Err(IdxError::Counts {
            images: image_file,
            image_count: pixels.count,
            labels: label_file,
            label_count: classes.len(),
        });
    }
    Ok((pixels, classes, image_file))
}

fn open(
    folder: &Path,
    prefix: &str,
    parts: &[&str],
    kind: &str,
) -> Result<(String, Box<dyn Read>), IdxError> {
    let spellings = parts.iter().flat_map(|part| {
        let name = format!("{prefix}{part}-{kind}");
        let dotted = name.replace("-idx", ".idx");
        [name.clone(), format!("{name}.gz"), dotted.clone(), format!("{dotted}.gz")]
    });
    let found: Option<PathBuf> = spellings.map(|s| folder.join(s)).find(|path| path.is_file());
    let missing = || {
        // EMNIST calls its test part so, MNIST otherwise.
        let part = if prefix.is_empty() { parts.first() } else { parts.last() };
        let name = format!("{prefix}{}-{kind}", part.copied().unwrap_or_default());
        IdxError::Missing { folder: folder.display().to_string(), name }
    };
    let path = found.ok_or_else(missing)?;
    let file = path.display().to_string();
    let failed = |source| IdxError::Io { file: file.clone(), source };
    let mut reader = BufReader::new(File::open(&path).map_err(failed)?);
    let gzipped = reader.fill_buf().map_err(failed)?.starts_with(&GZIP);
    let reader: Box<dyn Read> =
        if gzipped { Box::new(MultiGzDecoder::new(reader)) } else { Box::new(reader) };
    Ok((file, reader))
}

/// Images from the bytes of an unpacked IDX file; `file` names it in errors.
///
/// # Errors
/// [`IdxError`] for a wrong magic number, sizes beyond reason, too few or too many bytes.
pub fn parse_images(file: &str, reader: impl Read) -> Result<Images, IdxError> {
    let ([count, rows, columns], pixels) = parse(file, reader, IMAGES)?;
    let [count, rows, columns] = [count, rows, columns].map(|size| size as usize);
    Ok(Images { count, rows, columns, pixels })
}

/// Labels from the bytes of an unpacked IDX file; `file` names it in errors.
///
/// # Errors
/// [`IdxError`] for a wrong magic number, sizes beyond reason, too few or too many bytes.
pub fn parse_labels(file: &str, reader: impl Read) -> Result<Vec<u8>, IdxError> {
    let (_, labels): ([u32; 1], _) = parse(file, reader, LABELS)?;
    Ok(labels)
}

fn parse<const DIMENSIONS: usize>(
    file: &str,
    mut reader: impl Read,
    wanted: u32,
) -> Result<([u32; DIMENSIONS], Vec<u8>), IdxError> {
    let failed = |source| IdxError::Io { file: file.to_owned(), source };
    let header_bytes = 4 + 4 * DIMENSIONS as u64;
    let mut header = Vec::new();
    reader.by_ref().take(header_bytes).read_to_end(&mut header).map_err(failed)?;
    let word = |place: usize| -> Result<u32, IdxError> {
        let bytes = header.get(4 * place..).and_then(|rest| rest.first_chunk::<4>());
        let truncated = || IdxError::Truncated {
            file: file.to_owned(),
            found: header.len() as u64,
            needed: header_bytes,
        };
        bytes.map(|bytes| u32::from_be_bytes(*bytes)).ok_or_else(truncated)
    };
    let found = word(0)?;
    if found != wanted {
        return Err(IdxError::Magic { file: file.to_owned(), found, wanted });
    }
    let mut sizes = [0; DIMENSIONS];
    for (dimension, size) in sizes.iter_mut().enumerate() {
        *size = word(dimension + 1)?;
    }
    let announced = sizes
        .iter()
        .try_fold(1u64, |product, &size| product.checked_mul(u64::from(size)))
        .filter(|&bytes| (1..=MAX_BYTES).contains(&bytes))
        .ok_or_else(|| IdxError::Sizes { file: file.to_owned(), sizes: sizes.to_vec() })?;
    let mut body = Vec::new();
    // One byte more than announced, to notice a file that goes on; the vector grows with what is really there.
    reader.take(announced + 1).read_to_end(&mut body).map_err(failed)?;
    let needed = header_bytes + announced;
    match (body.len() as u64).cmp(&announced) {
        std::cmp::Ordering::Less => {
            let found = header_bytes + body.len() as u64;
            Err(IdxError::Truncated { file: file.to_owned(), found, needed })
        }
        std::cmp::Ordering::Equal => Ok((sizes, body)),
        std::cmp::Ordering::Greater => Err(IdxError::TooLong { file: file.to_owned(), needed }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idx(magic: u32, sizes: &[u32], body: &[u8]) -> Vec<u8> {
        let words = std::iter::once(&magic).chain(sizes).flat_map(|word| word.to_be_bytes());
        words.chain(body.iter().copied()).collect()
    }

    #[test]
    fn headers_are_big_endian_and_lengths_exact() {
        let bytes = idx(IMAGES, &[2, 1, 3], &[0, 1, 2, 3, 4, 255]);
        let images = parse_images("f", &bytes[..]).unwrap();
        assert_eq!((images.count, images.rows, images.columns), (2, 1, 3));
        assert_eq!(images.pixels, [0, 1, 2, 3, 4, 255]);
        for end in 0..bytes.len() {
            let wrong = parse_images("f", &bytes[..end]).unwrap_err();
            assert!(
                matches!(&wrong, IdxError::Truncated { found, .. } if *found == end as u64),
                "{end}: {wrong}"
            );
        }
        let text = parse_images("f", &bytes[..20]).unwrap_err().to_string();
        assert!(text.contains("byte 20") && text.contains("22 bytes"), "{text}");
        let long = [&bytes[..], &[0]].concat();
        let text = parse_images("f", &long[..]).unwrap_err().to_string();
        assert!(text.contains("after byte 22"), "{text}");
    }

    #[test]
    fn swapped_and_foreign_files_are_told_apart() {
        let text = parse_images("f", &idx(LABELS, &[1], &[7])[..]).unwrap_err().to_string();
        assert!(text.contains("0x00000801") && text.contains("swapped"), "{text}");
        let text = parse_labels("f", &idx(IMAGES, &[1, 1, 1], &[7])[..]).unwrap_err().to_string();
        assert!(text.contains("0x00000803") && text.contains("swapped"), "{text}");
        let text = parse_labels("f", &b"<!DOCTYPE html>"[..]).unwrap_err().to_string();
        assert!(text.contains("not an IDX file"), "{text}");
    }

    #[test]
    fn absurd_sizes_are_refused_before_anything_is_allocated() {
        for sizes in [[u32::MAX; 3], [0, 28, 28], [60_000, 28, 0], [1 << 30, 2, 1]] {
            let wrong = parse_images("f", &idx(IMAGES, &sizes, &[])[..]).unwrap_err();
            assert!(matches!(&wrong, IdxError::Sizes { sizes: s, .. } if s[..] == sizes), "{wrong}");
        }
        // As large as allowed, but empty: found out without taking the memory.
        let wrong = parse_images("f", &idx(IMAGES, &[1 << 30, 1, 1], &[])[..]).unwrap_err();
        assert!(matches!(wrong, IdxError::Truncated { found: 16, .. }), "{wrong}");
    }

    #[test]
    fn labels_may_be_any_byte() {
        assert_eq!(parse_labels("f", &idx(LABELS, &[3], &[0, 9, 255])[..]).unwrap(), [0, 9, 255]);
    }
}

//! Folders of images: a sub-folder for each class, named by it; perhaps in one folder `train` and one `test`.
//!
//! PNG, JPEG and the portable formats (PGM, PPM, PBM, PAM) are read, as grey values between 0 and 1. All images have one size.
//! Folders and files are taken in their natural order: `img2` before `img10`.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use wheatstone_sim::{Categorized, ErrorCategory};

use thiserror::Error;

use super::csv::{MAX_CLASSES, MAX_NUMBERS};
use super::dataset::{Dataset, DatasetError, Targets};
use super::image_file::{Image, ImageFileError};
use super::summary::{DataSummary, counted};

/// Endings of files that are read.
const ENDINGS: [&str; 7] = ["png", "jpg", "jpeg", "pgm", "ppm", "pbm", "pnm"];

/// Folders of images that cannot be used.
#[derive(Debug, Error)]
pub enum ImageError {
    /// A folder cannot be listed.
    #[error("{folder}: cannot be listed ({source}); check its permissions")]
    Folder {
        /// Path of the folder, as it was named.
        folder: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is nothing to learn from.
    #[error(
        "{folder}: there are no images in sub-folders; put the PNG, JPEG or PGM files of each class into a folder of its own, \
         named by the class"
    )]
    NoImages {
        /// Path of the folder, as it was named.
        folder: String,
    },
    /// A file is no image.
    #[error("{file}: {source}; remove the file, or save the image anew")]
    Image {
        /// Path of the file, as it was named.
        file: String,
        /// What is wrong with it.
        source: ImageFileError,
    },
    /// An image one can look through: what its grey values are depends on what is behind it.
    #[error(
        "{file}: {pixels} of its pixels are transparent, so their grey depends on what is behind them; put the image on a \
         background, for example by `magick IN -background white -flatten OUT`"
    )]
    Transparent {
        /// Path of the file, as it was named.
        file: String,
        /// Pixels that are not fully opaque.
        pixels: usize,
    },
    /// Images of different size.
    #[error(
        "{file}: the image is {found_rows}x{found_columns} pixels and {first} {rows}x{columns}; scale all of them to one size"
    )]
    Size {
        /// Path of the file, as it was named.
        file: String,
        /// How many rows of pixels it has.
        found_rows: usize,
        /// How many pixels a row of it has.
        found_columns: usize,
        /// Path of the first image that was read.
        first: String,
        /// Rows of the first image.
        rows: usize,
        /// Columns of the first image.
        columns: usize,
    },
    /// There are more classes or pixels than a data set takes.
    #[error("{folder}: {what} are more than {limit}; learn from fewer or smaller images")]
    TooMany {
        /// Path of the folder, as it was named.
        folder: String,
        /// What there are too many of.
        what: &'static str,
        /// The most there may be.
        limit: usize,
    },
    /// The images were read and are no data set.
    #[error("{folder}: {source}")]
    Dataset {
        /// Path of the folder, as it was named.
        folder: String,
        /// Why it is no data set.
        source: DatasetError,
    },
}

impl Categorized for ImageError {
    fn category(&self) -> ErrorCategory {
        match self {
            ImageError::Folder { source, .. } => ErrorCategory::BadInput.unless_denied(source),
            ImageError::Image { source, .. } => source.category(),
            ImageError::NoImages { .. }
            | ImageError::Transparent { .. }
            | ImageError::Size { .. }
            | ImageError::TooMany { .. } => ErrorCategory::BadInput,
            ImageError::Dataset { source, .. } => source.category(),
        }
    }
}

/// Reads a folder of images; those of a folder `test` become the test part.
///
/// # Errors
/// [`ImageError`] names the folder or the file.
pub fn read_image_folder(folder: &Path) -> Result<Dataset, ImageError> {
    let place = folder.display().to_string();
    let (train, test) = (folder.join("train"), folder.join("test"));
    let divided = train.is_dir() && test.is_dir();
    let roots = if divided { vec![train, test] } else { vec![folder.to_owned()] };
    let mut names: Vec<String> = Vec::new();
    for root in &roots {
        for class in listing(root)?.into_iter().filter(|path| path.is_dir()) {
            let name = file_name(&class);
            if !names.contains(&name) && listing(&class)?.iter().any(|file| is_image(file)) {
                names.push(name);
            }
        }
    }
    names.sort_by(|a, b| natural(a, b));
    if names.is_empty() {
        return Err(ImageError::NoImages { folder: place });
    }
    if names.len() > MAX_CLASSES {
        return Err(ImageError::TooMany { folder: place, what: "classes", limit: MAX_CLASSES });
    }
    let mut images = Pixels::default();
    let mut labels = Vec::new();
    let (mut test_from, mut others) = (0, 0);
    for root in &roots {
        test_from = labels.len();
        for (label, name) in names.iter().enumerate() {
            let class = root.join(name);
            if !class.is_dir() {
                continue;
            }
            for file in listing(&class)? {
                if is_image(&file) {
                    images.add(&place, &file)?;
                    labels.push(label);
                } else {
                    others += 1;
                }
            }
        }
    }
    let mut notes = vec!["grey values between 0 and 1".to_owned()];
    if images.coloured {
        notes.push("colours became grey".to_owned());
    }
    if others > 0 {
        notes.push(format!("{} not read", counted(others, "other file")));
    }
    let features = super::idx::pixel_names(images.rows, images.columns);
    let targets = Targets::Classes { names, labels };
    let summary = DataSummary::given("folder".to_owned(), &targets, features.len(), notes);
    let whole = |source| ImageError::Dataset { folder: place.clone(), source };
    let set = Dataset::new(place.clone(), features, images.values, targets);
    let set = set.map_err(whole)?.with_summary(summary);
    if divided { set.with_test_from(test_from).map_err(whole) } else { Ok(set) }
}

/// Images so far, all of one size.
#[derive(Default)]
struct Pixels {
    rows: usize,
    columns: usize,
    first: String,
    values: Vec<f64>,
    coloured: bool,
}

impl Pixels {
    fn add(&mut self, folder: &str, path: &Path) -> Result<(), ImageError> {
        let file = path.display().to_string();
        let image = Image::read(path).map_err(|source| ImageError::Image { file: file.clone(), source })?;
        let pixels = image.transparent_pixels();
        if pixels > 0 {
            return Err(ImageError::Transparent { file, pixels });
        }
        let (rows, columns) = (image.height, image.width);
        if self.first.is_empty() {
            (self.rows, self.columns, self.first) = (rows, columns, file);
        } else if (rows, columns) != (self.rows, self.columns) {
            return Err(ImageError::Size {
                file,
                found_rows: rows,
                found_columns: columns,
                first: self.first.clone(),
                rows: self.rows,
                columns: self.columns,
            });
        }
        let pixels = rows * columns;
        if self.values.len() + pixels > MAX_NUMBERS {
            return Err(ImageError::TooMany {
                folder: folder.to_owned(),
                what: "pixels",
                limit: MAX_NUMBERS,
            });
        }
        self.coloured |= image.is_coloured();
        self.values.extend(image.grey());
        Ok(())
    }
}

/// Whether a folder has sub-folders with images in them.
pub fn holds_images(folder: &Path) -> bool {
    let folders =
        |folder: &Path| listing(folder).unwrap_or_default().into_iter().filter(|path| path.is_dir());
    let images = |folder: PathBuf| listing(&folder).unwrap_or_default().iter().any(|file| is_image(file));
    folders(folder).any(|class| images(class.clone()) || folders(&class).any(images))
}

/// What is in a folder and not hidden, in natural order.
fn listing(folder: &Path) -> Result<Vec<PathBuf>, ImageError> {
    let failed = |source| ImageError::Folder { folder: folder.display().to_string(), source };
    let mut paths = Vec::new();
    for entry in folder.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !file_name(&path).starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort_by(|a, b| natural(&file_name(a), &file_name(b)));
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn is_image(path: &Path) -> bool {
    let ending = path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
    path.is_file() && ENDINGS.contains(&ending.as_str())
}

/// Runs of digits by their value, all else letter by letter.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (m, n) = (digits(left), digits(right));
        let order = if m > 0 && n > 0 {
            let (x, y) = (left[..m].trim_start_matches('0'), right[..n].trim_start_matches('0'));
            (left, right) = (&left[m..], &right[n..]);
            x.len().cmp(&y.len()).then_with(|| x.cmp(y))
        } else {
            let (mut x, mut y) = (left.chars(), right.chars());
            match (x.next(), y.next()) {
                (None, None) => return a.cmp(b),
                (p, q) => {
                    (left, right) = (x.as_str(), y.as_str());
                    p.cmp(&q)
                }
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_numbers() {
        let mut names = ["img10", "img2", "b", "10", "9", "img02", "a10b", "a9c"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["9", "10", "a9c", "a10b", "b", "img02", "img2", "img10"]);
    }
}

//! Arrays as NumPy writes them: features and labels in one `.npz`, or in `.npy` files beside each other.
//!
//! Read are booleans, integers and floats of either byte order, texts (as labels), in C and in Fortran order. Arrays of Python
//! objects are pickled programs and refused. A header is believed only as far as the bytes that follow it.

mod npy;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use wheatstone_sim::{Categorized, ErrorCategory};

use thiserror::Error;

pub use self::npy::{Array, Values, parse_npy};
use super::csv::{FEW_DISTINCT, MAX_CLASSES, TargetKind};
use super::dataset::{Dataset, DatasetError, Targets};
use super::summary::{DataSummary, listed, shortened};
use crate::whole_file::folder_of;

/// What features and labels are called together: of the training part, and of the test part if the set is divided.
const NAMES: [[&str; 4]; 9] = [
    ["x_train", "y_train", "x_test", "y_test"],
    ["train_images", "train_labels", "test_images", "test_labels"],
    ["train_x", "train_y", "test_x", "test_y"],
    ["x", "y", "", ""],
    ["data", "target", "", ""],
    ["data", "labels", "", ""],
    ["images", "labels", "", ""],
    ["features", "labels", "", ""],
    ["arr_0", "arr_1", "", ""],
];

/// Arrays that cannot be used.
#[derive(Debug, Error)]
pub enum ArrayError {
    /// A file could not be read.
    #[error("{file}: cannot be read ({source}); check the path, or fetch the file again")]
    Io {
        /// Path of the file, as it was named.
        file: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not a zip archive.
    #[error("{file}: is no .npz archive ({source}); write it with numpy.savez, or fetch it again")]
    Archive {
        /// Path of the file, as it was named.
        file: String,
        /// What is wrong with it.
        source: zip::result::ZipError,
    },
    /// An array that is damaged or of a kind that is not read.
    #[error("{array}: {problem}")]
    Array {
        /// The file, and the array in it.
        array: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// No pair of features and labels.
    #[error(
        "{file}: there are the arrays {there}, and no pair of features and labels among them; call them X and y, or \
         x_train, y_train, x_test and y_test"
    )]
    NoPair {
        /// The file or folder.
        file: String,
        /// The arrays there are.
        there: String,
    },
    /// Features and labels that do not pair up.
    #[error("{file}: {features} holds {found} rows and {labels} {expected}; they are not a pair")]
    Rows {
        /// The file or folder.
        file: String,
        /// The array of features.
        features: String,
        /// How many rows it has.
        found: usize,
        /// The array of labels.
        labels: String,
        /// How many rows it has.
        expected: usize,
    },
    /// Arrays of a shape that is no table.
    #[error("{file}: {array} has the shape {shape:?}; {needs}")]
    Shape {
        /// The file or folder.
        file: String,
        /// Name of the array.
        array: String,
        /// Length along each axis.
        shape: Vec<usize>,
        /// What it has to be.
        needs: &'static str,
    },
    /// The arrays were read and are no data set.
    #[error("{file}: {source}")]
    Dataset {
        /// The file or folder.
        file: String,
        /// Why it is no data set.
        source: DatasetError,
    },
}

impl Categorized for ArrayError {
    fn category(&self) -> ErrorCategory {
        match self {
            ArrayError::Io { source, .. } => ErrorCategory::BadInput.unless_denied(source),
            ArrayError::Archive { .. }
            | ArrayError::Array { .. }
            | ArrayError::NoPair { .. }
            | ArrayError::Rows { .. }
            | ArrayError::Shape { .. } => ErrorCategory::BadInput,
            ArrayError::Dataset { source, .. } => source.category(),
        }
    }
}

/// Reads a `.npz` file, a `.npy` file of features with its labels beside it, or a folder with such files.
///
/// # Errors
/// [`ArrayError`] names the file and the array.
pub fn read_arrays(path: &Path, kind: TargetKind) -> Result<Dataset, ArrayError> {
    let file = path.display().to_string();
    let mut archive = Archive::open(path)?;
    let there = archive.names();
    let find = |name: &str| there.iter().find(|there| there.eq_ignore_ascii_case(name)).cloned();
    let pair = NAMES.iter().find_map(|names| Some((names, find(names[0])?, find(names[1])?)));
    let Some((names, features, labels)) = pair else {
        return Err(ArrayError::NoPair { file, there: listed(&there) });
    };
    let test = find(names[2]).zip(find(names[3]));
    let mut x = archive.read(&features)?;
    let mut y = archive.read(&labels)?;
    check_rows(&file, (&features, &x), (&labels, &y))?;
    let train_rows = rows(&x);
    if let Some((more_features, more_labels)) = &test {
        let (more_x, more_y) = (archive.read(more_features)?, archive.read(more_labels)?);
        check_rows(&file, (more_features, &more_x), (more_labels, &more_y))?;
        append(&file, more_features, &mut x, more_x)?;
        append(&file, more_labels, &mut y, more_y)?;
    }
    let mut notes =
        vec![format!("features from {}, labels from {}", shortened(&features), shortened(&labels))];
    let used = [Some(&features), Some(&labels), test.as_ref().map(|t| &t.0), test.as_ref().map(|t| &t.1)];
    let unused: Vec<String> = there.iter().filter(|name| !used.contains(&Some(name))).cloned().collect();
    if !unused.is_empty() {
        notes.push(format!("not used: {}", listed(&unused)));
    }
    let names = feature_names(&x.shape);
    let image = x.shape.len() >= 3;
    let Values::Numbers(mut values) = x.values else {
        let needs = "features are numbers; encode the texts first";
        return Err(ArrayError::Shape { file, array: features, shape: x.shape, needs });
    };
    if image && x.bytes {
        values.iter_mut().for_each(|value| *value /= 255.0);
        notes.push("bytes divided by 255".to_owned());
    }
    let targets = targets(&file, &labels, y, kind, &mut notes)?;
    let summary = DataSummary::given(labels, &targets, names.len(), notes);
    let whole = |source| ArrayError::Dataset { file: file.clone(), source };
    let set = Dataset::new(file.clone(), names, values, targets).map_err(whole)?.with_summary(summary);
    match test {
        Some(_) => set.with_test_from(train_rows).map_err(whole),
        None => Ok(set),
    }
}

/// Whether a folder holds arrays.
pub fn holds_arrays(folder: &Path) -> bool {
    Archive::open(folder).is_ok_and(|archive| !archive.names().is_empty())
}

/// Arrays by name, from one file or several.
enum Archive {
    Zip { file: String, zip: Box<zip::ZipArchive<BufReader<File>>> },
    Files { folder: PathBuf, names: Vec<String> },
}

impl Archive {
    fn open(path: &Path) -> Result<Archive, ArrayError> {
        let file = path.display().to_string();
        let failed = |source| ArrayError::Io { file: file.clone(), source };
        let folder = if path.is_dir() {
            path.to_owned()
        } else if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("npy")) {
            File::open(path).map_err(failed)?;
            folder_of(path).to_owned()
        } else {
            let reader = BufReader::new(File::open(path).map_err(failed)?);
            let zip = zip::ZipArchive::new(reader)
                .map_err(|source| ArrayError::Archive { file: file.clone(), source })?;
            return Ok(Archive::Zip { file, zip: Box::new(zip) });
        };
        let mut names = Vec::new();
        for entry in folder.read_dir().map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
            names.extend(name.strip_suffix(".npy").map(str::to_owned));
        }
        names.sort();
        Ok(Archive::Files { folder, names })
    }

    fn names(&self) -> Vec<String> {
        match self {
            Archive::Files { names, .. } => names.clone(),
            Archive::Zip { zip, .. } => {
                let listed = zip.file_names().filter_map(Result::ok);
                let mut names: Vec<String> =
                    listed.filter_map(|name| name.strip_suffix(".npy").map(str::to_owned)).collect();
                names.sort();
                names
            }
        }
    }

    fn read(&mut self, name: &str) -> Result<Array, ArrayError> {
        match self {
            Archive::Files { folder, .. } => {
                let path = folder.join(format!("{name}.npy"));
                let array = path.display().to_string();
                let reader =
                    File::open(&path).map_err(|source| ArrayError::Io { file: array.clone(), source })?;
                parse_npy(&array, BufReader::new(reader))
            }
            Archive::Zip { file, zip } => {
                let array = format!("{file}, {name}");
                let entry = zip
                    .by_name(&format!("{name}.npy"))
                    .map_err(|source| ArrayError::Archive { file: file.clone(), source })?;
                parse_npy(&array, entry)
            }
        }
    }
}

fn rows(array: &Array) -> usize {
    array.shape.first().copied().unwrap_or(0)
}

fn check_rows(file: &str, x: (&str, &Array), y: (&str, &Array)) -> Result<(), ArrayError> {
    for (name, array) in [x, y] {
        if array.shape.is_empty() || array.shape.contains(&0) {
            let (array, shape) = (name.to_owned(), array.shape.clone());
            return Err(ArrayError::Shape {
                file: file.into(),
                array,
                shape,
                needs: "give at least one row",
            });
        }
    }
    let (found, expected) = (rows(x.1), rows(y.1));
    if found == expected {
        return Ok(());
    }
    let (features, labels) = (x.0.to_owned(), y.0.to_owned());
    Err(ArrayError::Rows { file: file.to_owned(), features, found, labels, expected })
}

fn append(file: &str, name: &str, array: &mut Array, more: Array) -> Result<(), ArrayError> {
    let same = array.shape.get(1..) == more.shape.get(1..);
    match (&mut array.values, more.values) {
        (Values::Numbers(values), Values::Numbers(further)) if same => values.extend(further),
        (Values::Texts(values), Values::Texts(further)) if same => values.extend(further),
        _ => {
            let needs = "the test part needs the shape and type of the training part";
            return Err(ArrayError::Shape {
                file: file.into(),
                array: name.into(),
                shape: more.shape,
                needs,
            });
        }
    }
    array.shape[0] += more.shape[0];
    array.bytes &= more.bytes;
    Ok(())
}

/// `pixel_r_c` for images of one channel, else `f0`, `f1`, ...
fn feature_names(shape: &[usize]) -> Vec<String> {
    match shape {
        &[_, rows, columns] | &[_, rows, columns, 1] | &[_, 1, rows, columns] => {
            super::idx::pixel_names(rows, columns)
        }
        _ => (0..shape.iter().skip(1).product()).map(|feature| format!("f{feature}")).collect(),
    }
}

fn targets(
    file: &str,
    name: &str,
    y: Array,
    kind: TargetKind,
    notes: &mut Vec<String>,
) -> Result<Targets, ArrayError> {
    let rows = rows(&y);
    let answers: usize = y.shape.iter().skip(1).product();
    let shape = y.shape.clone();
    let refused =
        |needs| ArrayError::Shape { file: file.into(), array: name.into(), shape: shape.clone(), needs };
    let values = match y.values {
        Values::Texts(texts) if answers == 1 && kind != TargetKind::Regression => {
            let known: BTreeSet<&String> = texts.iter().collect();
            let names: Vec<String> = known.into_iter().cloned().collect();
            if names.len() > MAX_CLASSES {
                return Err(refused(
                    "there are more than 1000 different texts; give numbers, or fewer classes",
                ));
            }
            let labels = texts.iter().map(|text| names.partition_point(|name| name < text)).collect();
            return Ok(Targets::Classes { names, labels });
        }
        Values::Texts(_) => return Err(refused("texts are one class a row, and no numbers")),
        Values::Numbers(values) => values,
    };
    if values.iter().any(|value| !value.is_finite()) {
        return Err(refused("it holds NaN or an infinity; leave those rows out"));
    }
    if answers > 1 {
        if kind != TargetKind::Regression
            && let Some(labels) = one_hot(&values, answers)
        {
            notes.push(format!("{} is one-hot", shortened(name)));
            return Ok(Targets::Classes {
                names: (0..answers).map(|class| class.to_string()).collect(),
                labels,
            });
        }
        if kind == TargetKind::Classification {
            return Err(refused("classes are one number or text a row, or one-hot"));
        }
        return Ok(Targets::Values { names: (0..answers).map(|i| format!("y{i}")).collect(), rows: values });
    }
    let mut known: Vec<f64> = Vec::new();
    for &value in &values {
        if let Err(place) = known.binary_search_by(|k| k.total_cmp(&(value + 0.0))) {
            known.insert(place, value + 0.0);
            if known.len() > MAX_CLASSES {
                break;
            }
        }
    }
    let whole = known.iter().all(|value| value.fract() == 0.0);
    let few =
        2 * known.len() <= rows && (known.len() <= FEW_DISTINCT || (y.integers && 10 * known.len() <= rows));
    match kind {
        TargetKind::Classification if known.len() > MAX_CLASSES => {
            Err(refused("there are more than 1000 different values; ask for --kind regression"))
        }
        TargetKind::Classification => Ok(numbered(&known, &values)),
        TargetKind::Auto if whole && few && known.len() <= MAX_CLASSES => Ok(numbered(&known, &values)),
        _ => Ok(Targets::Values { names: vec![name.to_owned()], rows: values }),
    }
}

fn numbered(known: &[f64], values: &[f64]) -> Targets {
    Targets::Classes {
        names: known.iter().map(ToString::to_string).collect(),
        labels: values.iter().map(|value| known.partition_point(|k| k < value)).collect(),
    }
}

/// The places of the ones, if every row has one and zeros else.
fn one_hot(values: &[f64], width: usize) -> Option<Vec<usize>> {
    let place = |row: &[f64]| {
        let ones = row.iter().filter(|value| **value == 1.0).count();
        let plain = row.iter().all(|value| *value == 0.0 || *value == 1.0);
        (plain && ones == 1).then(|| row.iter().position(|value| *value == 1.0)).flatten()
    };
    values.chunks_exact(width).map(place).collect()
}

//! The data layer from outside: whatever bytes arrive, rows that are divided, folders of IDX files.

#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use proptest::prelude::*;
use wheatstone_learn::data::csv::{Separator, parse_csv, parse_features, parse_labelled};
use wheatstone_learn::data::dataset::TargetNames;
use wheatstone_learn::data::idx::{parse_images, parse_labels, read_mnist};
use wheatstone_learn::data::split::{plain_folds, plain_splits, stratified_folds, stratified_splits};
use wheatstone_learn::data::{
    Builtin, CellKind, CsvOptions, IdxError, KnownTable, Missing, Split, TableColumn, TargetKind, Targets,
};

const VALID: &str = "a,b,c,kind\n1,2.5,-3,cat\n4,5e1,6,\"ant, red\"\r\n\n7,8,9,cat\n0.5,0.25,-1,bee\n";

/// Reads in every way there is; only that it returns matters.
fn read_all_ways(bytes: &[u8]) {
    let column = |name: &str, cells| TableColumn { name: name.to_owned(), cells };
    let classes = TargetNames::Classes(vec!["ant".into(), "bee".into()]);
    let columns = vec![column("a", CellKind::Number), column("b", CellKind::Boolean)];
    let known =
        KnownTable { columns, targets: classes, separator: Some(Separator::Semicolon), fills_gaps: false };
    for missing in [Missing::Error, Missing::Drop, Missing::Mean] {
        for header in [None, Some(true), Some(false)] {
            for targets in [vec![], vec!["kind".to_owned()], vec!["1".to_owned(), "2".to_owned()]] {
                let mut options = CsvOptions { targets, missing, header, ..CsvOptions::default() };
                for kind in [TargetKind::Auto, TargetKind::Classification, TargetKind::Regression] {
                    options.kind = kind;
                    match parse_csv("fuzz.csv", bytes, &options) {
                        Ok(set) => {
                            let whole = |x: &f64| x.is_finite() || (x.is_nan() && missing == Missing::Mean);
                            assert!((0..set.rows()).all(|row| set.row(row).iter().all(whole)));
                            let again = parse_csv("fuzz.csv", bytes, set.resolved().unwrap()).unwrap();
                            assert_eq!((again.targets(), again.features()), (set.targets(), set.features()));
                        }
                        Err(wrong) => assert!(wrong.to_string().starts_with("fuzz.csv:")),
                    }
                }
                let _ = parse_labelled("fuzz.csv", bytes, &known, &options);
                if let Ok(rows) = parse_features("fuzz.csv", bytes, &known, &options) {
                    assert!((0..rows.rows()).all(|row| rows.row(row).len() == 2));
                }
            }
        }
    }
    let _ = parse_images("fuzz", bytes);
    let _ = parse_labels("fuzz", bytes);
}

fn assert_partition(split: &Split, rows: usize) {
    let mut all: Vec<usize> = split.train.iter().chain(&split.test).copied().collect();
    all.sort_unstable();
    assert_eq!(all, (0..rows).collect::<Vec<_>>());
    assert!(!split.train.is_empty() && !split.test.is_empty());
    assert!(split.train.is_sorted() && split.test.is_sorted());
}

fn class_counts(labels: &[usize], rows: &[usize]) -> BTreeMap<usize, usize> {
    rows.iter().fold(BTreeMap::new(), |mut counts, &row| {
        *counts.entry(labels[row]).or_insert(0) += 1;
        counts
    })
}

/// Labels in which every class has at least `least` rows, mixed up.
fn labels(least: usize) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(least..least + 12, 1..5)
        .prop_map(|counts| {
            counts
                .iter()
                .enumerate()
                .flat_map(|(class, &n)| std::iter::repeat_n(class, n))
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
}

proptest! {
    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all_ways(&bytes);
    }

    #[test]
    fn nor_do_letters_that_mean_something(text in "[abkind0-9.,;|#\t\"\n\r\\-eENA? ]{0,200}") {
        read_all_ways(text.as_bytes());
    }

    #[test]
    fn nor_do_damaged_tables(
        edits in prop::collection::vec((0..VALID.len(), prop::option::of(any::<u8>())), 1..8),
        end in 0..=VALID.len(),
    ) {
        let mut bytes = VALID.as_bytes().to_vec();
        for (place, edit) in edits {
            let place = place % bytes.len();
            match edit {
                Some(byte) => bytes[place] = byte,
                None => { bytes.remove(place); }
            }
        }
        bytes.truncate(end);
        read_all_ways(&bytes);
    }

    #[test]
    fn stratified_folds_partition_and_are_even(labels in labels(5), folds in 2..=5usize, seed: u64) {
        let made = stratified_folds(&labels, &[], folds, seed).unwrap();
        prop_assert_eq!(made.len(), folds);
        let mut tested = vec![0; labels.len()];
        let mut counts = Vec::new();
        for split in &made {
            assert_partition(split, labels.len());
            split.test.iter().for_each(|&row| tested[row] += 1);
            counts.push(class_counts(&labels, &split.test));
        }
        prop_assert!(tested.iter().all(|&times| times == 1));
        for &class in counts[0].keys() {
            let of_class = || counts.iter().map(|count| count[&class]);
            prop_assert!(of_class().max().unwrap() - of_class().min().unwrap() <= 1);
        }
        let sizes = || made.iter().map(|split| split.test.len());
        prop_assert!(sizes().max().unwrap() - sizes().min().unwrap() <= 1);
        prop_assert_eq!(&made, &stratified_folds(&labels, &[], folds, seed).unwrap());
    }

    #[test]
    fn stratified_splits_keep_the_fraction_of_every_class(labels in labels(2), fraction in 0.01..0.99f64, seed: u64) {
        let all: Vec<usize> = (0..labels.len()).collect();
        let members = class_counts(&labels, &all);
        for split in stratified_splits(&labels, &[], 3, fraction, seed).unwrap() {
            assert_partition(&split, labels.len());
            let tested = class_counts(&labels, &split.test);
            for (class, &n) in &members {
                prop_assert!((tested[class] as f64 - n as f64 * fraction).abs() <= 1.0);
                prop_assert!(tested[class] < n);
            }
        }
    }

    #[test]
    fn plain_divisions_partition(rows in 2..60usize, fraction in 0.01..0.99f64, seed: u64) {
        for split in plain_splits(rows, 2, fraction, seed).unwrap() {
            assert_partition(&split, rows);
            prop_assert!((split.test.len() as f64 - rows as f64 * fraction).abs() <= 1.0);
        }
        let folds = plain_folds(rows, rows.min(7), seed).unwrap();
        folds.iter().for_each(|split| assert_partition(split, rows));
        prop_assert_eq!(folds.iter().map(|split| split.test.len()).sum::<usize>(), rows);
    }
}

#[test]
fn a_valid_table_is_read() {
    let set = parse_csv("v.csv", VALID.as_bytes(), &CsvOptions::default()).unwrap();
    assert_eq!((set.rows(), set.targets().names()), (4, &["ant, red", "bee", "cat"].map(str::to_owned)[..]));
}

#[test]
fn every_fold_of_iris_holds_ten_of_each_species() {
    let iris = Builtin::Iris.load().unwrap();
    let Targets::Classes { labels, names } = iris.targets() else { panic!("iris has classes") };
    for split in stratified_folds(labels, names, 5, 1).unwrap() {
        assert_eq!(class_counts(labels, &split.test).into_values().collect::<Vec<_>>(), [10, 10, 10]);
    }
}

/// Images of 2x3 pixels, the pixels of image i all `10 i + its place`.
fn image_file(count: u8, rows: u32, columns: u32) -> Vec<u8> {
    let header = [0x0803, u32::from(count), rows, columns];
    let mut bytes: Vec<u8> = header.iter().flat_map(|word| word.to_be_bytes()).collect();
    let pixels = u8::try_from(rows * columns).unwrap();
    bytes.extend((0..count).flat_map(|image| (0..pixels).map(move |place| 10 * image + place)));
    bytes
}

fn label_file(labels: &[u8]) -> Vec<u8> {
    let header = [0x0801, u32::try_from(labels.len()).unwrap()];
    header.iter().flat_map(|word| word.to_be_bytes()).chain(labels.iter().copied()).collect()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn folder(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn read(folder: &tempfile::TempDir) -> Result<wheatstone_learn::data::Dataset, IdxError> {
    read_mnist(folder.path())
}

#[test]
fn a_folder_of_idx_files_is_one_data_set_with_a_test_part() {
    // Plain, gzipped, the other spelling, and unpacked under a packed name.
    let mixed = folder(&[
        ("train-images-idx3-ubyte", image_file(3, 2, 3)),
        ("train-labels-idx1-ubyte.gz", gzipped(&label_file(&[30, 4, 30]))),
        ("t10k-images.idx3-ubyte.gz", gzipped(&image_file(2, 2, 3))),
        ("t10k-labels-idx1-ubyte.gz", label_file(&[4, 9])),
    ]);
    let set = read(&mixed).unwrap();
    assert_eq!((set.rows(), set.test_from(), set.features().len()), (5, Some(3), 6));
    assert_eq!((set.features()[0].as_str(), set.features()[5].as_str()), ("pixel_0_0", "pixel_1_2"));
    assert_eq!(set.row(2)[5], 25.0 / 255.0);
    assert_eq!(set.row(4)[0], 10.0 / 255.0);
    assert_eq!(set.targets().names(), ["4", "9", "30"].map(str::to_owned));
    let classes: Vec<usize> = (0..5).filter_map(|row| set.label(row)).collect();
    assert_eq!(classes, [2, 0, 2, 0, 1]);
}

#[test]
fn damaged_idx_folders_name_the_file() {
    let whole = || {
        vec![
            ("train-images-idx3-ubyte", image_file(3, 2, 3)),
            ("train-labels-idx1-ubyte", label_file(&[0, 1, 0])),
            ("t10k-images-idx3-ubyte", image_file(2, 2, 3)),
            ("t10k-labels-idx1-ubyte", label_file(&[1, 1])),
        ]
    };
    assert!(read(&folder(&whole())).is_ok());
    let damaged = |place: usize, name: &'static str, bytes: Vec<u8>| {
        let mut files = whole();
        files[place] = (name, bytes);
        read(&folder(&files)).unwrap_err().to_string()
    };
    let text = damaged(2, "something-else", vec![]);
    assert!(text.contains("no t10k-images-idx3-ubyte in") && text.contains(".gz"), "{text}");
    let text = damaged(0, "train-images-idx3-ubyte", label_file(&[1]));
    assert!(text.contains("train-images-idx3-ubyte") && text.contains("swapped"), "{text}");
    let text = damaged(1, "train-labels-idx1-ubyte", label_file(&[0, 1]));
    assert!(text.contains("3 images") && text.contains("2 labels") && text.contains("not a pair"), "{text}");
    let text = damaged(2, "t10k-images-idx3-ubyte", image_file(2, 3, 2));
    assert!(text.contains("3x2") && text.contains("2x3"), "{text}");
    let text = damaged(3, "t10k-labels-idx1-ubyte", label_file(&[1, 1])[..9].to_vec());
    assert!(text.contains("t10k-labels-idx1-ubyte ends at byte 9") && text.contains("10 bytes"), "{text}");
    let packed = gzipped(&label_file(&[1, 1]));
    let text = damaged(3, "t10k-labels-idx1-ubyte.gz", packed[..packed.len() - 9].to_vec());
    assert!(text.contains("t10k-labels-idx1-ubyte.gz cannot be read") && text.contains("damaged"), "{text}");

    let mut one_class = whole();
    one_class[1].1 = label_file(&[1, 1, 1]);
    assert!(matches!(read(&folder(&one_class)), Err(IdxError::Dataset(_))));
    assert!(matches!(read_mnist(Path::new("no/such/folder")), Err(IdxError::Missing { .. })));
}

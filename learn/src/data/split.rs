//! Training and test rows: folds of a cross-validation and repeated random splits.
//!
//! All draws come from ChaCha8 (`seed_from_u64`) through a Fisher-Yates shuffle of our own, so the same seed
//! gives the same rows on every machine and with every version of the libraries. An index below `n` is drawn
//! as the upper 64 bits of `n` times a random 64-bit number; its bias is below `n / 2^64`.
//!
//! Rows of a split are indices into the list that was given, in ascending order; the order of training is
//! not decided here.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use thiserror::Error;
use wheatstone_sim::categorize;

use crate::data::dataset::Targets;

/// Which rows to learn from and which to be tested on; together all rows, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Rows to learn from, ascending.
    pub train: Vec<usize>,
    /// Rows to be tested on, ascending.
    pub test: Vec<usize>,
}

/// A division that cannot be made.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SplitError {
    /// Fewer than two folds.
    #[error("{folds} folds are asked for; a cross-validation needs at least 2")]
    Folds {
        /// How many folds were asked for.
        folds: usize,
    },
    /// A class too small to be divided.
    #[error(
        "class {class} has {members} row(s) and {needed} are needed; choose fewer folds or leave the class out"
    )]
    SmallClass {
        /// Name of the class.
        class: String,
        /// How many rows it has.
        members: usize,
        /// How many rows are needed.
        needed: usize,
    },
    /// A class of one row, which cannot be both learned and tested.
    #[error(
        "class {class} has a single row, and a row to learn from and one to be tested on are needed; add rows of it or leave \
         it out"
    )]
    SingleRow {
        /// Name of the class.
        class: String,
    },
    /// Too few rows for two parts.
    #[error(
        "there are {rows} rows, and 2 are needed to learn from one part and be tested on the other; add rows"
    )]
    NoTwoParts {
        /// How many rows there are.
        rows: usize,
    },
    /// Too few rows to be divided.
    #[error("there are {rows} rows and {needed} are needed; choose fewer folds or add rows")]
    TooFewRows {
        /// How many rows there are.
        rows: usize,
        /// How many rows are needed.
        needed: usize,
    },
    /// A test fraction that leaves one side empty.
    #[error("the test fraction is {fraction}; choose one above 0 and below 1, such as 0.2")]
    Fraction {
        /// The fraction that was asked for.
        fraction: f64,
    },
}

categorize! {
    SplitError {
        BadInput: Folds, SmallClass, SingleRow, NoTwoParts, TooFewRows, Fraction;
    }
}

/// Folds that suit the targets: [`stratified_folds`] for classes, [`plain_folds`] for values.
///
/// # Errors
/// Those of the two functions.
pub fn folds(targets: &Targets, folds: usize, seed: u64) -> Result<Vec<Split>, SplitError> {
    match targets {
        Targets::Classes { names, labels } => stratified_folds(labels, names, folds, seed),
        Targets::Values { .. } => plain_folds(targets.rows(), folds, seed),
    }
}

/// Random splits that suit the targets: [`stratified_splits`] for classes, [`plain_splits`] for values.
///
/// # Errors
/// Those of the two functions.
pub fn splits(
    targets: &Targets,
    count: usize,
    test_fraction: f64,
    seed: u64,
) -> Result<Vec<Split>, SplitError> {
    match targets {
        Targets::Classes { names, labels } => stratified_splits(labels, names, count, test_fraction, seed),
        Targets::Values { .. } => plain_splits(targets.rows(), count, test_fraction, seed),
    }
}

/// Divides the rows into `folds` parts, each the test part once, with every class spread evenly: between two
/// folds the number of rows of a class differs by at most 1, and so does the number of all rows.
///
/// `names` is only used to name a class in an error. Classes without a row are ignored.
///
/// # Errors
/// [`SplitError::Folds`] below 2 folds, [`SplitError::SmallClass`] for a class with fewer rows than folds,
/// [`SplitError::TooFewRows`] without any row.
pub fn stratified_folds(
    labels: &[usize],
    names: &[String],
    folds: usize,
    seed: u64,
) -> Result<Vec<Split>, SplitError> {
    deal(by_class(labels), |class| class_name(names, class), labels.len(), folds, seed)
}

/// Divides `rows` rows into `folds` parts of equal size up to 1, each the test part once.
///
/// # Errors
/// [`SplitError::Folds`] below 2 folds, [`SplitError::TooFewRows`] with fewer rows than folds.
pub fn plain_folds(rows: usize, folds: usize, seed: u64) -> Result<Vec<Split>, SplitError> {
    if rows < folds {
        return Err(SplitError::TooFewRows { rows, needed: folds });
    }
    deal(vec![(0, (0..rows).collect())], |_| String::new(), rows, folds, seed)
}

/// Draws `count` independent splits in which every class gives the same fraction of its rows to the test part:
/// rounded to nearest, but at least one row and not all of them.
///
/// The splits are drawn one after the other, so a larger `count` only adds splits at the end.
///
/// # Errors
/// [`SplitError::Fraction`] unless `0 < test_fraction < 1`, [`SplitError::SingleRow`] for a class with a
/// single row, [`SplitError::NoTwoParts`] without any row.
pub fn stratified_splits(
    labels: &[usize],
    names: &[String],
    count: usize,
    test_fraction: f64,
    seed: u64,
) -> Result<Vec<Split>, SplitError> {
    check_fraction(test_fraction)?;
    if labels.is_empty() {
        return Err(SplitError::NoTwoParts { rows: 0 });
    }
    let groups = by_class(labels);
    if let Some((class, _)) = groups.iter().find(|(_, members)| members.len() < 2) {
        return Err(SplitError::SingleRow { class: class_name(names, *class) });
    }
    Ok(draw(&groups, labels.len(), count, test_fraction, seed))
}

/// Draws `count` independent splits of `rows` rows with the given fraction for testing, rounded to nearest, but
/// at least one row and not all of them.
///
/// # Errors
/// [`SplitError::Fraction`] unless `0 < test_fraction < 1`, [`SplitError::NoTwoParts`] below 2 rows.
pub fn plain_splits(
    rows: usize,
    count: usize,
    test_fraction: f64,
    seed: u64,
) -> Result<Vec<Split>, SplitError> {
    check_fraction(test_fraction)?;
    if rows < 2 {
        return Err(SplitError::NoTwoParts { rows });
    }
    Ok(draw(&[(0, (0..rows).collect())], rows, count, test_fraction, seed))
}

/// Fisher-Yates, from the last place down.
pub fn shuffle<T>(items: &mut [T], rng: &mut ChaCha8Rng) {
    for place in (1..items.len()).rev() {
        items.swap(place, below(place + 1, rng));
    }
}

/// A random index below `n`: the upper half of `n` times 64 random bits; 0 for an `n` of 0.
fn below(n: usize, rng: &mut ChaCha8Rng) -> usize {
    let product = u128::from(rng.next_u64()) * n as u128;
    usize::try_from(product >> 64).unwrap_or(0)
}

/// The rows of every class that has any, by ascending class.
fn by_class(labels: &[usize]) -> Vec<(usize, Vec<usize>)> {
    let mut groups = std::collections::BTreeMap::<usize, Vec<usize>>::new();
    for (row, &label) in labels.iter().enumerate() {
        groups.entry(label).or_default().push(row);
    }
    groups.into_iter().collect()
}

fn class_name(names: &[String], class: usize) -> String {
    names.get(class).cloned().unwrap_or_else(|| format!("number {class}"))
}

/// Shuffles every group and deals its rows to the folds in turn; the next group goes on where this one ended,
/// which keeps the folds' total sizes even too.
fn deal(
    groups: Vec<(usize, Vec<usize>)>,
    name: impl Fn(usize) -> String,
    rows: usize,
    folds: usize,
    seed: u64,
) -> Result<Vec<Split>, SplitError> {
    if folds < 2 {
        return Err(SplitError::Folds { folds });
    }
    if rows == 0 {
        return Err(SplitError::TooFewRows { rows, needed: folds });
    }
    if let Some((class, members)) = groups.iter().find(|(_, members)| members.len() < folds) {
        let members = members.len();
        return Err(SplitError::SmallClass { class: name(*class), members, needed: folds });
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut fold_of = vec![0; rows];
    let mut turn = 0;
    for (_, mut members) in groups {
        shuffle(&mut members, &mut rng);
        for row in members {
            fold_of[row] = turn % folds;
            turn += 1;
        }
    }
    Ok((0..folds).map(|fold| divided(rows, |row| fold_of[row] == fold)).collect())
}

fn draw(groups: &[(usize, Vec<usize>)], rows: usize, count: usize, fraction: f64, seed: u64) -> Vec<Split> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let one = |_| {
        let mut tested = vec![false; rows];
        for (_, members) in groups {
            let mut members = members.clone();
            shuffle(&mut members, &mut rng);
            for &row in &members[..test_rows(members.len(), fraction)] {
                tested[row] = true;
            }
        }
        divided(rows, |row| tested[row])
    };
    (0..count).map(one).collect()
}

/// The fraction of `members`, rounded to nearest, ties up, inside `1..members`.
fn test_rows(members: usize, fraction: f64) -> usize {
    #[expect(clippy::cast_precision_loss, reason = "a data set has far fewer than 2^53 rows")]
    let exact = members as f64 * fraction;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and below the number of rows plus one"
    )]
    let rounded = (exact + 0.5) as usize;
    rounded.clamp(1, members - 1)
}

fn divided(rows: usize, is_test: impl Fn(usize) -> bool) -> Split {
    let (test, train) = (0..rows).partition(|&row| is_test(row));
    Split { train, test }
}

fn check_fraction(fraction: f64) -> Result<(), SplitError> {
    if fraction > 0.0 && fraction < 1.0 { Ok(()) } else { Err(SplitError::Fraction { fraction }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).to_vec()
    }

    #[test]
    fn the_same_seed_gives_the_same_rows_everywhere() {
        // Golden values: they may change on no machine and with no version of a library.
        let folds = plain_folds(8, 2, 1).unwrap();
        assert_eq!(folds[0].test, GOLDEN_FOLD);
        let splits = stratified_splits(&[0, 0, 0, 1, 1, 1], &names(), 2, 0.34, 7).unwrap();
        assert_eq!([&splits[0].test, &splits[1].test], GOLDEN_SPLITS);
        assert_ne!(plain_folds(100, 2, 1), plain_folds(100, 2, 2));
    }

    const GOLDEN_FOLD: [usize; 4] = [0, 1, 2, 5];
    const GOLDEN_SPLITS: [&[usize]; 2] = [&[1, 3], &[2, 5]];

    #[test]
    fn more_splits_only_add_at_the_end() {
        let few = plain_splits(20, 2, 0.25, 3).unwrap();
        let many = plain_splits(20, 5, 0.25, 3).unwrap();
        assert_eq!(few[..], many[..2]);
        assert_eq!(many[0].test.len(), 5);
        assert_ne!(many[0], many[1]);
    }

    #[test]
    fn every_shuffle_occurs_about_equally_often() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            let mut items = [0, 1, 2];
            shuffle(&mut items, &mut rng);
            *counts.entry(items).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // Six standard deviations of a binomial with mean 1000.
        assert!(counts.values().all(|n| (827..=1173).contains(n)), "{counts:?}");
    }

    #[test]
    fn a_test_part_is_never_empty_and_never_everything() {
        assert_eq!([2, 2, 10, 3].map(|n| test_rows(n, 0.01)), [1, 1, 1, 1]);
        assert_eq!([2, 10, 3].map(|n| test_rows(n, 0.99)), [1, 9, 2]);
        assert_eq!([10, 5, 50].map(|n| test_rows(n, 0.25)), [3, 1, 13]);
    }

    #[test]
    fn divisions_that_cannot_be_made_say_why() {
        let text = stratified_folds(&[0, 0, 0, 1, 1], &names(), 3, 0).unwrap_err().to_string();
        assert!(text.contains("class b has 2 row(s) and 3 are needed"), "{text}");
        let text = stratified_splits(&[0, 0, 2], &names(), 1, 0.5, 0).unwrap_err().to_string();
        assert!(text.contains("class c has a single row") && !text.contains("fold"), "{text}");
        assert_eq!(plain_folds(9, 1, 0), Err(SplitError::Folds { folds: 1 }));
        assert_eq!(stratified_folds(&[0], &names(), 0, 0), Err(SplitError::Folds { folds: 0 }));
        assert_eq!(plain_folds(3, 4, 0), Err(SplitError::TooFewRows { rows: 3, needed: 4 }));
        assert_eq!(stratified_folds(&[], &[], 2, 0), Err(SplitError::TooFewRows { rows: 0, needed: 2 }));
        assert_eq!(stratified_splits(&[], &[], 1, 0.5, 0), Err(SplitError::NoTwoParts { rows: 0 }));
        assert_eq!(plain_splits(1, 1, 0.5, 0), Err(SplitError::NoTwoParts { rows: 1 }));
        for fraction in [0.0, 1.0, -0.1, f64::INFINITY] {
            assert_eq!(plain_splits(9, 1, fraction, 0), Err(SplitError::Fraction { fraction }));
        }
        assert!(matches!(
            stratified_splits(&[0, 0], &names(), 1, f64::NAN, 0),
            Err(SplitError::Fraction { .. })
        ));
    }

    #[test]
    fn divisions_follow_the_kind_of_target() {
        let classes = Targets::Classes { names: names(), labels: vec![0, 1, 0, 1] };
        assert!(
            folds(&classes, 2, 0).unwrap().iter().all(|f| f.test.iter().map(|r| r % 2).sum::<usize>() == 1)
        );
        assert_eq!(splits(&classes, 3, 0.5, 0).unwrap().len(), 3);
        let values = Targets::Values { names: names()[..1].to_vec(), rows: vec![0.0; 5] };
        assert_eq!(folds(&values, 5, 0).unwrap().len(), 5);
        assert_eq!(splits(&values, 1, 0.4, 0).unwrap()[0].test.len(), 2);
    }
}

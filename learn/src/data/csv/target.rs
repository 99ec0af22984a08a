//! Which column is the target, and whether it holds classes or numbers, when nobody says.

use super::problem::CsvProblem;
use super::survey::{ColumnSurvey, FEW_DISTINCT, Seen};
use crate::data::summary::{TargetReason, shortened};

/// What targets are called, in lower case and without anything but letters.
const LABELS: [&str; 13] = [
    "label",
    "labels",
    "target",
    "targets",
    "class",
    "classes",
    "category",
    "species",
    "outcome",
    "diagnosis",
    "kind",
    "variety",
    "classlabel",
];

/// Taken where none of the other names is there: `x, y` may as well be a place.
const WEAK_LABEL: &str = "y";

/// The column that must be meant, of those that are no index and not left out.
///
/// # Errors
/// [`CsvProblem::WhichTarget`] lists those that may be; [`CsvProblem::NoTarget`] if there is none.
pub(super) fn guess(
    names: &[String],
    usable: &[usize],
    columns: &[ColumnSurvey],
    rows: usize,
) -> Result<(usize, TargetReason), CsvProblem> {
    let plain = |column: usize| -> String {
        names[column].to_lowercase().chars().filter(char::is_ascii_alphabetic).collect()
    };
    let called = |is: &dyn Fn(&str) -> bool| -> Vec<usize> {
        usable.iter().copied().filter(|&column| is(&plain(column))).collect()
    };
    let tie = |candidates: &[usize]| {
        const SHOWN: usize = 8;
        let shown = candidates.iter().take(SHOWN).map(|&column| format!("{:?}", shortened(&names[column])));
        let mut candidates_text = shown.collect::<Vec<_>>().join(", ");
        if candidates.len() > SHOWN {
            candidates_text.push_str(&format!(" and {} more", candidates.len() - SHOWN));
        }
        CsvProblem::WhichTarget { candidates: candidates_text }
    };
    let (labels, weak) = (called(&|name| LABELS.contains(&name)), called(&|name| name == WEAK_LABEL));
    if let (true, &[y], Some(&last)) = (labels.is_empty(), weak.as_slice(), usable.last()) {
        // Of `x, y, z` it is a place, and a column of classes at the end is as likely.
        let place = y > 0 && usable.contains(&(y - 1)) && plain(y - 1) == "x";
        if last != y && (place || columns[last].is_text(rows) || columns[last].is_boolean(rows)) {
            return Err(tie(&[y, last]));
        }
    }
    for named in [labels, weak] {
        match named.as_slice() {
            [] => {}
            [column] => return Ok((*column, TargetReason::Name)),
            several => return Err(tie(several)),
        }
    }
    let Some(&last) = usable.last() else { return Err(CsvProblem::NoTarget) };
    let texts: Vec<usize> = usable.iter().copied().filter(|&column| columns[column].is_text(rows)).collect();
    if texts.contains(&last) {
        return Ok((last, TargetReason::Last));
    }
    if !texts.is_empty() {
        return Err(tie(&[&texts[..], &[last]].concat()));
    }
    if !in_series(names, usable, last) {
        return Ok((last, TargetReason::Last));
    }
    let outside: Vec<usize> =
        usable.iter().copied().filter(|&column| !in_series(names, usable, column)).collect();
    match (outside.as_slice(), usable) {
        (&[column], _) => Ok((column, TargetReason::OutsideSeries)),
        ([], &[first, .., last]) => Err(tie(&[first, last])),
        ([], _) => Err(tie(usable)),
        (several, _) => Err(tie(&[several, &[last]].concat())),
    }
}

/// Whether a column's name is that of a neighbour with another number at its end: `p0, p1`, `pixel_7_6, pixel_7_7`.
fn in_series(names: &[String], usable: &[usize], column: usize) -> bool {
    let stem = |column: usize| {
        let name = names[column].as_str();
        let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
        (stem.len() < name.len()).then_some(stem)
    };
    let Some(place) = usable.iter().position(|&other| other == column) else { return false };
    let neighbours = [place.checked_sub(1), Some(place + 1)].into_iter().flatten();
    stem(column).is_some()
        && neighbours.filter_map(|place| usable.get(place)).any(|&other| stem(other) == stem(column))
}

/// Whether a column holds classes: text, or few integers, each several times.
///
/// # Errors
/// The first text among numbers with fractions: a typing error or a class, nobody knows.
pub(super) fn holds_classes(column: &ColumnSurvey, rows: usize) -> Result<bool, Seen> {
    match &column.first_text {
        Some(text) if column.fractions => Err(text.clone()),
        Some(_) => Ok(true),
        None if column.first_grouped.is_some() || column.first_infinite.is_some() => Ok(false),
        None => {
            let distinct = column.integers.len();
            Ok(!column.fractions && distinct <= FEW_DISTINCT && 2 * distinct <= column.filled(rows))
        }
    }
}

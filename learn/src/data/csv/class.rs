//! Which spellings are one class, and how classes are sorted.

use super::cell::{boolean, with_comma};

/// From here on two integers may be one float.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// The key by which classes are compared and sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ClassKey<'a> {
    /// The bits of a number, turned so that they sort as the number does.
    Number(u64),
    /// A truth value, in whatever case it is written.
    Boolean(bool),
    Text(&'a str),
}

impl ClassKey<'_> {
    /// Of classes: numbers if all are and are below 2^53, truth values if all are of one spelling, else texts.
    pub(super) fn of_all(spellings: &[String]) -> Vec<ClassKey<'_>> {
        let numbers: Option<Vec<ClassKey>> = spellings.iter().map(|cell| ClassKey::number(cell)).collect();
        let truth = || {
            let pairs: Option<Vec<_>> = spellings.iter().map(|cell| boolean(cell)).collect();
            let pairs = pairs?;
            let (first, _) = pairs.first()?;
            let same = pairs.iter().all(|(pair, _)| pair == first);
            same.then(|| pairs.iter().map(|&(_, value)| ClassKey::Boolean(value)).collect())
        };
        numbers.or_else(truth).unwrap_or_else(|| spellings.iter().map(|cell| ClassKey::Text(cell)).collect())
    }

    pub(super) fn number(cell: &str) -> Option<ClassKey<'static>> {
        let value: f64 = match cell.parse() {
            Ok(value) => value,
            Err(_) => with_comma(cell)?,
        };
        // Beyond 2^53 neighbours become one float: `9007199254740993` would be the class of `9007199254740992`.
        if value.abs() >= EXACT_INTEGERS {
            return None;
        }
        // Adding zero makes +0 of -0. IEEE numbers sort as their bits do once negative ones are inverted.
        let bits = (value + 0.0).to_bits();
        let sign = 1 << 63;
        value.is_finite().then_some(ClassKey::Number(if bits & sign == 0 { bits | sign } else { !bits }))
    }
}

/// The class a cell means: by its text, or if all classes are numbers by its value, if they are truth values by it.
pub(in crate::data) fn class_of(names: &[String], cell: &str) -> Option<usize> {
    names.iter().position(|name| name == cell).or_else(|| {
        let keys = ClassKey::of_all(names);
        let key = match keys.first()? {
            ClassKey::Number(_) => ClassKey::number(cell)?,
            ClassKey::Boolean(_) => ClassKey::Boolean(boolean(cell)?.1),
            ClassKey::Text(_) => return None,
        };
        keys.iter().position(|&other| other == key)
    })
}

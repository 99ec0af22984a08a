//! Rows of features with their classes.

use thiserror::Error;
use wheatstone_sim::categorize;

/// Rows of features, each with the class it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Examples {
    features: usize,
    /// Row by row.
    values: Vec<f32>,
    classes: Vec<u16>,
}

/// Rows that are no examples.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExamplesError {
    /// There are none.
    #[error("there are no examples with features; give at least one row of at least one")]
    None,
    /// Not as many rows as classes.
    #[error("there are {rows} rows and {classes} classes; give a class for each row")]
    Count {
        /// Rows of features.
        rows: usize,
        /// Classes.
        classes: usize,
    },
    /// A row of another length.
    #[error("row {row} has {found} features and row 0 {expected}; make them equally long")]
    Length {
        /// Which row.
        row: usize,
        /// Its length.
        found: usize,
        /// That of the first row.
        expected: usize,
    },
}

categorize! {
    ExamplesError {
        BadInput: None, Count, Length;
    }
}

impl Examples {
    /// Rows with a class each, counted from 0.
    ///
    /// # Errors
    /// [`ExamplesError`] says what does not fit together.
    pub fn new(rows: &[Vec<f32>], classes: &[u16]) -> Result<Examples, ExamplesError> {
        let features = rows.first().map_or(0, Vec::len);
        if features == 0 {
            return Err(ExamplesError::None);
        }
        if rows.len() != classes.len() {
            return Err(ExamplesError::Count { rows: rows.len(), classes: classes.len() });
        }
        if let Some((row, found)) =
            rows.iter().map(Vec::len).enumerate().find(|&(_, length)| length != features)
        {
            return Err(ExamplesError::Length { row, found, expected: features });
        }
        Ok(Examples { features, values: rows.concat(), classes: classes.to_vec() })
    }

    /// How many there are; at least one.
    #[expect(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Features of each.
    pub fn features(&self) -> usize {
        self.features
    }

    /// The number of the highest class, plus 1.
    pub fn classes(&self) -> usize {
        self.classes.iter().max().map_or(0, |&class| usize::from(class) + 1)
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(super) fn class_numbers(&self) -> impl Iterator<Item = i32> {
        self.classes.iter().copied().map(i32::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_together_is_named() {
        let rows = [vec![1.0, 2.0], vec![3.0, 4.0]];
        let examples = Examples::new(&rows, &[2, 0]).unwrap();
        assert_eq!((examples.len(), examples.features(), examples.classes()), (2, 2, 3));
        assert_eq!(Examples::new(&[], &[]), Err(ExamplesError::None));
        assert_eq!(Examples::new(&[vec![]], &[0]), Err(ExamplesError::None));
        assert_eq!(Examples::new(&rows, &[1]), Err(ExamplesError::Count { rows: 2, classes: 1 }));
        let ragged = Examples::new(&[vec![1.0], vec![]], &[0, 0]);
        assert_eq!(ragged, Err(ExamplesError::Length { row: 1, found: 0, expected: 1 }));
    }
}

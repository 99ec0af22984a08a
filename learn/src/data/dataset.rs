//! A table of numbers with what is to be learned from it.
//!
//! A [`Dataset`] is always whole: [`Dataset::new`] checks shapes, labels and finiteness once, so that nothing
//! downstream has to. Rows are kept flat and row-major; a row is a slice.

use std::fmt;
use wheatstone_sim::categorize;

use thiserror::Error;

use super::column::{CellKind, TableColumn};
use super::csv::{CsvOptions, class_of};
use super::summary::DataSummary;

/// Where a data set comes from and under what terms it may be passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Citation {
    /// Authors, year, title, publisher.
    pub reference: &'static str,
    /// Link that finds the source, usually a DOI.
    pub link: &'static str,
    /// Licence of the data; `None` where only an idea is cited and the numbers are our own.
    pub licence: Option<&'static str>,
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.reference, self.link)?;
        match self.licence {
            Some(licence) => write!(f, " (licence: {licence})"),
            None => Ok(()),
        }
    }
}

/// What is to be learned.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// Classification: one class a row.
    Classes {
        /// Name of every class; a label is an index into this list.
        names: Vec<String>,
        /// The class of every row.
        labels: Vec<usize>,
    },
    /// Regression: one or more values a row.
    Values {
        /// Name of every value.
        names: Vec<String>,
        /// Row-major, `names.len()` values a row, in the data's own units.
        rows: Vec<f64>,
    },
}

impl Targets {
    /// Names of the classes or of the values.
    pub fn names(&self) -> &[String] {
        match self {
            Targets::Classes { names, .. } | Targets::Values { names, .. } => names,
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        match self {
            Targets::Classes { labels, .. } => labels.len(),
            Targets::Values { names, rows } => rows.len().checked_div(names.len()).unwrap_or(0),
        }
    }
}

/// A table that cannot be a data set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DatasetError {
    /// No feature or no target column.
    #[error("data set {name} has no {what}; at least one is needed")]
    NoColumns {
        /// Name of the data set.
        name: String,
        /// `features` or `targets`.
        what: &'static str,
    },
    /// No row at all.
    #[error("data set {name} has no rows; at least one is needed")]
    NoRows {
        /// Name of the data set.
        name: String,
    },
    /// Numbers that do not fill whole rows.
    #[error("data set {name} holds {found} {what}, and {rows} rows of {columns} columns need {expected}")]
    Shape {
        /// Name of the data set.
        name: String,
        /// `feature values` or `target values`.
        what: &'static str,
        /// How many numbers were given.
        found: usize,
        /// Rows, counted on the targets.
        rows: usize,
        /// How many columns there are.
        columns: usize,
        /// How many numbers are needed.
        expected: usize,
    },
    /// A label beyond the list of classes.
    #[error(
        "row {row} of data set {name} has label {label}, and there are {classes} classes, counted from 0"
    )]
    Label {
        /// Name of the data set.
        name: String,
        /// Row, counted from 0.
        row: usize,
        /// Number of the class, from 0.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// Classification with fewer than two classes.
    #[error("data set {name} has {classes} class; a classification needs at least two")]
    OneClass {
        /// Name of the data set.
        name: String,
        /// Number of classes named.
        classes: usize,
    },
    /// NaN or infinity.
    #[error(
        "column {column} of row {row} of data set {name} is {value}; replace it by a finite number or leave \
         the row out"
    )]
    NotFinite {
        /// Name of the data set.
        name: String,
        /// Row, counted from 0.
        row: usize,
        /// Name of the feature or target.
        column: String,
        /// The value, as text.
        value: String,
    },
    /// The fixed test part does not leave rows on both sides.
    #[error(
        "data set {name} has {rows} rows, so its test part cannot start at row {test_from}; choose 1..{rows}"
    )]
    TestPart {
        /// Name of the data set.
        name: String,
        /// Where the test part was to start.
        test_from: usize,
        /// How many rows there are.
        rows: usize,
    },
    /// A feature a trained network needs is not there.
    #[error(
        "data set {name} has no feature {feature}; add that column or train on the features there are: {there}"
    )]
    MissingFeature {
        /// Name of the data set.
        name: String,
        /// Name of the feature that the network was trained on.
        feature: String,
        /// The features there are.
        there: String,
    },
    /// A class the trained network does not know.
    #[error(
        "row {row} of data set {name} is of class {class}, which the network was not trained on; it knows \
         {known}"
    )]
    UnknownClass {
        /// Name of the data set.
        name: String,
        /// Row, counted from 0.
        row: usize,
        /// Name of the class.
        class: String,
        /// Names of the classes that the network was trained on, joined by commas.
        known: String,
    },
    /// Classes where values were wanted, or the reverse, or values of other names.
    #[error("data set {name} has the targets {there}, and the network was trained on {wanted}")]
    OtherTargets {
        /// Name of the data set.
        name: String,
        /// The targets of the data set, in words.
        there: String,
        /// Targets of the network.
        wanted: String,
    },
}

categorize! {
    DatasetError {
        BadInput: NoColumns, NoRows, Shape, Label, OneClass, NotFinite, TestPart, MissingFeature, UnknownClass, OtherTargets;
    }
}

/// Feature rows with their targets; whole by construction.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    name: String,
    features: Vec<String>,
    values: Vec<f64>,
    targets: Targets,
    citation: Option<Citation>,
    test_from: Option<usize>,
    /// What the features are made of, where they are not numbers as they stand in the data.
    columns: Vec<TableColumn>,
    summary: Option<DataSummary>,
    resolved: Option<CsvOptions>,
}

impl Dataset {
    /// Checks and joins the parts; `values` is row-major, one number for every feature of every row of
    /// `targets`.
    ///
    /// # Errors
    /// [`DatasetError`] for missing columns or rows, numbers that do not fill whole rows, labels out of range,
    /// fewer than two classes, NaN and infinities.
    pub fn new(
        name: impl Into<String>,
        features: Vec<String>,
        values: Vec<f64>,
        targets: Targets,
    ) -> Result<Self, DatasetError> {
        Dataset::checked(name.into(), features, values, targets, false)
    }

    /// A table that was read: its columns with what they became, what was decided, and options that make the same decisions
    /// again. Where the summary says that cells are to be filled, these are NaN in `values`.
    ///
    /// # Errors
    /// As [`Dataset::new`].
    pub fn from_table(
        name: impl Into<String>,
        columns: Vec<TableColumn>,
        values: Vec<f64>,
        targets: Targets,
        summary: DataSummary,
        resolved: CsvOptions,
    ) -> Result<Self, DatasetError> {
        let features = columns.iter().flat_map(TableColumn::features).collect();
        let mut set = Dataset::checked(name.into(), features, values, targets, summary.cells_filled > 0)?;
        if columns.iter().any(|column| column.cells != CellKind::Number) {
            set.columns = columns;
        }
        (set.summary, set.resolved) = (Some(summary), Some(resolved));
        Ok(set)
    }

    fn checked(
        name: String,
        features: Vec<String>,
        values: Vec<f64>,
        targets: Targets,
        gaps: bool,
    ) -> Result<Self, DatasetError> {
        if features.is_empty() {
            return Err(DatasetError::NoColumns { name, what: "features" });
        }
        if targets.names().is_empty() {
            return Err(DatasetError::NoColumns { name, what: "targets" });
        }
        let rows = targets.rows();
        if let Targets::Values { names, rows: values } = &targets {
            check_shape(&name, "target values", values.len(), rows, names.len())?;
        }
        check_shape(&name, "feature values", values.len(), rows, features.len())?;
        if rows == 0 {
            return Err(DatasetError::NoRows { name });
        }
        check_finite(&name, &features, &values, gaps)?;
        match &targets {
            Targets::Values { names, rows } => check_finite(&name, names, rows, false)?,
            Targets::Classes { names, labels } => {
                let classes = names.len();
                if classes < 2 {
                    return Err(DatasetError::OneClass { name, classes });
                }
                if let Some((row, &label)) = labels.iter().enumerate().find(|(_, label)| **label >= classes) {
                    return Err(DatasetError::Label { name, row, label, classes });
                }
            }
        }
        Ok(Dataset {
            name,
            features,
            values,
            targets,
            citation: None,
            test_from: None,
            columns: Vec::new(),
            summary: None,
            resolved: None,
        })
    }

    /// The same data with its source named.
    #[must_use]
    pub fn with_citation(mut self, citation: Citation) -> Self {
        self.citation = Some(citation);
        self
    }

    /// The same data with a fixed test part: the rows from `test_from` on.
    ///
    /// # Errors
    /// [`DatasetError::TestPart`] unless `0 < test_from < rows`.
    pub fn with_test_from(mut self, test_from: usize) -> Result<Self, DatasetError> {
        let rows = self.rows();
        if test_from == 0 || test_from >= rows {
            return Err(DatasetError::TestPart { name: self.name, test_from, rows });
        }
        self.test_from = Some(test_from);
        Ok(self)
    }

    /// The same data with a word on what was decided when it was read.
    #[must_use]
    pub fn with_summary(mut self, summary: DataSummary) -> Self {
        self.summary = Some(summary);
        self
    }

    /// The same data without a word on how it was read: of a set that ships with the program nothing is left to decide.
    #[must_use]
    pub fn as_shipped(mut self) -> Self {
        (self.summary, self.resolved) = (None, None);
        self
    }

    /// What was decided when it was read; `None` for sets that ship with the program.
    pub fn summary(&self) -> Option<&DataSummary> {
        self.summary.as_ref()
    }

    /// Options by which the same table is read the same way; `None` for what is no table.
    pub fn resolved(&self) -> Option<&CsvOptions> {
        self.resolved.as_ref()
    }

    /// The columns its features are made of; empty if each feature is a column of numbers.
    pub fn columns(&self) -> &[TableColumn] {
        &self.columns
    }

    /// What the data set is called: a built-in's or task's name, or the file it was read from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name of every feature, in column order.
    pub fn features(&self) -> &[String] {
        &self.features
    }

    /// Number of rows; at least 1.
    pub fn rows(&self) -> usize {
        self.targets.rows()
    }

    /// The features of one row, in the data's own units.
    ///
    /// # Panics
    /// When `row` is not below [`Dataset::rows`].
    pub fn row(&self, row: usize) -> &[f64] {
        let width = self.features.len();
        &self.values[row * width..(row + 1) * width]
    }

    /// What is to be learned.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The class of a row, `None` for a regression.
    ///
    /// # Panics
    /// When `row` is not below [`Dataset::rows`].
    pub fn label(&self, row: usize) -> Option<usize> {
        match &self.targets {
            Targets::Classes { labels, .. } => Some(labels[row]),
            Targets::Values { .. } => None,
        }
    }

    /// The wanted values of a row, `None` for a classification.
    ///
    /// # Panics
    /// When `row` is not below [`Dataset::rows`].
    pub fn target_values(&self, row: usize) -> Option<&[f64]> {
        match &self.targets {
            Targets::Classes { .. } => None,
            Targets::Values { names, rows } => Some(&rows[row * names.len()..(row + 1) * names.len()]),
        }
    }

    /// Where the data comes from, if it is not the user's own.
    pub fn citation(&self) -> Option<&Citation> {
        self.citation.as_ref()
    }

    /// First row of the fixed test part, for sets that come divided (MNIST); `None` for the others.
    pub fn test_from(&self) -> Option<usize> {
        self.test_from
    }

    /// The same rows with the columns and labels of a trained network: features picked by name in the given
    /// order (others dropped), class labels renumbered by class name, values compared by name.
    ///
    /// This is how a second file, with its columns in another order or some classes absent, is shown to a
    /// network trained on the first.
    ///
    /// # Errors
    /// [`DatasetError::MissingFeature`], [`DatasetError::UnknownClass`] or [`DatasetError::OtherTargets`].
    pub fn aligned(&self, features: &[String], targets: &TargetNames) -> Result<Dataset, DatasetError> {
        let mut columns = Vec::with_capacity(features.len());
        for feature in features {
            let Some(column) = self.features.iter().position(|f| f == feature) else {
                let there = self.features.join(", ");
                return Err(DatasetError::MissingFeature {
                    name: self.name.clone(),
                    feature: feature.clone(),
                    there,
                });
            };
            columns.push(column);
        }
        let values =
            (0..self.rows()).flat_map(|row| columns.iter().map(move |&c| self.row(row)[c])).collect();
        let aligned = match (&self.targets, targets) {
            (Targets::Classes { names, labels }, TargetNames::Classes(known)) => {
                let place: Vec<Option<usize>> = names.iter().map(|name| class_of(known, name)).collect();
                let mut renumbered = Vec::with_capacity(labels.len());
                for (row, &label) in labels.iter().enumerate() {
                    renumbered.push(place[label].ok_or_else(|| DatasetError::UnknownClass {
                        name: self.name.clone(),
                        row,
                        class: names[label].clone(),
                        known: known.join(", "),
                    })?);
                }
                Targets::Classes { names: known.clone(), labels: renumbered }
            }
            (Targets::Values { names, .. }, TargetNames::Values(wanted)) if names == wanted => {
                self.targets.clone()
            }
            _ => {
                return Err(DatasetError::OtherTargets {
                    name: self.name.clone(),
                    there: TargetNames::of(&self.targets).to_string(),
                    wanted: targets.to_string(),
                });
            }
        };
        let mut whole = Dataset::new(self.name.clone(), features.to_vec(), values, aligned)?;
        (whole.citation, whole.test_from) = (self.citation, self.test_from);
        whole.summary = self.summary.clone();
        Ok(whole)
    }
}

/// What a network's outputs stand for, without any row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetNames {
    /// The classes, in label order.
    Classes(Vec<String>),
    /// The values, in column order.
    Values(Vec<String>),
}

impl TargetNames {
    /// The names of a data set's targets.
    pub fn of(targets: &Targets) -> Self {
        match targets {
            Targets::Classes { names, .. } => TargetNames::Classes(names.clone()),
            Targets::Values { names, .. } => TargetNames::Values(names.clone()),
        }
    }
}

impl fmt::Display for TargetNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TargetNames::Classes(names) => write!(f, "classes {}", names.join(", ")),
            TargetNames::Values(names) => write!(f, "values {}", names.join(", ")),
        }
    }
}

fn check_shape(
    name: &str,
    what: &'static str,
    found: usize,
    rows: usize,
    columns: usize,
) -> Result<(), DatasetError> {
    let expected = rows * columns;
    if found == expected {
        return Ok(());
    }
    Err(DatasetError::Shape { name: name.to_owned(), what, found, rows, columns, expected })
}

/// Refuses infinities, and NaN unless it stands for a gap.
fn check_finite(name: &str, columns: &[String], values: &[f64], gaps: bool) -> Result<(), DatasetError> {
    match values.iter().position(|value| !(value.is_finite() || gaps && value.is_nan())) {
        None => Ok(()),
        Some(place) => Err(DatasetError::NotFinite {
            name: name.to_owned(),
            row: place / columns.len(),
            column: columns[place % columns.len()].clone(),
            value: values[place].to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|s| (*s).to_owned()).collect()
    }

    fn classes(labels: &[usize]) -> Targets {
        Targets::Classes { names: names(&["no", "yes"]), labels: labels.to_vec() }
    }

    fn small() -> Dataset {
        Dataset::new("small", names(&["a", "b"]), vec![1.0, 2.0, 3.0, 4.0], classes(&[1, 0])).unwrap()
    }

    #[test]
    fn rows_are_slices_of_the_flat_table() {
        let set = small();
        assert_eq!((set.rows(), set.row(0), set.row(1)), (2, &[1.0, 2.0][..], &[3.0, 4.0][..]));
        assert_eq!((set.label(0), set.target_values(0)), (Some(1), None));
        let values = Targets::Values { names: names(&["y", "z"]), rows: vec![5.0, 6.0, 7.0, 8.0] };
        let set = Dataset::new("v", names(&["a"]), vec![1.0, 2.0], values).unwrap();
        assert_eq!((set.label(1), set.target_values(1)), (None, Some(&[7.0, 8.0][..])));
    }

    #[test]
    fn every_malformed_table_is_named() {
        let new = |features: &[&str], values: &[f64], targets| {
            Dataset::new("t", names(features), values.to_vec(), targets).unwrap_err()
        };
        let value = |list: &[f64]| Targets::Values { names: names(&["y"]), rows: list.to_vec() };
        assert!(matches!(new(&[], &[], classes(&[0])), DatasetError::NoColumns { what: "features", .. }));
        let none = Targets::Values { names: vec![], rows: vec![] };
        assert!(matches!(new(&["a"], &[], none), DatasetError::NoColumns { what: "targets", .. }));
        assert!(matches!(new(&["a"], &[], classes(&[])), DatasetError::NoRows { .. }));
        assert!(matches!(
            new(&["a"], &[1.0], classes(&[0, 1])),
            DatasetError::Shape { what: "feature values", found: 1, expected: 2, .. }
        ));
        let ragged = Targets::Values { names: names(&["y", "z"]), rows: vec![1.0] };
        assert!(matches!(new(&["a"], &[1.0], ragged), DatasetError::Shape { what: "target values", .. }));
        assert!(matches!(
            new(&["a"], &[1.0], classes(&[2])),
            DatasetError::Label { row: 0, label: 2, classes: 2, .. }
        ));
        let one = Targets::Classes { names: names(&["x"]), labels: vec![0] };
        assert!(matches!(new(&["a"], &[1.0], one), DatasetError::OneClass { classes: 1, .. }));
        let text = new(&["a", "b"], &[0.0, 1.0, 2.0, f64::NAN], classes(&[0, 1])).to_string();
        assert!(text.contains("column b of row 1") && text.contains("NaN"), "{text}");
        assert!(matches!(
            new(&["a"], &[1.0], value(&[f64::INFINITY])),
            DatasetError::NotFinite { column, .. } if column == "y"
        ));
    }

    #[test]
    fn a_test_part_leaves_rows_on_both_sides() {
        assert_eq!(small().with_test_from(1).unwrap().test_from(), Some(1));
        for bad in [0, 2, 3] {
            let text = small().with_test_from(bad).unwrap_err().to_string();
            assert!(text.contains("2 rows") && text.contains(&format!("row {bad}")), "{text}");
        }
    }

    #[test]
    fn another_file_is_aligned_by_name() {
        let set = small();
        let known = TargetNames::Classes(names(&["yes", "perhaps", "no"]));
        let aligned = set.aligned(&names(&["b"]), &known).unwrap();
        assert_eq!((aligned.row(0), aligned.row(1)), (&[2.0][..], &[4.0][..]));
        assert_eq!((aligned.label(0), aligned.label(1)), (Some(0), Some(2)));

        let text = set.aligned(&names(&["c"]), &known).unwrap_err().to_string();
        assert!(text.contains("no feature c") && text.contains("a, b"), "{text}");
        let text =
            set.aligned(&names(&["a"]), &TargetNames::Classes(names(&["no"]))).unwrap_err().to_string();
        assert!(text.contains("row 0") && text.contains("class yes"), "{text}");
        let text = set.aligned(&names(&["a"]), &TargetNames::Values(names(&["y"]))).unwrap_err().to_string();
        assert!(text.contains("classes no, yes") && text.contains("values y"), "{text}");
    }

    #[test]
    fn citations_show_their_licence() {
        let cited = Citation { reference: "A (1).", link: "doi", licence: Some("CC BY 4.0") };
        assert_eq!(
            small().with_citation(cited).citation().unwrap().to_string(),
            "A (1). doi (licence: CC BY 4.0)"
        );
        assert_eq!(Citation { licence: None, ..cited }.to_string(), "A (1). doi");
    }
}

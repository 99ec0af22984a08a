//! From rows to voltages and from answers back to classes or values.
//!
//! An [`Encoder`] is fitted once, on the training rows only, and stored with the run: the same encoder then
//! serves training, testing and prediction. The inputs of the network are, in order, the features (each as `+x`
//! and `-x` next to each other, or as one voltage) and the rails; the outputs are, in order, the classes or
//! values (each as one voltage, or as two of opposite targets next to each other).
//!
//! Floats end here: voltages leave through [`Format::quantise_volts`] and come back through
//! [`Format::to_volts`].

mod column;
mod config;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wheatstone_sim::{Format, OutputCoding, Sample, Sense, Tally, Target, categorize};

use self::column::{Column, feature_column, middle_and_reach, ranged, raw};
pub use self::config::{ClassOutputs, EncodingConfig, Scale, SettingError, ValueOutputs};
use crate::data::column::{CellKind, TableColumn};
use crate::data::csv::Missing;
use crate::data::dataset::{Dataset, DatasetError, TargetNames, Targets};
use crate::metrics::Score;

/// Data that cannot be encoded, or answers that cannot be read.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum EncodingError {
    /// A setting that cannot be.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// One output for more or fewer than two classes.
    #[error(
        "encoding: classes = \"single\" tells two classes apart and there are {classes}; use classes = \
         \"one-hot\""
    )]
    SingleNeedsTwo {
        /// How many classes there are.
        classes: usize,
    },
    /// No row to fit on.
    #[error("there is no training row to fit the encoding on; give at least one")]
    NoTrainingRows,
    /// A row beyond the data set.
    #[error("row {row} does not exist; data set {name} has {rows} rows, counted from 0")]
    NoSuchRow {
        /// The row asked for.
        row: usize,
        /// Name of the data set.
        name: String,
        /// How many rows there are.
        rows: usize,
    },
    /// Numbers so large or so small that their spread is no float.
    #[error(
        "the numbers of column {column} cannot be scaled: their spread is too large; give it another unit"
    )]
    NotScalable {
        /// Name of the column.
        column: String,
    },
    /// A feature without a single value to take the mean of.
    #[error(
        "feature {column} has no value in any training row, so nothing can stand for it; leave it out by --drop"
    )]
    NothingToFill {
        /// Name of the feature.
        column: String,
    },
    /// A raw target that is no voltage of the format.
    #[error(
        "target {column} of row {row} is {value} V and full scale is 1 V; divide the values, or use values = \
         \"range\""
    )]
    BeyondFullScale {
        /// Name of the target column.
        column: String,
        /// Row, counted from 0.
        row: usize,
        /// The value as it stands there.
        value: f64,
    },
    /// A row of another width.
    #[error("the row has {found} features and the encoding was fitted on {expected}; give those columns")]
    FeatureCount {
        /// How many features were given.
        found: usize,
        /// Features of the encoding.
        expected: usize,
    },
    /// Targets of another kind or number.
    #[error(
        "row {row} of data set {name} does not fit an encoding of the {wanted}; align the data set to the encoding"
    )]
    OtherTargets {
        /// Row, counted from 0.
        row: usize,
        /// Name of the data set.
        name: String,
        /// Targets of the encoding.
        wanted: String,
    },
    /// Answers of another number.
    #[error("{found} output voltages were given and the encoding has {expected} outputs")]
    AnswerCount {
        /// How many voltages were given.
        found: usize,
        /// Outputs of the encoding.
        expected: usize,
    },
    /// Features, classes or values of other names.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

categorize! {
    EncodingError {
        inner: Setting, Dataset;
        BadInput: SingleNeedsTwo, NoTrainingRows, NoSuchRow, NotScalable, NothingToFill, BeyondFullScale, FeatureCount,
            OtherTargets, AnswerCount;
    }
}

/// What a network's outputs say.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A class.
    Class {
        /// The class, as an index into the encoder's class names.
        index: usize,
        /// One score a class, in volts; the highest wins, of equal ones the first.
        scores: Vec<f64>,
    },
    /// Values, in the targets' own units.
    Values(Vec<f64>),
}

/// What the outputs stand for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Outputs {
    Classes(Vec<String>),
    Values(Vec<Column>),
}

/// An encoding with the scale of each feature, fitted on training rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encoder {
    config: EncodingConfig,
    features: Vec<Column>,
    outputs: Outputs,
    /// The columns of a table its features are made of; empty if each feature is a column of numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    columns: Vec<TableColumn>,
}

impl Encoder {
    /// Fits the ranges of features and targets on the given rows of a data set, and on no other.
    ///
    /// # Errors
    /// [`EncodingError`] for impossible settings, no rows, rows beyond the data set, numbers without a finite
    /// spread, `single` without two classes, and raw targets beyond 1 V (looked for in all rows).
    pub fn fit(
        config: &EncodingConfig,
        dataset: &Dataset,
        training_rows: &[usize],
    ) -> Result<Encoder, EncodingError> {
        config.check()?;
        if training_rows.is_empty() {
            return Err(EncodingError::NoTrainingRows);
        }
        for &row in training_rows {
            check_row(dataset, row)?;
        }
        let gaps = dataset.summary().is_some_and(|summary| summary.cells_filled > 0);
        let filling = gaps || dataset.resolved().is_some_and(|options| options.missing == Missing::Mean);
        let mut features = Vec::with_capacity(dataset.features().len());
        let mut block = Vec::new();
        for (place, name) in dataset.features().iter().enumerate() {
            if place % BLOCK == 0 {
                block = columns_from(dataset, training_rows, place);
            }
            let column = block[place % BLOCK].as_slice();
            let known = || column.iter().copied().filter(|value| !value.is_nan());
            let count = known().map(|_| 1.0).sum::<f64>();
            if gaps && count == 0.0 {
                return Err(EncodingError::NothingToFill { column: name.clone() });
            }
            let mut fitted = feature_column(config, name, known())?;
            fitted.fill = filling.then(|| known().sum::<f64>() / count);
            features.push(fitted);
        }
        let outputs = match dataset.targets() {
            Targets::Classes { names, .. } => {
                if config.classes == ClassOutputs::Single && names.len() != 2 {
                    return Err(EncodingError::SingleNeedsTwo { classes: names.len() });
                }
                Outputs::Classes(names.clone())
            }
            Targets::Values { names, rows } => {
                let mut columns = Vec::with_capacity(names.len());
                for (place, name) in names.iter().enumerate() {
                    let value = |row: usize| rows[row * names.len() + place];
                    columns.push(match config.values {
                        ValueOutputs::Range => ranged(name, training_rows.iter().map(|&row| value(row)))?,
                        ValueOutputs::Raw => raw(name, (0..dataset.rows()).map(value))?,
                    });
                }
                Outputs::Values(columns)
            }
        };
        Ok(Encoder { config: config.clone(), features, outputs, columns: dataset.columns().to_vec() })
    }

    /// The settings it was fitted with.
    pub fn config(&self) -> &EncodingConfig {
        &self.config
    }

    /// Number of input voltages: features (twice if in pairs) and rails.
    pub fn inputs(&self) -> usize {
        self.features.len() * if self.config.pairs { 2 } else { 1 } + self.config.rails.len()
    }

    /// Number of output voltages: answers, twice if differential.
    pub fn outputs(&self) -> usize {
        self.answers() * if self.config.differential { 2 } else { 1 }
    }

    /// Name of every input: `+name` and `-name` of a pair, `-0.5 V` or `+1 V` of a rail.
    pub fn input_names(&self) -> Vec<String> {
        let features = self.features.iter().flat_map(|column| paired(&column.name, self.config.pairs));
        let rails = self.config.rails.iter().map(|volts| format!("{volts:+} V"));
        features.chain(rails).collect()
    }

    /// Name of every output: the class (the second one in `single`) or the value, with `+` and `-` before it if
    /// differential.
    pub fn output_names(&self) -> Vec<String> {
        let answers: Vec<&str> = match &self.outputs {
            Outputs::Classes(names) => match self.config.classes {
                ClassOutputs::OneHot => names.iter().map(String::as_str).collect(),
                ClassOutputs::Single => names.last().map(String::as_str).into_iter().collect(),
            },
            Outputs::Values(columns) => columns.iter().map(|column| column.name.as_str()).collect(),
        };
        answers.into_iter().flat_map(|name| paired(name, self.config.differential)).collect()
    }

    /// Names of the features, in the order rows are expected.
    pub fn feature_names(&self) -> Vec<String> {
        self.features.iter().map(|column| column.name.clone()).collect()
    }

    /// The columns of a table its features are made of.
    pub fn table_columns(&self) -> Vec<TableColumn> {
        if self.columns.is_empty() {
            let number = |name: String| TableColumn { name, cells: CellKind::Number };
            return self.feature_names().into_iter().map(number).collect();
        }
        self.columns.clone()
    }

    /// Whether it has a value for a feature that is missing.
    pub fn fills_gaps(&self) -> bool {
        self.features.iter().all(|column| column.fill.is_some())
    }

    /// What the outputs stand for: the classes or the values.
    pub fn target_names(&self) -> TargetNames {
        match &self.outputs {
            Outputs::Classes(names) => TargetNames::Classes(names.clone()),
            Outputs::Values(columns) => {
                TargetNames::Values(columns.iter().map(|column| column.name.clone()).collect())
            }
        }
    }

    /// Another data set in this encoding's columns and class numbers; see [`Dataset::aligned`].
    ///
    /// # Errors
    /// [`EncodingError::Dataset`] if a feature or class is missing or the targets are others.
    pub fn align(&self, dataset: &Dataset) -> Result<Dataset, EncodingError> {
        Ok(dataset.aligned(&self.feature_names(), &self.target_names())?)
    }

    /// The input voltages of one row of features, in LSB of the format's `v`.
    ///
    /// Features beyond the range the encoding was fitted on give the voltage at its end; NaN stands for a missing one and
    /// gives that of the mean, or 0 V if the encoding was fitted without gaps.
    ///
    /// # Errors
    /// [`EncodingError::FeatureCount`] for a row of another width.
    pub fn encode_features(&self, format: Format, features: &[f64]) -> Result<Vec<i32>, EncodingError> {
        let expected = self.features.len();
        if features.len() != expected {
            return Err(EncodingError::FeatureCount { found: features.len(), expected });
        }
        let (middle, reach) = middle_and_reach(self.config.to);
        let mut inputs = Vec::with_capacity(self.inputs());
        for (column, &given) in self.features.iter().zip(features) {
            let x = if given.is_nan() { column.fill.unwrap_or(given) } else { given };
            let volts =
                column.scaled(x).map_or(0.0, |s| self.config.span * (middle + reach * s.clamp(-1.0, 1.0)));
            let voltage = format.quantise_volts(volts);
            inputs.push(voltage);
            if self.config.pairs {
                inputs.push(-voltage);
            }
        }
        inputs.extend(self.config.rails.iter().map(|&volts| format.quantise_volts(volts)));
        Ok(inputs)
    }

    /// The voltages of one row: inputs and wanted outputs.
    ///
    /// The data set must have the columns and classes of the one the encoding was fitted on; bring another
    /// into shape with [`Encoder::align`].
    ///
    /// # Errors
    /// [`EncodingError::NoSuchRow`], [`EncodingError::FeatureCount`] or [`EncodingError::OtherTargets`].
    pub fn sample(&self, format: Format, dataset: &Dataset, row: usize) -> Result<Sample, EncodingError> {
        check_row(dataset, row)?;
        let inputs = self.encode_features(format, dataset.row(row))?;
        let other = || EncodingError::OtherTargets {
            row,
            name: dataset.name().to_owned(),
            wanted: self.target_names().to_string(),
        };
        let mut wanted = Vec::with_capacity(self.answers());
        match (&self.outputs, dataset.label(row), dataset.target_values(row)) {
            (Outputs::Classes(names), Some(label), _) if label < names.len() => {
                self.class_targets(format, names.len(), label, &mut wanted);
            }
            (Outputs::Values(columns), _, Some(values)) if columns.len() == values.len() => {
                let (middle, reach) = self.target_interval();
                for (column, &value) in columns.iter().zip(values) {
                    let scaled = column.scaled(value).unwrap_or(0.0);
                    let voltage = format.quantise_volts(middle + reach * scaled);
                    wanted.push(Target { voltage, sense: Sense::Equal });
                }
            }
            _ => return Err(other()),
        }
        let differential = self.config.differential;
        let targets = wanted
            .into_iter()
            .flat_map(|target| [Some(target), differential.then(|| opposite(target))])
            .flatten()
            .map(Some)
            .collect();
        Ok(Sample { inputs, targets })
    }

    /// The samples of several rows, in their order; see [`Encoder::sample`].
    ///
    /// # Errors
    /// Those of [`Encoder::sample`], for the first row that has one.
    pub fn samples(
        &self,
        format: Format,
        dataset: &Dataset,
        rows: &[usize],
    ) -> Result<Vec<Sample>, EncodingError> {
        rows.iter().map(|&row| self.sample(format, dataset, row)).collect()
    }

    /// What the output voltages (in LSB of the format's `v`) say.
    ///
    /// # Errors
    /// [`EncodingError::AnswerCount`] unless there is one voltage for every output.
    pub fn decode(&self, format: Format, outputs: &[i32]) -> Result<Answer, EncodingError> {
        self.check_outputs(outputs.len())?;
        let coding = self.coding();
        #[expect(clippy::cast_precision_loss, reason = "a difference of two voltages")]
        let volts = |answer: i64| answer as f64 * self.answer_volts(format);
        let answers: Vec<f64> = coding.answers(outputs).into_iter().map(volts).collect();
        Ok(match &self.outputs {
            Outputs::Classes(_) => {
                let index = coding.class(outputs);
                let scores = match answers.as_slice() {
                    &[answer] if coding.single => vec![-answer, answer],
                    _ => answers,
                };
                Answer::Class { index, scores }
            }
            Outputs::Values(columns) => {
                let (middle, reach) = self.target_interval();
                let value = |(column, volts): (&Column, f64)| {
                    column.centre + column.half_width * ((volts - middle) / reach)
                };
                Answer::Values(columns.iter().zip(answers).map(value).collect())
            }
        })
    }

    /// How the outputs code an answer.
    pub fn coding(&self) -> OutputCoding {
        let single =
            matches!(self.outputs, Outputs::Classes(_)) && self.config.classes == ClassOutputs::Single;
        OutputCoding { differential: self.config.differential, single }
    }

    /// The score a tally of this encoding's outputs stands for.
    pub fn score(&self, format: Format, tally: Tally) -> Score {
        let samples = f64::from(tally.samples.max(1));
        #[expect(clippy::cast_precision_loss, reason = "a sum of squares, rounded once; and few answers")]
        let (error, answers) = (tally.error as f64, self.answers() as f64);
        let classified = matches!(self.outputs, Outputs::Classes(_));
        Score {
            accuracy: classified.then(|| f64::from(tally.right) / samples),
            mse: error * self.answer_volts(format).powi(2) / (samples * answers),
            mse_at_least: tally.at_least,
        }
    }

    /// Volts of one LSB of an answer.
    fn answer_volts(&self, format: Format) -> f64 {
        if self.config.differential { format.to_volts(1) / 2.0 } else { format.to_volts(1) }
    }

    fn answers(&self) -> usize {
        match &self.outputs {
            Outputs::Classes(names) => match self.config.classes {
                ClassOutputs::OneHot => names.len(),
                ClassOutputs::Single => 1,
            },
            Outputs::Values(columns) => columns.len(),
        }
    }

    fn check_outputs(&self, found: usize) -> Result<(), EncodingError> {
        let expected = self.outputs();
        if found == expected { Ok(()) } else { Err(EncodingError::AnswerCount { found, expected }) }
    }

    fn class_targets(&self, format: Format, classes: usize, label: usize, wanted: &mut Vec<Target>) {
        let hinge = |sense| if self.config.hinge { sense } else { Sense::Equal };
        let right =
            Target { voltage: format.quantise_volts(self.config.label), sense: hinge(Sense::AtLeast) };
        match self.config.classes {
            ClassOutputs::Single => wanted.push(if label == 1 { right } else { opposite(right) }),
            ClassOutputs::OneHot => {
                #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 classes")]
                let others = (classes.max(2) - 1) as f64;
                let off = self.config.off_label.unwrap_or(-self.config.label / others.sqrt());
                let wrong = Target { voltage: format.quantise_volts(off), sense: hinge(Sense::AtMost) };
                wanted.extend((0..classes).map(|class| if class == label { right } else { wrong }));
            }
        }
    }

    /// Middle and half-width of the wanted voltages of a regression, in volts.
    fn target_interval(&self) -> (f64, f64) {
        match (self.config.values, self.config.target_to) {
            (ValueOutputs::Raw, _) => (0.0, 1.0),
            (ValueOutputs::Range, Some(interval)) => middle_and_reach(interval),
            (ValueOutputs::Range, None) => (0.0, self.config.label),
        }
    }
}

/// The target of an output that is to mirror another.
fn opposite(target: Target) -> Target {
    let sense = match target.sense {
        Sense::Equal => Sense::Equal,
        Sense::AtLeast => Sense::AtMost,
        Sense::AtMost => Sense::AtLeast,
    };
    Target { voltage: -target.voltage, sense }
}

fn paired(name: &str, pair: bool) -> Vec<String> {
    if pair { vec![format!("+{name}"), format!("-{name}")] } else { vec![name.to_owned()] }
}

/// Columns looked at together: rows lie far apart in memory, and each is fetched once a block.
const BLOCK: usize = 16;

/// The numbers of up to [`BLOCK`] columns from `first` on, in the given rows.
fn columns_from(dataset: &Dataset, rows: &[usize], first: usize) -> Vec<Vec<f64>> {
    let count = BLOCK.min(dataset.features().len() - first);
    let mut columns = vec![Vec::with_capacity(rows.len()); count];
    for &row in rows {
        let values = &dataset.row(row)[first..first + count];
        columns.iter_mut().zip(values).for_each(|(column, &value)| column.push(value));
    }
    columns
}

fn check_row(dataset: &Dataset, row: usize) -> Result<(), EncodingError> {
    let rows = dataset.rows();
    if row < rows {
        return Ok(());
    }
    Err(EncodingError::NoSuchRow { row, name: dataset.name().to_owned(), rows })
}

#[cfg(test)]
mod tests;

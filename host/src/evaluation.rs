//! Reading answers: how well a state does on given rows. Nothing learns here.

use crate::data::{Answer, EncodingError, Targets};
use crate::experiment::Experiment;
use crate::metrics::{Detail, Evaluation, Fit, FitPoint, Score};
use thiserror::Error;
use wheatstone_sim::{Engine, Reference, Sample, SampleError, StartError, State};

/// Samples or states that do not fit the experiment.
#[derive(Debug, Error)]
pub enum EvaluationError {
    /// Nothing to evaluate.
    #[error(
        "there are no {part} rows to evaluate on; choose another part, or hold rows out by data.test_fraction"
    )]
    NoRows {
        /// Which rows were asked for.
        part: String,
    },
    /// The encoding.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The sample.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The configuration or the state.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// A running mean of scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct ScoreSum {
    samples: u32,
    right: u32,
    classified: bool,
    error: f64,
}

impl ScoreSum {
    /// Counts one answered sample.
    pub(crate) fn add(
        &mut self,
        experiment: &Experiment,
        row: usize,
        sample: &Sample,
        answer: &[i32],
    ) -> Result<Answer, EncodingError> {
        let format = experiment.design.format();
        let decoded = experiment.encoder.decode(format, answer)?;
        self.samples += 1;
        self.error += experiment.encoder.error_volts2(format, &sample.targets, answer)?;
        if let Answer::Class { index, .. } = decoded {
            self.classified = true;
            self.right += u32::from(experiment.dataset.label(row) == Some(index));
        }
        Ok(decoded)
    }

    /// The means.
    pub(crate) fn score(self) -> Score {
        let samples = f64::from(self.samples.max(1));
        Score {
            accuracy: self.classified.then(|| f64::from(self.right) / samples),
            mse: self.error / samples,
        }
    }
}

/// Reads the answers to `rows` one after the other from a copy of `state`, each from the voltages where the one before
/// ended, and hands each to `each`.
///
/// # Errors
/// [`EvaluationError`] if the rows or the state do not fit the experiment.
pub fn read_rows(
    experiment: &Experiment,
    state: &State,
    rows: &[usize],
    mut each: impl FnMut(usize, &Sample, &[i32]) -> Result<(), EvaluationError>,
) -> Result<(), EvaluationError> {
    let mut engine = Reference::new(experiment.design.clone(), experiment.configuration(0), state.clone())?;
    for &row in rows {
        let sample = experiment.encoder.sample(experiment.design.format(), &experiment.dataset, row)?;
        let answer = engine.read(&sample.inputs, experiment.config.read_steps)?;
        each(row, &sample, &answer)?;
    }
    Ok(())
}

/// The score of a state on given rows.
///
/// # Errors
/// [`EvaluationError`] if the rows or the state do not fit the experiment.
pub fn score(experiment: &Experiment, state: &State, rows: &[usize]) -> Result<Score, EvaluationError> {
    let mut sum = ScoreSum::default();
    read_rows(experiment, state, rows, |row, sample, answer| {
        sum.add(experiment, row, sample, answer)?;
        Ok(())
    })?;
    Ok(sum.score())
}

/// The score of a state on given rows, called `part`, with its confusion matrix or fits.
///
/// # Errors
/// [`EvaluationError`] if the rows or the state do not fit the experiment.
pub fn evaluate(
    experiment: &Experiment,
    state: &State,
    part: &str,
    rows: &[usize],
) -> Result<Evaluation, EvaluationError> {
    if rows.is_empty() {
        return Err(EvaluationError::NoRows { part: part.into() });
    }
    let dataset = &experiment.dataset;
    let only_feature = match dataset.features() {
        [name] => Some(name.clone()),
        _ => None,
    };
    let mut detail = match dataset.targets() {
        Targets::Classes { names, .. } => {
            Detail::Confusion { classes: names.clone(), counts: vec![vec![0; names.len()]; names.len()] }
        }
        Targets::Values { names, .. } => Detail::Fits {
            fits: names
                .iter()
                .map(|name| Fit { name: name.clone(), feature: only_feature.clone(), points: Vec::new() })
                .collect(),
        },
    };
    let mut sum = ScoreSum::default();
    read_rows(experiment, state, rows, |row, sample, answer| {
        let decoded = sum.add(experiment, row, sample, answer)?;
        match (&mut detail, decoded) {
            (Detail::Confusion { counts, .. }, Answer::Class { index, .. }) => {
                if let Some(label) = dataset.label(row) {
                    counts[label][index] += 1;
                }
            }
            (Detail::Fits { fits }, Answer::Values(values)) => {
                let wanted = dataset.target_values(row).unwrap_or_default();
                let x = only_feature.as_ref().map(|_| dataset.row(row)[0]);
                for ((fit, &wanted), answered) in fits.iter_mut().zip(wanted).zip(values) {
                    fit.points.push(FitPoint { x, wanted, answered });
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(Evaluation { part: part.into(), samples: rows.len(), score: sum.score(), detail })
}

/// The smallest score by which a right class beats the best wrong one, in volts; negative if one loses. `None` for
/// regression.
///
/// # Errors
/// [`EvaluationError`] if the rows or the state do not fit the experiment.
pub fn margin(
    experiment: &Experiment,
    state: &State,
    rows: &[usize],
) -> Result<Option<f64>, EvaluationError> {
    let mut smallest: Option<f64> = None;
    read_rows(experiment, state, rows, |row, _, answer| {
        let decoded = experiment.encoder.decode(experiment.design.format(), answer)?;
        if let (Answer::Class { scores, .. }, Some(label)) = (decoded, experiment.dataset.label(row)) {
            let others =
                scores.iter().enumerate().filter(|&(class, _)| class != label).map(|(_, &score)| score);
            let margin = scores[label] - others.fold(f64::NEG_INFINITY, f64::max);
            smallest = Some(smallest.map_or(margin, |s| s.min(margin)));
        }
        Ok(())
    })?;
    Ok(smallest)
}

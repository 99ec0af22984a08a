//! Evaluation: how well a state answers given rows. Nothing learns here.

use crate::data::{Answer, EncodingError, Targets};
use crate::device::{Device, DeviceError};
use crate::experiment::Experiment;
use crate::metrics::{Detail, Evaluation, Fit, FitPoint, Score};
use thiserror::Error;
pub use wheatstone_sim::engine::Start;
use wheatstone_sim::{Sample, Tally, categorize};

/// Samples or states that do not fit the experiment.
#[derive(Debug, Error)]
pub enum EvaluationError {
    /// The part to be evaluated has no rows.
    #[error(
        "there are no {part} rows to evaluate on; choose another part, or hold rows out by data.test_fraction"
    )]
    NoRows {
        /// Which rows were asked for.
        part: String,
    },
    /// A row cannot be encoded, or an answer not decoded.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The device cannot go on.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

categorize! {
    EvaluationError {
        inner: Encoding, Device;
        BadInput: NoRows;
    }
}

/// Samples encoded at a time, so that reading takes no more memory the more rows there are.
const ROWS_AT_ONCE: usize = 1024;

/// Reads the answers to `rows`, each from where `start` says, and hands each to `each`. The device ends in another state
/// than it began, unless that is [`Start::Fixed`].
///
/// # Errors
/// [`EvaluationError`] if the rows do not fit the experiment, or the device cannot be reached.
fn read_rows(
    experiment: &Experiment,
    device: &mut dyn Device,
    rows: &[usize],
    start: Start,
    mut each: impl FnMut(usize, &Sample, &[i32]) -> Result<(), EvaluationError>,
) -> Result<(), EvaluationError> {
    for rows in rows.chunks(ROWS_AT_ONCE) {
        let samples = experiment.samples(rows)?;
        let answers = device.read(&samples, experiment.config.read_steps, start)?;
        let mut answered = rows.iter().zip(&samples).zip(&answers);
        answered.try_for_each(|((&row, sample), answer)| each(row, sample, answer))?;
    }
    Ok(())
}

/// The score of a device as it stands on given rows.
///
/// # Errors
/// [`EvaluationError`] if the rows do not fit the experiment, or the device cannot be reached.
pub fn score(
    experiment: &Experiment,
    device: &mut dyn Device,
    rows: &[usize],
) -> Result<Score, EvaluationError> {
    let mut tally = Tally::default();
    read_rows(experiment, device, rows, Start::Previous, |row, sample, answer| {
        tally.count(experiment.encoder.coding(), &sample.targets, experiment.class(row), answer);
        Ok(())
    })?;
    Ok(experiment.encoder.score(experiment.design.format(), tally))
}

/// The score of a device as it stands on given rows, called `part`, with its confusion matrix or fits. Each answer is read from
/// the voltages where the one before ended.
///
/// # Errors
/// [`EvaluationError`] if the rows do not fit the experiment, or the device cannot be reached.
pub fn evaluate(
    experiment: &Experiment,
    device: &mut dyn Device,
    part: &str,
    rows: &[usize],
) -> Result<Evaluation, EvaluationError> {
    evaluate_from(experiment, device, part, rows, Start::Previous)
}

/// The same, with each answer read from where `start` says.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_from(
    experiment: &Experiment,
    device: &mut dyn Device,
    part: &str,
    rows: &[usize],
    start: Start,
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
    let (format, encoder) = (experiment.design.format(), &experiment.encoder);
    let mut tally = Tally::default();
    read_rows(experiment, device, rows, start, |row, sample, answer| {
        tally.count(encoder.coding(), &sample.targets, experiment.class(row), answer);
        let decoded = encoder.decode(format, answer)?;
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
    Ok(Evaluation { part: part.into(), samples: rows.len(), score: encoder.score(format, tally), detail })
}

/// The smallest score by which a right class beats the best wrong one, in volts; negative if one loses. `None` for
/// regression.
///
/// # Errors
/// [`EvaluationError`] if the rows do not fit the experiment, or the device cannot be reached.
pub fn margin(
    experiment: &Experiment,
    device: &mut dyn Device,
    rows: &[usize],
) -> Result<Option<f64>, EvaluationError> {
    let mut smallest: Option<f64> = None;
    read_rows(experiment, device, rows, Start::Previous, |row, _, answer| {
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

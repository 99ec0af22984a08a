//! Predictions: a trained network's answers to rows without labels.

use crate::data::encoding::Encoder;
use crate::data::export::write_records;
use crate::data::{Answer, EncodingError, FeatureRows, dataset::TargetNames};
use crate::device::{Device, Model};
use crate::evaluation::{EvaluationError, Start};
use std::sync::Arc;
use wheatstone_sim::{Checkpoint, Sample};

/// Answers and what they stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Names of the classes or values.
    pub targets: Vec<String>,
    /// One for each row that was answered.
    pub answers: Vec<Answer>,
    /// Which row of the file each answers, counted from 1 without the header.
    pub rows: Vec<usize>,
}

/// Answers rows, each from where `start` says: from the checkpoint's voltages, or one after the other beginning there.
///
/// # Errors
/// [`EvaluationError`] if the encoding and the checkpoint do not belong together.
pub fn predict(
    encoder: &Encoder,
    checkpoint: Checkpoint,
    read_steps: u32,
    rows: &FeatureRows,
    start: Start,
) -> Result<Prediction, EvaluationError> {
    let format = checkpoint.design.format();
    let mut model = Model::new(Arc::new(checkpoint.design), checkpoint.state)?;
    let targets = vec![None; encoder.outputs()];
    let sample = |row| {
        let inputs = encoder.encode_features(format, rows.row(row))?;
        Ok(Sample { inputs, targets: targets.clone() })
    };
    let samples: Vec<Sample> = (0..rows.rows()).map(sample).collect::<Result<_, EncodingError>>()?;
    let answers = model.read(&samples, read_steps, start)?;
    let answers = answers.iter().map(|answer| encoder.decode(format, answer)).collect::<Result<_, _>>()?;
    let (TargetNames::Classes(targets) | TargetNames::Values(targets)) = encoder.target_names();
    let rows = (0..rows.rows()).map(|row| rows.number(row)).collect();
    Ok(Prediction { targets, answers, rows })
}

impl Prediction {
    /// As CSV: the row's number in the file, then the class and each class's score in volts, or the values.
    pub fn to_csv(&self) -> String {
        let classes = matches!(self.answers.first(), Some(Answer::Class { .. }));
        let mut header = vec!["row".to_owned()];
        if classes {
            header.push("class".into());
        }
        header.extend(
            self.targets.iter().map(|t| if classes { format!("score of {t} (V)") } else { t.clone() }),
        );
        let mut records = vec![header];
        for (row, answer) in self.rows.iter().zip(&self.answers) {
            let mut record = vec![row.to_string()];
            match answer {
                Answer::Class { index, scores } => {
                    record.push(self.targets[*index].clone());
                    record.extend(scores.iter().map(|s| format!("{s:.6}")));
                }
                Answer::Values(values) => record.extend(values.iter().map(ToString::to_string)),
            }
            records.push(record);
        }
        write_records(&records)
    }
}

//! `wheatstone predict`

use super::output::Output;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use wheatstone::data::{Answer, csv};
use wheatstone::prediction::{Prediction, predict};
use wheatstone::run::{RunFolder, write_whole};

/// Answer rows of a CSV file with a trained network
///
/// Columns are found by name in any order, others are ignored. The answers are CSV: the row's number, the class and
/// each class's score in volts, or the values.
#[derive(Args, Debug)]
pub struct Predict {
    /// Folder of the run
    run: PathBuf,
    /// CSV file with the features
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// CSV file to write the answers to; default: standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Predict {
    pub fn run(&self, output: &Output) -> anyhow::Result<()> {
        let folder = RunFolder::open(&self.run)?;
        let encoder = folder.encoder()?;
        let rows = csv::read_features_file(&self.data, &encoder.feature_names())?;
        let steps = folder.config()?.read_steps;
        let prediction = predict(&encoder, folder.checkpoint()?, steps, &rows)?;
        let table = prediction.to_csv();
        if let Some(path) = &self.output {
            write_whole(path, table.as_bytes())?;
        }
        let written = || match &self.output {
            Some(path) => format!("{} answers in {}", prediction.answers.len(), path.display()),
            None => table,
        };
        output.result(&as_json(&prediction), written)
    }
}

fn as_json(prediction: &Prediction) -> serde_json::Value {
    let answers = prediction.answers.iter().map(|answer| match answer {
        Answer::Class { index, scores } => {
            json!({ "class": prediction.targets[*index], "scores_volts": scores })
        }
        Answer::Values(values) => json!({ "values": values }),
    });
    json!({ "targets": prediction.targets, "answers": answers.collect::<Vec<_>>() })
}

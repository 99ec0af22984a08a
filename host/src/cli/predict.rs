//! `wheatstone predict`

use super::eval::StartArgument;
use super::failure::Result;
use super::output::Output;
use super::table_arguments::TableArguments;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use wheatstone_learn::data::{Answer, FeatureRows};
use wheatstone_learn::inference;
use wheatstone_learn::prediction::{Prediction, predict};
use wheatstone_learn::run::{RunFolder, write_whole};

/// Answer rows of a CSV file with a trained network
///
/// Columns are found by name in any order, others are ignored. Each row is answered by itself: their order does not matter. The answers are CSV: the row's number, the class and
/// each class's score in volts, or the values.
#[derive(Args, Debug)]
pub struct Predict {
    /// Folder of the run
    run: PathBuf,
    /// CSV file with the features
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    #[command(flatten)]
    table: TableArguments,
    /// Voltages each answer is read from: those of the checkpoint, or those where the row before ended
    #[arg(long, value_enum, default_value = "fixed")]
    start: StartArgument,
    /// CSV file to write the answers to; default: standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Predict {
    pub fn run(&self, output: &Output) -> Result<()> {
        let folder = RunFolder::open(&self.run)?;
        let encoder = folder.encoder()?;
        let config = folder.config()?;
        let rows = inference::features(&config, &encoder, &self.data, |options| self.table.apply(options))?;
        output.say(&format!("{}: {rows}", self.data.display()));
        let steps = config.read_steps;
        let prediction = predict(&encoder, folder.checkpoint()?, steps, &rows, self.start.into())?;
        let table = prediction.to_csv();
        if let Some(path) = &self.output {
            write_whole(path, table.as_bytes())?;
        }
        let written = || match &self.output {
            Some(path) => format!("{} answers in {}", prediction.answers.len(), path.display()),
            None => table,
        };
        output.result(&as_json(&prediction, &rows), written)
    }
}

fn as_json(prediction: &Prediction, rows: &FeatureRows) -> serde_json::Value {
    let answers = prediction.rows.iter().zip(&prediction.answers).map(|(row, answer)| match answer {
        Answer::Class { index, scores } => {
            json!({ "row": row, "class": prediction.targets[*index], "scores_volts": scores })
        }
        Answer::Values(values) => json!({ "row": row, "values": values }),
    });
    let data = json!({
        "rows": rows.rows(),
        "rows_left_out": rows.left_out(),
        "separator": rows.separator(),
        "decimal": rows.decimal(),
        "notes": rows.notes(),
    });
    json!({ "targets": prediction.targets, "data": data, "answers": answers.collect::<Vec<_>>() })
}

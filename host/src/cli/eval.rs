//! `wheatstone eval`

use super::device::DeviceArguments;
use super::failure::Result;
use super::output::Output;
use super::score_text::result_text;
use super::table_arguments::TableArguments;
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;
use wheatstone_learn::data::{CsvOptions, Dataset};
use wheatstone_learn::evaluation::{self, Start};
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::inference;
use wheatstone_learn::metrics::{Detail, Evaluation, OutputScore};
use wheatstone_learn::run::{DataDigest, RunFolder};
use wheatstone_learn::training::check_same_design;

/// Read a trained network's answers and score them
#[derive(Args, Debug)]
pub struct Eval {
    /// Folder of the run
    run: PathBuf,
    /// Which rows; default: those held out, or all if none were
    #[arg(long, value_enum)]
    part: Option<Part>,
    /// CSV file, or images, to evaluate on instead of the run's own data, which is not looked for then
    #[arg(long, value_name = "FILE", conflicts_with = "part")]
    data: Option<PathBuf>,
    /// Target column of that file, by name or number from 1; may be given more than once. Default: the run's
    #[arg(long, value_name = "COLUMN", requires = "data")]
    target: Vec<String>,
    #[command(flatten)]
    table: TableArguments,
    /// Voltages each answer is read from: those of the checkpoint, or those where the row before ended, as in the metrics of a
    /// run. Default: fixed with --data, previous without
    #[arg(long, value_enum)]
    start: Option<StartArgument>,
    #[command(flatten)]
    device: DeviceArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    Train,
    Test,
    All,
}

/// Where an answer is read from.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StartArgument {
    /// Every row from the checkpoint's voltages, so that the order of rows does not matter
    Fixed,
    /// Every row from the voltages where the one before ended
    Previous,
}

impl From<StartArgument> for Start {
    fn from(start: StartArgument) -> Start {
        match start {
            StartArgument::Fixed => Start::Fixed,
            StartArgument::Previous => Start::Previous,
        }
    }
}

impl Eval {
    pub fn run(&self, output: &Output) -> Result<()> {
        let folder = RunFolder::open(&self.run)?;
        let (encoder, checkpoint) = (folder.encoder()?, folder.checkpoint()?);
        let experiment = match &self.data {
            Some(path) => {
                let change = |options: &mut CsvOptions| {
                    if !self.target.is_empty() {
                        options.targets.clone_from(&self.target);
                    }
                    self.table.apply(options);
                };
                let config = folder.config()?;
                let given = inference::experiment(config, encoder, checkpoint.design.clone(), path, change)?;
                say_summary(&given.dataset, output);
                given
            }
            None => {
                let own = Experiment::prepare(folder.config_here(None)?)?;
                folder.check(&own, &DataDigest::of(&own))?;
                check_same_design(&own, &checkpoint)?;
                own
            }
        };
        let all: Vec<usize> = (0..experiment.dataset.rows()).collect();
        let (part, rows) = match self.part {
            _ if self.data.is_some() => ("given", all.as_slice()),
            None => experiment.judged_rows(),
            Some(Part::Train) => ("train", experiment.split.train.as_slice()),
            Some(Part::Test) => ("test", experiment.split.test.as_slice()),
            Some(Part::All) => ("all", all.as_slice()),
        };
        let mut device = self.device.open(&experiment.design, &checkpoint.state)?;
        device.set_state(&checkpoint.state)?;
        let start = match self.start {
            Some(start) => start.into(),
            None if self.data.is_some() => inference::START,
            None => Start::Previous,
        };
        let evaluation = evaluation::evaluate_from(&experiment, &mut *device, part, rows, start)?;
        let outputs = evaluation.outputs();
        output
            .result(&Answered { evaluation: &evaluation, r2: evaluation.r2(), outputs }, || text(&evaluation))
    }
}

/// Says in one line what the data were taken to be.
pub fn say_summary(dataset: &Dataset, output: &Output) {
    if let Some(summary) = dataset.summary() {
        output.say(&format!("{}: {summary}", dataset.name()));
    }
}

/// What it prints: of a regression in the units of its values as well.
#[derive(Serialize)]
struct Answered<'a> {
    #[serde(flatten)]
    evaluation: &'a Evaluation,
    #[serde(skip_serializing_if = "Option::is_none")]
    r2: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outputs: Vec<OutputScore>,
}

fn text(evaluation: &Evaluation) -> String {
    let headline =
        format!("{} on {} {} samples", result_text(evaluation), evaluation.samples, evaluation.part);
    match &evaluation.detail {
        Detail::Fits { .. } => headline,
        Detail::Confusion { classes, counts } => {
            let mut table = comfy_table::Table::new();
            table.load_style(comfy_table::presets::NOTHING);
            table.set_header([String::from("wanted \\ answered")].iter().chain(classes));
            for (class, row) in classes.iter().zip(counts) {
                table.add_row([class.clone()].into_iter().chain(row.iter().map(ToString::to_string)));
            }
            format!("{headline}\n\n{table}")
        }
    }
}

//! `wheatstone eval`

use super::device::DeviceArguments;
use super::output::Output;
use super::training_loop::score_text;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use wheatstone::data::{CsvOptions, Split, csv};
use wheatstone::evaluation;
use wheatstone::experiment::Experiment;
use wheatstone::metrics::{Detail, Evaluation};
use wheatstone::run::RunFolder;
use wheatstone::training::check_same_design;

/// Read a trained network's answers and say how many are right
#[derive(Args, Debug)]
pub struct Eval {
    /// Folder of the run
    run: PathBuf,
    /// Which rows; default: those held out, or all if none were
    #[arg(long, value_enum)]
    part: Option<Part>,
    /// CSV file to evaluate on instead of the run's own data
    #[arg(long, value_name = "FILE", conflicts_with = "part")]
    data: Option<PathBuf>,
    /// Target column of that file, by name or number from 1; may be given more than once. Default: the last
    #[arg(long, value_name = "COLUMN", requires = "data")]
    target: Vec<String>,
    #[command(flatten)]
    device: DeviceArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    Train,
    Test,
    All,
}

impl Eval {
    pub fn run(&self, output: &Output) -> anyhow::Result<()> {
        let folder = RunFolder::open(&self.run)?;
        let mut experiment = Experiment::prepare(folder.config()?)?;
        experiment.encoder = folder.encoder()?;
        let checkpoint = folder.checkpoint()?;
        check_same_design(&experiment, &checkpoint)?;
        if let Some(path) = &self.data {
            let options = CsvOptions { targets: self.target.clone(), ..CsvOptions::default() };
            let dataset = csv::read_csv_file(path, &options)?;
            experiment.dataset = experiment.encoder.align(&dataset)?;
            experiment.split = Split { train: (0..dataset.rows()).collect(), test: Vec::new() };
        }
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
        let evaluation = evaluation::evaluate(&experiment, &mut *device, part, rows)?;
        output.result(&evaluation, || text(&evaluation))
    }
}

fn text(evaluation: &Evaluation) -> String {
    let score = score_text(evaluation.score);
    let headline = format!("{score} on {} {} samples", evaluation.samples, evaluation.part);
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

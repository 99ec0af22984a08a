//! `wheatstone train`

use super::arguments::ConfigArguments;
use super::device::DeviceArguments;
use super::eval::say_summary;
use super::output::Output;
use super::training_loop::{self, Pace};
use clap::Args;
use std::path::PathBuf;
use wheatstone::experiment::Experiment;
use wheatstone::run::RunFolder;
use wheatstone::training::Trainer;

/// Train a network and leave a run folder with its checkpoint and report
#[derive(Args, Debug)]
pub struct Train {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    device: DeviceArguments,
    #[command(flatten)]
    pace: Pace,
    /// Folder to write; default: a new one under runs/
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Train {
    pub fn run(&self, output: &Output) -> anyhow::Result<()> {
        let experiment = Experiment::prepare(self.config.resolve()?)?;
        say_summary(&experiment, output);
        experiment.notes.iter().for_each(|note| output.say(&format!("note: {note}")));
        let device = self.device.open(&experiment.design, &experiment.initial_state())?;
        let folder = RunFolder::create(self.out.as_deref(), &experiment.config)?;
        folder.put_experiment(&experiment)?;
        let name = &experiment.config.name;
        output.say(&format!("training {name} on {} in {}", device.describe(), folder.path().display()));
        let mut trainer = Trainer::start(&experiment, device)?;
        trainer.metrics_every(self.pace.metrics_every);
        let metrics = vec![trainer.before_training()?];
        folder.put_metrics(&metrics)?;
        folder.put_checkpoint(&trainer.last_known())?;
        training_loop::run(&experiment, &folder, trainer, metrics, *output)
    }
}

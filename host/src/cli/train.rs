//! `wheatstone train`

use super::arguments::ConfigArguments;
use super::output::Output;
use super::training_loop;
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
    /// Folder to write; default: a new one under runs/
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Train {
    pub fn run(&self, output: &Output) -> anyhow::Result<()> {
        let experiment = Experiment::prepare(self.config.resolve()?)?;
        let folder = RunFolder::create(self.out.as_deref(), &experiment.config)?;
        folder.put_experiment(&experiment)?;
        output.say(&format!("training {} in {}", experiment.config.name, folder.path().display()));
        let model = experiment.model(&experiment.initial_state())?;
        let trainer = Trainer::start(&experiment, Box::new(model))?;
        let metrics = vec![trainer.before_training()?];
        folder.put_metrics(&metrics)?;
        folder.put_checkpoint(&trainer.last_known())?;
        training_loop::run(&experiment, &folder, trainer, metrics, *output)
    }
}

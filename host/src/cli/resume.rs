//! `wheatstone resume`

use super::output::Output;
use super::training_loop;
use anyhow::bail;
use clap::Args;
use std::path::PathBuf;
use wheatstone::experiment::Experiment;
use wheatstone::run::{RunError, RunFolder};
use wheatstone::training::Trainer;

/// Go on with a run that was interrupted, to the same bits as if it had not been
#[derive(Args, Debug)]
pub struct Resume {
    /// Folder of the run
    run: PathBuf,
    /// Train until this epoch instead of the configured one
    #[arg(long)]
    epochs: Option<u32>,
}

impl Resume {
    pub fn run(&self, output: &Output) -> anyhow::Result<()> {
        let folder = RunFolder::open(&self.run)?;
        let mut config = folder.config()?;
        if let Some(epochs) = self.epochs {
            config.epochs = epochs;
        }
        let experiment = Experiment::prepare(config)?;
        if experiment.encoder != folder.encoder()? {
            bail!(RunError::OtherData { path: self.run.display().to_string() });
        }
        let checkpoint = folder.checkpoint()?;
        let model = experiment.model(&experiment.initial_state())?;
        let trainer = Trainer::resume(&experiment, Box::new(model), checkpoint)?;
        let metrics = folder.metrics(trainer.epoch())?;
        folder.put_metrics(&metrics)?;
        training_loop::run(&experiment, &folder, trainer, metrics, *output)
    }
}

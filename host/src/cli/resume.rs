//! `wheatstone resume`

use super::device::DeviceArguments;
use super::output::Output;
use super::training_loop::{self, Pace};
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
    #[command(flatten)]
    device: DeviceArguments,
    #[command(flatten)]
    pace: Pace,
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
        let device = self.device.open(&experiment.design, &experiment.initial_state())?;
        let mut trainer = Trainer::resume(&experiment, device, checkpoint)?;
        trainer.metrics_every(self.pace.metrics_every);
        let metrics = folder.metrics(trainer.epoch())?;
        folder.put_metrics(&metrics)?;
        training_loop::run(&experiment, &folder, trainer, metrics, *output)
    }
}

//! `wheatstone resume`

use super::device::DeviceArguments;
use super::failure::Result;
use super::interrupt;
use super::output::Output;
use super::training_loop::{self, MetricsInterval, Run, TrainingThreads};
use clap::Args;
use std::path::PathBuf;
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::run::RunWriter;

/// Go on with an interrupted run, to the same bits
///
/// The result is the one of a run that nobody interrupted. A run that was stopped before its first checkpoint starts from its beginning.
#[derive(Args, Debug)]
pub struct Resume {
    /// Folder of the run
    run: PathBuf,
    /// Train until this epoch; if the run is longer than configured then, its config.toml says so
    #[arg(long)]
    epochs: Option<u32>,
    /// Where the run's data are now. Default: where they were, as seen from the run folder
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceArguments,
    #[command(flatten)]
    threads: TrainingThreads,
    #[command(flatten)]
    interval: MetricsInterval,
}

impl Resume {
    pub fn run(&self, output: &Output) -> Result<()> {
        interrupt::listen()?;
        let writer = RunWriter::open(&self.run)?;
        let mut config = writer.config_here(self.data.as_deref())?;
        let stored = config.epochs;
        config.epochs = self.epochs.unwrap_or(stored);
        config.check()?;
        let experiment = Experiment::prepare(config)?;
        let run = Run {
            experiment: &experiment,
            device: &self.device,
            threads: &self.threads,
            interval: &self.interval,
            snapshots: None,
            output: *output,
        };
        training_loop::go_on(&run, writer)
    }
}

//! `wheatstone train`

use super::arguments::ConfigArguments;
use super::device::DeviceArguments;
use super::eval::say_summary;
use super::failure::Result;
use super::interrupt;
use super::numbers;
use super::output::Output;
use super::training_loop::{self, MetricsInterval, Run, TrainingThreads};
use clap::Args;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use wheatstone_learn::run::{RunError, RunFolder, RunWriter};

/// Train a network; leave a run folder with checkpoint and report
#[derive(Args, Debug)]
pub struct Train {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    device: DeviceArguments,
    #[command(flatten)]
    threads: TrainingThreads,
    #[command(flatten)]
    interval: MetricsInterval,
    /// Keep conductances, voltages and power after every so many samples, in snapshots.npy, an array that NumPy reads
    #[arg(long, value_name = "SAMPLES", value_parser = numbers::samples)]
    snapshots: Option<NonZeroU64>,
    /// Folder to write; default: a new one under runs/
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Go on with the run in that folder if it is this one, and start it if there is none: the same command can be given again
    /// until the run is done
    #[arg(long, requires = "out")]
    resume_or_start: bool,
}

impl Train {
    pub fn run(&self, output: &Output) -> Result<()> {
        interrupt::listen()?;
        let experiment = self.config.experiment()?;
        say_summary(&experiment.dataset, output);
        experiment.notes.iter().for_each(|note| output.say(&format!("note: {note}")));
        let run = Run {
            experiment: &experiment,
            device: &self.device,
            threads: &self.threads,
            interval: &self.interval,
            snapshots: self.snapshots,
            output: *output,
        };
        if let Some(out) = &self.out {
            if self.resume_or_start && RunFolder::open(out).is_ok() {
                return go_on(out, &run);
            }
            RunWriter::check(out, &experiment.config)?;
        }
        let device = run.open()?;
        let writer = RunWriter::create(self.out.as_deref(), &experiment.config)?;
        training_loop::start(&run, writer, device)
    }
}

/// Goes on with the run of a folder, if it is this one.
fn go_on(out: &Path, run: &Run) -> Result<()> {
    let writer = RunWriter::open(out)?;
    let keys = writer.differing_keys(&run.experiment.config)?;
    if !keys.is_empty() {
        return Err(RunError::OtherRun { path: out.display().to_string(), keys: keys.join(", ") }.into());
    }
    if !writer.has_begun() {
        writer.put_config(&run.experiment.config)?;
    }
    training_loop::go_on(run, writer)
}

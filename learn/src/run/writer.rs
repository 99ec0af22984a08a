//! Writing a run: under its lock, each file whole, and never a checkpoint whose metrics are not on the disk.

use super::lock::Lock;
use super::origin::{DataDigest, Origin};
use super::{
    CHECKPOINT, CONFIG, ENCODING, EVALUATION, LINK, METRICS, NETWORK, ORIGIN, RunError, RunFolder, making,
};
use crate::config::RunConfig;
use crate::device::Traffic;
use crate::experiment::Experiment;
use crate::metrics::{EpochMetrics, Evaluation};
use crate::training::{Observer, Trainer};
use crate::whole_file::{WriteError, write_whole};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::ops::Deref;
use std::path::Path;
use wheatstone_sim::{BoxedError, Checkpoint};

/// A run folder that this process alone writes. It can be read like any other.
#[derive(Debug)]
pub struct RunWriter {
    folder: RunFolder,
    lock: Lock,
    metrics: Vec<EpochMetrics>,
    /// Whether the file of metrics holds exactly `metrics`, as far as is known.
    is_current: bool,
}

impl Deref for RunWriter {
    type Target = RunFolder;

    fn deref(&self) -> &RunFolder {
        &self.folder
    }
}

impl RunWriter {
    /// Makes the folder of a new run, with its configuration. Without a wish, it is `runs/NAME-seedSEED`, or the first free of
    /// `-2`, `-3`, ... after it.
    ///
    /// # Errors
    /// [`RunError::Occupied`] or [`RunError::NotEmpty`] if a run would write over something in the folder wished for,
    /// [`RunError::Busy`] if another process writes it, [`RunError::Folder`] or [`RunError::Write`] if it cannot be made.
    pub fn create(wish: Option<&Path>, config: &RunConfig) -> Result<RunWriter, RunError> {
        let (path, lock) = making::make(wish, config)?;
        Ok(RunWriter::new(RunFolder { path }, lock))
    }

    /// Whether [`RunWriter::create`] would refuse a folder, before anything else is begun.
    ///
    /// # Errors
    /// As [`RunWriter::create`].
    pub fn check(wish: &Path, config: &RunConfig) -> Result<(), RunError> {
        making::check_vacant(wish, config)
    }

    /// Opens the folder of an earlier run to go on with it.
    ///
    /// # Errors
    /// [`RunError::Read`] if there is no configuration in it, [`RunError::Busy`] if another process writes it.
    pub fn open(path: &Path) -> Result<RunWriter, RunError> {
        let folder = RunFolder::open(path)?;
        let lock = Lock::take(path)?;
        Ok(RunWriter::new(folder, lock))
    }

    fn new(folder: RunFolder, lock: Lock) -> RunWriter {
        RunWriter { folder, lock, metrics: Vec::new(), is_current: false }
    }

    /// Whether other writers are kept out; some network file systems have no locks.
    pub fn is_locked(&self) -> bool {
        self.lock.holds
    }

    /// Writes what the run begins with: the fitted encoding, the network, and the digests of configuration and data.
    ///
    /// # Errors
    /// [`RunError::Write`].
    pub fn put_experiment(&self, experiment: &Experiment, data: DataDigest) -> Result<(), RunError> {
        self.put_json(ENCODING, &experiment.encoder)?;
        self.put(NETWORK, experiment.design.network().to_json().as_bytes())?;
        self.put_json(ORIGIN, &Origin::of(experiment, data, &self.folder.path))
    }

    /// Writes the configuration anew, for more epochs.
    ///
    /// # Errors
    /// [`RunError::Write`].
    pub fn put_config(&self, config: &RunConfig) -> Result<(), RunError> {
        self.put(CONFIG, config.to_toml().as_bytes())
    }

    /// Writes the evaluation.
    ///
    /// # Errors
    /// [`RunError::Write`].
    pub fn put_evaluation(&self, evaluation: &Evaluation) -> Result<(), RunError> {
        self.put_json(EVALUATION, evaluation)
    }

    /// The metrics so far.
    pub fn recorded(&self) -> &[EpochMetrics] {
        &self.metrics
    }

    /// Replaces all metrics.
    ///
    /// # Errors
    /// [`RunError::Write`].
    pub fn put_metrics(&mut self, metrics: Vec<EpochMetrics>) -> Result<(), RunError> {
        self.metrics = metrics;
        self.is_current = false;
        self.rewrite_metrics()
    }

    /// Adds the metrics of one epoch.
    ///
    /// # Errors
    /// [`RunError::Write`]; they are kept then, and written before the next checkpoint.
    pub fn record(&mut self, metrics: EpochMetrics) -> Result<(), RunError> {
        let line = line(&metrics).map_err(|error| self.metrics_error(error));
        self.metrics.push(metrics);
        if !self.is_current {
            return self.rewrite_metrics();
        }
        self.is_current = false;
        let append = |line: String| {
            OpenOptions::new().append(true).open(self.file(METRICS))?.write_all(line.as_bytes())
        };
        append(line?).map_err(|error| self.metrics_error(error))?;
        self.is_current = true;
        Ok(())
    }

    /// Writes a checkpoint, once all metrics are on the disk.
    ///
    /// # Errors
    /// [`RunError::Write`]; the checkpoint there was is then still whole.
    pub fn put_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), RunError> {
        if self.is_current {
            let sync = || File::open(self.file(METRICS))?.sync_all();
            sync().map_err(|error| self.metrics_error(error))?;
        } else {
            self.rewrite_metrics()?;
        }
        self.put(CHECKPOINT, &checkpoint.to_bytes())
    }

    /// Writes what went over the link, for programs that monitor the run.
    fn put_traffic(&self, trainer: &Trainer, traffic: Traffic) -> Result<(), RunError> {
        let json = json!({
            "device": trainer.device().describe(),
            "samples": trainer.trained(),
            "total": trainer.total(),
            "bytes_sent": traffic.bytes_sent,
            "bytes_received": traffic.bytes_received,
            "retries": traffic.repeated,
            "damaged": traffic.damaged,
        });
        self.put(LINK, format!("{json}\n").as_bytes())
    }

    fn rewrite_metrics(&mut self) -> Result<(), RunError> {
        let text: Result<String, io::Error> = self.metrics.iter().map(line).collect();
        let text = text.map_err(|error| self.metrics_error(error))?;
        self.put(METRICS, text.as_bytes())?;
        self.is_current = true;
        Ok(())
    }

    fn metrics_error(&self, error: io::Error) -> RunError {
        WriteError::new(&self.file(METRICS), error).into()
    }

    /// Writes a file aside, then renames it, so that it is never half there.
    ///
    /// # Errors
    /// [`RunError::Write`].
    pub fn put(&self, name: &str, contents: &[u8]) -> Result<(), RunError> {
        Ok(write_whole(&self.file(name), contents)?)
    }

    fn put_json(&self, name: &str, value: &impl serde::Serialize) -> Result<(), RunError> {
        let text =
            serde_json::to_string_pretty(value).map_err(|e| WriteError::new(&self.file(name), e.into()))?;
        self.put(name, text.as_bytes())
    }
}

/// Keeps metrics, checkpoints, and what went over the link.
impl Observer for RunWriter {
    fn on_metrics(&mut self, trainer: &Trainer, metrics: &EpochMetrics) -> Result<(), BoxedError> {
        self.record(metrics.clone()).map_err(BoxedError::new)?;
        match trainer.device().traffic() {
            Some(traffic) => self.put_traffic(trainer, traffic).map_err(BoxedError::new),
            None => Ok(()),
        }
    }

    fn on_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), BoxedError> {
        self.put_checkpoint(checkpoint).map_err(BoxedError::new)
    }
}

fn line(metrics: &EpochMetrics) -> io::Result<String> {
    Ok(serde_json::to_string(metrics)? + "\n")
}

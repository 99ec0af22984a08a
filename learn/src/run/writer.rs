//! Writing a run: under its lock, each file whole, and never a checkpoint whose metrics are not on the disk.

use super::lock::Lock;
use super::origin::{DataDigest, Origin};
use super::{
    CHECKPOINT, CONFIG, ENCODING, EVALUATION, LINK, METRICS, NETWORK, ORIGIN, RunError, RunFolder, SNAPSHOTS,
    making,
};
use crate::config::RunConfig;
use crate::device::Traffic;
use crate::experiment::Experiment;
use crate::metrics::{EpochMetrics, Evaluation};
use crate::snapshot::SnapshotFile;
use crate::training::{Next, Observer, Trainer};
use crate::whole_file::{WriteError, write_whole};
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wheatstone_sim::{BoxedError, Checkpoint, Design, State};

/// How often a run that goes on writes a checkpoint.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(30);

/// A run folder that this process alone writes. It can be read like any other.
#[derive(Debug)]
pub struct RunWriter {
    folder: RunFolder,
    lock: Lock,
    metrics: Vec<EpochMetrics>,
    /// Whether the file of metrics holds exactly `metrics`, as far as is known.
    is_current: bool,
    snapshots: Option<Snapshots>,
    last_checkpoint: Instant,
}

/// Where snapshots go, and of what design they are.
#[derive(Debug)]
struct Snapshots {
    file: SnapshotFile,
    design: Arc<Design>,
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

    /// The same without waiting for the disk: for many runs, whose folders would only be made again.
    ///
    /// # Errors
    /// As [`RunWriter::create`].
    pub(crate) fn create_unflushed(path: &Path, config: &RunConfig) -> Result<RunWriter, RunError> {
        let (path, lock) = making::make_unflushed(path, config)?;
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
        RunWriter {
            folder,
            lock,
            metrics: Vec::new(),
            is_current: false,
            snapshots: None,
            last_checkpoint: Instant::now(),
        }
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
        let snapshots = self.snapshots_every();
        self.put_json(ORIGIN, &Origin::of(experiment, data, &self.folder.path, snapshots))
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

    /// Keeps snapshots from the beginning of a run, every so many samples; before [`RunWriter::put_experiment`], which notes it.
    ///
    /// # Errors
    /// [`RunError::Write`].
    pub fn keep_snapshots(&mut self, experiment: &Experiment, every: NonZeroU64) -> Result<(), RunError> {
        let file = SnapshotFile::create(&self.file(SNAPSHOTS), &experiment.design, every);
        let file = file.map_err(|error| self.snapshots_error(error))?;
        self.snapshots = Some(Snapshots { file, design: Arc::clone(&experiment.design) });
        self.put_snapshot(&experiment.initial_state(), 0, 0)
    }

    /// Goes on with snapshots, if the run has kept any, from a checkpoint of it. Those behind are cut off. Returns whether all up to
    /// there were there, as far as can be told of this run.
    ///
    /// # Errors
    /// [`RunError`] names the file and what is wrong in it.
    pub fn go_on_with_snapshots(
        &mut self,
        experiment: &Experiment,
        checkpoint: &Checkpoint,
    ) -> Result<bool, RunError> {
        let Some(every) = self.origin()?.and_then(|origin| origin.snapshots) else { return Ok(true) };
        let first = experiment.initial_state();
        let file = SnapshotFile::go_on(&self.file(SNAPSHOTS), every, &first, checkpoint);
        let file = file.map_err(|error| self.snapshots_error(error))?;
        self.snapshots = file.map(|file| Snapshots { file, design: Arc::clone(&experiment.design) });
        Ok(self.snapshots.is_some())
    }

    /// Samples between two of the snapshots that it keeps.
    pub fn snapshots_every(&self) -> Option<NonZeroU64> {
        self.snapshots.as_ref().map(|snapshots| snapshots.file.every())
    }

    /// Appends a snapshot, if the run keeps any.
    ///
    /// # Errors
    /// [`RunError::Write`].
    pub fn put_snapshot(&mut self, state: &State, samples: u64, steps: u64) -> Result<(), RunError> {
        let Some(Snapshots { file, design }) = &mut self.snapshots else { return Ok(()) };
        let put = file.put(design, state, samples, steps);
        put.map_err(|error| self.snapshots_error(error))
    }

    fn snapshots_error(&self, error: io::Error) -> RunError {
        WriteError::new(&self.file(SNAPSHOTS), error).into()
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

    /// Writes a checkpoint, once all metrics and snapshots are on the disk. A run whose metrics nobody takes has no file of them.
    ///
    /// # Errors
    /// [`RunError::Write`]; the checkpoint there was is then still whole.
    pub fn put_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), RunError> {
        if self.is_current {
            let sync = || File::open(self.file(METRICS))?.sync_all();
            sync().map_err(|error| self.metrics_error(error))?;
        } else if !self.metrics.is_empty() {
            self.rewrite_metrics()?;
        }
        if let Some(Snapshots { file, .. }) = &mut self.snapshots {
            let synced = file.sync();
            synced.map_err(|error| self.snapshots_error(error))?;
        }
        self.put(CHECKPOINT, &checkpoint.to_bytes())?;
        self.last_checkpoint = Instant::now();
        Ok(())
    }

    /// Whether it is time for the next checkpoint.
    pub(crate) fn wants_checkpoint(&self) -> bool {
        self.last_checkpoint.elapsed() > CHECKPOINT_INTERVAL
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

/// Keeps metrics, snapshots, a checkpoint every half minute, and what went over the link.
impl Observer for RunWriter {
    fn on_progress(&mut self, _: u64) -> Next {
        if self.wants_checkpoint() { Next::Checkpoint } else { Next::Train }
    }

    fn on_metrics(&mut self, trainer: &Trainer, metrics: &EpochMetrics) -> Result<(), BoxedError> {
        self.record(metrics.clone()).map_err(BoxedError::new)?;
        if let Some(Snapshots { file, .. }) = &mut self.snapshots {
            let flushed = file.flush();
            flushed.map_err(|error| BoxedError::new(self.snapshots_error(error)))?;
        }
        match trainer.device().traffic() {
            Some(traffic) => self.put_traffic(trainer, traffic).map_err(BoxedError::new),
            None => Ok(()),
        }
    }

    fn on_snapshot(&mut self, state: &State, samples: u64, steps: u64) -> Result<(), BoxedError> {
        self.put_snapshot(state, samples, steps).map_err(BoxedError::new)
    }

    fn on_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), BoxedError> {
        self.put_checkpoint(checkpoint).map_err(BoxedError::new)
    }
}

fn line(metrics: &EpochMetrics) -> io::Result<String> {
    Ok(serde_json::to_string(metrics)? + "\n")
}

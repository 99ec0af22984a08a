//! Run folders: what a run leaves behind, and how it gets there without ever being half written.
//!
//! | file | holds |
//! |---|---|
//! | `config.toml` | the resolved configuration |
//! | `encoding.json` | the fitted encoding |
//! | `network.json` | the network file |
//! | `run.json` | what the run began with: its configuration, and digests of its data |
//! | `metrics.jsonl` | one record an epoch |
//! | `snapshots.npy` | the state every so many samples, if that was asked for |
//! | `checkpoint.bin` | design, state and progress |
//! | `evaluation.json` | confusion matrix or fits at the end |
//! | `report.html`, `*.svg` | the same for the eye |
//! | `.lock` | who writes the folder; see [`RunWriter`] |
//!
//! [`RunFolder`] reads, at any time; [`RunWriter`] writes, one process at a time.

mod lock;
mod making;
mod origin;
mod writer;

#[cfg(test)]
pub(crate) use lock::WITHOUT_LOCKS;
pub(crate) use lock::{LOCK, Lock};

pub use crate::whole_file::{WholeFile, WriteError, write_whole};
pub use making::new_folder;
pub(crate) use making::remove_leftovers;
pub use origin::{DataDigest, DataFile, Origin};
pub use writer::RunWriter;

use crate::config::{Draft, RunConfig, Shape};
use crate::data::Encoder;
use crate::experiment::Experiment;
use crate::metrics::{EpochMetrics, Evaluation};
use crate::network_file::IN_RUN_FOLDER as NETWORK;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;
use wheatstone_sim::{Categorized, Checkpoint, CheckpointError, ErrorCategory, FileStemError};

/// A folder that cannot be written or is not a run's.
#[derive(Debug, Error)]
pub enum RunError {
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A folder cannot be made.
    #[error("{path}: cannot make this folder: {source}; choose a folder you may write with --out")]
    Folder {
        /// Path of the folder, as it was named.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be read.
    #[error("{path}: cannot read: {source}; name the folder of a run")]
    Read {
        /// Path of the file, as it was named.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// A file of a run is not there.
    #[error(
        "{path}: the run has not come to this file, or it was lost; restore it, go on with `wheatstone resume`, or train again"
    )]
    Missing {
        /// Path of the file, as it was named.
        path: String,
    },
    /// There is a run already.
    #[error(
        "{path} already holds a run; choose another folder, go on with `wheatstone resume {path}`, or give \
         --resume-or-start to do whichever fits"
    )]
    Occupied {
        /// Path of the folder, as it was named.
        path: String,
    },
    /// There is a file that a run would write over.
    #[error(
        "{path} already holds {file}, which a run would write over; choose another folder, or move it away"
    )]
    NotEmpty {
        /// Path of the folder, as it was named.
        path: String,
        /// Path of the file, as it was named.
        file: String,
    },
    /// Another process writes the run.
    #[error("{path} is being written by {holder}; wait until it is done, or end it")]
    Busy {
        /// Path of the folder, as it was named.
        path: String,
        /// The process, as its lock file says: number and machine.
        holder: String,
    },
    /// A file of the folder is not what it should be.
    #[error("{path}: line {line}: {message}; restore the file or train again")]
    Syntax {
        /// Path of the file, as it was named.
        path: String,
        /// Its line, counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The data are not those the run began with.
    #[error(
        "{path}: the data have changed since this run began: {what} differ; restore them, train anew, or see what the network makes of other \
         data with `wheatstone eval {path} --data FILE`"
    )]
    OtherData {
        /// Path of the folder, as it was named.
        path: String,
        /// What differs, in words.
        what: String,
    },
    /// The configuration is not the one the run began with.
    #[error("{path}: the configuration has changed since this run began: {keys}; restore it, or train anew")]
    OtherConfiguration {
        /// Path of the folder, as it was named.
        path: String,
        /// The keys that differ.
        keys: String,
    },
    /// The encoding is not the one that the run's configuration and data give.
    #[error(
        "{path}: not the encoding that the configuration and the data of this run give, which have not changed; restore the file, or train anew"
    )]
    OtherEncoding {
        /// Path of the file, as it was named.
        path: String,
    },
    /// There is a run of another configuration.
    #[error("{path} already holds another run: {keys}; choose another folder")]
    OtherRun {
        /// Path of the folder, as it was named.
        path: String,
        /// The keys that differ.
        keys: String,
    },
    /// The data are not where they were.
    #[error("{path}: the data of this run are not at {tried}; say where they are with --data")]
    NoData {
        /// Path of the folder, as it was named.
        path: String,
        /// Where they were looked for.
        tried: String,
    },
    /// Data are named for a run that has no file of data.
    #[error("{path}: this run learns {data}, which needs no file; leave --data out")]
    NeedsNoData {
        /// Path of the folder, as it was named.
        path: String,
        /// What it learns.
        data: String,
    },
    /// The run is called what no folder can be.
    #[error(transparent)]
    Name(#[from] FileStemError),
    /// The configuration does not read back.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// A checkpoint has no byte in it.
    #[error("{path}: this file is empty, which is not a checkpoint; restore it, or train again")]
    Empty {
        /// Path of the file, as it was named.
        path: String,
    },
    /// The checkpoint does not read back.
    #[error("{path}: {error}")]
    Checkpoint {
        /// Path of the file, as it was named.
        path: String,
        /// What is wrong.
        error: CheckpointError,
    },
}

impl Categorized for RunError {
    fn category(&self) -> ErrorCategory {
        match self {
            RunError::Write(error) => error.category(),
            RunError::Folder { source, .. } => ErrorCategory::Failed.unless_denied(source),
            RunError::Read { source, .. } => ErrorCategory::BadInput.unless_denied(source),
            RunError::Missing { .. }
            | RunError::Occupied { .. }
            | RunError::NotEmpty { .. }
            | RunError::Syntax { .. }
            | RunError::OtherData { .. }
            | RunError::OtherConfiguration { .. }
            | RunError::OtherEncoding { .. }
            | RunError::OtherRun { .. }
            | RunError::NoData { .. }
            | RunError::NeedsNoData { .. }
            | RunError::Empty { .. } => ErrorCategory::BadInput,
            RunError::Busy { .. } => ErrorCategory::Failed,
            RunError::Name(error) => error.category(),
            RunError::Config(error) => error.category(),
            RunError::Checkpoint { error, .. } => error.category(),
        }
    }
}

/// The part of the notes of a run that is read twice.
#[derive(Deserialize)]
struct Configured {
    #[serde(rename = "configuration")]
    _configuration: RunConfig,
}

/// The folder of a run, to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

/// Keys in which two configurations differ, with both values.
pub(crate) fn differing_keys(then: &RunConfig, now: &RunConfig) -> Vec<String> {
    origin::differing_keys(&origin::configuration(then), now, &["description"])
}

impl RunFolder {
    /// Opens the folder of an earlier run.
    ///
    /// # Errors
    /// [`RunError::Read`] if there is no configuration in it.
    pub fn open(path: &Path) -> Result<RunFolder, RunError> {
        let folder = RunFolder { path: path.to_owned() };
        folder.get(CONFIG)?;
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The configuration as it stands in the folder.
    ///
    /// # Errors
    /// [`RunError`] names the file and what is wrong in it.
    pub fn config(&self) -> Result<RunConfig, RunError> {
        Ok(Draft::file(&self.file(CONFIG))?.finish()?)
    }

    /// The configuration with what it names found, wherever folder and data have been moved: the network is the folder's own,
    /// and the data are `data` if that is given. If not, they are where they lay as seen from the folder when the run began,
    /// or at the configured path, whichever holds the same.
    ///
    /// # Errors
    /// [`RunError::NoData`] if they are at neither place, [`RunError::NeedsNoData`] if `data` is given and the run has no
    /// file of data; others name a file of the folder and what is wrong in it.
    pub fn config_here(&self, data: Option<&Path>) -> Result<RunConfig, RunError> {
        let mut config = self.config()?;
        if let Shape::File(path) = &mut config.network.shape
            && self.file(NETWORK).exists()
        {
            *path = self.file(NETWORK);
        }
        let source = &mut config.data.source;
        let found = match (source.path(), data) {
            (None, None) => return Ok(config),
            (None, Some(_)) => {
                let data = source.describe();
                return Err(RunError::NeedsNoData { path: self.path.display().to_string(), data });
            }
            (Some(_), Some(data)) => data.to_owned(),
            (Some(configured), None) => self.find_data(configured)?,
        };
        source.set_path(found);
        Ok(config)
    }

    fn find_data(&self, configured: &Path) -> Result<PathBuf, RunError> {
        let origin = self.origin()?;
        let found = match &origin {
            Some(origin) => origin.find_data(&self.path, configured),
            None => Some(configured.to_owned()),
        };
        found.ok_or_else(|| {
            let beside = origin.and_then(|origin| origin.file).and_then(|file| file.path);
            let beside = beside.map(|path| format!("{} or ", self.path.join(path).display()));
            let tried = format!("{}{}", beside.unwrap_or_default(), configured.display());
            RunError::NoData { path: self.path.display().to_string(), tried }
        })
    }

    /// What the run began with; `None` if its folder does not say.
    ///
    /// # Errors
    /// [`RunError`] names the file and what is wrong in it.
    pub fn origin(&self) -> Result<Option<Origin>, RunError> {
        if !self.file(ORIGIN).exists() {
            return Ok(None);
        }
        let text = self.get(ORIGIN)?;
        let wrong = |e: serde_json::Error| self.syntax(ORIGIN, e.line(), &e);
        // Read as a configuration, a key that is none has a line.
        match serde_json::from_slice::<Configured>(&text) {
            Err(error) if error.is_data() && !error.to_string().starts_with("missing field") => {
                return Err(wrong(error));
            }
            _ => {}
        }
        serde_json::from_slice(&text).map(Some).map_err(wrong)
    }

    /// Keys of a configuration that ask for another run than this one, with both values. Where the data lie is none of them.
    ///
    /// # Errors
    /// [`RunError`] names the file and what is wrong in it.
    pub fn differing_keys(&self, config: &RunConfig) -> Result<Vec<String>, RunError> {
        let stored = self.config()?;
        let begun = self.origin()?.filter(|_| self.has_begun());
        let mut then = begun.map_or_else(|| origin::configuration(&stored), |origin| origin.configuration);
        // A run may have been made longer since.
        if let Some(epochs) = then.get_mut("epochs") {
            *epochs = stored.epochs.into();
        }
        Ok(origin::differing_keys(&then, config, &["description", "data.source"]))
    }

    /// Checks that an experiment is what the run began with: the encoding, the configuration and the data.
    ///
    /// # Errors
    /// [`RunError::OtherConfiguration`], [`RunError::OtherData`] or [`RunError::OtherEncoding`] names what differs.
    pub fn check(&self, experiment: &Experiment, data: &DataDigest) -> Result<(), RunError> {
        let origin = self.origin()?;
        if let Some(origin) = &origin {
            origin.check(experiment, data, &self.path)?;
        }
        if experiment.encoder != self.encoder()? {
            if origin.is_some() {
                return Err(RunError::OtherEncoding { path: self.file(ENCODING).display().to_string() });
            }
            let what = "the columns or their ranges".to_owned();
            return Err(RunError::OtherData { path: self.path.display().to_string(), what });
        }
        Ok(())
    }

    /// The fitted encoding.
    ///
    /// # Errors
    /// [`RunError`] names the file and what is wrong in it.
    pub fn encoder(&self) -> Result<Encoder, RunError> {
        let text = self.get(ENCODING)?;
        serde_json::from_slice(&text).map_err(|e| self.syntax(ENCODING, e.line(), &e))
    }

    /// Whether there is a checkpoint: without one, the run has not begun.
    pub fn has_begun(&self) -> bool {
        self.file(CHECKPOINT).exists()
    }

    /// The checkpoint that the run wrote last.
    ///
    /// # Errors
    /// [`RunError`] names the file and what is wrong in it.
    pub fn checkpoint(&self) -> Result<Checkpoint, RunError> {
        match read_checkpoint(&self.file(CHECKPOINT)) {
            Err(RunError::Read { source, .. }) => Err(self.unreadable(CHECKPOINT, source)),
            read => read,
        }
    }

    /// The evaluation at the end of the run; `None` if it has not come to its end.
    ///
    /// # Errors
    /// [`RunError`] names the file and what is wrong in it.
    pub fn evaluation(&self) -> Result<Option<Evaluation>, RunError> {
        if !self.file(EVALUATION).exists() {
            return Ok(None);
        }
        let text = self.get(EVALUATION)?;
        serde_json::from_slice(&text).map(Some).map_err(|e| self.syntax(EVALUATION, e.line(), &e))
    }

    /// The metrics up to an epoch, see [`parse_metrics`]; none where the file is absent.
    ///
    /// # Errors
    /// [`RunError::Read`].
    pub fn metrics(&self, up_to_epoch: u32) -> Result<Vec<EpochMetrics>, RunError> {
        let text = if self.file(METRICS).exists() { self.get(METRICS)? } else { Vec::new() };
        Ok(parse_metrics(&text).into_iter().filter(|record| record.epoch <= up_to_epoch).collect())
    }

    fn get(&self, name: &str) -> Result<Vec<u8>, RunError> {
        let path = self.file(name);
        fs::read(&path).map_err(|source| self.unreadable(name, source))
    }

    /// A file that cannot be read: one of no run, or one that a run lacks.
    fn unreadable(&self, name: &str, source: io::Error) -> RunError {
        let path = self.file(name).display().to_string();
        if name != CONFIG && source.kind() == io::ErrorKind::NotFound {
            return RunError::Missing { path };
        }
        RunError::Read { path, source }
    }

    fn syntax(&self, name: &str, line: usize, error: &serde_json::Error) -> RunError {
        RunError::Syntax { path: self.file(name).display().to_string(), line, message: error.to_string() }
    }
}

/// The records of a file of metrics by ascending epoch. A line that was cut off holds none, and of several records of one epoch
/// the first counts; how many there must be is known to the checkpoint.
pub fn parse_metrics(text: &[u8]) -> Vec<EpochMetrics> {
    let mut records = BTreeMap::new();
    for line in text.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")) {
        if let Ok(record) = serde_json::from_slice::<EpochMetrics>(line) {
            records.entry(record.epoch).or_insert(record);
        }
    }
    records.into_values().collect()
}

/// The resolved configuration, of a run and beside the bitstream of a preset.
pub const CONFIG: &str = "config.toml";
const ENCODING: &str = "encoding.json";
const ORIGIN: &str = "run.json";
pub(crate) const METRICS: &str = "metrics.jsonl";
/// The snapshots of a run.
pub const SNAPSHOTS: &str = "snapshots.npy";
const CHECKPOINT: &str = "checkpoint.bin";
pub(crate) const EVALUATION: &str = "evaluation.json";
/// The report of a run.
pub const REPORT: &str = "report.html";
/// What goes over the link while a run on a board goes on.
pub const LINK: &str = "link.json";

/// Reads a checkpoint file.
///
/// # Errors
/// [`RunError`] names the file and what is wrong in it.
pub fn read_checkpoint(path: &Path) -> Result<Checkpoint, RunError> {
    let text = path.display().to_string();
    let bytes = fs::read(path).map_err(|source| RunError::Read { path: text.clone(), source })?;
    if bytes.is_empty() {
        return Err(RunError::Empty { path: text });
    }
    Checkpoint::from_bytes(&bytes).map_err(|error| RunError::Checkpoint { path: text, error })
}

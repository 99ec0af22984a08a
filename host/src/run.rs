//! Run folders: what a run leaves behind, and how it gets there without ever being half written.
//!
//! | file | holds |
//! |---|---|
//! | `config.toml` | the resolved configuration |
//! | `encoding.json` | the fitted encoding |
//! | `network.json` | the network file |
//! | `metrics.jsonl` | one record an epoch |
//! | `checkpoint.bin` | design, state and progress |
//! | `evaluation.json` | confusion matrix or fits at the end |
//! | `report.html`, `*.svg` | the same for the eye |

use crate::config::{Draft, RunConfig};
use crate::data::Encoder;
use crate::experiment::Experiment;
use crate::metrics::{EpochMetrics, Evaluation};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;
use wheatstone_sim::{Checkpoint, CheckpointError, FileStem, FileStemError};

/// A folder that cannot be written or is not a run's.
#[derive(Debug, Error)]
pub enum RunError {
    /// Writing failed.
    #[error("{path}: cannot write: {source}; free space there, or choose a folder you may write with --out")]
    Write {
        /// The file or folder.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Reading failed.
    #[error("{path}: cannot read: {source}; name the folder of a run")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// There is a run already.
    #[error("{path} already holds a run; choose another folder, or go on with `wheatstone resume {path}`")]
    Occupied {
        /// The folder.
        path: String,
    },
    /// A file of the folder is not what it should be.
    #[error("{path}: line {line}: {message}; restore the file or train again")]
    Syntax {
        /// The file.
        path: String,
        /// Its line, counted from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The data are not those the run began with.
    #[error("{path}: the data have changed since this run began; restore them, or train anew")]
    OtherData {
        /// The folder.
        path: String,
    },
    /// The run is called what no folder can be.
    #[error(transparent)]
    Name(#[from] FileStemError),
    /// The configuration does not read back.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// The checkpoint does not read back.
    #[error("{path}: {error}")]
    Checkpoint {
        /// The file.
        path: String,
        /// What is wrong.
        error: CheckpointError,
    },
}

/// The folder of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes a new folder. Without a wish, it is `runs/NAME-seedSEED`, or the first free of `-2`, `-3`, ... after it.
    ///
    /// # Errors
    /// [`RunError::Occupied`] if the folder wished for holds a run, [`RunError::Name`] if none is and the run's name
    /// makes none; [`RunError::Write`] if it cannot be made.
    pub fn create(wish: Option<&Path>, config: &RunConfig) -> Result<RunFolder, RunError> {
        let path = match wish {
            Some(path) if path.join(CONFIG).exists() => {
                return Err(RunError::Occupied { path: path.display().to_string() });
            }
            Some(path) => path.to_owned(),
            None => {
                let base = format!("{}-seed{}", FileStem::new("name", &config.name)?, config.seed);
                let names = std::iter::once(base.clone()).chain((2u32..).map(|n| format!("{base}-{n}")));
                let mut paths = names.map(|name| Path::new("runs").join(name)).filter(|p| !p.exists());
                paths.next().unwrap_or_default()
            }
        };
        fs::create_dir_all(&path).map_err(|source| write_error(&path, source))?;
        let folder = RunFolder { path };
        folder.put(CONFIG, config.to_toml().as_bytes())?;
        Ok(folder)
    }

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

    /// Writes the fitted encoding and the network.
    ///
    /// # Errors
    /// [`RunError::Write`].
    pub fn put_experiment(&self, experiment: &Experiment) -> Result<(), RunError> {
        self.put_json(ENCODING, &experiment.encoder)?;
        self.put("network.json", experiment.design.network().to_json().as_bytes())
    }

    /// Writes the evaluation.
    ///
    /// # Errors
    /// [`RunError::Write`].
    pub fn put_evaluation(&self, evaluation: &Evaluation) -> Result<(), RunError> {
        self.put_json("evaluation.json", evaluation)
    }

    /// Writes the checkpoint.
    ///
    /// # Errors
    /// [`RunError::Write`]; the checkpoint there was is then still whole.
    pub fn put_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), RunError> {
        self.put(CHECKPOINT, &checkpoint.to_bytes())
    }

    /// Writes all metrics so far.
    ///
    /// # Errors
    /// [`RunError::Write`].
    pub fn put_metrics(&self, metrics: &[EpochMetrics]) -> Result<(), RunError> {
        let lines: Result<Vec<String>, _> = metrics.iter().map(serde_json::to_string).collect();
        let text = lines.map_err(|e| write_error(&self.file(METRICS), e.into()))?.join("\n");
        self.put(METRICS, format!("{text}\n").as_bytes())
    }

    /// Appends the metrics of one epoch.
    ///
    /// # Errors
    /// [`RunError::Write`].
    pub fn append_metrics(&self, metrics: &EpochMetrics) -> Result<(), RunError> {
        let path = self.file(METRICS);
        let append = || -> io::Result<()> {
            let mut line = serde_json::to_string(metrics)?;
            line.push('\n');
            fs::OpenOptions::new().create(true).append(true).open(&path)?.write_all(line.as_bytes())
        };
        append().map_err(|source| write_error(&path, source))
    }

    /// Writes a file aside, then renames it, so that it is never half there.
    ///
    /// # Errors
    /// [`RunError::Write`].
    pub fn put(&self, name: &str, contents: &[u8]) -> Result<(), RunError> {
        write_whole(&self.file(name), contents)
    }

    fn put_json(&self, name: &str, value: &impl serde::Serialize) -> Result<(), RunError> {
        let text =
            serde_json::to_string_pretty(value).map_err(|e| write_error(&self.file(name), e.into()))?;
        self.put(name, text.as_bytes())
    }

    /// The resolved configuration.
    ///
    /// # Errors
    /// [`RunError`] names the file and what is wrong in it.
    pub fn config(&self) -> Result<RunConfig, RunError> {
        Ok(Draft::file(&self.file(CONFIG))?.finish()?)
    }

    /// The fitted encoding.
    ///
    /// # Errors
    /// [`RunError`] names the file and what is wrong in it.
    pub fn encoder(&self) -> Result<Encoder, RunError> {
        let text = self.get(ENCODING)?;
        serde_json::from_slice(&text).map_err(|e| self.syntax(ENCODING, e.line(), &e))
    }

    /// The checkpoint.
    ///
    /// # Errors
    /// [`RunError`] names the file and what is wrong in it.
    pub fn checkpoint(&self) -> Result<Checkpoint, RunError> {
        read_checkpoint(&self.file(CHECKPOINT))
    }

    /// The metrics up to an epoch. A last line that was cut off, and epochs after that one, are left out.
    ///
    /// # Errors
    /// [`RunError`] names the file and line.
    pub fn metrics(&self, up_to_epoch: u32) -> Result<Vec<EpochMetrics>, RunError> {
        let text = self.get(METRICS)?;
        let text = String::from_utf8_lossy(&text);
        let mut metrics: Vec<EpochMetrics> = Vec::new();
        for (index, line) in text.split_inclusive('\n').filter(|l| l.ends_with('\n')).enumerate() {
            let record: EpochMetrics =
                serde_json::from_str(line).map_err(|e| self.syntax(METRICS, index + 1, &e))?;
            if record.epoch <= up_to_epoch {
                metrics.push(record);
            }
        }
        Ok(metrics)
    }

    fn get(&self, name: &str) -> Result<Vec<u8>, RunError> {
        let path = self.file(name);
        fs::read(&path).map_err(|source| RunError::Read { path: path.display().to_string(), source })
    }

    fn syntax(&self, name: &str, line: usize, error: &serde_json::Error) -> RunError {
        RunError::Syntax { path: self.file(name).display().to_string(), line, message: error.to_string() }
    }
}

/// The resolved configuration, of a run and beside the bitstream of a preset.
pub const CONFIG: &str = "config.toml";
const ENCODING: &str = "encoding.json";
const METRICS: &str = "metrics.jsonl";
const CHECKPOINT: &str = "checkpoint.bin";

/// Reads a checkpoint file.
///
/// # Errors
/// [`RunError`] names the file and what is wrong in it.
pub fn read_checkpoint(path: &Path) -> Result<Checkpoint, RunError> {
    let text = path.display().to_string();
    let bytes = fs::read(path).map_err(|source| RunError::Read { path: text.clone(), source })?;
    Checkpoint::from_bytes(&bytes).map_err(|error| RunError::Checkpoint { path: text, error })
}

/// Writes a file aside in the same folder, flushes it to the disk, then renames it.
///
/// # Errors
/// [`RunError::Write`]; what was there before is then still whole.
pub fn write_whole(path: &Path, contents: &[u8]) -> Result<(), RunError> {
    let write = || -> io::Result<()> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.as_file_mut().write_all(contents)?;
        file.as_file().sync_all()?;
        #[cfg(unix)]
        fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(|source| write_error(path, source))
}

fn write_error(path: &Path, source: io::Error) -> RunError {
    RunError::Write { path: path.display().to_string(), source }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

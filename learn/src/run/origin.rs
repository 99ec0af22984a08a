//! What a run began with: its configuration and a digest of its data, so that it goes on with nothing else, wherever the
//! folder and the data have been moved.

use super::RunError;
use crate::config::{DataSource, RunConfig};
use crate::data::Targets;
use crate::experiment::Experiment;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::num::NonZeroU64;
use std::path::{Component, Path, PathBuf};
use wheatstone_sim::hex;

/// Keys that decide no bit of a run, or that [`DataDigest`] decides instead.
/// So does the design, which a checkpoint holds, instead of the path of a network file.
const FREE: [&str; 5] = ["name", "description", "epochs", "data.source", "network.shape.file"];

/// Digests of data and of how they are divided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataDigest {
    /// Number of rows.
    pub rows: usize,
    /// SHA-256 of the features' names and values, row by row, in hexadecimal digits.
    pub features: String,
    /// SHA-256 of the targets' names and of each row's class or values.
    pub targets: String,
    /// SHA-256 of the numbers of the training rows and of the test rows.
    pub split: String,
}

impl DataDigest {
    /// Of an experiment's data.
    pub fn of(experiment: &Experiment) -> DataDigest {
        let Experiment { dataset, split, .. } = experiment;
        let mut features = names(dataset.features());
        for row in 0..dataset.rows() {
            dataset.row(row).iter().for_each(|value| features.update(value.to_bits().to_le_bytes()));
        }
        let mut targets = names(dataset.targets().names());
        match dataset.targets() {
            Targets::Classes { labels, .. } => {
                labels.iter().for_each(|&label| targets.update((label as u64).to_le_bytes()));
            }
            Targets::Values { rows, .. } => {
                rows.iter().for_each(|value| targets.update(value.to_bits().to_le_bytes()));
            }
        }
        let mut parts = Sha256::new();
        for part in [&split.train, &split.test] {
            parts.update((part.len() as u64).to_le_bytes());
            part.iter().for_each(|&row| parts.update((row as u64).to_le_bytes()));
        }
        let text = |digest: Sha256| hex::encode(&digest.finalize());
        DataDigest {
            rows: dataset.rows(),
            features: text(features),
            targets: text(targets),
            split: text(parts),
        }
    }

    /// All of them in one, in hexadecimal digits.
    pub fn all(&self) -> String {
        let DataDigest { rows, features, targets, split } = self;
        hex::encode(&Sha256::digest(format!("{rows} {features} {targets} {split}")))
    }

    /// What differs, in words.
    fn differences(&self, other: &DataDigest) -> Vec<String> {
        if self.rows != other.rows {
            return vec![format!("the number of rows ({} now, {} then)", other.rows, self.rows)];
        }
        let parts = [
            ("the features", &self.features, &other.features),
            ("the targets", &self.targets, &other.targets),
            ("which rows are held out", &self.split, &other.split),
        ];
        parts.iter().filter(|(_, then, now)| then != now).map(|(what, ..)| (*what).to_owned()).collect()
    }
}

fn names(list: &[String]) -> Sha256 {
    let mut digest = Sha256::new();
    digest.update((list.len() as u64).to_le_bytes());
    for name in list {
        digest.update((name.len() as u64).to_le_bytes());
        digest.update(name);
    }
    digest
}

/// The file or folder data came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// Where it is from the run folder, where there is such a way.
    pub path: Option<PathBuf>,
    /// SHA-256 of a file, in hexadecimal digits; none of a folder.
    pub sha256: Option<String>,
}

impl DataFile {
    /// Of a source that is a file, seen from a run folder.
    fn of(source: &DataSource, folder: &Path) -> Option<DataFile> {
        let path = source.path()?;
        let relative = relative(path, folder).filter(|path| path.to_str().is_some());
        Some(DataFile { path: relative, sha256: sha256(path) })
    }
}

/// The way from a folder to a file, both of which exist.
fn relative(path: &Path, folder: &Path) -> Option<PathBuf> {
    let (path, folder) = (fs::canonicalize(path).ok()?, fs::canonicalize(folder).ok()?);
    let (to, from): (Vec<Component>, Vec<Component>) =
        (path.components().collect(), folder.components().collect());
    let common = to.iter().zip(&from).take_while(|(a, b)| a == b).count();
    let up = from[common..].iter().map(|_| Component::ParentDir);
    (common > 0).then(|| up.chain(to[common..].iter().copied()).collect())
}

/// The digest of a file; none of anything else, or of what cannot be read.
fn sha256(path: &Path) -> Option<String> {
    let file = File::open(path).ok().filter(|f| f.metadata().is_ok_and(|m| m.is_file()))?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut digest = Sha256::new();
    loop {
        let bytes = file.fill_buf().ok()?;
        if bytes.is_empty() {
            break;
        }
        digest.update(bytes);
        let read = bytes.len();
        file.consume(read);
    }
    Some(hex::encode(&digest.finalize()))
}

/// What a run began with, as its folder keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The resolved configuration.
    pub configuration: Value,
    /// Where the data came from, if from a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<DataFile>,
    /// What they are.
    pub data: DataDigest,
    /// Samples between two snapshots, if it keeps any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<NonZeroU64>,
}

impl Origin {
    /// Of a run that begins in a folder.
    pub(super) fn of(
        experiment: &Experiment,
        data: DataDigest,
        folder: &Path,
        snapshots: Option<NonZeroU64>,
    ) -> Origin {
        Origin {
            configuration: configuration(&experiment.config),
            file: DataFile::of(&experiment.config.data.source, folder),
            data,
            snapshots,
        }
    }

    /// Checks that an experiment goes on with what this began with.
    ///
    /// # Errors
    /// [`RunError::OtherConfiguration`] or [`RunError::OtherData`] names what differs.
    pub(super) fn check(
        &self,
        experiment: &Experiment,
        data: &DataDigest,
        folder: &Path,
    ) -> Result<(), RunError> {
        let path = || folder.display().to_string();
        let keys = differing_keys(&self.configuration, &experiment.config, &FREE);
        let differences = self.data.differences(data);
        if !keys.is_empty() {
            return Err(RunError::OtherConfiguration { path: path(), keys: keys.join(", ") });
        }
        if !differences.is_empty() {
            return Err(RunError::OtherData { path: path(), what: differences.join(" and ") });
        }
        Ok(())
    }

    /// Where the run's data are now: where they lay from the folder, or where the configuration says, whichever holds the same.
    /// `None` where neither is there.
    pub(super) fn find_data(&self, folder: &Path, configured: &Path) -> Option<PathBuf> {
        let file = self.file.as_ref();
        let beside = file.and_then(|file| file.path.as_ref()).map(|path| folder.join(path));
        let there: Vec<PathBuf> =
            beside.into_iter().chain([configured.to_owned()]).filter(|path| path.exists()).collect();
        let wanted = file.and_then(|file| file.sha256.as_ref());
        let same = wanted.and_then(|wanted| there.iter().find(|path| sha256(path).as_ref() == Some(wanted)));
        same.or(there.first()).cloned()
    }
}

/// A configuration to be compared key by key.
pub(super) fn configuration(config: &RunConfig) -> Value {
    serde_json::to_value(config.printable()).unwrap_or(Value::Null)
}

/// Keys whose values in `then` are others in `now`, without those in `free` and below.
pub(super) fn differing_keys(then: &Value, now: &RunConfig, free: &[&str]) -> Vec<String> {
    let mut keys = Vec::new();
    compare("", then, &configuration(now), free, &mut keys);
    keys
}

/// A value as far as a message repeats it.
fn shortened(value: &Value) -> String {
    const MOST: usize = 120;
    let text = value.to_string();
    if text.len() <= MOST { text } else { format!("{} ...", &text[..text.floor_char_boundary(MOST)]) }
}

/// Keys that only `now` has are of a newer program and have their default.
fn compare(key: &str, then: &Value, now: &Value, free: &[&str], found: &mut Vec<String>) {
    if free.contains(&key) {
        return;
    }
    match (then, now) {
        (Value::Object(then), Value::Object(now)) if then.keys().all(|name| now.contains_key(name)) => {
            for (name, then) in then {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                compare(&key, then, &now[name], free, found);
            }
        }
        (then, now) if then == now => {}
        (then, now) => found.push(format!("{key} ({} now, {} then)", shortened(now), shortened(then))),
    }
}

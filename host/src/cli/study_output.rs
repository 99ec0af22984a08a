//! The folder that a study of a network's physics leaves behind: figures as JSON, CSV and arrays, pictures, a report.

use super::failure::{OrFailed, Result};
use super::output::Output;
use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::path::PathBuf;
use thiserror::Error;
use wheatstone::report::Study;
use wheatstone::tables::{Table, TableError};
use wheatstone_learn::npy::Archive;
use wheatstone_learn::run::{WriteError, write_whole};
use wheatstone_sim::categorize;

/// Where a study's files go.
#[derive(Args, Debug)]
pub struct StudyOutput {
    /// Folder for results.json, table.csv, arrays.npz, the pictures and report.html; made if it is not there. Default: none is
    /// written
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// A folder that is not a study's to write into.
#[derive(Debug, Error)]
#[error("{folder} is not empty and holds no study; choose another folder by --out")]
struct OccupiedError {
    folder: String,
}

categorize!(OccupiedError: BadInput);

/// A study that was interrupted, and cannot go on.
#[derive(Debug, Error)]
enum CheckpointError {
    #[error("{file}: {source}; remove it to begin again, or choose another folder by --out")]
    Damaged { file: String, source: serde_json::Error },
    #[error(
        "{file} is of a study with other settings; give those, remove it to begin again, or choose another folder by --out"
    )]
    Other { file: String },
    #[error("cannot read {file}: {source}; make it readable, or choose another folder by --out")]
    Unreadable { file: String, source: std::io::Error },
}

categorize!(CheckpointError: BadInput);

/// The files that every study has.
const RESULTS: &str = "results.json";
const TABLE: &str = "table.csv";
const ARRAYS: &str = "arrays.npz";
/// What a study that was interrupted leaves instead.
const CHECKPOINT: &str = "checkpoint.json";

impl StudyOutput {
    /// Refuses a folder that holds what is not a study's, before any work is done.
    pub fn check(&self) -> Result<()> {
        let Some(folder) = &self.out else { return Ok(()) };
        let is_occupied = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        let is_study = [RESULTS, TABLE, ARRAYS].iter().all(|file| folder.join(file).is_file());
        if is_occupied && !is_study && !folder.join(CHECKPOINT).is_file() {
            return Err(OccupiedError { folder: folder.display().to_string() }.into());
        }
        Ok(())
    }

    /// Checks the folder, and reads what a study left there that was interrupted, if it has these settings.
    pub fn resume<T: DeserializeOwned>(&self, is_same: impl Fn(&T) -> bool) -> Result<Option<T>> {
        self.check()?;
        let Some(path) = self.out.as_ref().map(|folder| folder.join(CHECKPOINT)) else { return Ok(None) };
        let file = path.display().to_string();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(CheckpointError::Unreadable { file, source }.into()),
        };
        match serde_json::from_slice(&text) {
            Err(source) => Err(CheckpointError::Damaged { file, source }.into()),
            Ok(before) if is_same(&before) => Ok(Some(before)),
            Ok(_) => Err(CheckpointError::Other { file }.into()),
        }
    }

    /// Keeps a study that is interrupted. Says whether there is a folder to keep it in.
    pub fn keep(&self, progress: &impl Serialize) -> Result<bool> {
        let Some(folder) = &self.out else { return Ok(false) };
        fs::create_dir_all(folder).map_err(|error| WriteError::new(folder, error))?;
        write_whole(&folder.join(CHECKPOINT), &serde_json::to_vec(progress).or_failed()?)?;
        Ok(true)
    }

    /// Writes what there is, if a folder was named, and says where. A checkpoint is done with.
    pub fn write(
        &self,
        results: &impl Serialize,
        study: &Study,
        table: &Table,
        arrays: Archive,
        output: Output,
    ) -> Result<()> {
        let Some(folder) = &self.out else { return Ok(()) };
        fs::create_dir_all(folder).map_err(|error| WriteError::new(folder, error))?;
        let json = serde_json::to_vec_pretty(results).or_failed()?;
        write_whole(&folder.join(RESULTS), &json)?;
        write_whole(&folder.join(TABLE), &table.csv()?)?;
        write_whole(&folder.join(ARRAYS), &arrays.finish().map_err(TableError::from)?)?;
        for picture in &study.pictures {
            write_whole(&folder.join(&picture.file_name), picture.svg.as_bytes())?;
        }
        let report = folder.join("report.html");
        write_whole(&report, study.html()?.as_bytes())?;
        let checkpoint = folder.join(CHECKPOINT);
        if checkpoint.exists() {
            fs::remove_file(&checkpoint).map_err(|error| WriteError::new(&checkpoint, error))?;
        }
        output.say(&format!("report: {}", report.display()));
        Ok(())
    }
}

/// The command line as it was given, to repeat a study.
pub fn command_line() -> String {
    let words = std::env::args().skip(1).map(|word| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    });
    std::iter::once("wheatstone".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

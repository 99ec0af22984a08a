//! The folder that a study of a network's physics leaves behind: figures as JSON, CSV and arrays, pictures, a report.

use super::failure::{OrFailed, Result};
use super::output::Output;
use clap::Args;
use serde::Serialize;
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

/// The files that every study has.
const RESULTS: &str = "results.json";
const TABLE: &str = "table.csv";
const ARRAYS: &str = "arrays.npz";

impl StudyOutput {
    /// Refuses a folder that holds what is not a study's, before any work is done.
    pub fn check(&self) -> Result<()> {
        let Some(folder) = &self.out else { return Ok(()) };
        let is_occupied = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        let is_study = [RESULTS, TABLE, ARRAYS].iter().all(|file| folder.join(file).is_file());
        if is_occupied && !is_study {
            return Err(OccupiedError { folder: folder.display().to_string() }.into());
        }
        Ok(())
    }

    /// Writes what there is, if a folder was named, and says where.
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

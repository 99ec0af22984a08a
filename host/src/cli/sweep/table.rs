//! `wheatstone sweep table`

use super::TasksArgument;
use crate::cli::exit::exit_code;
use crate::cli::failure::{Result, TableEnding};
use crate::cli::output::{Output, print};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use wheatstone::tables;
use wheatstone_learn::run::write_whole;
use wheatstone_learn::sweep::{Outcome, Status};

/// Write a sweep as a table, a row for each task
///
/// Columns: task, the keys that vary, seed, status, exit_code, samples, accuracy, mse in V^2, r2, rmse.NAME of
/// each output of a regression in its units, and the digest of the state. The same
/// tasks give the same bytes, however they were trained.
#[derive(Args, Debug)]
pub struct Table {
    #[command(flatten)]
    tasks: TasksArgument,
    /// File to write, .csv or .parquet; may be given more than once. Default: CSV to standard output
    #[arg(long, value_name = "FILE")]
    out: Vec<PathBuf>,
}

impl Table {
    pub fn run(&self, output: &Output) -> Result<()> {
        let endings: Vec<bool> = self.out.iter().map(is_parquet).collect::<Result<_, TableEnding>>()?;
        let sweep = self.tasks.open()?;
        let table = tables::sweep(sweep.tasks(), &sweep.outcomes()?, &code);
        if self.out.is_empty() {
            print(&table.csv()?)?;
            if !output.json() {
                return Ok(());
            }
        }
        for (file, is_parquet) in self.out.iter().zip(endings) {
            write_whole(file, &if is_parquet { table.parquet()? } else { table.csv()? })?;
        }
        let files: Vec<String> = self.out.iter().map(|file| file.display().to_string()).collect();
        output.result(&json!({ "rows": table.rows(), "files": files }), || {
            format!("{} rows in {}", table.rows(), files.join(" and "))
        })
    }
}

fn is_parquet(file: impl AsRef<Path>) -> Result<bool, TableEnding> {
    match file.as_ref().extension().and_then(|ending| ending.to_str()) {
        Some("parquet") => Ok(true),
        Some("csv") => Ok(false),
        _ => Err(TableEnding { file: file.as_ref().display().to_string() }),
    }
}

/// What the command line would have ended with.
fn code(outcome: &Outcome) -> Option<u8> {
    match outcome.status {
        Status::Waiting | Status::Begun => None,
        Status::Done => Some(0),
        Status::Failed => outcome.failure.as_ref().map(|failure| exit_code(failure.category)),
    }
}

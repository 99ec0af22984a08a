//! `wheatstone sweep`: many configurations, by any number of processes.

mod plan;
mod run;
mod status;
mod table;

use super::failure::Result;
use super::output::Output;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use wheatstone_learn::sweep::{Sweep as Tasks, TaskError};

/// Train many configurations, on all cores or a cluster
#[derive(Debug, Subcommand)]
pub enum Sweep {
    Plan(plan::Plan),
    Run(run::Run),
    Table(table::Table),
    Status(status::Status),
}

impl Sweep {
    pub fn run(&self, output: &Output) -> Result<()> {
        match self {
            Sweep::Plan(verb) => verb.run(output),
            Sweep::Run(verb) => verb.run(output),
            Sweep::Table(verb) => verb.run(output),
            Sweep::Status(verb) => verb.run(output),
        }
    }
}

/// Which sweep.
#[derive(Args, Debug)]
struct TasksArgument {
    /// The tasks.jsonl that `sweep plan` has written, or its folder
    tasks: PathBuf,
}

impl TasksArgument {
    fn open(&self) -> Result<Tasks, TaskError> {
        Tasks::open(&self.tasks)
    }
}

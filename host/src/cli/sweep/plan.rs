//! `wheatstone sweep plan`

use crate::cli::failure::Result;
use crate::cli::output::Output;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use wheatstone_learn::sweep;
use wheatstone_sim::FileStem;

/// Write the tasks of a sweep, one configuration a line
///
/// docs/sweeps.md tells what a plan holds. In a folder with runs, the list of tasks is written anew and no run is touched.
#[derive(Args, Debug)]
pub struct Plan {
    /// The plan, as TOML
    #[arg(value_name = "FILE")]
    plan: PathBuf,
    /// Folder for the tasks and their runs. Default: runs/NAME, by the name of the plan or of its file
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Plan {
    pub fn run(&self, output: &Output) -> Result<()> {
        let plan = sweep::Plan::file(&self.plan)?;
        let tasks = plan.tasks()?;
        let folder = match &self.out {
            Some(folder) => folder.clone(),
            None => Path::new("runs").join(FileStem::new("name", &self.name(&plan))?.to_string()),
        };
        let sweep = sweep::Sweep::create(&folder, tasks)?;
        let (file, count) = (sweep.file().display().to_string(), sweep.tasks().len());
        output.result(&json!({ "tasks": count, "file": file }), || {
            format!("{count} tasks in {file}; train them with `wheatstone sweep run {file}`")
        })
    }

    fn name(&self, plan: &sweep::Plan) -> String {
        let stem = || self.plan.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        plan.name.clone().unwrap_or_else(stem)
    }
}

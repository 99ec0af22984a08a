//! Sweeps: one configuration in many variations, each of which is a run in a folder of its own.
//!
//! A [`Plan`] says which variations; it makes [`Task`]s, which stand in a file, a line each. A [`Sweep`] is such a file, and beside it
//! the folders of its runs, named by the digests of their configurations. [`Sweep::run`] trains those that are not done, whoever began
//! them, so that any number of processes may do it at once and be killed at will: what comes out depends on the tasks alone.

mod knobs;
mod plan;
mod running;
mod task;
#[cfg(test)]
#[cfg(unix)]
mod tests;
mod tuning;

pub use plan::{Plan, PlanError};
pub use running::{Ran, Shard, SweepError, SweepObserver};
pub use task::{Failure, Outcome, Status, Task, TaskError};
pub use tuning::{FOUND, Tuned, Tuning, TuningError, TuningObserver};

use crate::run::{WriteError, write_whole};
use std::path::{Path, PathBuf};

/// What the file of the tasks is called.
pub const TASKS: &str = "tasks.jsonl";

/// The tasks of a sweep, and where its runs are.
#[derive(Clone, Debug)]
pub struct Sweep {
    folder: PathBuf,
    tasks: Vec<Task>,
}

impl Sweep {
    /// Reads a file of tasks; the folder that holds it will do as well.
    ///
    /// # Errors
    /// [`TaskError`] names the file, and the line if that is at fault.
    pub fn open(path: &Path) -> Result<Sweep, TaskError> {
        let file = if path.is_dir() { path.join(TASKS) } else { path.to_owned() };
        let folder = crate::whole_file::folder_of(&file).to_owned();
        Ok(Sweep { folder, tasks: task::read(&file)? })
    }

    /// Writes the tasks of a plan into a folder. Runs that are there already stay, and count if their tasks are among these.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn create(folder: &Path, tasks: Vec<Task>) -> Result<Sweep, WriteError> {
        std::fs::create_dir_all(folder).map_err(|error| WriteError::new(folder, error))?;
        write_whole(&folder.join(TASKS), task::text(&tasks).as_bytes())?;
        Ok(Sweep { folder: folder.to_owned(), tasks })
    }

    /// The tasks in their order.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The file they stand in.
    pub fn file(&self) -> PathBuf {
        self.folder.join(TASKS)
    }

    /// The folder of a task's run.
    pub fn folder(&self, task: &Task) -> PathBuf {
        self.folder.join(&task.digest)
    }

    /// What has become of every task, in their order, as the folders tell it now.
    ///
    /// # Errors
    /// [`TaskError`] names a file of a run that is damaged.
    pub fn outcomes(&self) -> Result<Vec<Outcome>, TaskError> {
        self.tasks.iter().map(|task| Outcome::of(&self.folder(task))).collect()
    }
}

//! `wheatstone sweep run`

use super::TasksArgument;
use crate::cli::failure::{Interrupted, OrFailed, Result, TasksFailed};
use crate::cli::output::Output;
use crate::cli::{interrupt, numbers, progress};
use clap::Args;
use indicatif::ProgressBar;
use serde_json::json;
use wheatstone_learn::sweep::{Ran, Shard, SweepError, SweepObserver};

/// Train what is not done yet of a sweep
///
/// Any number of these may run at once, on one machine or on many that share the folder, and may be killed: the same command goes on.
/// `--shard $SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT` trains a part, for arrays that count from 1.
#[derive(Args, Debug)]
pub struct Run {
    #[command(flatten)]
    tasks: TasksArgument,
    /// Train part I of N only, I counted from 1
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,
    /// Threads; default: one a core
    #[arg(long, value_parser = numbers::count)]
    threads: Option<u32>,
}

impl Run {
    pub fn run(&self, output: &Output) -> Result<()> {
        interrupt::listen()?;
        let sweep = self.tasks.open()?;
        if let Some(threads) = self.threads {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads as usize);
            pool.build_global().or_failed_to("--threads")?;
        }
        let bar = progress::counting(*output, 0, self.shard.range(sweep.tasks().len()).len() as u64, "tasks");
        let ran = sweep.run(self.shard, &Shown { bar: &bar, output: *output });
        let go_on = format!("go on with `wheatstone sweep run {}`", sweep.file().display());
        let Ran { trained, done, held, failed } = match ran {
            Err(SweepError::Interrupted) => {
                bar.abandon();
                return Err(Interrupted(go_on).into());
            }
            ran => ran?,
        };
        bar.finish_and_clear();
        let object = json!({ "trained": trained, "done": done, "held": held, "failed": failed });
        output.result(&object, || {
            let others = if held > 0 { format!(", {held} held by other processes") } else { String::new() };
            format!("{trained} tasks trained, {done} done before{others}, {failed} failed")
        })?;
        if failed > 0 {
            let file = sweep.file().display().to_string();
            return Err(TasksFailed { failed, file }.into());
        }
        Ok(())
    }
}

/// Shows how many tasks need no more work, and stops when a signal comes.
struct Shown<'s> {
    bar: &'s ProgressBar,
    output: Output,
}

impl SweepObserver for Shown<'_> {
    fn goes_on(&self) -> bool {
        !interrupt::requested()
    }

    fn on_task(&self) {
        self.bar.inc(1);
    }

    fn on_no_locks(&self) {
        self.bar.suspend(|| {
            self.output
                .say("this file system keeps no locks: see to it that no other process trains these tasks")
        });
    }
}

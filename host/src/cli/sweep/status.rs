//! `wheatstone sweep status`

use super::TasksArgument;
use crate::cli::failure::Result;
use crate::cli::output::Output;
use crate::cli::table;
use clap::Args;
use serde_json::{Map, Value, json};
use wheatstone_learn::sweep::Status as TaskStatus;

/// Tell how many tasks of a sweep are done
#[derive(Args, Debug)]
pub struct Status {
    #[command(flatten)]
    tasks: TasksArgument,
}

impl Status {
    pub fn run(&self, output: &Output) -> Result<()> {
        let sweep = self.tasks.open()?;
        let outcomes = sweep.outcomes()?;
        let count = |status: TaskStatus| outcomes.iter().filter(|outcome| outcome.status == status).count();
        let counts: Vec<(&str, usize)> =
            TaskStatus::ALL.iter().map(|&status| (status.name(), count(status))).collect();
        let mut failures: Vec<(&str, &str)> = Vec::new();
        for (task, outcome) in sweep.tasks().iter().zip(&outcomes) {
            if let Some(failure) = &outcome.failure {
                failures.push((&task.digest, &failure.message));
            }
        }
        let mut object: Map<String, Value> =
            counts.iter().map(|&(name, count)| (name.to_owned(), json!(count))).collect();
        let told = |&(task, message): &(&str, &str)| json!({ "task": task, "message": message });
        object.insert("failures".into(), failures.iter().map(told).collect());
        output.result(&object, || {
            let counts = table::facts(counts.iter().map(|&(name, count)| (name, count.to_string())));
            let failures: String =
                failures.iter().map(|(task, message)| format!("\n{task}: {message}")).collect();
            format!("{counts}{failures}")
        })
    }
}

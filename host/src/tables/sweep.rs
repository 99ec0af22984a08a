//! A sweep as a table: a row for each task.

use super::{Column, Table};
use serde_json::Value;
use std::collections::BTreeSet;
use wheatstone_learn::sweep::{Outcome, Task};

/// The tasks with their digests, the keys that vary, their seeds, and what has become of them; `exit_code` is what the command
/// line gives an error's category. It depends on the tasks and on the runs' own results alone.
pub fn sweep(tasks: &[Task], outcomes: &[Outcome], exit_code: &dyn Fn(&Outcome) -> Option<u8>) -> Table {
    let texts = |text: &dyn Fn(&Task) -> String| Column::Texts(tasks.iter().map(text).collect());
    let numbers =
        |number: &dyn Fn(&Outcome) -> Option<f64>| Column::Numbers(outcomes.iter().map(number).collect());
    let mut table = Table::default().with("task", texts(&|task| task.digest.clone()));
    let keys: BTreeSet<&String> = tasks.iter().flat_map(|task| task.parameters.keys()).collect();
    for key in keys.into_iter().filter(|key| *key != "seed") {
        table = table.with(key, parameter(tasks, key));
    }
    #[expect(clippy::cast_precision_loss, reason = "samples a run trains in a lifetime")]
    let samples = |outcome: &Outcome| outcome.samples.map(|samples| samples as f64);
    table = table
        .with("seed", Column::Integers(tasks.iter().map(Task::seed).collect()))
        .with("status", Column::Texts(outcomes.iter().map(|outcome| outcome.status.name().into()).collect()))
        .with("exit_code", numbers(&|outcome| exit_code(outcome).map(f64::from)))
        .with("samples", numbers(&samples))
        .with("accuracy", numbers(&|outcome| outcome.score?.accuracy))
        .with("mse", numbers(&|outcome| Some(outcome.score?.mse)))
        .with("r2", numbers(&Outcome::r2));
    let outputs: BTreeSet<&String> =
        outcomes.iter().flat_map(|outcome| &outcome.outputs).map(|output| &output.name).collect();
    for name in outputs {
        let rmse = |outcome: &Outcome| Some(outcome.outputs.iter().find(|output| output.name == *name)?.rmse);
        table = table.with(format!("rmse.{name}"), numbers(&rmse));
    }
    table.with("state", Column::Texts(outcomes.iter().map(|o| o.state.clone().unwrap_or_default()).collect()))
}

/// The values of a key: numbers where all are, else texts.
fn parameter(tasks: &[Task], key: &str) -> Column {
    let values: Vec<Option<&Value>> = tasks.iter().map(|task| task.parameters.get(key)).collect();
    if values.iter().flatten().all(|value| value.is_number()) {
        return Column::Numbers(values.into_iter().map(|value| value?.as_f64()).collect());
    }
    let text = |value: Option<&Value>| match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    Column::Texts(values.into_iter().map(text).collect())
}

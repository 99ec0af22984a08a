//! `wheatstone data`

use super::output::Output;
use super::table;
use clap::{Args, Subcommand};
use serde_json::json;
use wheatstone::config::DataSource;
use wheatstone::data::export::to_csv;
use wheatstone::data::{Builtin, Dataset, Targets, Task};
use wheatstone::experiment::{ExperimentError, load_dataset};

/// List the data sets that ship with the program, or print one as CSV
#[derive(Args, Debug)]
pub struct Data {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print a data set as CSV
    Export {
        /// Its name
        name: String,
    },
}

impl Data {
    pub fn run(&self, output: &Output) -> anyhow::Result<()> {
        match &self.verb {
            Some(Verb::Export { name }) => {
                let dataset = load(name)?;
                output.result(&json!({ "name": name, "csv": to_csv(&dataset) }), || to_csv(&dataset))
            }
            None => list(output),
        }
    }
}

/// A shipped set or a task by its name.
fn load(name: &str) -> Result<Dataset, ExperimentError> {
    match Task::from_name(name) {
        Some(_) => load_dataset(&DataSource::Task(name.into())),
        None => load_dataset(&DataSource::Builtin(name.into())),
    }
}

fn list(output: &Output) -> anyhow::Result<()> {
    let shipped = Builtin::ALL.iter().map(|b| (b.name(), b.summary()));
    let tasks = Task::ALL.iter().map(|t| (t.name(), t.summary()));
    let mut text = table::plain(["data set", "rows", "features", "targets", "what it is"]);
    let mut sources = String::new();
    let mut records = Vec::new();
    for (name, summary) in shipped.chain(tasks) {
        let dataset = load(name)?;
        let targets = match dataset.targets() {
            Targets::Classes { names, .. } => format!("{} classes", names.len()),
            Targets::Values { names, .. } => format!("{} values", names.len()),
        };
        let source = dataset.citation().map(ToString::to_string);
        if let Some(source) = &source {
            sources.push_str(&format!("\n{name}: {source}\n"));
        }
        let (rows, features) = (dataset.rows(), dataset.features().len());
        records.push(json!({
            "name": name, "rows": rows, "features": features, "targets": targets, "summary": summary, "source": source,
        }));
        text.add_row([name.to_owned(), rows.to_string(), features.to_string(), targets, summary.to_owned()]);
    }
    output.result(&json!({ "data": records }), || format!("{text}\n{sources}"))
}

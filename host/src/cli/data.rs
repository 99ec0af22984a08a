//! `wheatstone data`

use super::eval::say_summary;
use super::failure::Result;
use super::output::Output;
use super::table;
use super::table_arguments::{Kind, TableArguments};
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;
use wheatstone_learn::config::DataSource;
use wheatstone_learn::data::export::to_csv;
use wheatstone_learn::data::{Builtin, Dataset, Targets, Task};
use wheatstone_learn::experiment::{ExperimentError, load_dataset};

/// List the data sets, or print one or a file of yours as CSV
#[derive(Args, Debug)]
pub struct Data {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print a data set as CSV: one that ships with the program, or a table or images of yours as they are read
    Export(Export),
}

#[derive(Args, Debug)]
struct Export {
    /// Its name, or a file or folder
    #[arg(value_name = "NAME")]
    data: PathBuf,
    /// Target column, by name or number from 1; may be given more than once
    #[arg(long, value_name = "COLUMN")]
    target: Vec<String>,
    /// Whether the target column holds classes or values. Default: decided on what it holds
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Column to leave out, by name or number from 1; may be given more than once
    #[arg(long = "drop", value_name = "COLUMN")]
    dropped: Vec<String>,
    #[command(flatten)]
    table: TableArguments,
}

impl Export {
    fn load(&self, output: &Output) -> Result<Dataset, ExperimentError> {
        if !self.data.exists()
            && let Some(name) = self.data.to_str()
        {
            return load(name);
        }
        let options = self.table.options(&self.target, self.kind, &self.dropped);
        let dataset = load_dataset(&DataSource::of_path(&self.data, options))?;
        say_summary(&dataset, output);
        Ok(dataset)
    }
}

impl Data {
    pub fn run(&self, output: &Output) -> Result<()> {
        match &self.verb {
            Some(Verb::Export(export)) => {
                let dataset = export.load(output)?;
                let value =
                    json!({ "name": dataset.name(), "csv": to_csv(&dataset), "data": dataset.summary() });
                output.result(&value, || to_csv(&dataset))
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

fn list(output: &Output) -> Result<()> {
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

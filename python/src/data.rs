//! Presets and data sets.

use crate::arrays::{matrix, vector};
use crate::errors::OrRaise;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;
use wheatstone_learn::config::{DataSource, Draft, RunConfig};
use wheatstone_learn::data::{Builtin, CsvOptions, Dataset, Targets, Task};
use wheatstone_learn::experiment::load_dataset;
use wheatstone_learn::preset::Preset;

/// A configuration from a table in JSON, complete or with a key `extends`.
pub fn configuration(json: &str) -> PyResult<RunConfig> {
    let wrong = |error: String| PyValueError::new_err(format!("configuration: {error}"));
    let table: toml::Table = serde_json::from_str(json).map_err(|error| wrong(error.to_string()))?;
    let mut config = Draft::of_table(table, "configuration").and_then(Draft::finish).or_raise()?;
    config.make_paths_absolute();
    Ok(config)
}

/// A configuration as a table in JSON.
pub fn as_json(config: &RunConfig) -> PyResult<String> {
    serde_json::to_string(&config.printable()).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Names of all presets with their descriptions.
#[pyfunction]
pub fn presets() -> PyResult<Vec<(&'static str, String)>> {
    let described = |preset: &Preset| Ok((preset.name, preset.config().or_raise()?.description));
    Preset::ALL.iter().map(described).collect()
}

/// The configuration of a preset, complete, as JSON.
#[pyfunction]
pub fn preset(name: &str) -> PyResult<String> {
    as_json(&Preset::find(name).and_then(|preset| preset.config()).or_raise()?)
}

/// A data set by its name, or from a file or folder.
#[pyfunction]
pub fn load_data(py: Python<'_>, source: PathBuf) -> PyResult<Bound<'_, PyDict>> {
    let name = source.to_str().unwrap_or_default();
    let known = if Builtin::from_name(name).is_some() {
        DataSource::Builtin(name.to_owned())
    } else if Task::from_name(name).is_some() {
        DataSource::Task(name.to_owned())
    } else if source.exists() {
        DataSource::of_path(&source, CsvOptions::default())
    } else {
        let names = Builtin::ALL.iter().map(|b| b.name()).chain(Task::ALL.iter().map(|t| t.name()));
        let names = names.collect::<Vec<_>>().join(", ");
        let message = format!("{name}: no such file, and no data set of that name; there are {names}");
        return Err(pyo3::exceptions::PyFileNotFoundError::new_err(message));
    };
    as_arrays(py, &py.detach(|| load_dataset(&known)).or_raise()?)
}

fn as_arrays<'py>(py: Python<'py>, set: &Dataset) -> PyResult<Bound<'py, PyDict>> {
    let arrays = PyDict::new(py);
    arrays.set_item("name", set.name())?;
    arrays.set_item("features", set.features())?;
    arrays.set_item("targets", set.targets().names())?;
    arrays.set_item("reference", set.citation().map(|citation| citation.reference))?;
    let values = (0..set.rows()).flat_map(|row| set.row(row).iter().copied()).collect();
    arrays.set_item("X", matrix(py, values, set.features().len())?)?;
    match set.targets() {
        Targets::Classes { labels, .. } => {
            arrays.set_item("labels", vector(py, labels.iter().map(|&label| label as u64).collect()))?;
        }
        Targets::Values { names, rows } => {
            arrays.set_item("values", matrix(py, rows.clone(), names.len())?)?;
        }
    }
    Ok(arrays)
}

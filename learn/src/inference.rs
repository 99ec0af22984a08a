//! Rows given to a trained network: read from a file as the run read its own, and from nothing but that file and the run.

use crate::config::{DataSource, RunConfig};
use crate::data::csv::{self, Missing};
use crate::data::{CsvOptions, Dataset, Encoder, FeatureRows, KnownTable, Split};
use crate::evaluation::Start;
use crate::experiment::{Experiment, ExperimentError, load_dataset};
use std::path::Path;
use std::sync::Arc;
use wheatstone_sim::Design;

/// Where a row is read from unless somebody says otherwise: each row by itself, so that the order of rows does not matter.
pub const START: Start = Start::Fixed;

/// What a run knows of its table, and how a further one is read by default.
pub fn known(config: &RunConfig, encoder: &Encoder) -> (KnownTable, CsvOptions) {
    let mut table = KnownTable {
        columns: encoder.table_columns(),
        targets: encoder.target_names(),
        separator: None,
        fills_gaps: encoder.fills_gaps(),
    };
    let mut options = CsvOptions::default();
    if let DataSource::Csv { options: own, .. } = &config.data.source {
        table.separator = own.separator;
        options.targets.clone_from(&own.targets);
        options.missing = own.missing;
        options.width = own.width;
        // A header that was there once is looked for again; one that was not is not expected.
        options.header = own.header.filter(|header| !header);
    }
    if options.missing == Missing::Mean && !encoder.fills_gaps() {
        options.missing = Missing::Error;
    }
    (table, options)
}

/// Feature rows for a trained network.
///
/// # Errors
/// [`ExperimentError::Csv`] names file, line and column.
pub fn features(
    config: &RunConfig,
    encoder: &Encoder,
    path: &Path,
    change: impl FnOnce(&mut CsvOptions),
) -> Result<FeatureRows, ExperimentError> {
    let (table, mut options) = known(config, encoder);
    change(&mut options);
    check_filling(encoder, &options)?;
    Ok(csv::read_features_file(path, &table, &options)?)
}

/// Labelled rows for a trained network: a table, or images as a run takes them. All of them are for testing.
///
/// # Errors
/// [`ExperimentError`] names the file and what does not fit the network.
pub fn experiment(
    config: RunConfig,
    encoder: Encoder,
    design: Design,
    path: &Path,
    change: impl FnOnce(&mut CsvOptions),
) -> Result<Experiment, ExperimentError> {
    let (table, mut options) = known(&config, &encoder);
    change(&mut options);
    check_filling(&encoder, &options)?;
    let dataset = match DataSource::of_path(path, options) {
        DataSource::Csv { path, options } => csv::read_labelled_file(&path, &table, &options)?,
        images => encoder.align(&load_dataset(&images)?)?,
    };
    let split = Split { train: Vec::new(), test: all_rows(&dataset) };
    crate::experiment::check_ports(design.network(), &encoder)?;
    let (dataset, design) = (Arc::new(dataset), Arc::new(design));
    Ok(Experiment { config, dataset, split, encoder, design, notes: Vec::new() })
}

fn check_filling(encoder: &Encoder, options: &CsvOptions) -> Result<(), ExperimentError> {
    if options.missing == Missing::Mean && !encoder.fills_gaps() {
        return Err(ExperimentError::NoMeans);
    }
    Ok(())
}

/// The number of every row.
pub fn all_rows(dataset: &Dataset) -> Vec<usize> {
    (0..dataset.rows()).collect()
}

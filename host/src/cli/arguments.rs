//! How a configuration is named on the command line, the same for every verb that trains.

use super::failure::Result;
use super::table_arguments::{Kind, TableArguments};
use clap::Args;
use std::path::{Path, PathBuf};
use wheatstone_learn::config::{ConfigError, DataConfig, DataSource, Draft, FormatChoice, RunConfig, Shape};
use wheatstone_learn::data::{CsvOptions, Dataset};
use wheatstone_learn::experiment::{Experiment, load_dataset};
use wheatstone_learn::preset::Preset;
use wheatstone_learn::untuned::{Chosen, Untuned};
use wheatstone_sim::Format;
use wheatstone_sim::network::formats::Ports;

/// Which configuration, and what to change in it.
#[derive(Args, Debug)]
pub struct ConfigArguments {
    /// Preset to begin from; see `wheatstone presets`. Without one: iris, or settings by rules for the table of --data
    preset: Option<String>,
    /// Configuration file to begin from, instead of a preset
    #[arg(long, value_name = "FILE", conflicts_with = "preset")]
    config: Option<PathBuf>,
    /// Network to train instead of the preset's: network file, node-link JSON, GraphML, edge list, JSON of nodes, pts and
    /// edges, or SPICE netlist of resistors
    #[arg(long, value_name = "FILE")]
    network: Option<PathBuf>,
    #[command(flatten)]
    ports: PortArguments,
    /// CSV file to learn (any separator, gzipped or not), or images: a folder of IDX files or with a sub-folder for each class, a
    /// .npz file
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Target column of the CSV file, by name or number from 1; may be given more than once. Default: the one that must be
    /// meant, else an error
    #[arg(long, value_name = "COLUMN", requires = "data")]
    target: Vec<String>,
    /// Whether the target column holds classes or values. Default: decided on what it holds
    #[arg(long, value_enum, requires = "data")]
    kind: Option<Kind>,
    /// Column of the CSV file to leave out, by name or number from 1; may be given more than once
    #[arg(long = "drop", value_name = "COLUMN", requires = "data")]
    dropped: Vec<String>,
    #[command(flatten)]
    table: TableArguments,
    /// Seed of conductances, local generators, split and order
    #[arg(long)]
    seed: Option<u64>,
    /// Times the training samples are shown
    #[arg(long)]
    epochs: Option<u32>,
    /// Temperature of the nodes' noise, in full conductances times (1 V)^2. Default: no noise
    #[arg(long, value_name = "T")]
    temperature: Option<f64>,
    /// Fixed-point format: wide, compact, or widths V/GV/K/GK
    #[arg(long)]
    format: Option<FormatChoice>,
    /// Replaces one key of the configuration, for example learning.mode=quasistatic; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

/// Which nodes are inputs and outputs of a network whose file does not say it.
#[derive(Args, Debug)]
pub struct PortArguments {
    /// Input nodes of the network, by name in port order, where its file names none or others are wanted
    #[arg(long, value_name = "NODES")]
    inputs: Option<String>,
    /// Output nodes of the network, likewise
    #[arg(long, value_name = "NODES")]
    outputs: Option<String>,
}

impl PortArguments {
    /// The arguments that were given, as they were given.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let given = [("inputs", &self.inputs), ("outputs", &self.outputs)];
        given.into_iter().filter_map(|(name, list)| Some((name, list.as_deref()?)))
    }

    /// The names that were given.
    pub fn ports(&self) -> Ports {
        let names = |list: &Option<String>| list.as_deref().map(names).unwrap_or_default();
        Ports { inputs: names(&self.inputs), outputs: names(&self.outputs) }
    }
}

/// Names between commas. A comma inside of parentheses or double quotes is part of a name.
fn names(list: &str) -> Vec<String> {
    let (mut names, mut name, mut depth, mut in_quotes) = (Vec::new(), String::new(), 0usize, false);
    for c in list.chars() {
        match c {
            '"' => in_quotes = !in_quotes,
            ',' if depth == 0 && !in_quotes => names.push(std::mem::take(&mut name)),
            c => {
                depth = match c {
                    '(' | '[' => depth + 1,
                    ')' | ']' => depth.saturating_sub(1),
                    _ => depth,
                };
                name.push(c);
            }
        }
    }
    names.push(name);
    names.iter().map(|name| name.trim().to_owned()).collect()
}

/// The preset for a source of the user's: images have grey values in 0..1, anything else may have any range.
fn preset_for(source: &DataSource) -> &'static str {
    match source {
        DataSource::Idx(_) | DataSource::Images(_) => "mnist",
        _ => Preset::TABLE,
    }
}

impl ConfigArguments {
    /// The format asked for, if one is.
    pub fn format(&self) -> Option<Format> {
        self.format.map(|format| format.0)
    }

    /// The network's file, if one is named and nothing that would train it.
    pub fn network_alone(&self) -> Option<(&Path, Ports)> {
        let trained = self.preset.is_some() || self.config.is_some() || self.data.is_some();
        self.network.as_deref().filter(|_| !trained).map(|path| (path, self.ports.ports()))
    }

    /// The complete configuration with its data, paths made absolute so that a run folder can be used from anywhere. A table that no
    /// preset, file or network is named for gets its settings by the rules of [`Untuned`], where it is not said otherwise.
    pub fn resolve(&self) -> Result<(RunConfig, Dataset)> {
        let plain = self.config(None)?;
        let dataset = load_dataset(&plain.data.source)?;
        let mut config = match self.chosen(&plain)? {
            Some(chosen) => self.config(Some(&Untuned::of(&dataset, &chosen)))?,
            None => plain,
        };
        config.data.source.resolve(&dataset);
        Ok((config, dataset))
    }

    /// The experiment of that configuration.
    pub fn experiment(&self) -> Result<Experiment> {
        let (config, dataset) = self.resolve()?;
        Ok(Experiment::from_dataset(config, dataset)?)
    }

    /// What is decided before the rules are asked; nothing where they are not.
    fn chosen(&self, plain: &RunConfig) -> Result<Option<Chosen>> {
        let elsewhere = self.preset.is_some() || self.config.is_some() || self.network.is_some();
        let untuned = self.data.is_some() && !elsewhere && preset_for(&plain.data.source) == Preset::TABLE;
        let Shape::Layered { hidden } = &plain.network.shape else { return Ok(None) };
        let mut own = Draft::parse("", "--set")?;
        self.overrides.iter().try_for_each(|text| own.set(text))?;
        Ok(untuned.then(|| Chosen {
            format: plain.format.0,
            test_fraction: plain.data.test_fraction,
            hidden: own.value("network.shape").map(|_| hidden.clone()),
            values: plain.encoding.values,
        }))
    }

    fn config(&self, untuned: Option<&Untuned>) -> Result<RunConfig, ConfigError> {
        let mut draft = match (&self.config, &self.preset, &self.data) {
            (Some(file), _, _) => Draft::file(file)?,
            (None, Some(preset), _) => Draft::preset(preset)?,
            (None, None, Some(path)) => {
                Draft::preset(preset_for(&DataSource::of_path(path, CsvOptions::default())))?
            }
            (None, None, None) => Draft::preset(Preset::DEFAULT)?,
        };
        if let Some(path) = &self.data {
            draft.put("data", self.data_config(path))?;
        }
        if let Some(untuned) = untuned {
            untuned.put_into(&mut draft)?;
        }
        if let Some(seed) = self.seed {
            draft.put("seed", seed)?;
        }
        if let Some(epochs) = self.epochs {
            draft.put("epochs", epochs)?;
        }
        if let Some(temperature) = self.temperature {
            draft.put("temperature", temperature)?;
        }
        if let Some(format) = self.format {
            draft.put("format", format)?;
        }
        if let Some(path) = &self.network {
            let Ports { inputs, outputs } = self.ports.ports();
            draft.put_network(path, &inputs, &outputs)?;
        }
        for text in &self.overrides {
            draft.set(text)?;
        }
        let mut config = draft.finish()?;
        config.make_paths_absolute();
        Ok(config)
    }

    fn data_config(&self, path: &Path) -> DataConfig {
        let options = self.table.options(&self.target, self.kind, &self.dropped);
        DataConfig { test_fraction: 0.2, validation: None, source: DataSource::of_path(path, options) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_between_commas() {
        for (list, expected) in [
            ("0,7", vec!["0", "7"]),
            (" a , b c ", vec!["a", "b c"]),
            ("(0, 1),(2, 3)", vec!["(0, 1)", "(2, 3)"]),
            ("\"x,y\",z", vec!["x,y", "z"]),
        ] {
            assert_eq!(names(list), expected);
        }
    }
}

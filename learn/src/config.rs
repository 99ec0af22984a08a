//! Run configurations: everything that decides the bits of a run, as TOML.
//!
//! A configuration file may begin from another by `extends = "PRESET"`; its own keys then replace those of the
//! preset, table by table. `--set key.path=value` does the same from the command line. What a run used in the end is
//! written to its folder, complete.

mod words;

use crate::bounded::read_bounded;
use crate::data::arrays::holds_arrays;
use crate::data::idx::is_idx_name;
use crate::data::image_folder::holds_images;
use crate::data::{CsvOptions, Dataset, EncodingConfig, TargetKind};
use crate::preset::Preset;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;
use wheatstone_sim::network::{Boundary, EdgeKind};
use wheatstone_sim::{Categorized, ErrorCategory, Format, Initial, LearningSchedule, Nudge, Omega, Waves};

/// The most bytes of a file with a configuration.
const LONGEST: u64 = 16 << 20;

/// A complete run configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// What the run is called; a preset's own name.
    pub name: String,
    /// One sentence for lists and reports.
    #[serde(default)]
    pub description: String,
    /// Seed of the initial conductances, the local generators, the split and the order of samples.
    pub seed: u64,
    /// Times the training samples are shown.
    pub epochs: u32,
    /// Fixed-point format: `wide`, `compact`, or the four widths.
    pub format: FormatChoice,
    /// Over-relaxation factor in eighths, 4..=15.
    pub omega: Omega,
    /// Relaxing steps a training sample.
    pub steps: u32,
    /// Relaxing steps before an answer is read.
    pub read_steps: u32,
    /// Smallest conductance an edge may learn, in LSB of `g`.
    #[serde(default = "one")]
    pub g_min: u32,
    /// Lowest voltage ever imposed, in volts; matters to transistor edges only.
    #[serde(default = "minus_one")]
    pub lowest_rail: f64,
    /// Temperature of the noise, in full conductances times (1 V)^2; none if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// When nodes have their turns in the two waves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub waves: Waves,
    /// How outputs are nudged.
    pub nudge: Nudge,
    /// When edges learn.
    pub learning: LearningSchedule,
    /// How learning slows down over the epochs.
    #[serde(default)]
    pub annealing: Annealing,
    /// What is learned.
    pub data: DataConfig,
    /// How samples become voltages.
    pub encoding: EncodingConfig,
    /// The network that learns, and what its conductances begin from.
    pub network: NetworkConfig,
}

fn one() -> u32 {
    1
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn minus_one() -> f64 {
    -1.0
}

/// A format by its name or by its widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatChoice(pub Format);

impl Serialize for FormatChoice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match Format::PRESETS.iter().find(|(_, format)| *format == self.0) {
            Some((name, _)) => serializer.serialize_str(name),
            None => self.0.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for FormatChoice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(name) => name.parse().map_err(D::Error::custom),
            widths => widths.try_into().map(FormatChoice).map_err(D::Error::custom),
        }
    }
}

impl std::str::FromStr for FormatChoice {
    type Err = String;

    /// A preset's name or `V/GV/K/GK`.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(format) = Format::preset(text) {
            return Ok(FormatChoice(format));
        }
        let widths: Option<Vec<u32>> = text.split('/').map(|w| w.parse().ok()).collect();
        match widths.as_deref() {
            Some(&[v, gv, k, gk]) => Format::new(v, gv, k, gk).map(FormatChoice).map_err(|e| e.to_string()),
            _ => Err(format!("`{text}` is no format; give `wide`, `compact` or four widths like 16/8/16/16")),
        }
    }
}

/// How learning slows down: the shift offset starts at `start` and falls by one every `every` epochs, to 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annealing {
    /// Offset of the first epochs, 0..=3.
    pub start: u8,
    /// Epochs at each offset; 0 only where `start` is.
    pub every: u32,
}

impl Annealing {
    /// The offset in force in an epoch, counted from 0.
    pub fn offset(self, epoch: u32) -> u8 {
        let fallen = epoch.checked_div(self.every).unwrap_or(0);
        self.start.saturating_sub(u8::try_from(fallen).unwrap_or(u8::MAX))
    }
}

/// What is learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// Share of the rows held out for testing, drawn by the seed; 0 holds out none. A data set that comes with its
    /// own test rows keeps them.
    pub test_fraction: f64,
    /// Rows that are judged in the place of the test rows, which are then left alone: for choosing settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,
    /// Where it comes from.
    pub source: DataSource,
}

/// A part of the training rows that is held out as well, drawn by the seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// Share of the training rows.
    pub fraction: f64,
    /// Which of the draws, from 0.
    #[serde(default)]
    pub draw: u16,
}

/// Where a data set comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum DataSource {
    /// Shipped with the program, by name.
    Builtin(String),
    /// Generated, by name.
    Task(String),
    /// A table of the user's.
    Csv {
        /// Path of the file, as it was named.
        path: PathBuf,
        /// Which columns are what.
        #[serde(default)]
        options: CsvOptions,
    },
    /// A folder of MNIST IDX files, or one of them where the folder holds several sets.
    Idx(PathBuf),
    /// A file of NumPy arrays, or a folder of such files.
    Arrays {
        /// The file or folder.
        path: PathBuf,
        /// Whether the labels are classes or values.
        #[serde(default)]
        kind: TargetKind,
    },
    /// A folder of images with a sub-folder for each class.
    Images(PathBuf),
}

impl DataSource {
    /// What a path of the user's holds, by its name and, of a folder, by what is in it; the options are for a table and, as far as they
    /// say the kind of target, for arrays.
    pub fn of_path(path: &Path, options: CsvOptions) -> DataSource {
        let (owned, kind) = (path.to_owned(), options.kind);
        if path.is_dir() {
            let mut entries = path.read_dir().into_iter().flatten().flatten();
            if entries.any(|entry| entry.file_name().to_str().is_some_and(is_idx_name)) {
                return DataSource::Idx(owned);
            }
            return if holds_arrays(path) {
                DataSource::Arrays { path: owned, kind }
            } else if holds_images(path) {
                DataSource::Images(owned)
            } else {
                DataSource::Idx(owned)
            };
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let ends = |ending: &str| name.to_lowercase().ends_with(ending);
        if is_idx_name(name) {
            DataSource::Idx(owned)
        } else if ends(".npz") || ends(".npy") {
            DataSource::Arrays { path: owned, kind }
        } else {
            DataSource::Csv { path: owned, options }
        }
    }

    /// Puts what was found out about a table into its options.
    pub fn resolve(&mut self, dataset: &Dataset) {
        if let (DataSource::Csv { options, .. }, Some(found)) = (self, dataset.resolved()) {
            options.clone_from(found);
        }
    }

    /// The file or folder it is read from, if it is.
    pub fn path(&self) -> Option<&Path> {
        match self {
            DataSource::Csv { path, .. }
            | DataSource::Idx(path)
            | DataSource::Arrays { path, .. }
            | DataSource::Images(path) => Some(path),
            DataSource::Builtin(_) | DataSource::Task(_) => None,
        }
    }

    /// Reads the same from another file or folder; nothing changes where none is read.
    pub fn set_path(&mut self, new: PathBuf) {
        match self {
            DataSource::Csv { path, .. }
            | DataSource::Idx(path)
            | DataSource::Arrays { path, .. }
            | DataSource::Images(path) => *path = new,
            DataSource::Builtin(_) | DataSource::Task(_) => {}
        }
    }

    /// What it is, for messages.
    pub fn describe(&self) -> String {
        match self {
            DataSource::Csv { path, .. } => format!("the table {}", path.display()),
            DataSource::Idx(path) | DataSource::Images(path) => format!("the images in {}", path.display()),
            DataSource::Arrays { path, .. } => format!("the arrays in {}", path.display()),
            DataSource::Builtin(name) => format!("the built-in data `{name}`"),
            DataSource::Task(name) => format!("the task `{name}`"),
        }
    }
}

/// The network of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// How edges conduct; a network file says so itself.
    #[serde(default)]
    pub edge: EdgeKind,
    /// Learning shift of each group of edges, or one for all; none keeps 0, or what a network file says.
    #[serde(default)]
    pub alpha: Vec<i8>,
    /// Names of the groups whose edges keep their conductances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<String>,
    /// Initial conductances of each group of edges; the last entry serves all further groups.
    pub initial: Vec<Initial>,
    /// Names of the input nodes of a network file that does not name them, or others than it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
    /// Names of the output nodes, likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<String>,
    /// The graph: a regular shape, or one from a file.
    pub shape: Shape,
}

/// The graph of a network. Numbers of inputs and outputs follow from the encoding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Shape {
    /// Every input joined to every output.
    Crossbar,
    /// Full layers with diodes on the hidden nodes.
    Layered {
        /// Sizes of the hidden layers.
        hidden: Vec<usize>,
    },
    /// A square lattice, nodes numbered row by row from 0.
    Lattice {
        /// Rows of nodes.
        rows: usize,
        /// Columns of nodes.
        columns: usize,
        /// What edges at its rim join: nothing, or the other side.
        boundary: Boundary,
        /// Input nodes in port order.
        inputs: Vec<u32>,
        /// Output nodes in port order.
        outputs: Vec<u32>,
    },
    /// Nine nodes and sixteen edges.
    Pinwheel {
        /// Input nodes in port order.
        inputs: Vec<u32>,
        /// Output nodes in port order.
        outputs: Vec<u32>,
    },
    /// A file with a network, in any format that is taken.
    File(PathBuf),
}

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: {source}; check the path and its permissions")]
    Read {
        /// Path of the file, as it was named.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// The text is not TOML.
    #[error("{origin}: {message}")]
    Syntax {
        /// The file or preset.
        origin: String,
        /// Line, column and what was expected.
        message: String,
    },
    /// A key is unknown, missing or of the wrong kind.
    #[error("{origin}: {message} (`wheatstone presets show {like}` prints a complete configuration)")]
    Shape {
        /// The file or preset, and the overrides.
        origin: String,
        /// Which key and what was expected.
        message: String,
        /// A preset that is like it.
        like: String,
    },
    /// A preset that does not exist.
    #[error("there is no preset `{name}`; there are {known}")]
    UnknownPreset {
        /// The name that was given.
        name: String,
        /// All names there are, joined by commas.
        known: String,
    },
    /// `extends` is not a string.
    #[error("{origin}: `extends` must name a preset, in quotes")]
    Extends {
        /// The file or preset.
        origin: String,
    },
    /// An override without `=`.
    #[error("--set {text}: write it as key.path=value, for example --set learning.mode=quasistatic")]
    Override {
        /// What was given.
        text: String,
    },
    /// A value out of bounds.
    #[error("{field} = {value} is out of bounds; {remedy}")]
    Value {
        /// Path of the key, with dots.
        field: &'static str,
        /// The value that was given.
        value: String,
        /// What to give instead.
        remedy: &'static str,
    },
}

impl Categorized for ConfigError {
    fn category(&self) -> ErrorCategory {
        match self {
            ConfigError::Read { source, .. } => ErrorCategory::BadInput.unless_denied(source),
            ConfigError::Syntax { .. }
            | ConfigError::Shape { .. }
            | ConfigError::UnknownPreset { .. }
            | ConfigError::Extends { .. }
            | ConfigError::Override { .. }
            | ConfigError::Value { .. } => ErrorCategory::BadInput,
        }
    }
}

/// A configuration not yet complete: a table of keys and where they came from.
#[derive(Clone, Debug)]
pub struct Draft {
    table: toml::Table,
    origin: String,
    /// The preset it extends, or one to learn from.
    like: String,
}

impl Draft {
    /// Begins from a preset.
    ///
    /// # Errors
    /// [`ConfigError::UnknownPreset`] lists the names there are.
    pub fn preset(name: &str) -> Result<Draft, ConfigError> {
        let preset = Preset::find(name)?;
        Ok(Draft { like: name.to_owned(), ..Draft::parse(preset.text, &format!("preset {name}"))? })
    }

    /// Begins from a file.
    ///
    /// # Errors
    /// [`ConfigError`] names the file, and the line if its syntax is at fault.
    pub fn file(path: &Path) -> Result<Draft, ConfigError> {
        let file = path.display().to_string();
        let no_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is no text in UTF-8");
        let text = read_bounded(path, LONGEST).and_then(|bytes| String::from_utf8(bytes).map_err(no_text));
        let text = text.map_err(|source| ConfigError::Read { file: file.clone(), source })?;
        Draft::parse(&text, &file)
    }

    /// Begins from the text of a file or preset called `origin`.
    ///
    /// # Errors
    /// [`ConfigError`] names the line.
    pub fn parse(text: &str, origin: &str) -> Result<Draft, ConfigError> {
        let syntax =
            |e: toml::de::Error| ConfigError::Syntax { origin: origin.into(), message: e.to_string() };
        Draft::of_table(text.parse().map_err(syntax)?, origin)
    }

    /// Begins from the keys of a file or preset called `origin`.
    ///
    /// # Errors
    /// [`ConfigError`] if it extends something that is no preset.
    pub fn of_table(mut own: toml::Table, origin: &str) -> Result<Draft, ConfigError> {
        let origin = origin.to_owned();
        match own.remove("extends") {
            None => Ok(Draft { table: own, origin, like: Preset::DEFAULT.to_owned() }),
            Some(toml::Value::String(base)) => {
                let mut draft = Draft::preset(&base)?;
                merge(&mut draft.table, own);
                Ok(Draft { origin, ..draft })
            }
            Some(_) => Err(ConfigError::Extends { origin }),
        }
    }

    /// Replaces one key by `key.path=value`; a value that is not TOML is taken as a string.
    ///
    /// # Errors
    /// [`ConfigError::Override`] if there is no `=`.
    pub fn set(&mut self, text: &str) -> Result<(), ConfigError> {
        let usage = || ConfigError::Override { text: text.into() };
        let (path, value) = text.split_once('=').ok_or_else(usage)?;
        let parsed =
            format!("value = {value}").parse::<toml::Table>().ok().and_then(|mut t| t.remove("value"));
        let mut value = parsed.unwrap_or_else(|| toml::Value::String(value.into()));
        for key in path.trim().rsplit('.') {
            if key.is_empty() {
                return Err(usage());
            }
            value = toml::Value::Table(toml::Table::from_iter([(key.to_owned(), value)]));
        }
        if let toml::Value::Table(table) = value {
            merge(&mut self.table, table);
        }
        Ok(())
    }

    /// Replaces keys by others, table by table, as a file does those of what it extends.
    pub fn replace(&mut self, over: toml::Table) {
        merge(&mut self.table, over);
    }

    /// Replaces a key by a value that serialises.
    ///
    /// # Errors
    /// [`ConfigError::Shape`] if it does not.
    pub fn put(&mut self, key: &str, value: impl Serialize) -> Result<(), ConfigError> {
        let value = toml::Value::try_from(value).map_err(|e| self.shape_error(&e))?;
        self.table.insert(key.into(), value);
        Ok(())
    }

    /// The value of a key by its path with dots, if there is one.
    pub fn value(&self, path: &str) -> Option<&toml::Value> {
        let mut keys = path.split('.');
        let first = self.table.get(keys.next()?)?;
        keys.try_fold(first, |value, key| value.get(key))
    }

    /// Takes the network from a file: its path, and the names of its ports where it does not name them. Learning shifts for
    /// several groups were those of the network before, and go.
    ///
    /// # Errors
    /// [`ConfigError::Shape`] if the path is no text.
    pub fn put_network(
        &mut self,
        path: &Path,
        inputs: &[String],
        outputs: &[String],
    ) -> Result<(), ConfigError> {
        let file = toml::Value::try_from(path).map_err(|e| self.shape_error(&e))?;
        let mut network = match self.table.remove("network") {
            Some(toml::Value::Table(network)) => network,
            _ => toml::Table::new(),
        };
        if network.get("alpha").and_then(toml::Value::as_array).is_some_and(|shifts| shifts.len() > 1) {
            network.remove("alpha");
        }
        network
            .insert("shape".into(), toml::Value::Table(toml::Table::from_iter([("file".to_owned(), file)])));
        for (key, names) in [("inputs", inputs), ("outputs", outputs)] {
            if !names.is_empty() {
                let names = names.iter().cloned().map(toml::Value::String).collect();
                network.insert(key.into(), toml::Value::Array(names));
            }
        }
        self.table.insert("network".into(), toml::Value::Table(network));
        Ok(())
    }

    /// The complete configuration.
    ///
    /// # Errors
    /// [`ConfigError`] names the key that is unknown, missing, of the wrong kind or out of bounds.
    pub fn finish(self) -> Result<RunConfig, ConfigError> {
        let config: RunConfig = self.table.clone().try_into().map_err(|e| self.shape_error(&e))?;
        config.check()?;
        Ok(config)
    }

    fn shape_error(&self, error: &dyn std::fmt::Display) -> ConfigError {
        let message = words::in_words(&error.to_string());
        ConfigError::Shape { origin: self.origin.clone(), message, like: self.like.clone() }
    }
}

impl RunConfig {
    /// The configuration as a complete TOML file.
    #[expect(clippy::missing_panics_doc, reason = "a configuration that was read can be written")]
    pub fn to_toml(&self) -> String {
        #[expect(clippy::expect_used, reason = "strings, numbers and tables of them always serialise")]
        toml::to_string(&self.printable()).expect("a configuration serialises")
    }

    /// The same for files that are text: what is no text in a path is replaced.
    pub fn printable(&self) -> RunConfig {
        let printable = |path: &Path| PathBuf::from(path.to_string_lossy().into_owned());
        let mut config = self.clone();
        if let Some(path) = config.data.source.path().map(printable) {
            config.data.source.set_path(path);
        }
        if let Shape::File(path) = &mut config.network.shape {
            *path = printable(path);
        }
        config
    }

    /// Makes every path absolute, so that the configuration means the same from any folder.
    pub fn make_paths_absolute(&mut self) {
        // A configuration is text: where the working folder is none, a path stays relative to it.
        let absolute = |path: &Path| std::path::absolute(path).ok().filter(|path| path.to_str().is_some());
        if let Some(path) = self.data.source.path().and_then(absolute) {
            self.data.source.set_path(path);
        }
        if let Shape::File(path) = &mut self.network.shape
            && let Some(absolute) = absolute(path)
        {
            *path = absolute;
        }
    }

    /// Checks every value against its bounds.
    ///
    /// # Errors
    /// [`ConfigError::Value`] names the key.
    pub fn check(&self) -> Result<(), ConfigError> {
        let bounds = |ok: bool, field, value: &dyn std::fmt::Debug, remedy| {
            if ok { Ok(()) } else { Err(ConfigError::Value { field, value: format!("{value:?}"), remedy }) }
        };
        bounds(self.epochs >= 1, "epochs", &self.epochs, "train for at least 1 epoch")?;
        bounds(self.read_steps >= 1, "read_steps", &self.read_steps, "relax for at least 1 step")?;
        bounds(!self.name.trim().is_empty(), "name", &self.name, "give the run a name")?;
        let Annealing { start, every } = self.annealing;
        bounds(start <= 3, "annealing.start", &start, "give 0 to 3")?;
        bounds(
            every >= 1 || start == 0,
            "annealing.every",
            &every,
            "give 1 epoch or more; for a shift that never falls, add it to network.alpha",
        )?;
        let period = self.learning.period(self.steps);
        bounds(
            period <= self.steps,
            "learning.every",
            &period,
            "it must not exceed steps, or nothing is ever learned",
        )?;
        let fraction = self.data.test_fraction;
        bounds(
            (0.0..1.0).contains(&fraction),
            "data.test_fraction",
            &fraction,
            "give 0 or more and less than 1",
        )?;
        if let Some(Validation { fraction, .. }) = self.data.validation {
            let ok = fraction > 0.0 && fraction < 1.0;
            bounds(ok, "data.validation.fraction", &fraction, "give more than 0 and less than 1")?;
        }
        let rail = self.lowest_rail;
        bounds((-1.0..=1.0).contains(&rail), "lowest_rail", &rail, "give a voltage between -1 and 1")?;
        bounds(!self.network.initial.is_empty(), "network.initial", &"[]", "give at least one entry")?;
        for initial in &self.network.initial {
            let ok = match *initial {
                Initial::Uniform { low, high } => (0.0..=1.0).contains(&low) && (low..=1.0).contains(&high),
                Initial::HalfNormal { scale } => (0.0..=1.0).contains(&scale),
            };
            bounds(ok, "network.initial", initial, "give fractions of full scale, 0 to 1, low before high")?;
        }
        Ok(())
    }
}

/// Replaces keys of `base` by those of `over`, table by table; a table that picks another variant of a choice
/// replaces the whole.
fn merge(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new))
                if !is_other_variant(&key, old, &new) =>
            {
                merge(old, new);
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// Whether `new` picks a variant of the choice that `key` is: by `kind` or `mode`, or by a name the old table lacks.
fn is_other_variant(key: &str, old: &toml::Table, new: &toml::Table) -> bool {
    let renamed = || new.keys().any(|name| !old.contains_key(name));
    new.contains_key("kind") || new.contains_key("mode") || (matches!(key, "shape" | "source") && renamed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(preset: &str, overrides: &[&str]) -> RunConfig {
        let mut draft = Draft::preset(preset).unwrap();
        overrides.iter().for_each(|text| draft.set(text).unwrap());
        draft.finish().unwrap()
    }

    #[test]
    fn one_key_of_a_variant_can_be_changed() {
        let Shape::Lattice { rows, columns, .. } =
            changed("allostery", &["network.shape.lattice.rows=9"]).network.shape
        else {
            panic!("still a lattice")
        };
        assert_eq!((rows, columns), (9, 8));
        assert_eq!(changed("wine", &["nudge.eta=1"]).nudge, Nudge::Clamped { eta: 1 });
    }

    #[test]
    fn another_variant_replaces_the_whole() {
        let config = changed("digits", &["network.shape=crossbar", "network.alpha=[0]"]);
        assert_eq!(config.network.shape, Shape::Crossbar);
        let config = changed("wine", &["network.shape.layered.hidden=[3]", "network.alpha=[0,0]"]);
        assert_eq!(config.network.shape, Shape::Layered { hidden: vec![3] });
        let config = changed("wine", &["nudge={kind=\"current\",beta=3}", "data.source.task=xor"]);
        assert_eq!(config.nudge, Nudge::Current { beta: 3, centred: false });
        assert_eq!(config.data.source, DataSource::Task("xor".into()));
        let config = changed(
            "wine",
            &["learning={mode=\"continuous\",every=2}", "format={v_bits=12,v_guard=8,k_bits=10,k_guard=14}"],
        );
        assert_eq!(config.learning, LearningSchedule::Continuous { every: 2 });
        assert_eq!(config.format.0, Format::COMPACT);
    }

    #[test]
    fn every_preset_reads_back_from_its_own_text() {
        for preset in Preset::ALL {
            let config = preset.config().unwrap();
            assert_eq!(config.name, preset.name);
            assert_eq!(Draft::parse(&config.to_toml(), "written").unwrap().finish().unwrap(), config);
        }
    }

    #[test]
    fn annealing_falls_to_zero() {
        let offsets = |a: Annealing| (0..5).map(|epoch| a.offset(epoch)).collect::<Vec<_>>();
        assert_eq!(offsets(Annealing { start: 3, every: 1 }), [3, 2, 1, 0, 0]);
        assert_eq!(offsets(Annealing { start: 2, every: 2 }), [2, 2, 1, 1, 0]);
        assert_eq!(offsets(Annealing { start: 1, every: 0 }), [1; 5]);
    }
}

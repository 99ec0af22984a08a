//! A configuration made concrete: its data set, split, encoding and design.

use crate::config::{DataSource, RunConfig, Shape, Validation};
use crate::data::{
    self, ArrayError, Builtin, CsvError, Dataset, DatasetError, Encoder, EncodingError, IdxError, ImageError,
    Split, SplitError, Targets, Task,
};
use crate::device::{Device, DeviceError, Model, Stretch};
use crate::evaluation::EvaluationError;
use crate::network_file::{IN_RUN_FOLDER, NetworkFileError, read_network};
use std::sync::Arc;
use thiserror::Error;
use wheatstone_sim::network::formats::{Graph, Ports};
use wheatstone_sim::network::{NodeId, crossbar, lattice, layered, pinwheel};
use wheatstone_sim::{
    Categorized, Configuration, ConfigurationError, Design, DesignError, ErrorCategory, Features, Network,
    NetworkError, Nudge, Rules, Sample, State, Temperature, TemperatureError, node_slopes,
};

/// Everything a run is a pure function of.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// The resolved configuration: all that the run depends on.
    pub config: RunConfig,
    /// The rows with their targets; experiments that divide the same rows in other ways share them.
    pub dataset: Arc<Dataset>,
    /// Which of its rows are learned and which held out.
    pub split: Split,
    /// How its rows become voltages, fitted on the rows learned.
    pub encoder: Encoder,
    /// The network in its format under its rules.
    pub design: Arc<Design>,
    /// What was merged, scaled or left out when the network was read from a file, and what to mind of the configuration, a
    /// sentence each.
    pub notes: Vec<String>,
}

/// A configuration that cannot be made concrete.
#[derive(Debug, Error)]
pub enum ExperimentError {
    /// A built-in set or task that does not exist.
    #[error("data.source: there is no {kind} `{name}`; there are {known}")]
    UnknownData {
        /// `builtin` or `task`.
        kind: &'static str,
        /// The name that was given.
        name: String,
        /// All names there are, joined by commas.
        known: String,
    },
    /// The table cannot be read.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// The IDX files cannot be read.
    #[error(transparent)]
    Idx(#[from] IdxError),
    /// The arrays cannot be read.
    #[error(transparent)]
    Arrays(#[from] Box<ArrayError>),
    /// The folder of images cannot be read.
    #[error(transparent)]
    Images(#[from] Box<ImageError>),
    /// What was read is no data set.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Missing cells are to be filled, and the run has nothing to fill them with.
    #[error(
        "this run was trained without --missing mean, so it has no means to fill cells with; use --missing drop"
    )]
    NoMeans,
    /// The rows cannot be divided into training and test rows.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The rows cannot be encoded as configured.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The network's file cannot be read.
    #[error(transparent)]
    NetworkFile(#[from] NetworkFileError),
    /// The network is not valid.
    #[error("{origin}: {error}")]
    Network {
        /// The file, or the key of the configuration.
        origin: String,
        /// What is wrong with the graph.
        error: NetworkError,
    },
    /// The network has other ports than the encoding.
    #[error(
        "the network has {found} {what} and the encoding gives {expected} ({names}); change the network's {what} \
         or the encoding"
    )]
    Ports {
        /// `inputs` or `outputs`.
        what: &'static str,
        /// How many the network has.
        found: usize,
        /// How many the encoding gives.
        expected: usize,
        /// What the encoding calls them.
        names: String,
    },
    /// The rules do not fit the network and its format.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// The temperature is out of bounds.
    #[error(transparent)]
    Temperature(#[from] TemperatureError),
    /// The free wave runs away from the targets, however the network learns.
    #[error(
        "nudge: centred, and output {node}, whose edges can never conduct more than {most} together, is pushed away from its target through \
         {nudge} of full conductance: it has no stable voltage; give a larger beta, or centred = false"
    )]
    CentredNudge {
        /// The output's name.
        node: String,
        /// The largest sum of its conductances, as a fraction of full conductance.
        most: f64,
        /// The nudging conductance, likewise.
        nudge: f64,
    },
    /// The configuration of the array does not fit.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
}

impl Categorized for ExperimentError {
    fn category(&self) -> ErrorCategory {
        match self {
            ExperimentError::UnknownData { .. }
            | ExperimentError::NoMeans
            | ExperimentError::CentredNudge { .. }
            | ExperimentError::Ports { .. } => ErrorCategory::BadInput,
            ExperimentError::Csv(error) => error.category(),
            ExperimentError::Idx(error) => error.category(),
            ExperimentError::Arrays(error) => error.category(),
            ExperimentError::Images(error) => error.category(),
            ExperimentError::Dataset(error) => error.category(),
            ExperimentError::Split(error) => error.category(),
            ExperimentError::Encoding(error) => error.category(),
            ExperimentError::NetworkFile(error) => error.category(),
            ExperimentError::Network { error, .. } => error.category(),
            ExperimentError::Design(error) => error.category(),
            ExperimentError::Temperature(error) => error.category(),
            ExperimentError::Configuration(error) => error.category(),
        }
    }
}

impl Experiment {
    /// Loads the data set, divides it by the configured seed, and builds the network. What was found out about a table stands
    /// in the configuration then, so that the same file is read the same way again.
    ///
    /// # Errors
    /// [`ExperimentError`] names the file or key at fault.
    pub fn prepare(mut config: RunConfig) -> Result<Experiment, ExperimentError> {
        let dataset = load_dataset(&config.data.source)?;
        config.data.source.resolve(&dataset);
        Experiment::from_dataset(config, dataset)
    }

    /// Divides a data set already loaded as configured, and builds the network.
    ///
    /// # Errors
    /// [`ExperimentError`] names the key at fault.
    pub fn from_dataset(
        config: RunConfig,
        dataset: impl Into<Arc<Dataset>>,
    ) -> Result<Experiment, ExperimentError> {
        let dataset = dataset.into();
        let split = default_split(&config, &dataset)?;
        Experiment::with_split(config, dataset, split)
    }

    /// Builds the network for a data set already loaded and divided.
    ///
    /// # Errors
    /// [`ExperimentError`] names the file or key at fault.
    pub fn with_split(
        config: RunConfig,
        dataset: impl Into<Arc<Dataset>>,
        split: Split,
    ) -> Result<Experiment, ExperimentError> {
        let dataset = dataset.into();
        let encoder = Encoder::fit(&config.encoding, &dataset, &split.train)?;
        let (network, notes) = build_network(&config, &encoder)?;
        let mut experiment = Experiment::assemble(config, dataset, split, encoder, network)?;
        experiment.notes.splice(0..0, notes);
        Ok(experiment)
    }

    /// Divides a data set as configured, and has a given network learn it instead of one of the configured shape. The network
    /// keeps its own learning shifts where `network.alpha` of the configuration is empty.
    ///
    /// In the experiment's configuration the shape is then the file that a run folder keeps its network in, so that such a
    /// run can be resumed.
    ///
    /// # Errors
    /// [`ExperimentError::Ports`] if the network has not as many inputs and outputs as the encoding gives; others name the key at
    /// fault.
    pub fn with_network(
        mut config: RunConfig,
        dataset: impl Into<Arc<Dataset>>,
        network: Network,
    ) -> Result<Experiment, ExperimentError> {
        let dataset = dataset.into();
        let split = default_split(&config, &dataset)?;
        let encoder = Encoder::fit(&config.encoding, &dataset, &split.train)?;
        let network = with_alpha(network, &config, "the given network")?;
        check_ports(&network, &encoder)?;
        config.network.shape = Shape::File(IN_RUN_FOLDER.into());
        (config.network.inputs, config.network.outputs) = (Vec::new(), Vec::new());
        Experiment::assemble(config, dataset, split, encoder, network)
    }

    /// Joins parts that fit each other.
    fn assemble(
        config: RunConfig,
        dataset: Arc<Dataset>,
        split: Split,
        encoder: Encoder,
        network: Network,
    ) -> Result<Experiment, ExperimentError> {
        let rules = Rules {
            omega: config.omega,
            nudge: config.nudge,
            g_min: config.g_min,
            lowest_rail: config.format.0.quantise_volts(config.lowest_rail),
        };
        let format = config.format.0;
        let temperature =
            config.temperature.map(|value| Temperature::from_full_scale(value, format)).transpose()?;
        let design = Design::new(network, format, rules)?;
        let design = Arc::new(design.with_features(Features { temperature, waves: config.waves })?);
        let mut experiment = Experiment { config, dataset, split, encoder, design, notes: Vec::new() };
        experiment.notes.extend(experiment.centred_nudge_note()?);
        experiment.configuration(0).check()?;
        Ok(experiment)
    }

    /// What to mind of a centred nudge, which is a negative conductance in the free wave: nothing if the outputs' edges conduct
    /// well more than it from the beginning.
    ///
    /// # Errors
    /// [`ExperimentError::CentredNudge`] if an output can have no stable voltage.
    fn centred_nudge_note(&self) -> Result<Option<String>, ExperimentError> {
        let (network, format, rules) = (self.design.network(), self.design.format(), self.design.rules());
        let Nudge::Current { beta, centred: true } = rules.nudge else { return Ok(None) };
        let nudge = rules.nudge.conductance(format);
        let full = 2f64.powi(format.k_bits().cast_signed());
        #[expect(clippy::cast_precision_loss, reason = "for people to read")]
        let fraction = |g: i64| g as f64 / full;
        let slopes = node_slopes(&self.design, &self.initial_state());
        let mut weakest: Option<(NodeId, i64)> = None;
        for &output in network.outputs() {
            let edges =
                network.incidences(output).iter().map(|incidence| network.edges()[incidence.edge.index()]);
            let most: i64 = edges.map(|edge| edge.kind.slope(format.g_max(), rules.lowest_rail)).sum();
            let node = || network.node_name(output).into_owned();
            if most <= nudge {
                return Err(ExperimentError::CentredNudge {
                    node: node(),
                    most: fraction(most),
                    nudge: fraction(nudge),
                });
            }
            let slope = slopes[output.index()];
            if weakest.is_none_or(|(_, least)| slope < least) {
                weakest = Some((output, slope));
            }
        }
        let Some((output, slope)) = weakest.filter(|&(_, slope)| slope < 2 * nudge) else { return Ok(None) };
        let name = network.node_name(output);
        let what = if slope <= nudge { "runs to the rail" } else { "amplifies small errors" };
        Ok(Some(format!(
            "the nudge is centred, and the conductances at output {name} begin at a sum of {:.3}, where the free wave {what} below {:.3}; \
             try nudge.beta = {}, or centred = false",
            fraction(slope),
            fraction(if slope <= nudge { nudge } else { 2 * nudge }),
            beta + 1 + u8::try_from((2 * nudge / slope.max(1)).max(1).ilog2()).unwrap_or(0),
        )))
    }

    /// The configuration of the array in an epoch, counted from 0.
    pub fn configuration(&self, epoch: u32) -> Configuration {
        Configuration {
            steps: self.config.steps,
            learning: self.config.learning,
            alpha_offset: self.config.annealing.offset(epoch),
        }
    }

    /// The state training starts from.
    pub fn initial_state(&self) -> State {
        State::initial(&self.design, &self.config.network.initial, self.config.seed)
    }

    /// Rows of the data set, by number from 0, as samples.
    ///
    /// # Errors
    /// [`EncodingError`] names the row at fault.
    pub fn samples(&self, rows: &[usize]) -> Result<Vec<Sample>, EncodingError> {
        self.encoder.samples(self.design.format(), &self.dataset, rows)
    }

    /// The number of a row's class; `None` for regression.
    pub fn class(&self, row: usize) -> Option<u16> {
        self.dataset.label(row).and_then(|label| u16::try_from(label).ok())
    }

    /// `count` samples of the run after the first `before`.
    ///
    /// # Panics
    /// If the experiment has no samples to train on; none is ever made so.
    pub fn stretch(&self, before: u64, count: u64) -> Stretch {
        let samples = self.split.train.len() as u64;
        let epoch = u32::try_from(before / samples).unwrap_or(u32::MAX);
        let every = self.config.annealing.every;
        Stretch {
            configuration: self.configuration(epoch),
            first_fall: (every > 0).then(|| every - epoch % every),
            fall_every: every,
            seed: self.config.seed,
            epoch,
            place: u32::try_from(before % samples).unwrap_or(u32::MAX),
            count,
        }
    }

    /// Gives a device the training samples with their classes, one by one.
    ///
    /// # Errors
    /// [`EvaluationError`] names the row at fault, or what the device does not take.
    pub fn set_samples(&self, device: &mut dyn Device) -> Result<(), EvaluationError> {
        let format = self.design.format();
        let mut failed = None;
        let mut samples = self.split.train.iter().map_while(|&row| {
            let encoded = self.encoder.sample(format, &self.dataset, row);
            encoded.map_err(|error| failed = Some(error)).ok().map(|sample| (sample, self.class(row)))
        });
        let set = device.set_samples(&mut samples, self.encoder.coding());
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(set?),
        }
    }

    /// The training samples with their classes.
    pub fn with_classes(&self, samples: &[Sample]) -> Vec<(Sample, Option<u16>)> {
        samples.iter().cloned().zip(self.split.train.iter().map(|&row| self.class(row))).collect()
    }

    /// A model of the network in this process, at rest in `state`.
    ///
    /// # Errors
    /// [`DeviceError`] if it is no state of the design.
    pub fn model(&self, state: &State) -> Result<Model, DeviceError> {
        Model::new(Arc::clone(&self.design), state.clone())
    }

    /// The rows that tell how well the network has learned, and what to call them: those held out, or all that
    /// were learned if none were.
    pub fn judged_rows(&self) -> (&'static str, &[usize]) {
        let held_out = if self.config.data.validation.is_some() { "validation" } else { "test" };
        if self.split.test.is_empty() { ("train", &self.split.train) } else { (held_out, &self.split.test) }
    }
}

/// Loads a data set from its source.
///
/// # Errors
/// [`ExperimentError`] names the file or name at fault.
pub fn load_dataset(source: &DataSource) -> Result<Dataset, ExperimentError> {
    let unknown = |kind, name: &String, known: Vec<&str>| ExperimentError::UnknownData {
        kind,
        name: name.clone(),
        known: known.join(", "),
    };
    Ok(match source {
        DataSource::Builtin(name) => {
            let known = || unknown("builtin", name, Builtin::ALL.iter().map(|b| b.name()).collect());
            Builtin::from_name(name).ok_or_else(known)?.load()?
        }
        DataSource::Task(name) => {
            let known = || unknown("task", name, Task::ALL.iter().map(|t| t.name()).collect());
            Task::from_name(name).ok_or_else(known)?.load()?
        }
        DataSource::Csv { path, options } => data::csv::read_csv_file(path, options)?,
        DataSource::Idx(folder) => data::idx::read_mnist(folder)?,
        DataSource::Arrays { path, kind } => data::arrays::read_arrays(path, *kind).map_err(Box::new)?,
        DataSource::Images(folder) => data::image_folder::read_image_folder(folder).map_err(Box::new)?,
    })
}

/// The rows held out by configuration: test rows, or in their place a validation part of the others.
fn default_split(config: &RunConfig, dataset: &Dataset) -> Result<Split, SplitError> {
    let split = test_split(config, dataset)?;
    let Some(Validation { fraction, draw }) = config.data.validation else { return Ok(split) };
    let rows = split.train;
    let count = usize::from(draw) + 1;
    let mut divided = match dataset.targets() {
        Targets::Classes { names, labels } => {
            let labels: Vec<usize> = rows.iter().map(|&row| labels[row]).collect();
            data::split::stratified_splits(&labels, names, count, fraction, config.seed)?
        }
        Targets::Values { .. } => data::split::plain_splits(rows.len(), count, fraction, config.seed)?,
    };
    let Split { train, test } = divided.swap_remove(usize::from(draw));
    let named = |places: Vec<usize>| places.into_iter().map(|place| rows[place]).collect();
    Ok(Split { train: named(train), test: named(test) })
}

/// The data set's own test rows, or a share drawn by the seed.
fn test_split(config: &RunConfig, dataset: &Dataset) -> Result<Split, SplitError> {
    if let Some(test_from) = dataset.test_from() {
        return Ok(Split { train: (0..test_from).collect(), test: (test_from..dataset.rows()).collect() });
    }
    let fraction = config.data.test_fraction;
    if fraction == 0.0 {
        return Ok(Split { train: (0..dataset.rows()).collect(), test: Vec::new() });
    }
    let mut splits = data::split::splits(dataset.targets(), 1, fraction, config.seed)?;
    Ok(splits.swap_remove(0))
}

/// The network, and what was made of what its file said.
fn build_network(config: &RunConfig, encoder: &Encoder) -> Result<(Network, Vec<String>), ExperimentError> {
    if let Shape::File(path) = &config.network.shape {
        let ports = Ports { inputs: config.network.inputs.clone(), outputs: config.network.outputs.clone() };
        let Graph { network, notes } = read_network(path, &ports)?;
        let network = with_alpha(network, config, &path.display().to_string())?;
        check_ports(&network, encoder)?;
        return Ok((network, notes));
    }
    let origin = "network.shape";
    let built = build_shape(config, encoder.inputs(), encoder.outputs());
    let network = built.map_err(|error| ExperimentError::Network { origin: origin.into(), error })?;
    let network = with_alpha(network, config, origin)?;
    check_ports(&network, encoder)?;
    // Names are for people to read; where a feature and a class share one, the network keeps its own.
    let named = network.clone().with_port_names(&encoder.input_names(), &encoder.output_names());
    Ok((named.unwrap_or(network), Vec::new()))
}

/// The most edges a regular shape may have: a few gigabytes.
const MAX_EDGES: usize = 1 << 26;

/// The network of a regular shape.
fn build_shape(config: &RunConfig, inputs: usize, outputs: usize) -> Result<Network, NetworkError> {
    let edge = config.network.edge;
    let ids = |list: &[u32]| list.iter().copied().map(NodeId).collect::<Vec<_>>();
    let bounded = |edges: Option<usize>| match edges {
        Some(edges) if edges <= MAX_EDGES => Ok(()),
        _ => {
            let remedy = "more than fit into memory; 2^26 = 67108864 are the most, make the network smaller";
            Err(NetworkError::Size { what: "edges", value: edges.unwrap_or(usize::MAX), remedy })
        }
    };
    match &config.network.shape {
        Shape::Layered { hidden } => {
            let sizes = [&[inputs], hidden.as_slice(), &[outputs]].concat();
            let products = sizes.windows(2).map(|pair| pair[0].checked_mul(pair[1]));
            let edges = products.into_iter().try_fold(0usize, |sum, product| sum.checked_add(product?));
            bounded(edges)?;
            layered(&sizes, edge)
        }
        Shape::Lattice { rows, columns, boundary, inputs, outputs } => {
            bounded(rows.checked_mul(*columns).and_then(|nodes| nodes.checked_mul(2)))?;
            lattice(*rows, *columns, *boundary, edge).inputs(ids(inputs)).outputs(ids(outputs)).build()
        }
        Shape::Pinwheel { inputs, outputs } => {
            pinwheel(edge).inputs(ids(inputs)).outputs(ids(outputs)).build()
        }
        Shape::Crossbar | Shape::File(_) => crossbar(inputs, outputs, edge),
    }
}

fn with_alpha(network: Network, config: &RunConfig, origin: &str) -> Result<Network, ExperimentError> {
    let wrong = |key: &str| {
        let origin = format!("{origin}, network.{key}");
        |error| ExperimentError::Network { origin, error }
    };
    let network = match config.network.alpha.as_slice() {
        [] => network,
        alpha => network.with_alpha(alpha).map_err(wrong("alpha"))?,
    };
    match config.network.frozen.as_slice() {
        [] => Ok(network),
        frozen => network.with_frozen(frozen).map_err(wrong("frozen")),
    }
}

/// Whether a network has as many inputs and outputs as an encoding.
///
/// # Errors
/// [`ExperimentError::Ports`] says which differ.
pub fn check_ports(network: &Network, encoder: &Encoder) -> Result<(), ExperimentError> {
    for (what, found, names) in [
        ("inputs", network.inputs().len(), encoder.input_names()),
        ("outputs", network.outputs().len(), encoder.output_names()),
    ] {
        if found != names.len() {
            const SHOWN: usize = 12;
            let mut text = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
            if names.len() > SHOWN {
                text.push_str(", ...");
            }
            return Err(ExperimentError::Ports { what, found, expected: names.len(), names: text });
        }
    }
    Ok(())
}

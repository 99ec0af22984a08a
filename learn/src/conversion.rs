//! A network from one format into another, with the conductances a run has learnt.

use crate::data::EncodingError;
use crate::experiment::{Experiment, ExperimentError};
use crate::network_file::{NetworkFileError, read_network};
use crate::run::{DataDigest, RunError, RunFolder, read_checkpoint};
use crate::snapshot::conductances;
use std::fmt::{self, Display, Formatter};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use thiserror::Error;
use wheatstone_sim::network::formats::{self, Circuit, Graph, GraphFormat, Ports};
use wheatstone_sim::{
    Checkpoint, Design, DesignError, Format, Initial, Network, NetworkError, Nudge, Omega, Rules, State,
    Wave, categorize,
};

/// A format that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One that can be read, too.
    Graph(GraphFormat),
    /// DOT, the language of Graphviz.
    Dot,
    /// A picture, as SVG.
    Svg,
}

impl Target {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Target> {
        GraphFormat::ALL.into_iter().map(Target::Graph).chain([Target::Dot, Target::Svg])
    }

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Target::Graph(format) => format.name(),
            Target::Dot => "dot",
            Target::Svg => "svg",
        }
    }

    /// By the ending of a file.
    ///
    /// # Errors
    /// [`ConversionError::Ending`] if it says nothing.
    pub fn of_ending(path: &Path) -> Result<Target, ConversionError> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        Ok(match ending.as_deref() {
            Some("toml") => Target::Graph(GraphFormat::Toml),
            Some("json") => Target::Graph(GraphFormat::Json),
            Some("graphml" | "xml") => Target::Graph(GraphFormat::GraphMl),
            Some("edgelist" | "edges" | "csv" | "tsv" | "txt") => Target::Graph(GraphFormat::EdgeList),
            Some("cir" | "ckt" | "net" | "sp" | "spice") => Target::Graph(GraphFormat::Spice),
            Some("dot" | "gv") => Target::Dot,
            Some("svg") => Target::Svg,
            _ => return Err(ConversionError::Ending { path: path.display().to_string() }),
        })
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Target::all().map(Target::name).collect::<Vec<_>>().join(", ");
        Target::all().find(|target| target.name() == text).ok_or_else(|| format!("there are {}", names()))
    }
}

/// A conversion that cannot be done.
#[derive(Debug, Error)]
pub enum ConversionError {
    /// The ending of the file to write says no format.
    #[error("{path}: its ending says no format; name one with --to: {}", Target::all().map(Target::name).collect::<Vec<_>>().join(", "))]
    Ending {
        /// Path of the file, as it was named.
        path: String,
    },
    /// The network cannot be read.
    #[error(transparent)]
    Read(#[from] NetworkFileError),
    /// The run cannot be read.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The data of the run cannot be read.
    #[error(transparent)]
    Data(#[from] Box<ExperimentError>),
    /// A row does not fit the run.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The conductances do not fit.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The network does not fit its format.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// The run trained another network.
    #[error("{run} trained another network than {network}; name the network of that run, or leave --run out")]
    OtherNetwork {
        /// Path of the run, as it was named.
        run: String,
        /// Path of the network, as it was named.
        network: String,
    },
    /// An edge has no conductance.
    #[error(
        "{count} edges have no conductance, and a netlist needs one for each; name a run with --run, or give all others \
         one with --conductance 0.5, as a fraction of full scale"
    )]
    NoConductance {
        /// How many edges.
        count: usize,
    },
    /// An edge conducts nothing.
    #[error("edges[{edge}] has conductance 0, which no resistor has; remove the edge or give it another")]
    Insulator {
        /// Index of the edge, from 0.
        edge: usize,
    },
    /// Nothing says which voltages to show.
    #[error(
        "a netlist shows voltages to {inputs} inputs; give them with --volts V1,V2,..., or name a run and a row of its data \
         with --sample"
    )]
    NoVolts {
        /// How many inputs the network has.
        inputs: usize,
    },
    /// Not a voltage for each input.
    #[error("--volts: {found} voltages for {expected} inputs; give one for each, in port order")]
    Volts {
        /// How many were given.
        found: usize,
        /// How many there are.
        expected: usize,
    },
    /// A sample without a run.
    #[error("--sample: a row is one of a run's data; name the folder of a run with --run")]
    SampleWithoutRun,
    /// A row that is not there.
    #[error("--sample {row}: the data have rows 1 to {rows}; choose one of them")]
    NoRow {
        /// Which was asked for.
        row: usize,
        /// How many there are.
        rows: usize,
    },
}

categorize! {
    ConversionError {
        inner: Read, Run, Data, Encoding, Network, Design;
        BadInput: Ending, OtherNetwork, NoConductance, Insulator, NoVolts, Volts, SampleWithoutRun, NoRow;
    }
}

/// What is to be converted.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// A network in any format, the folder of a run, or a checkpoint.
    pub from: PathBuf,
    /// The folder of a run, or a checkpoint, whose conductances to take.
    pub run: Option<PathBuf>,
    /// Ports of a network that names none.
    pub ports: Ports,
}

/// What a netlist needs besides.
#[derive(Clone, Debug)]
pub struct Netlist {
    /// Voltages of the inputs; empty if a sample says them.
    pub volts: Vec<f64>,
    /// A row of the run's data, counted from 1.
    pub sample: Option<usize>,
    /// What full scale is, in siemens.
    pub full_scale_siemens: f64,
    /// The conductance of edges that have none, as a fraction of full scale.
    pub conductance: Option<f64>,
}

/// Draws a network with the voltages and conductances of a state in a format, as SVG.
pub type Draw<'d> = &'d dyn Fn(&Network, &State, Format) -> String;

/// A network and what a run has made of it.
#[derive(Clone, Debug)]
pub struct Converted {
    /// The network, with the conductances that were learnt as those to begin from.
    pub network: Network,
    /// What was merged, scaled or left out when it was read.
    pub notes: Vec<String>,
    learnt: Option<Learnt>,
}

#[derive(Clone, Debug)]
struct Learnt {
    checkpoint: Checkpoint,
    /// The folder, if it is one.
    folder: Option<PathBuf>,
}

impl Source {
    /// Reads it all.
    ///
    /// # Errors
    /// [`ConversionError`] names the file at fault.
    pub fn read(&self) -> Result<Converted, ConversionError> {
        let learnt = self.run.as_deref().map(Learnt::read).transpose()?;
        let (graph, own) = if is_checkpoint(&self.from) {
            let own = Learnt::read(&self.from)?;
            (Graph { network: own.checkpoint.design.network().clone(), notes: Vec::new() }, Some(own))
        } else {
            (read_network(&self.from, &self.ports)?, None)
        };
        let Graph { mut network, notes } = graph;
        let learnt = learnt.or(own);
        if let Some(Learnt { checkpoint, .. }) = &learnt {
            let trained = checkpoint.design.network();
            // Learning shifts may have been the run's own; all else must be the same.
            let same = trained.nodes() == network.nodes()
                && trained.inputs() == network.inputs()
                && trained.outputs() == network.outputs()
                && trained
                    .edges()
                    .iter()
                    .map(|edge| (edge.ends, edge.kind))
                    .eq(network.edges().iter().map(|edge| (edge.ends, edge.kind)));
            if !same {
                let run = self.run.as_ref().unwrap_or(&self.from).display().to_string();
                return Err(ConversionError::OtherNetwork { run, network: self.from.display().to_string() });
            }
            let learnt = conductances(&checkpoint.design, &checkpoint.state);
            network = network.with_conductances(learnt.map(Some).collect())?;
        }
        Ok(Converted { network, notes, learnt })
    }
}

/// Whether a path is the folder of a run, or begins as a checkpoint.
pub fn is_checkpoint(path: &Path) -> bool {
    let mut begin = [0; 8];
    path.is_dir()
        || File::open(path)
            .and_then(|mut file| file.read_exact(&mut begin))
            .is_ok_and(|()| &begin == b"WHEATSTN")
}

impl Learnt {
    fn read(path: &Path) -> Result<Learnt, RunError> {
        if path.is_dir() {
            let checkpoint = RunFolder::open(path)?.checkpoint()?;
            return Ok(Learnt { checkpoint, folder: Some(path.to_owned()) });
        }
        Ok(Learnt { checkpoint: read_checkpoint(path)?, folder: None })
    }

    /// The voltages of a row, counted from 1.
    fn volts_of_row(&self, row: usize) -> Result<Vec<f64>, ConversionError> {
        let folder = self.folder.as_deref().ok_or(ConversionError::SampleWithoutRun)?;
        let folder = RunFolder::open(folder)?;
        let experiment = Experiment::prepare(folder.config_here(None)?).map_err(Box::new)?;
        folder.check(&experiment, &DataDigest::of(&experiment))?;
        let Experiment { dataset, encoder, .. } = experiment;
        let rows = dataset.rows();
        if !(1..=rows).contains(&row) {
            return Err(ConversionError::NoRow { row, rows });
        }
        let format = self.checkpoint.design.format();
        let inputs = encoder.encode_features(format, dataset.row(row - 1))?;
        Ok(inputs.into_iter().map(|v| f64::from(v) / f64::from(format.one_volt())).collect())
    }

    /// The voltages that were shown last.
    fn last_volts(&self) -> Vec<f64> {
        let Checkpoint { design, state, .. } = &self.checkpoint;
        let u = state.u(Wave::Free);
        let volts = |u: i64| {
            let v = i32::try_from(design.format().voltage(u)).unwrap_or(0);
            f64::from(v) / f64::from(design.format().one_volt())
        };
        design.network().inputs().iter().map(|node| volts(u[node.index()])).collect()
    }
}

impl Converted {
    /// The text of a file. `draw` makes the picture.
    ///
    /// # Errors
    /// [`ConversionError`] if something is missing that the format needs.
    pub fn write(&self, target: Target, netlist: &Netlist, draw: Draw) -> Result<String, ConversionError> {
        let network = &self.network;
        match target {
            Target::Graph(format) => match formats::write(format, network) {
                Some(text) => Ok(text),
                None => Ok(formats::to_spice(network, &self.circuit(netlist)?)),
            },
            Target::Dot => {
                let given: Option<Vec<f64>> =
                    network.edge_ids().map(|edge| network.conductance(edge)).collect();
                Ok(formats::to_dot(network, given.as_deref()))
            }
            Target::Svg => self.picture(draw),
        }
    }

    /// What the format leaves out, in words.
    pub fn leaves_out(&self, target: Target) -> Vec<&'static str> {
        match target {
            Target::Graph(format) => format.leaves_out(&self.network),
            Target::Dot | Target::Svg => Vec::new(),
        }
    }

    fn circuit(&self, netlist: &Netlist) -> Result<Circuit, ConversionError> {
        let network = &self.network;
        let given: Vec<Option<f64>> =
            network.edge_ids().map(|edge| network.conductance(edge).or(netlist.conductance)).collect();
        let conductances: Option<Vec<f64>> = given.iter().copied().collect();
        let count = given.iter().filter(|given| given.is_none()).count();
        let conductances = conductances.ok_or(ConversionError::NoConductance { count })?;
        if let Some(edge) = conductances.iter().position(|&conductance| conductance <= 0.0) {
            return Err(ConversionError::Insulator { edge });
        }
        let inputs = network.inputs().len();
        let volts = match (&self.learnt, netlist.sample) {
            _ if !netlist.volts.is_empty() => netlist.volts.clone(),
            (Some(learnt), Some(row)) => learnt.volts_of_row(row)?,
            (None, Some(_)) => return Err(ConversionError::SampleWithoutRun),
            (Some(learnt), None) => learnt.last_volts(),
            (None, None) => return Err(ConversionError::NoVolts { inputs }),
        };
        if volts.len() != inputs {
            return Err(ConversionError::Volts { found: volts.len(), expected: inputs });
        }
        let format = self.learnt.as_ref().map_or(Format::WIDE, |learnt| learnt.checkpoint.design.format());
        let gate_volts = f64::from(format.k_bits()).exp2() / f64::from(format.one_volt());
        let full_scale_siemens = netlist.full_scale_siemens;
        Ok(Circuit { conductances, volts, full_scale_siemens, full_scale_gate_volts: gate_volts })
    }

    /// The network drawn: with the voltages of the run, or at rest.
    fn picture(&self, draw: Draw) -> Result<String, ConversionError> {
        if let Some(Learnt { checkpoint, .. }) = &self.learnt {
            return Ok(draw(&self.network, &checkpoint.state, checkpoint.design.format()));
        }
        let rules =
            Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
        let design = Arc::new(Design::new(self.network.clone(), Format::WIDE, rules)?);
        let state = State::initial(&design, &[Initial::Uniform { low: 0.5, high: 0.5 }], 0);
        Ok(draw(&self.network, &state, Format::WIDE))
    }
}

//! A task file as a design, a first state and samples.

use std::sync::Arc;

use thiserror::Error;
use wheatstone_measure::training_step::{self, Task};
use wheatstone_sim::network::NetworkBuilder;
use wheatstone_sim::network::{DiodeClamp, EdgeKind, NetworkError, NodeId};
use wheatstone_sim::{
    Design, DesignError, Format, FormatError, Initial, Nudge, Omega, OmegaError, Rules, Sample, SampleError,
    Sense, StartError, State, StateError, Target,
};

/// Why a request cannot be answered.
#[derive(Debug, Error)]
pub enum Problem {
    /// A line that is no request.
    #[error("not a request: {0}")]
    Request(#[from] serde_json::Error),
    /// The file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// A task must be loaded first.
    #[error("no task is loaded; send `load` first")]
    NoTask,
    /// A trainer must be started first.
    #[error("the trainer is not started; send `start` first")]
    NotStarted,
    /// Nobody of that name is here.
    #[error("there is no baseline `{0}`; `load` says which there are")]
    Baseline(String),
    /// Exact solutions are the business of others.
    #[error("exact solutions are not computed here")]
    NotExact,
    /// A variant is not one of those offered.
    #[error("variant `{0}` is not a format, `wide` or `narrow`, and an over-relaxation factor in eighths")]
    Variant(String),
    /// Widths out of bounds.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A factor out of bounds.
    #[error(transparent)]
    Omega(#[from] OmegaError),
    /// The task's network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The task's rules.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// The task's first state.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A state to go back to.
    #[error(transparent)]
    State(#[from] StateError),
    /// A sample of the task.
    #[error(transparent)]
    Sample(#[from] SampleError),
}

/// Registers of a format beside the task's: shorter ones lose their last bits, and get them back as zeros.
#[derive(Clone, Copy, Debug)]
pub struct Shortening {
    format: Format,
    v: u32,
    g: u32,
    k: u32,
}

impl Shortening {
    fn of(task: Format, format: Format) -> Shortening {
        let k = |format: Format| format.k_bits() + format.k_guard();
        Shortening {
            format,
            v: task.v_bits() - format.v_bits(),
            g: task.k_bits() - format.k_bits(),
            k: k(task) - k(format),
        }
    }

    /// A voltage of the task, to nearest, within range.
    fn shorten(self, voltage: i32) -> i32 {
        let high = (1 << (self.format.v_bits() - 1)) - 1;
        ((voltage + ((1 << self.v) >> 1)) >> self.v).clamp(!high, high)
    }

    /// A voltage in LSB of the task's.
    pub fn voltage(self, v: i64) -> i64 {
        v << self.v
    }

    /// A conductance in LSB of the task's.
    pub fn conductance(self, g: i64) -> i64 {
        g << self.g
    }

    /// An accumulator or a change of one in LSB of the task's.
    pub fn accumulator(self, k: i64) -> i64 {
        k << self.k
    }
}

/// What one trainer computes.
pub struct Assignment {
    /// The design.
    pub design: Arc<Design>,
    /// The task's first state: every voltage 0.
    pub first: State,
    /// The stream, from its beginning again when it is through.
    pub samples: Vec<Sample>,
    /// Back to the registers of the task.
    pub shortening: Shortening,
}

/// Reads a task file.
pub fn read(path: &str) -> Result<Task, Problem> {
    let text =
        std::fs::read_to_string(path).map_err(|error| Problem::File { path: path.to_owned(), error })?;
    Ok(serde_json::from_str(&text)?)
}

impl Assignment {
    /// A task in a format no longer than its own, with or without targets.
    pub fn new(
        task: &Task,
        format: Option<Format>,
        omega: Omega,
        targets: bool,
    ) -> Result<Assignment, Problem> {
        let Task { edges, inputs, outputs, eta, alpha, g_min, k, samples, .. } = task;
        let training_step::Widths { v_bits, v_guard, k_bits, k_guard } = task.format;
        let own = Format::new(v_bits, v_guard, k_bits, k_guard)?;
        let shortening = Shortening::of(own, format.unwrap_or(own));
        let mut network = NetworkBuilder::new("task");
        let group = network.group("all", *alpha);
        for _ in 0..task.nodes() {
            network.node(DiodeClamp::None);
        }
        for &[a, b] in edges {
            network.edge(NodeId(a), NodeId(b), EdgeKind::Linear, group);
        }
        let ids = |ports: &[u32]| ports.iter().copied().map(NodeId).collect::<Vec<_>>();
        let network = network.inputs(ids(inputs)).outputs(ids(outputs)).build()?;
        let rules = Rules {
            omega,
            nudge: Nudge::Clamped { eta: *eta },
            g_min: g_min >> shortening.g,
            lowest_rail: 0,
        };
        let design = Design::new(network, shortening.format, rules)?;
        let mut first = State::initial(&design, &[Initial::Uniform { low: 0.0, high: 0.0 }], 0);
        first.k = k.iter().map(|k| k >> shortening.k).collect();
        let target = |&voltage: &i32| {
            targets.then(|| Target { voltage: shortening.shorten(voltage), sense: Sense::Equal })
        };
        let sample = |row: &training_step::Sample| Sample {
            inputs: row.inputs.iter().map(|&voltage| shortening.shorten(voltage)).collect(),
            targets: row.targets.iter().map(target).collect(),
        };
        let samples = samples.iter().map(sample).collect();
        Ok(Assignment { design: Arc::new(design), first, samples, shortening })
    }
}

//! A task file as a design, a first state and samples.

use std::sync::Arc;

use serde::Deserialize;
use thiserror::Error;
use wheatstone_sim::network::NetworkBuilder;
use wheatstone_sim::network::{DiodeClamp, EdgeKind, NetworkError, NodeId};
use wheatstone_sim::{
    Design, DesignError, Format, Initial, Nudge, Omega, OmegaError, Rules, Sample, SampleError, Sense,
    StartError, State, StateError, Target,
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
    /// A contender must be started first.
    #[error("the contender is not started; send `start` first")]
    NotStarted,
    /// A variant is no over-relaxation factor.
    #[error("variant `{0}` is not an over-relaxation factor in eighths")]
    Variant(String),
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

/// A task as the file has it.
#[derive(Deserialize)]
struct File {
    rows: u32,
    columns: u32,
    edges: Vec<[u32; 2]>,
    inputs: Vec<u32>,
    outputs: Vec<u32>,
    format: Format,
    eta: u8,
    alpha: i8,
    g_min: u32,
    k: Vec<i64>,
    samples: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    inputs: Vec<i32>,
    targets: Vec<i32>,
}

/// What is to be computed.
pub struct Task {
    file: File,
    /// The stream, from its beginning again when it is through.
    pub samples: Vec<Sample>,
    /// The same without targets.
    pub inputs_only: Vec<Sample>,
}

impl Task {
    /// Reads a task file.
    pub fn read(path: &str) -> Result<Task, Problem> {
        let text =
            std::fs::read_to_string(path).map_err(|error| Problem::File { path: path.to_owned(), error })?;
        let file: File = serde_json::from_str(&text)?;
        let target = |&voltage: &i32| Some(Target { voltage, sense: Sense::Equal });
        let sample = |row: &Row| Sample {
            inputs: row.inputs.clone(),
            targets: row.targets.iter().map(target).collect(),
        };
        let samples: Vec<Sample> = file.samples.iter().map(sample).collect();
        let inputs_only = samples
            .iter()
            .map(|sample| Sample { targets: vec![None; sample.targets.len()], inputs: sample.inputs.clone() })
            .collect();
        Ok(Task { file, samples, inputs_only })
    }

    /// The design with that over-relaxation factor, and the task's first state: every voltage 0.
    pub fn design(&self, omega: Omega) -> Result<(Arc<Design>, State), Problem> {
        let File { rows, columns, edges, inputs, outputs, format, eta, alpha, g_min, k, .. } = &self.file;
        let mut network = NetworkBuilder::new("task");
        let group = network.group("all", *alpha);
        for _ in 0..rows * columns {
            network.node(DiodeClamp::None);
        }
        for &[a, b] in edges {
            network.edge(NodeId(a), NodeId(b), EdgeKind::Linear, group);
        }
        let ids = |ports: &[u32]| ports.iter().copied().map(NodeId).collect::<Vec<_>>();
        let network = network.inputs(ids(inputs)).outputs(ids(outputs)).build()?;
        let rules = Rules { omega, nudge: Nudge::Clamped { eta: *eta }, g_min: *g_min, lowest_rail: 0 };
        let design = Design::new(network, *format, rules)?;
        let mut state = State::initial(&design, &[Initial::Uniform { low: 0.0, high: 0.0 }], 0);
        state.k.clone_from(k);
        Ok((Arc::new(design), state))
    }
}

//! Bit-exact model of a self-timed, fixed-point resistor network that learns.
//!
//! Voltages are imposed on a network's inputs and every other node relaxes until Kirchhoff's current law holds: the
//! *free* state. The outputs are then pulled a little towards the wanted voltages: the *clamped* state. Every
//! resistor changes its own conductance from its own two voltage drops. This crate says, to the last bit, what a
//! digital array of small cells that does this computes; `docs/cell-contract.md` is its text.
//!
//! A [`Network`] in a [`Format`] under [`Rules`] is a [`Design`]; an [`Engine`] runs it from a [`State`]. There is
//! no input or output here, no clock, no thread but those an engine is asked to have, and no float between a sample's quantised voltages and an answer's.
//!
//! ```
//! use std::sync::Arc;
//! use wheatstone_sim::network::{EdgeKind, crossbar};
//! use wheatstone_sim::{
//!     Configuration, Design, Engine, Format, Initial, LearningSchedule, Nudge, Omega, Reference, Rules, Sample, Sense, State,
//!     Target,
//! };
//!
//! // Two rails and one output: a voltage divider that learns to divide in half.
//! let network = crossbar(2, 1, EdgeKind::Linear)?;
//! let rules = Rules {
//!     omega: Omega::GAUSS_SEIDEL,
//!     nudge: Nudge::Clamped { eta: 0 },
//!     g_min: 1,
//!     lowest_rail: 0,
//! };
//! let design = Arc::new(Design::new(network, Format::WIDE, rules)?);
//! let start = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 1);
//! let configuration = Configuration { steps: 8, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
//! let mut engine = Reference::new(design, configuration, start)?;
//! let half = Target { voltage: 10_000, sense: Sense::Equal };
//! for _ in 0..200 {
//!     engine.train(&Sample { inputs: vec![20_000, 0], targets: vec![Some(half)] })?;
//! }
//! assert!(engine.read(&[20_000, 0], 8)?[0].abs_diff(10_000) <= 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod all;
mod category;
mod checkpoint;
mod configuration;
mod design;
mod difference;
pub mod engine;
mod features;
pub mod file_stem;
mod format;
mod gain;
pub mod generator;
pub mod hex;
pub mod network;
mod nudge;
mod power;
mod sample;
pub mod scan;
pub mod spins;
mod state;
mod tally;
mod wave;

pub use category::{BoxedError, Categorized, ErrorCategory};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use configuration::{Configuration, ConfigurationError, LearningSchedule};
pub use design::{Design, DesignError, Rules};
pub use difference::StateDifference;
pub use engine::{Engine, Fast, Reference, Replicas, SampleError, StartError, VectorWidth};
pub use features::{Features, Temperature, TemperatureError, Unsupported, Waves};
pub use file_stem::{FileStem, FileStemError};
pub use format::{Format, FormatError, shift_rounded};
pub use gain::{Gain, GainTable, Omega, OmegaError, node_gains, node_slopes};
pub use generator::{EdgeGenerator, NoiseGenerator, epoch_order};
pub use network::{Network, NetworkError};
pub use nudge::{Modulation, Nudge};
pub use power::{dissipated_power, power_unit};
pub use sample::{Sample, Sense, Target};
pub use state::{Initial, State, StateError};
pub use tally::{OutputCoding, Tally};
pub use wave::Wave;

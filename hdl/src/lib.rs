//! The self-timed learning array as hardware.
//!
//! A [`Design`](wheatstone_sim::Design) becomes an [`Array`]: one small clockless cell for every node and edge, which
//! computes exactly what the model's engines compute, whatever the delays. [`ArraySimulation`] runs it as an
//! [`Engine`](wheatstone_sim::Engine), picosecond by picosecond; [`Top`] puts it on a chip, with the island that serves its
//! serial line; [`lint`] proves on the netlist that it has no clock.
//!
//! ```
//! use std::sync::Arc;
//! use wheatstone_hdl::{ArraySimulation, Technology};
//! use wheatstone_sim::network::{EdgeKind, crossbar};
//! use wheatstone_sim::{
//!     Configuration, Design, Engine, Format, Initial, LearningSchedule, Nudge, Omega, Reference, Rules, Sample, Sense, State,
//!     Target,
//! };
//!
//! // Two rails and one output: a voltage divider that learns to divide in half.
//! let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
//! let design = Arc::new(Design::new(crossbar(2, 1, EdgeKind::Linear)?, Format::WIDE, rules)?);
//! let start = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 1);
//! let configuration = Configuration { steps: 8, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
//!
//! // The array of an ECP5 with its delays, and the model in the same state.
//! let mut array = ArraySimulation::new(Arc::clone(&design), Technology::Ecp5, configuration, start.clone())?;
//! let mut model = Reference::new(design, configuration, start)?;
//! let half = Target { voltage: 10_000, sense: Sense::Equal };
//! let sample = Sample { inputs: vec![20_000, 0], targets: vec![Some(half)] };
//! for _ in 0..200 {
//!     assert_eq!(array.train(&sample)?, model.train(&sample)?);
//! }
//! assert_eq!(array.state(), model.state(), "every voltage and conductance, to the bit");
//! assert!(array.read(&[20_000, 0], 8)?[0].abs_diff(10_000) <= 2);
//!
//! // The same array as Verilog.
//! assert!(array.array().verilog().contains("module array"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod activity;
pub mod area;
pub mod array;
pub mod bitstream;
pub mod board;
pub mod bus;
pub mod cell;
mod check;
pub mod circuit;
pub mod delays;
pub mod device;
mod header;
pub mod island;
pub mod kernel;
pub mod leaf;
pub mod lint;
pub mod listing;
pub mod module;
pub mod netlist;
mod options;
pub mod primitive;
pub mod recording;
pub mod simulation;
pub mod technology;
pub mod testbench;
pub mod tile;
pub mod timing;
mod tool_category;
pub mod top;
pub mod trace;
pub mod verify;
pub mod verilog;
pub mod waves;

pub use array::Array;
pub use board::{Board, BoardError, Description, UnknownBoard};
pub use check::{NotBuildable, check_buildable, check_buildable_in_luts, check_network};
pub use device::Corner;
pub use header::{emitted, emitted_folded};
pub use options::{ArrayOptions, Multiplier};
pub use simulation::{ArraySimulation, SimulationError};
pub use technology::Technology;
pub use tool_category::tool_category;
pub use top::{ArrayForm, Chip, ChipArray, Top, TopError, TopSimulation};

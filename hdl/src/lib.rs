//! The self-timed learning array as hardware.
//!
//! A [`Design`](wheatstone_sim::Design) becomes an [`Array`]: one small clockless cell for every node and edge, which
//! computes exactly what the model's engines compute, whatever the delays.

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
pub use header::emitted;
pub use options::{ArrayOptions, Multiplier};
pub use simulation::{ArraySimulation, SimulationError};
pub use technology::Technology;
pub use tool_category::tool_category;
pub use top::{Top, TopError, TopSimulation};

//! The cells: nodes and edges.
//!
//! Every cell has the same shape. A *join* says when all its requests are there, a *matched delay* waits until their
//! data are (bundled data), and the `fire` that comes out clocks all flip-flops of the cell and nothing else. Between the
//! flip-flops lies combinational logic. This is the two-phase scheme of the Click element (Peeters, te Beest, de Wit and
//! Mallon, ASYNC 2010): flip-flops and gates, no C-elements, no latches.
//!
//! Nodes and edges strictly take turns, so one phase flip-flop a cell is the whole handshake: an edge answers when both
//! its ends' phases differ from its own, a node fires when all its edges' phases equal its own. A request is at once the
//! acknowledgement of the token before.
//!
//! | cell | computes | page |
//! |---|---|---|
//! | input | nothing: holds a sample's voltage | [`input_node`](input_node()) |
//! | hidden node, output | a relaxation step; an output is nudged | [`node`](node()) |
//! | linear edge, transistor edge | currents into both ends; learns | [`parallel_edge`](parallel_edge()) |
//! | the same, bit by bit | the same, without a multiplier of the device | [`serial_edge`](serial_edge()) |
//!
//! # Taking turns
//!
//! A *burst* is what the array interface asks for with one toggle of `go`: some steps, and a closing round if the edges learn. With one
//! step and a closing round, every node fires three times and every edge answers twice:
//!
//! ```text
//!                start  edges   relax  edges learn   close
//! node 0  fire   /¯\____________/¯\__________________/¯\_________
//!         token  ¯\______________/¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯  voltages go out
//! edge 0  fire   _______/¯\_/¯\________/¯\/¯\/¯\/¯\______________  several fires an answer
//!         phase  ¯¯¯¯¯¯¯¯¯¯¯¯\___________________/¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯  currents or conductance
//! node 2  fire   ___/¯\____________/¯\__________________/¯\______  a longer matched delay
//!         token  ¯¯¯¯\______________/¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯
//!         done   ¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯\_______  answers the array interface
//! ```
//!
//! The same burst in a crossbar of two inputs and one output, as simulated:
//!
//! ```
//! # use std::sync::Arc;
//! # use wheatstone_hdl::{ArraySimulation, Technology, listing::Listing};
//! # use wheatstone_sim::{*, network::{EdgeKind, crossbar}};
//! # let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
//! # let design = Arc::new(Design::new(crossbar(2, 1, EdgeKind::Linear)?, Format::COMPACT, rules)?);
//! # let state = State::initial(&design, &[Initial::Uniform { low: 0.5, high: 0.5 }], 1);
//! # let configuration = Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
//! let mut array = ArraySimulation::new(design, Technology::Ecp5, configuration, state)?;
//! let signals = ["go", "node_0_token", "edge_0_token", "node_2_token", "node_2_done", "rest"];
//! let listing = Listing::new(&array.array().module, "", &signals)?;
//! array.circuit_mut().observe(Some(listing.observer()));
//! let target = Target { voltage: 300, sense: Sense::Equal };
//! array.train(&Sample { inputs: vec![1000, 0], targets: vec![Some(target)] })?;
//! assert_eq!(format!("\n{listing}"), "
//!      ns  go  node_0_token  edge_0_token  node_2_token  node_2_done  rest
//!   start   1             1             1             1            1     1
//!   0.000   0             .             .             .            .     .
//!   1.260   .             .             .             .            .     0
//!   4.305   .             0             .             .            .     .
//!  14.385   .             .             .             0            .     .
//!  48.090   .             .             0             .            .     .
//!  52.395   .             1             .             .            .     .
//!  62.475   .             .             .             1            .     .
//! 132.300   .             .             1             .            .     .
//! 146.685   .             .             .             .            0     .
//! 147.945   .             .             .             .            .     1
//! ");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod edge;
mod gain;
mod learning;
mod node;
mod nudge;
mod operand;
mod ports;
mod scan;
mod sequence;
mod serial_datapath;
mod serial_edge;
mod serial_learning;
mod serial_linear;
mod serial_sequence;
mod serial_transistor;
mod sum;
mod update;

pub use edge::{edge_current_shape, edge_module_name, parallel_edge};
pub use node::{input_node, node};
pub(crate) use ports::sends_twice;
pub use ports::{EdgeDelays, EdgePorts, NodeDelays, NodePorts, NodeTraits, OutputPorts};
pub use serial_edge::{serial_edge, serial_edge_module_name};

use crate::bus::{Bus, Shape};
use crate::options::Multiplier;
use crate::technology::Technology;
use wheatstone_sim::Design;

/// Width of a burst's step count: the array relaxes up to 255 steps for one request.
pub const STEP_BITS: u32 = 8;

/// What every cell hears from the array interface. All but `go` and `strobe` change only while the array is idle. One bit each
/// unless stated.
#[derive(Clone, Debug)]
pub struct Controls {
    /// Request, two-phase: a toggle starts a burst.
    pub go: Bus,
    /// Brings every handshake to its start. Asynchronous; voltages and conductances stay.
    pub reset: Bus,
    /// Scan mode: every register is part of one long shift register.
    pub scan: Bus,
    /// Clocks all cells in scan mode, at its rising edge.
    pub strobe: Bus,
    /// Steps to relax in this burst, 0 to 255: [`STEP_BITS`] bits.
    pub steps: Bus,
    /// Whether the burst ends with a learning step, or at least with new gains.
    pub close: Bus,
    /// Whether inputs take the sample's voltages as the burst begins.
    pub present: Bus,
    /// Number of the burst's first step modulo 2: with a node's colour, which wave it updates first.
    pub phase: Bus,
    /// Whether edges learn when the burst closes.
    pub learn: Bus,
    /// Whether an edge learns only if its generator says so.
    pub desynchronous: Bus,
    /// Bits an edge draws in desynchronous learning, minus 1: three bits, unsigned.
    pub rarity: Bus,
    /// Added to every learning shift: two bits, 0 to 3.
    pub offset: Bus,
}

impl Controls {
    /// A array interface of unconnected buses.
    pub fn new() -> Controls {
        let bit = || Bus::new(Shape::BIT);
        Controls {
            go: bit(),
            reset: bit(),
            scan: bit(),
            strobe: bit(),
            steps: Bus::new(Shape::unsigned(STEP_BITS)),
            close: bit(),
            present: bit(),
            phase: bit(),
            learn: bit(),
            desynchronous: bit(),
            rarity: Bus::new(Shape::unsigned(3)),
            offset: Bus::new(Shape::unsigned(2)),
        }
    }

    /// All of it with names.
    pub fn named(&self) -> [(&'static str, &Bus); 12] {
        [
            ("go", &self.go),
            ("reset", &self.reset),
            ("scan", &self.scan),
            ("strobe", &self.strobe),
            ("steps", &self.steps),
            ("close", &self.close),
            ("present", &self.present),
            ("phase", &self.phase),
            ("learn", &self.learn),
            ("desynchronous", &self.desynchronous),
            ("rarity", &self.rarity),
            ("offset", &self.offset),
        ]
    }
}

impl Default for Controls {
    fn default() -> Self {
        Controls::new()
    }
}

/// What the cells of one array have in common: what every function that makes a cell is given.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The network, its format and its rules.
    pub design: &'a Design,
    /// The primitives that the cells are built of.
    pub technology: Technology,
    /// Which multiplier the edges have.
    pub multiplier: Multiplier,
    /// What the array interface says.
    pub controls: &'a Controls,
}

/// Shape of a signed value whose magnitude is at most `magnitude`.
pub(crate) fn signed_for(magnitude: i64) -> Shape {
    Shape::signed(65 - magnitude.leading_zeros())
}

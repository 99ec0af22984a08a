//! The cells: nodes and edges.
//!
//! Every cell has the same shape. A *join* says when all its requests are there, a *matched delay* waits until their
//! data are, and the `fire` that comes out clocks all flip-flops of the cell and nothing else. Between the flip-flops
//! lies combinational logic.
//!
//! Nodes and edges strictly take turns, so one phase flip-flop a cell is the whole handshake: an edge fires when both
//! its ends' phases differ from its own, a node when all its edges' phases equal its own. A request is at once the
//! acknowledgement of the token before.

mod edge;
mod gain;
mod learning;
mod node;
mod nudge;
mod operand;
mod sequence;
mod serial_edge;
mod serial_learning;
mod serial_linear;
mod serial_sequence;
mod serial_transistor;
mod sum;
mod update;

pub use edge::{EdgePorts, edge_current_shape, edge_module_name, parallel_edge};
pub use node::{NodePorts, NodeTraits, OutputPorts, input_node, node};
pub use serial_edge::{serial_edge, serial_edge_module_name};

use crate::bus::{Bus, Shape};
use crate::technology::Technology;
use wheatstone_sim::Design;

/// Width of a chunk's step count: the array relaxes up to 255 steps for one request.
pub const STEP_BITS: u32 = 8;

/// What every cell hears from the border. All but `go` and `strobe` change only while the array is at rest.
#[derive(Clone, Debug)]
pub struct Border {
    /// Request: a toggle starts a chunk.
    pub go: Bus,
    /// Brings every handshake to its start.
    pub reset: Bus,
    /// Scan mode: every register is part of one long shift register.
    pub scan: Bus,
    /// Clocks all cells in scan mode.
    pub strobe: Bus,
    /// Steps to relax in this chunk.
    pub steps: Bus,
    /// Whether the chunk ends with a learning step, or at least with new gains.
    pub close: Bus,
    /// Whether inputs take the sample's voltages as the chunk begins.
    pub present: Bus,
    /// Number of the chunk's first step modulo 2.
    pub phase: Bus,
    /// Whether edges learn when the chunk closes.
    pub learn: Bus,
    /// Whether an edge learns only if its generator says so.
    pub desynchronous: Bus,
    /// Bits an edge draws in desynchronous learning, minus 1.
    pub rarity: Bus,
    /// Added to every learning shift.
    pub offset: Bus,
}

impl Border {
    /// A border of unconnected buses.
    pub fn new() -> Border {
        let bit = || Bus::new(Shape::BIT);
        Border {
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

impl Default for Border {
    fn default() -> Self {
        Border::new()
    }
}

/// What the cells of one array have in common.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The network, its format and its rules.
    pub design: &'a Design,
    /// The device.
    pub technology: Technology,
    /// What the border says.
    pub border: &'a Border,
}

/// Shape of a signed value whose magnitude is at most `magnitude`.
pub(crate) fn signed_for(magnitude: i64) -> Shape {
    Shape::signed(65 - magnitude.leading_zeros())
}

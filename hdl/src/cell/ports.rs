//! What cells are connected to, and what tells one from another: ports, traits, lengths of delays.

use crate::bus::Bus;
use wheatstone_sim::network::{DiodeClamp, EdgeKind};

/// What a node is connected to.
///
/// A voltage is signed, `V` bits, in LSB of the format. Lists have one entry an edge, in the network's order of the node's
/// edges. Two-phase signals carry their message in a change, not in a level.
#[derive(Clone, Debug)]
pub struct NodePorts {
    /// In, two-phase, one bit each: phases of its edges, [`EdgePorts::phase`](super::EdgePorts::phase).
    pub requests: Vec<Bus>,
    /// In: currents into it from its edges, shaped by [`edge_current_shape`](super::edge_current_shape()), or conductances in
    /// the closing round. Bundled with the requests.
    pub currents: Vec<Bus>,
    /// Out, two-phase: its own phase, the request to all its edges. `token` in Verilog.
    pub phase: Bus,
    /// Out, two-phase: its acknowledgement to the array interface. Equal to `go` when it has done what was asked for.
    pub done: Bus,
    /// Out, level: the token on its way to the edges closes a burst.
    pub last: Bus,
    /// Out, level: `current` belongs to the free wave, `previous` to the clamped one; the other way round if 0.
    pub current_is_free: Bus,
    /// Out: the voltage updated last.
    pub current: Bus,
    /// Out: the voltage updated before, of the wave it updates next.
    pub previous: Bus,
    /// In: the scan chain.
    pub scan_in: Bus,
    /// Out: the scan chain.
    pub scan_out: Bus,
}

/// What an output has besides. The array interface keeps `target` and `sense` stable while the array runs.
#[derive(Clone, Debug)]
pub struct OutputPorts {
    /// In: the wanted voltage, signed, `V` bits.
    pub target: Bus,
    /// In, two bits. 0: no target; 1: equal; 2: at least; 3: at most.
    pub sense: Bus,
    /// Out: the free voltage, signed, `V` bits. Valid while the array is idle.
    pub answer: Bus,
}

/// Whether an edge of that kind sends twice its current: the square law's factor 1/2 would lose a bit.
pub(crate) fn sends_twice(kind: EdgeKind) -> bool {
    match kind {
        EdgeKind::Linear => false,
        EdgeKind::Transistor => true,
    }
}

/// How a node differs from others of its degree. Equal traits make equal cells, which share a module.
#[derive(Clone, Debug)]
pub struct NodeTraits {
    /// Its diode: what sign its accumulator may have.
    pub clamp: DiodeClamp,
    /// Its colour, 0 or 1: which wave it updates first.
    pub colour: u8,
    /// What its edges are.
    pub edges: Vec<EdgeKind>,
    /// The ports of an output.
    pub output: Option<OutputPorts>,
}

impl NodeTraits {
    /// Module name of a node of that many edges: equal names mean equal cells.
    pub fn module_name(&self, degree: usize) -> String {
        let kind = if self.output.is_some() { "output" } else { "hidden" };
        let diode = match self.clamp {
            DiodeClamp::None => "",
            DiodeClamp::NonNegative => "_above",
            DiodeClamp::NonPositive => "_below",
        };
        let edges = if self.sums_twice() {
            let letters = self.edges.iter().map(|edge| match edge {
                EdgeKind::Linear => 'r',
                EdgeKind::Transistor => 't',
            });
            format!("{degree}_{}", letters.collect::<String>())
        } else {
            degree.to_string()
        };
        format!("{kind}_node{diode}_{edges}_{}", self.colour)
    }

    /// Whether the currents that the node sums are twice those of the contract: some of its edges send twice theirs.
    pub(super) fn sums_twice(&self) -> bool {
        self.edges.iter().any(|&edge| sends_twice(edge))
    }

    /// By edge: whether the current must be doubled, because others come twice.
    pub(super) fn doubled(&self) -> Vec<bool> {
        let sums_twice = self.sums_twice();
        self.edges.iter().map(|&edge| sums_twice && !sends_twice(edge)).collect()
    }
}

/// Lengths of a node's delays in LUTs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeDelays {
    /// The matched delay, at least 1.
    pub matched: u32,
    /// The request delay: LUTs between its phase and its edges; 0 for none. What it sends has as much more time to an edge's first
    /// fire, and the further ones, which wait for the edge's own data only, come as much sooner.
    pub request: u32,
    /// The pulse extension between the join and the matched delay; 0 for none. A fire comes and goes as much later, and since its own
    /// phase ends it, it lasts as much longer.
    pub pulse_extension: u32,
}

/// What an edge is connected to. Index 0 and 1 are its ends.
///
/// A voltage is signed, `V` bits, in LSB of the format. The two ends have opposite colours: the `current` voltage of
/// one belongs to the wave of the other's `previous`.
#[derive(Clone, Debug)]
pub struct EdgePorts {
    /// In, two-phase, one bit each: phases of the ends, [`NodePorts::phase`](super::NodePorts::phase).
    pub requests: [Bus; 2],
    /// In: voltages the ends updated last. Bundled with the requests.
    pub current: [Bus; 2],
    /// In: voltages the ends updated before. Bundled with the requests.
    pub previous: [Bus; 2],
    /// In, level: end 0 says the token closes a burst.
    pub last: Bus,
    /// In, level: end 0 says its current voltage is the free wave's.
    pub current_is_free: Bus,
    /// Out, two-phase: the edge's own phase, its request to both ends. It is at once the acknowledgement of their tokens.
    pub phase: Bus,
    /// Out: currents into the ends, shaped by [`edge_current_shape`](super::edge_current_shape()), or the conductance in the closing round. Valid when
    /// `phase` has changed, not before.
    pub currents: [Bus; 2],
    /// In: the scan chain.
    pub scan_in: Bus,
    /// Out: the scan chain.
    pub scan_out: Bus,
}

/// Lengths of an edge's delays in LUTs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeDelays {
    /// The matched delay, at least 1.
    pub matched: u32,
    /// The recovery delay between a pulse's end and the join's next rise; 0 for none. A long matched delay needs it where the join
    /// reaches its LUTs at very different times, so that all of them are low before the join rises again.
    pub recovery: u32,
}

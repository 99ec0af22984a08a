//! Where everything lies that the island reads and writes: the words of a sample, and those of the scan chain.

use super::super::columns::{TO_COLUMNS, TO_ROOT, TO_TILE};
use super::super::folded_array::FoldedArray;
use super::super::folding::{LANES, Place};
use super::super::sequencer::number;
use std::collections::BTreeMap;
use wheatstone_link::protocol::SampleLayout;
use wheatstone_sim::network::NodeId;

/// Where a voltage is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// As [`SampleWrite::to`](super::super::columns::SampleWrite::to).
    pub to: i64,
    /// Number of the column or row.
    pub index: i64,
}

impl Target {
    fn of(place: Place) -> Target {
        match place {
            Place::Imposed(column) => Target { to: TO_COLUMNS, index: number(column) },
            Place::Free(column) => Target { to: TO_ROOT, index: number(column) },
            Place::Row(tile, row) => Target { to: TO_TILE + number(tile), index: number(row) },
        }
    }
}

/// A word of a sample's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordWord {
    /// The voltage of an input.
    Input(Target),
    /// The voltage of a target.
    Target(Target),
    /// The senses of eight outputs.
    Senses,
}

/// The words of a record without its class, in order.
pub(super) fn record(array: &FoldedArray) -> Vec<RecordWord> {
    let network = array.design().network();
    let places = array.folding().places();
    let layout = SampleLayout::of(network);
    let target = |node: &NodeId| Target::of(places.get(node).copied().unwrap_or(Place::Imposed(0)));
    let inputs = network.inputs().iter().map(|node| RecordWord::Input(target(node)));
    let targets = network.outputs().iter().map(|node| RecordWord::Target(target(node)));
    let senses = (layout.senses_at()..layout.class_at()).map(|_| RecordWord::Senses);
    inputs.chain(targets).chain(senses).collect()
}

/// What a word of the scan chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScannedKind {
    /// An edge's generator and conductance accumulator.
    Edge,
    /// Both accumulators of a node that relaxes.
    Node,
    /// The voltage of an input.
    Input,
}

impl ScannedKind {
    /// Its number in Verilog.
    pub fn code(self) -> i64 {
        match self {
            ScannedKind::Edge => 0,
            ScannedKind::Node => 1,
            ScannedKind::Input => 2,
        }
    }
}

/// A word of the scan chain, and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scanned {
    pub kind: ScannedKind,
    pub target: Target,
    /// The lane of an edge, or the number of an input.
    pub slot: i64,
    /// Colour of a node.
    pub colour: i64,
    /// Its bits; the last word's with those that fill the last byte.
    pub bits: u32,
}

/// The words of the scan chain in the order in which they leave it.
pub(super) fn scan_order(array: &FoldedArray) -> Vec<Scanned> {
    let (network, format, folding) = (array.design().network(), array.design().format(), array.folding());
    let places = folding.places();
    let mut edges = BTreeMap::new();
    for (tile, plan) in folding.tiles.iter().enumerate() {
        for (address, token) in plan.tokens.iter().enumerate() {
            for (lane, edge) in (0..LANES).filter_map(|lane| Some((lane, token.edges[lane]?))) {
                let target = Target { to: TO_TILE + number(tile), index: number(address) };
                let bits = 16 + format.k_bits() + format.k_guard();
                let slot = number(lane);
                edges.insert(edge, Scanned { kind: ScannedKind::Edge, target, slot, colour: 0, bits });
            }
        }
    }
    let node = |id: NodeId| {
        let target = Target::of(places.get(&id).copied().unwrap_or(Place::Imposed(0)));
        let colour = network.colouring().colour(id).into();
        match network.inputs().iter().position(|&input| input == id) {
            Some(slot) => Scanned {
                kind: ScannedKind::Input,
                target,
                slot: number(slot),
                colour,
                bits: format.v_bits(),
            },
            None => Scanned {
                kind: ScannedKind::Node,
                target,
                slot: 0,
                colour,
                bits: 2 * (format.v_bits() + format.v_guard()),
            },
        }
    };
    let nodes: Vec<NodeId> = network.node_ids().collect();
    let mut words: Vec<Scanned> =
        edges.into_values().rev().chain(nodes.into_iter().rev().map(node)).collect();
    let length: u32 = words.iter().map(|word| word.bits).sum();
    if let Some(last) = words.last_mut() {
        last.bits += length.next_multiple_of(8) - length;
    }
    words
}

//! Backwards from a bit, through gates, to the flip-flops and inputs it depends on.

use super::graph::{BitId, CellId, Driver, Graph, Signal};
use super::kind::Kind;
use std::collections::VecDeque;

/// Where a cone ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The output of a flip-flop.
    Flop(CellId),
    /// An input of the array.
    Port(String),
    /// A bit at which the walk was told to stop.
    Stop,
}

/// One end of a cone.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub bit: BitId,
    pub origin: Origin,
    /// The least number of counted cells on any path from here.
    pub counted: usize,
}

/// How to walk.
pub(super) struct Walk<'a> {
    /// Bits that end the walk, other than the one it starts from.
    pub stop: &'a dyn Fn(BitId) -> bool,
    /// Cells to count on the way.
    pub count: &'a dyn Fn(CellId) -> bool,
    /// Bits known to be constant.
    pub known: &'a dyn Fn(Signal) -> Option<bool>,
}

impl Default for Walk<'_> {
    fn default() -> Self {
        Walk { stop: &|_| false, count: &|_| false, known: &|_| None }
    }
}

/// What is remembered of a bit on the way.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// Which walk saw it last.
    walk: usize,
    counted: usize,
    /// The bit it was reached from; itself at the start.
    towards: BitId,
}

/// A walker whose memory serves many walks over one graph.
pub(super) struct Cones<'g> {
    graph: &'g Graph,
    marks: Vec<Mark>,
    walk: usize,
}

impl<'g> Cones<'g> {
    /// Prepares for a graph.
    pub fn new(graph: &'g Graph) -> Self {
        Cones { graph, marks: vec![Mark::default(); graph.bit_count()], walk: 0 }
    }

    /// All ends of the cone of a bit, each once.
    pub fn sources(&mut self, start: BitId, walk: &Walk<'_>) -> Vec<Source> {
        self.walk += 1;
        self.marks[start] = Mark { walk: self.walk, counted: 0, towards: start };
        let mut waiting = VecDeque::from([(start, 0)]);
        let (mut ends, mut inputs) = (Vec::new(), Vec::new());
        // Bits reached over fewer counted cells come first, so a bit's first visit at its count is final.
        while let Some((bit, counted)) = waiting.pop_front() {
            if self.marks[bit].counted != counted {
                continue;
            }
            if bit != start && (walk.stop)(bit) {
                ends.push(Source { bit, origin: Origin::Stop, counted });
                continue;
            }
            ends.extend(self.origins(bit).map(|origin| Source { bit, origin, counted }));
            inputs.clear();
            self.graph.sources(bit, walk.known, &mut inputs);
            for &(input, cell) in &inputs {
                let is_counted = (walk.count)(cell);
                let reached = counted + usize::from(is_counted);
                let mark = &mut self.marks[input];
                if mark.walk == self.walk && mark.counted <= reached {
                    continue;
                }
                *mark = Mark { walk: self.walk, counted: reached, towards: bit };
                if is_counted {
                    waiting.push_back((input, reached))
                } else {
                    waiting.push_front((input, reached))
                }
            }
        }
        ends
    }

    /// The names of the bits from an end of the latest cone to its start.
    pub fn path(&self, from: BitId) -> Vec<String> {
        let mut names = vec![self.graph.bit_name(from)];
        let mut bit = from;
        while self.marks[bit].towards != bit {
            bit = self.marks[bit].towards;
            names.push(self.graph.bit_name(bit));
        }
        names.dedup();
        names
    }

    fn origins(&self, bit: BitId) -> impl Iterator<Item = Origin> {
        let graph = self.graph;
        graph.drivers[bit].iter().filter_map(|driver| match driver {
            Driver::Port(port) => Some(Origin::Port(port.clone())),
            Driver::Cell { cell, .. } if matches!(graph.cells[*cell].kind, Kind::Flop(_)) => {
                Some(Origin::Flop(*cell))
            }
            Driver::Cell { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_with_the_fewest_counted_cells_is_found_in_either_order() {
        // Bit 2 reaches bits 6 and 7 through a LUT (3) and past it (5).
        let gate = |kind: &str, [a, b, y]: [usize; 3]| {
            format!(
                r#"{{"type": "{kind}", "port_directions": {{"A": "input", "B": "input", "Y": "output"}},
                    "connections": {{"A": [{a}], "B": [{b}], "Y": [{y}]}}}}"#
            )
        };
        let json = format!(
            r#"{{"modules": {{"array": {{"netnames": {{}},
                "ports": {{"go": {{"direction": "input", "bits": [2]}}, "on": {{"direction": "input", "bits": [4]}}}},
                "cells": {{"node_0": {{"type": "$scopeinfo"}}, "lut": {}, "beside": {}, "one": {}, "other": {}}}}}}}}}"#,
            gate("LUT4", [2, 4, 3]),
            gate("$_AND_", [2, 4, 5]),
            gate("$_OR_", [3, 5, 6]),
            gate("$_OR_", [5, 3, 7]),
        );
        let graph = Graph::parse(&json).unwrap();
        let is_lut = |cell: CellId| graph.cells[cell].type_name == "LUT4";
        let mut cones = Cones::new(&graph);
        for end in [6, 7] {
            let mut sources = cones.sources(end, &Walk { count: &is_lut, ..Walk::default() });
            sources.sort_by_key(|source| source.bit);
            let found: Vec<_> = sources.iter().map(|source| (source.bit, source.counted)).collect();
            assert_eq!(found, [(2, 0), (4, 0)]);
            assert_eq!(cones.path(2).len(), 3);
        }
    }
}

//! Which bits are constant while the array computes, that is, while its scan input is low.

use super::convention::SCAN;
use super::graph::{BitId, Driver, Graph, Signal};
use super::kind::{Gate, Kind};

/// The value of every bit that has one.
#[derive(Debug)]
pub(super) struct Constants(Vec<Option<bool>>);

impl Constants {
    /// What follows from the scan input being low.
    pub fn while_computing(graph: &Graph) -> Constants {
        let mut constants = Constants(vec![None; graph.bit_count()]);
        let mut users: Vec<Vec<BitId>> = vec![Vec::new(); graph.bit_count()];
        let mut waiting: Vec<BitId> = Vec::new();
        for (bit, drivers) in graph.drivers.iter().enumerate() {
            match drivers[..] {
                [Driver::Port(ref port)] if port == SCAN => constants.0[bit] = Some(false),
                [Driver::Cell { cell, .. }] if matches!(graph.cells[cell].kind, Kind::Gate(_)) => {
                    waiting.push(bit);
                    for signal in graph.cells[cell].inputs.values().flatten() {
                        if let Signal::Net(input) = *signal {
                            users[input].push(bit);
                        }
                    }
                }
                _ => {}
            }
        }
        while let Some(bit) = waiting.pop() {
            if constants.0[bit].is_none() {
                constants.0[bit] = constants.output(graph, bit);
                if constants.0[bit].is_some() {
                    waiting.extend(&users[bit]);
                }
            }
        }
        constants
    }

    /// The value of a signal, if it has one.
    pub fn get(&self, signal: Signal) -> Option<bool> {
        match signal {
            Signal::Net(bit) => self.0[bit],
            Signal::Constant(value) => value,
        }
    }

    /// The output of the gate that drives a bit.
    fn output(&self, graph: &Graph, bit: BitId) -> Option<bool> {
        let cell = &graph.cells[graph.driving_cell(bit)?];
        let Kind::Gate(gate) = cell.kind else { return None };
        let pin = |name| cell.inputs.get(name).and_then(|bits| bits.first()).and_then(|&bit| self.get(bit));
        let (a, b) = (pin("A"), pin("B"));
        let not = |value: Option<bool>| value.map(|value| !value);
        match gate {
            Gate::Buf => a,
            Gate::Not => not(a),
            Gate::And => and(a, b),
            Gate::Nand => not(and(a, b)),
            Gate::Or => not(and(not(a), not(b))),
            Gate::Nor => and(not(a), not(b)),
            Gate::Xor => Some(a? ^ b?),
            Gate::Xnor => Some(a? == b?),
            Gate::AndNot => and(a, not(b)),
            Gate::OrNot => not(and(not(a), b)),
            Gate::Mux => match pin("S") {
                Some(false) => a,
                Some(true) => b,
                None => a.filter(|_| a == b),
            },
        }
    }
}

/// One low input decides.
fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    if a == Some(false) || b == Some(false) { Some(false) } else { Some(a? && b?) }
}

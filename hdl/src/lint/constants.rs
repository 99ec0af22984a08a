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
                constants.0[bit] = constants.driven(graph, bit);
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
    fn driven(&self, graph: &Graph, bit: BitId) -> Option<bool> {
        let cell = &graph.cells[graph.driving_cell(bit)?];
        let Kind::Gate(gate) = cell.kind else { return None };
        let pin = |name| cell.inputs.get(name).and_then(|bits| bits.first()).and_then(|&bit| self.get(bit));
        output(gate, [pin("A"), pin("B"), pin("S")])
    }
}

/// What a gate gives for its inputs A, B and S, of which some are unknown.
pub(super) fn output(gate: Gate, [a, b, s]: [Option<bool>; 3]) -> Option<bool> {
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
        Gate::Mux => match s {
            Some(select) => {
                if select {
                    b
                } else {
                    a
                }
            }
            None => a.filter(|_| a == b),
        },
    }
}

/// One low input decides.
fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    if a == Some(false) || b == Some(false) { Some(false) } else { Some(a? && b?) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the library of yosys says of its gates.
    fn plain(gate: Gate, [a, b, s]: [bool; 3]) -> bool {
        match gate {
            Gate::Buf => a,
            Gate::Not => !a,
            Gate::And => a & b,
            Gate::Nand => !(a & b),
            Gate::Or => a | b,
            Gate::Nor => !(a | b),
            Gate::Xor => a ^ b,
            Gate::Xnor => !(a ^ b),
            Gate::AndNot => a & !b,
            Gate::OrNot => a | !b,
            Gate::Mux => (a & !s) | (b & s),
        }
    }

    #[test]
    fn an_output_is_known_where_the_unknown_inputs_do_not_matter() {
        let values = [None, Some(false), Some(true)];
        let all = values.iter().flat_map(|&a| values.iter().flat_map(move |&b| values.map(|s| [a, b, s])));
        for inputs in all {
            for gate in [
                Gate::Buf,
                Gate::Not,
                Gate::And,
                Gate::Nand,
                Gate::Or,
                Gate::Nor,
                Gate::Xor,
                Gate::Xnor,
                Gate::AndNot,
                Gate::OrNot,
                Gate::Mux,
            ] {
                let possible = (0..8).map(|n| [n & 1 != 0, n & 2 != 0, n & 4 != 0]);
                let possible =
                    possible.filter(|p| (0..3).all(|i| inputs[i].is_none_or(|known| known == p[i])));
                let outputs: Vec<bool> = possible.map(|inputs| plain(gate, inputs)).collect();
                let expected = outputs.iter().all(|&o| o == outputs[0]).then_some(outputs[0]);
                assert_eq!(output(gate, inputs), expected, "{gate:?} of {inputs:?}");
            }
        }
    }
}

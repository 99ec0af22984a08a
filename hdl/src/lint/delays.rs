//! Every request passes the matched delay of the cell it makes fire, and a fire waits for all of it.
//!
//! Two things are proved. No path from a flip-flop or request from outside leaves out the chain: walked backwards from the
//! fire, each lies behind a LUT of it. And every LUT of the chain holds back the fire: with the LUT's output low and the
//! strobe low, the fire is low whatever everything else is. A fire may fall sooner than it rises, so the LUTs may listen
//! to the join as well as to each other; but they must wait one for another, each pair in one order or the other.

use super::array::{Array, ArrayCell};
use super::cone::{Cones, Origin, Walk};
use super::constants::output;
use super::convention::{STROBE, is_input_request};
use super::graph::{BitId, Cell, CellId, Driver, Graph, Signal};
use super::kind::Kind;
use super::report::{Check, Fault, Violation};
use std::collections::{BTreeMap, BTreeSet};

/// Every path from a request to a fire passes a delay chain.
pub(super) fn delayed(array: &Array<'_>) -> Check {
    let (mut examined, mut violations) = (0, Vec::new());
    let mut cones = Cones::new(array.graph);
    for cell in &array.cells {
        let mut report = |object: String, fault, path| {
            violations.push(Violation { cell: cell.name.clone(), object, fault, path });
        };
        if cell.chains.is_empty() {
            report(cell.fire_name(), Fault::NoDelay, vec![]);
            continue;
        }
        let primitives: BTreeSet<_> = cell.chains.values().flatten().copied().collect();
        let walk = Walk { count: &|id| primitives.contains(&id), ..Walk::default() };
        for source in cell.fire.iter().flat_map(|&fire| cones.sources(fire, &walk)).collect::<Vec<_>>() {
            let is_request = match &source.origin {
                Origin::Flop(_) => true,
                Origin::Port(port) => is_input_request(port),
                Origin::Stop => false,
            };
            examined += usize::from(is_request);
            if is_request && source.counted == 0 {
                report(array.graph.bit_name(source.bit), Fault::BypassesDelay, cones.path(source.bit));
            }
        }
    }
    let claim = "every path from a flip-flop or a request from outside to a fire passes the matched delay";
    Check::new(["delayed-requests", claim, "requests of cells"], examined, violations)
}

/// Every LUT of a delay chain holds back the fire, and they wait for each other.
pub(super) fn held_back(array: &Array<'_>) -> Check {
    let (mut examined, mut violations) = (0, Vec::new());
    for cell in &array.cells {
        for chain in cell.chains.values() {
            examined += chain.len();
            violations.extend(chain_faults(array.graph, cell, chain));
        }
    }
    let claim = "no fire is high before every LUT of its matched delay is, and these rise one after another";
    Check::new(["held-back-fires", claim, "delay LUTs"], examined, violations)
}

fn chain_faults(graph: &Graph, cell: &ArrayCell, chain: &[CellId]) -> Vec<Violation> {
    let violation = |id: CellId, fault| {
        let object = graph.cells[id].name();
        Violation { cell: cell.name.clone(), object, fault, path: vec![] }
    };
    let mut violations = Vec::new();
    let outputs: Vec<Option<BitId>> =
        chain.iter().map(|&id| graph.cells[id].outputs.first().copied()).collect();
    // By LUT: which LUTs of the chain are low because it is.
    let mut low: Vec<Vec<bool>> = Vec::new();
    for (&id, &forced) in chain.iter().zip(&outputs) {
        let mut held = Held { graph, forced, enable: cell.enable, values: BTreeMap::new() };
        if cell.fire.is_none_or(|fire| held.value(fire) != Some(false)) {
            violations.push(violation(id, Fault::FiresEarly));
        }
        low.push(outputs.iter().map(|bit| bit.is_some_and(|bit| held.value(bit) == Some(false))).collect());
    }
    for (i, &id) in chain.iter().enumerate() {
        if (0..chain.len()).any(|j| !low[i][j] && !low[j][i]) {
            violations.push(violation(id, Fault::ParallelDelay));
        }
    }
    violations
}

/// The values that follow from one bit and the strobe being low, computed backwards from where they are asked for.
struct Held<'g> {
    graph: &'g Graph,
    forced: Option<BitId>,
    /// Nothing is known of it, so there is no need to look behind it.
    enable: Option<BitId>,
    /// What is known; while a bit is being computed it counts as unknown, which ends every loop.
    values: BTreeMap<BitId, Option<bool>>,
}

impl Held<'_> {
    fn value(&mut self, bit: BitId) -> Option<bool> {
        if Some(bit) == self.forced {
            return Some(false);
        }
        if Some(bit) == self.enable {
            return None;
        }
        if let Some(&value) = self.values.get(&bit) {
            return value;
        }
        self.values.insert(bit, None);
        let graph = self.graph;
        let value = match &graph.drivers[bit][..] {
            [Driver::Port(port)] if port == STROBE => Some(false),
            [Driver::Cell { cell, .. }] => self.driven(&graph.cells[*cell]),
            _ => None,
        };
        self.values.insert(bit, value);
        value
    }

    fn driven(&mut self, cell: &Cell) -> Option<bool> {
        match cell.kind {
            Kind::Gate(gate) => output(gate, ["A", "B", "S"].map(|pin| self.pin(cell, pin))),
            Kind::DelayPrimitive(table) => {
                // The pins in the order of their names are the address, the lowest bit first.
                let names: Vec<&String> = cell.inputs.keys().collect();
                if names.len() != 4 {
                    return None;
                }
                let pins: Vec<Option<bool>> = names.iter().map(|name| self.pin(cell, name)).collect();
                let possible = |address: &u16| {
                    pins.iter()
                        .enumerate()
                        .all(|(i, pin)| pin.is_none_or(|high| high == (address >> i & 1 != 0)))
                };
                let mut outputs = (0..16u16).filter(possible).map(|address| table >> address & 1 != 0);
                let first = outputs.next()?;
                outputs.all(|other| other == first).then_some(first)
            }
            _ => None,
        }
    }

    fn pin(&mut self, cell: &Cell, name: &str) -> Option<bool> {
        match cell.inputs.get(name).and_then(|bits| bits.first()) {
            Some(&Signal::Net(bit)) => self.value(bit),
            Some(&Signal::Constant(value)) => value,
            None => None,
        }
    }
}

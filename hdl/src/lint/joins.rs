//! Joins and forks, and nothing that decides between requests.
//!
//! An arbiter needs a storage element that is not a flip-flop of the convention (a latch, an asynchronous set, gates
//! fed back) or a look at a request from outside the join. Loops of gates are found by another check.

use super::array::{Array, Flop};
use super::cone::{Cones, Origin, Source, Walk};
use super::constants::Constants;
use super::convention::{RESET, is_input_request};
use super::graph::{BitId, Signal};
use super::kind::Kind;
use super::report::{Check, Fault, Violation};

/// Only gates, flip-flops and delay primitives, each bit with one driver.
pub(super) fn no_latch(array: &Array<'_>) -> Check {
    let mut violations = Vec::new();
    for cell in &array.graph.cells {
        let fault = match cell.kind {
            Kind::Latch => Fault::Latch,
            Kind::Unknown => Fault::UnknownCell,
            _ => continue,
        };
        let output = cell.outputs.iter().copied().find(|&bit| array.graph.is_named(bit));
        let name = output.map_or_else(|| cell.name(), |bit| array.graph.bit_name(bit));
        let owner = if cell.path.len() > 1 { cell.path[0].clone() } else { String::new() };
        let object = format!("{name} ({})", cell.type_name);
        violations.push(Violation { cell: owner, object, fault, path: vec![] });
    }
    for (bit, drivers) in array.graph.drivers.iter().enumerate() {
        if drivers.len() > 1 {
            let object = array.graph.bit_name(bit);
            violations.push(Violation {
                cell: String::new(),
                object,
                fault: Fault::TwoDrivers,
                path: vec![],
            });
        }
    }
    let claim = "there are gates, flip-flops and delay LUTs only, and each drives its nets alone";
    Check::new(["no-latch", claim, "netlist cells"], array.graph.cells.len(), violations)
}

/// Only the reset input sets or resets anything without a clock.
pub(super) fn no_asynchronous_set(array: &Array<'_>) -> Check {
    let mut violations = Vec::new();
    let mut cones = Cones::new(array.graph);
    for flop in &array.flops {
        for bit in pins(array, flop, |pin| flop.pins.asynchronous.contains(&pin)) {
            for source in cones.sources(bit, &Walk::default()) {
                if source.origin != Origin::Port(RESET.to_owned()) {
                    violations.push(violation(array, flop, Fault::AsynchronousSet, cones.path(source.bit)));
                }
            }
        }
    }
    let claim = "only the reset input sets or resets a flip-flop without a clock";
    Check::new(["no-asynchronous-set", claim, "flip-flops"], array.flops.len(), violations)
}

/// No register looks at a request from outside its cell.
pub(super) fn no_look_at_requests(array: &Array<'_>) -> Check {
    let constants = Constants::while_computing(array.graph);
    let known = |signal: Signal| constants.get(signal);
    let (mut examined, mut violations) = (0, Vec::new());
    let mut cones = Cones::new(array.graph);
    for flop in &array.flops {
        let clocking = |pin: &str| pin == flop.pins.clock || flop.pins.asynchronous.contains(&pin);
        for bit in pins(array, flop, |pin| !clocking(pin)) {
            examined += 1;
            for source in cones.sources(bit, &Walk { known: &known, ..Walk::default() }) {
                if is_outside_request(array, &source, flop.owner) {
                    violations.push(violation(array, flop, Fault::LooksAtRequest, cones.path(source.bit)));
                }
            }
        }
    }
    let claim =
        "while the array computes, no register's data or enable depends on a request from outside its cell";
    Check::new(["no-look-at-requests", claim, "register inputs"], examined, violations)
}

/// Requests from outside reach a fire through the join of the cell only.
pub(super) fn joined(array: &Array<'_>) -> Check {
    let (mut examined, mut violations) = (0, Vec::new());
    let mut cones = Cones::new(array.graph);
    for (index, cell) in array.cells.iter().enumerate() {
        let mut report = |object: String, fault, path| {
            violations.push(Violation { cell: cell.name.clone(), object, fault, path });
        };
        let (Some(fire), Some(enable)) = (cell.fire, cell.enable) else {
            report(cell.fire_name(), Fault::NoJoin, vec![]);
            continue;
        };
        let is_outside = |source: &Source| is_outside_request(array, source, Some(index));
        let joined = cones.sources(enable, &Walk::default()).into_iter().filter(is_outside).count();
        examined += joined;
        let sources = cones.sources(fire, &Walk { stop: &|bit| bit == enable, ..Walk::default() });
        if joined == 0 || !sources.iter().any(|source| source.origin == Origin::Stop) {
            report(cell.fire_name(), Fault::NoJoin, vec![]);
        }
        for source in sources.iter().filter(|source| is_outside(source)) {
            report(array.graph.bit_name(source.bit), Fault::BypassesJoin, cones.path(source.bit));
        }
    }
    let claim = "requests from outside a cell reach its fire through its join only";
    Check::new(["joined-requests", claim, "joined requests"], examined, violations)
}

/// Whether a cone's end is a request that does not come from the cell itself.
fn is_outside_request(array: &Array<'_>, source: &Source, cell: Option<usize>) -> bool {
    match &source.origin {
        Origin::Flop(flop) => array.phases.get(flop).is_some_and(|&owner| owner.is_none() || owner != cell),
        Origin::Port(port) => is_input_request(port),
        Origin::Stop => false,
    }
}

/// The nets at some input pins of a flip-flop.
fn pins(array: &Array<'_>, flop: &Flop, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = BitId> {
    let inputs = array.graph.cells[flop.cell].inputs.iter();
    inputs.filter(move |(pin, _)| wanted(pin)).flat_map(|(_, bits)| bits).filter_map(|&signal| match signal {
        Signal::Net(bit) => Some(bit),
        Signal::Constant(_) => None,
    })
}

fn violation(array: &Array<'_>, flop: &Flop, fault: Fault, path: Vec<String>) -> Violation {
    Violation { cell: array.owner_name(flop), object: array.flop_name(flop), fault, path }
}

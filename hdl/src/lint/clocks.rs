//! Every flip-flop is clocked by the fire of its own cell, and every fire is its cell's own.
//!
//! Either edge of the fire will do: some flip-flops note that its pulse is over.

use super::array::{Array, ArrayCell};
use super::cone::{Cones, Origin, Walk};
use super::convention::{INPUT_STROBES, is_input_request};
use super::graph::{BitId, Driver, Signal};
use super::report::{Check, Fault, Violation};

/// Every flip-flop has the fire of its own cell for a clock.
pub(super) fn own_fire(array: &Array<'_>) -> Check {
    let mut violations = Vec::new();
    for flop in &array.flops {
        let clock = array.graph.cells[flop.cell].inputs.get(flop.pins.clock).and_then(|bits| bits.first());
        let own = flop.owner.and_then(|owner| array.cells[owner].fire).map(Signal::Net);
        let object = array.flop_name(flop);
        let mut report = |fault, path| {
            violations.push(Violation { cell: array.owner_name(flop), object: object.clone(), fault, path });
        };
        if flop.owner.is_none() {
            report(Fault::FlopOutsideCells, vec![]);
        }
        match clock {
            Some(&Signal::Net(bit)) if own != Some(Signal::Net(bit)) => {
                let path = vec![array.graph.bit_name(bit), object.clone()];
                report(clock_fault(array, bit), path);
            }
            Some(Signal::Net(_)) => {}
            Some(Signal::Constant(_)) | None => report(Fault::OtherClock, vec![]),
        }
    }
    let text = ["own-fire", "every flip-flop is clocked by the fire of its own cell alone", "flip-flops"];
    Check::new(text, array.flops.len(), violations)
}

fn clock_fault(array: &Array<'_>, clock: BitId) -> Fault {
    if array.graph.drivers[clock].iter().any(|driver| matches!(driver, Driver::Port(_))) {
        Fault::InputClock
    } else if array.fires(clock).next().is_some() {
        Fault::ForeignClock
    } else {
        Fault::OtherClock
    }
}

/// Every cell makes its fire itself, out of requests and of what moves only while the array is idle.
pub(super) fn fire_from_requests(array: &Array<'_>) -> Check {
    let mut violations = Vec::new();
    let mut cones = Cones::new(array.graph);
    for cell in &array.cells {
        let mut report = |fault, path| {
            violations.push(Violation { cell: cell.name.clone(), object: cell.fire_name(), fault, path });
        };
        let Some(fire) = cell.fire.filter(|&fire| drives_own_fire(array, cell, fire)) else {
            report(Fault::NoFire, vec![]);
            continue;
        };
        if array.fires(fire).count() > 1 {
            report(Fault::SharedFire, vec![array.graph.bit_name(fire)]);
        }
        let walk = Walk { stop: &|bit| array.fires(bit).next().is_some(), ..Walk::default() };
        for source in cones.sources(fire, &walk) {
            match &source.origin {
                Origin::Stop => report(Fault::FireFromFire, cones.path(source.bit)),
                Origin::Port(port) if !may_reach_fire(port) => {
                    report(Fault::FireFromInput, cones.path(source.bit));
                }
                Origin::Port(_) | Origin::Flop(_) => {}
            }
        }
    }
    let claim = "every fire is made in its own cell, from requests and from inputs that move at rest only";
    Check::new(["fire-from-requests", claim, "cells"], array.cells.len(), violations)
}

fn drives_own_fire(array: &Array<'_>, cell: &ArrayCell, fire: BitId) -> bool {
    array.graph.driving_cell(fire).is_some_and(|driver| array.graph.cells[driver].path[0] == cell.name)
}

fn may_reach_fire(port: &str) -> bool {
    INPUT_STROBES.contains(&port) || is_input_request(port)
}

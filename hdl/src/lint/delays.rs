//! Every request passes the matched delay of the cell it makes fire.
//!
//! Walked backwards from each fire, every flip-flop and every request of the border must lie behind the whole delay
//! chain: the least number of its LUTs on any path is the length of the cell's shortest chain. That holds of data in
//! the fire logic as well as of phases, so a fire cannot even glitch before the delay has run.

use super::array::Array;
use super::cone::{Cones, Origin, Walk};
use super::convention::is_border_request;
use super::report::{Check, Fault, Violation};
use std::collections::BTreeSet;

/// Every path from a request to a fire passes a delay chain.
pub(super) fn delayed(array: &Array<'_>) -> Check {
    let (mut examined, mut violations) = (0, Vec::new());
    let mut cones = Cones::new(array.graph);
    for cell in &array.cells {
        let mut report = |object: String, fault, path| {
            violations.push(Violation { cell: cell.name.clone(), object, fault, path });
        };
        let Some(length) = cell.chains.values().map(Vec::len).min() else {
            report(cell.fire_name(), Fault::NoDelay, vec![]);
            continue;
        };
        let primitives: BTreeSet<_> = cell.chains.values().flatten().copied().collect();
        let walk = Walk { count: &|id| primitives.contains(&id), ..Walk::default() };
        for source in cell.fire.iter().flat_map(|&fire| cones.sources(fire, &walk)).collect::<Vec<_>>() {
            let is_request = match &source.origin {
                Origin::Flop(_) => true,
                Origin::Port(port) => is_border_request(port),
                Origin::Stop => false,
            };
            examined += usize::from(is_request);
            if is_request && source.counted < length {
                report(array.graph.bit_name(source.bit), Fault::BypassesDelay, cones.path(source.bit));
            }
        }
    }
    let claim = "every path from a flip-flop or a border request to a fire passes the whole matched delay";
    Check::new(["delayed-requests", claim, "requests of cells"], examined, violations)
}

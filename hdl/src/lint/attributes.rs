//! The attributes that keep place-and-route and synthesis from undoing the timing of a cell.

use super::array::Array;
use super::convention::OFF_GLOBAL_BUFFERS;
use super::report::{Check, Fault, Violation};

/// Every fire net stays off the global buffers.
pub(super) fn off_global_buffers(array: &Array<'_>) -> Check {
    let mut violations = Vec::new();
    let (mut examined, graph) = (0, array.graph);
    for cell in &array.cells {
        let name = cell.fire_name();
        let Some(net) = graph.nets.get(&name) else { continue };
        examined += 1;
        if !net.attributes.iter().any(|attribute| attribute == OFF_GLOBAL_BUFFERS) {
            let (cell, fault) = (cell.name.clone(), Fault::MayBeGlobal);
            violations.push(Violation { cell, object: name, fault, path: vec![] });
        }
    }
    let text = ["off-global-buffers", "place-and-route keeps every fire off the global buffers", "fire nets"];
    Check::new(text, examined, violations)
}

/// Every LUT of a delay chain survives synthesis.
pub(super) fn kept_delays(array: &Array<'_>) -> Check {
    let mut violations = Vec::new();
    let mut examined = 0;
    for cell in &array.cells {
        for &id in cell.chains.values().flatten() {
            examined += 1;
            let primitive = &array.graph.cells[id];
            if !primitive.keep {
                let (cell, object) = (cell.name.clone(), primitive.name());
                violations.push(Violation { cell, object, fault: Fault::MayBeRemoved, path: vec![] });
            }
        }
    }
    Check::new(
        ["kept-delays", "synthesis keeps every LUT of a delay chain", "delay LUTs"],
        examined,
        violations,
    )
}

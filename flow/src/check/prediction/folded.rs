//! The folded array: trains of fires, a cell's own cycle apart.
//!
//! The array's simulation is given cycles as long as the routed chip's; what goes from cell to cell keeps its documented delays.

use super::super::launch::Launches;
use super::super::roles::Roles;
use super::{Prediction, Times};
use std::collections::BTreeMap;
use wheatstone_hdl::delays::CellId;
use wheatstone_hdl::tile::{FoldedArray, sample_time};

/// Relaxing steps of the shorter of the two samples that are compared.
const STEPS: u32 = 8;

/// Predicts from late arrivals; nothing if the array cannot be simulated or a cell has no cycle.
pub(super) fn predict(
    array: &FoldedArray,
    roles: &Roles,
    slow: &Launches,
    fast: &Launches,
) -> Option<Prediction> {
    let (slow, fires) = times(array, roles, slow)?;
    let (fast, _) = times(array, roles, fast)?;
    let [edge_fires, closing_fires] = fires;
    Some(Prediction { slow, fast, edge_fires, closing_fires })
}

/// Times of a step and of the rest of a sample, and how often a cell fires for them, the mean over the cells.
fn times(array: &FoldedArray, roles: &Roles, launches: &Launches) -> Option<(Times, [u64; 2])> {
    let cycle = |(id, cell)| Some((cell, u64::try_from(launches.own_cycle(id)?.round_ps()).ok()?));
    let cells = roles.cells().filter_map(|(id, domain)| Some((id, domain.cell?)));
    let cycles: BTreeMap<CellId, u64> = cells.map(cycle).collect::<Option<_>>()?;
    let [short, long] = [STEPS, 2 * STEPS].map(|steps| sample_time(array, &cycles, steps));
    let ((short_ps, short_fires), (long_ps, long_fires)) = (short?, long?);
    let split = |short: u64, long: u64, parts: u64| {
        let step = long.checked_sub(short)? / u64::from(STEPS);
        Some([step / parts, short.checked_sub(step * u64::from(STEPS))? / parts])
    };
    let [step_ps, closing_ps] = split(short_ps, long_ps, 1)?;
    let fires = split(short_fires, long_fires, cycles.len() as u64)?;
    Some((Times { step_ps, closing_ps }, fires))
}

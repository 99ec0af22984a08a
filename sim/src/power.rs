//! Dissipated power: what a resistor network minimises.

use crate::network::EdgeKind;
use crate::{Design, State, Wave};

/// The power all edges dissipate in one wave, exactly, as twice the raw product of current and voltage drop.
///
/// A linear edge dissipates `g dv^2`, a transistor `I dv`. Divide by [`power_unit`] for the power in units of full
/// conductance times (1 V)^2.
pub fn dissipated_power(design: &Design, state: &State, wave: Wave) -> i128 {
    let format = design.format();
    // Rounded once a node, not once an edge.
    let v: Vec<i64> = state.u(wave).iter().map(|&u| format.voltage(u)).collect();
    let edges = design.network().edges().iter().zip(&state.k);
    edges
        .map(|(edge, &k)| {
            let g = format.conductance(k);
            let [a, b] = edge.ends.map(|n| v[n.index()]);
            match edge.kind {
                // Below 2^(1 + 20 + 40): a conductance of 20 bits, and the difference of two voltages of 20.
                EdgeKind::Linear => i128::from(2 * g.unsigned_abs() * (a - b).unsigned_abs().pow(2)),
                EdgeKind::Transistor => {
                    let (over_a, over_b) = ((g - a).max(0), (g - b).max(0));
                    i128::from((over_b - over_a) * (over_b + over_a)) * i128::from(a - b)
                }
            }
        })
        .sum()
}

/// What [`dissipated_power`] gives for one edge of full conductance `2^K` under 1 V.
pub fn power_unit(design: &Design) -> i128 {
    let one = i128::from(design.format().one_volt());
    (2 * one * one) << design.format().k_bits()
}

//! Dissipated power: what a resistor network minimises.

use crate::network::EdgeKind;
use crate::{Design, State, Wave};

/// The power all edges dissipate in one wave, exactly, as twice the raw product of current and voltage drop.
///
/// A linear edge dissipates `g dv^2`, a transistor `I dv`. Divide by [`power_unit`] for the power in units of full
/// conductance times (1 V)^2.
pub fn dissipated_power(design: &Design, state: &State, wave: Wave) -> i128 {
    let format = design.format();
    let u = state.u(wave);
    let edges = design.network().edges().iter().zip(&state.k);
    edges
        .map(|(edge, &k)| {
            let g = i128::from(format.conductance(k));
            let [a, b] = edge.ends.map(|n| i128::from(format.voltage(u[n.index()])));
            match edge.kind {
                EdgeKind::Linear => 2 * g * (a - b) * (a - b),
                EdgeKind::Transistor => {
                    let (over_a, over_b) = ((g - a).max(0), (g - b).max(0));
                    (over_b - over_a) * (over_b + over_a) * (a - b)
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

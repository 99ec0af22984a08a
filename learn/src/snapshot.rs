//! A state as numbers to look at: fractions of full scale, volts, and power.

mod file;

pub use file::SnapshotFile;

use wheatstone_sim::{Design, Format, State, Wave, dissipated_power, node_gains, power_unit};

/// The conductance of an edge accumulator as a fraction of full scale, `2^K`.
pub fn conductance(format: Format, k: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "at most 21 bits")]
    let fraction = format.conductance(k) as f64 / (format.g_max() + 1) as f64;
    fraction
}

/// The conductance of every edge, as a fraction of full scale.
pub fn conductances(design: &Design, state: &State) -> Vec<f64> {
    state.k.iter().map(|&k| conductance(design.format(), k)).collect()
}

/// The voltage of every node in one wave, in volts: what its neighbours see.
pub fn voltages(design: &Design, state: &State, wave: Wave) -> Vec<f64> {
    let one = f64::from(design.format().one_volt());
    #[expect(clippy::cast_precision_loss, reason = "at most 20 bits")]
    let volts = |&u: &i64| design.format().voltage(u) as f64 / one;
    state.u(wave).iter().map(volts).collect()
}

/// The power dissipated in the free and in the clamped wave, in units of full conductance times (1 V)^2.
pub fn power(design: &Design, state: &State) -> [f64; 2] {
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at, not a bit of the datapath")]
    Wave::BOTH.map(|wave| dissipated_power(design, state, wave) as f64 / power_unit(design) as f64)
}

/// The over-relaxation gain of every node, in units of 1/(full conductance): omega over the sum of its conductances, rounded as
/// the cell rounds it. An input has none.
pub fn gains(design: &Design, state: &State) -> Vec<Option<f64>> {
    let full = f64::from(design.format().k_bits()).exp2();
    let gain = |gain: wheatstone_sim::Gain| full * f64::from(gain.q) / 8.0 / f64::from(gain.s).exp2();
    let relaxes = design.network().nodes().iter().map(|node| node.kind.relaxes());
    relaxes.zip(node_gains(design, state)).map(|(relaxes, of)| relaxes.then(|| gain(of))).collect()
}

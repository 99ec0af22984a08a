//! A state as numbers to look at: fractions of full scale, volts, and power.

mod file;

pub use file::SnapshotFile;

use wheatstone_sim::{Design, Format, State, Wave, dissipated_power, node_gains, power_unit};

/// The conductance of an edge accumulator as a fraction of full scale, `2^K`.
pub fn conductance(format: Format, k: i64) -> f64 {
    fraction(format, k, full_scale(format))
}

/// What a conductance in LSB is multiplied by, exactly: a power of two.
fn full_scale(format: Format) -> f64 {
    f64::from(format.k_bits()).exp2().recip()
}

fn fraction(format: Format, k: i64, full_scale: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "at most 21 bits")]
    let lsb = format.conductance(k) as f64;
    lsb * full_scale
}

/// The conductance of every edge, as a fraction of full scale.
pub fn conductances(design: &Design, state: &State) -> impl ExactSizeIterator<Item = f64> {
    let (format, full_scale) = (design.format(), full_scale(design.format()));
    state.k.iter().map(move |&k| fraction(format, k, full_scale))
}

/// The voltage of every node in one wave, in volts: what its neighbours see.
pub fn voltages(design: &Design, state: &State, wave: Wave) -> impl ExactSizeIterator<Item = f64> {
    let (format, one) = (design.format(), f64::from(design.format().one_volt()));
    #[expect(clippy::cast_precision_loss, reason = "at most 20 bits")]
    let volts = move |&u: &i64| format.voltage(u) as f64 / one;
    state.u(wave).iter().map(volts)
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

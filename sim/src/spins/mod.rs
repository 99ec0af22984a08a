//! Arrays of spins: nodes that are only ever up or down, flipped by their own generators at an inverse temperature (contract,
//! section 13).
//!
//! [`SpinArray`] reads like the contract. [`SpinReplicas`] computes the same bits for many replicas side by side, each at an inverse
//! temperature of its own.

mod graph;
mod replicas;

pub use graph::{MOST_COUPLING, MOST_FIELD, SpinGraph, SpinGraphError};
pub use replicas::SpinReplicas;

use crate::{NoiseGenerator, shift_rounded};
use std::sync::Arc;

/// Fractional bits of an inverse temperature.
const BETA_SHIFT: u32 = 16;

/// An inverse temperature `B`: `1024 / ln 2` over the temperature, with 16 fractional bits. Zero is an infinite temperature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InverseTemperature(pub u32);

impl InverseTemperature {
    /// That of a temperature in units of a coupling of 1, rounded to nearest and limited to its range.
    pub fn of_temperature(temperature: f64) -> InverseTemperature {
        let scale = f64::from(1u32 << BETA_SHIFT) * 1024.0 / std::f64::consts::LN_2;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "limited to 32 bits, and the cast saturates"
        )]
        let raw = (scale / temperature.max(1e-9)).round().clamp(0.0, f64::from(u32::MAX)) as u32;
        InverseTemperature(raw)
    }

    /// What a field is worth: `round(2H B / 2^16)`, in 1024ths of a factor of two of the odds.
    pub(crate) fn odds(self, field: i64) -> i64 {
        shift_rounded(2 * field * i64::from(self.0), BETA_SHIFT)
    }
}

/// The correction of the logarithm: `round(1024 (log2(1+m) - m))` with `m = (2i+1)/32`.
const CORRECTION: [i64; 16] = [13, 36, 54, 68, 78, 84, 88, 88, 85, 81, 73, 64, 53, 40, 25, 9];

/// The binary logarithm of a number above 0, in 1024ths: the place of the leading one, the ten bits below it, and the correction of their
/// top four.
pub(crate) fn logarithm(x: u32) -> i64 {
    let place = 31 - x.leading_zeros();
    let below = if place >= 10 { x >> (place - 10) } else { x << (10 - place) } & 1023;
    (i64::from(place) << 10) + i64::from(below) + CORRECTION[(below >> 6) as usize]
}

/// Whether a spin is up after a draw, where its field is worth these odds: a logistic variable, the logarithm of `x / ~x`, against
/// them.
pub(crate) fn is_up(odds: i64, x: u32) -> bool {
    odds + logarithm(x) - logarithm((!x).max(1)) >= 0
}

/// An array of spins in its plainest form.
#[derive(Clone, Debug)]
pub struct SpinArray {
    graph: Arc<SpinGraph>,
    beta: InverseTemperature,
    spins: Vec<i8>,
    generators: Vec<NoiseGenerator>,
}

impl SpinArray {
    /// An array in this state.
    ///
    /// # Panics
    /// Unless there are a spin, 1 or -1, and a generator for each spin of the graph.
    pub fn new(
        graph: Arc<SpinGraph>,
        beta: InverseTemperature,
        spins: Vec<i8>,
        generators: Vec<NoiseGenerator>,
    ) -> SpinArray {
        assert!(spins.len() == graph.spins() && generators.len() == graph.spins(), "one of each");
        assert!(spins.iter().all(|spin| spin.abs() == 1), "spins are 1 or -1");
        SpinArray { graph, beta, spins, generators }
    }

    /// The spins, 1 or -1.
    pub fn spins(&self) -> &[i8] {
        &self.spins
    }

    /// The generators.
    pub fn generators(&self) -> &[NoiseGenerator] {
        &self.generators
    }

    /// Every spin takes its turn, colour by colour.
    pub fn sweep(&mut self) {
        for colour in 0..self.graph.colours() {
            for &spin in self.graph.of_colour(colour) {
                let field: i64 = (self.graph.neighbours(spin).iter())
                    .map(|&(other, coupling)| i64::from(coupling) * i64::from(self.spins[other as usize]))
                    .sum();
                let x = self.generators[spin as usize].word();
                self.spins[spin as usize] = if is_up(self.beta.odds(field), x) { 1 } else { -1 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_near() {
        for x in (0..32).flat_map(|n| [1u32 << n, (1u32 << n) + (1u32 << n) / 3, u32::MAX >> (31 - n)]) {
            let exact = 1024.0 * f64::from(x).log2();
            assert!((logarithm(x) as f64 - exact).abs() < 17.0, "{x}: {} against {exact}", logarithm(x));
        }
    }

    /// One spin in a field is up as often as the logistic function says.
    #[test]
    fn a_spin_is_up_by_the_logistic_function() {
        for (field, temperature) in [(0, 1.0), (1, 2.0), (-1, 1.0), (3, 2.5), (2, 0.7)] {
            let odds = InverseTemperature::of_temperature(temperature).odds(field);
            let mut generator = NoiseGenerator::new(0x9E37_79B9);
            let draws = 400_000;
            let up = (0..draws).filter(|_| is_up(odds, generator.word())).count();
            let expected = 1.0 / (1.0 + (-2.0 * field as f64 / temperature).exp());
            let found = up as f64 / f64::from(draws);
            assert!(
                (found - expected).abs() < 0.0035,
                "{field} at {temperature}: {found} against {expected}"
            );
        }
    }
}

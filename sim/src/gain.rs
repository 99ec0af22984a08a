//! The over-relaxation gain of a node: a function of the sum of its conductances alone.

use crate::network::Node;
use crate::{Design, State, Temperature, categorize};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Over-relaxation factor in eighths, 4/8 to 15/8; 8/8 is Gauss-Seidel.
///
/// Lattices, which need many sweeps, want it large; layered networks, relaxed in a handful of warm sweeps, want
/// 8/8, since the two waves would otherwise differ by their transients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Omega(u8);

/// An over-relaxation factor outside 4/8..=15/8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("omega = {0}/8 is outside 4/8..=15/8; give it in eighths, 4 to 15")]
pub struct OmegaError(pub u8);

categorize!(OmegaError: BadInput);

impl Omega {
    /// 8/8.
    pub const GAUSS_SEIDEL: Omega = Omega(8);

    /// The factor `eighths / 8`.
    ///
    /// # Errors
    /// [`OmegaError`] outside 4..=15.
    pub fn new(eighths: u8) -> Result<Self, OmegaError> {
        if (4..=15).contains(&eighths) { Ok(Omega(eighths)) } else { Err(OmegaError(eighths)) }
    }

    /// The factor in eighths.
    pub fn eighths(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Omega {
    type Error = OmegaError;
    fn try_from(eighths: u8) -> Result<Self, OmegaError> {
        Omega::new(eighths)
    }
}

impl From<Omega> for u8 {
    fn from(omega: Omega) -> u8 {
        omega.0
    }
}

/// A node's gain `q/8 * 2^-s`: one small product and one shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gain {
    /// Mantissa in eighths, 8..=15.
    pub q: u8,
    /// Shift of the gain to the right, in bits.
    pub s: u32,
}

impl Gain {
    /// The amplitude `A` of a node's noise, in LSB of `u`, at a temperature: `isqrt(T q (2^(s+4) - q D) 2^(2GV) / 2^(9+2s))`, rounded
    /// down, where `slope` is `D`, what can flow at the node in this wave, exactly.
    ///
    /// This is `T gamma (2 - gamma D)` with `gamma = q/8 2^-s`, divided by the variance 8 of what is drawn: with it an
    /// over-relaxed update keeps the thermal distribution (Adler, Phys. Rev. D 23, 2901, 1981). The heat bath's `T / D` would do so
    /// where `gamma D` is 1 alone.
    pub fn noise_amplitude(self, temperature: Temperature, slope: i64, v_guard: u32) -> i64 {
        let q = i128::from(self.q);
        let reach = ((1i128 << (self.s + 4)) - q * i128::from(slope)).max(0);
        // Below 2^107: a temperature of 60 bits, 4 of q, and s + 5 of at most 43.
        let product = (i128::from(temperature.0) * q * reach).unsigned_abs();
        let (up, down) = (2 * v_guard, 9 + 2 * self.s);
        let square = if up >= down { product << (up - down) } else { product >> (down - up) };
        i64::try_from(square.isqrt()).unwrap_or(i64::MAX)
    }
}

/// The sixteen `(q, d)` a design's omega gives, indexed by the four bits below the leading one of `D`.
///
/// With `n = floor(log2 D)` and `m` those four bits, `D * q/8 * 2^-(n+d)` lies between `(16+m)/16 * q/8 * 2^-d`
/// and `(17+m)/16 * q/8 * 2^-d`. Entry `m` is the pair whose value at the middle of this interval is nearest in
/// ratio to omega, among those that stay at or below 31/16 at its upper end; of two equally near pairs the one of
/// smaller `d`, then of smaller `q`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GainTable([(u8, u8); 16]);

impl GainTable {
    /// The table of an omega.
    pub fn new(omega: Omega) -> Self {
        let mut table = [(0, 0); 16];
        for (m, entry) in (0u64..).zip(&mut table) {
            *entry = nearest_pair(m, u64::from(omega.0));
        }
        GainTable(table)
    }

    /// The gain of a node whose conductances sum to `d_sum`, in a format of conductance width `k_bits`:
    /// `s = max(n + d, K - 4)`.
    pub fn gain(&self, d_sum: i64, k_bits: u32) -> Gain {
        let d_sum = d_sum.max(1).cast_unsigned();
        let n = d_sum.ilog2();
        let m = if n >= 4 { d_sum >> (n - 4) } else { d_sum << (4 - n) } & 15;
        let (q, d) = self.0[(m & 15) as usize];
        Gain { q, s: (n + u32::from(d)).max(k_bits - 4) }
    }

    /// The entries `(q, d)`.
    pub fn entries(&self) -> &[(u8, u8); 16] {
        &self.0
    }
}

/// Every node's gain, from the sum `D` of what its edges, and its nudge, can conduct. An input has one as well, and never uses it.
pub fn node_gains(design: &Design, state: &State) -> Vec<Gain> {
    gains_of(design, &node_slopes(design, state))
}

/// What the edges of every node can conduct, by node: `D` without a nudge.
pub fn node_slopes(design: &Design, state: &State) -> Vec<i64> {
    let conductances: Vec<i64> = state.k.iter().map(|&k| design.format().conductance(k)).collect();
    slopes_of(design, &conductances)
}

/// The same as [`node_gains`], from [the slopes](node_slopes) of all nodes.
pub(crate) fn gains_of(design: &Design, slopes: &[i64]) -> Vec<Gain> {
    let (network, format) = (design.network(), design.format());
    let gain = |(node, &(mut d_sum)): (&Node, &i64)| {
        if node.kind.is_nudged() {
            d_sum += design.rules().nudge.conductance(format);
        }
        design.gains().gain(d_sum, format.k_bits())
    };
    network.nodes().iter().zip(slopes).map(gain).collect()
}

/// The same as [`node_slopes`], from the conductances of all edges.
pub(crate) fn slopes_of(design: &Design, conductances: &[i64]) -> Vec<i64> {
    let (network, rules) = (design.network(), design.rules());
    let slope = |node| {
        let edges = network.incidences(node).iter().map(|incidence| incidence.edge.index());
        edges.map(|e| network.edges()[e].kind.slope(conductances[e], rules.lowest_rail)).sum()
    };
    network.node_ids().map(slope).collect()
}

/// Entry `m` of the table of `omega` eighths. A pair's value at the middle of the interval is
/// `q (33 + 2m) 2^(2-d) / 1024`, and omega is `128 omega / 1024`; at the upper end it is
/// `q (17 + m) 2^(2-d) / 512`, and 31/16 is `992 / 512`.
fn nearest_pair(m: u64, omega: u64) -> (u8, u8) {
    let wanted = 128 * omega;
    let mut best = None;
    for d in 0u8..=2 {
        for q in 8u8..=15 {
            let scale = u64::from(q) << (2 - d);
            if scale * (17 + m) > 992 {
                continue;
            }
            let middle = scale * (33 + 2 * m);
            let (far, near) = (middle.max(wanted), middle.min(wanted));
            if best.is_none_or(|(f, n, _)| far * n < f * near) {
                best = Some((far, near, (q, d)));
            }
        }
    }
    best.map_or((8, 2), |(_, _, pair)| pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effective_omega_is_near_and_below_two() {
        for eighths in 4..=15u8 {
            let table = GainTable::new(Omega::new(eighths).unwrap());
            for d_sum in [1, 2, 3, 5, 15, 16, 17, 31, 1000, 65_535, 123_456, 40_000_000] {
                let Gain { q, s } = table.gain(d_sum, 4);
                let effective = d_sum as f64 * f64::from(q) / 8.0 / (s as f64).exp2();
                assert!(effective <= 31.0 / 16.0, "{eighths}/8 at {d_sum}: {effective}");
                let ratio = effective / (f64::from(eighths) / 8.0);
                assert!((0.87..1.15).contains(&ratio), "{eighths}/8 at {d_sum}: {effective}");
            }
        }
    }

    #[test]
    fn the_shift_has_a_floor() {
        let table = GainTable::new(Omega::GAUSS_SEIDEL);
        assert_eq!(table.gain(1, 16).s, 12);
        assert_eq!(table.gain(0, 16), table.gain(1, 16));
        assert_eq!(table.gain(1 << 20, 16), Gain { q: table.entries()[0].0, s: 20 });
    }

    #[test]
    fn gauss_seidel_table() {
        let pairs = GainTable::new(Omega::GAUSS_SEIDEL).0;
        assert_eq!(pairs[0], (8, 0));
        assert_eq!(pairs[8], (10, 1), "1 / 1.53125 = 10.45 / 16, nearer in ratio to 10 than to 11");
    }

    #[test]
    fn the_amplitude_is_adlers() {
        for (omega, d_sum, temperature) in
            [(8, 78_643, 150_000_000_000), (15, 70_001, 1 << 40), (4, 65_537, 12_345_678)]
        {
            let gain = GainTable::new(Omega::new(omega).unwrap()).gain(d_sum, 16);
            let gamma = f64::from(gain.q) / 8.0 / (f64::from(gain.s)).exp2();
            let variance = temperature as f64 * gamma * (2.0 - gamma * d_sum as f64);
            let expected = (variance / 8.0).sqrt() * 256.0;
            let found = gain.noise_amplitude(Temperature(temperature), d_sum, 8) as f64;
            assert!((found - expected.floor()).abs() <= 1.0, "{omega}/8: {found} against {expected}");
        }
        let coldest = GainTable::new(Omega::GAUSS_SEIDEL).gain(1 << 20, 16);
        assert_eq!(coldest.noise_amplitude(Temperature(0), 1 << 20, 12), 0);
        // The largest numbers there are.
        let hot = Gain { q: 15, s: 40 };
        assert!(hot.noise_amplitude(Temperature((1 << 60) - 1), -(1 << 20), 12) > 0);
    }

    #[test]
    fn omega_has_bounds() {
        assert_eq!(Omega::new(16), Err(OmegaError(16)));
        assert_eq!(Omega::new(3), Err(OmegaError(3)));
    }
}

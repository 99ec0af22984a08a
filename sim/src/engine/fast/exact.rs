//! Whole numbers in doubles, without a rounding that is not the contract's.
//!
//! A double holds every whole number up to 2^53, and a vector unit multiplies and adds as many doubles at a time as it
//! could hold 64-bit integers, several times as fast. Three facts make the arithmetic exact.
//!
//! **Sums.** Products `g v` and their sums stay below 2^53 by [`fits`]; sums of whole numbers below 2^53 are exact in any
//! order, with or without fused multiply-add.
//!
//! **Rounding to nearest, ties up.** Accumulators are kept *biased*: `u + BIAS`, between 2^52 and 2^53, where doubles
//! are exactly the whole numbers. Adding a fraction `x` to a biased accumulator therefore rounds `x` to the nearest
//! whole number; the only disagreement with the contract is a tie, which the processor takes to the even neighbour. So
//! every fraction gets a nudge [`Scales::tie`] upwards, smaller than its own granularity: a tie then lies just above the
//! half and rounds up, and nothing else changes sides. The fraction is `(S + tie) q 2^e` with `e = GV - s - 3`. `S` is a
//! multiple of 1/2 (a transistor's current is half of a whole number), so `x` is a multiple of `2^(e-1)`, and a whole
//! number if `e > 0`. With `q < 16` and `tie = 2^(-6 - max(e, 0))` the nudge is below `2^(e-2)` and below 1/4. The product is
//! exact, because by [`fits`] `S + tie` times `q` has at most 53 significant bits, so that one rounding remains, with
//! or without fused multiply-add. A sum that leaves the range from 2^52 to 2^53 is rounded otherwise, but is so far outside
//! every register's range, to which it is then clamped, that this makes no difference.
//!
//! **Shifts.** A power of two scales exactly, and `floor` is exact: `v = floor(u 2^-GV + 1/2)` and
//! `g = floor(k 2^-GK)` are computed as they are written, with the bias taken off in the same addition.

use crate::Design;

/// Added to accumulators.
pub(super) const BIAS: f64 = 1.5 * TWO_52;

const TWO_52: f64 = 4_503_599_627_370_496.0;

/// A power of two.
pub(super) fn power(exponent: i32) -> f64 {
    2f64.powi(exponent)
}

/// A whole number below 2^53 in magnitude.
#[expect(clippy::cast_precision_loss, reason = "every register has fewer than 53 bits")]
pub(super) fn double(value: i64) -> f64 {
    value as f64
}

/// The accumulator whose biased value this is.
#[expect(clippy::cast_possible_truncation, reason = "a whole number of fewer than 53 bits")]
pub(super) fn unbiased(value: f64) -> i64 {
    (value - BIAS) as i64
}

/// The voltage or conductance this is.
#[expect(clippy::cast_possible_truncation, reason = "a whole number of at most 21 bits")]
pub(super) fn whole(value: f64) -> i32 {
    value as i32
}

/// The largest `e` that a format permits: `s` is at least `K - 4`.
fn largest_exponent(design: &Design) -> i32 {
    design.format().v_guard().cast_signed() - design.format().k_bits().cast_signed() + 1
}

/// Whether doubles hold this design's sums; see the module.
pub(super) fn fits(design: &Design) -> bool {
    let (network, format) = (design.network(), design.format());
    let terms = usize::BITS - (network.max_degree() + 2).leading_zeros();
    // |S| is below 2^`sum`: a linear edge carries less than 2^(K+V), and a transistor less than 2^(2 max(V, K) + 1), in
    // halves. The parts of a linear edge's product, `g v_j` and `g v_i`, are smaller than 2^(K+V-1).
    let linear = network.edges().iter().all(|e| e.kind.is_linear());
    let wider = format.v_bits().max(format.k_bits());
    let sum = terms + if linear { format.k_bits() + format.v_bits() } else { 2 * wider + 1 };
    // 6 bits below the point for the nudge, 4 for `q`, and what `e > 0` shifts up.
    sum + 6 + 4 + 2 * largest_exponent(design).max(0).unsigned_abs() <= 53
}

/// The constants of a design's arithmetic, in doubles.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scales {
    /// What lifts ties of relaxing.
    pub(super) tie: f64,
    /// `v = floor(u_biased v_scale + v_shift)`.
    pub(super) v_scale: f64,
    pub(super) v_shift: f64,
    pub(super) v_high: f64,
    /// `u = v v_one`.
    pub(super) v_one: f64,
    /// Biased.
    pub(super) u_range: [f64; 2],
    /// `g = floor(k_biased g_scale + g_shift)`.
    pub(super) g_scale: f64,
    pub(super) g_shift: f64,
    /// Biased.
    pub(super) k_range: [f64; 2],
    /// The nudging conductance; 0 if the nudge is no current.
    pub(super) nudge: f64,
}

impl Scales {
    pub(super) fn new(design: &Design) -> Scales {
        let format = design.format();
        let (v_guard, k_guard) = (format.v_guard().cast_signed(), format.k_guard().cast_signed());
        let half = if v_guard == 0 { 0.0 } else { 0.5 };
        let (u_range, k_range) = (format.u_range(), format.k_range(design.rules().g_min.into()));
        let biased = |(low, high): (i64, i64)| [double(low) + BIAS, double(high) + BIAS];
        Scales {
            tie: power(-6 - largest_exponent(design).max(0)),
            v_scale: power(-v_guard),
            // Exact: BIAS 2^-GV is a whole number below 2^52 where a half is added to it.
            v_shift: half - BIAS * power(-v_guard),
            v_high: double(format.v_range().1),
            v_one: power(v_guard),
            u_range: biased(u_range),
            g_scale: power(-k_guard),
            g_shift: -BIAS * power(-k_guard),
            k_range: biased(k_range),
            nudge: double(design.rules().nudge.conductance(format)),
        }
    }

    /// The voltage of a biased accumulator.
    pub(super) fn voltage(&self, u: f64) -> f64 {
        (u * self.v_scale + self.v_shift).floor().min(self.v_high)
    }

    /// The conductance of a biased accumulator.
    pub(super) fn conductance(&self, k: f64) -> f64 {
        (k * self.g_scale + self.g_shift).floor()
    }
}

/// Gains as doubles, by the leading bits of `D`.
#[derive(Clone, Debug)]
pub(super) struct Gains {
    /// `q 2^(GV-s-3)` by exponent and the four bits below the leading one.
    factors: Vec<f64>,
}

/// Bits of a double below the four that follow its leading one.
const BELOW: u32 = 48;

impl Gains {
    pub(super) fn new(design: &Design) -> Gains {
        let format = design.format();
        let guard = format.v_guard().cast_signed();
        // A design's `D` has fewer than 63 bits, since `S` has.
        let factors = (0..62u32).flat_map(|n| (0..16i64).map(move |m| (n, m)));
        let factor = |(n, m): (u32, i64)| {
            let d_sum = if n >= 4 { (16 + m) << (n - 4) } else { (16 + m) >> (4 - n) };
            let gain = design.gains().gain(d_sum, format.k_bits());
            f64::from(gain.q) * power(guard - gain.s.cast_signed() - 3)
        };
        Gains { factors: factors.map(factor).collect() }
    }

    /// The factor of a node whose conductances sum to `d_sum`.
    #[inline(always)]
    pub(super) fn factor(&self, d_sum: f64) -> f64 {
        let index = (d_sum.max(1.0).to_bits() >> BELOW) - (1.0f64.to_bits() >> BELOW);
        #[expect(clippy::cast_possible_truncation, reason = "16 bits")]
        let index = index as usize;
        self.factors[index]
    }
}

/// `2^alpha` and what lifts the ties of learning: only a right shift rounds.
pub(super) fn learning_scale(alpha: i32) -> (f64, f64) {
    (power(alpha), if alpha < 0 { 0.25 } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{EdgeKind, crossbar};
    use crate::{Format, Nudge, Omega, Rules};

    fn design(widths: [u32; 4], degree: usize, omega: u8) -> Option<Design> {
        let format = Format::new(widths[0], widths[1], widths[2], widths[3]).unwrap();
        let network = crossbar(degree, 1, EdgeKind::Linear).unwrap();
        let rules = Rules {
            omega: Omega::new(omega).unwrap(),
            nudge: Nudge::Clamped { eta: 0 },
            g_min: 1,
            lowest_rail: 0,
        };
        Design::new(network, format, rules).ok()
    }

    /// Ties, their neighbours and the largest sums round as the contract says, with a product apart or fused.
    #[test]
    fn a_biased_sum_rounds_ties_up() {
        for widths in [[16, 8, 16, 16], [12, 8, 10, 14], [20, 12, 20, 20], [4, 12, 4, 0], [20, 0, 20, 20]] {
            for omega in [4, 8, 11, 15] {
                let design = design(widths, 4, omega).unwrap();
                assert!(fits(&design));
                let (format, scales, gains) = (design.format(), Scales::new(&design), Gains::new(&design));
                for d_sum in (1..200).chain((4..22).flat_map(|n| [(1 << n) - 1, 1 << n, (23 << n) >> 4])) {
                    let gain = design.gains().gain(d_sum, format.k_bits());
                    let factor = gains.factor(double(d_sum));
                    let shift = (gain.s + 4).saturating_sub(format.v_guard());
                    let most = 6i64 << (format.v_bits() + format.k_bits());
                    let near = |x: i64| [x - 1, x, x + 1];
                    let sums = [
                        0,
                        1 << (shift / 2),
                        1 << (shift.max(2) - 2),
                        (1 << shift) / i64::from(gain.q),
                        most - 2,
                    ];
                    for twice_sum in sums.into_iter().flat_map(near).flat_map(|x| [x, -x]) {
                        let expected = crate::shift_rounded(
                            (twice_sum << format.v_guard()) * i64::from(gain.q),
                            gain.s + 4,
                        );
                        let lifted = double(twice_sum) / 2.0 + scales.tie;
                        let (low, high) = format.u_range();
                        for found in [lifted * factor + BIAS, lifted.mul_add(factor, BIAS)] {
                            assert_eq!(
                                unbiased(found.clamp(double(low) + BIAS, double(high) + BIAS)),
                                expected.clamp(low, high)
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_too_wide_for_doubles_is_known() {
        assert!(fits(&design([16, 8, 16, 16], 2000, 8).unwrap()));
        assert!(!fits(&design([16, 8, 16, 16], 2100, 8).unwrap()));
        assert!(fits(&design([20, 12, 20, 20], 5, 8).unwrap()));
        assert!(!fits(&design([20, 8, 20, 0], 60, 8).unwrap()));
    }
}

//! The turn of hidden nodes of replicas, in one wave or both: most of what replicas do.
//!
//! The clamped wave follows one step behind the free one, so that with two colours both waves of a node can be computed
//! together, from conductances loaded once. Arrays are cut into blocks of `N` vectors, with which every row begins, so that an
//! index is checked once a block.

use super::exact::{BIAS, Scales, double};
use super::lanes::Lanes;
use super::pairs::narrow;
use super::rows::Plan;
use crate::network::EdgeKind;
use std::ops::Range;

/// What a wave has of its own.
pub(super) struct InWave<'a, T> {
    pub(super) u: &'a mut [T],
    pub(super) v: &'a mut [T],
    pub(super) field: &'a [T],
}

/// Rows of doubles.
pub(super) struct InDoubles<'a, L: Lanes> {
    pub(super) lanes: L,
    pub(super) plan: &'a Plan,
    pub(super) rows: Range<usize>,
    pub(super) g: &'a [f64],
    pub(super) factor: &'a [f64],
    pub(super) linear: &'a [f64],
    pub(super) scales: &'a Scales,
}

impl<L: Lanes> InDoubles<'_, L> {
    /// The turn of `W` waves.
    #[inline(always)]
    pub(super) fn turn<const N: usize, const W: usize>(self, waves: [InWave<f64>; W]) {
        let InDoubles { lanes, plan, scales, .. } = self;
        let splat = |x| lanes.splat_f64s(x);
        let (tie, zero, half) = (splat(scales.tie), splat(0.0), splat(0.5));
        let (v_scale, v_shift, v_high) = (splat(scales.v_scale), splat(scales.v_shift), splat(scales.v_high));
        let block = N * L::F64_LANES;
        let [factor, linear, g] =
            [self.factor, self.linear, self.g].map(|x| L::as_simd_f64s(x).0.as_chunks::<N>().0);
        let mut waves = waves.map(|wave| {
            let u = L::as_mut_simd_f64s(wave.u).0.as_chunks_mut::<N>().0;
            let v = L::as_mut_simd_f64s(wave.v).0.as_chunks_mut::<N>().0;
            (u, v, L::as_simd_f64s(wave.field).0.as_chunks::<N>().0)
        });
        for row in &plan.rows[self.rows] {
            let [low, high] = [splat(double(row.range[0]) + BIAS), splat(double(row.range[1]) + BIAS)];
            let terms = &plan.terms[row.terms.clone()];
            for skip in 0..row.lanes / block {
                let here = row.at / block + skip;
                let mut sums = [[tie; N]; W];
                if !row.inputs.is_empty() {
                    for (sums, (_, _, field)) in sums.iter_mut().zip(&waves) {
                        *sums = field[here];
                    }
                }
                for term in terms {
                    let (g, other) = (&g[term.edges / block + skip], term.nodes / block + skip);
                    for (sums, (_, v, _)) in sums.iter_mut().zip(&waves) {
                        let (own, other) = (&v[here], &v[other]);
                        for i in 0..N {
                            sums[i] = match term.kind {
                                EdgeKind::Linear => lanes.mul_add_e_f64s(g[i], other[i], sums[i]),
                                EdgeKind::Transistor => {
                                    let twice = twice_current(lanes, zero, [g[i], own[i], other[i]]);
                                    lanes.mul_add_e_f64s(twice, half, sums[i])
                                }
                            };
                        }
                    }
                }
                let (factor, linear) = (&factor[here], &linear[here]);
                for (sums, (u, v, _)) in sums.iter().zip(&mut waves) {
                    let (u, v) = (&mut u[here], &mut v[here]);
                    for i in 0..N {
                        let sum = lanes.negate_mul_add_e_f64s(linear[i], v[i], sums[i]);
                        let moved = lanes.mul_add_e_f64s(sum, factor[i], u[i]);
                        u[i] = lanes.max_f64s(low, lanes.min_f64s(high, moved));
                        let shown = lanes.floor(lanes.mul_add_e_f64s(u[i], v_scale, v_shift));
                        v[i] = lanes.min_f64s(v_high, shown);
                    }
                }
            }
        }
    }
}

/// Twice the current of transistors of conductance `g` into nodes at `own` from others.
#[inline(always)]
pub(super) fn twice_current<L: Lanes>(lanes: L, zero: L::f64s, [g, own, other]: [L::f64s; 3]) -> L::f64s {
    let a = lanes.max_f64s(zero, lanes.sub_f64s(g, own));
    let b = lanes.max_f64s(zero, lanes.sub_f64s(g, other));
    lanes.mul_f64s(lanes.sub_f64s(a, b), lanes.add_f64s(a, b))
}

/// Rows of words, which hold pairs of 16-bit numbers.
pub(super) struct InWords<'a, L: Lanes> {
    pub(super) lanes: L,
    pub(super) plan: &'a Plan,
    pub(super) rows: Range<usize>,
    /// Where the coefficients of each of the rows begin.
    pub(super) coefficients_of: &'a [usize],
    pub(super) coefficients: &'a [i32],
    pub(super) shift: &'a [i32],
    /// Half an LSB of `v`, added to all accumulators.
    pub(super) half: i32,
    /// Guard bits, and the largest voltage in both halves.
    pub(super) guard: L::i32s,
    pub(super) v_high: L::i32s,
}

impl<L: Lanes> InWords<'_, L> {
    /// The turn of `W` waves.
    #[inline(always)]
    pub(super) fn turn<const N: usize, const BYTE: u8, const W: usize>(self, waves: [InWave<i32>; W]) {
        let InWords { lanes, plan, half, guard, v_high, .. } = self;
        let splat = |x| lanes.splat_i32s(x);
        let (zero, one, sixteen) = (splat(0), splat(1), splat(16));
        let block = N * L::I32_LANES;
        let [shift, coefficients] =
            [self.shift, self.coefficients].map(|x| L::as_simd_i32s(x).0.as_chunks::<N>().0);
        let mut waves = waves.map(|wave| {
            let u = L::as_mut_simd_i32s(wave.u).0.as_chunks_mut::<N>().0;
            let v = L::as_mut_simd_i32s(wave.v).0.as_chunks_mut::<N>().0;
            (u, v, L::as_simd_i32s(wave.field).0.as_chunks::<N>().0)
        });
        for (row, &start) in plan.rows[self.rows].iter().zip(self.coefficients_of) {
            let pitch = row.lanes / block;
            let [low, high] = [splat(narrow(row.range[0]) + half), splat(narrow(row.range[1]) + half)];
            let (pairs, last) = plan.terms[row.terms.clone()].as_chunks::<2>();
            for skip in 0..pitch {
                let here = row.at / block + skip;
                let mut sums = [[zero; N]; W];
                if !row.inputs.is_empty() {
                    for (sums, (_, _, field)) in sums.iter_mut().zip(&waves) {
                        *sums = field[here];
                    }
                }
                let mut place = start / block + skip;
                let pairs = pairs.iter().map(|[a, b]| [a.nodes, b.nodes]);
                for pair in pairs.chain(last.iter().map(|a| [a.nodes; 2])) {
                    let [lower, upper] = pair.map(|lane| lane / block + skip);
                    let factors = &coefficients[place];
                    for (sums, (_, v, _)) in sums.iter_mut().zip(&waves) {
                        let (lower, upper) = (&v[lower], &v[upper]);
                        for i in 0..N {
                            let product = lanes.multiply_halves(lanes.join(lower[i], upper[i]), factors[i]);
                            sums[i] = lanes.add_i32s(sums[i], product);
                        }
                    }
                    place += pitch;
                }
                let (own, shift) = (&coefficients[place], &shift[here]);
                let mut round = [zero; N];
                for i in 0..N {
                    round[i] = lanes.shift_right(lanes.shift_left(one, shift[i]), one);
                }
                for (sums, (u, v, _)) in sums.iter().zip(&mut waves) {
                    let (u, v) = (&mut u[here], &mut v[here]);
                    for i in 0..N {
                        let back = lanes.mul_i32s(lanes.shift_right(v[i], sixteen), own[i]);
                        let sum = lanes.add_i32s(lanes.add_i32s(sums[i], back), round[i]);
                        let moved = lanes.add_i32s(u[i], lanes.shift_right(sum, shift[i]));
                        u[i] = lanes.max_i32s(low, lanes.min_i32s(high, moved));
                        let shown = if BYTE == 0 { lanes.shift_right(u[i], guard) } else { u[i] };
                        v[i] = lanes.min_halves(lanes.twin::<BYTE>(shown), v_high);
                    }
                }
            }
        }
    }
}

//! The loops over doubles, once for every width. Why they are exact: [`exact`](super::exact).

use super::aligned::Aligned;
use super::exact::{BIAS, Scales, double};
use super::lanes::Lanes;
use crate::Target;
use std::ops::Range;

/// `sums[c] += g[r][c] v[r]` over all rows `r`.
#[inline(always)]
pub(super) fn add_rows<L: Lanes>(lanes: L, sums: &mut [f64], g: &[f64], v: &[f64]) {
    let mut at = 0;
    while at < sums.len() {
        at += match (sums.len() - at) / L::F64_LANES {
            8.. => add_some_rows::<L, 8>(lanes, sums, g, v, at),
            4.. => add_some_rows::<L, 4>(lanes, sums, g, v, at),
            _ => add_some_rows::<L, 1>(lanes, sums, g, v, at),
        };
    }
}

/// The same for `N` vectors from lane `at` on; returns how many lanes these are.
#[inline(always)]
fn add_some_rows<L: Lanes, const N: usize>(
    lanes: L,
    sums: &mut [f64],
    g: &[f64],
    v: &[f64],
    at: usize,
) -> usize {
    let some = N * L::F64_LANES;
    let pitch = sums.len();
    let (sums, _) = L::as_mut_simd_f64s(&mut sums[at..at + some]);
    let mut accumulators: [L::f64s; N] = std::array::from_fn(|i| sums[i]);
    for (&v, row) in v.iter().zip(g.chunks_exact(pitch)) {
        let v = lanes.splat_f64s(v);
        let (row, _) = L::as_simd_f64s(&row[at..at + some]);
        for (sum, &g) in accumulators.iter_mut().zip(row) {
            *sum = lanes.mul_add_e_f64s(g, v, *sum);
        }
    }
    sums.copy_from_slice(&accumulators);
    some
}

/// `sums[r] += g[r][c] v[c]` over all columns `c`.
#[inline(always)]
pub(super) fn add_dots<L: Lanes>(lanes: L, sums: &mut [f64], g: &[f64], v: &[f64]) {
    let pitch = v.len();
    for (sums, rows) in sums.chunks_mut(4).zip(g.chunks(4 * pitch)) {
        if let Ok(sums) = <&mut [f64; 4]>::try_from(&mut *sums) {
            add_some_dots(lanes, sums, rows, v);
        } else {
            for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(pitch)) {
                add_some_dots(lanes, std::array::from_mut(sum), row, v);
            }
        }
    }
}

/// The same for `N` rows.
#[inline(always)]
fn add_some_dots<L: Lanes, const N: usize>(lanes: L, sums: &mut [f64; N], g: &[f64], v: &[f64]) {
    let pitch = v.len();
    let rows: [&[L::f64s]; N] = std::array::from_fn(|r| L::as_simd_f64s(&g[r * pitch..][..pitch]).0);
    let (v, _) = L::as_simd_f64s(v);
    let mut accumulators = [lanes.splat_f64s(0.0); N];
    for (i, &v) in v.iter().enumerate() {
        for (sum, row) in accumulators.iter_mut().zip(rows) {
            *sum = lanes.mul_add_e_f64s(row[i], v, *sum);
        }
    }
    for (sum, accumulator) in sums.iter_mut().zip(accumulators) {
        *sum += lanes.reduce_sum_f64s(accumulator);
    }
}

/// What a node's turn reads and writes, lane by lane.
pub(super) struct Accumulators<'a> {
    /// Biased.
    pub(super) u: &'a mut [f64],
    pub(super) v: &'a mut [f64],
    pub(super) factor: &'a [f64],
    /// Sums of linear conductances.
    pub(super) linear: &'a [f64],
}

/// Nodes take their turn: `sums` are `g v_j` over their edges and the tie. Each has limits of its own.
#[inline(always)]
pub(super) fn relax<L: Lanes>(
    lanes: L,
    scales: &Scales,
    sums: &[L::f64s],
    nodes: Accumulators,
    low: &[f64],
    high: &[f64],
) {
    let [low, high] = [low, high].map(|x| L::as_simd_f64s(x).0);
    relax_within(
        lanes,
        scales,
        sums,
        nodes,
        #[inline(always)]
        |i| [low[i], high[i]],
        #[inline(always)]
        |_, factor| factor,
    );
}

/// The same for nodes with the same limits.
#[inline(always)]
pub(super) fn relax_alike<L: Lanes>(
    lanes: L,
    scales: &Scales,
    sums: &[L::f64s],
    nodes: Accumulators,
    range: [i64; 2],
) {
    let range = [lanes.splat_f64s(double(range[0]) + BIAS), lanes.splat_f64s(double(range[1]) + BIAS)];
    relax_within(
        lanes,
        scales,
        sums,
        nodes,
        #[inline(always)]
        |_| range,
        #[inline(always)]
        |_, factor| factor,
    );
}

/// The same where only the `active` lanes, 1 and not 0, move.
#[inline(always)]
pub(super) fn relax_some<L: Lanes>(
    lanes: L,
    scales: &Scales,
    sums: &[L::f64s],
    nodes: Accumulators,
    range: [i64; 2],
    active: &[f64],
) {
    let range = [lanes.splat_f64s(double(range[0]) + BIAS), lanes.splat_f64s(double(range[1]) + BIAS)];
    let (active, _) = L::as_simd_f64s(active);
    relax_within(
        lanes,
        scales,
        sums,
        nodes,
        #[inline(always)]
        |_| range,
        #[inline(always)]
        |i, factor| lanes.mul_f64s(factor, active[i]),
    );
}

#[inline(always)]
fn relax_within<L: Lanes>(
    lanes: L,
    scales: &Scales,
    sums: &[L::f64s],
    nodes: Accumulators,
    range: impl Fn(usize) -> [L::f64s; 2],
    gain: impl Fn(usize, L::f64s) -> L::f64s,
) {
    let splat = |x| lanes.splat_f64s(x);
    let (v_scale, v_shift, v_high) = (splat(scales.v_scale), splat(scales.v_shift), splat(scales.v_high));
    let count = sums.len();
    let (u, _) = L::as_mut_simd_f64s(nodes.u);
    let (v, _) = L::as_mut_simd_f64s(nodes.v);
    let [factor, linear] = [nodes.factor, nodes.linear].map(|x| &L::as_simd_f64s(x).0[..count]);
    let (u, v) = (&mut u[..count], &mut v[..count]);
    for i in 0..count {
        let [low, high] = range(i);
        let sum = lanes.negate_mul_add_e_f64s(linear[i], v[i], sums[i]);
        let moved = lanes.mul_add_e_f64s(sum, gain(i, factor[i]), u[i]);
        u[i] = lanes.max_f64s(low, lanes.min_f64s(high, moved));
        v[i] = lanes.min_f64s(v_high, lanes.floor(lanes.mul_add_e_f64s(u[i], v_scale, v_shift)));
    }
}

/// Nudging conductances and what they pull towards, lane by lane. A lane without a target has conductance 0.
#[derive(Clone, Debug)]
pub(super) struct Nudges {
    wanted: Aligned<f64>,
    /// Smallest and largest drop that is felt: with any other the target's sense is satisfied.
    low: Aligned<f64>,
    high: Aligned<f64>,
    conductance: Aligned<f64>,
}

impl Nudges {
    pub(super) fn new(lanes: usize) -> Nudges {
        let zeros = Aligned::new(0.0, lanes);
        Nudges { wanted: zeros.clone(), low: zeros.clone(), high: zeros.clone(), conductance: zeros }
    }

    /// Sets the target of a lane.
    pub(super) fn set(&mut self, lane: usize, target: Option<Target>, conductance: f64) {
        self.conductance[lane] = if target.is_some() { conductance } else { 0.0 };
        if let Some(Target { voltage, sense }) = target {
            self.wanted[lane] = voltage.into();
            let [low, high] = sense.passed_drops();
            self.low[lane] = if low == i64::MIN { f64::MIN } else { double(low) };
            self.high[lane] = if high == i64::MAX { f64::MAX } else { double(high) };
        }
    }

    /// What lanes are pulled towards, the smallest and largest drop they feel, and their conductances.
    pub(super) fn by_lane(&self, at: Range<usize>) -> [&[f64]; 4] {
        [&self.wanted[at.clone()], &self.low[at.clone()], &self.high[at.clone()], &self.conductance[at]]
    }
}

/// Adds nudging currents of that sign to the sums of nodes at voltages `v`.
#[inline(always)]
pub(super) fn nudge<L: Lanes>(
    lanes: L,
    sums: &mut [L::f64s],
    v: &[f64],
    nudges: &Nudges,
    at: Range<usize>,
    sign: f64,
) {
    let (sign, zero) = (lanes.splat_f64s(sign), lanes.splat_f64s(0.0));
    let count = sums.len();
    let (v, _) = L::as_simd_f64s(v);
    let [wanted, low, high, conductance] = nudges.by_lane(at).map(|x| &L::as_simd_f64s(x).0[..count]);
    for i in 0..count {
        let drop = lanes.sub_f64s(wanted[i], v[i]);
        let satisfied =
            lanes.or_m64s(lanes.less_than_f64s(drop, low[i]), lanes.greater_than_f64s(drop, high[i]));
        let felt = lanes.select_f64s(satisfied, zero, drop);
        sums[i] = lanes.mul_add_e_f64s(lanes.mul_f64s(conductance[i], sign), felt, sums[i]);
    }
}

/// What an edge's learning needs besides its ends: the clamped range of `k`, and how `g` follows.
#[derive(Clone, Copy)]
pub(super) struct Learner<L: Lanes> {
    lanes: L,
    tie: L::f64s,
    low: L::f64s,
    high: L::f64s,
    g_scale: L::f64s,
    g_shift: L::f64s,
}

impl<L: Lanes> Learner<L> {
    #[inline(always)]
    pub(super) fn new(lanes: L, scales: &Scales, tie: f64) -> Self {
        let splat = |x| lanes.splat_f64s(x);
        Learner {
            lanes,
            tie: splat(tie),
            low: splat(scales.k_range[0]),
            high: splat(scales.k_range[1]),
            g_scale: splat(scales.g_scale),
            g_shift: splat(scales.g_shift),
        }
    }

    /// The same with another tie for every lane.
    #[inline(always)]
    pub(super) fn with_tie(&self, tie: L::f64s) -> Self {
        Learner { tie, ..*self }
    }

    /// The biased accumulator after a move of `scale (difference total)`, and the conductance it reads as. `difference` is that
    /// of the two waves' drops, `total` their sum.
    #[inline(always)]
    pub(super) fn learnt(
        &self,
        k: L::f64s,
        difference: L::f64s,
        total: L::f64s,
        scale: L::f64s,
    ) -> [L::f64s; 2] {
        let lanes = self.lanes;
        let product = lanes.mul_add_e_f64s(difference, total, self.tie);
        let moved = lanes.mul_add_e_f64s(product, scale, k);
        let k = lanes.max_f64s(self.low, lanes.min_f64s(self.high, moved));
        [k, lanes.floor(lanes.mul_add_e_f64s(k, self.g_scale, self.g_shift))]
    }
}

/// The edges of a tile that learn, row by row.
pub(super) struct LearningTile<'a> {
    pub(super) k: &'a mut [f64],
    pub(super) g: &'a mut [f64],
    /// `2^alpha` of all of them, or, if there are any, of each.
    pub(super) scale: f64,
    pub(super) drawn: &'a [f64],
    /// Voltages of the columns and of the rows: the difference of the two waves, and their sum.
    pub(super) columns: [&'a [f64]; 2],
    pub(super) rows: [&'a [f64]; 2],
}

impl LearningTile<'_> {
    /// All edges learn. Their conductances are added up by column, and by row if there is room for that.
    #[inline(always)]
    pub(super) fn learn<L: Lanes>(
        &mut self,
        learner: Learner<L>,
        by_column: &mut [f64],
        by_row: Option<&mut [f64]>,
    ) {
        let mut none = [];
        let by_row = by_row.unwrap_or(&mut none);
        if self.drawn.is_empty() {
            self.learn_all::<L, false>(learner, by_column, by_row);
        } else {
            self.learn_all::<L, true>(learner, by_column, by_row);
        }
    }

    #[inline(always)]
    fn learn_all<L: Lanes, const DRAWN: bool>(
        &mut self,
        learner: Learner<L>,
        by_column: &mut [f64],
        by_row: &mut [f64],
    ) {
        let mut at = 0;
        while at < by_column.len() {
            at += match (by_column.len() - at) / L::F64_LANES {
                8.. => self.learn_some::<L, 8, DRAWN>(learner, by_column, by_row, at),
                4.. => self.learn_some::<L, 4, DRAWN>(learner, by_column, by_row, at),
                _ => self.learn_some::<L, 1, DRAWN>(learner, by_column, by_row, at),
            };
        }
    }

    /// The same for the `N` vectors of every row that begin at lane `at`; returns how many lanes these are.
    #[inline(always)]
    fn learn_some<L: Lanes, const N: usize, const DRAWN: bool>(
        &mut self,
        learner: Learner<L>,
        by_column: &mut [f64],
        by_row: &mut [f64],
        at: usize,
    ) -> usize {
        let (lanes, pitch) = (learner.lanes, by_column.len());
        let some = N * L::F64_LANES;
        let of_columns = |x: &[f64]| -> [L::f64s; N] {
            let (vectors, _) = L::as_simd_f64s(&x[at..at + some]);
            std::array::from_fn(|i| vectors[i])
        };
        let [differences, totals] = self.columns.map(of_columns);
        let mut sums = of_columns(by_column);
        let scale = lanes.splat_f64s(self.scale);
        for (row, (&difference, &total)) in self.rows[0].iter().zip(self.rows[1]).enumerate() {
            let (difference, total) = (lanes.splat_f64s(difference), lanes.splat_f64s(total));
            let here = row * pitch + at..row * pitch + at + some;
            let (k, _) = L::as_mut_simd_f64s(&mut self.k[here.clone()]);
            let (g, _) = L::as_mut_simd_f64s(&mut self.g[here.clone()]);
            let (drawn, _) = L::as_simd_f64s(if DRAWN { &self.drawn[here] } else { &[] });
            for i in 0..N {
                let scale = if DRAWN { drawn[i] } else { scale };
                let difference = lanes.sub_f64s(differences[i], difference);
                let total = lanes.sub_f64s(totals[i], total);
                [k[i], g[i]] = learner.learnt(k[i], difference, total, scale);
                sums[i] = lanes.add_f64s(sums[i], g[i]);
            }
            if let Some(by_row) = by_row.get_mut(row) {
                let sum = g.iter().fold(lanes.splat_f64s(0.0), |sum, &g| lanes.add_f64s(sum, g));
                *by_row += lanes.reduce_sum_f64s(sum);
            }
        }
        L::as_mut_simd_f64s(&mut by_column[at..at + some]).0.copy_from_slice(&sums);
        some
    }
}

/// The accumulator of an output nudged by coupled learning, biased like the one given, before its diode.
pub(super) fn nudged(u_free: f64, v_free: f64, target: Target, eta: u8, v_guard: u32) -> f64 {
    let wanted = i64::from(target.voltage);
    let u = super::general::nudged(
        wanted << v_guard,
        target,
        super::exact::unbiased(u_free),
        super::exact::whole(v_free).into(),
        eta,
    );
    double(u) + BIAS
}

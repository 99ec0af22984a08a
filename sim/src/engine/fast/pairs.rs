//! Rows in pairs of 16-bit numbers: for narrow formats, `compact` among them, and linear edges.
//!
//! A vector unit multiplies pairs of 16-bit numbers and adds both products into 32 bits, four times as many multiply-adds an
//! instruction as with doubles. A lane of an operand holds the voltages of two neighbours, a lane of the other the
//! conductances towards them, already times the node's `q`: `K` and four bits fit 16. The negative sum of conductances times
//! `q` meets the node's own voltage; in a lattice the [drops](super::cross) from the neighbours are multiplied, and it is not needed.
//! What comes out is the whole `S q`, which by [`Pairs::fits`] needs fewer than 32 bits; nothing here rounds but the contract's
//! own shifts.
//!
//! Voltages are kept twice in every lane, in both halves, so that a pair is joined from two loads by taking the lower half
//! of one and the upper half of the other. Accumulators are kept half an LSB of `v` too high: then `v` is their upper
//! part as it stands, rounded to nearest.

use super::aligned::Aligned;
use super::cross::{self, BLOCK, Block, Constants, InWave, Waves};
use super::hidden::{self, InWords};
use super::lanes::{Lanes, MOST_LANES};
use super::rows::{Core, EdgeRow, Nudged, Plan, Rate, Row, Term};
use super::words::{LearningShift, WordGains};
use crate::{Design, Target, Wave};
use pulp::cast;
use std::ops::Range;
use std::sync::Arc;

/// So many vectors of a row are computed at a time, so that additions do not wait for each other.
const SOME: usize = 2;

/// An offset of the learning shift that leaves nothing of any product.
const NEVER: i32 = -64;

#[derive(Clone, Debug)]
pub(super) struct Pairs {
    design: Arc<Design>,
    /// Half an LSB of `v`, added to all accumulators.
    half: i32,
    v_guard: u32,
    /// By wave.
    u: [Aligned<i32>; 2],
    /// Voltages, in both halves.
    v: [Aligned<i32>; 2],
    /// What the inputs contribute, times `q`; empty without inputs as such.
    field: [Aligned<i32>; 2],
    /// In a lattice, all that belongs to a node.
    blocks: Vec<Block>,
    /// Elsewhere, where the coefficients of every row begin.
    coefficients_of: Vec<usize>,
    /// Row by row, word by word, lane by lane: for every pair of neighbours two factors of 16 bits, then the node's
    /// own.
    coefficients: Aligned<i32>,
    /// `S q` is shifted right by so much.
    shift: Aligned<i32>,
    /// Only where inputs or nudges are to be multiplied by it.
    q: Aligned<i32>,
    /// Empty unless lanes have limits of their own.
    low: Aligned<i32>,
    high: Aligned<i32>,
    /// What lanes are pulled towards, the smallest and largest drop they feel, and 1 where there is a target.
    nudges: [Aligned<i32>; 4],
    k: Aligned<i32>,
    /// Added to learning shifts, by lane of a row and by edge.
    lane_rate: Aligned<i32>,
    edge_rate: Aligned<i32>,
    /// All ones or nothing, by lane of a row.
    active: Aligned<i32>,
}

/// Every number kept here has fewer than 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "by `Pairs::fits`")]
pub(super) fn narrow(value: i64) -> i32 {
    value as i32
}

/// A lane that holds two numbers of 16 bits.
fn both_halves(v: i64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "a voltage of at most 15 bits")]
    let v = v as i16;
    cast([v; 2])
}

/// The voltages of lanes that hold them twice.
#[inline(always)]
fn voltage<L: Lanes>(lanes: L, v: L::i32s) -> L::i32s {
    lanes.shift_right(v, lanes.splat_i32s(16))
}

/// Words of coefficients of every lane of a row: its pairs, and its own.
fn words(row: &Row) -> usize {
    row.terms.len().div_ceil(2) + 1
}

impl Pairs {
    /// Lanes `at..` of an array as vectors.
    #[inline(always)]
    fn vectors<L: Lanes>(array: &[i32], at: usize, count: usize) -> &[L::i32s] {
        L::as_simd_i32s(&array[at..at + count]).0
    }

    /// Smallest and largest accumulator of a row.
    #[inline(always)]
    fn range<L: Lanes>(&self, lanes: L, row: &Row) -> [L::i32s; 2] {
        let [low, high] = row.range;
        [lanes.splat_i32s(narrow(low) + self.half), lanes.splat_i32s(narrow(high) + self.half)]
    }

    /// `S q` of some vectors of a row: `N` of them from lane `skip` on.
    #[inline(always)]
    fn sums<L: Lanes, const N: usize>(
        &self,
        lanes: L,
        plan: &Plan,
        index: usize,
        wave: Wave,
        skip: usize,
    ) -> [L::i32s; N] {
        let row = &plan.rows[index];
        let count = N * L::I32_LANES;
        let v = &*self.v[wave.index()];
        let mut at = self.coefficients_of[index] + skip;
        let mut sums = [lanes.splat_i32s(0); N];
        if !row.inputs.is_empty() {
            sums.copy_from_slice(Self::vectors::<L>(&self.field[wave.index()], row.at + skip, count));
        }
        let terms = &plan.terms[row.terms.clone()];
        for pair in terms.chunks(2) {
            let lower = Self::vectors::<L>(v, pair[0].nodes + skip, count);
            let upper = Self::vectors::<L>(v, pair[pair.len() - 1].nodes + skip, count);
            let factors = Self::vectors::<L>(&self.coefficients, at, count);
            for i in 0..N {
                let voltages = lanes.join(lower[i], upper[i]);
                sums[i] = lanes.add_i32s(sums[i], lanes.multiply_halves(voltages, factors[i]));
            }
            at += row.lanes;
        }
        let own = Self::vectors::<L>(v, row.at + skip, count);
        let factors = Self::vectors::<L>(&self.coefficients, at, count);
        for i in 0..N {
            sums[i] = lanes.add_i32s(sums[i], lanes.mul_i32s(voltage(lanes, own[i]), factors[i]));
        }
        sums
    }

    /// Some vectors of a row take their turn.
    #[inline(always)]
    fn turn_some<L: Lanes, const N: usize, const BYTE: u8>(
        &mut self,
        lanes: L,
        plan: &Plan,
        index: usize,
        wave: Wave,
        skip: usize,
        masked: bool,
    ) {
        let (w, row) = (wave.index(), &plan.rows[index]);
        let (at, count) = (row.at + skip, N * L::I32_LANES);
        let mut sums = self.sums::<L, N>(lanes, plan, index, wave, skip);
        let sign = if row.outputs { self.design.rules().nudge.direction(wave) } else { 0 };
        if sign != 0 {
            let conductance =
                lanes.splat_i32s(sign * narrow(self.design.rules().nudge.conductance(self.design.format())));
            let [wanted, least, most, present] =
                [0, 1, 2, 3].map(|i: usize| Self::vectors::<L>(&self.nudges[i], at, count));
            let own = Self::vectors::<L>(&self.v[w], at, count);
            let q = Self::vectors::<L>(&self.q, at, count);
            for i in 0..N {
                let drop = lanes.sub_i32s(wanted[i], voltage(lanes, own[i]));
                let satisfied = lanes
                    .or_m32s(lanes.less_than_i32s(drop, least[i]), lanes.greater_than_i32s(drop, most[i]));
                let felt = lanes.select_i32s(satisfied, lanes.splat_i32s(0), drop);
                let current =
                    lanes.mul_i32s(lanes.mul_i32s(felt, conductance), lanes.mul_i32s(q[i], present[i]));
                sums[i] = lanes.add_i32s(sums[i], current);
            }
        }
        let v_high = lanes.splat_i32s(both_halves(self.design.format().v_range().1));
        let guard = lanes.splat_i32s(self.v_guard.cast_signed());
        let range = self.range(lanes, row);
        let shift = Self::vectors::<L>(&self.shift, at, count);
        let one = lanes.splat_i32s(1);
        let active = if masked { Self::vectors::<L>(&self.active, skip, count) } else { &[] };
        let u = L::as_mut_simd_i32s(&mut self.u[w][at..at + count]).0;
        let v = L::as_mut_simd_i32s(&mut self.v[w][at..at + count]).0;
        for i in 0..N {
            let round = lanes.shift_right(lanes.shift_left(one, shift[i]), one);
            let change = lanes.shift_right(lanes.add_i32s(sums[i], round), shift[i]);
            let moved = lanes.add_i32s(u[i], change);
            let [low, high] = range;
            let mut next = lanes.max_i32s(low, lanes.min_i32s(high, moved));
            if masked {
                let moves = lanes.greater_than_i32s(active[i], lanes.splat_i32s(0));
                next = lanes.select_i32s(moves, next, u[i]);
            }
            u[i] = next;
            let shown = if BYTE == 0 { lanes.shift_right(next, guard) } else { next };
            v[i] = lanes.min_halves(lanes.twin::<BYTE>(shown), v_high);
        }
    }

    /// The turn of rows without outputs, `N` vectors of each at a time.
    #[inline(always)]
    fn turn_some_hidden<L: Lanes, const N: usize, const BYTE: u8>(
        &mut self,
        lanes: L,
        plan: &Plan,
        rows: Range<usize>,
        waves: &[Wave],
    ) {
        let Pairs { design, half, u: [u_free, u_clamped], v: [v_free, v_clamped], field, .. } = self;
        let words = InWords {
            lanes,
            plan,
            coefficients_of: &self.coefficients_of[rows.clone()],
            rows,
            coefficients: &self.coefficients,
            shift: &self.shift,
            half: *half,
            guard: lanes.splat_i32s(self.v_guard.cast_signed()),
            v_high: lanes.splat_i32s(both_halves(design.format().v_range().1)),
        };
        let free = hidden::InWave { u: u_free, v: v_free, field: &field[0] };
        let clamped = hidden::InWave { u: u_clamped, v: v_clamped, field: &field[1] };
        match waves {
            &[wave] => words.turn::<N, BYTE, 1>([if wave == Wave::Free { free } else { clamped }]),
            _ => words.turn::<N, BYTE, 2>([free, clamped]),
        }
    }

    #[inline(always)]
    fn turn_row<L: Lanes, const BYTE: u8>(
        &mut self,
        lanes: L,
        plan: &Plan,
        index: usize,
        wave: Wave,
        masked: bool,
    ) {
        let total = plan.rows[index].lanes;
        let some = SOME * L::I32_LANES;
        let mut skip = 0;
        while skip + some <= total {
            self.turn_some::<L, SOME, BYTE>(lanes, plan, index, wave, skip, masked);
            skip += some;
        }
        while skip < total {
            self.turn_some::<L, 1, BYTE>(lanes, plan, index, wave, skip, masked);
            skip += L::I32_LANES;
        }
    }

    /// The turn of a row with four neighbours, in one wave or both.
    #[inline(always)]
    fn turn_cross<L: Lanes, const BYTE: u8>(&mut self, lanes: L, plan: &Plan, index: usize, waves: &[Wave]) {
        let row = &plan.rows[index];
        let (at, count) = (row.at, row.lanes);
        let [west, east, north, south] = &plan.terms[row.terms.clone()] else {
            unreachable!("a lattice's nodes have four neighbours")
        };
        let neighbours = [west.nodes, east.nodes, north.nodes, south.nodes];
        let constants = Constants {
            lanes,
            guard: lanes.splat_i32s(self.v_guard.cast_signed()),
            v_high: lanes.splat_i32s(both_halves(self.design.format().v_range().1)),
        };
        let range = self.range(lanes, row);
        let blocks = &self.blocks[at / BLOCK..(at + count) / BLOCK];
        let ([u_free, u_clamped], [v_free, v_clamped]) = (&mut self.u, &mut self.v);
        let free = InWave::of(u_free, v_free, at, count, neighbours);
        let clamped = InWave::of(u_clamped, v_clamped, at, count, neighbours);
        let waves = match waves {
            [Wave::Free] => Waves::One(free),
            [Wave::Clamped] => Waves::One(clamped),
            _ => Waves::Both(free, clamped),
        };
        if plan.limits {
            let low = self.low[at..at + count].as_chunks::<BLOCK>().0;
            let high = self.high[at..at + count].as_chunks::<BLOCK>().0;
            cross::turn::<L, BYTE>(
                constants,
                blocks,
                #[inline(always)]
                |i, j| [L::as_simd_i32s(&low[i]).0[j], L::as_simd_i32s(&high[i]).0[j]],
                waves,
            );
        } else {
            cross::turn::<L, BYTE>(
                constants,
                blocks,
                #[inline(always)]
                |_, _| range,
                waves,
            );
        }
    }

    #[inline(always)]
    fn learn_row<L: Lanes>(&mut self, lanes: L, row: &EdgeRow, rate: Rate) {
        let format = self.design.format();
        let (low, high) = format.k_range(self.design.rules().g_min.into());
        let splat = |x| lanes.splat_i32s(x);
        let (low, high, zero) = (splat(narrow(low)), splat(narrow(high)), splat(0));
        // A product beyond this moves any `k` to the end of its range, whatever it is added to.
        let beyond = splat(1 << (format.k_bits() + format.k_guard() + 1));
        let offset = if let Rate::Same(offset) = rate { offset } else { 0 };
        let alpha = splat(i32::from(row.alpha) + i32::from(offset));
        let same = LearningShift::new(lanes, alpha, beyond);
        let rates = match rate {
            Rate::Same(_) => &[],
            Rate::ByLane => &self.lane_rate[..row.lanes],
            Rate::ByEdge => &self.edge_rate[row.at..row.at + row.lanes],
        };
        let (rates, _) = L::as_simd_i32s(rates);
        let (k, _) = L::as_mut_simd_i32s(&mut self.k[row.at..row.at + row.lanes]);
        let count = k.len();
        let [a_free, a_clamped, b_free, b_clamped] =
            [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(end, wave): (usize, usize)| {
                &Self::vectors::<L>(&self.v[wave], row.ends[end], row.lanes)[..count]
            });
        for i in 0..count {
            let free = lanes.sub_halves(a_free[i], b_free[i]);
            let clamped = lanes.sub_halves(a_clamped[i], b_clamped[i]);
            let product = lanes.multiply_halves(
                lanes.join(free, clamped),
                lanes.join(free, lanes.sub_halves(zero, clamped)),
            );
            let shift = match rates.get(i) {
                None => same,
                Some(&rate) => LearningShift::new(lanes, lanes.add_i32s(alpha, rate), beyond),
            };
            let moved = lanes.add_i32s(k[i], shift.applied(product));
            k[i] = lanes.max_i32s(low, lanes.min_i32s(high, moved));
        }
    }

    /// Conductances of a row's term as vectors of whole numbers.
    #[inline(always)]
    fn conductance<L: Lanes>(&self, lanes: L, k: L::i32s) -> L::i32s {
        lanes.shift_right(k, lanes.splat_i32s(self.design.format().k_guard().cast_signed()))
    }

    /// Gains and coefficients of one row.
    #[inline(always)]
    fn update_row<L: Lanes>(&mut self, lanes: L, plan: &Plan, index: usize) {
        let row = &plan.rows[index];
        let (terms, inputs) = (&plan.terms[row.terms.clone()], &plan.terms[row.inputs.clone()]);
        let gains = WordGains::of(lanes, &self.design);
        if plan.lattice {
            let [west, east, north, south] = terms else {
                unreachable!("a lattice's nodes have four neighbours")
            };
            let k = |term: &Term| self.k[term.edges..term.edges + row.lanes].as_chunks().0;
            let blocks = &mut self.blocks[row.at / BLOCK..(row.at + row.lanes) / BLOCK];
            cross::update(gains, blocks, k(west), k(east), k(north), k(south));
            return;
        }
        let nudge = lanes.splat_i32s(if row.outputs {
            narrow(self.design.rules().nudge.conductance(self.design.format()))
        } else {
            0
        });
        let first = self.coefficients_of[index];
        let [mut linear, mut q, mut shift] = [[0; Self::LANES]; 3];
        for skip in (0..row.lanes).step_by(Self::LANES) {
            let sums = L::as_mut_simd_i32s(&mut linear).0;
            sums.fill(lanes.splat_i32s(0));
            for term in terms.iter().chain(inputs) {
                let k = Self::vectors::<L>(&self.k, term.edges + skip, Self::LANES);
                for (sum, &k) in sums.iter_mut().zip(k) {
                    *sum = lanes.add_i32s(*sum, gains.conductance(k));
                }
            }
            let each = L::as_mut_simd_i32s(&mut q).0.iter_mut().zip(L::as_mut_simd_i32s(&mut shift).0);
            for ((q, shift), &sum) in each.zip(&*sums) {
                [*q, *shift] = gains.gain(lanes.add_i32s(sum, nudge));
            }
            let at = row.at + skip..row.at + skip + Self::LANES;
            self.shift[at.clone()].copy_from_slice(&shift);
            if let Some(kept) = self.q.get_mut(at) {
                kept.copy_from_slice(&q);
            }
            self.update_coefficients(lanes, row, terms, first + skip, skip, &q, &linear);
        }
    }

    /// `k` of a term's edges times `q`, for some lanes of a row.
    #[inline(always)]
    fn factors<L: Lanes>(&self, lanes: L, term: &Term, skip: usize, i: usize, q: L::i32s) -> L::i32s {
        let k = Self::vectors::<L>(&self.k, term.edges + skip, Self::LANES)[i];
        lanes.multiply_halves(self.conductance(lanes, k), q)
    }

    /// Coefficients of some lanes of a row, from `place` on, from their `q` and sums of conductances.
    #[expect(clippy::too_many_arguments, reason = "one loop in two functions")]
    #[inline(always)]
    fn update_coefficients<L: Lanes>(
        &mut self,
        lanes: L,
        row: &Row,
        terms: &[Term],
        mut place: usize,
        skip: usize,
        q: &[i32],
        linear: &[i32],
    ) {
        let [q, linear] = [q, linear].map(|x| L::as_simd_i32s(x).0);
        for pair in terms.chunks(2) {
            for (i, &q) in q.iter().enumerate() {
                let lower = self.factors(lanes, &pair[0], skip, i, q);
                let upper = match pair.get(1) {
                    Some(term) => self.factors(lanes, term, skip, i, q),
                    None => lanes.splat_i32s(0),
                };
                let both = lanes.pair(lower, upper);
                L::as_mut_simd_i32s(&mut self.coefficients[place..place + Self::LANES]).0[i] = both;
            }
            place += row.lanes;
        }
        let own = L::as_mut_simd_i32s(&mut self.coefficients[place..place + Self::LANES]).0;
        for ((own, &linear), &q) in own.iter_mut().zip(linear).zip(q) {
            *own = lanes.sub_i32s(lanes.splat_i32s(0), lanes.mul_i32s(linear, q));
        }
    }
}

impl Core for Pairs {
    const LANES: usize = 2 * MOST_LANES;
    const BYTES: [usize; 2] = [24, 8];

    /// Bounds: `(2^K - 1) 15`, a voltage and a drop, of `V + 1` bits, fit 16 bits; `|S q|`, less than `(n + 1) 2^(K+V) 15` with the nudge, stays below
    /// 15/16 of 2^31, and its rounding is a fraction of it; a product of drops, less than `2^(2V)`, stays below 2^30, `k` below 2^29, and `u`
    /// with its half below 2^28. At least one bit is shifted out of `S q`: `s + 3 - GV >= K - 1 - GV >= 1`.
    fn fits(design: &Design) -> bool {
        let (network, format) = (design.network(), design.format());
        let (v, k) = (format.v_bits(), format.k_bits());
        let terms = usize::BITS - (network.max_degree() + 1).leading_zeros();
        network.edges().iter().all(|edge| edge.kind.is_linear())
            && k <= 10
            && v <= 15
            && v + k + 4 + terms <= 31
            && k + format.k_guard() <= 28
            && format.v_guard() + 2 <= k
    }

    fn new(design: &Arc<Design>, plan: &Plan) -> Self {
        let format = design.format();
        let of = |value, wanted, length| Aligned::new(value, if wanted { length } else { 0 });
        let both = |value, wanted| [of(value, wanted, plan.nodes), of(value, wanted, plan.nodes)];
        let lanes = plan.rows.iter().map(|row| row.lanes).max().unwrap_or(0);
        let half = (1 << format.v_guard()) >> 1;
        let mut place = 0;
        let coefficients_of = plan.rows.iter().map(|row| {
            let here = place;
            place += words(row) * row.lanes;
            here
        });
        let coefficients_of = coefficients_of.collect();
        let (blocks, words) = if plan.lattice { (plan.nodes.div_ceil(BLOCK), 0) } else { (0, place) };
        let (low, high) = format.u_range();
        Pairs {
            half,
            v_guard: format.v_guard(),
            u: both(half, true),
            v: both(0, true),
            field: both(0, plan.has_fields()),
            coefficients_of,
            blocks: vec![Block::STILL; blocks],
            coefficients: Aligned::new(0, words),
            shift: of(1, !plan.lattice, plan.nodes),
            q: of(0, plan.has_fields() || plan.rows.iter().any(|row| row.outputs), plan.nodes),
            low: of(narrow(low) + half, plan.limits, plan.nodes),
            high: of(narrow(high) + half, plan.limits, plan.nodes),
            nudges: [0; 4].map(|_| Aligned::new(0, plan.targets)),
            k: of(0, true, plan.edges),
            lane_rate: of(0, plan.masks, lanes),
            edge_rate: Aligned::new(0, 0),
            active: of(1, plan.masks, lanes),
            design: Arc::clone(design),
        }
    }

    fn set_u(&mut self, wave: Wave, lane: usize, u: i64) {
        self.u[wave.index()][lane] = narrow(u) + self.half;
        self.v[wave.index()][lane] = both_halves(self.design.format().voltage(u));
    }

    #[inline]
    fn impose(&mut self, lane: usize, v: i32) {
        let ([u_free, u_clamped], [v_free, v_clamped]) = (&mut self.u, &mut self.v);
        let (u, v) = ((v << self.v_guard) + self.half, both_halves(v.into()));
        (u_free[lane], u_clamped[lane]) = (u, u);
        (v_free[lane], v_clamped[lane]) = (v, v);
    }

    fn u(&self, wave: Wave, lane: usize) -> i64 {
        (self.u[wave.index()][lane] - self.half).into()
    }

    fn v(&self, wave: Wave, lane: usize) -> i64 {
        (self.v[wave.index()][lane] >> 16).into()
    }

    fn mirror(&mut self, wave: Wave, from: usize, to: usize) {
        self.v[wave.index()][to] = self.v[wave.index()][from];
    }

    fn set_range(&mut self, lane: usize, range: [i64; 2]) {
        let [low, high] = range.map(|u| narrow(u) + self.half);
        (self.low[lane], self.high[lane]) = (low, high);
    }

    fn set_k(&mut self, edge: usize, k: Option<i64>) {
        self.k[edge] = k.map_or(0, narrow);
    }

    fn k(&self, edge: usize) -> i64 {
        self.k[edge].into()
    }

    fn g(&self, edge: usize) -> i64 {
        self.design.format().conductance(self.k[edge].into())
    }

    fn mirror_edge(&mut self, from: usize, to: usize) {
        self.k[to] = self.k[from];
    }

    #[inline]
    fn set_target(&mut self, lane: usize, target: Option<Target>) {
        let [wanted, least, most, present] = &mut self.nudges;
        present[lane] = target.is_some().into();
        if let Some(Target { voltage, sense }) = target {
            wanted[lane] = voltage;
            let bounds = sense.passed_drops().map(|drop| drop.clamp(i32::MIN.into(), i32::MAX.into()));
            [least[lane], most[lane]] = bounds.map(narrow);
        }
    }

    fn set_lane_rate(&mut self, lane: usize, offset: Option<u8>) {
        self.lane_rate[lane] = offset.map_or(NEVER, i32::from);
    }

    fn set_edge_rate(&mut self, edge: usize, offset: Option<u8>) {
        if self.edge_rate.is_empty() {
            self.edge_rate = Aligned::new(NEVER, self.k.len());
        }
        self.edge_rate[edge] = offset.map_or(NEVER, i32::from);
    }

    fn set_active(&mut self, lane: usize, active: bool) {
        self.active[lane] = active.into();
    }

    #[inline(always)]
    fn update_gains<L: Lanes>(&mut self, lanes: L, plan: &Plan, still: &[u32]) {
        for index in 0..plan.rows.len() {
            self.update_row(lanes, plan, index);
        }
        debug_assert!(plan.lattice || still.is_empty(), "elsewhere every lane moves");
        for &lane in still {
            self.blocks[lane as usize / BLOCK].hold(lane as usize % BLOCK);
        }
    }

    #[inline(always)]
    fn update_fields<L: Lanes>(&mut self, lanes: L, plan: &Plan, alike: bool) {
        for row in plan.rows.iter().filter(|row| !row.inputs.is_empty()) {
            for wave in Wave::BOTH {
                let at = row.at..row.at + row.lanes;
                if alike && wave == Wave::Clamped {
                    let [free, clamped] = &mut self.field;
                    clamped[at.clone()].copy_from_slice(&free[at]);
                    continue;
                }
                let mut field = std::mem::replace(&mut self.field[wave.index()], Aligned::new(0, 0));
                let (sums, _) = L::as_mut_simd_i32s(&mut field[at.clone()]);
                sums.fill(lanes.splat_i32s(0));
                for term in &plan.terms[row.inputs.clone()] {
                    let k = Self::vectors::<L>(&self.k, term.edges, row.lanes);
                    let v = Self::vectors::<L>(&self.v[wave.index()], term.nodes, row.lanes);
                    for ((sum, &k), &v) in sums.iter_mut().zip(k).zip(v) {
                        let product = lanes.mul_i32s(self.conductance(lanes, k), voltage(lanes, v));
                        *sum = lanes.add_i32s(*sum, product);
                    }
                }
                for (sum, &q) in sums.iter_mut().zip(Self::vectors::<L>(&self.q, row.at, row.lanes)) {
                    *sum = lanes.mul_i32s(*sum, q);
                }
                self.field[wave.index()] = field;
            }
        }
    }

    #[inline(always)]
    fn turn<L: Lanes>(&mut self, lanes: L, plan: &Plan, row: usize, wave: Wave, masked: bool) {
        // With 8 guard bits the voltage begins at a byte, and needs no shift of its own.
        match self.v_guard {
            8 => self.turn_row::<L, 1>(lanes, plan, row, wave, masked),
            _ => self.turn_row::<L, 0>(lanes, plan, row, wave, masked),
        }
    }

    #[inline(always)]
    fn turn_hidden<L: Lanes>(&mut self, lanes: L, plan: &Plan, rows: Range<usize>, waves: &[Wave]) {
        let vectors = plan.rows.first().map_or(0, |row| row.lanes) / L::I32_LANES;
        match (vectors.is_multiple_of(2), self.v_guard) {
            (true, 8) => self.turn_some_hidden::<L, 2, 1>(lanes, plan, rows, waves),
            (true, _) => self.turn_some_hidden::<L, 2, 0>(lanes, plan, rows, waves),
            (false, 8) => self.turn_some_hidden::<L, 1, 1>(lanes, plan, rows, waves),
            (false, _) => self.turn_some_hidden::<L, 1, 0>(lanes, plan, rows, waves),
        }
    }

    #[inline(always)]
    fn turn_in_lattice<L: Lanes>(&mut self, lanes: L, plan: &Plan, row: usize, waves: &[Wave]) {
        match self.v_guard {
            8 => self.turn_cross::<L, 1>(lanes, plan, row, waves),
            _ => self.turn_cross::<L, 0>(lanes, plan, row, waves),
        }
    }

    #[inline(always)]
    fn nudge<L: Lanes>(&mut self, lanes: L, plan: &Plan, nudged: &[Nudged], eta: u8, masked: bool) {
        let splat = |x| lanes.splat_i32s(x);
        let (zero, half, shift) = (splat(0), splat((1 << eta) >> 1), splat(eta.into()));
        let (guard, bias) = (splat(self.v_guard.cast_signed()), splat(self.half));
        let v_high = splat(both_halves(self.design.format().v_range().1));
        let ([u_free, u], [v_free, v]) = (&mut self.u, &mut self.v);
        let [wanted, least, most, present] = &self.nudges;
        for Nudged { row, lanes: here, targets } in nudged {
            let row = &plan.rows[*row];
            let (at, count) = (row.at + here.start, here.len());
            let (low, high) =
                (splat(narrow(row.range[0]) + self.half), splat(narrow(row.range[1]) + self.half));
            let limited = if plan.limits { count } else { 0 };
            let lows = Self::vectors::<L>(&self.low, at.min(self.low.len()), limited);
            let highs = Self::vectors::<L>(&self.high, at.min(self.high.len()), limited);
            let active = if masked { Self::vectors::<L>(&self.active, here.start, count) } else { &[] };
            let u_free = Self::vectors::<L>(u_free, at, count);
            let v_free = Self::vectors::<L>(v_free, at, count);
            let wanted = Self::vectors::<L>(wanted, *targets, count);
            let least = Self::vectors::<L>(least, *targets, count);
            let most = Self::vectors::<L>(most, *targets, count);
            let present = Self::vectors::<L>(present, *targets, count);
            let u = L::as_mut_simd_i32s(&mut u[at..at + count]).0;
            let v = L::as_mut_simd_i32s(&mut v[at..at + count]).0;
            for i in 0..u.len() {
                let drop = lanes.sub_i32s(wanted[i], voltage(lanes, v_free[i]));
                let satisfied = lanes
                    .or_m32s(lanes.less_than_i32s(drop, least[i]), lanes.greater_than_i32s(drop, most[i]));
                let wanted = lanes.add_i32s(lanes.shift_left(wanted[i], guard), bias);
                let way = lanes.add_i32s(lanes.sub_i32s(wanted, u_free[i]), half);
                let pulled = lanes.add_i32s(u_free[i], lanes.shift_right(way, shift));
                let pulled = lanes.select_i32s(satisfied, u_free[i], pulled);
                let mut moves = lanes.greater_than_i32s(present[i], zero);
                if let Some(&active) = active.get(i) {
                    moves = lanes.and_m32s(moves, lanes.greater_than_i32s(active, zero));
                }
                let (low, high) = (*lows.get(i).unwrap_or(&low), *highs.get(i).unwrap_or(&high));
                let pulled = lanes.max_i32s(low, lanes.min_i32s(high, pulled));
                u[i] = lanes.select_i32s(moves, pulled, u[i]);
                v[i] = lanes.min_halves(lanes.twin::<0>(lanes.shift_right(u[i], guard)), v_high);
            }
        }
    }

    #[inline(always)]
    fn learn<L: Lanes>(&mut self, lanes: L, plan: &Plan, rate: Rate) {
        for row in &plan.edge_rows {
            self.learn_row(lanes, row, rate);
        }
    }
}

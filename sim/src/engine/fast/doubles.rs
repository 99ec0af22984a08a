//! Rows in doubles: for every format and kind of edge that [`exact::fits`](super::exact::fits).

use super::aligned::Aligned;
use super::exact::{self, BIAS, Gains, Scales, double, learning_scale, power, unbiased, whole};
use super::hidden::{self, InDoubles, twice_current};
use super::kernels::{self, Accumulators, Learner, Nudges};
use super::lanes::{Lanes, MOST_LANES};
use super::rows::{Core, EdgeRow, Nudged, Plan, Rate, Row, Term};
use crate::network::EdgeKind;
use crate::{Design, Target, Wave};
use std::ops::Range;
use std::sync::Arc;

/// So many vectors of a row are computed at a time, so that additions do not wait for each other.
const SOME: usize = 4;

/// So many lanes of a row are looked at at a time where gains are looked up.
const CHUNK: usize = 8 * MOST_LANES;

#[derive(Clone, Debug)]
pub(super) struct Doubles {
    design: Arc<Design>,
    scales: Scales,
    gains: Gains,
    absent: f64,
    /// Biased, by wave.
    u: [Aligned<f64>; 2],
    v: [Aligned<f64>; 2],
    /// Contributions of inputs and the tie, by wave; empty without inputs as such.
    field: [Aligned<f64>; 2],
    factor: Aligned<f64>,
    linear: Aligned<f64>,
    /// Biased; empty unless lanes have limits of their own.
    low: Aligned<f64>,
    high: Aligned<f64>,
    nudges: Nudges,
    /// Biased; 0 where there is no edge.
    k: Aligned<f64>,
    g: Aligned<f64>,
    /// `2^offset`, or 0 for what does not learn: by lane of a row, and by edge.
    lane_rate: Aligned<f64>,
    edge_rate: Aligned<f64>,
    /// 1 or 0 by lane of a row.
    active: Aligned<f64>,
}

impl Doubles {
    /// Lanes `at..` of an array as vectors.
    #[inline(always)]
    fn vectors<L: Lanes>(array: &[f64], at: usize, count: usize) -> &[L::f64s] {
        L::as_simd_f64s(&array[at..at + count]).0
    }

    /// Adds what terms contribute in one wave to some vectors of a row, from lane `skip` of it on: `g v_j`, and for transistors
    /// their current.
    #[inline(always)]
    fn add_terms<L: Lanes, const N: usize>(
        &self,
        lanes: L,
        sums: &mut [L::f64s; N],
        terms: &[Term],
        wave: Wave,
        (at, skip): (usize, usize),
    ) {
        let count = N * L::F64_LANES;
        let v = &*self.v[wave.index()];
        for term in terms {
            let g = Self::vectors::<L>(&self.g, term.edges + skip, count);
            let other = Self::vectors::<L>(v, term.nodes + skip, count);
            match term.kind {
                EdgeKind::Linear => {
                    for i in 0..N {
                        sums[i] = lanes.mul_add_e_f64s(g[i], other[i], sums[i]);
                    }
                }
                EdgeKind::Transistor => {
                    let own = Self::vectors::<L>(v, at + skip, count);
                    let (zero, half) = (lanes.splat_f64s(0.0), lanes.splat_f64s(0.5));
                    for i in 0..N {
                        let twice = twice_current(lanes, zero, [g[i], own[i], other[i]]);
                        sums[i] = lanes.mul_add_e_f64s(twice, half, sums[i]);
                    }
                }
            }
        }
    }

    /// Some vectors of a row take their turn.
    #[inline(always)]
    fn turn_some<L: Lanes, const N: usize>(
        &mut self,
        lanes: L,
        plan: &Plan,
        (row, skip): (&Row, usize),
        wave: Wave,
        masked: bool,
    ) {
        let w = wave.index();
        let count = N * L::F64_LANES;
        let at = row.at + skip..row.at + skip + count;
        let mut sums = [lanes.splat_f64s(self.scales.tie); N];
        if !row.inputs.is_empty() {
            sums.copy_from_slice(Self::vectors::<L>(&self.field[w], at.start, count));
        }
        self.add_terms::<L, N>(lanes, &mut sums, &plan.terms[row.terms.clone()], wave, (row.at, skip));
        let sign = if row.outputs { self.design.rules().nudge.direction(wave).into() } else { 0.0 };
        if sign != 0.0 {
            kernels::nudge(lanes, &mut sums, &self.v[w][at.clone()], &self.nudges, at.clone(), sign);
        }
        let nodes = Accumulators {
            u: &mut self.u[w][at.clone()],
            v: &mut self.v[w][at.clone()],
            factor: &self.factor[at.clone()],
            linear: &self.linear[at.clone()],
        };
        if masked {
            let active = &self.active[skip..skip + count];
            kernels::relax_some(lanes, &self.scales, &sums, nodes, row.range, active);
        } else if plan.limits {
            kernels::relax(lanes, &self.scales, &sums, nodes, &self.low[at.clone()], &self.high[at]);
        } else {
            kernels::relax_alike(lanes, &self.scales, &sums, nodes, row.range);
        }
    }

    /// The turn of rows without outputs, `N` vectors of each at a time.
    #[inline(always)]
    fn turn_some_hidden<L: Lanes, const N: usize>(
        &mut self,
        lanes: L,
        plan: &Plan,
        rows: Range<usize>,
        waves: &[Wave],
    ) {
        let Doubles { scales, u: [u_free, u_clamped], v: [v_free, v_clamped], field, .. } = self;
        let doubles =
            InDoubles { lanes, plan, rows, g: &self.g, factor: &self.factor, linear: &self.linear, scales };
        let free = hidden::InWave { u: u_free, v: v_free, field: &field[0] };
        let clamped = hidden::InWave { u: u_clamped, v: v_clamped, field: &field[1] };
        match waves {
            &[wave] => doubles.turn::<N, 1>([if wave == Wave::Free { free } else { clamped }]),
            _ => doubles.turn::<N, 2>([free, clamped]),
        }
    }

    #[inline(always)]
    fn learn_row<L: Lanes>(&mut self, lanes: L, row: &EdgeRow, rate: Rate) {
        let offset = if let Rate::Same(offset) = rate { offset } else { 0 };
        let (scale, tie) = learning_scale(i32::from(row.alpha) + i32::from(offset));
        let learner = Learner::new(lanes, &self.scales, tie);
        let splat = |x| lanes.splat_f64s(x);
        let (scale, one, some, none) = (splat(scale), splat(1.0), splat(0.25), splat(0.0));
        let edges = row.at..row.at + row.lanes;
        let rates = match rate {
            Rate::Same(_) => &[],
            Rate::ByLane => &self.lane_rate[..row.lanes],
            Rate::ByEdge => &self.edge_rate[edges.clone()],
        };
        let (rates, _) = L::as_simd_f64s(rates);
        let (k, _) = L::as_mut_simd_f64s(&mut self.k[edges.clone()]);
        let (g, _) = L::as_mut_simd_f64s(&mut self.g[edges]);
        let [a_free, a_clamped, b_free, b_clamped] =
            [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(end, wave): (usize, usize)| {
                L::as_simd_f64s(&self.v[wave][row.ends[end]..][..row.lanes]).0
            });
        for i in 0..k.len() {
            let free = lanes.sub_f64s(a_free[i], b_free[i]);
            let clamped = lanes.sub_f64s(a_clamped[i], b_clamped[i]);
            let (difference, total) = (lanes.sub_f64s(free, clamped), lanes.add_f64s(free, clamped));
            [k[i], g[i]] = match rates.get(i) {
                None => learner.learnt(k[i], difference, total, scale),
                Some(&rate) => {
                    let scale = lanes.mul_f64s(scale, rate);
                    let tie = lanes.select_f64s(lanes.less_than_f64s(scale, one), some, none);
                    learner.with_tie(tie).learnt(k[i], difference, total, scale)
                }
            };
        }
    }
}

impl Core for Doubles {
    const LANES: usize = MOST_LANES;
    const BYTES: [usize; 2] = [48, 16];

    fn fits(design: &Design) -> bool {
        exact::fits(design)
    }

    fn new(design: &Arc<Design>, plan: &Plan) -> Self {
        let scales = Scales::new(design);
        let of = |value, wanted, length| Aligned::new(value, if wanted { length } else { 0 });
        let both = |value, wanted| [of(value, wanted, plan.nodes), of(value, wanted, plan.nodes)];
        let lanes = plan.rows.iter().map(|row| row.lanes).max().unwrap_or(0);
        Doubles {
            gains: Gains::new(design),
            absent: double(plan.absent),
            u: both(BIAS, true),
            v: both(0.0, true),
            field: both(scales.tie, plan.has_fields()),
            factor: of(0.0, true, plan.nodes),
            linear: of(0.0, true, plan.nodes),
            low: of(scales.u_range[0], plan.limits, plan.nodes),
            high: of(scales.u_range[1], plan.limits, plan.nodes),
            nudges: Nudges::new(plan.targets),
            k: of(0.0, true, plan.edges),
            g: of(double(plan.absent), true, plan.edges),
            lane_rate: of(1.0, plan.masks, lanes),
            edge_rate: Aligned::new(0.0, 0),
            active: of(1.0, plan.masks, lanes),
            scales,
            design: Arc::clone(design),
        }
    }

    fn set_u(&mut self, wave: Wave, lane: usize, u: i64) {
        let u = double(u) + BIAS;
        self.u[wave.index()][lane] = u;
        self.v[wave.index()][lane] = self.scales.voltage(u);
    }

    #[inline]
    fn impose(&mut self, lane: usize, v: i32) {
        let v = f64::from(v);
        let ([u_free, u_clamped], [v_free, v_clamped]) = (&mut self.u, &mut self.v);
        let u = v * self.scales.v_one + BIAS;
        (u_free[lane], u_clamped[lane]) = (u, u);
        (v_free[lane], v_clamped[lane]) = (v, v);
    }

    fn u(&self, wave: Wave, lane: usize) -> i64 {
        unbiased(self.u[wave.index()][lane])
    }

    fn v(&self, wave: Wave, lane: usize) -> i64 {
        whole(self.v[wave.index()][lane]).into()
    }

    fn mirror(&mut self, wave: Wave, from: usize, to: usize) {
        self.v[wave.index()][to] = self.v[wave.index()][from];
    }

    fn set_range(&mut self, lane: usize, [low, high]: [i64; 2]) {
        self.low[lane] = double(low) + BIAS;
        self.high[lane] = double(high) + BIAS;
    }

    fn set_k(&mut self, edge: usize, k: Option<i64>) {
        let k = k.map(|k| double(k) + BIAS);
        self.k[edge] = k.unwrap_or(0.0);
        self.g[edge] = k.map_or(self.absent, |k| self.scales.conductance(k));
    }

    fn k(&self, edge: usize) -> i64 {
        unbiased(self.k[edge])
    }

    fn g(&self, edge: usize) -> i64 {
        whole(self.g[edge]).into()
    }

    fn mirror_edge(&mut self, from: usize, to: usize) {
        self.g[to] = self.g[from];
    }

    fn set_target(&mut self, lane: usize, target: Option<Target>) {
        // With a clamped nudge the conductance only says that there is a target.
        let conductance = if self.scales.nudge > 0.0 { self.scales.nudge } else { 1.0 };
        self.nudges.set(lane, target, conductance);
    }

    fn set_lane_rate(&mut self, lane: usize, offset: Option<u8>) {
        self.lane_rate[lane] = offset.map_or(0.0, |offset| power(offset.into()));
    }

    fn set_edge_rate(&mut self, edge: usize, offset: Option<u8>) {
        if self.edge_rate.is_empty() {
            self.edge_rate = Aligned::new(0.0, self.k.len());
        }
        self.edge_rate[edge] = offset.map_or(0.0, |offset| power(offset.into()));
    }

    fn set_active(&mut self, lane: usize, active: bool) {
        self.active[lane] = if active { 1.0 } else { 0.0 };
    }

    #[inline(always)]
    fn update_gains<L: Lanes>(&mut self, lanes: L, plan: &Plan, still: &[u32]) {
        let zero = lanes.splat_f64s(0.0);
        let rail = lanes.splat_f64s(double(self.design.rules().lowest_rail.into()));
        for row in &plan.rows {
            let nudge = lanes.splat_f64s(if row.outputs { self.scales.nudge } else { 0.0 });
            for skip in (0..row.lanes).step_by(CHUNK) {
                let some = CHUNK.min(row.lanes - skip);
                let at = row.at + skip..row.at + skip + some;
                let (linear, _) = L::as_mut_simd_f64s(&mut self.linear[at.clone()]);
                let (d_sums, _) = L::as_mut_simd_f64s(&mut self.factor[at.clone()]);
                linear.fill(zero);
                d_sums.fill(nudge);
                for term in plan.terms[row.terms.clone()].iter().chain(&plan.terms[row.inputs.clone()]) {
                    let (g, _) = L::as_simd_f64s(&self.g[term.edges + skip..][..some]);
                    let sums = linear.iter_mut().zip(d_sums.iter_mut()).zip(g);
                    match term.kind {
                        EdgeKind::Linear => {
                            for ((linear, d_sum), &g) in sums {
                                *linear = lanes.add_f64s(*linear, g);
                                *d_sum = lanes.add_f64s(*d_sum, g);
                            }
                        }
                        EdgeKind::Transistor => {
                            for ((_, d_sum), &g) in sums {
                                *d_sum =
                                    lanes.add_f64s(*d_sum, lanes.max_f64s(zero, lanes.sub_f64s(g, rail)));
                            }
                        }
                    }
                }
                for factor in &mut self.factor[at] {
                    *factor = self.gains.factor(*factor);
                }
            }
        }
        still.iter().for_each(|&lane| self.factor[lane as usize] = 0.0);
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
                for skip in (0..row.lanes).step_by(L::F64_LANES) {
                    let mut sum = [lanes.splat_f64s(self.scales.tie)];
                    let terms = &plan.terms[row.inputs.clone()];
                    self.add_terms::<L, 1>(lanes, &mut sum, terms, wave, (row.at, skip));
                    let here = at.start + skip;
                    let field = &mut self.field[wave.index()][here..here + L::F64_LANES];
                    L::as_mut_simd_f64s(field).0.copy_from_slice(&sum);
                }
            }
        }
    }

    #[inline(always)]
    fn turn<L: Lanes>(&mut self, lanes: L, plan: &Plan, row: usize, wave: Wave, masked: bool) {
        let row = &plan.rows[row];
        let some = SOME * L::F64_LANES;
        let mut skip = 0;
        while skip + some <= row.lanes {
            self.turn_some::<L, SOME>(lanes, plan, (row, skip), wave, masked);
            skip += some;
        }
        while skip < row.lanes {
            self.turn_some::<L, 1>(lanes, plan, (row, skip), wave, masked);
            skip += L::F64_LANES;
        }
    }

    #[inline(always)]
    fn nudge<L: Lanes>(&mut self, lanes: L, plan: &Plan, nudged: &[Nudged], eta: u8, masked: bool) {
        let splat = |x| lanes.splat_f64s(x);
        let (shift, tie) = (splat(power(-i32::from(eta))), splat(0.25));
        let (v_scale, v_shift, v_high) =
            (splat(self.scales.v_scale), splat(self.scales.v_shift), splat(self.scales.v_high));
        let (v_one, bias, zero) = (splat(self.scales.v_one), splat(BIAS), splat(0.0));
        let [u_free, u] = &mut self.u;
        let [v_free, v] = &mut self.v;
        for Nudged { row, lanes: here, targets } in nudged {
            let row = &plan.rows[*row];
            let at = row.at + here.start..row.at + here.end;
            let (low, high) = (splat(double(row.range[0]) + BIAS), splat(double(row.range[1]) + BIAS));
            let limits = if plan.limits { at.clone() } else { 0..0 };
            let (lows, _) = L::as_simd_f64s(&self.low[limits.clone()]);
            let (highs, _) = L::as_simd_f64s(&self.high[limits]);
            let (active, _) = L::as_simd_f64s(if masked { &self.active[here.clone()] } else { &[] });
            let (u_free, _) = L::as_simd_f64s(&u_free[at.clone()]);
            let (v_free, _) = L::as_simd_f64s(&v_free[at.clone()]);
            let (u, _) = L::as_mut_simd_f64s(&mut u[at.clone()]);
            let (v, _) = L::as_mut_simd_f64s(&mut v[at]);
            let [wanted, least, most, present] = self.nudges.by_lane(*targets..targets + here.len());
            let (wanted, least) = (L::as_simd_f64s(wanted).0, L::as_simd_f64s(least).0);
            let (most, present) = (L::as_simd_f64s(most).0, L::as_simd_f64s(present).0);
            for i in 0..u.len() {
                let drop = lanes.sub_f64s(wanted[i], v_free[i]);
                let satisfied = lanes
                    .or_m64s(lanes.less_than_f64s(drop, least[i]), lanes.greater_than_f64s(drop, most[i]));
                let wanted = lanes.mul_add_e_f64s(wanted[i], v_one, bias);
                let way = lanes.add_f64s(lanes.sub_f64s(wanted, u_free[i]), tie);
                let pulled = lanes.mul_add_e_f64s(way, shift, u_free[i]);
                let pulled = lanes.select_f64s(satisfied, u_free[i], pulled);
                let mut moves = lanes.greater_than_f64s(present[i], zero);
                if let Some(&active) = active.get(i) {
                    moves = lanes.and_m64s(moves, lanes.greater_than_f64s(active, zero));
                }
                let (low, high) = (*lows.get(i).unwrap_or(&low), *highs.get(i).unwrap_or(&high));
                let pulled = lanes.max_f64s(low, lanes.min_f64s(high, pulled));
                u[i] = lanes.select_f64s(moves, pulled, u[i]);
                v[i] = lanes.min_f64s(v_high, lanes.floor(lanes.mul_add_e_f64s(u[i], v_scale, v_shift)));
            }
        }
    }

    #[inline(always)]
    fn turn_hidden<L: Lanes>(&mut self, lanes: L, plan: &Plan, rows: Range<usize>, waves: &[Wave]) {
        let vectors = plan.rows.first().map_or(0, |row| row.lanes) / L::F64_LANES;
        if vectors.is_multiple_of(4) {
            self.turn_some_hidden::<L, 4>(lanes, plan, rows, waves);
        } else if vectors.is_multiple_of(2) {
            self.turn_some_hidden::<L, 2>(lanes, plan, rows, waves);
        } else {
            self.turn_some_hidden::<L, 1>(lanes, plan, rows, waves);
        }
    }

    #[inline(always)]
    fn learn<L: Lanes>(&mut self, lanes: L, plan: &Plan, rate: Rate) {
        for row in &plan.edge_rows {
            self.learn_row(lanes, row, rate);
        }
    }
}

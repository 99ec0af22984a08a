//! Edges between inputs and a layer that relaxes, in words: most of what a layered network of images does.
//!
//! Such edges are many, and used twice a sample: their currents are summed when it is shown, and they learn when it is over. What
//! costs is memory, and the order of the two. A conductance accumulator is one word of 32 bits here and its conductance is read
//! from it; in doubles the two are sixteen bytes. And learning waits until the next sum is asked for: then one pass reads every
//! accumulator, lets it learn, writes it, and multiplies its conductance by the voltage that the input shows *now*.
//!
//! **Words.** `k - 2^(K+GK-1)` is signed, and stands shifted left by `32 - K - GK`, so that its upper half, less the bits below the
//! conductance, is `g - 2^(K-1)` times `2^(16-K)`: one factor of a pair of 16 bits. The voltages of two inputs are the other, and
//! `2^(K-1)` times the sum of all voltages is added in the end. Sums of pairs need more than 32 bits, so two sums are kept: that of the
//! pairs modulo 2^32, and that of their upper halves. With `n` pairs the sum lies between the latter times 2^16 and `n 2^16` above it;
//! for at most [`MOST_PAIRS`] the former says where.
//!
//! **Learning.** An input shows both waves the same `v_i`. With `d` and `t` the difference and the sum of the other end's voltages,
//! `dF^2 - dC^2 = d (t - 2 v_i)`: one multiplication by a number of the column, modulo 2^32. Where the largest change in a tile does not
//! fit a word, or inputs differ between the waves, or edges are drawn, [`InputTile::learn_plainly`] learns in 64 bits.
//!
//! **Threads.** The inputs of a block may be divided among several tiles, each of which is the [job](Job) of one thread, once a
//! sample. Their sums are integers, so it does not matter who adds up what.

use super::aligned::Aligned;
use super::exact::{BIAS, double, whole};
use super::general;
use super::lanes::{Lanes, dispatch};
use super::team::Job;
use super::width::Token;
use crate::{Design, Format, shift_rounded};
use std::ops::Range;

/// Lanes of a row that lie together. Columns are padded to [`MOST_WORDS`].
const GROUP: usize = 64;

/// The most lanes of words any width has.
const MOST_WORDS: usize = 16;

/// So many pairs of rows are summed before sums of words become doubles: with ones as voltages, `2^16` each, they fit a word.
const MOST_PAIRS: usize = 1 << 14;

/// What a pass does besides adding up: nothing, learn, or learn a change that is shifted.
const STILL: u8 = 0;
const LEARNS: u8 = 1;
const LEARNS_SHIFTED: u8 = 2;

/// How accumulators of a format stand in words.
#[derive(Clone, Copy, Debug)]
pub(super) struct WordFormat {
    format: Format,
    g_min: i64,
    /// `k - middle`, shifted left by `up`.
    middle: i64,
    up: u32,
}

impl WordFormat {
    /// `None` if accumulators need more than 32 bits, or conductances or voltages more than 16.
    pub(super) fn of(design: &Design) -> Option<WordFormat> {
        let format = design.format();
        let k_width = format.k_bits() + format.k_guard();
        let fits = k_width <= 32 && format.k_bits() <= 16 && format.v_bits() <= 16;
        fits.then(|| WordFormat {
            format,
            g_min: design.rules().g_min.into(),
            middle: 1 << (k_width - 1),
            up: 32 - k_width,
        })
    }

    /// The word of an accumulator.
    pub(super) fn word(self, k: i64) -> i32 {
        narrow((k - self.middle) << self.up)
    }

    /// The accumulator in a word.
    pub(super) fn accumulator(self, word: i32) -> i64 {
        (i64::from(word) >> self.up) + self.middle
    }

    /// Smallest and largest word.
    pub(super) fn range(self) -> [i32; 2] {
        let (low, high) = self.format.k_range(self.g_min);
        [self.word(low), self.word(high)]
    }
}

/// Numbers modulo 2^32, or such that have no more bits.
#[expect(clippy::cast_possible_truncation, reason = "modulo 2^32 on purpose")]
fn narrow(value: i64) -> i32 {
    value as i32
}

/// A voltage of a layout.
fn voltage(v: f64) -> i64 {
    whole(v).into()
}

/// Learning that waits for the next pass: of the edge of row `i` and column `c` the change is
/// `((a[c] - b[c] v[i]) >> right) << left`, modulo 2^32, with `v` what the inputs showed in the last pass.
#[derive(Clone, Debug)]
struct Due {
    a: Aligned<i32>,
    b: Aligned<i32>,
    right: u32,
    left: u32,
    waits: bool,
}

/// All edges between inputs, which are its rows and of one block, and a block that relaxes.
#[derive(Clone, Debug)]
pub(super) struct InputTile {
    token: Token,
    format: WordFormat,
    /// Lanes of the inputs, and of the nodes that relax.
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
    /// Columns with their padding.
    width: usize,
    pub(super) alpha: i8,
    /// First of its places in the layout.
    pub(super) at: usize,
    /// In groups of columns; in each row by row.
    words: Aligned<i32>,
    due: Due,
    /// What the inputs are to show, one after the other.
    to_show: Vec<i32>,
    /// What the inputs showed in the last pass, and in the one before.
    shown: Vec<i32>,
    before: Vec<i32>,
    /// The largest magnitude in `shown`.
    most_shown: i32,
    /// Sums of pairs, of their upper halves, and of conductances, by column.
    sums: [Aligned<i32>; 3],
    /// What the inputs contribute, for everything that was shown in the last run, column by column; and the sums of conductances.
    fields: Vec<f64>,
    linear: Vec<f64>,
}

/// Voltages of a layout, by wave.
pub(super) type Voltages<'a> = [&'a [f64]; 2];

impl InputTile {
    /// All accumulators at their smallest.
    pub(super) fn new(
        token: Token,
        format: WordFormat,
        rows: Range<usize>,
        columns: Range<usize>,
        alpha: i8,
        at: usize,
    ) -> InputTile {
        let width = columns.len().next_multiple_of(MOST_WORDS);
        let zeros = Aligned::new(0, width);
        InputTile {
            token,
            format,
            width,
            alpha,
            at,
            words: Aligned::new(format.range()[0], width * rows.len()),
            due: Due { a: zeros.clone(), b: zeros.clone(), right: 0, left: 0, waits: false },
            to_show: Vec::new(),
            shown: vec![0; rows.len()],
            before: vec![0; rows.len()],
            most_shown: 0,
            sums: [zeros.clone(), zeros.clone(), zeros],
            fields: Vec::new(),
            linear: vec![0.0; columns.len()],
            rows,
            columns,
        }
    }

    /// How many places it has, with those of the padding.
    pub(super) fn places(&self) -> usize {
        self.words.len()
    }

    /// The place of an edge.
    pub(super) fn place(&self, row: usize, column: usize) -> usize {
        let group = column / GROUP * GROUP;
        group * self.rows.len() + row * self.group_width(group) + column - group
    }

    /// Lanes of the group that begins at a column.
    fn group_width(&self, group: usize) -> usize {
        GROUP.min(self.width - group)
    }

    /// Rows and columns of all edges.
    fn edges(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let columns = self.columns.len();
        (0..self.rows.len()).flat_map(move |row| (0..columns).map(move |column| (row, column)))
    }

    /// Sets all accumulators by their places. What was due to be learnt is forgotten.
    pub(super) fn load(&mut self, k: impl Fn(usize) -> i64) {
        for (row, column) in self.edges() {
            let place = self.place(row, column);
            self.words[place] = self.format.word(k(place));
        }
        self.due.waits = false;
    }

    /// Calls `found` with the place and the accumulator of every edge, after what is due.
    pub(super) fn read(&self, mut found: impl FnMut(usize, i64)) {
        let [low, high] = self.format.range().map(i64::from);
        let Due { a, b, right, left, waits } = &self.due;
        for (row, column) in self.edges() {
            let place = self.place(row, column);
            let mut word = self.words[place];
            if *waits {
                let product = a[column].wrapping_sub(b[column].wrapping_mul(self.shown[row]));
                let change = i64::from(product >> right << left);
                word = narrow((i64::from(word) + change).clamp(low, high));
            }
            found(place, self.format.accumulator(word));
        }
    }

    /// Lets all edges learn with the pass that follows; false, and nothing done, if a change does not fit a word. The inputs show
    /// both waves the same.
    pub(super) fn learn_later(&mut self, [free, clamped]: Voltages, alpha: i32) -> bool {
        let (right, up) = (alpha.min(0).unsigned_abs(), self.format.up);
        let (factor, left) = if alpha < 0 { (0, up) } else { (alpha.unsigned_abs() + up, 0) };
        let ends = |lane: usize| [voltage(free[lane]), voltage(clamped[lane])];
        let mut most_difference = 0;
        let mut most_total = 0;
        for lane in self.columns.clone() {
            let [free, clamped] = ends(lane);
            most_difference = most_difference.max((free - clamped).abs());
            most_total = most_total.max((free + clamped).abs());
        }
        let most = most_difference * (most_total + 2 * i64::from(self.most_shown));
        let room = i64::from(i32::MAX) - i64::from(self.format.range()[0]).max(0);
        let rounding = (1i64 << right) >> 1;
        let fits = if alpha < 0 {
            shift_rounded(most, right) < room >> up && most + rounding < room
        } else {
            most <= room >> factor
        };
        if !fits {
            return false;
        }
        let first = self.columns.start;
        for lane in self.columns.clone() {
            let [free, clamped] = ends(lane);
            let difference = free - clamped;
            self.due.a[lane - first] = narrow(((difference * (free + clamped)) << factor) + rounding);
            self.due.b[lane - first] = narrow((2 * difference) << factor);
        }
        (self.due.right, self.due.left, self.due.waits) = (right, left, true);
        true
    }

    /// The edges at places that `learns` says learn at once.
    pub(super) fn learn_plainly(
        &mut self,
        [free, clamped]: Voltages,
        alpha: i32,
        mut learns: impl FnMut(usize) -> bool,
    ) {
        let range = self.format.format.k_range(self.format.g_min);
        for (row, column) in self.edges() {
            let place = self.place(row, column);
            if learns(place) {
                let ends = [self.rows.start + row, self.columns.start + column];
                let drop = |v: &[f64]| voltage(v[ends[0]]) - voltage(v[ends[1]]);
                let k = self.format.accumulator(self.words[place]);
                let k = general::moved(k, [drop(free), drop(clamped)], alpha, range);
                self.words[place] = self.format.word(k);
            }
        }
    }

    /// The inputs show these voltages, of the layout's lanes, in the next run, after those they were told before.
    pub(super) fn show(&mut self, v: &[f64]) {
        self.to_show.extend(v[self.rows.clone()].iter().map(|&v| narrow((v + BIAS).to_bits().cast_signed())));
    }

    /// Adds what the inputs contribute to the nodes that relax, when they showed the `index`-th voltages of the last run.
    pub(super) fn add_field(&self, index: usize, field: &mut [f64]) {
        let fields = &self.fields[index * self.columns.len()..];
        field[self.columns.clone()].iter_mut().zip(fields).for_each(|(field, &own)| *field += own);
    }

    /// Adds the sums of conductances there.
    pub(super) fn add_linear(&self, linear: &mut [f64]) {
        linear[self.columns.clone()].iter_mut().zip(&self.linear).for_each(|(linear, &own)| *linear += own);
    }

    /// What is due is learnt; the sums over all inputs are taken for `field` and for the tile's sums of conductances.
    #[inline(always)]
    fn pass<L: Lanes>(&mut self, lanes: L, field: &mut [f64]) {
        self.most_shown = self.shown.iter().fold(0, |most, &v| most.max(v.abs()));
        self.linear.fill(0.0);
        let rows = self.rows.len();
        for first in (0..rows).step_by(2 * MOST_PAIRS) {
            let rows = first..rows.min(first + 2 * MOST_PAIRS);
            for group in (0..self.width).step_by(GROUP) {
                let rows = rows.clone();
                match (self.due.waits, self.due.right > 0 || self.due.left > 0) {
                    (false, _) => self.pass_group::<L, STILL>(lanes, group, rows),
                    (true, false) => self.pass_group::<L, LEARNS>(lanes, group, rows),
                    (true, true) => self.pass_group::<L, LEARNS_SHIFTED>(lanes, group, rows),
                }
            }
            self.add_sums(rows, field);
        }
        self.due.waits = false;
    }

    /// Adds the sums over some rows.
    fn add_sums(&mut self, rows: Range<usize>, field: &mut [f64]) {
        let k_bits = self.format.format.k_bits();
        let middle = 1i64 << (k_bits - 1);
        let below = 16 - k_bits;
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let shown: i64 = self.shown[rows].iter().map(|&v| i64::from(v)).sum();
        let [pairs, upper, conductances] = &self.sums;
        for (column, (field, linear)) in field.iter_mut().zip(&mut self.linear).enumerate() {
            let least = i64::from(upper[column]) << 16;
            let more = pairs[column].wrapping_sub(narrow(least)).cast_unsigned();
            let sum = (least + i64::from(more)) >> below;
            *field += double(sum + middle * shown);
            *linear += double((i64::from(conductances[column]) >> below) + middle * count);
        }
    }

    #[inline(always)]
    fn pass_group<L: Lanes, const HOW: u8>(&mut self, lanes: L, group: usize, rows: Range<usize>) {
        let pitch = self.group_width(group);
        let mut at = 0;
        while at < pitch {
            at += match (pitch - at) / L::I32_LANES {
                4.. if L::REGISTER_COUNT >= 32 => self.pass_some::<L, 4, HOW>(lanes, group, at, rows.clone()),
                2.. => self.pass_some::<L, 2, HOW>(lanes, group, at, rows.clone()),
                _ => self.pass_some::<L, 1, HOW>(lanes, group, at, rows.clone()),
            };
        }
    }

    /// The pass over `N` vectors of every row, from lane `at` of a group on; returns how many lanes these are.
    #[inline(always)]
    fn pass_some<L: Lanes, const N: usize, const HOW: u8>(
        &mut self,
        lanes: L,
        group: usize,
        at: usize,
        rows: Range<usize>,
    ) -> usize {
        let some = N * L::I32_LANES;
        let pitch = self.group_width(group);
        let columns = group + at..group + at + some;
        let below = 16 - self.format.format.k_bits();
        let [low, high] = self.format.range();
        let zeros = [lanes.splat_i32s(0); N];
        let mut pass = Pass::<L, N, HOW> {
            lanes,
            a: vectors::<L, N>(&self.due.a[columns.clone()]),
            b: vectors::<L, N>(&self.due.b[columns.clone()]),
            right: lanes.splat_i32s(self.due.right.cast_signed()),
            left: lanes.splat_i32s(self.due.left.cast_signed()),
            range: [lanes.splat_i32s(low), lanes.splat_i32s(high)],
            mask: lanes.splat_i32s(pair(-1 << below, -1 << below)),
            sums: [zeros; 3],
        };
        let start = group * self.rows.len() + rows.start * pitch;
        let words = &mut self.words[start..start + rows.len() * pitch];
        let mut of_rows = words.chunks_exact_mut(2 * pitch);
        let (before, shown) = (&self.before[rows.clone()], &self.shown[rows]);
        let (before, last_before) = before.as_chunks::<2>();
        let (shown, last_shown) = shown.as_chunks::<2>();
        for ((&before, &shown), words) in before.iter().zip(shown).zip(&mut of_rows) {
            let (first, second) = words.split_at_mut(pitch);
            let (first, _) = L::as_mut_simd_i32s(&mut first[at..at + some]);
            let (second, _) = L::as_mut_simd_i32s(&mut second[at..at + some]);
            // No closure and no `map`: they would be compiled for the instructions every machine has.
            let (before_first, before_second) = (lanes.splat_i32s(before[0]), lanes.splat_i32s(before[1]));
            let shown = lanes.splat_i32s(pair(shown[0], shown[1]));
            for i in 0..N {
                let lower = pass.learn(&mut first[i], i, before_first);
                let upper = pass.learn(&mut second[i], i, before_second);
                pass.add(i, lower, upper, shown);
            }
        }
        if let ([before], [shown]) = (last_before, last_shown) {
            let (last, _) = L::as_mut_simd_i32s(&mut of_rows.into_remainder()[at..at + some]);
            for (i, word) in last.iter_mut().enumerate() {
                let lower = pass.learn(word, i, lanes.splat_i32s(*before));
                pass.add(i, lower, lanes.splat_i32s(0), lanes.splat_i32s(pair(*shown, 0)));
            }
        }
        for (to, from) in self.sums.iter_mut().zip(pass.sums) {
            L::as_mut_simd_i32s(&mut to[columns.clone()]).0.copy_from_slice(&from);
        }
        some
    }
}

impl Job for InputTile {
    /// A pass for everything that is to be shown. The first learns what is due.
    fn run(&mut self) {
        let to_show = std::mem::take(&mut self.to_show);
        let mut fields = std::mem::take(&mut self.fields);
        fields.clear();
        fields.resize(to_show.len() / self.rows.len() * self.columns.len(), 0.0);
        dispatch!(self.token, lanes => {
            for (shown, field) in
                to_show.chunks_exact(self.rows.len()).zip(fields.chunks_exact_mut(self.columns.len()))
            {
                std::mem::swap(&mut self.shown, &mut self.before);
                self.shown.copy_from_slice(shown);
                self.pass(lanes, field);
            }
        });
        (self.to_show, self.fields) = (to_show, fields);
        self.to_show.clear();
    }
}

/// The vectors of so many lanes.
#[inline(always)]
fn vectors<L: Lanes, const N: usize>(lanes: &[i32]) -> [L::i32s; N] {
    let (vectors, _) = L::as_simd_i32s(lanes);
    let mut found = [vectors[0]; N];
    found.copy_from_slice(vectors);
    found
}

/// Two numbers of 16 bits in one word.
#[inline(always)]
fn pair(lower: i32, upper: i32) -> i32 {
    (lower & 0xFFFF) | upper << 16
}

/// `N` vectors of columns on their way through the rows.
struct Pass<L: Lanes, const N: usize, const HOW: u8> {
    lanes: L,
    a: [L::i32s; N],
    b: [L::i32s; N],
    right: L::i32s,
    left: L::i32s,
    range: [L::i32s; 2],
    mask: L::i32s,
    sums: [[L::i32s; N]; 3],
}

impl<L: Lanes, const N: usize, const HOW: u8> Pass<L, N, HOW> {
    /// The word of an edge after it has learnt what is due.
    #[inline(always)]
    fn learn(&self, word: &mut L::i32s, i: usize, before: L::i32s) -> L::i32s {
        if HOW != STILL {
            let lanes = self.lanes;
            let mut change = lanes.sub_i32s(self.a[i], lanes.mul_i32s(self.b[i], before));
            if HOW == LEARNS_SHIFTED {
                change = lanes.shift_left(lanes.shift_right(change, self.right), self.left);
            }
            let zero = lanes.splat_i32s(0);
            // Limited before the change is added: the sum itself may need 33 bits.
            let [low, high] = self.range;
            let low = lanes.sub_i32s(low, lanes.min_i32s(change, zero));
            let high = lanes.sub_i32s(high, lanes.max_i32s(change, zero));
            let limited = lanes.min_i32s(lanes.max_i32s(*word, low), high);
            *word = lanes.add_i32s(limited, change);
        }
        *word
    }

    /// Adds a pair of rows to the sums.
    #[inline(always)]
    fn add(&mut self, i: usize, lower: L::i32s, upper: L::i32s, shown: L::i32s) {
        let lanes = self.lanes;
        let sixteen = lanes.splat_i32s(16);
        let conductances = lanes.and_i32s(lanes.join(lanes.shift_right(lower, sixteen), upper), self.mask);
        let product = lanes.multiply_halves(conductances, shown);
        let both = lanes.multiply_halves(conductances, lanes.splat_i32s(0x1_0001));
        let [pairs, halves, sums] = &mut self.sums;
        pairs[i] = lanes.add_i32s(pairs[i], product);
        halves[i] = lanes.add_i32s(halves[i], lanes.shift_right(product, sixteen));
        sums[i] = lanes.add_i32s(sums[i], both);
    }
}

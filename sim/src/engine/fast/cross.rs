//! The turn of a quarter of a lattice in pairs of 16-bit numbers: the drops from two pairs of neighbours.
//!
//! The clamped wave follows one step behind the free one, so that both waves of a quarter can be computed together, from
//! coefficients loaded once. All that a few nodes need besides voltages lies together: the loop is so short that an address more,
//! or an index to be checked, would be felt.

use super::lanes::Lanes;
use super::words::WordGains;

/// Lanes of a [`Block`].
pub(super) const BLOCK: usize = 16;

/// What some nodes, one a lane, multiply and shift by.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Block {
    /// For the neighbours to the west and east.
    pub(super) beside: [i32; BLOCK],
    /// For those to the north and south.
    pub(super) between: [i32; BLOCK],
    /// `S q` is shifted right by `shift`, and half of that is added before.
    pub(super) round: [i32; BLOCK],
    pub(super) shift: [i32; BLOCK],
}

impl Block {
    /// Nodes that do not move.
    pub(super) const STILL: Block = {
        let [nothing, one] = [[0; BLOCK], [1; BLOCK]];
        Block { beside: nothing, between: nothing, round: one, shift: one }
    };

    /// Lets a node not move: nothing but the half is shifted right, and nothing is left of that.
    pub(super) fn hold(&mut self, lane: usize) {
        (self.beside[lane], self.between[lane]) = (0, 0);
    }
}

/// What all lanes of a quarter have in common.
#[derive(Clone, Copy)]
pub(super) struct Constants<L: Lanes> {
    pub(super) lanes: L,
    /// Guard bits, and the largest voltage in both halves.
    pub(super) guard: L::i32s,
    pub(super) v_high: L::i32s,
}

/// A wave of a quarter.
pub(super) struct InWave<'a> {
    west: &'a [[i32; BLOCK]],
    east: &'a [[i32; BLOCK]],
    north: &'a [[i32; BLOCK]],
    south: &'a [[i32; BLOCK]],
    u: &'a mut [[i32; BLOCK]],
    v: &'a mut [[i32; BLOCK]],
}

impl<'a> InWave<'a> {
    /// The lanes `at..at + count` with the neighbours that begin at these lanes. They lie in other quarters.
    #[inline(always)]
    pub(super) fn of(
        u: &'a mut [i32],
        v: &'a mut [i32],
        at: usize,
        count: usize,
        [west, east, north, south]: [usize; 4],
    ) -> Self {
        let (before, rest) = v.split_at_mut(at);
        let (own, after) = rest.split_at_mut(count);
        let (before, after) = (&*before, &*after);
        let blocks = |start: usize| {
            let all = if start < at {
                &before[start..start + count]
            } else {
                &after[start - at - count..start - at]
            };
            all.as_chunks().0
        };
        InWave {
            west: blocks(west),
            east: blocks(east),
            north: blocks(north),
            south: blocks(south),
            u: u[at..at + count].as_chunks_mut().0,
            v: own.as_chunks_mut().0,
        }
    }

    /// The same, so that the compiler sees how many blocks there are: no index below is checked then.
    #[inline(always)]
    fn trim(self, blocks: usize) -> Self {
        let InWave { west, east, north, south, u, v } = self;
        InWave {
            west: &west[..blocks],
            east: &east[..blocks],
            north: &north[..blocks],
            south: &south[..blocks],
            u: &mut u[..blocks],
            v: &mut v[..blocks],
        }
    }

    /// Vector `j` of block `i` takes its turn.
    #[inline(always)]
    fn relax<L: Lanes, const BYTE: u8>(
        &mut self,
        Constants { lanes, guard, v_high }: Constants<L>,
        coefficients: &Coefficients<L>,
        [low, high]: [L::i32s; 2],
        i: usize,
        j: usize,
    ) {
        let Coefficients { beside, between, round, shift } = *coefficients;
        let [west, east] = [vectors::<L>(&self.west[i])[j], vectors::<L>(&self.east[i])[j]];
        let [north, south] = [vectors::<L>(&self.north[i])[j], vectors::<L>(&self.south[i])[j]];
        let (u, v) = (&mut vectors_mut::<L>(&mut self.u[i])[j], &mut vectors_mut::<L>(&mut self.v[i])[j]);
        let across = lanes.multiply_halves(lanes.sub_halves(lanes.join(west, east), *v), beside);
        let along = lanes.multiply_halves(lanes.sub_halves(lanes.join(north, south), *v), between);
        let sum = lanes.add_i32s(lanes.add_i32s(round, across), along);
        let moved = lanes.add_i32s(*u, lanes.shift_right(sum, shift));
        let next = lanes.max_i32s(low, lanes.min_i32s(high, moved));
        *u = next;
        let shown = if BYTE == 0 { lanes.shift_right(next, guard) } else { next };
        *v = lanes.min_halves(lanes.twin::<BYTE>(shown), v_high);
    }
}

/// A vector of a block, for both waves.
struct Coefficients<L: Lanes> {
    beside: L::i32s,
    between: L::i32s,
    round: L::i32s,
    shift: L::i32s,
}

impl<L: Lanes> Coefficients<L> {
    #[inline(always)]
    fn of(block: &Block, j: usize) -> Self {
        Coefficients {
            beside: vectors::<L>(&block.beside)[j],
            between: vectors::<L>(&block.between)[j],
            round: vectors::<L>(&block.round)[j],
            shift: vectors::<L>(&block.shift)[j],
        }
    }
}

#[inline(always)]
fn vectors<L: Lanes>(words: &[i32; BLOCK]) -> &[L::i32s] {
    L::as_simd_i32s(words).0
}

#[inline(always)]
fn vectors_mut<L: Lanes>(words: &mut [i32; BLOCK]) -> &mut [L::i32s] {
    L::as_mut_simd_i32s(words).0
}

/// Blocks of a quarter from the accumulators of its edges.
#[inline(always)]
pub(super) fn update<L: Lanes>(
    gains: WordGains<L>,
    blocks: &mut [Block],
    west: &[[i32; BLOCK]],
    east: &[[i32; BLOCK]],
    north: &[[i32; BLOCK]],
    south: &[[i32; BLOCK]],
) {
    let lanes = gains.lanes;
    let one = lanes.splat_i32s(1);
    for (i, block) in blocks.iter_mut().enumerate() {
        for j in 0..BLOCK / L::I32_LANES {
            let west = gains.conductance(vectors::<L>(&west[i])[j]);
            let east = gains.conductance(vectors::<L>(&east[i])[j]);
            let north = gains.conductance(vectors::<L>(&north[i])[j]);
            let south = gains.conductance(vectors::<L>(&south[i])[j]);
            let sum = lanes.add_i32s(lanes.add_i32s(west, east), lanes.add_i32s(north, south));
            let [q, shift] = gains.gain(sum);
            vectors_mut::<L>(&mut block.beside)[j] =
                lanes.pair(lanes.multiply_halves(west, q), lanes.multiply_halves(east, q));
            vectors_mut::<L>(&mut block.between)[j] =
                lanes.pair(lanes.multiply_halves(north, q), lanes.multiply_halves(south, q));
            vectors_mut::<L>(&mut block.round)[j] = lanes.shift_left(one, lanes.sub_i32s(shift, one));
            vectors_mut::<L>(&mut block.shift)[j] = shift;
        }
    }
}

/// One wave or both.
pub(super) enum Waves<'a> {
    One(InWave<'a>),
    Both(InWave<'a>, InWave<'a>),
}

/// The turn of a quarter; `range` gives smallest and largest accumulator of vector `j` of block `i`.
#[inline(always)]
pub(super) fn turn<L: Lanes, const BYTE: u8>(
    constants: Constants<L>,
    blocks: &[Block],
    range: impl Fn(usize, usize) -> [L::i32s; 2],
    waves: Waves,
) {
    let per_block = BLOCK / L::I32_LANES;
    match waves {
        Waves::One(wave) => {
            let mut wave = wave.trim(blocks.len());
            for (i, block) in blocks.iter().enumerate() {
                for j in 0..per_block {
                    let (coefficients, range) = (Coefficients::of(block, j), range(i, j));
                    wave.relax::<L, BYTE>(constants, &coefficients, range, i, j);
                }
            }
        }
        Waves::Both(free, clamped) => {
            let (mut free, mut clamped) = (free.trim(blocks.len()), clamped.trim(blocks.len()));
            for (i, block) in blocks.iter().enumerate() {
                for j in 0..per_block {
                    let (coefficients, range) = (Coefficients::of(block, j), range(i, j));
                    free.relax::<L, BYTE>(constants, &coefficients, range, i, j);
                    clamped.relax::<L, BYTE>(constants, &coefficients, range, i, j);
                }
            }
        }
    }
}

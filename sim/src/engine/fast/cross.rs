//! The turn of a quarter of a lattice in pairs of 16-bit numbers: two pairs of neighbours and one of the node's own.
//!
//! The clamped wave follows one step behind the free one, so that both waves of a quarter can be computed together, from
//! coefficients loaded once.

use super::lanes::Lanes;
use std::array::from_fn;

/// What all lanes of a quarter have in common.
#[derive(Clone, Copy)]
pub(super) struct Constants<L: Lanes> {
    pub(super) lanes: L,
    /// Smallest and largest accumulator, where `limits` has none.
    pub(super) range: [L::i32s; 2],
    /// Guard bits, and the largest voltage in both halves.
    pub(super) guard: L::i32s,
    pub(super) v_high: L::i32s,
}

/// What both waves share.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    /// Of the neighbours to the west and east, to the north and south, and of the node itself.
    pub(super) coefficients: [&'a [i32]; 3],
    pub(super) round: &'a [i32],
    pub(super) shift: &'a [i32],
    /// Smallest and largest accumulators, lane by lane.
    pub(super) limits: Option<[&'a [i32]; 2]>,
}

/// A wave of a quarter.
pub(super) struct InWave<'a> {
    /// To the west, east, north and south.
    pub(super) neighbours: [&'a [i32]; 4],
    pub(super) u: &'a mut [i32],
    pub(super) v: &'a mut [i32],
}

impl<'a> InWave<'a> {
    /// The lanes `at..at + count` with the neighbours that begin at these lanes. They lie in other quarters.
    pub(super) fn of(
        u: &'a mut [i32],
        v: &'a mut [i32],
        at: usize,
        count: usize,
        neighbours: [usize; 4],
    ) -> Self {
        let (before, rest) = v.split_at_mut(at);
        let (own, after) = rest.split_at_mut(count);
        let (before, after) = (&*before, &*after);
        let neighbours = neighbours.map(|start| {
            if start < at { &before[start..start + count] } else { &after[start - at - count..start - at] }
        });
        InWave { neighbours, u: &mut u[at..at + count], v: own }
    }
}

/// The turn of `W` waves.
#[inline(always)]
pub(super) fn turn<L: Lanes, const BYTE: u8, const W: usize>(
    constants: Constants<L>,
    shared: Shared,
    waves: [InWave; W],
) {
    match shared.limits {
        Some([low, high]) => {
            let [low, high] = [L::as_simd_i32s(low).0, L::as_simd_i32s(high).0];
            turn_within::<L, BYTE, W>(
                constants,
                shared,
                waves,
                #[inline(always)]
                |i| [low[i], high[i]],
            );
        }
        None => turn_within::<L, BYTE, W>(
            constants,
            shared,
            waves,
            #[inline(always)]
            |_| constants.range,
        ),
    }
}

#[inline(always)]
fn turn_within<L: Lanes, const BYTE: u8, const W: usize>(
    Constants { lanes, guard, v_high, .. }: Constants<L>,
    shared: Shared,
    waves: [InWave; W],
    range: impl Fn(usize) -> [L::i32s; 2],
) {
    let [beside, between, own] = shared.coefficients.map(|x| L::as_simd_i32s(x).0);
    let count = own.len();
    let (beside, between) = (&beside[..count], &between[..count]);
    let [round, shift] = [shared.round, shared.shift].map(|x| &L::as_simd_i32s(x).0[..count]);
    let mut waves = waves.map(|wave| {
        let neighbours = wave.neighbours.map(|x| &L::as_simd_i32s(x).0[..count]);
        let u = &mut L::as_mut_simd_i32s(wave.u).0[..count];
        let v = &mut L::as_mut_simd_i32s(wave.v).0[..count];
        (neighbours, u, v)
    });
    for i in 0..count {
        let [low, high] = range(i);
        let (beside, between, own) = (beside[i], between[i], own[i]);
        let (round, shift) = (round[i], shift[i]);
        for ([west, east, north, south], u, v) in &mut waves {
            let across = lanes.multiply_halves(lanes.join(west[i], east[i]), beside);
            let along = lanes.multiply_halves(lanes.join(north[i], south[i]), between);
            let back = lanes.add_i32s(lanes.multiply_halves(v[i], own), round);
            let sum = lanes.add_i32s(lanes.add_i32s(across, along), back);
            let moved = lanes.add_i32s(u[i], lanes.shift_right(sum, shift));
            let next = lanes.max_i32s(low, lanes.min_i32s(high, moved));
            u[i] = next;
            let shown = if BYTE == 0 { lanes.shift_right(next, guard) } else { next };
            v[i] = lanes.min_halves(lanes.twin::<BYTE>(shown), v_high);
        }
    }
}

/// Splits an array that holds three stretches of `count` items one after the other.
pub(super) fn thirds(array: &[i32], count: usize) -> [&[i32]; 3] {
    from_fn(|i| &array[i * count..(i + 1) * count])
}

//! What an edge learns and what a node gains, in words.

use super::lanes::Lanes;
use crate::Design;

/// Shifts products by `alpha`, to the left if it is positive.
#[derive(Clone, Copy)]
pub(super) struct LearningShift<L: Lanes> {
    lanes: L,
    left: L::i32s,
    right: L::i32s,
    half: L::i32s,
    /// Products beyond it would leave 32 bits.
    limit: L::i32s,
}

impl<L: Lanes> LearningShift<L> {
    #[inline(always)]
    pub(super) fn new(lanes: L, alpha: L::i32s, beyond: L::i32s) -> Self {
        let splat = |x| lanes.splat_i32s(x);
        let (zero, one) = (splat(0), splat(1));
        let alpha = lanes.max_i32s(splat(-31), lanes.min_i32s(splat(19), alpha));
        let (left, right) = (lanes.max_i32s(alpha, zero), lanes.max_i32s(lanes.sub_i32s(zero, alpha), zero));
        // Without sign: where nothing is to be left, `right` is 31.
        let unit = lanes.transmute_u32s_i32s(lanes.shift_left(one, right));
        let half = lanes.wrapping_dyn_shr_u32s(unit, lanes.transmute_u32s_i32s(one));
        let half = lanes.transmute_i32s_u32s(half);
        // Only products that are shifted left can be too large; right shifts leave less than the range.
        let least = lanes.max_i32s(lanes.shift_right(beyond, left), one);
        let limit = lanes.select_i32s(lanes.greater_than_i32s(left, zero), least, splat(i32::MAX));
        LearningShift { lanes, left, right, half, limit }
    }

    #[inline(always)]
    pub(super) fn applied(self, product: L::i32s) -> L::i32s {
        let LearningShift { lanes, left, right, half, limit } = self;
        let limited = lanes.min_i32s(limit, product);
        let limited = lanes.max_i32s(lanes.sub_i32s(lanes.splat_i32s(0), limit), limited);
        lanes.shift_right(lanes.add_i32s(lanes.shift_left(limited, left), half), right)
    }
}

/// Gains by sums of conductances, and the conductances themselves.
#[derive(Clone, Copy)]
pub(super) struct WordGains<L: Lanes> {
    pub(super) lanes: L,
    k_guard: L::i32s,
    /// `q` in the lowest byte and `d` above it, by the four bits below the leading one of `D`.
    table: [i32; 16],
    /// The least shift `s`.
    least: L::i32s,
    /// By how much more `S q` is shifted than `s`, besides the exponent's bias.
    more: L::i32s,
}

impl<L: Lanes> WordGains<L> {
    #[inline(always)]
    pub(super) fn of(lanes: L, design: &Design) -> Self {
        let format = design.format();
        let (k_bits, k_guard) = (format.k_bits().cast_signed(), format.k_guard().cast_signed());
        let mut table = [0; 16];
        for (entry, &(q, d)) in table.iter_mut().zip(design.gains().entries()) {
            *entry = i32::from(q) | i32::from(d) << 8;
        }
        WordGains {
            lanes,
            k_guard: lanes.splat_i32s(k_guard),
            table,
            least: lanes.splat_i32s(k_bits - 4 + ONE_EXPONENT),
            more: lanes.splat_i32s(3 - format.v_guard().cast_signed() - ONE_EXPONENT),
        }
    }

    /// The conductance that an accumulator reads as.
    #[inline(always)]
    pub(super) fn conductance(self, k: L::i32s) -> L::i32s {
        self.lanes.shift_right(k, self.k_guard)
    }

    /// `q`, and by how much `S q` is shifted right to change `u`: `s + 3 - GV`.
    #[inline(always)]
    pub(super) fn gain(self, d_sum: L::i32s) -> [L::i32s; 2] {
        let lanes = self.lanes;
        let splat = |x| lanes.splat_i32s(x);
        // A single's exponent is that of the leading one, and its mantissa begins with the bits below.
        let bits = lanes.single_bits(lanes.max_i32s(splat(1), d_sum));
        let entry = lanes.look_up(&self.table, lanes.shift_right(bits, splat(19)));
        let d = lanes.shift_right(entry, splat(8));
        let s = lanes.max_i32s(self.least, lanes.add_i32s(lanes.shift_right(bits, splat(23)), d));
        [lanes.and_i32s(entry, splat(0xFF)), lanes.add_i32s(s, self.more)]
    }
}

/// The exponent of one as single precision has it.
const ONE_EXPONENT: i32 = 127;

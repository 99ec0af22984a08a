//! The operations the vector loops are written in, once for every width.
//!
//! [`pulp`] has most of them for doubles; what its generic interface lacks is added here from the safe intrinsics of
//! each width.

#[cfg(target_arch = "aarch64")]
use pulp::aarch64::Neon;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use pulp::{Scalar, Simd, cast};
#[cfg(target_arch = "aarch64")]
use std::arch::aarch64::int16x4_t;

/// What a closure spends so that it can be called once only. One that could be called again would be called through a shim, which
/// is compiled for the instructions every machine has, and need not be inlined.
pub(super) struct Once;

impl Once {
    #[inline(always)]
    pub(super) fn spend(self) {}
}

/// A block as a closure that is called by value.
macro_rules! by_value {
    ($once:ident, $body:expr) => {
        #[inline(always)]
        || {
            $once.spend();
            $body
        }
    };
}
pub(super) use by_value;

/// Runs a block with a token's width bound to a name, compiled for it.
macro_rules! dispatch {
    ($token:expr, $lanes:ident => $body:expr) => {{
        use $crate::engine::fast::lanes::{Lanes, Once, by_value};
        use $crate::engine::fast::width::Token;
        let once = Once;
        match $token {
            Token::Portable($lanes) => Lanes::run($lanes, by_value!(once, $body)),
            #[cfg(target_arch = "aarch64")]
            Token::Neon($lanes) => Lanes::run($lanes, by_value!(once, $body)),
            #[cfg(target_arch = "x86_64")]
            Token::Avx2($lanes) => Lanes::run($lanes, by_value!(once, $body)),
            #[cfg(target_arch = "x86_64")]
            Token::Avx512($lanes) => Lanes::run($lanes, by_value!(once, $body)),
        }
    }};
}
pub(super) use dispatch;

/// The most lanes of doubles any width has; arrays are padded to a multiple of it.
pub(super) const MOST_LANES: usize = 8;

/// Vectors of one width.
pub(super) trait Lanes: Simd {
    /// Calls `f` compiled for this width.
    fn run<R>(self, f: impl FnOnce() -> R) -> R;

    /// The largest whole numbers not above.
    fn floor(self, x: Self::f64s) -> Self::f64s;

    /// In every lane the products of both 16-bit halves, added.
    fn multiply_halves(self, a: Self::i32s, b: Self::i32s) -> Self::i32s;

    /// The lower halves of the one and the upper halves of the other.
    fn join(self, lower: Self::i32s, upper: Self::i32s) -> Self::i32s;

    /// 16 bits of every lane, from byte `BYTE` (0 or 1) on, in both halves.
    fn twin<const BYTE: u8>(self, x: Self::i32s) -> Self::i32s;

    /// The smaller of both halves each.
    fn min_halves(self, a: Self::i32s, b: Self::i32s) -> Self::i32s;

    /// The differences of both halves each, which fit 16 bits.
    fn sub_halves(self, a: Self::i32s, b: Self::i32s) -> Self::i32s;

    /// The bits of whole numbers below 2^24 in single precision.
    fn single_bits(self, x: Self::i32s) -> Self::i32s;

    /// The entries of a table that the lowest four bits of each lane choose.
    fn look_up(self, table: &[i32; 16], by: Self::i32s) -> Self::i32s;

    /// Two numbers of 16 bits, one in each half.
    #[inline(always)]
    fn pair(self, lower: Self::i32s, upper: Self::i32s) -> Self::i32s {
        self.join(lower, self.twin::<0>(upper))
    }

    /// Shifts right by less than 32, in every lane by another number, and keeps the sign.
    fn shift_right(self, x: Self::i32s, by: Self::i32s) -> Self::i32s;

    /// Shifts left by less than 32, in every lane by another number.
    #[inline(always)]
    fn shift_left(self, x: Self::i32s, by: Self::i32s) -> Self::i32s {
        let shifted = self.wrapping_dyn_shl_u32s(self.transmute_u32s_i32s(x), self.transmute_u32s_i32s(by));
        self.transmute_i32s_u32s(shifted)
    }
}

/// Where [`Lanes::twin`] takes the bytes of four lanes from.
#[cfg(any(target_arch = "aarch64", target_arch = "x86_64"))]
const fn twin_bytes<const BYTE: u8>() -> [u8; 16] {
    let mut bytes = [0; 16];
    let mut i = 0u8;
    while i < 16 {
        bytes[i as usize] = i / 4 * 4 + BYTE + i % 2;
        i += 1;
    }
    bytes
}

impl Lanes for Scalar {
    #[inline(always)]
    fn run<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }

    #[inline(always)]
    fn floor(self, x: f64) -> f64 {
        // Below 2^52 in magnitude. `f64::floor` is a call where the processor has no such instruction.
        #[expect(clippy::cast_possible_truncation, reason = "towards zero on purpose")]
        let whole = x as i64 as f64;
        if whole > x { whole - 1.0 } else { whole }
    }

    #[inline(always)]
    fn multiply_halves(self, a: i32, b: i32) -> i32 {
        let ([a0, a1], [b0, b1]): ([i16; 2], [i16; 2]) = (cast(a), cast(b));
        // Both products at -2^31 do not occur: a coefficient is never the smallest 16-bit number.
        i32::from(a0) * i32::from(b0) + i32::from(a1) * i32::from(b1)
    }

    #[inline(always)]
    fn join(self, lower: i32, upper: i32) -> i32 {
        let ([lower, _], [_, upper]): ([i16; 2], [i16; 2]) = (cast(lower), cast(upper));
        cast([lower, upper])
    }

    #[inline(always)]
    fn twin<const BYTE: u8>(self, x: i32) -> i32 {
        let [half, _]: [i16; 2] = cast(x >> (8 * BYTE));
        cast([half; 2])
    }

    #[inline(always)]
    fn min_halves(self, a: i32, b: i32) -> i32 {
        let ([a0, a1], [b0, b1]): ([i16; 2], [i16; 2]) = (cast(a), cast(b));
        cast([a0.min(b0), a1.min(b1)])
    }

    #[inline(always)]
    fn sub_halves(self, a: i32, b: i32) -> i32 {
        let ([a0, a1], [b0, b1]): ([i16; 2], [i16; 2]) = (cast(a), cast(b));
        cast([a0.wrapping_sub(b0), a1.wrapping_sub(b1)])
    }

    #[inline(always)]
    fn single_bits(self, x: i32) -> i32 {
        #[expect(clippy::cast_precision_loss, reason = "below 2^24")]
        let single = x as f32;
        single.to_bits().cast_signed()
    }

    #[inline(always)]
    fn look_up(self, table: &[i32; 16], by: i32) -> i32 {
        table[(by & 15).cast_unsigned() as usize]
    }

    #[inline(always)]
    fn shift_right(self, x: i32, by: i32) -> i32 {
        x >> by
    }
}

#[cfg(target_arch = "aarch64")]
impl Lanes for Neon {
    #[inline(always)]
    fn run<R>(self, f: impl FnOnce() -> R) -> R {
        self.vectorize(f)
    }

    #[inline(always)]
    fn floor(self, x: Self::f64s) -> Self::f64s {
        cast(self.neon.vrndmq_f64(cast(x)))
    }

    #[inline(always)]
    fn multiply_halves(self, a: Self::i32s, b: Self::i32s) -> Self::i32s {
        let ([a0, a1], [b0, b1]): ([int16x4_t; 2], [int16x4_t; 2]) = (cast(a), cast(b));
        cast(self.neon.vpaddq_s32(self.neon.vmull_s16(a0, b0), self.neon.vmull_s16(a1, b1)))
    }

    #[inline(always)]
    fn join(self, lower: Self::i32s, upper: Self::i32s) -> Self::i32s {
        let mask = self.splat_i32s(0xFFFF);
        cast(self.neon.vbslq_s16(cast(mask), cast(lower), cast(upper)))
    }

    #[inline(always)]
    fn twin<const BYTE: u8>(self, x: Self::i32s) -> Self::i32s {
        cast(self.neon.vqtbl1q_u8(cast(x), cast(const { twin_bytes::<BYTE>() })))
    }

    #[inline(always)]
    fn min_halves(self, a: Self::i32s, b: Self::i32s) -> Self::i32s {
        cast(self.min_i16s(cast(a), cast(b)))
    }

    #[inline(always)]
    fn sub_halves(self, a: Self::i32s, b: Self::i32s) -> Self::i32s {
        cast(self.sub_i16s(cast(a), cast(b)))
    }

    #[inline(always)]
    fn single_bits(self, x: Self::i32s) -> Self::i32s {
        cast(self.neon.vcvtq_f32_s32(cast(x)))
    }

    #[inline(always)]
    fn look_up(self, table: &[i32; 16], by: Self::i32s) -> Self::i32s {
        let by: [i32; 4] = cast(by);
        cast([0, 1, 2, 3].map(|i| table[(by[i] & 15).cast_unsigned() as usize]))
    }

    #[inline(always)]
    fn shift_right(self, x: Self::i32s, by: Self::i32s) -> Self::i32s {
        cast(self.neon.vshlq_s32(cast(x), self.neon.vnegq_s32(cast(by))))
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V3 {
    #[inline(always)]
    fn run<R>(self, f: impl FnOnce() -> R) -> R {
        self.vectorize(f)
    }

    #[inline(always)]
    fn floor(self, x: Self::f64s) -> Self::f64s {
        cast(self.avx._mm256_floor_pd(cast(x)))
    }

    #[inline(always)]
    fn multiply_halves(self, a: Self::i32s, b: Self::i32s) -> Self::i32s {
        cast(self.avx2._mm256_madd_epi16(cast(a), cast(b)))
    }

    #[inline(always)]
    fn join(self, lower: Self::i32s, upper: Self::i32s) -> Self::i32s {
        cast(self.avx2._mm256_blend_epi16::<0b1010_1010>(cast(lower), cast(upper)))
    }

    #[inline(always)]
    fn twin<const BYTE: u8>(self, x: Self::i32s) -> Self::i32s {
        cast(self.avx2._mm256_shuffle_epi8(cast(x), cast(const { [twin_bytes::<BYTE>(); 2] })))
    }

    #[inline(always)]
    fn min_halves(self, a: Self::i32s, b: Self::i32s) -> Self::i32s {
        cast(self.min_i16s(cast(a), cast(b)))
    }

    #[inline(always)]
    fn sub_halves(self, a: Self::i32s, b: Self::i32s) -> Self::i32s {
        cast(self.sub_i16s(cast(a), cast(b)))
    }

    #[inline(always)]
    fn single_bits(self, x: Self::i32s) -> Self::i32s {
        cast(self.avx._mm256_cvtepi32_ps(cast(x)))
    }

    #[inline(always)]
    fn look_up(self, table: &[i32; 16], by: Self::i32s) -> Self::i32s {
        let [low, high]: [Self::i32s; 2] = cast(*table);
        let in_low = self.avx2._mm256_permutevar8x32_epi32(cast(low), cast(by));
        let in_high = self.avx2._mm256_permutevar8x32_epi32(cast(high), cast(by));
        // The eights of the index, as the signs by which halves are chosen.
        let signs = self.avx2._mm256_slli_epi32::<28>(cast(by));
        cast(self.avx._mm256_blendv_ps(cast(in_low), cast(in_high), cast(signs)))
    }

    #[inline(always)]
    fn shift_right(self, x: Self::i32s, by: Self::i32s) -> Self::i32s {
        cast(self.avx2._mm256_srav_epi32(cast(x), cast(by)))
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V4 {
    #[inline(always)]
    fn run<R>(self, f: impl FnOnce() -> R) -> R {
        self.vectorize(f)
    }

    #[inline(always)]
    fn floor(self, x: Self::f64s) -> Self::f64s {
        // 1: towards minus infinity; no fractional bits kept.
        cast(self.avx512f._mm512_roundscale_pd::<1>(cast(x)))
    }

    #[inline(always)]
    fn multiply_halves(self, a: Self::i32s, b: Self::i32s) -> Self::i32s {
        cast(self.avx512bw._mm512_madd_epi16(cast(a), cast(b)))
    }

    #[inline(always)]
    fn join(self, lower: Self::i32s, upper: Self::i32s) -> Self::i32s {
        // Bit by bit: where the second is 1 the third, else the first. A mask register would be loaded again every time.
        let upper_halves = self.splat_i32s(0xFFFF << 16);
        cast(self.avx512f._mm512_ternarylogic_epi32::<0b1011_1000>(
            cast(lower),
            cast(upper_halves),
            cast(upper),
        ))
    }

    #[inline(always)]
    fn twin<const BYTE: u8>(self, x: Self::i32s) -> Self::i32s {
        cast(self.avx512bw._mm512_shuffle_epi8(cast(x), cast(const { [twin_bytes::<BYTE>(); 4] })))
    }

    #[inline(always)]
    fn min_halves(self, a: Self::i32s, b: Self::i32s) -> Self::i32s {
        cast(self.min_i16s(cast(a), cast(b)))
    }

    #[inline(always)]
    fn sub_halves(self, a: Self::i32s, b: Self::i32s) -> Self::i32s {
        cast(self.sub_i16s(cast(a), cast(b)))
    }

    #[inline(always)]
    fn single_bits(self, x: Self::i32s) -> Self::i32s {
        cast(self.avx512f._mm512_cvtepi32_ps(cast(x)))
    }

    #[inline(always)]
    fn look_up(self, table: &[i32; 16], by: Self::i32s) -> Self::i32s {
        cast(self.avx512f._mm512_permutexvar_epi32(cast(by), cast(*table)))
    }

    #[inline(always)]
    fn shift_right(self, x: Self::i32s, by: Self::i32s) -> Self::i32s {
        cast(self.avx512f._mm512_srav_epi32(cast(x), cast(by)))
    }
}

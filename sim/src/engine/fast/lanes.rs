//! The operations the vector loops are written in, once for every width.
//!
//! [`pulp`] has most of them for doubles; what its generic interface lacks is added here from the safe intrinsics of
//! each width.

#[cfg(target_arch = "aarch64")]
use pulp::aarch64::Neon;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use pulp::{Scalar, Simd, cast};

/// Runs a block with a token's width bound to a name, compiled for it.
macro_rules! dispatch {
    ($token:expr, $lanes:ident => $body:expr) => {
        match $token {
            $crate::engine::fast::width::Token::Portable($lanes) => {
                $crate::engine::fast::lanes::Lanes::run($lanes, || $body)
            }
            #[cfg(target_arch = "aarch64")]
            $crate::engine::fast::width::Token::Neon($lanes) => {
                $crate::engine::fast::lanes::Lanes::run($lanes, || $body)
            }
            #[cfg(target_arch = "x86_64")]
            $crate::engine::fast::width::Token::Avx2($lanes) => {
                $crate::engine::fast::lanes::Lanes::run($lanes, || $body)
            }
            #[cfg(target_arch = "x86_64")]
            $crate::engine::fast::width::Token::Avx512($lanes) => {
                $crate::engine::fast::lanes::Lanes::run($lanes, || $body)
            }
        }
    };
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
}

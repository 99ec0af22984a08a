//! What one core can do at best, with the instructions of each width: the roofs that engines are measured against.
//!
//! Multiply-adds are dot products of two arrays that fit the nearest cache: two loads, a multiplication and an addition,
//! over eight independent sums, as fast as the processor issues them. `int16` multiplies pairs of 16-bit numbers into
//! 32-bit sums (32 multiply-adds an instruction at 512 bits), `int32` whole 32-bit numbers, `double` fuses.

use pulp::{Scalar, Simd, cast};
use wheatstone_sim::VectorWidth;

/// Multiply-adds of one call over `a` and `b`, which have 32-bit words.
pub struct Kernel {
    pub name: &'static str,
    pub per_word: f64,
    pub run: fn(VectorWidth, &[i32], &[i32]) -> i64,
}

pub const KERNELS: [Kernel; 3] = [
    Kernel { name: "int16", per_word: 2.0, run: int16 },
    Kernel { name: "int32", per_word: 1.0, run: int32 },
    Kernel { name: "double", per_word: 0.5, run: double },
];

/// Two operands of 4 KiB, at the beginning of a cache line: loads across lines take twice as long.
#[repr(align(64))]
pub struct Words([[i32; 1024]; 2]);

impl Words {
    /// Numbers of all sizes.
    pub fn new() -> Box<Words> {
        let word = |i: usize| i32::try_from(i).unwrap().wrapping_mul(40_503) ^ 0x0101_0101;
        Box::new(Words([0, 1024].map(|first| std::array::from_fn(|i| word(first + i)))))
    }

    /// The two operands.
    pub fn operands(&self) -> (&[i32], &[i32]) {
        (&self.0[0], &self.0[1])
    }
}

/// Independent sums, to hide the latency of an addition.
const SUMS: usize = 8;

macro_rules! dot {
    ($simd:expr, $a:expr, $b:expr, $zero:expr, $vector:ty, $lanes:expr, |$x:ident, $y:ident, $sum:ident| $step:expr) => {{
        let simd = $simd;
        simd.vectorize(
            #[inline(always)]
            || {
                let mut sums = [$zero; SUMS];
                let a = $a.chunks_exact($lanes * SUMS);
                for (a, b) in a.zip($b.chunks_exact($lanes * SUMS)) {
                    for i in 0..SUMS {
                        let load = |x: &[i32]| -> $vector {
                            let x: [i32; $lanes] = x[i * $lanes..(i + 1) * $lanes].try_into().unwrap();
                            cast(x)
                        };
                        let ($x, $y, $sum) = (load(a), load(b), sums[i]);
                        sums[i] = $step;
                    }
                }
                let mut total = 0i64;
                for sum in sums {
                    let words: [i32; $lanes] = cast(sum);
                    total = words.into_iter().fold(total, |total, word| total.wrapping_add(word.into()));
                }
                total
            },
        )
    }};
}

#[cfg(target_arch = "x86_64")]
fn int16(width: VectorWidth, a: &[i32], b: &[i32]) -> i64 {
    use pulp::x86::{V3, V4};
    use std::arch::x86_64::{__m256i, __m512i};
    match width {
        VectorWidth::Avx512 => {
            let simd = V4::try_new().unwrap();
            dot!(simd, a, b, cast::<_, __m512i>([0i32; 16]), __m512i, 16, |x, y, sum| {
                simd.avx512f._mm512_add_epi32(sum, simd.avx512bw._mm512_madd_epi16(x, y))
            })
        }
        VectorWidth::Avx2 => {
            let simd = V3::try_new().unwrap();
            dot!(simd, a, b, cast::<_, __m256i>([0i32; 8]), __m256i, 8, |x, y, sum| {
                simd.avx2._mm256_add_epi32(sum, simd.avx2._mm256_madd_epi16(x, y))
            })
        }
        _ => plain_int16(a, b),
    }
}

#[cfg(target_arch = "x86_64")]
fn int32(width: VectorWidth, a: &[i32], b: &[i32]) -> i64 {
    use pulp::x86::{V3, V4};
    use std::arch::x86_64::{__m256i, __m512i};
    match width {
        VectorWidth::Avx512 => {
            let simd = V4::try_new().unwrap();
            dot!(simd, a, b, cast::<_, __m512i>([0i32; 16]), __m512i, 16, |x, y, sum| {
                simd.avx512f._mm512_add_epi32(sum, simd.avx512f._mm512_mullo_epi32(x, y))
            })
        }
        VectorWidth::Avx2 => {
            let simd = V3::try_new().unwrap();
            dot!(simd, a, b, cast::<_, __m256i>([0i32; 8]), __m256i, 8, |x, y, sum| {
                simd.avx2._mm256_add_epi32(sum, simd.avx2._mm256_mullo_epi32(x, y))
            })
        }
        _ => plain_int32(a, b),
    }
}

#[cfg(target_arch = "x86_64")]
fn double(width: VectorWidth, a: &[i32], b: &[i32]) -> i64 {
    use pulp::x86::{V3, V4};
    use pulp::{f64x4, f64x8};
    match width {
        VectorWidth::Avx512 => {
            let simd = V4::try_new().unwrap();
            dot!(simd, a, b, cast::<_, f64x8>([0i32; 16]), f64x8, 16, |x, y, sum| simd
                .mul_add_f64s(x, y, sum))
        }
        VectorWidth::Avx2 => {
            let simd = V3::try_new().unwrap();
            dot!(simd, a, b, cast::<_, f64x4>([0i32; 8]), f64x4, 8, |x, y, sum| simd.mul_add_f64s(x, y, sum))
        }
        _ => plain_double(a, b),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn int16(_: VectorWidth, a: &[i32], b: &[i32]) -> i64 {
    plain_int16(a, b)
}

#[cfg(not(target_arch = "x86_64"))]
fn int32(_: VectorWidth, a: &[i32], b: &[i32]) -> i64 {
    plain_int32(a, b)
}

#[cfg(not(target_arch = "x86_64"))]
fn double(_: VectorWidth, a: &[i32], b: &[i32]) -> i64 {
    plain_double(a, b)
}

/// What the compiler makes of it with the instructions every machine of the architecture has.
fn plain_int16(a: &[i32], b: &[i32]) -> i64 {
    let (a, b): (&[i16], &[i16]) = (bytes(a), bytes(b));
    let sum = a.iter().zip(b).fold(0i32, |sum, (&a, &b)| sum.wrapping_add(i32::from(a) * i32::from(b)));
    sum.into()
}

fn plain_int32(a: &[i32], b: &[i32]) -> i64 {
    a.iter().zip(b).fold(0i32, |sum, (&a, &b)| sum.wrapping_add(a.wrapping_mul(b))).into()
}

fn plain_double(a: &[i32], b: &[i32]) -> i64 {
    let (a, b): (&[f64], &[f64]) = (bytes(a), bytes(b));
    let (a, b) = (Scalar::as_simd_f64s(a).0, Scalar::as_simd_f64s(b).0);
    let mut sums = [0.0; SUMS];
    for (a, b) in a.chunks_exact(SUMS).zip(b.chunks_exact(SUMS)) {
        for i in 0..SUMS {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum::<f64>().to_bits().cast_signed()
}

/// The same memory as other numbers.
fn bytes<T: bytemuck::Pod>(words: &[i32]) -> &[T] {
    bytemuck::cast_slice(words)
}

/// Reads an array once; returns the exclusive-or of its words.
pub fn read(words: &[u64]) -> u64 {
    struct Read<'a>(&'a [u64]);
    impl pulp::WithSimd for Read<'_> {
        type Output = u64;
        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> u64 {
            let (vectors, _) = S::as_simd_u64s(self.0);
            let mut sums = [simd.splat_u64s(0); SUMS];
            for some in vectors.chunks_exact(SUMS) {
                for (sum, &vector) in sums.iter_mut().zip(some) {
                    *sum = simd.xor_u64s(*sum, vector);
                }
            }
            let all = sums.into_iter().fold(simd.splat_u64s(0), |all, sum| simd.xor_u64s(all, sum));
            bytemuck::bytes_of(&all).iter().fold(0, |x, &byte| x ^ u64::from(byte))
        }
    }
    pulp::Arch::new().dispatch(Read(words))
}

//! Every function of `arithmetic.wgsl` against the same in 64 bits.

use super::shader::{ARITHMETIC, halves};
use crate::device::Device;
use crate::{AdapterError, adapters};
use wheatstone_sim::shift_rounded;

/// Applies all functions to each pair of numbers and a shift.
const MAIN: &str = "
@group(0) @binding(0) var<storage, read> given: array<u32>;
@group(0) @binding(1) var<storage, read_write> found: array<u32>;

fn put(index: u32, value: Long) {
    found[index] = value.x;
    found[index + 1u] = value.y;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if (5u * i >= arrayLength(&given)) {
        return;
    }
    let a = Long(given[5u * i], given[5u * i + 1u]);
    let b = Long(given[5u * i + 2u], given[5u * i + 3u]);
    let n = given[5u * i + 4u];
    let o = 20u * i;
    put(o, add(a, b));
    put(o + 2u, subtract(a, b));
    put(o + 4u, shift_left(a, n & 31u));
    put(o + 6u, shift_rounded(Long(a.x, bitcast<u32>(bitcast<i32>(a.y) >> 1u)), n));
    put(o + 8u, times(a, b.x & 15u));
    put(o + 10u, product(bitcast<i32>(a.x), bitcast<i32>(b.x)));
    put(o + 12u, clamp_long(a, Long(b.x, b.y & 0x7FFFFFFFu), Long(0xFFFFFFFFu, 0x7FFFFFFFu)));
    put(o + 14u, long(clamp_to_word(a, bitcast<i32>(b.x | 0x80000000u), bitcast<i32>(b.y & 0x7FFFFFFFu))));
    put(o + 16u, long(bitcast<i32>(a.x)));
    put(o + 18u, Long(select(0u, 1u, is_less(a, b)), log2_floor(Long(a.x | 1u, a.y))));
}
";

fn expected(a: i64, b: i64, n: u32) -> [i64; 10] {
    let [low, high] = halves(a);
    let [b_low, b_high] = halves(b);
    let halved = i64::from(low) | (i64::from(high.cast_signed() >> 1) << 32);
    let floor = i64::from((b_low | 1 << 31).cast_signed());
    let log2 = (a.cast_unsigned() | 1).ilog2();
    [
        a.wrapping_add(b),
        a.wrapping_sub(b),
        a << (n & 31),
        shift_rounded(halved, n),
        a.wrapping_mul(b & 15),
        i64::from(low.cast_signed()) * i64::from(b_low.cast_signed()),
        a.max(b & i64::MAX),
        a.clamp(floor, (b_high & (u32::MAX >> 1)).into()),
        low.cast_signed().into(),
        i64::from(a < b) | i64::from(log2) << 32,
    ]
}

#[test]
fn long_arithmetic_equals_that_of_the_processor() {
    let adapter = match adapters() {
        Ok(adapters) => adapters.into_iter().next().unwrap(),
        Err(error @ AdapterError::None) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {error}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let edges = [
        0,
        1,
        2,
        3,
        0x7FFF,
        0xFFFF,
        0x1_0000,
        0x7FFF_FFFF,
        0x8000_0000,
        0xFFFF_FFFF,
        0x1_0000_0000,
        i64::MAX,
    ];
    let mut values: Vec<i64> = edges.iter().flat_map(|&x| [x, !x]).collect();
    let mut x = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..100 {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        values.extend([x.cast_signed(), x.cast_signed() >> (x & 63)]);
    }
    let mut cases = Vec::new();
    for (i, &a) in values.iter().enumerate() {
        for (j, &b) in values.iter().enumerate() {
            cases.push((a, b, u32::try_from((i + 7 * j) % 63).unwrap()));
        }
    }
    let given: Vec<u32> =
        cases.iter().flat_map(|&(a, b, n)| [halves(a), halves(b)].concat().into_iter().chain([n])).collect();
    let device = Device::open(&adapter, wgpu::Features::empty()).unwrap();
    let pipeline = device.pipeline("a test", &format!("{ARITHMETIC}{MAIN}")).unwrap();
    let given = device.filled("a test", &given).unwrap();
    let found = device.filled("a test", &vec![0; 20 * cases.len()]).unwrap();
    let group = device.bind("a test", &pipeline, &[&given, &found]).unwrap();
    device.dispatch("a test", &pipeline, &group, u32::try_from(cases.len().div_ceil(64)).unwrap()).unwrap();
    let found = device.read("a test", &found, 20 * cases.len()).unwrap();
    for (&(a, b, n), found) in cases.iter().zip(found.chunks(20)) {
        let wanted: Vec<u32> = expected(a, b, n).into_iter().flat_map(halves).collect();
        assert_eq!(found, wanted, "{a:#x}, {b:#x}, {n}");
    }
}

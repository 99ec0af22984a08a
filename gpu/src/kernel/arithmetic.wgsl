// Whole numbers of 64 bits in two's complement, as WGSL has none: the low word, then the high word.
alias Long = vec2<u32>;

fn long(x: i32) -> Long {
    return Long(bitcast<u32>(x), bitcast<u32>(x >> 31u));
}

fn is_negative(a: Long) -> bool {
    return bitcast<i32>(a.y) < 0;
}

fn is_less(a: Long, b: Long) -> bool {
    if (a.y == b.y) {
        return a.x < b.x;
    }
    return bitcast<i32>(a.y) < bitcast<i32>(b.y);
}

fn add(a: Long, b: Long) -> Long {
    let low = a.x + b.x;
    return Long(low, a.y + b.y + select(0u, 1u, low < a.x));
}

fn subtract(a: Long, b: Long) -> Long {
    return Long(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}

// `a * 2^n`, for n below 32.
fn shift_left(a: Long, n: u32) -> Long {
    if (n == 0u) {
        return a;
    }
    return Long(a.x << n, (a.y << n) | (a.x >> (32u - n)));
}

// `a / 2^n`, rounded to nearest, ties up, for n below 64: the rounding of the contract.
fn shift_rounded(a: Long, n: u32) -> Long {
    if (n == 0u) {
        return a;
    }
    if (n < 32u) {
        let sum = add(a, Long(1u << (n - 1u), 0u));
        let high = bitcast<u32>(bitcast<i32>(sum.y) >> n);
        return Long((sum.x >> n) | (sum.y << (32u - n)), high);
    }
    var half = Long(0x80000000u, 0u);
    if (n > 32u) {
        half = Long(0u, 1u << (n - 33u));
    }
    return long(bitcast<i32>(add(a, half).y) >> (n - 32u));
}

// `a * q` modulo 2^64, for q below 2^16.
fn times(a: Long, q: u32) -> Long {
    let low = (a.x & 0xFFFFu) * q;
    let middle = (a.x >> 16u) * q + (low >> 16u);
    return Long((middle << 16u) | (low & 0xFFFFu), a.y * q + (middle >> 16u));
}

// The whole product of two words.
fn product(a: i32, b: i32) -> Long {
    let x = bitcast<u32>(a);
    let y = bitcast<u32>(b);
    let upper = times(Long(x, 0u), y >> 16u);
    let unsigned = add(times(Long(x, 0u), y & 0xFFFFu), Long(upper.x << 16u, (upper.y << 16u) | (upper.x >> 16u)));
    // A negative word reads 2^32 too large.
    return Long(unsigned.x, unsigned.y - select(0u, y, a < 0) - select(0u, x, b < 0));
}

fn clamp_long(a: Long, low: Long, high: Long) -> Long {
    if (is_less(a, low)) {
        return low;
    }
    if (is_less(high, a)) {
        return high;
    }
    return a;
}

// `a`, saturated to what a word can hold.
fn clamp_to_word(a: Long, low: i32, high: i32) -> i32 {
    return bitcast<i32>(clamp_long(a, long(low), long(high)).x);
}

// `floor(log2 a)` for a from 1.
fn log2_floor(a: Long) -> u32 {
    if (a.y != 0u) {
        return 32u + firstLeadingBit(a.y);
    }
    return firstLeadingBit(a.x);
}

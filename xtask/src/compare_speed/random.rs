//! Numbers that are the same on every machine.

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): draws tasks.
pub struct Random(u64);

impl Random {
    /// A stream named by its seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Evenly drawn from `0..bound`, up to a bias of `bound / 2^32`.
    ///
    /// # Panics
    /// If `bound` is above 2^32.
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound <= 1 << 32, "the bias would matter");
        let drawn = ((self.next() >> 32) * bound as u64) >> 32;
        usize::try_from(drawn).expect("below the bound, which is a usize")
    }

    /// Evenly drawn from `low..high`.
    ///
    /// # Panics
    /// If the range is empty or wider than an `i32`.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = usize::try_from(high - low).expect("high is above low");
        low + i32::try_from(self.below(width)).expect("a part of an i32")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_the_published_one() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn ranges_are_filled_and_kept() {
        let mut random = Random::new(1);
        let mut seen = [0; 7];
        for _ in 0..7000 {
            seen[usize::try_from(random.between(-3, 4) + 3).unwrap()] += 1;
        }
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
    }
}

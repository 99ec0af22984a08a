//! The small generators of the hardware: one in every edge, one in every node with noise, one for the order of an epoch.

/// The local generator of an edge: a 16-bit Galois shift register with feedback 0xB400, period 65,535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EdgeGenerator(u16);

impl EdgeGenerator {
    /// A generator in that state; 0, from which it would never leave, reads as 1.
    pub fn new(state: u16) -> Self {
        EdgeGenerator(state.max(1))
    }

    /// The state, never 0.
    pub fn state(self) -> u16 {
        self.0
    }

    /// Draws `bits` fresh bits and says whether all of them are 0: true once in about `2^bits` times.
    pub fn fires(&mut self, bits: u8) -> bool {
        let mut all_zero = true;
        for _ in 0..bits {
            let out = self.0 & 1;
            self.0 = (self.0 >> 1) ^ if out == 1 { 0xB400 } else { 0 };
            all_zero &= out == 0;
        }
        all_zero
    }
}

/// The generator of a node's noise: 32 bits of Marsaglia's xorshift (J. Stat. Softw. 8(14), 2003: shifts 13, 17, 5), period
/// 2^32 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NoiseGenerator(u32);

impl NoiseGenerator {
    /// A generator in that state; 0, from which it would never leave, reads as 1.
    pub fn new(state: u32) -> Self {
        NoiseGenerator(state.max(1))
    }

    /// The state, never 0.
    pub fn state(self) -> u32 {
        self.0
    }

    /// Draws the number of ones among 32 bits, less 16: mean 0, variance 8, nearly normal.
    #[inline]
    pub fn draw(&mut self) -> i64 {
        i64::from(self.word().count_ones()) - 16
    }

    /// Draws 32 bits, never all 0.
    #[inline]
    pub fn word(&mut self) -> u32 {
        xorshift(&mut self.0);
        self.0
    }
}

#[inline]
fn xorshift(x: &mut u32) {
    *x ^= *x << 13;
    *x ^= *x >> 17;
    *x ^= *x << 5;
}

/// The order of `samples` samples in epoch number `epoch`: a Fisher-Yates shuffle driven by a 32-bit xorshift
/// generator (Marsaglia, J. Stat. Softw. 8(14), 2003: shifts 13, 17, 5), small enough to sit in a sequencer.
///
/// The generator starts from both halves of `seed` and `epoch * 0x9E3779B9`, all exclusive-ored, and drops its
/// first eight numbers; an index below `n` is `(x * n) >> 32`.
///
/// # Panics
/// With more than 2^32 - 1 samples.
pub fn epoch_order(seed: u64, epoch: u32, samples: usize) -> Vec<u32> {
    #[expect(clippy::expect_used, reason = "documented")]
    let samples = u32::try_from(samples).expect("fewer than 2^32 samples");
    order_from(fold(seed), epoch_key(epoch), samples)
}

/// Added to an epoch's key for the next one; the golden ratio's fraction.
pub const KEY_STEP: u32 = 0x9E37_79B9;

/// The key of an epoch: what tells its order from that of other epochs.
pub fn epoch_key(epoch: u32) -> u32 {
    epoch.wrapping_mul(KEY_STEP)
}

/// [`epoch_order`] from the [folded](fold) seed and the epoch's [key](epoch_key).
pub fn order_from(folded_seed: u32, key: u32, samples: u32) -> Vec<u32> {
    let mut x = folded_seed ^ key;
    if x == 0 {
        x = KEY_STEP;
    }
    let mut next = || {
        xorshift(&mut x);
        x
    };
    for _ in 0..8 {
        next();
    }
    let mut order: Vec<u32> = (0..samples).collect();
    for last in (1..samples).rev() {
        let index = (u64::from(next()) * (u64::from(last) + 1)) >> 32;
        order.swap(last as usize, index as usize);
    }
    order
}

/// Both halves of a seed, exclusive-ored.
pub fn fold(seed: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the halves are taken apart on purpose")]
    let (low, high) = (seed as u32, (seed >> 32) as u32);
    low ^ high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_generator_has_full_period() {
        let mut generator = EdgeGenerator::new(1);
        let mut period = 0u32;
        loop {
            generator.fires(1);
            period += 1;
            if generator.state() == 1 {
                break;
            }
        }
        assert_eq!(period, 65_535);
        assert_eq!(EdgeGenerator::new(0).state(), 1);
    }

    #[test]
    fn an_edge_fires_at_its_rate() {
        for bits in 1..=8u8 {
            let mut generator = EdgeGenerator::new(0xACE1);
            let fired = (0..65_535).filter(|_| generator.fires(bits)).count();
            let expected = 65_536 >> bits;
            assert!(fired.abs_diff(expected) < 5 + expected / 10, "{bits} bits: {fired} against {expected}");
        }
    }

    #[test]
    fn noise_is_nearly_normal() {
        let mut generator = NoiseGenerator::new(0x1234_5678);
        let draws: Vec<f64> = (0..400_000).map(|_| generator.draw() as f64).collect();
        let moment = |n: i32| draws.iter().map(|x| x.powi(n)).sum::<f64>() / draws.len() as f64;
        let variance = moment(2);
        assert!(moment(1).abs() < 0.02, "mean {}", moment(1));
        assert!((variance - 8.0).abs() < 0.08, "variance {variance}");
        // Of a sum of 32 coins: 3 - 2/32.
        assert!((moment(4) / variance.powi(2) - 2.9375).abs() < 0.04, "{}", moment(4) / variance.powi(2));
        assert_eq!(NoiseGenerator::new(0).state(), 1);
    }

    #[test]
    fn an_order_is_a_permutation_of_its_own() {
        let orders: Vec<Vec<u32>> = (0..50).map(|epoch| epoch_order(7, epoch, 150)).collect();
        for (epoch, order) in orders.iter().enumerate() {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..150));
            assert!(!orders[..epoch].contains(order), "epoch {epoch} repeats an earlier order");
        }
        assert_ne!(epoch_order(7, 0, 150), epoch_order(8, 0, 150));
        assert_eq!(epoch_order(0, 0, 1), [0]);
        assert!(epoch_order(0, 0, 0).is_empty());
    }

    #[test]
    fn every_place_is_equally_likely() {
        let mut counts = [[0u32; 8]; 8];
        for epoch in 0..8000 {
            for (place, &item) in epoch_order(3, epoch, 8).iter().enumerate() {
                counts[place][item as usize] += 1;
            }
        }
        assert!(counts.as_flattened().iter().all(|&c| (870..1130).contains(&c)), "{counts:?}");
    }
}

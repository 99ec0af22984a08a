//! A linear function of features whose variances and shares fall by power laws.

use super::{count, real};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Stream of a seed from which the signs of weights are drawn.
const SIGNS: u64 = 5;

/// Weights and features. A feature is the sum of four even numbers, times its scale: no larger than 3.47 standard deviations.
pub(super) struct Teacher {
    /// By feature, of what is drawn.
    scales: Vec<f64>,
    pub(super) variances: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

/// Variance of the sum of four numbers of 16 bits.
const DRAWN_VARIANCE: f64 = (65_536.0 * 65_536.0 - 1.0) / 3.0;

/// The fourth moment of a feature over the square of its second: 3 less 1.2 over the number of summands.
pub(super) const KURTOSIS: f64 = 3.0 - 1.2 / 4.0;

impl Teacher {
    /// Exponents in quarters, `first` the standard deviation of the first feature. Weights sum up to 1/2 in magnitude, so that a
    /// network, whose answer is a mean, can have them.
    pub(super) fn new(covariance: u8, teacher: u8, features: usize, first: f64, seed: u64) -> Teacher {
        let mut signs = ChaCha8Rng::seed_from_u64(seed);
        signs.set_stream(SIGNS);
        // j^(1/8); square roots and products are the same on every machine.
        let eighth = |j: usize| count(j).sqrt().sqrt().sqrt();
        let deviation = |j| first / eighth(j).powi(covariance.into());
        let magnitude = |j| eighth(j).powi(i32::from(covariance) - i32::from(teacher));
        let sum: f64 = (1..=features).map(magnitude).sum();
        let mut sign = || if signs.next_u32() & 1 == 1 { 1.0 } else { -1.0 };
        Teacher {
            scales: (1..=features).map(|j| deviation(j) / DRAWN_VARIANCE.sqrt()).collect(),
            variances: (1..=features).map(|j| deviation(j) * deviation(j)).collect(),
            weights: (1..=features).map(|j| sign() * magnitude(j) / (2.0 * sum)).collect(),
        }
    }

    pub(super) fn total_variance(&self) -> f64 {
        self.variances.iter().sum()
    }

    /// All features of a new row, and what the teacher answers, rounded to LSB of `v`.
    pub(super) fn row(&self, draws: &mut ChaCha8Rng) -> (Vec<i32>, i32) {
        let mut answer = 0.0;
        let feature = |(scale, weight): (&f64, &f64)| {
            let word = draws.next_u64();
            let sum: u64 = (0..4).map(|quarter| word >> (16 * quarter) & 0xFFFF).sum();
            let x = ((real(sum) - 131_070.0) * scale).round();
            answer += x * weight;
            #[expect(clippy::cast_possible_truncation, reason = "at most 3.47 standard deviations")]
            let x = x as i32;
            x
        };
        let row = self.scales.iter().zip(&self.weights).map(feature).collect();
        #[expect(clippy::cast_possible_truncation, reason = "at most half of the largest feature")]
        let answer = answer.round() as i32;
        (row, answer)
    }

    /// The mean squared error over all rows of a student that weighs the first features so, relative to one that answers 0.
    pub(super) fn loss(&self, weights: &[f64]) -> f64 {
        let all = weights.iter().copied().chain(std::iter::repeat(0.0));
        let terms = self.variances.iter().zip(&self.weights).zip(all);
        let lost: f64 = terms.map(|((variance, own), weight)| variance * (weight - own).powi(2)).sum();
        lost / self.power()
    }

    /// The mean square of the answer.
    pub(super) fn power(&self) -> f64 {
        self.variances.iter().zip(&self.weights).map(|(variance, weight)| variance * weight * weight).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows have the moments that theory takes them to have.
    #[test]
    fn moments_of_rows() {
        let teacher = Teacher::new(6, 8, 8, 24_000.0, 3);
        let mut draws = ChaCha8Rng::seed_from_u64(1);
        let rows: Vec<(Vec<i32>, i32)> = (0..100_000).map(|_| teacher.row(&mut draws)).collect();
        for j in 0..8 {
            let moment = |power: i32| {
                rows.iter().map(|(row, _)| f64::from(row[j]).powi(power)).sum::<f64>() / count(rows.len())
            };
            let variance = moment(2);
            assert!((variance / teacher.variances[j] - 1.0).abs() < 0.02, "feature {j}: {variance}");
            assert!((moment(4) / variance.powi(2) / KURTOSIS - 1.0).abs() < 0.03, "feature {j}");
            assert!(moment(1).abs() < 0.02 * variance.sqrt(), "feature {j}");
        }
        let power =
            rows.iter().map(|(_, answer)| f64::from(*answer).powi(2)).sum::<f64>() / count(rows.len());
        assert!((power / teacher.power() - 1.0).abs() < 0.02);
        assert!((teacher.weights.iter().map(|w| w.abs()).sum::<f64>() - 0.5).abs() < 1e-12);
        assert!((teacher.loss(&[]) - 1.0).abs() < 1e-12 && teacher.loss(&teacher.weights) == 0.0);
    }
}

//! What stochastic gradient descent does exactly, with the rate, the rows and the beginning of a network.

use super::teacher::{KURTOSIS, Teacher};
use super::{count, real};
use faer::{Mat, Side};

/// The mean loss where every sample is a new one, relative to answering 0, at every record: the recursion of the second moments of
/// the weights' errors.
///
/// With independent features of variance `l` and fourth moment `KURTOSIS l^2`, and the rate `r`, the mean square `X` of a weight's error becomes
/// `X (1 - 2 r l + (KURTOSIS - 1) r^2 l^2) + r^2 l L` at each sample, `L` the mean squared error of the answer.
pub(super) fn second_moments(teacher: &Teacher, begin: &[f64], rate: f64, records: &[u64]) -> Vec<f64> {
    let variances = &teacher.variances[..begin.len()];
    let mut squares: Vec<f64> =
        begin.iter().zip(&teacher.weights).map(|(weight, own)| (weight - own).powi(2)).collect();
    let unseen: f64 = teacher.loss(&teacher.weights[..begin.len()]) * teacher.power();
    let loss = |squares: &[f64]| variances.iter().zip(squares).map(|(l, x)| l * x).sum::<f64>() + unseen;
    let (mut losses, mut trained) = (Vec::with_capacity(records.len()), 0);
    for &record in records {
        while trained < record {
            let whole = loss(&squares);
            for (x, l) in squares.iter_mut().zip(variances) {
                let step = rate * l;
                *x = *x * (1.0 - 2.0 * step + (KURTOSIS - 1.0) * step * step) + rate * step * whole;
            }
            trained += 1;
        }
        losses.push(loss(&squares) / teacher.power());
    }
    losses
}

/// The loss of the mean weights where samples are drawn from given rows, at every record: gradient descent on those rows, mode by mode.
/// `None` if the modes were not found.
pub(super) fn mean_descent(
    teacher: &Teacher,
    rows: &[(Vec<i32>, i32)],
    begin: &[f64],
    rate: f64,
    records: &[u64],
) -> Option<Vec<f64>> {
    let n = begin.len();
    let x = Mat::from_fn(rows.len(), n, |row, j| f64::from(rows[row].0[j]));
    let second = (x.transpose() * &x) * (1.0 / count(rows.len()));
    let modes = second.self_adjoint_eigen(Side::Lower).ok()?;
    let along = |values: &[f64]| -> Vec<f64> {
        (0..n).map(|mode| (0..n).map(|j| modes.U()[(j, mode)] * values[j]).sum()).collect()
    };
    let pull: Vec<f64> = (0..n)
        .map(|j| {
            rows.iter().map(|(row, target)| f64::from(row[j]) * f64::from(*target)).sum::<f64>()
                / count(rows.len())
        })
        .collect();
    let (begin, pull) = (along(begin), along(&pull));
    let at = |&record: &u64| {
        let mode = |mode: usize| {
            let step = rate * modes.S()[mode].max(0.0);
            let left = (1.0 - step).powf(real(record));
            // Where a mode does not decay, its pull is rounding.
            let moved = if step > 1e-12 { rate * pull[mode] * (1.0 - left) / step } else { 0.0 };
            left * begin[mode] + moved
        };
        let amplitudes: Vec<f64> = (0..n).map(mode).collect();
        let weights: Vec<f64> =
            (0..n).map(|j| (0..n).map(|mode| modes.U()[(j, mode)] * amplitudes[mode]).sum()).collect();
        teacher.loss(&weights)
    };
    Some(records.iter().map(at).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    /// Stochastic gradient descent itself, in doubles, has these mean losses.
    #[test]
    fn the_recursion_is_the_mean_of_descents() {
        let teacher = Teacher::new(6, 8, 6, 24_000.0, 1);
        let rate = 0.25 / teacher.total_variance();
        let (records, runs) = ([1, 10, 100], 4000);
        let expected = second_moments(&teacher, &[0.0; 4], rate, &records);
        let mut found = [0.0; 3];
        let mut draws = ChaCha8Rng::seed_from_u64(7);
        for _ in 0..runs {
            let (mut weights, mut trained) = ([0.0; 4], 0);
            for (found, &record) in found.iter_mut().zip(&records) {
                while trained < record {
                    let (row, target) = teacher.row(&mut draws);
                    let answer: f64 = weights.iter().zip(&row).map(|(w, &x)| w * f64::from(x)).sum();
                    for (weight, &x) in weights.iter_mut().zip(&row) {
                        *weight += rate * (f64::from(target) - answer) * f64::from(x);
                    }
                    trained += 1;
                }
                *found += teacher.loss(&weights) / f64::from(runs);
            }
        }
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found / expected - 1.0).abs() < 0.03, "{found} {expected}");
        }
    }

    /// Gradient descent itself, step by step, has these losses.
    #[test]
    fn modes_descend_as_gradients_do() {
        let teacher = Teacher::new(6, 8, 5, 24_000.0, 2);
        let mut draws = ChaCha8Rng::seed_from_u64(8);
        let rows: Vec<(Vec<i32>, i32)> = (0..3).map(|_| teacher.row(&mut draws)).collect();
        let rate = 0.25 / teacher.total_variance();
        let mut weights = [1e-3; 5];
        let expected = mean_descent(&teacher, &rows, &weights, rate, &[7]).unwrap();
        for _ in 0..7 {
            let before = weights;
            for (row, target) in &rows {
                let answer: f64 = before.iter().zip(row).map(|(w, &x)| w * f64::from(x)).sum();
                for (weight, &x) in weights.iter_mut().zip(row) {
                    *weight += rate * (f64::from(*target) - answer) * f64::from(x) / 3.0;
                }
            }
        }
        assert!((teacher.loss(&weights) / expected[0] - 1.0).abs() < 1e-9);
    }
}

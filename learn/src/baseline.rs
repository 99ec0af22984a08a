//! What needs no network: the most frequent class, and a linear model in closed form, fitted on the same rows.
//!
//! A network that does not beat them has not learned what there is. [`Baselines::concern`] says so.

use crate::data::{Dataset, Targets};
use crate::metrics::Evaluation;
use serde::Serialize;

/// The ridge, as a share of the rows: standardised features have their sum of squares equal to the rows.
const RIDGE: f64 = 0.01;

/// The most multiplications a linear model may take: a few seconds.
const MOST_WORK: f64 = 1e10;

/// A network is as good as the linear model if it is no further below: accuracy or R^2.
const SLACK: f64 = 0.02;

/// A network is near chance if it saves less than this share of the errors of always answering the most frequent class.
const FEW: f64 = 0.1;

/// Scores on the rows that a network is judged on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Baselines {
    /// Accuracy of always answering the most frequent class of the training rows; absent for values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_frequent_class: Option<f64>,
    /// Accuracy or R^2 of a ridge regression, one for each class or value, on standardised features; absent where it would take
    /// too long or no value varies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linear: Option<f64>,
}

/// Why a network that was trained has not learned what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Concern {
    /// Hardly better than always answering the most frequent class.
    NearChance,
    /// An R^2 below 0: the mean of the rows would be a better answer.
    BelowMean,
    /// Worse than the linear model.
    BelowLinear,
}

impl Concern {
    /// In words, to follow "it".
    pub fn describe(self) -> &'static str {
        match self {
            Concern::NearChance => "is hardly better than always answering the most frequent class",
            Concern::BelowMean => "answers worse than the mean of the values would (R^2 below 0)",
            Concern::BelowLinear => "is below a linear model fitted on the same rows",
        }
    }
}

impl Baselines {
    /// Fits both on some rows of a data set and scores them on others.
    pub fn of(dataset: &Dataset, train: &[usize], judged: &[usize]) -> Baselines {
        let most_frequent_class = match dataset.targets() {
            Targets::Classes { names, labels } => {
                let mut counts = vec![0usize; names.len()];
                train.iter().for_each(|&row| counts[labels[row]] += 1);
                // Of equally frequent ones the first.
                let most = counts.iter().max().copied().unwrap_or(0);
                let class = counts.iter().position(|&count| count == most);
                Some(share(judged, |row| Some(labels[row]) == class))
            }
            Targets::Values { .. } => None,
        };
        Baselines { most_frequent_class, linear: linear(dataset, train, judged) }
    }

    /// What is to be said of a network with that evaluation on the judged rows, if anything is. A difference of one row says nothing.
    pub fn concern(&self, evaluation: &Evaluation) -> Option<Concern> {
        let one_row = 1.0 / count(evaluation.samples.max(1));
        let Some(accuracy) = evaluation.score.accuracy else {
            let r2 = evaluation.r2()?;
            return match self.linear {
                _ if r2 < 0.0 => Some(Concern::BelowMean),
                Some(linear) if r2 < linear - SLACK => Some(Concern::BelowLinear),
                _ => None,
            };
        };
        let near_chance = |most: f64| accuracy < most + FEW * (1.0 - most);
        match (self.most_frequent_class, self.linear) {
            (Some(most), _) if near_chance(most) => Some(Concern::NearChance),
            (_, Some(linear)) if accuracy < linear - SLACK.max(1.5 * one_row) => Some(Concern::BelowLinear),
            _ => None,
        }
    }
}

fn count(number: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a number of rows or columns")]
    let number = number as f64;
    number
}

fn share(rows: &[usize], right: impl Fn(usize) -> bool) -> f64 {
    count(rows.iter().filter(|&&row| right(row)).count()) / count(rows.len().max(1))
}

/// The score of one ridge regression for each class (one against the rest, the highest wins) or value.
fn linear(dataset: &Dataset, train: &[usize], judged: &[usize]) -> Option<f64> {
    let features = Standardised::fit(dataset, train);
    let columns = features.scales.len();
    if count(train.len()) * count(columns) * count(columns) > MOST_WORK {
        return None;
    }
    let outputs = dataset.targets().names().len();
    let wanted = |row: usize, output: usize| match dataset.targets() {
        Targets::Classes { labels, .. } => f64::from(labels[row] == output),
        Targets::Values { rows, .. } => rows[row * outputs + output],
    };
    let means: Vec<f64> = (0..outputs)
        .map(|output| train.iter().map(|&row| wanted(row, output)).sum::<f64>() / count(train.len()))
        .collect();
    // Normal equations, (X'X + ridge) w = X'y.
    let mut gram = vec![vec![0.0; columns]; columns];
    let mut moments = vec![vec![0.0; columns]; outputs];
    for &row in train {
        let x = features.row(dataset, row);
        for (line, &a) in gram.iter_mut().zip(&x) {
            line.iter_mut().zip(&x).for_each(|(sum, &b)| *sum += a * b);
        }
        for (output, sums) in moments.iter_mut().enumerate() {
            let y = wanted(row, output) - means[output];
            sums.iter_mut().zip(&x).for_each(|(sum, &a)| *sum += a * y);
        }
    }
    (0..columns).for_each(|column| gram[column][column] += RIDGE * count(train.len()));
    factorise(&mut gram);
    let weights: Vec<Vec<f64>> = moments.into_iter().map(|sums| solve(&gram, sums)).collect();
    let answer = |row: usize, output: usize| {
        let x = features.row(dataset, row);
        means[output] + weights[output].iter().zip(&x).map(|(w, x)| w * x).sum::<f64>()
    };
    match dataset.targets() {
        Targets::Classes { labels, .. } => Some(share(judged, |row| {
            let answers: Vec<f64> = (0..outputs).map(|output| answer(row, output)).collect();
            let best = answers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            answers.iter().position(|&a| a == best) == Some(labels[row])
        })),
        Targets::Values { .. } => {
            let of_outputs: Vec<f64> = (0..outputs)
                .filter_map(|output| {
                    let mean =
                        judged.iter().map(|&row| wanted(row, output)).sum::<f64>() / count(judged.len());
                    let squares = |distance: &dyn Fn(usize) -> f64| {
                        judged.iter().map(|&row| distance(row) * distance(row)).sum::<f64>()
                    };
                    let spread = squares(&|row| wanted(row, output) - mean);
                    let errors = squares(&|row| wanted(row, output) - answer(row, output));
                    (spread > 0.0).then(|| 1.0 - errors / spread)
                })
                .collect();
            (!of_outputs.is_empty()).then(|| of_outputs.iter().sum::<f64>() / count(of_outputs.len()))
        }
    }
}

/// Features less their mean, over their standard deviation in the training rows. What is missing counts as the mean.
struct Standardised {
    scales: Vec<(f64, f64)>,
}

impl Standardised {
    fn fit(dataset: &Dataset, train: &[usize]) -> Standardised {
        let columns = dataset.features().len();
        let mut sums = vec![(0.0_f64, 0.0_f64); columns];
        for &row in train {
            for (sum, &x) in sums.iter_mut().zip(dataset.row(row)).filter(|(_, x)| !x.is_nan()) {
                *sum = (sum.0 + x, sum.1 + 1.0);
            }
        }
        let means: Vec<f64> = sums.iter().map(|(sum, known)| sum / known.max(1.0)).collect();
        let mut squares = vec![0.0; columns];
        for &row in train {
            for ((sum, &x), mean) in squares.iter_mut().zip(dataset.row(row)).zip(&means) {
                *sum += if x.is_nan() { 0.0 } else { (x - mean) * (x - mean) };
            }
        }
        let deviation = |sum: f64| (sum / count(train.len())).sqrt();
        Standardised { scales: means.into_iter().zip(squares.into_iter().map(deviation)).collect() }
    }

    fn row(&self, dataset: &Dataset, row: usize) -> Vec<f64> {
        let scaled = |(&x, &(mean, deviation)): (&f64, &(f64, f64))| {
            if deviation == 0.0 || x.is_nan() { 0.0 } else { (x - mean) / deviation }
        };
        dataset.row(row).iter().zip(&self.scales).map(scaled).collect()
    }
}

/// The Cholesky factor of a positive definite matrix, in place of its lower half.
fn factorise(matrix: &mut [Vec<f64>]) {
    for column in 0..matrix.len() {
        let (above, below) = matrix.split_at_mut(column + 1);
        let Some(pivot_row) = above.last_mut() else { return };
        let squares: f64 = pivot_row[..column].iter().map(|x| x * x).sum();
        pivot_row[column] = (pivot_row[column] - squares).sqrt();
        for row in below {
            let product: f64 = row[..column].iter().zip(&pivot_row[..column]).map(|(a, b)| a * b).sum();
            row[column] = (row[column] - product) / pivot_row[column];
        }
    }
}

/// The solution for one right side, by a Cholesky factor.
fn solve(factor: &[Vec<f64>], mut x: Vec<f64>) -> Vec<f64> {
    for (place, row) in factor.iter().enumerate() {
        let known: f64 = row[..place].iter().zip(&x).map(|(a, b)| a * b).sum();
        x[place] = (x[place] - known) / row[place];
    }
    for place in (0..x.len()).rev() {
        let known: f64 = (place + 1..x.len()).map(|later| factor[later][place] * x[later]).sum();
        x[place] = (x[place] - known) / factor[place][place];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Builtin;
    use crate::metrics::{Detail, Fit, FitPoint, Score};

    #[test]
    fn factor_and_solution_belong_to_the_matrix() {
        let matrix = vec![vec![4.0, 2.0, 1.0], vec![2.0, 5.0, 3.0], vec![1.0, 3.0, 6.0]];
        let wanted = [1.0, -2.0, 3.0];
        let right = matrix.iter().map(|row| row.iter().zip(&wanted).map(|(a, x)| a * x).sum()).collect();
        let mut factor = matrix;
        factorise(&mut factor);
        for (found, wanted) in solve(&factor, right).iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-12, "{found} for {wanted}");
        }
    }

    #[test]
    fn linear_targets_are_met_and_constant_columns_do_no_harm() {
        let row = |i: u32| [f64::from(i % 7), 5.0, f64::from(i % 11)];
        let values: Vec<f64> = (0..60).flat_map(row).collect();
        let rows = (0..60).map(|i| 3.0 * row(i)[0] - 2.0 * row(i)[2] + 1.0).collect();
        let names = ["a", "constant", "b"].map(String::from).into();
        let targets = Targets::Values { names: vec!["y".into()], rows };
        let dataset = Dataset::new("linear", names, values, targets).unwrap();
        let (train, judged): (Vec<usize>, Vec<usize>) = (0..60).partition(|row| row % 3 > 0);
        let found = Baselines::of(&dataset, &train, &judged);
        assert_eq!(found.most_frequent_class, None);
        assert!(found.linear > Some(0.999), "{found:?}");
    }

    #[test]
    fn species_of_iris_are_told_apart_by_straight_lines() {
        let dataset = Builtin::Iris.load().unwrap();
        let all: Vec<usize> = (0..150).collect();
        let found = Baselines::of(&dataset, &all, &all);
        assert_eq!(found.most_frequent_class, Some(1.0 / 3.0));
        // Least squares mask the middle class: 0.85 is what it is known for.
        assert!((0.8..0.9).contains(&found.linear.unwrap()), "{found:?}");
    }

    fn classified(accuracy: f64) -> Evaluation {
        let score = Score { accuracy: Some(accuracy), ..Score::default() };
        let detail = Detail::Confusion { classes: Vec::new(), counts: Vec::new() };
        Evaluation { part: "test".into(), samples: 200, score, detail }
    }

    fn fitted(error: f64) -> Evaluation {
        let point = |wanted| FitPoint { x: None, wanted, answered: wanted + error };
        let fit = Fit { name: "y".into(), feature: None, points: [-1.0, 1.0].map(point).into() };
        let detail = Detail::Fits { fits: vec![fit] };
        Evaluation { part: "test".into(), samples: 200, score: Score::default(), detail }
    }

    #[test]
    fn what_is_near_chance_or_below_a_line_is_told() {
        let concern = |most, linear, accuracy| {
            let baselines = Baselines { most_frequent_class: Some(most), linear: Some(linear) };
            baselines.concern(&classified(accuracy))
        };
        assert_eq!(concern(0.5, 0.98, 0.52), Some(Concern::NearChance));
        assert_eq!(concern(0.5, 0.98, 0.8), Some(Concern::BelowLinear));
        assert_eq!(concern(0.5, 0.45, 0.56), None);
        assert_eq!(concern(0.5, 0.9, 0.89), None);
        assert_eq!(concern(0.9, 0.9, 0.905), Some(Concern::NearChance));
        assert_eq!(concern(0.9, 0.9, 0.92), None);
        let linear = |linear, error| {
            Baselines { most_frequent_class: None, linear: Some(linear) }.concern(&fitted(error))
        };
        assert_eq!(linear(0.5, 1.5), Some(Concern::BelowMean));
        assert_eq!(linear(0.95, 0.3), Some(Concern::BelowLinear));
        assert_eq!(linear(0.9, 0.3), None);
    }
}

//! What a run measures: one record an epoch, and a full evaluation at its end.

use serde::{Deserialize, Serialize};

/// How well a set of samples was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Share of samples classified correctly, 0..=1; absent for regression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// Mean squared difference between answered and wanted output voltages, in V^2 (1 V is full scale).
    pub mse: f64,
    /// Whether it is at least that: a board counted it, and its counter stopped at its end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mse_at_least: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Score {
    /// What stands before the mean squared error in a text: nothing, or that it is a lower bound.
    pub fn mse_bound(self) -> &'static str {
        if self.mse_at_least { "at least " } else { "" }
    }
}

/// One line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// Number of epochs done; 0 before training.
    pub epoch: u32,
    /// Samples trained so far.
    pub samples: u64,
    /// Relaxing steps made so far while training.
    pub steps: u64,
    /// Learning shift offset in force during the epoch.
    pub alpha_offset: u8,
    /// On the training samples in the order of training, before each one's learning step; at epoch 0, the
    /// first 1000 of them read out by the untrained network.
    pub train: Score,
    /// On the held-out samples after the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Score>,
    /// How well each output of a regression is met on the held-out samples after the epoch, in its own units; nothing for classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_outputs: Vec<OutputScore>,
    /// Mean power dissipated in at most 64 of the training samples after the epoch, fewer of a network of more than 16,384 edges; absent before training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<Power>,
}

/// Dissipated power at the end of relaxing, in units of full conductance times (1 V)^2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Power {
    /// In the free state.
    pub free: f64,
    /// In the clamped state.
    pub clamped: f64,
}

/// Answers to a set of samples beside what was wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Which samples: `test`, or `train` where nothing was held out.
    pub part: String,
    /// Number of samples.
    pub samples: usize,
    /// Over all of them.
    pub score: Score,
    /// How classes were told apart, or how values were met.
    pub detail: Detail,
}

impl Evaluation {
    /// [`mean_r2`] of the rows evaluated; absent for classes.
    pub fn r2(&self) -> Option<f64> {
        mean_r2(&self.outputs())
    }

    /// How well each output of a regression is met, in its own units; nothing for classes.
    pub fn outputs(&self) -> Vec<OutputScore> {
        match &self.detail {
            Detail::Confusion { .. } => Vec::new(),
            Detail::Fits { fits } => fits.iter().map(Fit::score).collect(),
        }
    }
}

/// How well one output of a regression is met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputScore {
    /// Its name.
    pub name: String,
    /// Root mean squared error, in the units of its values.
    pub rmse: f64,
    /// The coefficient of determination R^2 = 1 - (squared errors) / (squared distances from the mean of what was wanted): 1 is
    /// perfect, 0 what the mean of these rows answers, and below 0 worse. Absent where what was wanted is the same in every row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r2: Option<f64>,
}

/// R^2 averaged over the outputs that vary; absent where none does.
pub fn mean_r2(outputs: &[OutputScore]) -> Option<f64> {
    let of_outputs: Vec<f64> = outputs.iter().filter_map(|output| output.r2).collect();
    #[expect(clippy::cast_precision_loss, reason = "a number of outputs")]
    let outputs = of_outputs.len() as f64;
    (outputs > 0.0).then(|| of_outputs.iter().sum::<f64>() / outputs)
}

/// The answers of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Detail {
    /// Which classes were answered for which.
    Confusion {
        /// Names of the classes.
        classes: Vec<String>,
        /// `counts[wanted][answered]`.
        counts: Vec<Vec<u32>>,
    },
    /// Regression: one fit for each output.
    Fits {
        /// In output order.
        fits: Vec<Fit>,
    },
}

/// One output of a regression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Name of the value, in its own units.
    pub name: String,
    /// Name of the only feature, if there is just one: the abscissa to draw over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// One point for each sample.
    pub points: Vec<FitPoint>,
}

impl Fit {
    fn score(&self) -> OutputScore {
        #[expect(clippy::cast_precision_loss, reason = "a number of rows")]
        let rows = self.points.len().max(1) as f64;
        let mean = self.points.iter().map(|point| point.wanted).sum::<f64>() / rows;
        // Squares of the largest values would be infinite, which JSON cannot tell.
        let root_mean_square = |distance: &dyn Fn(&FitPoint) -> f64| {
            let largest = self.points.iter().map(|point| distance(point).abs()).fold(0.0, f64::max);
            let shares = self.points.iter().map(|point| (distance(point) / largest).powi(2));
            if largest > 0.0 { largest * (shares.sum::<f64>() / rows).sqrt() } else { 0.0 }
        };
        let rmse = root_mean_square(&|point| point.wanted - point.answered);
        let spread = root_mean_square(&|point| point.wanted - mean);
        let r2 = (spread > 0.0).then(|| 1.0 - (rmse / spread).powi(2));
        OutputScore { name: self.name.clone(), rmse, r2 }
    }
}

/// One sample of a fit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FitPoint {
    /// The feature's value, if there is just one feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
    /// What was wanted.
    pub wanted: f64,
    /// What the network answered.
    pub answered: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation(outputs: &[&[(f64, f64)]]) -> Evaluation {
        let point = |&(wanted, answered): &(f64, f64)| FitPoint { x: None, wanted, answered };
        let fit = |points: &&[(f64, f64)]| Fit {
            name: "y".into(),
            feature: None,
            points: points.iter().map(point).collect(),
        };
        let detail = Detail::Fits { fits: outputs.iter().map(fit).collect() };
        Evaluation { part: "test".into(), samples: 3, score: Score::default(), detail }
    }

    #[track_caller]
    fn assert_near(found: Option<f64>, wanted: f64) {
        assert!(found.is_some_and(|found| (found - wanted).abs() < 1e-12), "{found:?}, not {wanted}");
    }

    #[test]
    fn determination_compares_with_the_mean_of_the_rows() {
        let perfect: &[_] = &[(1.0, 1.0), (2.0, 2.0), (6.0, 6.0)];
        let mean: &[_] = &[(1.0, 3.0), (2.0, 3.0), (6.0, 3.0)];
        let constant: &[_] = &[(1.0, 0.0), (1.0, 2.0), (1.0, 1.0)];
        let r2 = |outputs: &[&[(f64, f64)]]| evaluation(outputs).r2();
        assert_eq!((r2(&[perfect]), r2(&[mean]), r2(&[constant])), (Some(1.0), Some(0.0), None));
        assert_eq!(r2(&[perfect, mean, constant]), Some(0.5));
        assert_near(r2(&[&[(0.0, 3.0), (2.0, -1.0)]]), -8.0);
    }

    #[test]
    fn errors_are_told_in_the_units_of_the_values() {
        let scores = evaluation(&[&[(10.0, 13.0), (20.0, 16.0)], &[(1.0, 1.0), (1.0, 1.0)]]).outputs();
        assert_near(Some(scores[0].rmse), 12.5f64.sqrt());
        assert_near(scores[0].r2, 0.5);
        assert_eq!((scores[1].rmse, scores[1].r2), (0.0, None));
        let large = evaluation(&[&[(1e200, 2e200), (3e200, 4e200)]]).outputs();
        assert_near(Some(large[0].rmse / 1e200), 1.0);
        assert_near(large[0].r2, 0.0);
        let classes = Detail::Confusion { classes: Vec::new(), counts: Vec::new() };
        assert_eq!(Evaluation { detail: classes, ..evaluation(&[]) }.outputs(), []);
    }
}

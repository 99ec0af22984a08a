//! What every baseline has to reach, so that times and energies are compared at equal error.

use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};
use wheatstone_learn::metrics::Score;
use wheatstone_measure::statistics::wilson;

/// How well the judged samples have to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// At least this share of them right.
    Accuracy(f64),
    /// At most this mean squared error of the output voltages, in V^2 (1 V is full scale).
    MeanSquaredError(f64),
}

impl Goal {
    /// What whoever has learned as well as `score` will meet again: the whole samples one standard error below an accuracy seen
    /// on `samples` samples (the lower end of Wilson's interval, J. Am. Stat. Assoc. 22, 209, 1927, at z = 1), or twice a mean squared
    /// error.
    pub fn after(score: Score, samples: usize) -> Goal {
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 samples")]
        let samples = samples as f64;
        match score.accuracy {
            Some(accuracy) => Goal::Accuracy((wilson(accuracy, samples, 1.0).0 * samples).floor() / samples),
            None => Goal::MeanSquaredError(2.0 * score.mse),
        }
    }

    /// The one of two that is easier to meet.
    #[must_use]
    pub fn easier(self, other: Goal) -> Goal {
        match (self, other) {
            (Goal::Accuracy(a), Goal::Accuracy(b)) => Goal::Accuracy(a.min(b)),
            (Goal::MeanSquaredError(a), Goal::MeanSquaredError(b)) => Goal::MeanSquaredError(a.max(b)),
            _ => self,
        }
    }

    /// Whether a score is good enough. An accuracy goal is not met by a score without one.
    pub fn is_met(self, score: Score) -> bool {
        match self {
            Goal::Accuracy(least) => score.accuracy.is_some_and(|accuracy| accuracy >= least),
            Goal::MeanSquaredError(most) => score.mse <= most,
        }
    }
}

impl Display for Goal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Goal::Accuracy(least) => write!(f, "at least {:.2} % right", 100.0 * least),
            Goal::MeanSquaredError(most) => write!(f, "a mean squared error of at most {most:.3e} V^2"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_lies_a_little_below_what_was_reached() {
        let score = |accuracy| Score { accuracy, mse: 0.001, ..Score::default() };
        assert_eq!(Goal::after(score(Some(1.0)), 30), Goal::Accuracy(29.0 / 30.0));
        assert_eq!(Goal::after(score(Some(0.9)), 100), Goal::Accuracy(0.86));
        assert_eq!(Goal::after(score(None), 30), Goal::MeanSquaredError(0.002));
        assert!(Goal::Accuracy(0.9).is_met(score(Some(0.9))));
        assert!(!Goal::Accuracy(0.9).is_met(score(Some(0.89))));
        assert!(!Goal::Accuracy(0.0).is_met(score(None)));
        assert!(Goal::MeanSquaredError(0.001).is_met(score(None)));
        assert!(!Goal::MeanSquaredError(0.0009).is_met(score(None)));
    }
}

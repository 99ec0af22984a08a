//! How many samples a baseline needs to reach the goal.

use super::{Baseline, BenchError, Goal};
use crate::energy::statistics::{Interval, median_interval};
use crate::energy::{Bounded, Clock};
use crate::quantity::{Kind, Quantity};
use std::time::Duration;
use wheatstone_learn::metrics::Score;

/// How often and how long a baseline is trained from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Number of runs, each from a seed of its own.
    pub runs: u64,
    /// First of the seeds; the others follow it.
    pub first_seed: u64,
    /// Samples after which a run is judged, again and again.
    pub epoch: u64,
    /// Epochs after which a run is given up.
    pub epochs: u32,
    /// Time after which a run is given up.
    pub time: Duration,
}

/// What became of the runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    /// Samples each run that met the goal was trained on until it did, in order of seed.
    pub samples: Vec<u64>,
    /// The best score of the run that did not, if one did not.
    pub missed: Option<Score>,
    /// The score of the first run when it met the goal, or its best one.
    pub score: Score,
}

/// Trains a baseline from the start, once a seed, until it meets the goal. A run is given up after some epochs or some time, and after the
/// first that was given up there is no other. `going` is asked before every epoch; where it says
/// no, the result is `None`.
///
/// # Errors
/// [`BenchError`] if the baseline fails.
pub fn learn(
    baseline: &mut dyn Baseline,
    goal: Goal,
    patience: Patience,
    clock: &dyn Clock,
    going: &mut dyn FnMut() -> bool,
) -> Result<Option<Learned>, BenchError> {
    let mut learned = Learned { samples: Vec::new(), missed: None, score: Score::default() };
    for run in 0..patience.runs {
        baseline.restart(patience.first_seed.wrapping_add(run))?;
        let (mut trained, mut best, begun) = (0, None, clock.now());
        let met = loop {
            if !going() {
                return Ok(None);
            }
            trained += baseline.train(patience.epoch)?;
            let score = baseline.score()?;
            if best.is_none_or(|best| better(score, best)) {
                best = Some(score);
            }
            if goal.is_met(score) {
                break true;
            }
            let late = clock.now() - begun >= patience.time;
            if late || trained >= patience.epoch * u64::from(patience.epochs) {
                break false;
            }
        };
        let best = best.unwrap_or_default();
        if run == 0 {
            learned.score = best;
        }
        if met {
            learned.samples.push(trained);
        } else {
            learned.missed = Some(best);
            break;
        }
    }
    Ok(Some(learned))
}

fn better(score: Score, than: Score) -> bool {
    match (score.accuracy, than.accuracy) {
        (Some(a), Some(b)) => a > b,
        _ => score.mse < than.mse,
    }
}

impl Learned {
    /// The samples to the goal: the median over the seeds with its interval. `None` if a run missed the goal, for then there is no
    /// upper end, or if there are too few runs for an interval.
    pub fn samples_to_goal(&self) -> Option<Quantity> {
        if self.missed.is_some() {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 samples")]
        let samples: Vec<_> = self.samples.iter().map(|&samples| Bounded::exact(samples as f64)).collect();
        let Interval { median, low, high, .. } = median_interval(&samples).ok()?;
        Some(Quantity { value: median, unit: "1".into(), kind: Kind::Measured, low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::energy::SystemClock;

    /// Learns one percent every ten samples, faster with larger seeds; never beyond `most`.
    struct Pupil {
        seed: u64,
        trained: u64,
        most: f64,
    }

    impl Baseline for Pupil {
        fn name(&self) -> &str {
            "pupil"
        }

        fn describe(&self) -> String {
            "learns by rote".to_owned()
        }

        fn parameters(&self) -> u64 {
            1
        }

        fn restart(&mut self, seed: u64) -> Result<(), BenchError> {
            (self.seed, self.trained) = (seed, 0);
            Ok(())
        }

        fn train(&mut self, samples: u64) -> Result<u64, BenchError> {
            self.trained += samples;
            Ok(samples)
        }

        fn score(&mut self) -> Result<Score, BenchError> {
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let accuracy = ((self.trained * self.seed) as f64 / 1000.0).min(self.most);
            Ok(Score { accuracy: Some(accuracy), mse: 0.0, ..Score::default() })
        }
    }

    const PATIENCE: Patience =
        Patience { runs: 6, first_seed: 1, epoch: 50, epochs: 20, time: Duration::MAX };

    #[test]
    fn samples_are_counted_in_epochs_until_the_goal() {
        let mut pupil = Pupil { seed: 0, trained: 0, most: 1.0 };
        let learned = learn(&mut pupil, Goal::Accuracy(0.6), PATIENCE, &SystemClock::start(), &mut || true)
            .unwrap()
            .unwrap();
        assert_eq!(learned.samples, [600, 300, 200, 150, 150, 100]);
        let quantity = learned.samples_to_goal().unwrap();
        assert_eq!((quantity.low, quantity.value, quantity.high), (100.0, 175.0, 600.0));
        assert_eq!(learned.score.accuracy, Some(0.6));
    }

    #[test]
    fn a_goal_out_of_reach_has_no_number_of_samples() {
        let mut pupil = Pupil { seed: 0, trained: 0, most: 0.5 };
        let learned = learn(&mut pupil, Goal::Accuracy(0.6), PATIENCE, &SystemClock::start(), &mut || true)
            .unwrap()
            .unwrap();
        assert_eq!((learned.samples.len(), learned.missed.unwrap().accuracy), (0, Some(0.5)));
        assert_eq!(learned.score.accuracy, Some(0.5));
        assert_eq!(learned.samples_to_goal(), None);
    }

    #[test]
    fn an_interrupted_baseline_has_no_result() {
        let mut pupil = Pupil { seed: 0, trained: 0, most: 1.0 };
        let mut left = 3;
        let mut going = || {
            left -= 1;
            left > 0
        };
        assert_eq!(
            learn(&mut pupil, Goal::Accuracy(0.6), PATIENCE, &SystemClock::start(), &mut going).unwrap(),
            None
        );
        assert_eq!(pupil.trained, 100);
    }
}

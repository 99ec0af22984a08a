//! How many samples a baseline needs to reach the goal.

use super::{Baseline, BenchError, Goal, Part};
use crate::energy::{Bounded, Clock};
use crate::quantity::{Kind, Quantity};
use std::time::Duration;
use wheatstone_learn::metrics::Score;
use wheatstone_measure::statistics::{Interval, median_interval};

/// When a run from the start is given up.
#[derive(Clone, Copy)]
pub struct Patience<'c> {
    /// Samples after which it is judged, again and again.
    pub epoch: u64,
    /// After so many epochs.
    pub epochs: u32,
    /// After so much training time.
    pub time: Duration,
    /// When the clock shows that.
    pub until: Duration,
    /// The clock.
    pub clock: &'c dyn Clock,
}

/// What became of a run.
pub struct Attempt {
    /// Samples it was trained on.
    pub trained: u64,
    /// Time in which it was.
    pub training: Duration,
    /// Time in which validation rows were answered.
    pub judging: Duration,
    /// Its best score on them.
    pub best: Score,
    /// Whether that meets the goal.
    pub met: bool,
}

/// Trains a baseline from where it is until it meets the goal on the validation rows, or is given up, an epoch at least. `going` is asked
/// before every epoch.
///
/// # Errors
/// [`BenchError`] if the baseline fails; [`BenchError::Interrupted`] where `going` says no.
pub fn attempt(
    baseline: &mut dyn Baseline,
    goal: Goal,
    patience: Patience,
    going: &mut dyn FnMut() -> bool,
) -> Result<Attempt, BenchError> {
    let Patience { epoch, epochs, time, until, clock } = patience;
    let (mut trained, mut training, mut judging) = (0, Duration::ZERO, Duration::ZERO);
    let mut best: Option<Score> = None;
    loop {
        if !going() {
            return Err(BenchError::Interrupted);
        }
        let begun = clock.now();
        trained += baseline.train(epoch)?;
        let learned = clock.now();
        let score = baseline.score(Part::Validation)?;
        let now = clock.now();
        training += learned - begun;
        judging += now - learned;
        let best = *best.insert(best.filter(|&best| !better(score, best)).unwrap_or(score));
        let met = goal.is_met(score);
        if met || training >= time || now >= until || trained >= epoch * u64::from(epochs) {
            return Ok(Attempt { trained, training, judging, best, met });
        }
    }
}

/// What became of all runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learned {
    /// Samples each run that met the goal was trained on until it did, in order of seed.
    pub samples: Vec<u64>,
    /// The best score of the run that did not, if one did not.
    pub missed: Option<Score>,
    /// How each run that met the goal answers the test rows, which were looked at then and never before.
    pub tests: Vec<Score>,
    /// Time of a run in which rows were loaded and weights drawn, the mean.
    pub loading: Duration,
    /// Time of a run in which validation rows were answered, the mean.
    pub judging: Duration,
}

/// Trains a baseline from the start so many times, on rows and from a seed of the run's own, until it meets the goal on the validation rows;
/// then it answers the test rows. After the first run that was given up there is no other.
///
/// # Errors
/// As [`attempt`].
pub fn learn(
    baseline: &mut dyn Baseline,
    goal: Goal,
    runs: usize,
    patience: Patience,
    going: &mut dyn FnMut() -> bool,
) -> Result<Learned, BenchError> {
    let mut learned = Learned::default();
    let mut begun = 0;
    for run in 0..runs {
        let before = patience.clock.now();
        baseline.restart(run)?;
        learned.loading += patience.clock.now() - before;
        begun += 1;
        let Attempt { trained, judging, best, met, .. } = attempt(baseline, goal, patience, going)?;
        learned.judging += judging;
        if !met {
            learned.missed = Some(best);
            break;
        }
        learned.samples.push(trained);
        learned.tests.push(baseline.score(Part::Test)?);
    }
    learned.loading /= begun.max(1);
    learned.judging /= begun.max(1);
    Ok(learned)
}

fn better(score: Score, than: Score) -> bool {
    match (score.accuracy, than.accuracy) {
        (Some(a), Some(b)) => a > b,
        _ => score.mse < than.mse,
    }
}

impl Learned {
    /// The samples to the goal: the median over the runs with its interval. `None` if a run missed the goal, for then there is no
    /// upper end, or if there are too few runs for an interval.
    pub fn samples_to_goal(&self) -> Option<Quantity> {
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 samples")]
        self.median("1", self.samples.iter().map(|&samples| samples as f64))
    }

    /// What the test rows told, likewise: the share of right answers, or without classes the mean squared error in V^2.
    pub fn test_score(&self) -> Option<Quantity> {
        let shares = self.tests.iter().filter_map(|score| score.accuracy);
        match self.tests.first()?.accuracy {
            Some(_) => self.median("1", shares),
            None => self.median("V^2", self.tests.iter().map(|score| score.mse)),
        }
    }

    fn median(&self, unit: &'static str, values: impl Iterator<Item = f64>) -> Option<Quantity> {
        if self.missed.is_some() {
            return None;
        }
        let values: Vec<_> = values.map(Bounded::exact).collect();
        let Interval { median, low, high, .. } = median_interval(&values).ok()?;
        Some(Quantity { value: median, unit: unit.into(), kind: Kind::Measured, low, high })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::pupil::{Pupil, Virtual};

    /// Learns one percent every ten samples, faster in later runs; never beyond `most`. Test rows it answers a tenth worse.
    fn accuracy(most: f64) -> impl FnMut(usize, u64, Part) -> f64 {
        move |run, trained, part| {
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let accuracy = (trained as f64 * (run + 1) as f64 / 1000.0).min(most);
            if part == Part::Test { accuracy - 0.1 } else { accuracy }
        }
    }

    fn learned(most: f64) -> Learned {
        let clock = Virtual::default();
        let mut pupil = Pupil::new(&clock, accuracy(most));
        learn(&mut pupil, Goal::Accuracy(0.6), 6, patience(&clock), &mut || true).unwrap()
    }

    fn patience(clock: &Virtual) -> Patience<'_> {
        Patience { epoch: 50, epochs: 20, time: Duration::MAX, until: Duration::MAX, clock }
    }

    #[test]
    fn samples_are_counted_in_epochs_until_the_goal() {
        let learned = learned(1.0);
        assert_eq!(learned.samples, [600, 300, 200, 150, 150, 100]);
        let quantity = learned.samples_to_goal().unwrap();
        assert_eq!((quantity.low, quantity.value, quantity.high), (100.0, 175.0, 600.0));
        assert_eq!(learned.tests[0].accuracy, Some(0.5), "test rows are answered when the goal is met");
        assert_eq!(learned.test_score().unwrap().value, 0.5);
    }

    #[test]
    fn a_goal_out_of_reach_has_no_number_of_samples() {
        let learned = learned(0.5);
        assert_eq!((learned.samples.len(), learned.missed.unwrap().accuracy), (0, Some(0.5)));
        assert!(learned.tests.is_empty(), "test rows are not looked at on the way");
        assert_eq!((learned.samples_to_goal(), learned.test_score()), (None, None));
    }

    #[test]
    fn an_interrupted_baseline_has_no_result() {
        let clock = Virtual::default();
        let mut pupil = Pupil::new(&clock, accuracy(1.0));
        let mut left = 3;
        let mut going = || {
            left -= 1;
            left > 0
        };
        let learned = learn(&mut pupil, Goal::Accuracy(0.6), 6, patience(&clock), &mut going);
        assert!(matches!(learned, Err(BenchError::Interrupted)));
        assert_eq!(pupil.trained, 100);
    }
}

//! The setting with which a learner comes to the goal soonest.

use super::super::{Attempt, Baseline, BenchError, Goal, OnStage, Patience, attempt};
use std::time::Duration;

/// A learner whose setting can be changed; it takes effect when it starts anew.
pub trait Tunable: Baseline {
    /// What is chosen.
    type Setting: Copy;

    /// Chooses it.
    fn tune(&mut self, setting: Self::Setting);
}

/// The setting that takes the least training time to the goal on the validation rows of the first run, and that time; judging is
/// not counted, but for the end of the search. Trials race: one is given up when it has taken as long as the best before it, or as long as `bound`. `None` if none
/// comes to the goal.
///
/// # Errors
/// [`BenchError`] if the learner fails, or `watch` says to stop.
pub fn fastest<L: Tunable>(
    learner: &mut L,
    settings: impl IntoIterator<Item = L::Setting>,
    goal: Goal,
    bound: Option<Duration>,
    patience: &Patience,
    watch: OnStage,
) -> Result<Option<(L::Setting, Duration)>, BenchError> {
    let mut best: Option<(L::Setting, Duration)> = None;
    for setting in settings {
        if patience.clock.now() >= patience.until {
            break;
        }
        learner.tune(setting);
        learner.restart(0)?;
        let time = best.map(|(_, time)| time).or(bound).unwrap_or(patience.time).min(patience.time);
        let stage = format!("{}: {}", learner.name(), learner.describe());
        let trial = Patience { time, ..*patience };
        let Attempt { training, met, .. } = attempt(learner, goal, trial, &mut || watch(&stage))?;
        if met && training < time {
            best = Some((setting, training));
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Part;
    use crate::bench::pupil::{Pupil, Virtual};
    use crate::energy::Clock;
    use std::cell::Cell;
    use std::rc::Rc;

    impl<F: FnMut(usize, u64, Part) -> f64> Tunable for Pupil<F> {
        /// Samples it needs, in place of a batch, and milliseconds a sample.
        type Setting = (u64, u64);

        fn tune(&mut self, (batch, pace): (u64, u64)) {
            (self.batch, self.pace) = (batch, Duration::from_millis(pace));
        }
    }

    fn search(settings: &[(u64, u64)], bound: Option<Duration>) -> (Option<(u64, u64)>, Duration) {
        let clock = Virtual::default();
        let needed = Rc::new(Cell::new(0));
        let judged = (clock.clone(), Rc::clone(&needed));
        let mut pupil = Pupil::new(&clock, move |_, trained, part| {
            assert_eq!(part, Part::Validation, "nothing is chosen on test rows");
            // Judging takes time as well, which must not count.
            judged.0.sleep(Duration::from_secs(7));
            if trained >= judged.1.get() { 1.0 } else { 0.0 }
        });
        let until = Duration::MAX;
        let patience =
            Patience { epoch: 10, epochs: 100, time: Duration::from_secs(3), until, clock: &clock };
        let settings_tried = settings.iter().copied().inspect(|&(samples, _)| needed.set(samples));
        let goal = Goal::Accuracy(0.5);
        let found = fastest(&mut pupil, settings_tried, goal, bound, &patience, &mut |_| true).unwrap();
        assert_eq!(pupil.restarts, settings.len() as u64);
        (found.map(|(setting, _)| setting), found.map_or(Duration::ZERO, |(_, time)| time))
    }

    #[test]
    fn the_least_training_time_wins() {
        // 200 samples of 2 ms, 100 of 5 ms, 50 of 4 ms.
        let found = search(&[(200, 2), (100, 5), (50, 4)], None);
        assert_eq!(found, (Some((50, 4)), Duration::from_millis(200)));
    }

    #[test]
    fn a_search_ends_in_time() {
        let clock = Virtual::default();
        let mut pupil = Pupil::new(&clock, |_, trained, _| if trained >= 100 { 1.0 } else { 0.0 });
        let until = Duration::from_secs(1);
        let patience = Patience { epoch: 10, epochs: 100, time: until, until, clock: &clock };
        let settings = [(1, 2), (2, 1), (3, 90), (4, 90), (5, 90)];
        let found =
            fastest(&mut pupil, settings, Goal::Accuracy(0.5), None, &patience, &mut |_| true).unwrap();
        assert_eq!(found.unwrap().0, (2, 1));
        // A step of training is not broken off, and there is no trial behind it.
        assert_eq!((clock.now(), pupil.restarts), (Duration::from_millis(1200), 3));
    }

    #[test]
    fn who_is_too_slow_is_no_choice() {
        // More than 3 s, and more than 100 epochs of 10 samples.
        assert_eq!(search(&[(500, 10), (1001, 1)], None).0, None);
        assert_eq!(search(&[(100, 5)], Some(Duration::from_millis(500))).0, None);
        assert_eq!(search(&[(100, 5)], Some(Duration::from_millis(501))).0, Some((100, 5)));
    }
}

//! How long a bench may take, and how its stages divide that.

use super::ROUNDS;
use crate::energy::Clock;
use std::time::Duration;

/// The share of the time at whose end settings are chosen.
const TUNED: f64 = 0.35;
/// The share at whose end every baseline has been trained to the goal.
const LEARNED: f64 = 0.6;
/// The longest trial of a setting, and the longest run to the goal, as shares.
const TRIAL: f64 = 0.01;
const RUN: f64 = 0.04;
/// The most and the least time that a baseline is measured in turns.
const MOST_TURNS: Duration = Duration::from_secs(10);
const LEAST_TURNS: Duration = Duration::from_secs(1);

/// The time of a bench, from a moment of its clock on. What one stage leaves over, the next ones have. Starting processes and
/// compiling cannot be hurried, and the simulated chip is not in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    begun: Duration,
    time: Duration,
}

impl Budget {
    /// So much time from now on.
    pub fn start(clock: &dyn Clock, time: Duration) -> Budget {
        Budget { begun: clock.now(), time }
    }

    /// When all settings are to be chosen, on the clock.
    pub fn tuned_by(&self) -> Duration {
        self.begun + self.time.mul_f64(TUNED)
    }

    /// When all baselines are to have come to the goal.
    pub fn learned_by(&self) -> Duration {
        self.begun + self.time.mul_f64(LEARNED)
    }

    /// Training time after which a trial of a setting is given up.
    pub fn trial(&self) -> Duration {
        self.time.mul_f64(TRIAL)
    }

    /// Time after which a run to the goal is given up.
    pub fn run(&self) -> Duration {
        self.time.mul_f64(RUN)
    }

    /// How long each of so many baselines is measured in turns that begin now: what is left, within bounds. With a meter there are
    /// idle blocks between the rounds.
    pub fn turns(&self, now: Duration, baselines: usize, is_metered: bool) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let (blocks, baselines) = ((2 * ROUNDS) as f64, baselines as f64);
        // A block of each to warm up, and after every round a rest and a quarter.
        let rests = if is_metered { 1.25 * (blocks / 2.0 + 1.0) } else { 0.0 };
        let left = (self.begun + self.time).saturating_sub(now);
        left.mul_f64(blocks / ((blocks + 1.0) * baselines + rests)).clamp(LEAST_TURNS, MOST_TURNS)
    }
}

/// What the next of `waiting` has of the time until `end`.
pub fn share(now: Duration, end: Duration, waiting: usize) -> Duration {
    end.saturating_sub(now) / u32::try_from(waiting).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::pupil::Virtual;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_left_goes_to_the_turns() {
        let clock = Virtual::default();
        clock.sleep(seconds(100));
        let budget = Budget::start(&clock, seconds(240));
        assert_eq!((budget.tuned_by(), budget.learned_by()), (seconds(184), seconds(244)));
        // 19 blocks each, of which 18 count.
        let turns = budget.turns(seconds(244), 12, false);
        assert!((turns.as_secs_f64() - 96.0 / 12.0 * 18.0 / 19.0).abs() < 1e-9, "{turns:?}");
        assert!(budget.turns(seconds(244), 12, true) < turns);
        assert_eq!(budget.turns(seconds(110), 3, false), MOST_TURNS);
        assert_eq!(budget.turns(seconds(999), 12, false), LEAST_TURNS);
        assert_eq!(share(seconds(3), seconds(13), 5), seconds(2));
        assert_eq!(share(seconds(14), seconds(13), 5), Duration::ZERO);
    }
}

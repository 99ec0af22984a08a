//! How much work one dispatch gets.
//!
//! A driver's watchdog ends what takes longer than a few seconds, and a dispatch costs some microseconds whatever it
//! does. So dispatches grow until each takes a good part of a tenth of a second. How work is cut changes no bit.

use std::time::Duration;

/// What a dispatch should take. Watchdogs wait two seconds or more.
const GOAL: Duration = Duration::from_millis(50);
/// A dispatch is at most so many times as long as the longest one before, since a time so short is hard to tell.
const GROWTH: u64 = 8;

/// Steps of relaxing that a dispatch should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    steps: u64,
}

impl Pace {
    /// Begins with one sample.
    pub(super) fn new() -> Pace {
        Pace { steps: 1 }
    }

    /// Samples of `steps` steps for the next dispatch, 1 at least and `left` at most.
    pub(super) fn samples(self, steps: u32, left: u32) -> u32 {
        let fit = self.steps / u64::from(steps.max(1));
        u32::try_from(fit).unwrap_or(u32::MAX).clamp(1, left.max(1))
    }

    /// Learns from a dispatch.
    pub(super) fn took(&mut self, samples: u32, steps: u32, time: Duration) {
        let done = u64::from(samples) * u64::from(steps);
        let rate = GOAL.as_secs_f64() / time.as_secs_f64().max(1e-9);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rough positive number; beyond 64 bits it saturates"
        )]
        let fit = (done as f64 * rate) as u64;
        self.steps = fit.clamp(1, done.saturating_mul(GROWTH).max(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dispatches_grow_to_their_goal_and_shrink_again() {
        let mut pace = Pace::new();
        assert_eq!(pace.samples(8, 100), 1);
        // A microsecond a step.
        for _ in 0..20 {
            let samples = pace.samples(8, u32::MAX);
            pace.took(samples, 8, Duration::from_micros(8 * u64::from(samples)));
        }
        assert_eq!(pace.samples(8, u32::MAX), 6250);
        assert_eq!(pace.samples(8, 100), 100);
        assert_eq!(pace.samples(100_000, 100), 1);
        pace.took(6250, 8, Duration::from_secs(1));
        assert_eq!(pace.samples(8, u32::MAX), 312);
    }

    #[test]
    fn a_dispatch_too_short_to_time_does_not_leap() {
        let mut pace = Pace::new();
        pace.took(1, 8, Duration::ZERO);
        assert_eq!(pace.samples(8, u32::MAX), 8);
        pace.took(1, u32::MAX, Duration::from_secs(3600));
        assert!(pace.samples(1, u32::MAX) > 0);
    }
}

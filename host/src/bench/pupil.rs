//! A baseline for tests, which learns by rote in virtual time.

use super::{Baseline, BenchError, Part};
use crate::energy::Clock;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use wheatstone_learn::metrics::Score;

/// Time that passes only when somebody works or sleeps.
#[derive(Clone, Default)]
pub struct Virtual(Rc<Cell<Duration>>);

impl Clock for Virtual {
    fn now(&self) -> Duration {
        self.0.get()
    }

    fn sleep(&self, duration: Duration) {
        self.0.set(self.0.get() + duration);
    }
}

/// Whose accuracy is a function of the run, the samples trained in it, and the part that is asked about.
pub struct Pupil<F> {
    pub clock: Virtual,
    /// Time of a sample.
    pub pace: Duration,
    pub batch: u64,
    pub replicas: u64,
    pub accuracy: F,
    pub run: usize,
    pub trained: u64,
    pub restarts: u64,
    /// Parts it was asked about.
    pub asked: Vec<Part>,
}

impl<F: FnMut(usize, u64, Part) -> f64> Pupil<F> {
    /// Takes a millisecond a sample.
    pub fn new(clock: &Virtual, accuracy: F) -> Pupil<F> {
        let pace = Duration::from_millis(1);
        let (clock, asked) = (clock.clone(), Vec::new());
        Pupil { clock, pace, batch: 1, replicas: 1, accuracy, run: 0, trained: 0, restarts: 0, asked }
    }
}

impl<F: FnMut(usize, u64, Part) -> f64> Baseline for Pupil<F> {
    fn name(&self) -> &str {
        "pupil"
    }

    fn describe(&self) -> String {
        "learns by rote".to_owned()
    }

    fn parameters(&self) -> u64 {
        10
    }

    fn batch(&self) -> u64 {
        self.batch
    }

    fn replicas(&self) -> u64 {
        self.replicas
    }

    fn restart(&mut self, run: usize) -> Result<(), BenchError> {
        (self.run, self.trained) = (run, 0);
        self.restarts += 1;
        Ok(())
    }

    fn train(&mut self, samples: u64) -> Result<u64, BenchError> {
        self.trained += samples;
        self.clock.sleep(self.pace * u32::try_from(samples).unwrap_or(u32::MAX));
        Ok(samples)
    }

    fn score(&mut self, part: Part) -> Result<Score, BenchError> {
        self.asked.push(part);
        let accuracy = Some((self.accuracy)(self.run, self.trained, part));
        Ok(Score { accuracy, ..Score::default() })
    }
}

//! What is known of a run that is being watched.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs;
use std::time::Duration;
use wheatstone_learn::metrics::EpochMetrics;
use wheatstone_learn::run::{RunError, RunFolder};

/// Samples a second are the mean over this time.
const WINDOW: Duration = Duration::from_secs(10);

/// Counters of a link, as the run's `link.json` holds them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Link {
    /// URL of the device.
    pub device: String,
    /// Frames sent again.
    pub retries: u64,
    /// Frames that came damaged.
    pub damaged: u64,
    /// Bytes over the line.
    pub bytes_sent: u64,
    /// Bytes over the line.
    pub bytes_received: u64,
    /// Samples trained so far; finer than epochs.
    pub samples: u64,
    /// Samples in all.
    pub total: u64,
}

/// A run folder at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub name: String,
    pub folder: String,
    pub epochs: u32,
    pub metrics: Vec<EpochMetrics>,
    pub link: Option<Link>,
    /// Whether it has been evaluated, which is the last thing a run does.
    pub evaluated: bool,
}

impl Reading {
    /// Reads the folder. What is not there yet, or half written, counts as absent.
    pub fn take(folder: &RunFolder) -> Result<Reading, RunError> {
        let config = folder.config()?;
        let begun = folder.file("metrics.jsonl").exists();
        let link = fs::read(folder.file("link.json")).ok();
        Ok(Reading {
            name: config.name,
            folder: folder.path().display().to_string(),
            epochs: config.epochs,
            metrics: if begun { folder.metrics(u32::MAX)? } else { Vec::new() },
            link: link.and_then(|bytes| serde_json::from_slice(&bytes).ok()),
            evaluated: folder.file("evaluation.json").exists(),
        })
    }

    /// Samples trained, by whichever counter is ahead.
    fn samples(&self) -> u64 {
        let epochs = self.metrics.last().map_or(0, |epoch| epoch.samples);
        epochs.max(self.link.as_ref().map_or(0, |link| link.samples))
    }
}

/// A run being watched.
#[derive(Clone, Debug)]
pub struct Monitor {
    reading: Reading,
    /// When how many samples had been trained, over the last [`WINDOW`].
    seen: VecDeque<(Duration, u64)>,
}

impl Monitor {
    /// From the first reading.
    pub fn new(reading: Reading) -> Monitor {
        let seen = VecDeque::from([(Duration::ZERO, reading.samples())]);
        Monitor { reading, seen }
    }

    /// Takes note of a reading, `at` so long after the first.
    pub fn update(&mut self, reading: Reading, at: Duration) {
        self.seen.push_back((at, reading.samples()));
        while self.seen.len() > 2 && at.saturating_sub(self.seen[1].0) >= WINDOW {
            self.seen.pop_front();
        }
        self.reading = reading;
    }

    /// Samples a second lately; unknown before any were seen to be trained.
    pub fn rate(&self) -> Option<f64> {
        let (&(begin, first), &(end, last)) = (self.seen.front()?, self.seen.back()?);
        let (seconds, samples) = (end.saturating_sub(begin).as_secs_f64(), last.saturating_sub(first));
        #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
        (samples > 0 && seconds > 0.0).then(|| samples as f64 / seconds)
    }

    /// Name of the configuration.
    pub fn name(&self) -> &str {
        &self.reading.name
    }

    /// The run folder.
    pub fn folder(&self) -> &str {
        &self.reading.folder
    }

    /// Epochs to train in all.
    pub fn epochs(&self) -> u32 {
        self.reading.epochs
    }

    /// One record an epoch, so far.
    pub fn metrics(&self) -> &[EpochMetrics] {
        &self.reading.metrics
    }

    /// Counters of the link, if the run has one.
    pub fn link(&self) -> Option<&Link> {
        self.reading.link.as_ref()
    }

    /// Whether the run has come to its end.
    pub fn finished(&self) -> bool {
        let done = self.metrics().last().is_some_and(|last| last.epoch >= self.epochs());
        done && self.reading.evaluated
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use wheatstone_learn::metrics::{Power, Score};

    /// A reading of a classification after some epochs of 120 samples.
    pub fn reading(epochs_done: u32) -> Reading {
        let epoch = |epoch: u32| {
            let accuracy = 1.0 - 0.6 / f64::from(epoch + 1);
            EpochMetrics {
                epoch,
                samples: u64::from(epoch) * 120,
                steps: u64::from(epoch) * 960,
                alpha_offset: 0,
                train: Score { accuracy: Some(accuracy), mse: 0.01, ..Score::default() },
                test: Some(Score { accuracy: Some(accuracy - 0.05), mse: 0.02, ..Score::default() }),
                test_outputs: Vec::new(),
                power: (epoch > 0).then_some(Power { free: 1.5, clamped: 1.75 }),
            }
        };
        Reading {
            name: "iris".into(),
            folder: "runs/iris-seed1".into(),
            epochs: 20,
            metrics: (0..=epochs_done).map(epoch).collect(),
            link: None,
            evaluated: false,
        }
    }

    #[test]
    fn the_rate_is_the_mean_of_the_last_seconds() {
        let mut monitor = Monitor::new(reading(0));
        assert_eq!(monitor.rate(), None);
        for second in 1..=30 {
            // 120 samples a second for 15 s, then 240.
            let epochs = if second <= 15 { second } else { 2 * second - 15 };
            monitor.update(reading(epochs), Duration::from_secs(u64::from(second)));
            let expected = if second <= 15 { 120.0 } else { 240.0 };
            if second <= 15 || second >= 26 {
                assert_eq!(monitor.rate(), Some(expected), "after {second} s");
            }
        }
    }

    #[test]
    fn a_link_counts_samples_between_epochs() {
        let mut monitor = Monitor::new(reading(1));
        let link = Link { samples: 150, total: 2400, ..Link::default() };
        monitor.update(Reading { link: Some(link), ..reading(1) }, Duration::from_secs(2));
        assert_eq!(monitor.rate(), Some(15.0));
    }

    #[test]
    fn a_run_is_finished_when_it_has_been_evaluated_after_its_last_epoch() {
        assert!(!Monitor::new(reading(20)).finished());
        assert!(Monitor::new(Reading { evaluated: true, ..reading(20) }).finished());
        assert!(
            !Monitor::new(Reading { evaluated: true, ..reading(19) }).finished(),
            "resumed for more epochs"
        );
    }
}

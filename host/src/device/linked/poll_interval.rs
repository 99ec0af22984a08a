//! How often a board is asked how far it is.

use std::time::Duration;
use wheatstone_link::protocol::{Status, frame};

use wheatstone_link::line_time;

/// Bytes of asking and being told.
const QUESTION: u64 = (2 * (frame::SHORTEST + frame::OVERHEAD) + 3 + Status::BYTES) as u64;
/// While a run's length is not known, the first question comes after this many times the time a question takes.
const SOONEST: u32 = 16;
/// In the long run questions take at most one part in so many of the line's time.
const PART: u32 = 400;

/// Waits between questions: at the end of the run if the time of a step is known, otherwise longer and longer.
#[derive(Clone, Copy, Debug)]
pub struct PollInterval {
    soonest: Duration,
    latest: Duration,
    next: Duration,
    /// What a relaxing step took in the last run, in seconds.
    step: Option<f64>,
}

impl PollInterval {
    pub fn new(baud: u32) -> PollInterval {
        let question = line_time(QUESTION, baud);
        let soonest = (question * SOONEST).max(Duration::from_micros(500));
        let latest = (question * PART).clamp(Duration::from_millis(50), Duration::from_secs(1));
        PollInterval { soonest, latest, next: soonest, step: None }
    }

    /// Something happened that makes asking soon worth while again.
    pub fn restart(&mut self) {
        self.next = self.soonest;
    }

    /// How long to wait before the next question, that many steps being left.
    pub fn wait(&mut self, steps: u64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let left = self.step.map(|step| step * steps as f64);
        match left.and_then(|left| Duration::try_from_secs_f64(left).ok()) {
            Some(left) => left.clamp(self.soonest, self.latest),
            None => self.backoff(),
        }
    }

    /// How long to wait if nothing is known of what is waited for: twice as long each time.
    pub fn backoff(&mut self) -> Duration {
        let wait = self.next;
        self.next = (2 * wait).min(self.latest);
        wait
    }

    /// A run of that many steps took that long.
    pub fn learn(&mut self, steps: u64, time: Duration) {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let step = time.as_secs_f64() / steps as f64;
        self.step = Some(step);
    }
}

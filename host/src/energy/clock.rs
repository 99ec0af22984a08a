//! The clock of a measurement: a trait, so that tests run in virtual time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time since the measurement's clock was started.
pub trait Clock {
    /// The time now. It never goes back.
    fn now(&self) -> Duration;

    /// Lets time pass and does nothing.
    fn sleep(&self, duration: Duration);
}

/// The machine's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
    start_unix: Duration,
}

impl SystemClock {
    /// A clock that starts now.
    pub fn start() -> SystemClock {
        let start_unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        SystemClock { start: Instant::now(), start_unix }
    }

    /// When it was started, since 1970 by the machine's calendar: what must be subtracted from the time stamps of an
    /// instrument that keeps the calendar's time.
    pub fn started_at(&self) -> Duration {
        self.start_unix
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

//! Sources that must be asked all the time: a thread reads them, and the trace it fills is integrated afterwards.

use super::trace::{Reading, Tolerance, Trace};
use crate::energy::source::{Description, EnergySource, Mark, Resolution, SourceError};
use crate::energy::units::{Bounded, Joule};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Readings as they come, on the run's clock.
pub trait Readings: Send {
    /// Waits a moment for the next readings; there may be none yet. Those that are not later than the ones before are
    /// left out.
    ///
    /// # Errors
    /// [`SourceError`] if there will be no more.
    fn next(&mut self) -> Result<Vec<Reading>, SourceError>;
}

/// A source whose readings a thread collects.
#[derive(Debug)]
pub struct Sampled {
    description: Description,
    tolerance: Tolerance,
    update: Duration,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    collected: Mutex<Collected>,
    more: Condvar,
    stop: AtomicBool,
}

#[derive(Debug, Default)]
struct Collected {
    trace: Trace,
    /// Why there are no more.
    ended: Option<String>,
}

impl Sampled {
    /// Starts to collect. `update` is the time between two readings; `first` are those there are already, without which
    /// a run that begins at once would begin before its readings.
    pub fn start(
        description: Description,
        tolerance: Tolerance,
        update: Duration,
        first: Vec<Reading>,
        readings: impl Readings + 'static,
    ) -> Sampled {
        let shared = Arc::new(Shared::default());
        shared.collected().add(first);
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || collect(readings, &shared)
        });
        Sampled { description, tolerance, update, shared, thread: Some(thread) }
    }

    /// The collected readings, once there is one at `time` or behind, or there will be none.
    fn collected_until(&self, time: f64) -> MutexGuard<'_, Collected> {
        let collected = self.shared.collected();
        let reaches = |collected: &mut Collected| {
            collected.ended.is_none() && collected.trace.extent().is_none_or(|(_, last)| last < time)
        };
        // A meter that has not delivered after twice the longest gap has one.
        let patience = self.tolerance.max_gap * 2;
        let waited = self.shared.more.wait_timeout_while(collected, patience, reaches);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Collected {
    fn add(&mut self, readings: Vec<Reading>) {
        for reading in readings {
            // One that is not later than the last is left out.
            self.trace.push(reading);
        }
    }
}

impl Shared {
    fn collected(&self) -> MutexGuard<'_, Collected> {
        self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn collect(mut readings: impl Readings, shared: &Shared) {
    while !shared.stop.load(Ordering::Relaxed) {
        let next = readings.next();
        let mut collected = shared.collected();
        match next {
            Ok(next) => collected.add(next),
            Err(error) => collected.ended = Some(error.to_string()),
        }
        let ended = collected.ended.is_some();
        drop(collected);
        shared.more.notify_all();
        if ended {
            break;
        }
    }
}

impl EnergySource for Sampled {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn resolution(&self) -> Resolution {
        let Tolerance { accuracy, lag, .. } = self.tolerance;
        Resolution { step: Joule(0.0), update: self.update.max(lag), accuracy }
    }

    /// Fails as soon as the readings have ended: nobody should measure on for an hour.
    fn mark(&mut self, at: Duration) -> Result<Mark, SourceError> {
        match &self.shared.collected().ended {
            Some(reason) => {
                Err(SourceError::Ended { name: self.description.name.clone(), reason: reason.clone() })
            }
            None => Ok(Mark { at, counted: Joule(0.0) }),
        }
    }

    fn energy(&mut self, from: Mark, to: Mark) -> Result<Bounded<Joule>, SourceError> {
        let name = &self.description.name;
        let (duration, least) = (to.at.saturating_sub(from.at), self.resolution().least_duration());
        if duration < least {
            return Err(SourceError::TooShort { name: name.clone(), duration, least });
        }
        let [from, to] = [from, to].map(|mark| mark.at.as_secs_f64());
        Ok(self.collected_until(to).trace.integrate(from, to, &self.tolerance, name)?)
    }
}

impl Drop for Sampled {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            drop(thread.join());
        }
    }
}

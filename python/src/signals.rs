//! Ctrl-C while this crate computes: Python only notes the signal, and raises when it is asked.

use pyo3::prelude::*;
use std::time::{Duration, Instant};

/// How long a signal may wait.
const INTERVAL: Duration = Duration::from_millis(50);

/// How often the clock is read: a reading costs as much as a small part of a sample.
const CALLS: u32 = 64;

/// Asks Python for signals now and then.
pub struct Signals {
    asked: Instant,
    calls: u32,
    /// What Python raised.
    pub raised: Option<PyErr>,
}

impl Signals {
    /// Nothing has come so far.
    pub fn new() -> Signals {
        Signals { asked: Instant::now(), calls: 0, raised: None }
    }

    /// Whether to go on; called as often as one likes, without the interpreter.
    pub fn allow(&mut self) -> bool {
        self.calls += 1;
        if self.calls >= CALLS {
            self.calls = 0;
            if self.asked.elapsed() > INTERVAL {
                self.asked = Instant::now();
                self.raised = Python::attach(|py| py.check_signals()).err();
            }
        }
        self.raised.is_none()
    }

    /// What was raised, as a result.
    pub fn into_result(self) -> PyResult<()> {
        self.raised.map_or(Ok(()), Err)
    }
}

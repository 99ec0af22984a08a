//! The event kernel: simulated time in picoseconds, and what will change when.
//!
//! rust-hdl knows delta cycles but no delays, and a self-timed circuit is nothing but delays: a ring without them
//! never settles. Leaves schedule their outputs here; `Circuit::update_all` applies what is due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// A change of one output, to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Event {
    /// When, in picoseconds.
    pub(crate) time: u64,
    /// Number of the event: equal times happen in the order they were scheduled.
    pub(crate) serial: u64,
    /// Whose output.
    pub(crate) leaf: usize,
    /// Which of its outputs.
    pub(crate) output: usize,
}

/// Simulated time and the events to come.
#[derive(Debug, Default)]
pub struct Kernel {
    now: AtomicU64,
    serial: AtomicU64,
    queue: Mutex<BinaryHeap<Reverse<Event>>>,
}

impl Kernel {
    /// Simulated time in picoseconds.
    pub fn now_ps(&self) -> u64 {
        self.now.load(Relaxed)
    }

    /// Schedules an output to change after a delay and returns the event's number.
    pub(crate) fn schedule(&self, delay_ps: u64, leaf: usize, output: usize) -> u64 {
        let serial = self.serial.fetch_add(1, Relaxed);
        let event = Event { time: self.now_ps() + delay_ps, serial, leaf, output };
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push(Reverse(event));
        serial
    }

    /// The next event that is due now, if any.
    pub(crate) fn take_due(&self) -> Option<Event> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let due = queue.peek().is_some_and(|Reverse(event)| event.time <= self.now_ps());
        if due { queue.pop().map(|Reverse(event)| event) } else { None }
    }

    /// Moves time to the next event, and no further than `limit_ps`. False if there is none until then.
    pub(crate) fn advance(&self, limit_ps: u64) -> bool {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let next = queue.peek().map(|Reverse(event)| event.time).filter(|&time| time <= limit_ps);
        if let Some(time) = next {
            self.now.store(time.max(self.now_ps()), Relaxed);
        }
        next.is_some()
    }

    /// Lets time pass, past no event.
    pub(crate) fn pass(&self, duration_ps: u64) {
        self.now.fetch_add(duration_ps, Relaxed);
    }
}

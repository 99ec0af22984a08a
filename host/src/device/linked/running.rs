//! Runs on a board: what is written before, and what is asked while they last.

use super::super::BoardError;
use super::Linked;
use super::cursor::StretchCursor;
use super::sample_set::SampleSet;
use std::sync::Arc;
use std::time::Duration;
use wheatstone_learn::device::{OnProgress, Trained};
use wheatstone_link::protocol::{Command, MOST_DATA, Run, Settings, Space, Status};
use wheatstone_link::{LinkError, Transport};

/// Words of the longest write or read.
pub(super) const MOST_WORDS: usize = MOST_DATA / 2;

/// Notices when a board that answers does not get on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub done: u32,
    since: Duration,
}

impl Progress {
    pub fn new(now: Duration) -> Progress {
        Progress { done: 0, since: now }
    }

    /// Whether it got on.
    pub fn note(&mut self, done: u32, limit: u32, now: Duration, most: Duration) -> Result<bool, LinkError> {
        if done > self.done {
            *self = Progress { done, since: now };
            return Ok(true);
        }
        let waited = now.saturating_sub(self.since);
        if waited > most {
            return Err(LinkError::Stuck { done, limit, waited });
        }
        Ok(false)
    }
}

impl<T: Transport> Linked<T> {
    /// How far the board is.
    pub(super) fn status(&mut self) -> Result<Status, BoardError> {
        let result = self.session.call(Command::Status)?;
        read_status(&result)
    }

    /// Stops whatever the board is running, a run of an earlier program for example.
    pub(super) fn stop(&mut self) -> Result<Status, BoardError> {
        self.session.post(Command::Stop)?;
        let begun = self.session.now();
        self.poll.restart();
        loop {
            let status = self.status()?;
            if !status.running {
                return Ok(status);
            }
            let waited = self.session.now() - begun;
            if waited > self.session.options().stuck {
                return Err(LinkError::Stuck { done: status.done, limit: status.done, waited }.into());
            }
            let wait = self.poll.backoff();
            self.session.pause(wait)?;
        }
    }

    /// Waits for the end of a run. `on_progress` is told how far it is from time to time, and may end it; whether it did.
    pub(super) fn follow(
        &mut self,
        limit: u32,
        steps: u16,
        on_progress: OnProgress,
    ) -> Result<(Status, bool), BoardError> {
        let begun = self.session.now();
        let mut progress = Progress::new(begun);
        self.poll.restart();
        loop {
            let left = u64::from(limit - progress.done.min(limit));
            let wait = self.poll.wait(left * u64::from(steps));
            self.session.pause(wait)?;
            let status = self.status()?;
            let now = self.session.now();
            if status.done > 0 {
                self.poll.learn(u64::from(status.done) * u64::from(steps), now - begun);
            }
            if !status.running {
                return Ok((status, false));
            }
            let stuck = self.session.options().stuck;
            progress.note(status.done, limit, now, stuck)?;
            if on_progress(status.done.into()).is_break() {
                return Ok((self.stop()?, true));
            }
        }
    }

    /// Writes words to the sample memory.
    pub(super) fn write_samples(&mut self, address: usize, words: &[u16]) -> Result<(), BoardError> {
        for (number, words) in words.chunks(MOST_WORDS).enumerate() {
            let address = u16::try_from(address + number * MOST_WORDS).unwrap_or(u16::MAX);
            let data = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            self.session.post(Command::Write { space: Space::Samples, address, data })?;
        }
        Ok(())
    }

    /// Whether the whole set, and the order of an epoch, fit the board's memories.
    pub(super) fn fits(&self, set: &SampleSet) -> bool {
        let order_words = self.session.identity().map_or(0, |identity| identity.order_words.into());
        set.count() <= order_words && set.count() <= self.capacity()
    }

    /// How many records the sample memory holds, as far as a run can count them.
    pub(super) fn capacity(&self) -> usize {
        let words = self.session.identity().map_or(0, |identity| identity.sample_words);
        (words as usize / self.layout.words()).min(u16::MAX.into())
    }

    /// Sends a whole set, unless the board has it already.
    pub(super) fn send_set(&mut self, set: &Arc<SampleSet>) -> Result<(), BoardError> {
        if self.resident.as_ref().is_some_and(|resident| Arc::ptr_eq(resident, set)) {
            return Ok(());
        }
        self.resident = None;
        self.write_samples(0, set.words())?;
        self.session.flush()?;
        self.resident = Some(Arc::clone(set));
        Ok(())
    }

    /// Trains on a set the board has room for: one run, of which the board does everything.
    pub(super) fn train_resident(
        &mut self,
        set: &Arc<SampleSet>,
        settings: Settings,
        mut cursor: StretchCursor,
        on_progress: OnProgress,
    ) -> Result<Trained, BoardError> {
        self.send_set(set)?;
        self.session.post(Command::Configure(settings))?;
        let mut trained = Trained::default();
        while cursor.left() > 0 {
            let run: Run = cursor.run();
            self.session.post(Command::Run(run))?;
            let before = trained.samples;
            let (status, stopped) =
                self.follow(run.limit, settings.steps, &mut |done| on_progress(before + done))?;
            cursor.advance(status.done.into());
            trained = Trained { samples: before + u64::from(status.done), tally: status.tally };
            if stopped {
                break;
            }
        }
        Ok(trained)
    }
}

/// Reads a status; a stalled array is an error.
pub(super) fn read_status(result: &[u8]) -> Result<Status, BoardError> {
    let status = Status::from_bytes(result).ok_or_else(|| LinkError::malformed(&Command::Status, result))?;
    if status.stalled { Err(LinkError::Stalled.into()) } else { Ok(status) }
}

//! Training on a set the board has no room for: its sample memory is a ring of records, filled while it learns.

use super::super::BoardError;
use super::Linked;
use super::cursor::StretchCursor;
use super::running::{MOST_WORDS, Progress, read_status};
use super::sample_set::SampleSet;
use wheatstone_learn::device::{OnProgress, Trained};
use wheatstone_link::protocol::{Command, Run, SampleOrder, Settings, Status};
use wheatstone_link::{Ticket, Transport};

/// The ring: which records are written, which are shown.
struct Ring<'s, O> {
    set: &'s SampleSet,
    /// Numbers of the samples that are yet to be written.
    order: O,
    /// Records it holds.
    slots: usize,
    /// Records written so far.
    written: u64,
    /// Records shown in the epochs that are over.
    shown: u64,
}

impl<O: Iterator<Item = usize>> Ring<'_, O> {
    /// Where the next record goes, and as many records as fit one frame, the ring's end and what is free; one if it is
    /// longer than a frame.
    fn next(&mut self, done: u32) -> Option<(usize, Vec<u16>)> {
        let slots = self.slots as u64;
        let free = slots - (self.written - self.shown - u64::from(done));
        let slot = usize::try_from(self.written % slots).unwrap_or(0);
        let record = self.set.record(0).len();
        let fit = (MOST_WORDS / record).max(1).min(self.slots - slot);
        let count = fit.min(usize::try_from(free).unwrap_or(fit));
        let numbers: Vec<usize> = self.order.by_ref().take(count).collect();
        self.written += numbers.len() as u64;
        let words: Vec<u16> = numbers.iter().flat_map(|&number| self.set.record(number)).copied().collect();
        (!words.is_empty()).then_some((slot * record, words))
    }
}

impl<T: Transport> Linked<T> {
    /// Trains on a set of any size. Each epoch is a run of its own, with one tally; records are written ahead, beyond the end of an epoch
    /// too, as far as the ring allows.
    pub(super) fn train_streaming(
        &mut self,
        set: &SampleSet,
        settings: Settings,
        mut cursor: StretchCursor,
        on_progress: OnProgress,
    ) -> Result<Trained, BoardError> {
        self.resident = None;
        self.session.post(Command::Configure(settings))?;
        let mut ring = Ring { set, order: cursor.order(), slots: self.capacity(), written: 0, shown: 0 };
        let mut trained = Trained::default();
        while cursor.left() > 0 {
            let (status, stopped) = self.stream_epoch(&mut ring, &cursor, on_progress)?;
            cursor.advance(status.done.into());
            ring.shown += u64::from(status.done);
            trained = Trained { samples: ring.shown, tally: status.tally };
            if stopped {
                break;
            }
        }
        Ok(trained)
    }

    /// The rest of one epoch; how it ended, and whether `on_progress` ended it.
    fn stream_epoch(
        &mut self,
        ring: &mut Ring<impl Iterator<Item = usize>>,
        cursor: &StretchCursor,
        on_progress: OnProgress,
    ) -> Result<(Status, bool), BoardError> {
        let length = u32::try_from(cursor.left_in_epoch()).unwrap_or(u32::MAX);
        let run = first_run(ring.slots, ring.shown, cursor);
        let mut progress = Progress::new(self.session.now());
        let (mut limit, mut stopped) = (0, false);
        let mut asked = None;
        self.poll.restart();
        loop {
            let fed = !stopped && self.feed(ring, progress.done)?;
            let available = u32::try_from(ring.written - ring.shown).unwrap_or(u32::MAX).min(length);
            if available > limit && !stopped {
                let command = match limit {
                    0 => Command::Run(Run { limit: available, ..run }),
                    _ => Command::Extend { limit: available },
                };
                self.session.post(command)?;
                limit = available;
            }
            let Some(status) = self.ask_between(&mut asked, fed)? else { continue };
            let stuck = self.session.options().stuck;
            if progress.note(status.done, limit, self.session.now(), stuck)? {
                self.poll.restart();
            }
            if !status.running && (stopped || status.done >= length) {
                return Ok((status, stopped));
            }
            if !stopped && on_progress(ring.shown + u64::from(status.done)).is_break() {
                self.session.post(Command::Stop)?;
                // A question asked before does not tell what became of it.
                (stopped, asked) = (true, None);
            }
        }
    }

    /// Writes the next records, if there is room for them in the ring; whether it did.
    fn feed(&mut self, ring: &mut Ring<impl Iterator<Item = usize>>, done: u32) -> Result<bool, BoardError> {
        let Some((address, words)) = ring.next(done) else { return Ok(false) };
        self.write_samples(address, &words)?;
        Ok(true)
    }

    /// Asks how far the board is, without waiting for the answer as long as there is something else to do.
    fn ask_between(&mut self, asked: &mut Option<Ticket>, busy: bool) -> Result<Option<Status>, BoardError> {
        let result = match (asked.take(), busy) {
            (Some(ticket), true) => match self.session.try_take(ticket)? {
                Ok(result) => result,
                Err(ticket) => {
                    *asked = Some(ticket);
                    return Ok(None);
                }
            },
            (Some(ticket), false) => self.session.take(ticket)?,
            (None, true) => {
                *asked = Some(self.session.ask(Command::Status)?);
                return Ok(None);
            }
            (None, false) => {
                let wait = self.poll.backoff();
                self.session.pause(wait)?;
                self.session.call(Command::Status)?
            }
        };
        read_status(&result).map(Some)
    }
}

/// The run of an epoch, from the slot that is next.
fn first_run(slots: usize, shown: u64, cursor: &StretchCursor) -> Run {
    let slots = u16::try_from(slots).unwrap_or(u16::MAX);
    let place = u16::try_from(shown % u64::from(slots.max(1))).unwrap_or(0);
    let order = SampleOrder::Sequential;
    Run { order, one_tally: true, ..Run::training(slots, 0, 0, place, 0, cursor.alpha_offset()) }
}

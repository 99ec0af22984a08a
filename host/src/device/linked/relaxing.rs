//! Relaxing samples on a board: their answers take the place of their targets and are read back.

use super::super::BoardError;
use super::Linked;
use super::running::MOST_WORDS;
use super::sample_set::SampleSet;
use std::ops::{ControlFlow, Range};
use wheatstone_link::protocol::{Command, Run, Settings, Space};
use wheatstone_link::{LinkError, Transport};

/// Records beside the training set that make it worth while not to overwrite it.
const WORTH: usize = 16;
/// Reading this many words too many is cheaper than a question of their own.
const CHEAP_GAP: usize = 12;

impl<T: Transport> Linked<T> {
    /// Relaxes a set, batch after batch, beside the training set if there is room.
    pub(super) fn relax_set(
        &mut self,
        set: &SampleSet,
        settings: Settings,
        impose_targets: bool,
    ) -> Result<Vec<Vec<i32>>, BoardError> {
        let capacity = self.capacity();
        let kept = self.resident.as_ref().map_or(0, |resident| resident.count());
        let beside = kept > 0 && capacity - kept >= set.count().min(WORTH);
        let first = if beside { kept } else { 0 };
        if !beside {
            self.resident = None;
        }
        self.session.post(Command::Configure(settings))?;
        let mut answers = Vec::with_capacity(set.count());
        for words in set.batches(capacity - first) {
            let address = first * self.layout.words();
            self.write_samples(address, words)?;
            let count = u16::try_from(words.len() / self.layout.words()).unwrap_or(u16::MAX);
            let place = u16::try_from(first).unwrap_or(u16::MAX);
            let run = Run { place, limit: count.into(), impose_targets, ..Run::reading(place + count) };
            self.session.post(Command::Run(run))?;
            self.follow(count.into(), settings.steps, &mut |_| ControlFlow::Continue(()))?;
            answers.extend(self.read_answers(address, count.into())?);
        }
        Ok(answers)
    }

    /// The answers in that many records.
    fn read_answers(&mut self, address: usize, count: usize) -> Result<Vec<Vec<i32>>, BoardError> {
        let (record, outputs) = (self.layout.words(), self.layout.outputs);
        let answers = (0..count).map(|number| {
            let start = number * record + self.layout.targets_at();
            start..start + outputs
        });
        let answers: Vec<Range<usize>> = answers.collect();
        let mut words = vec![0; count * record];
        let mut asked = Vec::new();
        for range in reads(&answers) {
            let command = Command::Read {
                space: Space::Samples,
                address: u16::try_from(address + range.start).unwrap_or(u16::MAX),
                count: u8::try_from(range.len()).unwrap_or(u8::MAX),
            };
            asked.push((self.session.ask(command.clone())?, range, command));
        }
        for (ticket, range, command) in asked {
            let result = self.session.take(ticket)?;
            let (read, rest) = result.as_chunks::<2>();
            if read.len() != range.len() || !rest.is_empty() {
                return Err(LinkError::malformed(&command, &result).into());
            }
            words[range].iter_mut().zip(read).for_each(|(word, read)| *word = i16::from_le_bytes(*read));
        }
        Ok(answers.into_iter().map(|range| words[range].iter().map(|&v| v.into()).collect()).collect())
    }
}

/// What to read for all of `wanted`: neighbours at once, but never more than a frame holds.
fn reads(wanted: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut whole: Vec<Range<usize>> = Vec::new();
    for range in wanted {
        match whole.last_mut() {
            Some(last) if range.start <= last.end + CHEAP_GAP => last.end = range.end,
            _ => whole.push(range.clone()),
        }
    }
    let split = |range: Range<usize>| {
        let end = range.end;
        range.step_by(MOST_WORDS).map(move |start| start..end.min(start + MOST_WORDS))
    };
    whole.into_iter().flat_map(split).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_cover_what_is_wanted() {
        assert_eq!(reads(&[0..3, 10..13, 60..63]), [0..13, 60..63]);
        assert_eq!(reads(std::slice::from_ref(&(5..250))), [5..125, 125..245, 245..250]);
        assert!(reads(&[]).is_empty());
    }
}

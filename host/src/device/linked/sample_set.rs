//! Samples as the records a board keeps.

use wheatstone_link::protocol::SampleLayout;
use wheatstone_sim::{OutputCoding, Sample};

/// Records of samples, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleSet {
    words: Vec<u16>,
    /// Words of a record.
    record: usize,
    /// How the outputs code an answer.
    pub coding: OutputCoding,
}

impl SampleSet {
    pub fn new(layout: SampleLayout, coding: OutputCoding) -> SampleSet {
        SampleSet { words: Vec::new(), record: layout.words(), coding }
    }

    /// Appends the record of a sample, in the layout the set was made for.
    pub fn push(&mut self, layout: SampleLayout, sample: &Sample, class: Option<u16>) {
        self.words.extend(layout.encode(sample, class));
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.words.len().checked_div(self.record).unwrap_or(0)
    }

    /// The words of the record of that number.
    pub fn record(&self, number: usize) -> &[u16] {
        &self.words[number * self.record..][..self.record]
    }

    /// The words of all records.
    pub fn words(&self) -> &[u16] {
        &self.words
    }

    /// The words of the records, at most `most` records at once.
    pub fn batches(&self, most: usize) -> impl Iterator<Item = &[u16]> {
        self.words.chunks((most * self.record).max(1))
    }
}

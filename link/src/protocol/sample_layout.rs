//! How samples lie in a board's memory.

use wheatstone_sim::network::Network;
use wheatstone_sim::{Format, Sample, Sense, Target, scan};

/// Outputs whose senses share a word.
const SENSES: usize = 8;
/// The class of a sample without one.
const NO_CLASS: u16 = u16::MAX;

/// The record of a sample: inputs, targets, senses, class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SampleLayout {
    /// Inputs of the network.
    pub inputs: usize,
    /// Outputs of the network.
    pub outputs: usize,
}

impl SampleLayout {
    /// The layout for a network.
    pub fn of(network: &Network) -> SampleLayout {
        SampleLayout { inputs: network.inputs().len(), outputs: network.outputs().len() }
    }

    /// Words of a record.
    pub fn words(self) -> usize {
        self.class_at() + 1
    }

    /// Where the targets begin.
    pub fn targets_at(self) -> usize {
        self.inputs
    }

    /// Where the senses begin.
    pub fn senses_at(self) -> usize {
        self.inputs + self.outputs
    }

    /// Where the class is.
    pub fn class_at(self) -> usize {
        self.senses_at() + self.outputs.div_ceil(SENSES)
    }

    /// A sample as a record. Numbers are cut to 16 bits; a sample in a format of a board's fits.
    pub fn encode(self, sample: &Sample, class: Option<u16>) -> Vec<u16> {
        let targets = sample.targets.iter().map(|target| word(target.map_or(0, |t| t.voltage)));
        let mut words: Vec<u16> = sample.inputs.iter().map(|&v| word(v)).chain(targets).collect();
        let senses = sample.targets.chunks(SENSES).map(|targets| {
            targets.iter().rev().fold(0, |word, target| (word << 2) | u16::from(sense_code(*target)))
        });
        words.extend(senses);
        words.push(class.unwrap_or(NO_CLASS));
        words
    }

    /// The sample of a record and its class. Words that are missing count as 0.
    pub fn decode(self, format: Format, record: &[u16]) -> (Sample, Option<u16>) {
        let at = |i: usize| record.get(i).copied().unwrap_or(0);
        let voltages = |from: usize, count: usize| (from..from + count).map(|i| voltage(format, at(i)));
        let inputs = voltages(0, self.inputs).collect();
        let targets = voltages(self.targets_at(), self.outputs).enumerate().map(|(output, voltage)| {
            let code = at(self.senses_at() + output / SENSES) >> (2 * (output % SENSES));
            Some(Target { voltage, sense: sense(code & 3)? })
        });
        let targets = targets.collect();
        (Sample { inputs, targets }, Some(at(self.class_at())).filter(|&class| class != NO_CLASS))
    }
}

/// A voltage as a word.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "two's complement, cut as documented"
)]
pub(crate) fn word(voltage: i32) -> u16 {
    voltage as u16
}

/// The voltage of a word: its lowest `V` bits.
fn voltage(format: Format, word: u16) -> i32 {
    i32::try_from(scan::sign_extend(word.into(), format.v_bits())).unwrap_or(0)
}

/// A target's sense in two bits; 0 where there is no target.
pub fn sense_code(target: Option<Target>) -> u8 {
    match target.map(|target| target.sense) {
        None => 0,
        Some(Sense::Equal) => 1,
        Some(Sense::AtLeast) => 2,
        Some(Sense::AtMost) => 3,
    }
}

fn sense(code: u16) -> Option<Sense> {
    [None, Some(Sense::Equal), Some(Sense::AtLeast), Some(Sense::AtMost)][usize::from(code & 3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_holds_a_sample() {
        let layout = SampleLayout { inputs: 2, outputs: 9 };
        let target = |voltage, sense| Some(Target { voltage, sense });
        let mut targets = vec![None; 9];
        targets[0] = target(-2048, Sense::AtLeast);
        targets[7] = target(3, Sense::AtMost);
        targets[8] = target(2047, Sense::Equal);
        let sample = Sample { inputs: vec![-5, 7], targets };
        let record = layout.encode(&sample, Some(8));
        assert_eq!(record.len(), layout.words());
        assert_eq!(record[layout.senses_at()..], [0xC002, 1, 8]);
        assert_eq!(layout.decode(Format::COMPACT, &record), (sample.clone(), Some(8)));
        let unknown = layout.encode(&sample, None);
        assert_eq!(layout.decode(Format::COMPACT, &unknown), (sample, None));
    }
}

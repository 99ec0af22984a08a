//! How far a board is.

use super::{little_endian, u8_at, u16_at, u32_at};
use wheatstone_sim::Tally;

/// What `status` answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Status {
    /// A run is in progress.
    pub running: bool,
    /// The array did not come to rest in time and was reset: its state is lost.
    pub stalled: bool,
    /// Phase of the next step.
    pub phase: u8,
    /// Samples of the run so far.
    pub done: u32,
    /// Place in the epoch.
    pub place: u16,
    /// Epochs ended in the run.
    pub epochs: u16,
    /// Learning shift offset in force.
    pub alpha_offset: u8,
    /// How well the samples of the epoch, or of the run, were answered.
    pub tally: Tally,
    /// Frames that came damaged since the board was switched on.
    pub damaged: u16,
    /// Frames there was no room for since the board was switched on.
    pub overruns: u16,
}

impl Status {
    /// Length of the result.
    pub const BYTES: usize = 29;

    /// As the result of a reply.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.running) | u8::from(self.stalled) << 1, self.phase];
        bytes.extend(self.done.to_le_bytes());
        bytes.extend(self.place.to_le_bytes());
        bytes.extend(self.epochs.to_le_bytes());
        bytes.push(self.alpha_offset);
        bytes.extend(self.tally.samples.to_le_bytes());
        bytes.extend(self.tally.right.to_le_bytes());
        bytes.extend(&self.tally.board_error().to_le_bytes()[..6]);
        bytes.extend(self.damaged.to_le_bytes());
        bytes.extend(self.overruns.to_le_bytes());
        bytes
    }

    /// From the result of a reply; `None` if its length is another.
    pub fn from_bytes(bytes: &[u8]) -> Option<Status> {
        let flags = u8_at(bytes, 0);
        (bytes.len() == Status::BYTES).then(|| Status {
            running: flags & 1 != 0,
            stalled: flags & 2 != 0,
            phase: u8_at(bytes, 1),
            done: u32_at(bytes, 2),
            place: u16_at(bytes, 6),
            epochs: u16_at(bytes, 8),
            alpha_offset: u8_at(bytes, 10),
            tally: Tally::of_board(u32_at(bytes, 11), u32_at(bytes, 15), little_endian::<6>(bytes, 19)),
            damaged: u16_at(bytes, 25),
            overruns: u16_at(bytes, 27),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_comes_back() {
        let status = Status {
            running: true,
            stalled: false,
            phase: 1,
            done: 0x0102_0304,
            place: 0x0506,
            epochs: 0x0708,
            alpha_offset: 3,
            tally: Tally::of_board(0x1112_1314, 0x2122_2324, 0x3132_3334_3536),
            damaged: 0x4142,
            overruns: 0x5152,
        };
        let bytes = status.to_bytes();
        assert_eq!(bytes.len(), Status::BYTES);
        assert_eq!(Status::from_bytes(&bytes), Some(status));
        assert_eq!(Status::from_bytes(&bytes[1..]), None);
    }
}

//! Frames: bytes between zeros that are whole, or are not there at all.

use super::{u8_at, u16_at};
use crc::{CRC_32_ISO_HDLC, Crc};
use thiserror::Error;
use wheatstone_sim::categorize;

/// The shortest frame, decoded: a request without payload.
pub const SHORTEST: usize = HEADER + CRC_BYTES;
/// The longest frame, decoded: one code byte is then all that COBS adds.
pub const LONGEST: usize = 254;
/// Bytes of a request before its payload.
pub const HEADER: usize = 4;
/// Bytes of a frame's checksum.
pub const CRC_BYTES: usize = 4;
/// Bytes a frame of the given length takes on the wire beside itself: a code byte and the zero at its end.
pub const OVERHEAD: usize = 2;

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// The head of every frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The session the frame belongs to.
    pub session: u8,
    /// Number of the request in its session.
    pub sequence: u16,
    /// What is to be done; of a reply, plus 128.
    pub opcode: u8,
}

impl Header {
    /// The bytes that begin a frame; numbers are little-endian.
    pub fn to_bytes(self) -> [u8; HEADER] {
        let [low, high] = self.sequence.to_le_bytes();
        [self.session, low, high, self.opcode]
    }

    /// From the beginning of a frame.
    pub fn from_bytes(bytes: &[u8]) -> Header {
        Header { session: u8_at(bytes, 0), sequence: u16_at(bytes, 1), opcode: u8_at(bytes, 3) }
    }
}

/// Why bytes between two zeros are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum FrameError {
    /// Its length cannot be.
    #[error("a frame of {0} bytes, and frames have {SHORTEST} to {LONGEST}")]
    Length(usize),
    /// A code byte points behind the end.
    #[error("a frame that is not COBS")]
    Coding,
    /// The checksum does not match.
    #[error("a frame whose checksum does not match")]
    Checksum,
}

categorize! {
    FrameError {
        Link: Length, Coding, Checksum;
    }
}

/// A frame's contents as it goes over the wire: with checksum, encoded, ended by a zero.
pub fn encode(contents: &[u8]) -> Vec<u8> {
    let mut frame = contents.to_vec();
    frame.extend(CRC.checksum(contents).to_le_bytes());
    let mut wire = cobs::encode_vec(&frame);
    wire.push(0);
    wire
}

/// The contents of a frame, from what stands between two zeros on the wire.
///
/// # Errors
/// [`FrameError`] if it is not a whole frame.
pub fn decode(wire: &[u8]) -> Result<Vec<u8>, FrameError> {
    if wire.len() > LONGEST + 1 {
        return Err(FrameError::Length(wire.len() - 1));
    }
    let mut frame = cobs::decode_vec(wire).map_err(|_| FrameError::Coding)?;
    if frame.len() < SHORTEST {
        return Err(FrameError::Length(frame.len()));
    }
    let checksum = frame.split_off(frame.len() - CRC_BYTES);
    if CRC.checksum(&frame).to_le_bytes() == checksum[..] { Ok(frame) } else { Err(FrameError::Checksum) }
}

/// Cuts a stream of bytes behind each zero, whether the pieces are frames or not.
#[derive(Clone, Debug)]
pub struct Splitter {
    piece: Vec<u8>,
    /// Bytes of a piece beyond these are dropped.
    most: usize,
}

impl Default for Splitter {
    /// Keeps every byte.
    fn default() -> Splitter {
        Splitter { piece: Vec::new(), most: usize::MAX }
    }
}

impl Splitter {
    /// Takes one byte. A zero ends the piece, which is returned without it: empty where the line is idle.
    pub fn push(&mut self, byte: u8) -> Option<Vec<u8>> {
        if byte == 0 {
            return Some(std::mem::take(&mut self.piece));
        }
        if self.piece.len() < self.most {
            self.piece.push(byte);
        }
        None
    }

    /// Forgets the piece that has begun.
    pub fn clear(&mut self) {
        self.piece.clear();
    }
}

/// Finds frames in a stream of bytes.
#[derive(Clone, Debug)]
pub struct Deframer(Splitter);

impl Default for Deframer {
    fn default() -> Deframer {
        // One byte more than any frame has shows that it is none.
        Deframer(Splitter { most: LONGEST + 2, ..Splitter::default() })
    }
}

impl Deframer {
    /// Takes one byte. Returns the contents of the frame that it ends, or why what it ends is none. Zeros in a row are idle
    /// line.
    pub fn push(&mut self, byte: u8) -> Option<Result<Vec<u8>, FrameError>> {
        self.0.push(byte).filter(|piece| !piece.is_empty()).map(|piece| decode(&piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_goes_out_comes_in(frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 4..=250), 1..5)) {
            let mut deframer = Deframer::default();
            let wire: Vec<u8> = frames.iter().flat_map(|frame| encode(frame)).collect();
            let found: Vec<_> = wire.iter().filter_map(|&byte| deframer.push(byte)).collect();
            prop_assert_eq!(found, frames.into_iter().map(Ok).collect::<Vec<_>>());
        }

        #[test]
        fn a_frame_is_one_code_and_a_zero_longer(frame in prop::collection::vec(any::<u8>(), 4..=250)) {
            prop_assert_eq!(encode(&frame).len(), frame.len() + CRC_BYTES + OVERHEAD);
        }

        #[test]
        fn a_flipped_bit_is_noticed(frame in prop::collection::vec(any::<u8>(), 4..=60), at in any::<prop::sample::Index>(), bit in 0..8u8) {
            let mut wire = encode(&frame);
            let at = at.index(wire.len() - 1);
            wire[at] ^= 1 << bit;
            let mut deframer = Deframer::default();
            for byte in wire {
                if let Some(found) = deframer.push(byte) {
                    prop_assert!(found.is_err(), "{found:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_frame_is_told_apart() {
        assert_eq!(decode(&cobs::encode_vec(&[1; 7])), Err(FrameError::Length(7)));
        assert_eq!(decode(&[1; 256]), Err(FrameError::Length(255)));
        assert_eq!(decode(&[9, 1, 1]), Err(FrameError::Coding));
        assert_eq!(decode(&cobs::encode_vec(&[1; 8])), Err(FrameError::Checksum));
    }

    /// The check value of the checksum's catalogue entry.
    #[test]
    fn the_checksum_is_the_documented_one() {
        assert_eq!(CRC.checksum(b"123456789"), 0xCBF4_3926);
    }
}

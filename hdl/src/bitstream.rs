//! What a bitstream is for: its header read, and compared with a board.
//!
//! A device refuses a bitstream of another device only after it has been erased, and an iCE40 says nothing at all. So the
//! file is looked at before anything is sent. Both formats are documented by the open projects that write them: an ECP5's is a
//! comment, the preamble `FF FF BD B3`, and commands, one of which holds the IDCODE of the device (Project Trellis); an
//! iCE40's is a comment, the preamble `7E AA 99 7E`, and commands that set the size of the memory's banks, which no two
//! dies share (Project IceStorm).
//!
//! Checksums are not verified: the device does that. What is verified is that the file goes on to its last command, since a copy
//! that was cut short is the usual damage.

use crate::board::Board;
use crate::technology::Technology;
use std::fmt::{self, Display, Formatter};
use thiserror::Error;

/// Where a preamble is looked for: comments are a few lines.
const HEADER: usize = 64 * 1024;

const ECP5_PREAMBLE: [u8; 4] = [0xFF, 0xFF, 0xBD, 0xB3];
const ICE40_PREAMBLE: [u8; 4] = [0x7E, 0xAA, 0x99, 0x7E];

/// IDCODEs, as the JTAG register of the device holds them.
const ECP5_PARTS: [(u32, &str); 10] = [
    (0x2111_1043, "LFE5U-12F"),
    (0x4111_1043, "LFE5U-25F"),
    (0x4111_2043, "LFE5U-45F"),
    (0x4111_3043, "LFE5U-85F"),
    (0x0111_1043, "LFE5UM-25F"),
    (0x0111_2043, "LFE5UM-45F"),
    (0x0111_3043, "LFE5UM-85F"),
    (0x8111_1043, "LFE5UM5G-25F"),
    (0x8111_2043, "LFE5UM5G-45F"),
    (0x8111_3043, "LFE5UM5G-85F"),
];

/// Width and height in bits of a bank of configuration memory. LP, HX and the 4K are the same dies.
const ICE40_PARTS: [(u32, u32, &str); 6] = [
    (182, 80, "iCE40 LP384"),
    (332, 144, "iCE40 1K"),
    (656, 176, "iCE40 LM4K"),
    (692, 176, "iCE40 U4K"),
    (692, 336, "iCE40 UP5K"),
    (872, 272, "iCE40 8K"),
];

/// A device, as a bitstream knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// An ECP5, or another device of Lattice with such bitstreams.
    Ecp5 {
        /// Its IDCODE.
        idcode: u32,
    },
    /// An iCE40.
    Ice40 {
        /// Width of a bank of its configuration memory, in bits.
        width: u32,
        /// Height of that bank, in bits.
        height: u32,
    },
}

impl Part {
    /// The device of a board; none if the board has none.
    pub fn of(board: Board) -> Option<Part> {
        Part::named(board.device()?)
    }

    fn named(name: &str) -> Option<Part> {
        let ecp5 = ECP5_PARTS.iter().find(|part| part.1 == name).map(|&(idcode, _)| Part::Ecp5 { idcode });
        let ice40 = ICE40_PARTS.iter().find(|part| part.2 == name);
        ecp5.or_else(|| ice40.map(|&(width, height, _)| Part::Ice40 { width, height }))
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match *self {
            Part::Ecp5 { idcode } => match ECP5_PARTS.iter().find(|part| part.0 == idcode) {
                Some((_, name)) => write!(f, "{name}"),
                None => write!(f, "device with IDCODE {idcode:#010x}"),
            },
            Part::Ice40 { width, height } => {
                match ICE40_PARTS.iter().find(|part| (part.0, part.1) == (width, height)) {
                    Some((.., name)) => write!(f, "{name}"),
                    None => write!(f, "iCE40 with banks of {width} x {height} bits"),
                }
            }
        }
    }
}

/// The package of a board's device, where bitstreams tell it: the same device in another package has other pins.
fn package(board: Board) -> Option<&'static str> {
    let board = board.description()?;
    (board.technology == Technology::Ecp5).then_some(board.package.as_str())
}

/// What a bitstream says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitstream {
    /// The device it configures.
    pub part: Part,
    /// The lines of its comment; tools write the device's full name and package there, or nothing.
    pub comment: Vec<String>,
}

/// Bytes that are no bitstream, or not a whole one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BitstreamError {
    /// No preamble.
    #[error(
        "not a bitstream: neither the preamble of an ECP5 (ff ff bd b3) nor that of an iCE40 (7e aa 99 7e) is in it; \
         give the .bit that ecppack wrote, or the .bin of icepack"
    )]
    NoPreamble,
    /// Several images and a loader between them.
    #[error("several images for a warm boot in one file; give the bitstream of one image")]
    SeveralImages,
    /// It configures a device without naming it.
    #[error("an ECP5 bitstream without the IDCODE of its device; write it anew with ecppack")]
    NoIdcode,
    /// An unknown command.
    #[error(
        "damaged at byte {offset}: {byte:#04x} is no command of an iCE40 bitstream; build or copy it again"
    )]
    Command {
        /// Where.
        offset: usize,
        /// What stands there.
        byte: u8,
    },
    /// The end is missing.
    #[error("cut short: it ends after {bytes} bytes, before its last command; build or copy it again")]
    CutShort {
        /// How long it is.
        bytes: usize,
    },
}

/// A bitstream for another board.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WrongBoard {
    /// The device differs.
    #[error(
        "the bitstream is for the {bitstream}, and {board} has the {expected}; take the bitstream built for {board}, \
         or name with --board the board it is for"
    )]
    Part {
        /// What was asked for.
        board: Board,
        /// The device of the bitstream.
        bitstream: Part,
        /// The device of the board.
        expected: Part,
    },
    /// The device is right, its pins are elsewhere.
    #[error(
        "the bitstream is for the package in `{comment}`, and {board} has {expected}: its pins are elsewhere; take the \
         bitstream built for {board}"
    )]
    Package {
        /// What was asked for.
        board: Board,
        /// The line of the bitstream's comment.
        comment: String,
        /// The package of the board's device.
        expected: &'static str,
    },
    /// The board is none.
    #[error("{board} is no board, so that nothing can be loaded into it; name one with --board")]
    NoDevice {
        /// What was asked for.
        board: Board,
    },
}

impl Bitstream {
    /// Reads what a file holds.
    ///
    /// # Errors
    /// [`BitstreamError`] if it is no bitstream of an ECP5 or iCE40, or not a whole one.
    pub fn read(bytes: &[u8]) -> Result<Bitstream, BitstreamError> {
        let header = &bytes[..bytes.len().min(HEADER)];
        let find = |preamble: [u8; 4]| header.windows(4).position(|bytes| bytes == preamble);
        let (start, part) = match (find(ECP5_PREAMBLE), find(ICE40_PREAMBLE)) {
            (Some(ecp5), ice40) if ice40.is_none_or(|ice40| ecp5 < ice40) => {
                (ecp5, read_ecp5(bytes, ecp5 + 4))
            }
            (_, Some(ice40)) => (ice40, read_ice40(bytes, ice40 + 4)),
            _ => return Err(BitstreamError::NoPreamble),
        };
        Ok(Bitstream { part: part?, comment: comment(&bytes[..start]) })
    }

    /// Whether it is for this board.
    ///
    /// # Errors
    /// [`WrongBoard`] names both devices.
    pub fn check(&self, board: Board) -> Result<(), WrongBoard> {
        let expected = Part::of(board).ok_or(WrongBoard::NoDevice { board })?;
        if self.part != expected {
            return Err(WrongBoard::Part { board, bitstream: self.part, expected });
        }
        let part = self.comment.iter().find(|line| line.starts_with("Part: "));
        match (part, package(board)) {
            (Some(comment), Some(expected)) if !comment.contains(expected) => {
                Err(WrongBoard::Package { board, comment: comment.clone(), expected })
            }
            _ => Ok(()),
        }
    }
}

/// The printable lines before a preamble.
fn comment(bytes: &[u8]) -> Vec<String> {
    let lines = bytes.split(|&byte| matches!(byte, 0 | 0xFF | b'\n'));
    let text = |line: &[u8]| String::from_utf8_lossy(line).trim().to_owned();
    lines.map(text).filter(|line| !line.is_empty()).collect()
}

/// Commands of an ECP5 bitstream that stand before `VERIFY_ID`, with the bytes that follow them.
fn ecp5_operands(command: u8) -> usize {
    match command {
        // A dummy.
        0xFF => 0,
        // Control register 0 and the usercode: three bytes of flags as all have, and a word.
        0x22 | 0xC2 => 7,
        _ => 3,
    }
}

fn read_ecp5(bytes: &[u8], start: usize) -> Result<Part, BitstreamError> {
    const VERIFY_ID: u8 = 0xE2;
    // The frames begin here; nothing behind says what the device is.
    const FRAMES: [u8; 2] = [0x82, 0xB8];
    const PROGRAM_DONE: [u8; 4] = [0x5E, 0, 0, 0];
    let cut_short = BitstreamError::CutShort { bytes: bytes.len() };
    let mut at = start;
    let idcode = loop {
        match bytes.get(at) {
            None => return Err(cut_short),
            Some(&VERIFY_ID) => match bytes.get(at + 4..at + 8) {
                Some(&[a, b, c, d]) => break u32::from_be_bytes([a, b, c, d]),
                _ => return Err(cut_short),
            },
            Some(command) if FRAMES.contains(command) => return Err(BitstreamError::NoIdcode),
            Some(&command) => at += 1 + ecp5_operands(command),
        }
    };
    let end = bytes.iter().rposition(|&byte| byte != 0xFF).map_or(0, |last| last + 1);
    if bytes[at..end.max(at)].ends_with(&PROGRAM_DONE) { Ok(Part::Ecp5 { idcode }) } else { Err(cut_short) }
}

fn read_ice40(bytes: &[u8], start: usize) -> Result<Part, BitstreamError> {
    let cut_short = BitstreamError::CutShort { bytes: bytes.len() };
    let (mut width, mut height) = (0, 0);
    let mut part = None;
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let operand = bytes.get(at + 1..at + 1 + usize::from(byte & 15)).ok_or(cut_short.clone())?;
        let value = operand.iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
        // Sizes have 16 bits.
        let size = |value: u64| u32::try_from(value & 0xFFFF).unwrap_or(u32::MAX) + 1;
        let damaged = Err(BitstreamError::Command { offset: at, byte });
        let mut data = 0;
        match (byte >> 4, value) {
            // Data of the bank, for configuration or block memory, and two bytes of zeros.
            (0, memory @ (1 | 3)) => {
                if memory == 1 && part.is_none() {
                    part = Some(Part::Ice40 { width, height });
                }
                data = (u64::from(width) * u64::from(height)).div_ceil(8) + 2;
            }
            (0, 5) | (1 | 2 | 4 | 5 | 8 | 9, _) => {}
            (0, 6) => return part.ok_or(BitstreamError::Command { offset: at, byte }),
            (0, 8) => return Err(BitstreamError::SeveralImages),
            (6, width_less_one) => width = size(width_less_one),
            (7, rows) => height = u32::try_from(rows & 0xFFFF).unwrap_or(u32::MAX),
            _ => return damaged,
        }
        at += 1 + operand.len() + usize::try_from(data).map_err(|_| cut_short.clone())?;
    }
    Err(cut_short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The commands of an ECP5 bitstream as ecppack 1.4 writes them, without frames.
    fn ecp5(comment: &str, idcode: u32) -> Vec<u8> {
        let id = idcode.to_be_bytes();
        [
            &[0xFF, 0],
            comment.as_bytes(),
            &[0, 0xFF, 0xFF, 0xFF, 0xBD, 0xB3, 0xFF, 0xFF, 0xFF, 0xFF],
            // SPI mode, reset of the CRC, IDCODE, control register 0, init address, frames, usercode, done.
            &[0x79, 0x59, 0, 0, 0x3B, 0, 0, 0, 0xE2, 0, 0, 0],
            &id,
            &[0x22, 0, 0, 0, 0x40, 0, 0, 0, 0x46, 0, 0, 0, 0x82, 0x91, 0, 1, 7, 7, 7],
            &[0xC2, 0x80, 0, 0, 0, 0, 0, 0, 0x88, 0x88, 0x5E, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF],
        ]
        .concat()
    }

    /// The commands of an iCE40 bitstream as icepack writes them, with one bank of each memory.
    fn ice40(width: u16, height: u16) -> Vec<u8> {
        let [w1, w0] = (width - 1).to_be_bytes();
        let [h1, h0] = height.to_be_bytes();
        let bank = vec![0; usize::from(width) * usize::from(height) / 8 + 2];
        [
            [0xFF, 0, 0, 0xFF, 0x7E, 0xAA, 0x99, 0x7E, 0x51, 0, 1, 5, 0x92, 0, 0x20].as_slice(),
            &[0x62, w1, w0, 0x72, h1, h0, 0x82, 0, 0, 0x11, 0, 1, 1],
            &bank,
            &[0x62, 0, 15, 0x72, 0, 4, 0x11, 0, 1, 3],
            &[0; 10],
            &[0x22, 0x12, 0x34, 1, 6, 0],
        ]
        .concat()
    }

    #[test]
    fn every_board_takes_its_own_bitstream_and_no_other() {
        for &owner in Board::ALL {
            let bytes = match Part::of(owner) {
                Some(Part::Ecp5 { idcode }) => ecp5("Part: LFE5U-85F-6CABGA381", idcode),
                Some(Part::Ice40 { width, height }) => {
                    ice40(u16::try_from(width).unwrap(), u16::try_from(height).unwrap())
                }
                None => continue,
            };
            let bitstream = Bitstream::read(&bytes).unwrap();
            for &board in Board::ALL {
                match bitstream.check(board) {
                    Ok(()) => assert_eq!(board, owner),
                    Err(error) => {
                        assert_ne!(board, owner);
                        let message = error.to_string();
                        assert!(message.contains(board.name()), "{message}");
                        if let Some(part) = Part::of(board) {
                            let both = [part, bitstream.part].map(|part| message.contains(&part.to_string()));
                            assert_eq!(both, [true; 2], "{message}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn another_package_is_another_board() {
        let bitstream = Bitstream::read(&ecp5("Part: LFE5U-25F-6CABGA256", 0x4111_1043)).unwrap();
        assert_eq!(bitstream.comment, ["Part: LFE5U-25F-6CABGA256"]);
        let message = bitstream.check(Board::Ulx3s25f).unwrap_err().to_string();
        assert!(message.contains("CABGA256") && message.contains("CABGA381"), "{message}");
        let silent = Bitstream::read(&ecp5("", 0x4111_1043)).unwrap();
        assert_eq!(silent.check(Board::Ulx3s25f), Ok(()));
    }

    #[test]
    fn what_is_cut_short_or_something_else_is_refused() {
        for whole in [ecp5("Part: LFE5U-85F-6CABGA381", 0x4111_3043), ice40(872, 272)] {
            for length in 0..whole.len() - 4 {
                let error = Bitstream::read(&whole[..length]).unwrap_err();
                let expected = matches!(error, BitstreamError::CutShort { .. } | BitstreamError::NoPreamble);
                assert!(expected, "{length} bytes: {error}");
            }
        }
        assert_eq!(Bitstream::read(b"module top;"), Err(BitstreamError::NoPreamble));
        let multi = [0x7E, 0xAA, 0x99, 0x7E, 0x92, 0, 0, 0x44, 3, 0, 0, 0xA0, 0x82, 0, 0, 1, 8];
        assert_eq!(Bitstream::read(&multi), Err(BitstreamError::SeveralImages));
        let no_id = [0xFF, 0xFF, 0xBD, 0xB3, 0x3B, 0, 0, 0, 0x82, 0x91, 0, 1];
        assert_eq!(Bitstream::read(&no_id), Err(BitstreamError::NoIdcode));
        let unknown = [0x7E, 0xAA, 0x99, 0x7E, 0xB0];
        assert_eq!(Bitstream::read(&unknown), Err(BitstreamError::Command { offset: 4, byte: 0xB0 }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            preamble in prop::sample::select(vec![ECP5_PREAMBLE, ICE40_PREAMBLE]),
            at in 0usize..8,
        ) {
            let _ = Bitstream::read(&bytes);
            let at = at.min(bytes.len());
            let headed = [&bytes[..at], &preamble, &bytes[at..]].concat();
            if let Ok(bitstream) = Bitstream::read(&headed) {
                let _ = bitstream.check(Board::Ulx3s85f);
                prop_assert!(!bitstream.part.to_string().is_empty());
            }
        }
    }
}

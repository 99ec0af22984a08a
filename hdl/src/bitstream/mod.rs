//! What a bitstream is for, and whether it is whole: read to its end, and compared with a board.
//!
//! A device refuses a bitstream of another device only after it has been erased, and an iCE40 says nothing at all. So the
//! file is looked at before anything is sent. Both formats are documented by the open projects that write them: an ECP5's is a
//! comment, the preamble `FF FF BD B3`, and commands, one of which holds the IDCODE of the device (Project Trellis); an
//! iCE40's is a comment, the preamble `7E AA 99 7E`, and commands that set the size of the memory's banks, which no two
//! dies share (Project IceStorm).
//!
//! The whole file is read: every command must be known, every checksum right, and the last command must be there. What no
//! checksum covers is the comment, and one operand of an iCE40, the speed at which it reads its flash.

mod ecp5;
mod ice40;
mod sample;

pub use sample::sample;

use crate::board::Board;
pub use crate::device::Part;
use crate::technology::Technology;
use std::fmt::{self, Display, Formatter};
use thiserror::Error;
use wheatstone_sim::categorize;

/// Where a preamble is looked for: comments are a few lines.
const HEADER: usize = 64 * 1024;

const ECP5_PREAMBLE: [u8; 4] = [0xFF, 0xFF, 0xBD, 0xB3];
const ICE40_PREAMBLE: [u8; 4] = [0x7E, 0xAA, 0x99, 0x7E];

/// The package of a board's device, where bitstreams tell it: the same device in another package has other pins.
fn package(board: Board) -> Option<&'static str> {
    let board = board.description()?;
    (board.technology() == Technology::Ecp5).then_some(board.package.as_str())
}

/// What a bitstream says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitstream {
    /// The device it configures.
    pub part: Part,
    /// The lines of its comment; tools write the device's full name and package there, or nothing.
    pub comment: Vec<String>,
}

/// What a checksum of a bitstream is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covered {
    /// A frame of an ECP5's configuration, counted from 0 as they are sent; what stands before the first one included.
    Frame(usize),
    /// The user code, and what follows the last frame.
    UserCode,
    /// A block memory of an ECP5, counted from 0 as they are sent.
    Memory(usize),
    /// All of an iCE40's configuration.
    Everything,
}

impl Display for Covered {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Covered::Frame(number) => write!(f, "frame {number}"),
            Covered::UserCode => f.write_str("the user code"),
            Covered::Memory(number) => write!(f, "block memory {number}"),
            Covered::Everything => f.write_str("the configuration"),
        }
    }
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
    /// An unknown command, or a known one with operands that make no sense.
    #[error(
        "damaged at byte {offset}: {byte:#04x} is no command of such a bitstream; build or copy it again"
    )]
    Command {
        /// Where.
        offset: usize,
        /// What stands there.
        byte: u8,
    },
    /// A checksum that is not that of what stands before it.
    #[error(
        "damaged before byte {offset}: the checksum of {covered} is {found:#06x} and should be {expected:#06x}; build or copy it again"
    )]
    Checksum {
        /// Where the checksum stands.
        offset: usize,
        /// What it is of.
        covered: Covered,
        /// What stands there.
        found: u16,
        /// What should.
        expected: u16,
    },
    /// Nothing vouches for it.
    #[error(
        "damaged before byte {offset}: the device is started and no checksum was told; build or copy it again"
    )]
    NoChecksum {
        /// Where it is started.
        offset: usize,
    },
    /// Something behind the end.
    #[error("damaged at byte {offset}: {byte:#04x} stands behind the last command; build or copy it again")]
    Behind {
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

categorize! {
    BitstreamError {
        BadInput: NoPreamble, SeveralImages, NoIdcode, Command, Checksum, NoChecksum, Behind, CutShort;
    }
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

categorize! {
    WrongBoard {
        BadInput: Part, Package, NoDevice;
    }
}

impl Bitstream {
    /// Reads what a file holds.
    ///
    /// # Errors
    /// [`BitstreamError`] if it is no bitstream of an ECP5 or iCE40, not a whole one, or a damaged one; it names the place.
    pub fn read(bytes: &[u8]) -> Result<Bitstream, BitstreamError> {
        let header = &bytes[..bytes.len().min(HEADER)];
        let find = |preamble: [u8; 4]| header.windows(4).position(|bytes| bytes == preamble);
        let (start, part) = match (find(ECP5_PREAMBLE), find(ICE40_PREAMBLE)) {
            (Some(ecp5), ice40) if ice40.is_none_or(|ice40| ecp5 < ice40) => {
                (ecp5, ecp5::read(bytes, ecp5 + 4))
            }
            (_, Some(ice40)) => (ice40, ice40::read(bytes, ice40 + 4)),
            _ => return Err(BitstreamError::NoPreamble),
        };
        Ok(Bitstream { part: part?, comment: comment(&bytes[..start]) })
    }

    /// Whether it is for this board.
    ///
    /// # Errors
    /// [`WrongBoard`] names both devices.
    pub fn check(&self, board: Board) -> Result<(), WrongBoard> {
        let expected = board.part().ok_or(WrongBoard::NoDevice { board })?;
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

#[cfg(test)]
mod tests;

//! Boards the array can be emitted for.

use crate::technology::Technology;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use thiserror::Error;

/// An open board, by the size of its device where there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Board {
    /// ULX3S with an ECP5-12F.
    Ulx3s12f,
    /// ULX3S with an ECP5-25F.
    Ulx3s25f,
    /// ULX3S with an ECP5-45F.
    Ulx3s45f,
    /// ULX3S with an ECP5-85F.
    Ulx3s85f,
    /// iCEBreaker, an iCE40 UP5K.
    Icebreaker,
    /// iCE40-HX8K-B-EVN.
    Hx8kEvn,
    /// No board: plain Verilog for a simulator.
    Generic,
}

/// A name that is no board's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no board `{name}`; there are {}", Board::ALL.map(Board::name).join(", "))]
pub struct UnknownBoard {
    /// The name.
    pub name: String,
}

impl Board {
    /// All of them.
    pub const ALL: [Board; 7] = [
        Board::Ulx3s12f,
        Board::Ulx3s25f,
        Board::Ulx3s45f,
        Board::Ulx3s85f,
        Board::Icebreaker,
        Board::Hx8kEvn,
        Board::Generic,
    ];

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Board::Ulx3s12f => "ulx3s-12f",
            Board::Ulx3s25f => "ulx3s-25f",
            Board::Ulx3s45f => "ulx3s-45f",
            Board::Ulx3s85f => "ulx3s-85f",
            Board::Icebreaker => "icebreaker",
            Board::Hx8kEvn => "hx8k-evn",
            Board::Generic => "generic",
        }
    }

    /// Sites of 4-input LUTs on its device; `None` if there is none. An ECP5-12F is the die of a 25F.
    pub fn lut4_sites(self) -> Option<u64> {
        match self {
            Board::Ulx3s12f | Board::Ulx3s25f => Some(24_288),
            Board::Ulx3s45f => Some(43_848),
            Board::Ulx3s85f => Some(83_640),
            Board::Icebreaker => Some(5280),
            Board::Hx8kEvn => Some(7680),
            Board::Generic => None,
        }
    }

    /// Multipliers on its device; `None` if there is no device to count on.
    pub fn multiplier_sites(self) -> Option<u64> {
        match self {
            Board::Ulx3s12f | Board::Ulx3s25f => Some(28),
            Board::Ulx3s45f => Some(72),
            Board::Ulx3s85f => Some(156),
            // The array does not use the eight of an UP5K.
            Board::Icebreaker | Board::Hx8kEvn => Some(0),
            Board::Generic => None,
        }
    }

    /// Its device's family.
    pub fn technology(self) -> Technology {
        match self {
            Board::Ulx3s12f | Board::Ulx3s25f | Board::Ulx3s45f | Board::Ulx3s85f => Technology::Ecp5,
            Board::Icebreaker | Board::Hx8kEvn => Technology::Ice40,
            Board::Generic => Technology::Generic,
        }
    }
}

impl Display for Board {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Board {
    type Err = UnknownBoard;

    fn from_str(name: &str) -> Result<Self, UnknownBoard> {
        let board = Board::ALL.into_iter().find(|board| board.name() == name);
        board.ok_or_else(|| UnknownBoard { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_known_by_its_name() {
        for board in Board::ALL {
            assert_eq!(board.name().parse(), Ok(board));
        }
        let message = "ulx4s".parse::<Board>().unwrap_err().to_string();
        assert!(message.contains("`ulx4s`") && message.contains("ulx3s-85f"), "{message}");
    }
}

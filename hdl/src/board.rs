//! Boards the array can be built for. What a board is stands in its file in `constraints/`.

use crate::island::{IslandOptions, MemoryKind};
use crate::technology::Technology;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use std::sync::LazyLock;
use thiserror::Error;

/// Every board once: its variant, its name, and the file with its pins. `constraints/NAME.toml` says the rest.
macro_rules! boards {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal, $pins:literal;)+) => {
        /// An open board, by the size of its device where there are several.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Board {
            $($(#[$doc])+ $variant,)+
            /// No board: plain Verilog for a simulator.
            Generic,
        }

        impl Board {
            /// All of them.
            pub const ALL: &[Board] = &[$(Board::$variant,)+ Board::Generic];

            /// Its name on the command line and in files.
            pub fn name(self) -> &'static str {
                match self {
                    $(Board::$variant => $name,)+
                    Board::Generic => "generic",
                }
            }
        }

        /// The files, in the order of [`Board::ALL`].
        const FILES: &[(&str, Pins)] = &[$((
            include_str!(concat!("../../constraints/", $name, ".toml")),
            Pins { file: $pins, text: include_str!(concat!("../../constraints/", $pins)) },
        ),)+];
    };
}

boards! {
    /// ULX3S with an ECP5-12F.
    Ulx3s12f = "ulx3s-12f", "ulx3s.lpf";
    /// ULX3S with an ECP5-25F.
    Ulx3s25f = "ulx3s-25f", "ulx3s.lpf";
    /// ULX3S with an ECP5-45F.
    Ulx3s45f = "ulx3s-45f", "ulx3s.lpf";
    /// ULX3S with an ECP5-85F.
    Ulx3s85f = "ulx3s-85f", "ulx3s.lpf";
    /// iCEBreaker, an iCE40 UP5K.
    Icebreaker = "icebreaker", "icebreaker.pcf";
    /// iCE40-HX8K-B-EVN.
    Hx8kEvn = "hx8k-evn", "hx8k-evn.pcf";
}

/// Which pins of the device are `clk`, `rx` and `tx`, as nextpnr reads it: LPF for an ECP5, PCF for an iCE40.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pins {
    /// The name of the file.
    pub file: &'static str,
    /// What stands in it.
    pub text: &'static str,
}

/// What `constraints/BOARD.toml` says of a board.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Its device's family.
    pub technology: Technology,
    /// Its device, as [`bitstream`](crate::bitstream) knows it.
    pub device: String,
    /// Its device's package, in nextpnr's spelling.
    pub package: String,
    /// The argument that tells nextpnr the device.
    pub nextpnr: String,
    /// The router of nextpnr that is used.
    pub router: Router,
    /// The command of yosys that maps a design to the device.
    pub synthesis: String,
    /// What openFPGALoader calls the board.
    pub loader: String,
    /// Sites of 4-input LUTs. An ECP5-12F is the die of a 25F.
    pub lut4_sites: u64,
    /// Multipliers that the array can use.
    pub multiplier_sites: u64,
    /// How the island is built on it.
    pub island: IslandDescription,
}

/// A router of nextpnr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Router {
    /// Lays wires one after the other and takes away what is in the way: little skew, and on large devices hours.
    Router1,
    /// Lays all wires and lets them bargain for places: minutes on large devices, and more skew, so that router 1 lays fires before.
    /// ECP5 only.
    Router2,
}

impl Router {
    /// Its name, as nextpnr spells it.
    pub fn name(self) -> &'static str {
        match self {
            Router::Router1 => "router1",
            Router::Router2 => "router2",
        }
    }
}

/// What a board's file says of the island.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IslandDescription {
    /// The crystal, in Hz.
    pub clock_hz: u32,
    /// Words of sample memory, a power of two up to 65,536.
    pub sample_words: u32,
    /// What the sample memory is made of.
    pub sample_memory: MemoryKind,
    /// Words of order memory, a power of two up to 32,768.
    pub order_words: u16,
}

impl IslandDescription {
    /// The options of the island; what no board says is the same on all of them.
    pub fn options(self) -> IslandOptions {
        let IslandDescription { clock_hz, sample_words, sample_memory, order_words } = self;
        let common = IslandOptions::default();
        IslandOptions { clock_hz, sample_words, sample_memory, order_words, ..common }
    }
}

static DESCRIPTIONS: LazyLock<Vec<Description>> = LazyLock::new(|| {
    let parse = |(text, _): &(&str, Pins)| match toml::from_str(text) {
        Ok(description) => description,
        // The files are part of this program, and a test reads them all.
        Err(error) => panic!("a board's file is wrong: {error}"),
    };
    FILES.iter().map(parse).collect()
});

/// A name that is no board's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no board `{name}`; there are {}", names().join(", "))]
pub struct UnknownBoard {
    /// The name.
    pub name: String,
}

fn names() -> Vec<&'static str> {
    Board::ALL.iter().map(|board| board.name()).collect()
}

impl Board {
    /// What its file says; `None` if there is no device.
    pub fn description(self) -> Option<&'static Description> {
        DESCRIPTIONS.get(self.index())
    }

    /// Its pins; `None` if there is no device.
    pub fn pins(self) -> Option<Pins> {
        FILES.get(self.index()).map(|(_, pins)| *pins)
    }

    fn index(self) -> usize {
        Board::ALL.iter().position(|&board| board == self).unwrap_or(FILES.len())
    }

    /// Its device, as bitstreams know it; `None` if there is none.
    pub fn device(self) -> Option<&'static str> {
        self.description().map(|board| board.device.as_str())
    }

    /// Sites of 4-input LUTs on its device; `None` if there is none.
    pub fn lut4_sites(self) -> Option<u64> {
        self.description().map(|board| board.lut4_sites)
    }

    /// Multipliers on its device that the array can use; `None` if there is no device to count on.
    pub fn multiplier_sites(self) -> Option<u64> {
        self.description().map(|board| board.multiplier_sites)
    }

    /// Its device's family.
    pub fn technology(self) -> Technology {
        self.description().map_or(Technology::Generic, |board| board.technology)
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
        let board = Board::ALL.iter().find(|board| board.name() == name);
        board.copied().ok_or_else(|| UnknownBoard { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitstream::Part;

    #[test]
    fn a_board_is_known_by_its_name() {
        for &board in Board::ALL {
            assert_eq!(board.name().parse(), Ok(board));
        }
        let message = "ulx4s".parse::<Board>().unwrap_err().to_string();
        assert!(message.contains("`ulx4s`") && message.contains("ulx3s-85f"), "{message}");
    }

    #[test]
    fn every_board_is_described_by_its_file() {
        for &board in Board::ALL {
            let (Some(description), Some(pins)) = (board.description(), board.pins()) else {
                assert_eq!((board, board.technology()), (Board::Generic, Technology::Generic));
                continue;
            };
            assert!(Part::of(board).is_some(), "{board}: bitstreams do not know the {}", description.device);
            let island = description.island;
            assert!(island.sample_words.is_power_of_two() && island.order_words.is_power_of_two(), "{board}");
            let (extension, pin): (_, fn(&str) -> String) = match description.technology {
                Technology::Ecp5 => (".lpf", |name| format!("LOCATE COMP \"{name}\" SITE ")),
                _ => (".pcf", |name| format!("set_io {name} ")),
            };
            assert!(pins.file.ends_with(extension), "{board}: {}", pins.file);
            for name in ["clk", "rx", "tx"] {
                assert_eq!(pins.text.matches(&pin(name)).count(), 1, "{board}: {name}");
            }
            if description.technology == Technology::Ecp5 {
                let clock = format!("FREQUENCY PORT \"clk\" {} MHZ;", island.clock_hz / 1_000_000);
                assert!(pins.text.contains(&clock), "{board}: {clock}");
            }
        }
    }

    #[test]
    fn a_board_file_with_a_slip_is_refused() {
        let (text, _) = FILES[0];
        assert!(toml::from_str::<Description>(text).is_ok());
        for (right, wrong) in [("package", "packet"), ("\"ecp5\"", "\"ecp4\""), ("lut4_sites", "luts")] {
            assert!(toml::from_str::<Description>(&text.replace(right, wrong)).is_err(), "{wrong}");
        }
    }
}

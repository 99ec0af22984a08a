//! Boards that cannot be used, and why.

use super::UnknownBoard;
use crate::device::devices;
use std::io;
use std::path::PathBuf;
use thiserror::Error;
use wheatstone_sim::{Categorized, ErrorCategory, categorize};

/// A board that cannot be used.
#[derive(Debug, Error)]
pub enum BoardError {
    /// No board has that name.
    #[error(transparent)]
    Unknown(#[from] UnknownBoard),
    /// Its file, or that of its pins, cannot be read.
    #[error("{}: {source}; name a board's file (constraints/README.md says what stands in it)", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its file says something that cannot be.
    #[error("{}: {fault}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What.
        fault: BoardFault,
    },
}

impl Categorized for BoardError {
    fn category(&self) -> ErrorCategory {
        match self {
            BoardError::Unknown(error) => error.category(),
            BoardError::Io { source, .. } => ErrorCategory::BadInput.unless_denied(source),
            BoardError::File { fault, .. } => fault.category(),
        }
    }
}

/// What is wrong with a board's file.
#[derive(Debug, Error)]
pub enum BoardFault {
    /// It does not read.
    #[error("{0}constraints/README.md says what stands in it")]
    Toml(Box<toml::de::Error>),
    /// Names go into files and command lines.
    #[error("`{0}` cannot be a board's name; a name has letters, digits, `-`, `_` and `.` only, up to 64")]
    Name(String),
    /// Another board has its name.
    #[error("there is another board `{0}` in this program; rename the file")]
    Taken(String),
    /// Its device is in no family.
    #[error("device: there is no `{found}`; there are {}", buildable().join(", "))]
    Device {
        /// What it says.
        found: String,
    },
    /// Its device does not come in that package.
    #[error("package: the {device} does not come in `{found}`; it comes in {}", packages.join(", "))]
    Package {
        /// Its device.
        device: &'static str,
        /// What it says.
        found: String,
        /// What there is.
        packages: &'static [String],
    },
    /// It says neither or both of how it is loaded.
    #[error(
        "name either `loader`, what openFPGALoader calls the board, or `loading`, what a person does without it"
    )]
    Loading,
    /// The pins are told in the language of another family.
    #[error(
        "pins: `{found}` is not a file beside this one whose name ends in .{wanted}, which is what nextpnr reads for {family}"
    )]
    PinsFile {
        /// What it says.
        found: String,
        /// How it must end.
        wanted: &'static str,
        /// The family.
        family: &'static str,
    },
    /// A pin is missing or told twice.
    #[error("{file}: `{pin}` stands {count} times; it must stand once")]
    Pin {
        /// The file of pins.
        file: String,
        /// How a pin is told there.
        pin: String,
        /// How often.
        count: usize,
    },
    /// A size that memories cannot have.
    #[error("island.{field}: {found} is no power of two from {least} to {most}")]
    Size {
        /// Which.
        field: &'static str,
        /// What it says.
        found: u32,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// A clock that the serial line cannot be made of.
    #[error("island.clock_hz: {found} is not in {least}..={most}")]
    Clock {
        /// What it says.
        found: u32,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// SPRAM where there is none.
    #[error("island.sample_memory: the {device} has no spram; say \"block\"")]
    Spram {
        /// Its device.
        device: &'static str,
    },
}

categorize! {
    BoardFault {
        BadInput: Toml, Name, Taken, Device, Package, Loading, PinsFile, Pin, Size, Clock, Spram;
    }
}

/// Devices for which something can be built.
fn buildable() -> Vec<&'static str> {
    devices().iter().filter(|device| device.nextpnr.is_some()).map(|device| device.name.as_str()).collect()
}

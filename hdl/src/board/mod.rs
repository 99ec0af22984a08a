//! Boards the array can be built for. What a board is stands in a file, `constraints/NAME.toml`, and its device in the file of a
//! [family](crate::device): no board is known by its name in code.
//!
//! The files of `constraints/` are part of the program; [`Board::open`] takes any other file.

mod description;
mod error;

pub use description::{Bridge, Description, IslandDescription, Loading, Pins};
pub use error::{BoardError, BoardFault};

use crate::device::{Device, Part};
use crate::island::IslandOptions;
use crate::technology::Technology;
use std::cmp::Ordering;
use std::fmt::{self, Debug, Display, Formatter};
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::str::FromStr;
use std::sync::LazyLock;
use thiserror::Error;
use wheatstone_sim::categorize;

include!(concat!(env!("OUT_DIR"), "/boards.rs"));

/// A board, by the size of its device where there are several; or [`Board::generic`], which is none. Two are equal if their names are, and no two
/// boards have one name.
#[derive(Clone, Copy)]
pub struct Board(&'static Entry);

/// What a board's name stands for.
struct Entry {
    name: String,
    /// Absent if there is no device.
    facts: Option<(Description, Pins)>,
}

/// A name that is no board's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "there is no board `{name}`; there are {}; another is named by its file, which ends in .toml",
    names().join(", ")
)]
pub struct UnknownBoard {
    /// The name that was given.
    pub name: String,
}

categorize!(UnknownBoard: BadInput);

/// What messages call the boards that are part of the program.
fn names() -> Vec<&'static str> {
    Board::all().iter().map(|board| board.name()).collect()
}

/// No board: plain Verilog for a simulator.
static GENERIC: LazyLock<Entry> = LazyLock::new(|| Entry { name: "generic".to_owned(), facts: None });

static BOARDS: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let entry = |(file, text): &(&str, &'static str)| {
        let pins = |wanted: &str| PIN_FILES.iter().find(|(file, _)| *file == wanted).copied();
        let pins = |wanted: &str| Ok(pins(wanted).map(|(file, text)| Pins { file, text }));
        match Entry::parse(file.trim_end_matches(".toml"), text, pins) {
            Ok(entry) => entry,
            // The files are part of this program, and a test reads them all.
            Err(error) => panic!("constraints/{file}: {error}"),
        }
    };
    BOARD_FILES.iter().map(entry).collect()
});

static ALL: LazyLock<Vec<Board>> = LazyLock::new(|| BOARDS.iter().chain([&*GENERIC]).map(Board).collect());

impl Entry {
    fn parse(
        name: &str,
        text: &str,
        pins: impl FnOnce(&str) -> Result<Option<Pins>, BoardFault>,
    ) -> Result<Entry, BoardFault> {
        Ok(Entry { name: name.to_owned(), facts: Some(description::parse(name, text, pins)?) })
    }
}

impl Board {
    /// All that are part of the program, by name; the last is [`Board::generic`].
    pub fn all() -> &'static [Board] {
        &ALL
    }

    /// No board: plain Verilog for a simulator.
    pub fn generic() -> Board {
        Board(&GENERIC)
    }

    /// The board of a name, or of a file that ends in `.toml`, whose name is then the board's.
    ///
    /// # Errors
    /// [`BoardError`] names what is wrong with the name or the file.
    pub fn open(name_or_file: &str) -> Result<Board, BoardError> {
        let path = Path::new(name_or_file);
        if path.extension().is_none_or(|extension| extension != "toml") {
            return Ok(name_or_file.parse::<Board>()?);
        }
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| BoardError::Io { path, source }
        };
        let text = fs::read_to_string(path).map_err(io(path))?;
        let fault = |fault| BoardError::File { path: path.to_owned(), fault };
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let beside = path.with_file_name("");
        let mut unread = None;
        let pins = |file: &str| {
            let path = beside.join(file);
            match fs::read_to_string(&path) {
                // A board is used until the program ends.
                Ok(text) => Ok(Some(Pins { file: file.to_owned().leak(), text: text.leak() })),
                Err(source) => {
                    unread = Some(BoardError::Io { path, source });
                    Ok(None)
                }
            }
        };
        let parsed = Entry::parse(&name, &text, pins);
        let entry = match (parsed, unread) {
            (_, Some(unread)) => return Err(unread),
            (parsed, None) => parsed.map_err(fault)?,
        };
        match name.parse::<Board>() {
            // The same board, named by its file.
            Ok(board) if board.0.facts == entry.facts => Ok(board),
            Ok(board) => Err(fault(BoardFault::Taken(board.name().to_owned()))),
            Err(_) => Ok(Board(Box::leak(Box::new(entry)))),
        }
    }

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        &self.0.name
    }

    /// What its file says; `None` if there is no device.
    pub fn description(self) -> Option<&'static Description> {
        self.0.facts.as_ref().map(|(description, _)| description)
    }

    /// Its pins; `None` if there is no device.
    pub fn pins(self) -> Option<Pins> {
        self.0.facts.as_ref().map(|(_, pins)| *pins)
    }

    /// Its device; `None` if there is none.
    pub fn device(self) -> Option<&'static Device> {
        self.description().map(|board| board.device)
    }

    /// Sites of 4-input LUTs on its device; `None` if there is none.
    pub fn lut4_sites(self) -> Option<u64> {
        self.device().map(|device| device.lut4_sites)
    }

    /// Multipliers on its device that the array can use; `None` if there is no device to count on.
    pub fn multiplier_sites(self) -> Option<u64> {
        self.device().map(|device| device.multiplier_sites)
    }

    /// Its device, as bitstreams know it; `None` if there is none.
    pub fn part(self) -> Option<Part> {
        self.device().map(|device| device.part)
    }

    /// The options of an island on it, as its file says.
    pub fn island_options(self) -> IslandOptions {
        self.description().map_or_else(IslandOptions::default, |description| description.island.options())
    }

    /// Its device's primitives.
    pub fn technology(self) -> Technology {
        self.description().map_or(Technology::Generic, Description::technology)
    }
}

/// The board that is taken where none is named: its file says `default = true`. It is one of the largest, so that most networks fit.
impl Default for Board {
    fn default() -> Board {
        let is_default =
            |board: &&Board| board.description().is_some_and(|description| description.is_default);
        Board::all().iter().find(is_default).copied().unwrap_or(Board::generic())
    }
}

impl PartialEq for Board {
    fn eq(&self, other: &Board) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Board {}

impl Hash for Board {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl PartialOrd for Board {
    fn partial_cmp(&self, other: &Board) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Board {
    fn cmp(&self, other: &Board) -> Ordering {
        self.name().cmp(other.name())
    }
}

impl Debug for Board {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Board({})", self.name())
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
        let board = Board::all().iter().find(|board| board.name() == name);
        board.copied().ok_or_else(|| UnknownBoard { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests;

//! Boards the array can be built for. What a board is stands in a file, `constraints/NAME.toml`, and its device in the file of a
//! [family](crate::device): no board is known by its name in code.
//!
//! The files of `constraints/` are part of the program; [`Board::open`] takes any other file.

use crate::device::{Device, Part, device, devices};
use crate::island::{IslandOptions, MemoryKind};
use crate::technology::Technology;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt::{self, Debug, Display, Formatter};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::LazyLock;
use std::{fs, io};
use thiserror::Error;
use wheatstone_sim::{Categorized, ErrorCategory, categorize};

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

/// Which pins of the device are `clk`, `rx` and `tx`, as nextpnr reads it: LPF for an ECP5, PCF for an iCE40.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pins {
    /// The name of the file.
    pub file: &'static str,
    /// What stands in it.
    pub text: &'static str,
}

/// What a board's file says, with its device.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Its device.
    pub device: &'static Device,
    /// Its device's package, in nextpnr's spelling.
    pub package: String,
    /// How bitstreams get into it.
    pub loading: Loading,
    /// The bridges through which its serial line comes to a computer; none if their ids tell nothing.
    pub usb: Vec<Bridge>,
    /// Whether it is taken where no board is named.
    pub is_default: bool,
    /// How the island is built on it.
    pub island: IslandDescription,
}

/// How bitstreams get into a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loading {
    /// By openFPGALoader, which calls the board that.
    Loader(String),
    /// Otherwise: what a person does.
    ByHand(String),
}

/// A bridge between USB and a serial line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bridge {
    /// Who made it.
    pub vendor_id: u16,
    /// Which it is.
    pub product_id: u16,
    /// Which of its interfaces is the serial line, from 0; absent if it has one.
    pub interface: Option<u8>,
    /// What the board's maker programs into it, or a part of that; absent if the ids are the board's own.
    pub product: Option<String>,
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

/// A board's file, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BoardFile {
    device: String,
    package: String,
    pins: String,
    loader: Option<String>,
    loading: Option<String>,
    #[serde(default)]
    usb: Vec<Bridge>,
    /// Whether it is taken where no board is named.
    #[serde(default)]
    default: bool,
    island: IslandDescription,
}

/// A name that is no board's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "there is no board `{name}`; there are {}; another is named by its file, which ends in .toml",
    names().join(", ")
)]
pub struct UnknownBoard {
    /// The name.
    pub name: String,
}

categorize!(UnknownBoard: BadInput);

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

/// The slowest clock: four times the serial line's speed, so that bytes can be sampled.
const LEAST_CLOCK_HZ: u32 = 12_000_000;
/// The fastest that is sensible on these families.
const MOST_CLOCK_HZ: u32 = 400_000_000;
/// The longest name.
const NAME_BYTES: usize = 64;

/// What messages call the boards that are part of the program.
fn names() -> Vec<&'static str> {
    Board::all().iter().map(|board| board.name()).collect()
}

/// Devices for which something can be built.
fn buildable() -> Vec<&'static str> {
    devices().iter().filter(|device| device.nextpnr.is_some()).map(|device| device.name.as_str()).collect()
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
    /// Of a file's text; `pins` gives the file of pins beside it.
    fn parse(
        name: &str,
        text: &str,
        pins: impl FnOnce(&str) -> Result<Option<Pins>, BoardFault>,
    ) -> Result<Entry, BoardFault> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric())
            || !name.chars().all(is_part)
            || name.len() > NAME_BYTES
        {
            return Err(BoardFault::Name(name.to_owned()));
        }
        let file: BoardFile = toml::from_str(text).map_err(|error| BoardFault::Toml(Box::new(error)))?;
        let known = device(&file.device).filter(|device| device.nextpnr.is_some());
        let device = known.ok_or(BoardFault::Device { found: file.device })?;
        if !device.packages.contains(&file.package) {
            return Err(BoardFault::Package {
                device: &device.name,
                found: file.package,
                packages: &device.packages,
            });
        }
        let loading = match (file.loader, file.loading) {
            (Some(loader), None) => Loading::Loader(loader),
            (None, Some(loading)) => Loading::ByHand(loading),
            _ => return Err(BoardFault::Loading),
        };
        let technology = device.family.technology;
        let wanted = if technology == Technology::Ecp5 { "lpf" } else { "pcf" };
        let is_beside = Path::new(&file.pins).components().count() == 1
            && Path::new(&file.pins).extension().is_some_and(|found| found == wanted);
        let found = if is_beside { pins(&file.pins)? } else { None };
        let pins =
            found.ok_or(BoardFault::PinsFile { found: file.pins, wanted, family: technology.name() })?;
        let description = Description {
            device,
            package: file.package,
            loading,
            usb: file.usb,
            is_default: file.default,
            island: file.island,
        };
        description.check(pins)?;
        Ok(Entry { name: name.to_owned(), facts: Some((description, pins)) })
    }
}

impl Description {
    /// The primitives of its device.
    pub fn technology(&self) -> Technology {
        self.device.family.technology
    }

    /// Whether pins and memories can be.
    fn check(&self, pins: Pins) -> Result<(), BoardFault> {
        let IslandDescription { clock_hz, sample_words, sample_memory, order_words } = self.island;
        if !(LEAST_CLOCK_HZ..=MOST_CLOCK_HZ).contains(&clock_hz) {
            let (least, most) = (LEAST_CLOCK_HZ, MOST_CLOCK_HZ);
            return Err(BoardFault::Clock { found: clock_hz, least, most });
        }
        let sizes = [("sample_words", sample_words, 1 << 16), ("order_words", order_words.into(), 1 << 15)];
        for (field, found, most) in sizes {
            let least = 256;
            if !found.is_power_of_two() || !(least..=most).contains(&found) {
                return Err(BoardFault::Size { field, found, least, most });
            }
        }
        if sample_memory == MemoryKind::Spram && self.device.spram_sites == 0 {
            return Err(BoardFault::Spram { device: &self.device.name });
        }
        let mut needed: Vec<String> = match self.technology() {
            Technology::Ecp5 => ["clk", "rx", "tx"].map(|pin| format!("LOCATE COMP \"{pin}\" SITE ")).into(),
            _ => ["clk", "rx", "tx"].map(|pin| format!("set_io {pin} ")).into(),
        };
        if self.technology() == Technology::Ecp5 {
            let mhz = f64::from(clock_hz) / 1e6;
            needed.push(format!("FREQUENCY PORT \"clk\" {mhz} MHZ;"));
        }
        for pin in needed {
            // Comments may quote what they explain.
            let lines = pins.text.lines().filter(|line| !line.trim_start().starts_with('#'));
            let count = lines.map(|line| line.matches(&pin).count()).sum();
            if count != 1 {
                return Err(BoardFault::Pin {
                    file: pins.file.to_owned(),
                    pin: pin.trim_end().to_owned(),
                    count,
                });
            }
        }
        Ok(())
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

//! What a board's file says, and whether a board can be so.

use super::error::BoardFault;
use crate::device::{Device, device};
use crate::island::{IslandOptions, MemoryKind};
use crate::technology::Technology;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The slowest clock: four times the serial line's speed, so that bytes can be sampled.
const LEAST_CLOCK_HZ: u32 = 12_000_000;
/// The fastest that is sensible on these families.
const MOST_CLOCK_HZ: u32 = 400_000_000;
/// The longest name.
const NAME_BYTES: usize = 64;

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
    /// The FPGA on the board.
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
    /// USB vendor id of the bridge.
    pub vendor_id: u16,
    /// USB product id of the bridge.
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

/// How a file of pins ends, by the family.
fn pins_extension(technology: Technology) -> &'static str {
    match technology {
        Technology::Ecp5 => "lpf",
        Technology::Ice40 | Technology::Generic => "pcf",
    }
}

/// A board's file from its text; `pins` gives the file of pins beside it.
pub(super) fn parse(
    name: &str,
    text: &str,
    pins: impl FnOnce(&str) -> Result<Option<Pins>, BoardFault>,
) -> Result<(Description, Pins), BoardFault> {
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
    let wanted = pins_extension(technology);
    let is_beside = Path::new(&file.pins).components().count() == 1
        && Path::new(&file.pins).extension().is_some_and(|found| found == wanted);
    let found = if is_beside { pins(&file.pins)? } else { None };
    let pins = found.ok_or(BoardFault::PinsFile { found: file.pins, wanted, family: technology.name() })?;
    let description = Description {
        device,
        package: file.package,
        loading,
        usb: file.usb,
        is_default: file.default,
        island: file.island,
    };
    description.check(pins)?;
    Ok((description, pins))
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
        let names = ["clk", "rx", "tx"];
        let needed: Vec<String> = match self.technology() {
            Technology::Ecp5 => {
                let frequency = format!("FREQUENCY PORT \"clk\" {} MHZ;", f64::from(clock_hz) / 1e6);
                let sites = names.map(|pin| format!("LOCATE COMP \"{pin}\" SITE "));
                sites.into_iter().chain([frequency]).collect()
            }
            Technology::Ice40 | Technology::Generic => names.map(|pin| format!("set_io {pin} ")).into(),
        };
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

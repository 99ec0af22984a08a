//! Devices and their families. What is known of them stands in `constraints/devices/FAMILY.toml`.

use crate::technology::Technology;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};
use std::sync::{Arc, LazyLock};
use thiserror::Error;
use wheatstone_sim::categorize;

include!(concat!(env!("OUT_DIR"), "/devices.rs"));

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

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (die(*self), *self) {
            (Some(name), _) => f.write_str(name),
            (None, Part::Ecp5 { idcode }) => write!(f, "device with IDCODE {idcode:#010x}"),
            (None, Part::Ice40 { width, height }) => {
                write!(f, "iCE40 with banks of {width} x {height} bits")
            }
        }
    }
}

/// A corner of the delays that nextpnr writes for a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Corner {
    /// Everything as fast as it can be.
    Min,
    /// Typical silicon, voltage and temperature.
    Typ,
    /// Everything as slow as it can be.
    Max,
}

impl Corner {
    /// Its name in reports and of its log.
    pub fn name(self) -> &'static str {
        match self {
            Corner::Min => "min",
            Corner::Typ => "typ",
            Corner::Max => "max",
        }
    }
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

/// What all devices of a family have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// The name of its file: `ice40-up`.
    pub name: String,
    /// The primitives of all devices of the family.
    pub technology: Technology,
    /// The corners for which nextpnr writes delays, the fastest first.
    pub corners: Vec<Corner>,
    /// Least width of a pulse that clocks a flip-flop, in ps: the least high time of a clock in the family's data sheet. The
    /// files of delays do not state it.
    pub min_pulse_ps: u32,
    /// What the files of delays do not tell of global networks and distributed RAM; absent where no fire may run over the former.
    pub untold: Option<UntoldDelays>,
    /// The command of yosys that maps a design to the family.
    pub synthesis: String,
    /// What a change costs here, in multiples of what was measured of an iCE40; absent if that is this family.
    pub dynamic_energy: Option<DynamicEnergy>,
}

/// Bounds of what the files of delays give as 0 or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UntoldDelays {
    /// By how much a clock on a global network reaches one flip-flop later than another, at most, in ps.
    pub global_skew_ps: u32,
    /// How long a clock takes from the global buffer to a flip-flop, at most, in ps.
    pub global_insertion_ps: u32,
    /// How long after its clock a word that is written into distributed RAM comes out of it, at least and at most, in ps.
    pub memory_write_ps: [u32; 2],
    /// Where they come from, or why they are assumed.
    pub source: String,
}

/// Dynamic energy of a family in multiples of the iCE40's.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DynamicEnergy {
    /// What it is called in tables.
    pub name: String,
    /// Lower bound, a ratio.
    pub low: f64,
    /// Upper bound, a ratio.
    pub high: f64,
    /// Where it comes from, or why it is assumed.
    pub source: String,
}

/// Static power of a device's core.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaticPower {
    /// What it is called in tables.
    pub name: String,
    /// Lower bound, in W.
    pub low_w: f64,
    /// Upper bound, in W.
    pub high_w: f64,
    /// Where it comes from.
    pub source: String,
}

/// A device.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// As board files name it: `LFE5U-85F`, `iCE40 UP5K`.
    pub name: String,
    /// What its bitstreams are for: several devices may be of one die.
    pub die: String,
    /// How bitstreams name it.
    pub part: Part,
    /// Bits of a frame of its configuration; absent if it has no frames.
    pub frame_bits: Option<u32>,
    /// The argument that tells nextpnr the device; absent if nextpnr does not know it, and then nothing is built for it.
    pub nextpnr: Option<String>,
    /// The router of nextpnr that is used.
    pub router: Router,
    /// Packages it comes in, as nextpnr spells them.
    pub packages: Vec<String>,
    /// Sites of 4-input LUTs.
    pub lut4_sites: u64,
    /// Blocks of RAM, if that is said.
    pub block_rams: Option<u64>,
    /// Hard multipliers on the device, usable by an array or not.
    pub multipliers: u64,
    /// Of these, those that the array can use.
    pub multiplier_sites: u64,
    /// Blocks of `SB_SPRAM256KA`, 32 KiB each; 0 on most devices.
    pub spram_sites: u64,
    /// Static power of its core; absent if no figure is known.
    pub static_power: Option<StaticPower>,
    /// The family, with what all its devices share.
    pub family: Arc<Family>,
}

/// A file of a family, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyFile {
    technology: Technology,
    corners: Vec<Corner>,
    min_pulse_ps: u32,
    untold: Option<UntoldDelays>,
    synthesis: String,
    dynamic_energy: Option<DynamicEnergy>,
    device: Vec<DeviceFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceFile {
    name: String,
    die: Option<String>,
    idcode: Option<u32>,
    frame_bits: Option<u32>,
    bank: Option<[u32; 2]>,
    nextpnr: Option<String>,
    router: Router,
    packages: Vec<String>,
    lut4_sites: u64,
    block_rams: Option<u64>,
    multipliers: u64,
    multiplier_sites: u64,
    #[serde(default)]
    spram_sites: u64,
    static_power: Option<StaticPower>,
}

/// A file of a family that is wrong.
#[derive(Debug, Error)]
pub enum FamilyError {
    /// It does not read.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// Its delays are told for no corner.
    #[error("`corners` is empty or out of order; name those that nextpnr writes, the fastest first")]
    Corners,
    /// A device that bitstreams cannot name.
    #[error("device `{device}` needs {needed}, by which its bitstreams are known, and nothing else")]
    Part {
        /// The device.
        device: String,
        /// What its family's bitstreams have.
        needed: &'static str,
    },
}

categorize! {
    FamilyError {
        Failed: Toml, Corners, Part;
    }
}

/// The devices of a family, of the text of its file.
fn parse(name: &str, text: &str) -> Result<Vec<Device>, FamilyError> {
    let file: FamilyFile = toml::from_str(text)?;
    let FamilyFile { technology, corners, min_pulse_ps, untold, synthesis, dynamic_energy, device } = file;
    if corners.is_empty() || !corners.is_sorted() {
        return Err(FamilyError::Corners);
    }
    let family = Arc::new(Family {
        name: name.to_owned(),
        technology,
        corners,
        min_pulse_ps,
        untold,
        synthesis,
        dynamic_energy,
    });
    let made = |file: DeviceFile| {
        let part = match (technology, file.idcode.zip(file.frame_bits), file.bank) {
            (Technology::Ecp5, Some((idcode, _)), None) => Part::Ecp5 { idcode },
            (Technology::Ice40, None, Some([width, height])) => Part::Ice40 { width, height },
            _ => {
                let ecp5 = technology == Technology::Ecp5;
                let needed = if ecp5 { "an `idcode` and `frame_bits`" } else { "a `bank`" };
                return Err(FamilyError::Part { device: file.name, needed });
            }
        };
        Ok(Device {
            die: file.die.unwrap_or_else(|| file.name.clone()),
            name: file.name,
            part,
            frame_bits: file.frame_bits,
            nextpnr: file.nextpnr,
            router: file.router,
            packages: file.packages,
            lut4_sites: file.lut4_sites,
            block_rams: file.block_rams,
            multipliers: file.multipliers,
            multiplier_sites: file.multiplier_sites,
            spram_sites: file.spram_sites,
            static_power: file.static_power,
            family: Arc::clone(&family),
        })
    };
    device.into_iter().map(made).collect()
}

static DEVICES: LazyLock<Vec<Device>> = LazyLock::new(|| {
    let family = |(file, text): &(&str, &str)| match parse(file.trim_end_matches(".toml"), text) {
        Ok(devices) => devices,
        // The files are part of this program, and a test reads them all.
        Err(error) => panic!("constraints/devices/{file}: {error}"),
    };
    FILES.iter().flat_map(family).collect()
});

/// All devices, by family.
pub fn devices() -> &'static [Device] {
    &DEVICES
}

/// The device of a name.
pub fn device(name: &str) -> Option<&'static Device> {
    devices().iter().find(|device| device.name == name)
}

/// The die whose bitstreams say that of themselves.
fn die(part: Part) -> Option<&'static str> {
    devices().iter().find(|device| device.part == part).map(|device| device.die.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_is_read_and_no_device_is_told_twice() {
        let families: Vec<&str> = FILES.iter().map(|(file, _)| file.trim_end_matches(".toml")).collect();
        assert_eq!(families, ["ecp5", "ice40-hx", "ice40-lp", "ice40-up"]);
        for (number, device) in devices().iter().enumerate() {
            assert!(devices()[..number].iter().all(|other| other.name != device.name), "{}", device.name);
            // Devices of one die have one part, and only they.
            for other in devices() {
                assert_eq!(
                    device.part == other.part,
                    device.die == other.die,
                    "{} {}",
                    device.name,
                    other.name
                );
            }
            assert!(device.multiplier_sites <= device.multipliers, "{}", device.name);
            assert_eq!(device.nextpnr.is_some(), !device.packages.is_empty(), "{}", device.name);
        }
    }

    #[test]
    fn the_families_differ_in_pulse_and_corners() {
        let of = |name| {
            let family = &device(name).unwrap().family;
            (family.min_pulse_ps, family.corners.len())
        };
        assert_eq!(["LFE5U-25F", "iCE40 HX8K", "iCE40 UP5K"].map(of), [(1000, 3), (1000, 1), (2000, 1)]);
    }

    #[test]
    fn a_family_file_with_a_slip_is_refused() {
        let (_, text) = FILES[0];
        assert!(parse("ecp5", text).is_ok());
        for (right, wrong, said) in [
            ("min_pulse_ps", "min_puls_ps", "min_puls_ps"),
            ("\"max\"]", "\"slow\"]", "slow"),
            ("[\"min\", \"typ\", \"max\"]", "[]", "`corners` is empty"),
            ("[\"min\", \"typ\"", "[\"typ\", \"min\"", "out of order"),
            ("idcode = 0x2111_1043", "bank = [1, 2]", "`LFE5U-12F` needs an `idcode` and `frame_bits`"),
            ("low_w = 28e-3", "low_w = \"28 mW\"", "low_w"),
        ] {
            let error = parse("ecp5", &text.replacen(right, wrong, 1)).unwrap_err().to_string();
            assert!(error.contains(said), "{wrong}: {error}");
        }
    }
}

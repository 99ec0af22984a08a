//! Devices the array can be built for: their primitives, and the documented delays the simulation starts from.
//!
//! The figures include an average wire. They only size the matched delays before anything is placed; post-route delays
//! replace them.

use serde::{Deserialize, Serialize};

/// A family of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Technology {
    /// Lattice ECP5: `LUT4`, `CCU2C`, `TRELLIS_FF`, `MULT18X18D`.
    Ecp5,
    /// Lattice iCE40: `SB_LUT4`, `SB_CARRY`, `SB_DFF` and, in some, `SB_MAC16`.
    Ice40,
    /// Plain Verilog without a vendor's primitives, for simulators and linters.
    Generic,
}

impl Technology {
    /// All of them.
    pub const ALL: [Technology; 3] = [Technology::Ecp5, Technology::Ice40, Technology::Generic];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Technology::Ecp5 => "ecp5",
            Technology::Ice40 => "ice40",
            Technology::Generic => "generic",
        }
    }

    /// A LUT and its wire. ECP5: 0.236 ns in prjtrellis, slow corner, speed grade 6, 0.63 ns measured with its wire; iCE40
    /// HX: 1.10 ns measured.
    pub fn lut_ps(self) -> u64 {
        match self {
            Technology::Ecp5 | Technology::Generic => 630,
            Technology::Ice40 => 1100,
        }
    }

    /// A flip-flop from its clock to its output. ECP5: prjtrellis, slow corner, speed grade 6.
    pub fn clock_to_q_ps(self) -> u64 {
        match self {
            Technology::Ecp5 | Technology::Generic => 525,
            Technology::Ice40 => 640,
        }
    }

    /// A flip-flop's data before its clock.
    pub fn setup_ps(self) -> u64 {
        match self {
            Technology::Ecp5 | Technology::Generic => 120,
            Technology::Ice40 => 470,
        }
    }

    /// A carry chain of so many bits, with its LUTs and its wire.
    pub fn carry_ps(self, bits: u32) -> u64 {
        let (start, each) = match self {
            Technology::Ecp5 | Technology::Generic => (900, 36),
            Technology::Ice40 => (1400, 126),
        };
        start + each * u64::from(bits)
    }

    /// A block RAM from its clock to the register behind it. ECP5: DP16KD without its output register, 5.83 ns in prjtrellis, slow
    /// corner, speed grade 6, and a wire; the others are taken to be no slower.
    pub fn memory_ps(self) -> u64 {
        match self {
            Technology::Ecp5 | Technology::Generic | Technology::Ice40 => 5830 + 630,
        }
    }

    /// A multiplier of one operand of so many bits. ECP5: MULT18X18D without registers, 3.93 ns in prjtrellis, and its wires; iCE40:
    /// an array of adders.
    pub fn multiplier_ps(self, bits: u32) -> u64 {
        match self {
            Technology::Ecp5 | Technology::Generic => 5200,
            Technology::Ice40 => u64::from(bits) * 1500,
        }
    }
}

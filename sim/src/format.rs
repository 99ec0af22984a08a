//! Fixed-point formats and their rounding: the one place where bits get a meaning.
//!
//! A *voltage* is kept twice: as the accumulator `u` of a node (with guard bits) and as the rounded value `v`
//! its neighbours see. A *conductance* likewise: as the accumulator `k` of an edge and as the truncated `g` that
//! carries current. All arithmetic is on `i64`; [`Format::new`] keeps every width inside bounds that make
//! overflow impossible, and [`Format::check_degree`] extends this to a node's sum over its edges.

use crate::categorize;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Widths in bits of the four registers a cell keeps, `V/GV/K/GK`.
///
/// | register | width | reads as |
/// |---|---|---|
/// | node accumulator `u` | `V + GV`, signed | voltage in [-1, 1), `V - 1 + GV` fractional bits |
/// | node voltage `v` | `V`, signed | voltage in [-1, 1), `V - 1` fractional bits |
/// | edge accumulator `k` | `K + GK`, unsigned | conductance in [0, 1), `K + GK` fractional bits |
/// | conductance `g` | `K`, unsigned | conductance in [0, 1), `K` fractional bits |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Widths", into = "Widths")]
pub struct Format {
    v_bits: u32,
    v_guard: u32,
    k_bits: u32,
    k_guard: u32,
}

/// The four widths before they are checked; what configuration files hold.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Widths {
    v_bits: u32,
    v_guard: u32,
    k_bits: u32,
    k_guard: u32,
}

impl TryFrom<Widths> for Format {
    type Error = FormatError;
    fn try_from(w: Widths) -> Result<Self, FormatError> {
        Format::new(w.v_bits, w.v_guard, w.k_bits, w.k_guard)
    }
}

impl From<Format> for Widths {
    fn from(f: Format) -> Self {
        Widths { v_bits: f.v_bits, v_guard: f.v_guard, k_bits: f.k_bits, k_guard: f.k_guard }
    }
}

/// A format whose widths lie outside the documented bounds, or too wide for a network's degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FormatError {
    /// A width is out of bounds.
    #[error("{field} = {value} is outside {low}..={high}; choose a width inside these bounds")]
    Width {
        /// Which width.
        field: &'static str,
        /// What was asked for.
        value: u32,
        /// Smallest width allowed.
        low: u32,
        /// Largest width allowed.
        high: u32,
    },
    /// A node's sum of currents could overflow 64 bits.
    #[error(
        "a node of degree {degree} needs {bits} bits for its sum of currents in the format {format}, and 63 are \
         there; choose fewer guard bits or a network of lower degree"
    )]
    Degree {
        /// The largest degree in the network.
        degree: usize,
        /// Bits the sum would need.
        bits: u32,
        /// The format.
        format: Format,
    },
}

categorize! {
    FormatError {
        BadInput: Width, Degree;
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}/{}", self.v_bits, self.v_guard, self.k_bits, self.k_guard)
    }
}

impl Format {
    /// 16/8/16/16: the default; one DSP an edge on ECP5.
    pub const WIDE: Format = Format { v_bits: 16, v_guard: 8, k_bits: 16, k_guard: 16 };
    /// 12/8/10/14: for small parts, with LUT or bit-serial multipliers.
    pub const COMPACT: Format = Format { v_bits: 12, v_guard: 8, k_bits: 10, k_guard: 14 };
    /// The formats that go by a name.
    pub const PRESETS: [(&str, Format); 2] = [("wide", Format::WIDE), ("compact", Format::COMPACT)];

    /// Checks the widths: `v_bits` 4..=20, `v_guard` 0..=12, `k_bits` 4..=20, `k_guard` 0..=20.
    ///
    /// # Errors
    /// [`FormatError::Width`] names the first width out of bounds.
    pub fn new(v_bits: u32, v_guard: u32, k_bits: u32, k_guard: u32) -> Result<Self, FormatError> {
        for (field, value, low, high) in [
            ("v_bits", v_bits, 4, 20),
            ("v_guard", v_guard, 0, 12),
            ("k_bits", k_bits, 4, 20),
            ("k_guard", k_guard, 0, 20),
        ] {
            if !(low..=high).contains(&value) {
                return Err(FormatError::Width { field, value, low, high });
            }
        }
        Ok(Format { v_bits, v_guard, k_bits, k_guard })
    }

    /// The preset of that name (`wide` or `compact`).
    pub fn preset(name: &str) -> Option<Format> {
        Format::PRESETS.iter().find(|(n, _)| *n == name).map(|(_, f)| *f)
    }

    /// Width `V` of a voltage in bits.
    pub fn v_bits(self) -> u32 {
        self.v_bits
    }

    /// Guard bits `GV` of a node accumulator.
    pub fn v_guard(self) -> u32 {
        self.v_guard
    }

    /// Width `K` of a conductance in bits.
    pub fn k_bits(self) -> u32 {
        self.k_bits
    }

    /// Guard bits `GK` of an edge accumulator.
    pub fn k_guard(self) -> u32 {
        self.k_guard
    }

    /// Checks that a node with this many edges cannot overflow its sum of currents.
    ///
    /// Counted are the sum itself (`max(V, K) + V + 2` bits a term, in half units, and the nudge as two more
    /// terms), the guard shift and the factor `q < 16`.
    ///
    /// # Errors
    /// [`FormatError::Degree`] when more than 63 bits would be needed.
    pub fn check_degree(self, degree: usize) -> Result<(), FormatError> {
        let terms = usize::BITS - (degree + 2).leading_zeros();
        let wider = self.v_bits.max(self.k_bits);
        let bits = 2 * wider + 4 + terms + self.v_guard + 4;
        if bits > 63 { Err(FormatError::Degree { degree, bits, format: self }) } else { Ok(()) }
    }

    /// The voltage neighbours see: `u` without its guard bits, rounded half up and saturated to `V` bits.
    pub fn voltage(self, u: i64) -> i64 {
        let (low, high) = self.v_range();
        shift_rounded(u, self.v_guard).clamp(low, high)
    }

    /// The accumulator that reads exactly as the voltage `v`.
    pub fn accumulator(self, v: i64) -> i64 {
        v << self.v_guard
    }

    /// The conductance of an edge accumulator: its upper `K` bits, truncated.
    pub fn conductance(self, k: i64) -> i64 {
        k >> self.k_guard
    }

    /// Smallest and largest voltage, `-2^(V-1)` and `2^(V-1) - 1`.
    pub fn v_range(self) -> (i64, i64) {
        signed_range(self.v_bits)
    }

    /// Smallest and largest node accumulator.
    pub fn u_range(self) -> (i64, i64) {
        signed_range(self.v_bits + self.v_guard)
    }

    /// Largest conductance, `2^K - 1`.
    pub fn g_max(self) -> i64 {
        (1 << self.k_bits) - 1
    }

    /// Smallest and largest edge accumulator for a network whose conductances stay at or above `g_min`.
    pub fn k_range(self, g_min: i64) -> (i64, i64) {
        (g_min << self.k_guard, (1 << (self.k_bits + self.k_guard)) - 1)
    }

    /// Volts to the nearest voltage, saturated to the symmetric range `±(2^(V-1) - 1)` so that `+x` and `-x`
    /// are always exact opposites; 1 V is `2^(V-1) - 1`. NaN reads as 0.
    ///
    /// Used at the border only, before the first and after the last step; the datapath has no float.
    pub fn quantise_volts(self, volts: f64) -> i32 {
        let one = self.one_volt();
        #[expect(clippy::cast_possible_truncation, reason = "clamped to at most 20 bits just before")]
        let raw = (volts * f64::from(one)).round().clamp(-f64::from(one), f64::from(one)) as i32;
        raw
    }

    /// The inverse of [`Format::quantise_volts`].
    pub fn to_volts(self, v: i32) -> f64 {
        f64::from(v) / f64::from(self.one_volt())
    }

    /// The voltage that stands for 1 V: `2^(V-1) - 1`.
    pub fn one_volt(self) -> i32 {
        (1 << (self.v_bits - 1)) - 1
    }
}

/// `value / 2^shift`, rounded to nearest, ties up: the rounding of every right shift in the contract.
pub fn shift_rounded(value: i64, shift: u32) -> i64 {
    if shift == 0 { value } else { (value + (1 << (shift - 1))) >> shift }
}

fn signed_range(bits: u32) -> (i64, i64) {
    (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_round_to_nearest_with_ties_up() {
        assert_eq!([-3, -2, -1, 0, 1, 2, 3].map(|x| shift_rounded(x, 1)), [-1, -1, 0, 0, 1, 1, 2]);
        assert_eq!(shift_rounded(-7, 2), -2);
        assert_eq!(shift_rounded(-6, 2), -1);
        assert_eq!(shift_rounded(123, 0), 123);
    }

    #[test]
    fn voltage_rounds_and_saturates() {
        let f = Format::WIDE;
        assert_eq!(f.voltage(127), 0);
        assert_eq!(f.voltage(128), 1);
        assert_eq!(f.voltage(-128), 0);
        assert_eq!(f.voltage(-129), -1);
        assert_eq!(f.voltage(f.u_range().1), 32767);
        assert_eq!(f.voltage(f.u_range().0), -32768);
    }

    #[test]
    fn volts_are_symmetric_and_saturate() {
        for (_, f) in Format::PRESETS {
            assert_eq!(f.quantise_volts(1.0), f.one_volt());
            assert_eq!(f.quantise_volts(-7.5), -f.one_volt());
            assert_eq!(f.quantise_volts(0.3), -f.quantise_volts(-0.3));
            assert_eq!(f.quantise_volts(f64::NAN), 0);
            assert_eq!(f.quantise_volts(f.to_volts(77)), 77);
        }
    }

    #[test]
    fn widths_outside_the_bounds_are_named() {
        assert_eq!(
            Format::new(16, 13, 16, 16),
            Err(FormatError::Width { field: "v_guard", value: 13, low: 0, high: 12 })
        );
        let text = Format::WIDE.check_degree(1 << 20).unwrap_err().to_string();
        assert!(text.contains("1048576") && text.contains("16/8/16/16"), "{text}");
        assert!(Format::WIDE.check_degree(30_000).is_ok());
        assert!(Format::new(20, 12, 20, 20).unwrap().check_degree(5).is_ok());
    }

    #[test]
    fn formats_are_read_with_their_checks() {
        let good: Format = toml::from_str("v_bits=12\nv_guard=8\nk_bits=10\nk_guard=14").unwrap();
        assert_eq!(good, Format::COMPACT);
        assert!(toml::from_str::<Format>("v_bits=12\nv_guard=8\nk_bits=10\nk_guard=99").is_err());
    }
}

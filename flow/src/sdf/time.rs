//! Times as whole femtoseconds, read from decimals without a float between.

use serde::{Serialize, Serializer};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Neg, Sub};

/// A time or a difference of times, in whole femtoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    femtoseconds: i64,
}

/// Magnitudes from here on are refused: 1 ms. A sum of a million of them fits the integer below.
const LIMIT_FS: i128 = 1_000_000_000_000;

impl Time {
    /// No time.
    pub const ZERO: Time = Time { femtoseconds: 0 };

    /// So many femtoseconds.
    pub const fn from_fs(femtoseconds: i64) -> Time {
        Time { femtoseconds }
    }

    /// So many picoseconds.
    pub const fn from_ps(picoseconds: i64) -> Time {
        Time { femtoseconds: picoseconds * 1000 }
    }

    /// In femtoseconds, exact.
    pub const fn fs(self) -> i64 {
        self.femtoseconds
    }

    /// In whole picoseconds, rounded down: a slack never looks better than it is.
    pub const fn floor_ps(self) -> i64 {
        self.femtoseconds.div_euclid(1000)
    }

    /// In whole picoseconds, rounded up.
    pub const fn ceil_ps(self) -> i64 {
        -(-self.femtoseconds).div_euclid(1000)
    }

    /// In whole picoseconds, rounded to nearest, ties up.
    pub const fn round_ps(self) -> i64 {
        (self.femtoseconds + 500).div_euclid(1000)
    }

    /// So many hundredths of it, rounded up.
    pub const fn percent(self, percent: i64) -> Time {
        Time { femtoseconds: -(-self.femtoseconds * percent).div_euclid(100) }
    }

    /// Reads a decimal such as `449.664` or `1.2e+03` in units of `unit`. What is finer than a femtosecond is rounded to
    /// nearest, ties away from zero. `None` if it is no decimal, or 1 ms or more.
    pub fn parse(text: &str, unit: Unit) -> Option<Time> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match digits.find(['e', 'E']) {
            Some(place) => (&digits[..place], exponent(&digits[place + 1..])?),
            None => (digits, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut value: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() {
                return None;
            }
            value = value.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
        }
        let scale = exponent + unit.power - i32::try_from(fraction.len()).ok()?;
        let value = if value == 0 {
            0
        } else if let Ok(up) = u32::try_from(scale) {
            value.checked_mul(10i128.checked_pow(up)?)?
        } else {
            // A divisor beyond the integer's range is far more than twice any value in it.
            10i128.checked_pow(scale.unsigned_abs()).map_or(0, |divisor| (value + divisor / 2) / divisor)
        };
        if value >= LIMIT_FS {
            return None;
        }
        let femtoseconds = i64::try_from(if negative { -value } else { value }).ok()?;
        Some(Time { femtoseconds })
    }
}

/// An exponent, if it is one of at most four digits: more are beyond every range here.
fn exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// In picoseconds, with as many digits behind the point as it has, and a minus sign if need be.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.femtoseconds.unsigned_abs();
        let sign = if self.femtoseconds < 0 { "-" } else { "" };
        let text = match magnitude % 1000 {
            0 => format!("{sign}{}", magnitude / 1000),
            rest => {
                let digits = format!("{rest:03}");
                format!("{sign}{}.{}", magnitude / 1000, digits.trim_end_matches('0'))
            }
        };
        f.pad(&text)
    }
}

/// In whole picoseconds, rounded down.
impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.floor_ps())
    }
}

impl Add for Time {
    type Output = Time;

    fn add(self, other: Time) -> Time {
        Time { femtoseconds: self.femtoseconds + other.femtoseconds }
    }
}

impl Sub for Time {
    type Output = Time;

    fn sub(self, other: Time) -> Time {
        Time { femtoseconds: self.femtoseconds - other.femtoseconds }
    }
}

impl Neg for Time {
    type Output = Time;

    fn neg(self) -> Time {
        Time { femtoseconds: -self.femtoseconds }
    }
}

impl Sum for Time {
    fn sum<I: Iterator<Item = Time>>(times: I) -> Time {
        times.fold(Time::ZERO, Add::add)
    }
}

/// What a number of a file stands for: a power of ten of femtoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    power: i32,
}

impl Unit {
    /// 1 ps.
    pub const PICOSECOND: Unit = Unit { power: 3 };
    /// 1 ns, which a file means that does not say.
    pub const NANOSECOND: Unit = Unit { power: 6 };

    /// Reads `1ps`, `100 ps`, `1.0ns` and the like.
    pub fn parse(text: &str) -> Option<Unit> {
        let place = text.find(|c: char| c.is_ascii_alphabetic())?;
        let number = match text[..place].trim() {
            "1" | "1.0" => 0,
            "10" | "10.0" => 1,
            "100" | "100.0" => 2,
            _ => return None,
        };
        let unit = match text[place..].trim() {
            "s" => 15,
            "ms" => 12,
            "us" => 9,
            "ns" => 6,
            "ps" => 3,
            "fs" => 0,
            _ => return None,
        };
        Some(Unit { power: number + unit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ps(text: &str) -> Option<i64> {
        Time::parse(text, Unit::PICOSECOND).map(Time::fs)
    }

    #[test]
    fn decimals_are_read_exactly() {
        for (text, femtoseconds) in [
            ("0", 0),
            ("-0.0", 0),
            ("449.664", 449_664),
            ("+12", 12_000),
            ("-.5", -500),
            ("7.", 7000),
            ("1.2e+03", 1_200_000),
            ("4.49664E2", 449_664),
            ("12e-3", 12),
            // Finer than a femtosecond: to nearest, ties away from zero.
            ("0.0004", 0),
            ("0.0005", 1),
            ("-0.0005", -1),
            ("1e-999", 0),
            ("999999999.999", 999_999_999_999),
        ] {
            assert_eq!(ps(text), Some(femtoseconds), "{text}");
        }
        for text in
            ["", "-", ".", "e3", "1e", "1e+", "1.2.3", "0x10", "1_0", "nan", "inf", "1e9", "1e99999", "é"]
        {
            assert_eq!(ps(text), None, "{text}");
        }
    }

    #[test]
    fn picoseconds_are_rounded_as_named() {
        let times = [-1500, -1, 0, 499, 500, 1000].map(Time::from_fs);
        assert_eq!(times.map(Time::floor_ps), [-2, -1, 0, 0, 0, 1]);
        assert_eq!(times.map(Time::ceil_ps), [-1, 0, 0, 1, 1, 1]);
        assert_eq!(times.map(Time::round_ps), [-1, 0, 0, 0, 1, 1]);
        assert_eq!(Time::from_fs(101).percent(125), Time::from_fs(127));
        assert_eq!(Time::from_fs(-1_050).to_string(), "-1.05");
    }

    #[test]
    fn units_are_powers_of_ten() {
        for (text, power) in [("1ps", 3), ("100ps", 5), ("1 ns", 6), ("10.0us", 10), ("1fs", 0), ("1s", 15)] {
            assert_eq!(Unit::parse(text), Some(Unit { power }), "{text}");
        }
        for text in ["", "1", "ps", "2ps", "1000ps", "1 parsec", "-1ps"] {
            assert_eq!(Unit::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_time_reads_back(fs in -999_999_999_999i64..=999_999_999_999) {
            let time = Time::from_fs(fs);
            prop_assert_eq!(Time::parse(&time.to_string(), Unit::PICOSECOND), Some(time));
            prop_assert_eq!(Time::parse(&fs.to_string(), Unit { power: 0 }), Some(time));
            prop_assert!(time.floor_ps() * 1000 <= fs && fs <= time.ceil_ps() * 1000);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[-+0-9.eE]{0,40}") {
            let _ = Time::parse(&text, Unit { power: 15 });
        }
    }
}

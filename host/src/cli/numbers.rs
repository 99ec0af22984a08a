//! Numbers on the command line, with their bounds in words.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

/// The longest time that can be asked for: some twelve days.
const MOST_SECONDS: f64 = 1e6;

/// A whole number from `LOW` to `HIGH`.
pub fn whole<const LOW: u64, const HIGH: u64>(text: &str) -> Result<u64, String> {
    match text.parse::<u64>() {
        Ok(number) if (LOW..=HIGH).contains(&number) => Ok(number),
        _ => Err(format!("give a whole number from {LOW} to {HIGH}")),
    }
}

/// A whole number of 1 or more that 32 bits hold.
pub fn count(text: &str) -> Result<u32, String> {
    let number = whole::<1, { u32::MAX as u64 }>(text)?;
    u32::try_from(number).map_err(|error| error.to_string())
}

/// A whole number of samples, 1 or more.
pub fn samples(text: &str) -> Result<NonZeroU64, String> {
    NonZeroU64::new(whole::<1, { u64::MAX }>(text)?).ok_or_else(|| "give 1 or more".to_owned())
}

/// A number of threads.
pub fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let number = whole::<1, 1024>(text)?;
    usize::try_from(number).ok().and_then(NonZeroUsize::new).ok_or_else(|| "give 1 or more".to_owned())
}

/// A number above 0.
pub fn above_zero(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err("give a number above 0".to_owned()),
    }
}

/// A time in seconds.
pub fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= MOST_SECONDS => Ok(Duration::from_secs_f64(number)),
        _ => Err(format!("give a number of seconds above 0, at most {MOST_SECONDS}")),
    }
}

/// A time in minutes.
pub fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && 60.0 * number <= MOST_SECONDS => Ok(number),
        _ => Err(format!("give a number of minutes above 0, at most {}", (MOST_SECONDS / 60.0).floor())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_told() {
        assert_eq!(whole::<6, 100>("6"), Ok(6));
        for wrong in ["5", "101", "-1", "x", "", "99999999999999999999999"] {
            assert_eq!(whole::<6, 100>(wrong).unwrap_err(), "give a whole number from 6 to 100");
        }
        assert_eq!(count("4294967295"), Ok(u32::MAX));
        assert_eq!(threads("2").map(NonZeroUsize::get), Ok(2));
        assert!(threads("0").is_err() && threads("2000").is_err());
        assert!(count("0").unwrap_err().contains("from 1 to 4294967295"));
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(minutes("0.5"), Ok(0.5));
        for wrong in ["0", "-1", "1e5", "nan", "soon"] {
            assert!(minutes(wrong).unwrap_err().contains("at most 16666"), "{wrong}");
        }
        for wrong in ["0", "-1", "1e300", "nan", "inf", "soon"] {
            assert!(seconds(wrong).unwrap_err().contains("at most 1000000"), "{wrong}");
        }
    }
}

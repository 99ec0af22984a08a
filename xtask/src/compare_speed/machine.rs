//! Where and when figures were measured.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::invocation::Invocation;

/// What a figure depends on besides the code.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// As the processor calls itself.
    pub processor: String,
    pub cores: usize,
    pub system: String,
    /// Of one, five and fifteen minutes, before the start: others who compute here.
    pub load: String,
    pub compiler: String,
    /// Revision of the source, with a `+` if something was changed since.
    pub revision: String,
    /// UTC.
    pub date: String,
}

impl Machine {
    /// This one, now. What the system does not tell is `unknown`.
    pub fn here() -> Machine {
        let unknown = || "unknown".to_owned();
        let said = |program: &str, args: &[&str]| {
            let said = Invocation::new(program).args(args.iter().copied()).said();
            said.map_or_else(|_| unknown(), |text| text.trim().to_owned())
        };
        let file = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let processor = file("/proc/cpuinfo")
            .lines()
            .find_map(|line| Some(line.strip_prefix("model name")?.split_once(':')?.1.trim().to_owned()));
        let load: Vec<String> = file("/proc/loadavg").split_whitespace().take(3).map(str::to_owned).collect();
        let changed = said("git", &["status", "--porcelain"]);
        Machine {
            processor: processor.unwrap_or_else(unknown),
            cores: std::thread::available_parallelism().map_or(0, Into::into),
            system: said("uname", &["-srm"]),
            load: if load.is_empty() { unknown() } else { load.join(" ") },
            compiler: said("rustc", &["--version"]),
            revision: said("git", &["rev-parse", "--short", "HEAD"])
                + if changed.is_empty() { "" } else { "+" },
            date: date(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())),
        }
    }
}

/// Seconds since 1970 as `2026-01-31T12:00:00Z`. Years begin in March here, so that the leap day comes last.
fn date(seconds: u64) -> String {
    let (days, seconds) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_210_096, "2024-02-29T12:34:56Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }

    #[test]
    fn the_machine_says_something() {
        let machine = Machine::here();
        assert!(machine.cores > 0 && machine.compiler.starts_with("rustc "), "{machine:?}");
    }
}

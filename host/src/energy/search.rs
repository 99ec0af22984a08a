//! Which energy sources there are, and why others are missing.

use super::clock::SystemClock;
use super::meter::{LogMeter, LogOptions, SerialMeter, SerialOptions};
use super::nvml::{self, NvmlGpu};
use super::rapl::Rapl;
use super::source::{EnergySource, SourceError};
use crate::link::SerialTransport;
use crate::quantity::Missing;
use std::path::PathBuf;

/// What a meter in a board's supply is called where none was named.
pub const BOARD_METER: &str = "board meter";

/// Where to look.
#[derive(Clone, Debug)]
pub struct Search {
    /// The root of the system; not `/` in tests only.
    pub root: PathBuf,
    /// Logs of instruments.
    pub logs: Vec<LogOptions>,
    /// Meters on serial lines: path, baud, and how to read them.
    pub serial: Vec<(String, u32, SerialOptions)>,
}

impl Default for Search {
    /// This machine, and no meter.
    fn default() -> Search {
        Search { root: PathBuf::from("/"), logs: Vec::new(), serial: Vec::new() }
    }
}

/// A source, or why there is none.
pub type Found = Result<Box<dyn EnergySource>, Missing>;

/// Every known source: processor packages, memory modules, GPUs, meters. What is missing is told as missing, and is not
/// a source that reads zero. `clock` is the run's.
pub fn find_sources(search: &Search, clock: SystemClock) -> Vec<Found> {
    let mut found = vec![
        boxed("processor packages (RAPL)", Rapl::packages(&search.root)),
        boxed("memory modules (RAPL)", Rapl::dram(&search.root)),
    ];
    found.extend(gpus(clock));
    for options in &search.logs {
        let name = format!("log {}", options.file.display());
        found.push(LogMeter::open(options.clone()).map(as_source).map_err(|error| because(&name, &error)));
    }
    for (path, baud, options) in &search.serial {
        let meter = SerialTransport::open(path, *baud)
            .map_err(SourceError::from)
            .and_then(|transport| SerialMeter::start(transport, clock, options.clone()));
        found.push(boxed(&format!("meter at {path}"), meter));
    }
    if search.logs.is_empty() && search.serial.is_empty() {
        found.push(Err(Missing {
            name: BOARD_METER.to_owned(),
            why: "none was named".to_owned(),
            remedy: "put a meter into the board's supply and name its log or its serial port (docs/energy-method.md)".to_owned(),
        }));
    }
    found
}

fn gpus(clock: SystemClock) -> Vec<Found> {
    let missing = |why: String| {
        let remedy = "with an NVIDIA GPU, install its driver, which brings libnvidia-ml.so.1";
        vec![Err(Missing { name: "GPUs (NVML)".to_owned(), why, remedy: remedy.to_owned() })]
    };
    match NvmlGpu::all() {
        Err(error) => missing(error.to_string()),
        Ok(gpus) if gpus.is_empty() => missing("the driver sees no GPU".to_owned()),
        Ok(gpus) => gpus
            .into_iter()
            .flat_map(|gpu| {
                let name = nvml::Gpu::name(&gpu);
                match nvml::sources(gpu, clock) {
                    Ok(sources) => sources.into_iter().map(Ok).collect(),
                    Err(error) => vec![Err(because(&name, &error))],
                }
            })
            .collect(),
    }
}

fn as_source<S: EnergySource + 'static>(source: S) -> Box<dyn EnergySource> {
    Box::new(source)
}

fn boxed<S: EnergySource + 'static>(name: &str, source: Result<S, SourceError>) -> Found {
    source.map(as_source).map_err(|error| because(name, &error))
}

/// A source's error as the reason why it is missing; by convention its message says why, and behind a semicolon what to
/// do.
fn because(name: &str, error: &dyn std::error::Error) -> Missing {
    let message = error.to_string();
    let (why, remedy) = message.split_once("; ").unwrap_or((message.as_str(), "see docs/energy-method.md"));
    Missing { name: name.to_owned(), why: why.to_owned(), remedy: remedy.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::energy::Scope;
    use std::time::Duration;

    #[test]
    fn what_is_missing_says_why_and_what_to_do() {
        let root = tempfile::tempdir().unwrap();
        let tolerance = crate::energy::meter::Tolerance {
            max_gap: Duration::from_secs(1),
            accuracy: 0.0,
            lag: Duration::ZERO,
        };
        let log =
            LogOptions { file: root.path().join("supply.csv"), scope: Scope::Wall, offset_s: 0.0, tolerance };
        let options = SerialOptions { scope: Scope::Wall, tolerance, patience: Duration::from_millis(10) };
        let serial = vec![("/dev/no-such-port".to_owned(), 115_200, options)];
        let search = Search { root: root.path().to_owned(), logs: vec![log], serial };
        let found = find_sources(&search, SystemClock::start());
        let missing: Vec<Missing> = found.into_iter().filter_map(Result::err).collect();
        let of = |name: &str| missing.iter().find(|missing| missing.name.contains(name)).unwrap();
        assert!(of("packages").remedy.contains("modprobe"), "{}", of("packages"));
        assert!(of("memory").why.contains("sys/class/powercap"));
        assert!(of("supply.csv").why.contains("cannot be read"));
        assert!(of("/dev/no-such-port").why.contains("there is no /dev/no-such-port"));
        assert!(!missing.iter().any(|missing| missing.name == "board meter"));
        for Missing { name, why, remedy } in &missing {
            assert!(!name.is_empty() && !why.is_empty() && !remedy.is_empty());
        }
    }

    #[test]
    fn a_meter_nobody_named_is_missing_too() {
        let root = tempfile::tempdir().unwrap();
        let search = Search { root: root.path().to_owned(), ..Search::default() };
        let found = find_sources(&search, SystemClock::start());
        let meter = found.iter().filter_map(|found| found.as_ref().err()).find(|m| m.name == "board meter");
        assert!(meter.unwrap().remedy.contains("serial port"));
        // Packages, memory, one or more GPUs or their absence, the meter.
        assert!(found.len() >= 4);
    }
}

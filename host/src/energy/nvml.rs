//! NVIDIA's GPUs, by their management library, which is looked for when the program runs and not when it is built.
//!
//! Since Volta a GPU counts its board's energy in millijoules. The counter moves every 20 to 100 ms and begins anew
//! when the driver is loaded. The power that all of them tell is read all the time and integrated, as a source of its own that says so in its
//! name: older ones have no other, and of newer ones it checks the counter.
//!
//! NVIDIA documents 5 % of the reading for the power of its older boards and nothing for the counter; the same 5 % are
//! assumed of both. On A100 and H100 the power sensor looks at a quarter of the time only (Yang, Adamek and Armour,
//! SC24, arXiv 2312.02741), so work that repeats in step with it is misread: measure long blocks of uneven calls.

use super::clock::Clock;
use super::meter::{Reading, Readings, Sampled, Tolerance};
use super::source::{Description, EnergySource, Mark, Resolution, Scope, SourceError};
use super::units::{Bounded, Joule, Watt};
use crate::quantity::Kind;
use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use wheatstone_sim::categorize;

/// The counter's longest time between updates.
const UPDATE: Duration = Duration::from_millis(100);

/// How often power is read where there is no counter.
const POLL: Duration = Duration::from_millis(20);

/// Over how much time a GPU averages the power it tells: a second since Ampere (`nvmlDeviceGetPowerUsage`).
const AVERAGING: Duration = Duration::from_secs(1);

/// See the module.
const ACCURACY: f64 = 0.05;

/// Where that comes from.
const DOCUMENTED: &str = "NVIDIA on the power of Fermi and Kepler boards; assumed of later ones";

/// What is asked of a GPU. Tests have none.
pub trait Gpu: Send {
    /// Its model and its identity.
    fn name(&self) -> String;

    /// Energy of the board since the driver was loaded, in millijoules.
    ///
    /// # Errors
    /// [`GpuError`]
    fn energy_mj(&mut self) -> Result<u64, GpuError>;

    /// Power of the board, in milliwatts.
    ///
    /// # Errors
    /// [`GpuError`]
    fn power_mw(&mut self) -> Result<u32, GpuError>;
}

/// A GPU that does not answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GpuError {
    /// The GPU or its driver does not count that.
    #[error("this GPU does not tell that")]
    NotSupported,
    /// The driver says no.
    #[error("{0}")]
    Failed(String),
}

categorize! {
    GpuError {
        Failed: NotSupported, Failed;
    }
}

impl From<NvmlError> for GpuError {
    fn from(error: NvmlError) -> GpuError {
        match error {
            NvmlError::NotSupported => GpuError::NotSupported,
            error => GpuError::Failed(error.to_string()),
        }
    }
}

/// A GPU of this machine.
#[derive(Clone)]
pub struct NvmlGpu {
    nvml: Arc<Nvml>,
    /// By which it is found again: indices change when a GPU goes away.
    uuid: String,
    model: String,
}

impl NvmlGpu {
    /// All of them.
    ///
    /// # Errors
    /// [`GpuError`] if there is no driver, or it does not answer.
    pub fn all() -> Result<Vec<NvmlGpu>, GpuError> {
        let nvml = Arc::new(Nvml::init()?);
        let gpu = |index| {
            let device = nvml.device_by_index(index)?;
            Ok(NvmlGpu { nvml: Arc::clone(&nvml), uuid: device.uuid()?, model: device.name()? })
        };
        (0..nvml.device_count()?).map(gpu).collect()
    }
}

/// What a figure of these GPUs depends on: model, driver, clocks and power limit of each. Empty where there is none.
pub fn surroundings() -> Vec<String> {
    let Ok(gpus) = NvmlGpu::all() else { return Vec::new() };
    gpus.iter().map(NvmlGpu::surrounding).collect()
}

impl NvmlGpu {
    fn surrounding(&self) -> String {
        use nvml_wrapper::enum_wrappers::device::{Clock, TemperatureSensor};

        let mut text = self.model.clone();
        let mut tell = |what: &str, value: Option<String>| {
            if let Some(value) = value {
                text.push_str(&format!(", {what} {value}"));
            }
        };
        tell("driver", self.nvml.sys_driver_version().ok());
        let Ok(device) = self.nvml.device_by_uuid(self.uuid.as_str()) else { return text };
        for (what, clock) in [("processors at", Clock::SM), ("memory at", Clock::Memory)] {
            tell(what, device.clock_info(clock).ok().map(|now| format!("{now} MHz")));
        }
        tell("of at most", device.max_clock_info(Clock::SM).ok().map(|most| format!("{most} MHz")));
        let watts = device.enforced_power_limit().ok().map(|milliwatts| f64::from(milliwatts) / 1000.0);
        tell("power limit", watts.map(|watts| format!("{watts} W")));
        tell(
            "at",
            device.temperature(TemperatureSensor::Gpu).ok().map(|celsius| format!("{celsius} \u{b0}C")),
        );
        text
    }
}

impl Gpu for NvmlGpu {
    fn name(&self) -> String {
        format!("{} ({})", self.model, self.uuid)
    }

    fn energy_mj(&mut self) -> Result<u64, GpuError> {
        Ok(self.nvml.device_by_uuid(self.uuid.as_str())?.total_energy_consumption()?)
    }

    fn power_mw(&mut self) -> Result<u32, GpuError> {
        Ok(self.nvml.device_by_uuid(self.uuid.as_str())?.power_usage()?)
    }
}

/// The sources a GPU has: its counter, and its power, integrated. Where both are there, both are read, and one checks the other.
///
/// # Errors
/// [`SourceError::Gpu`] if it tells neither.
pub fn sources(
    mut gpu: impl Gpu + Clone + 'static,
    clock: impl Clock + Send + 'static,
) -> Result<Vec<Box<dyn EnergySource>>, SourceError> {
    let sampled = integrated(gpu.clone(), clock).map(|source| Box::new(source) as Box<dyn EnergySource>);
    match (gpu.energy_mj(), sampled) {
        (Ok(first_mj), sampled) => {
            let counter: Box<dyn EnergySource> = Box::new(GpuCounter::new(gpu, first_mj));
            Ok(std::iter::once(counter).chain(sampled.ok()).collect())
        }
        (Err(GpuError::NotSupported), sampled) => Ok(vec![sampled?]),
        (Err(error), _) => Err(failed(&gpu, &error)),
    }
}

fn failed(gpu: &impl Gpu, error: &GpuError) -> SourceError {
    SourceError::Gpu { name: gpu.name(), reason: error.to_string() }
}

/// A GPU's energy counter.
struct GpuCounter<G> {
    gpu: G,
    description: Description,
    first_mj: u64,
    last_mj: u64,
}

impl<G: Gpu> GpuCounter<G> {
    fn new(gpu: G, first_mj: u64) -> GpuCounter<G> {
        let description = Description {
            name: format!("{} (NVML counter)", gpu.name()),
            scope: Scope::Gpu(gpu.name()),
            kind: Kind::Measured,
            method: "the board's own energy counter".to_owned(),
            accuracy_source: DOCUMENTED.to_owned(),
        };
        GpuCounter { gpu, description, first_mj, last_mj: first_mj }
    }
}

impl<G: Gpu> EnergySource for GpuCounter<G> {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn resolution(&self) -> Resolution {
        Resolution { step: Joule(1e-3), update: UPDATE, accuracy: ACCURACY }
    }

    fn mark(&mut self, at: Duration) -> Result<Mark, SourceError> {
        let now_mj = self.gpu.energy_mj().map_err(|error| failed(&self.gpu, &error))?;
        // 64 bits of millijoules do not wrap: whatever counts less was reset.
        if now_mj < self.last_mj {
            let name = self.description.name.clone();
            return Err(SourceError::Reset { name, before: self.last_mj, after: now_mj });
        }
        self.last_mj = now_mj;
        Ok(Mark { at, counted: Joule((now_mj - self.first_mj) as f64 * 1e-3) })
    }

    fn energy(&mut self, from: Mark, to: Mark) -> Result<Bounded<Joule>, SourceError> {
        self.resolution().counted(&self.description.name, from, to)
    }
}

/// A GPU without a counter.
fn integrated(
    mut gpu: impl Gpu + 'static,
    clock: impl Clock + Send + 'static,
) -> Result<Sampled, SourceError> {
    let milliwatts = gpu.power_mw().map_err(|error| failed(&gpu, &error))?;
    let description = Description {
        name: format!("{} (integrated NVML power)", gpu.name()),
        scope: Scope::Gpu(gpu.name()),
        kind: Kind::Measured,
        method: "readings of the board's averaged power, integrated: less certain than a counter".to_owned(),
        accuracy_source: DOCUMENTED.to_owned(),
    };
    let tolerance = Tolerance { max_gap: Duration::from_secs(1), accuracy: ACCURACY, lag: AVERAGING };
    let first = reading(&clock, milliwatts, 0);
    Ok(Sampled::start(description, tolerance, POLL, vec![first], PowerReadings { gpu, clock, count: 0 }))
}

fn reading(clock: &impl Clock, milliwatts: u32, number: u64) -> Reading {
    Reading { at: clock.now().as_secs_f64(), power: Watt(f64::from(milliwatts) * 1e-3), line: number }
}

struct PowerReadings<G, C> {
    gpu: G,
    clock: C,
    count: u64,
}

impl<G: Gpu, C: Clock + Send> Readings for PowerReadings<G, C> {
    fn next(&mut self) -> Result<Vec<Reading>, SourceError> {
        self.clock.sleep(POLL);
        let milliwatts = self.gpu.power_mw().map_err(|error| failed(&self.gpu, &error))?;
        self.count += 1;
        Ok(vec![reading(&self.clock, milliwatts, self.count)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::sync::Mutex;

    /// A GPU that answers what it was told to.
    #[derive(Clone, Default)]
    struct Fake {
        energies: VecDeque<Result<u64, GpuError>>,
        power: Option<u32>,
    }

    impl Gpu for Fake {
        fn name(&self) -> String {
            "Fake 9000 (GPU-1)".to_owned()
        }

        fn energy_mj(&mut self) -> Result<u64, GpuError> {
            self.energies.pop_front().unwrap_or(Err(GpuError::NotSupported))
        }

        fn power_mw(&mut self) -> Result<u32, GpuError> {
            self.power.ok_or(GpuError::NotSupported)
        }
    }

    /// A clock that moves when somebody sleeps, and no further than a minute.
    #[derive(Clone, Default)]
    struct Ticking(Arc<Mutex<Duration>>);

    impl Clock for Ticking {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        fn sleep(&self, duration: Duration) {
            let mut now = self.0.lock().unwrap();
            if *now < Duration::from_secs(60) {
                *now += duration;
            } else {
                drop(now);
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    fn counter(energies: &[Result<u64, GpuError>]) -> Result<Box<dyn EnergySource>, SourceError> {
        Ok(both(energies)?.swap_remove(0))
    }

    fn both(energies: &[Result<u64, GpuError>]) -> Result<Vec<Box<dyn EnergySource>>, SourceError> {
        let fake = Fake { energies: energies.iter().cloned().collect(), power: Some(80_000) };
        sources(fake, Ticking::default())
    }

    #[test]
    fn counter_and_sampled_power_are_both_read() {
        let found = both(&[Ok(5_000)]).unwrap();
        let names: Vec<&str> = found.iter().map(|source| source.describe().name.as_str()).collect();
        assert!(
            names.len() == 2 && names[0].contains("NVML counter") && names[1].contains("integrated"),
            "{names:?}"
        );
        assert_eq!(found[0].describe().scope, found[1].describe().scope, "so that nobody adds them up");
        assert_eq!(both(&[]).unwrap().len(), 1, "an older GPU has no counter");
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_counter_is_read_in_joules_since_it_was_opened() {
        let mut gpu = counter(&[Ok(5_000), Ok(7_000), Ok(1_207_000)]).unwrap();
        assert!(gpu.describe().name.contains("NVML counter"));
        let (from, to) = (gpu.mark(seconds(10)).unwrap(), gpu.mark(seconds(20)).unwrap());
        assert_eq!(from.counted, Joule(2.0));
        let energy = gpu.energy(from, to).unwrap();
        // A millijoule, 0.1 s of 120 W, and 5 %.
        let expected = Bounded::around(Joule(1200.0), Joule(0.001 + 12.0 + 60.0));
        assert!(
            (energy.high.0 - expected.high.0).abs() < 1e-9 && energy.value == expected.value,
            "{energy:?}"
        );
        let soon = Mark { at: seconds(11), ..to };
        assert!(matches!(gpu.energy(from, soon), Err(SourceError::TooShort { .. })));
    }

    #[test]
    fn a_counter_that_goes_back_was_reset() {
        let mut gpu = counter(&[Ok(5_000), Ok(9_000), Ok(100)]).unwrap();
        gpu.mark(seconds(1)).unwrap();
        let message = gpu.mark(seconds(2)).unwrap_err().to_string();
        assert!(message.contains("from 9000 mJ back to 100 mJ"), "{message}");
    }

    #[test]
    fn an_error_in_the_middle_names_the_gpu_and_what_the_driver_says() {
        let mut gpu =
            counter(&[Ok(5_000), Ok(6_000), Err(GpuError::Failed("GPU is lost".to_owned()))]).unwrap();
        gpu.mark(seconds(1)).unwrap();
        let message = gpu.mark(seconds(2)).unwrap_err().to_string();
        assert!(message.contains("Fake 9000 (GPU-1): GPU is lost"), "{message}");
        let broken = counter(&[Err(GpuError::Failed("no rights".to_owned()))]).err().unwrap();
        assert!(broken.to_string().contains("no rights"), "{broken}");
    }

    #[test]
    fn without_a_counter_power_is_integrated_and_says_so() {
        let mut gpu = counter(&[]).unwrap();
        assert!(gpu.describe().name.contains("integrated NVML power"));
        let (from, to) = (gpu.mark(seconds(5)).unwrap(), gpu.mark(seconds(45)).unwrap());
        let energy = gpu.energy(from, to).unwrap();
        assert!(
            (energy.value.0 - 3200.0).abs() < 1e-6 && (energy.high.0 - 3360.0).abs() < 1e-6,
            "{energy:?}"
        );
        let soon = gpu.mark(seconds(10)).unwrap();
        assert!(matches!(gpu.energy(from, soon), Err(SourceError::TooShort { .. })));
        let dumb = sources(Fake::default(), Ticking::default()).err().unwrap();
        assert!(dumb.to_string().contains("does not tell that"), "{dumb}");
    }
}

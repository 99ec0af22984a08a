//! The processor's own energy counters, as Linux shows them: powercap's `intel-rapl`, which AMD's processors use as
//! well.
//!
//! `/sys/class/powercap` lists every domain in one folder: `intel-rapl:0` is a package, `intel-rapl:0:2` something
//! within it. The numbers may change when a driver is reloaded, the names (`package-0`, `dram`) do not, so a domain is
//! looked up by name at every read. `psys` is no package, cores and uncore are inside theirs, and `intel-rapl-mmio`
//! repeats the packages by another way: none of them is added. A counter returns to 0 behind `max_energy_range_uj`.
//!
//! How well the counters follow the truth is not documented. Since Haswell they are measured, not modelled (Hackenberg
//! et al., IPDPSW 2015, doi 10.1109/IPDPSW.2015.70); they are updated about every millisecond.

use super::source::{Description, EnergySource, Mark, Resolution, Scope, SourceError};
use super::units::{Bounded, Joule};
use crate::quantity::Kind;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the domains are, below the root of the system.
const FOLDER: &str = "sys/class/powercap";

/// No package takes more, so that a counter read in time has wrapped once at most.
const MOST_WATTS: f64 = 1000.0;

/// The counters' time between updates.
const UPDATE: Duration = Duration::from_millis(1);

/// How far the counters' scale may be off: nothing is documented, so what NVIDIA documents of its power meters is assumed here too.
const ACCURACY: f64 = 0.05;

const NO_DRIVER: &str = "load it with `modprobe intel_rapl_common intel_rapl_msr`; virtual machines and containers often have no such counters";

const DENIED: &str = "only root may read it by default, because fine readings betray what other programs compute: \
    run `sudo chmod -R a+r /sys/class/powercap/intel-rapl` (it lasts until the next start), or measure as root";

const BROKEN: &str =
    "the driver is at fault; load it anew with `modprobe -r intel_rapl_msr` and `modprobe intel_rapl_msr`";

/// Counters of one kind, summed over all packages.
#[derive(Debug)]
pub struct Rapl {
    folder: PathBuf,
    description: Description,
    domains: Vec<Domain>,
    read_at: Option<Duration>,
}

/// One energy counter of the processor.
#[derive(Debug)]
struct Domain {
    /// `package-0`, or `package-0/dram`.
    name: String,
    range_uj: u64,
    last_uj: u64,
    counted_uj: u64,
}

impl Rapl {
    /// The packages of the system below `root`, which is `/` outside of tests.
    ///
    /// # Errors
    /// [`SourceError`] if there are none, or they may not be read.
    pub fn packages(root: &Path) -> Result<Rapl, SourceError> {
        let missing = "there is no processor package with an energy counter";
        Rapl::open(root, "processor packages (RAPL)", Scope::CpuPackages, missing, |name| !name.contains('/'))
    }

    /// The memory modules of all packages.
    ///
    /// # Errors
    /// [`SourceError`] if there are none, as on most desktop processors, or they may not be read.
    pub fn dram(root: &Path) -> Result<Rapl, SourceError> {
        let missing = "the processor has no energy counter for memory modules";
        Rapl::open(root, "memory modules (RAPL)", Scope::Dram, missing, |name| name.ends_with("/dram"))
    }

    fn open(
        root: &Path,
        name: &str,
        scope: Scope,
        missing: &'static str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Rapl, SourceError> {
        let folder = root.join(FOLDER);
        let mut domains = Vec::new();
        for (name, zones) in zones(&folder)?.into_iter().filter(|(name, _)| wanted(name)) {
            let zone = only(&folder, &name, &zones)?;
            let range_uj = number(&zone.join("max_energy_range_uj"), u64::MAX)?;
            let last_uj = number(&zone.join("energy_uj"), range_uj)?;
            domains.push(Domain { name, range_uj, last_uj, counted_uj: 0 });
        }
        if domains.is_empty() {
            return Err(SourceError::None { folder, what: missing, remedy: NO_DRIVER });
        }
        let names: Vec<&str> = domains.iter().map(|domain| domain.name.as_str()).collect();
        let method = format!("counters of the processor: {}", names.join(", "));
        let description = Description {
            name: name.to_owned(),
            scope,
            kind: Kind::Measured,
            method,
            accuracy_source: "assumed: nothing is documented".to_owned(),
        };
        Ok(Rapl { folder, description, domains, read_at: None })
    }

    /// The longest time between two reads.
    fn most_elapsed(&self) -> Duration {
        let range_uj = self.domains.iter().map(|domain| domain.range_uj).min().unwrap_or(0);
        Duration::from_secs_f64(range_uj as f64 * 1e-6 / MOST_WATTS)
    }
}

impl EnergySource for Rapl {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn resolution(&self) -> Resolution {
        // One microjoule a domain is what the files tell; the counters' own step of at most 61 uJ is nothing beside an
        // update's worth.
        Resolution { step: Joule(61e-6 * self.domains.len() as f64), update: UPDATE, accuracy: ACCURACY }
    }

    fn mark(&mut self, at: Duration) -> Result<Mark, SourceError> {
        let most = self.most_elapsed();
        let elapsed = self.read_at.map_or(Duration::ZERO, |last| at.saturating_sub(last));
        if elapsed > most {
            return Err(SourceError::Wrapped { name: self.description.name.clone(), elapsed, most });
        }
        let zones = zones(&self.folder)?;
        for domain in &mut self.domains {
            let found = zones.get(&domain.name).map_or(&[][..], Vec::as_slice);
            let zone = only(&self.folder, &domain.name, found)?;
            let now_uj = number(&zone.join("energy_uj"), domain.range_uj)?;
            let wrapped = if now_uj < domain.last_uj { domain.range_uj } else { 0 };
            domain.counted_uj += now_uj + wrapped - domain.last_uj;
            domain.last_uj = now_uj;
        }
        self.read_at = Some(at);
        let counted_uj: u64 = self.domains.iter().map(|domain| domain.counted_uj).sum();
        Ok(Mark { at, counted: Joule(counted_uj as f64 * 1e-6) })
    }

    fn energy(&mut self, from: Mark, to: Mark) -> Result<Bounded<Joule>, SourceError> {
        self.resolution().counted(&self.description.name, from, to)
    }
}

/// Folders of packages and of what is within them, by name.
fn zones(folder: &Path) -> Result<BTreeMap<String, Vec<PathBuf>>, SourceError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let (folder, what) = (folder.to_owned(), "the kernel shows no energy counters");
            return Err(SourceError::None { folder, what, remedy: NO_DRIVER });
        }
        Err(error) => return Err(SourceError::file(folder, error, DENIED)),
    };
    let mut zones: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for entry in entries.filter_map(Result::ok) {
        let Ok(file) = entry.file_name().into_string() else { continue };
        let Some(numbers) = file.strip_prefix("intel-rapl:") else { continue };
        let package = numbers.split(':').next().unwrap_or(numbers);
        let package = text(&folder.join(format!("intel-rapl:{package}")).join("name"))?;
        // Everything that is no package stands beside them: `psys` meters the whole platform.
        if !package.starts_with("package") {
            continue;
        }
        let name = match numbers.contains(':') {
            false => package,
            true => format!("{package}/{}", text(&entry.path().join("name"))?),
        };
        zones.entry(name).or_default().push(entry.path());
    }
    Ok(zones)
}

fn only<'z>(folder: &Path, domain: &str, zones: &'z [PathBuf]) -> Result<&'z PathBuf, SourceError> {
    match zones {
        [zone] => Ok(zone),
        several => Err(SourceError::Domain {
            folder: folder.to_owned(),
            domain: domain.to_owned(),
            count: several.len(),
        }),
    }
}

fn text(path: &Path) -> Result<String, SourceError> {
    let read = fs::read_to_string(path).map_err(|error| {
        let remedy = if error.kind() == io::ErrorKind::PermissionDenied { DENIED } else { BROKEN };
        SourceError::file(path, error, remedy)
    })?;
    Ok(read.trim().to_owned())
}

fn number(path: &Path, most: u64) -> Result<u64, SourceError> {
    let text = text(path)?;
    let number = text.parse().ok().filter(|&number: &u64| number <= most);
    number.ok_or_else(|| SourceError::Malformed { path: path.to_owned(), text })
}

#[cfg(test)]
mod tests;

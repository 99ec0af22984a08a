//! Where, when and with what something was measured.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::time::SystemTime;

/// Variables that change how the libraries of others compute.
const VARIABLES: [&str; 8] = [
    "CUDA_VISIBLE_DEVICES",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OMP_PROC_BIND",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "XLA_FLAGS",
];

/// What a figure depends on besides the code. What the system does not tell is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// Model of the processor, as it calls itself.
    pub processor: String,
    /// Hardware threads this program may use.
    pub threads: usize,
    /// Operating system and architecture.
    pub system: String,
    /// Name and release of the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Processors this program may run on, as `0-3,8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinning: Option<String>,
    /// How clocks are chosen: the governors of all processors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub governor: Option<String>,
    /// Whether clocks may rise above the nominal one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turbo: Option<bool>,
    /// The hottest sensor at the beginning, in degrees Celsius.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub celsius: Option<i64>,
    /// Load of one, five and fifteen minutes, at the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<String>,
    /// GPUs: model, driver, clocks, power limit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gpus: Vec<String>,
    /// Variables that change how libraries compute.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

impl Machine {
    /// This one, now.
    pub fn here() -> Machine {
        Machine::below(Path::new("/"))
    }

    /// As files below `root` tell, which is `/` outside of tests.
    pub fn below(root: &Path) -> Machine {
        let text = |path: &str| {
            let text = std::fs::read_to_string(root.join(path)).ok()?;
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let line = |path: &str, key: &str| {
            let text = text(path)?;
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.split_once(':'))?;
            Some(line.1.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        let flag = |path: &str, on: &str| text(path).map(|text| text == on);
        let variables =
            VARIABLES.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
        Machine {
            processor: line("proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned()),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            kernel: text("proc/sys/kernel/osrelease"),
            pinning: line("proc/self/status", "Cpus_allowed_list"),
            governor: governors(root),
            turbo: flag("sys/devices/system/cpu/intel_pstate/no_turbo", "0")
                .or_else(|| flag("sys/devices/system/cpu/cpufreq/boost", "1")),
            celsius: hottest(root),
            load: text("proc/loadavg").map(|text| text.split(' ').take(3).collect::<Vec<_>>().join(" ")),
            gpus: Vec::new(),
            variables: variables.collect(),
        }
    }
}

/// In a phrase.
impl Display for Machine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let s = if self.threads == 1 { "" } else { "s" };
        write!(f, "{}, {} hardware thread{s}, {}", self.processor, self.threads, self.system)
    }
}

/// Now, in universal time (RFC 3339).
pub fn date() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// The files of a folder's entries whose names begin so.
fn each(root: &Path, folder: &str, begin: &str, file: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
    let entries = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(begin));
    let mut texts: Vec<String> = entries
        .filter_map(|entry| Some(std::fs::read_to_string(entry.path().join(file)).ok()?.trim().to_owned()))
        .collect();
    texts.sort();
    texts.dedup();
    texts
}

fn governors(root: &Path) -> Option<String> {
    let all = each(root, "sys/devices/system/cpu", "cpu", "cpufreq/scaling_governor");
    (!all.is_empty()).then(|| all.join(", "))
}

fn hottest(root: &Path) -> Option<i64> {
    let zones = each(root, "sys/class/thermal", "thermal_zone", "temp");
    zones.iter().filter_map(|text| text.parse::<i64>().ok()).max().map(|thousandths| thousandths / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn what_the_system_tells_is_kept() {
        let folder = folder(&[
            ("proc/cpuinfo", "processor: 0\nmodel name\t: A  fast   one\nmodel name\t: another\n"),
            ("proc/loadavg", "1.50 0.70 0.30 2/345 6789\n"),
            ("proc/self/status", "Name: x\nCpus_allowed_list:\t0-1\n"),
            ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n"),
            ("sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n"),
            ("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n"),
            ("sys/class/thermal/thermal_zone0/temp", "47250\n"),
            ("sys/class/thermal/thermal_zone1/temp", "51000\n"),
        ]);
        let machine = Machine::below(folder.path());
        assert_eq!(machine.processor, "A fast one");
        assert_eq!(machine.governor.as_deref(), Some("performance, powersave"));
        assert_eq!((machine.turbo, machine.celsius), (Some(false), Some(51)));
        assert_eq!(machine.load.as_deref(), Some("1.50 0.70 0.30"));
        assert_eq!(machine.pinning.as_deref(), Some("0-1"));
    }

    #[test]
    fn what_the_system_does_not_tell_is_absent() {
        let machine = Machine::below(folder(&[]).path());
        assert_eq!((machine.processor.as_str(), machine.turbo), ("unknown processor", None));
        let json = serde_json::to_value(&machine).unwrap();
        assert!(json.get("governor").is_none() && json.get("threads").is_some(), "{json}");
        assert_eq!(serde_json::from_value::<Machine>(json).unwrap(), machine);
    }
}

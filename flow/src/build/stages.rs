//! The stages of a build, each on the files that the ones before left.

use super::runner::{Runner, Task};
use super::{Built, Means, Product, StageRun};
use crate::cache::sha256;
use crate::closure::Attempt;
use crate::error::{At, FlowError};
use crate::layout::Layout;
use crate::netlist::{BufferPlace, Netlist, NetlistError, names};
use crate::routed::Routed;
use crate::simulation::{Simulated, Simulator, TrainingRun, corners};
use crate::spec::BuildSpec;
use crate::stage::Stage;
use crate::timing::Findings;
use crate::toolchain::{
    Pass, Passes, file, packer_arguments, products, router_arguments, synthesis_arguments,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use wheatstone_hdl::bitstream::{Bitstream, Part};
use wheatstone_hdl::board::{Description, Pins};
use wheatstone_hdl::delays::Delays;
use wheatstone_hdl::{Board, Chip, ChipArray, Technology, TopError};
use wheatstone_tools::WATCH;

/// The stages of one build.
pub(super) struct Stages<'a> {
    pub spec: &'a BuildSpec,
    pub means: &'a Means,
    pub description: &'static Description,
    pins: Pins,
    runner: Runner<'a>,
}

impl<'a> Stages<'a> {
    /// Of a build for a board that has a device.
    pub fn new(spec: &'a BuildSpec, means: &'a Means, runner: Runner<'a>) -> Result<Stages<'a>, FlowError> {
        let no_device = || FlowError::NoDevice { board: spec.board };
        let description = spec.board.description().ok_or_else(no_device)?;
        let pins = spec.board.pins().ok_or_else(no_device)?;
        Ok(Stages { spec, means, description, pins, runner })
    }

    /// A file of the build.
    pub fn path(&self, name: &str) -> PathBuf {
        self.runner.path(name)
    }

    /// Whether the build goes so far.
    pub fn wanted(&self, stage: Stage) -> bool {
        stage <= self.runner.settings.until
    }

    /// The stages as they went.
    pub fn runs(self) -> Vec<StageRun> {
        self.runner.runs
    }

    /// Writes the Verilog and gives its digest.
    pub fn emit(&mut self, chip: &Chip, attempt: &Attempt) -> Result<String, FlowError> {
        let BuildSpec { name, board, design, .. } = self.spec;
        // What is built, not the words of the command line: the same chip is the same text.
        let command = format!(
            "wheatstone build {name} --board {board} --format {} --seed {}",
            design.format(),
            attempt.seed
        );
        self.runner.stage(Stage::Emit, attempt.round, |runner| {
            let verilog = chip.verilog(*board, &command).map_err(TopError::from)?;
            runner.write(file::DESIGN, &verilog)?;
            Ok((sha256(verilog), false))
        })
    }

    /// Verilog to a netlist.
    pub fn synthesise(&mut self, attempt: &Attempt) -> Result<(), FlowError> {
        let synthesis = Task {
            stage: Stage::Synth,
            tool: &self.means.tools.synthesis,
            arguments: synthesis_arguments(self.description),
            inputs: &[file::DESIGN],
            results: &[file::SYNTHESISED],
            log: "synth.log",
        };
        self.runner.task(attempt.round, &synthesis)
    }

    /// Netlist to places and wires.
    pub fn route(&mut self, chip: &Chip, attempt: &Attempt) -> Result<(), FlowError> {
        let (technology, delays) = (self.description.technology(), chip.array.delays());
        let (description, pins, board) = (self.description, &self.pins, self.spec.board);
        let tool = &self.means.tools.router;
        if technology == Technology::Ecp5 {
            prepare_placement(&self.runner, attempt.passes, &chip.array)?;
        }
        self.runner.stage(Stage::Route, attempt.round, |runner| {
            runner.write(pins.file, pins.text)?;
            // A pass of nextpnr; says whether its result was in the cache.
            let nextpnr = |pass: Pass| {
                let task = Task {
                    stage: Stage::Route,
                    tool,
                    arguments: router_arguments(description, pass, pins.file, attempt.seed),
                    inputs: &[pass.netlist(technology), pins.file],
                    results: &pass.results(technology),
                    log: pass.log(),
                };
                runner.tool(&task).map_err(|error| too_large(error, board))
            };
            if attempt.passes == Passes::One {
                return Ok(((), nextpnr(Pass::Whole)?));
            }
            let of = |name| move |error: NetlistError| runner.wrong(Stage::Route, name, &error);
            let read = |name| runner.json::<Netlist>(Stage::Route, name);
            let mut cached = nextpnr(Pass::Places)?;
            let mut placed = read(file::PLACED)?;
            placed.name_open_pins();
            let begun = if attempt.passes == Passes::Trimmed {
                placed.trimmed(delays).map_err(of(file::PLACED))?
            } else {
                write(runner, file::FIRES, &placed.fires_alone().map_err(of(file::PLACED))?)?;
                cached &= nextpnr(Pass::Fires)?;
                placed.with_wires_of(&read(file::ROUTED_FIRES)?).map_err(of(file::ROUTED_FIRES))?
            };
            write(runner, file::BEGUN, &begun)?;
            cached &= nextpnr(Pass::Rest)?;
            let mut routed = read(file::ROUTED)?;
            routed.take_ports_of(&placed).map_err(of(file::ROUTED))?;
            write(runner, file::ROUTED, &routed)?;
            Ok(((), cached))
        })
    }

    /// What the island's clock reaches; an error if that is not enough for the crystal.
    pub fn island_clock(&self) -> Result<f64, FlowError> {
        let report: RouteReport = self.runner.json(Stage::Route, file::REPORT)?;
        let island = report.fmax.iter().filter(|(name, _)| !names::is_fire(name));
        let achieved = island.map(|(_, clock)| clock.achieved).min_by(f64::total_cmp);
        let achieved_mhz = achieved.ok_or_else(|| {
            self.runner.wrong(Stage::Route, file::REPORT, &"it tells of no clock of the island")
        })?;
        let needed_mhz = f64::from(self.description.island.clock_hz) / 1e6;
        if achieved_mhz < needed_mhz {
            return Err(FlowError::Slow { board: self.spec.board, achieved_mhz, needed_mhz });
        }
        Ok(achieved_mhz)
    }

    pub fn layout(&self, chip: &Chip) -> Result<Layout, FlowError> {
        let path = self.path(file::ROUTED);
        let text = fs::read(&path).at(&path)?;
        Layout::read(&text, chip).map_err(|error| self.runner.wrong(Stage::Route, file::ROUTED, &error))
    }

    /// The check, its findings in a file, and which other lengths it advises.
    pub fn check_timing(
        &mut self,
        chip: &Chip,
        attempt: &Attempt,
    ) -> Result<(Findings, Option<Delays>), FlowError> {
        let (examine, board) = (&self.means.examine, self.spec.board);
        self.runner.stage(Stage::Timing, attempt.round, |runner| {
            let (netlist, delays) = (runner.path(file::ROUTED), runner.path(file::DELAYS));
            let (findings, advised) = examine(chip, board, &netlist, &delays)?;
            let text = serde_json::to_vec_pretty(&findings).map_err(std::io::Error::from);
            runner.write(file::TIMING, text.at(runner.path(file::TIMING))?)?;
            Ok(((findings, advised), false))
        })
    }

    /// The routed chip trains in all corners at once, and learns what the model learns.
    pub fn simulate(&mut self, built: &Built, training: TrainingRun) -> Result<Vec<Simulated>, FlowError> {
        let simulator = Simulator::find()?;
        let times = built.timing.as_ref().and_then(|findings| findings.times);
        let sample_ps = times.map_or(0, |times| times.sample_ps(training.steps.into()));
        let sample_us = sample_ps.div_ceil(1_000_000);
        let board = self.spec.board;
        self.runner.stage(Stage::Simulate, built.rounds, |runner| {
            let (netlist, delays) = (runner.path(file::ROUTED), runner.path(file::DELAYS));
            let routed = Routed::read(&netlist, &delays)
                .map_err(|error| FlowError::Unreadable { message: error.to_string() })?;
            let folder = &runner.settings.folder;
            let stopped = AtomicBool::new(false);
            let stop = || stopped.load(Ordering::Relaxed);
            let run = |corner| {
                simulator.run(&built.chip, board, &routed, corner, training, sample_us, folder, &stop)
            };
            let results: Vec<Result<Simulated, FlowError>> = thread::scope(|scope| {
                let runs: Vec<_> =
                    corners(board).iter().map(|&corner| scope.spawn(move || run(corner))).collect();
                while runs.iter().any(|run| !run.is_finished()) {
                    stopped.fetch_or((runner.stop)(), Ordering::Relaxed);
                    thread::sleep(WATCH);
                }
                runs.into_iter().map(|run| run.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
            });
            let all = results.into_iter().collect::<Result<Vec<Simulated>, FlowError>>()?;
            match all.iter().find(|simulated| !simulated.passed()) {
                Some(simulated) => {
                    Err(FlowError::Wrong { simulated: simulated.clone(), folder: folder.clone() })
                }
                None => Ok((all, false)),
            }
        })
    }

    /// Places and wires to a bitstream, which is read back.
    pub fn pack(&mut self, round: u32) -> Result<Product, FlowError> {
        let idcode = match self.spec.board.part() {
            Some(Part::Ecp5 { idcode }) => Some(idcode),
            _ => None,
        };
        let technology = self.description.technology();
        let [routed, bitstream] = products(technology);
        let packing = Task {
            stage: Stage::Pack,
            tool: &self.means.tools.packer,
            arguments: packer_arguments(technology, idcode),
            inputs: &[routed],
            results: &[bitstream],
            log: "pack.log",
        };
        self.runner.task(round, &packing)?;
        self.product(bitstream)
    }

    fn product(&self, name: &str) -> Result<Product, FlowError> {
        let path = self.path(name);
        let bytes = fs::read(&path).at(&path)?;
        let read = Bitstream::read(&bytes);
        let bitstream = read.map_err(|source| FlowError::Bitstream { file: path.clone(), source })?;
        let check = bitstream.check(self.spec.board);
        check.map_err(|source| FlowError::WrongBoard { file: path.clone(), source })?;
        Ok(Product { sha256: sha256(&bytes), path })
    }
}

/// Inserts hold buffers into the synthesised netlist of an ECP5, and chooses by which inputs its delay lines are connected.
fn prepare_placement(runner: &Runner<'_>, passes: Passes, array: &ChipArray) -> Result<(), FlowError> {
    let mut netlist: Netlist = runner.json(Stage::Synth, file::SYNTHESISED)?;
    if let ChipArray::Folded(_) = array {
        // Global networks have no skew that a LUT could mend.
        netlist
            .connect_delays_by_b()
            .map_err(|error| runner.wrong(Stage::Synth, file::SYNTHESISED, &error))?;
        return write(runner, file::BUFFERED, &netlist);
    }
    let trims = passes == Passes::Trimmed;
    let place = if trims { BufferPlace::ShorterSide } else { BufferPlace::Start };
    let edited = netlist.insert_hold_buffers(place).and_then(|_| match trims {
        true => netlist.connect_delays_by_b(),
        false => Ok(()),
    });
    edited.map_err(|error| runner.wrong(Stage::Synth, file::SYNTHESISED, &error))?;
    write(runner, file::BUFFERED, &netlist)
}

/// Writes a netlist into the build's folder.
fn write(runner: &Runner<'_>, name: &str, netlist: &Netlist) -> Result<(), FlowError> {
    let text = netlist.to_json().map_err(std::io::Error::from).at(runner.path(name))?;
    runner.write(name, text)
}

/// What nextpnr said if there was too little of something: its log lists what is taken of what there is.
fn too_large(error: FlowError, board: Board) -> FlowError {
    let FlowError::Tool { log, .. } = &error else { return error };
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    match text.lines().filter_map(utilisation).find(|(_, used, available)| used > available) {
        Some((resource, used, available)) => FlowError::TooLarge { board, resource, used, available },
        None => error,
    }
}

/// What nextpnr says of clocks.
#[derive(Deserialize)]
struct RouteReport {
    fmax: BTreeMap<String, Clock>,
}

#[derive(Deserialize)]
struct Clock {
    achieved: f64,
}

/// A line of nextpnr's table of resources: `Info: ICESTORM_LC: 7754/ 7680 100%`.
fn utilisation(line: &str) -> Option<(String, u64, u64)> {
    let (resource, numbers) = line.strip_prefix("Info:")?.trim().split_once(':')?;
    let (used, rest) = numbers.split_once('/')?;
    let available = rest.split_whitespace().next()?;
    Some((resource.to_owned(), used.trim().parse().ok()?, available.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_read_from_the_log() {
        let line = "Info: \t         ICESTORM_LC:    7754/   7680   100%";
        assert_eq!(utilisation(line), Some(("ICESTORM_LC".to_owned(), 7754, 7680)));
        for other in ["Info: Device utilisation:", "ERROR: a: 1/2", "Info: routed 3/4", ""] {
            assert_eq!(utilisation(other), None, "{other}");
        }
    }
}

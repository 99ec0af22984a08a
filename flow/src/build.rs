//! A build: its stages one after the other, what each leaves behind, and the rounds until timing holds.
//!
//! Emitting and the check of timing are this program's own work and are done every time: a proof is not taken from a
//! cache. What tools made is kept by what it was made of, and taken from there.

use crate::cache::{Cache, Key, sha256, sha256_of};
use crate::chains::connect_by_b;
use crate::error::{At, FlowError};
use crate::layout::Layout;
use crate::order::Order;
use crate::padding::{Place, pad};
use crate::placed::{NotPlaced, Placed};
use crate::rounds::{Next, Rounds, Trimming};
use crate::routed::Routed;
use crate::router_log::RouterLog;
use crate::simulation::{Lesson, Simulated, Simulator, corners};
use crate::stage::Stage;
use crate::timing::{self, Findings};
use crate::toolchain::{
    Pass, Passes, ToolVersion, Toolchain, Versioned, file, packer_arguments, products, router_arguments,
    synthesis_arguments,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use wheatstone_hdl::bitstream::{Bitstream, Part};
use wheatstone_hdl::board::{Description, Pins};
use wheatstone_hdl::delays::Delays;
use wheatstone_hdl::{Board, Technology, Top};
use wheatstone_sim::{FileStem, FileStemError};
use wheatstone_tools::{ToolError, WATCH};

/// From a seed to the next one that is tried where no delay mends what is violated.
const OTHER_SEED: u64 = 1000;

/// Where a build happens and how far it goes.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder for everything it leaves behind.
    pub folder: PathBuf,
    /// Folder of the cache.
    pub cache: PathBuf,
    /// The first stage whose results are made anew even if the cache has them.
    pub from: Option<Stage>,
    /// The last stage.
    pub until: Stage,
    /// Lengths of matched delays to begin with, such as those of an earlier build; they are not made shorter.
    pub delays: Option<Delays>,
    /// What the routed chip is to learn in simulation, if anything.
    pub lesson: Option<Lesson>,
}

impl Settings {
    /// A build from beginning to end, without a lesson.
    pub fn new(folder: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Settings {
        Settings {
            folder: folder.into(),
            cache: cache.into(),
            from: None,
            until: Stage::Pack,
            delays: None,
            lesson: None,
        }
    }
}

/// One run of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageRun {
    /// Which.
    pub stage: Stage,
    /// In which round, from 1.
    pub round: u32,
    /// Whether its result was in the cache.
    pub cached: bool,
    /// How long it took here.
    pub took: Duration,
}

/// A bitstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Product {
    /// Its file.
    pub path: PathBuf,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// What a build left behind. What its last stage did not come to is absent.
#[derive(Clone, Debug)]
pub struct Built {
    /// The chip of the last round.
    pub top: Top,
    /// The tools.
    pub tools: Vec<ToolVersion>,
    /// Versions other than the pinned ones.
    pub warnings: Vec<String>,
    /// Its stages as they went.
    pub stages: Vec<StageRun>,
    /// How often it was placed and routed.
    pub rounds: u32,
    /// Seed of the placement that was taken in the end.
    pub seed: u64,
    /// SHA-256 of the Verilog, in hexadecimal.
    pub verilog_sha256: String,
    /// What is placed where.
    pub layout: Option<Layout>,
    /// What the island's clock reaches, in MHz.
    pub island_mhz: Option<f64>,
    /// Relative timing.
    pub timing: Option<Findings>,
    /// What came of the lesson, corner by corner.
    pub simulated: Vec<Simulated>,
    /// The bitstream.
    pub bitstream: Option<Product>,
}

/// What examines a routed chip; [`timing::examine`] is the one.
pub type Examine = dyn Fn(&Top, Board, &Path, &Path) -> Result<(Findings, Option<Delays>), FlowError>;

/// What a build is done with.
pub struct Means {
    /// The tools.
    pub tools: Toolchain,
    /// The check of relative timing.
    pub examine: Box<Examine>,
}

impl Means {
    /// The tools for a board that are installed here, and the check.
    ///
    /// # Errors
    /// As [`Toolchain::find`].
    pub fn find(board: Board) -> Result<Means, FlowError> {
        Ok(Means { tools: Toolchain::find(board)?, examine: Box::new(timing::examine) })
    }
}

/// Builds.
///
/// `told` hears of every stage as it begins, with its round; `stop` is asked many times a second whether to end.
///
/// # Errors
/// [`FlowError`]: a tool is missing or fails, the design is too large, timing does not hold, or it was stopped.
pub fn build(
    order: &Order,
    means: &Means,
    settings: &Settings,
    told: &mut dyn FnMut(Stage, u32),
    stop: &dyn Fn() -> bool,
) -> Result<Built, FlowError> {
    let no_device = || FlowError::NoDevice { board: order.board };
    let description = order.board.description().ok_or_else(no_device)?;
    let pins = order.board.pins().ok_or_else(no_device)?;
    fs::create_dir_all(&settings.folder).at(&settings.folder)?;
    let cache = Cache::open(&settings.cache)?;
    let (mut lengths, mut rounds) = match &settings.delays {
        Some(known) => {
            order.check_lengths(known)?;
            (known.clone(), Rounds::without_shortening())
        }
        None if Passes::of(description) == Passes::One => (order.first_lengths()?, Rounds::default()),
        None => (order.first_lengths()?, Rounds::without_shortening()),
    };
    let seed = order.seed;
    let mut run =
        Run { order, means, settings, description, pins, seed, cache, stages: Vec::new(), told, stop };
    let trims = Passes::of(description) == Passes::Trimmed && settings.delays.is_none();
    let (mut round, mut trimming) = (1, None::<Trimming>);
    let mut built = loop {
        let (built, advised) = match run.round(round, &lengths) {
            Err(FlowError::Unroutable { .. }) if trimming.is_none() && rounds.lost() => {
                (round, run.seed) = (round + 1, run.seed + OTHER_SEED);
                continue;
            }
            done => done?,
        };
        let findings = built.timing.as_ref();
        let holds = findings.and_then(Findings::holds);
        let present = built.top.array.delays().clone();
        let trimmed = findings.and_then(|findings| findings.trimmed.clone());
        let step_ps = findings.and_then(Findings::step_ps).unwrap_or(u64::MAX);
        let next = match &mut trimming {
            None => match rounds.after(holds, present.clone(), advised) {
                Next::Accept if trims => {
                    trimming.insert(Trimming::default()).after(holds, step_ps, present, trimmed)
                }
                next => next,
            },
            Some(trimming) => trimming.after(holds, step_ps, present, trimmed),
        };
        match next {
            Next::Accept => break built,
            Next::Again(other) => lengths = other,
            Next::Elsewhere => run.seed += OTHER_SEED,
            Next::GiveUp => {
                let first = findings.and_then(|findings| findings.violations.first().cloned());
                let report = run.path(file::TIMING);
                return Err(FlowError::Timing { rounds: round, first: first.unwrap_or_default(), report });
            }
        }
        round += 1;
    };
    if let Some(lesson) = settings.lesson.filter(|_| run.wanted(Stage::Simulate)) {
        built.simulated = run.simulate(&built, lesson)?;
    }
    if run.wanted(Stage::Pack) {
        built.bitstream = Some(run.pack(round)?);
    }
    built.stages = run.stages;
    Ok(built)
}

/// One run of a tool on files of the build's folder.
struct Task<'a> {
    stage: Stage,
    tool: &'a Versioned,
    arguments: Vec<String>,
    inputs: &'a [&'a str],
    /// What it leaves behind, besides its log.
    results: &'a [&'a str],
    log: &'a str,
}

struct Run<'a> {
    order: &'a Order,
    settings: &'a Settings,
    description: &'static Description,
    pins: Pins,
    /// Of the placement: the order's, or another where that is of no use.
    seed: u64,
    means: &'a Means,
    cache: Cache,
    stages: Vec<StageRun>,
    told: &'a mut dyn FnMut(Stage, u32),
    stop: &'a dyn Fn() -> bool,
}

impl Run<'_> {
    fn path(&self, name: &str) -> PathBuf {
        self.settings.folder.join(name)
    }

    fn wanted(&self, stage: Stage) -> bool {
        stage <= self.settings.until
    }

    fn begin(&mut self, stage: Stage, round: u32) -> Result<Instant, FlowError> {
        if (self.stop)() {
            return Err(FlowError::Stopped { stage });
        }
        (self.told)(stage, round);
        Ok(Instant::now())
    }

    fn end(&mut self, stage: Stage, round: u32, cached: bool, since: Instant) {
        self.stages.push(StageRun { stage, round, cached, took: since.elapsed() });
    }

    /// Writes the Verilog and gives its digest.
    fn emit(&mut self, top: &Top, round: u32) -> Result<String, FlowError> {
        let since = self.begin(Stage::Emit, round)?;
        let (Order { name, board, design, .. }, seed) = (self.order, self.seed);
        // The order, not the words of the command line: the same order is the same text.
        let command =
            format!("wheatstone build {name} --board {board} --format {} --seed {seed}", design.format());
        let verilog = top.verilog(*board, &command).map_err(wheatstone_hdl::TopError::from)?;
        let path = self.path(file::DESIGN);
        fs::write(&path, &verilog).at(&path)?;
        self.end(Stage::Emit, round, false, since);
        Ok(sha256(verilog))
    }

    /// Everything but packing. Gives other lengths of matched delays if they are advised.
    fn round(&mut self, round: u32, lengths: &Delays) -> Result<(Built, Option<Delays>), FlowError> {
        let top = self.order.top(Some(lengths))?;
        let verilog_sha256 = self.emit(&top, round)?;
        let mut built = Built {
            top,
            tools: self.means.tools.versions(),
            warnings: self.means.tools.warnings(),
            stages: Vec::new(),
            rounds: round,
            seed: self.seed,
            verilog_sha256,
            layout: None,
            island_mhz: None,
            timing: None,
            simulated: Vec::new(),
            bitstream: None,
        };
        if !self.wanted(Stage::Synth) {
            return Ok((built, None));
        }
        let synthesis = Task {
            stage: Stage::Synth,
            tool: &self.means.tools.synthesis,
            arguments: synthesis_arguments(self.description),
            inputs: &[file::DESIGN],
            results: &[file::SYNTHESISED],
            log: "synth.log",
        };
        self.one(round, &synthesis)?;
        if !self.wanted(Stage::Route) {
            return Ok((built, None));
        }
        if self.description.technology() == Technology::Ecp5 {
            self.pad()?;
        }
        self.route(round, &built.top)?;
        built.island_mhz = Some(self.island_clock()?);
        built.layout = Some(self.layout(&built.top)?);
        if !self.wanted(Stage::Timing) {
            return Ok((built, None));
        }
        let (findings, advised) = self.timing(&built.top, round)?;
        built.timing = Some(findings);
        Ok((built, advised))
    }

    fn pad(&self) -> Result<(), FlowError> {
        let mut netlist = self.json(Stage::Synth, file::SYNTHESISED)?;
        let trims = Passes::of(self.description) == Passes::Trimmed;
        let wrong = |error| self.wrong(Stage::Synth, file::SYNTHESISED, &error);
        pad(&mut netlist, if trims { Place::Shorter } else { Place::Beginning }).map_err(wrong)?;
        if trims {
            connect_by_b(&mut netlist).map_err(wrong)?;
        }
        self.write_json(file::PADDED, &netlist)
    }

    fn route(&mut self, round: u32, top: &Top) -> Result<(), FlowError> {
        let since = self.begin(Stage::Route, round)?;
        let pins = self.path(self.pins.file);
        fs::write(&pins, self.pins.text).at(&pins)?;
        let cached = match Passes::of(self.description) {
            Passes::One => self.nextpnr(Pass::Whole)?,
            Passes::Trimmed => self.route_trimmed(top)?,
            Passes::FiresFirst => self.route_fires_first()?,
        };
        self.end(Stage::Route, round, cached, since);
        Ok(())
    }

    /// Places, trims delays, and routes; says whether all of it was in the cache.
    fn route_trimmed(&self, top: &Top) -> Result<bool, FlowError> {
        let of = |name| move |error: NotPlaced| self.wrong(Stage::Route, name, &error);
        let mut cached = self.nextpnr(Pass::Places)?;
        let placed = Placed::new(self.json(Stage::Route, file::PLACED)?).map_err(of(file::PLACED))?;
        let begun = placed.trimmed(top.array.delays()).map_err(of(file::PLACED))?;
        self.write_json(file::BEGUN, &begun)?;
        cached &= self.nextpnr(Pass::Rest)?;
        self.give_ports(&placed)?;
        Ok(cached)
    }

    /// Gives the routed netlist its ports back.
    fn give_ports(&self, placed: &Placed) -> Result<(), FlowError> {
        let mut routed = self.json(Stage::Route, file::ROUTED)?;
        let given = placed.give_ports_to(&mut routed);
        given.map_err(|error| self.wrong(Stage::Route, file::ROUTED, &error))?;
        self.write_json(file::ROUTED, &routed)
    }

    /// Places, routes fires and joins, and then everything else; says whether all of it was in the cache.
    fn route_fires_first(&self) -> Result<bool, FlowError> {
        let read = |name| self.json(Stage::Route, name);
        let of = |name| move |error: NotPlaced| self.wrong(Stage::Route, name, &error);
        let mut cached = self.nextpnr(Pass::Places)?;
        let placed = Placed::new(read(file::PLACED)?).map_err(of(file::PLACED))?;
        self.write_json(file::FIRES, &placed.fires_alone().map_err(of(file::PLACED))?)?;
        cached &= self.nextpnr(Pass::Fires)?;
        let begun = placed.with_wires_of(read(file::ROUTED_FIRES)?).map_err(of(file::ROUTED_FIRES))?;
        self.write_json(file::BEGUN, &begun)?;
        cached &= self.nextpnr(Pass::Rest)?;
        self.give_ports(&placed)?;
        Ok(cached)
    }

    /// A pass of nextpnr; says whether its result was in the cache.
    fn nextpnr(&self, pass: Pass) -> Result<bool, FlowError> {
        let nextpnr = Task {
            stage: Stage::Route,
            tool: &self.means.tools.router,
            arguments: router_arguments(self.description, pass, self.pins.file, self.seed),
            inputs: &[pass.netlist(self.description.technology()), self.pins.file],
            results: &pass.results(self.description.technology()),
            log: pass.log(),
        };
        self.tool(&nextpnr).map_err(|error| self.too_large(error))
    }

    /// A file that a stage left and that says something else than it should.
    fn wrong(&self, stage: Stage, name: &str, error: &dyn Display) -> FlowError {
        FlowError::Format { stage, file: self.path(name), message: error.to_string() }
    }

    /// JSON that a stage left.
    fn json<T: DeserializeOwned>(&self, stage: Stage, name: &str) -> Result<T, FlowError> {
        let path = self.path(name);
        let text = fs::read(&path).at(&path)?;
        serde_json::from_slice(&text).map_err(|error| self.wrong(stage, name, &error))
    }

    fn write_json(&self, name: &str, value: &Value) -> Result<(), FlowError> {
        let path = self.path(name);
        let text = serde_json::to_vec(value).map_err(std::io::Error::from).at(&path)?;
        fs::write(&path, text).at(&path)
    }

    fn pack(&mut self, round: u32) -> Result<Product, FlowError> {
        let idcode = match self.order.board.part() {
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
        self.one(round, &packing)?;
        self.product(bitstream)
    }

    /// A stage that is one task.
    fn one(&mut self, round: u32, task: &Task<'_>) -> Result<(), FlowError> {
        let since = self.begin(task.stage, round)?;
        let cached = self.tool(task)?;
        self.end(task.stage, round, cached, since);
        Ok(())
    }

    /// Runs a tool, or takes what it once made of the same; says whether that was so.
    fn tool(&self, task: &Task<'_>) -> Result<bool, FlowError> {
        let &Task { stage, tool, ref arguments, inputs, results, log: log_name } = task;
        let mut key = Key::default().with("tool", &tool.version);
        for argument in arguments {
            key = key.with("argument", argument);
        }
        for name in inputs {
            let path = self.path(name);
            key = key.with(name, sha256_of(&path).at(path)?);
        }
        let anew = self.settings.from.is_some_and(|from| stage >= from);
        let found = if anew { None } else { self.cache.find(&key) };
        let cached = found.is_some();
        let entry = match found {
            Some(entry) => entry,
            None => {
                let place = self.cache.workplace()?;
                for name in inputs {
                    let (from, to) = (self.path(name), place.path().join(name));
                    fs::copy(&from, &to).at(from)?;
                }
                let log = self.path(log_name);
                let mut router = RouterLog::default();
                let mut is_lost = false;
                let done = tool.tool.run_logged(arguments, place.path(), &log, || {
                    is_lost = stage == Stage::Route && router.is_lost(&log);
                    is_lost || (self.stop)()
                });
                done.map_err(|source| match source {
                    ToolError::Stopped { .. } if is_lost => {
                        FlowError::Unroutable { attempts: router.attempts(), log: log.clone() }
                    }
                    ToolError::Stopped { .. } => FlowError::Stopped { stage },
                    source => FlowError::Tool { stage, log: log.clone(), source },
                })?;
                if let Some(name) = results.iter().find(|name| !place.path().join(name).is_file()) {
                    return Err(self.wrong(stage, name, &"the tool ended well and did not write it"));
                }
                fs::copy(&log, place.path().join(log_name)).at(&log)?;
                self.cache.keep(&key, place, &[results, &[log_name]].concat())?
            }
        };
        for name in results.iter().copied().chain([log_name]) {
            let to = self.path(name);
            // A log that was just written lies there already.
            if cached || name != log_name {
                fs::copy(entry.join(name), &to).at(to)?;
            }
        }
        Ok(cached)
    }

    /// What nextpnr said if there was too little of something: its log lists what is taken of what there is.
    fn too_large(&self, error: FlowError) -> FlowError {
        let FlowError::Tool { log, .. } = &error else { return error };
        let text =
            fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        match text.lines().filter_map(utilisation).find(|(_, used, available)| used > available) {
            Some((resource, used, available)) => {
                FlowError::TooLarge { board: self.order.board, resource, used, available }
            }
            None => error,
        }
    }

    /// What the island's clock reaches; an error if that is not enough for the crystal.
    fn island_clock(&self) -> Result<f64, FlowError> {
        let report: RouteReport = self.json(Stage::Route, file::REPORT)?;
        // All other clocks are fires.
        let island = report.fmax.iter().filter(|(name, _)| !name.contains("bordered_array"));
        let achieved = island.map(|(_, clock)| clock.achieved).min_by(f64::total_cmp);
        let achieved_mhz = achieved
            .ok_or_else(|| self.wrong(Stage::Route, file::REPORT, &"it tells of no clock of the island"))?;
        let needed_mhz = f64::from(self.description.island.clock_hz) / 1e6;
        if achieved_mhz < needed_mhz {
            return Err(FlowError::Slow { board: self.order.board, achieved_mhz, needed_mhz });
        }
        Ok(achieved_mhz)
    }

    fn layout(&self, top: &Top) -> Result<Layout, FlowError> {
        let path = self.path(file::ROUTED);
        let text = fs::read(&path).at(&path)?;
        Layout::read(&text, top).map_err(|error| self.wrong(Stage::Route, file::ROUTED, &error))
    }

    /// The check, its findings in a file, and which other lengths it advises.
    fn timing(&mut self, top: &Top, round: u32) -> Result<(Findings, Option<Delays>), FlowError> {
        let since = self.begin(Stage::Timing, round)?;
        let (netlist, delays) = (self.path(file::ROUTED), self.path(file::DELAYS));
        let (findings, advised) = (self.means.examine)(top, self.order.board, &netlist, &delays)?;
        let report = self.path(file::TIMING);
        let text = serde_json::to_vec_pretty(&findings).map_err(std::io::Error::from).at(&report)?;
        fs::write(&report, text).at(&report)?;
        self.end(Stage::Timing, round, false, since);
        Ok((findings, advised))
    }

    /// The routed chip takes its lesson in all corners at once, and learns what the model learns.
    fn simulate(&mut self, built: &Built, lesson: Lesson) -> Result<Vec<Simulated>, FlowError> {
        let simulator = Simulator::find()?;
        let since = self.begin(Stage::Simulate, built.rounds)?;
        let (netlist, delays) = (self.path(file::ROUTED), self.path(file::DELAYS));
        let unreadable = |message| FlowError::Unreadable { message };
        let routed = Routed::read(&netlist, &delays).map_err(|error| unreadable(error.to_string()))?;
        let times = built.timing.as_ref().and_then(|findings| findings.times);
        let sample_ps = times.map_or(0, |times| times.sample_ps(lesson.steps.into()));
        let sample_us = sample_ps.div_ceil(1_000_000);
        let (board, folder) = (self.order.board, &self.settings.folder);
        let stopped = AtomicBool::new(false);
        let stop = || stopped.load(Ordering::Relaxed);
        let run =
            |corner| simulator.run(&built.top, board, &routed, corner, lesson, sample_us, folder, &stop);
        let results: Vec<Result<Simulated, FlowError>> = thread::scope(|scope| {
            let runs: Vec<_> =
                corners(board).iter().map(|&corner| scope.spawn(move || run(corner))).collect();
            while runs.iter().any(|run| !run.is_finished()) {
                stopped.fetch_or((self.stop)(), Ordering::Relaxed);
                thread::sleep(WATCH);
            }
            runs.into_iter().map(|run| run.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        let all = results.into_iter().collect::<Result<Vec<Simulated>, FlowError>>()?;
        if let Some(simulated) = all.iter().find(|simulated| !simulated.passed()) {
            return Err(FlowError::Wrong { simulated: simulated.clone(), folder: folder.clone() });
        }
        self.end(Stage::Simulate, built.rounds, false, since);
        Ok(all)
    }

    fn product(&self, name: &str) -> Result<Product, FlowError> {
        let path = self.path(name);
        let bytes = fs::read(&path).at(&path)?;
        let read = Bitstream::read(&bytes);
        let bitstream = read.map_err(|source| FlowError::Bitstream { file: path.clone(), source })?;
        let check = bitstream.check(self.order.board);
        check.map_err(|source| FlowError::WrongBoard { file: path.clone(), source })?;
        Ok(Product { sha256: sha256(&bytes), path })
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

/// The folder a build leaves its files in, unless another is asked for.
///
/// # Errors
/// [`FileStemError`] if what is built is called what no folder can be.
pub fn default_folder(order: &Order) -> Result<PathBuf, FileStemError> {
    let stem = FileStem::new("name", &order.name)?;
    Ok(Path::new("build").join(order.board.name()).join(format!("{stem}-seed{}", order.seed)))
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

//! A build: from a design to a bitstream, stage by stage, attempt by attempt until timing holds.
//!
//! Emitting and the check of timing are this program's own work and are done every time: a proof is not taken from a
//! cache. What tools made is kept by what it was made of, and taken from there. [`closure`](crate::closure) decides what is attempted
//! next.

mod runner;
mod stages;

use crate::closure::{AttemptOutcome, Closure, Next};
use crate::error::FlowError;
use crate::layout::Layout;
use crate::simulation::{Simulated, TrainingRun};
use crate::spec::BuildSpec;
use crate::stage::Stage;
use crate::timing::{self, Findings};
use crate::toolchain::{Passes, ToolVersion, Toolchain, file};
use runner::Runner;
use serde::Serialize;
use stages::Stages;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wheatstone_hdl::delays::Delays;
use wheatstone_hdl::{Board, Chip};
use wheatstone_sim::{FileStem, FileStemError};

/// Where a build happens and how far it goes.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder for everything it leaves behind.
    pub folder: PathBuf,
    /// Folder of the cache.
    pub cache: PathBuf,
    /// The first stage whose results are made anew even if the cache has them.
    pub from: Option<Stage>,
    /// The last stage that is run.
    pub until: Stage,
    /// Lengths of matched delays to begin with, such as those of an earlier build; they are not made shorter.
    pub delays: Option<Delays>,
    /// What the routed chip is to learn in simulation, if anything.
    pub training: Option<TrainingRun>,
}

impl Settings {
    /// A build from beginning to end, without a training.
    pub fn new(folder: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Settings {
        Settings {
            folder: folder.into(),
            cache: cache.into(),
            from: None,
            until: Stage::Pack,
            delays: None,
            training: None,
        }
    }
}

/// One run of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageRun {
    /// The stage that ran.
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
    /// The file in the build's folder.
    pub path: PathBuf,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// What a build left behind. What its last stage did not come to is absent.
#[derive(Clone, Debug)]
pub struct Built {
    /// The chip of the last round.
    pub chip: Chip,
    /// The tools it was made with.
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
    /// What the check of relative timing found.
    pub timing: Option<Findings>,
    /// What came of the training, corner by corner.
    pub simulated: Vec<Simulated>,
    /// The bitstream, read back and found to be for the board.
    pub bitstream: Option<Product>,
}

/// What examines a routed chip; [`timing::examine`] is the one.
pub type Examine = dyn Fn(&Chip, Board, &Path, &Path) -> Result<(Findings, Option<Delays>), FlowError>;

/// What a build is done with.
pub struct Means {
    /// The tools for the board's family.
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
    spec: &BuildSpec,
    means: &Means,
    settings: &Settings,
    told: &mut dyn FnMut(Stage, u32),
    stop: &dyn Fn() -> bool,
) -> Result<Built, FlowError> {
    let runner = Runner::new(settings, told, stop)?;
    let mut stages = Stages::new(spec, means, runner)?;
    let mut built = close_timing(&mut stages, settings.delays.as_ref())?;
    if let Some(training) = settings.training.filter(|_| stages.wanted(Stage::Simulate)) {
        built.simulated = stages.simulate(&built, training)?;
    }
    if stages.wanted(Stage::Pack) {
        built.bitstream = Some(stages.pack(built.rounds)?);
    }
    built.stages = stages.runs();
    Ok(built)
}

/// Attempts the chip until timing closes.
fn close_timing(stages: &mut Stages<'_>, proven: Option<&Delays>) -> Result<Built, FlowError> {
    let lengths = match proven {
        Some(lengths) => {
            stages.spec.check_lengths(lengths)?;
            lengths.clone()
        }
        None => stages.spec.first_lengths()?,
    };
    let passes = Passes::of(stages.description, stages.spec.array);
    let mut closure = Closure::new(lengths, proven.is_some(), stages.spec.seed, passes);
    loop {
        let attempted = attempt(stages, &closure);
        let next = closure.after(match &attempted {
            Ok((built, advised)) => outcome(built, advised.clone()),
            Err(FlowError::Unroutable { .. }) => AttemptOutcome::NotRouted,
            Err(_) => return attempted.map(|(built, _)| built),
        });
        match (next, attempted) {
            (Next::TryAgain, _) => {}
            (Next::Accept, attempted) => return attempted.map(|(built, _)| built),
            (Next::GiveUp, attempted) => {
                let (built, _) = attempted?;
                let violations = built.timing.map(|findings| findings.violations).unwrap_or_default();
                let first = violations.into_iter().next().unwrap_or_default();
                return Err(FlowError::Timing {
                    rounds: built.rounds,
                    first,
                    report: stages.path(file::TIMING),
                });
            }
        }
    }
}

/// Everything between the design and the check of timing, as far as it is wanted. Gives other lengths of delay lines if they are
/// advised.
fn attempt(stages: &mut Stages<'_>, closure: &Closure) -> Result<(Built, Option<Delays>), FlowError> {
    let attempt = closure.attempt();
    let chip = stages.spec.chip(Some(&attempt.lengths))?;
    let verilog_sha256 = stages.emit(&chip, attempt)?;
    let mut built = Built {
        chip,
        tools: stages.means.tools.versions(),
        warnings: stages.means.tools.warnings(),
        stages: Vec::new(),
        rounds: attempt.round,
        seed: attempt.seed,
        verilog_sha256,
        layout: None,
        island_mhz: None,
        timing: None,
        simulated: Vec::new(),
        bitstream: None,
    };
    let mut advised = None;
    if stages.wanted(Stage::Synth) {
        stages.synthesise(attempt)?;
    }
    if stages.wanted(Stage::Route) {
        stages.route(&built.chip, attempt)?;
        built.island_mhz = Some(stages.island_clock()?);
        built.layout = Some(stages.layout(&built.chip)?);
    }
    if stages.wanted(Stage::Timing) {
        let (findings, other) = stages.check_timing(&built.chip, attempt)?;
        (built.timing, advised) = (Some(findings), other);
    }
    Ok((built, advised))
}

/// What timing closure is told of a chip.
fn outcome(built: &Built, advised: Option<Delays>) -> AttemptOutcome {
    let findings = built.timing.as_ref();
    AttemptOutcome::Routed {
        holds: findings.and_then(Findings::holds),
        step_ps: findings.and_then(Findings::step_ps),
        lengths: built.chip.array.delays().clone(),
        advised,
        trimmed: findings.and_then(|findings| findings.trimmed.clone()),
    }
}

/// The folder a build leaves its files in, unless another is asked for.
///
/// # Errors
/// [`FileStemError`] if what is built is called what no folder can be.
pub fn default_folder(spec: &BuildSpec) -> Result<PathBuf, FileStemError> {
    let stem = FileStem::new("name", &spec.name)?;
    Ok(Path::new("build").join(spec.board.name()).join(format!("{stem}-seed{}", spec.seed)))
}

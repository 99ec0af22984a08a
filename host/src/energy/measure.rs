//! The measuring method: baselines take turns under the same sources, with idle blocks in between.
//!
//! `docs/energy-method.md` tells why; this is the procedure. It knows no wall clock and no device: the clock and the
//! sources are given, so that its tests run in virtual time.

use super::clock::Clock;
use super::measurement::{Measurement, Round};
use super::plan::{Plan, PlanError};
use super::source::{Description, EnergySource, Mark, SourceError};
use super::units::{Bounded, Joule, Watt};
use std::ops::ControlFlow;
use std::time::Duration;
use thiserror::Error;
use wheatstone_measure::Turn;
use wheatstone_sim::{BoxedError, Categorized, ErrorCategory};

/// Calls are made to last about so much, or a twentieth of a block: sources are read and the user heard in between.
const CALL: Duration = Duration::from_secs(1);

/// More units than this in one call, and the clock has still not moved.
const MOST_UNITS: u64 = 1 << 40;

/// Does so many units of work.
pub type Run<'a> = Box<dyn FnMut(u64) -> Result<(), BoxedError> + 'a>;

/// One of those that are compared.
pub struct Baseline<'a> {
    /// Its name in results and messages.
    pub name: String,
    /// Its work. It returns when the work is done, on every device, and not when it is queued.
    pub run: Run<'a>,
}

impl<'a> Baseline<'a> {
    /// A baseline that does its work in `run`.
    pub fn new(name: impl Into<String>, run: impl FnMut(u64) -> Result<(), BoxedError> + 'a) -> Baseline<'a> {
        Baseline { name: name.into(), run: Box::new(run) }
    }
}

/// How far a measurement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What happens at present.
    pub activity: Activity,
    /// Blocks of work that are done.
    pub done: usize,
    /// Blocks of work in all.
    pub blocks: usize,
}

/// What happens in a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// The baseline of this number works, and nothing counts.
    WarmUp(usize),
    /// The baseline of this number works.
    Work(usize),
    /// The machine rests.
    Idle,
}

/// A measurement that did not come to its end.
#[derive(Debug, Error)]
pub enum MeasureError {
    /// The plan asks for what cannot be measured.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A source of energy cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A baseline cannot do its work.
    #[error("{baseline}: {source}")]
    Run {
        /// Name of the baseline.
        baseline: String,
        /// Why its work failed.
        source: BoxedError,
    },
    /// No amount of work takes time.
    #[error("{baseline}: {units} units take no time; its `run` must do the work before it returns")]
    NoTime {
        /// Name of the baseline.
        baseline: String,
        /// Units in one call.
        units: u64,
    },
    /// Somebody stopped it.
    #[error("the measurement was interrupted after {done} of {blocks} blocks; nothing is kept of it")]
    Interrupted {
        /// Blocks of work that were done.
        done: usize,
        /// Blocks of work there would have been.
        blocks: usize,
    },
}

impl Categorized for MeasureError {
    fn category(&self) -> ErrorCategory {
        match self {
            MeasureError::Plan(error) => error.category(),
            MeasureError::Source(error) => error.category(),
            MeasureError::Run { source, .. } => source.category(),
            MeasureError::NoTime { .. } => ErrorCategory::Failed,
            MeasureError::Interrupted { .. } => ErrorCategory::Interrupted,
        }
    }
}

/// Measures baselines against each other by a plan.
///
/// `watch` sees the progress about every second and stops the measurement with `Break`.
///
/// # Errors
/// [`MeasureError`]. A plan or a source that cannot do what is asked is told before the first block.
pub fn measure(
    baselines: &mut [Baseline<'_>],
    sources: &mut [Box<dyn EnergySource>],
    plan: &Plan,
    clock: &dyn Clock,
    watch: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Measurement, MeasureError> {
    plan.check(baselines.len())?;
    for source in sources.iter() {
        let least = source.resolution().least_duration();
        let duration = plan.block.min(plan.idle);
        if duration < least {
            let name = source.describe().name.clone();
            return Err(SourceError::TooShort { name, duration, least }.into());
        }
    }
    let turns = plan.turns(baselines.len());
    let blocks = turns.iter().map(Vec::len).sum();
    let progress = Progress { activity: Activity::Idle, done: 0, blocks };
    let mut procedure = Procedure { baselines, sources, plan, clock, watch, progress };
    let units = procedure.warm_up()?;
    let mut idle = vec![procedure.idle()?];
    let mut groups: Vec<Vec<(Turn, Block)>> = Vec::new();
    for group in turns {
        let mut done = Vec::new();
        for turn in group {
            done.push((turn, procedure.work(turn.baseline, units[turn.baseline])?));
        }
        groups.push(done);
        idle.push(procedure.idle()?);
    }
    procedure.evaluate(&groups, &idle)
}

/// What some work took.
#[derive(Clone, Debug, PartialEq)]
pub struct Spent {
    /// Time on the clock.
    pub time: Duration,
    /// The energy by every source that could meter it: one that the work is too short for says nothing.
    pub energy: Vec<(Description, Bounded<Joule>)>,
}

/// Does some work once and says what it took, idle power included.
pub fn spend<T>(
    sources: &mut [Box<dyn EnergySource>],
    clock: &dyn Clock,
    work: impl FnOnce() -> T,
) -> (T, Spent) {
    let mut marks =
        || -> Vec<Option<Mark>> { sources.iter_mut().map(|source| source.mark(clock.now()).ok()).collect() };
    let (start, begun) = (marks(), clock.now());
    let done = work();
    let (time, end) = (clock.now() - begun, marks());
    let ends = start.into_iter().zip(end);
    let energy = sources.iter_mut().zip(ends).filter_map(|(source, (start, end))| {
        let energy = source.energy(start?, end?).ok()?;
        Some((source.describe().clone(), energy))
    });
    (done, Spent { time, energy: energy.collect() })
}

/// What happened between two marks.
struct Block {
    /// Marks at the beginning of the block, by source.
    start: Vec<Mark>,
    /// Marks at its end, by source.
    end: Vec<Mark>,
    time: Duration,
    work: u64,
}

/// A measurement under way.
struct Procedure<'m, 'c> {
    baselines: &'m mut [Baseline<'c>],
    sources: &'m mut [Box<dyn EnergySource>],
    plan: &'m Plan,
    clock: &'m dyn Clock,
    watch: &'m mut dyn FnMut(&Progress) -> ControlFlow<()>,
    progress: Progress,
}

impl Procedure<'_, '_> {
    /// The time between two looks at sources and user.
    fn call_time(&self) -> Duration {
        CALL.min(self.plan.block / 20)
    }

    /// Reads all sources.
    fn mark(&mut self) -> Result<Vec<Mark>, SourceError> {
        let clock = self.clock;
        self.sources.iter_mut().map(|source| source.mark(clock.now())).collect()
    }

    fn look(&mut self, activity: Activity) -> Result<(), MeasureError> {
        self.progress.activity = activity;
        match (self.watch)(&self.progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                let Progress { done, blocks, .. } = self.progress;
                Err(MeasureError::Interrupted { done, blocks })
            }
        }
    }

    fn call(&mut self, index: usize, units: u64) -> Result<(), MeasureError> {
        let Baseline { name, run } = &mut self.baselines[index];
        run(units).map_err(|source| MeasureError::Run { baseline: name.clone(), source })
    }

    /// Lets every baseline work without counting, and finds how many units a call should have.
    fn warm_up(&mut self) -> Result<Vec<u64>, MeasureError> {
        (0..self.baselines.len())
            .map(|index| {
                let begun = self.clock.now();
                let mut units = 1;
                loop {
                    let before = self.clock.now();
                    self.call(index, units)?;
                    self.look(Activity::WarmUp(index))?;
                    let now = self.clock.now();
                    if (now - before) * 2 < self.call_time() {
                        if units >= MOST_UNITS {
                            let baseline = self.baselines[index].name.clone();
                            return Err(MeasureError::NoTime { baseline, units });
                        }
                        units *= 2;
                    } else if now - begun >= self.plan.warm_up {
                        return Ok(units);
                    }
                }
            })
            .collect()
    }

    /// A block of one baseline's work.
    fn work(&mut self, index: usize, units: u64) -> Result<Block, MeasureError> {
        let start = self.mark()?;
        let begun = self.clock.now();
        let mut work = 0;
        loop {
            self.call(index, units)?;
            work += units;
            let time = self.clock.now() - begun;
            let marks = self.mark()?;
            if time >= self.plan.block {
                self.progress.done += 1;
                self.look(Activity::Work(index))?;
                return Ok(Block { start, end: marks, time, work });
            }
            self.look(Activity::Work(index))?;
        }
    }

    /// A block in which nobody works, after the traces of work have faded.
    fn idle(&mut self) -> Result<Block, MeasureError> {
        self.rest(self.plan.settle)?;
        let start = self.mark()?;
        let begun = self.clock.now();
        self.rest(self.plan.idle)?;
        let time = self.clock.now() - begun;
        Ok(Block { start, end: self.mark()?, time, work: 0 })
    }

    fn rest(&mut self, duration: Duration) -> Result<(), MeasureError> {
        let until = self.clock.now() + duration;
        loop {
            let left = until.saturating_sub(self.clock.now());
            if left.is_zero() {
                return Ok(());
            }
            self.clock.sleep(left.min(CALL));
            self.mark()?;
            self.look(Activity::Idle)?;
        }
    }

    /// Energies of a block by source, and over which times.
    fn energies(&mut self, block: &Block) -> Result<Vec<(Bounded<Joule>, Duration)>, SourceError> {
        let marks = block.start.iter().zip(&block.end);
        let read = |(source, (&start, &end)): (&mut Box<dyn EnergySource>, (&Mark, &Mark))| {
            Ok((source.energy(start, end)?, end.at.saturating_sub(start.at)))
        };
        self.sources.iter_mut().zip(marks).map(read).collect()
    }

    fn evaluate(
        mut self,
        groups: &[Vec<(Turn, Block)>],
        idle: &[Block],
    ) -> Result<Measurement, MeasureError> {
        let mut idle_power: Vec<Vec<Bounded<Watt>>> = Vec::new();
        for block in idle {
            let energies = self.energies(block)?;
            idle_power.push(energies.into_iter().map(|(e, time)| e.map(|joule| joule / time)).collect());
        }
        let empty = Round::empty(self.sources.len());
        let mut rounds = vec![vec![empty; self.plan.rounds]; self.baselines.len()];
        for (number, group) in groups.iter().enumerate() {
            for (turn, block) in group {
                let energies = self.energies(block)?;
                let round = &mut rounds[turn.baseline][turn.round];
                round.work += block.work;
                round.time += block.time;
                for (source, (energy, time)) in energies.into_iter().enumerate() {
                    // What would have been used anyway, by the idle blocks on both sides.
                    let around = idle_power[number][source] + idle_power[number + 1][source];
                    round.energy[source] = round.energy[source] + energy;
                    round.idle_energy[source] =
                        round.idle_energy[source] + around.map(|power| (power / 2.0) * time);
                }
            }
        }
        let sources = self.sources.iter().map(|source| source.describe().clone()).collect();
        let accuracies = self.sources.iter().map(|source| source.resolution().accuracy).collect();
        Ok(Measurement { sources, accuracies, rounds })
    }
}

#[cfg(test)]
mod tests;

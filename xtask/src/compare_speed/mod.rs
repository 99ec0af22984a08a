//! `cargo xtask compare-speed`: training steps of the model beside those of other software, at equal, checked error.
//!
//! This side only asks, judges and counts; who computes lives in processes of its own and times itself. What is compared
//! and why is told in `docs/benchmarks.md`.

mod accuracy;
mod arena;
mod progress;
mod report;
mod task;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use crate::invocation::Invocation;
use crate::{paths, venv};
use arena::{Arena, Schedule};
use progress::Progress;
use report::{Contest, Report};
use task::Drive;
use wheatstone_measure::training_step::{Hello, Question, Request, Task, Unsuited};
use wheatstone_measure::{Machine, Worker};

/// Where tasks are handed over.
const FOLDER: &str = "target/compare-speed";
const SCRIPT: &str = "xtask/baselines/training_step.py";

/// Compare a training step with scipy, PyTorch and ngspice, at equal error
///
/// Installs numpy and scipy at pinned versions into target/venv-speed, PyTorch (which takes 6 GB with the CUDA libraries
/// that its package insists on; only the processor is used) into target/venv-torch. ngspice comes from the system. What
/// cannot be had is reported as missing.
#[derive(clap::Args)]
pub struct Args {
    /// Numbers of nodes, squares of multiples of 4
    #[arg(long, value_delimiter = ',', default_value = "16,1024,16384")]
    nodes: Vec<u32>,
    /// Ways to drive them; all that suit the numbers of nodes where none is named
    #[arg(long, value_delimiter = ',')]
    drives: Vec<Drive>,
    /// Others to compare with
    #[arg(
        long = "peers",
        value_name = "PEERS",
        value_delimiter = ',',
        default_value = "scipy,torch,ngspice"
    )]
    baselines: Vec<Other>,
    /// Fewer turns: wider intervals
    #[arg(long)]
    quick: bool,
    /// Leave out the table of the model's engines beside plain loops
    #[arg(long = "peers-only")]
    baselines_only: bool,
    /// Write everything that was measured to this file as well
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Software to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Other {
    Scipy,
    Torch,
    Ngspice,
}

/// Measures all tasks and prints a table for each, then what it comes to.
///
/// # Errors
/// The model cannot be built, scipy, which gives the exact solutions, is missing, or somebody fails on the way.
pub fn run(args: &Args) -> Result<()> {
    let tasks = args.nodes.iter().flat_map(|&nodes| drives(nodes).iter().map(move |&drive| (nodes, drive)));
    let tasks = tasks.filter(|(_, drive)| args.drives.is_empty() || args.drives.contains(drive));
    let schedule = |nodes| Schedule::new(nodes, if args.quick { 6 } else { 15 });
    let tasks = tasks
        .map(|(nodes, drive)| Ok((task::draw(nodes, drive, schedule(nodes).stream(), 1)?, schedule(nodes))))
        .collect::<Result<Vec<_>>>()?;

    let progress = Progress::new();
    let machine = Machine::here();
    let mut company = Company::gather(&args.baselines, &progress)?;
    let mut contests = Vec::new();
    for (task, schedule) in &tasks {
        progress.heading(&format!("{}: settings of equal error, then times in turns", task.name));
        for contest in company.compete(task, *schedule, &progress)? {
            progress.clear();
            println!("{}", contest.table());
            contests.push(contest);
        }
    }
    let Company { versions, mut missing, .. } = company;
    let engines = if args.baselines_only { None } else { engines(&progress, &mut missing) };
    let said = |program: &str, args: &str| {
        let said = Invocation::new(program).args(args.split(' ')).said();
        said.map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
    };
    let changed = if said("git", "status --porcelain").is_empty() { "" } else { "+" };
    let report = Report {
        machine,
        compiler: said("rustc", "--version"),
        revision: said("git", "rev-parse --short HEAD") + changed,
        date: wheatstone_measure::date(),
        versions,
        missing,
        bounds: accuracy::BOUNDS,
        contests,
        engines,
    };
    print!("{}", report.summary());
    args.json.as_ref().map_or(Ok(()), |path| write(path, &serde_json::to_vec_pretty(&report)?))
}

/// The smallest lattice has hardly an inside, so that its corners have to do.
fn drives(nodes: u32) -> &'static [Drive] {
    if nodes <= 64 { &[Drive::Corners] } else { &[Drive::Tiles, Drive::Border] }
}

/// The model's engines beside each other and beside plain loops, which need no other software: a bench of its own.
fn engines(progress: &Progress, missing: &mut Vec<Unsuited>) -> Option<String> {
    let bench = Invocation::cargo("bench --locked -p wheatstone-sim --bench ratios");
    progress.heading(&format!("the engines and plain loops: {bench}"));
    match bench.stdout() {
        Ok(table) => Some(table),
        Err(error) => {
            missing.push(Unsuited { name: "engines and plain loops".to_owned(), why: format!("{error:#}") });
            None
        }
    }
}

/// Aside, then renamed: what was there before is whole whatever happens.
fn write(path: &PathBuf, bytes: &[u8]) -> Result<()> {
    let mut aside = path.clone().into_os_string();
    aside.push(".partial");
    fs::write(&aside, bytes)
        .and_then(|()| fs::rename(&aside, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Everyone who takes part.
struct Company {
    /// Ours first.
    workers: Vec<Worker>,
    /// Which of them knows exact solutions.
    exact: usize,
    versions: BTreeMap<String, String>,
    missing: Vec<Unsuited>,
}

impl Company {
    fn gather(others: &[Other], progress: &Progress) -> Result<Company> {
        ensure!(others.contains(&Other::Scipy), "scipy gives the exact solutions; add it to --peers");
        let mut company =
            Company { workers: Vec::new(), exact: 1, versions: BTreeMap::new(), missing: Vec::new() };
        let ours = Invocation::cargo("bench --locked -p wheatstone-sim --bench training_step -- serve");
        progress.heading(&format!("build and start the model: {ours}"));
        company.admit("wheatstone", &ours)?;
        let python = venv::SPEED.python().context("scipy gives the exact solutions")?;
        // Without `-B` it would leave compiled files among the sources.
        let script = |python: &Invocation, group: &str| python.clone().args(["-B", SCRIPT, group]);
        company.admit("scipy", &script(&python, "scipy").env("OPENBLAS_NUM_THREADS", "1"))?;
        if company.workers.len() != 2 {
            bail!("scipy gives the exact solutions, and does not work: {}", company.missing[0].why);
        }
        if std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) {
            company.admit("scipy on all cores", &script(&python, "blas"))?;
        }
        if others.contains(&Other::Torch) {
            match venv::TORCH.python() {
                Ok(python) => company.admit("torch", &script(&python, "torch"))?,
                Err(error) => company.miss("torch", format!("{error:#}")),
            }
        }
        if others.contains(&Other::Ngspice) {
            company.admit("ngspice", &script(&python, "ngspice"))?;
        }
        Ok(company)
    }

    /// Starts a process and asks who it is.
    fn admit(&mut self, name: &str, invocation: &Invocation) -> Result<()> {
        let mut worker = Worker::start(name, &mut invocation.command())?;
        let Hello { versions, missing } = worker.ask(&Request::Hello)?;
        match missing {
            Some(why) => self.miss(name, why),
            None => {
                self.versions.extend(versions);
                self.workers.push(worker);
            }
        }
        Ok(())
    }

    fn miss(&mut self, name: &str, why: String) {
        self.missing.push(Unsuited { name: name.to_owned(), why });
    }

    /// All questions about one task.
    fn compete(&mut self, task: &Task, schedule: Schedule, progress: &Progress) -> Result<Vec<Contest>> {
        let folder = paths::root().join(FOLDER);
        let path = folder.join(format!("{}.json", task.name));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        write(&path, &serde_json::to_vec(task)?)?;
        let mut arena = Arena { workers: &mut self.workers, exact: self.exact, task, schedule, progress };
        let (entries, unsuited) = arena.load(path.to_str().context("the path of the task is not text")?)?;
        let (steps, rest) = arena::of(entries, Question::TrainingStep);
        let (equilibria, _) = arena::of(rest, Question::Equilibrium);
        let mut contests = Vec::new();
        for (question, mut entries) in [(Question::TrainingStep, steps), (Question::Equilibrium, equilibria)]
        {
            let unsuited = if question == Question::TrainingStep { unsuited.as_slice() } else { &[] };
            // With nobody to compare with there is no question.
            if entries.iter().any(|entry| entry.worker != 0) {
                arena.choose(&mut entries)?;
                arena.measure(&mut entries)?;
                contests.push(Contest::new(question, task, schedule, &entries, unsuited));
            }
        }
        Ok(contests)
    }
}

#[cfg(test)]
mod tests;

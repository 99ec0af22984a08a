//! `cargo xtask compare-sweeps`: one sweep by one process, by HyperQueue and by Slurm.

mod slurm;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use self::slurm::Slurm;
use crate::invocation::Invocation;
use crate::{paths, tool, venv};

const FOLDER: &str = "target/sweeps";
/// Jobs of the sweep whose first ones are put back into the queue.
const REQUEUED: usize = 10;
const HYPERQUEUE: &str = "xtask/baselines/hyperqueue_array.py";

/// Train a sweep of exclusive ors in one process, by HyperQueue and by Slurm, and compare times and tables
///
/// Installs HyperQueue from PyPI into target/venv-python. Slurm is installed by apt and started on this machine where the user is
/// root, and is left out with a note elsewhere. Needs Python 3.11.
#[derive(clap::Args)]
pub struct Args {
    /// Seeds of each of the ten configurations
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    seeds: u32,
    /// Into how many jobs the schedulers' sweeps are cut; may be given more than once
    #[arg(long, default_values_t = [20, 1000])]
    jobs: Vec<usize>,
    /// The program, instead of one that is built first
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Trains the same sweep in every way, and compares the tables byte for byte.
///
/// # Errors
/// The program cannot be built, a way fails, or two tables differ.
pub fn run(args: &Args) -> Result<()> {
    let program = match &args.program {
        Some(program) => std::path::absolute(program)?,
        None => tool::built_program()?,
    };
    let cores = thread::available_parallelism()?.get();
    let sweeps = Sweeps { program, folder: paths::root().join(FOLDER), seeds: args.seeds };
    drop(fs::remove_dir_all(&sweeps.folder));
    let mut rows = Vec::new();
    let folder = sweeps.plan("process")?;
    let began = Instant::now();
    sweeps.wheatstone(["sweep", "run", &folder]).run()?;
    rows.push(("one process".to_owned(), began.elapsed().as_secs_f64()));
    let table = sweeps.table(&folder)?;
    let python = venv::PACKAGE.python()?;
    let slurm = match Slurm::start(&sweeps.folder.join("slurm"), cores) {
        Ok(slurm) => Some(slurm),
        Err(error) => {
            eprintln!("note: Slurm is left out: {error:#}");
            None
        }
    };
    for &jobs in &args.jobs {
        let folder = sweeps.plan(&format!("hyperqueue-{jobs}"))?;
        let command = sweeps.shard(&folder, &format!("{{}}/{jobs}"));
        let array =
            python.clone().args([HYPERQUEUE.to_owned(), cores.to_string(), jobs.to_string()]).args(command);
        let array = array.env("TQDM_DISABLE", "1");
        array.announce(&format!("HyperQueue, {jobs} jobs"));
        let seconds = array
            .stdout()?
            .lines()
            .last()
            .unwrap_or_default()
            .parse()
            .context("HyperQueue's script says no time")?;
        rows.push((format!("HyperQueue, {jobs} jobs"), seconds));
        ensure!(sweeps.table(&folder)? == table, "HyperQueue, {jobs} jobs: another table");
        if let Some(slurm) = &slurm {
            let folder = sweeps.plan(&format!("slurm-{jobs}"))?;
            let command = sweeps.shard(&folder, &format!("$SLURM_ARRAY_TASK_ID/{jobs}")).join(" ");
            eprintln!("==> Slurm, {jobs} jobs: {command}");
            rows.push((format!("Slurm, {jobs} jobs"), slurm.array(jobs, &command)?));
            ensure!(sweeps.table(&folder)? == table, "Slurm, {jobs} jobs: another table");
        }
    }
    if let Some(slurm) = &slurm {
        let folder = sweeps.plan("slurm-requeued")?;
        let command = sweeps.shard(&folder, &format!("$SLURM_ARRAY_TASK_ID/{REQUEUED}")).join(" ");
        slurm.requeued_array(REQUEUED, &command)?;
        ensure!(sweeps.table(&folder)? == table, "Slurm, requeued: another table");
    }
    println!("{} configurations, {cores} cores; all tables are equal to the byte", 10 * args.seeds);
    for (way, seconds) in rows {
        println!("{way:22} {seconds:8.1} s");
    }
    Ok(())
}

struct Sweeps {
    program: PathBuf,
    folder: PathBuf,
    seeds: u32,
}

impl Sweeps {
    fn wheatstone<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Invocation {
        Invocation::new(self.program.to_string_lossy()).args(["--quiet"]).args(args)
    }

    /// Plans the sweep into a folder of its own.
    fn plan(&self, name: &str) -> Result<String> {
        fs::create_dir_all(&self.folder)?;
        let plan = self.folder.join("plan.toml");
        fs::write(&plan, plan_text(self.seeds))?;
        let folder = text(&self.folder.join(name));
        self.wheatstone(["sweep", "plan", &text(&plan), "--out", &folder]).run()?;
        Ok(folder)
    }

    fn table(&self, folder: &str) -> Result<String> {
        self.wheatstone(["sweep", "table", folder]).stdout()
    }

    /// The command for one job of an array.
    fn shard(&self, folder: &str, shard: &str) -> Vec<String> {
        let program = text(&self.program);
        let words = [program.as_str(), "--quiet", "sweep", "run", folder, "--threads", "1", "--shard", shard];
        words.map(str::to_owned).into()
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn plan_text(seeds: u32) -> String {
    format!(
        "seeds = {seeds}\n[base]\nextends = \"xor\"\n[grid]\nnudge.eta = [0, 1]\n\
         encoding.label = [0.05, 0.1, 0.15, 0.2, 0.25]\n"
    )
}

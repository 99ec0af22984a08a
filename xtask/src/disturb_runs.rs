//! `cargo xtask disturb-runs`: writes that fail and kills at every system call, and each time the run is gone on with.

mod trial;

use crate::tool;
use anyhow::{Result, bail};
use std::path::PathBuf;
use trial::{Disturbance, Ended, Trial};

/// Disturb small training runs in every way a disk or a cluster does, and go on with them
///
/// Every run must end with 0, 1 or 130, or killed, and `resume` must end in the bits of an undisturbed run. Needs strace.
#[derive(clap::Args)]
pub struct Args {
    /// The program; built first if left out
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Let the 1st to the N-th write fail
    #[arg(long, value_name = "N", default_value_t = 100)]
    writes: u32,
    /// Kill at every N-th system call
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    kill_step: u32,
}

/// What a sweep counted.
#[derive(Default)]
struct Count {
    runs: u32,
    good: u32,
    failed: u32,
    killed: u32,
}

impl Count {
    fn add(&mut self, ended: Ended) {
        self.runs += 1;
        match ended {
            Ended::Code(0) => self.good += 1,
            Ended::Code(_) => self.failed += 1,
            Ended::Killed => self.killed += 1,
        }
    }
}

/// Sweeps both kinds of disturbance.
///
/// # Errors
/// strace is missing, the program cannot be built, or a run ended as it must not.
pub fn run(args: &Args) -> Result<()> {
    if !trial::strace_works() {
        bail!("strace is not there or may not trace (remedy: apt-get install strace)");
    }
    let program = match &args.program {
        Some(program) => std::path::absolute(program)?,
        None => tool::built_program()?,
    };
    let folder = std::env::temp_dir().join(format!("wheatstone-disturb-runs-{}", std::process::id()));
    let trial = Trial::new(&program, &folder)?;
    let mut wrong = Vec::new();

    let mut count = Count::default();
    for error in ["ENOSPC", "EIO"] {
        for onwards in [false, true] {
            for at in 1..=args.writes {
                note(trial.disturb(&Disturbance::Write { error, at, onwards }), &mut count, &mut wrong);
            }
        }
    }
    say("writes that fail", &count);

    let mut count = Count::default();
    for kill in trial.kills()?.iter().step_by(args.kill_step as usize) {
        note(trial.disturb(kill), &mut count, &mut wrong);
    }
    say("kills", &count);

    std::fs::remove_dir_all(&folder)?;
    if wrong.is_empty() { Ok(()) } else { bail!("{} runs ended as they must not", wrong.len()) }
}

fn note(ended: Result<Ended, String>, count: &mut Count, wrong: &mut Vec<String>) {
    match ended {
        Ok(ended) => count.add(ended),
        Err(what) => {
            count.runs += 1;
            println!("{what}");
            wrong.push(what);
        }
    }
}

fn say(what: &str, count: &Count) {
    let Count { runs, good, failed, killed } = count;
    println!(
        "{what}: {runs} runs, {good} ended with 0, {failed} with 1 or 130, {killed} killed; all gone on with"
    );
}

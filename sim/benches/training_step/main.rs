//! The model's side of `cargo xtask compare-speed`: training steps and relaxations on request.
//!
//! Requests come on stdin as JSON, one a line, and each gets one line on stdout; `docs/benchmarks.md` describes them.
//! Only the work itself is timed, inside this process, so that neither the start nor the talk counts. Nothing is
//! judged here: whoever asks compares the recorded voltages with an exact solution.

#![allow(clippy::print_stdout, reason = "a word to whoever starts it by hand")]

mod task;
mod trainer;

use std::io::{BufRead, Write};

use serde_json::{Value, json};
use task::Problem;
use trainer::{Kind, Trainer};
use wheatstone_measure::training_step::{Hello, Loaded, Recorded, Request, Started, Task, Trained};

/// What is loaded and running.
#[derive(Default)]
struct Server {
    task: Option<Task>,
    running: Vec<(Kind, Trainer)>,
}

impl Server {
    fn answer(&mut self, request: &Request) -> Result<Value, Problem> {
        Ok(match request {
            Request::Hello => {
                let version = ("wheatstone-sim".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
                json!(Hello { versions: [version].into(), missing: None })
            }
            Request::Load { task } => {
                self.running.clear();
                self.task = Some(task::read(task)?);
                json!(Loaded { baselines: Kind::ALL.map(Kind::offer).into(), unsuited: Vec::new() })
            }
            Request::Start { baseline, variant, effort } => {
                let task = self.task.as_ref().ok_or(Problem::NoTask)?;
                let kind = Kind::named(baseline)?;
                let started = Trainer::start(kind, task, variant, *effort)?;
                let setting = started.setting();
                self.running.retain(|(other, _)| *other != kind);
                self.running.push((kind, started));
                json!(Started { setting })
            }
            Request::Train { baseline, samples } => {
                json!(Trained { nanoseconds: self.running(baseline)?.train(*samples)? })
            }
            Request::Record { baseline, samples } => {
                let trainer = self.running(baseline)?;
                let records = (0..*samples).map(|_| trainer.record()).collect::<Result<_, _>>()?;
                json!(Recorded { records })
            }
            Request::Solve { .. } => return Err(Problem::NotExact),
        })
    }

    fn running(&mut self, baseline: &str) -> Result<&mut Trainer, Problem> {
        let kind = Kind::named(baseline)?;
        let running = self.running.iter_mut().find(|(other, _)| *other == kind);
        running.map(|(_, trainer)| trainer).ok_or(Problem::NotStarted)
    }
}

fn main() {
    // Cargo passes `--bench`, and a person who runs all benchmarks has no requests to type.
    if !std::env::args().any(|argument| argument == "serve") {
        println!("training_step answers `cargo xtask compare-speed`; run that instead");
        return;
    }
    let mut server = Server::default();
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        let reply = serde_json::from_str(&line)
            .map_err(Problem::from)
            .and_then(|request| server.answer(&request))
            .unwrap_or_else(|problem| json!({ "error": problem.to_string() }));
        // Whoever asked may be gone, and then nothing is left to do.
        if writeln!(std::io::stdout(), "{reply}").is_err() {
            return;
        }
    }
}

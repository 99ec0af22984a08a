//! The model's side of `cargo xtask compare-speed`: training steps and relaxations on request.
//!
//! Requests come on stdin as JSON, one a line, and each gets one line on stdout; `docs/benchmarks.md` describes them.
//! Only the work itself is timed, inside this process, so that neither the start nor the talk counts. Nothing is
//! judged here: whoever asks compares the recorded voltages with an exact solution.

#![allow(clippy::print_stdout, reason = "a word to whoever starts it by hand")]

mod task;
mod trainer;

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use task::{Problem, Task};
use trainer::{Kind, Trainer};

/// What is asked.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Request {
    /// Who are you?
    Hello,
    /// Read a task file; who takes part?
    Load { task: String },
    /// Begin at the task's first state.
    Start { trainer: Kind, variant: String, effort: u32 },
    /// Go on for so many samples, and say how long it took.
    Train { trainer: Kind, samples: usize },
    /// The same, untimed, with everything that was computed.
    Record { trainer: Kind, samples: usize },
}

/// What a trainer offers.
#[derive(Serialize)]
struct Offer {
    name: Kind,
    /// Nobody else does what this one does.
    method: Kind,
    question: &'static str,
    /// One of these is chosen at the start; here formats and over-relaxation factors.
    variants: Vec<Variant>,
    /// Largest effort: relaxing steps a sample.
    efforts: u32,
}

/// One way to run a trainer.
#[derive(Serialize)]
struct Variant {
    name: String,
    /// Of a unit of effort, relative to the other variants.
    cost: f64,
}

/// What is loaded and running.
#[derive(Default)]
struct Server {
    task: Option<Task>,
    running: Vec<(Kind, Trainer)>,
}

impl Server {
    fn answer(&mut self, request: Request) -> Result<Value, Problem> {
        match request {
            Request::Hello => {
                let versions = json!({ "wheatstone-sim": env!("CARGO_PKG_VERSION") });
                Ok(json!({ "versions": versions, "missing": null }))
            }
            Request::Load { task } => {
                self.running.clear();
                self.task = Some(Task::read(&task)?);
                let offers: Vec<Offer> = Kind::ALL.map(Kind::offer).into();
                Ok(json!({ "baselines": offers, "unsuited": [] }))
            }
            Request::Start { trainer, variant, effort } => {
                let task = self.task.as_ref().ok_or(Problem::NoTask)?;
                let started = Trainer::start(trainer, task, &variant, effort)?;
                let setting = started.setting();
                self.running.retain(|(kind, _)| *kind != trainer);
                self.running.push((trainer, started));
                Ok(json!({ "setting": setting }))
            }
            Request::Train { trainer, samples } => {
                Ok(json!({ "nanoseconds": self.running(trainer)?.train(samples)? }))
            }
            Request::Record { trainer, samples } => {
                let trainer = self.running(trainer)?;
                let records: Vec<_> = (0..samples).map(|_| trainer.record()).collect::<Result<_, _>>()?;
                Ok(json!({ "records": records }))
            }
        }
    }

    fn running(&mut self, kind: Kind) -> Result<&mut Trainer, Problem> {
        let running = self.running.iter_mut().find(|(other, _)| *other == kind);
        running.map(|(_, trainer)| trainer).ok_or(Problem::NotStarted)
    }
}

impl Kind {
    fn offer(self) -> Offer {
        Offer {
            name: self,
            method: self,
            question: self.question(),
            variants: self.variants().map(|(name, cost)| Variant { name, cost }).collect(),
            efforts: 1 << 14,
        }
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
            .and_then(|request| server.answer(request))
            .unwrap_or_else(|problem| json!({ "error": problem.to_string() }));
        // Whoever asked may be gone, and then nothing is left to do.
        if writeln!(std::io::stdout(), "{reply}").is_err() {
            return;
        }
    }
}

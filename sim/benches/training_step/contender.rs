//! An engine at work on a task's stream of samples.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use wheatstone_sim::{Configuration, Engine, Fast, Learning, Omega, Sample, State, Wave};

use crate::task::{Problem, Task};

/// What takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A training step of the fast engine.
    #[serde(rename = "wheatstone")]
    Fast,
    /// The free state of the fast engine, from the state of the sample before.
    #[serde(rename = "wheatstone warm")]
    Warm,
    /// The free state of the fast engine, every time from 0 V.
    #[serde(rename = "wheatstone cold")]
    Cold,
}

impl Kind {
    /// All that take part.
    pub const ALL: [Kind; 3] = [Kind::Fast, Kind::Cold, Kind::Warm];

    /// What is computed for a sample.
    pub fn question(self) -> &'static str {
        match self {
            Kind::Fast => "training_step",
            Kind::Warm | Kind::Cold => "equilibrium",
        }
    }
}

/// What was computed for one sample: voltages in LSB of `v` by node, conductances by edge.
#[derive(Serialize)]
pub struct Record {
    /// Index of the sample.
    sample: usize,
    /// Before the learning step, in LSB of `k`.
    k: Vec<i64>,
    /// What conducted, in LSB of `g`.
    g: Vec<i64>,
    free: Vec<i64>,
    /// Empty where only the free state is asked for.
    clamped: Vec<i64>,
    /// What the learning step added, in LSB of `k`; empty likewise.
    change: Vec<i64>,
}

/// One contender between two samples.
pub struct Contender {
    kind: Kind,
    engine: Fast,
    omega: Omega,
    steps: u32,
    /// Where the stream goes on.
    next: usize,
    /// For those who begin anew with every sample.
    first: State,
}

impl Contender {
    /// At the task's first state.
    pub fn start(kind: Kind, task: &Task, variant: &str, steps: u32) -> Result<Contender, Problem> {
        let eighths = variant.parse().map_err(|_| Problem::Variant(variant.to_owned()))?;
        let omega = Omega::new(eighths)?;
        let (design, first) = task.design(omega)?;
        let configuration = Configuration { steps, learning: Learning::Quasistatic, alpha_offset: 0 };
        let engine = Fast::new(design, configuration, first.clone())?;
        Ok(Contender { kind, engine, omega, steps, next: 0, first })
    }

    /// For people.
    pub fn setting(&self) -> String {
        format!("{} steps, omega {}/8", self.steps, self.omega.eighths())
    }

    /// Goes on for so many samples; in nanoseconds.
    pub fn train(&mut self, task: &Task, samples: usize) -> Result<u64, Problem> {
        let mut taken = Duration::ZERO;
        if self.kind == Kind::Cold {
            for _ in 0..samples {
                // Going back to 0 V is no part of the question.
                self.engine.set_state(self.first.clone())?;
                let start = Instant::now();
                self.one(task)?;
                taken += start.elapsed();
            }
        } else {
            let start = Instant::now();
            for _ in 0..samples {
                self.one(task)?;
            }
            taken = start.elapsed();
        }
        Ok(u64::try_from(taken.as_nanos()).unwrap_or(u64::MAX))
    }

    /// One sample, with what was computed.
    pub fn record(&mut self, task: &Task) -> Result<Record, Problem> {
        if self.kind == Kind::Cold {
            self.engine.set_state(self.first.clone())?;
        }
        let sample = self.next;
        let k = self.engine.state().k;
        self.one(task)?;
        let after = self.engine.state();
        let format = self.engine.design().format();
        let volts = |wave| after.u(wave).iter().map(|&u| format.voltage(u)).collect();
        let learns = self.kind.question() == "training_step";
        Ok(Record {
            sample,
            g: k.iter().map(|&k| format.conductance(k)).collect(),
            free: volts(Wave::Free),
            clamped: if learns { volts(Wave::Clamped) } else { Vec::new() },
            change: if learns { after.k.iter().zip(&k).map(|(a, b)| a - b).collect() } else { Vec::new() },
            k,
        })
    }

    fn one(&mut self, task: &Task) -> Result<(), Problem> {
        let list: &[Sample] = match self.kind {
            Kind::Fast => &task.samples,
            Kind::Warm | Kind::Cold => &task.inputs_only,
        };
        let sample = &list[self.next];
        match self.kind {
            Kind::Fast => self.engine.train(sample)?,
            Kind::Warm | Kind::Cold => self.engine.relax(sample)?,
        };
        self.next = (self.next + 1) % list.len();
        Ok(())
    }
}

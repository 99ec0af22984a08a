//! An engine at work on a task's stream of samples.

use std::time::{Duration, Instant};

use wheatstone_measure::training_step::{Offer, Question, Record, Solution, Task, Variant};
use wheatstone_sim::{Configuration, Engine, Fast, Format, LearningSchedule, Omega, Wave};

use crate::task::{Assignment, Problem};

/// Long enough for a thousandth of the range, and narrow enough for products of 16 bits: V, GV, K, GK. The learning shift
/// means the same as in `wide`.
const NARROW: [u32; 4] = [14, 8, 10, 18];

/// What takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A training step of the fast engine in the task's format.
    Fast,
    /// The same in a narrow one.
    Narrow,
    /// The free state of the fast engine, from the state of the sample before.
    Warm,
    /// The free state of the fast engine, every time from 0 V.
    Cold,
}

impl Kind {
    /// All that take part.
    pub const ALL: [Kind; 4] = [Kind::Fast, Kind::Narrow, Kind::Cold, Kind::Warm];

    /// What it is called.
    fn name(self) -> &'static str {
        match self {
            Kind::Fast => "wheatstone",
            Kind::Narrow => "wheatstone narrow",
            Kind::Warm => "wheatstone warm",
            Kind::Cold => "wheatstone cold",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Result<Kind, Problem> {
        let named = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        named.ok_or_else(|| Problem::Baseline(name.to_owned()))
    }

    /// What it offers. Nobody else does what it does; its effort are relaxing steps a sample.
    pub fn offer(self) -> Offer {
        Offer {
            name: self.name().to_owned(),
            method: self.name().to_owned(),
            question: if self.learns() { Question::TrainingStep } else { Question::Equilibrium },
            variants: self.variants().map(|(name, cost)| Variant { name, cost }).collect(),
            efforts: 1 << 14,
        }
    }

    fn learns(self) -> bool {
        matches!(self, Kind::Fast | Kind::Narrow)
    }

    /// Formats and over-relaxation factors in eighths, with what a step costs relative to the others. Those first that suit
    /// most networks: a search for less than what is known is short.
    fn variants(self) -> impl Iterator<Item = (String, f64)> {
        let formats: &[(&str, f64)] = match self {
            Kind::Fast => &[("wide", 1.0)],
            Kind::Narrow => &[("narrow", 1.0)],
            Kind::Cold | Kind::Warm => &[("narrow", 0.3), ("wide", 1.0)],
        };
        [13u8, 15, 14, 12, 11, 10, 9, 8].into_iter().flat_map(move |eighths| {
            formats.iter().map(move |(format, cost)| (format!("{format} {eighths}"), *cost))
        })
    }
}

/// One trainer between two samples.
pub struct Trainer {
    kind: Kind,
    engine: Fast,
    assignment: Assignment,
    variant: String,
    steps: u32,
    /// Where the stream goes on.
    next: usize,
}

impl Trainer {
    /// At the task's first state.
    pub fn start(kind: Kind, task: &Task, variant: &str, steps: u32) -> Result<Trainer, Problem> {
        let unknown = || Problem::Variant(variant.to_owned());
        let (format, eighths) = variant.split_once(' ').ok_or_else(unknown)?;
        let [v, v_guard, k, k_guard] = NARROW;
        let format = match format {
            "wide" => None,
            "narrow" => Some(Format::new(v, v_guard, k, k_guard)?),
            _ => return Err(unknown()),
        };
        let omega = Omega::new(eighths.parse().map_err(|_| unknown())?)?;
        let assignment = Assignment::new(task, format, omega, kind.learns())?;
        let configuration = Configuration { steps, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
        let engine = Fast::new(assignment.design.clone(), configuration, assignment.first.clone())?;
        Ok(Trainer { kind, engine, assignment, variant: variant.to_owned(), steps, next: 0 })
    }

    /// For people.
    pub fn setting(&self) -> String {
        format!("{} steps, {}/8", self.steps, self.variant)
    }

    /// Goes on for so many samples; in nanoseconds.
    pub fn train(&mut self, samples: usize) -> Result<u64, Problem> {
        let mut taken = Duration::ZERO;
        if self.kind == Kind::Cold {
            for _ in 0..samples {
                // Going back to 0 V is no part of the question.
                self.engine.set_state(self.assignment.first.clone())?;
                let start = Instant::now();
                self.one()?;
                taken += start.elapsed();
            }
        } else {
            let start = Instant::now();
            for _ in 0..samples {
                self.one()?;
            }
            taken = start.elapsed();
        }
        Ok(u64::try_from(taken.as_nanos()).unwrap_or(u64::MAX))
    }

    /// One sample, with what was computed.
    pub fn record(&mut self) -> Result<Record, Problem> {
        if self.kind == Kind::Cold {
            self.engine.set_state(self.assignment.first.clone())?;
        }
        let sample = self.next;
        let k = self.engine.state().k;
        self.one()?;
        let after = self.engine.state();
        let format = self.engine.design().format();
        let short = self.assignment.shortening;
        let volts = |wave| exact(after.u(wave).iter().map(|&u| short.voltage(format.voltage(u))));
        let learns = self.kind.learns();
        let change = || exact(after.k.iter().zip(&k).map(|(a, b)| short.accumulator(a - b)));
        let solution = Solution {
            free: volts(Wave::Free),
            clamped: if learns { volts(Wave::Clamped) } else { Vec::new() },
            change: if learns { change() } else { Vec::new() },
        };
        let g = exact(k.iter().map(|&k| short.conductance(format.conductance(k))));
        Ok(Record { sample, k: exact(k.into_iter().map(|k| short.accumulator(k))), g, solution })
    }

    fn one(&mut self) -> Result<(), Problem> {
        let sample = &self.assignment.samples[self.next];
        match self.kind {
            Kind::Fast | Kind::Narrow => self.engine.train(sample)?,
            Kind::Warm | Kind::Cold => self.engine.relax(sample)?,
        };
        self.next = (self.next + 1) % self.assignment.samples.len();
        Ok(())
    }
}

/// Registers as numbers with a fraction, which hold them exactly.
fn exact(registers: impl Iterator<Item = i64>) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "of at most 40 bits")]
    let exact = registers.map(|register| register as f64).collect();
    exact
}

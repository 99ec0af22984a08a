//! What `cargo xtask compare-speed` hands to those who compute, what it asks of them and what they answer; how is the business of
//! [`Worker`](crate::Worker).
//!
//! `docs/benchmarks.md` describes it for whoever writes another baseline.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What is trained, as it is written to a file for everyone who takes part: a square lattice with its ports, its first conductances and
/// a stream of samples, all in raw integers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Unique, and fit for a file name.
    pub name: String,
    /// Of the lattice.
    pub rows: u32,
    /// Of the lattice.
    pub columns: u32,
    /// Pairs of nodes; nodes are numbered row by row.
    pub edges: Vec<[u32; 2]>,
    /// Nodes whose voltage is imposed.
    pub inputs: Vec<u32>,
    /// Nodes with a target.
    pub outputs: Vec<u32>,
    /// The register widths.
    pub format: Widths,
    /// Nudge shift: `v_C = v_F + (T - v_F) 2^-eta`.
    pub eta: u8,
    /// Learning shift: `k' = k + (dF^2 - dC^2) 2^alpha`.
    pub alpha: i8,
    /// Smallest conductance, in LSB of `g`.
    pub g_min: u32,
    /// First conductances, by edge, in LSB of `k`.
    pub k: Vec<i64>,
    /// The stream, from its beginning again when it is through.
    pub samples: Vec<Sample>,
}

impl Task {
    /// Number of nodes.
    pub fn nodes(&self) -> u32 {
        self.rows * self.columns
    }

    /// From the lowest to the highest voltage that is ever imposed on an input, in LSB of `v`. Every voltage of the free
    /// state lies in between, by the maximum principle.
    pub fn voltage_range(&self) -> f64 {
        let all = || self.samples.iter().flat_map(|sample| &sample.inputs);
        f64::from(all().max().unwrap_or(&0) - all().min().unwrap_or(&0))
    }
}

/// Widths of the registers, as `docs/cell-contract.md` calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widths {
    /// `V`.
    pub v_bits: u32,
    /// `GV`.
    pub v_guard: u32,
    /// `K`.
    pub k_bits: u32,
    /// `GK`.
    pub k_guard: u32,
}

/// Voltages in LSB of `v`, in the order of the ports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// One for every input.
    pub inputs: Vec<i32>,
    /// One for every output.
    pub targets: Vec<i32>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Request<'a> {
    /// Answered by [`Hello`].
    Hello,
    /// Read the [`Task`] at this path. Answered by [`Loaded`].
    Load {
        /// The path.
        task: Cow<'a, str>,
    },
    /// Begin at the task's first state. Answered by [`Started`].
    Start {
        /// Whose turn it is.
        baseline: Cow<'a, str>,
        /// One of those it offers.
        variant: Cow<'a, str>,
        /// From 1 to what it offers.
        effort: u32,
    },
    /// Go on for so many samples. Answered by [`Trained`].
    Train {
        /// Whose turn it is.
        baseline: Cow<'a, str>,
        /// How many.
        samples: usize,
    },
    /// Go on for so many samples, untimed, and tell what was computed. Answered by [`Recorded`].
    Record {
        /// Whose turn it is.
        baseline: Cow<'a, str>,
        /// How many.
        samples: usize,
    },
    /// Kirchhoff's laws for these conductances. Answered by [`Solution`].
    Solve {
        /// By edge, in LSB of `k`.
        k: Cow<'a, [f64]>,
        /// By edge, in LSB of `g`.
        g: Cow<'a, [f64]>,
        /// Index of the sample.
        sample: usize,
    },
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// Of everything that computes.
    pub versions: BTreeMap<String, String>,
    /// Why nobody takes part, if so.
    pub missing: Option<String>,
}

/// Who takes part in a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loaded {
    /// Those who do.
    pub baselines: Vec<Offer>,
    /// Those who do not.
    pub unsuited: Vec<Unsuited>,
}

/// What is computed for a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Free state, clamped state and the change of every conductance.
    TrainingStep,
    /// The free state.
    Equilibrium,
}

/// What a baseline offers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// What it is called.
    pub name: String,
    /// What it does. Those of one method need the same setting for the same error, whatever they are written in.
    pub method: String,
    /// What it answers.
    pub question: Question,
    /// One of these is chosen at the start.
    pub variants: Vec<Variant>,
    /// The largest effort; 1 for those who have nothing to choose. Errors fall as effort grows.
    pub efforts: u32,
}

/// One way to run a baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// What it is called.
    pub name: String,
    /// What a unit of effort costs, relative to the baseline's other variants.
    pub cost: f64,
}

/// A baseline that does not take part in this task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsuited {
    /// What it is called.
    pub name: String,
    /// Why.
    pub why: String,
}

/// A baseline at the task's first state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// Its setting, for people.
    pub setting: String,
}

/// Time taken by the work itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// In all.
    pub nanoseconds: u64,
}

/// What was computed for some samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// One a sample.
    pub records: Vec<Record>,
}

/// What was computed for one sample. Voltages in LSB of `v` by node; conductances by edge, `k` and `change` in LSB of
/// `k`, `g` in LSB of `g`. Integers travel as they are, floats to the last bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its index.
    pub sample: usize,
    /// Before the learning step.
    pub k: Vec<f64>,
    /// What conducted.
    pub g: Vec<f64>,
    /// What came of it.
    #[serde(flatten)]
    pub solution: Solution,
}

/// Voltages and changes; the last two are empty where only the free state was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Solution {
    /// Free voltages.
    pub free: Vec<f64>,
    /// Clamped voltages.
    pub clamped: Vec<f64>,
    /// What the learning step added.
    pub change: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_written_as_documented_and_read_back() {
        let text = |request: &Request| {
            let text = serde_json::to_string(request).unwrap();
            assert_eq!(&serde_json::from_str::<Request>(&text).unwrap(), request);
            text
        };
        assert_eq!(text(&Request::Hello), r#"{"op":"hello"}"#);
        assert_eq!(
            text(&Request::Start { baseline: "a".into(), variant: "b".into(), effort: 3 }),
            r#"{"op":"start","baseline":"a","variant":"b","effort":3}"#
        );
        assert_eq!(
            text(&Request::Solve { k: vec![0.1].into(), g: vec![1.0].into(), sample: 2 }),
            r#"{"op":"solve","k":[0.1],"g":[1.0],"sample":2}"#
        );
    }

    #[test]
    fn integers_and_floats_are_read_exactly() {
        let reply = r#"{"sample":1,"k":[4294967295],"g":[0.1],"free":[-32768],"clamped":[],"change":[]}"#;
        let record: Record = serde_json::from_str(reply).unwrap();
        assert_eq!((record.sample, &*record.k, &*record.g), (1, &[4_294_967_295.0][..], &[0.1][..]));
        assert_eq!(record.solution.free, [-32768.0]);
    }
}

//! What is asked of those who compute, and what they answer; how is the business of [`wheatstone_measure::Worker`].
//!
//! `docs/benchmarks.md` describes it for whoever writes another baseline.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Request<'a> {
    /// Answered by [`Hello`].
    Hello,
    /// Read the task at this path. Answered by [`Loaded`].
    Load { task: &'a str },
    /// Begin at the task's first state. Answered by [`Started`].
    Start { baseline: &'a str, variant: &'a str, effort: u32 },
    /// Go on for so many samples. Answered by [`Trained`].
    Train { baseline: &'a str, samples: usize },
    /// Go on for so many samples and tell what was computed. Answered by [`Recorded`].
    Record { baseline: &'a str, samples: usize },
    /// Kirchhoff's laws for these conductances. Answered by [`Solution`].
    Solve { k: &'a [f64], g: &'a [f64], sample: usize },
}

/// Who answers.
#[derive(Debug, Deserialize)]
pub struct Hello {
    /// Of everything that computes.
    pub versions: BTreeMap<String, String>,
    /// Why nobody takes part, if so.
    pub missing: Option<String>,
}

/// Who takes part in a task.
#[derive(Debug, Deserialize)]
pub struct Loaded {
    pub baselines: Vec<Offer>,
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
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Offer {
    pub name: String,
    /// What it does. Those of one method need the same setting for the same error, whatever they are written in.
    pub method: String,
    pub question: Question,
    pub variants: Vec<Variant>,
    /// The largest effort; 1 for those who have nothing to choose. Errors fall as effort grows.
    pub efforts: u32,
}

/// One way to run a baseline.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Variant {
    pub name: String,
    /// What a unit of effort costs, relative to the baseline's other variants.
    pub cost: f64,
}

/// A baseline that does not take part in this task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsuited {
    pub name: String,
    pub why: String,
}

/// A baseline at the task's first state.
#[derive(Debug, Deserialize)]
pub struct Started {
    /// Its setting, for people.
    pub setting: String,
}

/// Time taken by the work itself.
#[derive(Debug, Deserialize)]
pub struct Trained {
    pub nanoseconds: u64,
}

/// What was computed for some samples.
#[derive(Debug, Deserialize)]
pub struct Recorded {
    pub records: Vec<Record>,
}

/// What was computed for one sample. Voltages in LSB of `v` by node; conductances by edge, `k` and `change` in LSB of
/// `k`, `g` in LSB of `g`. Integers travel as they are, floats to the last bit.
#[derive(Debug, Deserialize)]
pub struct Record {
    pub sample: usize,
    pub k: Vec<f64>,
    pub g: Vec<f64>,
    #[serde(flatten)]
    pub solution: Solution,
}

/// Voltages and changes; the last two are empty where only the free state was asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Solution {
    pub free: Vec<f64>,
    pub clamped: Vec<f64>,
    pub change: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_written_as_documented() {
        let text = |request: &Request| serde_json::to_string(request).unwrap();
        assert_eq!(text(&Request::Hello), r#"{"op":"hello"}"#);
        assert_eq!(
            text(&Request::Start { baseline: "a", variant: "b", effort: 3 }),
            r#"{"op":"start","baseline":"a","variant":"b","effort":3}"#
        );
        assert_eq!(
            text(&Request::Solve { k: &[0.1], g: &[1.0], sample: 2 }),
            r#"{"op":"solve","k":[0.1],"g":[1.0],"sample":2}"#
        );
    }

    #[test]
    fn integers_and_floats_are_read_exactly() {
        let reply = r#"{"sample":1,"k":[4294967295],"g":[0.1],"free":[-32768],"clamped":[],"change":[]}"#;
        let record: Record = serde_json::from_str(reply).unwrap();
        assert_eq!((record.sample, record.k, record.g), (1, vec![4_294_967_295.0], vec![0.1]));
        assert_eq!(record.solution.free, [-32768.0]);
    }
}

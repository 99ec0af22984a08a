//! The talk with those who compute: JSON, one request and one reply a line.
//!
//! `docs/benchmarks.md` describes it for whoever writes another baseline.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::invocation::Invocation;

/// What is asked.
#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Request<'a> {
    /// Answered by [`Hello`].
    Hello,
    /// Read the task at this path. Answered by [`Loaded`].
    Load { task: &'a str },
    /// Begin at the task's first state. Answered by [`Started`].
    Start {
        #[serde(rename = "contender")]
        baseline: &'a str,
        variant: &'a str,
        effort: u32,
    },
    /// Go on for so many samples. Answered by [`Trained`].
    Train {
        #[serde(rename = "contender")]
        baseline: &'a str,
        samples: usize,
    },
    /// Go on for so many samples and tell what was computed. Answered by [`Recorded`].
    Record {
        #[serde(rename = "contender")]
        baseline: &'a str,
        samples: usize,
    },
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
    #[serde(rename = "contenders")]
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

/// A process that answers requests. It ends with its stdin.
pub struct Worker {
    name: String,
    child: Child,
    requests: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts it.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(name: impl Into<String>, invocation: &Invocation) -> Result<Worker> {
        let mut child = invocation.converse()?;
        let requests = child.stdin.take();
        let replies = child.stdout.take().context("a worker without stdout")?;
        Ok(Worker { name: name.into(), child, requests, replies: BufReader::new(replies) })
    }

    /// Asks and waits for the reply.
    ///
    /// # Errors
    /// The worker ended, cannot do what is asked, or says something else; the message names it and what it said.
    pub fn ask<R: DeserializeOwned>(&mut self, request: &Request) -> Result<R> {
        let mut line = serde_json::to_string(request).context("a request cannot be written")?;
        line.push('\n');
        let requests = self.requests.as_mut().context("the worker's stdin is closed")?;
        let sent = requests.write_all(line.as_bytes()).and_then(|()| requests.flush());
        let mut reply = String::new();
        let heard = self.replies.read_line(&mut reply);
        if sent.is_err() || !matches!(heard, Ok(1..)) {
            bail!("{} ended in the middle of a comparison; what it wrote to stderr stands above", self.name);
        }
        read_reply(&reply).with_context(|| format!("{} was asked {}", self.name, shortened(line.trim_end())))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.requests = None;
        // It ends with its stdin; nobody is left to hear how.
        let _ = self.child.wait();
    }
}

/// A reply is what was asked for, or an object with a field `error`.
fn read_reply<R: DeserializeOwned>(reply: &str) -> Result<R> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    if let Ok(Refusal { error }) = serde_json::from_str(reply) {
        bail!("{error}");
    }
    serde_json::from_str(reply)
        .with_context(|| format!("its reply is no answer: {}", shortened(reply.trim_end())))
}

fn shortened(text: &str) -> String {
    const KEPT: usize = 200;
    if text.chars().count() <= KEPT {
        return text.to_owned();
    }
    text.chars().take(KEPT).chain("...".chars()).collect()
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
            r#"{"op":"start","contender":"a","variant":"b","effort":3}"#
        );
        assert_eq!(
            text(&Request::Solve { k: &[0.1], g: &[1.0], sample: 2 }),
            r#"{"op":"solve","k":[0.1],"g":[1.0],"sample":2}"#
        );
    }

    #[test]
    fn integers_and_floats_are_read_exactly() {
        let reply = r#"{"sample":1,"k":[4294967295],"g":[0.1],"free":[-32768],"clamped":[],"change":[]}"#;
        let record: Record = read_reply(reply).unwrap();
        assert_eq!((record.sample, record.k, record.g), (1, vec![4_294_967_295.0], vec![0.1]));
        assert_eq!(record.solution.free, [-32768.0]);
    }

    #[test]
    fn refusals_and_nonsense_are_told_apart() {
        let error = read_reply::<Started>(r#"{"error":"no task is loaded"}"#).unwrap_err();
        assert_eq!(format!("{error:#}"), "no task is loaded");
        let error = format!("{:#}", read_reply::<Started>("Traceback\n").unwrap_err());
        assert!(error.starts_with("its reply is no answer: Traceback"), "{error}");
        assert!(read_reply::<Started>(r#"{"nanoseconds":1}"#).is_err());
    }

    #[test]
    fn a_long_message_is_shortened() {
        assert_eq!(shortened(&"x".repeat(1000)).len(), 203);
        assert_eq!(shortened("short"), "short");
    }

    #[test]
    fn a_peer_that_ends_is_named() {
        let mut worker = Worker::start("mayfly", &Invocation::new("sh").args(["-c", "read line"])).unwrap();
        let error = worker.ask::<Hello>(&Request::Hello).unwrap_err().to_string();
        assert!(error.starts_with("mayfly ended in the middle"), "{error}");
    }
}

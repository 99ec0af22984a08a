//! Tasks: one configuration each, on a line of its own; and what has become of them.

use crate::bounded::read_bounded;
use crate::config::RunConfig;
use crate::metrics::{OutputScore, Score, mean_r2};
use crate::run::{RunError, RunFolder};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use thiserror::Error;
use wheatstone_sim::{Categorized, ErrorCategory, hex};

/// The most bytes of a file of tasks.
const LONGEST: u64 = 8 << 30;

/// Bytes of a configuration's SHA-256 that name its folder.
const NAMING: usize = 8;

/// What a run that failed leaves.
pub(super) const FAILURE: &str = "failure.json";

/// Tasks, or the runs of them, that cannot be read.
#[derive(Debug, Error)]
pub enum TaskError {
    /// The file cannot be read.
    #[error("{file}: {source}; name the tasks.jsonl that `wheatstone sweep plan` has written, or its folder")]
    Read {
        /// Path of the file, as it was named.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// A line is no task.
    #[error("{file}: line {line}: {problem}; plan the sweep again, runs that are done stay done")]
    Line {
        /// Path of the file, as it was named.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The folder of a run is damaged.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Categorized for TaskError {
    fn category(&self) -> ErrorCategory {
        match self {
            TaskError::Read { source, .. } => ErrorCategory::BadInput.unless_denied(source),
            TaskError::Line { .. } => ErrorCategory::BadInput,
            TaskError::Run(error) => error.category(),
        }
    }
}

/// One run of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The first 16 hexadecimal digits of the SHA-256 of its configuration, without name and description: what its folder is called.
    pub digest: String,
    /// The keys that vary, by their paths with dots.
    pub parameters: Map<String, Value>,
    /// All that the run depends on.
    pub configuration: RunConfig,
}

impl Task {
    /// Of a configuration, in which these keys were varied.
    pub(super) fn new(keys: &BTreeMap<String, toml::Value>, configuration: RunConfig) -> Task {
        let parameter = |(key, value): (&String, &toml::Value)| {
            (key.clone(), serde_json::to_value(value).unwrap_or(Value::Null))
        };
        let parameters = keys.iter().map(parameter).collect();
        Task { digest: digest(&configuration), parameters, configuration }
    }

    /// The seed of its configuration.
    pub fn seed(&self) -> u64 {
        self.configuration.seed
    }

    /// Whether another task differs in its seed and its validation rows alone, so that both can be trained in the lanes of vectors.
    pub(super) fn is_replica_of(&self, other: &Task) -> bool {
        let mut own = self.configuration.clone();
        (own.seed, own.data.validation) = (other.seed(), other.configuration.data.validation);
        own == other.configuration
    }
}

/// The digest of a configuration.
fn digest(config: &RunConfig) -> String {
    let anonymous = RunConfig { name: "run".into(), description: String::new(), ..config.clone() };
    hex::encode(&Sha256::digest(anonymous.to_toml())[..NAMING])
}

/// Tasks as the text of their file.
pub(super) fn text(tasks: &[Task]) -> String {
    #[expect(clippy::expect_used, reason = "strings, numbers and tables of them always serialise")]
    let line = |task: &Task| serde_json::to_string(task).expect("a task serialises") + "\n";
    tasks.iter().map(line).collect()
}

/// Reads what [`text`] has written.
pub(super) fn read(path: &Path) -> Result<Vec<Task>, TaskError> {
    let file = path.display().to_string();
    let no_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is no text in UTF-8");
    let text = read_bounded(path, LONGEST).and_then(|bytes| String::from_utf8(bytes).map_err(no_text));
    let text = text.map_err(|source| TaskError::Read { file: file.clone(), source })?;
    let parse = |(index, line): (usize, &str)| {
        let wrong = |problem: String| TaskError::Line { file: file.clone(), line: index + 1, problem };
        let task: Task = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
        task.configuration.check().map_err(|error| wrong(error.to_string()))?;
        if task.digest != digest(&task.configuration) {
            return Err(wrong("the digest is not that of the configuration, which was edited".into()));
        }
        Ok(task)
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(parse).collect()
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing of it is there.
    Waiting,
    /// It has a checkpoint.
    Begun,
    /// It is trained and evaluated.
    Done,
    /// It could not be trained; the next run of the sweep tries again.
    Failed,
}

impl Status {
    /// In the order in which a task goes through them.
    pub const ALL: [Status; 4] = [Status::Waiting, Status::Begun, Status::Done, Status::Failed];

    /// What it is called in tables.
    pub fn name(self) -> &'static str {
        match self {
            Status::Waiting => "waiting",
            Status::Begun => "begun",
            Status::Done => "done",
            Status::Failed => "failed",
        }
    }
}

/// Why a task has failed, as its folder keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// What kind of thing it was, in the words of [`ErrorCategory`].
    pub category: ErrorCategory,
    /// What was said.
    pub message: String,
}

/// What has become of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// How far it is.
    pub status: Status,
    /// Samples trained when its checkpoint was written last.
    pub samples: Option<u64>,
    /// How well it does on the judged rows, once it is done.
    pub score: Option<Score>,
    /// How well each output of a regression is met on them, in its own units, once it is done.
    pub outputs: Vec<OutputScore>,
    /// SHA-256 of its last state, once it is done.
    pub state: Option<String>,
    /// Why it has failed.
    pub failure: Option<Failure>,
}

impl Outcome {
    /// [`mean_r2`] of a regression that is done.
    pub fn r2(&self) -> Option<f64> {
        mean_r2(&self.outputs)
    }

    /// As the folder of a run tells it, whoever has trained it.
    pub(super) fn of(folder: &Path) -> Result<Outcome, TaskError> {
        let nothing = Outcome {
            status: Status::Waiting,
            samples: None,
            score: None,
            outputs: Vec::new(),
            state: None,
            failure: None,
        };
        let run = match RunFolder::open(folder) {
            Err(RunError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(nothing);
            }
            opened => opened?,
        };
        if let Some(evaluation) = run.evaluation()? {
            let checkpoint = run.checkpoint()?;
            return Ok(Outcome {
                status: Status::Done,
                samples: Some(checkpoint.samples),
                score: Some(evaluation.score),
                outputs: evaluation.outputs(),
                state: Some(hex::encode(&checkpoint.state.digest())),
                failure: None,
            });
        }
        let failure = std::fs::read(run.file(FAILURE)).ok();
        let failure = failure.and_then(|text| serde_json::from_slice::<Failure>(&text).ok());
        let samples = if run.has_begun() { Some(run.checkpoint()?.samples) } else { None };
        let status = match (&failure, samples) {
            (Some(_), _) => Status::Failed,
            (None, Some(_)) => Status::Begun,
            (None, None) => Status::Waiting,
        };
        Ok(Outcome { status, samples, failure, ..nothing })
    }
}

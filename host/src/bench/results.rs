//! What a bench leaves behind: rows of quantities, what is missing and why, and where and when it was.

use super::Goal;
use crate::energy::CrossCheck;
use crate::energy::reference::Extent;
use crate::quantity::{Missing, Quantity};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;
use wheatstone_learn::bounded::read_bounded;
use wheatstone_measure::Machine;
use wheatstone_sim::categorize;

/// The most bytes of a file of results.
const LONGEST: u64 = 64 << 20;

/// Names of metrics in rows. A sample is one training sample of one network; a training step changes every conductance or
/// weight once, for one sample or for a batch of them.
pub mod metric {
    /// Share of the test rows answered with the right class, when the goal was met: the median of the runs.
    pub const ACCURACY: &str = "accuracy";
    /// Mean squared error of the test rows' outputs, likewise.
    pub const MEAN_SQUARED_ERROR: &str = "mean_squared_error";
    /// Samples trained until the goal was met.
    pub const SAMPLES_TO_GOAL: &str = "samples_to_goal";
    /// Seconds a training step.
    pub const STEP_TIME: &str = "training_step_time";
    /// Seconds a sample; with replicas side by side, of all time by all their samples.
    pub const SAMPLE_TIME: &str = "sample_time";
    /// Seconds until the goal was met.
    pub const TIME_TO_GOAL: &str = "time_to_goal";
    /// Joules a training step, all the source meters.
    pub const STEP_ENERGY: &str = "training_step_energy";
    /// Joules a sample, all the source meters.
    pub const SAMPLE_ENERGY: &str = "sample_energy";
    /// Joules until the goal was met, all the source meters.
    pub const ENERGY_TO_GOAL: &str = "energy_to_goal";
    /// Joules a sample beyond what the idle machine takes in the same time.
    pub const SAMPLE_ENERGY_ABOVE_IDLE: &str = "sample_energy_above_idle";
    /// Joules a sample and conductance or weight.
    pub const PARAMETER_ENERGY: &str = "parameter_energy";
    /// Seconds in which the settings of a baseline were chosen.
    pub const TUNING_TIME: &str = "tuning_time";
    /// Joules in the same time.
    pub const TUNING_ENERGY: &str = "tuning_energy";
    /// Seconds of a run in which rows were loaded and weights drawn; not in its time to the goal.
    pub const LOADING_TIME: &str = "loading_time";
    /// Seconds of a run in which validation rows were answered; not in its time to the goal either.
    pub const JUDGING_TIME: &str = "judging_time";
    /// Joules of one operation, the least a learner does: a synaptic event, a multiplication, an erased bit; only published.
    pub const OPERATION_ENERGY: &str = "operation_energy";
    /// Joules of one answer; only published.
    pub const INFERENCE_ENERGY: &str = "inference_energy";
    /// Seconds to one answer; only published.
    pub const INFERENCE_TIME: &str = "inference_time";
    /// Watts, whatever is done; only published.
    pub const POWER: &str = "power";
    /// Seconds of a relaxing step of the array, its share of the learning step included.
    pub const RELAXING_STEP_TIME: &str = "relaxing_step_time";
    /// Seconds the array alone is at work on a sample.
    pub const ARRAY_TIME: &str = "array_time";
}

/// One quantity of one baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which baseline, or for a published quantity what it is about.
    #[serde(rename = "contender")]
    pub baseline: String,
    /// What the quantity is of; see [`metric`].
    #[serde(rename = "quantity")]
    pub metric: Cow<'static, str>,
    /// Value, unit, kind and interval.
    #[serde(flatten)]
    pub quantity: Quantity,
    /// The meter that was read, or the publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Where that draws the boundary of what it counts, of an energy or power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extent: Option<Extent>,
    /// Processors' worth of work that others did meanwhile, where that was enough to doubt the quantity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_load: Option<f64>,
}

/// A baseline that took part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineDescription {
    /// Its name in the rows.
    pub name: String,
    /// What it is.
    pub description: String,
}

/// How a bench measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Effort {
    /// Seconds each baseline was measured at least.
    pub seconds: f64,
    /// Blocks these were divided into, baselines taking turns.
    pub blocks: usize,
    /// Runs from the start for the samples to the goal, each on rows of its own.
    pub runs: u64,
}

/// All results of a bench.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The preset, or the name of the configuration.
    pub preset: String,
    /// What every baseline had to reach.
    pub goal: Goal,
    /// Rows on which it was decided whether the goal is met, in every run others.
    pub validation_rows: usize,
    /// Rows that were answered once, when it was met; 0 where none are held out.
    pub test_rows: usize,
    /// Versions of what the baselines are made of.
    #[serde(default)]
    pub versions: BTreeMap<String, String>,
    /// When it began, in universal time (RFC 3339).
    pub date: String,
    /// The program's version, with the commit it was built from where that is known.
    pub version: String,
    /// How it was built: profile, target, features, compiler.
    #[serde(default)]
    pub build: String,
    /// Where it was measured.
    pub machine: Machine,
    /// How long and how often it was measured.
    pub effort: Effort,
    /// Who took part.
    #[serde(rename = "contenders")]
    pub baselines: Vec<BaselineDescription>,
    /// What came out.
    pub rows: Vec<Row>,
    /// Whether meters that see the same energy agree.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meters: Vec<CrossCheck>,
    /// What could not be had.
    pub missing: Vec<Missing>,
}

/// A file that holds no results of a bench.
#[derive(Debug, Error)]
pub enum ResultsError {
    /// It cannot be read.
    #[error("{}: cannot be read: {source}; name the results.json that a bench has left", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{}: no results of a bench: {source}; name the results.json that a bench has left", path.display())]
    Format {
        /// Its path.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
}

categorize! {
    ResultsError {
        BadInput: File, Format;
    }
}

impl Results {
    /// Reads what a bench has left.
    ///
    /// # Errors
    /// [`ResultsError`] names the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Results, ResultsError> {
        let text = read_bounded(path, LONGEST);
        let text = text.map_err(|source| ResultsError::File { path: path.to_owned(), source })?;
        serde_json::from_slice(&text).map_err(|source| ResultsError::Format { path: path.to_owned(), source })
    }

    /// Which rows decide whether the goal is met, in words.
    pub fn judged_rows(&self) -> String {
        let rows = self.validation_rows;
        if self.test_rows == 0 {
            return format!("the {rows} rows that are learned, since none are held out");
        }
        format!("{rows} validation rows, in every run other ones")
    }

    /// The rows of one metric, in order.
    pub fn of<'a>(&'a self, metric: &'a str) -> impl Iterator<Item = &'a Row> + 'a {
        self.rows.iter().filter(move |row| row.metric == metric)
    }
}

//! What the check found.

use super::corrections::Need;
use super::fault::Fault;
use super::paths::Step;
use super::policy::{Comparison, Policy};
use crate::sdf::Time;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;
use wheatstone_hdl::delays::{CellId, DelayId, Delays};
use wheatstone_sim::categorize;

/// What must come before what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SlackKind {
    /// A fire comes after the data it takes.
    Bundling,
    /// Data do not change before the fire that takes them has.
    Overwrite,
    /// What a fire launches does not reach flip-flops of the same fire before that fire does.
    Hold,
    /// A fire's pulse is as wide as the device asks.
    Pulse,
    /// What follows the end of a pulse has its data by then.
    PulseEnd,
    /// A chain is low again before its join rises anew.
    Recovery,
    /// A cell's own phase reaches its join before an answer to it does.
    Fork,
    /// A bit of the scan chain is there when the next strobe takes it, and stands until it has.
    Scan,
    /// What the island shows is valid before a request uses it and until it has, and what it reads is valid in time.
    #[serde(rename = "border")]
    ArrayInterface,
    /// Between flip-flops of the board's clock.
    Island,
}

impl SlackKind {
    /// All of them.
    pub const ALL: [SlackKind; 10] = [
        SlackKind::Bundling,
        SlackKind::Overwrite,
        SlackKind::Hold,
        SlackKind::Pulse,
        SlackKind::PulseEnd,
        SlackKind::Recovery,
        SlackKind::Fork,
        SlackKind::Scan,
        SlackKind::ArrayInterface,
        SlackKind::Island,
    ];
}

impl fmt::Display for SlackKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            SlackKind::Bundling => "bundling",
            SlackKind::Overwrite => "overwrite",
            SlackKind::Hold => "hold",
            SlackKind::Pulse => "pulse",
            SlackKind::PulseEnd => "pulse_end",
            SlackKind::Recovery => "recovery",
            SlackKind::Fork => "fork",
            SlackKind::Scan => "scan",
            SlackKind::ArrayInterface => "border",
            SlackKind::Island => "island",
        })
    }
}

/// How much later something comes than what must come before it; times in whole picoseconds, rounded down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Slack {
    /// What must come before what.
    pub kind: SlackKind,
    /// The cell whose flip-flops would take something wrong.
    pub cell: String,
    /// The cell whose fire began it; `island` for the array interface.
    pub from: String,
    /// The pin where it is decided.
    pub endpoint: String,
    /// Which corners were held against each other.
    pub comparison: Comparison,
    /// The path that must be over.
    pub late: Time,
    /// The path that must not be over before.
    pub early: Time,
    /// `early` less `late` times the required ratio; negative if it is violated.
    pub slack: Time,
    /// The arcs of the path that must be over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<Step>,
}

impl fmt::Display for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { early, late, percent } = self.comparison;
        write!(
            f,
            "{} of {} by {} at {}: {} ps (early, {early:?}) against {}.{:02} x {} ps (late, {late:?}): slack {} ps",
            self.kind,
            self.cell,
            self.from,
            self.endpoint,
            self.early.floor_ps(),
            percent / 100,
            percent % 100,
            self.late.ceil_ps(),
            self.slack.floor_ps()
        )?;
        let mut before = Time::ZERO;
        for step in &self.path {
            write!(f, "\n    {:>7} (+{}) {}", step.at.round_ps(), (step.at - before).round_ps(), step.pin)?;
            before = step.at;
        }
        Ok(())
    }
}

/// The slacks of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many were examined, one for every pair of cells; none fails the check.
    pub examined: usize,
    /// How many are negative.
    pub violated: usize,
    /// The one with the least slack, if any was examined.
    pub worst: Option<Slack>,
}

/// What is known of a routed chip's timing.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The margins and widths that were asked for.
    pub policy: Policy,
    /// What was examined of each kind of slack.
    pub summaries: BTreeMap<SlackKind, Summary>,
    /// What is wrong with its structure.
    pub faults: Vec<Fault>,
    /// Everything that is violated, worst first.
    pub violations: Vec<Slack>,
    /// Every slack: the worst of each kind for each pair of cells, without paths.
    pub slacks: Vec<Slack>,
    /// Width of the narrowest fire in the fast corner, in picoseconds.
    pub min_pulse_ps: i64,
    /// Lengths of all delay lines.
    pub lengths: Delays,
    /// From a fire of a tile, or of the root, to its next one in the slow corner, in picoseconds. None of a spatial array, whose
    /// cells wait for each other.
    pub cycles_ps: BTreeMap<String, i64>,
    /// Predicted times; absent if a fault stands in the way.
    pub prediction: Option<super::Prediction>,
    /// The module of every cell.
    #[serde(skip)]
    pub(super) modules: BTreeMap<CellId, String>,
    #[serde(skip)]
    pub(super) needs: BTreeMap<DelayId, Need>,
}

impl Report {
    /// Whether nothing is violated and nothing was left unexamined.
    pub fn passed(&self) -> bool {
        self.faults.is_empty()
            && self.violations.is_empty()
            && self.summaries.values().all(|summary| summary.examined > 0)
    }

    /// The worst slack of a kind, in whole picoseconds, rounded down.
    pub fn worst_ps(&self, kind: SlackKind) -> Option<i64> {
        Some(self.summaries.get(&kind)?.worst.as_ref()?.slack.floor_ps())
    }

    /// Lengths of all matched delays with which, by what is known of this routing, every slack that a matched delay can mend
    /// lies inside the policy's window; cells of one module get the same. Equal to [`Report::lengths`] if nothing need change.
    pub fn corrections(&self) -> Delays {
        super::corrections::corrections(&self.lengths, &self.needs, &self.modules, self.policy.spare_luts)
    }

    /// The same delays trimmed so that, by what is known of this routing, none has a LUT too many, or too few. Equal to
    /// [`Report::lengths`] if that is so.
    pub fn trimmed(&self) -> Delays {
        super::corrections::trimmed(&self.lengths, &self.needs)
    }

    /// The report itself, or the first thing that is wrong with the chip.
    ///
    /// # Errors
    /// [`TimingError`] that names what is violated and by how much.
    pub fn verdict(&self) -> Result<&Report, TimingError> {
        if let Some(fault) = self.faults.first() {
            return Err(TimingError::Fault { count: self.faults.len(), fault: fault.clone() });
        }
        if let Some(worst) = self.violations.first() {
            let count = self.violations.len();
            return Err(TimingError::Violated { count, worst: Box::new(worst.clone()) });
        }
        match self.summaries.iter().find(|(_, summary)| summary.examined == 0) {
            Some((&kind, _)) => Err(TimingError::Unexamined { kind }),
            None => Ok(self),
        }
    }
}

/// One line a kind, and everything that is violated.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, summary) in &self.summaries {
            let verdict = if summary.violated == 0 && summary.examined > 0 { "ok  " } else { "FAIL" };
            write!(
                f,
                "{verdict} {kind:<10} {:>6} examined, {:>4} violated",
                summary.examined, summary.violated
            )?;
            match &summary.worst {
                Some(worst) => writeln!(f, ", worst slack {} ps at {}", worst.slack.floor_ps(), worst.cell)?,
                None => writeln!(f)?,
            }
        }
        for fault in &self.faults {
            writeln!(f, "FAIL {fault}")?;
        }
        for violation in self.violations.iter().take(8) {
            writeln!(f, "FAIL {violation}")?;
        }
        Ok(())
    }
}

/// A chip whose timing does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TimingError {
    /// Its structure is wrong.
    #[error("{count} faults in the routed chip, the first: {fault}")]
    Fault {
        /// How many there are.
        count: usize,
        /// The first.
        fault: Fault,
    },
    /// A slack is negative.
    #[error("{count} timing violations, the worst: {worst}")]
    Violated {
        /// How many there are.
        count: usize,
        /// The worst.
        worst: Box<Slack>,
    },
    /// There was nothing to examine.
    #[error("no {kind} was examined, so nothing is proved; is this netlist the design's?")]
    Unexamined {
        /// The kind of slack.
        kind: SlackKind,
    },
}

categorize! {
    TimingError {
        Failed: Fault, Violated, Unexamined;
    }
}

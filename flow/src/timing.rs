//! What a build tells of relative timing, and the one place where the check is asked.

use crate::check::{Policy, Report, Times, check};
use crate::error::FlowError;
use crate::routed::Routed;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use wheatstone_hdl::delays::Delays;
use wheatstone_hdl::{Board, Chip};

/// What is known of a routed chip's timing. What is absent was not found out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Findings {
    /// Whether the check was made at all.
    pub checked: bool,
    /// Slacks by kind: `bundling`, `hold` and so on.
    pub kinds: BTreeMap<String, Slacks>,
    /// Every violation and fault in full, the worst first.
    pub violations: Vec<String>,
    /// Width of the narrowest fire in the fast corner.
    pub min_pulse_ps: Option<i64>,
    /// From a fire of a tile, or of the root, to its next one in the slow corner.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cycles_ps: BTreeMap<String, i64>,
    /// Predicted times in the slow corner.
    pub times: Option<Times>,
    /// Length of every cell's matched delay in LUTs.
    pub lengths: Delays,
    /// The same trimmed otherwise, if by what is known of this routing that would mend a violation or make the chip faster.
    #[serde(skip)]
    pub trimmed: Option<Delays>,
}

/// The slacks of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Slacks {
    /// How many were examined.
    pub examined: usize,
    /// How many are negative.
    pub violated: usize,
    /// The least slack in picoseconds, rounded down.
    pub worst_ps: Option<i64>,
    /// The cell it belongs to.
    pub worst_cell: Option<String>,
    /// Every slack in picoseconds, rounded down.
    pub all_ps: Vec<i64>,
}

impl Findings {
    /// The worst slack of a kind, if the check was made.
    pub fn worst_ps(&self, kind: &str) -> Option<i64> {
        self.kinds.get(kind)?.worst_ps
    }

    /// Predicted time of one relaxation step of the whole array, in the slow corner.
    pub fn step_ps(&self) -> Option<u64> {
        Some(self.times?.step_ps)
    }

    /// Whether the timing holds; absent if it was not checked.
    pub fn holds(&self) -> Option<bool> {
        self.checked.then_some(self.violations.is_empty())
    }
}

/// Examines a routed chip: its netlist and its delays. Gives the findings, and other lengths of the matched delays if by what is
/// known of this routing they would mend a violation or make the chip faster.
///
/// # Errors
/// [`FlowError::Unreadable`] if the files are not a routed chip's.
pub fn examine(
    chip: &Chip,
    board: Board,
    netlist: &Path,
    delays: &Path,
) -> Result<(Findings, Option<Delays>), FlowError> {
    let routed = Routed::read(netlist, delays)
        .map_err(|error| FlowError::Unreadable { message: error.to_string() })?;
    let report = check(chip, &routed, Policy::of(board));
    let corrections = report.corrections();
    let other = (corrections != report.lengths).then_some(corrections);
    Ok((Findings::of(&report), other))
}

impl Findings {
    fn of(report: &Report) -> Findings {
        let mut kinds: BTreeMap<String, Slacks> = BTreeMap::new();
        let mut violations: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
        violations.extend(report.violations.iter().map(ToString::to_string));
        for (kind, summary) in &report.summaries {
            if summary.examined == 0 {
                violations.push(format!("no {kind} was examined, so nothing is proved"));
            }
            let worst = summary.worst.as_ref();
            let found = Slacks {
                examined: summary.examined,
                violated: summary.violated,
                worst_ps: worst.map(|slack| slack.slack.floor_ps()),
                worst_cell: worst.map(|slack| slack.cell.clone()),
                all_ps: Vec::new(),
            };
            kinds.insert(kind.to_string(), found);
        }
        for slack in &report.slacks {
            kinds.entry(slack.kind.to_string()).or_default().all_ps.push(slack.slack.floor_ps());
        }
        Findings {
            checked: true,
            kinds,
            violations,
            min_pulse_ps: Some(report.min_pulse_ps),
            cycles_ps: report.cycles_ps.clone(),
            times: report.prediction.map(|prediction| prediction.slow),
            lengths: report.lengths.clone(),
            trimmed: Some(report.trimmed()).filter(|trimmed| *trimmed != report.lengths),
        }
    }
}

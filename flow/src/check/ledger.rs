//! Slacks as they are found: the worst of each kind for each pair of cells.

use super::corrections::Need;
use super::paths::{Launching, Mode, RoutedChip};
use super::policy::Comparison;
use super::report::{Slack, SlackKind, Summary};
use super::roles::DomainId;
use crate::routed::PinId;
use crate::sdf::Time;
use std::collections::BTreeMap;
use wheatstone_hdl::delays::{DelayId, DelayLine};

/// Paths are written out for at most so many violations.
const TOLD: usize = 64;

/// Where a path begins and ends, to be walked again when it is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trace {
    pub from: DomainId,
    pub which: Launching,
    pub mode: Mode,
    pub to: PinId,
}

/// Something found.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub kind: SlackKind,
    pub cell: DomainId,
    pub from: DomainId,
    pub endpoint: PinId,
    pub comparison: Comparison,
    pub early: Time,
    pub late: Time,
    pub trace: Option<Trace>,
}

impl Finding {
    /// The same, with the path from what it is from to its endpoint.
    pub fn traced(mut self, which: Launching, mode: Mode) -> Finding {
        self.trace = Some(Trace { from: self.from, which, mode, to: self.endpoint });
        self
    }

    fn slack(&self) -> Time {
        self.early - self.late.percent(self.comparison.percent)
    }
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    worst: BTreeMap<(SlackKind, DomainId, DomainId), Finding>,
    pub needs: BTreeMap<DelayId, Need>,
}

impl Ledger {
    pub fn record(&mut self, finding: Finding) {
        let key = (finding.kind, finding.cell, finding.from);
        let slack = finding.slack();
        match self.worst.get_mut(&key) {
            Some(known) if known.slack() <= slack => {}
            Some(known) => *known = finding,
            None => {
                self.worst.insert(key, finding);
            }
        }
    }

    /// The same, of something that more LUTs make better: those of that delay line in the cell `mends`.
    pub fn record_mendable(
        &mut self,
        chip: &RoutedChip<'_>,
        finding: Finding,
        mends: DomainId,
        line: DelayLine,
        mode: Mode,
    ) {
        let lut = chip.lut(if line == DelayLine::Request { finding.cell } else { mends }, mode);
        if let Some(cell) = chip.roles.domain(mends).cell
            && lut > Time::ZERO
        {
            let missing = -finding.slack().fs();
            self.needs.entry(cell.line(line)).or_default().at_least(-(-missing).div_euclid(lut.fs()));
        }
        self.record(finding);
    }

    /// Summaries, violations and all slacks, the worst first.
    pub fn close(&self, chip: &RoutedChip<'_>) -> (BTreeMap<SlackKind, Summary>, Vec<Slack>, Vec<Slack>) {
        let mut findings: Vec<&Finding> = self.worst.values().collect();
        findings.sort_by_key(|finding| (finding.slack(), finding.kind, finding.cell, finding.from));
        let mut summaries: BTreeMap<SlackKind, Summary> =
            SlackKind::ALL.map(|kind| (kind, Summary { examined: 0, violated: 0, worst: None })).into();
        let (mut violations, mut slacks) = (Vec::new(), Vec::new());
        for finding in findings {
            let slack = told(chip, finding, false);
            let violated = slack.slack < Time::ZERO;
            if let Some(summary) = summaries.get_mut(&finding.kind) {
                summary.examined += 1;
                summary.violated += usize::from(violated);
                if summary.worst.is_none() {
                    summary.worst = Some(told(chip, finding, true));
                }
            }
            if violated {
                violations.push(told(chip, finding, violations.len() < TOLD));
            }
            slacks.push(slack);
        }
        (summaries, violations, slacks)
    }
}

fn told(chip: &RoutedChip<'_>, finding: &Finding, with_path: bool) -> Slack {
    let name = |id: DomainId| chip.roles.domain(id).name.clone();
    let path = finding.trace.filter(|_| with_path).map(|trace| {
        let clocks = chip.clocks(chip.roles.domain(trace.from), trace.mode);
        chip.launched(trace.from, &clocks, trace.which).path(chip.routed, trace.to)
    });
    Slack {
        kind: finding.kind,
        cell: name(finding.cell),
        from: name(finding.from),
        endpoint: chip.routed.pin_name(finding.endpoint),
        comparison: finding.comparison,
        late: finding.late,
        early: finding.early,
        slack: finding.slack(),
        path: path.unwrap_or_default(),
    }
}

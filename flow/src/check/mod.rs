//! The relative-timing check: does the clockless timing of a routed chip hold?
//!
//! No clock orders what happens in the array: each cell relies on one path being longer than another. This module finds all
//! such pairs in the routed netlist, adds up their delays, and holds the least of the one against the greatest of the other
//! under a stated [`Policy`]. What it proves and how it is derived stands in `docs/timing.md`.
//!
//! [`check`] never fails: the [`Report`] has everything that was found, and [`Report::verdict`] makes an error of what is
//! wrong. [`Report::corrections`] says how long matched delays should be instead.

mod clocked;
mod constraints;
mod corrections;
mod fault;
mod launch;
mod ledger;
mod paths;
mod policy;
mod prediction;
mod report;
mod roles;

pub use clocked::critical_path;
pub use fault::{Fault, FaultKind};
pub use paths::Step;
pub use policy::{Comparison, Policy, Untold};
pub use prediction::{Prediction, Times};
pub use report::{Report, Slack, SlackKind, Summary, TimingError};
pub use wheatstone_hdl::Corner;

use crate::routed::Routed;
use crate::sdf::Time;
use constraints::Examiner;
use launch::{Endpoints, Launches};
use ledger::Ledger;
use paths::{Mode, RoutedChip};
use roles::Roles;
use std::collections::{BTreeMap, BTreeSet};
use wheatstone_hdl::{Chip, ChipArray};

/// Checks a routed chip.
///
/// `built` is what was built: its array says which cells there are and how long their delay lines should be, its options the
/// board's clock.
pub fn check(built: &Chip, routed: &Routed, policy: Policy) -> Report {
    let mut roles = Roles::find(built, routed);
    let mut faults: BTreeSet<Fault> = std::mem::take(&mut roles.faults).into_iter().collect();
    let chip = RoutedChip::new(routed, roles, policy.untold.unwrap_or_default());
    for &pin in &chip.order.loops {
        let object = routed.pin_name(pin);
        faults.insert(Fault { cell: String::new(), object, kind: FaultKind::Loop });
    }
    if policy.untold.is_none() {
        for (_, domain) in chip.roles.cells().filter(|(_, domain)| domain.promoted) {
            let object = "the fire".to_owned();
            faults.insert(Fault { cell: domain.name.clone(), object, kind: FaultKind::PromotedFire });
        }
    }
    let period = Time::from_fs(1_000_000_000_000_000 / i64::from(built.options.clock_hz.max(1)));
    let endpoints = Endpoints::of(&chip);
    let mut known: Vec<Launches> = Vec::new();
    for comparison in policy.comparisons.iter().chain(&policy.hold) {
        for (corner, late) in
            [(comparison.early, false), (comparison.late, true), (Corner::Min, false), (Corner::Min, true)]
        {
            let mode = Mode { corner, late };
            if !known.iter().any(|launches| launches.mode == mode) {
                known.push(Launches::of(&chip, &endpoints, mode));
            }
        }
    }
    let launches = |corner, late| known.iter().find(|launches| launches.mode == Mode { corner, late });
    let mut ledger = Ledger::default();
    let examiner = |comparison: Comparison| {
        let (early, late) = (launches(comparison.early, false)?, launches(comparison.late, true)?);
        Some(Examiner { chip: &chip, endpoints: &endpoints, early, late, comparison, period })
    };
    for examiner in policy.comparisons.iter().filter_map(|&comparison| examiner(comparison)) {
        examiner.examine(&mut ledger, &mut faults);
    }
    for examiner in policy.hold.iter().filter_map(|&comparison| examiner(comparison)) {
        examiner.hold(&mut ledger);
    }
    let fast = Comparison { early: Corner::Min, late: Corner::Min, percent: 100 };
    if let Some(examiner) = examiner(fast) {
        examiner.pulse(&policy, &mut ledger, &mut faults);
    }
    let complete = chip.roles.cells().count() == built.array.cell_ids().len();
    let slow = launches(Corner::Max, true).filter(|_| complete);
    let prediction =
        slow.and_then(|slow| prediction::predict(built, &chip.roles, slow, launches(Corner::Min, true)?));
    let (mut summaries, violations, slacks) = ledger.close(&chip);
    let mut cycles_ps = BTreeMap::new();
    if let ChipArray::Folded(_) = built.array {
        // It has no chain of bits from cell to cell.
        summaries.remove(&SlackKind::Scan);
        let cells = chip
            .roles
            .cells()
            .map(|(id, cell)| (cell.name.clone(), slow.and_then(|slow| slow.own_cycle(id))));
        cycles_ps = cells.filter_map(|(name, cycle)| Some((name, cycle?.ceil_ps()))).collect();
    }
    let pulses = slacks.iter().filter(|slack| slack.kind == SlackKind::Pulse);
    let min_pulse_ps = pulses.map(|slack| slack.early.floor_ps()).min().unwrap_or(0);
    Report {
        policy,
        summaries,
        faults: faults.into_iter().collect(),
        violations,
        slacks,
        min_pulse_ps,
        lengths: built.array.delays().clone(),
        modules: built.array.cell_modules(),
        cycles_ps,
        prediction,
        needs: ledger.needs,
    }
}

//! The constraints: every one says that some path is over before some other is.
//!
//! What is late is taken from the late arrivals of one corner, what is early from the early arrivals of the same or another.
//! Everything is counted from the fire of the cell it begins in, at the output of the last LUT of its chain; the derivations
//! are in `docs/timing.md`.

use super::fault::{Fault, FaultKind};
use super::launch::{Endpoint, Endpoints, Launches, Reach};
use super::ledger::{Finding, Ledger, Trace};
use super::paths::{Launching, RoutedChip};
use super::policy::{Comparison, Policy};
use super::report::SlackKind;
use super::roles::DomainId;
use crate::routed::PinId;
use crate::sdf::Time;
use std::collections::BTreeSet;
use wheatstone_hdl::delays::DelayLine;

/// The longer half of the board's clock at most, in percent: what crystal oscillators are sold with.
const HIGH_PERCENT: i64 = 55;

/// Clocks for which the strobe is low, and for which it is high.
const STROBE_CLOCKS: i64 = 2;

/// A chip in two modes held against each other.
pub(super) struct Examiner<'a> {
    pub chip: &'a RoutedChip<'a>,
    pub endpoints: &'a Endpoints,
    pub early: &'a Launches,
    pub late: &'a Launches,
    pub comparison: Comparison,
    /// Of the board's clock.
    pub period: Time,
}

impl Examiner<'_> {
    /// Everything that a margin is asked of.
    pub fn examine(&self, ledger: &mut Ledger, faults: &mut BTreeSet<Fault>) {
        for (id, _) in self.chip.roles.cells() {
            self.data(id, ledger, faults);
            self.fork(id, ledger);
            if self.in_one_corner() {
                self.recovery(id, ledger);
            }
            self.scan(id, ledger);
        }
        match self.chip.roles.gates.is_empty() {
            true => self.array_interface(ledger),
            false => self.folded_interface(ledger, faults),
        }
    }

    /// A pulse and what ends with it lie in one cell and begin at one fire: they are fast together and slow together.
    fn in_one_corner(&self) -> bool {
        self.comparison.early == self.comparison.late
    }

    /// Least time from a cell's fire to its next one.
    fn cycle(&self, id: DomainId) -> Option<Time> {
        let own = self.early.domain(id);
        // An edge waits for the end of its own pulse.
        if let Some(cycle) = self.early.own_cycle(id) {
            return Some(cycle);
        }
        // A node waits for an answer of every edge.
        let answers = own
            .rising
            .rise
            .iter()
            .filter(|&(&other, _)| other != id)
            .filter_map(|(other, &there)| Some(there + *self.early.domain(*other).rising.rise.get(&id)?));
        answers.max()
    }

    /// How much later than the end of a pulse what a falling flip-flop takes must be there. Where it is the scan chain's, what
    /// it takes may have changed fires ago.
    fn more_pulses(&self, id: DomainId, at: &Endpoint) -> Time {
        let domain = self.chip.roles.domain(id);
        let follows = domain.followers.contains(&self.chip.routed.pin(at.pin).cell);
        if follows || !domain.scans_later { Time::ZERO } else { self.cycle(id).unwrap_or(Time::ZERO) }
    }

    fn finding(&self, kind: SlackKind, at: &Endpoint, from: DomainId, early: Time, late: Time) -> Finding {
        self.finding_at(kind, (at.domain, at.pin), from, early, late)
    }

    fn finding_at(
        &self,
        kind: SlackKind,
        (cell, endpoint): (DomainId, PinId),
        from: DomainId,
        early: Time,
        late: Time,
    ) -> Finding {
        Finding { kind, cell, from, endpoint, comparison: self.comparison, early, late, trace: None }
    }

    /// When data that arrive late are there for an endpoint.
    fn set_up(&self, arrival: Time, at: &Endpoint) -> Time {
        arrival + at.setup.at(self.late.mode.corner)
    }

    /// Until when an endpoint asks for the data that it takes at a late clock.
    fn taken(&self, at: &Endpoint) -> Time {
        self.late.clock(at) + at.hold.at(self.late.mode.corner)
    }

    /// Bundling, overwrite and the ends of pulses, of all data a cell launches.
    fn data(&self, from: DomainId, ledger: &mut Ledger, faults: &mut BTreeSet<Fault>) {
        let (early, late) = (self.early.domain(from), self.late.domain(from));
        let (island, one_corner) = (self.chip.roles.island(), self.in_one_corner());
        for (&number, &arrival) in &late.rising.data {
            let at = &self.endpoints.list[number];
            if at.domain == island {
                continue;
            }
            let needed = self.set_up(arrival, at);
            if at.falling {
                if let (true, true, Some(fall)) = (one_corner, at.domain == from, self.early.fall(from)) {
                    let end = fall + self.more_pulses(from, at) + self.early.clock(at);
                    let finding = self.finding(SlackKind::PulseEnd, at, from, end, needed);
                    self.record_of_pulse(finding.traced(Launching::Rising, self.late.mode), ledger);
                }
                continue;
            }
            let request =
                if at.domain == from { self.cycle(from) } else { early.rising.rise.get(&at.domain).copied() };
            let Some(request) = request else {
                let [cell, from] = [at.domain, from].map(|id| self.chip.roles.domain(id).name.clone());
                let object = format!("{} of {from}", self.chip.routed.pin_name(at.pin));
                faults.insert(Fault { cell, object, kind: FaultKind::DataWithoutRequest });
                continue;
            };
            let fire = request + self.early.clock(at);
            let bundling = self.finding(SlackKind::Bundling, at, from, fire, needed);
            let bundling = bundling.traced(Launching::Rising, self.late.mode);
            let by_request = at.domain != from && self.chip.roles.domain(from).has_request_delay;
            let (mends, line) =
                if by_request { (from, DelayLine::Request) } else { (at.domain, DelayLine::Matched) };
            ledger.record_mendable(self.chip, bundling, mends, line, self.early.mode);
            if at.domain == from {
                continue;
            }
            // The receiver's fire is its acknowledgement: then the sender may fire again.
            if let (Some(&answer), Some(&change)) =
                (self.early.domain(at.domain).rising.rise.get(&from), early.rising.data.get(&number))
            {
                let change = self.finding(SlackKind::Overwrite, at, from, answer + change, self.taken(at));
                let change = change.traced(Launching::Rising, self.early.mode);
                ledger.record_mendable(self.chip, change, from, DelayLine::Matched, self.early.mode);
            }
        }
    }

    /// Something that a longer pulse makes better: a node's can be extended.
    fn record_of_pulse(&self, finding: Finding, ledger: &mut Ledger) {
        let cell = finding.cell;
        if self.chip.roles.domain(cell).followers.is_empty() {
            ledger.record_mendable(self.chip, finding, cell, DelayLine::PulseExtension, self.early.mode);
        } else {
            ledger.record(finding);
        }
    }

    /// Hold within one fire, or one clock.
    pub fn hold(&self, ledger: &mut Ledger) {
        let island = self.chip.roles.island();
        for (index, domain) in self.chip.roles.domains.iter().enumerate() {
            let id = DomainId(index);
            if domain.promoted && domain.cell.is_some() {
                self.hold_on_a_global_network(id, ledger);
                continue;
            }
            let kind = if id == island { SlackKind::Island } else { SlackKind::Hold };
            for (&number, &change) in &self.early.domain(id).rising.data {
                let at = &self.endpoints.list[number];
                if at.domain != id || at.falling {
                    continue;
                }
                let hold = self.finding(kind, at, id, change, self.taken(at));
                ledger.record(hold.traced(Launching::Rising, self.early.mode));
            }
        }
    }

    /// The same where the flip-flops stand on a global network: two of them see its clock the less apart the nearer they are.
    fn hold_on_a_global_network(&self, id: DomainId, ledger: &mut Ledger) {
        let kept = |at: &Endpoint| at.hold.at(self.late.mode.corner);
        let domain = self.chip.roles.domain(id);
        // What comes later than this comes late enough for the farthest flip-flop.
        let longest = self.endpoints.list.iter().map(kept).max().unwrap_or_default();
        let enough = longest + self.chip.untold.global_skew;
        for flop in domain.flops.iter().filter(|flop| !flop.falling) {
            for (pin, arrival) in self.chip.soon_after(flop, self.early.mode, enough) {
                let Some(at) = self.endpoints.at(pin) else { continue };
                if at.domain != id || at.falling {
                    continue;
                }
                let skew = self.chip.skew(flop.cell, self.chip.routed.pin(pin).cell);
                ledger.record(self.finding(SlackKind::Hold, at, id, arrival, skew + kept(at)));
            }
        }
    }

    /// A pulse is as wide as the device asks.
    pub fn pulse(&self, policy: &Policy, ledger: &mut Ledger, faults: &mut BTreeSet<Fault>) {
        for (id, domain) in self.chip.roles.cells() {
            let mut fault = |kind| {
                faults.insert(Fault { cell: domain.name.clone(), object: "the fire".to_owned(), kind });
            };
            if self.cycle(id).is_none() {
                fault(FaultKind::NoRequest);
            }
            match self.early.fall(id) {
                Some(fall) => {
                    let pulse =
                        self.finding_at(SlackKind::Pulse, (id, domain.root), id, fall, policy.min_pulse);
                    self.record_of_pulse(pulse, ledger);
                }
                None => fault(FaultKind::NoPulseEnd),
            }
        }
    }

    /// A cell's own phase has reached its join before any answer to it does.
    fn fork(&self, id: DomainId, ledger: &mut Ledger) {
        let (own, late) = (self.early.domain(id), self.late.domain(id));
        let Some(&settled) = late.rising.join.get(&id) else { return };
        let Some(pin) = self.chip.roles.domain(id).chain.first().and_then(|lut| lut.previous.first()) else {
            return;
        };
        for (&other, &there) in own.rising.rise.iter().filter(|&(&other, _)| other != id) {
            let Some(&back) = self.early.domain(other).rising.join.get(&id) else { continue };
            let trace = Some(Trace { from: id, which: Launching::Rising, mode: self.late.mode, to: *pin });
            let fork = self.finding_at(SlackKind::Fork, (id, *pin), other, there + back, settled);
            let finding = Finding { trace, ..fork };
            ledger.record_mendable(self.chip, finding, other, DelayLine::Matched, self.early.mode);
        }
    }

    /// No LUT of a chain sees what is left of the last pulse and what comes of the next one at once: the LUT before is low when
    /// the join rises anew, and the join has been seen low when the LUT before rises anew.
    fn recovery(&self, id: DomainId, ledger: &mut Ledger) {
        let (own, late) = (self.early.domain(id), self.late.domain(id));
        let chain = &self.chip.roles.domain(id).chain;
        let answers = || own.rising.rise.iter().filter(|&(&other, _)| other != id);
        let of_answers = |when: &dyn Fn(&Reach) -> Option<Time>| {
            let times = answers();
            times.filter_map(|(&other, &there)| Some(there + when(&self.early.domain(other).rising)?)).max()
        };
        // What the cell itself sends to its join has settled when the end of the pulse lets it rise: after that nothing falls there.
        if let (Some(&end), Some(&settled), Some(pin)) =
            (own.ends.last(), late.rising.join.get(&id), chain.first().and_then(|lut| lut.previous.first()))
            && let Some(&rise) = own.falling.chains.get(pin)
            && self.chip.roles.domain(id).promoted
        {
            let finding = self.finding_at(SlackKind::Recovery, (id, *pin), id, end + rise, settled);
            ledger.record_mendable(self.chip, finding, id, DelayLine::Recovery, self.early.mode);
        }
        for (number, lut) in chain.iter().enumerate().skip(1) {
            let wires = self.chip.wire(&lut.previous, self.late.mode);
            let low =
                late.ends.get(number - 1).and_then(|&end| Some(end + wires.iter().map(|wire| wire.1).max()?));
            // When the LUT before rises anew: for a node, the least that can be said is when its join does.
            let risen = match (own.ends.last(), own.falling.rises.get(number - 1)) {
                (Some(&end), Some(&rise)) => Some(end + rise),
                _ => of_answers(&|reach| reach.join.get(&id).copied()),
            };
            for &pin in &lut.enable {
                let joined = own
                    .ends
                    .last()
                    .and_then(|&end| Some(end + *own.falling.chains.get(&pin)?))
                    .or_else(|| of_answers(&|reach| reach.chains.get(&pin).copied()));
                for (left, next) in [(low, joined), (late.heard.get(&pin).copied(), risen)] {
                    let (Some(left), Some(next)) = (left, next) else { continue };
                    let finding = self.finding_at(SlackKind::Recovery, (id, pin), id, next, left);
                    if own.falling.rises.is_empty() {
                        ledger.record(finding);
                    } else {
                        ledger.record_mendable(self.chip, finding, id, DelayLine::Recovery, self.early.mode);
                    }
                }
            }
        }
    }

    /// The scan chain from cell to cell: launched when the strobe falls, taken when it rises.
    fn scan(&self, from: DomainId, ledger: &mut Ledger) {
        let island = self.chip.roles.island();
        let (early, late) = (self.early.domain(island), self.late.domain(island));
        let apart = Time::from_fs(STROBE_CLOCKS * self.period.fs());
        for (&number, &arrival) in &self.late.domain(from).falling.data {
            let at = &self.endpoints.list[number];
            let Some(&fell) = late.rising.strobe.get(&from) else { continue };
            let needed = self.set_up(fell + arrival, at);
            let record = |ledger: &mut Ledger, kind, taken| {
                let finding = self.finding(kind, at, from, taken, needed);
                ledger.record(finding.traced(Launching::Falling, self.late.mode));
            };
            if at.domain == island {
                record(ledger, SlackKind::ArrayInterface, self.period + self.early.clock(at));
                continue;
            }
            let (Some(&next), Some(&rose)) =
                (early.rising.strobe.get(&at.domain), late.rising.strobe.get(&at.domain))
            else {
                continue;
            };
            record(ledger, SlackKind::Scan, apart + next + self.early.clock(at));
            if let (Some(&fell), Some(&change)) =
                (early.rising.strobe.get(&from), self.early.domain(from).falling.data.get(&number))
            {
                let (change, taken) = (apart + fell + change, rose + self.taken(at));
                ledger.record(self.finding(SlackKind::Scan, at, from, change, taken));
            }
        }
    }

    /// Between the island and the array, and within the island.
    fn array_interface(&self, ledger: &mut Ledger) {
        let island = self.chip.roles.island();
        let (early, late) = (self.early.domain(island), self.late.domain(island));
        for (&number, &arrival) in &late.rising.data {
            let at = &self.endpoints.list[number];
            // What the island shows stands a clock before the request, or the strobe, that uses it.
            let (kind, fire) = if at.domain == island {
                (SlackKind::Island, Time::ZERO)
            } else {
                let strobe = early.rising.strobe.get(&at.domain).copied();
                (SlackKind::ArrayInterface, strobe.unwrap_or(Time::ZERO))
            };
            let taken = self.period + fire + self.early.clock(at);
            let shown = self.finding(kind, at, island, taken, self.set_up(arrival, at));
            ledger.record(shown.traced(Launching::Rising, self.late.mode));
            // It stands until a clock after the array is at rest again.
            if let (SlackKind::ArrayInterface, Some(&change)) = (kind, early.rising.data.get(&number)) {
                ledger.record(self.finding(kind, at, island, self.period + change, self.taken(at)));
            }
        }
        // The array has said that it rests, a flip-flop heard it at a clock, another one at the next, and what the island reads then
        // it takes at the one after.
        for (from, _) in self.chip.roles.cells() {
            for (&number, &arrival) in &self.late.domain(from).rising.data {
                let at = &self.endpoints.list[number];
                if at.domain == island {
                    let (taken, needed) =
                        (self.period + self.period + self.early.clock(at), self.set_up(arrival, at));
                    let read = self.finding(SlackKind::ArrayInterface, at, from, taken, needed);
                    ledger.record(read.traced(Launching::Rising, self.late.mode));
                }
            }
        }
    }
}

/// The interface of a folded array. Its strobes are the low halves of the board's clock where a register lets them through.
impl Examiner<'_> {
    /// Between the island and a folded array, and within the island.
    fn folded_interface(&self, ledger: &mut Ledger, faults: &mut BTreeSet<Fault>) {
        let island = self.chip.roles.island();
        let (early, late) = (self.early.domain(island), self.late.domain(island));
        let [soonest, latest] =
            [100 - HIGH_PERCENT, HIGH_PERCENT].map(|percent| self.period.percent(percent));
        let insertion = self.chip.untold.global_insertion;
        self.gates(ledger);
        for (&number, &arrival) in &late.rising.data {
            let at = &self.endpoints.list[number];
            let needed = self.set_up(arrival, at);
            if at.domain == island {
                let shown =
                    self.finding(SlackKind::Island, at, island, self.period + self.early.clock(at), needed);
                ledger.record(shown.traced(Launching::Rising, self.late.mode));
                continue;
            }
            // What goes with a request is shown a clock before; what goes with a strobe, half a clock.
            let (Some(&strobe), Some(&last)) = (early.gated.get(&at.domain), late.gated.get(&at.domain))
            else {
                let cell = self.chip.roles.domain(at.domain).name.clone();
                faults.insert(Fault {
                    cell,
                    object: self.chip.routed.pin_name(at.pin),
                    kind: FaultKind::DataWithoutRequest,
                });
                continue;
            };
            let taken = soonest + strobe + self.early.clock(at);
            let shown = self.finding(SlackKind::ArrayInterface, at, island, taken, needed + insertion);
            ledger.record(shown.traced(Launching::Rising, self.late.mode));
            // It stands for the rest of the clock.
            if let Some(&change) = early.rising.data.get(&number) {
                let (rest, taken) = (self.period - latest, last + insertion + self.taken(at));
                ledger.record(self.finding(SlackKind::ArrayInterface, at, island, rest + change, taken));
            }
        }
        let domains = (0..island.0).map(DomainId);
        for from in domains {
            for (&number, &arrival) in &self.late.domain(from).rising.data {
                let at = &self.endpoints.list[number];
                // What the cells say is read two clocks after the last strobe; a written sample is, if at all, as late.
                let of_island = at.domain == island;
                if !of_island && self.chip.roles.domain(from).cell.is_some() {
                    continue;
                }
                let Some(&strobe) = late.gated.get(&from) else { continue };
                let taken = self.period + self.period + self.early.clock(at);
                let needed = self.set_up(latest + strobe + insertion + arrival, at);
                let read = self.finding(SlackKind::ArrayInterface, at, from, taken, needed);
                ledger.record(read.traced(Launching::Rising, self.late.mode));
            }
        }
    }

    /// What lets a strobe through follows the clock's rise, and is at the gate after it and before the fall.
    fn gates(&self, ledger: &mut Ledger) {
        let island = self.chip.roles.island();
        let fall = self.period.percent(100 - HIGH_PERCENT);
        let times = self.early.domain(island).gates.iter().zip(&self.late.domain(island).gates);
        for (gate, (early, late)) in self.chip.roles.gates.iter().zip(times) {
            let at = gate.domain.unwrap_or(island);
            if let ([Some(first), Some(enabled)], [Some(risen), Some(settled)]) = (early, late) {
                // The clock comes to the gate by wires, to the register over the global network.
                let insertion = self.chip.untold.global_insertion;
                for (early, late) in [(*enabled, *risen), (fall + *first, *settled + insertion)] {
                    ledger.record(self.finding_at(
                        SlackKind::ArrayInterface,
                        (at, gate.enable),
                        island,
                        early,
                        late,
                    ));
                }
            }
        }
    }
}

//! Earliest and latest arrivals: from the flip-flops of one domain, through wires and logic, to whatever they reach.

use super::policy::Untold;
use super::roles::{ChainLut, Domain, DomainId, Flop, Roles};
use crate::routed::{ArcId, ArcKind, CellId, PinId, Routed};
use crate::sdf::Time;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use wheatstone_hdl::Corner;

/// Distance, in columns and rows of the device's grid, from which on a global network's skew is assumed to be the whole device's. On
/// the way there it grows as the distance does.
const SKEW_DISTANCE: i64 = 20;

/// The distance that flip-flops of one place are taken to have.
const SAME_PLACE: i64 = 2;

/// Column and row of a place of an ECP5: `X12/Y34/SLICEA.FF0`.
fn grid_place(place: &str) -> Option<[u32; 2]> {
    let mut parts = place.split('/');
    let column = parts.next()?.strip_prefix('X')?.parse().ok()?;
    Some([column, parts.next()?.strip_prefix('Y')?.parse().ok()?])
}

/// A point of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The pin, as `cell/pin` of the netlist.
    pub pin: String,
    /// When it is reached, counted from the fire that began the path.
    #[serde(rename = "ps")]
    pub at: Time,
}

/// The pins in an order in which every arc but those from clocks leads forwards.
#[derive(Debug)]
pub(super) struct TopologicalOrder {
    rank: Vec<u32>,
    /// Pins on a loop without a flip-flop.
    pub loops: Vec<PinId>,
}

impl TopologicalOrder {
    pub fn of(routed: &Routed) -> TopologicalOrder {
        let mut waits: Vec<usize> = vec![0; routed.pins.len()];
        let is_forward = |arc: &&ArcId| routed.arc(**arc).kind != ArcKind::Clocked;
        for (pin, waits) in waits.iter_mut().enumerate() {
            *waits = routed.arriving(PinId(pin)).iter().filter(is_forward).count();
        }
        let mut open: Vec<PinId> = (0..waits.len()).filter(|&pin| waits[pin] == 0).map(PinId).collect();
        let mut rank = vec![u32::MAX; waits.len()];
        let mut next = 0;
        while let Some(pin) = open.pop() {
            rank[pin.0] = next;
            next += 1;
            for id in routed.leaving(pin).iter().filter(is_forward) {
                let to = routed.arc(*id).to;
                waits[to.0] -= 1;
                if waits[to.0] == 0 {
                    open.push(to);
                }
            }
        }
        let loops = (0..rank.len()).filter(|&pin| rank[pin] == u32::MAX).map(PinId).collect();
        TopologicalOrder { rank, loops }
    }
}

/// How arrivals are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mode {
    pub corner: Corner,
    /// The latest arrival, or the earliest.
    pub late: bool,
}

impl Mode {
    fn better(self, new: Time, old: Time) -> bool {
        if self.late { new > old } else { new < old }
    }

    /// The latest of some times, or the earliest.
    fn pick(self, times: impl Iterator<Item = Time>) -> Option<Time> {
        if self.late { times.max() } else { times.min() }
    }
}

/// Flip-flops of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Launching {
    /// Those that follow the rise of the fire.
    Rising,
    /// Of these, those whose toggling ends every pulse.
    Ending,
    /// Those that follow the fall of the fire.
    Falling,
}

/// When pins are reached, counted from the fire, and by which arc.
#[derive(Clone, Debug)]
pub(super) struct Arrivals {
    pub mode: Mode,
    at: HashMap<PinId, (Time, Option<ArcId>)>,
}

impl Arrivals {
    pub fn at(&self, pin: PinId) -> Option<Time> {
        self.at.get(&pin).map(|&(time, _)| time)
    }

    /// Every pin that is reached.
    pub fn iter(&self) -> impl Iterator<Item = (PinId, Time)> {
        self.at.iter().map(|(&pin, &(time, _))| (pin, time))
    }

    /// The path to a pin, from its start.
    pub fn path(&self, routed: &Routed, to: PinId) -> Vec<Step> {
        let (mut steps, mut pin) = (Vec::new(), to);
        while let Some(&(time, arc)) = self.at.get(&pin) {
            steps.push(Step { pin: routed.pin_name(pin), at: time });
            match arc {
                Some(arc) => pin = routed.arc(arc).from,
                None => break,
            }
        }
        steps.reverse();
        steps
    }
}

/// A routed chip with roles and an order.
#[derive(Debug)]
pub(super) struct RoutedChip<'a> {
    pub routed: &'a Routed,
    pub roles: Roles,
    pub order: TopologicalOrder,
    /// Inputs of chains and of gates: data stop there.
    barriers: HashSet<PinId>,
    /// Bounds of what the routed chip does not tell.
    pub untold: Untold,
}

impl<'a> RoutedChip<'a> {
    pub fn new(routed: &'a Routed, roles: Roles, untold: Untold) -> RoutedChip<'a> {
        let gates = roles.gates.iter().map(|gate| gate.enable);
        let barriers = roles.chain_pins.keys().copied().chain(gates).collect();
        RoutedChip { routed, roles, order: TopologicalOrder::of(routed), barriers, untold }
    }

    /// When the clock pins of a domain see its fire. Over a global network nobody knows how late, but by how much later one than
    /// another.
    pub fn clocks(&self, domain: &Domain, mode: Mode) -> Arrivals {
        // Past the barriers too: a fire passes no chain, but buffers.
        let mut arrivals = self.spread([(domain.root, Time::ZERO)].into(), mode, &|_| true);
        if domain.promoted && mode.late && domain.cell.is_some() {
            for flop in &domain.flops {
                if let Some((at, _)) = arrivals.at.get_mut(&flop.clock) {
                    *at = *at + self.untold.global_skew;
                }
            }
        }
        arrivals
    }

    /// The pins that what a flip-flop launches reaches sooner than `enough` after its clock, and when.
    pub fn soon_after(&self, flop: &Flop, mode: Mode, enough: Time) -> Vec<(PinId, Time)> {
        let clocked = self.routed.leaving(flop.clock).iter().map(|&id| self.routed.arc(id));
        let clocked = clocked.filter(|arc| arc.kind == ArcKind::Clocked);
        let mut open: Vec<(PinId, Time)> =
            clocked.map(|arc| (arc.to, arc.delay.at(mode.corner, mode.late))).collect();
        open.extend(self.written(flop, mode));
        let mut reached = Vec::new();
        while let Some((pin, time)) = open.pop() {
            if time >= enough || self.barriers.contains(&pin) {
                continue;
            }
            reached.push((pin, time));
            let onward = self.routed.leaving(pin).iter().map(|&id| self.routed.arc(id));
            let onward = onward.filter(|arc| arc.kind != ArcKind::Clocked);
            open.extend(onward.map(|arc| (arc.to, time + arc.delay.at(mode.corner, mode.late))));
        }
        reached
    }

    /// By how much a clock on a global network may reach one cell later than another.
    pub fn skew(&self, from: CellId, to: CellId) -> Time {
        let place = |cell| grid_place(&self.routed.cell(cell).place);
        let whole = self.untold.global_skew;
        let (Some([x, y]), Some([other_x, other_y])) = (place(from), place(to)) else { return whole };
        let distance = i64::from(x.abs_diff(other_x) + y.abs_diff(other_y)) + SAME_PLACE;
        whole.min(Time::from_fs(whole.fs() * distance / SKEW_DISTANCE))
    }

    /// Where a written word comes out of distributed RAM, and when after its clock.
    fn written(&self, flop: &Flop, mode: Mode) -> Option<(PinId, Time)> {
        let cell = self.routed.cell(flop.cell);
        let output = cell.pins.get("F").filter(|_| cell.parameter("MODE") == "DPRAM")?;
        let [soonest, latest] = self.untold.memory_write;
        Some((*output, if mode.late { latest } else { soonest }))
    }

    /// When what some of a domain's flip-flops hold after an edge of its fire reaches other pins, counted from that edge.
    pub fn launched(&self, domain: DomainId, clocks: &Arrivals, which: Launching) -> Arrivals {
        let mode = clocks.mode;
        let mut starts: Vec<(PinId, Time, ArcId)> = Vec::new();
        let mut written: Vec<(PinId, Time)> = Vec::new();
        let domain = self.roles.domain(domain);
        let taken = |flop: &&Flop| match which {
            Launching::Rising => !flop.falling,
            Launching::Ending => domain.ending.contains(&flop.cell),
            Launching::Falling => flop.falling,
        };
        for flop in domain.flops.iter().filter(taken) {
            let Some(clock) = clocks.at(flop.clock) else { continue };
            for &id in self.routed.leaving(flop.clock) {
                let arc = self.routed.arc(id);
                if arc.kind == ArcKind::Clocked {
                    starts.push((arc.to, clock + arc.delay.at(mode.corner, mode.late), id));
                }
            }
            // A written word comes out of distributed RAM.
            written.extend(self.written(flop, mode).map(|(output, after)| (output, clock + after)));
        }
        let mut arrivals = self.spread(
            starts.iter().map(|&(pin, time, _)| (pin, time)).chain(written).collect(),
            mode,
            &|pin| !self.barriers.contains(&pin),
        );
        // The path starts at the fire.
        for (pin, time, arc) in starts {
            if arrivals.at(pin) == Some(time) {
                arrivals.at.insert(pin, (time, Some(arc)));
                let clock = self.routed.arc(arc).from;
                if let Some(&known) = clocks.at.get(&clock) {
                    arrivals.at.entry(clock).or_insert(known);
                }
            }
        }
        arrivals
    }

    fn spread(&self, starts: Vec<(PinId, Time)>, mode: Mode, passes: &dyn Fn(PinId) -> bool) -> Arrivals {
        let mut at: HashMap<PinId, (Time, Option<ArcId>)> = HashMap::new();
        let mut open = BinaryHeap::new();
        for (pin, time) in starts {
            at.insert(pin, (time, None));
            open.push(Reverse((self.order.rank[pin.0], pin)));
        }
        let mut done: Option<PinId> = None;
        while let Some(Reverse((rank, pin))) = open.pop() {
            if done == Some(pin) || rank == u32::MAX || !passes(pin) {
                continue;
            }
            done = Some(pin);
            let time = at[&pin].0;
            for &id in self.routed.leaving(pin) {
                let arc = self.routed.arc(id);
                if arc.kind == ArcKind::Clocked {
                    continue;
                }
                let new = time + arc.delay.at(mode.corner, mode.late);
                let known = at.get(&arc.to);
                if known.is_none_or(|&(old, _)| mode.better(new, old)) {
                    if known.is_none() {
                        open.push(Reverse((self.order.rank[arc.to.0], arc.to)));
                    }
                    at.insert(arc.to, (new, Some(id)));
                }
            }
        }
        Arrivals { mode, at }
    }

    fn through(&self, from: PinId, to: PinId, mode: Mode) -> Time {
        let arcs = self.routed.leaving(from).iter().map(|&id| self.routed.arc(id));
        let delays = arcs.filter(|arc| arc.to == to).map(|arc| arc.delay.at(mode.corner, mode.late));
        mode.pick(delays).unwrap_or(Time::ZERO)
    }

    /// Inputs with the delays of their wires.
    pub fn wire(&self, pins: &[PinId], mode: Mode) -> Vec<(PinId, Time)> {
        let delay = |&pin: &PinId| {
            let driver = self.routed.driver_of(pin).map_or(Time::ZERO, |from| self.through(from, pin, mode));
            (pin, driver)
        };
        pins.iter().map(delay).collect()
    }

    /// When a chain's LUTs rise after what comes from `requests`: each waits for the LUT before and for the join.
    /// Nothing if no request of these reaches the join.
    pub fn rise(&self, domain: DomainId, requests: &Arrivals) -> Option<Time> {
        self.rises(domain, requests)?.last().copied()
    }

    /// The same for every LUT.
    pub fn rises(&self, domain: DomainId, requests: &Arrivals) -> Option<Vec<Time>> {
        self.changes(domain, requests, true)
    }

    /// When the LUTs of a chain fall after what comes from `requests`: each falls with the first of its inputs that does.
    pub fn falls(&self, domain: DomainId, requests: &Arrivals) -> Option<Vec<Time>> {
        self.changes(domain, requests, false)
    }

    fn changes(&self, domain: DomainId, requests: &Arrivals, rise: bool) -> Option<Vec<Time>> {
        let mode = requests.mode;
        let heard = |&pin: &PinId| Some((pin, requests.at(pin)?));
        let mut changes: Vec<Time> = Vec::new();
        for lut in &self.roles.domain(domain).chain {
            let mut inputs: Vec<(PinId, Time)> = match changes.last() {
                Some(&before) => {
                    self.wire(&lut.previous, mode).iter().map(|&(pin, wire)| (pin, before + wire)).collect()
                }
                None => lut.previous.iter().filter_map(heard).collect(),
            };
            inputs.extend(lut.enable.iter().filter_map(heard));
            let outputs = inputs.into_iter().map(|(pin, at)| at + self.through(pin, lut.output, mode));
            changes.push(if rise { outputs.max() } else { outputs.min() }?);
        }
        Some(changes)
    }

    /// When the join itself is settled, and its earliest change: at the first input of the chain.
    pub fn join(&self, domain: DomainId, requests: &Arrivals) -> Option<Time> {
        let first: &ChainLut = self.roles.domain(domain).chain.first()?;
        requests.mode.pick(first.previous.iter().filter_map(|&pin| requests.at(pin)))
    }

    /// When the strobe reaches a fire.
    pub fn strobe(&self, domain: DomainId, island: &Arrivals) -> Option<Time> {
        let last = self.roles.domain(domain).chain.last()?;
        let through = |pin| self.through(pin, last.output, island.mode);
        island.mode.pick(last.strobe.iter().filter_map(|&pin| Some(island.at(pin)? + through(pin))))
    }

    /// Delay of one LUT of a chain with its wire, the mean over the chain.
    pub fn lut(&self, domain: DomainId, mode: Mode) -> Time {
        let chain = &self.roles.domain(domain).chain;
        let mut total = Time::ZERO;
        for lut in &chain[1..] {
            let paths = self.wire(&lut.previous, mode);
            let paths = paths.into_iter().map(|(pin, wire)| wire + self.through(pin, lut.output, mode));
            total = total + paths.max().unwrap_or(Time::ZERO);
        }
        match i64::try_from(chain.len()) {
            Ok(luts) if luts > 1 => Time::from_fs(total.fs() / (luts - 1)),
            // One LUT alone: its own delay is all there is to go by, without a wire.
            _ => chain.first().map_or(Time::ZERO, |lut| {
                lut.previous.first().map_or(Time::ZERO, |&pin| self.through(pin, lut.output, mode))
            }),
        }
    }
}

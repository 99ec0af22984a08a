//! What every domain's flip-flops reach, and when: all that the constraints need of the paths.

use super::paths::{Arrivals, Launching, Mode, RoutedChip};
use super::roles::DomainId;
use crate::routed::PinId;
use crate::sdf::{Time, Triple};
use std::collections::{BTreeMap, HashMap};

/// A pin whose data a flip-flop takes.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub domain: DomainId,
    pub pin: PinId,
    pub clock: PinId,
    pub falling: bool,
    pub setup: Triple,
    pub hold: Triple,
}

/// All endpoints, and where to find them.
#[derive(Debug)]
pub(super) struct Endpoints {
    pub list: Vec<Endpoint>,
    at: HashMap<PinId, usize>,
}

impl Endpoints {
    /// The endpoint at a pin, if there is one.
    pub fn at(&self, pin: PinId) -> Option<&Endpoint> {
        self.list.get(*self.at.get(&pin)?)
    }

    /// The data pins of all flip-flops. An asynchronous reset is none: it moves at rest only.
    pub fn of(chip: &RoutedChip<'_>) -> Endpoints {
        let mut endpoints = Endpoints { list: Vec::new(), at: HashMap::new() };
        for (index, domain) in chip.roles.domains.iter().enumerate() {
            for flop in &domain.flops {
                let cell = chip.routed.cell(flop.cell);
                let asynchronous =
                    cell.parameter("SRMODE") == "ASYNC" || cell.parameter("ASYNC_SR").ends_with('1');
                for constraint in cell.constraints.iter().filter(|c| c.clock == flop.clock) {
                    let name = chip.routed.pin(constraint.data).name.as_str();
                    if (asynchronous && ["LSR", "SR"].contains(&name))
                        || chip.routed.net_of(constraint.data).is_none()
                    {
                        continue;
                    }
                    endpoints.at.insert(constraint.data, endpoints.list.len());
                    endpoints.list.push(Endpoint {
                        domain: DomainId(index),
                        pin: constraint.data,
                        clock: flop.clock,
                        falling: flop.falling,
                        setup: constraint.setup,
                        hold: constraint.hold,
                    });
                }
            }
        }
        endpoints
    }
}

/// What the flip-flops of one domain reach that follow one edge of its fire, counted from that edge.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    /// Endpoints by number.
    pub data: BTreeMap<usize, Time>,
    /// Inputs of chains.
    pub chains: BTreeMap<PinId, Time>,
    /// By domain: when its fire rises, if these were the last requests it waited for.
    pub rise: BTreeMap<DomainId, Time>,
    /// By domain: when its join has changed.
    pub join: BTreeMap<DomainId, Time>,
    /// By domain: when the strobe makes it fire.
    pub strobe: BTreeMap<DomainId, Time>,
    /// When the LUTs of the own chain fall.
    pub falls: Vec<Time>,
    /// When they rise; nothing if no request of these reaches the own join.
    pub rises: Vec<Time>,
}

/// One domain in one mode.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    /// When its clock pins see its fire.
    pub clocks: HashMap<PinId, Time>,
    /// After the rise of its fire.
    pub rising: Reach,
    /// After the fall of its fire.
    pub falling: Reach,
    /// When the LUTs of its chain fall after what ends every pulse.
    pub ends: Vec<Time>,
    /// When the inputs of its chain hear of the end of a pulse.
    pub heard: BTreeMap<PinId, Time>,
    /// By gate: when the clock and the enable reach it, of the island. Both follow the rise of the board's clock.
    pub gates: Vec<[Option<Time>; 2]>,
    /// By domain: when a strobe that a gate makes clocks it, after the fall of the board's clock.
    pub gated: BTreeMap<DomainId, Time>,
}

/// Every domain in one mode.
#[derive(Debug)]
pub(super) struct Launches {
    pub mode: Mode,
    pub domains: Vec<Launch>,
}

impl Launches {
    pub fn of(chip: &RoutedChip<'_>, endpoints: &Endpoints, mode: Mode) -> Launches {
        let domains =
            (0..chip.roles.domains.len()).map(|index| launch(chip, endpoints, DomainId(index), mode));
        Launches { mode, domains: domains.collect() }
    }

    pub fn domain(&self, id: DomainId) -> &Launch {
        &self.domains[id.0]
    }

    /// When a fire reaches the clock pin of an endpoint of its domain.
    pub fn clock(&self, endpoint: &Endpoint) -> Time {
        self.domain(endpoint.domain).clocks.get(&endpoint.clock).copied().unwrap_or(Time::ZERO)
    }

    /// From a cell's fire to its next one, if its own pulse's end is all that it waits for.
    pub fn own_cycle(&self, id: DomainId) -> Option<Time> {
        let launch = self.domain(id);
        Some(*launch.ends.last()? + *launch.falling.rise.get(&id)?)
    }

    /// When a fire falls that its own cell ends.
    pub fn fall(&self, id: DomainId) -> Option<Time> {
        self.domain(id).rising.falls.last().copied()
    }
}

fn launch(chip: &RoutedChip<'_>, endpoints: &Endpoints, id: DomainId, mode: Mode) -> Launch {
    let domain = chip.roles.domain(id);
    let clocks = chip.clocks(domain, mode);
    let reach = |which| reach(chip, endpoints, id, &chip.launched(id, &clocks, which));
    let (rising, falling) = (reach(Launching::Rising), reach(Launching::Falling));
    let ending = chip.launched(id, &clocks, Launching::Ending);
    let ends = chip.falls(id, &ending).unwrap_or_default();
    let pins = domain.flops.iter().filter_map(|flop| Some((flop.clock, clocks.at(flop.clock)?)));
    let own = |&(pin, _): &(PinId, Time)| chip.roles.chain_pins.get(&pin) == Some(&id);
    let heard = ending.iter().filter(own).collect();
    let (mut gates, mut gated) = (Vec::new(), BTreeMap::new());
    if id == chip.roles.island() && !chip.roles.gates.is_empty() {
        let data = chip.launched(id, &clocks, Launching::Rising);
        for gate in &chip.roles.gates {
            gates.push([clocks.at(gate.clock), data.at(gate.enable)]);
            gated.extend(gate.domain.zip(clocks.at(gate.output)));
        }
        gated.extend(chip.roles.cells().filter_map(|(cell, _)| Some((cell, chip.strobe(cell, &clocks)?))));
    }
    Launch { clocks: pins.collect(), rising, falling, ends, heard, gates, gated }
}

fn reach(chip: &RoutedChip<'_>, endpoints: &Endpoints, id: DomainId, arrivals: &Arrivals) -> Reach {
    let mut reach = Reach::default();
    let mut reached = std::collections::BTreeSet::new();
    for (pin, time) in arrivals.iter() {
        if let Some(&endpoint) = endpoints.at.get(&pin) {
            reach.data.insert(endpoint, time);
        }
        if let Some(&domain) = chip.roles.chain_pins.get(&pin) {
            reach.chains.insert(pin, time);
            reached.insert(domain);
        }
    }
    for domain in reached {
        reach.rise.extend(chip.rise(domain, arrivals).map(|time| (domain, time)));
        reach.join.extend(chip.join(domain, arrivals).map(|time| (domain, time)));
        reach.strobe.extend(chip.strobe(domain, arrivals).map(|time| (domain, time)));
    }
    reach.falls = chip.falls(id, arrivals).unwrap_or_default();
    reach.rises = chip.rises(id, arrivals).unwrap_or_default();
    reach
}

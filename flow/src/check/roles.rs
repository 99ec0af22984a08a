//! What the cells of the device are to the array: chains, fires, flip-flops, the board's clock.
//!
//! Chains are known by the names the emitted Verilog gave their LUTs, everything else by what it is connected to: a
//! flip-flop belongs to the cell whose fire clocks it. So no name that synthesis chose matters.

use super::fault::{Fault, FaultKind};
use crate::netlist::names::{delay_lut, gate, packed};
use crate::routed::{ArcKind, CellId, Connection, Direction, PinId, Routed};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use wheatstone_hdl::delays::{self, DelayLine};
use wheatstone_hdl::{Chip, ChipArray};

/// Buffers of the global networks.
pub(super) const GLOBAL_BUFFERS: [&str; 2] = ["DCCA", "SB_GB"];

/// The table of a LUT that is high where input A is and input B is not.
const LOW_HALF: &str = "0010001000100010";

/// Number of a domain: a cell of the array, a strobe, or the board's clock, which comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DomainId(pub usize);

/// One LUT of a matched delay.
#[derive(Clone, Debug)]
pub(super) struct ChainLut {
    pub output: PinId,
    /// Inputs that follow the LUT before; those of the first follow the join.
    pub previous: Vec<PinId>,
    /// Inputs that follow the join.
    pub enable: Vec<PinId>,
    /// Inputs that follow the strobe.
    pub strobe: Vec<PinId>,
}

/// A flip-flop, or a port of a memory.
#[derive(Clone, Debug)]
pub(super) struct Flop {
    pub cell: CellId,
    pub clock: PinId,
    pub falling: bool,
}

/// What one fire, or the board's clock, clocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Domain {
    /// `node_3`, `edge_7`, or `island`.
    pub name: String,
    /// The cell of the array; none for the island and for what a strobe clocks.
    pub cell: Option<delays::CellId>,
    /// The output that is the fire; for the island the output of the clock's pad.
    pub root: PinId,
    /// The matched delay, first LUT first. Empty for the island.
    pub chain: Vec<ChainLut>,
    pub flops: Vec<Flop>,
    /// Flip-flops of which one toggles at every fire and so ends its pulse: those that a flip-flop behind the join follows when
    /// the fire falls, where there are such; all of its own behind the join elsewhere.
    pub ending: Vec<CellId>,
    /// Those that follow them.
    pub followers: Vec<CellId>,
    /// Whether its scan flip-flop may take what it takes at a later pulse: what it takes has not changed by then.
    pub scans_later: bool,
    /// Whether it runs over a global buffer, behind which nextpnr tells no delays.
    pub promoted: bool,
    /// Whether a request delay gives the data it sends more time than its requests have.
    pub has_request_delay: bool,
}

/// A LUT that makes a strobe of the board's clock.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    /// The domain of what the strobe clocks, if that is no cell's fire.
    pub domain: Option<DomainId>,
    /// Its input that follows the clock.
    pub clock: PinId,
    /// Its input that says when.
    pub enable: PinId,
    /// The strobe.
    pub output: PinId,
}

/// Everything that has a role.
#[derive(Debug, Default)]
pub(super) struct Roles {
    /// Cells of the array by id, then what a strobe clocks, then the island.
    pub domains: Vec<Domain>,
    /// What makes the strobes of a folded array.
    pub gates: Vec<Gate>,
    /// Which domain an input of a chain's LUT belongs to.
    pub chain_pins: HashMap<PinId, DomainId>,
    pub faults: Vec<Fault>,
}

impl Roles {
    pub fn island(&self) -> DomainId {
        DomainId(self.domains.len() - 1)
    }

    pub fn domain(&self, id: DomainId) -> &Domain {
        &self.domains[id.0]
    }

    /// Cells of the array with their numbers.
    pub fn cells(&self) -> impl Iterator<Item = (DomainId, &Domain)> {
        let domains = self.domains.iter().enumerate().map(|(index, domain)| (DomainId(index), domain));
        domains.filter(|(_, domain)| domain.cell.is_some())
    }

    /// Finds everything.
    pub fn find(chip: &Chip, routed: &Routed) -> Roles {
        let mut roles = Roles::default();
        let lengths = chip.array.delays();
        let mut by_root: HashMap<PinId, DomainId> = HashMap::new();
        for cell in chip.array.cell_ids() {
            let (name, luts) = (cell.to_string(), lengths.get(cell.matched()).routed());
            if let Some(chain) = roles.chain(routed, cell, luts) {
                let id = DomainId(roles.domains.len());
                for pin in chain.iter().flat_map(|lut| [&lut.previous, &lut.enable, &lut.strobe]).flatten() {
                    roles.chain_pins.insert(*pin, id);
                }
                if let Some(last) = chain.last() {
                    by_root.insert(last.output, id);
                    let has_request_delay = lengths.contains(cell.line(DelayLine::Request));
                    let (root, cell) = (last.output, Some(cell));
                    let domain = Domain { name, cell, root, chain, has_request_delay, ..Domain::default() };
                    roles.domains.push(domain);
                }
            }
        }
        // An input takes a sample, and an edge learns, before the last fires of a burst; a node relaxes up to its last one.
        let network = chip.design.network();
        for domain in &mut roles.domains {
            domain.scans_later = match domain.cell {
                Some(delays::CellId::Node(node)) => network.inputs().iter().any(|id| id.index() == node),
                Some(delays::CellId::Edge(_)) => true,
                // Their memories are reached otherwise than by a chain of bits.
                Some(delays::CellId::Tile(_) | delays::CellId::Root) | None => false,
            };
        }
        if let ChipArray::Folded(_) = chip.array {
            roles.gates(routed, &mut by_root);
        }
        roles.clock(routed, &mut by_root);
        roles.flops(routed, &by_root);
        roles.phases(routed);
        roles.endings(routed);
        roles
    }

    /// The roles of a design that has a clock and no fires; nothing if it has no clock.
    pub fn of_clock(routed: &Routed) -> Option<Roles> {
        let mut roles = Roles::default();
        let mut by_root = HashMap::new();
        roles.clock(routed, &mut by_root);
        roles.flops(routed, &by_root);
        (!by_root.is_empty()).then_some(roles)
    }

    /// Finds what makes the strobes of a folded array; the one that clocks no fires clocks a domain of its own.
    fn gates(&mut self, routed: &Routed, by_root: &mut HashMap<PinId, DomainId>) {
        for (strobe, has_domain) in [("strobe", true), ("scan_strobe", false)] {
            let name = gate(strobe);
            let cell = routed.find(&name).map(|cell| routed.cell(cell));
            let cell = cell.filter(|cell| cell.parameter("INITVAL").ends_with(LOW_HALF));
            let pin = |name: &str| cell.and_then(|cell| cell.pins.get(name)).copied();
            let (Some(enable), Some(clock), Some(output)) = (pin("A"), pin("B"), pin("F")) else {
                self.fault("", name, FaultKind::Gate);
                continue;
            };
            let domain = has_domain.then_some(DomainId(self.domains.len()));
            if let Some(id) = domain {
                by_root.insert(output, id);
                self.domains.push(Domain { name: "samples".to_owned(), root: output, ..Domain::default() });
            }
            self.gates.push(Gate { domain, clock, enable, output });
        }
    }

    /// Adds what the board's clock clocks, the last domain.
    fn clock(&mut self, routed: &Routed, by_root: &mut HashMap<PinId, DomainId>) {
        let clock = routed.ports.iter().find(|port| port.name == "clk").and_then(|port| port.nets.first());
        let pad = clock.and_then(|&net| {
            let pad = routed.cells.iter().find(|cell| {
                cell.pins.values().any(|&pin| {
                    routed.pin(pin).direction == Direction::Inout && routed.net_of(pin) == Some(net)
                })
            })?;
            let outputs = pad.pins.values().copied().filter(|&pin| {
                routed.pin(pin).direction == Direction::Output && routed.net_of(pin).is_some()
            });
            outputs.min()
        });
        if pad.is_none() {
            self.fault("", "clk", FaultKind::NoClock);
        }
        by_root.extend(pad.map(|root| (root, DomainId(self.domains.len()))));
        let (name, root) = ("island".to_owned(), pad.unwrap_or_default());
        self.domains.push(Domain { name, root, ..Domain::default() });
    }

    fn fault(&mut self, cell: &str, object: impl Into<String>, kind: FaultKind) {
        self.faults.push(Fault { cell: cell.to_owned(), object: object.into(), kind });
    }

    /// The matched delay of a cell, if its LUTs are all there and do what they should.
    fn chain(&mut self, routed: &Routed, cell: delays::CellId, luts: u32) -> Option<Vec<ChainLut>> {
        let find = |number: u32| {
            let lut = delay_lut(cell.matched(), number);
            routed.find(&lut).or_else(|| routed.find(&packed(&lut)))
        };
        let name = &cell.to_string();
        let found = (0..).take_while(|&number| find(number).is_some()).count();
        if usize::try_from(luts) != Ok(found) || luts == 0 {
            let object = format!("{found} LUTs instead of {luts}");
            self.fault(name, object, FaultKind::ChainLength);
            return None;
        }
        let cells: Vec<CellId> = (0..luts).filter_map(find).collect();
        let output = |cell: CellId| {
            let pins = &routed.cell(cell).pins;
            pins.get("F").or_else(|| pins.get("O")).copied()
        };
        let inputs = |cell: CellId| {
            let pins = routed.cell(cell).pins.values().copied();
            pins.filter(|&pin| routed.pin(pin).direction == Direction::Input).collect::<Vec<_>>()
        };
        let enable = inputs(*cells.first()?).into_iter().find_map(|pin| routed.net_of(pin))?;
        let mut chain: Vec<ChainLut> = Vec::new();
        for (number, &cell) in cells.iter().enumerate() {
            let before = match chain.last() {
                Some(lut) => routed.net_of(lut.output),
                None => Some(enable),
            };
            let mut lut = ChainLut {
                output: output(cell)?,
                previous: Vec::new(),
                enable: Vec::new(),
                strobe: Vec::new(),
            };
            for pin in inputs(cell) {
                match routed.net_of(pin) {
                    None => {}
                    net if net == before => lut.previous.push(pin),
                    net if net == Some(enable) => lut.enable.push(pin),
                    Some(_) => lut.strobe.push(pin),
                }
            }
            let last = number + 1 == cells.len();
            let complete = !lut.previous.is_empty()
                && (number == 0 || !lut.enable.is_empty())
                && (last || lut.strobe.is_empty());
            if !complete || !holds_back(routed, cell, &lut) {
                self.fault(name, routed.cell(cell).name.clone(), FaultKind::ChainFunction);
            }
            chain.push(lut);
        }
        Some(chain)
    }

    /// Gives every flip-flop to the domain that clocks it.
    fn flops(&mut self, routed: &Routed, by_root: &HashMap<PinId, DomainId>) {
        let mut clocks: BTreeMap<PinId, CellId> = BTreeMap::new();
        // By domain: whether its clock pins lie behind a global buffer.
        let mut promoted: BTreeMap<usize, BTreeSet<bool>> = BTreeMap::new();
        for (id, cell) in routed.cell_ids() {
            for constraint in &cell.constraints {
                clocks.insert(constraint.clock, id);
            }
        }
        for arc in routed.arcs.iter().filter(|arc| arc.kind == ArcKind::Clocked) {
            clocks.insert(arc.from, routed.pin(arc.from).cell);
        }
        for (clock, cell) in clocks {
            let Some(mut driver) = routed.driver_of(clock) else { continue };
            let mut buffer = None;
            while GLOBAL_BUFFERS.contains(&routed.cell(routed.pin(driver).cell).kind.as_str()) {
                let through = routed.pin(driver).cell;
                buffer = Some(through);
                let input = routed.cell(through).pins.values().copied().find(|&pin| {
                    routed.pin(pin).direction == Direction::Input && routed.net_of(pin).is_some()
                });
                match input.and_then(|pin| routed.driver_of(pin)) {
                    Some(next) => driver = next,
                    None => break,
                }
            }
            let source = routed.cell(routed.pin(driver).cell);
            if source.pins.values().all(|&pin| pin == driver || routed.net_of(pin).is_none()) {
                // A constant: a port of a memory that is not used.
                continue;
            }
            let name = routed.cell(cell).name.clone();
            let Some(&domain) = by_root.get(&driver) else {
                let object = format!("{name} by {}", routed.pin_name(driver));
                self.fault("", object, FaultKind::ForeignClock);
                continue;
            };
            promoted.entry(domain.0).or_default().insert(buffer.is_some());
            if let (Some(buffer), Some(delays::CellId::Node(_) | delays::CellId::Edge(_))) =
                (buffer, self.domains[domain.0].cell)
            {
                let (cell, object) = (self.domains[domain.0].name.clone(), routed.cell(buffer).name.clone());
                self.fault(&cell, object, FaultKind::PromotedFire);
            }
            let falling = is_falling(routed, cell, clock);
            self.domains[domain.0].flops.push(Flop { cell, clock, falling });
        }
        for (id, ways) in promoted {
            let domain = &mut self.domains[id];
            domain.promoted = ways.contains(&true);
            if ways.len() > 1 && domain.cell.is_some() {
                let (name, object) = (domain.name.clone(), "the fire".to_owned());
                self.fault(&name, object, FaultKind::SplitFire);
            }
        }
        self.faults.sort();
        self.faults.dedup();
    }

    /// Finds what ends the pulses.
    fn endings(&mut self, routed: &Routed) {
        for domain in self.domains.iter_mut().filter(|domain| domain.cell.is_some()) {
            let requests = requests(routed, domain);
            let own = |falling: bool| {
                let flops = domain.flops.iter().filter(move |flop| flop.falling == falling);
                flops.map(|flop| flop.cell).filter(|cell| requests.contains(cell)).collect::<Vec<_>>()
            };
            let followers = own(true);
            let inputs = followers.iter().flat_map(|&cell| &routed.cell(cell).constraints);
            let followed: Vec<CellId> =
                inputs.flat_map(|constraint| sources(routed, constraint.data)).collect();
            domain.ending = if followers.is_empty() { own(false) } else { followed };
            domain.followers = followers;
        }
    }

    /// Flip-flops behind a join start at 0, and only the reset brings them back there.
    fn phases(&mut self, routed: &Routed) {
        let mut faults = Vec::new();
        // Its own join hears a flip-flop, or another cell's: the root hears the tokens of tiles.
        let heard: BTreeSet<CellId> = self.cells().flat_map(|(_, domain)| requests(routed, domain)).collect();
        for (_, domain) in self.cells() {
            let own: BTreeSet<CellId> = domain.flops.iter().map(|flop| flop.cell).collect();
            let mut reset = None;
            for &cell in own.intersection(&heard) {
                let (initial, asynchronous, pin) = start_of(routed, cell);
                let object = routed.cell(cell).name.clone();
                let net = pin.and_then(|pin| routed.net_of(pin));
                let mut fault = |kind| {
                    faults.push(Fault { cell: domain.name.clone(), object: object.clone(), kind });
                };
                if initial {
                    fault(FaultKind::PhaseStart);
                }
                if !asynchronous || net.is_none() || reset.is_some_and(|known| Some(known) != net) {
                    fault(FaultKind::PhaseReset);
                }
                reset = net;
            }
        }
        self.faults.extend(faults);
    }
}

/// Whether a LUT of a chain is low as long as the join or the LUT before is, and the strobe.
fn holds_back(routed: &Routed, cell: CellId, lut: &ChainLut) -> bool {
    let cell = routed.cell(cell);
    let (table, names) = match cell.kind.as_str() {
        "TRELLIS_COMB" => (cell.parameter("INITVAL"), ["A", "B", "C", "D"]),
        "ICESTORM_LC" => (cell.parameter("LUT_INIT"), ["I0", "I1", "I2", "I3"]),
        _ => return false,
    };
    let Ok(table) = u16::from_str_radix(&table[table.len().saturating_sub(16)..], 2) else { return false };
    let clocked = cell.parameter("DFF_ENABLE").ends_with('1') || cell.parameter("MODE") == "CCU2";
    let pins = names.map(|name| cell.pins.get(name).copied());
    let unconnected = cell.kind == "TRELLIS_COMB";
    let low = |held: &[PinId]| {
        (0..16u16).all(|address| {
            let possible = pins.iter().enumerate().all(|(bit, pin)| {
                let high = address >> bit & 1 == 1;
                match pin {
                    Some(pin) if held.contains(pin) || lut.strobe.contains(pin) => !high,
                    Some(pin) => match routed.pin(*pin).connection {
                        Connection::Constant(value) => high == value,
                        Connection::None => high == unconnected,
                        Connection::Net(_) => true,
                    },
                    None => true,
                }
            });
            !possible || table >> address & 1 == 0
        })
    };
    !clocked && low(&lut.previous) && (lut.enable.is_empty() || low(&lut.enable))
}

/// Whether that clock pin of a cell counts falling edges.
fn is_falling(routed: &Routed, cell: CellId, clock: PinId) -> bool {
    let cell = routed.cell(cell);
    match cell.kind.as_str() {
        "TRELLIS_FF" => cell.parameter("CLKMUX") == "INV",
        "ICESTORM_LC" => cell.parameter("NEG_CLK").ends_with('1'),
        "DP16KD" => cell.parameter(&format!("{}MUX", routed.pin(clock).name)) == "INV",
        _ => false,
    }
}

/// A flip-flop's value at power-up, whether its reset is asynchronous, and the pin of it.
fn start_of(routed: &Routed, cell: CellId) -> (bool, bool, Option<PinId>) {
    let cell = routed.cell(cell);
    let pin = |name: &str| cell.pins.get(name).copied();
    match cell.kind.as_str() {
        "TRELLIS_FF" => (cell.parameter("REGSET") == "SET", cell.parameter("SRMODE") == "ASYNC", pin("LSR")),
        _ => (
            cell.parameter("SET_NORESET").ends_with('1'),
            cell.parameter("ASYNC_SR").ends_with('1'),
            pin("SR"),
        ),
    }
}

/// The flip-flops behind a cell's join.
pub(super) fn requests(routed: &Routed, domain: &Domain) -> Vec<CellId> {
    let first = domain.chain.first().and_then(|lut| lut.previous.first());
    first.map(|&pin| sources(routed, pin)).unwrap_or_default()
}

/// The flip-flops on which a pin depends.
fn sources(routed: &Routed, pin: PinId) -> Vec<CellId> {
    let (mut found, mut seen, mut open) = (Vec::new(), BTreeSet::new(), vec![pin]);
    while let Some(pin) = open.pop() {
        if !seen.insert(pin) {
            continue;
        }
        for &id in routed.arriving(pin) {
            let arc = routed.arc(id);
            match arc.kind {
                ArcKind::Clocked => found.push(routed.pin(arc.from).cell),
                ArcKind::Wire | ArcKind::Through => open.push(arc.from),
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

//! Joining the netlist and the delays.

use super::{
    Arc, ArcId, ArcKind, Cell, CellId, Connection, Constraint, Direction, Net, NetId, Pin, PinId, Port,
    Routed, RoutedError,
};
use crate::netlist::names::PLACE;
use crate::sdf::{self, PinName, Sdf, TimingCheck, Triple};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use wheatstone_hdl::netlist::{Bit, Instance, Module, Netlist};

pub(super) fn join(netlist: &str, delays: &str) -> Result<Routed, RoutedError> {
    let file: Netlist = serde_json::from_str(netlist)
        .map_err(|source| RoutedError::Netlist { path: PathBuf::new(), source })?;
    let mut modules: Vec<Module> =
        file.modules.into_values().filter(|module| !module.cells.is_empty()).collect();
    let (Some(module), true) = (modules.pop(), modules.is_empty()) else {
        return Err(RoutedError::Modules { count: modules.len() });
    };
    let mut joined = Joined::default();
    for (name, instance) in module.cells {
        joined.cell(name, instance)?;
    }
    for (name, port) in module.ports {
        let bits = port.bits.iter().filter_map(|bit| joined.net_of_bit(bit)).collect();
        joined.routed.ports.push(Port { name, direction: port.direction, nets: bits });
    }
    joined.names(module.netnames);
    let sdf = Sdf::parse(delays).map_err(|source| RoutedError::Delays { path: PathBuf::new(), source })?;
    let mut wired = BTreeSet::new();
    for cell in sdf.cells {
        joined.delays(cell, &mut wired)?;
    }
    joined.every_wire_has_a_delay(&wired)?;
    Ok(joined.finish())
}

/// A parameter as text; numbers as decimal digits.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}

#[derive(Default)]
struct Joined {
    routed: Routed,
    nets: HashMap<usize, NetId>,
}

impl Joined {
    fn net_of_bit(&mut self, bit: &Bit) -> Option<NetId> {
        let Bit::Net(number) = bit else { return None };
        let nets = &mut self.routed.nets;
        Some(*self.nets.entry(*number).or_insert_with(|| {
            nets.push(Net::default());
            NetId(nets.len() - 1)
        }))
    }

    fn cell(&mut self, name: String, instance: Instance) -> Result<(), RoutedError> {
        let cell = CellId(self.routed.cells.len());
        let mut pins = BTreeMap::new();
        for (pin_name, bits) in instance.connections {
            let direction = instance.port_directions.get(&pin_name).copied().unwrap_or(Direction::Inout);
            let connection = match bits.first() {
                None => Connection::None,
                Some(Bit::Constant(digit)) => match digit.as_str() {
                    "0" => Connection::Constant(false),
                    "1" => Connection::Constant(true),
                    _ => Connection::None,
                },
                Some(bit) => self.net_of_bit(bit).map_or(Connection::None, Connection::Net),
            };
            let id = PinId(self.routed.pins.len());
            if let Connection::Net(net) = connection {
                match direction {
                    Direction::Input => self.routed.nets[net.0].sinks.push(id),
                    Direction::Output => {
                        if let Some(other) = self.routed.nets[net.0].driver.replace(id) {
                            let first = self.routed.pin_name(other);
                            return Err(RoutedError::TwoDrivers {
                                first,
                                second: format!("{name}/{pin_name}"),
                            });
                        }
                    }
                    // The pad of the chip: its net is a port.
                    Direction::Inout => {}
                }
            }
            self.routed.pins.push(Pin { cell, name: pin_name.clone(), direction, connection });
            pins.insert(pin_name, id);
        }
        let place = instance.attributes.get(PLACE).map(text).unwrap_or_default();
        let parameters =
            instance.parameters.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        self.routed.by_name.insert(name.clone(), cell);
        let constraints = Vec::new();
        self.routed.cells.push(Cell { name, kind: instance.kind, parameters, place, pins, constraints });
        Ok(())
    }

    fn names(&mut self, netnames: BTreeMap<String, wheatstone_hdl::netlist::Net>) {
        for (name, net) in netnames {
            let single = net.bits.len() == 1;
            for (place, bit) in net.bits.iter().enumerate() {
                if let Some(id) = self.net_of_bit(bit) {
                    let name = if single { name.clone() } else { format!("{name}[{place}]") };
                    self.routed.nets[id.0].names.push(name);
                }
            }
        }
        for net in &mut self.routed.nets {
            net.names.sort_by_key(|name| (name.len(), name.clone()));
        }
    }

    fn pin(&self, cell: CellId, name: &str) -> Result<PinId, RoutedError> {
        let stranger = || RoutedError::Stranger {
            what: "the pin",
            name: format!("{}/{name}", self.routed.cell(cell).name),
        };
        self.routed.cell(cell).pins.get(name).copied().ok_or_else(stranger)
    }

    fn cell_named(&self, name: &str) -> Result<CellId, RoutedError> {
        self.routed
            .find(name)
            .ok_or_else(|| RoutedError::Stranger { what: "the cell", name: name.to_owned() })
    }

    fn pin_named(&self, name: &PinName) -> Result<PinId, RoutedError> {
        self.pin(self.cell_named(&name.instance)?, &name.port)
    }

    fn delays(&mut self, cell: sdf::Cell, wired: &mut BTreeSet<PinId>) -> Result<(), RoutedError> {
        for wire in &cell.wires {
            let (from, to) = (self.pin_named(&wire.from)?, self.pin_named(&wire.to)?);
            if self.routed.driver_of(to) != Some(from) {
                let name = format!("{} to {}", self.routed.pin_name(from), self.routed.pin_name(to));
                return Err(RoutedError::Stranger { what: "the wire", name });
            }
            wired.insert(to);
            self.routed.arcs.push(Arc { from, to, delay: wire.delay, kind: ArcKind::Wire });
        }
        if cell.paths.is_empty() && cell.checks.is_empty() {
            return Ok(());
        }
        let id = self.cell_named(&cell.instance)?;
        let clocks: BTreeSet<String> = clocks_of(&self.routed.cell(id).kind, &cell);
        for path in cell.paths {
            let (from, to) = (self.pin(id, &path.from.name)?, self.pin(id, &path.to)?);
            let clocked = path.from.edge.is_some() || clocks.contains(&path.from.name);
            let kind = if clocked { ArcKind::Clocked } else { ArcKind::Through };
            self.routed.arcs.push(Arc { from, to, delay: path.delay, kind });
        }
        for check in cell.checks {
            let (data, clock, setup, hold) = match check {
                TimingCheck::Setup { data, clock, time } => (data, clock, time, Triple::default()),
                TimingCheck::Hold { data, clock, time } => (data, clock, Triple::default(), time),
                // What nextpnr writes has none; the device's least width is in the policy.
                TimingCheck::Width { .. } => continue,
            };
            let edge = clock.edge;
            let (data, clock) = (self.pin(id, &data.name)?, self.pin(id, &clock.name)?);
            self.require(id, Constraint { data, clock, edge, setup, hold });
        }
        Ok(())
    }

    /// Adds what is asked of a pin, the stricter of what was asked before: for rising and falling data are one here.
    fn require(&mut self, cell: CellId, constraint: Constraint) {
        let worst = |a: Triple, b: Triple| Triple {
            min: a.min.max(b.min),
            typ: a.typ.max(b.typ),
            max: a.max.max(b.max),
        };
        let constraints = &mut self.routed.cells[cell.0].constraints;
        let same = |c: &&mut Constraint| {
            (c.data, c.clock, c.edge) == (constraint.data, constraint.clock, constraint.edge)
        };
        match constraints.iter_mut().find(same) {
            Some(known) => {
                known.setup = worst(known.setup, constraint.setup);
                known.hold = worst(known.hold, constraint.hold);
            }
            None => constraints.push(constraint),
        }
    }

    fn every_wire_has_a_delay(&self, wired: &BTreeSet<PinId>) -> Result<(), RoutedError> {
        for net in &self.routed.nets {
            let Some(driver) = net.driver else { continue };
            if let Some(&sink) = net.sinks.iter().find(|sink| !wired.contains(sink)) {
                let (from, to) = (self.routed.pin_name(driver), self.routed.pin_name(sink));
                return Err(RoutedError::NoWireDelay { from, to });
            }
        }
        Ok(())
    }

    fn finish(self) -> Routed {
        let mut routed = self.routed;
        routed.leaving = vec![Vec::new(); routed.pins.len()];
        routed.arriving = vec![Vec::new(); routed.pins.len()];
        for (index, arc) in routed.arcs.iter().enumerate() {
            routed.leaving[arc.from.0].push(ArcId(index));
            routed.arriving[arc.to.0].push(ArcId(index));
        }
        routed
    }
}

/// The pins of a cell that are clocks: those its checks refer to, and those of its type by name, since a flip-flop without
/// a check still has a clock.
fn clocks_of(kind: &str, cell: &sdf::Cell) -> BTreeSet<String> {
    let mut clocks: BTreeSet<String> = match kind {
        "TRELLIS_FF" | "ICESTORM_LC" => ["CLK".to_owned()].into(),
        "DP16KD" => ["CLKA".to_owned(), "CLKB".to_owned()].into(),
        "ICESTORM_RAM" => ["RCLK".to_owned(), "WCLK".to_owned()].into(),
        _ => BTreeSet::new(),
    };
    for check in &cell.checks {
        if let TimingCheck::Setup { clock, .. } | TimingCheck::Hold { clock, .. } = check {
            clocks.insert(clock.name.clone());
        }
    }
    clocks
}

//! The flattened netlist as a graph of bits: who drives a bit, from what, and where in the hierarchy.

use super::LintError;
use super::convention::{KEEP, TOP};
use super::kind::{Gate, Kind, kind};
use crate::netlist::{Bit, Direction, Instance, Netlist, is_set};
use std::collections::BTreeMap;

/// Index of a bit of the netlist.
pub(super) type BitId = usize;

/// Index of a cell of the netlist.
pub(super) type CellId = usize;

/// What a pin's bit is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Net(BitId),
    /// A constant; `None` is undefined.
    Constant(Option<bool>),
}

/// Where a bit comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Driver {
    /// An input of the top module, by name.
    Port(String),
    /// An output pin of a cell and the bit's place in it.
    Cell { cell: CellId, place: usize },
}

/// A cell of the netlist.
#[derive(Debug)]
pub(super) struct Cell {
    /// The instances from the top down to the cell, and its own name at the end.
    pub path: Vec<String>,
    pub type_name: String,
    pub kind: Kind,
    pub keep: bool,
    /// Input pins by name.
    pub inputs: BTreeMap<String, Vec<Signal>>,
    /// The bits it drives.
    pub outputs: Vec<BitId>,
}

impl Cell {
    /// The path as text.
    pub fn name(&self) -> String {
        self.path.join(".")
    }
}

/// The bits of a net and its attributes.
#[derive(Debug)]
pub(super) struct NamedNet {
    pub bits: Vec<Signal>,
    pub attributes: Vec<String>,
}

/// The whole array.
#[derive(Debug)]
pub(super) struct Graph {
    pub cells: Vec<Cell>,
    /// Drivers of every bit; more than one is a fault, none leaves it floating.
    pub drivers: Vec<Vec<Driver>>,
    /// Nets by their path joined with dots.
    pub nets: BTreeMap<String, NamedNet>,
    /// The module of every flattened instance, by its path joined with dots.
    pub scopes: BTreeMap<String, String>,
    /// The best name of every bit; empty if it has none.
    names: Vec<String>,
}

impl Graph {
    /// Reads the JSON of yosys.
    pub fn parse(json: &str) -> Result<Graph, LintError> {
        let mut netlist: Netlist =
            serde_json::from_str(json).map_err(|source| LintError::Netlist { source })?;
        let module = netlist.modules.remove(TOP).ok_or(LintError::NoTop)?;
        let mut graph = Graph {
            cells: Vec::new(),
            drivers: Vec::new(),
            nets: BTreeMap::new(),
            scopes: BTreeMap::new(),
            names: Vec::new(),
        };
        for (name, port) in &module.ports {
            let drives = port.direction != Direction::Output;
            for signal in signals(&port.bits) {
                if let (Signal::Net(bit), true) = (signal, drives) {
                    graph.drive(bit, Driver::Port(name.clone()));
                }
            }
        }
        for (name, instance) in &module.cells {
            if instance.kind == "$scopeinfo" {
                let path = instance_path(name, instance).join(".");
                graph.scopes.insert(path, module_name(instance));
            } else {
                graph.add(name, instance);
            }
        }
        if graph.scopes.is_empty() {
            return Err(LintError::NoHierarchy);
        }
        for (name, net) in module.netnames {
            let bits = signals(&net.bits);
            for (place, &signal) in bits.iter().enumerate() {
                if let Signal::Net(bit) = signal {
                    let name = if bits.len() == 1 { name.clone() } else { format!("{name}[{place}]") };
                    graph.name_bit(bit, name);
                }
            }
            let set = |attribute: &&String| is_set(&net.attributes, attribute);
            let attributes = net.attributes.keys().filter(set).cloned().collect();
            graph.nets.insert(name, NamedNet { bits, attributes });
        }
        Ok(graph)
    }

    /// How many bits there are.
    pub fn bit_count(&self) -> usize {
        self.drivers.len()
    }

    /// The name of a bit for a reader.
    pub fn bit_name(&self, bit: BitId) -> String {
        match self.names[bit].as_str() {
            "" => match self.drivers[bit].first() {
                Some(Driver::Cell { cell, .. }) => {
                    let cell = &self.cells[*cell];
                    let place = cell.path[..cell.path.len() - 1].join(".");
                    format!("{place}.({})", cell.type_name)
                }
                Some(Driver::Port(port)) => port.clone(),
                None => format!("net {bit}"),
            },
            name => name.to_owned(),
        }
    }

    /// Whether the bit has a name that the Verilog gave it.
    pub fn is_named(&self, bit: BitId) -> bool {
        !self.names[bit].is_empty()
    }

    /// The one bit of a net.
    pub fn single_bit(&self, net: &str) -> Option<BitId> {
        match self.nets.get(net)?.bits[..] {
            [Signal::Net(bit)] => Some(bit),
            _ => None,
        }
    }

    /// The cell that drives a bit; the first if there are several.
    pub fn driving_cell(&self, bit: BitId) -> Option<CellId> {
        self.drivers[bit].iter().find_map(|driver| match driver {
            Driver::Cell { cell, .. } => Some(*cell),
            Driver::Port(_) => None,
        })
    }

    /// The bits on which a bit depends without a flip-flop between, each with the cell in between.
    /// `known` says which bits are constant: a multiplexer whose select is known passes one side only.
    pub fn sources(
        &self,
        bit: BitId,
        known: &dyn Fn(Signal) -> Option<bool>,
        found: &mut Vec<(BitId, CellId)>,
    ) {
        for driver in &self.drivers[bit] {
            let Driver::Cell { cell: id, place } = *driver else { continue };
            let cell = &self.cells[id];
            let select = || cell.inputs.get("S").and_then(|bits| bits.first()).and_then(|&s| known(s));
            let passed = match cell.kind {
                Kind::Flop(_) => continue,
                Kind::Gate(Gate::Mux) => select().map(|select| if select { "B" } else { "A" }),
                _ => None,
            };
            for (pin, bits) in &cell.inputs {
                if passed.is_some_and(|passed| passed != pin) {
                    continue;
                }
                let bits = if cell.kind == Kind::Carry { &bits[..bits.len().min(place + 1)] } else { bits };
                found.extend(bits.iter().filter_map(|&signal| match signal {
                    Signal::Net(_) if known(signal).is_some() => None,
                    Signal::Net(bit) => Some((bit, id)),
                    Signal::Constant(_) => None,
                }));
            }
        }
    }

    fn add(&mut self, name: &str, instance: &Instance) {
        let id = self.cells.len();
        let (mut inputs, mut outputs) = (BTreeMap::new(), Vec::new());
        for (pin, bits) in &instance.connections {
            let bits = signals(bits);
            // A port without a direction belongs to a module nobody knows: it may do both.
            let direction = instance.port_directions.get(pin).copied().unwrap_or(Direction::Inout);
            if direction != Direction::Input {
                for (place, &signal) in bits.iter().enumerate() {
                    if let Signal::Net(bit) = signal {
                        self.drive(bit, Driver::Cell { cell: id, place });
                        outputs.push(bit);
                    }
                }
            }
            if direction != Direction::Output {
                inputs.insert(pin.clone(), bits);
            }
        }
        self.cells.push(Cell {
            path: instance_path(name, instance),
            type_name: instance.kind.clone(),
            kind: kind(&instance.kind, &instance.parameters),
            keep: is_set(&instance.attributes, KEEP),
            inputs,
            outputs,
        });
    }

    fn grow(&mut self, bit: BitId) {
        if bit >= self.drivers.len() {
            self.drivers.resize(bit + 1, Vec::new());
            self.names.resize(bit + 1, String::new());
        }
    }

    fn drive(&mut self, bit: BitId, driver: Driver) {
        self.grow(bit);
        self.drivers[bit].push(driver);
    }

    /// Takes the name if it is better than the one known: best is one inside the array cell that drives the bit, and
    /// then a short one.
    fn name_bit(&mut self, bit: BitId, name: String) {
        self.grow(bit);
        if name.starts_with('$') {
            return;
        }
        let home = match self.drivers[bit].first() {
            Some(Driver::Cell { cell, .. }) => self.cells[*cell].path[0].as_str(),
            Some(Driver::Port(port)) => port,
            None => "",
        };
        let rank = |name: &str| {
            let at_home =
                name.strip_prefix(home).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
            (!at_home, name.len())
        };
        let known = &self.names[bit];
        if known.is_empty() || rank(&name) < rank(known) {
            self.names[bit] = name;
        }
    }
}

fn signals(bits: &[Bit]) -> Vec<Signal> {
    let signal = |bit: &Bit| match bit {
        Bit::Net(bit) => Signal::Net(*bit),
        Bit::Constant(digit) => Signal::Constant(match digit.as_str() {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        }),
    };
    bits.iter().map(signal).collect()
}

/// The module an instance was made of. A module with parameters says its name in an attribute.
fn module_name(instance: &Instance) -> String {
    let attribute = |name| crate::netlist::text(&instance.attributes, name);
    attribute("module_hdlname").or_else(|| attribute("module")).unwrap_or_default().to_owned()
}

/// The path of an instance. One that the Verilog named carries it in an attribute; others begin with
/// `$flatten\outer.\inner.`.
fn instance_path(name: &str, instance: &Instance) -> Vec<String> {
    if let Some(path) = crate::netlist::text(&instance.attributes, "hdlname") {
        return path.split(' ').map(str::to_owned).collect();
    }
    let Some(mut rest) = name.strip_prefix("$flatten") else { return vec![name.to_owned()] };
    let mut path = Vec::new();
    while let Some(inside) = rest.strip_prefix('\\') {
        let Some(end) = [".\\", ".$"].iter().filter_map(|mark| inside.find(mark)).min() else { break };
        path.push(inside[..end].to_owned());
        rest = &inside[end + 1..];
    }
    path.push(rest.to_owned());
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flattened_name_tells_its_path() {
        let bare: Instance = serde_json::from_str(r#"{"type": "$_AND_"}"#).unwrap();
        let path = instance_path(r"$flatten\node_3.\phase.$auto$ff.cc:337:slice$17", &bare);
        assert_eq!(path, ["node_3", "phase", "$auto$ff.cc:337:slice$17"]);
        assert_eq!(instance_path("$and$array.v:7$1", &bare), ["$and$array.v:7$1"]);
        let named: Instance = serde_json::from_str(
            r#"{"type": "LUT4", "attributes": {"hdlname": "edge_1 matched_delay lut0"}}"#,
        )
        .unwrap();
        assert_eq!(instance_path("edge_1.matched_delay.lut0", &named), ["edge_1", "matched_delay", "lut0"]);
    }
}

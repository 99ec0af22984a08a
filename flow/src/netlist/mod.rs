//! The chip's netlist between the tools, and the edits a build makes of it.
//!
//! | edit | when | why |
//! |---|---|---|
//! | [`insert_hold_buffers`](Netlist::insert_hold_buffers) | before placement | no path within a cell is shorter than the skew of its fire |
//! | [`connect_delays_by_b`](Netlist::connect_delays_by_b) | before placement | delay lines keep most of their delay in the fast corner |
//! | [`trimmed`](Netlist::trimmed) | before routing | delay lines become shorter, and no cell moves |
//! | [`fires_alone`](Netlist::fires_alone), [`with_wires_of`](Netlist::with_wires_of) | before routing | fires are routed first, by the shortest way |
//! | [`take_ports_of`](Netlist::take_ports_of) | after routing | nextpnr loses the ports of a netlist that it reads |
//!
//! The files are JSON in the format of yosys, which nextpnr shares. What an edit reads is typed, by the types that
//! [`wheatstone_hdl::netlist`] has for reading; whatever else a file says is kept and written again, keys in alphabetical order.
//! What cells and nets are called is known in [`names`] alone.

mod delay_inputs;
mod fires;
mod hold_buffers;
pub mod names;
mod trimming;

pub use hold_buffers::BufferPlace;
pub use trimming::LEAST_LUTS;
pub(crate) use trimming::less_trimmed;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use thiserror::Error;
use wheatstone_hdl::netlist::{Bit, Direction, Instance, Net, Port};
use wheatstone_sim::categorize;

/// A netlist without something that an edit needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the netlist has {0}")]
pub struct NetlistError(pub(crate) &'static str);

categorize!(NetlistError: Failed);

/// The netlist of a chip: module `top` of a file of yosys or nextpnr, and the rest of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Netlist(Whole<File>);

/// A part of a file, and what else the file says there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Whole<T> {
    #[serde(flatten)]
    part: T,
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct File {
    modules: Whole<Modules>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Modules {
    top: Whole<Top>,
}

/// The module that is the chip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Top {
    ports: BTreeMap<String, Whole<Port>>,
    cells: Cells,
    netnames: BTreeMap<String, Whole<Net>>,
    /// nextpnr's, once it has placed the chip.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<BTreeMap<String, Value>>,
}

/// Cells by name.
type Cells = BTreeMap<String, Whole<Instance>>;

impl<T> Deref for Whole<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.part
    }
}

impl<T> DerefMut for Whole<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.part
    }
}

impl<T> From<T> for Whole<T> {
    fn from(part: T) -> Whole<T> {
        Whole { part, other: BTreeMap::new() }
    }
}

impl Netlist {
    fn top(&self) -> &Top {
        &self.0.modules.top
    }

    fn top_mut(&mut self) -> &mut Top {
        &mut self.0.modules.top
    }

    /// The netlist as a file.
    ///
    /// # Errors
    /// None that is known: every key is text.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        // By way of a value, which sorts the keys.
        serde_json::to_vec(&serde_json::to_value(self)?)
    }
}

/// The net of a pin or name of one bit; nothing if that is a constant or open.
fn net_of(bits: &[Bit]) -> Option<usize> {
    match bits {
        [Bit::Net(net)] => Some(*net),
        _ => None,
    }
}

/// The net at a pin of a cell.
fn net_at(cell: &Instance, pin: &str) -> Option<usize> {
    net_of(cell.connections.get(pin)?)
}

/// Pins of a cell that point in a direction and have a net, with it.
fn nets_at(cell: &Instance, direction: Direction) -> impl Iterator<Item = (&String, usize)> {
    let pins = cell.connections.iter();
    let pins = pins.filter(move |(pin, _)| cell.port_directions.get(*pin) == Some(&direction));
    pins.filter_map(|(pin, bits)| Some((pin, net_of(bits)?)))
}

/// Connects a pin of a cell to a net.
fn connect(cell: &mut Instance, pin: &str, net: usize) {
    cell.connections.insert(pin.to_owned(), vec![Bit::Net(net)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A netlist of `parts` of module `top`; parts that are not given are empty.
    pub(super) fn netlist(parts: Value) -> Netlist {
        let mut top = json!({ "ports": {}, "cells": {}, "netnames": {} });
        top.as_object_mut().unwrap().append(&mut parts.as_object().unwrap().clone());
        serde_json::from_value(json!({ "modules": { "top": top } })).unwrap()
    }

    /// Module `top` of a netlist as it would be written.
    pub(super) fn written(netlist: &Netlist) -> Value {
        let mut file: Value = serde_json::from_slice(&netlist.to_json().unwrap()).unwrap();
        file["modules"]["top"].take()
    }

    #[test]
    fn what_no_edit_reads_is_written_again() {
        let file = json!({ "creator": "yosys", "modules": {
            "LUT4": { "attributes": { "blackbox": 1 } },
            "top": {
                "attributes": { "top": 1 },
                "ports": { "clk": { "direction": "input", "bits": [2], "upto": 1 } },
                "cells": { "a": {
                    "attributes": {}, "connections": { "A": ["x"], "B": [], "Z": [2] }, "hide_name": 0, "parameters": { "P": "01" },
                    "port_directions": { "A": "input", "B": "input", "Z": "output" }, "type": "LUT4",
                } },
                "netnames": { "clk": { "attributes": { "src": "design.v:1" }, "bits": [2, "0"], "hide_name": 0, "signed": 1 } },
            },
        } });
        let netlist: Netlist = serde_json::from_value(file.clone()).unwrap();
        assert_eq!(netlist.to_json().unwrap(), serde_json::to_vec(&file).unwrap());
    }

    #[test]
    fn what_is_no_netlist_is_refused() {
        for (text, missing) in
            [("{}", "modules"), (r#"{"modules": {}}"#, "top"), (r#"{"modules": {"top": {}}}"#, "ports")]
        {
            let message = serde_json::from_str::<Netlist>(text).unwrap_err().to_string();
            assert!(message.contains(&format!("missing field `{missing}`")), "{message}");
        }
    }
}

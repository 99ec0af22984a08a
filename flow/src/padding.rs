//! Hold padding: LUTs on the ways that are too short for the skew of a fire.
//!
//! A fire reaches its flip-flops over common wires, up to some nanoseconds apart. Between two flip-flops that both follow it the
//! data must not arrive before the later fire has. So on every such way there is a least number of LUTs: where logic has
//! fewer, LUTs that do nothing else are put at its beginning. Flip-flops on the falling edge have the whole pulse for it. On an
//! iCE40 wires are slower, skew is smaller, and every way leads through a LUT already.

use crate::ARRAY;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use thiserror::Error;

/// LUTs or carries there are at least between two flip-flops of an edge that follow one fire.
const EDGE_LEVELS: usize = 3;

/// The same in a node, whose registers are drawn apart by its edges.
const NODE_LEVELS: usize = 5;

/// A netlist that is not what yosys writes for an ECP5.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the synthesised netlist has {0}")]
pub struct NotANetlist(&'static str);

/// A place where a cell listens to a net.
#[derive(Clone, Debug)]
struct Sink {
    cell: String,
    pin: String,
    place: usize,
}

/// A flip-flop from which ways begin that are too short.
struct Beginning {
    flop: String,
    /// The net it drives.
    shown: u64,
    /// How many pads are missing on the way to which sink.
    needs: Vec<(Sink, usize)>,
}

/// What is read of a netlist to find short ways.
struct Ways<'a> {
    cells: &'a Map<String, Value>,
    /// By net.
    sinks: HashMap<u64, Vec<Sink>>,
}

impl<'a> Ways<'a> {
    fn of(cells: &'a Map<String, Value>) -> Ways<'a> {
        let mut sinks: HashMap<u64, Vec<Sink>> = HashMap::new();
        for (name, cell) in cells {
            for (pin, place, net) in nets(cell, "input") {
                sinks.entry(net).or_default().push(Sink { cell: name.clone(), pin: pin.clone(), place });
            }
        }
        Ways { cells, sinks }
    }

    /// LUTs and carries from a sink to the nearest flip-flop that follows `fire`; nothing if there are more than `most`.
    fn levels(&self, sink: &Sink, fire: u64, most: usize) -> Option<usize> {
        let cell = &self.cells[&sink.cell];
        if follows(cell) == Some(fire) {
            return ["DI", "CE"].contains(&sink.pin.as_str()).then_some(0);
        }
        let logic = ["LUT4", "CCU2C"].iter().any(|kind| cell["type"] == **kind);
        if most == 0 || !logic || cell["attributes"].get("keep").is_some() {
            return None;
        }
        let onward = nets(cell, "output").filter_map(|(_, _, net)| self.sinks.get(&net)).flatten();
        onward.filter_map(|sink| self.levels(sink, fire, most - 1)).min().map(|levels| levels + 1)
    }
}

/// Puts pads into a netlist in yosys' JSON, and says how many LUTs that took.
///
/// # Errors
/// [`NotANetlist`] if it has no module `top` with cells and a clock.
pub fn pad(netlist: &mut Value) -> Result<usize, NotANetlist> {
    let top = netlist.pointer_mut("/modules/top").ok_or(NotANetlist("no module `top`"))?;
    let clock = top.pointer("/ports/clk/bits/0").and_then(Value::as_u64).ok_or(NotANetlist("no clock"))?;
    let cells = top.get_mut("cells").and_then(Value::as_object_mut).ok_or(NotANetlist("no cells"))?;
    let ways = Ways::of(cells);
    let mut fresh = 1 + ways.sinks.keys().copied().max().unwrap_or(0);
    let fresh_of_outputs = cells.values().flat_map(|cell| nets(cell, "output")).map(|(_, _, net)| net).max();
    fresh = fresh.max(1 + fresh_of_outputs.unwrap_or(0));

    let node = format!("{ARRAY}node_");
    let mut beginnings: Vec<Beginning> = Vec::new();
    for (name, cell) in cells.iter() {
        let (Some(fire), Some(shown)) = (follows(cell).filter(|&fire| fire != clock), net(cell, "Q")) else {
            continue;
        };
        let sinks = ways.sinks.get(&shown).into_iter().flatten();
        let levels = if name.starts_with(&node) { NODE_LEVELS } else { EDGE_LEVELS };
        let needs = sinks.filter_map(|sink| {
            let missing = levels - ways.levels(sink, fire, levels)?;
            (missing > 0).then(|| (sink.clone(), missing))
        });
        let needs: Vec<_> = needs.collect();
        if !needs.is_empty() {
            beginnings.push(Beginning { flop: name.clone(), shown, needs });
        }
    }
    let mut luts = 0;
    for Beginning { flop, shown, needs } in beginnings {
        let count = needs.iter().map(|&(_, missing)| missing).max().unwrap_or(0);
        let mut taps = vec![shown];
        for number in 0..count {
            cells.insert(format!("{flop}.pad{number}"), buffer(taps[number], fresh));
            taps.push(fresh);
            fresh += 1;
        }
        for (sink, missing) in needs {
            cells[&sink.cell]["connections"][&sink.pin][sink.place] = taps[missing].into();
        }
        luts += count;
    }
    Ok(luts)
}

/// The net that clocks a flip-flop on the rising edge.
fn follows(cell: &Value) -> Option<u64> {
    (cell["type"] == "TRELLIS_FF" && cell["parameters"]["CLKMUX"] != "INV").then(|| net(cell, "CLK"))?
}

/// The net at a pin, if it is one and no constant.
fn net(cell: &Value, pin: &str) -> Option<u64> {
    cell["connections"][pin].get(0)?.as_u64()
}

/// All nets at a cell's pins of a direction, with pin and place in it.
fn nets<'a>(cell: &'a Value, direction: &'a str) -> impl Iterator<Item = (&'a String, usize, u64)> {
    let pins = cell["connections"].as_object().into_iter().flatten();
    let pins = pins.filter(move |(pin, _)| cell["port_directions"][pin.as_str()] == direction);
    pins.flat_map(|(pin, bits)| {
        let bits = bits.as_array().into_iter().flatten().enumerate();
        bits.filter_map(move |(place, bit)| Some((pin, place, bit.as_u64()?)))
    })
}

/// A LUT that shows what it sees.
fn buffer(from: u64, to: u64) -> Value {
    json!({
        "hide_name": 0,
        "type": "LUT4",
        "parameters": { "INIT": "1010101010101010" },
        "attributes": { "keep": "00000000000000000000000000000001" },
        "port_directions": { "A": "input", "B": "input", "C": "input", "D": "input", "Z": "output" },
        "connections": { "A": [from], "B": ["0"], "C": ["0"], "D": ["0"], "Z": [to] },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flop(fire: u64, from: u64, enable: Value, shows: u64) -> Value {
        json!({
            "type": "TRELLIS_FF",
            "parameters": { "CLKMUX": "CLK" },
            "port_directions": { "CLK": "input", "DI": "input", "CE": "input", "LSR": "input", "Q": "output" },
            "connections": { "CLK": [fire], "DI": [from], "CE": [enable], "LSR": ["0"], "Q": [shows] },
        })
    }

    fn lut(from: u64, to: u64) -> Value {
        let mut lut = buffer(from, to);
        lut["attributes"] = json!({});
        lut
    }

    /// LUTs on the way to a pin, and where they begin.
    fn way(netlist: &Value, cell: &str, pin: &str) -> (usize, u64) {
        let cells = netlist["modules"]["top"]["cells"].as_object().unwrap();
        let (mut luts, mut at) = (0, net(&cells[cell], pin).unwrap());
        while let Some(lut) = cells.values().find(|lut| lut["type"] == "LUT4" && net(lut, "Z") == Some(at)) {
            (luts, at) = (luts + 1, net(lut, "A").unwrap());
        }
        (luts, at)
    }

    #[test]
    fn ways_between_flip_flops_of_one_fire_are_padded_and_no_others() {
        let mut falling = flop(10, 20, json!("1"), 26);
        falling["parameters"]["CLKMUX"] = "INV".into();
        let mut netlist = json!({ "modules": { "top": {
            "ports": { "clk": { "direction": "input", "bits": [2] } },
            "cells": {
                "first": flop(10, 97, json!("1"), 20),
                "second": flop(10, 20, json!("1"), 21),
                "enabled": flop(10, 99, json!(20), 22),
                "lut": lut(20, 30),
                "behind_a_lut": flop(10, 30, json!("1"), 27),
                "deep": lut(30, 31), "deeper": lut(31, 32),
                "behind_three": flop(10, 32, json!("1"), 28),
                "falling": falling,
                "of_another_fire": flop(11, 20, json!("1"), 24),
                "of_the_clock": flop(2, 25, json!("1"), 25),
                "bordered_array.array.node_0.first": flop(12, 98, json!("1"), 40),
                "bordered_array.array.node_0.second": flop(12, 40, json!("1"), 41),
            },
        } } });
        assert_eq!(pad(&mut netlist), Ok(8), "one chain for all sinks");
        assert_eq!(way(&netlist, "bordered_array.array.node_0.second", "DI"), (5, 40));
        assert_eq!(way(&netlist, "second", "DI"), (3, 20));
        assert_eq!(way(&netlist, "enabled", "CE"), (3, 20));
        assert_eq!(way(&netlist, "behind_a_lut", "DI"), (3, 20));
        assert_eq!(way(&netlist, "enabled", "DI"), (0, 99));
        assert_eq!(way(&netlist, "falling", "DI"), (0, 20));
        assert_eq!(way(&netlist, "of_another_fire", "DI"), (0, 20));
        assert_eq!(way(&netlist, "of_the_clock", "DI"), (0, 25));
        let cells = &netlist["modules"]["top"]["cells"];
        assert!(net(&cells["second"], "DI") > Some(99), "a new net is no old one");
    }

    #[test]
    fn a_long_way_is_left_alone() {
        let mut netlist = json!({ "modules": { "top": {
            "ports": { "clk": { "direction": "input", "bits": [2] } },
            "cells": {
                "first": flop(10, 97, json!("1"), 20),
                "a": lut(20, 30), "b": lut(30, 31), "c": lut(31, 32),
                "last": flop(10, 32, json!("1"), 28),
            },
        } } });
        assert_eq!(pad(&mut netlist), Ok(0));
        netlist["modules"]["top"]["cells"]["c"]["attributes"]["keep"] = "1".into();
        assert_eq!(pad(&mut netlist), Ok(0), "a matched delay is no data");
    }

    #[test]
    fn what_is_no_netlist_is_refused() {
        assert_eq!(pad(&mut json!({})), Err(NotANetlist("no module `top`")));
        assert_eq!(pad(&mut json!({ "modules": { "top": {} } })), Err(NotANetlist("no clock")));
    }
}

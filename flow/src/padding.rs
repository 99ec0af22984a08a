//! Hold padding: LUTs on the ways that are too short for the skew of a fire.
//!
//! A fire reaches its flip-flops over common wires, up to some nanoseconds apart. Between two flip-flops that both follow it the
//! data must not arrive before the later fire has. So on every such way there is a least number of LUTs: where logic has
//! fewer, LUTs that do nothing else are put at its beginning, or at its end. Flip-flops on the falling edge have the whole pulse for
//! it. On an iCE40 wires are slower, skew is smaller, and every way leads through a LUT already.

use crate::ARRAY;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use thiserror::Error;

/// LUTs or carries there are at least between two flip-flops of an edge that follow one fire.
const EDGE_LEVELS: usize = 3;

/// The same in a node, whose registers are drawn apart by its edges.
const NODE_LEVELS: usize = 5;

/// A netlist that is not what yosys writes for an ECP5.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the synthesised netlist has {0}")]
pub struct NotANetlist(pub(crate) &'static str);

/// A place where a cell listens to a net.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// By net: a cell, and its pin.
    drivers: HashMap<u64, (String, String)>,
}

impl<'a> Ways<'a> {
    fn of(cells: &'a Map<String, Value>) -> Ways<'a> {
        let mut sinks: HashMap<u64, Vec<Sink>> = HashMap::new();
        for (name, cell) in cells {
            for (pin, place, net) in nets(cell, "input") {
                sinks.entry(net).or_default().push(Sink { cell: name.clone(), pin: pin.clone(), place });
            }
        }
        let outputs =
            cells.iter().flat_map(|(name, cell)| nets(cell, "output").map(move |output| (name, output)));
        let drivers = outputs.map(|(name, (pin, _, net))| (net, (name.clone(), pin.clone()))).collect();
        Ways { cells, sinks, drivers }
    }

    /// Where ways from a sink end that have fewer LUTs and carries than `levels`, at a flip-flop that follows `fire`; and how many are
    /// missing.
    fn short(&self, sink: &Sink, fire: u64, levels: usize, found: &mut Vec<(Sink, usize)>) {
        let cell = &self.cells[&sink.cell];
        if levels == 0 {
            return;
        }
        if follows(cell) == Some(fire) {
            if ["DI", "CE"].contains(&sink.pin.as_str()) {
                found.push((sink.clone(), levels));
            }
            return;
        }
        if is_logic(cell) && cell["attributes"].get("keep").is_none() {
            let onward = nets(cell, "output").filter_map(|(_, _, net)| self.sinks.get(&net)).flatten();
            for sink in onward {
                self.short(sink, fire, levels - 1, found);
            }
        }
    }
}

/// How long the longest ways are, in LUTs or what takes as long as one.
#[derive(Default)]
struct Longest {
    /// By net.
    behind: HashMap<u64, usize>,
    before: HashMap<u64, usize>,
}

impl Longest {
    /// From a sink to a flip-flop.
    fn behind(&mut self, ways: &Ways<'_>, sink: &Sink) -> usize {
        let cell = &ways.cells[&sink.cell];
        let mut most = 0;
        for (pin, _, net) in nets(cell, "output") {
            let Some(luts) = luts(cell, &sink.pin, pin) else { continue };
            let behind = self.behind.get(&net).copied().unwrap_or_else(|| {
                let sinks = ways.sinks.get(&net).into_iter().flatten();
                let behind = sinks.map(|sink| self.behind(ways, sink)).max().unwrap_or(0);
                self.behind.insert(net, behind);
                behind
            });
            most = most.max(luts + behind);
        }
        most
    }

    /// From a flip-flop to a sink.
    fn before(&mut self, ways: &Ways<'_>, sink: &Sink) -> usize {
        let Some(net) = ways.cells[&sink.cell]["connections"][&sink.pin][sink.place].as_u64() else {
            return 0;
        };
        if let Some(&known) = self.before.get(&net) {
            return known;
        }
        let mut most = 0;
        if let Some((name, output)) = ways.drivers.get(&net) {
            let cell = &ways.cells[name];
            for (pin, place, _) in nets(cell, "input") {
                let Some(luts) = luts(cell, pin, output) else { continue };
                let sink = Sink { cell: name.clone(), pin: pin.clone(), place };
                most = most.max(luts + self.before(ways, &sink));
            }
        }
        self.before.insert(net, most);
        most
    }
}

fn is_logic(cell: &Value) -> bool {
    ["LUT4", "CCU2C"].iter().any(|kind| cell["type"] == **kind)
}

/// How many LUTs take as long as the way through a cell; nothing if there is none.
fn luts(cell: &Value, input: &str, output: &str) -> Option<usize> {
    match cell["type"].as_str()? {
        "LUT4" if cell["attributes"].get("keep").is_none() => Some(1),
        "CCU2C" => Some(usize::from((input, output) != ("CIN", "COUT"))),
        "MULT18X18D" => Some(6),
        _ => None,
    }
}

/// At which end of a way that is too short its pads stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where it begins: one row of pads serves all ways from a flip-flop.
    Beginning,
    /// Where other data are delayed less: at the beginning or at the end.
    Shorter,
}

/// Puts pads into a netlist in yosys' JSON, and says how many LUTs that took.
///
/// # Errors
/// [`NotANetlist`] if it has no module `top` with cells and a clock.
pub fn pad(netlist: &mut Value, place: Place) -> Result<usize, NotANetlist> {
    let top = netlist.pointer_mut("/modules/top").ok_or(NotANetlist("no module `top`"))?;
    let clock = top.pointer("/ports/clk/bits/0").and_then(Value::as_u64).ok_or(NotANetlist("no clock"))?;
    let cells = top.get_mut("cells").and_then(Value::as_object_mut).ok_or(NotANetlist("no cells"))?;
    let ways = Ways::of(cells);
    let mut fresh = 1 + ways.sinks.keys().copied().max().unwrap_or(0);
    let fresh_of_outputs = cells.values().flat_map(|cell| nets(cell, "output")).map(|(_, _, net)| net).max();
    fresh = fresh.max(1 + fresh_of_outputs.unwrap_or(0));

    let node = format!("{ARRAY}node_");
    let mut beginnings: Vec<Beginning> = Vec::new();
    let mut ends: BTreeMap<Sink, usize> = BTreeMap::new();
    let mut longest = Longest::default();
    for (name, cell) in cells.iter() {
        let (Some(fire), Some(shown)) = (follows(cell).filter(|&fire| fire != clock), net(cell, "Q")) else {
            continue;
        };
        let sinks = ways.sinks.get(&shown).into_iter().flatten();
        let levels = if name.starts_with(&node) { NODE_LEVELS } else { EDGE_LEVELS };
        let mut needs = Vec::new();
        for sink in sinks {
            let mut short = Vec::new();
            ways.short(sink, fire, levels, &mut short);
            let Some(missing) = short.iter().map(|&(_, missing)| missing).max() else { continue };
            let to_ends = short.iter().map(|(end, _)| longest.before(&ways, end)).max();
            if place == Place::Shorter && to_ends < Some(longest.behind(&ways, sink)) {
                for (end, missing) in short {
                    let known = ends.entry(end).or_default();
                    *known = missing.max(*known);
                }
            } else {
                needs.push((sink.clone(), missing));
            }
        }
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
    for (Sink { cell, pin, place }, count) in ends {
        for number in 0..count {
            let Some(from) = cells[&cell]["connections"][&pin][place].as_u64() else { continue };
            cells.insert(format!("{cell}.{pin}.pad{number}"), buffer(from, fresh));
            cells[&cell]["connections"][&pin][place] = fresh.into();
            fresh += 1;
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
        assert_eq!(pad(&mut netlist, Place::Beginning), Ok(8), "one chain for all sinks");
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
    fn pads_stand_where_they_delay_less() {
        // From `first` a short way leads to `second`, and a long one to `far`; to `behind` the short way comes in where a long one does.
        let netlist = json!({ "modules": { "top": {
            "ports": { "clk": { "direction": "input", "bits": [2] } },
            "cells": {
                "first": flop(10, 97, json!("1"), 20),
                "a": lut(20, 30), "second": flop(10, 30, json!("1"), 21),
                "b": lut(30, 31), "c": lut(31, 32), "d": lut(32, 33), "far": flop(11, 33, json!("1"), 22),
                "start": flop(10, 98, json!("1"), 40),
                "e": lut(40, 41), "behind": flop(10, 41, json!("1"), 23),
            },
        } } });
        let padded = |place| {
            let mut netlist = netlist.clone();
            assert_eq!(pad(&mut netlist, place), Ok(4));
            ["second", "far", "behind"].map(|cell| way(&netlist, cell, "DI").0)
        };
        assert_eq!(padded(Place::Beginning), [3, 6, 3]);
        assert_eq!(padded(Place::Shorter), [3, 4, 3]);
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
        assert_eq!(pad(&mut netlist, Place::Beginning), Ok(0));
        netlist["modules"]["top"]["cells"]["c"]["attributes"]["keep"] = "1".into();
        assert_eq!(pad(&mut netlist, Place::Beginning), Ok(0), "a matched delay is no data");
    }

    #[test]
    fn what_is_no_netlist_is_refused() {
        assert_eq!(pad(&mut json!({}), Place::Beginning), Err(NotANetlist("no module `top`")));
        assert_eq!(
            pad(&mut json!({ "modules": { "top": {} } }), Place::Beginning),
            Err(NotANetlist("no clock"))
        );
    }
}

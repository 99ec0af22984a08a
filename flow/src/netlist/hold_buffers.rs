//! Hold buffers: LUTs on the paths that are too short for the skew of a fire.
//!
//! A fire reaches its flip-flops over common wires, up to some nanoseconds apart. Between two flip-flops that both follow it the
//! data must not arrive before the later fire has. So on every such path there is a least number of LUTs: where logic has
//! fewer, LUTs that do nothing else are put at its start, or at its end. Flip-flops on the falling edge have the whole pulse for
//! it. On an iCE40 wires are slower, skew is smaller, and every path leads through a LUT already.

use super::{Cells, Netlist, NetlistError, Top, Whole, connect, names, net_at, net_of, nets_at};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use wheatstone_hdl::netlist::{Bit, Direction, Instance, text};

/// LUTs or carries there are at least between two flip-flops of an edge that follow one fire.
const EDGE_LEVELS: usize = 3;

/// The same in a node, whose registers are drawn apart by its edges.
const NODE_LEVELS: usize = 5;

/// An input of a cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sink {
    cell: String,
    pin: String,
}

/// A flip-flop from which paths start that are too short.
struct Start {
    flop: String,
    /// The net it drives.
    output: usize,
    /// How many hold buffers are missing on the way to which sink.
    needs: Vec<(Sink, usize)>,
}

/// What is read of a netlist to find short paths.
struct Paths<'a> {
    cells: &'a Cells,
    /// By net.
    sinks: HashMap<usize, Vec<Sink>>,
    /// By net: a cell, and its pin.
    drivers: HashMap<usize, (&'a String, &'a String)>,
}

impl<'a> Paths<'a> {
    fn of(cells: &'a Cells) -> Paths<'a> {
        let (mut sinks, mut drivers): (HashMap<_, Vec<_>>, _) = (HashMap::new(), HashMap::new());
        for (name, cell) in cells {
            for (pin, net) in nets_at(cell, Direction::Input) {
                sinks.entry(net).or_default().push(Sink { cell: name.clone(), pin: pin.clone() });
            }
            drivers.extend(nets_at(cell, Direction::Output).map(|(pin, net)| (net, (name, pin))));
        }
        Paths { cells, sinks, drivers }
    }

    /// Where paths from a sink end that have fewer LUTs and carries than `levels`, at a flip-flop that follows `fire`; and how many are
    /// missing.
    fn short(&self, sink: &Sink, fire: usize, levels: usize, found: &mut Vec<(Sink, usize)>) {
        let cell = &self.cells[&sink.cell];
        if levels == 0 {
            return;
        }
        if clock_of(cell) == Some(fire) {
            if ["DI", "CE"].contains(&sink.pin.as_str()) {
                found.push((sink.clone(), levels));
            }
            return;
        }
        if ["LUT4", "CCU2C"].contains(&cell.kind.as_str()) && !is_kept(cell) {
            let onward =
                nets_at(cell, Direction::Output).filter_map(|(_, net)| self.sinks.get(&net)).flatten();
            for sink in onward {
                self.short(sink, fire, levels - 1, found);
            }
        }
    }
}

/// How long the longest paths are, in LUTs or what takes as long as one.
#[derive(Default)]
struct Longest {
    /// By net.
    behind: HashMap<usize, usize>,
    before: HashMap<usize, usize>,
}

impl Longest {
    /// From a sink to a flip-flop.
    fn behind(&mut self, paths: &Paths<'_>, sink: &Sink) -> usize {
        let cell = &paths.cells[&sink.cell];
        let mut most = 0;
        for (pin, net) in nets_at(cell, Direction::Output) {
            let Some(luts) = luts(cell, &sink.pin, pin) else { continue };
            let behind = self.behind.get(&net).copied().unwrap_or_else(|| {
                let sinks = paths.sinks.get(&net).into_iter().flatten();
                let behind = sinks.map(|sink| self.behind(paths, sink)).max().unwrap_or(0);
                self.behind.insert(net, behind);
                behind
            });
            most = most.max(luts + behind);
        }
        most
    }

    /// From a flip-flop to what drives a net.
    fn before(&mut self, paths: &Paths<'_>, net: usize) -> usize {
        if let Some(&known) = self.before.get(&net) {
            return known;
        }
        let mut most = 0;
        if let Some(&(name, output)) = paths.drivers.get(&net) {
            let cell = &paths.cells[name];
            for (pin, net) in nets_at(cell, Direction::Input) {
                let Some(luts) = luts(cell, pin, output) else { continue };
                most = most.max(luts + self.before(paths, net));
            }
        }
        self.before.insert(net, most);
        most
    }
}

/// How many LUTs take as long as the path through a cell; nothing if there is none.
fn luts(cell: &Instance, input: &str, output: &str) -> Option<usize> {
    match cell.kind.as_str() {
        "LUT4" if !is_kept(cell) => Some(1),
        "CCU2C" => Some(usize::from((input, output) != ("CIN", "COUT"))),
        "MULT18X18D" => Some(6),
        _ => None,
    }
}

/// At which end of a path that is too short its hold buffers stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BufferPlace {
    /// Where it starts: one row of hold buffers serves all paths from a flip-flop.
    Start,
    /// Where other data are delayed less: at the start or at the end.
    ShorterSide,
}

impl Netlist {
    /// Inserts hold buffers into a netlist of yosys for an ECP5, and says how many LUTs that took.
    ///
    /// # Errors
    /// [`NetlistError`] if it has no port with the board's clock.
    pub fn insert_hold_buffers(&mut self, place: BufferPlace) -> Result<usize, NetlistError> {
        let Top { ports, cells, .. } = self.top_mut();
        let clock = ports.get(names::CLOCK).and_then(|port| net_of(&port.bits));
        let clock = clock.ok_or(NetlistError("no clock"))?;
        let (starts, ends, mut fresh) = needs(cells, clock, place);
        let mut luts = 0;
        for Start { flop, output, needs } in starts {
            let count = needs.iter().map(|&(_, missing)| missing).max().unwrap_or(0);
            let mut taps = vec![output];
            for number in 0..count {
                cells.insert(names::hold_buffer(&flop, number), buffer(taps[number], fresh));
                taps.push(fresh);
                fresh += 1;
            }
            for (Sink { cell, pin }, missing) in needs {
                cells.entry(cell).and_modify(|cell| connect(cell, &pin, taps[missing]));
            }
            luts += count;
        }
        for (Sink { cell, pin }, count) in ends {
            for number in 0..count {
                let Some(from) = cells.get(&cell).and_then(|cell| net_at(cell, &pin)) else { continue };
                cells.insert(names::hold_buffer(&format!("{cell}.{pin}"), number), buffer(from, fresh));
                cells.entry(cell.clone()).and_modify(|cell| connect(cell, &pin, fresh));
                fresh += 1;
            }
            luts += count;
        }
        Ok(luts)
    }
}

/// Where hold buffers are missing: at the start of paths, and at their ends; and the first number that no net has.
fn needs(cells: &Cells, clock: usize, place: BufferPlace) -> (Vec<Start>, BTreeMap<Sink, usize>, usize) {
    let paths = Paths::of(cells);
    let mut starts: Vec<Start> = Vec::new();
    let mut ends: BTreeMap<Sink, usize> = BTreeMap::new();
    let mut longest = Longest::default();
    for (name, cell) in cells {
        let (Some(fire), Some(output)) = (clock_of(cell).filter(|&fire| fire != clock), net_at(cell, "Q"))
        else {
            continue;
        };
        let levels = if names::is_in_node(name) { NODE_LEVELS } else { EDGE_LEVELS };
        let mut needs = Vec::new();
        for sink in paths.sinks.get(&output).into_iter().flatten() {
            let mut short = Vec::new();
            paths.short(sink, fire, levels, &mut short);
            let Some(missing) = short.iter().map(|&(_, missing)| missing).max() else { continue };
            let net_of_end = |end: &Sink| net_at(&cells[&end.cell], &end.pin);
            let before = short
                .iter()
                .map(|(end, _)| net_of_end(end).map_or(0, |net| longest.before(&paths, net)))
                .max();
            if place == BufferPlace::ShorterSide && before < Some(longest.behind(&paths, sink)) {
                for (end, missing) in short {
                    let known = ends.entry(end).or_default();
                    *known = missing.max(*known);
                }
            } else {
                needs.push((sink.clone(), missing));
            }
        }
        if !needs.is_empty() {
            starts.push(Start { flop: name.clone(), output, needs });
        }
    }
    let last = paths.sinks.keys().chain(paths.drivers.keys()).max();
    let fresh = last.map_or(1, |last| last + 1);
    (starts, ends, fresh)
}

/// The net that clocks a flip-flop on the rising edge.
fn clock_of(cell: &Instance) -> Option<usize> {
    let rises = cell.kind == "TRELLIS_FF" && text(&cell.parameters, "CLKMUX") != Some("INV");
    rises.then(|| net_at(cell, "CLK"))?
}

/// Whether synthesis had to keep a cell: it delays on purpose.
fn is_kept(cell: &Instance) -> bool {
    cell.attributes.contains_key(names::KEEP)
}

/// A LUT whose output follows its input.
fn buffer(from: usize, to: usize) -> Whole<Instance> {
    let constant = || vec![Bit::Constant("0".to_owned())];
    let pins = [
        ("A", Direction::Input, vec![Bit::Net(from)]),
        ("B", Direction::Input, constant()),
        ("C", Direction::Input, constant()),
        ("D", Direction::Input, constant()),
        ("Z", Direction::Output, vec![Bit::Net(to)]),
    ];
    let instance = Instance {
        kind: "LUT4".to_owned(),
        parameters: [("INIT".to_owned(), "1010101010101010".into())].into(),
        attributes: [(names::KEEP.to_owned(), "00000000000000000000000000000001".into())].into(),
        port_directions: pins.iter().map(|&(pin, direction, _)| (pin.to_owned(), direction)).collect(),
        connections: pins.into_iter().map(|(pin, _, bits)| (pin.to_owned(), bits)).collect(),
    };
    Whole { part: instance, other: [("hide_name".to_owned(), json!(0))].into() }
}

#[cfg(test)]
mod tests {
    use super::super::tests::netlist;
    use super::*;
    use serde_json::Value;

    fn flop(fire: u64, from: u64, enable: Value, shows: u64) -> Value {
        json!({
            "type": "TRELLIS_FF",
            "parameters": { "CLKMUX": "CLK" },
            "port_directions": { "CLK": "input", "DI": "input", "CE": "input", "LSR": "input", "Q": "output" },
            "connections": { "CLK": [fire], "DI": [from], "CE": [enable], "LSR": ["0"], "Q": [shows] },
        })
    }

    fn lut(from: usize, to: usize) -> Value {
        let mut lut = serde_json::to_value(buffer(from, to)).unwrap();
        lut["attributes"] = json!({});
        lut
    }

    fn chip(cells: Value) -> Netlist {
        netlist(json!({ "ports": { "clk": { "direction": "input", "bits": [2] } }, "cells": cells }))
    }

    /// LUTs on the path to a pin, and the net where they start.
    fn path(netlist: &Netlist, cell: &str, pin: &str) -> (usize, usize) {
        let cells = &netlist.top().cells;
        let (mut luts, mut at) = (0, net_at(&cells[cell], pin).unwrap());
        while let Some(lut) = cells.values().find(|lut| lut.kind == "LUT4" && net_at(lut, "Z") == Some(at)) {
            (luts, at) = (luts + 1, net_at(lut, "A").unwrap());
        }
        (luts, at)
    }

    #[test]
    fn paths_between_flip_flops_of_one_fire_get_hold_buffers_and_no_others() {
        let mut falling = flop(10, 20, json!("1"), 26);
        falling["parameters"]["CLKMUX"] = "INV".into();
        let mut netlist = chip(json!({
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
        }));
        assert_eq!(netlist.insert_hold_buffers(BufferPlace::Start), Ok(8), "one chain for all sinks");
        assert_eq!(path(&netlist, "bordered_array.array.node_0.second", "DI"), (5, 40));
        assert_eq!(path(&netlist, "second", "DI"), (3, 20));
        assert_eq!(path(&netlist, "enabled", "CE"), (3, 20));
        assert_eq!(path(&netlist, "behind_a_lut", "DI"), (3, 20));
        assert_eq!(path(&netlist, "enabled", "DI"), (0, 99));
        assert_eq!(path(&netlist, "falling", "DI"), (0, 20));
        assert_eq!(path(&netlist, "of_another_fire", "DI"), (0, 20));
        assert_eq!(path(&netlist, "of_the_clock", "DI"), (0, 25));
        assert!(net_at(&netlist.top().cells["second"], "DI") > Some(99), "a new net is no old one");
    }

    #[test]
    fn hold_buffers_stand_where_they_delay_less() {
        // From `first` a short path leads to `second`, and a long one to `far`; to `behind` the short path comes in where a long one does.
        let netlist = chip(json!({
            "first": flop(10, 97, json!("1"), 20),
            "a": lut(20, 30), "second": flop(10, 30, json!("1"), 21),
            "b": lut(30, 31), "c": lut(31, 32), "d": lut(32, 33), "far": flop(11, 33, json!("1"), 22),
            "start": flop(10, 98, json!("1"), 40),
            "e": lut(40, 41), "behind": flop(10, 41, json!("1"), 23),
        }));
        let buffered = |place| {
            let mut netlist = netlist.clone();
            assert_eq!(netlist.insert_hold_buffers(place), Ok(4));
            ["second", "far", "behind"].map(|cell| path(&netlist, cell, "DI").0)
        };
        assert_eq!(buffered(BufferPlace::Start), [3, 6, 3]);
        assert_eq!(buffered(BufferPlace::ShorterSide), [3, 4, 3]);
    }

    #[test]
    fn a_long_path_is_left_alone() {
        let mut netlist = chip(json!({
            "first": flop(10, 97, json!("1"), 20),
            "a": lut(20, 30), "b": lut(30, 31), "c": lut(31, 32),
            "last": flop(10, 32, json!("1"), 28),
        }));
        assert_eq!(netlist.insert_hold_buffers(BufferPlace::Start), Ok(0));
        let third = netlist.top_mut().cells.get_mut("c").unwrap();
        third.attributes.insert(names::KEEP.to_owned(), "1".into());
        assert_eq!(netlist.insert_hold_buffers(BufferPlace::Start), Ok(0), "a matched delay is no data");
    }

    #[test]
    fn a_netlist_without_a_clock_is_refused() {
        let refused = netlist(json!({})).insert_hold_buffers(BufferPlace::Start);
        assert_eq!(refused, Err(NetlistError("no clock")));
    }
}

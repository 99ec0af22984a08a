//! The placed chip between nextpnr's passes: fires and joins before all other wires, or delays trimmed.
//!
//! Router 2 negotiates all nets of a chip at once and detours some. To data that is a delay, which the check adds up and a matched
//! delay makes good. A fire that comes to one of its flip-flops nanoseconds later than to another breaks a hold, which no length
//! mends. So the placed chip is routed twice: once with nothing on it but fires and joins, by router 1, which takes the shortest
//! path for each; and then the rest by router 2, with those wires locked. Where router 1 routes everything, the placed chip is only
//! [trimmed](super::trimming).

use super::{Cells, Netlist, NetlistError, Top, names, net_at, net_of};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use wheatstone_hdl::delays::Delays;
use wheatstone_hdl::netlist::{Bit, Instance, Port, text};

/// Held so firmly that no router takes it away.
const LOCKED: &str = "5";

impl Netlist {
    /// Connects open pins of a placed netlist to the bit that says so. nextpnr forgets a pin of which a netlist names no bit, and with
    /// it to tie it, if it is of a multiplier or memory, to what that needs.
    pub fn name_open_pins(&mut self) {
        let pins = self.top_mut().cells.values_mut().flat_map(|cell| cell.connections.values_mut());
        pins.filter(|bits| bits.is_empty()).for_each(|bits| *bits = open());
    }

    /// A placed netlist with no connections but those of fires and joins, for router 1.
    ///
    /// # Errors
    /// [`NetlistError`] if there are none.
    pub fn fires_alone(&self) -> Result<Netlist, NetlistError> {
        let mut netlist = self.clone();
        let Top { cells, netnames, .. } = netlist.top_mut();
        let mut kept = fires_and_joins(cells);
        if kept.is_empty() {
            return Err(NetlistError("no fire"));
        }
        // nextpnr does not bear a clock buffer that drives nothing.
        kept.extend(of_kind(cells, "DCCA").filter_map(|cell| net_at(cell, "CLKO")));
        let is_kept = |bits: &[Bit]| net_of(bits).is_some_and(|net| kept.contains(&net));
        let pins = cells.values_mut().flat_map(|cell| cell.connections.values_mut());
        pins.filter(|bits| !is_kept(bits)).for_each(|bits| *bits = open());
        netnames.retain(|_, net| is_kept(&net.bits));
        // Which inputs of a LUT were exchanged would be lost with this netlist.
        netlist.settings()?.extend(set([(names::ROUTER, "router1"), (names::FIXED_INPUTS, "1")]));
        Ok(netlist)
    }

    /// A placed netlist with the wires that fires and joins were given, locked, for router 2.
    ///
    /// # Errors
    /// [`NetlistError`] if one of them has no wires.
    pub fn with_wires_of(&self, fires: &Netlist) -> Result<Netlist, NetlistError> {
        let mut netlist = self.clone();
        let Top { cells, netnames, .. } = netlist.top_mut();
        let mut without_wires = fires_and_joins(cells);
        for (name, net) in netnames {
            let Some(bit) = net_of(&net.bits).filter(|bit| without_wires.contains(bit)) else { continue };
            let routed = fires.top().netnames.get(name);
            let Some(wires) = routed.and_then(|net| text(&net.attributes, names::WIRES)) else { continue };
            net.attributes.insert(names::WIRES.to_owned(), locked(wires).into());
            without_wires.remove(&bit);
        }
        netlist.settings()?.extend(set([(names::ROUTER, "router2")]));
        if without_wires.is_empty() { Ok(netlist) } else { Err(NetlistError("a fire without a wire")) }
    }

    /// A placed netlist with delay lines trimmed to those lengths, for router 1, which is told to exchange no inputs of LUTs.
    ///
    /// # Errors
    /// [`NetlistError`] if it has other delay lines.
    pub fn trimmed(&self, lengths: &Delays) -> Result<Netlist, NetlistError> {
        let mut netlist = self.clone();
        netlist.trim(lengths)?;
        netlist.settings()?.extend(set([(names::ROUTER, "router1"), (names::FIXED_INPUTS, "1")]));
        Ok(netlist)
    }

    /// Gives a routed netlist the ports of the placed one, which nextpnr forgets of a netlist it reads.
    ///
    /// # Errors
    /// [`NetlistError`] if it lacks a port's net.
    pub fn take_ports_of(&mut self, placed: &Netlist) -> Result<(), NetlistError> {
        let Top { ports, netnames, .. } = self.top_mut();
        // The same net has the same name, but another number.
        for (name, port) in &placed.top().ports {
            let net = netnames.get(name).ok_or(NetlistError("a port without a net"))?;
            let port = Port { direction: port.direction, bits: net.bits.clone() };
            ports.insert(name.clone(), port.into());
        }
        Ok(())
    }

    fn settings(&mut self) -> Result<&mut BTreeMap<String, Value>, NetlistError> {
        self.top_mut().settings.as_mut().ok_or(NetlistError("no settings"))
    }
}

/// Settings of nextpnr.
fn set<const N: usize>(settings: [(&str, &str); N]) -> [(String, Value); N] {
    settings.map(|(name, value)| (name.to_owned(), value.into()))
}

/// The nets by which LUTs clock flip-flops, and those that matched delays begin with.
fn fires_and_joins(cells: &Cells) -> BTreeSet<usize> {
    let clocks: BTreeSet<usize> =
        of_kind(cells, "TRELLIS_FF").filter_map(|cell| net_at(cell, "CLK")).collect();
    let outputs = of_kind(cells, "TRELLIS_COMB").filter_map(|cell| net_at(cell, "F"));
    let first = cells.iter().filter(|(name, _)| names::begins_matched_delay(name));
    let joins = first.filter_map(|(_, cell)| net_at(cell, "A"));
    outputs.filter(|net| clocks.contains(net)).chain(joins).collect()
}

fn of_kind<'a>(cells: &'a Cells, kind: &'a str) -> impl Iterator<Item = &'a Instance> {
    cells.values().map(|cell| &**cell).filter(move |cell| cell.kind == kind)
}

/// What a pin is connected to that is connected to nothing.
fn open() -> Vec<Bit> {
    vec![Bit::Constant("x".to_owned())]
}

/// Wires that are held firmly.
fn locked(wires: &str) -> String {
    let parts = wires.split(';').enumerate();
    let parts: Vec<&str> = parts.map(|(place, part)| if place % 3 == 2 { LOCKED } else { part }).collect();
    parts.join(";")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{netlist, written};
    use super::*;
    use serde_json::json;

    /// A LUT that hears a join (net 1) clocks a flip-flop (net 2), which hears another LUT (net 3).
    fn placed() -> Netlist {
        let lut = |a: u64, f: u64| {
            json!({
                "type": "TRELLIS_COMB",
                "port_directions": { "A": "input", "B": "input", "F": "output" },
                "connections": { "A": [a], "B": [], "F": [f] },
            })
        };
        let net = |bit: u64| json!({ "bits": [bit], "attributes": {} });
        let mut netlist = netlist(json!({
            "ports": { "clock": { "direction": "input", "bits": [6] } },
            "settings": { "router": "router1", "arch.disable_router_lutperm": "0" },
            "cells": {
                "join": lut(4, 1),
                "edge_0.matched_delay.lut0": lut(1, 2),
                "logic": lut(5, 3),
                "flop": {
                    "type": "TRELLIS_FF",
                    "port_directions": { "CLK": "input", "DI": "input", "Q": "output" },
                    "connections": { "CLK": [2], "DI": [3], "Q": [5] },
                },
                "buffer": {
                    "type": "DCCA",
                    "port_directions": { "CLKI": "input", "CLKO": "output" },
                    "connections": { "CLKI": [7], "CLKO": [6] },
                },
                "of_the_clock": {
                    "type": "TRELLIS_FF",
                    "port_directions": { "CLK": "input" },
                    "connections": { "CLK": [6] },
                },
            },
            "netnames": { "join": net(1), "fire": net(2), "data": net(3), "request": net(4), "shown": net(5), "clock": net(6) },
        }));
        netlist.name_open_pins();
        netlist
    }

    /// The same with wires for some nets.
    fn with_wires(nets: &[&str]) -> Netlist {
        let mut netlist = placed();
        for net in nets {
            let net = netlist.top_mut().netnames.get_mut(*net).unwrap();
            net.attributes.insert(names::WIRES.to_owned(), "X1/F0;;2;X1/V1;X1/F0->V1;1".into());
        }
        netlist
    }

    #[test]
    fn nothing_but_fires_and_joins_is_left_for_router_1() {
        let alone = placed().fires_alone().unwrap();
        assert_eq!(alone.top().netnames.keys().collect::<Vec<_>>(), ["clock", "fire", "join"]);
        let alone = written(&alone);
        let cells = &alone["cells"];

        assert_eq!(cells["join"]["connections"], json!({ "A": ["x"], "B": ["x"], "F": [1] }));
        assert_eq!(
            cells["edge_0.matched_delay.lut0"]["connections"],
            json!({ "A": [1], "B": ["x"], "F": [2] })
        );
        assert_eq!(cells["flop"]["connections"], json!({ "CLK": [2], "DI": ["x"], "Q": ["x"] }));
        assert_eq!(cells["buffer"]["connections"], json!({ "CLKI": ["x"], "CLKO": [6] }));
        let settings = &alone["settings"];
        assert_eq!(
            (&settings["router"], &settings["arch.disable_router_lutperm"]),
            (&json!("router1"), &json!("1"))
        );
    }

    #[test]
    fn their_wires_are_locked_for_router_2() {
        let begun = written(&placed().with_wires_of(&with_wires(&["fire", "join", "data"])).unwrap());
        let wires = |net: &str| &begun["netnames"][net]["attributes"][names::WIRES];
        for net in ["fire", "join"] {
            assert_eq!(wires(net), "X1/F0;;5;X1/V1;X1/F0->V1;5");
        }
        assert!(wires("data").is_null());
        for lut in ["join", "edge_0.matched_delay.lut0", "logic"] {
            assert_eq!(begun["cells"][lut]["connections"]["B"], json!(["x"]), "open pins are named");
        }
        assert_eq!(begun["cells"], written(&placed())["cells"]);
        assert_eq!(begun["settings"], json!({ "router": "router2", "arch.disable_router_lutperm": "0" }));
        let error = placed().with_wires_of(&with_wires(&["join"])).unwrap_err();
        assert_eq!(error.to_string(), "the netlist has a fire without a wire");
    }

    #[test]
    fn ports_come_back() {
        let mut routed = placed();
        routed.top_mut().ports.clear();
        routed.top_mut().netnames.get_mut("clock").unwrap().bits = vec![Bit::Net(60)];
        routed.take_ports_of(&placed()).unwrap();
        assert_eq!(written(&routed)["ports"], json!({ "clock": { "direction": "input", "bits": [60] } }));
        routed.top_mut().netnames.remove("clock");
        let error = routed.take_ports_of(&placed()).unwrap_err();
        assert_eq!(error.to_string(), "the netlist has a port without a net");
    }

    #[test]
    fn what_is_no_placed_netlist_is_refused() {
        let message = |netlist: Netlist| netlist.fires_alone().unwrap_err().to_string();
        assert!(message(netlist(json!({ "settings": {} }))).contains("no fire"));
        let mut synthesised = placed();
        synthesised.top_mut().settings = None;
        assert!(message(synthesised).contains("no settings"));
    }
}

//! The placed chip between nextpnr's passes: fires and joins before all other wires, or delays trimmed.
//!
//! Router 2 lets all wires of a chip bargain for places and sends some a long way round. To data that is a delay, which the check
//! adds up and a matched delay makes good. A fire that comes to one of its flip-flops nanoseconds later than to another breaks
//! a hold, which no length mends. So the placed chip is routed twice: once with nothing on it but fires and joins, by router 1,
//! which takes the shortest way for each; and then the rest by router 2, with those wires locked. Where router 1 wires everything,
//! the placed chip is only [trimmed](crate::trim).

use crate::trim::trim;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use thiserror::Error;
use wheatstone_hdl::delays::Delays;

/// The first LUT of a matched delay; both its inputs hear the join.
const FIRST_LUT: &str = ".matched_delay.lut0";

/// The attribute of a net with its wires: a wire, the switch before it, and how firmly it is held, again and again.
const WIRES: &str = "ROUTING";

/// The setting by which routers exchange no inputs of a LUT.
const FIXED_INPUTS: &str = "arch.disable_router_lutperm";

/// Held so firmly that no router takes it away.
const LOCKED: &str = "5";

/// A netlist that is not what nextpnr writes of a placed ECP5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the placed netlist has {0}")]
pub struct NotPlaced(pub(crate) &'static str);

/// A netlist of a chip on which everything has its place.
pub struct Placed(Value);

impl Placed {
    /// From nextpnr's JSON.
    ///
    /// # Errors
    /// [`NotPlaced`] if it has no module `top` with cells, nets, ports and settings.
    pub fn new(mut netlist: Value) -> Result<Placed, NotPlaced> {
        let pins =
            parts(&mut netlist)?.cells.values_mut().filter_map(|cell| cell["connections"].as_object_mut());
        for bits in pins.flat_map(Map::values_mut).filter(|bits| bits.as_array().is_some_and(Vec::is_empty)) {
            *bits = open();
        }
        Ok(Placed(netlist))
    }

    /// The netlist with no connections but those of fires and joins, for router 1.
    ///
    /// # Errors
    /// [`NotPlaced`] if there are none.
    pub fn fires_alone(&self) -> Result<Value, NotPlaced> {
        let mut netlist = self.0.clone();
        let Parts { cells, nets, settings, .. } = parts(&mut netlist)?;
        let mut kept = fires_and_joins(cells);
        if kept.is_empty() {
            return Err(NotPlaced("no fire"));
        }
        // nextpnr does not bear a clock buffer that drives nothing.
        kept.extend(of_kind(cells, "DCCA").filter_map(|cell| pin(cell, "CLKO")));
        for cell in cells.values_mut() {
            for bits in cell["connections"].as_object_mut().into_iter().flat_map(Map::values_mut) {
                if !single(bits).is_some_and(|net| kept.contains(&net)) {
                    *bits = open();
                }
            }
        }
        nets.retain(|_, net| single(&net["bits"]).is_some_and(|net| kept.contains(&net)));
        settings.insert("router".to_owned(), "router1".into());
        // Which inputs of a LUT were exchanged would be lost with this netlist.
        settings.insert(FIXED_INPUTS.to_owned(), "1".into());
        Ok(netlist)
    }

    /// The netlist with the wires that fires and joins were given, locked, for router 2.
    ///
    /// # Errors
    /// [`NotPlaced`] if one of them has no wires.
    pub fn with_wires_of(&self, mut fires: Value) -> Result<Value, NotPlaced> {
        let routed = parts(&mut fires)?.nets;
        let mut netlist = self.0.clone();
        let Parts { cells, nets, settings, .. } = parts(&mut netlist)?;
        let mut without_wires = fires_and_joins(cells);
        for (name, net) in nets {
            let Some(bit) = single(&net["bits"]).filter(|bit| without_wires.contains(bit)) else { continue };
            let Some(wires) = routed.get(name).and_then(|net| net["attributes"][WIRES].as_str()) else {
                continue;
            };
            net["attributes"][WIRES] = locked(wires).into();
            without_wires.remove(&bit);
        }
        settings.insert("router".to_owned(), "router2".into());
        if without_wires.is_empty() { Ok(netlist) } else { Err(NotPlaced("a fire without a wire")) }
    }

    /// The netlist with delays trimmed to those lengths, for router 1, which is told to exchange no inputs of LUTs.
    ///
    /// # Errors
    /// [`NotPlaced`] if it has other delays.
    pub fn trimmed(&self, lengths: &Delays) -> Result<Value, NotPlaced> {
        let mut netlist = self.0.clone();
        let Parts { cells, nets, settings, .. } = parts(&mut netlist)?;
        trim(cells, nets, lengths)?;
        settings.insert("router".to_owned(), "router1".into());
        settings.insert(FIXED_INPUTS.to_owned(), "1".into());
        Ok(netlist)
    }

    /// Gives a routed netlist back its ports, which nextpnr forgets of a netlist it reads.
    ///
    /// # Errors
    /// [`NotPlaced`] if the netlist is none or lacks a port's net.
    pub fn give_ports_to(&self, routed: &mut Value) -> Result<(), NotPlaced> {
        let Parts { nets, ports, .. } = parts(routed)?;
        // The same net has the same name, but another number.
        for (name, port) in self.0["modules"]["top"]["ports"].as_object().into_iter().flatten() {
            let net = nets.get(name).ok_or(NotPlaced("a port without a net"))?;
            ports.insert(name.clone(), json!({ "direction": port["direction"], "bits": net["bits"] }));
        }
        Ok(())
    }
}

/// The parts of a netlist that matter here.
struct Parts<'a> {
    cells: &'a mut Map<String, Value>,
    nets: &'a mut Map<String, Value>,
    ports: &'a mut Map<String, Value>,
    settings: &'a mut Map<String, Value>,
}

fn parts(netlist: &mut Value) -> Result<Parts<'_>, NotPlaced> {
    let top = netlist.pointer_mut("/modules/top").and_then(Value::as_object_mut);
    let top = top.ok_or(NotPlaced("no module `top`"))?;
    let (mut cells, mut nets, mut ports, mut settings) = (None, None, None, None);
    for (name, part) in top {
        match name.as_str() {
            "cells" => cells = part.as_object_mut(),
            "netnames" => nets = part.as_object_mut(),
            "ports" => ports = part.as_object_mut(),
            "settings" => settings = part.as_object_mut(),
            _ => {}
        }
    }
    Ok(Parts {
        cells: cells.ok_or(NotPlaced("no cells"))?,
        nets: nets.ok_or(NotPlaced("no nets"))?,
        ports: ports.ok_or(NotPlaced("no ports"))?,
        settings: settings.ok_or(NotPlaced("no settings"))?,
    })
}

/// The nets by which LUTs clock flip-flops, and those that matched delays begin with.
fn fires_and_joins(cells: &Map<String, Value>) -> BTreeSet<u64> {
    let clocks: BTreeSet<u64> = of_kind(cells, "TRELLIS_FF").filter_map(|cell| pin(cell, "CLK")).collect();
    let fires =
        of_kind(cells, "TRELLIS_COMB").filter_map(|cell| pin(cell, "F")).filter(|net| clocks.contains(net));
    let first = cells.iter().filter(|(name, _)| name.ends_with(FIRST_LUT));
    fires.chain(first.filter_map(|(_, cell)| pin(cell, "A"))).collect()
}

fn of_kind<'a>(cells: &'a Map<String, Value>, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    cells.values().filter(move |cell| cell["type"] == kind)
}

fn pin(cell: &Value, pin: &str) -> Option<u64> {
    single(&cell["connections"][pin])
}

/// What a pin is connected to that is connected to nothing. nextpnr forgets a pin of which a netlist names no bit, and with it to
/// tie it, if it is of a multiplier or memory, to what that needs.
fn open() -> Value {
    json!(["x"])
}

/// The net of a pin or name of one bit, if it is no constant.
fn single(bits: &Value) -> Option<u64> {
    match bits.as_array()?.as_slice() {
        [bit] => bit.as_u64(),
        _ => None,
    }
}

/// Wires that are held firmly.
fn locked(wires: &str) -> String {
    let parts = wires.split(';').enumerate();
    let parts: Vec<&str> = parts.map(|(place, part)| if place % 3 == 2 { LOCKED } else { part }).collect();
    parts.join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A LUT that hears a join (net 1) clocks a flip-flop (net 2), which hears another LUT (net 3).
    fn netlist() -> Value {
        let lut = |a: u64, f: u64| {
            json!({
                "type": "TRELLIS_COMB",
                "port_directions": { "A": "input", "B": "input", "F": "output" },
                "connections": { "A": [a], "B": [], "F": [f] },
            })
        };
        let net = |bit: u64| json!({ "bits": [bit], "attributes": {} });
        json!({ "modules": { "top": {
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
        } } })
    }

    /// The same with wires for some nets.
    fn with_wires(nets: &[&str]) -> Value {
        let mut netlist = netlist();
        for net in nets {
            netlist["modules"]["top"]["netnames"][net]["attributes"][WIRES] =
                "X1/F0;;2;X1/V1;X1/F0->V1;1".into();
        }
        netlist
    }

    fn top_of(netlist: &Value) -> &Value {
        &netlist["modules"]["top"]
    }

    #[test]
    fn nothing_but_fires_and_joins_is_left_for_router_1() {
        let alone = Placed::new(netlist()).unwrap().fires_alone().unwrap();
        let Value::Object(nets) = &top_of(&alone)["netnames"] else { panic!("{alone}") };
        assert_eq!(nets.keys().collect::<Vec<_>>(), ["clock", "fire", "join"]);
        let cells = &top_of(&alone)["cells"];

        assert_eq!(cells["join"]["connections"], json!({ "A": ["x"], "B": ["x"], "F": [1] }));
        assert_eq!(
            cells["edge_0.matched_delay.lut0"]["connections"],
            json!({ "A": [1], "B": ["x"], "F": [2] })
        );
        assert_eq!(cells["flop"]["connections"], json!({ "CLK": [2], "DI": ["x"], "Q": ["x"] }));
        assert_eq!(cells["buffer"]["connections"], json!({ "CLKI": ["x"], "CLKO": [6] }));
        let settings = &top_of(&alone)["settings"];
        assert_eq!(
            (&settings["router"], &settings["arch.disable_router_lutperm"]),
            (&json!("router1"), &json!("1"))
        );
    }

    #[test]
    fn their_wires_are_locked_for_router_2() {
        let placed = Placed::new(netlist()).unwrap();
        let begun = placed.with_wires_of(with_wires(&["fire", "join", "data"])).unwrap();
        let wires = |net: &str| &top_of(&begun)["netnames"][net]["attributes"][WIRES];
        for net in ["fire", "join"] {
            assert_eq!(wires(net), "X1/F0;;5;X1/V1;X1/F0->V1;5");
        }
        assert!(wires("data").is_null());
        let mut cells = top_of(&netlist())["cells"].clone();
        for lut in ["join", "edge_0.matched_delay.lut0", "logic"] {
            cells[lut]["connections"]["B"] = json!(["x"]);
        }
        assert_eq!(top_of(&begun)["cells"], cells, "open pins are named");
        assert_eq!(
            top_of(&begun)["settings"],
            json!({ "router": "router2", "arch.disable_router_lutperm": "0" })
        );
        let error = placed.with_wires_of(with_wires(&["join"])).unwrap_err();
        assert_eq!(error.to_string(), "the placed netlist has a fire without a wire");
    }

    #[test]
    fn ports_come_back() {
        let placed = Placed::new(netlist()).unwrap();
        let mut routed = netlist();
        routed["modules"]["top"]["ports"] = json!({});
        routed["modules"]["top"]["netnames"]["clock"]["bits"] = json!([60]);
        placed.give_ports_to(&mut routed).unwrap();
        assert_eq!(top_of(&routed)["ports"], json!({ "clock": { "direction": "input", "bits": [60] } }));
        routed["modules"]["top"]["netnames"].as_object_mut().unwrap().remove("clock");
        let error = placed.give_ports_to(&mut routed).unwrap_err();
        assert_eq!(error.to_string(), "the placed netlist has a port without a net");
    }

    #[test]
    fn what_is_no_placed_netlist_is_refused() {
        let message =
            |netlist| Placed::new(netlist).and_then(|placed| placed.fires_alone()).unwrap_err().to_string();
        assert!(message(json!({})).contains("no module `top`"));
        assert!(
            message(json!({ "modules": { "top": { "cells": {}, "netnames": {}, "ports": {} } } }))
                .contains("no settings")
        );
        let empty =
            json!({ "modules": { "top": { "cells": {}, "netnames": {}, "ports": {}, "settings": {} } } });
        assert!(message(empty).contains("no fire"));
    }
}

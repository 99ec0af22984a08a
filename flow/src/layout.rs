//! Where everything of a routed chip lies, and what it takes.

use crate::netlist::names;
use serde::Serialize;
use std::collections::BTreeMap;
use wheatstone_hdl::Chip;
use wheatstone_hdl::delays::CellId;
use wheatstone_hdl::netlist::{Netlist, text};

/// What a site of the device is, as far as a design takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// A 4-input LUT; on an iCE40 the logic cell, whose flip-flop comes with it.
    Lut4,
    /// A flip-flop of an ECP5.
    FlipFlop,
    /// A multiplier.
    Multiplier,
    /// A block of RAM.
    Ram,
    /// Pins, buffers and the rest.
    Other,
}

impl Site {
    fn of(kind: &str) -> Site {
        match kind {
            "ICESTORM_LC" | "TRELLIS_COMB" => Site::Lut4,
            "TRELLIS_FF" => Site::FlipFlop,
            "MULT18X18D" | "ICESTORM_DSP" => Site::Multiplier,
            "ICESTORM_RAM" | "ICESTORM_SPRAM" | "DP16KD" => Site::Ram,
            _ => Site::Other,
        }
    }
}

/// What a part of the chip takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Sites of 4-input LUTs; on an iCE40 whole logic cells.
    pub lut4: u64,
    /// Flip-flops; on an iCE40 those whose logic cell has one.
    pub flip_flops: u64,
    /// Multipliers of the device (DSP blocks).
    pub multipliers: u64,
    /// Blocks of RAM, of any size.
    pub rams: u64,
}

/// One kind of part: cells with equal modules, or the island.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PartKind {
    /// How many there are.
    pub count: u64,
    /// What all of them take.
    pub taken: Taken,
}

/// One site in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Placed {
    /// Column of the device's grid.
    pub x: u32,
    /// Row of the device's grid.
    pub y: u32,
    /// What the device has there.
    pub site: Site,
    /// The part of the chip that uses it.
    pub owner: Owner,
}

/// Whose a site is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// Of a node's cell, by its id.
    Node(usize),
    /// Of an edge's cell, by its id.
    Edge(usize),
    /// Of a tile, by its number.
    Tile(usize),
    /// Of the root of the tiles.
    Root,
    /// Of the registers between array and island.
    #[serde(rename = "border")]
    ArrayInterface,
    /// Of the island.
    Island,
    /// Of nobody that its name tells: constants, buffers, carries that tools inserted.
    Unnamed,
}

/// A routed chip, site by site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Layout {
    /// Every site in use whose place the netlist tells.
    pub sites: Vec<Placed>,
    /// What is taken by kind of part.
    pub kinds: BTreeMap<String, PartKind>,
    /// What is taken in all.
    pub total: Taken,
}

impl Layout {
    /// Reads the netlist that nextpnr wrote for a chip.
    ///
    /// # Errors
    /// It is not such a netlist.
    pub fn read(netlist: &[u8], chip: &Chip) -> Result<Layout, serde_json::Error> {
        let netlist: Netlist = serde_json::from_slice(netlist)?;
        let cells = chip.array.cells();
        let kind_of = |owner: Owner| {
            let cell = match owner {
                Owner::Node(id) => cells.get(&CellId::Node(id)),
                Owner::Edge(id) => cells.get(&CellId::Edge(id)),
                Owner::Tile(id) => cells.get(&CellId::Tile(id)),
                Owner::Root => cells.get(&CellId::Root),
                Owner::ArrayInterface => return "border".to_owned(),
                Owner::Island => return "island".to_owned(),
                Owner::Unnamed => None,
            };
            cell.map_or_else(|| "unnamed".to_owned(), |cell| cell.name().to_owned())
        };
        let mut layout = Layout::default();
        let mut members: BTreeMap<String, Vec<Owner>> = BTreeMap::new();
        for (name, cell) in netlist.modules.into_values().flat_map(|module| module.cells) {
            let (owner, site) = (names::owner(&name), Site::of(&cell.kind));
            let kind = kind_of(owner);
            let member = members.entry(kind.clone()).or_default();
            if !member.contains(&owner) {
                member.push(owner);
            }
            let part = layout.kinds.entry(kind).or_default();
            let clocked = text(&cell.parameters, "DFF_ENABLE").is_some_and(|enable| enable.ends_with('1'));
            for taken in [&mut part.taken, &mut layout.total] {
                taken.count(site, clocked);
            }
            if let Some((x, y)) = text(&cell.attributes, names::PLACE).and_then(place) {
                layout.sites.push(Placed { x, y, site, owner });
            }
        }
        for (kind, owners) in members {
            layout.kinds.entry(kind).or_default().count = owners.len() as u64;
        }
        Ok(layout)
    }
}

impl Taken {
    fn count(&mut self, site: Site, clocked: bool) {
        let counter = match site {
            Site::Lut4 => {
                self.flip_flops += u64::from(clocked);
                &mut self.lut4
            }
            Site::FlipFlop => &mut self.flip_flops,
            Site::Multiplier => &mut self.multipliers,
            Site::Ram => &mut self.rams,
            Site::Other => return,
        };
        *counter += 1;
    }
}

/// Column and row of a place such as `X12/Y3/lc0`.
fn place(bel: &str) -> Option<(u32, u32)> {
    let mut parts = bel.split('/');
    let x = parts.next()?.strip_prefix('X')?.parse().ok()?;
    let y = parts.next()?.strip_prefix('Y')?.parse().ok()?;
    Some((x, y))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tests::{board, spec};

    #[test]
    fn places_are_read() {
        assert_eq!(place("X12/Y3/lc0"), Some((12, 3)));
        assert_eq!([place(""), place("X1"), place("Y1/X2")], [None; 3]);
    }

    #[test]
    fn a_chip_is_counted_by_kind_of_cell() {
        let chip = spec(board("hx8k-evn")).chip(None).unwrap();
        let lc = |x, clocked| {
            format!(
                r#"{{"type": "ICESTORM_LC", "attributes": {{"NEXTPNR_BEL": "X{x}/Y2/lc1"}}, "parameters": {{"DFF_ENABLE": "{clocked}"}}}}"#
            )
        };
        let text = format!(
            r#"{{"modules": {{"top": {{"ports": {{}}, "cells": {{
                "bordered_array.array.node_0.a": {}, "bordered_array.array.node_1.a": {}, "bordered_array.array.edge_0.a": {},
                "island.b": {{"type": "ICESTORM_RAM", "attributes": {{"NEXTPNR_BEL": "X8/Y1/ram"}}}},
                "clk$sb_io": {{"type": "SB_IO"}}}}}}}}}}"#,
            lc(1, 0),
            lc(2, 1),
            lc(3, 1)
        );
        let layout = Layout::read(text.as_bytes(), &chip).unwrap();
        assert_eq!(layout.total, Taken { lut4: 3, flip_flops: 2, multipliers: 0, rams: 1 });
        let inputs = &layout.kinds["input_node_1_0"];
        assert_eq!((inputs.count, inputs.taken.lut4, inputs.taken.flip_flops), (2, 2, 1));
        assert_eq!(layout.kinds["serial_linear_edge_p0"].taken.lut4, 1);
        assert_eq!(layout.kinds["island"].taken.rams, 1);
        let first = Placed { x: 1, y: 2, site: Site::Lut4, owner: Owner::Node(0) };
        assert!(layout.sites.contains(&first) && layout.sites.len() == 4, "{:?}", layout.sites);
        assert!(Layout::read(b"{}", &chip).is_err());
    }
}

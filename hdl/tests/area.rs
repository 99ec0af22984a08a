//! What cells cost, and that they do not grow unnoticed.
//!
//! The limits leave some room for another version of yosys; measured figures are printed.
#![allow(clippy::unwrap_used, reason = "tests")]
mod designs;

use designs::tool;
use std::sync::Arc;
use wheatstone_hdl::area::{AreaError, AreaOptions, CellArea, measure, measure_cell};
use wheatstone_hdl::{Array, ArrayOptions, Multiplier, Technology};
use wheatstone_sim::network::{Boundary, EdgeKind, NodeId, NodeKind, crossbar, lattice};
use wheatstone_sim::{Design, Format, Network, Nudge, Omega, Rules};
use wheatstone_tools::{Program, Tool};

fn array(network: Network, format: Format, technology: Technology, multiplier: Multiplier) -> Array {
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    let design = Arc::new(Design::new(network, format, rules).unwrap());
    Array::new(design, ArrayOptions { technology, multiplier }).unwrap()
}

fn small(format: Format, technology: Technology, multiplier: Multiplier) -> Array {
    array(crossbar(2, 1, EdgeKind::Linear).unwrap(), format, technology, multiplier)
}

/// The kind of a cell, by the name of one.
fn kind<'a>(array: &'a Array, cell: &str) -> &'a str {
    array.module.submodule(cell).unwrap().name()
}

/// Prints it, and claims what holds for every cell.
fn check(array: &Array, cell: &CellArea) {
    let CellArea { cell, count, area, .. } = cell;
    eprintln!("{cell} in {} on {}: {count} x {area:?}", array.design().format(), array.technology().name());
    let modules = array.cell_modules();
    let (id, _) = modules.iter().find(|(_, module)| *module == cell).unwrap();
    assert_eq!(area.delay_luts, u64::from(array.delays().get(id.matched()).placed), "{cell}");
    assert!(area.others.is_empty(), "{cell}: {:?}", area.others);
}

fn measured(yosys: &Tool, array: &Array, cell: &str) -> CellArea {
    let cell = measure_cell(yosys, array, kind(array, cell), AreaOptions::default()).unwrap();
    check(array, &cell);
    assert_eq!(cell.sum_of_leaves().delay_luts, cell.area.delay_luts);
    cell
}

#[test]
fn cells_with_a_parallel_multiplier_are_small() {
    let Some(yosys) = tool(Program::Yosys) else { return };
    let (corners, centre) = ([0, 2, 6, 8].map(NodeId), 4);
    let ports = lattice(3, 3, Boundary::Open, EdgeKind::Linear);
    let network = ports.inputs(corners[..2].to_vec()).outputs(corners[2..].to_vec()).build().unwrap();
    assert_eq!(network.nodes()[centre].kind, NodeKind::Hidden);
    assert_eq!(network.incidences(NodeId(4)).len(), 4);
    let array = array(network, Format::WIDE, Technology::Ecp5, Multiplier::Parallel);

    let edge = measured(&yosys, &array, "edge_0");
    assert!(edge.area.lut4_sites <= 260, "{edge:?}");
    assert_eq!(edge.area.multipliers, 1);
    let node = measured(&yosys, &array, &format!("node_{centre}"));
    assert!(node.area.lut4_sites <= 500, "{node:?}");
    assert_eq!(node.area.multipliers, 0);
}

#[test]
fn an_array_is_the_sum_of_its_cells() {
    let Some(yosys) = tool(Program::Yosys) else { return };
    let array = small(Format::COMPACT, Technology::Ecp5, Multiplier::Serial);
    let area = measure(&yosys, &array, AreaOptions::default()).unwrap();
    let counts: Vec<(&str, u64)> = area.cells.iter().map(|cell| (cell.cell.as_str(), cell.count)).collect();
    let kinds =
        [("node_0", 2), ("node_2", 1), ("edge_0", 2)].map(|(cell, count)| (kind(&array, cell), count));
    assert_eq!(counts, kinds);
    area.cells.iter().for_each(|cell| check(&array, cell));
    let [input, output, edge] = &area.cells[..] else { panic!("{area:?}") };
    assert_eq!(
        area.total.lut4_sites,
        2 * input.area.lut4_sites + output.area.lut4_sites + 2 * edge.area.lut4_sites
    );
    assert!(edge.area.lut4_sites <= 240, "{edge:?}");
    assert_eq!(area.total.multipliers, 0);
}

#[test]
fn a_serial_edge_is_as_small_on_ice40() {
    let Some(yosys) = tool(Program::Yosys) else { return };
    let array = small(Format::COMPACT, Technology::Ice40, Multiplier::Serial);
    let edge = measured(&yosys, &array, "edge_0");
    assert!((1..=240).contains(&edge.area.lut4_sites), "{edge:?}");
    assert!(edge.area.flip_flops > 0 && edge.area.multipliers == 0, "{edge:?}");
}

#[test]
fn what_cannot_be_measured_is_refused_before_yosys_starts() {
    let yosys = Tool::at(Program::Yosys, "there-is-none");
    let options = AreaOptions::default();
    let error = measure(&yosys, &small(Format::WIDE, Technology::Generic, Multiplier::Parallel), options)
        .unwrap_err();
    assert!(matches!(error, AreaError::NoDevice { technology: Technology::Generic }), "{error}");
    let array = small(Format::WIDE, Technology::Ecp5, Multiplier::Parallel);
    let message = measure_cell(&yosys, &array, "edge", options).unwrap_err().to_string();
    assert!(message.contains("`edge`") && message.contains(kind(&array, "edge_0")), "{message}");
}

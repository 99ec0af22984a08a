//! `wheatstone hdl area`

use super::arguments::{DesignArguments, Form};
use crate::cli::failure::{Failure, Result};
use crate::cli::output::Output;
use crate::cli::table::plain;
use clap::Args;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;
use std::sync::Arc;
use wheatstone_hdl::area::{
    Area as Amount, AreaOptions, ArrayArea, CellArea, IslandArea, measure, measure_folded, measure_island,
};
use wheatstone_hdl::island::IslandOptions;
use wheatstone_hdl::top::{ArrayForm, Chip};
use wheatstone_hdl::{Board, Technology};
use wheatstone_tools::{Program, Tool};

/// Count what every kind of cell takes of the device, as yosys maps it
///
/// Needs yosys. Counted before anything is placed, cell by cell and the island part by part: LUTs of matched delays apart, the
/// join of `rest` not at all.
#[derive(Args, Debug)]
pub struct Area {
    #[command(flatten)]
    design: DesignArguments,
    /// Use the multipliers of an iCE40 UP5K; those of an ECP5 are always used
    #[arg(long)]
    dsp: bool,
    /// The form of the array
    #[arg(long, value_enum, default_value_t)]
    array: Form,
    /// With an island that loads and counts samples while the array works
    #[arg(long)]
    streaming: bool,
}

/// What is printed.
#[derive(Serialize)]
struct Measured {
    name: String,
    format: String,
    board: &'static str,
    technology: &'static str,
    multiplier: &'static str,
    yosys: String,
    #[serde(flatten)]
    array: ArrayArea,
    island: Option<IslandArea>,
    /// Why there is no island.
    no_island: Option<String>,
}

impl Area {
    pub fn run(&self, output: &Output) -> Result<()> {
        let yosys = Tool::find(Program::Yosys).map_err(Failure::tool)?;
        let board = self.design.target.board;
        let options = AreaOptions { ice40_dsp: self.dsp };
        let (name, design, area, form, multiplier) = match self.array {
            Form::Spatial => {
                let (name, array) = self.design.array()?;
                let area = measure(&yosys, &array, options)?;
                let form = ArrayForm::Spatial(self.design.target.options());
                (name, Arc::clone(array.design()), area, form, array.multiplier().name())
            }
            Form::Folded => {
                let (name, array) = self.design.folded()?;
                let area = measure_folded(&yosys, &array, options)?;
                (name, Arc::clone(array.design()), area, ArrayForm::Folded(array.options()), "a lane's two")
            }
        };
        let island = IslandOptions { streaming: self.streaming, ..board.island_options() };
        let (island, no_island) = match Chip::new(Arc::clone(&design), form, island) {
            Ok(chip) => (Some(measure_island(&yosys, &chip, options)?), None),
            Err(why) => (None, Some(why.to_string())),
        };
        let measured = Measured {
            island,
            no_island,
            name,
            format: design.format().to_string(),
            board: board.name(),
            technology: board.technology().name(),
            multiplier,
            yosys: yosys.version().map_err(Failure::tool)?,
            array: area,
        };
        output.result(&measured, || text(&measured, board))
    }
}

const HEADINGS: [&str; 4] = ["LUT4 sites", "delay LUTs", "flip-flops", "multipliers"];

fn text(measured: &Measured, on: Board) -> String {
    let Measured { name, format, board, multiplier, yosys, array, .. } = measured;
    // Behind the version, yosys tells how it was built.
    let yosys = yosys.split(" (").next().unwrap_or(yosys);
    let sites = match on.technology() {
        Technology::Ecp5 => "LUT4 sites are LUT4 and two for every CCU2C",
        Technology::Ice40 => "LUT4 sites are SB_LUT4, beside which an SB_CARRY has room",
        Technology::Generic => "",
    };
    let island = match (&measured.island, &measured.no_island) {
        (Some(island), _) => {
            format!("{}\n{}{}", parts(island), others(&island.total), share(array, island, on))
        }
        (None, why) => format!("no island: {}\n", why.as_deref().unwrap_or_default()),
    };
    format!(
        "{name} in format {format} for {board}, {multiplier} multipliers, mapped by {yosys}\n\
         {sites}; matched delays are counted apart\n\n\
         {}\n{}\n\
         {island}\n\
         Where the LUTs go: every leaf mapped apart from the others, so that their sum differs from the cell\n\n\
         {}",
        cells(array),
        others(&array.total),
        leaves(&array.cells)
    )
}

fn cells(array: &ArrayArea) -> Table {
    let mut table = figures(["cell", "count"]);
    for CellArea { cell, count, area, .. } in &array.cells {
        table.add_row(row([cell, &count.to_string()], area));
    }
    let count: u64 = array.cells.iter().map(|cell| cell.count).sum();
    table.add_row(row(["whole array", &count.to_string()], &array.total));
    table
}

fn parts(island: &IslandArea) -> Table {
    let mut table = figures(["island", "count"]);
    for CellArea { cell, area, .. } in &island.parts {
        table.add_row(row([cell, "1"], area));
    }
    table.add_row(row(["whole island", "1"], &island.total));
    table
}

/// What no column counts, memories for example.
fn others(area: &Amount) -> String {
    if area.others.is_empty() {
        return String::new();
    }
    let list = area.others.iter().map(|(name, count)| format!("{count} {name}"));
    format!("not in the table: {}\n", list.collect::<Vec<_>>().join(", "))
}

/// Which part of the device's LUTs array and island take together.
fn share(array: &ArrayArea, island: &IslandArea, on: Board) -> String {
    let Some(sites) = on.lut4_sites() else { return String::new() };
    let taken: u64 = [&array.total, &island.total].iter().map(|a| a.lut4_sites + a.delay_luts).sum();
    let percent = (100 * taken).div_ceil(sites);
    format!("array and island: {taken} of {sites} LUT4 sites of {on}, {percent} %\n")
}

fn leaves(cells: &[CellArea]) -> Table {
    let mut table = figures(["cell and leaf", "count"]);
    for cell in cells {
        table.add_row(row([&cell.cell, "1"], &cell.area));
        // Leaves that are wires take nothing.
        for leaf in cell.leaves.iter().filter(|leaf| leaf.area != Amount::default()) {
            table.add_row(row([&format!("  {}", leaf.leaf), &leaf.count.to_string()], &leaf.area));
        }
        table.add_row(row(["  sum of leaves", ""], &cell.sum_of_leaves()));
    }
    table
}

fn figures([first, second]: [&str; 2]) -> Table {
    let [luts, delays, flip_flops, multipliers] = HEADINGS;
    let mut table = plain([first, second, luts, delays, flip_flops, multipliers]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn row([first, second]: [&str; 2], area: &Amount) -> [String; 6] {
    let Amount { lut4_sites, delay_luts, flip_flops, multipliers, .. } = area;
    let [luts, delays, flip_flops, multipliers] =
        [lut4_sites, delay_luts, flip_flops, multipliers].map(u64::to_string);
    [first.to_owned(), second.to_owned(), luts, delays, flip_flops, multipliers]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(name: &str) -> Board {
        name.parse().unwrap()
    }
    use wheatstone_hdl::area::LeafArea;

    fn measured() -> Measured {
        let area = |lut4_sites, delay_luts, flip_flops, multipliers| Amount {
            lut4_sites,
            delay_luts,
            flip_flops,
            multipliers,
            ..Amount::default()
        };
        let leaf = |leaf: &str, count, area| LeafArea { leaf: leaf.to_owned(), count, area };
        let leaves = vec![
            leaf("adder", 1, area(214, 0, 0, 0)),
            leaf("delay", 1, area(0, 23, 0, 0)),
            leaf("wires", 2, area(0, 0, 0, 0)),
        ];
        let cell = CellArea { cell: "edge".to_owned(), count: 10, area: area(212, 23, 127, 1), leaves };
        Measured {
            name: "iris".to_owned(),
            format: "16/8/16/16".to_owned(),
            board: "ulx3s-85f",
            technology: "ecp5",
            multiplier: "parallel",
            yosys: "Yosys 0.70 (git sha1 28ba3cb92)".to_owned(),
            array: ArrayArea { total: cell.area.times(cell.count), cells: vec![cell] },
            island: Some(IslandArea {
                parts: vec![CellArea {
                    cell: "link".to_owned(),
                    count: 1,
                    area: area(330, 0, 225, 0),
                    leaves: Vec::new(),
                }],
                total: area(330, 0, 225, 0),
            }),
            no_island: None,
        }
    }

    #[test]
    fn tables_show_cells_leaves_and_totals() {
        let text = text(&measured(), board("ulx3s-85f"));
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(text.starts_with(
            "iris in format 16/8/16/16 for ulx3s-85f, parallel multipliers, mapped by Yosys 0.70\n"
        ));
        for expected in [
            "edge 10 212 23 127 1",
            "whole array 10 2120 230 1270 10",
            "edge 1 212 23 127 1",
            "adder 1 214 0 0 0",
            "sum of leaves 214 23 0 0",
            "link 1 330 0 225 0",
            "whole island 1 330 0 225 0",
            "array and island: 2680 of 83640 LUT4 sites of ulx3s-85f, 4 %",
        ] {
            assert!(lines.contains(&expected.split(' ').collect()), "{expected}\n{text}");
        }
        assert!(!text.contains("wires") && !text.contains("not in the table"), "{text}");
    }

    #[test]
    fn what_no_column_counts_is_told() {
        let mut measured = measured();
        measured.array.total.others.insert("DP16KD".to_owned(), 2);
        let text = text(&measured, board("ulx3s-85f"));
        assert!(text.contains("\nnot in the table: 2 DP16KD\n"), "{text}");
    }
}

//! What every kind of cell costs on a device, as yosys maps it, before anything is placed.
//!
//! Each kind is synthesised alone, twice: flattened, as a build does, which gives its area; and with its leaves kept
//! apart, which tells where the area goes. Logic shrinks across the boundaries of leaves, and may grow there too, so the
//! sum of the leaves differs from the cell.
//!
//! The unit is the site of a 4-input LUT:
//! - ECP5: a `LUT4` takes one, a `CCU2C`, two bits of a carry chain, takes two.
//! - iCE40: an `SB_LUT4` takes one, and an `SB_CARRY` sits beside the LUT it feeds. A carry without such a LUT takes a
//!   site of its own, which is not counted.
//!
//! LUTs of matched delays are counted apart: timing sets their number, not logic. The island and the array's interface are
//! counted by [`measure_island`]; the join of `rest` is not counted.

mod error;
mod synthesis;

pub use error::AreaError;

use crate::array::Array;
use crate::island::{Core, IslandOptions, SerialLink, StreamingCore};
use crate::module::{Module, Part};
use crate::technology::Technology;
use crate::tile::FoldedArray;
use crate::top::Chip;
use crate::verilog::emit;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::AddAssign;
use synthesis::{Job, in_parallel, synthesis};
use wheatstone_tools::Tool;

/// How cells are synthesised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AreaOptions {
    /// Use the multipliers of an iCE40 that has some, the UP5K. ECP5's are always used.
    pub ice40_dsp: bool,
}

/// Parts of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Area {
    /// Sites of 4-input LUTs, carry chains included, matched delays excluded.
    pub lut4_sites: u64,
    /// LUTs of matched delays.
    pub delay_luts: u64,
    /// Flip-flops of any kind.
    pub flip_flops: u64,
    /// Hard multipliers: `MULT18X18D` of an ECP5, `SB_MAC16` of an iCE40.
    pub multipliers: u64,
    /// Everything else, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, u64>,
}

impl Area {
    /// The area of so many primitives, of whose LUTs some are matched delays.
    fn of(technology: Technology, primitives: &BTreeMap<String, u64>, delay_luts: u64) -> Area {
        let mut area = Area { delay_luts, ..Area::default() };
        for (name, &count) in primitives {
            match (technology, name.as_str()) {
                (Technology::Ecp5, "LUT4") | (Technology::Ice40, "SB_LUT4") => area.lut4_sites += count,
                (Technology::Ecp5, "CCU2C") => area.lut4_sites += 2 * count,
                (Technology::Ice40, "SB_CARRY") => {}
                (Technology::Ecp5, "TRELLIS_FF") => area.flip_flops += count,
                (Technology::Ice40, name) if name.starts_with("SB_DFF") => area.flip_flops += count,
                (Technology::Ecp5, "MULT18X18D") | (Technology::Ice40, "SB_MAC16") => {
                    area.multipliers += count;
                }
                // A note on the hierarchy, no hardware.
                (_, "$scopeinfo") => {}
                (_, name) => *area.others.entry(name.to_owned()).or_default() += count,
            }
        }
        area.lut4_sites = area.lut4_sites.saturating_sub(delay_luts);
        area
    }

    /// So many of them.
    #[must_use]
    pub fn times(&self, count: u64) -> Area {
        Area {
            lut4_sites: self.lut4_sites * count,
            delay_luts: self.delay_luts * count,
            flip_flops: self.flip_flops * count,
            multipliers: self.multipliers * count,
            others: self.others.iter().map(|(name, &n)| (name.clone(), n * count)).collect(),
        }
    }
}

impl AddAssign<&Area> for Area {
    fn add_assign(&mut self, other: &Area) {
        self.lut4_sites += other.lut4_sites;
        self.delay_luts += other.delay_luts;
        self.flip_flops += other.flip_flops;
        self.multipliers += other.multipliers;
        for (name, count) in &other.others {
            *self.others.entry(name.clone()).or_default() += count;
        }
    }
}

/// One module of leaves inside a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeafArea {
    /// Name of the leaf's Verilog module.
    pub leaf: String,
    /// How many of it one cell has.
    pub count: u64,
    /// All of those together, synthesised apart from the rest of the cell.
    pub area: Area,
}

/// One kind of cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CellArea {
    /// The name of its module.
    pub cell: String,
    /// How many of it the array has.
    pub count: u64,
    /// One of them, flattened.
    pub area: Area,
    /// Where it goes, the largest first.
    pub leaves: Vec<LeafArea>,
}

impl CellArea {
    /// The sum of the leaves, which differs from the flattened cell.
    pub fn sum_of_leaves(&self) -> Area {
        sum(self.leaves.iter().map(|leaf| leaf.area.clone()))
    }
}

/// All kinds of cell of an array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArrayArea {
    /// One entry for each kind of cell, sorted by name.
    pub cells: Vec<CellArea>,
    /// Of the whole array: every kind as often as the array has it.
    pub total: Area,
}

/// The island and the interface of an array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IslandArea {
    /// The serial link, the controller with its memories and its streamer if it has one, the array interface.
    pub parts: Vec<CellArea>,
    /// The sum of all parts.
    pub total: Area,
}

fn sum(areas: impl Iterator<Item = Area>) -> Area {
    areas.fold(Area::default(), |mut sum, area| {
        sum += &area;
        sum
    })
}

/// Synthesises every kind of cell of an array, as many at a time as the machine has cores.
///
/// # Errors
/// [`AreaError`]; the first by the names of the cells if several fail.
pub fn measure(yosys: &Tool, array: &Array, options: AreaOptions) -> Result<ArrayArea, AreaError> {
    measure_cells(yosys, &array.module, array.technology(), options)
}

/// As [`measure`], every tile and the root of a folded array.
///
/// # Errors
/// [`AreaError`]; the first by the names of the cells if several fail.
pub fn measure_folded(
    yosys: &Tool,
    array: &FoldedArray,
    options: AreaOptions,
) -> Result<ArrayArea, AreaError> {
    measure_cells(yosys, &array.module, array.options().technology, options)
}

fn measure_cells(
    yosys: &Tool,
    array: &Module,
    technology: Technology,
    options: AreaOptions,
) -> Result<ArrayArea, AreaError> {
    let synthesis = synthesis(technology, options)?;
    let jobs: Vec<Job> = kinds(array)
        .into_iter()
        .map(|(name, (cell, count))| Job::new(name, cell, count, technology))
        .collect();
    let cells = in_parallel(&jobs, |job| job.run(yosys, technology, synthesis));
    let cells = cells.into_iter().collect::<Result<Vec<CellArea>, AreaError>>()?;
    let total = sum(cells.iter().map(|cell| cell.area.times(cell.count)));
    Ok(ArrayArea { cells, total })
}

/// Synthesises what is on a chip besides the array, part by part.
///
/// # Errors
/// [`AreaError`]; the first in the order of the parts if several fail.
///
/// # Panics
/// If the island cannot serve the design, which [`Chip::new`] has checked.
pub fn measure_island(yosys: &Tool, chip: &Chip, options: AreaOptions) -> Result<IslandArea, AreaError> {
    let technology = chip.technology;
    let synthesis = synthesis(technology, options)?;
    #[expect(clippy::expect_used, reason = "documented")]
    let facts = chip.options.facts(&chip.design).expect("an island that serves the design");
    let IslandOptions { clock_hz, baud, credits, sample_memory, streaming, .. } = chip.options;
    let mut jobs = vec![
        Job::of_block("serial_link", SerialLink::new(clock_hz, baud, credits)),
        if streaming {
            Job::of_block("controller", StreamingCore::new(&facts, sample_memory))
        } else {
            Job::of_block("controller", Core::new(&facts, sample_memory))
        },
    ];
    // Beside the array stands its interface.
    let interface = chip.module.submodule("border");
    jobs.extend(interface.map(|interface| Job::whole(interface.name(), emit(interface, technology))));
    let parts = in_parallel(&jobs, |job| job.run(yosys, technology, synthesis));
    let parts = parts.into_iter().collect::<Result<Vec<CellArea>, AreaError>>()?;
    let total = sum(parts.iter().map(|part| part.area.clone()));
    Ok(IslandArea { parts, total })
}

/// Synthesises one kind of cell, by the name of its module.
///
/// # Errors
/// [`AreaError`].
pub fn measure_cell(
    yosys: &Tool,
    array: &Array,
    name: &str,
    options: AreaOptions,
) -> Result<CellArea, AreaError> {
    let technology = array.technology();
    let synthesis = synthesis(technology, options)?;
    let kinds = kinds(&array.module);
    let &(cell, count) = kinds.get(name).ok_or_else(|| AreaError::NoSuchCell {
        cell: name.to_owned(),
        kinds: kinds.keys().map(|&name| name.to_owned()).collect(),
    })?;
    Job::new(name, cell, count, technology).run(yosys, technology, synthesis)
}

/// One cell of every kind and how many there are, by name: equal names mean equal cells.
fn kinds(array: &Module) -> BTreeMap<&str, (&Module, u64)> {
    let mut kinds = BTreeMap::new();
    for (_, part) in array.parts() {
        if let Part::Module(cell) = part {
            kinds.entry(cell.name()).or_insert((cell, 0)).1 += 1;
        }
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn primitives(list: &[(&str, u64)]) -> BTreeMap<String, u64> {
        list.iter().map(|&(name, count)| (name.to_owned(), count)).collect()
    }

    #[test]
    fn carries_take_the_sites_their_device_gives_them() {
        let ecp5 = primitives(&[
            ("LUT4", 10),
            ("CCU2C", 4),
            ("TRELLIS_FF", 3),
            ("MULT18X18D", 1),
            ("$scopeinfo", 9),
        ]);
        let expected =
            Area { lut4_sites: 13, delay_luts: 5, flip_flops: 3, multipliers: 1, others: BTreeMap::new() };
        assert_eq!(Area::of(Technology::Ecp5, &ecp5, 5), expected);
        let ice40 = primitives(&[
            ("SB_LUT4", 18),
            ("SB_CARRY", 7),
            ("SB_DFFER", 2),
            ("SB_DFFR", 1),
            ("SB_MAC16", 1),
            ("SB_IO", 2),
        ]);
        let expected = Area { others: primitives(&[("SB_IO", 2)]), ..expected };
        assert_eq!(Area::of(Technology::Ice40, &ice40, 5), expected);
    }
}

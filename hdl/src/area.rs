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

use crate::array::Array;
use crate::island::{Core, IslandOptions, SerialLink, verilog_of};
use crate::leaf::{Behaviour, Leaf};
use crate::module::{Module, Part};
use crate::technology::Technology;
use crate::tool_category;
use crate::top::Top;
use crate::verilog::{emit, leaf_modules};
use rust_hdl::prelude::Block;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use thiserror::Error;
use wheatstone_sim::{Categorized, ErrorCategory};
use wheatstone_tools::{Tool, ToolError};

const SOURCE: &str = "cell.v";
const SCRIPT: &str = "area.ys";
const FLAT: &str = "flat.json";
const APART: &str = "apart.json";

/// Areas that could not be measured.
#[derive(Debug, Error)]
pub enum AreaError {
    /// There is no device.
    #[error("{} has no LUTs to count; choose a board with an ECP5 or an iCE40", technology.name())]
    NoDevice {
        /// What the array is for.
        technology: Technology,
    },
    /// The array has no such cell.
    #[error("the array has no cell of the kind `{cell}`; it has {}", kinds.join(", "))]
    NoSuchCell {
        /// The kind of cell.
        cell: String,
        /// Those it has.
        kinds: Vec<String>,
    },
    /// Yosys fails on a cell.
    #[error("{cell}: {source}")]
    Tool {
        /// The kind of cell.
        cell: String,
        /// Why.
        source: ToolError,
    },
    /// The folder yosys works in.
    #[error("cannot use a temporary folder: {source}; free space there, or set TMPDIR")]
    Folder {
        /// Why.
        source: io::Error,
    },
    /// What yosys counted does not read as that.
    #[error("{cell}: the statistics are not the JSON of yosys: {source}; use yosys 0.38 or newer")]
    Statistics {
        /// The kind of cell.
        cell: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The cell is not among what yosys counted.
    #[error("{cell} is not in the statistics of yosys; use yosys 0.38 or newer")]
    NotCounted {
        /// The kind of cell.
        cell: String,
    },
}

impl Categorized for AreaError {
    fn category(&self) -> ErrorCategory {
        match self {
            AreaError::NoDevice { .. } => ErrorCategory::BadInput,
            AreaError::NoSuchCell { .. } | AreaError::Statistics { .. } | AreaError::NotCounted { .. } => {
                ErrorCategory::Failed
            }
            AreaError::Tool { source, .. } => tool_category(source),
            AreaError::Folder { source } => ErrorCategory::Failed.unless_denied(source),
        }
    }
}

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
    /// Flip-flops.
    pub flip_flops: u64,
    /// `MULT18X18D` or `SB_MAC16`.
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
    /// Its name.
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
    /// By name.
    pub cells: Vec<CellArea>,
    /// Of the whole array: every kind as often as the array has it.
    pub total: Area,
}

/// The island and the interface of an array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IslandArea {
    /// The serial link, the controller with its memories, the array interface.
    pub parts: Vec<CellArea>,
    /// All of them.
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
    let technology = array.technology();
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
/// If the island cannot serve the design, which [`Top::new`] has checked.
pub fn measure_island(yosys: &Tool, top: &Top, options: AreaOptions) -> Result<IslandArea, AreaError> {
    let technology = top.array.technology();
    let synthesis = synthesis(technology, options)?;
    #[expect(clippy::expect_used, reason = "documented")]
    let facts = top.options.facts(top.array.design()).expect("an island that serves the design");
    let IslandOptions { clock_hz, baud, credits, sample_memory, .. } = top.options;
    let interface = &top.interface.module;
    let jobs = [
        Job::of_block("serial_link", SerialLink::new(clock_hz, baud, credits)),
        Job::of_block("controller", Core::new(&facts, sample_memory)),
        Job::whole(interface.name(), emit(interface, technology)),
    ];
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
    let kinds = kinds(array);
    let &(cell, count) = kinds.get(name).ok_or_else(|| AreaError::NoSuchCell {
        cell: name.to_owned(),
        kinds: kinds.keys().map(|&name| name.to_owned()).collect(),
    })?;
    Job::new(name, cell, count, technology).run(yosys, technology, synthesis)
}

/// One cell of every kind and how many there are, by name: equal names mean equal cells.
fn kinds(array: &Array) -> BTreeMap<&str, (&Module, u64)> {
    let mut kinds = BTreeMap::new();
    for (_, part) in array.module.parts() {
        if let Part::Module(cell) = part {
            kinds.entry(cell.name()).or_insert((cell, 0)).1 += 1;
        }
    }
    kinds
}

/// The command of yosys that maps to a device.
fn synthesis(technology: Technology, options: AreaOptions) -> Result<&'static str, AreaError> {
    match technology {
        // A cell's ports are no pins, and wide multiplexers would be a second kind of LUT to count.
        Technology::Ecp5 => Ok("synth_ecp5 -noiopad -nowidelut"),
        Technology::Ice40 if options.ice40_dsp => Ok("synth_ice40 -dsp"),
        Technology::Ice40 => Ok("synth_ice40"),
        Technology::Generic => Err(AreaError::NoDevice { technology }),
    }
}

fn in_parallel<J: Sync, R: Send>(jobs: &[J], run: impl Fn(&J) -> R + Sync) -> Vec<R> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(jobs.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(index) else { break };
                    let result = run(job);
                    done.lock().unwrap_or_else(PoisonError::into_inner).insert(index, result);
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

/// A kind of cell to synthesise.
struct Job {
    cell: String,
    count: u64,
    verilog: String,
    leaves: Vec<LeafKind>,
}

/// A module of leaves in a cell.
struct LeafKind {
    name: String,
    count: u64,
    /// LUTs in each of them that are a matched delay.
    delay_luts: u64,
}

impl Job {
    /// A module without parts worth telling apart.
    fn whole(name: &str, verilog: String) -> Job {
        Job { cell: name.to_owned(), count: 1, verilog, leaves: Vec::new() }
    }

    fn of_block(name: &str, mut block: impl Block) -> Job {
        block.connect_all();
        Job::whole(name, verilog_of(name, &block))
    }

    fn new(name: &str, cell: &Module, count: u64, technology: Technology) -> Job {
        let leaves = leaf_modules(cell).into_iter().map(|module| {
            let delay = |leaf: &Leaf| match leaf.behaviour() {
                Behaviour::MatchedDelay { lut_ps } => leaf.nominal_ps().checked_div(*lut_ps).unwrap_or(0),
                _ => 0,
            };
            LeafKind {
                name: module.name,
                count: module.instances.len() as u64,
                delay_luts: module.instances.first().map_or(0, |leaf| delay(leaf)),
            }
        });
        Job { cell: name.to_owned(), count, verilog: emit(cell, technology), leaves: leaves.collect() }
    }

    fn run(&self, yosys: &Tool, technology: Technology, synthesis: &str) -> Result<CellArea, AreaError> {
        let folder = tempfile::tempdir().map_err(|source| AreaError::Folder { source })?;
        let file = |name: &str| folder.path().join(name);
        for (name, text) in [(SOURCE, &self.verilog), (SCRIPT, &script(synthesis, &self.cell))] {
            fs::write(file(name), text).map_err(|source| AreaError::Folder { source })?;
        }
        yosys
            .run(["-q", "-s", SCRIPT], folder.path())
            .map_err(|source| AreaError::Tool { cell: self.cell.clone(), source })?;
        let read = |name| fs::read_to_string(file(name)).map_err(|source| AreaError::Folder { source });
        self.area(technology, &read(FLAT)?, &read(APART)?)
    }

    /// The areas, from what yosys counted in the flattened cell and in its leaves.
    fn area(&self, technology: Technology, flat: &str, apart: &str) -> Result<CellArea, AreaError> {
        let statistics = |json: &str| {
            Statistics::parse(json)
                .map_err(|source| AreaError::Statistics { cell: self.cell.clone(), source })
        };
        let (flat, apart) = (statistics(flat)?, statistics(apart)?);
        let whole = flat.of(&self.cell).ok_or_else(|| AreaError::NotCounted { cell: self.cell.clone() })?;
        let delay_luts = self.leaves.iter().map(|leaf| leaf.count * leaf.delay_luts).sum();
        let nothing = BTreeMap::new();
        let mut leaves: Vec<LeafArea> = self
            .leaves
            .iter()
            .map(|leaf| {
                // Yosys drops a module that drives nothing.
                let primitives = apart.of(&leaf.name).unwrap_or(&nothing);
                let each = Area::of(technology, primitives, leaf.delay_luts);
                LeafArea { leaf: leaf.name.clone(), count: leaf.count, area: each.times(leaf.count) }
            })
            .collect();
        leaves.sort_by(|a, b| {
            let size = |leaf: &LeafArea| (leaf.area.lut4_sites, leaf.area.delay_luts, leaf.area.flip_flops);
            size(b).cmp(&size(a)).then_with(|| a.leaf.cmp(&b.leaf))
        });
        Ok(CellArea {
            cell: self.cell.clone(),
            count: self.count,
            area: Area::of(technology, whole, delay_luts),
            leaves,
        })
    }
}

fn script(synthesis: &str, cell: &str) -> String {
    format!(
        "read_verilog {SOURCE}\n\
         design -save read\n\
         {synthesis} -top {cell}\n\
         tee -q -o {FLAT} stat -json\n\
         design -load read\n\
         {synthesis} -noflatten -top {cell}\n\
         tee -q -o {APART} stat -json\n"
    )
}

/// What `stat -json` writes, as far as it matters here.
#[derive(Deserialize)]
struct Statistics {
    modules: BTreeMap<String, ModuleStatistics>,
}

#[derive(Deserialize)]
struct ModuleStatistics {
    num_cells_by_type: BTreeMap<String, u64>,
}

impl Statistics {
    fn parse(json: &str) -> Result<Statistics, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Primitives directly in a module; instances of other modules are among them.
    fn of(&self, module: &str) -> Option<&BTreeMap<String, u64>> {
        self.modules.get(&format!("\\{module}")).map(|module| &module.num_cells_by_type)
    }
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

    #[test]
    fn a_cell_is_counted_flat_and_by_its_leaves() {
        let leaf = |name: &str, count, delay_luts| LeafKind { name: name.to_owned(), count, delay_luts };
        let job = Job {
            cell: "cell".to_owned(),
            count: 7,
            verilog: String::new(),
            leaves: vec![
                leaf("matched_delay_3", 1, 3),
                leaf("flop", 2, 0),
                leaf("adder", 1, 0),
                leaf("gone", 1, 0),
            ],
        };
        let flat =
            r#"{"modules": {"\\cell": {"num_cells_by_type": {"LUT4": 4, "CCU2C": 2, "TRELLIS_FF": 2}}}}"#;
        let apart = r#"{"modules": {
            "\\cell": {"num_cells_by_type": {"matched_delay_3": 1, "flop": 2, "adder": 1, "LUT4": 9}},
            "\\matched_delay_3": {"num_cells_by_type": {"LUT4": 3}},
            "\\flop": {"num_cells_by_type": {"TRELLIS_FF": 1}},
            "\\adder": {"num_cells_by_type": {"LUT4": 2, "CCU2C": 2}}}}"#;
        let area = job.area(Technology::Ecp5, flat, apart).unwrap();
        let of = |lut4_sites, delay_luts, flip_flops| Area {
            lut4_sites,
            delay_luts,
            flip_flops,
            ..Area::default()
        };
        assert_eq!((area.count, area.area.clone()), (7, of(5, 3, 2)));
        let leaves: Vec<(&str, Area)> =
            area.leaves.iter().map(|l| (l.leaf.as_str(), l.area.clone())).collect();
        let expected = [
            ("adder", of(6, 0, 0)),
            ("matched_delay_3", of(0, 3, 0)),
            ("flop", of(0, 0, 2)),
            ("gone", of(0, 0, 0)),
        ];
        assert_eq!(leaves, expected);
        assert_eq!(area.sum_of_leaves(), of(6, 3, 2));
        let error = job.area(Technology::Ecp5, apart, "").unwrap_err().to_string();
        assert!(error.starts_with("cell: the statistics are not"), "{error}");
        let error = job.area(Technology::Ecp5, r#"{"modules": {}}"#, apart).unwrap_err();
        assert!(matches!(error, AreaError::NotCounted { .. }), "{error}");
    }

    #[test]
    fn jobs_keep_their_order() {
        let jobs: Vec<u64> = (0..100).collect();
        assert_eq!(
            in_parallel(&jobs, |&job| job * job),
            jobs.iter().map(|job| job * job).collect::<Vec<_>>()
        );
        assert!(in_parallel(&[], |job: &u64| *job).is_empty());
    }

    #[test]
    fn without_a_device_there_is_nothing_to_count() {
        let error = synthesis(Technology::Generic, AreaOptions::default()).unwrap_err().to_string();
        assert!(error.contains("generic") && error.contains("ECP5"), "{error}");
    }
}

//! One kind of cell through yosys: flattened, and with its leaves apart.

use super::error::AreaError;
use super::{Area, AreaOptions, CellArea, LeafArea};
use crate::island::verilog_of;
use crate::leaf::{Behaviour, Leaf};
use crate::module::Module;
use crate::technology::Technology;
use crate::verilog::{emit, leaf_modules};
use rust_hdl::prelude::Block;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use wheatstone_tools::Tool;

const SOURCE: &str = "cell.v";
const SCRIPT: &str = "area.ys";
const FLAT: &str = "flat.json";
const APART: &str = "apart.json";

/// The command of yosys that maps to a device.
pub(super) fn synthesis(technology: Technology, options: AreaOptions) -> Result<&'static str, AreaError> {
    match technology {
        // A cell's ports are no pins, and wide multiplexers would be a second kind of LUT to count.
        Technology::Ecp5 => Ok("synth_ecp5 -noiopad -nowidelut"),
        Technology::Ice40 if options.ice40_dsp => Ok("synth_ice40 -dsp"),
        Technology::Ice40 => Ok("synth_ice40"),
        Technology::Generic => Err(AreaError::NoDevice { technology }),
    }
}

pub(super) fn in_parallel<J: Sync, R: Send>(jobs: &[J], run: impl Fn(&J) -> R + Sync) -> Vec<R> {
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
pub(super) struct Job {
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
    pub(super) fn whole(name: &str, verilog: String) -> Job {
        Job { cell: name.to_owned(), count: 1, verilog, leaves: Vec::new() }
    }

    pub(super) fn of_block(name: &str, mut block: impl Block) -> Job {
        block.connect_all();
        Job::whole(name, verilog_of(name, &block))
    }

    pub(super) fn new(name: &str, cell: &Module, count: u64, technology: Technology) -> Job {
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

    pub(super) fn run(
        &self,
        yosys: &Tool,
        technology: Technology,
        synthesis: &str,
    ) -> Result<CellArea, AreaError> {
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

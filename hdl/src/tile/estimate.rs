//! What a folded chip takes of a device, and how fast it is, without building it.
//!
//! Sizes are linear in what they depend on, fitted to eight netlists that yosys 0.70 made for an ECP5; cycles are those of the
//! chips that were routed. So they are estimates: `wheatstone build` tells what is.

use super::folded_array::{FoldedArray, FoldedOptions};
use super::folding::{Folding, LANES, NotFoldable, TilePlan};
use super::simulation::FoldedSimulation;
use crate::board::Board;
use crate::delays::CellId;
use crate::timing::set_cycles;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use wheatstone_link::protocol::SampleLayout;
use wheatstone_sim::{Configuration, Design, Initial, LearningSchedule, Sample, State};

/// Words of a lane's memory up to which yosys makes it of distributed RAM.
const DISTRIBUTED_WORDS: usize = 64;

/// LUT sites of sixteen words of four bits of distributed RAM: four that are read, two for the write port.
const DISTRIBUTED_SITES: u64 = 6;

/// LUT sites that packing adds, in percent.
const PACKING_PERCENT: u64 = 5;

/// How full of LUTs a device still routes, in percent.
const FULL_PERCENT: u64 = 95;

/// From a fire of a tile, or of the root, to its next one on the chips that were routed, in ps; formats made little difference.
const CYCLE_PS: u64 = 20_000;

/// What a folded chip takes, and how fast it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Tiles of eight lanes.
    pub tiles: usize,
    /// Lanes in all.
    pub lanes: usize,
    /// Rows of a lane that has most.
    pub slots: usize,
    /// Sites of 4-input LUTs, carries and distributed RAM among them.
    pub lut4: u64,
    /// Multipliers.
    pub dsp: u64,
    /// Blocks of RAM.
    pub ebr: u64,
    /// A relaxing step, in ns.
    pub step_ns: f64,
    /// A training sample of a stretch, of so many steps as were asked for, in ns, if the island brings samples as fast.
    pub sample_ns: f64,
    /// Samples that the island's memory holds.
    pub samples_on_chip: u64,
    /// Whether all of it is there on the board's device.
    pub fits: bool,
    /// What there is too little of, and what would help.
    pub remedies: Vec<String>,
}

/// Estimates the folded chip of a design on a board, for samples of so many steps.
///
/// # Errors
/// [`NotFoldable`] if the design cannot be folded.
pub fn estimate(design: Arc<Design>, board: Board, steps: u32) -> Result<Estimate, NotFoldable> {
    let options = FoldedOptions::for_board(board);
    let array = FoldedArray::new(Arc::clone(&design), options)?;
    let folding = array.folding();
    let island = board.island_options();
    let tiles = folding.tiles.len();
    let has_root = !folding.free.is_empty();
    let cycles: BTreeMap<CellId, u64> = array.cell_ids().map(|cell| (cell, CYCLE_PS)).collect();
    let [short, long] = [steps, 2 * steps].map(|steps| sample_time(&array, &cycles, steps));
    let (short, long) = (short.map_or(0, |(ps, _)| ps), long.map_or(0, |(ps, _)| ps));
    let network = design.network();
    let layout = SampleLayout { inputs: network.inputs().len(), outputs: network.outputs().len() };
    let ns = |ps: u64| ps as f64 / 1e3;
    let mut estimate = Estimate {
        tiles,
        lanes: tiles * LANES,
        slots: folding.tiles.iter().map(TilePlan::slots).max().unwrap_or(0),
        lut4: lut4(&design, folding),
        dsp: tiles as u64 * (2 * LANES as u64 + 2) + if has_root { 2 } else { 0 } + 3,
        ebr: blocks(&design, folding)
            + u64::from(island.sample_words / 1024 + u32::from(island.order_words) / 1024)
            + 7,
        step_ns: ns(long.saturating_sub(short) / u64::from(steps.max(1))),
        sample_ns: ns(short),
        samples_on_chip: u64::from(island.sample_words) / layout.words().max(1) as u64,
        fits: true,
        remedies: Vec::new(),
    };
    estimate.judge(board);
    Ok(estimate)
}

impl Estimate {
    /// Finds what a board has too little of.
    fn judge(&mut self, board: Board) {
        let Some(device) = board.device() else { return };
        let lacking = [
            (
                "LUT4 sites",
                self.lut4,
                Some(device.lut4_sites * FULL_PERCENT / 100),
                "a narrower format, such as compact",
            ),
            ("multipliers", self.dsp, Some(device.multiplier_sites), "a larger device"),
            (
                "blocks of RAM",
                self.ebr,
                device.block_rams,
                "fewer inputs or hidden nodes, or a larger device",
            ),
        ];
        for (what, needed, there, remedy) in lacking {
            if let Some(there) = there.filter(|&there| needed > there) {
                self.fits = false;
                self.remedies.push(format!("{needed} {what} are needed, {there} can be used: {remedy}"));
            }
        }
    }
}

/// Bits of a format's four widths.
fn bits(design: &Design) -> u64 {
    let format = design.format();
    (format.v_bits() + format.v_guard() + format.k_bits() + format.k_guard()).into()
}

/// Words of a lane's memory in a tile.
fn words(tile: &TilePlan) -> usize {
    tile.tokens.len()
}

/// LUT sites of the whole chip.
fn lut4(design: &Design, folding: &Folding) -> u64 {
    let (bits, format) = (bits(design), design.format());
    let conductance = u64::from((format.k_bits() + format.k_guard()).div_ceil(4)) + 4;
    let tile = |tile: &TilePlan| {
        let (words, slots) = (words(tile), tile.slots() as u64);
        let (logic, memories) = if words > DISTRIBUTED_WORDS {
            (600, 80)
        } else {
            let sixteens = words.div_ceil(16) as u64;
            (400 * (sixteens - 1), LANES as u64 * conductance * sixteens + 70 + 200 * (slots - 1))
        };
        1100 + 102 * bits + logic + DISTRIBUTED_SITES * memories
    };
    let tiles: u64 = folding.tiles.iter().map(tile).sum();
    let count = folding.tiles.len() as u64;
    let free = folding.free.len() as u64;
    let root = if free == 0 { 0 } else { 200 + 24 * bits + 30 * free + 35 * count };
    let island = 2250 + 650 + 2 * design.network().inputs().len() as u64 + 100 * count;
    (tiles + root + island) * (100 + PACKING_PERCENT) / 100
}

/// Blocks of RAM of the array and its interface.
fn blocks(design: &Design, folding: &Folding) -> u64 {
    let tile = |tile: &TilePlan| match words(tile) {
        0..=DISTRIBUTED_WORDS => 0,
        words => 2 * LANES as u64 + 2 + u64::from(words > 128),
    };
    // Where every word of the state lies, some 27 bits each.
    let network = design.network();
    let places = (network.edges().len() + network.nodes().len()) as u64;
    folding.tiles.iter().map(tile).sum::<u64>() + (places * 27).div_ceil(18 * 1024)
}

/// Time in ps and fires of a training sample in a stretch of them, where a cell's fires come as far apart as `cycles_ps` says; nothing if
/// the array cannot be simulated.
pub fn sample_time(array: &FoldedArray, cycles_ps: &BTreeMap<CellId, u64>, steps: u32) -> Option<(u64, u64)> {
    let design = Arc::clone(array.design());
    let groups = design.network().groups().len();
    let state = State::initial(&design, &vec![Initial::Uniform { low: 0.5, high: 0.5 }; groups], 1);
    let configuration = Configuration { steps, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    let sample = Sample {
        inputs: vec![0; design.network().inputs().len()],
        targets: vec![None; design.network().outputs().len()],
    };
    // Leaves keep their delays: those of another array are set.
    let array = FoldedArray::with_delays(design, array.options(), array.delays()).ok()?;
    set_cycles(&array.module, cycles_ps);
    let mut simulation = FoldedSimulation::of(array, configuration, &state).ok()?;
    simulation.stream(&sample).ok()?;
    let before = simulation.fires();
    simulation.stream(&sample).ok()?;
    Some((simulation.busy_ps(), simulation.fires() - before))
}

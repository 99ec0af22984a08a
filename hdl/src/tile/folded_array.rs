//! The folded array: tiles and the root, wired as a marked graph of trains.

use super::columns::VoltageWrite;
use super::folding::{Folding, LANES, NotFoldable};
use super::interface::{Channels, FoldedControls};
use super::root_cell::root_cell;
use super::scan_port::{EDGE_STROBES, NODE_READ_STROBES, NODE_WRITE_STROBES, scanned};
use super::schedule::tree_levels;
use super::sequencer::index_bits;
use super::tile_cell::tile_cell;
use crate::board::Board;
use crate::bus::{Bus, Shape};
use crate::delays::{CellId, Delays};
use crate::leaf::Leaf;
use crate::module::Module;
use crate::primitive::idle;
use crate::technology::Technology;
use crate::timing;
use std::sync::Arc;
use wheatstone_sim::Design;

/// How a folded array is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoldedOptions {
    /// The primitives that the array is built of.
    pub technology: Technology,
    /// Largest number of tiles.
    pub tiles: usize,
}

impl From<Technology> for FoldedOptions {
    /// Up to eight tiles.
    fn from(technology: Technology) -> Self {
        FoldedOptions { technology, tiles: 8 }
    }
}

/// Multipliers of a tile: two a lane, two in its update unit.
const TILE_MULTIPLIERS: u64 = 2 * LANES as u64 + 2;

/// Multipliers of the root's update unit, and of an island.
const OTHER_MULTIPLIERS: u64 = 2 + 3;

impl FoldedOptions {
    /// As many tiles as a board's multipliers are enough for, one at least and eight at most.
    pub fn for_board(board: Board) -> FoldedOptions {
        let sites = board.multiplier_sites().unwrap_or(u64::MAX);
        let tiles = (sites.saturating_sub(OTHER_MULTIPLIERS) / TILE_MULTIPLIERS).clamp(1, 8);
        FoldedOptions { tiles: usize::try_from(tiles).unwrap_or(1), ..board.technology().into() }
    }
}

/// A design folded onto lanes.
#[derive(Clone, Debug)]
pub struct FoldedArray {
    design: Arc<Design>,
    folding: Folding,
    options: FoldedOptions,
    /// The whole as a module named `folded_array`.
    pub module: Module,
    /// What the array interface imposes.
    pub controls: FoldedControls,
    /// 1 while every cell has done what `go` asked for.
    pub idle: Bus,
    /// 1 while no tile is in a learn train: the sample before may be overwritten.
    pub learnt: Bus,
    /// By output: its free voltage. Valid while the array is idle.
    pub answers: Vec<Bus>,
    /// The word that the scan port asks for.
    pub(super) scanned: Bus,
    /// The fires of the tiles, then the root's, if there is one.
    pub fires: Vec<Bus>,
    delays: Delays,
}

impl FoldedArray {
    /// The folded array of a design, its matched delays sized from the documented delays of its data paths.
    ///
    /// # Errors
    /// [`NotFoldable`] if the design cannot be folded.
    pub fn new(design: Arc<Design>, options: impl Into<FoldedOptions>) -> Result<FoldedArray, NotFoldable> {
        let options = options.into();
        let folding = Folding::new(&design, options.tiles)?;
        let draft = FoldedArray::of(Arc::clone(&design), folding.clone(), options, Delays::new());
        let lengths = timing::matched_lengths(&draft.module, options.technology);
        // A cell's module is called as the cell is.
        let lengths = lengths
            .into_iter()
            .filter_map(|(cell, luts)| Some((cell.parse::<CellId>().ok()?.matched(), luts)));
        Ok(FoldedArray::of(design, folding, options, lengths.collect()))
    }

    /// The array with delay lines of given lengths; a matched delay has one LUT where none is given.
    ///
    /// # Errors
    /// [`NotFoldable`] if the design cannot be folded.
    pub fn with_delays(
        design: Arc<Design>,
        options: impl Into<FoldedOptions>,
        lengths: &Delays,
    ) -> Result<FoldedArray, NotFoldable> {
        let options = options.into();
        let folding = Folding::new(&design, options.tiles)?;
        Ok(FoldedArray::of(design, folding, options, lengths.clone()))
    }

    fn of(design: Arc<Design>, folding: Folding, options: FoldedOptions, asked: Delays) -> FoldedArray {
        let delays = asked.of_cells(folding.cells());
        let lengths = &delays;
        let mut top =
            Module::new("folded_array", format!("{} in format {}", design.network().name(), design.format()));
        let controls = FoldedControls::new(&mut top, &design, &folding);
        let bit = || Bus::new(Shape::BIT);
        let mut channels = Channels {
            fires: folding.tiles.iter().map(|_| bit()).collect(),
            root_fire: bit(),
            answer: bit(),
            done: Vec::new(),
            learnt: Vec::new(),
            answers: design
                .network()
                .outputs()
                .iter()
                .map(|_| Bus::new(Shape::signed(design.format().v_bits())))
                .collect(),
            scanned: Vec::new(),
            partials: Vec::new(),
            read: Bus::new(Shape::unsigned(index_bits(folding.free.len()))),
            sent: VoltageWrite::new(folding.free.len(), design.format().v_bits()),
        };
        for tile in 0..folding.tiles.len() {
            let cell =
                tile_cell(&design, &folding, options.technology, tile, &controls, &mut channels, lengths);
            top.module(format!("tile_{tile}"), cell);
        }
        let mut fires = channels.fires.clone();
        let has_root = !folding.free.is_empty();
        if has_root {
            let cell = root_cell(&design, &folding, options.technology, &controls, &mut channels, lengths);
            top.module("root", cell);
            fires.push(channels.root_fire.clone());
        }
        for (name, bus) in
            [("answer", &channels.answer), ("root_fire", &channels.root_fire), ("read", &channels.read)]
        {
            top.local(name, bus);
        }
        for (name, bus) in channels.sent.named() {
            top.local(name, bus);
        }
        for (tile, fire) in channels.fires.iter().enumerate() {
            top.local(format!("fire_{tile}"), fire);
        }
        for (tile, partial) in channels.partials.iter().enumerate() {
            if let Some(partial) = partial {
                top.local(format!("partial_{tile}"), &partial.sum);
                top.local(format!("token_{tile}"), &partial.token);
            }
        }
        for (name, buses) in
            [("done", &channels.done), ("learnt", &channels.learnt), ("scanned", &channels.scanned)]
        {
            for (cell, bus) in buses.iter().enumerate() {
                top.local(format!("{name}_{cell}"), bus);
            }
        }
        if !has_root {
            let nothing = |name: &str, bus: &Bus| {
                Leaf::function(format!("no_{name}"), "there are no free columns", 0)
                    .output(name, bus, "0")
                    .evaluate(|_, y| y[0] = 0)
            };
            top.leaf("no_fire", nothing("root_fire", &channels.root_fire));
            top.leaf("no_read", nothing("read", &channels.read));
            for (name, bus) in channels.sent.named() {
                top.leaf(format!("no_{name}"), nothing(name, bus));
            }
        }
        let idle_bus = bit();
        top.output("idle", &idle_bus);
        top.leaf("idle_join", idle(options.technology, &channels.done, &controls.go, &idle_bus));
        let learnt = bit();
        top.output("learnt", &learnt);
        top.leaf("learnt_join", idle(options.technology, &channels.learnt, &controls.go, &learnt));
        for (output, answer) in channels.answers.iter().enumerate() {
            top.output(format!("answer_{output}"), answer);
        }
        let word = Bus::new(controls.scan.word.shape());
        top.output("scanned", &word);
        top.leaf("scan_join", scanned(options.technology, "scan_join", &channels.scanned, &word));
        let answers = channels.answers;
        FoldedArray {
            design,
            folding,
            options,
            module: top,
            controls,
            idle: idle_bus,
            learnt,
            answers,
            scanned: word,
            fires,
            delays,
        }
    }

    /// Its cells: the tiles, then the root, if there is one.
    pub fn cell_ids(&self) -> impl Iterator<Item = CellId> {
        self.folding.cells()
    }

    /// The lengths of its delay lines.
    pub fn delays(&self) -> &Delays {
        &self.delays
    }

    /// The design it is.
    pub fn design(&self) -> &Arc<Design> {
        &self.design
    }

    /// Where everything lies in it.
    pub fn folding(&self) -> &Folding {
        &self.folding
    }

    /// How it is built.
    pub fn options(&self) -> FoldedOptions {
        self.options
    }

    /// Strobes after which the scan port's index stands where an edge is read and written, where a node is read, and where it is
    /// written: in a free column's case behind the tree over the tiles.
    pub(super) fn scan_fill(&self) -> [usize; 3] {
        [EDGE_STROBES, NODE_READ_STROBES, NODE_WRITE_STROBES + tree_levels(self.folding.tiles.len())]
    }

    /// Its Verilog, without a header.
    pub fn verilog(&self) -> String {
        let text = crate::verilog::emit(&self.module, self.options.technology);
        // Sums are cut to the widths that hold them; that nothing is lost is looked for leaf by leaf in Icarus.
        format!("// verilator lint_off WIDTH\n{text}// verilator lint_on WIDTH\n")
    }
}

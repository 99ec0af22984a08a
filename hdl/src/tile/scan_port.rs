//! The scan port: how the array interface reads and writes the memories of an idle array.
//!
//! In scan mode every cell is clocked by the port's strobe, and its sequencer stands still and sends the port's index. So the index
//! goes down the pipelines as numbers of tokens and nodes do, and after some strobes it stands at the address of every
//! memory; nothing was put into the ways to them. What is written then takes the place of a saturated conductance or
//! accumulator, and a node's new voltage is sent as ever, so that its copies follow.

use super::folding::LANES;
use super::sequencer::number;
use crate::bus::{Bus, Shape};
use crate::leaf::Leaf;
use crate::technology::Technology;
use wheatstone_sim::Design;

/// Strobes until the index of an edge stands at the memories of conductances, ready to be written: its age then.
pub(super) const EDGE_STROBES: usize = 12;

/// Strobes until a node's accumulator has been read.
pub(super) const NODE_READ_STROBES: usize = 3;

/// Strobes until the number of a node stands at the end of the update unit.
pub(super) const NODE_WRITE_STROBES: usize = 8;

/// The port, stable but for its strobe while that is high.
#[derive(Clone, Debug)]
pub(super) struct ScanPort {
    /// Scan mode.
    pub mode: Bus,
    /// Clocks all cells in scan mode.
    pub strobe: Bus,
    /// Which cell is meant, as [`SampleWrite::to`](super::columns::SampleWrite::to) numbers them.
    pub cell: Bus,
    /// An edge is meant, not a node.
    pub edge: Bus,
    /// The lane of an edge.
    pub lane: Bus,
    /// The address of an edge, or the number of a node.
    pub index: Bus,
    /// The wave of a node.
    pub wave: Bus,
    /// The word is written.
    pub write: Bus,
    /// The word: an edge's generator above its conductance, or a node's accumulator.
    pub word: Bus,
}

/// Bits of a word: an edge's or a node's, whichever has more.
pub(super) fn word_bits(design: &Design) -> u32 {
    let format = design.format();
    (16 + format.k_bits() + format.k_guard()).max(format.v_bits() + format.v_guard())
}

impl ScanPort {
    /// Buses for that many cells, and indices of so many bits.
    pub(super) fn new(design: &Design, cell_bits: u32, index_bits: u32) -> ScanPort {
        let bit = || Bus::new(Shape::BIT);
        ScanPort {
            mode: bit(),
            strobe: bit(),
            cell: Bus::new(Shape::unsigned(cell_bits)),
            edge: bit(),
            lane: Bus::new(Shape::unsigned(LANES.ilog2())),
            index: Bus::new(Shape::unsigned(index_bits)),
            wave: bit(),
            write: bit(),
            word: Bus::new(Shape::unsigned(word_bits(design))),
        }
    }

    /// The buses under their names.
    pub(super) fn named(&self) -> [(&'static str, &Bus); 9] {
        [
            ("scan", &self.mode),
            ("scan_strobe", &self.strobe),
            ("scan_cell", &self.cell),
            ("scan_edge", &self.edge),
            ("scan_lane", &self.lane),
            ("scan_index", &self.index),
            ("scan_wave", &self.wave),
            ("scan_write", &self.write),
            ("scan_word", &self.word),
        ]
    }
}

/// What the port says to one cell.
#[derive(Clone, Debug)]
pub(super) struct CellScan {
    /// By lane: it is meant. None in the root.
    pub lanes: Vec<Bus>,
    /// By lane: it is written.
    pub write_lanes: Vec<Bus>,
    /// A node is meant.
    pub node: Bus,
    /// It is written.
    pub write_node: Bus,
}

/// What the port says to cell number `cell` with so many lanes.
pub(super) fn cell_scan(
    technology: Technology,
    port: &ScanPort,
    cell: i64,
    lanes: usize,
) -> (Leaf, CellScan) {
    let bit = |_| Bus::new(Shape::BIT);
    let scan = CellScan {
        lanes: (0..lanes).map(bit).collect(),
        write_lanes: (0..lanes).map(bit).collect(),
        node: bit(0),
        write_node: bit(0),
    };
    let mut leaf = Leaf::function(
        format!("scan_of_{cell}"),
        "whether the scan port means this cell",
        2 * technology.lut_ps(),
    )
    .input("scan", &port.mode)
    .input("scan_cell", &port.cell)
    .input("scan_edge", &port.edge)
    .input("scan_lane", &port.lane)
    .input("scan_write", &port.write)
    .verilog(format!("wire meant = scan & scan_cell == {cell};"))
    .output("scan_node", &scan.node, "meant & ~scan_edge")
    .output("scan_write_node", &scan.write_node, "meant & ~scan_edge & scan_write");
    for lane in 0..lanes {
        let meant = format!("meant & scan_edge & scan_lane == {lane}");
        leaf = leaf
            .output(
                format!("scan_write_lane_{lane}"),
                &scan.write_lanes[lane],
                format!("{meant} & scan_write"),
            )
            .output(format!("scan_lane_{lane}"), &scan.lanes[lane], meant);
    }
    let leaf = leaf.evaluate(move |x, y| {
        let &[mode, to, edge, lane, write] = x else { return };
        let meant = i64::from(mode == 1 && to == cell);
        (y[0], y[1]) = (meant & (1 - edge), meant & (1 - edge) & write);
        for (number_of, pair) in y[2..].chunks_mut(2).enumerate() {
            let meant = meant & edge & i64::from(lane == number(number_of));
            pair.copy_from_slice(&[meant & write, meant]);
        }
    });
    (leaf, scan)
}

/// What is read: all that is not meant gives 0.
pub(super) fn scanned(technology: Technology, name: &str, words: &[Bus], word: &Bus) -> Leaf {
    let levels = u64::from(words.len().max(2).next_power_of_two().ilog2()).div_ceil(2);
    let mut leaf = Leaf::function(name, "the word that the scan port asks for", levels * technology.lut_ps());
    for (number, bus) in words.iter().enumerate() {
        leaf = leaf.input(format!("word_{number}"), bus);
    }
    let any: Vec<String> = (0..words.len()).map(|number| format!("word_{number}")).collect();
    leaf.output("scanned", word, any.join(" | "))
        .evaluate(|x, y| y[0] = x.iter().fold(0, |any, word| any | word))
}

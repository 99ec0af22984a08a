//! What is to be built.

use crate::error::FlowError;
use crate::toolchain::Passes;
use std::sync::Arc;
use wheatstone_hdl::delays::{CellId, DelayLine, Delays, Length};
use wheatstone_hdl::island::IslandOptions;
use wheatstone_hdl::tile::FoldedArray;
use wheatstone_hdl::{ArrayForm, Board, Chip, ChipArray, Technology};
use wheatstone_sim::Design;

/// LUTs of a node's pulse extension on an ECP5, to begin with.
const PULSE_EXTENSION_LUTS: u32 = 4;

/// The same of a tile's and the root's matched delays, in percent of the documented ones: wires take as long as logic.
const FOLDED_PERCENT: u32 = 100;

/// LUTs of their recovery delays, to begin with: a tile's, and the root's, whose join chooses among the tiles' tokens.
const FOLDED_RECOVERY_LUTS: [u32; 2] = [4, 12];

/// How much of its matched delay an edge needs for its own data, in percent; for a node's they have the node's request delay.
const OWN_PERCENT: u32 = 75;

/// A design for a board.
#[derive(Clone, Debug)]
pub struct BuildSpec {
    /// What to call it: the preset or the network.
    pub name: String,
    /// The network, its format and its rules.
    pub design: Arc<Design>,
    /// The board it is for, which must have a device.
    pub board: Board,
    /// The form of the array.
    pub array: ArrayForm,
    /// How the island is built.
    pub island: IslandOptions,
    /// Seed of nextpnr's first placement.
    pub seed: u64,
}

impl BuildSpec {
    /// Lengths of delay lines to begin with: those of documented delays, and on an ECP5 what wires usually add to them, the more
    /// the larger the array. There a part of a node's matched delay is its pulse extension, so that its pulses outlast the skew of a
    /// fire, and the edges of large arrays have a recovery delay; and where delays are trimmed, a part of what an edge's was is its
    /// nodes' request delay.
    ///
    /// # Errors
    /// As [`BuildSpec::chip`].
    pub fn first_lengths(&self) -> Result<Delays, FlowError> {
        let array = match self.chip(None)?.array {
            ChipArray::Spatial(array) => array,
            // A tile's flip-flops stand on a global network: no skew, and no wires of the fire to wait for.
            ChipArray::Folded(array) => return Ok(folded_lengths(&array)),
        };
        let side = u32::try_from(array.edges.len().isqrt()).unwrap_or(u32::MAX);
        let passes = self.board.description().map(|board| Passes::of(board, self.array));
        let percent = match passes {
            // A LUT and its wire by input B take longer than documented, and what is too long is trimmed.
            Some(Passes::Trimmed) => 110 + 8 * side,
            // Router 2 detours some nets.
            Some(Passes::FiresFirst) => 140 + 12 * side,
            Some(Passes::One) | None => 100,
        };
        let mut lengths =
            array.delays().map(|_, Length { placed, .. }| (placed * percent).div_ceil(100).into());
        if self.board.technology() == Technology::Ecp5 {
            let trims = passes == Some(Passes::Trimmed);
            let recovers = side >= 4;
            let mut request = 0;
            for (cell, matched) in lengths.clone().iter().map(|(id, length)| (id.cell, length.placed)) {
                match cell {
                    CellId::Node(_) => {
                        let rest = matched.saturating_sub(PULSE_EXTENSION_LUTS).max(1);
                        lengths.set(cell.matched(), rest);
                        lengths.set(cell.line(DelayLine::PulseExtension), PULSE_EXTENSION_LUTS);
                    }
                    CellId::Edge(_) => {
                        if trims {
                            let own = (matched * OWN_PERCENT).div_ceil(100);
                            lengths.set(cell.matched(), own);
                            request = request.max(own);
                        }
                        if recovers {
                            lengths.set(cell.line(DelayLine::Recovery), side * 2 / 3);
                        }
                    }
                    // Of a folded array.
                    CellId::Tile(_) | CellId::Root => {}
                }
            }
            if trims {
                let nodes = (0..array.nodes.len()).map(CellId::Node);
                lengths.extend(nodes.map(|node| (node.line(DelayLine::Request), request)));
            }
        }
        Ok(lengths)
    }

    /// The chip, with matched delays as documented for the device or of given lengths.
    ///
    /// # Errors
    /// [`FlowError::Top`] if the design cannot be hardware.
    pub fn chip(&self, lengths: Option<&Delays>) -> Result<Chip, FlowError> {
        let design = Arc::clone(&self.design);
        let chip = match lengths {
            None => Chip::new(design, self.array, self.island),
            Some(lengths) => Chip::with_delays(design, self.array, lengths, self.island),
        };
        Ok(chip?)
    }

    /// Whether lengths of delay lines are those of this design's cells.
    ///
    /// # Errors
    /// [`FlowError::OtherDelays`] if a cell has none or an entry has no cell, [`FlowError::Top`] as [`BuildSpec::chip`].
    pub fn check_lengths(&self, lengths: &Delays) -> Result<(), FlowError> {
        let chip = self.chip(Some(lengths))?;
        let built = chip.array.delays();
        let missing = built.iter().find(|&(id, _)| !lengths.contains(id)).map(|(id, _)| (id, true));
        let foreign = lengths.iter().find(|&(id, _)| !built.contains(id)).map(|(id, _)| (id, false));
        match missing.or(foreign) {
            Some((id, is_there)) => Err(FlowError::OtherDelays { cell: id.to_string(), is_there }),
            None => Ok(()),
        }
    }
}

/// Lengths of a folded array's delay lines to begin with.
fn folded_lengths(array: &FoldedArray) -> Delays {
    let longer = |length: Length| (length.placed * FOLDED_PERCENT).div_ceil(100).into();
    let mut lengths = array.delays().map(|_, length| longer(length));
    for cell in array.cell_ids() {
        let [of_tile, of_root] = FOLDED_RECOVERY_LUTS;
        let recovery = if cell == CellId::Root { of_root } else { of_tile };
        lengths.set(cell.line(DelayLine::Recovery), recovery);
    }
    lengths
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use wheatstone_hdl::{ArrayOptions, Multiplier};
    use wheatstone_sim::network::{EdgeKind, crossbar};
    use wheatstone_sim::{Format, Nudge, Omega, Rules};

    /// The board of a name.
    pub(crate) fn board(name: &str) -> Board {
        name.parse().unwrap()
    }

    /// The smallest chip there is.
    pub(crate) fn spec(board: Board) -> BuildSpec {
        let network = crossbar(2, 1, EdgeKind::Linear).unwrap();
        let rules =
            Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
        let format = Format::new(8, 4, 6, 8).unwrap();
        let multiplier = match board.technology() {
            Technology::Ice40 => Multiplier::Serial,
            _ => Multiplier::Parallel,
        };
        BuildSpec {
            name: "smallest".to_owned(),
            design: Arc::new(Design::new(network, format, rules).unwrap()),
            board,
            array: ArrayOptions { technology: board.technology(), multiplier }.into(),
            island: board.island_options(),
            seed: 1,
        }
    }

    #[test]
    fn lengths_of_matched_delays_are_taken_over() {
        let spec = spec(board("icebreaker"));
        let edge = CellId::Edge(1).matched();
        let mut lengths = spec.chip(None).unwrap().array.delays().clone();
        assert_ne!(lengths.get(edge).placed, 77);
        lengths.set(edge, 77);
        assert_eq!(*spec.chip(Some(&lengths)).unwrap().array.delays(), lengths);
    }

    #[test]
    fn an_ecp5_begins_with_longer_delays_than_documented_and_extended_pulses() {
        let lengths = |board| {
            let spec = spec(board);
            (spec.chip(None).unwrap().array.delays().clone(), spec.first_lengths().unwrap())
        };
        let trimmed = board("ulx3s-25f");
        for board in [trimmed, board("ulx3s-85f")] {
            let (documented, first) = lengths(board);
            for (id, length) in documented.iter() {
                let is_node = matches!(id.cell, CellId::Node(_));
                let luts = |line| first.get(id.cell.line(line)).placed;
                let (extension, request) = (luts(DelayLine::PulseExtension), luts(DelayLine::Request));
                assert_eq!(extension, if is_node { PULSE_EXTENSION_LUTS } else { 0 }, "{id}");
                assert_eq!(request > 0, is_node && board == trimmed, "{id}");
                let requests = first.get(CellId::Node(0).line(DelayLine::Request)).placed;
                let before = if is_node { extension } else { requests };
                assert!(first.get(id).placed + before > length.placed, "{id}");
            }
        }
        let (documented, first) = lengths(board("hx8k-evn"));
        assert_eq!(documented, first);
    }

    #[test]
    fn lengths_of_another_design_are_refused() {
        let spec = spec(board("icebreaker"));
        let own = spec.chip(None).unwrap().array.delays().clone();
        spec.check_lengths(&own).unwrap();
        let fewer = own.iter().filter(|(id, _)| id.cell != CellId::Edge(1)).collect();
        let message = spec.check_lengths(&fewer).unwrap_err().to_string();
        assert!(message.contains("edge_1 is not among them"), "{message}");
        let mut more = own;
        more.set(CellId::Edge(2).matched(), 5);
        let message = spec.check_lengths(&more).unwrap_err().to_string();
        assert!(message.contains("edge_2 is no cell of it"), "{message}");
    }
}

//! What is to be built.

use crate::error::FlowError;
use crate::toolchain::Passes;
use std::sync::Arc;
use wheatstone_hdl::array::{DelayLengths, LEAD, PAUSE, STRETCH};
use wheatstone_hdl::island::IslandOptions;
use wheatstone_hdl::{ArrayOptions, Board, Multiplier, Technology, Top};
use wheatstone_sim::Design;

/// LUTs of a node's stretch on an ECP5, to begin with.
const STRETCH_LUTS: u32 = 4;

/// How much of its matched delay an edge needs for its own data, in percent; for a node's they get a lead.
const OWN_PERCENT: u32 = 75;

/// A design for a board.
#[derive(Clone, Debug)]
pub struct Order {
    /// What to call it: the preset or the network.
    pub name: String,
    /// The network, its format and its rules.
    pub design: Arc<Design>,
    /// The board.
    pub board: Board,
    /// How edges multiply.
    pub multiplier: Multiplier,
    /// How the island is built.
    pub island: IslandOptions,
    /// Seed of placement.
    pub seed: u64,
}

impl Order {
    /// Lengths of matched delays to begin with: those of documented delays, and on an ECP5 what wires usually add to them, the more
    /// the larger the array. There a part of a node's is its stretch, so that its pulses outlast the skew of a fire, and the edges of large
    /// arrays pause; and where delays are trimmed, a part of what an edge's was is its nodes' lead.
    ///
    /// # Errors
    /// As [`Order::top`].
    pub fn first_lengths(&self) -> Result<DelayLengths, FlowError> {
        let array = self.top(None)?.array;
        let side = u32::try_from(array.edges.len().isqrt()).unwrap_or(u32::MAX);
        let passes = self.board.description().map(Passes::of);
        let percent = match passes {
            // A LUT and its wire by input B take longer than documented, and what is too long is trimmed.
            Some(Passes::Trimmed) => 110 + 8 * side,
            // Router 2 sends some wires a long way round.
            Some(Passes::FiresFirst) => 140 + 12 * side,
            Some(Passes::One) | None => 100,
        };
        let mut lead = 0;
        let mut lengths = array.cell_delay_lengths();
        lengths.values_mut().for_each(|luts| *luts = (*luts * percent).div_ceil(100));
        if self.board.technology() == Technology::Ecp5 {
            for node in (0..array.nodes.len()).map(|node| format!("node_{node}")) {
                let Some(luts) = lengths.get_mut(&node) else { continue };
                *luts = luts.saturating_sub(STRETCH_LUTS).max(1);
                lengths.insert(format!("{node}{STRETCH}"), STRETCH_LUTS);
            }
            if passes == Some(Passes::Trimmed) {
                for edge in (0..array.edges.len()).map(|edge| format!("edge_{edge}")) {
                    let Some(luts) = lengths.get_mut(&edge) else { continue };
                    *luts = (*luts * OWN_PERCENT).div_ceil(100);
                    lead = lead.max(*luts);
                }
                lengths.extend((0..array.nodes.len()).map(|node| (format!("node_{node}{LEAD}"), lead)));
            }
            if side >= 4 {
                lengths
                    .extend((0..array.edges.len()).map(|edge| (format!("edge_{edge}{PAUSE}"), side * 2 / 3)));
            }
        }
        Ok(lengths)
    }

    /// The chip, with matched delays as documented for the device or of given lengths.
    ///
    /// # Errors
    /// [`FlowError::Top`] if the design cannot be hardware.
    pub fn top(&self, lengths: Option<&DelayLengths>) -> Result<Top, FlowError> {
        let options = ArrayOptions { technology: self.board.technology(), multiplier: self.multiplier };
        let design = Arc::clone(&self.design);
        let top = match lengths {
            None => Top::new(design, options, self.island),
            Some(lengths) => Top::with_delays(design, options, lengths, self.island),
        };
        Ok(top?)
    }

    /// Whether lengths of matched delays are those of this design's cells.
    ///
    /// # Errors
    /// [`FlowError::OtherDelays`] if a cell has none or an entry has no cell, [`FlowError::Top`] as [`Order::top`].
    pub fn check_lengths(&self, lengths: &DelayLengths) -> Result<(), FlowError> {
        let cells = self.top(Some(lengths))?.array.cell_delay_lengths();
        let missing = cells.keys().find(|cell| !lengths.contains_key(*cell)).map(|cell| (cell, true));
        let foreign = lengths.keys().find(|cell| !cells.contains_key(*cell)).map(|cell| (cell, false));
        match missing.or(foreign) {
            Some((cell, is_there)) => Err(FlowError::OtherDelays { cell: cell.clone(), is_there }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use wheatstone_sim::network::{EdgeKind, crossbar};
    use wheatstone_sim::{Format, Nudge, Omega, Rules};

    /// The board of a name.
    pub(crate) fn board(name: &str) -> Board {
        name.parse().unwrap()
    }

    /// The smallest order there is.
    pub(crate) fn order(board: Board) -> Order {
        let network = crossbar(2, 1, EdgeKind::Linear).unwrap();
        let rules =
            Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
        let format = Format::new(8, 4, 6, 8).unwrap();
        let multiplier = match board.technology() {
            Technology::Ice40 => Multiplier::Serial,
            _ => Multiplier::Parallel,
        };
        Order {
            name: "smallest".to_owned(),
            design: Arc::new(Design::new(network, format, rules).unwrap()),
            board,
            multiplier,
            island: IslandOptions::of(board),
            seed: 1,
        }
    }

    #[test]
    fn lengths_of_matched_delays_are_taken_over() {
        let order = order(board("icebreaker"));
        let mut lengths = order.top(None).unwrap().array.delay_lengths().clone();
        let module = "serial_linear_edge_p0";
        lengths.insert(module.to_owned(), 77);
        assert_eq!(order.top(Some(&lengths)).unwrap().array.delay_lengths()[module], 77);
    }

    #[test]
    fn an_ecp5_begins_with_longer_delays_than_documented_and_stretched_nodes() {
        let lengths = |board| {
            let order = order(board);
            (order.top(None).unwrap().array.cell_delay_lengths(), order.first_lengths().unwrap())
        };
        let trimmed = board("ulx3s-25f");
        for board in [trimmed, board("ulx3s-85f")] {
            let (documented, first) = lengths(board);
            for (cell, luts) in documented {
                let is_node = cell.starts_with("node_");
                let [stretch, lead] =
                    [STRETCH, LEAD].map(|part| first.get(&format!("{cell}{part}")).copied());
                assert_eq!(stretch, is_node.then_some(STRETCH_LUTS), "{cell}");
                assert_eq!(lead.is_some(), is_node && board == trimmed, "{cell}");
                let before = if is_node { stretch } else { first.get(&format!("node_0{LEAD}")).copied() };
                assert!(first[&cell] + before.unwrap_or(0) > luts, "{cell}");
            }
        }
        let (documented, first) = lengths(board("hx8k-evn"));
        assert_eq!(documented, first);
    }

    #[test]
    fn lengths_of_another_design_are_refused() {
        let order = order(board("icebreaker"));
        let own = order.top(None).unwrap().array.cell_delay_lengths();
        order.check_lengths(&own).unwrap();
        let mut fewer = own.clone();
        fewer.remove("edge_1");
        let message = order.check_lengths(&fewer).unwrap_err().to_string();
        assert!(message.contains("edge_1 is not among them"), "{message}");
        let mut more = own;
        more.insert("edge_2".to_owned(), 5);
        let message = order.check_lengths(&more).unwrap_err().to_string();
        assert!(message.contains("edge_2 is no cell of it"), "{message}");
    }
}

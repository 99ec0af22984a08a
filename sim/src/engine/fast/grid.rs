//! Finding a square lattice in a graph, and giving its nodes their lanes.
//!
//! The nodes of one colour in every other row form a *quarter*. In a quarter, row upon row, all four neighbours lie at
//! fixed distances, in the two quarters of the other colour: that of the same rows has the neighbours to the west and
//! east, that of the rows between those to the north and south. A quarter is therefore one row of lanes. Room is left
//! around it, where neighbours beyond the border would be; where the lattice is periodic, copies of what lies at the other
//! border are kept there, its *halo*.

use crate::Network;
use crate::network::{EdgeKind, NodeId};
use std::ops::Range;

/// Quarters begin at a multiple of this: a cache line, whatever is in it.
const ROUND: usize = 16;

/// On which side of its first end an edge lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    East,
    South,
}

/// A square lattice, its nodes numbered row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Columns close on themselves, and rows.
    wraps: [bool; 2],
    /// Colour of the first node.
    first: usize,
    /// Lanes from one row of a quarter to the next.
    pitch: usize,
    /// First lane of every quarter by colour, then by parity of the row.
    quarters: [[usize; 2]; 2],
    /// Lanes in all.
    pub(super) lanes: usize,
}

impl Grid {
    /// The lattice a network is, if it is one; edges may be missing.
    pub(super) fn find(network: &Network) -> Option<Grid> {
        let nodes = network.nodes().len();
        let uniform = |edge: &crate::network::Edge| {
            let (first, group) =
                (&network.edges()[0], |group: crate::network::GroupId| &network.groups()[group.index()]);
            edge.kind == first.kind && group(edge.group).shift() == group(first.group).shift()
        };
        if network.colouring().count() != 2
            || network.edges().len() < nodes
            || !network.edges().iter().all(uniform)
        {
            return None;
        }
        // The first node's neighbours are one and `columns` nodes away, or as far from the other borders.
        let distances = network.incidences(NodeId(0)).iter().map(|i| i.neighbour.index());
        let candidates = distances.flat_map(|d| [d, d + 1, nodes - d]);
        let mut grids =
            candidates.filter(|&columns| columns > 1 && nodes.is_multiple_of(columns) && columns < nodes);
        grids.find_map(|columns| Grid::with_columns(network, columns))
    }

    fn with_columns(network: &Network, columns: usize) -> Option<Grid> {
        let rows = network.nodes().len() / columns;
        let first = usize::from(network.colouring().colour(NodeId(0)));
        let mut grid =
            Grid { rows, columns, wraps: [false; 2], first, pitch: 0, quarters: [[0; 2]; 2], lanes: 0 };
        for edge in network.edges() {
            let (from, side) = grid.side(edge.ends)?;
            let [row, column] = grid.at(from);
            match side {
                Side::South => grid.wraps[0] |= row == rows - 1,
                Side::East => grid.wraps[1] |= column == columns - 1,
            }
        }
        let fits = |id: NodeId| usize::from(network.colouring().colour(id)) == grid.colour(grid.at(id));
        let closes = [(grid.wraps[0], rows), (grid.wraps[1], columns)];
        if !network.node_ids().all(fits) || closes.iter().any(|&(wraps, extent)| wraps && extent % 2 != 0) {
            return None;
        }
        grid.pitch = columns.div_ceil(2) + usize::from(grid.wraps[1]);
        // A row of a quarter beyond its border, and what rounding adds.
        let room = (grid.pitch + ROUND).next_multiple_of(ROUND);
        for colour in 0..2 {
            for parity in 0..2 {
                grid.quarters[colour][parity] = grid.lanes + room;
                grid.lanes += room + (grid.height(parity) * grid.pitch).next_multiple_of(ROUND) + room;
            }
        }
        Some(grid)
    }

    /// Row and column of a node.
    pub(super) fn at(&self, node: NodeId) -> [usize; 2] {
        [node.index() / self.columns, node.index() % self.columns]
    }

    fn colour(&self, [row, column]: [usize; 2]) -> usize {
        (row + column + self.first) % 2
    }

    /// Rows of a quarter.
    fn height(&self, parity: usize) -> usize {
        (self.rows + 1 - parity) / 2
    }

    /// The lane of a node.
    pub(super) fn lane(&self, [row, column]: [usize; 2]) -> usize {
        self.quarters[self.colour([row, column])][row % 2] + row / 2 * self.pitch + column / 2
    }

    /// The lanes of a quarter, padded to a multiple of `lanes`.
    pub(super) fn quarter(&self, colour: usize, parity: usize, lanes: usize) -> Range<usize> {
        let at = self.quarters[colour][parity];
        at..at + (self.height(parity) * self.pitch).next_multiple_of(lanes)
    }

    /// From which of its ends an edge goes east or south, and which; `None` for an edge no lattice has.
    pub(super) fn side(&self, [a, b]: [NodeId; 2]) -> Option<(NodeId, Side)> {
        let (a, b) = (a.min(b), a.max(b));
        let ([a_row, a_column], [b_row, b_column]) = (self.at(a), self.at(b));
        let across = |low: usize, high: usize, extent: usize| match (high - low, low) {
            (1, _) => Some(a),
            (d, 0) if d == extent - 1 && extent > 2 => Some(b),
            _ => None,
        };
        if a_row == b_row {
            Some((across(a_column, b_column, self.columns)?, Side::East))
        } else if a_column == b_column {
            Some((across(a_row, b_row, self.rows)?, Side::South))
        } else {
            None
        }
    }

    /// Where a quarter's columns begin within a pair: 0 or 1.
    fn offset(&self, colour: usize, parity: usize) -> usize {
        (colour + parity + self.first) % 2
    }

    /// First lanes of the neighbours of a quarter to the west, east, north and south.
    pub(super) fn neighbours(&self, colour: usize, parity: usize) -> [usize; 4] {
        let [beside, between] = [self.quarters[1 - colour][parity], self.quarters[1 - colour][1 - parity]];
        let west = beside + self.offset(colour, parity) - 1;
        let north = between + parity * self.pitch - self.pitch;
        [west, west + 1, north, north + self.pitch]
    }

    /// The halo of a quarter as pairs of lanes: what to copy, and where to. First that of the columns, then that of the
    /// rows.
    pub(super) fn halos(&self, colour: usize, parity: usize) -> [Vec<[usize; 2]>; 2] {
        let (at, height, width) =
            (self.quarters[colour][parity], self.height(parity), self.columns.div_ceil(2));
        let column = |row: usize| {
            let start = at + row * self.pitch;
            if self.offset(colour, parity) == 1 {
                [start + width - 1, start - 1]
            } else {
                [start, start + width]
            }
        };
        let row = |column: usize| {
            let end = at + height * self.pitch;
            if parity == 1 {
                [end - self.pitch + column, at - self.pitch + column]
            } else {
                [at + column, end + column]
            }
        };
        let columns = if self.wraps[1] { (0..height).map(column).collect() } else { Vec::new() };
        let rows = if self.wraps[0] { (0..width).map(row).collect() } else { Vec::new() };
        [columns, rows]
    }
}

/// The conductance of an edge that does not exist: none, and for a transistor always below the voltages it compares.
pub(super) fn absent(kind: EdgeKind) -> i64 {
    match kind {
        EdgeKind::Linear => 0,
        EdgeKind::Transistor => -(1 << 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Boundary, lattice};

    /// Every neighbour lies where its side says.
    #[test]
    fn neighbours_lie_at_fixed_distances() {
        for boundary in [Boundary::Open, Boundary::Periodic] {
            for (rows, columns) in [(2, 3), (3, 2), (5, 7), (6, 8), (4, 4), (2, 6), (9, 16), (16, 10)] {
                for input in [0, 1, columns] {
                    let net = lattice(rows, columns, boundary, EdgeKind::Linear);
                    let input = NodeId(u32::try_from(input).unwrap());
                    let output = NodeId(if input.0 == 0 { 1 } else { 0 });
                    let net = net.inputs([input]).outputs([output]).build().unwrap();
                    let Some(grid) = Grid::find(&net) else {
                        assert!(net.colouring().count() > 2, "{rows} x {columns}, {boundary:?}");
                        continue;
                    };
                    assert_eq!((grid.rows, grid.columns), (rows, columns));
                    // A map of what every lane shows, copies included.
                    let mut shown = vec![None; grid.lanes];
                    for id in net.node_ids() {
                        assert_eq!(shown[grid.lane(grid.at(id))].replace(id), None);
                    }
                    for (colour, parity) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                        for [from, to] in grid.halos(colour, parity).concat() {
                            shown[to] = shown[from];
                        }
                    }
                    for edge in net.edges() {
                        let (from, side) = grid.side(edge.ends).unwrap();
                        let to = if from == edge.ends[0] { edge.ends[1] } else { edge.ends[0] };
                        for (node, other, at_side) in [(from, to, 1), (to, from, 0)] {
                            let at = grid.at(node);
                            let (colour, parity) = (grid.colour(at), at[0] % 2);
                            let place = grid.lane(at) - grid.quarter(colour, parity, 1).start;
                            let side = 2 * usize::from(side == Side::South) + at_side;
                            assert_eq!(shown[grid.neighbours(colour, parity)[side] + place], Some(other));
                        }
                    }
                }
            }
        }
    }
}

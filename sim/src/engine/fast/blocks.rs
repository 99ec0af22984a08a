//! Finding complete layers in a graph.

use crate::Network;
use crate::network::NodeId;
use std::collections::BTreeMap;

/// Blocks of nodes, any two of which are joined completely or not at all.
#[derive(Debug)]
pub(super) struct Blocks {
    /// Their nodes, by id.
    pub(super) blocks: Vec<Vec<NodeId>>,
    /// By node.
    pub(super) block_of: Vec<usize>,
    /// Which are joined.
    pub(super) tiles: Vec<Tile>,
}

/// Two blocks that are joined.
#[derive(Debug)]
pub(super) struct Tile {
    pub(super) blocks: [usize; 2],
    /// Learning shift of all its edges.
    pub(super) alpha: i8,
}

/// The blocks of a network of linear edges, if each two that are joined have `smallest` edges on average and one
/// learning shift between them.
pub(super) fn find(network: &Network, smallest: usize) -> Option<Blocks> {
    if network.edges().iter().any(|edge| !edge.kind.is_linear()) {
        return None;
    }
    // Nodes are alike if they have the same neighbours, the same turn, and are both inputs or both not.
    let mut alike: BTreeMap<(bool, u8, Vec<NodeId>), usize> = BTreeMap::new();
    let mut blocks: Vec<Vec<NodeId>> = Vec::new();
    let mut block_of = Vec::with_capacity(network.nodes().len());
    for node in network.node_ids() {
        let mut neighbours: Vec<NodeId> = network.incidences(node).iter().map(|i| i.neighbour).collect();
        neighbours.sort_unstable();
        let input = !network.nodes()[node.index()].kind.relaxes();
        let block =
            *alike.entry((input, network.colouring().colour(node), neighbours)).or_insert(blocks.len());
        if block == blocks.len() {
            blocks.push(Vec::new());
            // Lists of neighbours are compared and kept: not for graphs that have no large blocks anyway.
            if blocks.len() * blocks.len() * smallest > 64 * network.edges().len().max(smallest) {
                return None;
            }
        }
        blocks[block].push(node);
        block_of.push(block);
    }
    let mut tiles: BTreeMap<[usize; 2], (usize, i8)> = BTreeMap::new();
    for edge in network.edges() {
        let mut ends = edge.ends.map(|node| block_of[node.index()]);
        ends.sort_unstable();
        let alpha = network.groups()[edge.group.index()].shift();
        let (edges, of_tile) = tiles.entry(ends).or_insert((0, alpha));
        *edges += 1;
        if *of_tile != alpha {
            return None;
        }
    }
    let complete = |(&[a, b], &(edges, _)): (&[usize; 2], &(usize, i8))| {
        a != b && edges == blocks[a].len() * blocks[b].len()
    };
    if network.edges().len() < smallest * tiles.len() || !tiles.iter().all(complete) {
        return None;
    }
    let tiles = tiles.into_iter().map(|(blocks, (_, alpha))| Tile { blocks, alpha }).collect();
    Some(Blocks { blocks, block_of, tiles })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Boundary, EdgeKind, crossbar, lattice, layered};

    #[test]
    fn layers_are_blocks_and_lattices_are_not() {
        let found = find(&layered(&[30, 17, 6], EdgeKind::Linear).unwrap(), 32).unwrap();
        assert_eq!(found.blocks.iter().map(Vec::len).collect::<Vec<_>>(), [30, 17, 6]);
        assert_eq!(found.tiles.iter().map(|t| t.blocks).collect::<Vec<_>>(), [[0, 1], [1, 2]]);
        assert!(find(&crossbar(16, 2, EdgeKind::Linear).unwrap(), 32).is_some());
        assert!(find(&crossbar(15, 2, EdgeKind::Linear).unwrap(), 32).is_none());
        assert!(find(&crossbar(16, 2, EdgeKind::Transistor).unwrap(), 32).is_none());
        let net = lattice(40, 40, Boundary::Open, EdgeKind::Linear).inputs([NodeId(0)]).outputs([NodeId(9)]);
        assert!(find(&net.build().unwrap(), 32).is_none());
    }
}

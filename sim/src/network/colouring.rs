//! Colours, which give nodes their turns: no two neighbours share one.

use super::{Incidence, NodeId};

/// A proper colouring of a network's nodes.
///
/// A bipartite network gets two colours. In each connected part the first port (inputs before outputs, in port
/// order) has colour 0, so the colours do not depend on how nodes are numbered. Any other network gets as many as
/// a greedy pass over the nodes in order of id needs; the model runs it, the hardware refuses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colouring {
    colours: Vec<u8>,
    count: u8,
    odd_cycle: Option<OddCycle>,
}

/// A cycle of odd length: why a network is not bipartite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OddCycle {
    /// The nodes around it.
    pub nodes: Vec<NodeId>,
}

impl Colouring {
    /// The colour of a node, below [`Colouring::count`].
    pub fn colour(&self, node: NodeId) -> u8 {
        self.colours[node.index()]
    }

    /// How many colours there are, at least 2; a sweep takes as many steps.
    pub fn count(&self) -> u8 {
        self.count
    }

    /// A cycle of odd length, if the network is not bipartite.
    pub fn odd_cycle(&self) -> Option<&OddCycle> {
        self.odd_cycle.as_ref()
    }

    /// Colours the graph in which node `i` has the given incidences; `ports` come first.
    pub(super) fn of<'a>(
        nodes: usize,
        ports: impl Iterator<Item = NodeId>,
        incidences: impl Fn(NodeId) -> &'a [Incidence],
    ) -> Self {
        match two_colours(nodes, ports, &incidences) {
            Ok(colours) => Colouring { colours, count: 2, odd_cycle: None },
            Err(cycle) => {
                let colours = greedy_colours(nodes, &incidences);
                let count = colours.iter().max().map_or(2, |&c| c + 1).max(2);
                Colouring { colours, count, odd_cycle: Some(cycle) }
            }
        }
    }
}

const UNCOLOURED: u8 = u8::MAX;

fn ids(nodes: usize) -> impl Iterator<Item = NodeId> {
    #[expect(clippy::cast_possible_truncation, reason = "the builder refuses more than 2^32 - 1 nodes")]
    (0..nodes as u32).map(NodeId)
}

fn two_colours<'a>(
    nodes: usize,
    ports: impl Iterator<Item = NodeId>,
    incidences: &impl Fn(NodeId) -> &'a [Incidence],
) -> Result<Vec<u8>, OddCycle> {
    let mut colours = vec![UNCOLOURED; nodes];
    let mut parents = vec![NodeId(u32::MAX); nodes];
    for start in ports.chain(ids(nodes)) {
        if colours[start.index()] != UNCOLOURED {
            continue;
        }
        colours[start.index()] = 0;
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for &Incidence { neighbour, .. } in incidences(node) {
                if colours[neighbour.index()] == UNCOLOURED {
                    colours[neighbour.index()] = 1 - colours[node.index()];
                    parents[neighbour.index()] = node;
                    queue.push_back(neighbour);
                } else if colours[neighbour.index()] == colours[node.index()] {
                    return Err(cycle_through(node, neighbour, &parents));
                }
            }
        }
    }
    Ok(colours)
}

/// The cycle closed by the edge `a`-`b` in a breadth-first tree; both lie at the same depth of it.
fn cycle_through(a: NodeId, b: NodeId, parents: &[NodeId]) -> OddCycle {
    let (mut left, mut right) = (vec![a], vec![b]);
    let (mut a, mut b) = (a, b);
    while a != b {
        (a, b) = (parents[a.index()], parents[b.index()]);
        left.push(a);
        right.push(b);
    }
    right.pop();
    left.extend(right.into_iter().rev());
    OddCycle { nodes: left }
}

fn greedy_colours<'a>(nodes: usize, incidences: &impl Fn(NodeId) -> &'a [Incidence]) -> Vec<u8> {
    let mut colours = vec![UNCOLOURED; nodes];
    for node in ids(nodes) {
        let taken: Vec<u8> = incidences(node).iter().map(|x| colours[x.neighbour.index()]).collect();
        // More colours than a byte holds need a clique of 255 nodes; the last colour is then shared.
        colours[node.index()] = (0..UNCOLOURED - 1).find(|c| !taken.contains(c)).unwrap_or(UNCOLOURED - 1);
    }
    colours
}

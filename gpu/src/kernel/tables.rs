//! The graph as the kernel reads it: one array of words, in parts.

use super::plan::{Plan, small};
use wheatstone_sim::network::{DiodeClamp, EdgeKind, NodeId};
use wheatstone_sim::{Design, Wave};

/// The words, and where in them each part begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tables {
    pub(crate) words: Vec<u32>,
    /// Where the incidences of each relaxing node begin, and where those of the last one end.
    pub(crate) starts: u32,
    /// By relaxing node: its diode in two bits, above them its output port from 1, or 0.
    pub(crate) traits: u32,
    /// Edges as relaxing nodes see them: in one word, if [`Tables::packed`], else in two.
    pub(crate) incidences: u32,
    /// By edge: the slots of both ends and the learning shift.
    pub(crate) ends: u32,
    /// Where the turns of each phase begin, and where those of the last one end.
    pub(crate) phases: u32,
    /// Relaxing nodes that take their turn, bit 31 set in wave C.
    pub(crate) turns: u32,
    /// An incidence is one word: the edge in 16 bits, the slot in 15, and bit 31 set for a transistor.
    pub(crate) packed: bool,
}

/// What [`Tables::traits`] says of a diode.
pub(crate) const NON_NEGATIVE: u32 = 1;
/// The other diode.
pub(crate) const NON_POSITIVE: u32 = 2;

const TOP: u32 = 1 << 31;

/// The turns of every phase, section 3 of the contract: a relaxing node and the wave it updates.
pub(super) fn turns(design: &Design, plan: &Plan) -> Vec<Vec<(u32, Wave)>> {
    let colouring = design.network().colouring();
    let colours = usize::from(colouring.count().max(1));
    let mut turns = vec![Vec::new(); colours];
    for (relaxing, &node) in (0..).zip(&plan.relaxing) {
        let colour = usize::from(colouring.colour(NodeId(small(node))));
        turns[colour].push((relaxing, Wave::Free));
        turns[(colour + 1) % colours].push((relaxing, Wave::Clamped));
    }
    turns
}

impl Tables {
    pub(crate) fn new(design: &Design, plan: &Plan) -> Tables {
        let network = design.network();
        let node_id = |node: usize| NodeId(small(node));
        let mut tables = Tables {
            words: Vec::new(),
            starts: 0,
            traits: 0,
            incidences: 0,
            ends: 0,
            phases: 0,
            turns: 0,
            packed: plan.edges <= 1 << 16 && plan.slots() <= 1 << 15,
        };
        let degrees = plan.relaxing.iter().map(|&node| network.incidences(node_id(node)).len());
        tables.starts = tables.append(&starts(degrees));

        let mut ports = vec![0; network.nodes().len()];
        for (port, output) in (1..).zip(network.outputs()) {
            ports[output.index()] = port;
        }
        let traits: Vec<u32> = plan
            .relaxing
            .iter()
            .map(|&node| {
                let diode = match network.nodes()[node].clamp {
                    DiodeClamp::None => 0,
                    DiodeClamp::NonNegative => NON_NEGATIVE,
                    DiodeClamp::NonPositive => NON_POSITIVE,
                };
                diode | ports[node] << 2
            })
            .collect();
        tables.traits = tables.append(&traits);

        let mut incidences = Vec::new();
        for incidence in plan.relaxing.iter().flat_map(|&node| network.incidences(node_id(node))) {
            let transistor = match network.edges()[incidence.edge.index()].kind {
                EdgeKind::Linear => 0,
                EdgeKind::Transistor => TOP,
            };
            let (edge, slot) = (incidence.edge.0, plan.slots[incidence.neighbour.index()]);
            if tables.packed {
                incidences.push(edge | slot << 16 | transistor);
            } else {
                incidences.extend([edge | transistor, slot]);
            }
        }
        tables.incidences = tables.append(&incidences);

        let mut ends = Vec::new();
        for edge in network.edges() {
            let alpha = i32::from(network.groups()[edge.group.index()].alpha);
            let [a, b] = edge.ends.map(|node| plan.slots[node.index()]);
            ends.extend([a, b, alpha.cast_unsigned()]);
        }
        tables.ends = tables.append(&ends);

        let turns = turns(design, plan);
        tables.phases = tables.append(&starts(turns.iter().map(Vec::len)));
        let word = |&(node, wave): &(u32, Wave)| if wave == Wave::Clamped { node | TOP } else { node };
        tables.turns = tables.append(&turns.iter().flatten().map(word).collect::<Vec<_>>());
        tables
    }

    /// Appends a part and says where it begins.
    fn append(&mut self, part: &[u32]) -> u32 {
        let beginning = small(self.words.len());
        self.words.extend(part);
        beginning
    }
}

/// Running sums from 0.
fn starts(lengths: impl Iterator<Item = usize>) -> Vec<u32> {
    let mut sum = 0;
    let ends = lengths.map(|length| {
        sum += small(length);
        sum
    });
    std::iter::once(0).chain(ends).collect()
}

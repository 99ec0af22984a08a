//! The graph a network is made of: nodes, edges, groups of edges, ports and colours.
//!
//! A [`Network`] is valid by construction: every edge joins two different known nodes and no pair twice, every
//! node that is not an input reaches one (its voltage would be undefined otherwise), and ports are what their
//! lists say. It holds no numbers of a format and no state; see [`Design`](crate::Design) and
//! [`State`](crate::State).

mod builder;
mod colouring;
mod error;
mod file;
pub mod formats;
mod kind;
mod shapes;

pub use builder::NetworkBuilder;
pub use colouring::{Colouring, OddCycle};
pub use error::NetworkError;
pub use kind::{DiodeClamp, EdgeKind, NodeKind};
pub use shapes::{Boundary, crossbar, lattice, layered, pinwheel};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// Index of a node in its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// Index of an edge in its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EdgeId(pub u32);

/// Index of a group of edges in its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId(pub u16);

impl NodeId {
    /// The id as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl EdgeId {
    /// The id as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl GroupId {
    /// The id as an index.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// One node of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Whether it is an input, an output or hidden.
    pub kind: NodeKind,
    /// Its diode, if any.
    pub clamp: DiodeClamp,
}

/// One edge of a network. It has no direction: exchanging its ends changes no bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The nodes it joins.
    pub ends: [NodeId; 2],
    /// The law of its current.
    pub kind: EdgeKind,
    /// The group whose learning shift it uses.
    pub group: GroupId,
}

/// Edges that learn at the same rate, say a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeGroup {
    /// Its name in files.
    pub name: String,
    /// Learning shift: the raw product `(dF-dC)(dF+dC)` is multiplied by `2^alpha`; -24..=16.
    #[serde(default)]
    pub alpha: i8,
    /// Its edges keep their conductances.
    #[serde(default, skip_serializing_if = "is_false")]
    pub frozen: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl EdgeGroup {
    /// The shift by which its edges learn. That of frozen edges is so far to the right that every product, below 2^40, rounds to 0:
    /// they need no case of their own anywhere.
    pub fn shift(&self) -> i8 {
        if self.frozen { FROZEN_SHIFT } else { self.alpha }
    }

    /// The same with a configuration's offset, for a product with that many more fractional bits.
    pub(crate) fn shift_of(&self, alpha_offset: u8, fraction: u32) -> i32 {
        // Nothing below 2^61 is left of what is shifted by more.
        (i32::from(self.shift()) + i32::from(alpha_offset) - fraction.cast_signed()).max(-62)
    }
}

/// The learning shift of frozen groups.
const FROZEN_SHIFT: i8 = -60;

/// Smallest and largest learning shift of a group.
pub const ALPHA_RANGE: std::ops::RangeInclusive<i8> = -24..=16;

/// An edge seen from one of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incidence {
    /// The edge at the node.
    pub edge: EdgeId,
    /// The node at its other end.
    pub neighbour: NodeId,
}

/// A resistor network: a valid graph with its ports.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    name: String,
    nodes: Vec<Node>,
    node_names: Vec<String>,
    positions: Vec<[f64; 2]>,
    edges: Vec<Edge>,
    conductances: Vec<Option<f64>>,
    groups: Vec<EdgeGroup>,
    inputs: Vec<NodeId>,
    outputs: Vec<NodeId>,
    colouring: Colouring,
    incidence_start: Vec<u32>,
    incidences: Vec<Incidence>,
}

/// Its floats are finite, which the builder checks, so that every network equals itself.
impl Eq for Network {}

impl Network {
    /// What the network is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All nodes, by id.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All edges, by id.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// All groups of edges, by id.
    pub fn groups(&self) -> &[EdgeGroup] {
        &self.groups
    }

    /// The input nodes in port order: sample voltages come in this order.
    pub fn inputs(&self) -> &[NodeId] {
        &self.inputs
    }

    /// The output nodes in port order: targets and answers come in this order.
    pub fn outputs(&self) -> &[NodeId] {
        &self.outputs
    }

    /// Every node's id, ascending.
    pub fn node_ids(&self) -> impl ExactSizeIterator<Item = NodeId> + use<> {
        #[expect(clippy::cast_possible_truncation, reason = "the builder refuses more than 2^32 - 1 nodes")]
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// Every edge's id, ascending.
    pub fn edge_ids(&self) -> impl ExactSizeIterator<Item = EdgeId> + use<> {
        #[expect(clippy::cast_possible_truncation, reason = "the builder refuses more than 2^32 - 1 edges")]
        (0..self.edges.len() as u32).map(EdgeId)
    }

    /// A node's name; an unnamed node is called `n` and its index.
    pub fn node_name(&self, node: NodeId) -> Cow<'_, str> {
        match self.node_names.get(node.index()) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(builder::default_name(node.index())),
        }
    }

    /// Where to draw a node, in units of a grid, x to the right and y down; finite; `None` if nobody said.
    pub fn position(&self, node: NodeId) -> Option<[f64; 2]> {
        self.positions.get(node.index()).copied()
    }

    /// The conductance an edge begins to learn from, as a fraction of full scale, 0 to 1; `None` if it is drawn. It
    /// decides an initial [`State`](crate::State) and no bit behind it, so the digest ignores it.
    pub fn conductance(&self, edge: EdgeId) -> Option<f64> {
        self.conductances.get(edge.index()).copied().flatten()
    }

    /// The edges at a node with their other ends, in order of edge id.
    pub fn incidences(&self, node: NodeId) -> &[Incidence] {
        let i = node.index();
        &self.incidences[self.incidence_start[i] as usize..self.incidence_start[i + 1] as usize]
    }

    /// The largest number of edges at one node.
    pub fn max_degree(&self) -> usize {
        self.incidence_start.windows(2).map(|w| (w[1] - w[0]) as usize).max().unwrap_or(0)
    }

    /// The colours that give nodes their turns.
    pub fn colouring(&self) -> &Colouring {
        &self.colouring
    }

    /// The same network with other learning shifts: one for each group, or one for all.
    ///
    /// # Errors
    /// [`NetworkError::GroupCount`] unless there is one or one for each group, [`NetworkError::Alpha`] if one is out of
    /// bounds.
    pub fn with_alpha(mut self, alpha: &[i8]) -> Result<Network, NetworkError> {
        if alpha.len() != self.groups.len() && alpha.len() != 1 {
            let groups = self.groups.iter().map(|g| g.name.clone()).collect();
            return Err(NetworkError::GroupCount { found: alpha.len(), groups });
        }
        for (index, (group, &alpha)) in self.groups.iter_mut().zip(alpha.iter().cycle()).enumerate() {
            if !ALPHA_RANGE.contains(&alpha) {
                return Err(NetworkError::Alpha { group: index, alpha });
            }
            group.alpha = alpha;
        }
        Ok(self)
    }

    /// The same network with these groups frozen, by name, and no others.
    ///
    /// # Errors
    /// [`NetworkError::FrozenGroup`] names one that is not there.
    pub fn with_frozen(mut self, frozen: &[String]) -> Result<Network, NetworkError> {
        if let Some(name) = frozen.iter().find(|name| self.groups.iter().all(|group| group.name != **name)) {
            let groups = self.groups.iter().map(|g| g.name.clone()).collect();
            return Err(NetworkError::FrozenGroup { name: name.clone(), groups });
        }
        self.groups.iter_mut().for_each(|group| group.frozen = frozen.contains(&group.name));
        Ok(self)
    }

    /// Whether some group is frozen.
    pub fn has_frozen(&self) -> bool {
        self.groups.iter().any(|group| group.frozen)
    }

    /// The same network with other names for its ports, in port order. Names change no bit.
    ///
    /// # Errors
    /// [`NetworkError::DuplicateName`] if a name is taken.
    ///
    /// # Panics
    /// Unless there is a name for every port.
    pub fn with_port_names(mut self, inputs: &[String], outputs: &[String]) -> Result<Network, NetworkError> {
        assert_eq!(
            (inputs.len(), outputs.len()),
            (self.inputs.len(), self.outputs.len()),
            "a name for every port"
        );
        let mut names: Vec<String> = self.node_ids().map(|id| self.node_name(id).into_owned()).collect();
        for (node, name) in self.inputs.iter().zip(inputs).chain(self.outputs.iter().zip(outputs)) {
            names[node.index()].clone_from(name);
        }
        if let Some(node) = builder::first_repeat(&names) {
            return Err(NetworkError::DuplicateName { node, name: names.swap_remove(node) });
        }
        self.node_names = names;
        Ok(self)
    }

    /// The same graph with other ports.
    ///
    /// # Errors
    /// [`NetworkError`] if it is no network with these.
    pub fn with_ports(self, inputs: Vec<NodeId>, outputs: Vec<NodeId>) -> Result<Network, NetworkError> {
        NetworkBuilder::of(self).inputs(inputs).outputs(outputs).build()
    }

    /// The same network with other conductances to begin from, one for each edge, as fractions of full scale.
    ///
    /// # Errors
    /// [`NetworkError::Conductance`] if one is not between 0 and 1.
    ///
    /// # Panics
    /// Unless there is one for every edge.
    pub fn with_conductances(mut self, conductances: Vec<Option<f64>>) -> Result<Network, NetworkError> {
        assert_eq!(conductances.len(), self.edges.len(), "a conductance for every edge");
        self.conductances = builder::checked_conductances(conductances)?;
        Ok(self)
    }

    /// Two colours suffice, as the hardware needs.
    ///
    /// # Errors
    /// [`NetworkError::OddCycle`] names a cycle of odd length.
    pub fn require_bipartite(&self) -> Result<(), NetworkError> {
        match self.colouring.odd_cycle() {
            None => Ok(()),
            Some(cycle) => Err(NetworkError::OddCycle {
                nodes: cycle.nodes.iter().map(|&n| self.node_name(n).into_owned()).collect(),
            }),
        }
    }

    /// SHA-256 over everything that decides the network's behaviour: node kinds, clamps, edges, groups' shifts and
    /// ports, but no names, no drawing positions and no conductances to begin from. Two networks of equal digest
    /// compute the same bits from equal states.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let mut put = |value: u64| hash.update(value.to_le_bytes());
        put(self.nodes.len() as u64);
        for node in &self.nodes {
            put(node.kind as u64);
            put(node.clamp as u64);
        }
        put(self.edges.len() as u64);
        for edge in &self.edges {
            put(u64::from(edge.ends[0].0));
            put(u64::from(edge.ends[1].0));
            put(edge.kind as u64);
            put(i64::from(self.groups[edge.group.index()].shift()).cast_unsigned());
        }
        for ports in [&self.inputs, &self.outputs] {
            put(ports.len() as u64);
            ports.iter().for_each(|n| put(u64::from(n.0)));
        }
        hash.finalize().into()
    }
}

//! Everything that can be wrong with a network or its file.

use crate::categorize;
use thiserror::Error;

/// A graph that is not a valid network. Edges and nodes are counted from 0, as in a file's lists.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// The text is not valid TOML or JSON of the documented shape.
    #[error("{0}")]
    Syntax(String),
    /// A file of a version this program does not know.
    #[error("wheatstone_network = {found} is not a known file version; this program reads version {known}")]
    Version {
        /// What the file says.
        found: u32,
        /// What this program reads.
        known: u32,
    },
    /// Two nodes share a name.
    #[error(
        "nodes[{node}].name: `{name}` is already the name of another node; give every node a name of its own"
    )]
    DuplicateName {
        /// The second of them.
        node: usize,
        /// The name.
        name: String,
    },
    /// A list names a node that does not exist.
    #[error("{field}: there is no node `{name}`; declare it under nodes or correct the name")]
    UnknownNode {
        /// Which entry of the file.
        field: String,
        /// The name in it.
        name: String,
    },
    /// An edge names a group that does not exist.
    #[error("edges[{edge}].group: there is no group `{name}`; declare it under groups or correct the name")]
    UnknownGroup {
        /// Which edge.
        edge: usize,
        /// The name in it.
        name: String,
    },
    /// Two groups share a name.
    #[error("groups[{group}].name: `{name}` is already the name of another group; give every group its own")]
    DuplicateGroup {
        /// The second of them.
        group: usize,
        /// The name.
        name: String,
    },
    /// A learning shift out of bounds.
    #[error("groups[{group}].alpha = {alpha} is outside -24..=16; choose a shift inside these bounds")]
    Alpha {
        /// Which group.
        group: usize,
        /// The shift.
        alpha: i8,
    },
    /// Not one learning shift for each group.
    #[error("{found} learning shifts for the {expected} groups {names}; give one for each, or one for all", expected = groups.len(), names = groups.join(", "))]
    GroupCount {
        /// Shifts there are.
        found: usize,
        /// Names of the groups.
        groups: Vec<String>,
    },
    /// A group is to be frozen that is not there.
    #[error("there is no group `{name}` to freeze; there are {names}", names = groups.join(", "))]
    FrozenGroup {
        /// What was asked for.
        name: String,
        /// Names of the groups.
        groups: Vec<String>,
    },
    /// An edge joins a node to itself.
    #[error(
        "edges[{edge}].ends: both are `{node}`; a resistor from a node to itself carries nothing, remove it"
    )]
    SelfLoop {
        /// Which edge.
        edge: usize,
        /// The node.
        node: String,
    },
    /// Two edges join the same pair of nodes.
    #[error(
        "edges[{edge}].ends: `{a}` and `{b}` are already joined by edges[{first}]; keep one of the two \
         (parallel resistors add up to one)"
    )]
    DuplicateEdge {
        /// The second of them.
        edge: usize,
        /// The first of them.
        first: usize,
        /// One end.
        a: String,
        /// The other end.
        b: String,
    },
    /// A node is listed more than once among the ports.
    #[error("{field}: `{name}` is already an input or output; list every port once")]
    DuplicatePort {
        /// Which entry of the file.
        field: String,
        /// The node.
        name: String,
    },
    /// An input has a diode.
    #[error("inputs: `{name}` has a clamp, and an input's voltage is imposed; remove its clamp")]
    ClampedInput {
        /// The input.
        name: String,
    },
    /// Nothing drives the network.
    #[error("inputs: the list is empty; a network needs at least one input")]
    NoInputs,
    /// Nothing can be read from the network.
    #[error("outputs: the list is empty; a network needs at least one output")]
    NoOutputs,
    /// A node without a path to an input, whose voltage is undefined.
    #[error("{role} `{name}` is not connected to any input; join it by edges or remove it")]
    Disconnected {
        /// `output` or `node`.
        role: &'static str,
        /// The node.
        name: String,
    },
    /// A conductance to begin from out of bounds.
    #[error("edges[{edge}].conductance = {value} is outside 0..=1; give a fraction of full scale")]
    Conductance {
        /// Which edge.
        edge: usize,
        /// What was given.
        value: String,
    },
    /// A position that is no place.
    #[error("nodes[{node}].at: not between -1e15 and 1e15; give two numbers")]
    Position {
        /// Which node.
        node: usize,
    },
    /// Two colours do not suffice.
    #[error(
        "the network has a cycle of odd length {length}: {path}; the hardware needs a bipartite network, remove one \
         of these edges or insert a node",
        length = nodes.len(),
        path = cycle_text(nodes)
    )]
    OddCycle {
        /// The nodes around the cycle.
        nodes: Vec<String>,
    },
    /// A shape of no extent, or of more nodes, edges or groups than ids can count.
    #[error("{what} = {value}: {remedy}")]
    Size {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        value: usize,
        /// What to do.
        remedy: &'static str,
    },
}

categorize! {
    NetworkError {
        BadInput: Syntax, Version, DuplicateName, UnknownNode, UnknownGroup, DuplicateGroup, Alpha, GroupCount, FrozenGroup, SelfLoop,
            DuplicateEdge, DuplicatePort, ClampedInput, NoInputs, NoOutputs, Disconnected, Conductance, Position, OddCycle,
            Size;
    }
}

/// The first nodes of a cycle, and its first again.
fn cycle_text(nodes: &[String]) -> String {
    const SHOWN: usize = 9;
    let mut shown: Vec<&str> = nodes.iter().take(SHOWN).map(String::as_str).collect();
    if nodes.len() > SHOWN {
        shown.push("...");
    }
    shown.extend(nodes.first().map(String::as_str));
    shown.join(" - ")
}

//! Everything that can be wrong with a graph in another format.

use crate::categorize;
use crate::network::NetworkError;
use thiserror::Error;

/// Every format that is taken, for messages.
const TAKEN: &str = "network files (TOML or JSON with `wheatstone_network`), node-link JSON of networkx, GraphML, edge \
                         lists (`u v [weight]`), JSON of `nodes`, `pts` and `edges`, and SPICE netlists of resistors";

/// A graph that cannot be read, or is no network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GraphError {
    /// The graph is read, and is no network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The bytes are no text.
    #[error("byte {offset}: not UTF-8 text{hint}; {TAKEN} are taken")]
    Encoding {
        /// The first byte that is not.
        offset: usize,
        /// What it may be.
        hint: &'static str,
    },
    /// The text is in no format that is known.
    #[error("not a network in any format that is taken{hint}; {TAKEN} are")]
    Unrecognised {
        /// What it may be.
        hint: String,
    },
    /// The text is not of its format.
    #[error("{format}: {message}")]
    Syntax {
        /// The format.
        format: &'static str,
        /// Where, what was found and what was expected.
        message: String,
    },
    /// A part of the file is not what it has to be.
    #[error("{place}: {found} is not {expected}")]
    Expected {
        /// Line or entry.
        place: String,
        /// What is there, quoted.
        found: String,
        /// What has to be.
        expected: &'static str,
    },
    /// An entry without a part it needs.
    #[error("{place}: there is no `{missing}`; add it")]
    Missing {
        /// Line or entry.
        place: String,
        /// The part.
        missing: &'static str,
    },
    /// An edge names a node that does not exist.
    #[error("{place}: there is no node {name}; declare it or correct the name")]
    UnknownNode {
        /// Line or entry.
        place: String,
        /// The name, quoted.
        name: String,
    },
    /// Two nodes share a name.
    #[error("{place}: {name} is already the name of another node; give every node a name of its own")]
    DuplicateNode {
        /// Line or entry.
        place: String,
        /// The name, quoted.
        name: String,
    },
    /// An edge joins a node to itself.
    #[error("{place}: both ends are {node}; a resistor from a node to itself carries nothing, remove it")]
    SelfLoop {
        /// Line or entry.
        place: String,
        /// The node, quoted.
        node: String,
    },
    /// One edge has a weight, another a conductance or a resistance.
    #[error(
        "{place} has a weight and {other} a conductance or resistance; what a weight is in units of the other is not said: \
         give all edges the same attribute"
    )]
    MixedUnits {
        /// Line or entry of the weight.
        place: String,
        /// Line or entry of the other.
        other: String,
    },
    /// Two edges join the same pair of nodes, in a format where that is no circuit.
    #[error(
        "{place}: {a} and {b} are already joined by {first}; keep one of the two (parallel resistors add up to one)"
    )]
    Parallel {
        /// Line or entry of the second.
        place: String,
        /// Line or entry of the first.
        first: String,
        /// One end, quoted.
        a: String,
        /// The other end, quoted.
        b: String,
    },
    /// Two edges between the same nodes cannot be one resistor.
    #[error(
        "{place}: {what} is another than that of {first} between the same nodes; a resistor has one, both ways"
    )]
    Contradiction {
        /// Line or entry of the second.
        place: String,
        /// Line or entry of the first.
        first: String,
        /// `conductance`, `kind` or `group`.
        what: &'static str,
    },
    /// An element of a netlist that a network of resistors does not have.
    #[error(
        "line {line}: {element} is not taken: {why}; a network is read from resistors (R) and from voltage sources (V) \
         between its inputs and ground"
    )]
    Element {
        /// The line, counted from 1.
        line: usize,
        /// The element or command, quoted.
        element: String,
        /// What it is.
        why: &'static str,
    },
    /// The first line of a netlist, which SPICE ignores, reads like an element.
    #[error(
        "line 1: SPICE takes the first line for the title, and {found} reads like an element; put a title above it"
    )]
    Title {
        /// The line, quoted.
        found: String,
    },
    /// Nothing says which nodes are ports.
    #[error(
        "the file does not say which nodes are {what}; name them with --{what} A,B,... (network.{what} in a \
         configuration){attribute}. Its nodes are {nodes}"
    )]
    NoPorts {
        /// `inputs` or `outputs`.
        what: &'static str,
        /// How the file itself could say it, or nothing.
        attribute: &'static str,
        /// Some of the nodes.
        nodes: String,
    },
    /// A port that was asked for does not exist.
    #[error("{what}: there is no node {name}; its nodes are {nodes}")]
    UnknownPort {
        /// `inputs` or `outputs`.
        what: &'static str,
        /// The name, quoted.
        name: String,
        /// Some of the nodes.
        nodes: String,
    },
}

categorize! {
    GraphError {
        inner: Network;
        BadInput: Encoding, Unrecognised, Syntax, Expected, Missing, UnknownNode, DuplicateNode, SelfLoop, MixedUnits,
            Parallel, Contradiction, Element, Title, NoPorts, UnknownPort;
    }
}

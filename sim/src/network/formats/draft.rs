//! A graph as other formats describe it, on its way to a network.
//!
//! | in a file | in the network |
//! |---|---|
//! | directions | none: a resistor has no direction |
//! | `u -> v` and `v -> u` of a directed graph | one edge, if both say the same |
//! | parallel edges of a multigraph or circuit | one edge; conductances add up |
//! | parallel edges elsewhere | an error |
//! | a loop at a node | an error |
//! | a node without a way to an input | an error |
//! | conductances above 1 | all divided by the largest: voltages depend on ratios only |

use super::error::GraphError;
use crate::file_stem::quoted;
use crate::network::{DiodeClamp, EdgeGroup, EdgeKind, GroupId, Network, NetworkBuilder, NodeId};
use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};

/// Which nodes are ports, where a file does not say it, or is to be overruled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// Names of the inputs in port order; none leaves the file's.
    pub inputs: Vec<String>,
    /// Names of the outputs in port order; none leaves the file's.
    pub outputs: Vec<String>,
}

/// A network, and what was made of what the file said.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// The network that was read.
    pub network: Network,
    /// What was merged, scaled or left out, a sentence each.
    pub notes: Vec<String>,
}

/// Where in a file something stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// A line, counted from 1.
    Line(usize),
    /// An entry of a list, counted from 0.
    Entry(&'static str, usize),
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(line) => write!(f, "line {line}"),
            Place::Entry(list, index) => write!(f, "{list}[{index}]"),
        }
    }
}

/// What several edges between the same nodes mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Parallel {
    /// A fault.
    #[default]
    Refused,
    /// Resistors side by side.
    Added,
}

/// One node.
#[derive(Debug, Default)]
pub(super) struct DraftNode {
    pub name: String,
    /// Its place among the inputs, if it is one; those without a place come last, in the order of nodes.
    pub input: Option<u32>,
    /// Its place among the outputs, likewise.
    pub output: Option<u32>,
    pub at: Option<[f64; 2]>,
    pub clamp: DiodeClamp,
}

/// One edge.
#[derive(Debug)]
pub(super) struct DraftEdge {
    pub place: Place,
    pub ends: [usize; 2],
    pub conductance: Option<f64>,
    /// The conductance is a weight, whose unit only the file knows.
    pub weighted: bool,
    pub kind: EdgeKind,
    pub group: Option<String>,
}

/// A graph under construction.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub name: String,
    pub nodes: Vec<DraftNode>,
    pub numbers: HashMap<String, usize>,
    pub edges: Vec<DraftEdge>,
    pub groups: Vec<EdgeGroup>,
    pub directed: bool,
    pub parallel: Parallel,
    /// Conductances are in a unit of the file's own, and mean their ratios only.
    pub any_unit: bool,
    /// How the file could say which nodes are ports, for a message.
    pub port_attribute: &'static str,
    pub notes: Vec<String>,
}

impl Draft {
    /// Adds a node with a name of its own.
    pub(super) fn node(&mut self, place: Place, name: String) -> Result<&mut DraftNode, GraphError> {
        if self.numbers.contains_key(&name) {
            return Err(GraphError::DuplicateNode { place: place.to_string(), name: quoted(&name) });
        }
        Ok(self.node_called(&name).1)
    }

    /// The node of that name, a new one if there is none.
    pub(super) fn node_called(&mut self, name: &str) -> (usize, &mut DraftNode) {
        let number = match self.numbers.get(name) {
            Some(&number) => number,
            None => {
                self.nodes.push(DraftNode { name: name.to_owned(), ..DraftNode::default() });
                self.numbers.insert(name.to_owned(), self.nodes.len() - 1);
                self.nodes.len() - 1
            }
        };
        (number, &mut self.nodes[number])
    }

    /// Gives nodes the names that `name` finds for them.
    pub(super) fn rename(
        &mut self,
        mut name: impl FnMut(&mut DraftNode) -> Option<String>,
    ) -> Result<(), GraphError> {
        self.numbers.clear();
        for (number, node) in self.nodes.iter_mut().enumerate() {
            if let Some(name) = name(node) {
                node.name = name;
            }
            if self.numbers.insert(node.name.clone(), number).is_some() {
                let place = Place::Entry("nodes", number).to_string();
                return Err(GraphError::DuplicateNode { place, name: quoted(&node.name) });
            }
        }
        Ok(())
    }

    /// The number of a node that must exist.
    pub(super) fn find(&self, place: Place, name: &str) -> Result<usize, GraphError> {
        let unknown = || GraphError::UnknownNode { place: place.to_string(), name: quoted(name) };
        self.numbers.get(name).copied().ok_or_else(unknown)
    }

    /// Adds a linear edge without more to it.
    pub(super) fn edge(&mut self, place: Place, ends: [usize; 2]) -> &mut DraftEdge {
        let edge = DraftEdge {
            place,
            ends,
            conductance: None,
            weighted: false,
            kind: EdgeKind::default(),
            group: None,
        };
        self.edges.push(edge);
        let last = self.edges.len() - 1;
        &mut self.edges[last]
    }

    /// The network; `ports` overrule the file's.
    pub(super) fn finish(mut self, ports: &Ports) -> Result<Graph, GraphError> {
        self.check_units()?;
        let edges = self.merged()?;
        let scale = self.scale(&edges);
        let inputs = self.ports("inputs", &ports.inputs, |node| node.input)?;
        let outputs = self.ports("outputs", &ports.outputs, |node| node.output)?;
        let mut net = NetworkBuilder::new(self.name);
        let mut groups: HashMap<String, GroupId> = HashMap::new();
        for group in self.groups {
            let name = group.name.clone();
            groups.insert(name, net.add_group(group));
        }
        for node in &mut self.nodes {
            net.named_node(std::mem::take(&mut node.name), node.clamp);
        }
        net.set_positions(self.nodes.iter().filter_map(|node| node.at).collect());
        let mut conductances = Vec::with_capacity(edges.len());
        let node = |number: usize| NodeId(u32::try_from(number).unwrap_or(u32::MAX));
        for edge in edges {
            let group = match edge.group {
                None if groups.is_empty() => {
                    *groups.entry("all".to_owned()).or_insert_with(|| net.group("all", 0))
                }
                None => GroupId(0),
                Some(name) => *groups.entry(name).or_insert_with_key(|name| net.group(name.clone(), 0)),
            };
            net.edge(node(edge.ends[0]), node(edge.ends[1]), edge.kind, group);
            conductances.push(edge.conductance.map(|g| (g / scale).min(1.0)));
        }
        net.set_conductances(conductances);
        let ids = |numbers: Vec<usize>| numbers.into_iter().map(node).collect::<Vec<_>>();
        let network = net.inputs(ids(inputs)).outputs(ids(outputs)).build()?;
        Ok(Graph { network, notes: self.notes })
    }

    /// Weights that are no fractions of full scale, and conductances in one file: their ratio is nobody's to know.
    fn check_units(&self) -> Result<(), GraphError> {
        if self.edges.iter().filter_map(|edge| edge.conductance).all(|conductance| conductance <= 1.0) {
            return Ok(());
        }
        let first =
            |weighted| self.edges.iter().find(|edge| edge.conductance.is_some() && edge.weighted == weighted);
        match (first(true), first(false)) {
            (Some(weight), Some(conductance)) => Err(GraphError::MixedUnits {
                place: weight.place.to_string(),
                other: conductance.place.to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// The edges without loops, and one for each pair of nodes.
    fn merged(&mut self) -> Result<Vec<DraftEdge>, GraphError> {
        let mut merged: Vec<DraftEdge> = Vec::with_capacity(self.edges.len());
        let mut first_of: HashMap<[usize; 2], usize> = HashMap::with_capacity(self.edges.len());
        let (mut added, mut reciprocal) = (0, 0);
        for edge in std::mem::take(&mut self.edges) {
            let [a, b] = edge.ends;
            let name = |number: usize| quoted(&self.nodes[number].name);
            let place = edge.place.to_string();
            if a == b {
                return Err(GraphError::SelfLoop { place, node: name(a) });
            }
            let number = *first_of.entry([a.min(b), a.max(b)]).or_insert(merged.len());
            let Some(first) = merged.get_mut(number) else {
                merged.push(edge);
                continue;
            };
            let contradiction = |what| GraphError::Contradiction {
                place: place.clone(),
                first: first.place.to_string(),
                what,
            };
            let opposite = self.directed && first.ends == [b, a];
            if !opposite && self.parallel == Parallel::Refused {
                let first = first.place.to_string();
                return Err(GraphError::Parallel { place, first, a: name(a), b: name(b) });
            }
            if edge.kind != first.kind || (!opposite && !edge.kind.is_linear()) {
                return Err(contradiction("kind"));
            }
            if edge.group != first.group {
                return Err(contradiction("group"));
            }
            match (opposite, &mut first.conductance, edge.conductance) {
                (true, ours, theirs) if *ours == theirs => reciprocal += 1,
                (false, Some(ours), Some(theirs)) => {
                    *ours += theirs;
                    added += 1;
                }
                (false, None, None) => added += 1,
                _ => return Err(contradiction("conductance")),
            }
        }
        if added > 0 {
            self.notes.push(format!("{added} parallel edges were added to the first between their nodes"));
        }
        if reciprocal > 0 {
            self.notes.push(format!("{reciprocal} pairs of opposite edges became one each"));
        }
        Ok(merged)
    }

    /// What conductances are divided by.
    fn scale(&mut self, edges: &[DraftEdge]) -> f64 {
        let largest = edges.iter().filter_map(|edge| edge.conductance).fold(0.0, f64::max);
        if largest > 0.0 && (self.any_unit || largest > 1.0 + 1e-9) {
            self.notes.push(format!(
                "conductances were divided by the largest, {largest}, to be fractions of full scale"
            ));
            largest
        } else {
            1.0
        }
    }

    /// Numbers of the ports: those asked for, or the file's in their order.
    fn ports(
        &self,
        what: &'static str,
        asked: &[String],
        rank: impl Fn(&DraftNode) -> Option<u32>,
    ) -> Result<Vec<usize>, GraphError> {
        let find = |name: &String| {
            self.numbers.get(name).copied().ok_or_else(|| GraphError::UnknownPort {
                what,
                name: quoted(name),
                nodes: self.some_nodes(),
            })
        };
        if !asked.is_empty() {
            return asked.iter().map(find).collect();
        }
        let ranked = self.nodes.iter().enumerate().filter_map(|(number, node)| Some((rank(node)?, number)));
        let mut ranked: Vec<(u32, usize)> = ranked.collect();
        if ranked.is_empty() {
            return Err(GraphError::NoPorts {
                what,
                attribute: self.port_attribute,
                nodes: self.some_nodes(),
            });
        }
        ranked.sort_unstable();
        Ok(ranked.into_iter().map(|(_, number)| number).collect())
    }

    fn some_nodes(&self) -> String {
        const SHOWN: usize = 12;
        if self.nodes.is_empty() {
            return "none".to_owned();
        }
        let mut names: Vec<String> = self.nodes.iter().take(SHOWN).map(|node| quoted(&node.name)).collect();
        if self.nodes.len() > SHOWN {
            names.push("...".to_owned());
        }
        names.join(", ")
    }
}

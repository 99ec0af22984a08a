//! Attributes of nodes and edges that several formats share, under the names people give them.

use super::draft::{Draft, DraftEdge, DraftNode, Place};
use super::error::GraphError;
use crate::file_stem::quoted;
use crate::network::{EdgeGroup, Network, NodeId};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// How a file of such a format says which nodes are ports.
pub(super) const PORT_ATTRIBUTE: &str = ", or give those nodes an attribute `input`, `output` or `role`";

fn expected(place: &dyn ToString, value: &Value, expected: &'static str) -> GraphError {
    let found = match value {
        Value::String(text) => quoted(text),
        other => quoted(&other.to_string()),
    };
    GraphError::Expected { place: place.to_string(), found, expected }
}

/// A name as files spell it: text as it is, numbers by their digits, lists as Python's tuples.
pub(super) fn name(place: &dyn ToString, value: &Value) -> Result<String, GraphError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Array(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| name(place, part)).collect::<Result<_, _>>()?;
            Ok(format!("({})", parts.join(", ")))
        }
        other => Err(expected(place, other, "a name, a number or a list of them")),
    }
}

/// A finite number.
pub(super) fn number(place: &dyn ToString, value: &Value) -> Result<f64, GraphError> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|x| x.is_finite()).ok_or_else(|| expected(place, value, "a number"))
}

/// Two coordinates: a list, or text as `0.5,1`.
pub(super) fn position(place: &dyn ToString, value: &Value) -> Result<[f64; 2], GraphError> {
    let parts: Vec<Value> = match value {
        Value::Array(parts) => parts.clone(),
        Value::String(text) => {
            let inner = text.trim().trim_start_matches(['(', '[']).trim_end_matches([')', ']', '!']);
            inner.split([',', ' ']).filter(|part| !part.is_empty()).map(|part| json!(part)).collect()
        }
        _ => Vec::new(),
    };
    match parts.as_slice() {
        [x, y] | [x, y, _] => Ok([number(place, x)?, number(place, y)?]),
        _ => Err(expected(place, value, "two coordinates")),
    }
}

/// A conductance to begin from, in whatever unit.
pub(super) fn conductance(place: &dyn ToString, value: &Value) -> Result<f64, GraphError> {
    let conductance = number(place, value)?;
    if conductance < 0.0 {
        Err(expected(place, value, "a conductance of 0 or more"))
    } else {
        Ok(conductance)
    }
}

/// The conductance of a resistance.
pub(super) fn of_resistance(place: &dyn ToString, value: &Value) -> Result<f64, GraphError> {
    let conductance = 1.0 / number(place, value)?;
    if conductance > 0.0 && conductance.is_finite() {
        Ok(conductance)
    } else {
        Err(expected(place, value, "a resistance above 0"))
    }
}

/// One of our own words, `clamp` or `kind`.
fn word<T: DeserializeOwned>(
    place: &dyn ToString,
    value: &Value,
    words: &'static str,
) -> Result<T, GraphError> {
    serde_json::from_value(value.clone()).map_err(|_| expected(place, value, words))
}

/// A rank among the ports: `true`, or a number.
fn rank(place: &dyn ToString, value: &Value) -> Result<Option<u32>, GraphError> {
    match value {
        Value::Bool(false) | Value::Null => Ok(None),
        Value::Bool(true) => Ok(Some(u32::MAX)),
        Value::Number(number) if number.as_u64().is_some_and(|n| n < u64::from(u32::MAX)) => {
            Ok(number.as_u64().and_then(|n| u32::try_from(n).ok()))
        }
        other => Err(expected(place, other, "true, false or a place among the ports, counted from 0")),
    }
}

/// Attributes nobody here understands, by name.
#[derive(Debug, Default)]
pub(super) struct LeftOut(BTreeMap<String, usize>);

impl LeftOut {
    pub(super) fn put(&mut self, what: &str, attribute: &str) {
        *self.0.entry(format!("{what} {}", quoted(attribute))).or_insert(0) += 1;
    }

    /// A note of them, if there are any.
    pub(super) fn note(self, draft: &mut Draft) {
        const SHOWN: usize = 8;
        if self.0.is_empty() {
            return;
        }
        let mut names: Vec<String> =
            self.0.iter().take(SHOWN).map(|(name, count)| format!("{name} ({count})")).collect();
        if self.0.len() > SHOWN {
            names.push("...".to_owned());
        }
        draft.notes.push(format!("attributes that mean nothing here were left out: {}", names.join(", ")));
    }
}

/// Takes a node's attributes.
pub(super) fn take_node(
    node: &mut DraftNode,
    place: Place,
    attributes: &serde_json::Map<String, Value>,
    left_out: &mut LeftOut,
) -> Result<(), GraphError> {
    let (mut x, mut y) = (None, None);
    for (key, value) in attributes {
        let here = format!("{place}.{key}");
        match key.as_str() {
            "input" => node.input = rank(&here, value)?,
            "output" => node.output = rank(&here, value)?,
            "role" => match value.as_str() {
                Some("input" | "source") => node.input = node.input.or(Some(u32::MAX)),
                Some("output" | "target") => node.output = node.output.or(Some(u32::MAX)),
                Some("hidden") => {}
                _ => return Err(expected(&here, value, "`input`, `output` or `hidden`")),
            },
            "pos" | "at" => node.at = Some(position(&here, value)?),
            "x" => x = Some(number(&here, value)?),
            "y" => y = Some(number(&here, value)?),
            "clamp" => node.clamp = word(&here, value, "`none`, `non_negative` or `non_positive`")?,
            _ => left_out.put("node", key),
        }
    }
    match (x, y) {
        (Some(x), Some(y)) => node.at = node.at.or(Some([x, y])),
        (None, None) => {}
        (Some(_), None) => return Err(GraphError::Missing { place: place.to_string(), missing: "y" }),
        (None, Some(_)) => return Err(GraphError::Missing { place: place.to_string(), missing: "x" }),
    }
    Ok(())
}

/// Takes an edge's attributes. Where several tell its conductance, `conductance` comes first, then `resistance`.
pub(super) fn take_edge(
    edge: &mut DraftEdge,
    attributes: &serde_json::Map<String, Value>,
    left_out: &mut LeftOut,
) -> Result<(), GraphError> {
    let (mut said, mut ohms, mut weight) = (None, None, None);
    for (key, value) in attributes {
        let here = format!("{}.{key}", edge.place);
        match key.as_str() {
            "conductance" | "g" => said = Some(conductance(&here, value)?),
            "resistance" | "R" | "r" => ohms = Some(of_resistance(&here, value)?),
            "weight" => weight = Some(conductance(&here, value)?),
            "kind" => edge.kind = word(&here, value, "`linear` or `transistor`")?,
            "group" => edge.group = Some(name(&here, value)?),
            _ => left_out.put("edge", key),
        }
    }
    edge.weighted = said.or(ohms).is_none();
    edge.conductance = said.or(ohms).or(weight);
    Ok(())
}

/// Takes the attributes of the whole graph.
pub(super) fn take_graph(
    draft: &mut Draft,
    attributes: &serde_json::Map<String, Value>,
    left_out: &mut LeftOut,
) -> Result<(), GraphError> {
    for (key, value) in attributes {
        let here = format!("graph.{key}");
        match (key.as_str(), value) {
            ("name", _) => draft.name = name(&here, value)?,
            ("groups", Value::String(text)) => {
                draft.groups = serde_json::from_str::<Vec<EdgeGroup>>(text)
                    .map_err(|_| expected(&here, value, "a list of groups with `name` and `alpha`"))?;
            }
            ("groups", _) => draft.groups = word(&here, value, "a list of groups with `name` and `alpha`")?,
            _ => left_out.put("graph", key),
        }
    }
    Ok(())
}

/// What a node has besides its name, as attributes.
pub(super) fn of_node(network: &Network, ranks: &Ranks, node: NodeId) -> serde_json::Map<String, Value> {
    let mut attributes = serde_json::Map::new();
    if let Some(rank) = ranks.inputs.get(&node) {
        attributes.insert("input".to_owned(), json!(rank));
    }
    if let Some(rank) = ranks.outputs.get(&node) {
        attributes.insert("output".to_owned(), json!(rank));
    }
    let clamp = network.nodes()[node.index()].clamp;
    if clamp != crate::network::DiodeClamp::default() {
        attributes.insert("clamp".to_owned(), json!(clamp));
    }
    attributes
}

/// What an edge has besides its ends, as attributes.
pub(super) fn of_edge(network: &Network, edge: crate::network::EdgeId) -> serde_json::Map<String, Value> {
    let mut attributes = serde_json::Map::new();
    let crate::network::Edge { kind, group, .. } = network.edges()[edge.index()];
    if let Some(conductance) = network.conductance(edge) {
        attributes.insert("conductance".to_owned(), json!(conductance));
    }
    if kind != crate::network::EdgeKind::default() {
        attributes.insert("kind".to_owned(), json!(kind));
    }
    if network.groups().len() > 1 {
        attributes.insert("group".to_owned(), json!(network.groups()[group.index()].name));
    }
    attributes
}

/// Places among the ports, by node.
pub(super) struct Ranks {
    pub inputs: HashMap<NodeId, usize>,
    pub outputs: HashMap<NodeId, usize>,
}

impl Ranks {
    pub(super) fn of(network: &Network) -> Ranks {
        let ranks = |ports: &[NodeId]| ports.iter().enumerate().map(|(rank, &node)| (node, rank)).collect();
        Ranks { inputs: ranks(network.inputs()), outputs: ranks(network.outputs()) }
    }
}

//! JSON of `nodes`, `pts` and `edges`, as notebooks on coupled learning keep their networks.

use super::attributes;
use super::draft::{Draft, Place};
use super::error::GraphError;
use crate::network::Network;
use crate::network::file::Coordinate;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Notebook {
    nodes: Value,
    #[serde(default, alias = "pos")]
    pts: Option<Vec<Value>>,
    edges: Vec<Vec<Value>>,
    #[serde(default, alias = "sources")]
    inputs: Vec<Value>,
    #[serde(default, alias = "targets")]
    outputs: Vec<Value>,
    #[serde(default)]
    conductances: Option<Vec<Value>>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Reads a graph.
pub(super) fn read(text: &str) -> Result<Draft, GraphError> {
    let syntax = |e: serde_json::Error| GraphError::Syntax {
        format: "JSON of nodes, pts and edges",
        message: e.to_string(),
    };
    let notebook: Notebook = serde_json::from_str(text).map_err(syntax)?;
    let mut draft = Draft { port_attribute: ", or add lists `inputs` and `outputs`", ..Draft::default() };
    let reached = 2 * notebook.edges.len() + notebook.inputs.len() + notebook.outputs.len();
    for (index, label) in labels(&notebook.nodes, reached)?.iter().enumerate() {
        let place = Place::Entry("nodes", index);
        draft.node(place, attributes::name(&place, label)?)?;
    }
    let count = draft.nodes.len();
    let one_for_each = |what: &'static str, found: usize, expected: usize| {
        if found == expected {
            return Ok(());
        }
        let found = format!("a list of {found}");
        Err(GraphError::Expected { place: what.to_owned(), found, expected: "a list of one for each" })
    };
    if let Some(points) = &notebook.pts {
        one_for_each("pts", points.len(), count)?;
        for (index, point) in points.iter().enumerate() {
            draft.nodes[index].at = Some(attributes::position(&Place::Entry("pts", index), point)?);
        }
    }
    if let Some(conductances) = &notebook.conductances {
        one_for_each("conductances", conductances.len(), notebook.edges.len())?;
    }
    for (index, edge) in notebook.edges.iter().enumerate() {
        let place = Place::Entry("edges", index);
        let (a, b, weight) = match edge.as_slice() {
            [a, b] => (a, b, None),
            [a, b, weight] => (a, b, Some(weight)),
            other => {
                let found = format!("a list of {}", other.len());
                let expected = "two nodes, and a weight if there is one";
                return Err(GraphError::Expected { place: place.to_string(), found, expected });
            }
        };
        let end = |value| draft.find(place, &attributes::name(&place, value)?);
        let ends = [end(a)?, end(b)?];
        let said = notebook.conductances.as_ref().map(|list| &list[index]).filter(|value| !value.is_null());
        let conductance = said.or(weight).map(|value| attributes::conductance(&place, value)).transpose()?;
        draft.edge(place, ends).conductance = conductance;
    }
    for (list, ports) in [("inputs", &notebook.inputs), ("outputs", &notebook.outputs)] {
        for (index, port) in ports.iter().enumerate() {
            let place = Place::Entry(list, index);
            let number = draft.find(place, &attributes::name(&place, port)?)?;
            let node = &mut draft.nodes[number];
            let rank = if list == "inputs" { &mut node.input } else { &mut node.output };
            *rank = u32::try_from(index).ok();
        }
    }
    if let Some(name) = notebook.others.get("name") {
        draft.name = attributes::name(&"name", name)?;
    }
    let others: Vec<&str> = notebook.others.keys().map(String::as_str).filter(|&key| key != "name").collect();
    if !others.is_empty() {
        draft.notes.push(format!("{} more keys mean nothing here and were left out", others.len()));
    }
    Ok(draft)
}

/// A list of labels, or how many nodes there are: not more than edges and ports `reached`, or a short file would promise any
/// number.
fn labels(nodes: &Value, reached: usize) -> Result<Vec<Value>, GraphError> {
    match nodes {
        Value::Array(labels) => Ok(labels.clone()),
        Value::Number(count) if count.as_u64().is_some_and(|n| n <= reached as u64) => {
            Ok((0..count.as_u64().unwrap_or(0)).map(|label| json!(label)).collect())
        }
        other => Err(GraphError::Expected {
            place: "nodes".to_owned(),
            found: crate::file_stem::quoted(&other.to_string()),
            expected: "a list of nodes, or how many the edges join",
        }),
    }
}

/// Writes a network: nodes, places, edges, ports and conductances.
pub(super) fn write(network: &Network) -> String {
    let label = |name: &str| match name.parse::<i64>() {
        Ok(number) if number.to_string() == name => json!(number),
        _ => json!(name),
    };
    let name = |node| label(&network.node_name(node));
    let names = |ports: &[_]| ports.iter().map(|&node| name(node)).collect::<Vec<Value>>();
    let mut whole = json!({
        "name": network.name(),
        "nodes": network.node_ids().map(name).collect::<Vec<_>>(),
        "edges": network.edges().iter().map(|edge| edge.ends.map(name)).collect::<Vec<_>>(),
        "inputs": names(network.inputs()),
        "outputs": names(network.outputs()),
    });
    let points: Option<Vec<_>> =
        network.node_ids().map(|id| Some(network.position(id)?.map(Coordinate))).collect();
    let conductances: Vec<Option<f64>> = network.edge_ids().map(|id| network.conductance(id)).collect();
    if let Value::Object(fields) = &mut whole {
        if let Some(points) = points {
            fields.insert("pts".to_owned(), json!(points));
        }
        if conductances.iter().any(Option::is_some) {
            fields.insert("conductances".to_owned(), json!(conductances));
        }
    }
    format!("{whole}\n")
}

//! Node-link JSON, as networkx writes and reads it (`node_link_data`, `node_link_graph`).

use super::attributes::{self, LeftOut, PORT_ATTRIBUTE, Ranks};
use super::draft::{Draft, Parallel, Place};
use super::error::GraphError;
use crate::network::Network;
use crate::network::file::Coordinate;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct NodeLink {
    #[serde(default)]
    directed: bool,
    #[serde(default)]
    multigraph: bool,
    #[serde(default)]
    graph: Option<Map<String, Value>>,
    nodes: Vec<Map<String, Value>>,
    #[serde(alias = "links")]
    edges: Vec<Map<String, Value>>,
}

/// Reads a graph.
pub(super) fn read(text: &str) -> Result<Draft, GraphError> {
    let syntax =
        |e: serde_json::Error| GraphError::Syntax { format: "node-link JSON", message: e.to_string() };
    let NodeLink { directed, multigraph, graph, nodes, edges } =
        serde_json::from_str(text).map_err(syntax)?;
    let parallel = if multigraph { Parallel::Added } else { Parallel::Refused };
    let mut draft = Draft { directed, parallel, port_attribute: PORT_ATTRIBUTE, ..Draft::default() };
    let mut left_out = LeftOut::default();
    attributes::take_graph(&mut draft, &graph.unwrap_or_default(), &mut left_out)?;
    for (index, mut node) in nodes.into_iter().enumerate() {
        let place = Place::Entry("nodes", index);
        let id = take(&mut node, place, "id")?;
        let added = draft.node(place, attributes::name(&format!("{place}.id"), &id)?)?;
        attributes::take_node(added, place, &node, &mut left_out)?;
    }
    for (index, mut edge) in edges.into_iter().enumerate() {
        let place = Place::Entry("edges", index);
        let mut end = |key| {
            let id = take(&mut edge, place, key)?;
            draft.find(place, &attributes::name(&format!("{place}.{key}"), &id)?)
        };
        let ends = [end("source")?, end("target")?];
        // The number of an edge among parallel ones.
        edge.remove("key");
        attributes::take_edge(draft.edge(place, ends), &edge, &mut left_out)?;
    }
    left_out.note(&mut draft);
    Ok(draft)
}

fn take(entry: &mut Map<String, Value>, place: Place, missing: &'static str) -> Result<Value, GraphError> {
    entry.remove(missing).ok_or_else(|| GraphError::Missing { place: place.to_string(), missing })
}

/// Writes a network, with all that is in it.
pub(super) fn write(network: &Network) -> String {
    let ranks = Ranks::of(network);
    let nodes: Vec<Value> = network
        .node_ids()
        .map(|id| {
            let mut node = attributes::of_node(network, &ranks, id);
            node.insert("id".to_owned(), json!(network.node_name(id)));
            if let Some(at) = network.position(id) {
                node.insert("pos".to_owned(), json!(at.map(Coordinate)));
            }
            Value::Object(node)
        })
        .collect();
    let edges: Vec<Value> = network
        .edge_ids()
        .map(|id| {
            let mut edge = attributes::of_edge(network, id);
            let [a, b] = network.edges()[id.index()].ends.map(|node| network.node_name(node));
            edge.insert("source".to_owned(), json!(a));
            edge.insert("target".to_owned(), json!(b));
            Value::Object(edge)
        })
        .collect();
    let graph = json!({ "name": network.name(), "groups": network.groups() });
    let whole =
        json!({ "directed": false, "multigraph": false, "graph": graph, "nodes": nodes, "edges": edges });
    format!("{whole}\n")
}

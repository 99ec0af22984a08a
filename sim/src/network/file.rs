//! Network files: any graph as TOML or JSON. `docs/network-file.md` documents them for users.

use super::{DiodeClamp, EdgeGroup, EdgeKind, GroupId, Network, NetworkBuilder, NetworkError, NodeId};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The version this program reads and writes.
const VERSION: u32 = 1;

/// A network as its file spells it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkFile {
    wheatstone_network: u32,
    #[serde(default)]
    name: String,
    inputs: Vec<String>,
    outputs: Vec<String>,
    #[serde(default)]
    groups: Vec<EdgeGroup>,
    nodes: Vec<NodeEntry>,
    edges: Vec<EdgeEntry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeEntry {
    name: String,
    #[serde(default, skip_serializing_if = "is_default")]
    clamp: DiodeClamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<[i32; 2]>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EdgeEntry {
    ends: [String; 2],
    #[serde(default, skip_serializing_if = "is_default")]
    kind: EdgeKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Network {
    /// Reads a network file in TOML.
    ///
    /// # Errors
    /// [`NetworkError`] with the line, or with the entry of the list at fault.
    pub fn from_toml(text: &str) -> Result<Network, NetworkError> {
        let file: NetworkFile = toml::from_str(text).map_err(|e| NetworkError::Syntax(e.to_string()))?;
        file.into_network()
    }

    /// Reads a network file in JSON.
    ///
    /// # Errors
    /// [`NetworkError`] with the line, or with the entry of the list at fault.
    pub fn from_json(text: &str) -> Result<Network, NetworkError> {
        let file: NetworkFile =
            serde_json::from_str(text).map_err(|e| NetworkError::Syntax(e.to_string()))?;
        file.into_network()
    }

    /// The network file in TOML, readable by [`Network::from_toml`] to an equal network.
    #[expect(clippy::missing_panics_doc, reason = "strings, integers and lists of them always serialise")]
    pub fn to_toml(&self) -> String {
        #[expect(clippy::expect_used, reason = "strings, integers and lists of them always serialise")]
        toml::to_string(&NetworkFile::of(self)).expect("a network file serialises")
    }

    /// The network file in JSON, readable by [`Network::from_json`] to an equal network.
    #[expect(clippy::missing_panics_doc, reason = "strings, integers and lists of them always serialise")]
    pub fn to_json(&self) -> String {
        #[expect(clippy::expect_used, reason = "strings, integers and lists of them always serialise")]
        serde_json::to_string(&NetworkFile::of(self)).expect("a network file serialises")
    }
}

impl NetworkFile {
    fn of(network: &Network) -> Self {
        let name = |node: NodeId| network.node_name(node).into_owned();
        NetworkFile {
            wheatstone_network: VERSION,
            name: network.name.clone(),
            inputs: network.inputs.iter().map(|&n| name(n)).collect(),
            outputs: network.outputs.iter().map(|&n| name(n)).collect(),
            groups: network.groups.clone(),
            nodes: network
                .node_ids()
                .map(|id| NodeEntry {
                    name: name(id),
                    clamp: network.nodes[id.index()].clamp,
                    at: network.position(id),
                })
                .collect(),
            edges: network
                .edges
                .iter()
                .map(|edge| EdgeEntry {
                    ends: edge.ends.map(name),
                    kind: edge.kind,
                    group: (edge.group.0 > 0).then(|| network.groups[edge.group.index()].name.clone()),
                })
                .collect(),
        }
    }

    fn into_network(self) -> Result<Network, NetworkError> {
        if self.wheatstone_network != VERSION {
            return Err(NetworkError::Version { found: self.wheatstone_network, known: VERSION });
        }
        let mut net = NetworkBuilder::new(self.name);
        let mut groups: HashMap<&str, GroupId> = HashMap::new();
        for group in &self.groups {
            groups.insert(&group.name, net.group(group.name.clone(), group.alpha));
        }
        if self.groups.is_empty() {
            groups.insert("all", net.group("all", 0));
        }
        let mut nodes: HashMap<&str, NodeId> = HashMap::new();
        for node in &self.nodes {
            nodes.insert(&node.name, net.named_node(node.name.clone(), node.clamp));
        }
        net.set_positions(self.nodes.iter().filter_map(|n| n.at).collect());
        let find = |name: &str, field: &dyn Fn() -> String| {
            nodes
                .get(name)
                .copied()
                .ok_or_else(|| NetworkError::UnknownNode { field: field(), name: name.into() })
        };
        for (index, edge) in self.edges.iter().enumerate() {
            let a = find(&edge.ends[0], &|| format!("edges[{index}].ends[0]"))?;
            let b = find(&edge.ends[1], &|| format!("edges[{index}].ends[1]"))?;
            let group = match &edge.group {
                None => GroupId(0),
                Some(name) => *groups
                    .get(name.as_str())
                    .ok_or_else(|| NetworkError::UnknownGroup { edge: index, name: name.clone() })?,
            };
            net.edge(a, b, edge.kind, group);
        }
        let ports = |list: &str, names: &[String]| -> Result<Vec<NodeId>, NetworkError> {
            names.iter().enumerate().map(|(i, name)| find(name, &|| format!("{list}[{i}]"))).collect()
        };
        let (inputs, outputs) = (ports("inputs", &self.inputs)?, ports("outputs", &self.outputs)?);
        net.inputs(inputs).outputs(outputs).build()
    }
}

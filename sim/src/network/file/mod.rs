//! Network files: any graph as TOML or JSON. `docs/network-file.md` documents them for users.

mod chunks;
mod reader;
mod symbols;

use super::{DiodeClamp, Edge, EdgeId, EdgeKind, Network, NetworkError, NodeId};
use reader::{Reading, ReadingSeed};
use serde::de::DeserializeSeed;
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::io;

/// The version this program reads and writes.
pub(super) const VERSION: u32 = 1;

impl Network {
    /// Reads a network file in TOML.
    ///
    /// # Errors
    /// [`NetworkError`] with the line, or with the entry of the list at fault.
    pub fn from_toml(text: &str) -> Result<Network, NetworkError> {
        parse_toml(text)?.into_builder()?.build()
    }

    /// Reads a network file in JSON.
    ///
    /// # Errors
    /// [`NetworkError`] with the line, or with the entry of the list at fault.
    pub fn from_json(text: &str) -> Result<Network, NetworkError> {
        parse_json(&mut serde_json::Deserializer::from_str(text))?.into_builder()?.build()
    }

    /// Reads a network file in JSON as it comes, without holding its text.
    ///
    /// # Errors
    /// [`NetworkError`] with the line, or with the entry of the list at fault; [`NetworkError::Syntax`] also if reading
    /// fails.
    pub fn from_json_reader(reader: impl io::Read) -> Result<Network, NetworkError> {
        parse_json(&mut serde_json::Deserializer::from_reader(reader))?.into_builder()?.build()
    }

    /// The network file in TOML, readable by [`Network::from_toml`] to an equal network.
    #[expect(clippy::missing_panics_doc, reason = "strings, integers and lists of them always serialise")]
    pub fn to_toml(&self) -> String {
        #[expect(clippy::expect_used, reason = "strings, integers and lists of them always serialise")]
        toml::to_string(&NetworkFile(self)).expect("a network file serialises")
    }

    /// The network file in JSON, readable by [`Network::from_json`] to an equal network.
    #[expect(clippy::missing_panics_doc, reason = "strings, integers and lists of them always serialise")]
    pub fn to_json(&self) -> String {
        #[expect(clippy::expect_used, reason = "strings, integers and lists of them always serialise")]
        serde_json::to_string(&NetworkFile(self)).expect("a network file serialises")
    }
}

fn parse_toml(text: &str) -> Result<Reading, NetworkError> {
    if let Some(reading) = chunks::read(text) {
        return Ok(reading);
    }
    let syntax = |e: toml::de::Error| NetworkError::Syntax(e.to_string());
    let mut reading = Reading::default();
    ReadingSeed(&mut reading)
        .deserialize(toml::Deserializer::parse(text).map_err(syntax)?)
        .map_err(syntax)?;
    reading.whole().map_err(NetworkError::Syntax)?;
    Ok(reading)
}

fn parse_json<'de, R: serde_json::de::Read<'de>>(
    json: &mut serde_json::Deserializer<R>,
) -> Result<Reading, NetworkError> {
    let syntax = |e: serde_json::Error| NetworkError::Syntax(e.to_string());
    let mut reading = Reading::default();
    ReadingSeed(&mut reading).deserialize(&mut *json).map_err(syntax)?;
    json.end().map_err(syntax)?;
    reading.whole().map_err(NetworkError::Syntax)?;
    Ok(reading)
}

/// A coordinate as files spell it: a whole number without a fraction.
pub(super) struct Coordinate(pub f64);

impl Serialize for Coordinate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// From here on floats skip whole numbers.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if self.0 == self.0.trunc() && self.0.abs() < EXACT {
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// A network as its file spells it.
struct NetworkFile<'a>(&'a Network);

impl Serialize for NetworkFile<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let network = self.0;
        let mut file = serializer.serialize_struct("NetworkFile", 7)?;
        file.serialize_field("wheatstone_network", &VERSION)?;
        file.serialize_field("name", &network.name)?;
        file.serialize_field("inputs", &Names(network, &network.inputs))?;
        file.serialize_field("outputs", &Names(network, &network.outputs))?;
        file.serialize_field("groups", &network.groups)?;
        file.serialize_field("nodes", &Nodes(network))?;
        file.serialize_field("edges", &Edges(network))?;
        file.end()
    }
}

/// The names of nodes.
struct Names<'a>(&'a Network, &'a [NodeId]);

impl Serialize for Names<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.1.iter().map(|&node| self.0.node_name(node)))
    }
}

struct Nodes<'a>(&'a Network);

impl Serialize for Nodes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Entry<'a> {
            name: Cow<'a, str>,
            #[serde(skip_serializing_if = "is_default")]
            clamp: DiodeClamp,
            #[serde(skip_serializing_if = "Option::is_none")]
            at: Option<[Coordinate; 2]>,
        }
        let network = self.0;
        serializer.collect_seq(network.node_ids().map(|id| Entry {
            name: network.node_name(id),
            clamp: network.nodes[id.index()].clamp,
            at: network.position(id).map(|at| at.map(Coordinate)),
        }))
    }
}

struct Edges<'a>(&'a Network);

impl Serialize for Edges<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Entry<'a> {
            ends: [Cow<'a, str>; 2],
            #[serde(skip_serializing_if = "is_default")]
            kind: EdgeKind,
            #[serde(skip_serializing_if = "Option::is_none")]
            group: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            conductance: Option<Coordinate>,
        }
        let network = self.0;
        let mut list = serializer.serialize_seq(Some(network.edges.len()))?;
        for (id, edge) in network.edge_ids().zip(&network.edges) {
            list.serialize_element(&entry(network, id, edge))?;
        }
        return list.end();

        fn entry<'a>(network: &'a Network, id: EdgeId, edge: &Edge) -> Entry<'a> {
            Entry {
                ends: edge.ends.map(|node| network.node_name(node)),
                kind: edge.kind,
                group: (edge.group.0 > 0).then(|| network.groups[edge.group.index()].name.as_str()),
                conductance: network.conductance(id).map(Coordinate),
            }
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

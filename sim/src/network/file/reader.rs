//! Reading a network file entry by entry: names become numbers as they are read, and no entry is kept as its text.

use super::symbols::Symbols;
use super::{DiodeClamp, EdgeKind, NetworkError, VERSION};
use crate::network::{Edge, EdgeGroup, GroupId, NetworkBuilder, NodeId};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// What was read of a file so far. Nodes go by the numbers of their names.
#[derive(Default)]
pub(in crate::network) struct Reading {
    version: Option<u32>,
    name: Option<String>,
    inputs: Option<Vec<u32>>,
    outputs: Option<Vec<u32>>,
    groups: Option<Vec<EdgeGroup>>,
    nodes: Option<Vec<(u32, DiodeClamp)>>,
    positions: Vec<[f64; 2]>,
    edges: Option<Vec<Edge>>,
    /// Empty until an edge has one.
    conductances: Vec<Option<f64>>,
    names: Symbols,
    group_names: Symbols,
}

impl Reading {
    /// Whether nodes or edges were read.
    pub(super) fn has_lists(&self) -> bool {
        self.nodes.is_some() || self.edges.is_some()
    }

    /// Whether all that a file must have is there.
    pub(super) fn whole(&self) -> Result<(), String> {
        let missing = |field: &str| Err(format!("missing field `{field}`"));
        if self.version.is_none() {
            return missing("wheatstone_network");
        }
        if self.inputs.is_none() {
            return missing("inputs");
        }
        if self.outputs.is_none() {
            return missing("outputs");
        }
        if self.nodes.is_none() {
            return missing("nodes");
        }
        if self.edges.is_none() {
            return missing("edges");
        }
        Ok(())
    }

    /// The network, names found and checked; its ports are the file's.
    pub(in crate::network) fn into_builder(self) -> Result<NetworkBuilder, NetworkError> {
        if let Some(found) = self.version.filter(|&found| found != VERSION) {
            return Err(NetworkError::Version { found, known: VERSION });
        }
        let Reading { names, mut group_names, .. } = self;
        let mut net = NetworkBuilder::new(self.name.unwrap_or_default());
        let groups = self.groups.filter(|groups| !groups.is_empty());
        let groups =
            groups.unwrap_or_else(|| vec![EdgeGroup { name: "all".to_owned(), alpha: 0, frozen: false }]);
        let mut group_of = vec![None; group_names.len()];
        for group in groups {
            let number = group_names.number(&group.name) as usize;
            let id = net.add_group(group);
            if let Some(named_by_an_edge) = group_of.get_mut(number) {
                *named_by_an_edge = Some(id);
            }
        }
        let mut node_of = vec![None; names.len()];
        for (number, clamp) in self.nodes.unwrap_or_default() {
            node_of[number as usize] = Some(net.named_node(names.name(number), clamp));
        }
        let find = |number: u32, field: &dyn Fn() -> String| {
            let unknown =
                || NetworkError::UnknownNode { field: field(), name: names.name(number).to_owned() };
            node_of[number as usize].ok_or_else(unknown)
        };
        let mut edges = self.edges.unwrap_or_default();
        for (index, edge) in edges.iter_mut().enumerate() {
            for (end, node) in edge.ends.iter_mut().enumerate() {
                *node = find(node.0, &|| format!("edges[{index}].ends[{end}]"))?;
            }
            if edge.group == NO_GROUP {
                edge.group = GroupId(0);
                continue;
            }
            let unknown = || {
                let name = group_names.name(edge.group.0.into()).to_owned();
                NetworkError::UnknownGroup { edge: index, name }
            };
            edge.group = group_of[edge.group.index()].ok_or_else(unknown)?;
        }
        net.set_edges(edges);
        net.set_positions(self.positions);
        net.set_conductances(self.conductances);
        let ports = |list: &str, ports: Option<Vec<u32>>| -> Result<Vec<NodeId>, NetworkError> {
            let ports = ports.unwrap_or_default().into_iter().enumerate();
            ports.map(|(i, number)| find(number, &|| format!("{list}[{i}]"))).collect()
        };
        let (inputs, outputs) = (ports("inputs", self.inputs)?, ports("outputs", self.outputs)?);
        Ok(net.inputs(inputs).outputs(outputs))
    }
}

/// An edge that names no group.
const NO_GROUP: GroupId = GroupId(u16::MAX);

/// Reads a table of the file's fields into a [`Reading`]; of a chunk of a file some may be missing.
pub(super) struct ReadingSeed<'a>(pub &'a mut Reading);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    WheatstoneNetwork,
    Name,
    Inputs,
    Outputs,
    Groups,
    Nodes,
    Edges,
}

impl<'de> DeserializeSeed<'de> for ReadingSeed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ReadingSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of the fields of a network file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        fn once<T, E: Error>(slot: &mut Option<T>, field: &'static str, value: T) -> Result<(), E> {
            if slot.replace(value).is_some() { Err(E::duplicate_field(field)) } else { Ok(()) }
        }
        let reading = self.0;
        while let Some(field) = map.next_key()? {
            match field {
                Field::WheatstoneNetwork => {
                    once(&mut reading.version, "wheatstone_network", map.next_value()?)?;
                }
                Field::Name => once(&mut reading.name, "name", map.next_value()?)?,
                Field::Inputs => {
                    let ports = map.next_value_seed(Ports(&mut reading.names))?;
                    once(&mut reading.inputs, "inputs", ports)?;
                }
                Field::Outputs => {
                    let ports = map.next_value_seed(Ports(&mut reading.names))?;
                    once(&mut reading.outputs, "outputs", ports)?;
                }
                Field::Groups => once(&mut reading.groups, "groups", map.next_value()?)?,
                Field::Nodes => map.next_value_seed(Nodes(&mut *reading))?,
                Field::Edges => map.next_value_seed(Edges(&mut *reading))?,
            }
        }
        Ok(())
    }
}

/// A name, as its number.
struct Name<'a>(&'a mut Symbols);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = u32;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u32, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<u32, E> {
        Ok(self.0.number(name))
    }
}

/// A list of names.
struct Ports<'a>(&'a mut Symbols);

impl<'de> DeserializeSeed<'de> for Ports<'_> {
    type Value = Vec<u32>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u32>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Ports<'_> {
    type Value = Vec<u32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of node names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<u32>, A::Error> {
        let mut ports = Vec::new();
        while let Some(number) = list.next_element_seed(Name(self.0))? {
            ports.push(number);
        }
        Ok(ports)
    }
}

/// The list of nodes.
struct Nodes<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for Nodes<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Nodes<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of nodes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let reading = self.0;
        reading.nodes.get_or_insert_default();
        while list.next_element_seed(Node(&mut *reading))?.is_some() {}
        Ok(())
    }
}

/// One node.
struct Node<'a>(&'a mut Reading);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum NodeField {
    Name,
    Clamp,
    At,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a node: a table with `name`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut name, mut clamp, mut at) = (None, DiodeClamp::default(), None);
        while let Some(field) = map.next_key()? {
            match field {
                NodeField::Name => name = Some(map.next_value_seed(Name(&mut self.0.names))?),
                NodeField::Clamp => clamp = map.next_value()?,
                NodeField::At => at = map.next_value::<Option<[f64; 2]>>()?,
            }
        }
        let name = name.ok_or_else(|| A::Error::missing_field("name"))?;
        self.0.nodes.get_or_insert_default().push((name, clamp));
        self.0.positions.extend(at);
        Ok(())
    }
}

/// The list of edges.
struct Edges<'a>(&'a mut Reading);

impl<'de> DeserializeSeed<'de> for Edges<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Edges<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of edges")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let reading = self.0;
        reading.edges.get_or_insert_default();
        while list.next_element_seed(EdgeEntry(&mut *reading))?.is_some() {}
        Ok(())
    }
}

/// One edge.
struct EdgeEntry<'a>(&'a mut Reading);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum EdgeField {
    Ends,
    Kind,
    Group,
    Conductance,
}

impl<'de> DeserializeSeed<'de> for EdgeEntry<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EdgeEntry<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an edge: a table with `ends`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reading = self.0;
        let (mut ends, mut kind, mut group, mut conductance) = (None, EdgeKind::default(), NO_GROUP, None);
        while let Some(field) = map.next_key()? {
            match field {
                EdgeField::Ends => ends = Some(map.next_value_seed(Ends(&mut reading.names))?),
                EdgeField::Kind => kind = map.next_value()?,
                EdgeField::Group => {
                    let number = map.next_value_seed(Name(&mut reading.group_names))?;
                    let number = u16::try_from(number).ok().filter(|&n| n != NO_GROUP.0);
                    group =
                        GroupId(number.ok_or_else(|| A::Error::custom("more groups than ids can count"))?);
                }
                EdgeField::Conductance => conductance = map.next_value::<Option<f64>>()?,
            }
        }
        let ends = ends.ok_or_else(|| A::Error::missing_field("ends"))?;
        let edges = reading.edges.get_or_insert_default();
        if conductance.is_some() || !reading.conductances.is_empty() {
            reading.conductances.resize(edges.len(), None);
            reading.conductances.push(conductance);
        }
        edges.push(Edge { ends, kind, group });
        Ok(())
    }
}

/// The two ends of an edge.
struct Ends<'a>(&'a mut Symbols);

impl<'de> DeserializeSeed<'de> for Ends<'_> {
    type Value = [NodeId; 2];
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<[NodeId; 2], D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Ends<'_> {
    type Value = [NodeId; 2];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the names of two nodes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<[NodeId; 2], A::Error> {
        let mut end = |place: usize| {
            let number = list.next_element_seed(Name(&mut *self.0))?;
            number.map(NodeId).ok_or_else(|| A::Error::invalid_length(place, &"the names of two nodes"))
        };
        let ends = [end(0)?, end(1)?];
        match list.next_element::<IgnoredAny>()? {
            None => Ok(ends),
            Some(_) => Err(A::Error::invalid_length(3, &"the names of two nodes")),
        }
    }
}

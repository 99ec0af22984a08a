//! GraphML, in the dialect of networkx: keys with types and defaults, one graph, no graphs within nodes.

use super::ascii;
use super::attributes::{self, LeftOut, PORT_ATTRIBUTE, Ranks};
use super::draft::{Draft, Parallel, Place};
use super::error::GraphError;
use crate::file_stem::quoted;
use crate::network::Network;
use roxmltree::{Document, Node};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::fmt::Write;

/// What a key declares.
struct Key {
    name: String,
    kind: String,
    default: Option<Value>,
}

/// Reads a graph.
pub(super) fn read(text: &str) -> Result<Draft, GraphError> {
    let syntax = |message: String| GraphError::Syntax { format: "GraphML", message };
    let document = Document::parse(text).map_err(|e| syntax(e.to_string()))?;
    let root = document.root_element();
    let keys = keys(root)?;
    let graphs = || root.children().filter(|child| child.has_tag_name_anywhere("graph"));
    let (Some(graph), None) = (graphs().next(), graphs().nth(1)) else {
        return Err(syntax(format!("{} elements <graph>, where one is taken", graphs().count())));
    };
    let mut draft = Draft {
        directed: graph.attribute("edgedefault") == Some("directed"),
        // Where edges have numbers, networkx reads a multigraph.
        parallel: Parallel::Added,
        port_attribute: PORT_ATTRIBUTE,
        ..Draft::default()
    };
    let mut left_out = LeftOut::default();
    attributes::take_graph(&mut draft, &data(graph, "graph", &keys)?, &mut left_out)?;
    for node in graph.children().filter(|child| child.has_tag_name_anywhere("node")) {
        let place = place(node);
        let mut data = data(node, "node", &keys)?;
        // Ids cannot hold everything; then the name stands beside it.
        let name = match data.remove(JSON_NAME) {
            Some(json) => from_json(place, &json)?,
            None => required(node, "id")?.to_owned(),
        };
        if node.children().any(|child| child.has_tag_name_anywhere("graph")) {
            return Err(syntax(format!("{place}: a graph within a node is not taken; flatten it")));
        }
        let added = draft.node(place, name)?;
        attributes::take_node(added, place, &data, &mut left_out)?;
    }
    let numbers = node_numbers(graph)?;
    for edge in graph.children().filter(Node::is_element) {
        let place = place(edge);
        match edge.tag_name().name() {
            "edge" => {
                let end = |attribute| {
                    let id = required(edge, attribute)?;
                    let unknown = || GraphError::UnknownNode { place: place.to_string(), name: quoted(id) };
                    numbers.get(id).copied().ok_or_else(unknown)
                };
                let ends = [end("source")?, end("target")?];
                // networkx writes one edge of a directed graph each way.
                draft.directed |= edge.attribute("directed") == Some("true");
                let data = data(edge, "edge", &keys)?;
                attributes::take_edge(draft.edge(place, ends), &data, &mut left_out)?;
            }
            "node" | "data" | "desc" => {}
            other => {
                return Err(syntax(format!("{place}: <{other}> is not taken; nodes and edges are")));
            }
        }
    }
    left_out.note(&mut draft);
    Ok(draft)
}

/// Nodes by id, in the order of the file.
fn node_numbers<'a>(graph: Node<'a, '_>) -> Result<HashMap<&'a str, usize>, GraphError> {
    let nodes = graph.children().filter(|child| child.has_tag_name_anywhere("node")).enumerate();
    nodes.map(|(number, node)| Ok((required(node, "id")?, number))).collect()
}

/// Elements by their name, in whatever namespace.
trait Tag {
    fn has_tag_name_anywhere(&self, name: &str) -> bool;
}

impl Tag for Node<'_, '_> {
    fn has_tag_name_anywhere(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

fn place(node: Node) -> Place {
    Place::Line(node.document().text_pos_at(node.range().start).row as usize)
}

fn required<'a>(node: Node<'a, '_>, missing: &'static str) -> Result<&'a str, GraphError> {
    node.attribute(missing).ok_or_else(|| GraphError::Missing { place: place(node).to_string(), missing })
}

/// The declared keys, by what they are for and their id.
fn keys(root: Node) -> Result<HashMap<(String, String), Key>, GraphError> {
    let mut keys = HashMap::new();
    for key in root.children().filter(|child| child.has_tag_name_anywhere("key")) {
        let id = required(key, "id")?.to_owned();
        let name = key.attribute("attr.name").unwrap_or(&id).to_owned();
        let kind = key.attribute("attr.type").unwrap_or("string").to_owned();
        let default = key.children().find(|child| child.has_tag_name_anywhere("default"));
        let default = default.map(|default| value(default, &kind)).transpose()?;
        for what in match key.attribute("for") {
            Some(what @ ("graph" | "node" | "edge")) => vec![what],
            _ => vec!["graph", "node", "edge"],
        } {
            let key = Key { name: name.clone(), kind: kind.clone(), default: default.clone() };
            keys.insert((what.to_owned(), id.clone()), key);
        }
    }
    Ok(keys)
}

/// The text of a data or default element as a value of a type.
fn value(element: Node, kind: &str) -> Result<Value, GraphError> {
    let text: String = element.children().filter(Node::is_text).filter_map(|child| child.text()).collect();
    let trimmed = text.trim();
    let fault = |expected| GraphError::Expected {
        place: place(element).to_string(),
        found: quoted(trimmed),
        expected,
    };
    match kind {
        "boolean" => match trimmed {
            "true" | "True" | "1" => Ok(Value::Bool(true)),
            "false" | "False" | "0" => Ok(Value::Bool(false)),
            _ => Err(fault("`true` or `false`")),
        },
        "int" | "long" => trimmed.parse::<i64>().map(|n| json!(n)).map_err(|_| fault("a whole number")),
        "float" | "double" => {
            let number = trimmed.parse::<f64>().ok().filter(|x| x.is_finite());
            number.map(|x| json!(x)).ok_or_else(|| fault("a finite number"))
        }
        _ => Ok(Value::String(text)),
    }
}

/// The attributes of an element: its data, and defaults of what it does not say.
fn data(
    element: Node,
    what: &str,
    keys: &HashMap<(String, String), Key>,
) -> Result<Map<String, Value>, GraphError> {
    let mut attributes = Map::new();
    let mut of_this: Vec<&Key> =
        keys.iter().filter(|((scope, _), _)| scope == what).map(|(_, key)| key).collect();
    of_this.sort_by(|a, b| a.name.cmp(&b.name));
    for key in of_this {
        if let Some(default) = &key.default {
            attributes.insert(key.name.clone(), default.clone());
        }
    }
    for child in element.children().filter(|child| child.has_tag_name_anywhere("data")) {
        let id = required(child, "key")?;
        // What drawing programs add has elements of its own, and no meaning here.
        if child.children().any(|inner| inner.is_element()) {
            continue;
        }
        let (name, value) = match keys.get(&(what.to_owned(), id.to_owned())) {
            Some(key) => (key.name.as_str(), value(child, &key.kind)?),
            None => (id, value(child, "string")?),
        };
        match (what, name) {
            ("graph", JSON_NAME) => {
                attributes.insert("name".to_owned(), json!(from_json(place(child), &value)?))
            }
            ("edge", JSON_GROUP) => {
                attributes.insert("group".to_owned(), json!(from_json(place(child), &value)?))
            }
            _ => attributes.insert(name.to_owned(), value),
        };
    }
    Ok(attributes)
}

/// A text that stands as JSON, since XML has no place for what it holds.
fn from_json(place: Place, json: &Value) -> Result<String, GraphError> {
    let text = json.as_str().unwrap_or_default();
    serde_json::from_str(text).map_err(|_| GraphError::Expected {
        place: place.to_string(),
        found: quoted(text),
        expected: "a name in quotes as in JSON",
    })
}

/// Attribute of a node or graph whose name no XML can hold: the name as JSON spells it.
const JSON_NAME: &str = "json_name";
/// The same of an edge's group.
const JSON_GROUP: &str = "json_group";

/// Writes a network, with all that is in it.
pub(super) fn write(network: &Network) -> String {
    let ranks = Ranks::of(network);
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n",
    );
    for (what, name, kind) in KEYS {
        let _ = writeln!(
            text,
            "  <key id=\"{what}_{name}\" for=\"{what}\" attr.name=\"{name}\" attr.type=\"{kind}\"/>"
        );
    }
    text.push_str("  <graph edgedefault=\"undirected\">\n");
    let mut graph = Map::new();
    put_text(&mut graph, "name", JSON_NAME, network.name());
    graph.insert("groups".to_owned(), json!(ascii(&json!(network.groups()).to_string())));
    put_data(&mut text, "graph", &graph);
    let ids: Vec<String> = network
        .node_ids()
        .map(|id| {
            let name = network.node_name(id);
            // The prefix keeps such an id apart from names.
            if is_printable(&name) && !name.starts_with(JSON_NAME) {
                name.into_owned()
            } else {
                format!("{JSON_NAME} {}", id.0)
            }
        })
        .collect();
    for id in network.node_ids() {
        let _ = writeln!(text, "    <node id=\"{}\">", escape(&ids[id.index()]));
        let mut node = attributes::of_node(network, &ranks, id);
        if let Some([x, y]) = network.position(id) {
            node.insert("x".to_owned(), json!(x));
            node.insert("y".to_owned(), json!(y));
        }
        let name = network.node_name(id);
        if ids[id.index()] != *name {
            node.insert(JSON_NAME.to_owned(), json!(ascii(&json!(name).to_string())));
        }
        put_data(&mut text, "node", &node);
        text.push_str("    </node>\n");
    }
    for id in network.edge_ids() {
        let [a, b] = network.edges()[id.index()].ends.map(|node| escape(&ids[node.index()]));
        let _ = writeln!(text, "    <edge source=\"{a}\" target=\"{b}\">");
        let mut edge = attributes::of_edge(network, id);
        if let Some(Value::String(group)) = edge.remove("group") {
            put_text(&mut edge, "group", JSON_GROUP, &group);
        }
        put_data(&mut text, "edge", &edge);
        text.push_str("    </edge>\n");
    }
    text.push_str("  </graph>\n</graphml>\n");
    text
}

/// Every key that is written.
const KEYS: [(&str, &str, &str); 13] = [
    ("graph", "name", "string"),
    ("graph", JSON_NAME, "string"),
    ("graph", "groups", "string"),
    ("node", "input", "int"),
    ("node", "output", "int"),
    ("node", "clamp", "string"),
    ("node", "x", "double"),
    ("node", "y", "double"),
    ("node", JSON_NAME, "string"),
    ("edge", "conductance", "double"),
    ("edge", "kind", "string"),
    ("edge", "group", "string"),
    ("edge", JSON_GROUP, "string"),
];

/// Puts a text among attributes, as it is or as JSON.
fn put_text(attributes: &mut Map<String, Value>, key: &str, json_key: &str, text: &str) {
    if is_printable(text) {
        attributes.insert(key.to_owned(), json!(text));
    } else {
        attributes.insert(json_key.to_owned(), json!(ascii(&json!(text).to_string())));
    }
}

fn put_data(text: &mut String, what: &str, attributes: &Map<String, Value>) {
    for (name, value) in attributes {
        let value = match value {
            Value::String(value) => escape(value),
            other => other.to_string(),
        };
        let _ = writeln!(text, "      <data key=\"{what}_{name}\">{value}</data>");
    }
}

/// XML has a place for every character.
fn is_printable(text: &str) -> bool {
    text.chars().all(printable)
}

/// XML 1.0 has a place for it (production 2).
fn printable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Text for an element or an attribute in double quotes; blanks other than spaces as references, which a parser keeps.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

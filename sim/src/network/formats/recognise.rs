//! Which format a text is in, by what it holds.

use super::GraphFormat;
use super::error::GraphError;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The format of a text. Only texts of no form of their own, edge lists and netlists, are told apart by guessing at lines.
///
/// # Errors
/// [`GraphError::Unrecognised`] if it is in none; [`GraphError::Syntax`] for JSON that does not parse.
pub fn recognise(text: &str) -> Result<GraphFormat, GraphError> {
    let start = text.trim_start();
    match start.chars().next() {
        Some('{') => json(text),
        Some('<') => xml(start),
        Some('[') if serde_json::from_str::<IgnoredAny>(text).is_ok() => {
            Err(unrecognised("it is JSON without keys; write an object with `nodes` and `edges`"))
        }
        _ if is_toml(text) => Ok(GraphFormat::Toml),
        _ => by_lines(text),
    }
}

fn unrecognised(hint: &str) -> GraphError {
    GraphError::Unrecognised { hint: format!(" ({hint})") }
}

/// A network file in TOML says its version on a line of its own.
fn is_toml(text: &str) -> bool {
    text.lines().any(|line| {
        let rest = line.trim_start().strip_prefix("wheatstone_network");
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    })
}

fn xml(start: &str) -> Result<GraphFormat, GraphError> {
    let mut elements = start.match_indices('<').map(|(at, _)| &start[at + 1..]);
    let root = elements.find(|rest| !rest.starts_with(['?', '!'])).unwrap_or_default();
    let name: &str =
        root.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next().unwrap_or_default();
    match name.rsplit(':').next().unwrap_or_default() {
        "graphml" => Ok(GraphFormat::GraphMl),
        "gexf" => Err(unrecognised("it is GEXF; write GraphML, with nx.write_graphml for example")),
        "svg" | "html" => Err(unrecognised("it is a picture or a page")),
        _ => Err(unrecognised("it is XML, and not GraphML")),
    }
}

/// What the keys of a JSON object tell.
#[derive(Default)]
struct Probe {
    keys: Vec<String>,
    /// The first entry of `nodes` is an object.
    nodes_are_objects: bool,
}

fn json(text: &str) -> Result<GraphFormat, GraphError> {
    let mut probe = Probe::default();
    let parsed = serde_json::Deserializer::from_str(text).deserialize_map(ProbeVisitor(&mut probe));
    let has = |key: &str| probe.keys.iter().any(|known| known == key);
    if has("wheatstone_network") {
        return Ok(GraphFormat::Json);
    }
    if let Err(error) = parsed {
        return Err(GraphError::Syntax { format: "JSON", message: error.to_string() });
    }
    match (has("nodes"), has("edges") || has("links")) {
        (true, true) if has("pts") || !probe.nodes_are_objects => Ok(GraphFormat::Notebook),
        (true, true) => Ok(GraphFormat::NodeLink),
        _ if has("elements") => Err(unrecognised("it is JSON of Cytoscape; write node-link JSON")),
        _ if has("adjacency") => Err(unrecognised("it is adjacency JSON; write node-link JSON")),
        _ if has("graph") => Err(unrecognised("it is JSON Graph Format; write node-link JSON")),
        _ if has("cells") => Err(unrecognised("it is a notebook; save its network to a file")),
        _ => Err(unrecognised("it is JSON without `wheatstone_network`, or `nodes` and `edges`")),
    }
}

struct ProbeVisitor<'a>(&'a mut Probe);

impl<'de> Visitor<'de> for ProbeVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "nodes" {
                self.0.nodes_are_objects = map.next_value::<FirstIsObject>()?.0;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
            self.0.keys.push(key);
        }
        Ok(())
    }
}

/// Whether the first entry of a list is an object. Anything but a list has none.
struct FirstIsObject(bool);

impl<'de> serde::Deserialize<'de> for FirstIsObject {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct First;
        impl<'de> Visitor<'de> for First {
            type Value = FirstIsObject;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("nodes")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<FirstIsObject, A::Error> {
                let first = list.next_element::<IsObject>()?.is_none_or(|first| first.0);
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(FirstIsObject(first))
            }
            fn visit_u64<E>(self, _: u64) -> Result<FirstIsObject, E> {
                Ok(FirstIsObject(false))
            }
            fn visit_i64<E>(self, _: i64) -> Result<FirstIsObject, E> {
                Ok(FirstIsObject(false))
            }
            fn visit_f64<E>(self, _: f64) -> Result<FirstIsObject, E> {
                Ok(FirstIsObject(false))
            }
        }
        deserializer.deserialize_any(First)
    }
}

struct IsObject(bool);

impl<'de> serde::Deserialize<'de> for IsObject {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = IsObject;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a node")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<IsObject, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(IsObject(true))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<IsObject, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(IsObject(false))
            }
            fn visit_str<E>(self, _: &str) -> Result<IsObject, E> {
                Ok(IsObject(false))
            }
            fn visit_u64<E>(self, _: u64) -> Result<IsObject, E> {
                Ok(IsObject(false))
            }
            fn visit_i64<E>(self, _: i64) -> Result<IsObject, E> {
                Ok(IsObject(false))
            }
            fn visit_f64<E>(self, _: f64) -> Result<IsObject, E> {
                Ok(IsObject(false))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Formats of lines: a netlist has elements and commands, an edge list two or three cells a line.
fn by_lines(text: &str) -> Result<GraphFormat, GraphError> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let Some(first) = lines.first() else { return Err(unrecognised("it is empty")) };
    let lower = first.to_ascii_lowercase();
    for (prefix, hint) in [
        ("graph [", "it is GML; write GraphML, with nx.write_graphml for example"),
        ("creator", "it is GML; write GraphML, with nx.write_graphml for example"),
        ("*vertices", "it is a file of Pajek; write GraphML or an edge list"),
        ("*network", "it is a file of Pajek; write GraphML or an edge list"),
        ("%%matrixmarket", "it is Matrix Market; write an edge list"),
        ("digraph", "it is DOT, which is only written; give GraphML or an edge list"),
        ("strict", "it is DOT, which is only written; give GraphML or an edge list"),
    ] {
        if lower.starts_with(prefix) {
            return Err(unrecognised(hint));
        }
    }
    if lower.starts_with("graph") && first.ends_with('{') {
        return Err(unrecognised("it is DOT, which is only written; give GraphML or an edge list"));
    }
    // The first line of a netlist is its title, and may be anything.
    if lines.iter().skip(1).any(|line| is_netlist_line(line)) || lower.starts_with(".title") {
        return Ok(GraphFormat::Spice);
    }
    let is_edge = |line: &&&str| {
        let line = line.split(['{', '#', '%']).next().unwrap_or_default();
        let cells = line.split([' ', '\t', ',', ';']).filter(|cell| !cell.is_empty()).count();
        line.starts_with('"') || line.contains(" \"") || (1..=3).contains(&cells)
    };
    let mut edges = lines.iter().filter(|line| !line.starts_with(['#', '%'])).peekable();
    if edges.peek().is_some() && edges.all(|line| is_edge(&line)) {
        return Ok(GraphFormat::EdgeList);
    }
    Err(unrecognised(
        "its lines are neither edges nor elements of a circuit; of an adjacency list or a table write an edge list, with nx.write_edgelist for example",
    ))
}

/// A command, or an element with a number in its name or with a value.
fn is_netlist_line(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let has_digit = |word: &&str| word.contains(|c: char| c.is_ascii_digit());
    match words.as_slice() {
        [command, ..] if command.starts_with('.') => {
            command[1..].starts_with(|c: char| c.is_ascii_alphabetic()) && !line.contains([',', '"'])
        }
        [element, _, _, rest @ ..] if !rest.is_empty() && !line.contains([',', '{', '"']) => {
            let valued = element.starts_with(['r', 'R', 'v', 'V']) && rest.iter().any(has_digit);
            element.starts_with(|c: char| c.is_ascii_alphabetic()) && (has_digit(element) || valued)
        }
        _ => false,
    }
}

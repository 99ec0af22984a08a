//! Edge lists: a line for each edge, `u v` or `u v weight`, as networkx and Matlab write them.
//!
//! Names stand apart by blanks or tabs, or by commas or semicolons. `#` and `%` begin a comment. networkx also writes
//! `u v {'weight': 0.5}`. A line of one name is a node; other programs skip it. Names that hold separators are quoted
//! as in JSON, which other programs do not read.

use super::attributes::{self, LeftOut};
use super::draft::{Draft, Place};
use super::error::GraphError;
use crate::file_stem::quoted;
use crate::network::{Network, NodeId};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::fmt::Write;

/// First cells of a line that names columns.
const HEADINGS: [[&str; 2]; 5] = [
    ["source", "target"],
    ["from", "to"],
    ["node1", "node2"],
    ["start", "end"],
    ["endnodes_1", "endnodes_2"],
];

/// Reads a graph.
pub(super) fn read(text: &str) -> Result<Draft, GraphError> {
    let mut draft = Draft::default();
    let mut left_out = LeftOut::default();
    let separator = separator(text);
    let mut lines: Vec<(Place, Cells)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let place = Place::Line(index + 1);
        lines.push((place, cells(line, separator, place)?));
    }
    lines.retain(|(_, line)| !line.cells.is_empty());
    let rest = if names_columns(&lines) {
        draft.notes.push("the first line names the columns and was left out".to_owned());
        1
    } else {
        0
    };
    if is_adjacency_list(&lines) {
        return Err(GraphError::Unrecognised {
            hint: " (it is an adjacency list, a line for each node; write an edge list, with nx.write_edgelist for example)"
                .to_owned(),
        });
    }
    for (place, Cells { cells, data }) in lines.drain(..).skip(rest) {
        let [a, b, rest @ ..] = cells.as_slice() else {
            draft.node_called(&cells[0]);
            continue;
        };
        let ends = [draft.node_called(a).0, draft.node_called(b).0];
        let edge = draft.edge(place, ends);
        match rest {
            [] => {}
            [weight] => {
                edge.conductance = Some(attributes::conductance(&place, &json!(weight))?);
                edge.weighted = true;
            }
            _ => return Err(too_many(place, &cells.join(" "))),
        }
        if let Some(data) = data {
            let given = edge.conductance;
            attributes::take_edge(edge, &data, &mut left_out)?;
            // Without a conductance of its own in the dictionary, `take_edge` leaves the edge weighted.
            edge.conductance = edge.conductance.or(given);
        }
    }
    left_out.note(&mut draft);
    Ok(draft)
}

/// Whether each line is a node with those of its neighbours that have no line yet, at most two: then every node begins one line, some
/// line has a node alone, and what would be weights are nodes.
fn is_adjacency_list(lines: &[(Place, Cells)]) -> bool {
    let mut nodes = HashSet::new();
    if !lines.iter().all(|(_, line)| line.data.is_none() && nodes.insert(line.cells[0].as_str())) {
        return false;
    }
    let are_nodes = |line: &Cells| line.cells.iter().all(|cell| nodes.contains(cell.as_str()));
    let differ = |line: &Cells| line.cells.iter().collect::<HashSet<_>>().len() == line.cells.len();
    let has = |cells| lines.iter().any(|(_, line)| line.cells.len() == cells);
    has(1) && has(3) && lines.iter().all(|(_, line)| are_nodes(line) && differ(line))
}

fn too_many(place: Place, line: &str) -> GraphError {
    GraphError::Expected {
        place: place.to_string(),
        found: quoted(line),
        expected: "two nodes, and a weight if there is one",
    }
}

/// What stands between cells: a comma or semicolon if the first line that holds anything has one outside quotes.
fn separator(text: &str) -> Option<char> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with(['#', '%']))?;
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        match c {
            ',' | ';' => return Some(c),
            '{' | '#' => return None,
            _ => {}
        }
        let end = if c == '"' { end_of_quotes(rest)? } else { c.len_utf8() };
        rest = &rest[end..];
    }
    None
}

/// Whether the first line names columns: it reads so, and no other line has nodes of these names.
fn names_columns(lines: &[(Place, Cells)]) -> bool {
    let Some(((_, first), rest)) = lines.split_first() else { return false };
    let [a, b, ..] = first.cells.as_slice() else { return false };
    let named = HEADINGS
        .iter()
        .any(|pair| pair.map(str::to_owned) == [a.to_ascii_lowercase(), b.to_ascii_lowercase()]);
    let is_node =
        |name: &String| rest.iter().any(|(_, line)| line.cells.iter().take(2).any(|cell| cell == name));
    named && !is_node(a) && !is_node(b)
}

/// One line, and the attributes networkx adds to it.
struct Cells {
    cells: Vec<String>,
    data: Option<Map<String, Value>>,
}

fn cells(line: &str, separator: Option<char>, place: Place) -> Result<Cells, GraphError> {
    let unclosed = || GraphError::Expected {
        place: place.to_string(),
        found: quoted(line),
        expected: "a line whose quotes are closed",
    };
    let mut cells: Vec<String> = Vec::new();
    let mut data = None;
    let mut rest = line.trim_start();
    let mut after_separator = false;
    while let Some(c) = rest.chars().next() {
        if c == '#' || c == '%' {
            break;
        }
        if Some(c) == separator {
            if after_separator || cells.is_empty() {
                cells.push(String::new());
            }
            after_separator = true;
            rest = rest[c.len_utf8()..].trim_start();
            continue;
        }
        if c == '{' {
            data = Some(dictionary(rest, place)?);
            break;
        }
        after_separator = false;
        let end = if c == '"' {
            let end = end_of_quotes(rest).ok_or_else(unclosed)?;
            cells.push(serde_json::from_str(&rest[..end]).map_err(|_| unclosed())?);
            end
        } else {
            let ends =
                |c: char| Some(c) == separator || c == '#' || (separator.is_none() && c.is_whitespace());
            let end = rest.find(ends).unwrap_or(rest.len());
            cells.push(rest[..end].trim_end().to_owned());
            end
        };
        rest = rest[end..].trim_start();
    }
    if cells.iter().any(String::is_empty) && !line.contains("\"\"") {
        return Err(GraphError::Expected {
            place: place.to_string(),
            found: quoted(line),
            expected: "a line without empty cells",
        });
    }
    Ok(Cells { cells, data })
}

/// Behind the closing quote of a text that begins with one.
fn end_of_quotes(text: &str) -> Option<usize> {
    let mut escaped = false;
    let inner = text.char_indices().skip(1);
    let mut ends = inner.filter(|&(_, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    ends.next().map(|(at, _)| at + 1)
}

/// A dictionary as Python prints it: quoted keys; numbers, quoted text, `True`, `False` and `None`.
fn dictionary(text: &str, place: Place) -> Result<Map<String, Value>, GraphError> {
    let fault = || GraphError::Expected {
        place: place.to_string(),
        found: quoted(text),
        expected: "a dictionary as Python prints it",
    };
    let mut json = String::with_capacity(text.len());
    let mut chars = text.trim_end().chars().peekable();
    let mut word = String::new();
    while let Some(c) = chars.next() {
        if c.is_ascii_alphabetic()
            && (!word.is_empty() || !json.ends_with(|d: char| d.is_ascii_digit() || d == '.'))
        {
            word.push(c);
            if chars.peek().is_none_or(|next| !next.is_ascii_alphabetic()) {
                json.push_str(match std::mem::take(&mut word).as_str() {
                    "True" => "true",
                    "False" => "false",
                    "None" => "null",
                    _ => return Err(fault()),
                });
            }
        } else if c == '\'' || c == '"' {
            let mut inner = String::new();
            loop {
                match chars.next().ok_or_else(fault)? {
                    '\\' => inner.extend(chars.next()),
                    end if end == c => break,
                    other => inner.push(other),
                }
            }
            json.push_str(&json!(inner).to_string());
        } else {
            json.push(c);
        }
    }
    serde_json::from_str(&json).map_err(|_| fault())
}

/// Writes a network: its edges and their conductances, and nodes by themselves where their order would be lost.
pub(super) fn write(network: &Network) -> String {
    let name = |node: NodeId| token(&network.node_name(node));
    let mut text = format!("# {}\n", network.name().escape_default());
    let mut seen = HashSet::new();
    let order = network.edges().iter().flat_map(|edge| edge.ends).filter(|&node| seen.insert(node));
    let in_order = order.eq(network.node_ids());
    // A first edge may read as a line that names columns.
    let reads_as_heading = network.edges().first().is_some_and(|edge| {
        let name = network.node_name(edge.ends[0]).to_ascii_lowercase();
        HEADINGS.iter().any(|[first, _]| *first == name)
    });
    if !in_order || reads_as_heading {
        for node in network.node_ids() {
            let _ = writeln!(text, "{}", name(node));
        }
    }
    for (id, edge) in network.edge_ids().zip(network.edges()) {
        let [a, b] = edge.ends.map(name);
        let _ = match network.conductance(id) {
            None => writeln!(text, "{a} {b}"),
            Some(conductance) => writeln!(text, "{a} {b} {conductance}"),
        };
    }
    text
}

/// A name as one word, in quotes if it is none.
fn token(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-+.:/()[]|@!?*<>=&~^$".contains(c);
    let begins = |c: char| c.is_alphanumeric() || "_-+(".contains(c);
    if name.starts_with(begins) && name.chars().all(plain) {
        name.to_owned()
    } else {
        json!(name).to_string()
    }
}

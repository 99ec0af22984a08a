//! SPICE netlists: resistors as edges, voltage sources between a node and ground as inputs.
//!
//! What SPICE has no word for stands in comments that begin with `*wheatstone` and hold JSON: the names of nodes (SPICE
//! ignores case and takes `0` and `gnd` for ground), their places, which of them are outputs, and of what conductance full scale is.
//! Elements that are no resistors and no such sources are refused; commands that only say what a simulator is to compute
//! are passed over.

use super::ascii;
use super::draft::{Draft, Parallel, Place};
use super::error::GraphError;
use crate::file_stem::quoted;
use crate::network::file::Coordinate;
use crate::network::{DiodeClamp, EdgeKind, Network, NodeId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use std::fmt::Write;

/// What a netlist holds besides the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Circuit {
    /// The conductance of every edge, as a fraction of full scale, above 0.
    pub conductances: Vec<f64>,
    /// The voltage of every input in port order, in volts.
    pub volts: Vec<f64>,
    /// What full scale is, in siemens.
    pub full_scale_siemens: f64,
    /// The gate voltage above threshold of a transistor at full scale, in volts: `2^K / (2^(V-1) - 1)` in a format of `V` and `K`
    /// bits.
    pub full_scale_gate_volts: f64,
}

/// Beginning of a comment that holds what SPICE has no word for.
const REMARK: &str = "*wheatstone ";

#[derive(Serialize, Deserialize)]
struct NetworkRemark {
    name: String,
    full_scale_siemens: f64,
}

#[derive(Serialize, Deserialize)]
struct NodeRemark {
    node: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<[f64; 2]>,
}

/// A line with those that continue it.
struct Statement {
    line: usize,
    text: String,
}

/// Commands that say what to compute or print, and nothing of the circuit.
const PASSED_OVER: [&str; 20] = [
    ".op", ".dc", ".ac", ".tran", ".tf", ".sens", ".noise", ".four", ".print", ".plot", ".save", ".probe",
    ".width", ".option", ".options", ".meas", ".measure", ".temp", ".title", ".end",
];

/// Reads a netlist.
pub(super) fn read(text: &str) -> Result<Draft, GraphError> {
    let mut draft = Draft {
        parallel: Parallel::Added,
        any_unit: true,
        port_attribute: ", or join inputs to ground by voltage sources",
        ..Draft::default()
    };
    let mut remarks: HashMap<String, NodeRemark> = HashMap::new();
    let mut full_scale = None;
    let statements = statements(text, &mut draft, &mut remarks, &mut full_scale)?;
    let mut sources: Vec<(usize, String)> = Vec::new();
    let mut names: HashMap<String, String> = HashMap::new();
    let mut in_control = false;
    for statement in &statements {
        let Statement { line, text } = statement;
        let words: Vec<&str> = words(text);
        let Some(first) = words.first().map(|word| word.to_ascii_lowercase()) else { continue };
        let refused = |why| GraphError::Element { line: *line, element: quoted(&first), why };
        if in_control {
            in_control = first != ".endc";
            continue;
        }
        match first.chars().next() {
            Some('.') if first == ".control" => in_control = true,
            Some('.') if first == ".title" => draft.name = words[1..].join(" "),
            Some('.') if first == ".end" => break,
            Some('.') if PASSED_OVER.contains(&first.as_str()) => {}
            Some('.') => return Err(refused("a command that may change the circuit")),
            Some('r') => {
                let place = Place::Line(*line);
                let [_, a, b, value @ ..] = words.as_slice() else {
                    return Err(GraphError::Missing { place: place.to_string(), missing: "node" });
                };
                let ends = [a, b].map(|node| node_name(node, &mut names));
                let ends = ends.map(|name| draft.node_called(&name).0);
                let conductance = 1.0 / resistance(*line, value)?;
                draft.edge(place, ends).conductance = Some(conductance);
            }
            Some('v') => {
                let [_, plus, minus, ..] = words.as_slice() else {
                    return Err(GraphError::Missing {
                        place: Place::Line(*line).to_string(),
                        missing: "node",
                    });
                };
                let node = match (is_ground(plus), is_ground(minus)) {
                    (false, true) => plus,
                    (true, false) => minus,
                    (true, true) => return Err(refused("a voltage source from ground to ground")),
                    (false, false) => {
                        return Err(refused("a voltage source between two nodes, neither of them ground"));
                    }
                };
                sources.push((*line, node_name(node, &mut names)));
            }
            _ => return Err(refused(kind_of(&first))),
        }
    }
    finish(draft, sources, &remarks, full_scale)
}

/// Makes inputs of the sources and of ground, and gives nodes what the remarks say of them.
fn finish(
    mut draft: Draft,
    sources: Vec<(usize, String)>,
    remarks: &HashMap<String, NodeRemark>,
    full_scale: Option<f64>,
) -> Result<Draft, GraphError> {
    for (rank, (line, name)) in (0u32..).zip(sources) {
        let node = draft.node_called(&name).1;
        if node.input.replace(rank).is_some() {
            return Err(GraphError::Element {
                line,
                element: quoted(&name),
                why: "a second voltage source at a node",
            });
        }
    }
    // Ground is a node like others once a resistor reaches it, and its voltage is imposed: 0 V.
    if let Some(ground) = draft.nodes.iter_mut().find(|node| node.name == GROUND) {
        ground.input = Some(u32::MAX);
        draft.notes.push("ground became an input `0`; show it 0 V".to_owned());
    }
    for edge in &mut draft.edges {
        if let (Some(full_scale), Some(siemens)) = (full_scale, &mut edge.conductance) {
            *siemens /= full_scale;
            draft.any_unit = false;
        }
    }
    if !remarks.is_empty() {
        draft.rename(|node| {
            let remark = remarks.get(&node.name)?;
            node.input = remark.input.or(node.input);
            node.output = remark.output;
            node.at = remark.at;
            Some(remark.name.clone())
        })?;
    }
    Ok(draft)
}

/// Name of ground as a node.
const GROUND: &str = "0";

fn is_ground(node: &str) -> bool {
    node == GROUND || node.eq_ignore_ascii_case("gnd")
}

/// A node's name: as it was spelled first, since SPICE ignores case.
fn node_name(node: &str, names: &mut HashMap<String, String>) -> String {
    if is_ground(node) {
        return GROUND.to_owned();
    }
    names.entry(node.to_lowercase()).or_insert_with(|| node.to_owned()).clone()
}

/// The elements of SPICE, by the letter they begin with.
fn kind_of(element: &str) -> &'static str {
    match element.chars().next() {
        Some('c') => "a capacitor",
        Some('l') => "an inductor",
        Some('d') => "a diode",
        Some('q') => "a bipolar transistor",
        Some('m' | 'j' | 'z') => "a transistor",
        Some('i') => "a current source",
        Some('e' | 'f' | 'g' | 'h') => "a controlled source",
        Some('b') => "a source with an expression",
        Some('x') => "a subcircuit",
        Some('s' | 'w') => "a switch",
        _ => "no element that is known",
    }
}

/// The lines of a netlist without comments, continued ones joined; the title and remarks go where they belong.
fn statements(
    text: &str,
    draft: &mut Draft,
    remarks: &mut HashMap<String, NodeRemark>,
    full_scale: &mut Option<f64>,
) -> Result<Vec<Statement>, GraphError> {
    let mut statements: Vec<Statement> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let trimmed = line.trim();
        if let Some(remark) = trimmed.strip_prefix(REMARK) {
            take_remark(number, remark, draft, remarks, full_scale)?;
            continue;
        }
        if trimmed.is_empty() || trimmed.starts_with('*') {
            continue;
        }
        if index == 0 && !trimmed.starts_with('.') {
            if reads_as_element(trimmed) {
                return Err(GraphError::Title { found: quoted(trimmed) });
            }
            draft.name = trimmed.to_owned();
            continue;
        }
        let text = without_comment(trimmed);
        match (text.strip_prefix('+'), statements.last_mut()) {
            (Some(more), Some(before)) => {
                before.text.push(' ');
                before.text.push_str(more);
            }
            (Some(_), None) => {
                let found = quoted(text);
                let expected = "the continuation of a line, there is none before it";
                return Err(GraphError::Expected { place: Place::Line(number).to_string(), found, expected });
            }
            (None, _) => statements.push(Statement { line: number, text: text.to_owned() }),
        }
    }
    Ok(statements)
}

fn take_remark(
    line: usize,
    remark: &str,
    draft: &mut Draft,
    remarks: &mut HashMap<String, NodeRemark>,
    full_scale: &mut Option<f64>,
) -> Result<(), GraphError> {
    let fault = || GraphError::Expected {
        place: Place::Line(line).to_string(),
        found: quoted(remark),
        expected: "a remark as `wheatstone convert` writes it; correct or remove it",
    };
    if let Some(json) = remark.strip_prefix("network ") {
        let network: NetworkRemark = serde_json::from_str(json).map_err(|_| fault())?;
        if !(network.full_scale_siemens.is_finite() && network.full_scale_siemens > 0.0) {
            return Err(fault());
        }
        draft.name = network.name;
        *full_scale = Some(network.full_scale_siemens);
    } else if let Some(json) = remark.strip_prefix("node ") {
        let node: NodeRemark = serde_json::from_str(json).map_err(|_| fault())?;
        draft.node_called(&node.node);
        remarks.insert(node.node.clone(), node);
    } else {
        return Err(fault());
    }
    Ok(())
}

/// Whether a line has the form of a resistor or a source with its value.
fn reads_as_element(line: &str) -> bool {
    let words = words(line);
    let [first, _, _, rest @ ..] = words.as_slice() else { return false };
    let value = rest.iter().find(|word| !word.eq_ignore_ascii_case("dc"));
    first.starts_with(['r', 'R', 'v', 'V']) && value.is_some_and(|value| number(value).is_some())
}

/// A line up to a comment at its end.
fn without_comment(line: &str) -> &str {
    let ends = [line.find(';'), line.find("$ "), line.find("//"), line.strip_suffix('$').map(str::len)];
    line[..ends.into_iter().flatten().min().unwrap_or(line.len())].trim_end()
}

/// Words stand apart by blanks; an equals sign joins what is on its sides.
fn words(line: &str) -> Vec<&str> {
    line.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty()).collect()
}

/// The resistance that stands behind the nodes of a resistor, in ohms.
fn resistance(line: usize, words: &[&str]) -> Result<f64, GraphError> {
    let place = Place::Line(line).to_string();
    let joined = words.join(" ").replace(" =", "=").replace("= ", "=");
    let (value, rest) = joined.split_once(' ').unwrap_or((&joined, ""));
    if value.is_empty() {
        return Err(GraphError::Missing { place, missing: "resistance" });
    }
    let fault =
        |found: &str, expected| GraphError::Expected { place: place.clone(), found: quoted(found), expected };
    if !rest.is_empty() {
        return Err(fault(rest, "part of a resistor with a value and nothing more; remove it"));
    }
    let spelled = match value.split_once('=') {
        Some((key, value)) if key.eq_ignore_ascii_case("r") || key.eq_ignore_ascii_case("resistance") => {
            value
        }
        _ => value,
    };
    match number(spelled) {
        Some(ohms) if ohms > 0.0 && ohms.is_finite() && (1.0 / ohms).is_finite() && 1.0 / ohms > 0.0 => {
            Ok(ohms)
        }
        _ => Err(fault(value, "a resistance above 0 ohm, such as 4.7k")),
    }
}

/// A number with a suffix of SPICE: `4.7k`, `10Meg`, `100`, `22kOhm`. Letters behind the suffix are a unit.
fn number(text: &str) -> Option<f64> {
    let digits = |text: &str| text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let sign = usize::from(text.starts_with(['+', '-']));
    let mut end = sign + digits(&text[sign..]);
    if let Some(exponent) = text[end..].strip_prefix(['e', 'E']) {
        let sign = usize::from(exponent.starts_with(['+', '-']));
        let length = exponent[sign..].find(|c: char| !c.is_ascii_digit()).unwrap_or(exponent.len() - sign);
        if length > 0 {
            end += 1 + sign + length;
        }
    }
    let value: f64 = text[..end].parse().ok()?;
    let unit = text[end..].to_lowercase();
    // Digits behind a letter, as in 4k7, mean different things to different programs.
    if !unit.chars().all(char::is_alphabetic) {
        return None;
    }
    let factor = match unit.chars().next() {
        _ if unit.starts_with("meg") => 1e6,
        _ if unit.starts_with("mil") => 25.4e-6,
        Some('t') => 1e12,
        Some('g') => 1e9,
        Some('k') => 1e3,
        Some('m') => 1e-3,
        Some('u' | '\u{b5}' | '\u{3bc}') => 1e-6,
        Some('n') => 1e-9,
        Some('p') => 1e-12,
        Some('f') => 1e-15,
        Some('a') => 1e-18,
        _ => 1.0,
    };
    Some(value * factor)
}

/// Writes a netlist that `ngspice -b` solves: it prints the voltage of every node.
///
/// A transistor becomes a current source with the square law's expression; a diode to ground one that conducts a
/// million times as well as full scale on the side where it acts, and nothing on the other.
///
/// # Panics
/// Unless there is a conductance for every edge and a voltage for every input.
pub(super) fn write(network: &Network, circuit: &Circuit) -> String {
    /// How much better than full scale an ideal diode conducts.
    const DIODE: f64 = 1e6;
    assert_eq!(circuit.conductances.len(), network.edges().len(), "a conductance for every edge");
    assert_eq!(circuit.volts.len(), network.inputs().len(), "a voltage for every input");
    let Circuit { full_scale_siemens: full, full_scale_gate_volts: gate, .. } = *circuit;
    let nodes = node_words(network);
    let word = |node: NodeId| nodes[node.index()].as_str();
    let rank = |ports: &[NodeId], node: NodeId| {
        ports.iter().position(|&port| port == node).and_then(|rank| u32::try_from(rank).ok())
    };
    let mut text = format!("network {}\n", ascii(&json!(network.name()).to_string()));
    let remark = json!(NetworkRemark { name: network.name().to_owned(), full_scale_siemens: full });
    let _ = writeln!(text, "{REMARK}network {}", ascii(&remark.to_string()));
    for id in network.node_ids() {
        let mut node = json!({ "node": word(id), "name": network.node_name(id) });
        for (key, value) in [("input", rank(network.inputs(), id)), ("output", rank(network.outputs(), id))] {
            if let Some(value) = value {
                node[key] = json!(value);
            }
        }
        if let Some(at) = network.position(id) {
            node["at"] = json!(at.map(Coordinate));
        }
        let _ = writeln!(text, "{REMARK}node {}", ascii(&node.to_string()));
    }
    for (number, (&node, volts)) in network.inputs().iter().zip(&circuit.volts).enumerate() {
        let _ = writeln!(text, "V{number} {} 0 DC {volts:e}", word(node));
    }
    for (number, (edge, fraction)) in network.edges().iter().zip(&circuit.conductances).enumerate() {
        let [a, b] = edge.ends.map(word);
        let _ = match edge.kind {
            EdgeKind::Linear => writeln!(text, "R{number} {a} {b} {:e}", 1.0 / (fraction * full)),
            EdgeKind::Transistor => {
                let overdrive = fraction * gate;
                let factor = full / gate / 2.0;
                writeln!(
                    text,
                    "B{number} {b} {a} I={factor:e}*(max({overdrive:e}-V({a}),0)^2-max({overdrive:e}-V({b}),0)^2)"
                )
            }
        };
    }
    for id in network.node_ids() {
        let node = word(id);
        let side = match network.nodes()[id.index()].clamp {
            DiodeClamp::None => continue,
            DiodeClamp::NonNegative => "min",
            DiodeClamp::NonPositive => "max",
        };
        let _ = writeln!(text, "BD{} {node} 0 I={:e}*{side}(V({node}),0)", id.0, DIODE * full);
    }
    // Batches print sweeps only: one of a single point shows what is at rest.
    let first = circuit.volts.first().copied().unwrap_or_default();
    let _ = write!(text, ".op\n.dc V0 {first:e} {first:e} 1\n.print dc");
    for (place, id) in network.node_ids().enumerate() {
        // Long lines are continued, since some programs cut them.
        if place % 8 == 0 {
            text.push_str("\n+");
        }
        let _ = write!(text, " v({})", word(id));
    }
    text.push_str("\n.end\n");
    text
}

/// What nodes are called in the netlist: their own names where SPICE takes them as they are, else words of a form no such name
/// has.
fn node_words(network: &Network) -> Vec<String> {
    let is_word = |name: &str| {
        name.len() <= 40
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !name.contains("__")
            && !matches!(name, "gnd" | "all")
    };
    let name = |id: NodeId| {
        let name = network.node_name(id);
        if is_word(&name) { name.into_owned() } else { format!("node__{}", id.0) }
    };
    network.node_ids().map(name).collect()
}

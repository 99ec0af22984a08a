//! Networks in the formats of others, read from and written to text. `docs/network-file.md` documents them for users.
//!
//! [`read`] tells the formats apart by what a text holds. Everything here is a function from text to a network or back:
//! no file is opened.

mod attributes;
mod dot;
mod draft;
mod edge_list;
mod error;
mod graphml;
mod node_link;
mod notebook;
mod recognise;
mod spice;

pub use draft::{Graph, Ports};
pub use error::GraphError;
pub use recognise::recognise;
pub use spice::Circuit;

use crate::file_stem::quoted;
use crate::network::{DiodeClamp, EdgeKind, Network, NodeId};
use std::collections::HashMap;

/// A format that is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphFormat {
    /// A network file in TOML.
    Toml,
    /// A network file in JSON.
    Json,
    /// Node-link JSON of networkx.
    NodeLink,
    /// GraphML, an XML format of graphs.
    GraphMl,
    /// A line for each edge.
    EdgeList,
    /// JSON of `nodes`, `pts` and `edges`.
    Notebook,
    /// A netlist of resistors.
    Spice,
}

impl GraphFormat {
    /// All of them.
    pub const ALL: [GraphFormat; 7] = [
        GraphFormat::Toml,
        GraphFormat::Json,
        GraphFormat::NodeLink,
        GraphFormat::GraphMl,
        GraphFormat::EdgeList,
        GraphFormat::Notebook,
        GraphFormat::Spice,
    ];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            GraphFormat::Toml => "toml",
            GraphFormat::Json => "json",
            GraphFormat::NodeLink => "node-link",
            GraphFormat::GraphMl => "graphml",
            GraphFormat::EdgeList => "edge-list",
            GraphFormat::Notebook => "notebook",
            GraphFormat::Spice => "spice",
        }
    }

    /// What of this network a file of this format cannot carry, in words; nothing if it carries everything.
    pub fn leaves_out(self, network: &Network) -> Vec<&'static str> {
        let native = matches!(self, GraphFormat::Toml | GraphFormat::Json);
        let attributes = native || matches!(self, GraphFormat::NodeLink | GraphFormat::GraphMl);
        let clamps = network.nodes().iter().any(|node| node.clamp != DiodeClamp::default());
        let kinds = network.edges().iter().any(|edge| edge.kind != EdgeKind::default());
        let groups = network.groups().len() > 1 || network.groups()[0] != default_group();
        let places = network.position(NodeId(0)).is_some();
        let conductances = network.edge_ids().any(|edge| network.conductance(edge).is_some());
        let mut left_out = Vec::new();
        let mut put = |what, is_there: bool, carried: bool| {
            if is_there && !carried {
                left_out.push(what);
            }
        };
        let is_edge_list = self == GraphFormat::EdgeList;
        put("inputs and outputs", true, !is_edge_list);
        put("positions", places, !is_edge_list);
        put("diodes", clamps, attributes);
        put("kinds of edges", kinds, attributes);
        put("groups", groups, attributes);
        put("conductances", conductances, true);
        put("name", !network.name().is_empty(), !is_edge_list);
        left_out
    }
}

fn default_group() -> crate::network::EdgeGroup {
    crate::network::EdgeGroup { name: "all".to_owned(), alpha: 0, frozen: false }
}

/// The text of a file: UTF-8, without a byte order mark.
///
/// # Errors
/// [`GraphError::Encoding`] says where it is no text.
pub fn text(bytes: &[u8]) -> Result<&str, GraphError> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let hint = match bytes {
            [0x1f, 0x8b, ..] => " (it is compressed by gzip; unpack it)",
            [b'P', b'K', 3, 4, ..] => " (it is a ZIP file)",
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => " (it is UTF-16; save it as UTF-8)",
            [0x80, ..] => " (it is a pickle of Python; write it with nx.node_link_data)",
            _ => "",
        };
        GraphError::Encoding { offset: error.valid_up_to(), hint }
    })
}

/// Reads a network in any format that is taken; `ports` say which nodes are inputs and outputs where the file does not, or
/// overrule it.
///
/// # Errors
/// [`GraphError`] names the line or entry at fault.
pub fn read(bytes: &[u8], ports: &Ports) -> Result<Graph, GraphError> {
    let text = text(bytes)?;
    read_as(recognise(text)?, text, ports)
}

/// What a graph holds that is no network yet, because nothing says which of its nodes are ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The format it is in.
    pub format: GraphFormat,
    /// Number of nodes.
    pub nodes: usize,
    /// Its edges, parallel ones counted each.
    pub edges: usize,
    /// Nodes it calls inputs.
    pub inputs: usize,
    /// Nodes it calls outputs.
    pub outputs: usize,
    /// Edges with a conductance.
    pub conductances: usize,
}

/// Says what a graph holds without making a network of it. A network file is a network, and has no outline.
///
/// # Errors
/// [`GraphError`] names the line or entry at fault.
pub fn outline(bytes: &[u8]) -> Result<Option<Outline>, GraphError> {
    let text = text(bytes)?;
    let format = recognise(text)?;
    let Some(draft) = draft(format, text)? else { return Ok(None) };
    Ok(Some(Outline {
        format,
        nodes: draft.nodes.len(),
        edges: draft.edges.len(),
        inputs: draft.nodes.iter().filter(|node| node.input.is_some()).count(),
        outputs: draft.nodes.iter().filter(|node| node.output.is_some()).count(),
        conductances: draft.edges.iter().filter(|edge| edge.conductance.is_some()).count(),
    }))
}

/// A graph in a format of others.
fn draft(format: GraphFormat, text: &str) -> Result<Option<draft::Draft>, GraphError> {
    Ok(Some(match format {
        GraphFormat::Toml | GraphFormat::Json => return Ok(None),
        GraphFormat::NodeLink => node_link::read(text)?,
        GraphFormat::GraphMl => graphml::read(text)?,
        GraphFormat::EdgeList => edge_list::read(text)?,
        GraphFormat::Notebook => notebook::read(text)?,
        GraphFormat::Spice => spice::read(text)?,
    }))
}

/// Reads a network in a format that is known.
///
/// # Errors
/// [`GraphError`] names the line or entry at fault.
pub fn read_as(format: GraphFormat, text: &str, ports: &Ports) -> Result<Graph, GraphError> {
    match draft(format, text)? {
        Some(draft) => draft.finish(ports),
        None if format == GraphFormat::Toml => with_ports(Network::from_toml(text)?, ports),
        None => with_ports(Network::from_json(text)?, ports),
    }
}

/// The same network with other ports, where others are asked for.
///
/// # Errors
/// [`GraphError::UnknownPort`], or [`GraphError::Network`] if it is none with these ports.
pub fn with_ports(network: Network, ports: &Ports) -> Result<Graph, GraphError> {
    let notes = Vec::new();
    if *ports == Ports::default() {
        return Ok(Graph { network, notes });
    }
    let numbers: HashMap<String, NodeId> =
        network.node_ids().map(|id| (network.node_name(id).into_owned(), id)).collect();
    let find = |what: &'static str, asked: &[String], own: &[NodeId]| -> Result<Vec<NodeId>, GraphError> {
        let unknown = |name: &String| GraphError::UnknownPort {
            what,
            name: quoted(name),
            nodes: format!("those of the file, {} in all", network.nodes().len()),
        };
        match asked {
            [] => Ok(own.to_vec()),
            asked => {
                asked.iter().map(|name| numbers.get(name).copied().ok_or_else(|| unknown(name))).collect()
            }
        }
    };
    let inputs = find("inputs", &ports.inputs, network.inputs())?;
    let outputs = find("outputs", &ports.outputs, network.outputs())?;
    let network = network.with_ports(inputs, outputs)?;
    Ok(Graph { network, notes })
}

/// Writes a network. What the format cannot carry is left out: see [`GraphFormat::leaves_out`]. `None` for a netlist, which
/// needs a [`Circuit`]: see [`to_spice`].
pub fn write(format: GraphFormat, network: &Network) -> Option<String> {
    match format {
        GraphFormat::Toml => Some(network.to_toml()),
        GraphFormat::Json => Some(network.to_json()),
        GraphFormat::NodeLink => Some(node_link::write(network)),
        GraphFormat::GraphMl => Some(graphml::write(network)),
        GraphFormat::EdgeList => Some(edge_list::write(network)),
        GraphFormat::Notebook => Some(notebook::write(network)),
        GraphFormat::Spice => None,
    }
}

/// Writes a netlist that `ngspice -b` solves: it prints the voltage of every node at rest.
///
/// Resistors are exact. A transistor becomes a source of the square law's current. A diode to ground becomes one that
/// conducts a million times as well as full scale where it acts: a millionth of a volt from an ideal one.
///
/// # Panics
/// Unless there is a conductance for every edge and a voltage for every input.
pub fn to_spice(network: &Network, circuit: &Circuit) -> String {
    spice::write(network, circuit)
}

/// Writes DOT, for Graphviz to draw; `conductances`, fractions of full scale for every edge, become the widths of lines.
pub fn to_dot(network: &Network, conductances: Option<&[f64]>) -> String {
    dot::write(network, conductances)
}

/// JSON in ASCII, on one line.
fn ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c == ' ' || c.is_ascii_graphic() {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                ascii.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    ascii
}

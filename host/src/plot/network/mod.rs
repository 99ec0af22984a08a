//! A network with its conductances and free voltages.

mod layout;
mod legend;
mod map;
mod shape;

use super::palette::{INK, diverging, sequential};
use super::scale::{grouped, nice};
use super::svg::{Anchor, Svg, shorten};
use layout::{Arrangement, Frame, Layout};
use wheatstone_sim::network::{EdgeId, NodeId};
use wheatstone_sim::{Format, Network, State, Wave};

/// Most edges drawn one by one: a torus of 32x32 nodes has so many.
const MAX_EDGES: usize = 2048;
/// Most nodes drawn one by one.
const MAX_NODES: usize = 4000;
const HEIGHT: f64 = 700.0;
/// Width of the nodes' part of the picture, and of the legend's column.
const NODES: f64 = 508.0;
const LEGEND: f64 = 162.0;
/// Least room for names on either side of the nodes.
const SIDE: f64 = 130.0;
/// Most characters of a name, and the width of one.
const LONGEST_NAME: usize = 60;
const CHARACTER: f64 = 6.8;

/// What the ends of the colour scales stand for, and how wide lines are.
struct Scales {
    /// Conductance of the full colour, as a fraction of full scale.
    conductance: f64,
    /// Voltage of the full colour.
    voltage: f64,
    /// Width of the widest line.
    widest: f64,
}

impl Scales {
    fn width(&self, share: f64) -> f64 {
        let thinnest = (0.3 * self.widest).min(1.1);
        thinnest + share.clamp(0.0, 1.0) * (self.widest - thinnest)
    }
}

/// The network drawn: an edge's width and colour by its conductance, a node's fill by its free voltage, its shape by
/// its kind. Point at a node to read its voltage.
///
/// Nodes lie at the positions the network gives; layers are spread to one height each, and a network without positions
/// is drawn in columns by distance from the inputs. Edges of a periodic lattice that close a row or column are drawn as
/// a stub at both ends. Of more than 2048 edges the strongest are drawn; of more than 4000 nodes a map of
/// conductances, or their histogram where there is no plane to map: the picture says so, and so does [`left_out`].
pub fn network(network: &Network, state: &State, format: Format) -> String {
    if network.nodes().len() > MAX_NODES {
        return map::draw(network, state, format)
            .unwrap_or_else(|| super::conductance_histogram(network, state, format));
    }
    let [left, right] = [network.inputs(), network.outputs()].map(|ports| room(network, ports));
    let frame = Frame { left: left + 10.0, top: 16.0, width: NODES, height: HEIGHT - 52.0 };
    let legend = frame.left + NODES + right;
    let layout = Layout::new(network, frame);
    let shown = strongest(state, MAX_EDGES);
    let share = |k: i64| super::conductance(format, k);
    let largest = state.k.iter().copied().map(share).fold(0.0, f64::max);
    let volts = |n: NodeId| {
        f64::from(i32::try_from(format.voltage(state.u(Wave::Free)[n.index()])).unwrap_or(0))
            / f64::from(format.one_volt())
    };
    let highest = network.node_ids().map(|n| volts(n).abs()).fold(0.0, f64::max);
    let radius = match layout.arrangement {
        Arrangement::Grid { .. } => (0.22 * layout.spacing).clamp(2.0, 11.0),
        Arrangement::Columns => (0.3 * layout.spacing).clamp(2.0, 11.0),
    };
    let crowd = (400.0 / shown.len().max(1) as f64).sqrt();
    let scales = Scales {
        conductance: nice(largest).min(1.0),
        voltage: if highest == 0.0 { 1.0 } else { nice(highest).min(1.0) },
        widest: match layout.arrangement {
            Arrangement::Grid { .. } => (0.16 * layout.spacing).clamp(1.4, 6.0),
            Arrangement::Columns => (4.0 * crowd).clamp(1.2, 5.0),
        },
    };
    let mut svg = Svg::new(legend + LEGEND, HEIGHT, &title(network));

    svg.open("edges", "fill=\"none\"");
    let mut wraps = false;
    for &edge in &shown {
        let EdgeView { path, wrapped } = edge_view(network, &layout, edge);
        wraps |= wrapped;
        let level = share(state.k[edge.index()]) / scales.conductance;
        let dash = shape::dash(network.edges()[edge.index()].kind);
        svg.stroke(&path, sequential(level), scales.width(level), dash);
    }
    svg.close();

    svg.open("nodes", &format!("stroke-linejoin=\"round\" stroke-width=\"{:.1}\"", (0.12 * radius).max(0.5)));
    for node in network.node_ids() {
        let wheatstone_sim::network::Node { kind, clamp } = network.nodes()[node.index()];
        let at = layout.places[node.index()];
        let fill = diverging(volts(node) / scales.voltage);
        let hint = format!("{}: {:.4} V", network.node_name(node), volts(node));
        svg.fill(
            &shape::outline(kind, at, shape::scale(kind) * radius),
            fill,
            Some((INK, (0.12 * radius).clamp(0.5, 1.2))),
            &hint,
        );
        if let Some(triangle) = shape::diode(clamp, at, radius) {
            let ink = if fill.is_dark() { diverging(0.0) } else { INK };
            svg.fill(&triangle, ink, None, "");
        }
    }
    svg.close();

    labels(&mut svg, network, &layout, radius);
    legend::draw(&mut svg, network, &scales, wraps, [legend, 26.0]);
    if let Some(note) = left_out(network) {
        svg.styled([20.0, HEIGHT - 16.0], 12.5, Anchor::Start, INK, "", &note);
    }
    svg.finish()
}

/// Room for the names of a column of ports.
fn room(network: &Network, ports: &[NodeId]) -> f64 {
    let characters = |&port: &NodeId| network.node_name(port).chars().count().min(LONGEST_NAME);
    let longest = ports.iter().map(characters).max().unwrap_or(0);
    (CHARACTER / 12.0 * name_size(ports).unwrap_or(0.0) * longest as f64 + 24.0).max(SIDE)
}

/// The size of the names beside a column of ports; `None` where there is no room to read them.
fn name_size(ports: &[NodeId]) -> Option<f64> {
    let step = (HEIGHT - 52.0) / ports.len().max(1) as f64;
    (step >= 8.0).then(|| (0.95 * step).min(12.0))
}

/// What [`network`] does not draw one by one, as a sentence; `None` if it draws everything.
pub fn left_out(network: &Network) -> Option<String> {
    let (nodes, edges) = (network.nodes().len(), network.edges().len());
    if nodes > MAX_NODES {
        let nodes = grouped(nodes as u64);
        Some(format!(
            "{nodes} nodes are too many to draw one by one; only their conductances are summarised."
        ))
    } else if edges > MAX_EDGES {
        let (drawn, all) = (grouped(MAX_EDGES as u64), grouped(edges as u64));
        Some(format!("Only the {drawn} edges of largest conductance are drawn, of {all}."))
    } else {
        None
    }
}

fn title(network: &Network) -> String {
    format!("Conductances and free voltages of {}", network.name())
}

/// The strongest edges, weakest first, so that the strong ones lie on top.
fn strongest(state: &State, limit: usize) -> Vec<EdgeId> {
    let mut edges: Vec<(i64, EdgeId)> = state.k.iter().copied().zip((0..).map(EdgeId)).collect();
    edges.sort_unstable();
    edges.split_off(edges.len().saturating_sub(limit)).into_iter().map(|(_, edge)| edge).collect()
}

struct EdgeView {
    path: String,
    wrapped: bool,
}

fn edge_view(network: &Network, layout: &Layout, edge: EdgeId) -> EdgeView {
    let ends = network.edges()[edge.index()].ends.map(NodeId::index);
    let [[ax, ay], [bx, by]] = ends.map(|e| layout.places[e]);
    if let Some([dx, dy]) = layout.wraps(ends) {
        let stub = 0.5 * layout.spacing;
        let path = format!(
            "M{ax:.1} {ay:.1}l{:.1} {:.1}M{bx:.1} {by:.1}l{:.1} {:.1}",
            dx * stub,
            dy * stub,
            -dx * stub,
            -dy * stub
        );
        return EdgeView { path, wrapped: true };
    }
    let path = if layout.arrangement == Arrangement::Columns && ax == bx {
        // Around the nodes between its ends.
        let bulge = (0.5 * (by - ay).abs()).clamp((0.3 * layout.spacing).min(60.0), 60.0);
        format!("M{ax:.1} {ay:.1}Q{:.1} {:.1} {bx:.1} {by:.1}", ax + bulge, (ay + by) / 2.0)
    } else {
        format!("M{ax:.1} {ay:.1}L{bx:.1} {by:.1}")
    };
    EdgeView { path, wrapped: false }
}

/// Names of the ports, where there is room: beside the outer columns, or below right of a node of a grid.
fn labels(svg: &mut Svg, network: &Network, layout: &Layout, radius: f64) {
    let ports = || network.inputs().iter().chain(network.outputs());
    match layout.arrangement {
        Arrangement::Grid { .. } if layout.spacing >= 40.0 => {
            for &port in ports() {
                let [x, y] = layout.places[port.index()];
                let name =
                    shorten(&network.node_name(port), super::scale::index(layout.spacing / 9.0, 12).max(3));
                label(svg, [x + 1.05 * radius, y + 1.05 * radius + 6.0], 12.0, Anchor::Start, &name);
            }
        }
        Arrangement::Columns => {
            let ends = super::scale::extent(layout.places.iter().map(|p| p[0]));
            for side in [network.inputs(), network.outputs()] {
                let Some(size) = name_size(side) else { continue };
                for &port in side {
                    let [x, y] = layout.places[port.index()];
                    let name = shorten(&network.node_name(port), LONGEST_NAME);
                    let away = 1.4 * radius + 6.0;
                    if ends.is_some_and(|(left, _)| x == left) {
                        label(svg, [x - away, y], size, Anchor::End, &name);
                    } else if ends.is_some_and(|(_, right)| x == right) {
                        label(svg, [x + away, y], size, Anchor::Start, &name);
                    }
                }
            }
        }
        Arrangement::Grid { .. } => {}
    }
}

/// A name, readable above edges.
fn label(svg: &mut Svg, at: [f64; 2], size: f64, anchor: Anchor, name: &str) {
    let halo = "stroke=\"#ffffff\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\"";
    svg.styled(at, size, anchor, INK, halo, name);
}

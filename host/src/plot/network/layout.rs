//! Where the nodes of a network are drawn.

use std::collections::{BTreeMap, VecDeque};
use wheatstone_sim::Network;

/// Which rule placed the nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Arrangement {
    /// At their own positions, x and y at the same scale.
    Grid {
        /// Columns and rows of the grid the nodes span.
        extent: [f64; 2],
    },
    /// In columns, each one spread over the whole height.
    Columns,
}

/// A place for every node, in CSS pixels.
pub(super) struct Layout {
    pub places: Vec<[f64; 2]>,
    pub arrangement: Arrangement,
    /// Distance of neighbouring nodes.
    pub spacing: f64,
}

/// The part of the picture the nodes may use.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Layout {
    /// Places the nodes inside the frame: in columns if no edge joins nodes of one column, or if the network has no
    /// positions of its own; at its own positions otherwise.
    pub(super) fn new(network: &Network, frame: Frame) -> Layout {
        match plane(network) {
            Some(Plane { places, whole: true }) if layered(network, &places) => columns(&places, frame),
            Some(plane) => grid(&plane, frame),
            None => columns(&by_distance(network), frame),
        }
    }

    /// The straight edge between two nodes leaves the grid at one border and comes back at the opposite one: it
    /// joins the two ends of a row or column of at least three nodes. Its direction out of the first node then.
    pub(super) fn wraps(&self, ends: [usize; 2]) -> Option<[f64; 2]> {
        let Arrangement::Grid { extent } = self.arrangement else { return None };
        let [[ax, ay], [bx, by]] = ends.map(|e| self.places[e]);
        let (dx, dy) = ((bx - ax) / self.spacing, (by - ay) / self.spacing);
        let whole = |d: f64, extent: f64| extent >= 3.0 && d.abs() > extent - 1.5;
        if dy.abs() < 0.5 && whole(dx, extent[0]) {
            Some([-dx.signum(), 0.0])
        } else if dx.abs() < 0.5 && whole(dy, extent[1]) {
            Some([0.0, -dy.signum()])
        } else {
            None
        }
    }
}

/// The positions a network gives its nodes, scaled so that neighbours are about a unit apart.
pub(super) struct Plane {
    pub places: Vec<[f64; 2]>,
    /// They lie on a grid of whole numbers, as they were given; only there can rows, columns and layers be told.
    pub whole: bool,
}

/// The network's own positions, if it has any.
pub(super) fn plane(network: &Network) -> Option<Plane> {
    let mut places: Vec<[f64; 2]> = network.node_ids().map(|n| network.position(n)).collect::<Option<_>>()?;
    let whole = places.iter().flatten().all(|x| x.fract() == 0.0);
    if !whole {
        let extent = |axis: usize| {
            let [low, high] = range(&places, axis);
            high - low
        };
        let (width, height, nodes) = (extent(0), extent(1), places.len() as f64);
        let unit = (width / nodes.sqrt() * (height / nodes.sqrt())).sqrt().max(width.max(height) / nodes);
        if unit > 0.0 && unit.is_finite() {
            places.iter_mut().flatten().for_each(|x| *x /= unit);
        }
    }
    Some(Plane { places, whole })
}

/// Least and greatest coordinate.
fn range(places: &[[f64; 2]], axis: usize) -> [f64; 2] {
    let values = || places.iter().map(|p| p[axis]);
    [values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max)]
}

/// Every edge joins two columns: layers, not a lattice.
fn layered(network: &Network, own: &[[f64; 2]]) -> bool {
    network.edges().iter().all(|e| own[e.ends[0].index()][0] != own[e.ends[1].index()][0])
}

fn grid(plane: &Plane, frame: Frame) -> Layout {
    let own = &plane.places;
    let [[low_x, width], [low_y, height]] = [0, 1].map(|axis| {
        let [low, high] = range(own, axis);
        [low, high - low]
    });
    // Half a grid unit is kept free around: stubs of periodic edges end there.
    let spacing = (frame.width / (width + 1.0)).min(frame.height / (height + 1.0)).min(160.0);
    let left = frame.left + (frame.width - spacing * width) / 2.0;
    let top = frame.top + (frame.height - spacing * height) / 2.0;
    let place = |p: &[f64; 2]| [left + spacing * (p[0] - low_x), top + spacing * (p[1] - low_y)];
    // Without rows and columns no edge goes around.
    let extent = if plane.whole { [width + 1.0, height + 1.0] } else { [0.0; 2] };
    Layout { places: own.iter().map(place).collect(), arrangement: Arrangement::Grid { extent }, spacing }
}

fn columns(own: &[[f64; 2]], frame: Frame) -> Layout {
    let mut order: Vec<usize> = (0..own.len()).collect();
    order.sort_by(|&a, &b| own[a][0].total_cmp(&own[b][0]));
    let mut columns: Vec<Vec<usize>> =
        order.chunk_by(|&a, &b| own[a][0].total_cmp(&own[b][0]).is_eq()).map(<[usize]>::to_vec).collect();
    let tallest = columns.iter().map(Vec::len).max().unwrap_or(1) as f64;
    let between = frame.width / (columns.len().max(2) - 1) as f64;
    let first = if columns.len() == 1 { frame.left + frame.width / 2.0 } else { frame.left };
    let mut places = vec![[0.0; 2]; own.len()];
    for (column, nodes) in columns.iter_mut().enumerate() {
        nodes.sort_by(|&a, &b| own[a][1].total_cmp(&own[b][1]));
        let step = frame.height / nodes.len() as f64;
        for (row, node) in nodes.iter().enumerate() {
            places[*node] = [first + between * column as f64, frame.top + (row as f64 + 0.5) * step];
        }
    }
    Layout { places, arrangement: Arrangement::Columns, spacing: (frame.height / tallest).min(between) }
}

/// A column for every distance from the inputs, in each one the nodes in the order of their neighbours before.
fn by_distance(network: &Network) -> Vec<[f64; 2]> {
    let mut distance: Vec<Option<i32>> = vec![None; network.nodes().len()];
    let mut queue: VecDeque<_> = network.inputs().iter().copied().collect();
    for input in network.inputs() {
        distance[input.index()] = Some(0);
    }
    let mut counts: BTreeMap<i32, i32> = BTreeMap::new();
    let mut places = vec![[0.0; 2]; network.nodes().len()];
    while let Some(node) = queue.pop_front() {
        let here = distance[node.index()].unwrap_or(0);
        let row = counts.entry(here).or_insert(0);
        places[node.index()] = [f64::from(here), f64::from(*row)];
        *row += 1;
        for next in network.incidences(node) {
            if distance[next.neighbour.index()].is_none() {
                distance[next.neighbour.index()] = Some(here + 1);
                queue.push_back(next.neighbour);
            }
        }
    }
    places
}

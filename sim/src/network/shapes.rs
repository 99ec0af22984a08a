//! Networks of regular shape.

use super::{DiodeClamp, EdgeKind, Network, NetworkBuilder, NetworkError, NodeId};

/// How a lattice ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// The lattice ends at its boundary.
    Open,
    /// Nowhere: each row and column closes on itself (a torus).
    Periodic,
}

/// Every input joined to every output: a single layer of resistors, group `all`.
///
/// # Errors
/// [`NetworkError::NoInputs`], [`NetworkError::NoOutputs`].
pub fn crossbar(inputs: usize, outputs: usize, kind: EdgeKind) -> Result<Network, NetworkError> {
    layered(&[inputs, outputs], kind).map(|mut network| {
        network.name = format!("crossbar-{inputs}-{outputs}");
        network
    })
}

/// A deep resistive network (Scellier, arXiv 2402.11674): full bipartite layers, the first one inputs, the last one
/// outputs, and on the hidden nodes between them diodes that alternate between `u >= 0` and `u <= 0`.
///
/// Every layer of edges is a group of its own, `layer1`, `layer2`, ..., numbered from the input; with a single
/// layer the group is `all`.
///
/// # Errors
/// [`NetworkError::Size`] for fewer than two layers or an empty hidden one, and those of [`NetworkBuilder::build`].
pub fn layered(sizes: &[usize], kind: EdgeKind) -> Result<Network, NetworkError> {
    if sizes.len() < 2 {
        let remedy = "a layered network has at least an input and an output layer";
        return Err(NetworkError::Size { what: "layers", value: sizes.len(), remedy });
    }
    if sizes[1..sizes.len() - 1].contains(&0) {
        let remedy = "a hidden layer without nodes joins nothing, leave it out";
        return Err(NetworkError::Size { what: "nodes of a hidden layer", value: 0, remedy });
    }
    let text: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    let mut net = NetworkBuilder::new(format!("layered-{}", text.join("-")));
    let mut positions = Vec::new();
    let last = sizes.len() - 1;
    let mut layers: Vec<Vec<NodeId>> = Vec::new();
    for (depth, &size) in sizes.iter().enumerate() {
        let mut layer = Vec::with_capacity(size);
        for i in 0..size {
            let (name, clamp) = match depth {
                0 => (format!("x{i}"), DiodeClamp::None),
                d if d == last => (format!("y{i}"), DiodeClamp::None),
                _ => (format!("h{depth}.{i}"), [DiodeClamp::NonNegative, DiodeClamp::NonPositive][i % 2]),
            };
            layer.push(net.named_node(name, clamp));
            positions.push([grid(depth), grid(i)]);
        }
        layers.push(layer);
    }
    for (depth, pair) in layers.windows(2).enumerate() {
        let group = if last == 1 { net.group("all", 0) } else { net.group(format!("layer{}", depth + 1), 0) };
        for &a in &pair[0] {
            for &b in &pair[1] {
                net.edge(a, b, kind, group);
            }
        }
    }
    net.set_positions(positions);
    let outputs = layers.pop().unwrap_or_default();
    net.inputs(layers.swap_remove(0)).outputs(outputs).build()
}

/// A square lattice of `rows` x `columns` hidden nodes, numbered row by row; choose its ports on the builder.
///
/// A periodic lattice is bipartite if both extents are even; an extent below 3 cannot close on itself and stays
/// open in that direction.
pub fn lattice(rows: usize, columns: usize, boundary: Boundary, kind: EdgeKind) -> NetworkBuilder {
    let shape = match boundary {
        Boundary::Open => "lattice",
        Boundary::Periodic => "periodic",
    };
    let mut net = NetworkBuilder::new(format!("{shape}-{rows}x{columns}"));
    let group = net.group("all", 0);
    let nodes: Vec<NodeId> = (0..rows * columns).map(|_| net.node(DiodeClamp::None)).collect();
    let wraps = |extent: usize| boundary == Boundary::Periodic && extent > 2;
    for row in 0..rows {
        for column in 0..columns {
            let here = nodes[row * columns + column];
            if column + 1 < columns || wraps(columns) {
                net.edge(here, nodes[row * columns + (column + 1) % columns], kind, group);
            }
            if row + 1 < rows || wraps(rows) {
                net.edge(here, nodes[(row + 1) % rows * columns + column], kind, group);
            }
        }
    }
    net.set_positions((0..rows * columns).map(|i| [grid(i % columns), grid(i / columns)]).collect());
    net
}

/// Nine nodes and sixteen edges, bipartite: the 3x3 lattice and four long edges from each corner to the middle of
/// the side it does not touch, turning like a pinwheel. It has the size of the first learning network built of
/// variable resistors (Dillavou et al., Phys. Rev. Applied 18, 014040, 2022), whose diagonals the hardware's two
/// colours do not permit. Choose its ports on the builder.
pub fn pinwheel(kind: EdgeKind) -> NetworkBuilder {
    let mut net = lattice(3, 3, Boundary::Open, kind);
    net.name("pinwheel");
    for (corner, side) in [(0, 5), (2, 7), (8, 3), (6, 1)] {
        net.edge(NodeId(corner), NodeId(side), kind, super::GroupId(0));
    }
    net
}

/// A place on the drawing grid.
#[expect(clippy::cast_precision_loss, reason = "a place to look at, exact below 2^53")]
fn grid(index: usize) -> f64 {
    index as f64
}

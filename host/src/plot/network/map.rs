//! Networks too large to draw node by node: the mean conductance over the plane.

use crate::plot::palette::{INK, MUTED, sequential};
use crate::plot::scale::{grouped, index, nice};
use crate::plot::svg::{Anchor, Svg};
use wheatstone_sim::{Format, Network, State};

/// Most cells along the longer side.
const CELLS: f64 = 96.0;

/// The network's plane in cells coloured by the mean conductance of the edges that begin there; `None` if nodes have
/// no positions, or lie on a line.
pub(super) fn draw(network: &Network, state: &State, format: Format) -> Option<String> {
    let own = super::layout::plane(network)?.places;
    let low = own.iter().fold([f64::INFINITY; 2], |l, p| [l[0].min(p[0]), l[1].min(p[1])]);
    let high = own.iter().fold([f64::NEG_INFINITY; 2], |h, p| [h[0].max(p[0]), h[1].max(p[1])]);
    let extent = [high[0] - low[0] + 1.0, high[1] - low[1] + 1.0];
    let longer = extent[0].max(extent[1]);
    if extent[0].min(extent[1]) < 4.0 || longer > 64.0 * extent[0].min(extent[1]) {
        return None;
    }
    let per_cell = (longer / CELLS).ceil().max(1.0);
    let [columns, rows] = extent.map(|e| index((e / per_cell).ceil(), 1000).max(1));
    let mut sums = vec![(0.0, 0u32); columns * rows];
    for (edge, k) in network.edges().iter().zip(&state.k) {
        let p = own[edge.ends[0].index()];
        let column = index((p[0] - low[0]) / per_cell, columns - 1);
        let row = index((p[1] - low[1]) / per_cell, rows - 1);
        let cell = &mut sums[row * columns + column];
        *cell = (cell.0 + crate::plot::conductance(format, *k), cell.1 + 1);
    }
    let means: Vec<Option<f64>> = sums.iter().map(|(s, n)| (*n > 0).then(|| s / f64::from(*n))).collect();
    let scale = nice(means.iter().flatten().copied().fold(0.0, f64::max)).min(1.0);
    let side = 620.0 / columns.max(rows) as f64;
    let (width, height) = (side * columns as f64, side * rows as f64);
    let mut svg = Svg::new(width + 180.0, height.max(220.0) + 64.0, &super::title(network));
    for (i, mean) in means.iter().enumerate() {
        let at = [20.0 + side * (i % columns) as f64, 20.0 + side * (i / columns) as f64];
        if let Some(mean) = mean {
            svg.rectangle(at, [side + 0.2, side + 0.2], sequential(mean / scale));
        }
    }
    let x = width + 48.0;
    svg.text([x, 28.0], 13.0, Anchor::Start, "conductance");
    svg.styled([x, 45.0], 11.5, Anchor::Start, MUTED, "", "(mean, of full scale)");
    for i in 0..50u32 {
        let share = 1.0 - (f64::from(i) + 0.5) / 50.0;
        svg.rectangle([x, 66.0 + 3.0 * f64::from(i)], [14.0, 3.4], sequential(share));
    }
    for share in [0.0, 0.5, 1.0] {
        svg.text([x + 22.0, 216.0 - 150.0 * share], 12.0, Anchor::Start, &format!("{}", share * scale));
    }
    let note = format!(
        "{} nodes and {} edges: mean conductance in cells of {per_cell} x {per_cell} nodes.",
        grouped(network.nodes().len() as u64),
        grouped(network.edges().len() as u64)
    );
    svg.styled([20.0, height.max(220.0) + 44.0], 12.0, Anchor::Start, INK, "", &note);
    Some(svg.finish())
}

//! How the conductances are distributed.

use super::chart::{Chart, Mark, Panel, Series};
use super::palette::SERIES;
use super::scale::{Axis, grouped, index};
use wheatstone_sim::{Format, Network, State};

/// Bins over the whole range of a conductance.
const BINS: usize = 40;

/// Share of the edges of each group in 40 bins of conductance; with more groups than colours, all edges together.
///
/// The conductance is a fraction of full scale, `2^K`.
pub fn conductance_histogram(network: &Network, state: &State, format: Format) -> String {
    let together = network.groups().len() > SERIES.len();
    let names: Vec<String> = if together {
        vec![format!("all {} groups", network.groups().len())]
    } else {
        network.groups().iter().map(|g| super::svg::shorten(&g.name, 24)).collect()
    };
    let mut counts = vec![[0u32; BINS]; names.len()];
    for (edge, k) in network.edges().iter().zip(&state.k) {
        let group = if together { 0 } else { edge.group.index() };
        counts[group][index(super::conductance(format, *k) * BINS as f64, BINS - 1)] += 1;
    }
    let series: Vec<Series> = counts
        .iter()
        .zip(names)
        .enumerate()
        .filter_map(|(i, (bins, name))| {
            let total: u32 = bins.iter().sum();
            let share = |count: u32| 100.0 * f64::from(count) / f64::from(total);
            let used = bins.iter().rposition(|&count| count > 0).map_or(0, |last| last + 1);
            let heights = bins[..used].iter().map(|&count| share(count));
            (total > 0).then(|| Series {
                name: format!("{name} ({} edges)", grouped(total.into())),
                colour: SERIES[i],
                mark: Mark::Line(1.8),
                points: outline(0.0, 1.0 / BINS as f64, heights),
            })
        })
        .collect();
    let tallest = series.iter().flat_map(|s| s.points.iter().map(|p| p.1)).chain([0.0, 1.0]);
    let panel = Panel {
        x: Axis::between("conductance (fraction of full scale)", 0.0, 1.0, 0.0),
        y: Axis::linear("share of the group's edges (%)", tallest, 0.0),
        height: 360,
        series,
    };
    Chart { title: "Distribution of the conductances", note: None, panels: vec![panel] }.svg()
}

/// The outline of bars that begin at `low` and are `width` wide.
pub(super) fn outline(low: f64, width: f64, heights: impl ExactSizeIterator<Item = f64>) -> Vec<(f64, f64)> {
    let end = low + heights.len() as f64 * width;
    let bars = heights.enumerate();
    let sides = bars.flat_map(|(bin, height)| [bin, bin + 1].map(|side| (low + side as f64 * width, height)));
    std::iter::once((low, 0.0)).chain(sides).chain([(end, 0.0)]).collect()
}

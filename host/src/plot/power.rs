//! Power dissipated in the two states while learning.

use super::chart::{Chart, MAX_POINTS, Mark, Panel, Series};
use super::palette::SERIES;
use super::scale::{Axis, extent, thin};
use wheatstone_learn::metrics::{EpochMetrics, Power};

/// Dissipated power of the free and the clamped state against samples trained, and below it their difference: the
/// cost of pulling the outputs to what is wanted, which learning lowers.
pub fn power_curve(epochs: &[EpochMetrics]) -> String {
    let drawn = thin(epochs, MAX_POINTS);
    let points = |power: fn(Power) -> f64| -> Vec<(f64, f64)> {
        let drawn = drawn.iter().filter_map(|e| Some((e.samples as f64, power(e.power?))));
        drawn.filter(|(_, p)| p.is_finite()).collect()
    };
    let (free, clamped) = (points(|p| p.free), points(|p| p.clamped));
    let difference = points(|p| p.clamped - p.free);
    let (low, high) = extent(epochs.iter().map(|e| e.samples as f64)).unwrap_or((0.0, 1.0));
    let x = |label| Axis::between(label, low, high.max(low + 1.0), 1.0);
    let y = |label, points: &[&[(f64, f64)]]| {
        Axis::linear(label, points.iter().flat_map(|p| p.iter().map(|p| p.1)), 0.0)
    };
    let upper = Panel {
        x: x(""),
        y: y("power (g\u{2098}\u{2090}\u{2093} V\u{b2})", &[&free, &clamped]),
        height: 300,
        series: vec![
            Series { name: "free state".to_owned(), colour: SERIES[4], mark: Mark::Line(4.0), points: free },
            Series {
                name: "clamped state".to_owned(),
                colour: SERIES[1],
                mark: Mark::Line(1.5),
                points: clamped,
            },
        ],
    };
    let lower = Panel {
        x: x("samples trained"),
        y: y("difference (g\u{2098}\u{2090}\u{2093} V\u{b2})", &[&difference]),
        height: 220,
        series: vec![Series {
            name: "clamped \u{2212} free".to_owned(),
            colour: SERIES[0],
            mark: Mark::Line(1.8),
            points: difference,
        }],
    };
    let apart = epochs.iter().filter_map(|e| e.power).map(|p| (p.clamped - p.free).abs() / p.free.abs());
    let most = apart.filter(|share| share.is_finite()).fold(0.0, f64::max);
    // Where the thin line lies on the wide one, the eye cannot tell whether there are two.
    let note = (most < 0.02 && !epochs.is_empty()).then(|| {
        let percent = match 100.0 * most {
            percent if percent < 0.01 => "less than 0.01".to_owned(),
            percent => format!("at most {percent:.2}"),
        };
        format!("The two lie on each other: they differ by {percent} % of the power.")
    });
    Chart { title: "Dissipated power against samples trained", note, panels: vec![upper, lower] }.svg()
}

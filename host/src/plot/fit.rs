//! Wanted and answered values of a regression.

use super::chart::{Chart, MAX_POINTS, Mark, Panel, Series};
use super::palette::{MUTED, SERIES};
use super::scale::{Axis, extent, grouped, thin};
use super::svg::shorten;
use wheatstone_learn::metrics::{Fit, FitPoint};

/// Wanted and answered values over the only feature; with more features, answers against what was wanted.
///
/// At most 1000 samples are drawn, evenly picked; the picture says so.
pub fn fit(fit: &Fit) -> String {
    let finite = |p: &&FitPoint| p.wanted.is_finite() && p.answered.is_finite();
    let all: Vec<&FitPoint> = fit.points.iter().filter(finite).collect();
    let drawn: Vec<&FitPoint> = thin(&all, MAX_POINTS).into_iter().copied().collect();
    let note = (drawn.len() < all.len()).then(|| {
        format!("{} of {} samples are drawn.", grouped(drawn.len() as u64), grouped(all.len() as u64))
    });
    let name = shorten(&fit.name, 40);
    let abscissae: Option<Vec<f64>> = drawn.iter().map(|p| p.x.filter(|x| x.is_finite())).collect();
    let panel = match (&fit.feature, abscissae) {
        (Some(feature), Some(xs)) => over_feature(&shorten(feature, 40), &name, &xs, &drawn),
        _ => against_wanted(&name, &drawn),
    };
    Chart { title: &format!("Wanted and answered {name}"), note, panels: vec![panel] }.svg()
}

fn over_feature(feature: &str, name: &str, xs: &[f64], drawn: &[&FitPoint]) -> Panel {
    let mut answered: Vec<(f64, f64)> = xs.iter().zip(drawn).map(|(x, p)| (*x, p.answered)).collect();
    answered.sort_by(|a, b| a.0.total_cmp(&b.0));
    let wanted = xs.iter().zip(drawn).map(|(x, p)| (*x, p.wanted)).collect();
    let few = drawn.len() <= 80;
    Panel {
        x: padded(feature, xs.iter().copied()),
        y: padded(name, drawn.iter().flat_map(|p| [p.wanted, p.answered])),
        height: 400,
        series: vec![
            Series {
                name: "answered".to_owned(),
                colour: SERIES[1],
                mark: if few { Mark::Dotted(1.6) } else { Mark::Dots(1.8) },
                points: answered,
            },
            Series {
                name: "wanted".to_owned(),
                colour: SERIES[0],
                mark: Mark::Rings(if few { 5.5 } else { 2.5 }),
                points: wanted,
            },
        ],
    }
}

fn against_wanted(name: &str, drawn: &[&FitPoint]) -> Panel {
    let values = || drawn.iter().flat_map(|p| [p.wanted, p.answered]);
    let (x, y) = (padded(&format!("wanted {name}"), values()), padded(&format!("answered {name}"), values()));
    let (low, high) = (x.low, x.high);
    let radius = if drawn.len() <= 80 { 4.5 } else { 2.2 };
    Panel {
        series: vec![
            Series {
                name: "answered as wanted".to_owned(),
                colour: MUTED,
                mark: Mark::Line(1.2),
                points: vec![(low, low), (high, high)],
            },
            Series {
                name: "samples".to_owned(),
                colour: SERIES[0],
                mark: Mark::Rings(radius),
                points: drawn.iter().map(|p| (p.wanted, p.answered)).collect(),
            },
        ],
        x,
        y,
        height: 520,
    }
}

/// An axis with a little room beyond the outermost values, and never so narrow that its numbers look alike.
fn padded(label: &str, values: impl IntoIterator<Item = f64>) -> Axis {
    let (low, high) = extent(values).unwrap_or((0.0, 1.0));
    let size = low.abs().max(high.abs());
    let least = if size > 0.0 { 0.1 * size } else { 0.1 };
    let room = if high - low > 0.01 * size { 0.04 * (high - low) } else { least };
    Axis::between(label, low - room, high + room, 0.0)
}

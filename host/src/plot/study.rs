//! Curves and dots of a study: any quantities over any others.

use super::chart::{Chart, MAX_POINTS, Mark, Panel, Series};
use super::palette::{MUTED, SERIES};
use super::scale::{Axis, extent, thin};

/// How the points of a line are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// Dots alone.
    Dots,
    /// A line with a dot at every point.
    Dotted,
    /// A line.
    Line,
    /// A thin grey line: what is expected.
    Expected,
}

/// Points that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// How it is drawn.
    pub drawn: Drawn,
    /// Points in the units of the axes; those that are not finite are left out.
    pub points: Vec<(f64, f64)>,
}

/// One picture of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves<'a> {
    /// What a screen reader says.
    pub title: &'a str,
    /// The horizontal axis and its unit, and whether it is logarithmic.
    pub x: (&'a str, bool),
    /// The vertical one.
    pub y: (&'a str, bool),
    /// A remark at the foot.
    pub note: Option<String>,
    /// What is drawn.
    pub lines: Vec<Line>,
}

/// Draws it. At most 1000 points of a line are drawn, evenly picked.
pub fn curves(curves: &Curves) -> String {
    let finite = |line: &Line| -> Vec<(f64, f64)> {
        let points: Vec<_> =
            line.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        thin(&points, MAX_POINTS).into_iter().copied().collect()
    };
    let lines: Vec<(&Line, Vec<(f64, f64)>)> = curves.lines.iter().map(|line| (line, finite(line))).collect();
    let axis = |(label, logarithmic): (&str, bool), of: fn(&(f64, f64)) -> f64| {
        let values = || lines.iter().flat_map(|(_, points)| points.iter().map(of));
        if logarithmic {
            return Axis::log(label, values());
        }
        let (low, high) = extent(values()).unwrap_or((0.0, 1.0));
        Axis::linear(label, [low, high], 0.0)
    };
    let (x, y) = (axis(curves.x, |p| p.0), axis(curves.y, |p| p.1));
    let place =
        |axis: &Axis, logarithmic: bool, value: f64| if logarithmic { axis.log_place(value) } else { value };
    let mut colours = SERIES.iter().cycle();
    let series = lines.iter().map(|(line, points)| {
        let placed = points.iter().map(|&(a, b)| (place(&x, curves.x.1, a), place(&y, curves.y.1, b)));
        let (colour, mark) = match line.drawn {
            Drawn::Expected => (MUTED, Mark::Line(1.2)),
            Drawn::Dots => (*colours.next().unwrap_or(&MUTED), Mark::Dots(2.6)),
            Drawn::Dotted => (*colours.next().unwrap_or(&MUTED), Mark::Dotted(1.6)),
            Drawn::Line => (*colours.next().unwrap_or(&MUTED), Mark::Line(1.8)),
        };
        Series { name: line.name.clone(), colour, mark, points: placed.collect() }
    });
    let series = series.collect();
    let panel = Panel { x, y, height: 420, series };
    Chart { title: curves.title, note: curves.note.clone(), panels: vec![panel] }.svg()
}

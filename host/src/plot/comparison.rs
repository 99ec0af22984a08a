//! One quantity of many baselines on a logarithmic axis.

use super::palette::{GRID, INK, MUTED, Rgb, SERIES};
use super::scale::Axis;
use super::svg::{Anchor, Svg};
use crate::quantity::{Kind, Quantity};
use wheatstone_measure::with_prefix;

/// Height of a baseline's line.
const LINE: f64 = 34.0;
/// Where the axis begins at least: names are never cut off, so long ones move it.
const LEFT: f64 = 290.0;
/// Room for a letter of a name.
const LETTER: f64 = 7.3;
/// How wide the axis is.
const WIDTH: f64 = 370.0;
/// Room for the quantity in words beside it.
const RIGHT: f64 = 110.0;
const TOP: f64 = 40.0;

/// A dot for every quantity with a bar over its interval, one line each, named and with the value in words. All have one unit, up to what it is of: J, and
/// J per anything. Filled
/// dots are measured, rings simulated or estimated, diamonds published.
///
/// What is not above zero has no place on the axis and is left out.
pub fn comparison(title: &str, quantities: &[(&str, &Quantity)]) -> String {
    let shown: Vec<_> = quantities.iter().filter(|(_, f)| f.value > 0.0 && f.value.is_finite()).collect();
    let ends = shown.iter().flat_map(|(_, f)| [f.low, f.value, f.high]).filter(|x| *x > 0.0);
    let axis = Axis::log("", ends);
    #[expect(clippy::cast_precision_loss, reason = "a few dozen lines")]
    let height = LINE * shown.len() as f64;
    let longest = shown.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "letters of a name")]
    let left = LEFT.max(LETTER * longest as f64 + 20.0);
    let x = |value: f64| left + WIDTH * (axis.log_place(value) - axis.low) / (axis.high - axis.low);
    let mut svg = Svg::new(left + WIDTH + RIGHT, TOP + height + 66.0, title);

    let bottom = TOP + height;
    let unit = shown.first().map_or("", |(_, f)| &*f.unit).split(' ').next().unwrap_or_default();
    for &tick in &axis.ticks {
        let at = left + WIDTH * (tick - axis.low) / (axis.high - axis.low);
        svg.stroke(&format!("M{at:.1} {TOP}V{bottom:.1}"), GRID, 1.0, None);
        let text = with_prefix(10f64.powf(tick), unit).replace(".00", "").replace(".0 ", " ");
        svg.text([at, bottom + 14.0], 12.0, Anchor::Middle, &text);
    }
    svg.text([left + WIDTH / 2.0, 18.0], 14.0, Anchor::Middle, title);
    let mut y = TOP + LINE / 2.0;
    for (name, quantity) in &shown {
        let colour = colour(quantity.kind);
        svg.text([left - 12.0, y], 13.0, Anchor::End, name);
        svg.stroke(&format!("M{left} {y:.1}H{:.1}", left + WIDTH), GRID, 0.75, Some(3.0));
        let (low, high) = (x(quantity.low), x(quantity.high));
        if high - low > 1.0 {
            svg.stroke(
                &format!(
                    "M{low:.1} {0:.1}V{1:.1}M{low:.1} {y:.1}H{high:.1}M{high:.1} {0:.1}V{1:.1}",
                    y - 5.0,
                    y + 5.0
                ),
                colour,
                1.6,
                None,
            );
        }
        mark(
            &mut svg,
            [x(quantity.value), y],
            quantity.kind,
            &format!("{name}: {quantity}, {}", quantity.kind.name()),
        );
        svg.styled(
            [left + WIDTH + 14.0, y],
            13.0,
            Anchor::Start,
            INK,
            "",
            &with_prefix(quantity.value, unit),
        );
        y += LINE;
    }
    legend(&mut svg, [left + 8.0, bottom + 46.0], &shown.iter().map(|(_, f)| f.kind).collect::<Vec<_>>());
    svg.finish()
}

fn colour(kind: Kind) -> Rgb {
    match kind {
        Kind::Measured => SERIES[0],
        Kind::Simulated => SERIES[2],
        Kind::Estimated => SERIES[1],
        Kind::Published => MUTED,
    }
}

fn mark(svg: &mut Svg, [x, y]: [f64; 2], kind: Kind, hint: &str) {
    let circle = format!("M{:.1} {y:.1}a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z", x - 6.0);
    let (path, fill) = match kind {
        Kind::Measured => (circle, colour(kind)),
        Kind::Simulated | Kind::Estimated => (circle, Rgb(255, 255, 255)),
        Kind::Published => (format!("M{:.1} {y:.1}l7 -7l7 7l-7 7z", x - 7.0), colour(kind)),
    };
    svg.fill(&path, fill, Some((colour(kind), 2.0)), hint);
}

fn legend(svg: &mut Svg, [mut x, y]: [f64; 2], used: &[Kind]) {
    for kind in Kind::ALL.into_iter().filter(|kind| used.contains(kind)) {
        mark(svg, [x, y], kind, "");
        svg.text([x + 14.0, y], 12.5, Anchor::Start, kind.name());
        x += 105.0;
    }
}

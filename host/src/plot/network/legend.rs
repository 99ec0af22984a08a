//! What the colours, widths and shapes of a network's picture mean.

use super::Scales;
use super::shape::{dash, diode, outline};
use crate::plot::palette::{INK, MUTED, Rgb, diverging, sequential};
use crate::plot::svg::{Anchor, Svg};
use wheatstone_sim::Network;
use wheatstone_sim::network::{DiodeClamp, EdgeKind, NodeKind};

/// Height of a colour bar.
const BAR: f64 = 150.0;
const SLICES: u32 = 50;
/// Height of a line of text.
const ROW: f64 = 24.0;

/// Draws the legend with its left upper corner at `x`, `y`.
pub(super) fn draw(svg: &mut Svg, network: &Network, scales: &Scales, wraps: bool, [x, y]: [f64; 2]) {
    heading(svg, [x, y], "conductance", "(fraction of full scale)");
    let top = y + 44.0;
    bar(svg, [x, top], sequential);
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let at = top + (1.0 - share) * BAR;
        svg.stroke(&format!("M{:.1} {at:.1}h26", x + 22.0), sequential(share), scales.width(share), None);
        svg.text([x + 56.0, at], 12.0, Anchor::Start, &decimal(share * scales.conductance));
    }
    let y = top + BAR + 36.0;
    heading(svg, [x, y], "free voltage (V)", "");
    let top = y + 24.0;
    bar(svg, [x, top], |share| diverging(2.0 * share - 1.0));
    for value in [-1.0, -0.5, 0.0, 0.5, 1.0] {
        let at = top + (1.0 - value) / 2.0 * BAR;
        svg.text([x + 22.0, at], 12.0, Anchor::Start, &decimal(value * scales.voltage));
    }
    let mut y = top + BAR + 34.0;
    let white = diverging(0.0);
    let mut entry = |mark: &dyn Fn(&mut Svg, [f64; 2]), text: &str| {
        mark(svg, [x + 13.0, y]);
        svg.text([x + 36.0, y], 12.5, Anchor::Start, text);
        y += ROW;
    };
    for &kind in NodeKind::ALL {
        let text = match kind {
            NodeKind::Input => "input",
            NodeKind::Hidden => "hidden node",
            NodeKind::Output => "output",
        };
        if network.nodes().iter().any(|n| n.kind == kind) {
            entry(&|svg, at| svg.fill(&outline(kind, at, 7.0), white, Some((INK, 1.2)), ""), text);
        }
    }
    for &clamp in DiodeClamp::ALL {
        let text = match clamp {
            DiodeClamp::None => continue,
            DiodeClamp::NonNegative => "diode: u \u{2265} 0",
            DiodeClamp::NonPositive => "diode: u \u{2264} 0",
        };
        if network.nodes().iter().any(|n| n.clamp == clamp) {
            entry(
                &|svg, at| {
                    svg.fill(&outline(NodeKind::Hidden, at, 7.0), white, Some((INK, 1.2)), "");
                    svg.fill(&diode(clamp, at, 7.0).unwrap_or_default(), INK, None, "");
                },
                text,
            );
        }
    }
    for &kind in EdgeKind::ALL {
        let text = match kind {
            EdgeKind::Linear => "resistor",
            EdgeKind::Transistor => "transistor",
        };
        if network.edges().iter().any(|e| e.kind == kind) {
            let line = |svg: &mut Svg, [x, y]: [f64; 2]| {
                svg.stroke(&format!("M{:.1} {y:.1}h28", x - 13.0), sequential(0.75), 2.4, dash(kind));
            };
            entry(&line, text);
        }
    }
    if wraps {
        let stub = |svg: &mut Svg, [x, y]: [f64; 2]| {
            svg.fill(&outline(NodeKind::Hidden, [x - 6.0, y], 6.0), white, Some((INK, 1.2)), "");
            svg.stroke(&format!("M{x:.1} {y:.1}h14"), sequential(0.75), 2.4, None);
        };
        entry(&stub, "goes on opposite");
    }
}

fn heading(svg: &mut Svg, [x, y]: [f64; 2], text: &str, unit: &str) {
    svg.text([x, y], 13.0, Anchor::Start, text);
    svg.styled([x, y + 17.0], 11.5, Anchor::Start, MUTED, "", unit);
}

fn bar(svg: &mut Svg, [x, y]: [f64; 2], colour: impl Fn(f64) -> Rgb) {
    let slice = BAR / f64::from(SLICES);
    for i in 0..SLICES {
        let share = 1.0 - (f64::from(i) + 0.5) / f64::from(SLICES);
        svg.rectangle([x, y + f64::from(i) * slice], [14.0, slice + 0.4], colour(share));
    }
}

/// At most four digits, with a true minus sign.
fn decimal(value: f64) -> String {
    let text =
        if value != 0.0 && value.abs() < 0.01 { format!("{value:.1e}") } else { format!("{value:.3}") };
    let text =
        if text.contains(['e']) { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() };
    text.replace('-', "\u{2212}")
}

//! Outlines of nodes, and lines of edges.

use wheatstone_sim::network::{DiodeClamp, EdgeKind, NodeKind};

/// Length of the dashes of an edge that is not a resistor, in CSS pixels.
const DASH: f64 = 5.0;

/// How an edge's line is dashed, if it is.
pub(super) fn dash(kind: EdgeKind) -> Option<f64> {
    match kind {
        EdgeKind::Linear => None,
        EdgeKind::Transistor => Some(DASH),
    }
}

/// How much larger than others a node is drawn.
pub(super) fn scale(kind: NodeKind) -> f64 {
    match kind {
        NodeKind::Input | NodeKind::Output => 1.1,
        NodeKind::Hidden => 1.0,
    }
}

/// A square for an input, a diamond for an output, a circle for the rest; all of about the same area.
pub(super) fn outline(kind: NodeKind, [x, y]: [f64; 2], radius: f64) -> String {
    match kind {
        NodeKind::Input => {
            let half = 0.9 * radius;
            format!("M{:.1} {:.1}h{2:.1}v{2:.1}h-{2:.1}z", x - half, y - half, 2.0 * half)
        }
        NodeKind::Output => {
            let half = 1.28 * radius;
            format!(
                "M{x:.1} {:.1}L{:.1} {y:.1}L{x:.1} {:.1}L{:.1} {y:.1}z",
                y - half,
                x + half,
                y + half,
                x - half
            )
        }
        NodeKind::Hidden => {
            format!(
                "M{:.1} {y:.1}a{radius:.1} {radius:.1} 0 1 0 {1:.1} 0a{radius:.1} {radius:.1} 0 1 0 -{1:.1} 0z",
                x - radius,
                2.0 * radius
            )
        }
    }
}

/// A triangle towards the side of zero on which the diode lets the voltage be; nothing without a diode.
pub(super) fn diode(clamp: DiodeClamp, [x, y]: [f64; 2], radius: f64) -> Option<String> {
    let up = match clamp {
        DiodeClamp::None => return None,
        DiodeClamp::NonNegative => -1.0,
        DiodeClamp::NonPositive => 1.0,
    };
    let half = 0.5 * radius;
    Some(format!(
        "M{:.1} {:.1}h{:.1}L{x:.1} {:.1}z",
        x - half,
        y - 0.45 * up * radius,
        2.0 * half,
        y + 0.55 * up * radius
    ))
}

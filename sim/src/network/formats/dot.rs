//! DOT, for the programs of Graphviz to draw. Only written.

use crate::network::{EdgeKind, Network, NodeKind};
use std::fmt::Write;

/// Writes a network; `conductances`, fractions of full scale for every edge, become the widths of lines.
pub(super) fn write(network: &Network, conductances: Option<&[f64]>) -> String {
    let mut text = format!("graph {} {{\n  node [fontname=\"sans-serif\"];\n", quoted(network.name()));
    for id in network.node_ids() {
        let shape = match network.nodes()[id.index()].kind {
            NodeKind::Input => "box",
            NodeKind::Hidden => "ellipse",
            NodeKind::Output => "doublecircle",
        };
        let _ = write!(text, "  n{} [label={}, shape={shape}", id.0, quoted(&network.node_name(id)));
        if let Some([x, y]) = network.position(id) {
            // Graphviz has y upwards.
            let _ = write!(text, ", pos=\"{x},{}!\"", -y);
        }
        text.push_str("];\n");
    }
    for (number, edge) in network.edges().iter().enumerate() {
        let [a, b] = edge.ends.map(|node| node.0);
        let style = match edge.kind {
            EdgeKind::Linear => "solid",
            EdgeKind::Transistor => "dashed",
        };
        let _ = write!(text, "  n{a} -- n{b} [style={style}");
        if let Some(conductance) = conductances.and_then(|list| list.get(number)) {
            let _ = write!(text, ", tooltip=\"{conductance}\", penwidth={:.2}", 0.3 + 4.0 * conductance);
        }
        text.push_str("];\n");
    }
    text.push_str("}\n");
    text
}

/// Text as a quoted identifier that is shown as it is: no escape, entity or end of the quotes is left in it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '&' => quoted.push_str("&amp;"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}') => {
                quoted.extend(
                    c.escape_default().flat_map(|c| if c == '\\' { vec!['\\', '\\'] } else { vec![c] }),
                );
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

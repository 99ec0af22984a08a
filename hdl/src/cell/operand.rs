//! What an edge multiplies.

use super::sequence::EdgeSequence;
use super::{Context, signed_for};
use crate::bus::{Bus, Shape};
use crate::leaf::Leaf;
use crate::module::Module;
use wheatstone_sim::Format;
use wheatstone_sim::network::EdgeKind;

/// What an edge sees of its ends.
#[derive(Clone, Debug)]
pub(crate) struct Ends {
    /// Voltages updated last, which belong to opposite waves at the two ends.
    pub current: [Bus; 2],
    /// Voltages updated before.
    pub previous: [Bus; 2],
    /// This round squares drops instead of making currents.
    pub last: Bus,
}

/// Bits of a transistor's overdrive, `max(0, g - v)`.
pub(crate) fn overdrive_bits(format: Format) -> u32 {
    64 - (format.g_max() - format.v_range().0).leading_zeros()
}

/// Shapes of the two factors of an edge's product.
pub(crate) fn factor_shapes(format: Format, kind: EdgeKind) -> [Shape; 2] {
    let difference = format.v_bits() + 1;
    match kind {
        EdgeKind::Linear => [Shape::signed(difference), Shape::signed(difference.max(format.k_bits() + 1))],
        EdgeKind::Transistor => {
            let overdrive = overdrive_bits(format);
            [Shape::signed(difference.max(overdrive + 1)), Shape::signed(difference.max(overdrive + 2))]
        }
    }
}

/// Shape of the current an edge sends, or of [twice it](super::sends_twice).
pub(crate) fn current_shape(format: Format, kind: EdgeKind) -> Shape {
    match kind {
        EdgeKind::Linear => signed_for(((1 << format.v_bits()) - 1) * format.g_max()),
        EdgeKind::Transistor => {
            let most = format.g_max() - format.v_range().0;
            signed_for(most * most)
        }
    }
}

/// Adds the leaves that make both factors of this fire's product.
///
/// A current into a node belongs to the wave the node updates next, that of its `previous` voltage: the current into
/// end 0 is made of `previous_0` (its own voltage) and `current_1` (the neighbour's), the current into end 1 of
/// `previous_1` and `current_0`. `x` is the drop towards the node, neighbour minus own, and `y` the conductance. In the last
/// round `y` is the drop again; where the conductance is published, `x` is 1. A transistor's `x` and `y` are the
/// difference and the sum of its two overdrives.
pub(crate) fn operands(
    cell: &mut Module,
    context: Context<'_>,
    kind: EdgeKind,
    ends: &Ends,
    sequence: &EdgeSequence,
    k: &Bus,
) -> [Bus; 2] {
    let shapes = factor_shapes(context.design.format(), kind);
    let [x, y] = [("x", shapes[0]), ("y", shapes[1])].map(|(name, shape)| cell.wire(name, shape));
    let v_shape = ends.current[0].shape();
    let [neighbour, own] = ["neighbour", "own"].map(|name| cell.wire(name, v_shape));
    cell.leaf("pair", pair(context, ends, sequence, &neighbour, &own));
    let leaf = match kind {
        EdgeKind::Linear => linear(context, &neighbour, &own),
        EdgeKind::Transistor => transistor(context, &neighbour, &own),
    };
    let leaf = leaf.input("k", k).input("last", &ends.last).input("publish", &sequence.publish);
    cell.leaf("factors", finish(context, kind, leaf, &x, &y));
    [x, y]
}

/// The two voltages of this fire; 1 and 0 where the conductance is published.
fn pair(context: Context<'_>, ends: &Ends, sequence: &EdgeSequence, neighbour: &Bus, own: &Bus) -> Leaf {
    let bits = neighbour.shape().bits;
    Leaf::function(
        "pair",
        "the voltages of the neighbour and of the node itself",
        context.technology.lut_ps(),
    )
    .input("current_0", &ends.current[0])
    .input("previous_0", &ends.previous[0])
    .input("current_1", &ends.current[1])
    .input("previous_1", &ends.previous[1])
    .input("other", &sequence.other)
    .input("publish", &sequence.publish)
    .output("neighbour", neighbour, format!("publish ? {bits}'sd1 : other ? current_0 : current_1"))
    .output("own", own, format!("publish ? {bits}'sd0 : other ? previous_1 : previous_0"))
    .evaluate(|x, y| {
        let &[current_0, previous_0, current_1, previous_1, other, publish] = x else { return };
        (y[0], y[1]) = match (publish, other) {
            (1, _) => (1, 0),
            (_, 1) => (current_0, previous_1),
            _ => (current_1, previous_0),
        };
    })
}

/// The beginning of a leaf that makes both factors: its voltages.
fn factors(context: Context<'_>, name: &str, delay_ps: u64, neighbour: &Bus, own: &Bus) -> Leaf {
    Leaf::function(name, "both factors of this fire's product", context.technology.lut_ps() + delay_ps)
        .input("neighbour", neighbour)
        .input("own", own)
}

fn linear(context: Context<'_>, neighbour: &Bus, own: &Bus) -> Leaf {
    let delay_ps = context.technology.carry_ps(neighbour.shape().bits + 1);
    factors(context, "linear_factors", delay_ps, neighbour, own)
}

fn transistor(context: Context<'_>, neighbour: &Bus, own: &Bus) -> Leaf {
    let delay_ps = 2 * context.technology.carry_ps(overdrive_bits(context.design.format()))
        + context.technology.lut_ps();
    factors(context, "transistor_factors", delay_ps, neighbour, own)
}

/// Text and behaviour of the leaf that makes both factors.
fn finish(context: Context<'_>, kind: EdgeKind, leaf: Leaf, x: &Bus, y: &Bus) -> Leaf {
    let format = context.design.format();
    let (k_bits, k_guard, v_bits) = (format.k_bits(), format.k_guard(), format.v_bits());
    let rail = context.design.rules().lowest_rail;
    let k_top = k_bits + k_guard - 1;
    let (x_bits, y_bits) = (x.shape().bits, y.shape().bits);
    let extend = |from: u32, to: u32, name: &str| {
        if from == to {
            name.to_owned()
        } else {
            format!("{{{{{}{{{name}[{}]}}}}, {name}}}", to - from, from - 1)
        }
    };
    let leaf = leaf.verilog(format!(
        "wire signed [{v_bits}:0] drop = neighbour - own;\nwire square = last & ~publish;\n\
         wire signed [{k_bits}:0] g = {{1'b0, k[{k_top}:{k_guard}]}};"
    ));
    let leaf = match kind {
        EdgeKind::Linear => leaf.output("x", x, "drop").output(
            "y",
            y,
            format!("square ? {} : {}", extend(v_bits + 1, y_bits, "drop"), extend(k_bits + 1, y_bits, "g")),
        ),
        EdgeKind::Transistor => {
            let n = overdrive_bits(format);
            let (v_own, v_neighbour) = (extend(v_bits, n + 1, "own"), extend(v_bits, n + 1, "neighbour"));
            leaf.verilog(format!(
                "wire signed [{n}:0] gate = {};\n\
                 wire signed [{n}:0] over_own = gate - $signed({v_own}), over_neighbour = gate - $signed({v_neighbour});\n\
                 wire signed [{n}:0] a = over_own[{n}] ? {zero} : over_own;\n\
                 wire signed [{n}:0] b = over_neighbour[{n}] ? {zero} : over_neighbour;\n\
                 wire signed [{n}:0] above = gate - {rail};\n\
                 wire signed [{n}:0] published = above[{n}] ? {zero} : above;\n\
                 wire signed [{n}:0] difference = a - b;\n\
                 wire signed [{next}:0] sum = {{1'b0, a}} + {{1'b0, b}};",
                extend(k_bits + 1, n + 1, "g"),
                zero = format_args!("{}'sd0", n + 1),
                next = n + 1,
                rail = Shape::signed(n + 1).literal(rail.into()),
            ))
            .output(
                "x",
                x,
                format!(
                    "(last | publish) ? {} : {}",
                    extend(v_bits + 1, x_bits, "drop"),
                    extend(n + 1, x_bits, "difference")
                ),
            )
            .output(
                "y",
                y,
                format!(
                    "publish ? {} : last ? {} : {}",
                    extend(n + 1, y_bits, "published"),
                    extend(v_bits + 1, y_bits, "drop"),
                    extend(n + 2, y_bits, "sum")
                ),
            )
        }
    };
    leaf.evaluate(move |inputs, outputs| {
        let &[neighbour, own, k, last, publish] = inputs else { return };
        let (g, drop) = (k >> k_guard, neighbour - own);
        (outputs[0], outputs[1]) = match (last == 1, publish == 1, kind) {
            (_, true, kind) => (drop, kind.slope(g, rail)),
            (true, false, _) => (drop, drop),
            (false, false, EdgeKind::Linear) => (drop, g),
            (false, false, EdgeKind::Transistor) => {
                let (a, b) = ((g - own).max(0), (g - neighbour).max(0));
                (a - b, a + b)
            }
        };
    })
}

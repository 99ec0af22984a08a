//! What an edge multiplies.

use super::sequence::state::{PUBLISH_FIRST, PUBLISH_SECOND, SECOND};
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
    /// `current` of end 0 is the free wave's.
    pub current_is_free: Bus,
    /// This round squares drops instead of making currents.
    pub last: Bus,
}

/// Which pair of voltages a product takes: 0 is (previous of end 0, current of end 1), 1 the other.
///
/// A current into a node belongs to the wave the node updates next, that of its `previous` voltage. In the last round
/// the free drop is squared first, the clamped one second.
fn pair(second: bool, last: bool, current_is_free: bool) -> bool {
    second ^ (last && current_is_free)
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

/// Shape of the current an edge sends, which is twice the current for a transistor.
pub(crate) fn current_shape(format: Format, kind: EdgeKind) -> Shape {
    match kind {
        EdgeKind::Linear => signed_for(((1 << format.v_bits()) - 1) * format.g_max()),
        EdgeKind::Transistor => {
            let most = format.g_max() - format.v_range().0;
            signed_for(most * most)
        }
    }
}

/// Adds the leaf that makes both factors of this fire's product.
///
/// `x` is the drop from end 0 to end 1 (end 1 minus end 0), or 1 and -1 where the conductance is published; `y` is the
/// conductance, or `x` again in the last round. A transistor's `x` and `y` are the difference and the sum of its two
/// overdrives.
pub(crate) fn operands(
    cell: &mut Module,
    context: Context<'_>,
    kind: EdgeKind,
    ends: &Ends,
    state: &Bus,
    k: &Bus,
) -> [Bus; 2] {
    let format = context.design.format();
    let technology = context.technology;
    let [x_shape, y_shape] = factor_shapes(format, kind);
    let (x, y) = (cell.wire("x", x_shape), cell.wire("y", y_shape));
    let (k_bits, k_guard, v_bits) = (format.k_bits(), format.k_guard(), format.v_bits());
    let rail = i64::from(context.design.rules().lowest_rail);
    let name = match kind {
        EdgeKind::Linear => "linear_operands",
        EdgeKind::Transistor => "transistor_operands",
    };
    let delay_ps = 2 * technology.lut_ps()
        + technology.carry_ps(x_shape.bits)
        + if kind == EdgeKind::Transistor { technology.carry_ps(y_shape.bits) } else { 0 };
    let k_top = k_bits + k_guard - 1;
    let mut leaf = Leaf::function(name, "both factors of this fire's product", delay_ps)
        .input("current_0", &ends.current[0])
        .input("previous_0", &ends.previous[0])
        .input("current_1", &ends.current[1])
        .input("previous_1", &ends.previous[1])
        .input("free", &ends.current_is_free)
        .input("last", &ends.last)
        .input("state", state)
        .input("k", k)
        .verilog(format!(
            "wire other = (state == 3'd{SECOND}) ^ (last & free);\n\
             wire publish_first = state == 3'd{PUBLISH_FIRST}, publish_second = state == 3'd{PUBLISH_SECOND};\n\
             wire publish = publish_first | publish_second;\n\
             wire [{}:0] g = k[{k_top}:{k_guard}];",
            k_bits - 1
        ));
    leaf = match kind {
        EdgeKind::Linear => leaf
            .verilog(format!(
                "wire signed [{top}:0] head = publish ? {{{v_bits}{{publish_second}}}} : other ? previous_1 : current_1;\n\
                 wire signed [{top}:0] tail = publish ? {{{v_bits}{{publish_first}}}} : other ? current_0 : previous_0;\n\
                 wire signed [{v_bits}:0] difference = head - tail;\n\
                 wire signed [{k_bits}:0] conductance = {{1'b0, g}};",
                top = v_bits - 1
            ))
            .output("x", &x, "difference")
            .output("y", &y, "(last & ~publish) ? difference : conductance"),
        EdgeKind::Transistor => {
            let overdrive = overdrive_bits(format);
            let top = v_bits - 1;
            leaf.verilog(format!(
                "wire signed [{top}:0] v_0 = other ? current_0 : previous_0;\n\
                 wire signed [{top}:0] v_1 = other ? previous_1 : current_1;\n\
                 wire signed [{overdrive}:0] gate = {{1'b0, g}};\n\
                 wire signed [{overdrive}:0] over_0 = gate - v_0, over_1 = gate - v_1;\n\
                 wire signed [{overdrive}:0] a = over_0[{overdrive}] ? {zero} : over_0;\n\
                 wire signed [{overdrive}:0] b = over_1[{overdrive}] ? {zero} : over_1;\n\
                 wire signed [{overdrive}:0] above = gate - {rail};\n\
                 wire signed [{v_bits}:0] drop = v_1 - v_0;\n\
                 wire signed [{overdrive}:0] difference = a - b;\n\
                 wire signed [{next}:0] sum = a + b;",
                zero = format_args!("{}'sd0", overdrive + 1),
                next = overdrive + 1,
                rail = crate::verilog::literal(Shape::signed(overdrive + 1), rail),
            ))
            .output(
                "x",
                &x,
                format!(
                    "publish ? $signed({{{{{}{{publish_second}}}}, 1'b1}}) : last ? drop : difference",
                    x_shape.bits - 1
                ),
            )
            .output(
                "y",
                &y,
                format!(
                    "publish ? (above[{overdrive}] ? {}'sd0 : above) : last ? drop : sum",
                    y_shape.bits
                ),
            )
        }
    };
    let leaf = leaf.evaluate(move |inputs, outputs| {
        let &[current_0, previous_0, current_1, previous_1, free, last, state, k] = inputs else { return };
        let g = k >> k_guard;
        let (v_0, v_1) = if pair(state == SECOND, last == 1, free == 1) {
            (current_0, previous_1)
        } else {
            (previous_0, current_1)
        };
        let published = match kind {
            EdgeKind::Linear => g,
            EdgeKind::Transistor => (g - rail).max(0),
        };
        let (x, y) = match state {
            PUBLISH_FIRST => (1, published),
            PUBLISH_SECOND => (-1, published),
            _ if last == 1 => (v_1 - v_0, v_1 - v_0),
            _ => match kind {
                EdgeKind::Linear => (v_1 - v_0, g),
                EdgeKind::Transistor => {
                    let (a, b) = ((g - v_0).max(0), (g - v_1).max(0));
                    (a - b, a + b)
                }
            },
        };
        (outputs[0], outputs[1]) = (x, y);
    });
    cell.leaf("operands", leaf);
    [x, y]
}

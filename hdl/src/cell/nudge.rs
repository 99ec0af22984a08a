//! What pulls an output towards its target: the nudge of coupled learning or that of equilibrium propagation.

use super::sequence::NodeSequence;
use super::{Context, NodePorts, NodeTraits, OutputPorts, signed_for};
use crate::bus::{Bus, Shape, extended};
use crate::leaf::Leaf;
use crate::module::Module;
use wheatstone_sim::shift_rounded;

/// A target's sense in the two bits of an output's port, as the link writes them; 1 is a target to be met.
const NO_TARGET: i64 = 0;
const AT_LEAST: i64 = 2;
const AT_MOST: i64 = 3;

/// Adds the nudge of coupled learning and returns whether it applies and the accumulator it wants.
pub(super) fn clamped_nudge(
    cell: &mut Module,
    context: Context<'_>,
    sequence: &NodeSequence,
    ports: &NodePorts,
    output: &OutputPorts,
    eta: u32,
    current_u: &Bus,
) -> (Bus, Bus) {
    let format = context.design.format();
    let guard = format.v_guard();
    let (nudged, wanted) = (cell.wire("nudged", Shape::BIT), cell.wire("wanted", current_u.shape()));
    let top = current_u.shape().bits - 1;
    let rounded = if eta == 0 {
        "drop".to_owned()
    } else {
        format!("(drop + {}) >>> {eta}", Shape::signed(top + 3).literal(1 << (eta - 1)))
    };
    let leaf = Leaf::function("clamped_nudge", "part of the way from the free voltage to the target", {
        2 * context.technology.carry_ps(top) + context.technology.lut_ps()
    })
    .input("current_u", current_u)
    .input("current", &ports.current)
    .input("free", &sequence.current_is_free)
    .input("target", &output.target)
    .input("sense", &output.sense)
    .verilog(format!(
        "wire satisfied = (sense == 2'd{AT_LEAST} & current >= target) | (sense == 2'd{AT_MOST} & current <= target);\n\
         wire signed [{wide}:0] aim = {target};\n\
         wire signed [{wide}:0] drop = (aim <<< {guard}) - {now};\n\
         wire signed [{wide}:0] part = {rounded};\n\
         wire signed [{wide}:0] moved = {now} + part;",
        wide = top + 2,
        target = extended("target", format.v_bits(), top + 3),
        now = extended("current_u", top + 1, top + 3),
    ))
    .output("nudged", &nudged, format!("free & (sense != 2'd{NO_TARGET})"))
    .output("wanted", &wanted, format!("satisfied ? current_u : moved[{top}:0]"))
    .evaluate(move |x, y| {
        let &[current_u, current, free, target, sense] = x else { return };
        y[0] = i64::from(free == 1 && sense != NO_TARGET);
        let satisfied = (sense == AT_LEAST && current >= target) || (sense == AT_MOST && current <= target);
        y[1] =
            if satisfied { current_u } else { current_u + shift_rounded((target << guard) - current_u, eta) };
    });
    cell.leaf("clamped_nudge", leaf);
    (nudged, wanted)
}

/// Adds the nudging current of equilibrium propagation; in the last round it is the nudging conductance instead.
#[expect(clippy::too_many_arguments, reason = "a private step of `node`, which has all of them at hand")]
pub(super) fn nudging_current(
    cell: &mut Module,
    context: Context<'_>,
    traits: &NodeTraits,
    sequence: &NodeSequence,
    ports: &NodePorts,
    output: &OutputPorts,
    strength: u32,
    centred: bool,
) -> Bus {
    let format = context.design.format();
    let twice = u32::from(traits.sums_twice());
    let shape = signed_for((((1 << format.v_bits()) - 1) << (strength + twice)).max(1 << strength));
    let nudging = cell.wire("nudging", shape);
    let (top, v_bits) = (shape.bits - 1, format.v_bits());
    let free_wave = if centred { "-passed".to_owned() } else { shape.literal(0) };
    let leaf = Leaf::function(
        if centred { "nudging_current_centred" } else { "nudging_current" },
        "the current that pulls an output towards its target, or its conductance in the last round",
        2 * context.technology.carry_ps(v_bits) + 2 * context.technology.lut_ps(),
    )
    .input("previous", &ports.previous)
    .input("free", &sequence.current_is_free)
    .input("last", &sequence.last)
    .input("target", &output.target)
    .input("sense", &output.sense)
    .verilog(format!(
        "wire signed [{v_bits}:0] drop = target - previous;\n\
         wire blocked = (sense == 2'd{NO_TARGET}) | (sense == 2'd{AT_LEAST} & drop[{v_bits}]) | (sense == 2'd{AT_MOST} & ~drop[{v_bits}]);\n\
         wire signed [{top}:0] passed = blocked ? {zero} : {drop};\n\
         wire signed [{top}:0] pull = free ? passed : {free_wave};",
        zero = shape.literal(0),
        drop = extended("drop", v_bits + 1, top + 1),
    ))
    .output("nudging", &nudging, format!("last ? {} : pull <<< {}", shape.literal(1 << strength), strength + twice))
    .evaluate(move |x, y| {
        let &[previous, free, last, target, sense] = x else { return };
        let drop = target - previous;
        let passed = match sense {
            NO_TARGET => 0,
            AT_LEAST => drop.max(0),
            AT_MOST => drop.min(0),
            _ => drop,
        };
        let sign = if free == 1 { 1 } else if centred { -1 } else { 0 };
        y[0] = if last == 1 { 1 << strength } else { (sign * passed) << (strength + twice) };
    });
    cell.leaf("nudge", leaf);
    nudging
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheatstone_link::protocol::sense_code;
    use wheatstone_sim::{Sense, Target};

    #[test]
    fn senses_are_those_of_the_link() {
        assert_eq!(i64::from(sense_code(None)), NO_TARGET);
        for &sense in Sense::ALL {
            let code = match sense {
                Sense::Equal => 1,
                Sense::AtLeast => AT_LEAST,
                Sense::AtMost => AT_MOST,
            };
            assert_eq!(i64::from(sense_code(Some(Target { voltage: 0, sense }))), code);
        }
    }
}

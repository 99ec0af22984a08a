//! A node's adder: currents that flow in, or conductances in the closing round.

use super::sequence::NodeSequence;
use super::{Context, NodeTraits, signed_for};
use crate::bus::{Bus, extended};
use crate::leaf::{Leaf, bits};
use crate::module::Module;

/// Adds the sum of all currents, which in the last round is the sum `D` of the conductances.
pub(super) fn sum(
    cell: &mut Module,
    context: Context<'_>,
    traits: &NodeTraits,
    sequence: &NodeSequence,
    currents: &[Bus],
    nudging: Option<&Bus>,
) -> Bus {
    let doubled = traits.doubled();
    let doubled = |i: usize| doubled[i];
    let magnitudes =
        currents.iter().enumerate().map(|(i, bus)| (1i64 << (bits(bus) - 1)) << u32::from(doubled(i)));
    let nudging_magnitude = nudging.map_or(0, |bus| 1 << (bits(bus) - 1));
    let shape = signed_for(magnitudes.sum::<i64>() + nudging_magnitude);
    let sum = cell.wire("sum", shape);
    let terms = currents.len() + usize::from(nudging.is_some());
    let levels = u64::from(terms.next_power_of_two().ilog2());
    let any_doubled = (0..currents.len()).any(doubled);
    let mut name = format!("sum_{}", currents.len());
    if any_doubled {
        let flags: String = (0..currents.len()).map(|i| if doubled(i) { '2' } else { '1' }).collect();
        name = format!("sum_{flags}");
    }
    if nudging.is_some() {
        name += "_nudged";
    }
    let mut leaf = Leaf::function(name, "sum of the currents, or of the conductances in the last round", {
        levels * context.technology.carry_ps(shape.bits)
    });
    // Widths of operands decide how Verilog extends them: all terms become wires of one width first.
    let widest = currents.iter().enumerate().map(|(i, bus)| bits(bus) + u32::from(doubled(i)));
    let term_bits = widest.chain(nudging.map(bits)).max().unwrap_or(1).min(shape.bits);
    let wide = |name: &str, bus: &Bus| extended(name, bits(bus), term_bits);
    let declare = |i: usize, term: String| format!("wire signed [{}:0] term_{i} = {term};", term_bits - 1);
    for (i, bus) in currents.iter().enumerate() {
        leaf = leaf.input(format!("into_{i}"), bus);
    }
    if let Some(bus) = nudging {
        leaf = leaf.input("nudging", bus);
    }
    if any_doubled {
        leaf = leaf.input("last", &sequence.last);
    }
    for (i, bus) in currents.iter().enumerate() {
        if doubled(i) {
            leaf = leaf
                .verilog(format!(
                    "wire signed [{}:0] wide_{i} = {};",
                    term_bits - 1,
                    wide(&format!("into_{i}"), bus)
                ))
                .verilog(declare(i, format!("last ? wide_{i} : wide_{i} <<< 1")));
        } else {
            leaf = leaf.verilog(declare(i, wide(&format!("into_{i}"), bus)));
        }
    }
    if let Some(bus) = nudging {
        leaf = leaf.verilog(declare(currents.len(), wide("nudging", bus)));
    }
    let Partial { text, name, bits: sum_bits } = balanced(0, terms, term_bits, shape.bits);
    leaf = leaf.verilog(text);
    let expression = extended(&name, sum_bits, shape.bits);
    let flags: Vec<bool> = (0..currents.len()).map(doubled).collect();
    let leaf = leaf.output("sum", &sum, expression).evaluate(move |x, y| {
        let last = any_doubled && x[x.len() - 1] == 1;
        y[0] = (0..terms)
            .map(|i| if flags.get(i).copied().unwrap_or(false) && !last { x[i] << 1 } else { x[i] })
            .sum();
    });
    cell.leaf("adder", leaf);
    sum
}

/// A sum of some terms.
struct Partial {
    /// The declarations it takes.
    text: String,
    /// What it is called.
    name: String,
    bits: u32,
}

/// A balanced tree of additions over `count` terms from `first`.
///
/// Each partial sum is kept as a wire. Synthesis would otherwise turn the whole into compressors, which take twice
/// the LUTs of carry chains.
fn balanced(first: usize, count: usize, term_bits: u32, most_bits: u32) -> Partial {
    if count == 1 {
        return Partial { text: String::new(), name: format!("term_{first}"), bits: term_bits };
    }
    let half = count / 2;
    let left = balanced(first, half, term_bits, most_bits);
    let right = balanced(first + half, count - half, term_bits, most_bits);
    let bits = (term_bits + count.next_power_of_two().ilog2()).min(most_bits);
    let name = format!("sum_{first}_{}", first + count - 1);
    let text = format!(
        "{}{}(* keep *) wire signed [{}:0] {name};\nassign {name} = {} + {};\n",
        left.text,
        right.text,
        bits - 1,
        extended(&left.name, left.bits, bits),
        extended(&right.name, right.bits, bits)
    );
    Partial { text, name, bits }
}

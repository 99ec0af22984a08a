//! A node's gain: how far a net current moves its voltage.
//!
//! The gain follows from the sum `D` of the conductances at the node, which the adder makes in the closing round. It is
//! kept as a mantissa, which scales the sum in two additions, and a shift.

use super::sequence::NodeSequence;
use super::{Context, NodeTraits};
use crate::bus::{Bus, Shape};
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::primitive::{CarryRow, register};
use crate::technology::Technology;
use wheatstone_sim::network::EdgeKind;

/// A node's gain as it sits in its registers. The mantissa `q` in 8..=15 is `2^e (4 (factor + 1) + term)` with `e` 0 or 1,
/// which takes two additions instead of three; `e` goes into the shift.
#[derive(Clone, Debug)]
pub(super) struct GainBuses {
    /// 0..=3.
    pub(super) factor: Bus,
    /// 0: nothing; 1: plus one; 3: minus one.
    pub(super) term: Bus,
    /// How far to shift right, in steps of two: its bits above the lowest.
    pub(super) pairs: Bus,
    /// Whether to shift one more.
    pub(super) half: Bus,
}

/// `(factor, term, e)` of a mantissa.
fn split(q: u8) -> (u8, u8, u8) {
    match q {
        10 | 14 => {
            let (factor, term, _) = split(q / 2);
            (factor, term, 1)
        }
        _ => match q % 4 {
            0 => (q / 4 - 1, 0, 0),
            1 => (q / 4 - 1, 1, 0),
            _ => (q / 4, 3, 0),
        },
    }
}

impl NodeTraits {
    /// Whether no current can exceed what the gain allows for, so that a step moves the accumulator by less than four
    /// times its range. A transistor fed below the lowest rail can.
    pub(super) fn is_bounded(&self) -> bool {
        self.edges.iter().all(|edge| match edge {
            EdgeKind::Linear => true,
            EdgeKind::Transistor => false,
        })
    }

    /// Bits of the sum of all conductances, the nudging conductance included.
    fn conductance_bits(&self, context: Context<'_>, degree: usize) -> u32 {
        let (format, rules) = (context.design.format(), context.design.rules());
        let slopes = self.edges.iter().map(|edge| edge.slope(format.g_max(), rules.lowest_rail));
        let most = slopes.fold(format.g_max(), i64::max);
        let nudging = self.output.as_ref().map_or(0, |_| rules.nudge.conductance(format));
        let sum = most * i64::try_from(degree).unwrap_or(i64::MAX) + nudging;
        64 - sum.leading_zeros()
    }
}

/// Adds the gain: a normaliser, small tables and registers taken over in the last round.
pub(super) fn gain(
    cell: &mut Module,
    context: Context<'_>,
    traits: &NodeTraits,
    fire: &Bus,
    sequence: &NodeSequence,
    sum: &Bus,
) -> GainBuses {
    let (technology, design) = (context.technology, context.design);
    let k_bits = design.format().k_bits();
    let degree = sequence.degree;
    let d_bits = traits.conductance_bits(context, degree);
    let smallest = k_bits - 4;
    let table = design.gains().clone();
    let most_d = table.entries().iter().map(|&(_, d)| u32::from(d)).max().unwrap_or(0);
    // s - smallest + 1 - e
    let most = (d_bits - 1 + most_d).saturating_sub(smallest) + 1;
    let shift_bits = (32 - most.leading_zeros()).max(2);
    let pairs_shape = Shape::unsigned(shift_bits - 1);
    let two = Shape::unsigned(2);
    let [next_factor, factor, next_term, term] =
        ["next_factor", "factor", "next_term", "term"].map(|name| cell.wire(name, two));
    let [next_pairs, pairs] = ["next_pairs", "pairs"].map(|name| cell.wire(name, pairs_shape));
    let [next_half, half, take] = ["next_half", "half", "take_gain"].map(|name| cell.wire(name, Shape::BIT));

    let leaf =
        Leaf::function("gain", "the over-relaxation gain of a sum of conductances", 7 * technology.lut_ps())
            .input("sum", sum)
            .input("last", &sequence.last)
            .verilog(gain_text(d_bits, smallest, shift_bits, table.entries()))
            .output("factor", &next_factor, "factor_of[1:0]")
            .output("term", &next_term, "term_of[1:0]")
            .output("pairs", &next_pairs, format!("shift[{}:1]", shift_bits - 1))
            .output("half", &next_half, "shift[0]")
            .output("take", &take, "last")
            .evaluate(move |x, y| {
                let gain = table.gain(x[0] & ((1 << d_bits) - 1), k_bits);
                let (factor, term, e) = split(gain.q);
                let shift = i64::from(gain.s - smallest) + 1 - i64::from(e);
                (y[0], y[1], y[2], y[3], y[4]) = (factor.into(), term.into(), shift >> 1, shift & 1, x[1]);
            });
    cell.leaf("gain", leaf);
    for (name, d, q) in [
        ("factor_register", &next_factor, &factor),
        ("term_register", &next_term, &term),
        ("pairs_register", &next_pairs, &pairs),
        ("half_register", &next_half, &half),
    ] {
        cell.leaf(name, register(technology, fire, d, q, Some(&take), None, 0));
    }
    GainBuses { factor, term, pairs, half }
}

/// Finds the leading one of `D = sum[d_bits-1:0]` (0 counts as 1) and looks up the gain.
fn gain_text(d_bits: u32, smallest: u32, shift_bits: u32, entries: &[(u8, u8); 16]) -> String {
    use std::fmt::Write;
    let top = d_bits - 1;
    let levels = 32 - (d_bits - 1).leading_zeros();
    let mut text = format!(
        "// D with its leading one moved to the top; zeros says how far.\nwire [{top}:0] level_{levels} = sum[{top}:0];\n"
    );
    for level in (0..levels).rev() {
        let (by, from) = (1u32 << level, level + 1);
        let _ = writeln!(
            text,
            "(* keep *) wire low_{level};\nassign low_{level} = ~(|level_{from}[{top}:{}]);\n\
             wire [{top}:0] level_{level} = low_{level} ? {{level_{from}[{}:0], {by}'d0}} : level_{from};",
            d_bits - by,
            d_bits - by - 1,
        );
    }
    let zeros: Vec<String> = (0..levels).rev().map(|level| format!("low_{level}")).collect();
    let m: Vec<String> = (1..=4)
        .map(|i| if i < d_bits { format!("level_0[{}]", d_bits - 1 - i) } else { "1'b0".to_owned() })
        .collect();
    let _ = writeln!(
        text,
        "wire [{}:0] zeros = {{{}}};\nwire [3:0] m = {{{}}};",
        levels - 1,
        zeros.join(", "),
        m.join(", ")
    );
    // Tables over m, one constant a bit.
    let constant = |bit: &dyn Fn(u8, u8) -> bool| {
        let value =
            entries.iter().enumerate().fold(0u32, |sum, (m, &(q, d))| sum | (u32::from(bit(q, d)) << m));
        format!("16'h{value:04x}")
    };
    for (name, bit) in [
        ("factor_of[0]", &(|q, _| split(q).0 & 1 == 1) as &dyn Fn(u8, u8) -> bool),
        ("factor_of[1]", &|q, _| split(q).0 & 2 == 2),
        ("term_of[0]", &|q, _| split(q).1 & 1 == 1),
        ("term_of[1]", &|q, _| split(q).1 & 2 == 2),
        ("d_of[0]", &|_, d| d & 1 == 1),
        ("d_of[1]", &|_, d| d & 2 == 2),
        ("one_more", &|q, _| split(q).2 == 0),
    ] {
        let (wire, index) = name.split_once('[').map_or((name, ""), |(wire, _)| (wire, &name[wire.len()..]));
        if index != "[1]" {
            let width = if index.is_empty() { "" } else { "[1:0] " };
            let _ = writeln!(text, "(* keep *) wire {width}{wire};");
        }
        let table = format!("{}_{}", wire, if index == "[1]" { "high" } else { "low" });
        let _ =
            writeln!(text, "wire [15:0] {table} = {};\nassign {wire}{index} = {table}[m];", constant(bit));
    }
    // above = max(n + d - smallest, 0) with n = d_bits - 1 - zeros, as a table over d and zeros; then one more or not.
    let cases = 1u32 << levels;
    let index_bits = levels + 2;
    let above_bits = shift_bits;
    let clipped = |index: u32| {
        let (zeros, d) = (index % cases, index / cases);
        let n = (d_bits - 1).saturating_sub(zeros);
        (n + d).saturating_sub(smallest)
    };
    let _ = writeln!(
        text,
        "wire [{}:0] place = {{d_of, zeros}};\n(* keep *) wire [{}:0] above;",
        index_bits - 1,
        above_bits - 1
    );
    for bit in 0..above_bits {
        let entries = 4 * cases;
        let value: String = (0..entries)
            .rev()
            .map(|index| if (clipped(index) >> bit) & 1 == 1 { '1' } else { '0' })
            .collect();
        let _ = writeln!(
            text,
            "wire [{}:0] above_{bit} = {entries}'b{value};\nassign above[{bit}] = above_{bit}[place];",
            entries - 1
        );
    }
    let _ = writeln!(text, "wire [{}:0] shift;", shift_bits - 1);
    for bit in 0..shift_bits {
        let carry: String = (0..bit).map(|lower| format!(" & above[{lower}]")).collect();
        let _ = writeln!(text, "assign shift[{bit}] = above[{bit}] ^ (one_more{carry});");
    }
    text
}

/// The sum times `4 (factor + 1) + term`.
pub(super) fn mantissa(context: Context<'_>, sum: &Bus, gain: &GainBuses, product: &Bus) -> Leaf {
    let technology = context.technology;
    let width = bits(sum);
    let top = width + 3;
    // Both additions choose their second operand in the LUTs of the carry chain.
    let text = match technology {
        Technology::Ecp5 => {
            let times = CarryRow {
                name: "times",
                bits: width + 1,
                init: 0x2278,
                first: 0x2278,
                carry_in: false,
                operands: [
                    format!("{{sum[{0}], sum}}", width - 1),
                    format!("{{{}{{factor[1]}}}}", width + 1),
                    format!("{{{{2{{sum[{}]}}}}, sum[{}:1]}}", width - 1, width - 1),
                    format!("{{{}{{factor[0]}}}}", width + 1),
                ],
            };
            let plus = CarryRow {
                name: "plus",
                bits: width + 3,
                init: 0x96aa,
                first: 0x1010,
                carry_in: true,
                operands: [
                    "{scaled, sum[0]}".to_owned(),
                    format!("{{{{4{{sum[{}]}}}}, sum[{}:2], sum[1]}}", width - 1, width - 1),
                    format!("{{{{{}{{term[1]}}}}, minus}}", width + 2),
                    format!("{{{}{{term[0]}}}}", width + 3),
                ],
            };
            format!(
                "{}wire [{}:0] scaled = {{times, sum[0] & ~factor[0]}};\nwire minus = term[1] & term[0];\n{}\
                 wire [{top}:0] both = {{plus[{}:1], term[0] & (sum[1] ^ (term[1] & sum[0])), term[0] & sum[0]}};",
                times.verilog(),
                width + 1,
                plus.verilog(),
                width + 2
            )
        }
        _ => format!(
            "wire signed [{top}:0] one = {{{{4{{sum[{0}]}}}}, sum}};\n\
             wire signed [{top}:0] scaled = (factor[0] ? one <<< 1 : one) + (factor[1] ? one <<< 1 : {1}'sd0);\n\
             wire signed [{top}:0] both = (scaled <<< 2) + (term[0] ? (term[1] ? -one : one) : {1}'sd0);",
            width - 1,
            width + 4
        ),
    };
    Leaf::function("mantissa", "the sum times 4 (factor + 1) + term", 2 * technology.carry_ps(width + 3))
        .input("sum", sum)
        .input("factor", &gain.factor)
        .input("term", &gain.term)
        .verilog(text)
        .output("product", product, "both")
        .evaluate(|x, y| {
            let term = match x[2] {
                1 => 1,
                3 => -1,
                _ => 0,
            };
            y[0] = x[0] * (4 * (x[1] + 1) + term);
        })
}

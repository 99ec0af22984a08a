//! A node's update: the scaled sum shifted, added to the accumulator, saturated and rounded to a voltage.

use super::gain::{GainBuses, mantissa};
use super::{Context, NodeTraits};
use crate::bus::{Bus, Shape};
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::primitive::{CarryRow, SaturationRow};
use crate::technology::Technology;
use wheatstone_sim::network::DiodeClamp;
use wheatstone_sim::shift_rounded;

/// Adds the sum times the gain, but for the lowest bit of the shift: with one bit kept below the last, for rounding.
pub(super) fn shifted(
    cell: &mut Module,
    context: Context<'_>,
    traits: &NodeTraits,
    sum: &Bus,
    gain: &GainBuses,
) -> Bus {
    let (technology, format) = (context.technology, context.design.format());
    let width = bits(sum);
    let product_shape = Shape::signed(width + 4);
    let product = cell.wire("product", product_shape);
    cell.leaf("mantissa", mantissa(context, sum, gain, &product));

    // change = round(sum q 2^GV / 2^(s + 3 + t)) = round(product / 2^(shift + right)), t = 1 if currents come twice.
    let right = i64::from(format.k_bits()) - 2 + i64::from(traits.sums_twice()) - i64::from(format.v_guard());
    // Bits below the rounding bit change nothing; where there is none, one is added.
    let (drop, pad) = if right >= 1 { (right - 1, 0) } else { (0, 1 - right) };
    let (drop, pad) = (u32::try_from(drop).unwrap_or(0), u32::try_from(pad).unwrap_or(0));
    let u_bits = format.v_bits() + format.v_guard();
    let full = product_shape.bits + pad - drop.min(product_shape.bits - 2);
    let kept = if traits.is_bounded() { u_bits + 4 } else { full };
    let shifted = cell.wire("shifted", Shape::signed(kept));
    let pairs_bits = bits(&gain.pairs);
    let longest = kept + 2 * ((1 << pairs_bits) - 1);
    let mut text = String::new();
    let padded = if pad > 0 {
        format!("{{product, {pad}'d0}}")
    } else {
        format!("product[{}:{drop}]", product_shape.bits - 1)
    };
    let full_bits = product_shape.bits + pad - drop;
    text += &format!("wire signed [{}:0] whole = {padded};\n", full_bits - 1);
    let extended = if longest > full_bits {
        format!("{{{{{}{{whole[{}]}}}}, whole}}", longest - full_bits, full_bits - 1)
    } else {
        format!("whole[{}:0]", longest - 1)
    };
    text += &format!("wire [{}:0] level_{pairs_bits} = {extended};\n", longest - 1);
    let mut length = longest;
    for level in (0..pairs_bits).rev() {
        let by = 2u32 << level;
        length -= by;
        text += &format!(
            "wire [{}:0] level_{level} = pairs[{level}] ? level_{from}[{}:{by}] : level_{from}[{}:0];\n",
            length - 1,
            length + by - 1,
            length - 1,
            from = level + 1
        );
    }
    let leaf = Leaf::function(format!("shift_{drop}_{pad}"), "all but the lowest bit of the shift", {
        u64::from(pairs_bits) * technology.lut_ps()
    })
    .input("product", &product)
    .input("pairs", &gain.pairs)
    .verilog(text)
    .output("shifted", &shifted, "level_0")
    .evaluate(move |x, y| {
        let whole = (x[0] << pad) >> drop;
        y[0] = whole >> (2 * x[1]).min(63);
    });
    cell.leaf("shifter", leaf);
    shifted
}

/// The new accumulator of the wave whose turn it is.
pub(super) struct Update<'a> {
    pub(super) previous: &'a Bus,
    pub(super) shifted: &'a Bus,
    pub(super) half: &'a Bus,
    /// Whether a nudge replaces relaxing, and by what.
    pub(super) nudge: Option<&'a (Bus, Bus)>,
    pub(super) bounded: bool,
}

impl Update<'_> {
    pub(super) fn leaf(&self, context: Context<'_>, clamp: DiodeClamp, scan_in: &Bus, next: &Bus) -> Leaf {
        let technology = context.technology;
        let (low, high) = context.design.format().u_range();
        let (width, shifted_bits) = (bits(next), bits(self.shifted));
        let sum_shape = Shape::signed(if self.bounded { width + 3 } else { width.max(shifted_bits) + 1 });
        let (n, u_top) = (sum_shape.bits, width - 1);
        let extend = |name: &str, from: u32, low: u32| {
            let kept = from - low;
            if kept >= n {
                format!("{name}[{}:{low}]", low + n - 1)
            } else {
                format!("{{{{{}{{{name}[{}]}}}}, {name}[{}:{low}]}}", n - kept, from - 1, from - 1)
            }
        };
        let previous = extend("previous", width, 0);
        let (whole, halved) = (extend("shifted", shifted_bits, 1), extend("shifted", shifted_bits, 2));
        let sum = match technology {
            Technology::Ecp5 => format!(
                "{}wire [{}:0] relaxed = row[{n}:1];",
                CarryRow {
                    name: "row",
                    bits: n + 1,
                    init: 0x596a,
                    first: 0xf3c0,
                    carry_in: true,
                    operands: [
                        format!("{{{previous}, 1'b0}}"),
                        format!("{{{}{{half}}}}", n + 1),
                        format!("{{{halved}, shifted[1]}}"),
                        format!("{{{whole}, shifted[0]}}"),
                    ],
                }
                .verilog(),
                n - 1
            ),
            _ => format!(
                "wire [{n}:0] row = {{{previous}, 1'b1}} + (half ? {{{halved}, shifted[1]}} : {{{whole}, shifted[0]}});\n\
                 wire [{}:0] relaxed = row[{n}:1];",
                n - 1
            ),
        };
        // What a diode forbids is a constant like what saturation gives.
        let (above, below, row_high, row_low, diode_name) = match clamp {
            DiodeClamp::None => ("positive & beyond", "negative & beyond", high, low, ""),
            DiodeClamp::NonNegative => ("positive & beyond", "negative", high, 0, "_above"),
            DiodeClamp::NonPositive => ("positive", "negative & beyond", 0, low, "_below"),
        };
        let mut leaf = Leaf::function(
            format!("update{diode_name}{}", if self.nudge.is_some() { "_nudged" } else { "" }),
            "the new accumulator, rounded and saturated, or the scan chain",
            technology.carry_ps(n) + 3 * technology.lut_ps(),
        )
        .input("previous", self.previous)
        .input("shifted", self.shifted)
        .input("half", self.half)
        .input("scan", &context.controls.scan)
        .input("scan_in", scan_in);
        let moved = if let Some((nudged, wanted)) = self.nudge {
            leaf = leaf.input("nudged", nudged).input("wanted", wanted);
            format!("nudged ? {} : relaxed", extend("wanted", width, 0))
        } else {
            "relaxed".to_owned()
        };
        let row = SaturationRow {
            name: "chosen",
            bits: width,
            value: "kept",
            scanned: "scanned",
            code: "code",
            high: row_high,
            low: row_low,
        };
        leaf.verilog(format!(
            "{sum}\nwire [{m}:0] moved = {moved};\nwire negative = moved[{m}], positive = ~moved[{m}];\n\
             wire beyond = |(moved[{m}:{u_top}] ^ {{{spare}{{negative}}}});\n\
             (* keep *) wire [1:0] code;\nassign code = {{scan | ({below}), scan | ({above})}};\n\
             wire [{u_top}:0] kept = moved[{u_top}:0], scanned = {{scan_in, previous[{u_top}:1]}};\n{row}",
            m = n - 1,
            spare = n - u_top,
            row = row.verilog(technology == Technology::Ecp5),
        ))
        .output("next", next, "chosen")
        .evaluate(move |x, y| {
            let &[previous, shifted, half, scan, scan_in, ..] = x else { return };
            let relaxed = sum_shape.wrap(previous + shift_rounded(shifted >> half, 1));
            let moved = if x.len() > 5 && x[5] == 1 { x[6] } else { relaxed };
            y[0] = if scan == 1 {
                (scan_in << u_top) | ((previous >> 1) & ((1 << u_top) - 1))
            } else {
                clamp.apply(moved.clamp(low, high))
            };
        })
    }
}

/// The voltage neighbours see: rounded to nearest, ties up, and saturated at the top.
pub(super) fn rounding(context: Context<'_>, u: &Bus, v: &Bus) -> Leaf {
    let (technology, format) = (context.technology, context.design.format());
    let (guard, v_bits) = (format.v_guard(), format.v_bits());
    let v_top = v_bits - 1;
    let delay_ps = technology.carry_ps(v_bits) + technology.lut_ps();
    let leaf = Leaf::function("rounding", "the accumulator rounded to a voltage", delay_ps).input("u", u);
    let leaf = if guard == 0 {
        leaf.output("v", v, "u")
    } else {
        // One is added unless that is all ones but the sign. The first carry cell finishes this condition.
        let split = v_top / 2;
        let halves = format!(
            "wire [{v_top}:0] down = u[{}:{guard}];\n\
             wire ones_low = &down[{}:0], ones_high = &down[{}:{split}];\nwire half = u[{}];\n",
            v_top + guard,
            split.max(1) - 1,
            v_top - 1,
            guard - 1
        );
        let sum = match technology {
            Technology::Ecp5 => format!(
                "{}wire [{v_top}:0] rounded = row[{v_bits}:1];",
                CarryRow {
                    name: "row",
                    bits: v_bits + 1,
                    init: 0xaaaa,
                    first: 0x7f00,
                    carry_in: true,
                    operands: [
                        "{down, ones_low}".to_owned(),
                        format!("{{{v_bits}'d0, ones_high}}"),
                        format!("{{{v_bits}'d0, ~down[{v_top}]}}"),
                        format!("{{{v_bits}'d0, half}}"),
                    ],
                }
                .verilog()
            ),
            _ => format!(
                "wire up = half & ~(ones_low & ones_high & ~down[{v_top}]);\n\
                 wire [{v_top}:0] rounded = down + {{{v_top}'d0, up}};"
            ),
        };
        leaf.verilog(format!("{halves}{sum}")).output("v", v, "rounded")
    };
    leaf.evaluate(move |x, y| y[0] = format.voltage(x[0]))
}

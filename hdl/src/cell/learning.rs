//! What an edge with a parallel multiplier learns, and the local generator that both kinds of edge draw from.

use super::Context;
use crate::bus::Bus;
use crate::leaf::{Leaf, bits};
use crate::primitive::SaturationRow;
use crate::technology::Technology;
use wheatstone_sim::shift_rounded;

/// The conductance accumulator after it has learnt, or shifted one bit in scan mode.
pub(super) fn learning(
    context: Context<'_>,
    alpha: i32,
    k: &Bus,
    second: &Bus,
    scan: &Bus,
    generator: &Bus,
    next: &Bus,
) -> Leaf {
    let format = context.design.format();
    let g_min = i64::from(context.design.rules().g_min);
    let (low, high) = format.k_range(g_min);
    let (width, shift, second_bits) = (bits(k), alpha.unsigned_abs(), bits(second));
    let top = width - 1;
    // The change before rounding, with at least one bit above the accumulator.
    let moved_bits =
        if alpha >= 0 { second_bits + shift } else { second_bits.saturating_sub(shift) }.max(width + 1);
    let extended = moved_bits.max(second_bits);
    let moved = if alpha >= 0 { format!("wide <<< {shift}") } else { format!("wide >>> {shift}") };
    // Half the last bit that stays: a carry. Far below everything it is the sign, which rounds to 0.
    let half =
        if alpha >= 0 { "1'b0".to_owned() } else { format!("second[{}]", (shift - 1).min(second_bits - 1)) };
    let wide = if extended == second_bits {
        "second".to_owned()
    } else {
        format!("{{{{{}{{second[{}]}}}}, second}}", extended - second_bits, second_bits - 1)
    };
    let below = (0..format.k_bits()).fold("1'b0".to_owned(), |below, i| {
        let join = if (g_min >> i) & 1 == 1 { '|' } else { '&' };
        format!("(~sum[{}] {join} {below})", i + format.k_guard() + 1)
    });
    let row = SaturationRow {
        name: "chosen",
        bits: width,
        value: "learnt",
        scanned: "shifted",
        code: "code",
        high,
        low,
    };
    let name = if alpha >= 0 { format!("learning_p{shift}") } else { format!("learning_m{shift}") };
    Leaf::function(name, "the conductance accumulator after learning, saturated, or the scan chain", {
        context.technology.carry_ps(width) + 3 * context.technology.lut_ps()
    })
    .input("k", k)
    .input("second", second)
    .input("scan", scan)
    .input("generator", generator)
    .verilog(format!(
        "wire signed [{e}:0] wide = {wide};\nwire signed [{e}:0] moved = {moved};\nwire half = {half};\n\
         // One bit more below carries the half in.\n\
         wire [{sum_top}:0] sum = {{1'b0, k, 1'b1}} + {{1'b0, moved[{top}:0], half}};\n\
         wire carry = sum[{sum_top}];\nwire [{top}:0] learnt = sum[{width}:1];\nwire sign = moved[{m}];\n\
         wire outside = (carry ^ sign) | (|(moved[{m}:{width}] ^ {{{above}{{sign}}}}));\n\
         // Whether the conductance is below its smallest value {g_min}, bit by bit.\n\
         wire below = {below};\n\
         (* keep *) wire [1:0] code;\n\
         assign code = scan ? 2'd3 : (outside & ~sign) ? 2'd1 : (outside | below) ? 2'd2 : 2'd0;\n\
         wire [{top}:0] shifted = {{generator[0], k[{top}:1]}};\n{row}",
        e = extended - 1,
        m = moved_bits - 1,
        sum_top = width + 1,
        above = moved_bits - width,
        row = row.verilog(context.technology == Technology::Ecp5),
    ))
    .output("next", next, "chosen")
    .evaluate(move |x, y| {
        let &[k, second, scan, generator] = x else { return };
        let change = if alpha >= 0 { second << shift } else { shift_rounded(second, shift) };
        y[0] = if scan == 1 {
            ((generator & 1) << (width - 1)) | (k >> 1)
        } else {
            (k + change).clamp(low, high)
        };
    })
}

/// The local generator after one draw, or shifted one bit in scan mode.
pub(super) fn generator_step(
    context: Context<'_>,
    generator: &Bus,
    scan: &Bus,
    scan_in: &Bus,
    next: &Bus,
) -> Leaf {
    Leaf::function(
        "generator_step",
        "the Galois shift register 0xB400, or the scan chain",
        context.technology.lut_ps(),
    )
    .input("generator", generator)
    .input("scan", scan)
    .input("scan_in", scan_in)
    .output(
        "next",
        next,
        "{scan ? scan_in : generator[0], generator[15:1]} ^ ((~scan & generator[0]) ? 16'h3400 : 16'h0000)",
    )
    .evaluate(|x, y| {
        let &[generator, scan, scan_in] = x else { return };
        y[0] = if scan == 1 {
            (scan_in << 15) | (generator >> 1)
        } else {
            (generator >> 1) ^ if generator & 1 == 1 { 0xB400 } else { 0 }
        };
    })
}

//! Learning of an edge with bit-serial multipliers: a product added to the conductance accumulator, a bit at a time.

use super::Context;
use super::serial_sequence::{SerialSequence, less};
use crate::bus::{Bus, Shape};
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::primitive::register;

/// Delays of the product by 1 to 4 bit times, for the four offsets of the learning shift.
const OFFSETS: u32 = 4;

/// Adds the learning: the product's bits, delayed as the offset says, added to the turning conductance accumulator.
pub(super) fn learning(
    cell: &mut Module,
    context: Context<'_>,
    fire: &Bus,
    sequence: &SerialSequence,
    product: &Bus,
    k: &Bus,
    generator: &Bus,
) {
    let technology = context.technology;
    let shape = Shape::unsigned(OFFSETS);
    let [delayed, next_delayed] = ["delayed", "next_delayed"].map(|name| cell.wire(name, shape));
    cell.leaf(
        "delay_shift",
        Leaf::function("shift_up", "moves up, a bit comes in at the bottom", 0)
            .input("register", &delayed)
            .input("i", product)
            .output("next", &next_delayed, format!("{{register[{}:0], i}}", OFFSETS - 2))
            .evaluate(|x, y| y[0] = (x[0] << 1) | x[1]),
    );
    cell.leaf("delayed_register", register(technology, fire, &next_delayed, &delayed, None, None, 0));
    let mut bit = |name: &str| cell.wire(name, Shape::BIT);
    let [next_change, change, carry, next_carry, over, next_over, low, take_k] =
        ["next_change", "change", "carry", "next_carry", "over", "next_over", "too_low", "take_k"]
            .map(&mut bit);
    cell.leaf(
        "change_bit",
        Leaf::function(
            "change_bit",
            "the product's bit at this offset, if there is one",
            3 * technology.lut_ps(),
        )
        .input("delayed", &delayed)
        .input("offset", &context.controls.offset)
        .input("early", &sequence.early)
        .input("skip", &sequence.skip)
        .output("change", &next_change, "~early & ~skip & delayed[offset]")
        .evaluate(|x, y| {
            let &[delayed, offset, early, skip] = x else { return };
            y[0] = (1 - early) & (1 - skip) & (delayed >> offset) & 1;
        }),
    );
    cell.leaf("change_register", register(technology, fire, &next_change, &change, None, None, 0));
    let next_k = cell.wire("next_k", k.shape());
    cell.leaf("saturation", saturation(context, sequence, k, &change, [&carry, &over], [&next_over, &low]));
    cell.leaf(
        "learning_adder",
        learning_adder(
            context,
            sequence,
            [k, &next_k],
            generator,
            &change,
            [&carry, &next_carry],
            &low,
            &take_k,
        ),
    );
    cell.leaf("carry_register", register(technology, fire, &next_carry, &carry, None, None, 0));
    cell.leaf("over_register", register(technology, fire, &next_over, &over, None, None, 0));
    let k_initial = smallest(context);
    cell.leaf("k_register", register(technology, fire, &next_k, k, Some(&take_k), None, k_initial));
}

/// The smallest conductance accumulator.
fn smallest(context: Context<'_>) -> i64 {
    let (low, _) = context.design.format().k_range(context.design.rules().g_min.into());
    low
}

/// One bit of the conductance accumulator as it turns; it is set to its smallest value instead if it is too low, and
/// shifts in scan mode. The carry into its lowest bit is the bit of the change below that: half is added, ties go up.
#[expect(clippy::too_many_arguments, reason = "one LUT a bit, and all of them different")]
fn learning_adder(
    context: Context<'_>,
    sequence: &SerialSequence,
    [k, next_k]: [&Bus; 2],
    generator: &Bus,
    change: &Bus,
    [carry, next_carry]: [&Bus; 2],
    low: &Bus,
    take_k: &Bus,
) -> Leaf {
    let (width, smallest) = (bits(k), smallest(context));
    Leaf::function(
        "learning_adder",
        "the conductance accumulator after a bit time",
        3 * context.technology.lut_ps(),
    )
    .input("k", k)
    .input("change", change)
    .input("carry", carry)
    .input("start", &sequence.start)
    .input("rotating", &sequence.rotating)
    .input("fill", &sequence.fill)
    .input("too_low", low)
    .input("scan", &context.controls.scan)
    .input("generator", generator)
    .verilog(
        "wire lowest = k[0] & rotating;\n\
             wire top = scan ? generator[0] : fill | (lowest ^ change ^ carry);",
    )
    .output(
        "next_k",
        next_k,
        format!("too_low ? {} : {{top, k[{}:1]}}", Shape::unsigned(width).literal(smallest), width - 1),
    )
    .output(
        "next_carry",
        next_carry,
        "start ? change : (lowest & change) | (lowest & carry) | (change & carry)",
    )
    .output("take_k", take_k, "scan | rotating | too_low")
    .evaluate(move |x, y| {
        let &[k, change, carry, start, rotating, fill, low, scan, generator] = x else { return };
        let sum = (k & rotating) + change + carry;
        let top = if scan == 1 { generator & 1 } else { fill | (sum & 1) };
        y[0] = if low == 1 { smallest } else { (top << (width - 1)) | (k >> 1) };
        y[1] = if start == 1 { change } else { sum >> 1 };
        y[2] = scan | rotating | low;
    })
}

/// Whether the sum lies outside the range of the conductance accumulator.
///
/// After the accumulator has turned, the bits of the sum above it are all 0, or it is out of range, below if the change
/// is negative; a sum within may still be smaller than the smallest value.
fn saturation(
    context: Context<'_>,
    sequence: &SerialSequence,
    k: &Bus,
    change: &Bus,
    [carry, over]: [&Bus; 2],
    [next_over, low]: [&Bus; 2],
) -> Leaf {
    let format = context.design.format();
    let (k_guard, g_min) = (format.k_guard(), i64::from(context.design.rules().g_min));
    Leaf::function("saturation", "whether the sum is out of range", 3 * context.technology.lut_ps())
        .input("k", k)
        .input("change", change)
        .input("carry", carry)
        .input("over", over)
        .input("rotating", &sequence.rotating)
        .input("finish", &sequence.finish)
        .input("fill", &sequence.fill)
        .verilog(format!(
            "wire [{}:0] g = k[{}:{k_guard}];\n\
             wire is_low = {};\n\
             wire fill_now = finish & over & ~change & ~fill;",
            format.k_bits() - 1,
            format.k_bits() + k_guard - 1,
            less("g", format.k_bits(), g_min)
        ))
        .output("next_over", next_over, "~rotating & (over | (change ^ carry))")
        .output("too_low", low, "finish & (over ? change : is_low)")
        .output("next_fill", &sequence.next_fill, "finish ? fill_now : fill")
        .output("learnt_now", &sequence.learnt_now, "finish & ~fill_now")
        .evaluate(move |x, y| {
            let &[k, change, carry, over, rotating, finish, fill] = x else { return };
            let fill_now = finish & over & (1 - change) & (1 - fill);
            y[0] = (1 - rotating) & (over | (change ^ carry));
            y[1] = finish & if over == 1 { change } else { i64::from(k >> k_guard < g_min) };
            y[2] = if finish == 1 { fill_now } else { fill };
            y[3] = finish & (1 - fill_now);
        })
}

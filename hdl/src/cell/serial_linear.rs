//! The products of a linear edge with bit-serial multipliers.

use super::Context;
use super::serial_datapath::{Datapath, Field, both_bit, current, pick, shift_in, upper};
use super::serial_sequence::SerialSequence;
use crate::bus::{Bus, Shape};
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::primitive::register;

/// Bits of the drops towards both ends, and those that follow.
struct Drops {
    bits: [Bus; 2],
    next: [Bus; 2],
}

/// Adds the bits of the drops: towards end 0 and towards end 1, one bit time after they were picked.
fn drops(cell: &mut Module, datapath: Datapath<'_>) -> Drops {
    let Datapath { context, fire, sequence, ports, .. } = datapath;
    let technology = context.technology;
    let mut bit = |name: &str| cell.wire(name, Shape::BIT);
    let picked = ["current_0_bit", "previous_0_bit", "current_1_bit", "previous_1_bit"].map(&mut bit);
    let drops = ["drop_0", "drop_1"].map(&mut bit);
    let next_drops = ["next_drop_0", "next_drop_1"].map(&mut bit);
    let borrows = ["borrow_0", "borrow_1"].map(&mut bit);
    let next_borrows = ["next_borrow_0", "next_borrow_1"].map(&mut bit);
    let voltages = [&ports.current[0], &ports.previous[0], &ports.current[1], &ports.previous[1]];
    let upper = upper(cell, datapath);
    let field = Field { low: 0, bits: context.design.format().v_bits(), signed: true };
    for ((name, voltage), bit) in
        ["current_0", "previous_0", "current_1", "previous_1"].into_iter().zip(voltages).zip(&picked)
    {
        pick(cell, datapath, name, [voltage, &upper, bit], field, None);
    }
    let [current_0, previous_0, current_1, previous_1] = &picked;
    for (end, [head, tail]) in [[current_1, previous_0], [current_0, previous_1]].into_iter().enumerate() {
        let (drop, borrow) = (&drops[end], &borrows[end]);
        let (next_drop, next_borrow) = (&next_drops[end], &next_borrows[end]);
        cell.leaf(
            format!("drop_{end}_bit"),
            drop_bit(context, sequence, [head, tail], borrow, [next_drop, next_borrow]),
        );
        cell.leaf(
            format!("drop_{end}_register"),
            register(technology, fire, next_drop, drop, Some(&sequence.pick), None, 0),
        );
        cell.leaf(
            format!("borrow_{end}_register"),
            register(technology, fire, next_borrow, borrow, None, None, 0),
        );
    }
    Drops { bits: drops, next: next_drops }
}

/// One bit of a drop, made by a serial subtracter; publishing, 1 and then 0.
fn drop_bit(
    context: Context<'_>,
    sequence: &SerialSequence,
    [head, tail]: [&Bus; 2],
    borrow: &Bus,
    [next_drop, next_borrow]: [&Bus; 2],
) -> Leaf {
    Leaf::function("drop_bit", "one bit of a drop, or of 1", 2 * context.technology.lut_ps())
        .input("head", head)
        .input("tail", tail)
        .input("borrow", borrow)
        .input("first", &sequence.head)
        .input("publish", &sequence.publish)
        .verilog("wire below = borrow & ~first;")
        .output("next_drop", next_drop, "publish ? first : head ^ tail ^ below")
        .output("next_borrow", next_borrow, "(head ^ tail) ? tail : below")
        .evaluate(|x, y| {
            let &[head, tail, borrow, first, publish] = x else { return };
            let below = borrow & (1 - first);
            y[0] = if publish == 1 { first } else { head ^ tail ^ below };
            y[1] = if head == tail { below } else { tail };
        })
}

/// Adds both multipliers and the currents, and returns the bit of the product that is learnt.
pub(super) fn products(cell: &mut Module, datapath: Datapath<'_>) -> Bus {
    let Datapath { context, timeline, fire, sequence, ports, k } = datapath;
    let drops = drops(cell, datapath);
    let technology = context.technology;
    let format = context.design.format();
    let mut bit = |name: &str| cell.wire(name, Shape::BIT);
    let [both, carry, next_carry] = ["both", "both_carry", "next_both_carry"].map(&mut bit);
    let [product_0, product_1] = ["product_0", "product_1"].map(&mut bit);
    let [minus_0, plus_1, other_1] = ["minus_0", "plus_1", "other_1"].map(&mut bit);
    let nexts = ["next_minus_0", "next_plus_1", "next_other_1"].map(&mut bit);
    cell.leaf(
        "both_bit",
        both_bit(context, sequence, &drops.bits, &carry, &ports.current_is_free, [&both, &next_carry]),
    );
    cell.leaf("both_carry_register", register(technology, fire, &next_carry, &carry, None, None, 0));

    cell.leaf("addends", addends(datapath, &drops.next, &both, &nexts));
    for (name, next, q) in [
        ("minus_0_register", &nexts[0], &minus_0),
        ("plus_1_register", &nexts[1], &plus_1),
        ("other_1_register", &nexts[2], &other_1),
    ] {
        cell.leaf(name, register(technology, fire, next, q, None, None, 0));
    }

    let low_bits = format.v_bits() + 1;
    let shape_0 = Shape::signed(format.k_bits());
    let [sum_0, next_sum_0] = ["sum_0", "next_sum_0"].map(|name| cell.wire(name, shape_0));
    let [low_0, next_low_0] = ["low_0", "next_low_0"].map(|name| cell.wire(name, Shape::unsigned(low_bits)));
    cell.leaf(
        "accumulator_0",
        accumulator_0(context, sequence, k, [&drops.bits[0], &minus_0], &sum_0, [&next_sum_0, &product_0]),
    );
    cell.leaf("sum_0_register", register(technology, fire, &next_sum_0, &sum_0, None, None, 0));
    cell.leaf("low_0_shift", shift_in(&low_0, &product_0, &next_low_0));
    cell.leaf("low_0_register", register(technology, fire, &next_low_0, &low_0, None, None, 0));

    // The multiplicand of learning has shifted through exactly when the first pass ends.
    let shape_1 = Shape::signed((format.v_bits() + 2).max(format.k_bits() + 1));
    let [sum_1, next_sum_1] = ["sum_1", "next_sum_1"].map(|name| cell.wire(name, shape_1));
    let shape_low = Shape::unsigned((1 << timeline.index_bits) - 2);
    let [low_1, next_low_1] = ["low_1", "next_low_1"].map(|name| cell.wire(name, shape_low));
    let low_in = cell.wire("low_1_in", Shape::BIT);
    cell.leaf(
        "accumulator_1",
        accumulator_1(context, sequence, k, &low_1, [&plus_1, &other_1], &sum_1, [&next_sum_1, &product_1]),
    );
    cell.leaf("sum_1_register", register(technology, fire, &next_sum_1, &sum_1, None, None, 0));
    cell.leaf(
        "low_1_choice",
        Leaf::function(
            "choice",
            "the difference's bit while learning, or the product's",
            technology.lut_ps(),
        )
        .input("learning", &sequence.learning)
        .input("both", &both)
        .input("product", &product_1)
        .output("o", &low_in, "learning ? both : product")
        .evaluate(|x, y| y[0] = if x[0] == 1 { x[1] } else { x[2] }),
    );
    cell.leaf("low_1_shift", shift_in(&low_1, &low_in, &next_low_1));
    cell.leaf(
        "low_1_register",
        register(technology, fire, &next_low_1, &low_1, Some(&sequence.early), None, 0),
    );

    cell.leaf("send_0", current(low_bits, &sum_0, &low_0, &ports.currents[0]));
    cell.leaf("send_1", current(low_bits, &sum_1, &low_1, &ports.currents[1]));
    product_1
}

/// What the accumulators add at the next bit time, one bit time after a drop's bit was picked or the sum's bit made.
///
/// The first one adds the conductance where the drop's bit is 1, or its opposite at the sign bit, where also `minus` is 1.
/// The second one by `plus` and `other`: neither, nothing; `plus`, the conductance; both, its opposite; `other`, the
/// difference of the drops.
fn addends(datapath: Datapath<'_>, next_drops: &[Bus; 2], both: &Bus, nexts: &[Bus; 3]) -> Leaf {
    let Datapath { context, sequence, .. } = datapath;
    Leaf::function("addends", "what the accumulators add at the next bit time", context.technology.lut_ps())
        .input("sign", &sequence.sign)
        .input("learning", &sequence.learning)
        .input("late", &sequence.late)
        .input("next_drop_0", &next_drops[0])
        .input("next_drop_1", &next_drops[1])
        .input("both", both)
        .output("next_minus_0", &nexts[0], "sign & next_drop_0")
        .output("next_plus_1", &nexts[1], "~learning & next_drop_1")
        .output("next_other_1", &nexts[2], "(sign & next_drop_1) | (learning & late & both)")
        .evaluate(|x, y| {
            let &[sign, learning, late, next_drop_0, next_drop_1, both] = x else { return };
            y[0] = sign & next_drop_0;
            y[1] = (1 - learning) & next_drop_1;
            y[2] = (sign & next_drop_1) | (learning & late & both);
        })
}

/// The upper half of the first product: the conductance times a bit is added, or subtracted at the sign bit.
fn accumulator_0(
    context: Context<'_>,
    sequence: &SerialSequence,
    k: &Bus,
    [drop, minus]: [&Bus; 2],
    sum: &Bus,
    [next_sum, product]: [&Bus; 2],
) -> Leaf {
    let technology = context.technology;
    let (k_guard, k_bits) = (context.design.format().k_guard(), bits(sum));
    let top = k_bits + 1;
    Leaf::function("accumulator_0", "adds the conductance times a bit, and moves down", {
        technology.lut_ps() + technology.carry_ps(k_bits + 2)
    })
    .input("sum", sum)
    .input("k", k)
    .input("drop", drop)
    .input("minus", minus)
    .input("clear", &sequence.clear)
    .verilog(format!(
        "wire [{0}:0] addend = ({{{k_bits}{{drop}}}} & k[{1}:{k_guard}]) ^ {{{k_bits}{{minus}}}};\n\
         wire [{top}:0] total = {{1'b0, sum, 1'b1}} + {{minus, addend, minus}};",
        k_bits - 1,
        k_bits + k_guard - 1,
    ))
    .output("next_sum", next_sum, format!("clear ? {k_bits}'d0 : total[{top}:2]"))
    .output("product", product, "total[1]")
    .evaluate(move |x, y| {
        let &[sum, k, drop, minus, clear] = x else { return };
        // In between, the sum is an unsigned number; only the sign bit can make it negative.
        let sum = Shape::unsigned(k_bits).wrap(sum);
        let total = sum + drop * (1 - 2 * minus) * (k >> k_guard);
        y[0] = if clear == 1 { 0 } else { total >> 1 };
        y[1] = total & 1;
    })
}

/// The upper half of the second product, or of the product that is learnt.
fn accumulator_1(
    context: Context<'_>,
    sequence: &SerialSequence,
    k: &Bus,
    low: &Bus,
    [plus, other]: [&Bus; 2],
    sum: &Bus,
    [next_sum, product]: [&Bus; 2],
) -> Leaf {
    let technology = context.technology;
    let format = context.design.format();
    let (k_guard, k_bits, difference_bits, width) =
        (format.k_guard(), format.k_bits(), format.v_bits() + 2, bits(sum));
    let (top, difference) = (width + 1, Shape::signed(difference_bits));
    Leaf::function("accumulator_1", "adds the conductance or the drops' difference times a bit, and moves down", {
        2 * technology.lut_ps() + technology.carry_ps(width + 2)
    })
    .input("sum", sum)
    .input("k", k)
    .input("low", low)
    .input("plus", plus)
    .input("other", other)
    .input("clear", &sequence.clear)
    .verilog(format!(
        "wire minus = plus & other;\n\
         wire [{w}:0] g = {{{{{}{{1'b0}}}}, k[{}:{k_guard}]}};\n\
         wire [{w}:0] difference = {};\n\
         wire [{w}:0] addend = ({{{width}{{plus}}}} & (g ^ {{{width}{{other}}}})) | ({{{width}{{other & ~plus}}}} & difference);\n\
         wire [{top}:0] total = {{sum[{w}], sum, 1'b1}} + {{addend[{w}], addend, minus}};",
        width - k_bits,
        k_bits + k_guard - 1,
        if width > difference_bits {
            format!("{{{{{}{{low[{d}]}}}}, low[{d}:0]}}", width - difference_bits, d = difference_bits - 1)
        } else {
            format!("low[{}:0]", difference_bits - 1)
        },
        w = width - 1,
    ))
    .output("next_sum", next_sum, format!("clear ? {width}'d0 : total[{top}:2]"))
    .output("product", product, "total[1]")
    .evaluate(move |x, y| {
        let &[sum, k, low, plus, other, clear] = x else { return };
        let addend = match (plus, other) {
            (0, 0) => 0,
            (0, _) => difference.wrap(low),
            (_, 0) => k >> k_guard,
            _ => -(k >> k_guard),
        };
        let total = sum + addend;
        y[0] = if clear == 1 { 0 } else { total >> 1 };
        y[1] = total & 1;
    })
}

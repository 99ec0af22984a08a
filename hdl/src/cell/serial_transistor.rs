//! The products of a transistor edge with bit-serial multipliers.
//!
//! Into an end at voltage `v_i`, with the other at `v_j`, flows twice the current `(a - b)(a + b)`, where
//! `a = max(0, g - v_i)` and `b = max(0, g - v_j)` are overdrives. In the first pass over the bits the signs of all four
//! overdrives are found, which hold back negative ones from then on. In the second pass `a - b` becomes the multiplicand,
//! in the third `a + b` goes by. Learning, the conductance reads as 0 and no sign holds anything back, so that `a - b` is a
//! drop.

use super::Context;
use super::operand::overdrive_bits;
use super::serial_datapath::{Datapath, Field, both_bit, current, pick, shift_in, upper};
use super::serial_sequence::SerialSequence;
use crate::bus::{Bus, Shape};
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::primitive::register;

/// Which of a pass's bit times and which pass it is.
struct Passes {
    /// The signs of the overdrives are found.
    signs: Bus,
    /// Differences become multiplicands.
    collect: Bus,
    /// The last bits of the pass before have been picked: borrows and carries become 0.
    tail: Bus,
}

/// Adds both multipliers and the currents, and returns the bit of the product that is learnt.
pub(super) fn products(cell: &mut Module, datapath: Datapath<'_>) -> Bus {
    let Datapath { context, timeline, fire, sequence, ports, .. } = datapath;
    let (technology, format) = (context.technology, context.design.format());
    let factors = factors(cell, datapath);

    let mut bit = |name: &str| cell.wire(name, Shape::BIT);
    let [both, carry, next_carry] = ["both", "both_carry", "next_both_carry"].map(&mut bit);
    let products = ["product_0", "product_1"].map(&mut bit);
    let collected = ["collected_0", "collected_1"].map(&mut bit);
    let multiplier_bits = ["multiplier_0", "multiplier_1"].map(&mut bit);
    let next_multiplier_bits = ["next_multiplier_0", "next_multiplier_1"].map(&mut bit);
    cell.leaf(
        "both_bit",
        both_bit(context, sequence, &factors.bits, &carry, &ports.current_is_free, [&both, &next_carry]),
    );
    cell.leaf("both_carry_register", register(technology, fire, &next_carry, &carry, None, None, 0));

    let low_bits = overdrive_bits(format) + 1;
    for end in 0..2 {
        // Only the second product is learnt, from a multiplicand that is a difference of drops.
        let learns = end == 1;
        let width = if learns { low_bits.max(format.v_bits() + 2) } else { low_bits };
        let wires = |cell: &mut Module, name: &str, shape: Shape| {
            [format!("{name}_{end}"), format!("next_{name}_{end}")].map(|name| cell.wire(name, shape))
        };
        let [sum, next_sum] = wires(cell, "sum", Shape::signed(width));
        let [low, next_low] = wires(cell, "low", Shape::unsigned(low_bits));
        // A multiplicand has shifted through exactly when its pass ends.
        let shape = Shape::unsigned((1 << timeline.index_bits) - 2);
        let [multiplicand, next_multiplicand] = wires(cell, "multiplicand", shape);
        cell.leaf(
            format!("multiplier_{end}_bit"),
            multiplier_bit(
                context,
                sequence,
                &factors.bits[end],
                learns.then_some(&both),
                [&collected[end], &next_multiplier_bits[end]],
            ),
        );
        cell.leaf(
            format!("multiplier_{end}_register"),
            register(technology, fire, &next_multiplier_bits[end], &multiplier_bits[end], None, None, 0),
        );
        for (name, from, i, next, enable) in [
            (
                "multiplicand",
                &multiplicand,
                &collected[end],
                &next_multiplicand,
                Some(&factors.passes.collect),
            ),
            ("low", &low, &products[end], &next_low, None),
        ] {
            cell.leaf(format!("{name}_{end}_shift"), shift_in(from, i, next));
            cell.leaf(
                format!("{name}_{end}_register"),
                register(technology, fire, next, from, enable, None, 0),
            );
        }
        cell.leaf(
            format!("accumulator_{end}"),
            accumulator(
                context,
                sequence,
                &multiplicand,
                &multiplier_bits[end],
                &sum,
                [&next_sum, &products[end]],
            ),
        );
        cell.leaf(format!("sum_{end}_register"), register(technology, fire, &next_sum, &sum, None, None, 0));
        cell.leaf(format!("send_{end}"), current(low_bits, &sum, &low, &ports.currents[end]));
    }
    let [_, product] = products;
    product
}

/// The bits of both pairs' differences or sums, and when they are which.
struct Factors {
    bits: [Bus; 2],
    passes: Passes,
}

/// Adds everything up to the differences and sums of overdrives, or of drops while learning.
fn factors(cell: &mut Module, datapath: Datapath<'_>) -> Factors {
    let Datapath { context, fire, sequence, ports, k, .. } = datapath;
    let (technology, format, reset) = (context.technology, context.design.format(), &context.controls.reset);
    let mut bit = |name: String| cell.wire(name, Shape::BIT);
    let [signs, collect, tail, gate, rail, next_rail] =
        ["signs", "collect", "tail", "gate", "rail", "next_rail"].map(|n| bit(n.to_owned()));
    let passes = Passes { signs, collect, tail };
    let voltages = [
        [("previous_0", &ports.previous[0]), ("current_1", &ports.current[1])],
        [("previous_1", &ports.previous[1]), ("current_0", &ports.current[0])],
    ];
    cell.leaf("passes", pass_times(datapath, &passes));
    let upper = upper(cell, datapath);
    let conductance = Field { low: format.k_guard(), bits: format.k_bits(), signed: false };
    pick(cell, datapath, "gate", [k, &upper, &gate], conductance, Some(&sequence.learning));
    cell.leaf("pick_rail", pick_rail(datapath, &next_rail));
    cell.leaf("rail_register", register(technology, fire, &next_rail, &rail, None, None, 0));
    let field = Field { low: 0, bits: format.v_bits(), signed: true };
    let mut factors = Vec::new();
    for (end, pair) in voltages.into_iter().enumerate() {
        let mut overdrives = Vec::new();
        for (place, (name, voltage)) in pair.into_iter().enumerate() {
            let mut bit = |what: &str| cell.wire(format!("{name}_{what}"), Shape::BIT);
            let [picked, over, borrow, next_borrow, below, next_below] =
                ["bit", "over", "borrow", "next_borrow", "below", "next_below"].map(&mut bit);
            pick(cell, datapath, name, [voltage, &upper, &picked], field, None);
            cell.leaf(
                format!("overdrive_{name}"),
                overdrive(
                    context,
                    sequence,
                    &passes,
                    (place == 0).then_some(&rail),
                    [&gate, &picked, &borrow, &below],
                    [&over, &next_borrow, &next_below],
                ),
            );
            cell.leaf(
                format!("{name}_borrow_register"),
                register(technology, fire, &next_borrow, &borrow, None, Some(reset), 0),
            );
            cell.leaf(
                format!("{name}_below_register"),
                register(technology, fire, &next_below, &below, Some(&passes.signs), None, 0),
            );
            overdrives.push(over);
        }
        let mut bit = |what: &str| cell.wire(format!("{what}_{end}"), Shape::BIT);
        let [factor, next_factor, carry, next_carry] =
            ["factor", "next_factor", "factor_carry", "next_factor_carry"].map(&mut bit);
        cell.leaf(
            format!("factor_{end}_bit"),
            factor_bit(context, sequence, &passes, &overdrives, &carry, [&next_factor, &next_carry]),
        );
        cell.leaf(
            format!("factor_{end}_register"),
            register(technology, fire, &next_factor, &factor, Some(&sequence.pick), None, 0),
        );
        cell.leaf(
            format!("factor_{end}_carry_register"),
            register(technology, fire, &next_carry, &carry, None, None, 0),
        );
        factors.push(factor);
    }
    let bits = [factors[0].clone(), factors[1].clone()];
    Factors { bits, passes }
}

/// Which pass it is.
fn pass_times(datapath: Datapath<'_>, passes: &Passes) -> Leaf {
    let Datapath { context, timeline, sequence, .. } = datapath;
    let (index_bits, pass) = (timeline.index_bits, timeline.pass());
    let number_bits = timeline.count_bits - index_bits;
    Leaf::function("passes", "which pass it is, and whether it begins", 2 * context.technology.lut_ps())
        .input("count", &sequence.count)
        .verilog(format!(
            "wire [{}:0] number = count[{}:{index_bits}];",
            number_bits - 1,
            timeline.count_bits - 1
        ))
        .output("signs", &passes.signs, format!("number == {number_bits}'d0"))
        .output("collect", &passes.collect, format!("number == {number_bits}'d1"))
        .output("tail", &passes.tail, format!("~|count[{}:0]", index_bits - 1))
        .evaluate(move |x, y| {
            y[0] = i64::from(x[0] / pass == 0);
            y[1] = i64::from(x[0] / pass == 1);
            y[2] = i64::from(x[0] % pass == 0);
        })
}

/// One bit of the lowest rail.
fn pick_rail(datapath: Datapath<'_>, rail: &Bus) -> Leaf {
    let Datapath { context, timeline, sequence, .. } = datapath;
    let (value, pass) = (i64::from(context.design.rules().lowest_rail), timeline.pass());
    let bits = (0..pass).rev().map(|i| if (value >> i) & 1 == 1 { '1' } else { '0' }).collect::<String>();
    Leaf::function("pick_rail", "bit number count of the lowest rail", 2 * context.technology.lut_ps())
        .input("count", &sequence.count)
        .verilog(format!(
            "wire [{}:0] extended = {pass}'b{bits};\nwire [{top}:0] index = count[{top}:0];",
            pass - 1,
            top = timeline.index_bits - 1,
        ))
        .output("rail", rail, "extended[index]")
        .evaluate(move |x, y| y[0] = (value >> (x[0] % pass)) & 1)
}

/// One bit of an overdrive, and whether it is negative.
///
/// Publishing, the overdrive of a pair's first voltage, which has a `rail`, is that of the lowest rail instead, and the
/// second is held back.
fn overdrive(
    context: Context<'_>,
    sequence: &SerialSequence,
    passes: &Passes,
    rail: Option<&Bus>,
    [gate, voltage, borrow, below]: [&Bus; 4],
    [over, next_borrow, next_below]: [&Bus; 3],
) -> Leaf {
    let first = rail.is_some();
    let mut leaf = Leaf::function(
        if first { "overdrive_first" } else { "overdrive_second" },
        "one bit of an overdrive, unless it is negative",
        2 * context.technology.lut_ps(),
    )
    .input("gate", gate)
    .input("voltage", voltage)
    .input("borrow", borrow)
    .input("below", below)
    .input("tail", &passes.tail)
    .input("learning", &sequence.learning)
    .input("publish", &sequence.publish);
    if let Some(rail) = rail {
        leaf = leaf.input("rail", rail).verilog("wire from = publish ? rail : voltage;");
    } else {
        leaf = leaf.verilog("wire from = voltage;");
    }
    let hold = if first { "1'b0" } else { "publish" };
    leaf.verilog("wire difference = gate ^ from ^ borrow;")
        .output("over", over, "~below & difference")
        .output("next_borrow", next_borrow, "~tail & ((gate ^ from) ? from : borrow)")
        .output("next_below", next_below, format!("~learning & (difference | {hold})"))
        .evaluate(move |x, y| {
            let (gate, borrow, below, tail, learning, publish) = (x[0], x[2], x[3], x[4], x[5], x[6]);
            let from = if first && publish == 1 { x[7] } else { x[1] };
            let difference = gate ^ from ^ borrow;
            y[0] = (1 - below) & difference;
            y[1] = (1 - tail) & if gate == from { borrow } else { from };
            y[2] = (1 - learning) & (difference | if first { 0 } else { publish });
        })
}

/// One bit of the difference of two overdrives, or of their sum in the last pass of relaxing; publishing, of 1 there.
fn factor_bit(
    context: Context<'_>,
    sequence: &SerialSequence,
    passes: &Passes,
    overdrives: &[Bus],
    carry: &Bus,
    [next_factor, next_carry]: [&Bus; 2],
) -> Leaf {
    Leaf::function("factor_bit", "one bit of a difference of overdrives, or of their sum", {
        2 * context.technology.lut_ps()
    })
    .input("a", &overdrives[0])
    .input("b", &overdrives[1])
    .input("carry", carry)
    .input("early", &sequence.early)
    .input("learning", &sequence.learning)
    .input("publish", &sequence.publish)
    .input("first", &sequence.head)
    .input("tail", &passes.tail)
    .output("next_factor", next_factor, "(publish & ~early) ? first : a ^ b ^ carry")
    .output("next_carry", next_carry, "~tail & ((a ^ b ^ (early | learning)) ? carry : b)")
    .evaluate(|x, y| {
        let &[a, b, carry, early, learning, publish, first, tail] = x else { return };
        y[0] = if publish == 1 && early == 0 { first } else { a ^ b ^ carry };
        y[1] = (1 - tail) & if a ^ b ^ (early | learning) == 1 { carry } else { b };
    })
}

/// What is collected in a multiplicand, and what it is multiplied by; `both` is the bit of drops that is learnt from.
fn multiplier_bit(
    context: Context<'_>,
    sequence: &SerialSequence,
    factor: &Bus,
    both: Option<&Bus>,
    [collected, multiplier]: [&Bus; 2],
) -> Leaf {
    let learns = both.is_some();
    let name = if learns { "multiplier_bit_learning" } else { "multiplier_bit" };
    let leaf =
        Leaf::function(name, "the bit that is collected or multiplied by", context.technology.lut_ps())
            .input("factor", factor)
            .input("late", &sequence.late);
    let leaf = match both {
        Some(both) => leaf
            .input("learning", &sequence.learning)
            .input("both", both)
            .verilog("wire chosen = learning ? both : factor;"),
        None => leaf.verilog("wire chosen = factor;"),
    };
    leaf.output("collected", collected, "chosen").output("multiplier", multiplier, "late & chosen").evaluate(
        move |x, y| {
            y[0] = if learns && x[2] == 1 { x[3] } else { x[0] };
            y[1] = x[1] & y[0];
        },
    )
}

/// The upper half of a product.
fn accumulator(
    context: Context<'_>,
    sequence: &SerialSequence,
    multiplicand: &Bus,
    multiplier: &Bus,
    sum: &Bus,
    [next_sum, product]: [&Bus; 2],
) -> Leaf {
    let technology = context.technology;
    let (width, shape) = (bits(sum), sum.shape());
    Leaf::function("accumulator", "adds the multiplicand times a bit, and moves down", {
        technology.lut_ps() + technology.carry_ps(width + 1)
    })
    .input("sum", sum)
    .input("multiplicand", multiplicand)
    .input("multiplier", multiplier)
    .input("clear", &sequence.clear)
    .verilog(format!(
        "wire [{w}:0] addend = {{{width}{{multiplier}}}} & multiplicand[{w}:0];\n\
         wire [{width}:0] total = {{sum[{w}], sum}} + {{addend[{w}], addend}};",
        w = width - 1,
    ))
    .output("next_sum", next_sum, format!("clear ? {width}'d0 : total[{width}:1]"))
    .output("product", product, "total[0]")
    .evaluate(move |x, y| {
        let &[sum, multiplicand, multiplier, clear] = x else { return };
        let total = sum + multiplier * shape.wrap(multiplicand);
        y[0] = if clear == 1 { 0 } else { total >> 1 };
        y[1] = total & 1;
    })
}

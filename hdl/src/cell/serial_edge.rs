//! The edge cell with bit-serial multipliers: no multiplier of the device, one bit of both products a fire.
//!
//! Relaxing, the drops towards both ends leave the voltages bit by bit, least significant first, and each is multiplied
//! by the conductance: an accumulator adds the conductance where the bit is 1, subtracts it where the sign bit is, and
//! moves one bit down into a shift register. Learning uses `dF^2 - dC^2 = (dF - dC)(dF + dC)`. The difference is made
//! first, and shifted into the second product's low bits, which are free then; it is the multiplicand for the bits of the
//! sum. The product leaves the accumulator bit by bit and is added to the conductance accumulator, which turns once
//! meanwhile; when it starts turning is all there is to the learning shift.

use super::edge::{EdgePorts, declare_ports, generator_step, scan_end};
use super::serial_sequence::{SerialSequence, Timeline, serial_sequence};
use super::{Context, edge_module_name};
use crate::bus::{Bus, Shape};
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::primitive::{falling_flop, join_ends, matched_delay, register};
use wheatstone_sim::Format;
use wheatstone_sim::network::EdgeKind;

/// Delays of the product by 1 to 4 bit times, for the four offsets of the learning shift.
const OFFSETS: u32 = 4;

/// Module name of an edge with bit-serial multipliers: equal names mean equal cells.
pub fn serial_edge_module_name(kind: EdgeKind, alpha: i32) -> String {
    format!("serial_{}", edge_module_name(kind, alpha))
}

/// A linear edge whose matched delay has `luts` LUTs and whose group's learning shift is `alpha`.
pub fn serial_edge(context: Context<'_>, name: String, alpha: i32, luts: u32, ports: &EdgePorts) -> Module {
    let (technology, border) = (context.technology, context.border);
    let format = context.design.format();
    let timeline = Timeline::new(format, alpha);
    let mut cell = Module::new(name, "an edge with bit-serial multipliers");
    declare_ports(&mut cell, context, ports);

    let enable = cell.wire("enable", Shape::BIT);
    let fire = cell.noglobal_wire("fire", Shape::BIT);
    let tick_back = cell.wire("tick_back", Shape::BIT);
    let generator = cell.wire("generator", Shape::unsigned(16));
    let k = cell.wire("k", Shape::unsigned(format.k_bits() + format.k_guard()));

    let sequence =
        serial_sequence(&mut cell, context, timeline, &fire, &ports.phase, &ports.last, &generator);
    cell.leaf("tick_back_flop", falling_flop(technology, &fire, &sequence.tick, &tick_back, &border.reset));
    cell.leaf(
        "join_ends",
        join_ends(
            technology,
            [&ports.requests[0], &ports.requests[1]],
            &ports.phase,
            &sequence.tick,
            &tick_back,
            &enable,
        ),
    );
    cell.leaf("matched_delay", matched_delay(technology, luts, &enable, &border.strobe, &fire));

    let drops = drops(&mut cell, context, timeline, &fire, &sequence, ports);
    let product = products(&mut cell, context, timeline, &fire, &sequence, ports, &drops, &k);
    learning(&mut cell, context, &fire, &sequence, &product, &k, &generator);

    let next_generator = cell.wire("next_generator", generator.shape());
    cell.leaf(
        "generator_step",
        generator_step(context, &generator, &border.scan, &ports.scan_in, &next_generator),
    );
    cell.leaf(
        "generator_register",
        register(technology, &fire, &next_generator, &generator, Some(&sequence.take_generator), None, 1),
    );
    cell.leaf("scan_end", scan_end(&k, &ports.scan_out));
    cell
}

/// Adds the bits of the drops: towards end 0 and towards end 1, one bit time after they were picked.
fn drops(
    cell: &mut Module,
    context: Context<'_>,
    timeline: Timeline,
    fire: &Bus,
    sequence: &SerialSequence,
    ports: &EdgePorts,
) -> [Bus; 2] {
    let technology = context.technology;
    let mut bit = |name: &str| cell.wire(name, Shape::BIT);
    let picked = ["current_0_bit", "previous_0_bit", "current_1_bit", "previous_1_bit"].map(&mut bit);
    let drops = ["drop_0", "drop_1"].map(&mut bit);
    let next_drops = ["next_drop_0", "next_drop_1"].map(&mut bit);
    let borrows = ["borrow_0", "borrow_1"].map(&mut bit);
    let next_borrows = ["next_borrow_0", "next_borrow_1"].map(&mut bit);
    let voltages = [&ports.current[0], &ports.previous[0], &ports.current[1], &ports.previous[1]];
    for ((name, voltage), bit) in ["pick_current_0", "pick_previous_0", "pick_current_1", "pick_previous_1"]
        .into_iter()
        .zip(voltages)
        .zip(&picked)
    {
        cell.leaf(name, pick(context, timeline, &sequence.count, voltage, bit));
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
    drops
}

/// One bit of a voltage, its sign bit where it has no more.
fn pick(context: Context<'_>, timeline: Timeline, count: &Bus, voltage: &Bus, bit: &Bus) -> Leaf {
    let (v_bits, index_bits) = (bits(voltage), timeline.index_bits);
    let pass = 1u32 << index_bits;
    Leaf::function("pick", "bit number count of a voltage, its sign beyond", {
        u64::from(index_bits.div_ceil(2)) * 2 * context.technology.lut_ps()
    })
    .input("count", count)
    .input("voltage", voltage)
    .verilog(format!(
        "wire [{}:0] extended = {{{{{}{{voltage[{}]}}}}, voltage}};\nwire [{top}:0] index = count[{top}:0];",
        pass - 1,
        pass - v_bits,
        v_bits - 1,
        top = index_bits - 1,
    ))
    .output("o", bit, "extended[index]")
    .evaluate(move |x, y| y[0] = (x[1] >> (x[0] % i64::from(pass))) & 1)
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

/// Adds both multipliers and the currents, and returns the bit of the second product.
#[expect(clippy::too_many_arguments, reason = "everything of the cell meets here")]
fn products(
    cell: &mut Module,
    context: Context<'_>,
    timeline: Timeline,
    fire: &Bus,
    sequence: &SerialSequence,
    ports: &EdgePorts,
    drops: &[Bus; 2],
    k: &Bus,
) -> Bus {
    let technology = context.technology;
    let format = context.design.format();
    let mut bit = |name: &str| cell.wire(name, Shape::BIT);
    let [both, carry, next_carry] = ["both", "both_carry", "next_both_carry"].map(&mut bit);
    let [product_0, product_1] = ["product_0", "product_1"].map(&mut bit);
    cell.leaf(
        "both_bit",
        both_bit(context, sequence, drops, &carry, &ports.current_is_free, [&both, &next_carry]),
    );
    cell.leaf("both_carry_register", register(technology, fire, &next_carry, &carry, None, None, 0));

    let low_bits = format.v_bits() + 1;
    let shape_0 = Shape::signed(format.k_bits());
    let [sum_0, next_sum_0] = ["sum_0", "next_sum_0"].map(|name| cell.wire(name, shape_0));
    let [low_0, next_low_0] = ["low_0", "next_low_0"].map(|name| cell.wire(name, Shape::unsigned(low_bits)));
    cell.leaf(
        "accumulator_0",
        accumulator_0(context, sequence, k, &drops[0], &sum_0, [&next_sum_0, &product_0]),
    );
    cell.leaf("sum_0_register", register(technology, fire, &next_sum_0, &sum_0, None, None, 0));
    cell.leaf("low_0_shift", shift_in(&low_0, &product_0, &next_low_0));
    cell.leaf("low_0_register", register(technology, fire, &next_low_0, &low_0, None, None, 0));

    // The multiplicand of learning has shifted through exactly when the first pass ends.
    let shape_1 = Shape::signed((format.v_bits() + 2).max(format.k_bits() + 1));
    let [sum_1, next_sum_1] = ["sum_1", "next_sum_1"].map(|name| cell.wire(name, shape_1));
    let shape_low = Shape::unsigned((1 << timeline.index_bits) - 1);
    let [low_1, next_low_1] = ["low_1", "next_low_1"].map(|name| cell.wire(name, shape_low));
    let low_in = cell.wire("low_1_in", Shape::BIT);
    cell.leaf(
        "accumulator_1",
        accumulator_1(context, sequence, k, &low_1, [&drops[1], &both], &sum_1, [&next_sum_1, &product_1]),
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

    cell.leaf("send_0", current(format, &sum_0, &low_0, &ports.currents[0]));
    cell.leaf("send_1", current(format, &sum_1, &low_1, &ports.currents[1]));
    product_1
}

/// One bit of the difference of the free and the clamped drop in the first pass, of their sum in the second.
///
/// A drop's sign is that of its stream, which points from one end to the other at one time and back at the other; the
/// difference is taken so that its product with the sum is `dF^2 - dC^2`.
fn both_bit(
    context: Context<'_>,
    sequence: &SerialSequence,
    drops: &[Bus; 2],
    carry: &Bus,
    free: &Bus,
    [both, next_carry]: [&Bus; 2],
) -> Leaf {
    Leaf::function(
        "both_bit",
        "one bit of the drops' difference, then of their sum",
        2 * context.technology.lut_ps(),
    )
    .input("drop_0", &drops[0])
    .input("drop_1", &drops[1])
    .input("carry", carry)
    .input("early", &sequence.early)
    .input("clear", &sequence.clear)
    .input("free", free)
    .output("both", both, "drop_0 ^ drop_1 ^ carry")
    .output(
        "next_carry",
        next_carry,
        "~clear & ((drop_0 ^ drop_1 ^ early) ? carry : (free ? drop_0 : drop_1))",
    )
    .evaluate(|x, y| {
        let &[drop_0, drop_1, carry, early, clear, free] = x else { return };
        y[0] = drop_0 ^ drop_1 ^ carry;
        y[1] = match (clear, drop_0 ^ drop_1 ^ early) {
            (1, _) => 0,
            (_, 1) => carry,
            _ if free == 1 => drop_0,
            _ => drop_1,
        };
    })
}

/// The upper half of the first product: the conductance times a bit is added, or subtracted at the sign bit.
fn accumulator_0(
    context: Context<'_>,
    sequence: &SerialSequence,
    k: &Bus,
    drop: &Bus,
    sum: &Bus,
    [next_sum, product]: [&Bus; 2],
) -> Leaf {
    let technology = context.technology;
    let (k_guard, k_bits) = (context.design.format().k_guard(), bits(sum));
    let top = k_bits + 1;
    Leaf::function("accumulator_0", "adds the conductance times a bit, and moves down", {
        2 * technology.lut_ps() + technology.carry_ps(k_bits + 2)
    })
    .input("sum", sum)
    .input("k", k)
    .input("drop", drop)
    .input("run_end", &sequence.run_end)
    .input("clear", &sequence.clear)
    .verilog(format!(
        "wire minus = drop & run_end;\n\
         wire [{0}:0] addend = ({{{k_bits}{{drop}}}} & k[{1}:{k_guard}]) ^ {{{k_bits}{{minus}}}};\n\
         wire [{top}:0] total = {{1'b0, sum, 1'b1}} + {{minus, addend, minus}};",
        k_bits - 1,
        k_bits + k_guard - 1,
    ))
    .output("next_sum", next_sum, format!("clear ? {k_bits}'d0 : total[{top}:2]"))
    .output("product", product, "total[1]")
    .evaluate(move |x, y| {
        let &[sum, k, drop, run_end, clear] = x else { return };
        // In between, the sum is an unsigned number; only the sign bit can make it negative.
        let sum = Shape::unsigned(k_bits).wrap(sum);
        let total = sum + multiple(drop, drop & run_end) * (k >> k_guard);
        y[0] = if clear == 1 { 0 } else { total >> 1 };
        y[1] = total & 1;
    })
}

/// What is added: the multiplicand, its opposite or nothing.
fn multiple(bit: i64, minus: i64) -> i64 {
    if minus == 1 { -1 } else { bit }
}

/// The upper half of the second product, or of the product that is learnt.
fn accumulator_1(
    context: Context<'_>,
    sequence: &SerialSequence,
    k: &Bus,
    low: &Bus,
    [drop, both]: [&Bus; 2],
    sum: &Bus,
    [next_sum, product]: [&Bus; 2],
) -> Leaf {
    let technology = context.technology;
    let format = context.design.format();
    let (k_guard, k_bits, difference_bits, width) =
        (format.k_guard(), format.k_bits(), format.v_bits() + 2, bits(sum));
    let (top, difference) = (width + 1, Shape::signed(difference_bits));
    Leaf::function("accumulator_1", "adds the conductance or the drops' difference times a bit, and moves down", {
        3 * technology.lut_ps() + technology.carry_ps(width + 2)
    })
    .input("sum", sum)
    .input("k", k)
    .input("low", low)
    .input("drop", drop)
    .input("both", both)
    .input("run_end", &sequence.run_end)
    .input("learning", &sequence.learning)
    .input("late", &sequence.late)
    .input("clear", &sequence.clear)
    .verilog(format!(
        "wire plus = ~learning & drop;\n\
         wire other = (run_end & drop) | (late & both);\n\
         wire minus = plus & other;\n\
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
        let &[sum, k, low, drop, both, run_end, learning, late, clear] = x else { return };
        let plus = (1 - learning) & drop;
        let other = (run_end & drop) | (late & both);
        let addend = match (plus, other) {
            (0, 1) => difference.wrap(low),
            _ => multiple(plus, plus & other) * (k >> k_guard),
        };
        let total = sum + addend;
        y[0] = if clear == 1 { 0 } else { total >> 1 };
        y[1] = total & 1;
    })
}

/// A shift register that moves down, a bit coming in at the top.
fn shift_in(register: &Bus, bit: &Bus, next: &Bus) -> Leaf {
    let top = bits(register) - 1;
    Leaf::function("shift_in", "moves down, a bit comes in at the top", 0)
        .input("register", register)
        .input("i", bit)
        .output("next", next, format!("{{i, register[{top}:1]}}"))
        .evaluate(move |x, y| y[0] = (x[1] << top) | (x[0] >> 1))
}

/// A current: the low bits of an accumulator above the bits that left it last.
fn current(format: Format, sum: &Bus, low: &Bus, into: &Bus) -> Leaf {
    let (v_bits, sum_bits) = (format.v_bits(), bits(into) - format.v_bits() - 1);
    let (sum_top, low_top) = (sum_bits - 1, bits(low) - 1);
    let low_end = low_top - v_bits;
    Leaf::function("current", "a product from its two halves", 0)
        .input("sum", sum)
        .input("low", low)
        .output("into", into, format!("{{sum[{sum_top}:0], low[{low_top}:{low_end}]}}"))
        .evaluate(move |x, y| y[0] = (x[0] << (v_bits + 1)) | (x[1] >> low_end))
}

/// Adds the learning: the product's bits, delayed as the offset says, added to the turning conductance accumulator.
fn learning(
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
    let [change, carry, next_carry, over, next_over, low, take_k] =
        ["change", "carry", "next_carry", "over", "next_over", "too_low", "take_k"].map(&mut bit);
    cell.leaf(
        "change_bit",
        Leaf::function(
            "change_bit",
            "the product's bit at this offset, if there is one",
            3 * technology.lut_ps(),
        )
        .input("delayed", &delayed)
        .input("offset", &context.border.offset)
        .input("early", &sequence.early)
        .input("skip", &sequence.skip)
        .output("change", &change, "~early & ~skip & delayed[offset]")
        .evaluate(|x, y| {
            let &[delayed, offset, early, skip] = x else { return };
            y[0] = (1 - early) & (1 - skip) & (delayed >> offset) & 1;
        }),
    );
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
    .input("scan", &context.border.scan)
    .input("generator", generator)
    .verilog(
        "wire lowest = k[0] & rotating;\n\
             wire top = scan ? generator[0] : fill | (lowest ^ change ^ carry);",
    )
    .output(
        "next_k",
        next_k,
        format!(
            "too_low ? {} : {{top, k[{}:1]}}",
            crate::verilog::literal(Shape::unsigned(width), smallest),
            width - 1
        ),
    )
    .output("next_carry", next_carry, "start ? change : (lowest & change) | (lowest & carry) | (change & carry)")
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
            "wire is_low = {};\nwire fill_now = finish & over & ~change & ~fill;",
            below(format.k_bits(), k_guard, g_min)
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

/// A Verilog expression for `k[..] < bound`, written bit by bit: a comparison would become a carry chain.
fn below(k_bits: u32, k_guard: u32, bound: i64) -> String {
    let mut expression = "1'b0".to_owned();
    for i in 0..k_bits {
        let bit = format!("~k[{}]", i + k_guard);
        expression = match ((bound >> i) & 1, expression.as_str()) {
            (1, "1'b0") => bit,
            (1, _) => format!("({bit} | {expression})"),
            (_, "1'b0") => expression,
            _ => format!("({bit} & {expression})"),
        };
    }
    expression
}

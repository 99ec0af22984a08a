//! What the bit-serial products of both kinds of edge share: picking bits, drops bit by bit, shift registers.

use super::serial_sequence::{SerialSequence, Timeline};
use super::{Context, EdgePorts};
use crate::bus::{Bus, Shape};
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::primitive::register;

/// What the products of an edge are made from.
#[derive(Clone, Copy)]
pub(super) struct Datapath<'a> {
    pub context: Context<'a>,
    pub timeline: Timeline,
    pub fire: &'a Bus,
    pub sequence: &'a SerialSequence,
    pub ports: &'a EdgePorts,
    pub k: &'a Bus,
}

/// Where the bits of a number lie on a bus, and what follows above them.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub low: u32,
    pub bits: u32,
    pub signed: bool,
}

/// Adds what picks one bit after another: bit number `count` leaves a bit time later.
///
/// In the first bit time, one bit of every four is chosen; in the second, one of these by `upper`, the upper bits of the
/// number of the bit. With a `hold`, the bit is 0 while that is 1.
pub(super) fn pick(
    cell: &mut Module,
    datapath: Datapath<'_>,
    name: &str,
    [from, upper, picked]: [&Bus; 3],
    field: Field,
    hold: Option<&Bus>,
) {
    let Datapath { context, timeline, fire, sequence, .. } = datapath;
    let technology = context.technology;
    let groups = 1u32 << (timeline.index_bits - 2);
    let (pass, Field { low, bits, signed }) = (4 * groups, field);
    let high = low + bits - 1;
    let fill = if signed { format!("from[{high}]") } else { "1'b0".to_owned() };
    let terms: Vec<String> =
        (0..groups).rev().map(|i| format!("extended[{{{}'d{i}, index}}]", timeline.index_bits - 2)).collect();
    let shape = Shape::unsigned(groups);
    let [quarter, next_quarter] =
        [format!("{name}_quarter"), format!("next_{name}_quarter")].map(|name| cell.wire(name, shape));
    let leaf = Leaf::function("pick_quarter", "one bit of every four", 2 * technology.lut_ps())
        .input("count", &sequence.count)
        .input("from", from)
        .verilog(format!(
            "wire [{}:0] extended = {{{{{}{{{fill}}}}}, from[{high}:{low}]}};\nwire [1:0] index = count[1:0];",
            pass - 1,
            pass - bits,
        ))
        .output("quarter", &next_quarter, format!("{{{}}}", terms.join(", ")))
        .evaluate(move |x, y| {
            let value = Shape { bits, signed }.wrap(x[1] >> low) >> (x[0] & 3);
            y[0] = (0..groups).map(|i| ((value >> (4 * i)) & 1) << i).sum();
        });
    cell.leaf(format!("pick_{name}_quarter"), leaf);
    cell.leaf(
        format!("{name}_quarter_register"),
        register(technology, fire, &next_quarter, &quarter, None, None, 0),
    );
    let leaf = Leaf::function(
        if hold.is_some() { "pick_held" } else { "pick" },
        "one of the bits that were picked of every four",
        2 * technology.lut_ps(),
    )
    .input("quarter", &quarter)
    .input("upper", upper);
    let leaf = match hold {
        Some(hold) => leaf.input("hold", hold).output("o", picked, "~hold & quarter[upper]"),
        None => leaf.output("o", picked, "quarter[upper]"),
    };
    cell.leaf(
        format!("pick_{name}"),
        leaf.evaluate(|x, y| y[0] = (x[0] >> x[1]) & 1 & (1 - x.get(2).copied().unwrap_or(0))),
    );
}

/// Adds the register of the upper bits of a bit's number, by which [`pick`] picks.
pub(super) fn upper(cell: &mut Module, datapath: Datapath<'_>) -> Bus {
    let Datapath { context, timeline, fire, sequence, .. } = datapath;
    let shape = Shape::unsigned(timeline.index_bits - 2);
    let [upper, next_upper] = ["upper", "next_upper"].map(|name| cell.wire(name, shape));
    cell.leaf(
        "upper_bits",
        Leaf::function("upper", "the upper bits of a bit's number", 0)
            .input("count", &sequence.count)
            .output("o", &next_upper, format!("count[{}:2]", timeline.index_bits - 1))
            .evaluate(|x, y| y[0] = x[0] >> 2),
    );
    cell.leaf("upper_register", register(context.technology, fire, &next_upper, &upper, None, None, 0));
    upper
}

/// One bit of the difference of the free and the clamped drop in the first pass, of their sum in the second.
///
/// A drop's sign is that of its stream, which points from one end to the other at one time and back at the other; the
/// difference is taken so that its product with the sum is `dF^2 - dC^2`.
pub(super) fn both_bit(
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

/// A shift register that moves down, a bit coming in at the top.
pub(super) fn shift_in(register: &Bus, bit: &Bus, next: &Bus) -> Leaf {
    let top = bits(register) - 1;
    Leaf::function("shift_in", "moves down, a bit comes in at the top", 0)
        .input("register", register)
        .input("i", bit)
        .output("next", next, format!("{{i, register[{top}:1]}}"))
        .evaluate(move |x, y| y[0] = (x[1] << top) | (x[0] >> 1))
}

/// A current: the low bits of an accumulator above the `low_bits` bits that left it last.
pub(super) fn current(low_bits: u32, sum: &Bus, low: &Bus, into: &Bus) -> Leaf {
    let (sum_top, low_top) = (bits(into) - low_bits - 1, bits(low) - 1);
    let low_end = low_top + 1 - low_bits;
    Leaf::function("current", "a product from its two halves", 0)
        .input("sum", sum)
        .input("low", low)
        .output("into", into, format!("{{sum[{sum_top}:0], low[{low_top}:{low_end}]}}"))
        .evaluate(move |x, y| y[0] = (x[0] << low_bits) | (x[1] >> low_end))
}

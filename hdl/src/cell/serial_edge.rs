//! The edge cell with bit-serial multipliers: no multiplier of the device, one bit of both products a fire.
//!
//! Relaxing, the drops towards both ends leave the voltages bit by bit, least significant first, and each is multiplied
//! by the conductance: an accumulator adds the conductance where the bit is 1, subtracts it where the sign bit is, and
//! moves one bit down into a shift register. Learning uses `dF^2 - dC^2 = (dF - dC)(dF + dC)`. The difference is made
//! first, and shifted into the second product's low bits, which are free then; it is the multiplicand for the bits of the
//! sum. The product leaves the accumulator bit by bit and is added to the conductance accumulator, which turns once
//! meanwhile; when it starts turning is all there is to the learning shift.

use super::edge::{EdgePorts, declare_ports, generator_step, scan_end};
use super::serial_learning::learning;
use super::serial_sequence::{SerialSequence, Timeline, serial_sequence};
use super::{Context, edge_module_name, serial_linear, serial_transistor};
use crate::bus::{Bus, Shape};
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::primitive::{falling_flop, join_ends, matched_delay, register};
use wheatstone_sim::network::EdgeKind;

/// Module name of an edge with bit-serial multipliers: equal names mean equal cells.
pub fn serial_edge_module_name(kind: EdgeKind, alpha: i32) -> String {
    format!("serial_{}", edge_module_name(kind, alpha))
}

/// An edge whose matched delay has `luts` LUTs and whose group's learning shift is `alpha`.
pub fn serial_edge(
    context: Context<'_>,
    name: String,
    kind: EdgeKind,
    alpha: i32,
    luts: u32,
    ports: &EdgePorts,
) -> Module {
    let (technology, border) = (context.technology, context.border);
    let format = context.design.format();
    let timeline = Timeline::new(format, kind, alpha);
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

    let datapath = Datapath { context, timeline, fire: &fire, sequence: &sequence, ports, k: &k };
    let product = match kind {
        EdgeKind::Linear => serial_linear::products(&mut cell, datapath),
        EdgeKind::Transistor => serial_transistor::products(&mut cell, datapath),
    };
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

/// One bit of a voltage, its sign bit where it has no more.
pub(super) fn pick(context: Context<'_>, timeline: Timeline, count: &Bus, voltage: &Bus, bit: &Bus) -> Leaf {
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

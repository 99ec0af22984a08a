//! The edge cell with bit-serial multipliers: no multiplier of the device, one bit of both products a fire.
//!
//! Relaxing, the drops towards both ends leave the voltages bit by bit, least significant first, and each is multiplied
//! by the conductance: an accumulator adds the conductance where the bit is 1, subtracts it where the sign bit is, and
//! moves one bit down into a shift register. Learning uses `dF^2 - dC^2 = (dF - dC)(dF + dC)`. The difference is made
//! first, and shifted into the second product's low bits, which are free then; it is the multiplicand for the bits of the
//! sum. The product leaves the accumulator bit by bit and is added to the conductance accumulator, which turns once
//! meanwhile; when it starts turning is all there is to the learning shift.

use super::edge::{EdgeDelays, EdgePorts, declare_ports, edge_handshake, scan_end};
use super::learning::generator_step;
use super::serial_learning::learning;
use super::serial_sequence::{SerialSequence, Timeline, serial_sequence};
use super::{Context, edge_module_name, serial_linear, serial_transistor};
use crate::bus::{Bus, Shape};
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::primitive::register;
use wheatstone_sim::network::EdgeKind;

/// Module name of an edge with bit-serial multipliers: equal names mean equal cells.
pub fn serial_edge_module_name(kind: EdgeKind, alpha: i32) -> String {
    format!("serial_{}", edge_module_name(kind, alpha))
}

/// An edge with bit-serial multipliers, of LUTs alone: one bit of both products a fire.
///
/// It has the ports, the rounds and the results of [`parallel_edge`](super::parallel_edge()), token for token. It needs
/// no multiplier of the device and takes longer.
///
/// ```text
///                   ┌────────────────────┐
///  request_0 *    ─▶│                    │─▶ phase *     to both ends
///  request_1 *    ─▶│    serial_edge     │═▶ into_0      current into end 0
///  current_0   V  ═▶│                    │═▶ into_1      current into end 1
///  previous_0  V  ═▶│  linear or         │─▶ scan_out
///  current_1   V  ═▶│  transistor,       │
///  previous_1  V  ═▶│  learning shift    │   inside: the conductance accumulator k,
///  last           ─▶│                    │   a generator of random bits
///  current_is_free─▶│                    │
///  border         ═▶│                    │
///  scan_in        ─▶│                    │
///                   └────────────────────┘
///  * two-phase: every change is an event      V: a voltage, `V` bits, signed
/// ```
///
/// # What it does at which fire
///
/// A counter of bit times, `count`, says what a fire does. With `V` bits of voltage and `P`, the smallest power of two that
/// holds a pass over them:
///
/// | round | `count` of a linear edge | does |
/// |---|---|---|
/// | relax | 0 to `V + 2` | drops leave bit by bit, lowest first, and multiply `g`: both products at once; the last fire answers |
/// | close, learning | 0 to `P - 1` | `dF - dC`, bit by bit; draws bits if desynchronous |
/// | | from `P` | `dF + dC`, bit by bit, multiplies it; `k` turns once and the product is added |
/// | | a second time | only if `k` overflows: it fills with ones |
/// | close, publishing | 0 to `V + 2` | publishes: the conductance goes out as a product with 1; the last fire answers |
///
/// A transistor edge has one more pass at the beginning, in which it finds the signs of its overdrives. It relaxes as it learns,
/// by a difference and a sum: those of the overdrives.
///
/// # Handshake
///
/// `fire` rises a matched delay after `enable` and falls one LUT after it. `tick` follows a clock-to-output delay after
/// the rise.
///
/// ```text
/// request_0 ___/¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯ ~ ¯¯¯¯¯¯¯¯¯¯¯¯¯¯   both ends have sent a token
/// request_1 ______/¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯ ~ ¯¯¯¯¯¯¯¯¯¯¯¯¯¯
/// enable    ________/¯¯¯¯¯¯¯\___/¯¯¯¯¯¯¯\__ ~ _/¯¯¯¯¯¯¯\____   requests ≠ phase, tick = tick_back
/// fire      ____________/¯¯¯¯¯\_____/¯¯¯¯¯\ ~ _____/¯¯¯¯¯\__   a short delay: one bit
/// tick      ______________/¯¯¯¯¯¯¯¯¯¯¯\____ ~ _______/¯¯¯¯¯¯   its change takes enable away
/// count     ======== 0 ===X==== 1 ====X==== ~ == 14 =X= 0 ==   15 fires for 12 bits
/// phase     _______________________________ ~ _______/¯¯¯¯¯¯   the last bit time answers
/// into_0, 1 ==============X shifting =X==== ~ =======X======   valid with the answer
/// ```
///
/// # Example
///
/// A crossbar of two inputs and one output. The first trace is a relaxing step, bit by bit: fifteen fires for twelve bits
/// of voltage. The second is a training sample: a step, learning while `k` is rotating, and publishing.
///
/// ```
/// # use std::sync::Arc;
/// # use wheatstone_hdl::{ArrayOptions, ArraySimulation, Multiplier, Technology, listing::Listing};
/// # use wheatstone_sim::{*, network::{EdgeKind, crossbar}};
/// # let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
/// # let design = Arc::new(Design::new(crossbar(2, 1, EdgeKind::Linear)?, Format::COMPACT, rules)?);
/// # let state = State::initial(&design, &[Initial::Uniform { low: 0.5, high: 0.5 }], 1);
/// # let configuration = Configuration { steps: 1, learning: Learning::Quasistatic, alpha_offset: 0 };
/// let options = ArrayOptions { technology: Technology::Ecp5, multiplier: Multiplier::Serial };
/// let mut array = ArraySimulation::new(design, options, configuration, state)?;
/// let signals = ["request_0", "request_1", "count", "phase", "into_0", "into_1"];
/// let bits = Listing::new(&array.array().module, "edge_0", &signals)?;
/// array.circuit_mut().observe(Some(bits.observer()));
/// # let target = Target { voltage: 300, sense: Sense::Equal };
/// array.present(&Sample { inputs: vec![1000, 0], targets: vec![Some(target)] })?;
/// array.step();
/// assert_eq!(format!("\n{bits}"), "
///      ns  request_0  request_1  count  phase   into_0   into_1
///   start          1          1      0      1      512      512
///   0.000          0          .      .      .        .        .
///  10.080          .          0      .      .        .        .
///  17.535          .          .      1      .      256      256
///  27.405          .          .      2      .      128      128
///  37.275          .          .      3      .       64       64
///  47.145          .          .      4      .       32       32
///  57.015          .          .      5      .       16       16
///  66.885          .          .      6      .  2097160  2097160
///  76.755          .          .      7      .  3145732  1048580
///  86.625          .          .      8      .  1572866  2621442
///  96.495          .          .      9      .   786433  3407873
/// 106.365          .          .     10      .   393216  3801088
/// 116.235          .          .     11      .   196608  3997696
/// 126.105          .          .     12      .    98304  4096000
/// 135.975          .          .     13      .  2146304  2048000
/// 145.845          .          .     14      .  3170304  1024000
/// 155.715          .          .      0      0  -512000   512000
/// ");
/// let signals = ["request_1", "phase", "last", "rotating", "publish"];
/// let rounds = Listing::new(&array.array().module, "edge_0", &signals)?;
/// array.circuit_mut().observe(Some(rounds.observer()));
/// array.train(&Sample { inputs: vec![1000, 0], targets: vec![Some(target)] })?;
/// assert_eq!(format!("\n{rounds}"), "
///      ns  request_1  phase  last  rotating  publish
///   start          0      0     0         0        0
///   0.000          1      .     .         .        .
/// 145.635          .      1     .         .        .
/// 149.940          .      .     1         .        .
/// 160.020          0      .     .         .        .
/// 364.875          .      .     .         1        .
/// 601.755          .      .     .         0        .
/// 652.365          .      .     .         .        1
/// 799.155          .      0     .         .        .
/// 800.415          .      .     .         .        0
/// 803.460          .      .     0         .        .
/// ");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `delays` are the lengths of its delays, `alpha` the learning shift of its group, -24 to 16.
pub fn serial_edge(
    context: Context<'_>,
    name: String,
    kind: EdgeKind,
    alpha: i32,
    delays: EdgeDelays,
    ports: &EdgePorts,
) -> Module {
    let (technology, border) = (context.technology, context.border);
    let format = context.design.format();
    let timeline = Timeline::new(format, kind, alpha);
    let mut cell = Module::new(name, "an edge with bit-serial multipliers");
    declare_ports(&mut cell, context, ports);

    let fire = cell.noglobal_wire("fire", Shape::BIT);
    let generator = cell.wire("generator", Shape::unsigned(16));
    let k = cell.wire("k", Shape::unsigned(format.k_bits() + format.k_guard()));

    let sequence =
        serial_sequence(&mut cell, context, timeline, &fire, &ports.phase, &ports.last, &generator);
    edge_handshake(&mut cell, context, delays, ports, &fire, &sequence.tick);

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
    scan_end(&mut cell, technology, &fire, &k, &ports.scan_out);
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

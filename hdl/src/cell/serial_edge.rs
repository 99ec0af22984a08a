//! The edge cell with bit-serial multipliers: no multiplier of the device, one bit of both products a fire.
//!
//! Relaxing, the drops towards both ends leave the voltages bit by bit, least significant first, and each is multiplied
//! by the conductance: an accumulator adds the conductance where the bit is 1, subtracts it where the sign bit is, and
//! moves one bit down into a shift register. Learning uses `dF^2 - dC^2 = (dF - dC)(dF + dC)`. The difference is made
//! first, and shifted into the second product's low bits, which are free then; it is the multiplicand for the bits of the
//! sum. The product leaves the accumulator bit by bit and is added to the conductance accumulator, which turns once
//! meanwhile; when it starts turning is all there is to the learning shift.

use super::edge::{declare_ports, edge_handshake};
use super::learning::generator_step;
use super::scan::scan_end;
use super::serial_datapath::Datapath;
use super::serial_learning::learning;
use super::serial_sequence::{Timeline, serial_sequence};
use super::{Context, EdgeDelays, EdgePorts, edge_module_name, serial_linear, serial_transistor};
use crate::bus::Shape;
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
///  controls       ═▶│                    │
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
/// # let configuration = Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
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
    let (technology, controls) = (context.technology, context.controls);
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
        generator_step(context, &generator, &controls.scan, &ports.scan_in, &next_generator),
    );
    cell.leaf(
        "generator_register",
        register(technology, &fire, &next_generator, &generator, Some(&sequence.take_generator), None, 1),
    );
    scan_end(&mut cell, technology, &fire, &k, &ports.scan_out);
    cell
}

//! The edge cell with a parallel multiplier: one product a fire, two fires a step.
//!
//! Relaxing, the first fire makes the current into end 0, the second the current into end 1. In the last round of a
//! burst that learns, the same two products are the squares of the clamped and the free drop; their difference, doubled
//! as often as the configuration's offset says, moves the conductance. Then the conductance itself goes out where a
//! current would, from which the nodes take their new gains.

use super::learning::{generator_step, learning};
use super::operand::{Ends, current_shape, factor_shapes, operands};
use super::scan::scan_end;
use super::sequence::edge_sequence;
use super::{Context, EdgeDelays, EdgePorts, signed_for};
use crate::bus::{Bus, Shape, extended};
use crate::delays::DelayLine;
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::options::Multiplier;
use crate::primitive::{CarryRow, delay_line, falling_flop, join_ends, matched_delay, register};
use crate::technology::Technology;
use wheatstone_sim::network::EdgeKind;

/// Shape of the currents an edge of that kind sends in the context's format: signed and as wide as the largest.
///
/// A linear edge's current is in LSB of conductance times LSB of voltage. A transistor sends twice its current, in squared
/// LSB of voltage.
pub fn edge_current_shape(context: Context<'_>, kind: EdgeKind) -> Shape {
    current_shape(context.design.format(), kind)
}

/// Module name of an edge: equal names mean equal cells.
pub fn edge_module_name(kind: EdgeKind, alpha: i32) -> String {
    let sign = if alpha < 0 { 'm' } else { 'p' };
    format!("{}_edge_{sign}{}", kind.name(), alpha.unsigned_abs())
}

/// An edge with a multiplier of the device: one product a fire, two fires a step.
///
/// ```text
///                   ┌────────────────────┐
///  request_0 *    ─▶│                    │─▶ phase *     to both ends
///  request_1 *    ─▶│   parallel_edge    │═▶ into_0      current into end 0
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
/// An edge fires several times for one pair of tokens; only the last fire answers.
///
/// | round | fire | does |
/// |---|---|---|
/// | relax | `FIRST` | `into_0` = current into end 0, from `previous_0` and `current_1` |
/// | | `SECOND` | `into_1` = current into end 1, from `previous_1` and `current_0`; answers |
/// | close, learning | `FIRST` | `second` = `-dC²`, the square of the clamped drop |
/// | | `SECOND` | `second` += `dF²`, the square of the free drop |
/// | | `DRAW`, `rarity + 1` times | if desynchronous: draws a bit, and learns only if all are 0 |
/// | | `SHIFT`, `offset + 1` times | doubles `second`; the last one adds `second × 2^alpha` to `k`, saturated |
/// | | `PUBLISH` | both outputs = conductance, for the nodes' gains; answers |
/// | close, not learning | `FIRST`, `SECOND`, `PUBLISH` | the conductance goes out; answers |
///
/// A linear edge sends `g (v_neighbour - v_own)`. A transistor sends twice its current,
/// `(a - b)(a + b)` with `a = max(0, g - v_own)`, `b = max(0, g - v_neighbour)`, and publishes `max(0, g - lowest_rail)`.
///
/// # Handshake
///
/// `fire` rises a matched delay after `enable` and falls one LUT after it. `tick` follows a clock-to-output delay after
/// the rise.
///
/// ```text
/// request_0 ___/¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯   both ends have sent a token
/// request_1 ______/¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯
/// enable    ________/¯¯¯¯¯¯¯¯¯¯¯\_____/¯¯¯¯¯¯¯¯¯¯¯\_________   requests ≠ phase, tick = tick_back
/// fire      ________________/¯¯¯¯¯\___________/¯¯¯¯¯\_______   late by the matched delay
/// tick      __________________/¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯\___________   its change takes enable away
/// tick_back ________________________/¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯\_____   the pulse is over
/// phase     ____________________________________/¯¯¯¯¯¯¯¯¯¯¯   the last fire answers
/// into_0    ==================X=============================   the first product
/// into_1    ====================================X===========   the second, with the answer
/// ```
///
/// # Example
///
/// A crossbar of two inputs and one output is trained on one sample with one step. The edge from the first input, at
/// 1000, to the output, at 0, sends -512 × 1000 and 512 × 1000. Then the output's clamped voltage is nudged to 150.
/// `into_1`, the low bits of `second`, goes through `-850²` and `1000² - 850²` in the closing round and doubles as `k` takes
/// the value before; 2^14 of `k` are one LSB of conductance. The transistor is in saturation: 1000 is above its gate, 512.
///
/// ```
/// # use std::sync::Arc;
/// # use wheatstone_hdl::{ArraySimulation, Technology, listing::Listing};
/// # use wheatstone_sim::{*, network::{EdgeKind, crossbar}};
/// # let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
/// let target = Target { voltage: 300, sense: Sense::Equal };
/// let sample = Sample { inputs: vec![1000, 0], targets: vec![Some(target)] };
/// let trace = |kind: EdgeKind, signals: &[&str]| -> Result<String, Box<dyn std::error::Error>> {
///     let design = Arc::new(Design::new(crossbar(2, 1, kind)?, Format::COMPACT, rules)?);
///     let state = State::initial(&design, &[Initial::Uniform { low: 0.5, high: 0.5 }], 1);
/// #     let configuration = Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
///     let mut array = ArraySimulation::new(design, Technology::Ecp5, configuration, state)?;
///     let listing = Listing::new(&array.array().module, "edge_0", signals)?;
///     array.circuit_mut().observe(Some(listing.observer()));
///     array.train(&sample)?;
///     Ok(format!("\n{listing}"))
/// };
/// let signals = ["request_0", "request_1", "fire", "phase", "into_0", "into_1", "k"];
/// assert_eq!(trace(EdgeKind::Linear, &signals)?, "
///      ns  request_0  request_1  fire  phase   into_0   into_1        k
///   start          1          1     0      1      512      512  8388608
///   0.000          0          .     .      .        .        .        .
///  10.080          .          0     .      .        .        .        .
///  25.200          .          .     1      .        .        .        .
///  25.725          .          .     .      .  -512000        .        .
///  27.615          .          .     0      .        .        .        .
///  43.260          .          .     1      .        .        .        .
///  43.785          .          .     .      0        .   512000        .
///  45.675          .          .     0      .        .        .        .
///  48.090          1          .     .      .        .        .        .
///  58.170          .          1     .      .        .        .        .
///  73.290          .          .     1      .        .        .        .
///  73.815          .          .     .      .   722500  -722500        .
///  75.705          .          .     0      .        .        .        .
///  91.350          .          .     1      .        .        .        .
///  91.875          .          .     .      .        .   277500        .
///  93.765          .          .     0      .        .        .        .
/// 109.410          .          .     1      .        .        .        .
/// 109.935          .          .     .      .        .   555000  8666108
/// 111.825          .          .     0      .        .        .        .
/// 127.470          .          .     1      .        .        .        .
/// 127.995          .          .     .      1      528      528        .
/// 129.885          .          .     0      .        .        .        .
/// ");
/// let signals = ["phase", "last", "into_0", "into_1", "k"];
/// assert_eq!(trace(EdgeKind::Transistor, &signals)?, "
///      ns  phase  last   into_0   into_1        k
///   start      1     0      512      512  8388608
///   0.000      .     .  -262144        .        .
///  20.580      0     .        .   262144        .
///  24.885      .     1        .        .        .
///  53.760      .     .   722500  -722500        .
///  74.340      .     .        .   277500        .
///  94.920      .     .        .   555000  8666108
/// 115.500      1     .      528      528        .
/// 119.805      .     0        .        .        .
/// ");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `delays` are the lengths of its delays, `alpha` the learning shift of its group, -24 to 16.
pub fn parallel_edge(
    context: Context<'_>,
    name: String,
    kind: EdgeKind,
    alpha: i32,
    delays: EdgeDelays,
    ports: &EdgePorts,
) -> Module {
    let (technology, controls) = (context.technology, context.controls);
    let format = context.design.format();
    let mut cell = Module::new(name, "an edge with a parallel multiplier");
    declare_ports(&mut cell, context, ports);

    let fire = cell.noglobal_wire("fire", Shape::BIT);
    let generator = cell.wire("generator", Shape::unsigned(16));
    let k = cell.wire("k", Shape::unsigned(format.k_bits() + format.k_guard()));

    let sequence = edge_sequence(
        &mut cell,
        context,
        &fire,
        &ports.phase,
        &ports.last,
        &ports.current_is_free,
        &generator,
    );
    edge_handshake(&mut cell, context, delays, ports, &fire, &sequence.tick);

    let ends =
        Ends { current: ports.current.clone(), previous: ports.previous.clone(), last: ports.last.clone() };
    let [x, y] = operands(&mut cell, context, kind, &ends, &sequence, &k);
    let drop_most = (1 << format.v_bits()) - 1;
    let square = signed_for(drop_most * drop_most);
    let current = current_shape(format, kind);
    let product_shape = Shape::signed(square.bits.max(current.bits));
    let product = cell.wire("product", product_shape);
    cell.leaf("multiplier", multiplier(context, factor_shapes(format, kind), &x, &y, &product));

    let first = cell.wire("first", product_shape);
    cell.leaf(
        "first_register",
        register(technology, &fire, &product, &first, Some(&sequence.take_first), None, 0),
    );
    let second_shape = Shape::signed((square.bits + 3).max(current.bits));
    let [second, next_second] = ["second", "next_second"].map(|name| cell.wire(name, second_shape));
    cell.leaf("accumulator", accumulator(context, &sequence.accumulate, &second, &product, &next_second));
    cell.leaf(
        "second_register",
        register(technology, &fire, &next_second, &second, Some(&sequence.take_second), None, 0),
    );
    cell.leaf("send_0", slice(&first, &ports.currents[0]));
    cell.leaf("send_1", slice(&second, &ports.currents[1]));

    let next_k = cell.wire("next_k", k.shape());
    cell.leaf("learning", learning(context, alpha, &k, &second, &controls.scan, &generator, &next_k));
    let k_initial = i64::from(context.design.rules().g_min) << format.k_guard();
    cell.leaf(
        "k_register",
        register(technology, &fire, &next_k, &k, Some(&sequence.take_k), None, k_initial),
    );
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

/// Join, matched delay and what notes the end of a pulse, whichever multiplier the edge has.
pub(super) fn edge_handshake(
    cell: &mut Module,
    context: Context<'_>,
    delays: EdgeDelays,
    ports: &EdgePorts,
    fire: &Bus,
    tick: &Bus,
) {
    let (technology, controls) = (context.technology, context.controls);
    let [enable, tick_back] = ["enable", "tick_back"].map(|name| cell.wire(name, Shape::BIT));
    let flop = |q: &Bus| falling_flop(technology, fire, tick, q, Some(&controls.reset));
    if delays.recovery == 0 {
        cell.leaf("tick_back_flop", flop(&tick_back));
    } else {
        let ended = cell.wire("pulse_ended", Shape::BIT);
        cell.leaf("tick_back_flop", flop(&ended));
        cell.leaf(
            DelayLine::Recovery.instance(),
            delay_line(technology, delays.recovery, &ended, &tick_back),
        );
    }
    let requests = [&ports.requests[0], &ports.requests[1]];
    cell.leaf("join_requests", join_ends(technology, requests, &ports.phase, tick, &tick_back, &enable));
    cell.leaf("matched_delay", matched_delay(technology, delays.matched, &enable, &controls.strobe, fire));
}

/// Names everything an edge is connected to, whichever multiplier it has.
pub(super) fn declare_ports(cell: &mut Module, context: Context<'_>, ports: &EdgePorts) {
    let controls = context.controls;
    for end in 0..2 {
        cell.input(format!("request_{end}"), &ports.requests[end]);
        cell.input(format!("current_{end}"), &ports.current[end]);
        cell.input(format!("previous_{end}"), &ports.previous[end]);
    }
    cell.input("last", &ports.last);
    cell.input("current_is_free", &ports.current_is_free);
    for (name, bus) in [
        ("learn", &controls.learn),
        ("desynchronous", &controls.desynchronous),
        ("rarity", &controls.rarity),
        ("offset", &controls.offset),
        ("reset", &controls.reset),
        ("scan", &controls.scan),
        ("strobe", &controls.strobe),
    ] {
        cell.input(name, bus);
    }
    cell.input("scan_in", &ports.scan_in);
    cell.output("phase", &ports.phase);
    cell.output("into_0", &ports.currents[0]);
    cell.output("into_1", &ports.currents[1]);
    cell.output("scan_out", &ports.scan_out);
}

/// The low bits of a register as the current an edge sends.
fn slice(from: &Bus, to: &Bus) -> Leaf {
    let top = bits(to) - 1;
    Leaf::function("slice", "the low bits", 0)
        .input("i", from)
        .output("o", to, format!("i[{top}:0]"))
        .evaluate(|x, y| y[0] = x[0])
}

/// `product = x * y`, exact.
///
/// A device's multiplier takes 18 signed bits a side. A transistor's sum of overdrives can have one bit more, but
/// then it is not negative: its low 18 bits count 2^18 too little.
fn multiplier(context: Context<'_>, shapes: [Shape; 2], x: &Bus, y: &Bus, product: &Bus) -> Leaf {
    if context.multiplier == Multiplier::Lut {
        return multiplier_of_luts(context, x, y, product);
    }
    let top = bits(product) - 1;
    let leaf = Leaf::function("multiplier", "x y, exact", context.technology.multiplier_ps(shapes[1].bits))
        .input("x", x)
        .input("y", y);
    if shapes[1].bits == 19 {
        leaf.verilog(format!(
            "wire signed [17:0] low = y[17:0];\n\
             wire signed [{top}:0] partial = x * low;\n\
             wire signed [{top}:0] missing = (y[17] & ~y[18]) ? {} : {}'sd0;",
            extended("x", bits(x), top + 1),
            top + 1
        ))
        .output("product", product, "partial + (missing <<< 18)")
        .evaluate(|x, y| {
            let low = Shape::signed(18).wrap(x[1]);
            y[0] = x[0] * if x[1] < 0 { low } else { x[1] };
        })
    } else {
        leaf.output("product", product, "x * y").evaluate(|x, y| y[0] = x[0] * x[1])
    }
}

/// `product = x * y`, exact, as rows of additions: synthesis would map `*` to the device's multipliers, however small.
///
/// Row `i` adds `x` where bit `i` of `y` is 1 and hands on all but its lowest bit, which is bit `i` of the product. The
/// sign of `y` counts against it.
fn multiplier_of_luts(context: Context<'_>, x: &Bus, y: &Bus, product: &Bus) -> Leaf {
    let (x_bits, y_bits, width) = (bits(x), bits(y), bits(product));
    let row_bits = x_bits + 1;
    let mut text =
        format!("wire signed [{x_bits}:0] zero = {row_bits}'sd0, wide = {{x[{}], x}};\n", x_bits - 1);
    for i in 0..y_bits {
        let term = format!("(y[{i}] ? wide : zero)");
        let value = match i {
            0 if y_bits == 1 => format!("zero - {term}"),
            0 => term,
            _ => {
                let sign = if i + 1 == y_bits { '-' } else { '+' };
                format!("$signed({{row_{0}[{x_bits}], row_{0}[{x_bits}:1]}}) {sign} {term}", i - 1)
            }
        };
        text += &format!("(* keep *) wire signed [{x_bits}:0] row_{i};\nassign row_{i} = {value};\n");
    }
    let low: String = (0..y_bits - 1).rev().map(|i| format!(", row_{i}[0]")).collect();
    let whole = row_bits + y_bits - 1;
    text += &format!("wire [{}:0] whole = {{row_{}{low}}};\n", whole - 1, y_bits - 1);
    let taken = if width <= whole {
        format!("whole[{}:0]", width - 1)
    } else {
        format!("{{{{{}{{whole[{}]}}}}, whole}}", width - whole, whole - 1)
    };
    let delay_ps = u64::from(y_bits) * (context.technology.lut_ps() + context.technology.carry_ps(2));
    Leaf::function("multiplier_of_luts", "x y, exact, without a multiplier of the device", delay_ps)
        .input("x", x)
        .input("y", y)
        .verilog(text)
        .output("product", product, taken)
        .evaluate(|x, y| y[0] = x[0] * x[1])
}

/// What `second` becomes: the product, its negative, the sum of both, or twice itself.
fn accumulator(context: Context<'_>, code: &Bus, second: &Bus, product: &Bus, next: &Bus) -> Leaf {
    let (width, product_bits) = (bits(next), bits(product));
    let top = width - 1;
    let m = if product_bits == width {
        "product".to_owned()
    } else {
        format!("{{{{{}{{product[{}]}}}}, product}}", width - product_bits, product_bits - 1)
    };
    // One carry cell a bit: f(code[1], m, code[0]) is m, ~m, m or ~d beside d's gate. Bit 0 only makes the carry.
    let sum = match context.technology {
        Technology::Ecp5 => {
            let row = CarryRow {
                name: "row",
                bits: width,
                init: 0x0378,
                first: 0xa380,
                carry_in: true,
                operands: [
                    "second".to_owned(),
                    format!("{{{{{top}{{code[1]}}}}, m[0]}}"),
                    format!("{{m[{top}:1], code[1]}}"),
                    format!("{{{width}{{code[0]}}}}"),
                ],
            };
            format!(
                "{}wire [{top}:0] sum = {{row[{top}:1], code[1] ? ~code[0] & (second[0] ^ m[0]) : m[0]}};",
                row.verilog()
            )
        }
        _ => format!(
            "wire [{top}:0] sum = code[1] ? (code[0] ? {{second[{}:0], 1'b0}} : second + m) : code[0] ? -m : m;",
            top - 1
        ),
    };
    Leaf::function("accumulator", "the product, its negative, the sum of both, or twice itself", {
        context.technology.carry_ps(width)
    })
    .input("code", code)
    .input("second", second)
    .input("product", product)
    .verilog(format!("wire [{top}:0] m = {m};\n{sum}"))
    .output("next", next, "sum")
    .evaluate(|x, y| {
        let &[code, second, product] = x else { return };
        y[0] = match code {
            0 => product,
            1 => -product,
            2 => second + product,
            _ => second << 1,
        };
    })
}

//! The node cells: an input holds its voltage, every other node relaxes. Here the cells are put together; what
//! computes lies in `sum`, `gain`, `update` and `nudge`.
//!
//! A node keeps two accumulators that take turns: `current`, of the wave updated last, and `previous`, of the other.
//! A step turns `previous` into the new `current`. So nothing in the datapath needs to know which wave is which, except
//! the nudge. The scan chain winds through both, bit by bit: the highest of `current`, the highest of `previous`, the next
//! one of `current`. So `previous` takes `current` in scan mode as it does in a step, and the rounded previous
//! voltage, which is no state of its own, is right again when the last bit has come in.

use super::gain::gain;
use super::nudge::{clamped_nudge, nudging_current};
use super::scan::scan_end;
use super::sequence::{NodeSequence, node_sequence};
use super::sum::sum;
use super::update::{Update, rounding, shifted};
use super::{Context, NodeDelays, NodePorts, NodeTraits, OutputPorts};
use crate::bus::{Bus, Shape};
use crate::delays::DelayLine;
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::primitive::{delay_line, join_requests, matched_delay, register};
use wheatstone_sim::Nudge;

/// Ports, handshake and control state, which all nodes share.
fn handshake(
    name: String,
    context: Context<'_>,
    colour: u8,
    delays: NodeDelays,
    ports: &NodePorts,
    data: impl FnOnce(&mut Module),
) -> (Module, Bus, NodeSequence) {
    let (technology, controls) = (context.technology, context.controls);
    let mut cell = Module::new(name, "a node");
    for (i, request) in ports.requests.iter().enumerate() {
        cell.input(format!("request_{i}"), request);
    }
    for (name, bus) in controls.named() {
        if !["learn", "desynchronous", "rarity", "offset"].contains(&name) {
            cell.input(name, bus);
        }
    }
    data(&mut cell);
    cell.input("scan_in", &ports.scan_in);
    for (name, bus) in [
        ("token", &ports.phase),
        ("done", &ports.done),
        ("last", &ports.last),
        ("current_is_free", &ports.current_is_free),
        ("current", &ports.current),
        ("previous", &ports.previous),
        ("scan_out", &ports.scan_out),
    ] {
        cell.output(name, bus);
    }
    let enable = cell.wire("enable", Shape::BIT);
    let fire = cell.noglobal_wire("fire", Shape::BIT);
    let own = if delays.request == 0 {
        ports.clone()
    } else {
        let phase = cell.wire("own_token", Shape::BIT);
        cell.leaf(
            DelayLine::Request.instance(),
            delay_line(technology, delays.request, &phase, &ports.phase),
        );
        NodePorts { phase, ..ports.clone() }
    };
    let sequence = node_sequence(&mut cell, context, &fire, colour, &own);
    let joined = if delays.pulse_extension == 0 {
        enable.clone()
    } else {
        let joined = cell.wire("joined", Shape::BIT);
        let line = delay_line(technology, delays.pulse_extension, &joined, &enable);
        cell.leaf(DelayLine::PulseExtension.instance(), line);
        joined
    };
    cell.leaf(
        "join_requests",
        join_requests(technology, &ports.requests, &own.phase, &controls.go, &ports.done, &joined),
    );
    cell.leaf("matched_delay", matched_delay(technology, delays.matched, &enable, &controls.strobe, &fire));
    (cell, fire, sequence)
}

/// An input: it holds the sample's voltage, the same in both waves.
///
/// ```text
///                ┌────────────────────┐
///  request_i * ─▶│                    │─▶ token *            to all its edges
///  go        * ─▶│     input_node     │─▶ done *             to the array interface
///  sample    V ═▶│                    │─▶ last               the token closes a burst
///  controls    ═▶│  n edges, colour   │─▶ current_is_free
///  scan_in     ─▶│                    │═▶ current   V        both the voltage held
///                │                    │═▶ previous  V
///                └────────────────────┘─▶ scan_out
///  * two-phase: every change is an event      V: a voltage, `V` bits, signed
/// ```
///
/// # What it does at which fire
///
/// | fire | waits for | does | answers |
/// |---|---|---|---|
/// | start | `go` differs from `done` | takes `sample` if the array interface says `present` | `token` |
/// | relax, once a step | all requests equal `token` | nothing: its voltage is imposed | `token`, or `done` after the last step of a burst that does not close |
/// | close, if the burst closes | all requests equal `token`, `last` is 1 | nothing: it has no gain | `done` |
///
/// # Handshake
///
/// `fire` rises a matched delay after `enable` and falls one LUT after it. `token` follows a clock-to-output delay after
/// the rise.
///
/// ```text
/// request_i __________/¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯   every edge has answered
/// enable    ____________/¯¯¯¯¯¯¯¯¯¯¯¯¯\_________________   go ≠ done, all requests = token
/// fire      ______________________/¯¯¯¯¯\_______________   late by the matched delay
/// token     ¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯\___________________   its change takes enable away
/// current   ========================X===================   only at the start of a sample
/// ```
///
/// # Example
///
/// A crossbar of two inputs and one output is trained on one sample with one step; this is its first input. At the
/// request of the array interface it takes 1000. It fires twice more, when its edge has answered. The last fire answers the array interface
/// instead of the edge.
///
/// ```
/// # use std::sync::Arc;
/// # use wheatstone_hdl::{ArraySimulation, Technology, listing::Listing};
/// # use wheatstone_sim::{*, network::{EdgeKind, crossbar}};
/// # let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
/// let network = crossbar(2, 1, EdgeKind::Linear)?;
/// let design = Arc::new(Design::new(network, Format::COMPACT, rules)?);
/// let state = State::initial(&design, &[Initial::Uniform { low: 0.5, high: 0.5 }], 1);
/// # let configuration = Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
/// let mut array = ArraySimulation::new(design, Technology::Ecp5, configuration, state)?;
///
/// let signals = ["go", "request_0", "enable", "fire", "token", "done", "last", "current"];
/// let listing = Listing::new(&array.array().module, "node_0", &signals)?;
/// array.circuit_mut().observe(Some(listing.observer()));
/// let target = Target { voltage: 300, sense: Sense::Equal };
/// array.train(&Sample { inputs: vec![1000, 0], targets: vec![Some(target)] })?;
/// assert_eq!(format!("\n{listing}"), "
///      ns  go  request_0  enable  fire  token  done  last  current
///   start   1          1       0     0      1     1     0        0
///   0.000   0          .       .     .      .     .     .        .
///   0.630   .          .       1     .      .     .     .        .
///   3.780   .          .       .     1      .     .     .        .
///   4.305   .          .       .     .      0     .     .     1000
///   4.935   .          .       0     .      .     .     .        .
///   5.565   .          .       .     0      .     .     .        .
///  48.090   .          0       .     .      .     .     .        .
///  48.720   .          .       1     .      .     .     .        .
///  51.870   .          .       .     1      .     .     .        .
///  52.395   .          .       .     .      1     .     1        .
///  53.025   .          .       0     .      .     .     .        .
///  53.655   .          .       .     0      .     .     .        .
/// 132.300   .          1       .     .      .     .     .        .
/// 132.930   .          .       1     .      .     .     .        .
/// 136.080   .          .       .     1      .     .     .        .
/// 136.605   .          .       .     .      .     0     0        .
/// 137.235   .          .       0     .      .     .     .        .
/// 137.865   .          .       .     0      .     .     .        .
/// ");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `sample` is the array interface's voltage, in LSB of the format.
pub fn input_node(
    context: Context<'_>,
    name: String,
    colour: u8,
    delays: NodeDelays,
    ports: &NodePorts,
    sample: &Bus,
) -> Module {
    let (technology, controls) = (context.technology, context.controls);
    let (mut cell, fire, sequence) =
        handshake(name, context, colour, delays, ports, |cell| cell.input("sample", sample));
    let voltage = &ports.current;
    let next = cell.wire("next_voltage", voltage.shape());
    let take = cell.wire("take", Shape::BIT);
    let top = bits(voltage) - 1;
    let leaf =
        Leaf::function("input_voltage", "the sample's voltage, or the scan chain", technology.lut_ps())
            .input("voltage", voltage)
            .input("sample", sample)
            .input("start", &sequence.start)
            .input("present", &controls.present)
            .input("scan", &controls.scan)
            .input("scan_in", &ports.scan_in)
            .output("next", &next, format!("scan ? {{scan_in, voltage[{top}:1]}} : sample"))
            .output("take", &take, "scan | (start & present)")
            .evaluate(move |x, y| {
                let &[voltage, sample, start, present, scan, scan_in] = x else { return };
                let shifted = (scan_in << top) | ((voltage >> 1) & ((1 << top) - 1));
                y[0] = if scan == 1 { shifted } else { sample };
                y[1] = scan | (start & present);
            });
    cell.leaf("next_of_voltage", leaf);
    cell.leaf("voltage_register", register(technology, &fire, &next, voltage, Some(&take), None, 0));
    cell.leaf("both_waves", same(voltage, &ports.previous));
    scan_end(&mut cell, technology, &fire, voltage, &ports.scan_out);
    cell
}

fn same(from: &Bus, to: &Bus) -> Leaf {
    Leaf::function("same", "both waves have the same voltage", 0)
        .input("i", from)
        .output("o", to, "i")
        .evaluate(|x, y| y[0] = x[0])
}

/// A node that relaxes: hidden, or an output with a nudge.
///
/// ```text
///                ┌────────────────────┐
///  request_i * ─▶│                    │─▶ token *            to all its edges
///  into_i      ═▶│        node        │─▶ done *             to the array interface
///  go        * ─▶│                    │─▶ last               the token closes a burst
///  controls    ═▶│  n edges, colour,  │─▶ current_is_free    `current` is the free wave's
///  scan_in     ─▶│  diode, nudge      │═▶ current   V        voltage updated last
///                │                    │═▶ previous  V        voltage updated before
///                ├ ─ ─ ─ output ─ ─ ─ ┤─▶ scan_out
///  target    V ═▶│                    │═▶ answer    V        free voltage
///  sense     2 ═▶│                    │
///                └────────────────────┘
///  * two-phase: every change is an event      V: a voltage, `V` bits, signed
/// ```
///
/// # What it does at which fire
///
/// | fire | waits for | does | answers |
/// |---|---|---|---|
/// | start | `go` differs from `done` | takes from the array interface which wave comes first | `token` |
/// | relax, once a step | all requests equal `token` | `u' = u + round(sum of currents × gain)`, saturated, then the diode; the other wave's accumulator becomes `previous` | `token`, or `done` after the last step of a burst that does not close |
/// | close, if the burst closes | all requests equal `token`, `last` is 1 | the edges have sent conductances: takes the gain of their sum | `done` |
///
/// The waves take turns, so that a step always updates the older of the two accumulators. In the clamped wave an output
/// with a target goes part of the way from its free voltage to the target (coupled learning), or relaxes with a further
/// current towards it (equilibrium propagation). `docs/cell-contract.md`, sections 5 and 6, has the exact arithmetic.
///
/// # Handshake
///
/// `fire` rises a matched delay after `enable` and falls one LUT after it. `token` follows a clock-to-output delay after
/// the rise.
///
/// ```text
/// request_0 _____/¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯   the edges answer in any order
/// request_1 __________/¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯
/// into_i    ==========X= currents ======================   bundled with the requests
/// enable    ____________/¯¯¯¯¯¯¯¯¯¯¯¯¯\_________________   go ≠ done, all requests = token
/// fire      ______________________/¯¯¯¯¯\_______________   late by the matched delay
/// token     ¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯¯\___________________   its change takes enable away
/// previous  ========================X===================   with the token
/// current   ==============================X=============   rounded, so a little later
/// ```
///
/// # Example
///
/// Two inputs, one hidden node with `u >= 0`, one output: two steps on a sample, then the closing round. The hidden node's
/// `into_0` and `into_1` come from the inputs, `into_2` from the output. At the closing fire they carry conductances;
/// what the edges compute on the way there passes by unseen. The output's first step, of the free wave, finds no
/// current. Its second is clamped: half the way from the free voltage, 0, to the target, 300. The answer stays free.
///
/// ```
/// # use std::sync::Arc;
/// # use wheatstone_hdl::{ArraySimulation, Technology, listing::Listing};
/// # use wheatstone_sim::{*, network::{EdgeKind, layered}};
/// # let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
/// let network = layered(&[2, 1, 1], EdgeKind::Linear)?;
/// # let design = Arc::new(Design::new(network, Format::COMPACT, rules)?);
/// # let state = State::initial(&design, &[Initial::Uniform { low: 0.5, high: 0.5 }; 2], 1);
/// # let configuration = Configuration { steps: 2, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
/// let target = Target { voltage: 300, sense: Sense::Equal };
/// let sample = Sample { inputs: vec![1000, 0], targets: vec![Some(target)] };
/// let trace = |cell: &str, signals: &[&str]| -> Result<String, Box<dyn std::error::Error>> {
///     let (design, state) = (design.clone(), state.clone());
///     let mut array = ArraySimulation::new(design, Technology::Ecp5, configuration, state)?;
///     let listing = Listing::new(&array.array().module, cell, signals)?;
///     array.circuit_mut().observe(Some(listing.observer()));
///     array.train(&sample)?;
///     Ok(format!("\n{listing}"))
/// };
/// let signals = ["token", "last", "done", "into_0", "into_1", "into_2", "current", "previous"];
/// assert_eq!(trace("node_2", &signals)?, "
///      ns  token  last  done   into_0  into_1  into_2  current  previous
///   start      1     0     1      512     512     512        0         0
///   0.000      0     .     .        .       .       .        .         .
///  15.645      .     .     .        .       .       0        .         .
///  33.705      .     .     .   512000       0       .        .         .
///  49.980      1     .     .        .       .       .        .         .
///  51.942      .     .     .        .       .       .      313         .
///  99.960      0     1     .        .       .       .        .       313
/// 115.605      .     .     .  -471969  -97969   26569        .         .
/// 133.665      .     .     .        0       0       .        .         .
/// 169.785      .     .     .      512     512     516        .         .
/// 186.060      .     0     0        .       .       .        .         .
/// ");
/// let signals = ["request_0", "fire", "token", "into_0", "current", "previous", "answer"];
/// assert_eq!(trace("node_3", &signals)?, "
///      ns  request_0  fire  token  into_0  current  previous  answer
///   start          1     0      1     512        0         0       0
///   0.000          .     1      .       .        .         .       .
///   0.525          .     .      0       .        .         .       .
///   1.785          .     0      .       .        .         .       .
///  37.380          0     .      .       0        .         .       .
///  49.980          .     1      .       .        .         .       .
///  50.505          .     .      1       .        .         .       .
///  51.765          .     0      .       .        .         .       .
///  87.360          1     .      .  160256        .         .       .
///  99.960          .     1      .       .        .         .       .
/// 100.485          .     .      0       .        .         .       .
/// 101.745          .     0      .       .        .         .       .
/// 102.447          .     .      .       .      150         .       .
/// 119.280          .     .      .  -26569        .         .       .
/// 137.340          .     .      .   71400        .         .       .
/// 155.400          .     .      .  142800        .         .       .
/// 173.460          0     .      .     516        .         .       .
/// 186.060          .     1      .       .        .         .       .
/// 187.845          .     0      .       .        .         .       .
/// ");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn node(
    context: Context<'_>,
    name: String,
    traits: &NodeTraits,
    delays: NodeDelays,
    ports: &NodePorts,
) -> Module {
    let (technology, controls) = (context.technology, context.controls);
    let (format, rules) = (context.design.format(), context.design.rules());
    let (mut cell, fire, sequence) = handshake(name, context, traits.colour, delays, ports, |cell| {
        for (i, current) in ports.currents.iter().enumerate() {
            cell.input(format!("into_{i}"), current);
        }
        if let Some(OutputPorts { target, sense, answer }) = &traits.output {
            cell.input("target", target);
            cell.input("sense", sense);
            cell.output("answer", answer);
        }
    });
    let u_shape = Shape::signed(format.v_bits() + format.v_guard());
    let [current_u, next_u, previous_u] =
        ["current_u", "next_u", "previous_u"].map(|name| cell.wire(name, u_shape));
    let take_u = cell.wire("take_u", Shape::BIT);

    let nudging = match (&traits.output, rules.nudge) {
        (Some(output), Nudge::Current { beta, centred }) => {
            let strength = format.k_bits() - u32::from(beta);
            Some(nudging_current(&mut cell, context, traits, &sequence, ports, output, strength, centred))
        }
        (Some(_), Nudge::Clamped { .. }) | (None, _) => None,
        (Some(_), Nudge::Modulated { .. } | Nudge::Dithered { .. }) => unreachable!("refused by `check`"),
    };
    let sum = sum(&mut cell, context, traits, &sequence, &ports.currents, nudging.as_ref());
    let gain = gain(&mut cell, context, traits, &fire, &sequence, &sum);
    let shifted = shifted(&mut cell, context, traits, &sum, &gain);
    let nudge = match (&traits.output, rules.nudge) {
        (Some(output), Nudge::Clamped { eta }) => {
            Some(clamped_nudge(&mut cell, context, &sequence, ports, output, eta.into(), &current_u))
        }
        (Some(_), Nudge::Current { .. }) | (None, _) => None,
        (Some(_), Nudge::Modulated { .. } | Nudge::Dithered { .. }) => unreachable!("refused by `check`"),
    };
    let update = Update {
        previous: &previous_u,
        shifted: &shifted,
        half: &gain.half,
        nudge: nudge.as_ref(),
        bounded: traits.is_bounded(),
    };
    cell.leaf("update", update.leaf(context, traits.clamp, &ports.scan_in, &next_u));
    let take = Leaf::function("take", "the waves take turns, or the scan chain shifts", technology.lut_ps())
        .input("relax", &sequence.relax)
        .input("scan", &controls.scan)
        .output("take", &take_u, "relax | scan")
        .evaluate(|x, y| y[0] = x[0] | x[1]);
    cell.leaf("taking", take);
    cell.leaf("current_register", register(technology, &fire, &next_u, &current_u, Some(&take_u), None, 0));
    cell.leaf(
        "previous_register",
        register(technology, &fire, &current_u, &previous_u, Some(&take_u), None, 0),
    );
    cell.leaf("rounding", rounding(context, &current_u, &ports.current));
    cell.leaf(
        "previous_voltage_register",
        register(technology, &fire, &ports.current, &ports.previous, Some(&take_u), None, 0),
    );
    scan_end(&mut cell, technology, &fire, &previous_u, &ports.scan_out);
    if let Some(output) = &traits.output {
        let leaf = Leaf::function("answer", "the free voltage", technology.lut_ps())
            .input("current", &ports.current)
            .input("previous", &ports.previous)
            .input("free", &sequence.current_is_free)
            .output("answer", &output.answer, "free ? current : previous")
            .evaluate(|x, y| y[0] = if x[2] == 1 { x[0] } else { x[1] });
        cell.leaf("answer_of_free_wave", leaf);
    }
    cell
}

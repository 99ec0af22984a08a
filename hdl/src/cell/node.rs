//! The node cells: an input holds its voltage, every other node relaxes.
//!
//! A node keeps two accumulators that take turns: `current`, of the wave updated last, and `previous`, of the other.
//! A step turns `previous` into the new `current`. So nothing in the datapath needs to know which wave is which, except
//! the nudge. The scan chain winds through both, bit by bit: the highest of `current`, the highest of `previous`, the next
//! one of `current`. So `previous` takes `current` in scan mode as it does in a step, and the rounded previous
//! voltage, which is no state of its own, is right again when the last bit has come in.

use super::Context;
use super::edge::scan_end;
use super::gain::gain;
use super::nudge::{clamped_nudge, nudging_current};
use super::sequence::{NodeSequence, node_sequence};
use super::sum::sum;
use super::update::{Update, rounding, shifted};
use crate::bus::{Bus, Shape};
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::primitive::{join_requests, matched_delay, register};
use wheatstone_sim::Nudge;
use wheatstone_sim::network::DiodeClamp;

/// What a node is connected to.
#[derive(Clone, Debug)]
pub struct NodePorts {
    /// Phases of its edges.
    pub requests: Vec<Bus>,
    /// Currents into it from its edges.
    pub currents: Vec<Bus>,
    /// Its own phase: its request to all edges.
    pub phase: Bus,
    /// Its acknowledgement to the border.
    pub done: Bus,
    /// Its token closes a chunk.
    pub last: Bus,
    /// Its current voltage is the free wave's.
    pub current_is_free: Bus,
    /// Voltage updated last.
    pub current: Bus,
    /// Voltage updated before.
    pub previous: Bus,
    /// Scan chain in.
    pub scan_in: Bus,
    /// Scan chain out.
    pub scan_out: Bus,
}

/// What an output has besides.
#[derive(Clone, Debug)]
pub struct OutputPorts {
    /// The wanted voltage.
    pub target: Bus,
    /// 0: nobody wants anything; 1: equal; 2: at least; 3: at most.
    pub sense: Bus,
    /// The free voltage.
    pub answer: Bus,
}

/// How a node differs from others.
#[derive(Clone, Debug)]
pub struct NodeTraits {
    /// Its diode.
    pub clamp: DiodeClamp,
    /// Its colour, 0 or 1.
    pub colour: u8,
    /// By edge: the current must be doubled, because other edges of the node send twice theirs. Empty if none does.
    pub doubled: Vec<bool>,
    /// Some of its edges are transistors, and currents come twice.
    pub transistors: bool,
    /// The ports of an output.
    pub output: Option<OutputPorts>,
}

impl NodeTraits {
    /// Module name of a node of that many edges: equal names mean equal cells.
    pub fn module_name(&self, degree: usize) -> String {
        let kind = if self.output.is_some() { "output" } else { "hidden" };
        let diode = match self.clamp {
            DiodeClamp::None => "",
            DiodeClamp::NonNegative => "_above",
            DiodeClamp::NonPositive => "_below",
        };
        let edges = if self.doubled.is_empty() {
            degree.to_string()
        } else {
            let letters = self.doubled.iter().map(|&doubled| if doubled { 'r' } else { 't' });
            format!("{degree}_{}", letters.collect::<String>())
        };
        format!("{kind}_node{diode}_{edges}_{}", self.colour)
    }
}

/// Ports, handshake and control state, which all nodes share.
fn handshake(
    name: String,
    context: Context<'_>,
    colour: u8,
    luts: u32,
    ports: &NodePorts,
    data: impl FnOnce(&mut Module),
) -> (Module, Bus, NodeSequence) {
    let (technology, border) = (context.technology, context.border);
    let mut cell = Module::new(name, "a node");
    for (i, request) in ports.requests.iter().enumerate() {
        cell.input(format!("request_{i}"), request);
    }
    for (name, bus) in border.named() {
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
    let sequence = node_sequence(&mut cell, context, &fire, colour, ports);
    cell.leaf(
        "join_requests",
        join_requests(technology, &ports.requests, &ports.phase, &border.go, &ports.done, &enable),
    );
    cell.leaf("matched_delay", matched_delay(technology, luts, &enable, &border.strobe, &fire));
    (cell, fire, sequence)
}

/// An input: its voltage is that of the sample, the same in both waves.
pub fn input_node(
    context: Context<'_>,
    name: String,
    colour: u8,
    luts: u32,
    ports: &NodePorts,
    sample: &Bus,
) -> Module {
    let (technology, border) = (context.technology, context.border);
    let (mut cell, fire, sequence) =
        handshake(name, context, colour, luts, ports, |cell| cell.input("sample", sample));
    let voltage = &ports.current;
    let next = cell.wire("next_voltage", voltage.shape());
    let take = cell.wire("take", Shape::BIT);
    let top = bits(voltage) - 1;
    let leaf =
        Leaf::function("input_voltage", "the sample's voltage, or the scan chain", technology.lut_ps())
            .input("voltage", voltage)
            .input("sample", sample)
            .input("start", &sequence.start)
            .input("present", &border.present)
            .input("scan", &border.scan)
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
    cell.leaf("scan_end", scan_end(voltage, &ports.scan_out));
    cell
}

fn same(from: &Bus, to: &Bus) -> Leaf {
    Leaf::function("same", "both waves have the same voltage", 0)
        .input("i", from)
        .output("o", to, "i")
        .evaluate(|x, y| y[0] = x[0])
}

/// A node that relaxes.
pub fn node(context: Context<'_>, name: String, traits: &NodeTraits, luts: u32, ports: &NodePorts) -> Module {
    let (technology, border) = (context.technology, context.border);
    let (format, rules) = (context.design.format(), context.design.rules());
    let (mut cell, fire, sequence) = handshake(name, context, traits.colour, luts, ports, |cell| {
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
        _ => None,
    };
    let sum = sum(&mut cell, context, &traits.doubled, &sequence, &ports.currents, nudging.as_ref());
    let gain = gain(&mut cell, context, traits, &fire, &sequence, &sum);
    let shifted = shifted(&mut cell, context, traits, &sum, &gain);
    let nudge = match (&traits.output, rules.nudge) {
        (Some(output), Nudge::Clamped { eta }) => {
            Some(clamped_nudge(&mut cell, context, &sequence, ports, output, eta.into(), &current_u))
        }
        _ => None,
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
        .input("scan", &border.scan)
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
    cell.leaf("scan_end", scan_end(&previous_u, &ports.scan_out));
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

//! The node cells: an input holds its voltage, every other node relaxes.
//!
//! A node keeps two accumulators that take turns: `current`, of the wave updated last, and `previous`, of the other.
//! A step turns `previous` into the new `current`. So nothing in the datapath needs to know which wave is which, except
//! the nudge.

use super::edge::scan_end;
use super::sequence::{NodeSequence, node_sequence};
use super::{Context, signed_for};
use crate::bus::{Bus, Shape};
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::primitive::{join_requests, matched_delay, register};
use crate::verilog::literal;
use wheatstone_sim::network::DiodeClamp;
use wheatstone_sim::{Nudge, shift_rounded};

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
    let [current_u, next_u, previous_u, next_previous] =
        ["current_u", "next_u", "previous_u", "next_previous"].map(|name| cell.wire(name, u_shape));
    let [take_u, take_voltage] = ["take_u", "take_voltage"].map(|name| cell.wire(name, Shape::BIT));

    let nudging = match (&traits.output, rules.nudge) {
        (Some(output), Nudge::Current { beta, centred }) => {
            let strength = format.k_bits() - u32::from(beta);
            Some(nudging_current(&mut cell, context, traits, &sequence, ports, output, strength, centred))
        }
        _ => None,
    };
    let sum = sum(&mut cell, context, &traits.doubled, &sequence, &ports.currents, nudging.as_ref());
    let gain = gain(&mut cell, context, &fire, &sequence, &sum);
    let change = scaled(&mut cell, context, !traits.doubled.is_empty(), &sum, &gain);
    let nudge = match (&traits.output, rules.nudge) {
        (Some(output), Nudge::Clamped { eta }) => {
            Some(clamped_nudge(&mut cell, context, &sequence, ports, output, eta.into(), &current_u))
        }
        _ => None,
    };
    let update =
        Update { previous: &previous_u, current: &current_u, change: &change, nudge: nudge.as_ref() };
    cell.leaf("update", update.leaf(context, traits.clamp, &ports.scan_in, &next_u));

    let bits_u = u_shape.bits;
    let turn = Leaf::function("turn", "the waves take turns, or the scan chain shifts", technology.lut_ps())
        .input("current", &current_u)
        .input("previous", &previous_u)
        .input("relax", &sequence.relax)
        .input("scan", &border.scan)
        .input("capture", &border.capture)
        .output(
            "next_previous",
            &next_previous,
            format!("scan ? {{current[0], previous[{}:1]}} : current", bits_u - 1),
        )
        .output("take_u", &take_u, "scan | relax")
        .output("take_voltage", &take_voltage, "scan ? capture : relax")
        .evaluate(move |x, y| {
            let &[current, previous, relax, scan, capture] = x else { return };
            let shifted = ((current & 1) << (bits_u - 1)) | ((previous >> 1) & ((1 << (bits_u - 1)) - 1));
            y[0] = if scan == 1 { shifted } else { current };
            y[1] = scan | relax;
            y[2] = if scan == 1 { capture } else { relax };
        });
    cell.leaf("turn", turn);
    cell.leaf("current_register", register(technology, &fire, &next_u, &current_u, Some(&take_u), None, 0));
    cell.leaf(
        "previous_register",
        register(technology, &fire, &next_previous, &previous_u, Some(&take_u), None, 0),
    );
    cell.leaf("rounding", rounding(context, &current_u, &ports.current));
    cell.leaf(
        "previous_voltage_register",
        register(technology, &fire, &ports.current, &ports.previous, Some(&take_voltage), None, 0),
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

/// Adds the sum of all currents, which in the last round is the sum `D` of the conductances.
fn sum(
    cell: &mut Module,
    context: Context<'_>,
    doubled: &[bool],
    sequence: &NodeSequence,
    currents: &[Bus],
    nudging: Option<&Bus>,
) -> Bus {
    let doubled = |i: usize| doubled.get(i).copied().unwrap_or(false);
    let magnitudes =
        currents.iter().enumerate().map(|(i, bus)| (1i64 << (bits(bus) - 1)) << u32::from(doubled(i)));
    let nudging_magnitude = nudging.map_or(0, |bus| 1 << (bits(bus) - 1));
    let shape = signed_for(magnitudes.sum::<i64>() + nudging_magnitude);
    let sum = cell.wire("sum", shape);
    let terms = currents.len() + usize::from(nudging.is_some());
    let levels = u64::from(terms.next_power_of_two().ilog2());
    let any_doubled = (0..currents.len()).any(doubled);
    let mut name = format!("sum_{}", currents.len());
    if any_doubled {
        let flags: String = (0..currents.len()).map(|i| if doubled(i) { '2' } else { '1' }).collect();
        name = format!("sum_{flags}");
    }
    if nudging.is_some() {
        name += "_nudged";
    }
    let mut leaf = Leaf::function(name, "sum of the currents, or of the conductances in the last round", {
        levels * context.technology.carry_ps(shape.bits)
    });
    // Widths of operands decide how Verilog extends them: each term becomes a wire of the sum's width first.
    let declare = |i: usize, term: String| format!("wire signed [{}:0] term_{i} = {term};", shape.bits - 1);
    for (i, bus) in currents.iter().enumerate() {
        leaf = leaf.input(format!("into_{i}"), bus);
    }
    if let Some(bus) = nudging {
        leaf = leaf.input("nudging", bus);
    }
    if any_doubled {
        leaf = leaf.input("last", &sequence.last);
    }
    for i in 0..currents.len() {
        if doubled(i) {
            leaf = leaf
                .verilog(format!("wire signed [{}:0] wide_{i} = into_{i};", shape.bits - 1))
                .verilog(declare(i, format!("last ? wide_{i} : wide_{i} <<< 1")));
        } else {
            leaf = leaf.verilog(declare(i, format!("into_{i}")));
        }
    }
    if nudging.is_some() {
        leaf = leaf.verilog(declare(currents.len(), "nudging".to_owned()));
    }
    let expression = balanced(&(0..terms).map(|i| format!("term_{i}")).collect::<Vec<_>>());
    let flags: Vec<bool> = (0..currents.len()).map(doubled).collect();
    let leaf = leaf.output("sum", &sum, expression).evaluate(move |x, y| {
        let last = any_doubled && x[x.len() - 1] == 1;
        y[0] = (0..terms)
            .map(|i| if flags.get(i).copied().unwrap_or(false) && !last { x[i] << 1 } else { x[i] })
            .sum();
    });
    cell.leaf("adder", leaf);
    sum
}

/// A balanced tree of additions.
fn balanced(terms: &[String]) -> String {
    match terms {
        [] => "0".to_owned(),
        [one] => one.clone(),
        _ => {
            let (left, right) = terms.split_at(terms.len() / 2);
            format!("({} + {})", balanced(left), balanced(right))
        }
    }
}

/// A node's gain as it sits in its register: mantissa and shift above the smallest.
#[derive(Clone, Debug)]
struct GainBuses {
    q: Bus,
    shift: Bus,
}

/// Adds the gain: a priority encoder, five small tables and a register taken over in the last round.
fn gain(
    cell: &mut Module,
    context: Context<'_>,
    fire: &Bus,
    sequence: &NodeSequence,
    sum: &Bus,
) -> GainBuses {
    let (technology, design) = (context.technology, context.design);
    let k_bits = design.format().k_bits();
    let d_bits = bits(sum) - 1;
    let smallest = k_bits - 4;
    // With d at most 2, no sum of that width can ask for more.
    let widest = (d_bits - 1 + 2).saturating_sub(smallest);
    let shift_shape = Shape::unsigned((32 - widest.leading_zeros()).max(1));
    let q_shape = Shape::unsigned(4);
    let (next_q, q) = (cell.wire("next_q", q_shape), cell.wire("q", q_shape));
    let (next_shift, shift) = (cell.wire("next_shift", shift_shape), cell.wire("shift", shift_shape));
    let take = cell.wire("take_gain", Shape::BIT);
    let table = design.gains().clone();
    let entries = table.entries();
    let mut body = format!(
        "// Leading one of D and the four bits below it.\nreg [5:0] n;\nreg [3:0] m;\nreg [3:0] q_of;\nreg [1:0] d_of;\ninteger i;\nalways @* begin\n    n = 6'd0;\n    for (i = 0; i < {d_bits}; i = i + 1) if (sum[i]) n = i[5:0];\nend\nwire [{top}:0] aligned = {{sum[{top_d}:0], 4'd0}} >> n;\nalways @* begin\n    m = aligned[3:0];\n    case (m)\n",
        top = d_bits + 3,
        top_d = d_bits - 1
    );
    for (m, (q, d)) in entries.iter().enumerate() {
        body += &format!("        4'd{m}: begin q_of = 4'd{q}; d_of = 2'd{d}; end\n");
    }
    body += &format!(
        "    endcase\nend\nwire [6:0] s = n + d_of;\nwire [6:0] above = (s > 7'd{smallest}) ? s - 7'd{smallest} : 7'd0;\n"
    );
    let leaf =
        Leaf::function("gain", "the over-relaxation gain of a sum of conductances", 6 * technology.lut_ps())
            .input("sum", sum)
            .input("last", &sequence.last)
            .input("scan", &context.border.scan)
            .verilog(body)
            .output("q", &next_q, "q_of")
            .output("shift", &next_shift, format!("above[{}:0]", shift_shape.bits - 1))
            .output("take", &take, "last & ~scan")
            .evaluate(move |x, y| {
                let gain = table.gain(x[0] & ((1 << d_bits) - 1), k_bits);
                y[0] = gain.q.into();
                y[1] = i64::from(gain.s - smallest);
                y[2] = x[1] & (1 - x[2]);
            });
    cell.leaf("gain", leaf);
    cell.leaf("q_register", register(technology, fire, &next_q, &q, Some(&take), None, 8));
    cell.leaf("shift_register", register(technology, fire, &next_shift, &shift, Some(&take), None, 0));
    GainBuses { q, shift }
}

/// Adds the change of the accumulator: the sum times the gain, rounded.
fn scaled(cell: &mut Module, context: Context<'_>, doubled: bool, sum: &Bus, gain: &GainBuses) -> Bus {
    let format = context.design.format();
    let scaled_shape = Shape::signed(bits(sum) + 4);
    let scaled = cell.wire("scaled", scaled_shape);
    let leaf = Leaf::function(
        "mantissa",
        "the sum times the gain's mantissa",
        3 * context.technology.carry_ps(scaled_shape.bits),
    )
    .input("sum", sum)
    .input("q", &gain.q)
    .verilog(format!(
        "wire signed [{top}:0] one = sum;\n\
             wire signed [{top}:0] two = (one <<< 1) + (q[2] ? one : 0);\n\
             wire signed [{top}:0] four = (two <<< 1) + (q[1] ? one : 0);",
        top = scaled_shape.bits - 1
    ))
    .output("scaled", &scaled, "(four <<< 1) + (q[0] ? one : 0)")
    // A mantissa is 8 to 15: its highest bit is taken for granted.
    .evaluate(|x, y| y[0] = x[0] * (x[1] | 8));
    cell.leaf("mantissa", leaf);

    // change = round(scaled 2^GV / 2^(s + 3)), with s = K - 4 + shift; one more if currents are doubled.
    let smallest = i64::from(format.k_bits()) - 4 + 3 + i64::from(doubled) - i64::from(format.v_guard());
    let left = u32::try_from(-smallest).unwrap_or(0);
    let right = u32::try_from(smallest).unwrap_or(0);
    let widened = scaled_shape.bits + left + 1;
    let change_shape = Shape::signed((widened - right.min(widened - 2)).max(2));
    let change = cell.wire("change", change_shape);
    let top = widened - 1;
    let leaf =
        Leaf::function(format!("shift_{right}_{left}"), "divided by a power of two and rounded, ties up", {
            2 * context.technology.lut_ps() + context.technology.carry_ps(widened)
        })
        .input("scaled", &scaled)
        .input("shift", &gain.shift)
        .verilog(format!(
            "wire signed [{top}:0] wide = scaled;\n\
         wire [6:0] by = shift + 7'd{right};\n\
         wire signed [{top}:0] left = wide <<< {left};\n\
         wire signed [{next}:0] doubled = {{left, 1'b0}};\n\
         wire signed [{next}:0] shifted = doubled >>> by;\n\
         wire signed [{next}:0] rounded = shifted + 1;",
            next = top + 1
        ))
        .output("change", &change, format!("rounded[{}:1]", change_shape.bits))
        .evaluate(move |x, y| {
            let shift = u32::try_from(x[1]).unwrap_or(0) + right;
            y[0] = shift_rounded(x[0] << left, shift);
        });
    cell.leaf("shifter", leaf);
    change
}

/// The new accumulator of the wave whose turn it is.
struct Update<'a> {
    previous: &'a Bus,
    current: &'a Bus,
    change: &'a Bus,
    /// Whether a nudge replaces relaxing, and by what.
    nudge: Option<&'a (Bus, Bus)>,
}

impl Update<'_> {
    fn leaf(&self, context: Context<'_>, clamp: DiodeClamp, scan_in: &Bus, next: &Bus) -> Leaf {
        let technology = context.technology;
        let (low, high) = context.design.format().u_range();
        let width = bits(next);
        let sum_bits = bits(self.change).max(width) + 1;
        let (top, u_top) = (sum_bits - 1, width - 1);
        let u = |value: i64| literal(Shape::signed(width), value);
        let wide = |value: i64| literal(Shape::signed(sum_bits), value);
        let (diode, diode_name) = match clamp {
            DiodeClamp::None => ("limited".to_owned(), ""),
            DiodeClamp::NonNegative => (format!("limited[{u_top}] ? {} : limited", u(0)), "_above"),
            DiodeClamp::NonPositive => (format!("limited[{u_top}] ? limited : {}", u(0)), "_below"),
        };
        let mut leaf = Leaf::function(
            format!("update{diode_name}{}", if self.nudge.is_some() { "_nudged" } else { "" }),
            "the new accumulator, saturated, or the scan chain",
            technology.carry_ps(sum_bits) + 3 * technology.lut_ps(),
        )
        .input("previous", self.previous)
        .input("current", self.current)
        .input("change", self.change)
        .input("scan", &context.border.scan)
        .input("scan_in", scan_in)
        .verilog(format!(
            "wire signed [{top}:0] relaxed = previous + change;\n\
             wire signed [{u_top}:0] saturated = (relaxed < {}) ? {} : (relaxed > {}) ? {} : relaxed[{u_top}:0];",
            wide(low), u(low), wide(high), u(high)
        ));
        let limited = if let Some((nudged, wanted)) = self.nudge {
            leaf = leaf.input("nudged", nudged).input("wanted", wanted);
            "nudged ? wanted : saturated"
        } else {
            "saturated"
        };
        leaf.verilog(format!(
            "wire signed [{u_top}:0] limited = {limited};\nwire signed [{u_top}:0] permitted = {diode};"
        ))
        .output("next", next, format!("scan ? {{scan_in, current[{u_top}:1]}} : permitted"))
        .evaluate(move |x, y| {
            let (previous, current, change, scan, scan_in) = (x[0], x[1], x[2], x[3], x[4]);
            let saturated = (previous + change).clamp(low, high);
            let limited = if x.len() > 5 && x[5] == 1 { x[6] } else { saturated };
            y[0] = if scan == 1 {
                (scan_in << u_top) | ((current >> 1) & ((1 << u_top) - 1))
            } else {
                clamp.apply(limited)
            };
        })
    }
}

/// The voltage neighbours see: rounded to nearest, ties up, and saturated at the top.
fn rounding(context: Context<'_>, u: &Bus, v: &Bus) -> Leaf {
    let format = context.design.format();
    let (guard, v_top) = (format.v_guard(), format.v_bits() - 1);
    let delay_ps = context.technology.carry_ps(format.v_bits()) + context.technology.lut_ps();
    let leaf = Leaf::function("rounding", "the accumulator rounded to a voltage", delay_ps).input("u", u);
    let leaf = if guard == 0 {
        leaf.output("v", v, "u")
    } else {
        leaf.verilog(format!(
            "wire signed [{v_top}:0] floor = u[{}:{guard}];\n\
             wire top = ~floor[{v_top}] & (&floor[{}:0]);\nwire up = u[{}] & ~top;",
            v_top + guard,
            v_top - 1,
            guard - 1
        ))
        .output("v", v, format!("floor + $signed({{{}'d0, up}})", v_top))
    };
    leaf.evaluate(move |x, y| y[0] = format.voltage(x[0]))
}

/// Adds the nudge of coupled learning and returns whether it applies and the accumulator it wants.
fn clamped_nudge(
    cell: &mut Module,
    context: Context<'_>,
    sequence: &NodeSequence,
    ports: &NodePorts,
    output: &OutputPorts,
    eta: u32,
    current_u: &Bus,
) -> (Bus, Bus) {
    let format = context.design.format();
    let guard = format.v_guard();
    let (nudged, wanted) = (cell.wire("nudged", Shape::BIT), cell.wire("wanted", current_u.shape()));
    let top = current_u.shape().bits - 1;
    let rounded = if eta == 0 {
        "drop".to_owned()
    } else {
        format!("(drop + {}) >>> {eta}", literal(Shape::signed(top + 3), 1 << (eta - 1)))
    };
    let leaf = Leaf::function("clamped_nudge", "part of the way from the free voltage to the target", {
        2 * context.technology.carry_ps(top) + context.technology.lut_ps()
    })
    .input("current_u", current_u)
    .input("current", &ports.current)
    .input("free", &sequence.current_is_free)
    .input("target", &output.target)
    .input("sense", &output.sense)
    .verilog(format!(
        "wire satisfied = (sense == 2'd2 & current >= target) | (sense == 2'd3 & current <= target);\n\
         wire signed [{wide}:0] aim = target;\n\
         wire signed [{wide}:0] drop = (aim <<< {guard}) - current_u;\n\
         wire signed [{wide}:0] part = {rounded};\n\
         wire signed [{wide}:0] moved = current_u + part;",
        wide = top + 2
    ))
    .output("nudged", &nudged, "free & (sense != 2'd0)")
    .output("wanted", &wanted, format!("satisfied ? current_u : moved[{top}:0]"))
    .evaluate(move |x, y| {
        let &[current_u, current, free, target, sense] = x else { return };
        y[0] = i64::from(free == 1 && sense != 0);
        let satisfied = (sense == 2 && current >= target) || (sense == 3 && current <= target);
        y[1] =
            if satisfied { current_u } else { current_u + shift_rounded((target << guard) - current_u, eta) };
    });
    cell.leaf("clamped_nudge", leaf);
    (nudged, wanted)
}

/// Adds the nudging current of equilibrium propagation; in the last round it is the nudging conductance instead.
#[expect(clippy::too_many_arguments, reason = "a private step of `node`, which has all of them at hand")]
fn nudging_current(
    cell: &mut Module,
    context: Context<'_>,
    traits: &NodeTraits,
    sequence: &NodeSequence,
    ports: &NodePorts,
    output: &OutputPorts,
    strength: u32,
    centred: bool,
) -> Bus {
    let format = context.design.format();
    let twice = u32::from(!traits.doubled.is_empty());
    let shape = signed_for((((1 << format.v_bits()) - 1) << (strength + twice)).max(1 << strength));
    let nudging = cell.wire("nudging", shape);
    let (top, v_bits) = (shape.bits - 1, format.v_bits());
    let free_wave = if centred { "-passed".to_owned() } else { literal(shape, 0) };
    let leaf = Leaf::function(
        if centred { "nudging_current_centred" } else { "nudging_current" },
        "the current that pulls an output towards its target, or its conductance in the last round",
        2 * context.technology.carry_ps(v_bits) + 2 * context.technology.lut_ps(),
    )
    .input("previous", &ports.previous)
    .input("free", &sequence.current_is_free)
    .input("last", &sequence.last)
    .input("target", &output.target)
    .input("sense", &output.sense)
    .verilog(format!(
        "wire signed [{v_bits}:0] drop = target - previous;\n\
         wire blocked = (sense == 2'd0) | (sense == 2'd2 & drop[{v_bits}]) | (sense == 2'd3 & ~drop[{v_bits}]);\n\
         wire signed [{top}:0] passed = blocked ? {zero} : drop;\n\
         wire signed [{top}:0] pull = free ? passed : {free_wave};",
        zero = literal(shape, 0),
    ))
    .output("nudging", &nudging, format!("last ? {} : pull <<< {}", literal(shape, 1 << strength), strength + twice))
    .evaluate(move |x, y| {
        let &[previous, free, last, target, sense] = x else { return };
        let drop = target - previous;
        let passed = match sense {
            0 => 0,
            2 => drop.max(0),
            3 => drop.min(0),
            _ => drop,
        };
        let sign = if free == 1 { 1 } else if centred { -1 } else { 0 };
        y[0] = if last == 1 { 1 << strength } else { (sign * passed) << (strength + twice) };
    });
    cell.leaf("nudge", leaf);
    nudging
}

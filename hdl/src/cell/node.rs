//! The node cells: an input holds its voltage, every other node relaxes.
//!
//! A node keeps two accumulators that take turns: `current`, of the wave updated last, and `previous`, of the other.
//! A step turns `previous` into the new `current`. So nothing in the datapath needs to know which wave is which, except
//! the nudge. The scan chain winds through both, bit by bit: the highest of `current`, the highest of `previous`, the next
//! one of `current`. So `previous` takes `current` in scan mode as it does in a step, and the rounded previous
//! voltage, which is no state of its own, is right again when the last bit has come in.

use super::edge::scan_end;
use super::sequence::{NodeSequence, node_sequence};
use super::{Context, signed_for};
use crate::bus::{Bus, Shape};
use crate::leaf::{Leaf, bits};
use crate::module::Module;
use crate::primitive::{CarryRow, SaturationRow, join_requests, matched_delay, register};
use crate::technology::Technology;
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

/// A node's gain as it sits in its registers. The mantissa `q` in 8..=15 is `2^e (4 (factor + 1) + term)` with `e` 0 or 1,
/// which takes two additions instead of three; `e` goes into the shift.
#[derive(Clone, Debug)]
struct GainBuses {
    /// 0..=3.
    factor: Bus,
    /// 0: nothing; 1: plus one; 3: minus one.
    term: Bus,
    /// How far to shift right, in steps of two: its bits above the lowest.
    pairs: Bus,
    /// Whether to shift one more.
    half: Bus,
}

/// `(factor, term, e)` of a mantissa.
fn split(q: u8) -> (u8, u8, u8) {
    match q {
        10 | 14 => {
            let (factor, term, _) = split(q / 2);
            (factor, term, 1)
        }
        _ => match q % 4 {
            0 => (q / 4 - 1, 0, 0),
            1 => (q / 4 - 1, 1, 0),
            _ => (q / 4, 3, 0),
        },
    }
}

impl NodeTraits {
    /// Whether no current can exceed what the gain allows for, so that a step moves the accumulator by less than four
    /// times its range. A transistor fed below the lowest rail can.
    fn is_bounded(&self) -> bool {
        !self.transistors
    }

    /// Bits of the sum of all conductances, the nudging conductance included.
    fn conductance_bits(&self, context: Context<'_>, degree: usize) -> u32 {
        let (format, rules) = (context.design.format(), context.design.rules());
        let most =
            if self.is_bounded() { format.g_max() } else { format.g_max() - i64::from(rules.lowest_rail) };
        let nudging = match (&self.output, rules.nudge) {
            (Some(_), Nudge::Current { beta, .. }) => 1 << (format.k_bits() - u32::from(beta)),
            _ => 0,
        };
        let sum = most.max(format.g_max()) * i64::try_from(degree).unwrap_or(i64::MAX) + nudging;
        64 - sum.leading_zeros()
    }
}

/// Adds the gain: a normaliser, small tables and registers taken over in the last round.
fn gain(
    cell: &mut Module,
    context: Context<'_>,
    traits: &NodeTraits,
    fire: &Bus,
    sequence: &NodeSequence,
    sum: &Bus,
) -> GainBuses {
    let (technology, design) = (context.technology, context.design);
    let k_bits = design.format().k_bits();
    let degree = sequence.degree;
    let d_bits = traits.conductance_bits(context, degree);
    let smallest = k_bits - 4;
    let table = design.gains().clone();
    let most_d = table.entries().iter().map(|&(_, d)| u32::from(d)).max().unwrap_or(0);
    // s - smallest + 1 - e
    let most = (d_bits - 1 + most_d).saturating_sub(smallest) + 1;
    let shift_bits = (32 - most.leading_zeros()).max(2);
    let pairs_shape = Shape::unsigned(shift_bits - 1);
    let two = Shape::unsigned(2);
    let [next_factor, factor, next_term, term] =
        ["next_factor", "factor", "next_term", "term"].map(|name| cell.wire(name, two));
    let [next_pairs, pairs] = ["next_pairs", "pairs"].map(|name| cell.wire(name, pairs_shape));
    let [next_half, half, take] = ["next_half", "half", "take_gain"].map(|name| cell.wire(name, Shape::BIT));

    let leaf =
        Leaf::function("gain", "the over-relaxation gain of a sum of conductances", 7 * technology.lut_ps())
            .input("sum", sum)
            .input("last", &sequence.last)
            .verilog(gain_text(d_bits, smallest, shift_bits, table.entries()))
            .output("factor", &next_factor, "factor_of[1:0]")
            .output("term", &next_term, "term_of[1:0]")
            .output("pairs", &next_pairs, format!("shift[{}:1]", shift_bits - 1))
            .output("half", &next_half, "shift[0]")
            .output("take", &take, "last")
            .evaluate(move |x, y| {
                let gain = table.gain(x[0] & ((1 << d_bits) - 1), k_bits);
                let (factor, term, e) = split(gain.q);
                let shift = i64::from(gain.s - smallest) + 1 - i64::from(e);
                (y[0], y[1], y[2], y[3], y[4]) = (factor.into(), term.into(), shift >> 1, shift & 1, x[1]);
            });
    cell.leaf("gain", leaf);
    for (name, d, q) in [
        ("factor_register", &next_factor, &factor),
        ("term_register", &next_term, &term),
        ("pairs_register", &next_pairs, &pairs),
        ("half_register", &next_half, &half),
    ] {
        cell.leaf(name, register(technology, fire, d, q, Some(&take), None, 0));
    }
    GainBuses { factor, term, pairs, half }
}

/// Finds the leading one of `D = sum[d_bits-1:0]` (0 counts as 1) and looks up the gain.
fn gain_text(d_bits: u32, smallest: u32, shift_bits: u32, entries: &[(u8, u8); 16]) -> String {
    use std::fmt::Write;
    let top = d_bits - 1;
    let levels = 32 - (d_bits - 1).leading_zeros();
    let mut text = format!(
        "// D with its leading one moved to the top; zeros says how far.\nwire [{top}:0] level_{levels} = sum[{top}:0];\n"
    );
    for level in (0..levels).rev() {
        let (by, from) = (1u32 << level, level + 1);
        let _ = writeln!(
            text,
            "(* keep *) wire low_{level};\nassign low_{level} = ~(|level_{from}[{top}:{}]);\n\
             wire [{top}:0] level_{level} = low_{level} ? {{level_{from}[{}:0], {by}'d0}} : level_{from};",
            d_bits - by,
            d_bits - by - 1,
        );
    }
    let zeros: Vec<String> = (0..levels).rev().map(|level| format!("low_{level}")).collect();
    let m: Vec<String> = (1..=4)
        .map(|i| if i < d_bits { format!("level_0[{}]", d_bits - 1 - i) } else { "1'b0".to_owned() })
        .collect();
    let _ = writeln!(
        text,
        "wire [{}:0] zeros = {{{}}};\nwire [3:0] m = {{{}}};",
        levels - 1,
        zeros.join(", "),
        m.join(", ")
    );
    // Tables over m, one constant a bit.
    let constant = |bit: &dyn Fn(u8, u8) -> bool| {
        let value =
            entries.iter().enumerate().fold(0u32, |sum, (m, &(q, d))| sum | (u32::from(bit(q, d)) << m));
        format!("16'h{value:04x}")
    };
    for (name, bit) in [
        ("factor_of[0]", &(|q, _| split(q).0 & 1 == 1) as &dyn Fn(u8, u8) -> bool),
        ("factor_of[1]", &|q, _| split(q).0 & 2 == 2),
        ("term_of[0]", &|q, _| split(q).1 & 1 == 1),
        ("term_of[1]", &|q, _| split(q).1 & 2 == 2),
        ("d_of[0]", &|_, d| d & 1 == 1),
        ("d_of[1]", &|_, d| d & 2 == 2),
        ("one_more", &|q, _| split(q).2 == 0),
    ] {
        let (wire, index) = name.split_once('[').map_or((name, ""), |(wire, _)| (wire, &name[wire.len()..]));
        if index != "[1]" {
            let width = if index.is_empty() { "" } else { "[1:0] " };
            let _ = writeln!(text, "(* keep *) wire {width}{wire};");
        }
        let table = format!("{}_{}", wire, if index == "[1]" { "high" } else { "low" });
        let _ =
            writeln!(text, "wire [15:0] {table} = {};\nassign {wire}{index} = {table}[m];", constant(bit));
    }
    // above = max(n + d - smallest, 0) with n = d_bits - 1 - zeros, as a table over d and zeros; then one more or not.
    let cases = 1u32 << levels;
    let index_bits = levels + 2;
    let above_bits = shift_bits;
    let clipped = |index: u32| {
        let (zeros, d) = (index % cases, index / cases);
        let n = (d_bits - 1).saturating_sub(zeros);
        (n + d).saturating_sub(smallest)
    };
    let _ = writeln!(
        text,
        "wire [{}:0] place = {{d_of, zeros}};\n(* keep *) wire [{}:0] above;",
        index_bits - 1,
        above_bits - 1
    );
    for bit in 0..above_bits {
        let entries = 4 * cases;
        let value: String = (0..entries)
            .rev()
            .map(|index| if (clipped(index) >> bit) & 1 == 1 { '1' } else { '0' })
            .collect();
        let _ = writeln!(
            text,
            "wire [{}:0] above_{bit} = {entries}'b{value};\nassign above[{bit}] = above_{bit}[place];",
            entries - 1
        );
    }
    let _ = writeln!(text, "wire [{}:0] shift;", shift_bits - 1);
    for bit in 0..shift_bits {
        let carry: String = (0..bit).map(|lower| format!(" & above[{lower}]")).collect();
        let _ = writeln!(text, "assign shift[{bit}] = above[{bit}] ^ (one_more{carry});");
    }
    text
}

/// Adds the sum times the gain, but for the lowest bit of the shift: with one bit kept below the last, for rounding.
fn shifted(cell: &mut Module, context: Context<'_>, traits: &NodeTraits, sum: &Bus, gain: &GainBuses) -> Bus {
    let (technology, format) = (context.technology, context.design.format());
    let width = bits(sum);
    let product_shape = Shape::signed(width + 4);
    let product = cell.wire("product", product_shape);
    cell.leaf("mantissa", mantissa(context, sum, gain, &product));

    // change = round(sum q 2^GV / 2^(s + 3 + t)) = round(product / 2^(shift + right)), t = 1 if currents come twice.
    let right = i64::from(format.k_bits()) - 2 + i64::from(traits.transistors) - i64::from(format.v_guard());
    // Bits below the rounding bit change nothing; where there is none, one is added.
    let (drop, pad) = if right >= 1 { (right - 1, 0) } else { (0, 1 - right) };
    let (drop, pad) = (u32::try_from(drop).unwrap_or(0), u32::try_from(pad).unwrap_or(0));
    let u_bits = format.v_bits() + format.v_guard();
    let full = product_shape.bits + pad - drop.min(product_shape.bits - 2);
    let kept = if traits.is_bounded() { u_bits + 4 } else { full };
    let shifted = cell.wire("shifted", Shape::signed(kept));
    let pairs_bits = bits(&gain.pairs);
    let longest = kept + 2 * ((1 << pairs_bits) - 1);
    let mut text = String::new();
    let padded = if pad > 0 {
        format!("{{product, {pad}'d0}}")
    } else {
        format!("product[{}:{drop}]", product_shape.bits - 1)
    };
    let full_bits = product_shape.bits + pad - drop;
    text += &format!("wire signed [{}:0] whole = {padded};\n", full_bits - 1);
    let extended = if longest > full_bits {
        format!("{{{{{}{{whole[{}]}}}}, whole}}", longest - full_bits, full_bits - 1)
    } else {
        format!("whole[{}:0]", longest - 1)
    };
    text += &format!("wire [{}:0] level_{pairs_bits} = {extended};\n", longest - 1);
    let mut length = longest;
    for level in (0..pairs_bits).rev() {
        let by = 2u32 << level;
        length -= by;
        text += &format!(
            "wire [{}:0] level_{level} = pairs[{level}] ? level_{from}[{}:{by}] : level_{from}[{}:0];\n",
            length - 1,
            length + by - 1,
            length - 1,
            from = level + 1
        );
    }
    let leaf = Leaf::function(format!("shift_{drop}_{pad}"), "all but the lowest bit of the shift", {
        u64::from(pairs_bits) * technology.lut_ps()
    })
    .input("product", &product)
    .input("pairs", &gain.pairs)
    .verilog(text)
    .output("shifted", &shifted, "level_0")
    .evaluate(move |x, y| {
        let whole = (x[0] << pad) >> drop;
        y[0] = whole >> (2 * x[1]).min(63);
    });
    cell.leaf("shifter", leaf);
    shifted
}

/// The sum times `4 (factor + 1) + term`.
fn mantissa(context: Context<'_>, sum: &Bus, gain: &GainBuses, product: &Bus) -> Leaf {
    let technology = context.technology;
    let width = bits(sum);
    let top = width + 3;
    // Both additions choose their second operand in the LUTs of the carry chain.
    let text = match technology {
        Technology::Ecp5 => {
            let times = CarryRow {
                name: "times",
                bits: width + 1,
                init: 0x2278,
                first: 0x2278,
                carry_in: false,
                operands: [
                    format!("{{sum[{0}], sum}}", width - 1),
                    format!("{{{}{{factor[1]}}}}", width + 1),
                    format!("{{{{2{{sum[{}]}}}}, sum[{}:1]}}", width - 1, width - 1),
                    format!("{{{}{{factor[0]}}}}", width + 1),
                ],
            };
            let plus = CarryRow {
                name: "plus",
                bits: width + 3,
                init: 0x96aa,
                first: 0x1010,
                carry_in: true,
                operands: [
                    "{scaled, sum[0]}".to_owned(),
                    format!("{{{{4{{sum[{}]}}}}, sum[{}:2], sum[1]}}", width - 1, width - 1),
                    format!("{{{{{}{{term[1]}}}}, minus}}", width + 2),
                    format!("{{{}{{term[0]}}}}", width + 3),
                ],
            };
            format!(
                "{}wire [{}:0] scaled = {{times, sum[0] & ~factor[0]}};\nwire minus = term[1] & term[0];\n{}\
                 wire [{top}:0] both = {{plus[{}:1], term[0] & (sum[1] ^ (term[1] & sum[0])), term[0] & sum[0]}};",
                times.verilog(),
                width + 1,
                plus.verilog(),
                width + 2
            )
        }
        _ => format!(
            "wire signed [{top}:0] one = {{{{4{{sum[{0}]}}}}, sum}};\n\
             wire signed [{top}:0] scaled = (factor[0] ? one <<< 1 : one) + (factor[1] ? one <<< 1 : {1}'sd0);\n\
             wire signed [{top}:0] both = (scaled <<< 2) + (term[0] ? (term[1] ? -one : one) : {1}'sd0);",
            width - 1,
            width + 4
        ),
    };
    Leaf::function("mantissa", "the sum times 4 (factor + 1) + term", 2 * technology.carry_ps(width + 3))
        .input("sum", sum)
        .input("factor", &gain.factor)
        .input("term", &gain.term)
        .verilog(text)
        .output("product", product, "both")
        .evaluate(|x, y| {
            let term = match x[2] {
                1 => 1,
                3 => -1,
                _ => 0,
            };
            y[0] = x[0] * (4 * (x[1] + 1) + term);
        })
}

/// The new accumulator of the wave whose turn it is.
struct Update<'a> {
    previous: &'a Bus,
    shifted: &'a Bus,
    half: &'a Bus,
    /// Whether a nudge replaces relaxing, and by what.
    nudge: Option<&'a (Bus, Bus)>,
    bounded: bool,
}

impl Update<'_> {
    fn leaf(&self, context: Context<'_>, clamp: DiodeClamp, scan_in: &Bus, next: &Bus) -> Leaf {
        let technology = context.technology;
        let (low, high) = context.design.format().u_range();
        let (width, shifted_bits) = (bits(next), bits(self.shifted));
        let sum_shape = Shape::signed(if self.bounded { width + 3 } else { width.max(shifted_bits) + 1 });
        let (n, u_top) = (sum_shape.bits, width - 1);
        let extend = |name: &str, from: u32, low: u32| {
            let kept = from - low;
            if kept >= n {
                format!("{name}[{}:{low}]", low + n - 1)
            } else {
                format!("{{{{{}{{{name}[{}]}}}}, {name}[{}:{low}]}}", n - kept, from - 1, from - 1)
            }
        };
        let previous = extend("previous", width, 0);
        let (whole, halved) = (extend("shifted", shifted_bits, 1), extend("shifted", shifted_bits, 2));
        let sum = match technology {
            Technology::Ecp5 => format!(
                "{}wire [{}:0] relaxed = row[{n}:1];",
                CarryRow {
                    name: "row",
                    bits: n + 1,
                    init: 0x596a,
                    first: 0xf3c0,
                    carry_in: true,
                    operands: [
                        format!("{{{previous}, 1'b0}}"),
                        format!("{{{}{{half}}}}", n + 1),
                        format!("{{{halved}, shifted[1]}}"),
                        format!("{{{whole}, shifted[0]}}"),
                    ],
                }
                .verilog(),
                n - 1
            ),
            _ => format!(
                "wire [{n}:0] row = {{{previous}, 1'b1}} + (half ? {{{halved}, shifted[1]}} : {{{whole}, shifted[0]}});\n\
                 wire [{}:0] relaxed = row[{n}:1];",
                n - 1
            ),
        };
        // What a diode forbids is a constant like what saturation gives.
        let (above, below, row_high, row_low, diode_name) = match clamp {
            DiodeClamp::None => ("positive & beyond", "negative & beyond", high, low, ""),
            DiodeClamp::NonNegative => ("positive & beyond", "negative", high, 0, "_above"),
            DiodeClamp::NonPositive => ("positive", "negative & beyond", 0, low, "_below"),
        };
        let mut leaf = Leaf::function(
            format!("update{diode_name}{}", if self.nudge.is_some() { "_nudged" } else { "" }),
            "the new accumulator, rounded and saturated, or the scan chain",
            technology.carry_ps(n) + 3 * technology.lut_ps(),
        )
        .input("previous", self.previous)
        .input("shifted", self.shifted)
        .input("half", self.half)
        .input("scan", &context.border.scan)
        .input("scan_in", scan_in);
        let moved = if let Some((nudged, wanted)) = self.nudge {
            leaf = leaf.input("nudged", nudged).input("wanted", wanted);
            format!("nudged ? {} : relaxed", extend("wanted", width, 0))
        } else {
            "relaxed".to_owned()
        };
        let row = SaturationRow {
            name: "chosen",
            bits: width,
            value: "kept",
            scanned: "scanned",
            code: "code",
            high: row_high,
            low: row_low,
        };
        leaf.verilog(format!(
            "{sum}\nwire [{m}:0] moved = {moved};\nwire negative = moved[{m}], positive = ~moved[{m}];\n\
             wire beyond = |(moved[{m}:{u_top}] ^ {{{spare}{{negative}}}});\n\
             (* keep *) wire [1:0] code;\nassign code = {{scan | ({below}), scan | ({above})}};\n\
             wire [{u_top}:0] kept = moved[{u_top}:0], scanned = {{scan_in, previous[{u_top}:1]}};\n{row}",
            m = n - 1,
            spare = n - u_top,
            row = row.verilog(technology == Technology::Ecp5),
        ))
        .output("next", next, "chosen")
        .evaluate(move |x, y| {
            let &[previous, shifted, half, scan, scan_in, ..] = x else { return };
            let relaxed = sum_shape.wrap(previous + shift_rounded(shifted >> half, 1));
            let moved = if x.len() > 5 && x[5] == 1 { x[6] } else { relaxed };
            y[0] = if scan == 1 {
                (scan_in << u_top) | ((previous >> 1) & ((1 << u_top) - 1))
            } else {
                clamp.apply(moved.clamp(low, high))
            };
        })
    }
}

/// The voltage neighbours see: rounded to nearest, ties up, and saturated at the top.
fn rounding(context: Context<'_>, u: &Bus, v: &Bus) -> Leaf {
    let (technology, format) = (context.technology, context.design.format());
    let (guard, v_bits) = (format.v_guard(), format.v_bits());
    let v_top = v_bits - 1;
    let delay_ps = technology.carry_ps(v_bits) + technology.lut_ps();
    let leaf = Leaf::function("rounding", "the accumulator rounded to a voltage", delay_ps).input("u", u);
    let leaf = if guard == 0 {
        leaf.output("v", v, "u")
    } else {
        // One is added unless that is all ones but the sign. The first carry cell finishes this condition.
        let split = v_top / 2;
        let halves = format!(
            "wire [{v_top}:0] down = u[{}:{guard}];\n\
             wire ones_low = &down[{}:0], ones_high = &down[{}:{split}];\nwire half = u[{}];\n",
            v_top + guard,
            split.max(1) - 1,
            v_top - 1,
            guard - 1
        );
        let sum = match technology {
            Technology::Ecp5 => format!(
                "{}wire [{v_top}:0] rounded = row[{v_bits}:1];",
                CarryRow {
                    name: "row",
                    bits: v_bits + 1,
                    init: 0xaaaa,
                    first: 0x7f00,
                    carry_in: true,
                    operands: [
                        "{down, ones_low}".to_owned(),
                        format!("{{{v_bits}'d0, ones_high}}"),
                        format!("{{{v_bits}'d0, ~down[{v_top}]}}"),
                        format!("{{{v_bits}'d0, half}}"),
                    ],
                }
                .verilog()
            ),
            _ => format!(
                "wire up = half & ~(ones_low & ones_high & ~down[{v_top}]);\n\
                 wire [{v_top}:0] rounded = down + {{{v_top}'d0, up}};"
            ),
        };
        leaf.verilog(format!("{halves}{sum}")).output("v", v, "rounded")
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
    let twice = u32::from(traits.transistors);
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

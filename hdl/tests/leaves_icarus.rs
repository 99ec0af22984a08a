//! Every leaf by itself: its Rust against its Verilog in Icarus.
//!
//! The leaves are those of the arrays in `designs`, each distinct text once. Functions are compared without delays for
//! thousands of vectors; registers and matched delays with delays, for random sequences of events.
#![allow(clippy::unwrap_used, reason = "tests")]
mod designs;

use designs::{Random, cases, extremes, icarus};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write;
use std::fs;
use std::sync::Arc;
use wheatstone_hdl::bus::{Bus, Port, Shape};
use wheatstone_hdl::circuit::Circuit;
use wheatstone_hdl::leaf::{Behaviour, Leaf};
use wheatstone_hdl::module::Module;
use wheatstone_hdl::verilog::{LeafModule, leaf_modules, prelude, simulation_models};
use wheatstone_hdl::{Array, Technology};

/// Random vectors a function gets, besides those of the corners.
const VECTORS: usize = 10_000;

/// Functions of no more input bits than this are tried exhaustively instead.
const EXHAUSTIVE_BITS: u32 = 13;

/// Events a register or a matched delay gets.
const EVENTS: usize = 800;

/// The distinct leaf modules of all arrays under names of their own, each with the technology it is for.
fn leaves(wanted: impl Fn(&Leaf) -> bool) -> Vec<(Technology, LeafModule)> {
    let mut known: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut leaves: Vec<(Technology, LeafModule)> = Vec::new();
    for case in cases().into_iter().chain(extremes()) {
        let array = Array::new(case.design.clone(), case.options).unwrap();
        for LeafModule { name, text, instances } in leaf_modules(&array.module) {
            let leaf = &instances[0];
            if !wanted(leaf) {
                continue;
            }
            let (_, rest) = text.split_once(&format!("module {name} ")).unwrap();
            // What a function computes does not depend on its delay.
            let delay = format!("`TIMED({}) ", leaf.nominal_ps());
            let key = if is_function(leaf) { rest.replace(&delay, "") } else { rest.to_owned() };
            let number = leaves.len();
            match known.entry((leaf.module().to_owned(), key)) {
                Entry::Occupied(entry) => leaves[*entry.get()].1.instances.extend(instances),
                Entry::Vacant(entry) => {
                    entry.insert(number);
                    let unique = format!("{name}_{number}");
                    let text = format!("module {unique} {rest}");
                    leaves.push((case.options.technology, LeafModule { name: unique, text, instances }));
                }
            }
        }
    }
    leaves
}

fn is_function(leaf: &Leaf) -> bool {
    matches!(leaf.behaviour(), Behaviour::Function(_))
}

/// Values at which arithmetic goes wrong.
fn corners(shape: Shape) -> Vec<i64> {
    let (low, high) = shape.range();
    let mut values = vec![0, 1, -1, low, low + 1, high, high - 1, low / 2, high / 2, high / 2 + 1];
    values.iter_mut().for_each(|value| *value = shape.wrap(*value));
    values.sort_unstable();
    values.dedup();
    values
}

fn random_value(shape: Shape, random: &mut Random) -> i64 {
    let corners = corners(shape);
    match random.below(8) {
        0 => corners[usize::try_from(random.below(corners.len() as u64)).unwrap()],
        // Every order of magnitude is as likely as any other.
        1 | 2 => {
            let value = (random.next() >> (64 - random.between(1, shape.bits.into()))).cast_signed();
            shape.wrap(if random.below(2) == 0 { value } else { -value })
        }
        _ => shape.wrap(random.next().cast_signed()),
    }
}

/// The input vectors of a function.
fn vectors(leaf: &Leaf, random: &mut Random) -> Vec<Vec<i64>> {
    let shapes: Vec<Shape> = leaf.inputs().iter().map(|port| port.bus.shape()).collect();
    let bits: u32 = shapes.iter().map(|shape| shape.bits).sum();
    if bits <= EXHAUSTIVE_BITS {
        let split = |mut all: i64| {
            let take = |shape: &Shape| {
                let value = shape.wrap(all);
                all >>= shape.bits;
                value
            };
            shapes.iter().map(take).collect()
        };
        return (0..1 << bits).map(split).collect();
    }
    let mut vectors: Vec<Vec<i64>> = vec![
        vec![0; shapes.len()],
        shapes.iter().map(|shape| shape.wrap(-1)).collect(),
        shapes.iter().map(|shape| shape.range().0).collect(),
        shapes.iter().map(|shape| shape.range().1).collect(),
    ];
    let uniform = |random: &mut Random| shapes.iter().map(|&s| random_value(s, random)).collect::<Vec<_>>();
    for (i, &shape) in shapes.iter().enumerate() {
        for corner in corners(shape) {
            for mut vector in [uniform(random), uniform(random), vec![0; shapes.len()]] {
                vector[i] = corner;
                vectors.push(vector);
            }
        }
    }
    for _ in 0..VECTORS / 10 {
        let mut vector = uniform(random);
        for (value, &shape) in vector.iter_mut().zip(&shapes) {
            if random.below(4) > 0 {
                let corners = corners(shape);
                *value = corners[usize::try_from(random.below(corners.len() as u64)).unwrap()];
            }
        }
        vectors.push(vector);
    }
    vectors.extend((0..VECTORS).map(|_| uniform(random)));
    vectors
}

/// One word of `$readmemh`: the values side by side, the first one at the top.
fn word(ports: &[&Port], values: &[i64]) -> String {
    let bits: Vec<bool> = ports
        .iter()
        .zip(values)
        .flat_map(|(port, value)| (0..port.bus.shape().bits).rev().map(move |bit| (value >> bit) & 1 == 1))
        .collect();
    let digit = |bits: &[bool]| bits.iter().fold(0, |digit, &bit| (digit << 1) | u32::from(bit));
    let (head, tail) = bits.split_at(bits.len() % 4);
    let head = (!head.is_empty()).then(|| digit(head));
    let digits = head.into_iter().chain(tail.chunks(4).map(digit));
    digits.map(|digit| char::from_digit(digit, 16).unwrap()).collect()
}

fn width(ports: &[&Port]) -> u32 {
    ports.iter().map(|port| port.bus.shape().bits).sum()
}

#[test]
fn every_function_computes_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(1);
    let leaves = leaves(is_function);
    let mut text = prelude(Technology::Generic) + &simulation_models(Technology::Ecp5);
    let (mut declarations, mut checks) = (String::new(), String::new());
    let (mut widest, mut longest, mut total) = (0, 0, 0);
    for (number, (_, LeafModule { name, text: module, instances })) in leaves.iter().enumerate() {
        let leaf = &instances[0];
        let vectors = vectors(leaf, &mut random);
        let ports: Vec<&Port> = leaf.inputs().iter().chain(leaf.outputs()).collect();
        let mut words = String::new();
        for vector in &vectors {
            let expected = leaf.compute(vector);
            for other in &instances[1..] {
                assert_eq!(
                    expected,
                    other.compute(vector),
                    "{name}: one text, two behaviours, at {vector:?}"
                );
            }
            words += &word(&ports, &[vector.clone(), expected].concat());
            words.push('\n');
        }
        fs::write(folder.path().join(format!("{number}.hex")), words).unwrap();
        text += module;
        let (width, count) = (width(&ports), vectors.len());
        (widest, longest, total) = (widest.max(width), longest.max(count), total + count);

        let mut high = width;
        let (mut connections, mut comparisons) = (Vec::new(), String::new());
        let _ = writeln!(declarations, "    reg [{}:0] row_{number};", width - 1);
        for (i, port) in ports.iter().enumerate() {
            let bits = port.bus.shape().bits;
            let (top, low) = (high - 1, high - bits);
            high = low;
            if i < leaf.inputs().len() {
                connections.push(format!(".{}(row_{number}[{top}:{low}])", port.name));
                continue;
            }
            let out = format!("out_{number}_{}", port.name);
            let _ = writeln!(declarations, "    wire [{}:0] {out};", bits - 1);
            connections.push(format!(".{}({out})", port.name));
            let _ = writeln!(
                comparisons,
                "            if ({out} !== row_{number}[{top}:{low}]) begin\n\
                 \x20               mismatches = mismatches + 1;\n\
                 \x20               shown = shown + 1;\n\
                 \x20               if (shown <= 3) $display(\"mismatch {name} vector %0d port {} found %h expected %h row %h\", i, {out}, row_{number}[{top}:{low}], row_{number});\n\
                 \x20           end",
                port.name
            );
        }
        let _ = writeln!(declarations, "    {name} leaf_{number} ({});", connections.join(", "));
        let _ = writeln!(
            checks,
            "        $readmemh(\"{number}.hex\", memory, 0, {});\n        shown = 0;\n\
             \x20       for (i = 0; i < {count}; i = i + 1) begin\n\
             \x20           row_{number} = memory[i];\n            #1;\n{comparisons}        end\n\
             \x20       compared = compared + {count};",
            count - 1
        );
    }
    let _ = write!(
        text,
        "module bench;\n    reg [{}:0] memory [0:{}];\n    integer i, shown, mismatches = 0, compared = 0;\n{declarations}\
         \x20   initial begin\n{checks}        $display(\"compared %0d mismatches %0d\", compared, mismatches);\n\
         \x20       $finish;\n    end\nendmodule\n",
        widest - 1,
        longest - 1,
    );
    let Some(said) = icarus(&text, "bench", folder.path()) else { return };
    eprintln!("{} functions, {total} vectors", leaves.len());
    assert!(said.contains(&format!("compared {total} mismatches 0\n")), "{said}");
}

/// An event at an input of a leaf.
struct Event {
    time_ps: u64,
    input: usize,
    value: i64,
}

/// Events for a register.
///
/// `fire` and `reset` change no faster than a flip-flop answers, as in a cell, where the loop through the flip-flop
/// makes `fire`: what overtakes an answer that is on its way would be metastable on a chip. And data do not change at
/// the very moment of an edge. Otherwise everything is permitted.
fn register_events(leaf: &Leaf, random: &mut Random) -> Vec<Event> {
    let Behaviour::Register { reset, .. } = leaf.behaviour() else { unreachable!() };
    let mut values = vec![0; leaf.inputs().len()];
    let (mut time_ps, mut edge_ps) = (1_000_000, 0);
    let mut events = Vec::new();
    for _ in 0..EVENTS {
        time_ps += 1 + random.below(leaf.delay_ps());
        let last = leaf.inputs().len() - 1;
        let input = match random.below(8) {
            0..4 => 0,
            7 => last,
            _ => 1 + usize::try_from(random.below(last as u64)).unwrap(),
        };
        if input == 0 || (*reset && input == last) {
            time_ps = time_ps.max(edge_ps + leaf.delay_ps() + 1);
            edge_ps = time_ps;
        }
        let shape = leaf.inputs()[input].bus.shape();
        let value = if shape.bits == 1 { 1 - values[input] } else { random_value(shape, random) };
        values[input] = value;
        events.push(Event { time_ps, input, value });
    }
    events
}

/// Events for a matched delay.
///
/// `enable` comes from a join, whose inertial delay of at least one LUT swallows shorter pulses, and the array interface raises
/// `strobe` only in scan mode, where no cell is enabled. The Rust takes the chain for reset one LUT after `enable` falls,
/// which is true then. No event falls on a moment at which a LUT switches, for simulators order these as they like.
fn delay_events(leaf: &Leaf, random: &mut Random) -> Vec<Event> {
    let Behaviour::MatchedDelay { lut_ps } = *leaf.behaviour() else { unreachable!() };
    let mut time_ps = 1_000_000;
    let mut events: Vec<Event> = Vec::new();
    while events.len() < EVENTS {
        let input = usize::from(random.below(4) == 0);
        // Shorter than a LUT, within the chain, and beyond its end.
        let high_ps = 1 + random.below(leaf.delay_ps() * 3 / 2);
        for (value, wait_ps) in [(1, lut_ps + 1 + random.below(2 * lut_ps)), (0, high_ps)] {
            time_ps += wait_ps;
            // Older ones have long run through the chain.
            let recent = &events[events.len().saturating_sub(100)..];
            while recent.iter().any(|event| (time_ps - event.time_ps) % lut_ps == 0) {
                time_ps += 1;
            }
            events.push(Event { time_ps, input, value });
        }
    }
    events
}

/// What the Rust shows at the output: when it takes which value.
fn simulate(leaf: &Leaf, events: &[Event]) -> Vec<(u64, i64)> {
    let leaf = leaf.detached();
    let inputs: Vec<Bus> = leaf.inputs().iter().map(|port| port.bus.clone()).collect();
    let output = leaf.outputs()[0].bus.clone();
    let mut module = Module::new("bench", "one leaf");
    module.leaf("leaf", leaf);
    let mut circuit = Circuit::new(module);
    let mut changes = Vec::new();
    let mut value = output.val();
    let mut run = |circuit: &mut Circuit, limit_ps: u64| {
        while circuit.advance(limit_ps) {
            if output.val() != value {
                value = output.val();
                changes.push((circuit.now_ps(), value));
            }
        }
    };
    for event in events {
        run(&mut circuit, event.time_ps);
        circuit.run_until(event.time_ps);
        circuit.set(&inputs[event.input], event.value);
    }
    run(&mut circuit, u64::MAX);
    changes
}

#[test]
fn registers_and_matched_delays_change_at_the_same_times() {
    let folder = tempfile::tempdir().unwrap();
    let leaves = leaves(|leaf| !is_function(leaf));
    for technology in Technology::ALL {
        let mut random = Random(2);
        let mut text = format!("`timescale 1ps/1ps\n`define WHEATSTONE_TIMED\n{}", prelude(technology));
        text += &simulation_models(technology);
        let mut bench = "module bench;\n".to_owned();
        let mut expected: Vec<Vec<(u64, i64)>> = Vec::new();
        let (mut registers, mut delays) = (0, 0);
        for (_, LeafModule { name, text: module, instances }) in
            leaves.iter().filter(|(other, _)| *other == technology)
        {
            let leaf: &Arc<Leaf> = &instances[0];
            let events = if let Behaviour::Register { .. } = leaf.behaviour() {
                registers += 1;
                register_events(leaf, &mut random)
            } else {
                delays += 1;
                delay_events(leaf, &mut random)
            };
            let number = expected.len();
            expected.push(simulate(leaf, &events));
            text += module;
            let mut connections = Vec::new();
            for port in leaf.inputs() {
                let (bits, name) = (port.bus.shape().bits, format!("{}_{number}", port.name));
                let _ = writeln!(bench, "    reg [{}:0] {name} = 0;", bits - 1);
                connections.push(format!(".{}({name})", port.name));
            }
            let output = &leaf.outputs()[0];
            let (bits, out) = (output.bus.shape().bits, format!("out_{number}"));
            let _ = writeln!(bench, "    wire [{}:0] {out};", bits - 1);
            connections.push(format!(".{}({out})", output.name));
            let _ = writeln!(bench, "    {name} leaf_{number} ({});", connections.join(", "));
            let _ = writeln!(
                bench,
                "    always @({out}) if ($time > 900000) $display(\"{number} %0d %h\", $time, {out});\n    initial begin"
            );
            let mut now_ps = 0;
            for Event { time_ps, input, value } in &events {
                let port = &leaf.inputs()[*input];
                let shape = port.bus.shape();
                let value = Shape::unsigned(shape.bits).wrap(*value);
                let _ = writeln!(
                    bench,
                    "        #{} {}_{number} = {}'h{value:x};",
                    time_ps - now_ps,
                    port.name,
                    shape.bits
                );
                now_ps = *time_ps;
            }
            bench += "    end\n";
        }
        text += &bench;
        text += "endmodule\n";
        let Some(said) = icarus(&text, "bench", folder.path()) else { return };
        let mut found: Vec<Vec<(u64, String)>> = vec![Vec::new(); expected.len()];
        for line in said.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [number, time_ps, value] = words[..] else { panic!("{line}") };
            found[number.parse::<usize>().unwrap()].push((time_ps.parse().unwrap(), value.to_owned()));
        }
        let modules = leaves.iter().filter(|(other, _)| *other == technology);
        let mut changes = 0;
        for (((_, module), expected), found) in modules.zip(&expected).zip(&found) {
            let shape = module.instances[0].outputs()[0].bus.shape();
            let digits = usize::try_from(shape.bits.div_ceil(4)).unwrap();
            let hex = |&(time_ps, value): &(u64, i64)| {
                (time_ps, format!("{:0digits$x}", Shape::unsigned(shape.bits).wrap(value)))
            };
            let expected: Vec<_> = expected.iter().map(hex).collect();
            assert!(expected.len() > 8, "{}: {} changes show nothing", module.name, expected.len());
            changes += expected.len();
            if let Some(i) = (0..expected.len().max(found.len())).find(|&i| expected.get(i) != found.get(i)) {
                let around = i.saturating_sub(2)..i + 3;
                panic!(
                    "{}: change {i}: Rust {:?} ..., Icarus {:?} ...\n{}",
                    module.name,
                    expected.get(around.clone()),
                    found.get(around),
                    module.text
                );
            }
        }
        eprintln!("{}: {registers} registers, {delays} matched delays, {changes} changes", technology.name());
    }
}

//! The leaves of folded arrays by themselves: their Rust against their Verilog in Icarus, edge by edge.
#![allow(clippy::unwrap_used, reason = "tests")]
mod designs;

use designs::{Random, cases, extremes, icarus};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use wheatstone_hdl::bus::{Port, Shape};
use wheatstone_hdl::leaf::{Behaviour, Leaf};
use wheatstone_hdl::tile::{FoldedArray, FoldedInterface, FoldedOptions};
use wheatstone_hdl::verilog::{LeafModule, leaf_modules, prelude, simulation_models};
use wheatstone_hdl::{Multiplier, Technology};
use wheatstone_sim::network::{EdgeKind, layered};
use wheatstone_sim::{Design, Format, Nudge, Omega, Rules};

/// Edges that a leaf gets, at any of its clocks.
const EDGES: usize = 1500;

/// Designs that slot: those of the spatial array without transistors, and layers with several rows a lane.
fn folded() -> Vec<FoldedArray> {
    let of_cases =
        cases().into_iter().chain(extremes()).filter(|case| case.options.multiplier == Multiplier::Parallel);
    let mut designs: Vec<(Arc<Design>, usize)> = of_cases.map(|case| (case.design, 2)).collect();
    for (nudge, format) in [
        (Nudge::Clamped { eta: 0 }, Format::COMPACT),
        (Nudge::Clamped { eta: 3 }, Format::new(9, 0, 8, 3).unwrap()),
        (Nudge::Current { beta: 2, centred: true }, Format::WIDE),
        (Nudge::Current { beta: 0, centred: false }, Format::new(4, 4, 4, 0).unwrap()),
    ] {
        let rules = Rules { omega: Omega::new(13).unwrap(), nudge, g_min: 2, lowest_rail: 0 };
        let network = layered(&[5, 19, 6, 3], EdgeKind::Linear).unwrap();
        designs.push((Arc::new(Design::new(network, format, rules).unwrap()), 1));
        let network = layered(&[3, 40, 4], EdgeKind::Linear).unwrap();
        designs.push((Arc::new(Design::new(network, format, rules).unwrap()), 5));
    }
    let arrays = designs.into_iter().filter_map(|(design, tiles)| {
        FoldedArray::new(design, FoldedOptions { technology: Technology::Ecp5, tiles }).ok()
    });
    arrays.collect()
}

/// The distinct leaf modules of folded arrays that no spatial one has.
fn leaves() -> Vec<LeafModule> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut leaves: Vec<LeafModule> = Vec::new();
    for array in folded() {
        // The interface of one that can be scanned in time.
        let interface = FoldedInterface::new(&array).ok().map(|interface| leaf_modules(&interface.module));
        for LeafModule { name, text, instances } in
            leaf_modules(&array.module).into_iter().chain(interface.into_iter().flatten())
        {
            let wanted = match instances[0].behaviour() {
                Behaviour::Clocked { .. } | Behaviour::Function(_) => true,
                Behaviour::Register { .. } | Behaviour::MatchedDelay { .. } => false,
            };
            let (_, rest) = text.split_once(&format!("module {name} ")).unwrap();
            let number = leaves.len();
            if wanted && known.insert(rest.to_owned(), number).is_none() {
                let unique = format!("{}_{number}", instances[0].module());
                let text = format!("module {unique} {rest}");
                leaves.push(LeafModule { name: unique, text, instances });
            }
        }
    }
    leaves
}

/// A value an input may have. Sums stay where a network's do: far enough from the end of their width that nothing overflows.
fn value(port: &Port, random: &mut Random) -> i64 {
    let shape = port.bus.shape();
    let bits = u64::from(shape.bits);
    match port.name.as_str() {
        "steps" => return 2,
        // Now and then only, or nothing would go on.
        "asked_reset" => return i64::from(random.below(100) == 0),
        "asked_go" | "asked_scan" | "asked_phase" => return i64::from(random.below(20) < 3),
        "array_idle" => return i64::from(random.below(10) < 8),
        "sum" | "conductance" => {
            let narrow = bits - bits.min(3);
            return Shape { bits: u32::try_from(narrow.max(1)).unwrap(), ..shape }
                .wrap(random.next().cast_signed());
        }
        _ => {}
    }
    let (low, high) = shape.range();
    match random.below(6) {
        0 => [low, high, 0, shape.wrap(1), shape.wrap(-1)][usize::try_from(random.below(5)).unwrap()],
        _ => shape.wrap(random.next().cast_signed()),
    }
}

/// What a leaf shows after each event: inputs, the clock that rises if any, and the outputs then.
fn run(leaf: &Leaf, random: &mut Random) -> Vec<(Vec<i64>, Option<usize>, Vec<i64>)> {
    let shapes: Vec<Shape> = leaf.outputs().iter().map(|port| port.bus.shape()).collect();
    let wrap = |values: Vec<i64>| shapes.iter().zip(values).map(|(s, v)| s.wrap(v)).collect::<Vec<_>>();
    let mut events = Vec::new();
    let (clocks, mut model) = match leaf.behaviour() {
        Behaviour::Clocked { clocks, power_up, .. } => (*clocks, Some(power_up())),
        _ => (0, None),
    };
    let mut values = vec![0; leaf.inputs().len()];
    for _ in 0..EDGES {
        for (input, port) in leaf.inputs().iter().enumerate().skip(clocks) {
            if random.below(3) > 0 {
                values[input] = value(port, random);
            }
        }
        let Some(model) = &mut model else {
            events.push((values.clone(), None, leaf.compute(&values)));
            continue;
        };
        // The first clock is the fire, which is what matters most.
        let clock =
            if random.below(4) > 0 { 0 } else { usize::try_from(random.below(clocks as u64)).unwrap() };
        let mut risen = values.clone();
        risen[clock] = 1;
        model.edge(clock, &risen);
        let mut outputs = vec![0; shapes.len()];
        model.outputs(&values, &mut outputs);
        events.push((values.clone(), Some(clock), wrap(outputs)));
    }
    events
}

#[test]
fn every_leaf_of_a_folded_array_computes_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random(3);
    let leaves = leaves();
    assert!(leaves.len() > 60, "{} leaves", leaves.len());
    let mut text = format!(
        "`timescale 1ps/1ps\n{}{}",
        prelude(Technology::Generic),
        simulation_models(Technology::Ecp5)
    );
    let (mut declarations, mut calls) = (String::new(), String::new());
    let mut edges = 0;
    for (number, LeafModule { name, text: module, instances }) in leaves.iter().enumerate() {
        let leaf = &instances[0];
        text += module;
        let events = run(leaf, &mut random);
        let changes = events.windows(2).filter(|pair| pair[0].2 != pair[1].2).count();
        assert!(changes > 8 || leaf.inputs().len() < 3, "{name} shows {changes} changes");
        let clocks = match leaf.behaviour() {
            Behaviour::Clocked { clocks, .. } => *clocks,
            _ => 0,
        };
        let ports: Vec<&Port> = leaf.inputs()[clocks..].iter().chain(leaf.outputs()).collect();
        let width: u32 = ports.iter().map(|port| port.bus.shape().bits).sum::<u32>() + 8;
        let mut rows = String::new();
        for (values, clock, outputs) in &events {
            let row = values[clocks..].iter().chain(outputs);
            let mut bits: Vec<bool> =
                (0..8).rev().map(|bit| (clock.map_or(255, |clock| clock) >> bit) & 1 == 1).collect();
            for (port, value) in ports.iter().zip(row) {
                bits.extend((0..port.bus.shape().bits).rev().map(|bit| (value >> bit) & 1 == 1));
            }
            rows.extend(bits.iter().map(|&bit| if bit { '1' } else { '0' }));
            rows.push('\n');
        }
        edges += events.len();
        std::fs::write(folder.path().join(format!("{number}.bin")), rows).unwrap();
        let _ = writeln!(
            declarations,
            "    reg [{}:0] rows_{number} [0:{}];\n    reg [{}:0] row_{number};\n    reg [{clock_top}:0] clock_{number} = 0;",
            width - 1,
            events.len() - 1,
            width - 1,
            clock_top = clocks.max(1) - 1
        );
        let mut high = width - 8;
        let mut connections: Vec<String> = (0..clocks)
            .map(|clock| format!(".{}(clock_{number}[{clock}])", leaf.inputs()[clock].name))
            .collect();
        let mut compare = String::new();
        for (i, port) in ports.iter().enumerate() {
            let low = high - port.bus.shape().bits;
            let slice = format!("row_{number}[{}:{low}]", high - 1);
            high = low;
            if i < leaf.inputs().len() - clocks {
                connections.push(format!(".{}({slice})", port.name));
            } else {
                let out = format!("out_{number}_{}", port.name);
                let _ = writeln!(declarations, "    wire [{}:0] {out};", port.bus.shape().bits - 1);
                connections.push(format!(".{}({out})", port.name));
                let _ = writeln!(
                    compare,
                    "            if ({out} !== {slice}) begin wrong = wrong + 1; shown = shown + 1; if (shown <= 2) $display(\"{name} event %0d {} %h expected %h\", i, {out}, {slice}); end",
                    port.name
                );
            }
        }
        let _ = writeln!(declarations, "    {name} leaf_{number} ({});", connections.join(", "));
        let pulse = if clocks == 0 {
            String::new()
        } else {
            format!(
                "clock_{number}[row_{number}[{}:{}]] = 1; #10000; clock_{number} = 0; ",
                width - 1,
                width - 8
            )
        };
        let _ = writeln!(
            calls,
            "        $readmemb(\"{number}.bin\", rows_{number}); shown = 0;\n        for (i = 0; i < {}; i = i + 1) begin\n            row_{number} = rows_{number}[i]; #10000; {pulse}#10000;\n{compare}        end",
            events.len()
        );
    }
    let _ = write!(
        text,
        "module bench;\n    integer i, shown, wrong = 0;\n{declarations}    initial begin\n{calls}        $display(\"wrong %0d\", wrong);\n        $finish;\n    end\nendmodule\n"
    );
    let Some(said) = icarus(&text, "bench", folder.path()) else { return };
    eprintln!("{} leaves, {edges} events", leaves.len());
    assert!(said.contains("wrong 0\n"), "{}", said.lines().take(40).collect::<Vec<_>>().join("\n"));
}

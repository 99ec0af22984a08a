//! The relative-timing check on routed chips: it converges, and it finds what is broken on purpose.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]

mod chip;

use chip::{Files, board, converged, inputs_of_delays};
use serde_json::Value;
use std::collections::BTreeSet;
use wheatstone_flow::check::{Corner, FaultKind, Policy, Report, SlackKind, check};
use wheatstone_flow::netlist::names;
use wheatstone_flow::routed::{ArcKind, Routed};
use wheatstone_flow::sdf::{Delay, PinName, Time, Triple};
use wheatstone_flow::simulation::{Simulator, TrainingRun};
use wheatstone_hdl::delays::{CellId, Delays};
use wheatstone_hdl::{Board, Technology};

/// What a mutation is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    Fault(FaultKind),
    Slack(SlackKind),
}

/// Names of the parts of a routed chip, by what they are connected to.
struct Parts<'a> {
    routed: &'a Routed,
    ice40: bool,
    /// Inputs of LUTs of matched delays.
    inputs: [&'static str; 3],
}

impl Parts<'_> {
    fn lut(&self, cell: &str, number: usize) -> String {
        let matched = cell.parse::<CellId>().unwrap().matched();
        let name = names::delay_lut(matched, u32::try_from(number).unwrap());
        if self.ice40 { names::packed(&name) } else { name }
    }

    fn output(&self) -> &'static str {
        if self.ice40 { "O" } else { "F" }
    }

    /// The last LUT of a chain.
    fn last(&self, cell: &str, luts: usize) -> String {
        self.lut(cell, luts - 1)
    }

    /// Flip-flops a cell's fire clocks, with their clock pins.
    fn flops(&self, cell: &str, luts: usize) -> Vec<(String, String)> {
        let last = self.routed.find(&self.last(cell, luts)).unwrap();
        let root = self.routed.cell(last).pins[self.output()];
        let net = self.routed.net(self.routed.net_of(root).unwrap());
        let pins = net.sinks.iter().map(|&pin| self.routed.pin(pin));
        let clocks = pins.filter(|pin| pin.name == "CLK");
        clocks.map(|pin| (self.routed.cell(pin.cell).name.clone(), pin.name.clone())).collect()
    }

    /// A flip-flop of a cell on which its own join depends, its phase or what else ends its pulses, and the input of the join
    /// it leads to.
    fn phase(&self, cell: &str, luts: usize) -> (String, [String; 2]) {
        let own: BTreeSet<String> = self.flops(cell, luts).into_iter().map(|(name, _)| name).collect();
        let first = self.routed.find(&self.lut(cell, 0)).unwrap();
        let mut open = vec![self.routed.cell(first).pins[self.inputs[0]]];
        let mut leads = std::collections::BTreeMap::new();
        while let Some(pin) = open.pop() {
            for arc in self.routed.arriving(pin).iter().map(|&arc| self.routed.arc(arc)) {
                let name = &self.routed.cell(self.routed.pin(arc.from).cell).name;
                match arc.kind {
                    ArcKind::Clocked if own.contains(name) => {
                        let sink = self.routed.pin(leads[&arc.to]);
                        let at = [self.routed.cell(sink.cell).name.clone(), sink.name.clone()];
                        return (name.clone(), at);
                    }
                    ArcKind::Clocked => {}
                    ArcKind::Wire | ArcKind::Through => {
                        leads.insert(arc.from, arc.to);
                        open.push(arc.from);
                    }
                }
            }
        }
        panic!("the phase of {cell}");
    }
}

fn slower(delay: &mut Delay, by: Time) {
    for triple in [&mut delay.rise, &mut delay.fall] {
        *triple = Triple { min: triple.min + by, typ: triple.typ + by, max: triple.max + by };
    }
}

fn slow_wire(files: &mut Files, instance: &str, port: &str, ps: i64) {
    let to = PinName { instance: instance.to_owned(), port: port.to_owned() };
    let wire = files.wires().find(|wire| wire.to == to).unwrap_or_else(|| panic!("a wire to {to:?}"));
    slower(&mut wire.delay, Time::from_ps(ps));
}

/// Makes the LUTs of a chain instant, wires and all.
fn instant_chain(files: &mut Files, cell: &str) {
    let name = format!("array.{cell}.matched_delay.lut");
    for part in &mut files.delays.cells {
        if part.instance.contains(&name) {
            part.paths.iter_mut().for_each(|path| path.delay = Delay::default());
        }
        for wire in part.wires.iter_mut().filter(|wire| wire.to.instance.contains(&name)) {
            if wire.from.instance.contains(&name) {
                wire.delay = Delay::default();
            }
        }
    }
}

/// Puts a fire on a global buffer, as place-and-route would.
fn promote(files: &mut Files, parts: &Parts<'_>, cell: &str, luts: usize) {
    let (kind, input, output) = if parts.ice40 {
        ("SB_GB", "USER_SIGNAL_TO_GLOBAL_BUFFER", "GLOBAL_BUFFER_OUTPUT")
    } else {
        ("DCCA", "CLKI", "CLKO")
    };
    let flops = parts.flops(cell, luts);
    let net = files.cells()[&flops[0].0]["connections"]["CLK"][0].clone();
    let buffered = 9_999_999;
    let buffer = serde_json::json!({
        "type": kind,
        "port_directions": {input: "input", output: "output"},
        "connections": {input: [net], output: [buffered]},
    });
    files.cells().insert("buffer".to_owned(), buffer);
    for (flop, pin) in &flops {
        files.cells()[flop]["connections"][pin] = Value::from(vec![buffered]);
    }
    let from = PinName { instance: "buffer".to_owned(), port: output.to_owned() };
    let mut wires: Vec<_> = files.wires().filter(|wire| wire.to.port == "CLK").collect();
    for wire in &mut wires {
        if flops.iter().any(|(flop, _)| *flop == wire.to.instance) {
            wire.from = from.clone();
            wire.delay = Delay::default();
        }
    }
    let mut wire = files.wires().next().unwrap().clone();
    wire.from = PinName { instance: parts.last(cell, luts), port: parts.output().to_owned() };
    wire.to = PinName { instance: "buffer".to_owned(), port: input.to_owned() };
    let top = files.delays.cells.iter_mut().find(|cell| !cell.wires.is_empty()).unwrap();
    top.wires.push(wire);
}

type Change = Box<dyn Fn(&mut Files)>;

/// The deliberate faults, and what must find each.
fn mutations(parts: &Parts<'_>, lengths: &Delays) -> Vec<(&'static str, Change, Found)> {
    let luts = |cell: &str| {
        usize::try_from(lengths.get(cell.parse::<CellId>().unwrap().matched()).routed()).unwrap()
    };
    let [first, second, _] = parts.inputs;
    let is_node = |cell: &CellId| matches!(cell, CellId::Node(_));
    let node = lengths.iter().map(|(id, _)| id.cell).filter(is_node).max().unwrap().to_string();
    let mut list: Vec<(&'static str, Change, Found)> = Vec::new();
    let mut add = |name, change: Change, found| list.push((name, change, found));

    let (middle, edge_luts) = (parts.lut("edge_0", luts("edge_0") / 2), luts("edge_0"));
    let like = middle.clone();
    add(
        "a LUT of a matched delay listens to the join instead of the LUT before",
        Box::new(move |files| files.rewire(&middle, first, &like, second)),
        Found::Fault(FaultKind::ChainFunction),
    );
    add(
        "a matched delay takes no time",
        Box::new(|files| instant_chain(files, "edge_0")),
        Found::Slack(SlackKind::Bundling),
    );
    let name = parts.lut("edge_0", 1);
    let parameter = if parts.ice40 { "LUT_INIT" } else { "INITVAL" };
    add(
        "a LUT of a matched delay is an OR",
        Box::new(move |files| files.cells()[&name]["parameters"][parameter] = "1110111011101110".into()),
        Found::Fault(FaultKind::ChainFunction),
    );
    let last = parts.last("edge_0", edge_luts);
    add(
        "a matched delay lost its last LUT",
        Box::new(move |files| {
            let cell = files.cells().remove(&last).unwrap();
            files.cells().insert("other".to_owned(), cell);
            for part in &mut files.delays.cells {
                let rename = |name: &mut String| {
                    if *name == last {
                        *name = "other".to_owned();
                    }
                };
                rename(&mut part.instance);
                part.wires.iter_mut().for_each(|wire| {
                    rename(&mut wire.from.instance);
                    rename(&mut wire.to.instance);
                });
            }
        }),
        Found::Fault(FaultKind::ChainLength),
    );
    let (phase, [join, input]) = parts.phase(&node, luts(&node));
    let (key, value) = if parts.ice40 { ("SET_NORESET", "1") } else { ("REGSET", "SET") };
    let flop = phase.clone();
    add(
        "a phase starts at 1",
        Box::new(move |files| files.cells()[&flop]["parameters"][key] = value.into()),
        Found::Fault(FaultKind::PhaseStart),
    );
    let (key, value) = if parts.ice40 { ("ASYNC_SR", "0") } else { ("SRMODE", "LSR_OVER_CE") };
    let flop = phase.clone();
    add(
        "a phase waits for a clock to be reset",
        Box::new(move |files| files.cells()[&flop]["parameters"][key] = value.into()),
        Found::Fault(FaultKind::PhaseReset),
    );
    let (foreign, own) = (parts.flops("node_0", luts("node_0")), parts.flops(&node, luts(&node)));
    let (taken, clock) = (own[0].0.clone(), foreign[0].0.clone());
    add(
        "a flip-flop is clocked by another cell",
        Box::new(move |files| files.rewire(&taken, "CLK", &clock, "CLK")),
        Found::Fault(FaultKind::DataWithoutRequest),
    );
    let (taken, lut) = (own[0].0.clone(), parts.lut(&node, luts(&node) / 2));
    add(
        "a flip-flop is clocked from the middle of a matched delay",
        Box::new(move |files| files.rewire(&taken, "CLK", &lut, first)),
        Found::Fault(FaultKind::ForeignClock),
    );
    let data = |cell: &str| {
        let flops = parts.flops(cell, luts(cell));
        let routed = parts.routed;
        flops.iter().find_map(|(name, _)| {
            let cell = routed.cell(routed.find(name)?);
            let constraint = cell.constraints.iter().find(|c| {
                let is_reset = ["LSR", "SR"].contains(&routed.pin(c.data).name.as_str());
                !is_reset && routed.net_of(c.data).is_some()
            })?;
            Some((name.clone(), routed.pin(constraint.data).name.clone()))
        })
    };
    let (flop, pin) = data(&node).unwrap();
    add(
        "a data wire is 80 ns slow",
        Box::new(move |files| slow_wire(files, &flop, &pin, 80_000)),
        Found::Slack(SlackKind::Bundling),
    );
    let skewed = own.clone();
    add(
        "half a cell sees its fire 9 ns late",
        Box::new(move |files| {
            skewed.iter().step_by(2).for_each(|(flop, pin)| slow_wire(files, flop, pin, 9000))
        }),
        Found::Slack(SlackKind::Hold),
    );
    let chain: Vec<String> = (0..luts(&node)).map(|number| parts.lut(&node, number)).collect();
    let (end, started) = (chain[chain.len() - 1].clone(), own.clone());
    let stretch = format!("array.{node}.stretch.lut");
    add(
        "a fire ends as soon as it began",
        Box::new(move |files| {
            let clocks: BTreeSet<&String> = started.iter().map(|(flop, _)| flop).collect();
            let at_once = |instance: &String| *instance == end || instance.contains(&stretch);
            for part in &mut files.delays.cells {
                if clocks.contains(&part.instance) || at_once(&part.instance) {
                    part.paths.iter_mut().for_each(|path| path.delay = Delay::default());
                }
                for wire in &mut part.wires {
                    let ends = [&wire.from.instance, &wire.to.instance];
                    if ends.iter().any(|end| clocks.contains(end)) || at_once(ends[1]) {
                        wire.delay = Delay::default();
                    }
                }
            }
        }),
        Found::Slack(SlackKind::Pulse),
    );
    let late = parts.lut("edge_0", 0);
    add(
        "a join reaches the first LUT of its chain 30 ns late",
        Box::new(move |files| {
            for pin in [first, second] {
                slow_wire(files, &late, pin, 30_000);
            }
        }),
        Found::Slack(SlackKind::Recovery),
    );
    add(
        "a phase reaches its own join 200 ns late",
        Box::new(move |files| slow_wire(files, &join, &input, 200_000)),
        Found::Slack(SlackKind::Fork),
    );
    let late = parts.lut("edge_0", 1);
    add(
        "one LUT of a chain hears of the join 30 ns late",
        Box::new(move |files| slow_wire(files, &late, second, 30_000)),
        Found::Slack(SlackKind::Recovery),
    );
    let strobed = parts.last("edge_0", edge_luts);
    let third = parts.inputs[2];
    add(
        "the strobe reaches one cell 300 ns late",
        Box::new(move |files| slow_wire(files, &strobed, third, 300_000)),
        Found::Slack(SlackKind::Scan),
    );
    list
}

fn found(report: &Report) -> BTreeSet<Found> {
    let faults = report.faults.iter().map(|fault| Found::Fault(fault.kind));
    faults.chain(report.violations.iter().map(|slack| Found::Slack(slack.kind))).collect()
}

/// The chip as it is after each deliberate fault, with what must find it.
fn broken(board: Board, files: &Files, lengths: &Delays) -> Vec<(&'static str, Files, Found)> {
    let routed = files.join().unwrap();
    let parts = Parts {
        routed: &routed,
        ice40: board.technology() == Technology::Ice40,
        inputs: inputs_of_delays(board),
    };
    let mut all = Vec::new();
    for (name, change, expected) in mutations(&parts, lengths) {
        let mut changed = files.clone();
        change(&mut changed);
        all.push((name, changed, expected));
    }
    let mut promoted = files.clone();
    let luts = lengths.get(CellId::Node(0).matched()).routed();
    promote(&mut promoted, &parts, "node_0", usize::try_from(luts).unwrap());
    all.push(("a fire is promoted to a global buffer", promoted, Found::Fault(FaultKind::PromotedFire)));
    all
}

fn every_fault_is_found(board: Board) {
    let Some((top, files, report)) = converged(board) else { return };
    assert!(found(&report).is_empty());
    assert!(report.verdict().is_ok());
    for (name, changed, expected) in broken(board, &files, &report.lengths) {
        let report = check(&top, &changed.join().unwrap(), Policy::of(board));
        let found = found(&report);
        println!("{name}: {found:?}");
        assert!(report.verdict().is_err(), "{name} was not found");
        assert!(found.contains(&expected), "{name}: {expected:?} is not among {found:?}");
    }
}

#[test]
fn every_fault_is_found_on_an_ecp5() {
    every_fault_is_found(board("ulx3s-25f"));
}

#[test]
fn every_fault_is_found_on_an_ice40() {
    every_fault_is_found(board("hx8k-evn"));
}

/// What the check and the simulation see of each fault, as the table in docs/timing.md has it.
#[test]
#[ignore = "prints a table, which takes some minutes"]
fn table_of_what_finds_which_fault_on_an_ecp5() {
    let board = board("ulx3s-25f");
    let Some((top, files, report)) = converged(board) else { return };
    let simulator = Simulator::find().unwrap();
    let training = TrainingRun { samples: 3, steps: 6 };
    println!("| fault | check | simulation |\n| --- | --- | --- |");
    for (name, changed, _) in broken(board, &files, &report.lengths) {
        let routed = changed.join().unwrap();
        let kinds: Vec<String> = found(&check(&top, &routed, Policy::of(board)))
            .iter()
            .map(|found| match found {
                Found::Fault(kind) => format!("`{}`", serde_json::to_value(kind).unwrap().as_str().unwrap()),
                Found::Slack(kind) => format!("`{kind}`"),
            })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let run = simulator.run(&top, board, &routed, Corner::Max, training, 0, folder.path(), &|| false);
        let seen = match run {
            Ok(simulated) => {
                let values = if simulated.difference.is_some() { "wrong values" } else { "right values" };
                format!("{values}, {} violations", simulated.violations)
            }
            Err(error) => error.to_string(),
        };
        println!("| {name} | {} | {seen} |", kinds.join(", "));
    }
}

//! A recorded run as a Verilog test bench: the same stimulus at the same times on the emitted array, so that any
//! simulator can say what it sees at every `fire` and at every output.
//!
//! A bench starts where the recording did. It imposes all inputs and flip-flops of that moment one picosecond after its
//! start, when every `initial` statement has been run, and what is combinational has settled long before the
//! recording goes on. Then it prints one line for every token, as [`Trace`] defines them, and one
//! for every change of an output:
//!
//! ```text
//! token <cell> <time in ps> <values>
//! output <number> <time in ps> <value>
//! ```
//!
//! Scan mode clocks every cell with nothing to receive; no tokens are printed then.

use crate::array::Array;
use crate::bus::Bus;
use crate::recording::{Change, Recording, Signal, settled};
use crate::trace::{Token, Trace};
use crate::verilog::{comment, simulation_models};
use std::collections::HashMap;
use std::fmt::Write;
use thiserror::Error;
use wheatstone_sim::categorize;

/// Name of the bench's module: what a simulator is told to run.
pub const TOP: &str = "testbench";

/// Changes of inputs and flip-flops in one Verilog task; simulators compile a few long blocks slowly.
const CHANGES_IN_A_TASK: usize = 500;

/// A recording that cannot be replayed, or a simulator's output that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TestbenchError {
    /// The emitted text has the delay a leaf was built with.
    #[error(
        "{leaf} was simulated with a delay of {present_ps} ps and its Verilog has {nominal_ps} ps; \
         record with the delays the array was built with"
    )]
    DelayChanged {
        /// Path of the leaf.
        leaf: String,
        /// The delay in its text, in picoseconds.
        nominal_ps: u64,
        /// The delay it has, in picoseconds.
        present_ps: u64,
    },
    /// Something was imposed where a bench cannot.
    #[error(
        "{count} values were imposed on wires that are neither inputs nor flip-flops; \
         record a run that is driven through the array interface"
    )]
    Elsewhere {
        /// How many.
        count: usize,
    },
    /// A line is not what a bench prints.
    #[error(
        "line {line} of the simulator's output is `{text}`, which is no `{expected}`; x and z mean that something was undefined"
    )]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// What it says.
        text: String,
        /// What it should say.
        expected: &'static str,
    },
    /// The output ends before the recording does.
    #[error("the simulator's output does not end with `end`; the simulation was cut off before {end_ps} ps")]
    CutOff {
        /// When the recording ends, in picoseconds.
        end_ps: u64,
    },
}

categorize! {
    TestbenchError {
        Failed: DelayChanged, Elsewhere, Line, CutOff;
    }
}

/// A self-contained Verilog source of an array and the bench that replays a recording of it, delays included.
///
/// # Errors
/// [`TestbenchError`] if the recording cannot be replayed.
pub fn source(array: &Array, recording: &Recording) -> Result<String, TestbenchError> {
    let bench = bench(array, recording)?;
    let models = simulation_models(array.technology());
    let text = array.verilog();
    Ok(format!("`timescale 1ps/1ps\n`define WHEATSTONE_TIMED\n{models}{text}\n{bench}"))
}

/// The bench alone; the array's Verilog must be compiled with `WHEATSTONE_TIMED` defined.
///
/// # Errors
/// [`TestbenchError`] if the recording cannot be replayed.
pub fn bench(array: &Array, recording: &Recording) -> Result<String, TestbenchError> {
    check(array, recording)?;
    let mut text = format!("// {} replayed\nmodule {TOP};\n", comment(array.design().network().name()));
    for Signal { name, shape, .. } in &recording.inputs {
        text += &format!("    reg {}{name} = 0;\n", shape.verilog());
    }
    for Signal { name, shape, .. } in &recording.outputs {
        text += &format!("    wire {}{name};\n", shape.verilog());
    }
    let ports = recording.inputs.iter().chain(&recording.outputs);
    let connections: Vec<String> = ports.map(|port| format!(".{0}({0})", port.name)).collect();
    text += &format!(
        "    {} dut (\n        {}\n    );\n\n",
        array.module.name(),
        connections.join(",\n        ")
    );
    text += &observers(array, recording);

    text += "\n    // The state in which the recording began.\n    task start;\n        begin\n";
    for (number, signal) in recording.inputs.iter().chain(&recording.flops).enumerate() {
        text += &format!("            {}\n", assignment(recording, number, signal.start));
    }
    text += "        end\n    endtask\n";
    let mut now_ps = 1;
    let mut tasks = 0;
    for changes in recording.imposed.chunks(CHANGES_IN_A_TASK) {
        text += &format!("\n    task replay_{tasks};\n        begin\n");
        for change in changes {
            let wait_ps = change.time_ps.saturating_sub(now_ps);
            let wait = if wait_ps > 0 { format!("#{} ", delay(wait_ps)) } else { String::new() };
            text += &format!("            {wait}{}\n", assignment(recording, change.signal, change.value));
            now_ps += wait_ps;
        }
        text += "        end\n    endtask\n";
        tasks += 1;
    }
    text += "\n    initial begin\n        #1 start;\n";
    for task in 0..tasks {
        text += &format!("        replay_{task};\n");
    }
    let rest_ps = recording.end_ps.saturating_sub(now_ps) + 1;
    text +=
        &format!("        #{} $display(\"end\");\n        $finish;\n    end\nendmodule\n", delay(rest_ps));
    Ok(text)
}

fn check(array: &Array, recording: &Recording) -> Result<(), TestbenchError> {
    let mut changed = None;
    array.module.for_each_leaf(&mut |path, leaf| {
        if leaf.delay_ps() != leaf.nominal_ps() && changed.is_none() {
            let (nominal_ps, present_ps) = (leaf.nominal_ps(), leaf.delay_ps());
            changed = Some(TestbenchError::DelayChanged { leaf: path.to_owned(), nominal_ps, present_ps });
        }
    });
    match (changed, recording.elsewhere) {
        (Some(error), _) => Err(error),
        (None, 0) => Ok(()),
        (None, count) => Err(TestbenchError::Elsewhere { count }),
    }
}

/// A number of picoseconds; unsized literals have 32 bits.
fn delay(ps: u64) -> String {
    if ps < 1 << 31 { ps.to_string() } else { format!("64'd{ps}") }
}

fn assignment(recording: &Recording, number: usize, value: i64) -> String {
    let (inputs, flops) = (&recording.inputs, &recording.flops);
    let (instance, signal) = match inputs.get(number) {
        Some(input) => ("", input),
        None => ("dut.", &flops[number - inputs.len()]),
    };
    format!("{instance}{} = {};", signal.name, signal.shape.literal(value))
}

/// What prints the lines.
fn observers(array: &Array, recording: &Recording) -> String {
    let names: HashMap<usize, &str> =
        array.module.ports().iter().map(|port| (port.bus.id(), port.name.as_str())).collect();
    // Inputs of the array have no wire of their own inside.
    let inside = |bus: &Bus| format!("dut.{}", names.get(&bus.id()).copied().unwrap_or_default());
    let display = |cell: usize, values: Vec<String>| {
        let places = " %0d".repeat(values.len());
        format!("$display(\"token {cell} %0d{places}\", $time, {})", values.join(", "))
    };
    let mut text = String::new();
    for (i, node) in array.nodes.iter().enumerate() {
        let print = display(i, node.currents.iter().map(inside).collect());
        let _ = writeln!(
            text,
            "    always @(posedge dut.node_{i}.fire) if (!scan && dut.node_{i}.started) {print};"
        );
    }
    for (i, edge) in array.edges.iter().enumerate() {
        let values = [0, 1].iter().flat_map(|&end| [inside(&edge.current[end]), inside(&edge.previous[end])]);
        let print = display(array.nodes.len() + i, values.collect());
        let phase = inside(&edge.phase);
        let _ = write!(
            text,
            "    reg edge_{i}_seen;\n    always @(posedge dut.edge_{i}.fire) if (!scan && edge_{i}_seen !== {phase}) begin\n\
             \x20       edge_{i}_seen = {phase};\n        {print};\n    end\n"
        );
    }
    for (number, Signal { name, .. }) in recording.outputs.iter().enumerate() {
        let _ = writeln!(text, "    always @({name}) $display(\"output {number} %0d %0d\", $time, {name});");
    }
    text
}

/// What a simulator saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// By cell, nodes before edges: what it received.
    pub tokens: Vec<Vec<Token>>,
    /// How the outputs changed, in the order of [`Recording::responses`].
    pub responses: Vec<Change>,
}

/// The first thing two simulators do not agree on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Difference {
    /// A token.
    #[error("token {number} of {cell}: {recorded:?} was recorded, {replayed:?} seen in the replay")]
    Token {
        /// The cell, `node_0` or `edge_0`.
        cell: String,
        /// Which of its tokens, from 0.
        number: usize,
        /// What was recorded.
        recorded: Option<Token>,
        /// What was replayed.
        replayed: Option<Token>,
    },
    /// An output.
    #[error("change {number} of the outputs: {recorded:?} was recorded, {replayed:?} seen in the replay")]
    Output {
        /// Which change, from 0.
        number: usize,
        /// What was recorded.
        recorded: Option<Change>,
        /// What was replayed.
        replayed: Option<Change>,
    },
}

categorize! {
    Difference {
        Mismatch: Token, Output;
    }
}

impl Replay {
    /// Reads what a bench printed. Lines that are no bench's own, such as a simulator's greetings, are passed over.
    ///
    /// # Errors
    /// [`TestbenchError`] names the line that cannot be read, or says that the end is missing.
    pub fn parse(array: &Array, recording: &Recording, text: &str) -> Result<Replay, TestbenchError> {
        let mut tokens = vec![Vec::new(); array.fires.len()];
        let mut changes = Vec::new();
        let mut ended = false;
        for (i, line) in text.lines().enumerate() {
            let bad = |expected| TestbenchError::Line { line: i + 1, text: line.to_owned(), expected };
            let mut words = line.split_whitespace();
            match words.next() {
                Some("token") => {
                    let expected = "token <cell> <time> <values>";
                    let (cell, time_ps) = number_and_time(&mut words).ok_or_else(|| bad(expected))?;
                    if time_ps <= recording.start_ps {
                        continue;
                    }
                    let values: Result<Vec<i64>, _> = words.map(str::parse).collect();
                    let token = Token { time_ps, values: values.map_err(|_| bad(expected))? };
                    tokens.get_mut(cell).ok_or_else(|| bad(expected))?.push(token);
                }
                Some("output") => {
                    let expected = "output <number> <time> <value>";
                    let (signal, time_ps) = number_and_time(&mut words).ok_or_else(|| bad(expected))?;
                    if time_ps <= recording.start_ps {
                        continue;
                    }
                    let value =
                        words.next().and_then(|word| word.parse().ok()).ok_or_else(|| bad(expected))?;
                    if signal >= recording.outputs.len() {
                        return Err(bad(expected));
                    }
                    changes.push(Change { time_ps, signal, value });
                }
                Some("end") => ended = true,
                _ => {}
            }
        }
        if !ended {
            return Err(TestbenchError::CutOff { end_ps: recording.end_ps });
        }
        Ok(Replay { tokens, responses: settled(&recording.outputs, changes) })
    }

    /// Where it differs first from what was recorded, times included.
    pub fn first_difference(
        &self,
        array: &Array,
        recording: &Recording,
        trace: &Trace,
    ) -> Option<Difference> {
        let nodes = array.nodes.len();
        let mut first: Option<(u64, Difference)> = None;
        let mut note = |time_ps: u64, difference: Difference| {
            if first.as_ref().is_none_or(|&(earliest, _)| time_ps < earliest) {
                first = Some((time_ps, difference));
            }
        };
        for (cell, (recorded, replayed)) in trace.tokens.iter().zip(&self.tokens).enumerate() {
            if let Some((number, recorded, replayed)) = first_unequal(recorded, replayed) {
                let cell =
                    if cell < nodes { format!("node_{cell}") } else { format!("edge_{}", cell - nodes) };
                let times = [&recorded, &replayed].into_iter().flatten().map(|token| token.time_ps);
                let time_ps = times.min().unwrap_or_default();
                note(time_ps, Difference::Token { cell, number, recorded, replayed });
            }
        }
        if let Some((number, recorded, replayed)) = first_unequal(&recording.responses, &self.responses) {
            let times = [&recorded, &replayed].into_iter().flatten().map(|change| change.time_ps);
            let time_ps = times.min().unwrap_or_default();
            note(time_ps, Difference::Output { number, recorded, replayed });
        }
        first.map(|(_, difference)| difference)
    }
}

fn number_and_time<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<(usize, u64)> {
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

fn first_unequal<T: Clone + PartialEq>(left: &[T], right: &[T]) -> Option<(usize, Option<T>, Option<T>)> {
    let number = (0..left.len().max(right.len())).find(|&i| left.get(i) != right.get(i))?;
    Some((number, left.get(number).cloned(), right.get(number).cloned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ArraySimulation, Technology};
    use std::sync::Arc;
    use wheatstone_sim::network::{EdgeKind, crossbar};
    use wheatstone_sim::{
        Configuration, Design, Engine, Format, Initial, LearningSchedule, Nudge, Omega, Rules, Sample, State,
    };

    /// A divider that was shown one sample while it was recorded.
    fn recorded() -> (ArraySimulation, Recording, Trace) {
        let rules =
            Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
        let network = crossbar(2, 1, EdgeKind::Linear).unwrap();
        let design = Arc::new(Design::new(network, Format::COMPACT, rules).unwrap());
        let start = State::initial(&design, &[Initial::Uniform { low: 0.2, high: 0.8 }], 3);
        let configuration =
            Configuration { steps: 2, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
        let mut simulation = ArraySimulation::new(design, Technology::Generic, configuration, start).unwrap();
        simulation.start_recording();
        simulation.train(&Sample { inputs: vec![900, -400], targets: vec![None] }).unwrap();
        let (recording, trace) = simulation.take_recording().unwrap();
        (simulation, recording, trace)
    }

    /// What a simulator prints that sees just what was recorded.
    fn printed(recording: &Recording, trace: &Trace) -> String {
        let mut text = "a greeting\n".to_owned();
        for (cell, tokens) in trace.tokens.iter().enumerate() {
            for Token { time_ps, values } in tokens {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                let _ = writeln!(text, "token {cell} {time_ps} {}", values.join(" "));
            }
        }
        for Change { time_ps, signal, value } in &recording.responses {
            let _ = writeln!(text, "output {signal} {time_ps} {value}");
        }
        text + "end\n"
    }

    #[test]
    fn what_was_recorded_is_read_back() {
        let (simulation, recording, trace) = recorded();
        let array = simulation.array();
        let text = printed(&recording, &trace);
        let replay = Replay::parse(array, &recording, &text).unwrap();
        assert_eq!(replay.first_difference(array, &recording, &trace), None);
        assert!(replay.tokens.iter().all(|tokens| tokens.len() == 3), "{text}");

        let (before, _) = text.split_once("end").unwrap();
        let error = Replay::parse(array, &recording, before).unwrap_err().to_string();
        assert!(error.contains("cut off"), "{error}");
        let late = Token { time_ps: trace.tokens[0][1].time_ps + 1, ..trace.tokens[0][1].clone() };
        let mut other = trace.clone();
        other.tokens[0][1] = late;
        let difference = replay.first_difference(array, &recording, &other).unwrap().to_string();
        assert!(difference.starts_with("token 1 of node_0"), "{difference}");
        let mut other = recording.clone();
        let lost = other.responses.pop().unwrap();
        let difference = replay.first_difference(array, &other, &trace).unwrap();
        assert!(
            matches!(difference, Difference::Output { recorded: None, replayed, .. } if replayed == Some(lost)),
            "{difference}"
        );
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        let (simulation, recording, _) = recorded();
        let after = recording.start_ps + 1;
        for (line, cell) in [("x", 0), ("1", 99)] {
            let text = format!("greeting\ntoken {cell} {after} {line}\nend\n");
            let error = Replay::parse(simulation.array(), &recording, &text).unwrap_err().to_string();
            assert!(error.contains("line 2") && error.contains("token <cell>"), "{error}");
        }
        // Before the recording begins everything may be undefined.
        let text = format!("output 0 {} x\nend\n", recording.start_ps);
        assert!(Replay::parse(simulation.array(), &recording, &text).is_ok());
    }

    #[test]
    fn what_a_bench_cannot_do_is_refused() {
        let (mut simulation, recording, _) = recorded();
        let array = simulation.array().clone();
        assert!(bench(&array, &recording).is_ok());
        simulation.start_recording();
        let enable = array.module.submodule("node_0").unwrap().port("enable").unwrap().bus.clone();
        simulation.circuit_mut().set(&enable, 1);
        let (elsewhere, _) = simulation.take_recording().unwrap();
        assert_eq!(bench(&array, &elsewhere), Err(TestbenchError::Elsewhere { count: 1 }));
        array.module.for_each_leaf(&mut |path, leaf| {
            if path == "edge_1.multiplier" {
                leaf.set_delay_ps(leaf.nominal_ps() + 1);
            }
        });
        let error = bench(&array, &recording).unwrap_err().to_string();
        assert!(error.contains("edge_1.multiplier") && error.contains("delay"), "{error}");
    }
}

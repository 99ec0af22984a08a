//! A synchronous block driven clock by clock, and the same run in a Verilog simulator.
//!
//! A [`Bench`] holds a block with one clock. Set its inputs, let [`Bench::tick`] give a clock, read its outputs. It
//! records what stands at every port at each rising edge; [`Recording::replay`] has Icarus drive the emitted Verilog with the
//! same inputs and compare all outputs at every edge.
//!
//! ```
//! use rust_hdl::prelude::*;
//! use wheatstone_hdl::island::replay::Bench;
//! use wheatstone_hdl::island::{Memory, MemoryKind};
//!
//! let mut bench = Bench::new(Memory::new(MemoryKind::Block, 256), |memory| &mut memory.clock);
//! bench.block.address.next = 3u64.into();
//! bench.block.data_in.next = 77u64.into();
//! bench.block.write.next = true;
//! bench.tick();
//! bench.block.write.next = false;
//! bench.tick();
//! assert_eq!(bench.block.data_out.val(), Bits::<16>::from(77));
//! let recording = bench.into_recording();
//! assert_eq!(recording.edges(), 2);
//! // recording.replay(&iverilog, &vvp, "").unwrap();
//! ```

use super::verilog::verilog_of;
use crate::tool_category;
use rust_hdl::core::ast::VerilogLiteral;
use rust_hdl::prelude::{Atom, AtomKind, Block, Clock, In, Probe, Signal, simulate};
use std::fmt::Write;
use std::io;
use thiserror::Error;
use wheatstone_sim::{Categorized, ErrorCategory};
use wheatstone_tools::{Tool, ToolError};

/// Passes over the block within which it must settle.
const MAX_PASSES: usize = 200;

/// The module of the test bench.
const TOP: &str = "testbench";
/// The module of the block in it.
const BLOCK: &str = "island";

/// A block with one clock.
pub struct Bench<B> {
    /// The block: set its inputs with `next`, read its outputs with `val()`.
    pub block: B,
    clock: fn(&mut B) -> &mut Signal<In, Clock>,
    recording: Option<Recording>,
}

impl<B: Block> Bench<B> {
    /// Connects a block, and records from now on. `clock` names its clock.
    pub fn new(block: B, clock: fn(&mut B) -> &mut Signal<In, Clock>) -> Bench<B> {
        let mut bench = Bench::unrecorded(block, clock);
        let verilog = verilog_of(BLOCK, &bench.block);
        let ports = Ports::of(&bench.block).0.into_iter().map(|(port, _)| port).collect();
        bench.recording = Some(Recording { verilog, ports, edges: Vec::new() });
        bench
    }

    /// The same for runs too long to be recorded.
    pub fn unrecorded(mut block: B, clock: fn(&mut B) -> &mut Signal<In, Clock>) -> Bench<B> {
        block.connect_all();
        let mut bench = Bench { block, clock, recording: None };
        bench.settle();
        bench
    }

    /// Lets the outputs follow the inputs without a clock.
    ///
    /// # Panics
    /// If they never settle.
    pub fn settle(&mut self) {
        assert!(simulate(&mut self.block, MAX_PASSES), "the block does not come to rest");
    }

    /// One clock. Afterwards the outputs are those that the inputs give after the edge.
    ///
    /// # Panics
    /// If the block never settles.
    pub fn tick(&mut self) {
        self.settle();
        if let Some(recording) = &mut self.recording {
            recording.edges.push(Ports::of(&self.block).0.into_iter().map(|(_, value)| value).collect());
        }
        for level in [true, false] {
            (self.clock)(&mut self.block).next = level.into();
            self.settle();
        }
    }

    /// What has been recorded; nothing if it was not.
    pub fn into_recording(self) -> Recording {
        self.recording.unwrap_or_default()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Port {
    name: String,
    bits: usize,
    kind: PortKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PortKind {
    Clock,
    Input,
    Output,
}

/// The ports of a block with their values, the clock excepted.
#[derive(Default)]
struct Ports(Vec<(Port, u64)>, usize);

impl Ports {
    fn of(block: &dyn Block) -> Ports {
        let mut ports = Ports::default();
        block.accept(BLOCK, &mut ports);
        ports
    }
}

impl Probe for Ports {
    fn visit_start_scope(&mut self, _: &str, _: &dyn Block) {
        self.1 += 1;
    }

    fn visit_end_scope(&mut self, _: &str, _: &dyn Block) {
        self.1 -= 1;
    }

    fn visit_atom(&mut self, name: &str, signal: &dyn Atom) {
        let kind = match signal.kind() {
            AtomKind::InputParameter if signal.descriptor().name == "clock" => PortKind::Clock,
            AtomKind::InputParameter => PortKind::Input,
            AtomKind::OutputParameter => PortKind::Output,
            _ => return,
        };
        if self.1 == 1 {
            let port = Port { name: name.to_owned(), bits: signal.bits(), kind };
            self.0.push((port, number(&signal.verilog())));
        }
    }
}

/// The value of a literal of at most 64 bits.
fn number(literal: &VerilogLiteral) -> u64 {
    let text = format!("{literal:x}");
    let digits = text.rsplit_once('h').map_or("", |(_, digits)| digits);
    u64::from_str_radix(digits, 16).unwrap_or_else(|_| panic!("{text} is wider than 64 bits"))
}

/// A run of a block: what stood at its ports at each rising edge.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    verilog: String,
    ports: Vec<Port>,
    /// By edge, then by port.
    edges: Vec<Vec<u64>>,
}

/// Why a replay did not go as recorded.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The files could not be written.
    #[error("the files of the replay cannot be written: {0}; check the folder for temporary files")]
    Write(#[from] io::Error),
    /// The simulator did not run or found an error.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// An output of the Verilog differs from the recording: the edge, and both values.
    #[error("Verilog and recording differ at:\n{0}")]
    Difference(String),
}

impl Categorized for ReplayError {
    fn category(&self) -> ErrorCategory {
        match self {
            ReplayError::Write(error) => ErrorCategory::Failed.unless_denied(error),
            ReplayError::Tool(error) => tool_category(error),
            ReplayError::Difference(_) => ErrorCategory::Mismatch,
        }
    }
}

impl Recording {
    /// How many rising edges.
    pub fn edges(&self) -> usize {
        self.edges.len()
    }

    /// The block's Verilog.
    pub fn verilog(&self) -> &str {
        &self.verilog
    }

    /// Replays the run with Icarus. `models` is the Verilog of modules that the block names and does not contain.
    ///
    /// # Errors
    /// [`ReplayError::Difference`] names the first edge, counted from 0, at which outputs differ, and which.
    pub fn replay(&self, iverilog: &Tool, vvp: &Tool, models: &str) -> Result<(), ReplayError> {
        let folder = tempfile::tempdir()?;
        let path = |name| folder.path().join(name);
        std::fs::write(path("source.v"), format!("{models}{}{}", self.verilog, self.testbench()))?;
        std::fs::write(path("vectors.hex"), self.vectors())?;
        let arguments = ["-g2005", "-Wall", "-Wno-timescale", "-s", TOP, "-o", "compiled", "source.v"];
        let said = iverilog.run(arguments, folder.path())?;
        let warnings: Vec<&str> = said.lines().filter(|line| line.contains("warning")).collect();
        let said = vvp.run(["-N", "compiled"], folder.path())?;
        let ended = said.lines().any(|line| line.trim() == "end");
        if ended && warnings.is_empty() {
            Ok(())
        } else {
            Err(ReplayError::Difference(warnings.join("\n") + &said.stdout))
        }
    }

    fn of_kind(&self, kind: PortKind) -> impl Iterator<Item = (usize, &Port)> {
        self.ports.iter().enumerate().filter(move |(_, port)| port.kind == kind)
    }

    /// One line of hexadecimal digits for each edge: inputs, then outputs, the first one highest.
    fn vectors(&self) -> String {
        let mut text = String::new();
        for edge in &self.edges {
            let ports = self.of_kind(PortKind::Input).chain(self.of_kind(PortKind::Output));
            let bits: String =
                ports.map(|(i, port)| format!("{:0width$b}", edge[i], width = port.bits)).collect();
            let bits = format!("{}{bits}", "0".repeat(bits.len().next_multiple_of(4) - bits.len()));
            for digit in bits.as_bytes().chunks(4) {
                let digit = digit.iter().fold(0, |digit, bit| 2 * digit + (bit - b'0'));
                let _ = write!(text, "{digit:x}");
            }
            text.push('\n');
        }
        text
    }

    fn testbench(&self) -> String {
        let mut text = format!("\nmodule {TOP};\n");
        let range = |bits: usize| if bits == 1 { String::new() } else { format!("[{}:0] ", bits - 1) };
        for port in &self.ports {
            let kind = if port.kind == PortKind::Output { "wire" } else { "reg" };
            let _ = writeln!(text, "    {kind} {}{};", range(port.bits), port.name);
        }
        for (_, port) in self.of_kind(PortKind::Output) {
            let _ = writeln!(text, "    reg {}expected_{};", range(port.bits), port.name);
        }
        let connections: Vec<String> =
            self.ports.iter().map(|port| format!(".{0}({0})", port.name)).collect();
        let inputs: Vec<String> = self.of_kind(PortKind::Input).map(|(_, port)| port.name.clone()).collect();
        let clocks: Vec<&str> = self.of_kind(PortKind::Clock).map(|(_, port)| port.name.as_str()).collect();
        let expected = self.of_kind(PortKind::Output).map(|(_, port)| format!("expected_{}", port.name));
        let vector: Vec<String> = inputs.into_iter().chain(expected).collect();
        let bits = self
            .ports
            .iter()
            .filter(|port| port.kind != PortKind::Clock)
            .map(|port| port.bits)
            .sum::<usize>();
        let count = self.edges.len();
        let clock = |level: u8| clocks.iter().map(|clock| format!("{clock} = {level}; ")).collect::<String>();
        let _ = write!(
            text,
            "    {BLOCK} dut ({});\n    reg {}vectors [0:{}];\n    integer i;\n    reg differs;\n    initial begin\n\
             \x20       $readmemh(\"vectors.hex\", vectors);\n        differs = 0;\n\
             \x20       for (i = 0; i < {count} && !differs; i = i + 1) begin\n            #1 {}{{{}}} = vectors[i];\n            #1;\n",
            connections.join(", "),
            range(bits),
            count.max(1) - 1,
            clock(0),
            vector.join(", "),
        );
        for (_, Port { name, .. }) in self.of_kind(PortKind::Output) {
            let _ = write!(
                text,
                "            if ({name} !== expected_{name}) begin\n                differs = 1;\n                \
                 $display(\"edge %0d: {name} is %h, %h was recorded\", i, {name}, expected_{name});\n            end\n"
            );
        }
        let _ = write!(
            text,
            "            #1 {}\n        end\n        if (!differs) $display(\"end\");\n        $finish;\n    end\nendmodule\n",
            clock(1)
        );
        text
    }
}

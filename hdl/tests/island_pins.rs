//! The whole board through the pins of its serial line: beside the board in its plainest form, and in Icarus.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]

mod boards;
mod designs;

use boards::*;
use wheatstone_hdl::island::IslandOptions;
use wheatstone_hdl::tile::FoldedOptions;
use wheatstone_hdl::top::{ArrayForm, Chip, SerialLine, TopSimulation};
use wheatstone_hdl::{Board as BoardName, Technology};
use wheatstone_link::protocol::{Command, Reply, Run, Space, Status, frame};
use wheatstone_sim::{Initial, State, scan};

#[test]
fn everything_through_the_pins() {
    through_the_pins(Technology::Ecp5, false);
}

#[test]
fn everything_through_the_pins_with_samples_that_stream() {
    through_the_pins(Technology::Ecp5, true);
}

#[test]
fn everything_through_the_pins_with_a_folded_array() {
    through_the_pins(FoldedOptions { technology: Technology::Ecp5, tiles: 1 }, true);
}

/// The whole board through its pins.
fn through_the_pins(form: impl Into<ArrayForm>, streaming: bool) {
    let form = form.into();
    let options = IslandOptions { clock_hz: 12_000_000, streaming, ..options() };
    let mut top = TopSimulation::new(small(), form, options).unwrap();
    let mut line = SerialLine::new(options);
    let mut trace: Vec<(bool, bool)> = Vec::new();
    let Pair { mut board, design, .. } = <Pair>::new(small(), Technology::Ecp5, options);
    let (mut session, mut sequence) = (0, 0u16);
    let mut ask = |top: &mut TopSimulation, line: &mut SerialLine, command: &Command, work: bool| -> Reply {
        let [low, high] = sequence.to_le_bytes();
        let frame = [&[session, low, high, command.opcode()][..], &command.payload()].concat();
        let wire = frame::encode(&frame);
        line.send(&wire);
        let mut came = Vec::new();
        while came.last() != Some(&0) {
            came.extend(line.tick(top));
            trace.push((top.bench.block.rx().val(), top.bench.block.tx().val()));
            assert!(top.clocks() < 1_000_000, "no answer to {command:?}");
        }
        while work && board.work() {}
        let expected: Vec<u8> = wire.iter().filter_map(|&byte| board.receive(byte)).flatten().collect();
        assert_eq!(came, expected, "{command:?}");
        let reply = Reply::from_bytes(&frame::decode(&came[..came.len() - 1]).unwrap()).unwrap();
        (session, sequence) = (reply.session, reply.expected);
        reply
    };
    ask(&mut top, &mut line, &Command::Identify, false);
    ask(&mut top, &mut line, &Command::Open { session: 3 }, false);
    let state = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 5);
    let data = scan::to_bytes(&design, &state);
    ask(&mut top, &mut line, &Command::Write { space: Space::Scan, address: 0, data }, false);
    ask(&mut top, &mut line, &Command::Commit { phase: 0 }, false);
    let data = Draw(3).bytes(140);
    ask(&mut top, &mut line, &Command::Write { space: Space::Samples, address: 0, data }, false);
    ask(&mut top, &mut line, &Command::Configure(quasistatic(3)), false);
    ask(&mut top, &mut line, &Command::Run(Run::training(10, 3, 0, 0, 12, 0)), false);
    // Time to run; then another reply, and both lines have been seen all the time.
    for _ in 0..20 {
        ask(&mut top, &mut line, &Command::Identify, false);
    }
    let reply = ask(&mut top, &mut line, &Command::Status, true);
    assert_eq!(Status::from_bytes(&reply.result).unwrap().done, 12);
    let count = u8::try_from(scan::byte_length(&design)).unwrap();
    ask(&mut top, &mut line, &Command::Read { space: Space::Scan, address: 0, count }, true);
    println!("{} clocks", top.clocks());

    // The same through the pins of the emitted Verilog, delays of the array included.
    let built = Chip::new(design, form, options).unwrap();
    let verilog = built.verilog(BoardName::generic(), "a test").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bit = |level: bool| if level { '1' } else { '0' };
    let vectors: String = trace.iter().map(|&(rx, tx)| format!("{}{}\n", bit(rx), bit(tx))).collect();
    std::fs::write(folder.path().join("vectors.txt"), vectors).unwrap();
    let (count, half) = (trace.len(), 1_000_000_000_000 / u64::from(options.clock_hz) / 2);
    let bench = format!(
        "module bench;\n    reg clk = 0, rx = 1;\n    wire tx;\n    reg [1:0] vectors [0:{last}];\n    integer i, wrong;\n\
         \x20   top top (.clk(clk), .rx(rx), .tx(tx));\n    initial begin\n        $readmemb(\"vectors.txt\", vectors);\n        wrong = 0;\n\
         \x20       #1000000;\n        for (i = 0; i < {count} && wrong == 0; i = i + 1) begin\n            rx = vectors[i][1];\n\
         \x20           #{half} clk = 1;\n            #{half} clk = 0;\n\
         \x20           if (tx !== vectors[i][0]) begin wrong = 1; $display(\"tx differs after clock %0d\", i); end\n        end\n\
         \x20       if (wrong == 0) $display(\"equal\");\n        $finish;\n    end\nendmodule\n",
        last = count - 1,
    );
    let models = wheatstone_hdl::verilog::simulation_models(Technology::Ecp5);
    let source = format!("`timescale 1ps / 1ps\n`define WHEATSTONE_TIMED\n{models}{verilog}{bench}");
    let Some(said) = designs::icarus(&source, "bench", folder.path()) else { return };
    assert_eq!(said.trim(), "equal");
}

//! The island against the board's behaviour in its plainest form.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]

mod boards;
mod designs;

use boards::{Gateware, Pair, options};
use std::sync::Arc;
use wheatstone_hdl::island::IslandOptions;
use wheatstone_hdl::island::program::program;
use wheatstone_hdl::tools::Program;
use wheatstone_hdl::top::{SerialLine, TopSimulation};
use wheatstone_hdl::{Board as BoardName, Technology, Top};
use wheatstone_sim::link::{
    Command, Order, Outcome, Reply, Run, SampleLayout, Settings, Space, Status, frame,
};
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{
    Design, Format, Initial, Learning, Nudge, Omega, OutputCoding, Rules, Sample, Sense, State, Tally,
    Target, epoch_order, scan,
};

fn small() -> Arc<Design> {
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    Arc::new(Design::new(crossbar(3, 2, EdgeKind::Linear).unwrap(), Format::COMPACT, rules).unwrap())
}

fn samples(pair: &mut Pair, count: u16) {
    let layout = SampleLayout::of(pair.design.network());
    let mut words = Vec::new();
    for i in 0..i32::from(count) {
        let inputs =
            (0..layout.inputs).map(|k| (i * 397 + 91 * i32::try_from(k).unwrap()) % 2000 - 900).collect();
        let senses = [Sense::AtLeast, Sense::Equal, Sense::AtMost];
        let targets = (0..layout.outputs)
            .map(|k| {
                Some(Target {
                    voltage: (i * 90 - 300 * i32::try_from(k).unwrap()) % 1000,
                    sense: senses[(usize::try_from(i).unwrap() + k) % 3],
                })
            })
            .collect();
        words.extend(layout.encode(&Sample { inputs, targets }, Some(u16::try_from(i % 2).unwrap())));
    }
    pair.write_words(Space::Samples, 0, &words);
}

/// A board in a session, with a state, ten samples and settings.
fn ready(mut pair: Pair, settings: Settings) -> Pair {
    pair.done(&Command::Open { session: 7 });
    let groups = vec![Initial::Uniform { low: 0.1, high: 0.9 }; pair.design.network().groups().len()];
    let state = State::initial(&pair.design, &groups, 5);
    pair.write_state(&state);
    samples(&mut pair, 10);
    pair.done(&Command::Configure(settings));
    pair
}

fn quasistatic(steps: u16) -> Settings {
    Settings { steps, learning: Learning::Quasistatic, coding: OutputCoding::default() }
}

#[test]
fn a_first_conversation() {
    let mut pair = ready(Pair::new(small(), Technology::Ecp5, options()), quasistatic(6));
    pair.done(&Command::Identify);
    pair.read_state();
    for order in [Order::Sequential, Order::Given, Order::Generated] {
        pair.done(&Command::Run(Run { order, ..Run::training(10, 3, 0, 0, 20, 1) }));
        assert_eq!(pair.finish().done, 20);
        pair.read_state();
    }
    pair.done(&Command::Run(Run::reading(10)));
    pair.finish();
    pair.done(&Command::Read { space: Space::Samples, address: 0, count: 70 });
}

/// Chunks of the array have at most 255 steps.
#[test]
fn long_samples_are_several_chunks() {
    for learning in [Learning::Quasistatic, Learning::Continuous { every: 300 }] {
        for steps in [255, 256, 510, 600] {
            let settings = Settings { learning, ..quasistatic(steps) };
            let mut pair = ready(Pair::new(small(), Technology::Ecp5, options()), settings);
            pair.done(&Command::Run(Run::training(10, 3, 0, 0, 3, 0)));
            assert_eq!(pair.finish().done, 3);
            pair.read_state();
        }
    }
}

fn crossbar_of(inputs: usize, outputs: usize, format: Format) -> Arc<Design> {
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    Arc::new(Design::new(crossbar(inputs, outputs, EdgeKind::Linear).unwrap(), format, rules).unwrap())
}

/// Several words of senses, differences of 17 bits, a single output.
#[test]
fn many_outputs_and_wide_voltages() {
    for (inputs, outputs) in [(1, 19), (1, 1), (2, 8), (2, 3)] {
        let options = IslandOptions { sample_words: 1 << 12, ..options() };
        let mut draw = Draw(u64::try_from(outputs).unwrap());
        let design = crossbar_of(inputs, outputs, Format::WIDE);
        let mut pair = ready(Pair::new(design, Technology::Ecp5, options), quasistatic(2));
        for round in 0..4u8 {
            let coding = OutputCoding { differential: round % 2 == 1, single: round > 1 };
            pair.done(&Command::Configure(Settings { coding, ..quasistatic(1 + u16::from(round)) }));
            // Inputs and targets at the ends of the range.
            for address in (0..480).step_by(120) {
                let data = draw.bytes(240);
                pair.done(&Command::Write { space: Space::Samples, address, data });
            }
            pair.done(&Command::Run(Run { order: Order::Sequential, limit: 9, ..Run::reading(9) }));
            pair.finish();
        }
        // Distances of 17 bits: targets at the ends, answers on the other side.
        let layout = SampleLayout::of(pair.design.network());
        let mut words = Vec::new();
        for i in 0..8 {
            let target = |k: usize| {
                let voltage = if (k + i).is_multiple_of(2) { -0x8000 } else { 0x7FFF };
                Some(Target { voltage, sense: Sense::Equal })
            };
            let targets = (0..outputs).map(target).collect();
            let inputs = (0..inputs).map(|k| if (k + i) % 3 == 0 { 0x7FFF } else { -0x8000 }).collect();
            words.extend(layout.encode(&Sample { inputs, targets }, Some(0)));
        }
        pair.write_words(Space::Samples, 0, &words);
        let coding = OutputCoding { differential: true, single: false };
        pair.done(&Command::Configure(Settings { coding, ..quasistatic(5) }));
        for limit in 1..8 {
            pair.done(&Command::Run(Run { store_answers: false, limit, ..Run::reading(8) }));
            pair.finish();
        }
        pair.read_state();
    }
}

/// The error stops at its end, with plain and with differential outputs.
#[test]
fn the_error_stops_at_its_end() {
    for (coding, before, after) in [
        (0, [0, 0, 0], 4 * 0x7FFF * 0x7FFF),
        (0, [0xFFF0, 0xFFFF, 0xFFFF], Tally::MOST_ERROR),
        (0, [0, 0, 0xFFFF], (0xFFFF << 32) + 4 * 0x7FFF * 0x7FFF),
        (1, [0, 0, 0], 0xFFFF * 0xFFFF * 2),
        (1, [0, 0, 0xFFFE], (0xFFFE << 32) + 0xFFFF * 0xFFFF * 2),
        (1, [0, 3, 0xFFFF], Tally::MOST_ERROR),
    ] {
        let design = crossbar_of(1, 4, Format::WIDE);
        let layout = SampleLayout::of(design.network());
        let facts = options().facts(&design).unwrap();
        let mut image = program(&facts);
        for (name, value) in [
            ("error_low", before[0]),
            ("error_middle", before[1]),
            ("error_high", before[2]),
            ("coding", coding),
        ] {
            image.scratch[usize::from(image.variables[name])] = value;
        }
        let top = Top::new(design, Technology::Ecp5, options()).unwrap();
        let mut board = Gateware::with_program(top, &image, facts, false);
        // The array is as it was switched on: all voltages are 0.
        let target = |voltage| Some(Target { voltage, sense: Sense::Equal });
        let targets = [0x7FFF, if coding == 1 { -0x8000 } else { 0x7FFF }].map(target);
        let record = layout.encode(&Sample { inputs: vec![0], targets: [targets, targets].concat() }, None);
        let data = record.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut result = Vec::new();
        for (sequence, command) in [
            Command::Write { space: Space::Samples, address: 0, data },
            Command::Extend { limit: 1 },
            Command::Stop,
            Command::Status,
        ]
        .into_iter()
        .enumerate()
        {
            while sequence == 2 && board.begun == 0 {
                board.tick();
            }
            let head = [0, u8::try_from(sequence).unwrap(), 0, command.opcode()];
            result =
                Reply::from_bytes(&board.answer(&[&head[..], &command.payload()].concat())).unwrap().result;
        }
        let status = Status::from_bytes(&result).unwrap();
        assert_eq!((status.done, status.tally.error), (1, after), "{coding} {before:x?}");
    }
}

/// A record that is longer than an instruction repeats comes to the array whole.
#[test]
fn long_records() {
    let design = crossbar_of(255, 2, Format::COMPACT);
    let layout = SampleLayout::of(design.network());
    let mut board =
        Gateware::new(design, Technology::Ecp5, IslandOptions { sample_words: 1 << 10, ..options() }, false);
    let mut sequence = 0u16;
    let mut ask = |board: &mut Gateware, command: &Command| {
        let [low, high] = sequence.to_le_bytes();
        sequence += 1;
        let reply = board.answer(&[&[0, low, high, command.opcode()][..], &command.payload()].concat());
        assert_eq!(Reply::from_bytes(&reply).unwrap().outcome, Outcome::Done);
    };
    let word = |i: usize| u16::try_from(i * 5 % 2000).unwrap();
    let mut words: Vec<u16> = (0..layout.words()).map(word).collect();
    words[layout.senses_at()] = 0b1101;
    for (i, words) in words.chunks(120).enumerate() {
        let data = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        ask(
            &mut board,
            &Command::Write { space: Space::Samples, address: u16::try_from(120 * i).unwrap(), data },
        );
    }
    ask(&mut board, &Command::Configure(quasistatic(1)));
    ask(&mut board, &Command::Run(Run { impose_targets: true, store_answers: false, ..Run::reading(1) }));
    while board.begun == 0 {
        board.tick();
    }
    let array = board.top.array();
    let shown: Vec<i64> = array
        .samples
        .iter()
        .chain(array.outputs.iter().map(|ports| &ports.target))
        .map(|bus| bus.val())
        .collect();
    let expected: Vec<i64> = words[..layout.senses_at()].iter().map(|&word| word.into()).collect();
    assert_eq!(shown, expected);
    assert_eq!(array.outputs.iter().map(|ports| ports.sense.val()).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn the_order_is_that_of_the_model() {
    let mut pair = ready(Pair::new(small(), Technology::Ecp5, options()), quasistatic(1));
    let words = u16::try_from(SampleLayout::of(pair.design.network()).words()).unwrap();
    let mut draw = Draw(9);
    for round in 0..40u64 {
        let samples = if round < 4 { u16::try_from(round).unwrap() + 1 } else { 1 + draw.below::<u16>(64) };
        let (seed, epoch) = (if round == 5 { 0 } else { draw.next() }, draw.below::<u32>(3));
        // The first sample of the epoch after.
        let limit = if round % 2 == 0 { 1 } else { u32::from(samples) + 1 };
        pair.done(&Command::Run(Run::training(samples, seed, epoch, 0, limit, 0)));
        pair.finish();
        let count = u8::try_from(samples).unwrap();
        let found = pair.done(&Command::Read { space: Space::Order, address: 0, count });
        let expected = epoch_order(seed, epoch + u32::from(limit > 1), samples.into());
        let expected: Vec<u8> = expected
            .into_iter()
            .flat_map(|index| (u16::try_from(index).unwrap() * words).to_le_bytes())
            .collect();
        assert_eq!(found, expected, "seed {seed}, epoch {epoch}, {samples} samples");
    }
}

/// An array that never comes to rest is given up, and the board still answers.
#[test]
fn a_broken_array_is_given_up() {
    let mut pair = ready(Pair::new(small(), Technology::Ecp5, options()), quasistatic(3));
    let broken = |pair: &mut Pair, delay_ps: u64| {
        let circuit = pair.gateware.top.circuit_mut();
        let (_, leaf) = circuit
            .leaves()
            .find(|(path, leaf)| path.contains("edge_0") && leaf.module().contains("delay"))
            .unwrap();
        let before = leaf.delay_ps();
        leaf.set_delay_ps(delay_ps);
        before
    };
    let whole = broken(&mut pair, u64::MAX / 4);
    let run = Command::Run(Run::training(10, 3, 0, 0, 3, 0));
    pair.done(&run);
    for _ in 0..2 * options().watchdog {
        pair.gateware.tick();
    }
    let ask = |pair: &mut Pair, command: &Command| {
        let [low, high] = pair.sequence.to_le_bytes();
        let frame = [&[pair.session, low, high, command.opcode()][..], &command.payload()].concat();
        let reply = Reply::from_bytes(&pair.gateware.answer(&frame)).unwrap();
        assert_eq!(pair.board.answer(&frame).expected, reply.expected);
        (pair.session, pair.sequence) = (reply.session, reply.expected);
        reply.result
    };
    let status = Status::from_bytes(&ask(&mut pair, &Command::Status)).unwrap();
    assert!(status.stalled && !status.running, "{status:?}");
    assert_eq!((status.done, status.tally.samples), (0, 0));
    assert_eq!(ask(&mut pair, &Command::Identify).len(), 80);
    ask(&mut pair, &Command::Open { session: 9 });
    ask(&mut pair, &Command::Stop);
    assert!(!Status::from_bytes(&ask(&mut pair, &Command::Status)).unwrap().stalled);
    // Repaired, it works again.
    broken(&mut pair, whole);
    pair.begin_anew();
    let state = State::initial(&pair.design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 6);
    pair.write_state(&state);
    pair.done(&run);
    assert_eq!(pair.finish().done, 3);
    pair.read_state();
}

/// What rust-hdl simulates is what the emitted Verilog does, clock by clock.
#[test]
fn the_core_in_icarus() {
    let (Some(iverilog), Some(vvp)) = (designs::tool(Program::Iverilog), designs::tool(Program::Vvp)) else {
        return;
    };
    let mut pair = ready(Pair::recorded(small(), Technology::Ecp5, options()), quasistatic(2));
    let mut draw = Draw(4);
    pair.read_state();
    converse(&mut pair, &mut draw, 40);
    let recording = pair.gateware.top.bench.into_recording();
    println!("{} edges", recording.edges());
    recording.replay(&iverilog, &vvp, "").unwrap();
}

/// The whole board through its pins.
#[test]
fn everything_through_the_pins() {
    let options = IslandOptions { clock_hz: 12_000_000, ..options() };
    let mut top = TopSimulation::new(small(), Technology::Ecp5, options).unwrap();
    let mut line = SerialLine::new(options);
    let mut trace: Vec<(bool, bool)> = Vec::new();
    let Pair { mut board, design, .. } = Pair::new(small(), Technology::Ecp5, options);
    let (mut session, mut sequence) = (0, 0u16);
    let mut ask = |top: &mut TopSimulation, line: &mut SerialLine, command: &Command, work: bool| -> Reply {
        let [low, high] = sequence.to_le_bytes();
        let frame = [&[session, low, high, command.opcode()][..], &command.payload()].concat();
        let wire = frame::encode(&frame);
        line.send(&wire);
        let mut came = Vec::new();
        while came.last() != Some(&0) {
            came.extend(line.tick(top));
            trace.push((top.bench.block.rx.val(), top.bench.block.tx.val()));
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
    let built = Top::new(design, Technology::Ecp5, options).unwrap();
    let verilog = built.verilog(BoardName::Generic, "a test").unwrap();
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

/// Draws numbers: splitmix64.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below<T: TryFrom<u64>>(&mut self, bound: u64) -> T {
        T::try_from(self.next() % bound).ok().unwrap()
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below::<u64>(n) == 0
    }

    /// Bytes, many of them at the ends of their range.
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count)
            .map(|_| match self.below(4) {
                0u8 => 0,
                1 => 0xFF,
                _ => self.below(256),
            })
            .collect()
    }
}

fn settings(draw: &mut Draw) -> Settings {
    let learning = match draw.below(3) {
        0u8 => Learning::Quasistatic,
        1 => Learning::Continuous { every: draw.below::<u32>(5) + 1 },
        _ => Learning::Desynchronous { rarity: draw.below::<u8>(8) + 1 },
    };
    Settings {
        steps: 1 + draw.below::<u16>(9),
        learning,
        coding: OutputCoding { differential: draw.one_in(2), single: draw.one_in(3) },
    }
}

fn run(draw: &mut Draw, order_words: u64) -> Run {
    let most = if draw.one_in(3) { order_words } else { 7 };
    let samples = 1 + draw.below::<u16>(most);
    let most = if draw.one_in(4) { 40 } else { 9 };
    Run {
        learn: !draw.one_in(3),
        impose_targets: !draw.one_in(3),
        store_answers: draw.one_in(3),
        order: [Order::Sequential, Order::Given, Order::Generated][draw.below::<usize>(3)],
        one_tally: draw.one_in(2),
        samples,
        place: draw.below(samples.into()),
        limit: draw.below(most),
        seed: draw.below(1 << 32),
        key: draw.below(1 << 32),
        alpha_offset: draw.below(4),
        first_fall: draw.below(4),
        fall_every: draw.below(4),
    }
}

/// A random conversation: frames of all kinds, many of them wrong, between the samples of runs of all kinds.
fn converse(pair: &mut Pair, draw: &mut Draw, frames: usize) {
    let options = options();
    let (samples, order) = (u64::from(options.sample_words), u64::from(options.order_words));
    let any = Initial::Uniform { low: 0.1, high: 0.9 };
    let groups = vec![any; pair.design.network().groups().len()];
    for place in (0..samples).step_by(120) {
        let count = usize::try_from((samples - place).min(120)).unwrap();
        let data = draw.bytes(2 * count);
        pair.done(&Command::Write { space: Space::Samples, address: u16::try_from(place).unwrap(), data });
    }
    pair.done(&Command::Write { space: Space::Order, address: 0, data: draw.bytes(128) });
    pair.done(&Command::Configure(settings(draw)));
    let mut written = true;
    for _ in 0..frames {
        for _ in 0..draw.below::<u64>(300) {
            pair.gateware.tick();
        }
        pair.gateware.slow = draw.one_in(10);
        let resting = written || { !pair.status().running };
        if written || (resting && draw.one_in(6)) {
            let state = State::initial(&pair.design, &groups, draw.next());
            pair.write_state(&State { phase: draw.below(2), ..state });
            written = false;
            continue;
        }
        let command = match draw.below(16) {
            0u8 => Command::Identify,
            1 => Command::Open { session: draw.below(256) },
            2 | 3 => Command::Configure(settings(draw)),
            4 => {
                let address = draw.below(samples + 20);
                Command::Write {
                    space: Space::Samples,
                    address,
                    data: {
                        let n = 2 + 2 * draw.below::<usize>(20);
                        draw.bytes(n)
                    },
                }
            }
            5 => {
                let address = draw.below(order + 5);
                Command::Write {
                    space: Space::Order,
                    address,
                    data: {
                        let n = 2 + 2 * draw.below::<usize>(4);
                        draw.bytes(n)
                    },
                }
            }
            6 => Command::Read {
                space: Space::Samples,
                address: draw.below(samples + 5),
                count: draw.below(130),
            },
            7 => Command::Read { space: Space::Order, address: draw.below(order), count: draw.below(70) },
            8 | 9 => Command::Run(run(draw, order)),
            10 => Command::Extend { limit: draw.below(40) },
            11 => Command::Stop,
            12 => {
                pair.finish();
                pair.read_state();
                Command::Status
            }
            13 => {
                let bytes = u64::try_from(scan::byte_length(&pair.design)).unwrap();
                Command::Read {
                    space: Space::Scan,
                    address: draw.below(bytes + 2),
                    count: 1 + draw.below::<u8>(5),
                }
            }
            14 => Command::Commit { phase: draw.below(2) },
            _ => {
                // Anything: another session or number, another opcode, a payload of any length.
                let session = if draw.one_in(3) { draw.below(256) } else { pair.session };
                let sequence = if draw.one_in(3) { draw.below(1 << 16) } else { pair.sequence };
                let [low, high] = sequence.to_le_bytes();
                let opcode = [1, 2, 3, 5, 7, 8, 9, 10, 11, 200, 137, 0][draw.below::<usize>(12)];
                // What no host sends may do what nobody says: settings and runs of any numbers, states that are none.
                let length = [0, 2, if opcode == 7 { 3 } else { 4 }, 5, 40, 246][draw.below::<usize>(6)];
                let reply = pair.answer(&[vec![session, low, high, opcode], draw.bytes(length)].concat());
                (pair.session, pair.sequence) = (reply.session, reply.expected);
                continue;
            }
        };
        pair.ask(&command);
    }
    pair.finish();
    pair.read_state();
}

/// A random conversation about one of the designs.
fn converse_about(name: &str, frames: usize) {
    let cases = designs::cases();
    let case = cases.iter().find(|case| case.name == name).unwrap();
    let mut draw = Draw(name.bytes().fold(1, |seed, byte| seed * 31 + u64::from(byte) & 0xFFFF_FFFF));
    let mut pair = Pair::new(Arc::clone(&case.design), case.options, options());
    converse(&mut pair, &mut draw, frames);
    println!("{name}: {} samples, {} clocks", pair.gateware.begun, pair.gateware.top.clocks());
}

#[test]
fn conversations_about_parallel_arrays() {
    for name in [
        "lattice of resistors",
        "crossbar with hinge targets",
        "lattice of transistors",
        "layers with diodes",
        "desynchronous pinwheel",
    ] {
        converse_about(name, 70);
    }
}

#[test]
fn conversations_about_mixed_arrays() {
    for name in ["transistors that learn all the time", "resistors and transistors, nudged by a current"] {
        converse_about(name, 60);
    }
}

#[test]
fn conversations_about_serial_arrays() {
    for name in ["serial lattice", "serial crossbar", "serial resistors and transistors"] {
        converse_about(name, 60);
    }
}

#[test]
#[ignore = "measures"]
fn profile() {
    use std::collections::BTreeMap;
    let options = IslandOptions { sample_words: 1 << 12, ..options() };
    let mut pair =
        ready(Pair::new(crossbar_of(10, 3, Format::COMPACT), Technology::Ecp5, options), quasistatic(8));
    pair.done(&Command::Run(Run::training(60, 3, 0, 0, 60, 0)));
    let image = program(&pair.gateware.facts);
    println!("program {} scratch {}", image.program.len(), image.scratch.len());
    let mut spent: BTreeMap<(u16, String), u32> = BTreeMap::new();
    let start = (pair.gateware.top.clocks(), std::time::Instant::now());
    for _ in 0..60_000 {
        pair.gateware.tick();
        let place = pair.gateware.top.bench.block.controller().place();
        let label = image.label(place).to_owned();
        let at = image.labels.iter().find(|(_, name)| *name == label).map_or(0, |(at, _)| *at);
        *spent.entry((at, label)).or_default() += 1;
    }
    println!("{:.0} clocks/s", 60_000.0 / start.1.elapsed().as_secs_f64());
    for ((at, label), clocks) in spent {
        println!("{at:5} {label:28} {:8.1}", f64::from(clocks) / 60.0);
    }
    println!("{}", pair.gateware.begun);
}

#[test]
#[ignore = "writes Verilog to measure"]
fn dump() {
    use wheatstone_hdl::island::IslandOptions;
    use wheatstone_hdl::island::program::program;
    use wheatstone_hdl::{Array, ArrayOptions, Board, Multiplier, Top};
    for (board, file) in [(Board::Hx8kEvn, "top_ice40.v"), (Board::Ulx3s85f, "top_ecp5.v")] {
        let serial = ArrayOptions { technology: board.technology(), multiplier: Multiplier::Serial };
        let top = Top::new(small(), serial, IslandOptions::of(board)).unwrap();
        std::fs::write(format!("/tmp/wt-control/target/{file}"), top.verilog(board, "dump").unwrap())
            .unwrap();
        let _ = Array::cell;
    }
}

//! The island against the board's behaviour in its plainest form.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]

mod boards;
mod designs;

use boards::*;
use wheatstone_hdl::island::program::program;
use wheatstone_hdl::island::replay::Bench;
use wheatstone_hdl::island::{Core, IslandOptions, StreamedRecord, Streamer, StreamingCore};
use wheatstone_hdl::{Technology, Top};
use wheatstone_link::protocol::{
    Command, Reply, ResultCode, Run, SampleLayout, SampleOrder, Settings, Space, Status,
};
use wheatstone_sim::{
    Format, Initial, LearningSchedule, OutputCoding, Sample, Sense, State, Tally, Target, epoch_order,
};

fn a_first_conversation<C: Served>() {
    let mut pair = ready(Pair::<C>::new(small(), Technology::Ecp5, options()), quasistatic(6));
    pair.done(&Command::Identify);
    pair.read_state();
    for order in [SampleOrder::Sequential, SampleOrder::Given, SampleOrder::Generated] {
        pair.done(&Command::Run(Run { order, ..Run::training(10, 3, 0, 0, 20, 1) }));
        assert_eq!(pair.finish().done, 20);
        pair.read_state();
    }
    pair.done(&Command::Run(Run::reading(10)));
    pair.finish();
    pair.done(&Command::Read { space: Space::Samples, address: 0, count: 70 });
}

/// Bursts of the array have at most 255 steps.
fn long_samples_are_several_bursts<C: Served>() {
    for learning in [LearningSchedule::Quasistatic, LearningSchedule::Continuous { every: 300 }] {
        for steps in [255, 256, 510, 600] {
            let settings = Settings { learning, ..quasistatic(steps) };
            let mut pair = ready(Pair::<C>::new(small(), Technology::Ecp5, options()), settings);
            pair.done(&Command::Run(Run::training(10, 3, 0, 0, 3, 0)));
            assert_eq!(pair.finish().done, 3);
            pair.read_state();
        }
    }
}

/// Several words of senses, differences of 17 bits, a single output.
fn many_outputs_and_wide_voltages<C: Served>() {
    for (inputs, outputs) in [(1, 19), (1, 1), (2, 8), (2, 3)] {
        let options = IslandOptions { sample_words: 1 << 12, ..options() };
        let mut draw = Draw(u64::try_from(outputs).unwrap());
        let design = crossbar_of(inputs, outputs, Format::WIDE);
        let mut pair = ready(Pair::<C>::new(design, Technology::Ecp5, options), quasistatic(2));
        for round in 0..4u8 {
            let coding = OutputCoding { differential: round % 2 == 1, single: round > 1 };
            pair.done(&Command::Configure(Settings { coding, ..quasistatic(1 + u16::from(round)) }));
            // Inputs and targets at the ends of the range.
            for address in (0..480).step_by(120) {
                let data = draw.bytes(240);
                pair.done(&Command::Write { space: Space::Samples, address, data });
            }
            pair.done(&Command::Run(Run { order: SampleOrder::Sequential, limit: 9, ..Run::reading(9) }));
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
fn the_error_stops_at_its_end<C: Served>() {
    let options = IslandOptions { streaming: C::STREAMING, ..options() };
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
        let facts = options.facts(&design).unwrap();
        let mut image = program(&facts);
        for (name, value) in [
            ("error_low", before[0]),
            ("error_middle", before[1]),
            ("error_high", before[2]),
            ("coding", coding),
        ] {
            image.scratch[usize::from(image.variables[name])] = value;
        }
        let top = Top::new(design, Technology::Ecp5, options).unwrap();
        let mut board = Gateware::<C>::with_program(top, &image, facts, false);
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
        assert_eq!((status.done, status.tally.error), (1, u128::from(after)), "{coding} {before:x?}");
    }
}

/// A record that is longer than an instruction repeats comes to the array whole.
fn long_records<C: Served>() {
    let design = crossbar_of(255, 2, Format::COMPACT);
    let layout = SampleLayout::of(design.network());
    let options = IslandOptions { sample_words: 1 << 10, streaming: C::STREAMING, ..options() };
    let facts = options.facts(&design).unwrap();
    let top = Top::new(design, Technology::Ecp5, options).unwrap();
    let array = top.array.clone();
    let mut board = Gateware::<C>::with_program(top, &program(&facts), facts, false);
    let mut sequence = 0u16;
    let mut ask = |board: &mut Gateware<C>, command: &Command| {
        let [low, high] = sequence.to_le_bytes();
        sequence += 1;
        let reply = board.answer(&[&[0, low, high, command.opcode()][..], &command.payload()].concat());
        assert_eq!(Reply::from_bytes(&reply).unwrap().code, ResultCode::Done);
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

fn the_order_is_that_of_the_model<C: Served>() {
    let mut pair = ready(Pair::<C>::new(small(), Technology::Ecp5, options()), quasistatic(1));
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

/// A frame may come at any clock of a sample: it is answered between two, and the run goes on as if there had been none.
fn frames_come_at_any_clock<C: Served>() {
    let mut pair = ready(Pair::<C>::new(small(), Technology::Ecp5, options()), quasistatic(3));
    pair.done(&Command::Run(Run::training(10, 3, 0, 0, 10_000, 1)));
    for clocks in (0..400).step_by(17) {
        for _ in 0..clocks {
            pair.gateware.tick();
        }
        assert!(pair.status().running);
    }
    pair.done(&Command::Stop);
    pair.read_state();
}

/// An array that never settles is given up, and the board still answers.
fn a_broken_array_is_given_up<C: Served>() {
    let mut pair = ready(Pair::<C>::new(small(), Technology::Ecp5, options()), quasistatic(3));
    let broken = |pair: &mut Pair<C>, delay_ps: u64| {
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
    let ask = |pair: &mut Pair<C>, command: &Command| {
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

#[test]
#[ignore = "measures"]
fn profile() {
    use std::collections::BTreeMap;
    let options = IslandOptions { sample_words: 1 << 12, ..options() };
    let mut pair = ready(
        Pair::<StreamingCore>::new(crossbar_of(10, 3, Format::COMPACT), Technology::Ecp5, options),
        quasistatic(8),
    );
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

/// A streamer may be paused at any clock: it finishes what it has loaded and begins nothing more.
#[test]
fn a_streamer_pauses_at_any_clock() {
    let record =
        StreamedRecord { words: 7, targets_at: 3, senses_at: 5, class_at: 6, outputs: 2, voltage_bits: 12 };
    for clocks in 0..120 {
        let mut bench = Bench::unrecorded(Streamer::new(record), |streamer| &mut streamer.clock);
        bench.block.rest.next = true;
        bench.block.free.next = true;
        let write = |bench: &mut Bench<Streamer>, register: u64, word: u64| {
            bench.block.write.next = true;
            bench.block.register.next = register.into();
            bench.block.data_in.next = word.into();
            bench.tick();
            bench.block.write.next = false;
        };
        // Starts with 1000 samples, pauses, and shows how many are done.
        write(&mut bench, 2, 1000);
        (0..clocks).for_each(|_| bench.tick());
        write(&mut bench, 3, 0);
        (0..200).for_each(|_| bench.tick());
        assert!(!bench.block.active.val(), "paused after {clocks} clocks, it goes on");
        bench.block.register.next = 0u64.into();
        bench.settle();
        assert!(bench.block.data_out.val().to_u64() <= clocks / 20 + 2, "{clocks}");
    }
}

/// Every test, once with each core.
macro_rules! with_both_cores {
    ($($test:ident)*) => {
        mod plain {
            $(#[test]
            fn $test() {
                super::$test::<super::Core>();
            })*
        }

        mod streaming {
            $(#[test]
            fn $test() {
                super::$test::<super::StreamingCore>();
            })*
        }
    };
}

with_both_cores! {
    a_first_conversation
    long_samples_are_several_bursts
    many_outputs_and_wide_voltages
    the_error_stops_at_its_end
    long_records
    the_order_is_that_of_the_model
    frames_come_at_any_clock
    a_broken_array_is_given_up
}

//! Random conversations with the island and with the board in its plainest form: frames of all kinds, many of them wrong, between the
//! samples of runs of all kinds. One of them again in Icarus.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]

mod boards;
mod designs;

use boards::*;
use std::sync::Arc;
use wheatstone_hdl::Technology;
use wheatstone_hdl::island::{Core, StreamingCore};
use wheatstone_hdl::tile::FoldedOptions;
use wheatstone_link::protocol::{Command, Run, SampleOrder, Settings, Space};
use wheatstone_sim::{Initial, LearningSchedule, OutputCoding, State, scan};
use wheatstone_tools::Program;

fn settings(draw: &mut Draw) -> Settings {
    let learning = match draw.below(3) {
        0u8 => LearningSchedule::Quasistatic,
        1 => LearningSchedule::Continuous { every: draw.below::<u32>(5) + 1 },
        _ => LearningSchedule::Desynchronous { rarity: draw.below::<u8>(8) + 1 },
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
        order: [SampleOrder::Sequential, SampleOrder::Given, SampleOrder::Generated][draw.below::<usize>(3)],
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
fn converse<C: Served>(pair: &mut Pair<C>, draw: &mut Draw, frames: usize) {
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
    // Words of the order memory that are the same with one bank as with two: behind a generated order stands what stood there before.
    let mut known = order;
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
                let address: u16 = draw.below(order + 5);
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
            7 => {
                let (address, count) = (draw.below(order), draw.below::<u8>(70));
                let end = u64::from(address) + u64::from(count);
                if end > known && end <= order {
                    continue;
                }
                Command::Read { space: Space::Order, address, count }
            }
            8 | 9 => {
                let run = run(draw, order);
                match run.order {
                    SampleOrder::Generated => known = known.min(run.samples.into()),
                    SampleOrder::Given if u64::from(run.samples) > known => continue,
                    SampleOrder::Given | SampleOrder::Sequential => {}
                }
                Command::Run(run)
            }
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

/// A random conversation about one of the designs, with each core.
fn converse_about(name: &str, frames: usize) {
    converse_with::<Core>(name, frames);
    converse_with::<StreamingCore>(name, frames);
}

fn converse_with<C: Served>(name: &str, frames: usize) {
    let cases = designs::cases();
    let case = cases.iter().find(|case| case.name == name).unwrap();
    let mut draw = Draw(name.bytes().fold(1, |seed, byte| (seed * 31 + u64::from(byte)) & 0xFFFF_FFFF));
    let mut pair = Pair::<C>::new(Arc::clone(&case.design), case.options, options());
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
fn conversations_about_folded_arrays() {
    for (name, tiles) in [
        ("lattice of resistors", 2),
        ("crossbar with hinge targets", 1),
        ("layers with diodes", 2),
        ("desynchronous pinwheel", 1),
    ] {
        let cases = designs::cases();
        let case = cases.iter().find(|case| case.name == name).unwrap();
        let form = FoldedOptions { technology: Technology::Ecp5, tiles };
        let mut draw = Draw(name.bytes().fold(7, |seed, byte| (seed * 31 + u64::from(byte)) & 0xFFFF_FFFF));
        let mut pair = Pair::<StreamingCore>::new(Arc::clone(&case.design), form, options());
        converse(&mut pair, &mut draw, 70);
        println!("{name}: {} samples, {} clocks", pair.gateware.begun, pair.gateware.top.clocks());
    }
}

/// What rust-hdl simulates is what the emitted Verilog does, clock by clock.
fn in_icarus<C: Served>() {
    let (Some(iverilog), Some(vvp)) = (designs::tool(Program::Iverilog), designs::tool(Program::Vvp)) else {
        return;
    };
    let mut pair = ready(Pair::<C>::recorded(small(), Technology::Ecp5, options()), quasistatic(2));
    let mut draw = Draw(4);
    pair.read_state();
    converse(&mut pair, &mut draw, 40);
    let recording = pair.gateware.top.bench.into_recording();
    println!("{} edges", recording.edges());
    recording.replay(&iverilog, &vvp, "").unwrap();
}

#[test]
fn the_core_in_icarus() {
    in_icarus::<Core>();
}

#[test]
fn the_streaming_core_in_icarus() {
    in_icarus::<StreamingCore>();
}

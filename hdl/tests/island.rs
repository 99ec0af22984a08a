//! The island against the board's behaviour in its plainest form.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]

mod boards;
mod designs;

use boards::{Pair, options};
use std::sync::Arc;
use wheatstone_hdl::Technology;
use wheatstone_sim::link::{Command, Order, Run, SampleLayout, Settings, Space};
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{
    Design, Format, Initial, Learning, Nudge, Omega, OutputCoding, Rules, Sample, Sense, State, Target,
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

#[test]
fn a_first_conversation() {
    let design = small();
    let mut pair = Pair::new(Arc::clone(&design), Technology::Ecp5, options());
    pair.done(&Command::Identify);
    pair.done(&Command::Open { session: 7 });
    println!("opened at {}", pair.gateware.top.clocks());
    let state = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 5);
    pair.write_state(&state);
    println!("state at {}", pair.gateware.top.clocks());
    pair.read_state();
    samples(&mut pair, 10);
    let coding = OutputCoding::default();
    pair.done(&Command::Configure(Settings { steps: 6, learning: Learning::Quasistatic, coding }));
    pair.done(&Command::Run(Run { order: Order::Sequential, ..Run::training(10, 3, 0, 0, 0, 0) }));
    println!("runs at {}", pair.gateware.top.clocks());
    for limit in 1..8 {
        pair.done(&Command::Run(Run { learn: false, limit, ..Run::training(10, 3, 0, 0, 20, 0) }));
        println!("{:?}", pair.finish());
    }
    println!("{:?}", pair.finish());
    println!("{:?}", pair.read_state().len());
    pair.done(&Command::Run(Run::training(10, 3, 0, 0, 20, 0)));
    println!("{:?}", pair.finish());
    pair.read_state();
    println!("ended at {}", pair.gateware.top.clocks());
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
    let steps = if draw.one_in(12) { 250 + draw.below::<u16>(20) } else { 1 + draw.below::<u16>(9) };
    Settings {
        steps,
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
                let bytes = u64::try_from(wheatstone_sim::scan::byte_length(&pair.design)).unwrap();
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

#[test]
fn random_conversations() {
    for (number, case) in designs::cases().into_iter().enumerate() {
        if case.design.format().v_bits() > 16 || number < 8 {
            continue;
        }
        let mut draw = Draw(u64::try_from(number).unwrap() * 77 + 1);
        let mut pair = Pair::new(Arc::clone(&case.design), case.options, options());
        let start = std::time::Instant::now();
        println!("{} {}", number, case.name);
        converse(&mut pair, &mut draw, 120);
        println!(
            "{} samples, {} clocks, {:?}",
            pair.gateware.begun,
            pair.gateware.top.clocks(),
            start.elapsed()
        );
    }
}

//! The island against the board's behaviour in its plainest form.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]

mod boards;

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

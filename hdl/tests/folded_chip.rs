//! Folded arrays on a whole chip but its serial line: networks of the presets' sizes, sample by sample beside the board's model.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]

mod boards;

use boards::*;
use std::sync::Arc;
use wheatstone_hdl::Technology;
use wheatstone_hdl::island::{IslandOptions, StreamingCore};
use wheatstone_hdl::tile::FoldedOptions;
use wheatstone_link::protocol::{Command, Run, Settings, Space};
use wheatstone_sim::network::{EdgeKind, layered};
use wheatstone_sim::{Design, Format, LearningSchedule, Nudge, Omega, OutputCoding, Rules};

/// Trains on samples that stream, from the array's power-up, and gives the clocks of a sample in the middle.
fn trains(layers: &[usize], tiles: usize, steps: u16, clock_hz: u32) -> u64 {
    let network = layered(layers, EdgeKind::Linear).unwrap();
    let rules = Rules {
        omega: Omega::GAUSS_SEIDEL,
        nudge: Nudge::Current { beta: 2, centred: false },
        g_min: 1,
        lowest_rail: 0,
    };
    let design = Arc::new(Design::new(network, Format::WIDE, rules).unwrap());
    let options = IslandOptions { sample_words: 2048, clock_hz, ..options() };
    let form = FoldedOptions { technology: Technology::Ecp5, tiles };
    let mut pair = Pair::<StreamingCore>::at_power_up(design, form, options);
    pair.done(&Command::Open { session: 7 });
    samples(&mut pair, 4);
    pair.done(&Command::Configure(Settings {
        steps,
        learning: LearningSchedule::Quasistatic,
        coding: OutputCoding { differential: false, single: false },
    }));
    pair.done(&Command::Run(Run { one_tally: true, ..Run::training(4, 3, 0, 0, 9, 0) }));
    let mut begun = Vec::new();
    while begun.len() < 9 {
        let before = pair.gateware.begun;
        pair.gateware.tick();
        if pair.gateware.begun > before {
            begun.push(pair.gateware.top.clocks());
        }
    }
    // Tallies and voltages, the latter of everything that has learnt.
    pair.finish();
    pair.done(&Command::Read { space: Space::Scan, address: 0, count: 240 });
    // The sixth and the seventh are of one epoch.
    begun[6] - begun[5]
}

/// Iris as the preset has it: ten inputs with rails and both signs, sixteen hidden nodes, three outputs.
#[test]
fn iris() {
    let clocks = trains(&[10, 16, 3], 2, 8, 25_000_000);
    println!("iris: {clocks} clocks of 25 MHz, {:.2} us", clocks as f64 / 25.0);
    assert!(clocks <= 75, "{clocks}");
}

/// Digits: 8,960 edges on eight tiles.
#[test]
fn digits() {
    for (clock_hz, most) in [(25_000_000, 205), (50_000_000, 250)] {
        let clocks = trains(&[130, 64, 10], 8, 8, clock_hz);
        let us = clocks as f64 * 1e6 / f64::from(clock_hz);
        println!("digits: {clocks} clocks of {} MHz, {us:.2} us", clock_hz / 1_000_000);
        assert!(clocks <= most, "{clocks}");
    }
}

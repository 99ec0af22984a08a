//! What the link costs a training: the time of a sample is measured in the simulated gateware, the bytes are those of a whole run
//! of the iris preset.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and tells what it measured")]

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use wheatstone::device::Linked;
use wheatstone::link::RtlTransport;
use wheatstone_hdl::island::IslandOptions;
use wheatstone_hdl::{Board as Hardware, Technology};
use wheatstone_learn::device::Device;
use wheatstone_learn::experiment::Experiment;
use wheatstone_learn::preset::Preset;
use wheatstone_link::protocol::{Command, Run, SampleLayout, Settings, Space};
use wheatstone_link::{Board, BoardTransport, Capacities, LineModel, Session, SessionOptions, Transport};
use wheatstone_sim::Reference;

const BAUD: u32 = 3_000_000;
/// Samples run in the gateware.
const SAMPLES: u16 = 60;

fn iris() -> Experiment {
    Experiment::prepare(Preset::find("iris").unwrap().config().unwrap()).unwrap()
}

/// What a training sample takes the gateware, with samples that stream or do not: the mean time between two starts of the array.
fn sample_time(experiment: &Experiment, streaming: bool) -> Duration {
    let design = Arc::clone(&experiment.design);
    let island = IslandOptions { streaming, ..Hardware::default().island_options() };
    let transport = RtlTransport::with_island(Arc::clone(&design), Technology::Ecp5, island).unwrap();
    let mut board = Session::new(transport, SessionOptions::default());
    board.open().unwrap();
    let layout = SampleLayout::of(design.network());
    let samples = experiment.samples(&experiment.split.train).unwrap();
    for (number, sample) in samples.iter().take(SAMPLES.into()).enumerate() {
        let data = layout.encode(sample, None).into_iter().flat_map(u16::to_le_bytes).collect();
        let address = u16::try_from(number * layout.words()).unwrap();
        board.call(Command::Write { space: Space::Samples, address, data }).unwrap();
    }
    let settings = Settings::new(experiment.configuration(0), experiment.encoder.coding()).unwrap();
    board.call(Command::Configure(settings)).unwrap();
    board.call(Command::Run(Run::training(SAMPLES, 1, 0, 0, SAMPLES.into(), 3))).unwrap();
    let chip = board.transport_mut();
    let (mut starts, mut first, mut last) = (0, Duration::ZERO, Duration::ZERO);
    let mut go = chip.top_mut().ports().go.val();
    while starts < SAMPLES {
        chip.wait(chip.now() + Duration::from_nanos(1));
        if chip.top_mut().ports().go.val() != go {
            go = !go;
            starts += 1;
            last = chip.now();
            first = if starts == 1 { last } else { first };
        }
    }
    (last - first) / (SAMPLES - 1).into()
}

#[test]
fn the_link_takes_a_hundredth_of_the_training() {
    let share = share_of_training(false);
    assert!(share <= 0.01, "{share}");
}

/// The same bytes, in a sixth of the time.
#[test]
fn the_link_takes_little_of_a_training_that_streams() {
    let share = share_of_training(true);
    assert!(share <= 0.06, "{share}");
}

/// The link's share of the time of a whole training.
fn share_of_training(streaming: bool) -> f64 {
    let experiment = iris();
    let sample_time = sample_time(&experiment, streaming);
    let design = Arc::clone(&experiment.design);
    let state = experiment.initial_state();
    let engine = Reference::new(Arc::clone(&design), experiment.configuration(0), state.clone()).unwrap();
    let board = Board::new(engine, Capacities { baud: BAUD, ..Capacities::default() }).unwrap();
    let transport =
        BoardTransport::new(board, LineModel { baud: BAUD, latency: Duration::from_millis(1), sample_time });
    let mut device = Linked::connect(transport, design, SessionOptions::default()).unwrap();
    let samples = experiment.samples(&experiment.split.train).unwrap();
    device
        .set_samples(&mut experiment.with_classes(&samples).into_iter(), experiment.encoder.coding())
        .unwrap();
    device.set_state(&state).unwrap();
    device.upload().unwrap();
    let before = device.statistics();
    let count = u64::from(experiment.config.epochs) * samples.len() as u64;
    let whole = experiment.stretch(0, count);
    let trained = device.train(&whole, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(trained.samples, count);
    let link = device.statistics() - before;
    let training = sample_time * u32::try_from(count).unwrap();
    let share = link.share_of(training, BAUD);
    println!(
        "a sample takes {sample_time:.2?}; {count} of them {training:.1?}, and {} bytes of {} frames {:.2?}: {:.2} %",
        link.bytes_sent + link.bytes_received,
        link.frames_sent + link.frames_received,
        link.line_time(BAUD),
        100.0 * share
    );
    share
}

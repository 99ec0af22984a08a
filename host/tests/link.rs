//! A board at the end of a link does what the model does, to the same bits, and the line is put to good use.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod board;

use board::*;
use std::ops::ControlFlow;
use std::time::Duration;
use wheatstone::device::{BoardError, Linked};
use wheatstone_learn::device::{Device, DeviceError, Stretch};
use wheatstone_link::protocol::SampleLayout;
use wheatstone_link::{BoardTransport, Capacities, LineModel};
use wheatstone_sim::{Design, LearningSchedule, OutputCoding, Reference};

const LEARNINGS: [LearningSchedule; 4] = [
    LearningSchedule::Quasistatic,
    LearningSchedule::Continuous { every: 2 },
    LearningSchedule::Continuous { every: 5 },
    LearningSchedule::Desynchronous { rarity: 2 },
];

/// A sample memory of so few words that it holds that many records, or a few more.
fn memory_for(design: &Design, records: usize) -> Capacities {
    let words = SampleLayout::of(design.network()).words() * records;
    Capacities { sample_words: u32::try_from(words.next_power_of_two()).unwrap(), ..Capacities::default() }
}

fn assert_clean(linked: &mut Linked<BoardTransport<Reference>>) {
    let statistics = linked.statistics();
    assert_eq!(
        (statistics.timeouts, statistics.resent, statistics.damaged),
        (0, 0, 0),
        "nothing is lost on a clean line: {statistics:?}"
    );
    assert_eq!(linked.session_mut().transport().overruns(), 0, "the host keeps to its credits");
}

#[test]
fn a_board_does_what_the_model_does() {
    for seed in 0..12 {
        let design = design(seed);
        let samples = samples(&design, 11, seed);
        for learning in LEARNINGS {
            let expected = exercise(&mut model(&design), &samples, learning).unwrap();
            for (name, capacities) in [
                ("room for all", Capacities::default()),
                ("room for the set", memory_for(&design, 11)),
                ("a ring of few", memory_for(&design, 3)),
                ("a ring of one", memory_for(&design, 1)),
                ("no order memory", Capacities { order_words: 0, ..Capacities::default() }),
                ("one credit", Capacities { credits: 1, ..memory_for(&design, 3) }),
            ] {
                let mut linked = connect(transport(&design, capacities), &design).unwrap();
                let done = exercise(&mut linked, &samples, learning).unwrap();
                assert_eq!(done, expected, "seed {seed}, {learning:?}, {name}");
                assert_clean(&mut linked);
            }
        }
    }
}

#[test]
fn whoever_watches_ends_a_stretch() {
    let design = design(1);
    let samples = samples(&design, 20, 1);
    for records in [1, 4, 64] {
        let mut linked = connect(transport(&design, memory_for(&design, records)), &design).unwrap();
        linked.set_state(&initial_state(&design)).unwrap();
        linked.set_samples(&mut samples.iter().cloned(), OutputCoding::default()).unwrap();
        let all = stretch(LearningSchedule::Quasistatic, 0, 0, 1_000_000);
        let mut told = 0;
        let trained = linked
            .train(&all, &mut |done| {
                told = done;
                if done > 70 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .unwrap();
        assert!(trained.samples >= told && told > 70 && trained.samples < 20_000, "{trained:?} {told}");
        let mut model = model(&design);
        model.set_samples(&mut samples.iter().cloned(), OutputCoding::default()).unwrap();
        let same = train(&mut model, &Stretch { count: trained.samples, ..all }).unwrap();
        assert_eq!((linked.state().unwrap(), trained), (model.state().unwrap(), same));
        assert_clean(&mut linked);
    }
}

#[test]
fn a_set_goes_up_at_the_speed_of_the_line() {
    let design = design(1);
    let record = SampleLayout::of(design.network()).words();
    let capacities = Capacities { sample_words: 1 << 16, order_words: 1 << 15, ..Capacities::default() };
    let samples = samples(&design, u32::try_from((1 << 16) / record).unwrap().min(1 << 15), 1);
    let mut linked = connect(transport(&design, capacities), &design).unwrap();
    linked.set_samples(&mut samples.iter().cloned(), OutputCoding::default()).unwrap();
    let begun = linked.session_mut().now();
    linked.upload().unwrap();
    let time = linked.session_mut().now() - begun;
    let data = 2 * record * samples.len();
    let goodput = data as f64 * 10.0 / time.as_secs_f64() / 3e6;
    assert!(linked.statistics().bytes_sent > data as u64, "the set went up");
    println!("{data} bytes of samples in {time:?}: {:.1} % of the line", 100.0 * goodput);
    assert!(goodput >= 0.85, "{goodput}");
    assert_clean(&mut linked);
}

#[test]
fn streaming_overlaps_with_training() {
    let design = design(1);
    let samples = samples(&design, 500, 1);
    let layout = SampleLayout::of(design.network());
    let line_time = Duration::from_nanos((2 * layout.words() * 500 * 10_000) as u64 / 3);
    let time = |capacities, sample_time| {
        let line = LineModel { sample_time, ..LineModel::default() };
        let mut linked = connect(BoardTransport::new(board(&design, capacities), line), &design).unwrap();
        linked.set_state(&initial_state(&design)).unwrap();
        linked.set_samples(&mut samples.iter().cloned(), OutputCoding::default()).unwrap();
        let begun = linked.session_mut().now();
        train(&mut linked, &stretch(LearningSchedule::Quasistatic, 0, 0, 500)).unwrap();
        linked.session_mut().now() - begun
    };
    // As fast as the line, so that neither waits long for the other.
    let sample_time = line_time / 500;
    let uploaded = time(Capacities { sample_words: 1 << 15, ..Capacities::default() }, sample_time);
    let streamed = time(memory_for(&design, 100), sample_time);
    println!("upload {line_time:?}, then training {uploaded:?} in all, streamed {streamed:?}");
    assert!(uploaded > 2 * line_time);
    assert!(streamed < line_time * 3 / 2, "upload and training take {line_time:?} each");
}

#[test]
fn questions_cost_little_of_the_line() {
    let design = design(1);
    let samples = samples(&design, 100, 1);
    for baud in [115_200, 3_000_000] {
        let line = LineModel { baud, sample_time: Duration::from_micros(200), ..LineModel::default() };
        let mut linked =
            connect(BoardTransport::new(board(&design, Capacities::default()), line), &design).unwrap();
        linked.set_state(&initial_state(&design)).unwrap();
        linked.set_samples(&mut samples.iter().cloned(), OutputCoding::default()).unwrap();
        linked.upload().unwrap();
        let before = linked.statistics();
        let count = 50_000;
        train(&mut linked, &stretch(LearningSchedule::Quasistatic, 0, 0, count)).unwrap();
        let spent = linked.statistics() - before;
        let share = spent.share_of(Duration::from_micros(200 * count), baud);
        println!("{baud} baud: {} frames, {:.2} % of the training", spent.frames_sent, 100.0 * share);
        assert!(share <= 0.01, "{share}");
    }
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_sent() {
    let design = design(1);
    let mut linked = connect(transport(&design, Capacities::default()), &design).unwrap();
    let before = linked.statistics();
    let mut state = initial_state(&design);
    let input = design.network().inputs()[0].index();
    state.u[0][input] += 1;
    let error = linked.set_state(&state).unwrap_err();
    assert!(
        matches!(error.specific(), Some(BoardError::InputState { u_free: 1, u_clamped: 0, .. })),
        "{error}"
    );
    let samples = samples(&design, 3, 1);
    linked.set_samples(&mut samples.iter().cloned(), OutputCoding::default()).unwrap();
    let mut long = stretch(LearningSchedule::Quasistatic, 0, 0, 3);
    long.configuration.steps = 65_536;
    let error = train(&mut linked, &long).unwrap_err();
    assert!(matches!(error.specific(), Some(BoardError::Limit(_))), "{error}");
    long.configuration.steps = 0;
    assert!(matches!(train(&mut linked, &long), Err(DeviceError::Configuration(_))));
    let mut wrong = samples[0].0.clone();
    wrong.inputs.pop();
    assert!(matches!(linked.relax(&[wrong], 3, false), Err(DeviceError::Sample(_))));
    assert_eq!(linked.statistics(), before);
}

#[test]
fn another_design_is_named() {
    let (here, there) = (design(1), design(3));
    assert_ne!(here.digest(), there.digest());
    let error = connect(transport(&there, Capacities::default()), &here).unwrap_err();
    let text = error.to_string();
    for design in [&here, &there] {
        let digest = wheatstone_sim::hex::encode(&design.digest());
        assert!(text.contains(&digest[..8]) && text.contains(&design.format().to_string()), "{text}");
    }
}

#[test]
fn a_board_without_room_for_a_sample_is_named() {
    let design = design(1);
    let capacities = Capacities { sample_words: 2, ..Capacities::default() };
    let error = connect(transport(&design, capacities), &design).unwrap_err();
    assert!(matches!(error, BoardError::Memory { found: 2, .. }), "{error}");
}

#[test]
fn the_run_of_an_earlier_program_is_stopped() {
    let design = design(1);
    let samples = samples(&design, 5, 1);
    let mut transport = transport(&design, Capacities::default());
    let mut first = connect(&mut transport, &design).unwrap();
    first.set_samples(&mut samples.iter().cloned(), OutputCoding::default()).unwrap();
    // The program ends without a word while the board trains.
    let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        first.train(&stretch(LearningSchedule::Quasistatic, 0, 0, 1 << 30), &mut |_| {
            std::panic::panic_any("killed")
        })
    }));
    assert!(killed.is_err());
    drop(first);
    assert!(transport.board().is_running());
    let mut second = connect(&mut transport, &design).unwrap();
    let expected = exercise(&mut model(&design), &samples, LearningSchedule::Quasistatic).unwrap();
    assert_eq!(exercise(&mut second, &samples, LearningSchedule::Quasistatic).unwrap(), expected);
}

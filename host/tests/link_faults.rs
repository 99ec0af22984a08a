//! Whatever the line does, a link ends in the same bits or says clearly that it cannot go on, and never hangs.
//!
//! All of it runs in virtual time, from seeds: a session that fails here fails everywhere.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod board;

use board::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wheatstone::device::{BoardError, Linked};
use wheatstone_learn::device::DeviceError;
use wheatstone_link::{
    BoardTransport, Capacities, FaultCounts, Faults, Faulty, LineModel, LinkError, SessionOptions, Transport,
};
use wheatstone_sim::{Design, LearningSchedule, Reference};

/// Seeded sessions of each kind of fault.
const SESSIONS: u64 = 400;
/// Longer than any session may take on its own clock.
const BOUND: Duration = Duration::from_secs(300);

type FaultyBoard = Faulty<BoardTransport<Reference>>;

/// What a kind of fault may lead to in the end.
#[derive(Clone, Copy, PartialEq)]
enum Ends {
    /// The same bits, and nothing else.
    Same,
    /// The same bits; or a loss is told, of a state nobody has asked for yet.
    SameOrReset,
    /// The same bits, or any clear error.
    SameOrError,
}

/// Kinds of faults, one by one and all together.
fn kinds() -> Vec<(&'static str, Faults, Ends)> {
    use Ends::{Same, SameOrError, SameOrReset};
    let none =
        Faults { lateness: Duration::from_millis(60), absence: Duration::from_secs(2), ..Faults::default() };
    let bytes = 3000;
    let frames = 50_000;
    vec![
        ("dropped", Faults { dropped: bytes, ..none }, Same),
        ("flipped", Faults { flipped: bytes, ..none }, Same),
        ("doubled", Faults { doubled: bytes, ..none }, Same),
        ("inserted", Faults { inserted: bytes, ..none }, Same),
        ("delayed", Faults { delayed: frames, ..none }, Same),
        ("late", Faults { late: frames, ..none }, Same),
        ("repeated", Faults { repeated: frames, ..none }, Same),
        ("unplugged", Faults { unplugged: 10_000, ..none }, Same),
        ("unplugged and unpowered", Faults { unplugged: 10_000, unpowered: 700_000, ..none }, SameOrReset),
        ("unpowered", Faults { brownouts: 10_000, ..none }, SameOrReset),
        // Frames of the session that was lost come into the one after it.
        (
            "unpowered, frames late and repeated",
            Faults { brownouts: 20_000, late: 100_000, repeated: 400_000, ..none },
            SameOrReset,
        ),
        (
            "everything",
            Faults {
                dropped: 300,
                flipped: 300,
                doubled: 300,
                inserted: 300,
                delayed: 10_000,
                late: 10_000,
                repeated: 10_000,
                unplugged: 3000,
                unpowered: 500_000,
                brownouts: 2000,
                ..none
            },
            SameOrReset,
        ),
        (
            "a line one can hardly use",
            Faults { dropped: 6000, flipped: 6000, late: 100_000, ..none },
            SameOrError,
        ),
    ]
}

/// One design with its samples, and what the model does with them.
struct Case {
    design: Arc<Design>,
    samples: Samples,
    learning: LearningSchedule,
    capacities: Capacities,
    expected: Done,
}

fn case(seed: u64) -> Case {
    let design = design(seed);
    let samples = samples(&design, 6, seed);
    let nth = usize::try_from(seed).unwrap();
    let learning = [
        LearningSchedule::Quasistatic,
        LearningSchedule::Continuous { every: 2 },
        LearningSchedule::Desynchronous { rarity: 1 },
    ][nth % 3];
    // Every other one streams.
    let records = if seed.is_multiple_of(2) { 64 } else { 3 };
    let words = wheatstone_link::protocol::SampleLayout::of(design.network()).words() * records;
    let credits = [8, 1, 3, 8][nth % 4];
    let sample_words = u32::try_from(words.next_power_of_two()).unwrap();
    let expected = exercise(&mut model(&design), &samples, learning).unwrap();
    Case {
        design,
        samples,
        learning,
        capacities: Capacities { credits, sample_words, ..Capacities::default() },
        expected,
    }
}

impl Case {
    fn transport(&self, faults: Faults, seed: u64) -> FaultyBoard {
        let line = LineModel { sample_time: Duration::from_micros(300), ..LineModel::default() };
        let (design, capacities) = (self.design.clone(), self.capacities);
        let transport = BoardTransport::new(board(&design, capacities), line);
        Faulty::new(transport, faults, seed, move |transport| transport.set_board(board(&design, capacities)))
    }

    fn run(&self, transport: &mut FaultyBoard, salt: u8) -> Result<(Done, u64), DeviceError> {
        let options = SessionOptions {
            allowance: Duration::from_millis(5),
            patience: Duration::from_secs(2),
            salt,
            ..SessionOptions::default()
        };
        let mut linked = Linked::connect(transport, self.design.clone(), options)?;
        let done = exercise(&mut linked, &self.samples, self.learning)?;
        Ok((done, linked.statistics().sessions - 1))
    }
}

/// Errors that faults of the line may lead to. Others would be errors of ours.
fn is_clear(error: &DeviceError) -> bool {
    match error.specific() {
        Some(BoardError::NoDevice(_)) => true,
        Some(BoardError::Link(error)) => {
            matches!(error, LinkError::Silent { .. } | LinkError::Garbled { .. } | LinkError::Reset { .. })
        }
        _ => false,
    }
}

#[derive(Debug, Default)]
struct Outcomes {
    same: u32,
    after_restarts: u32,
    errors: BTreeMap<String, u32>,
}

#[test]
fn a_faulty_line_changes_nothing_but_time() {
    let cases: Vec<Case> = (0..12).map(case).collect();
    let mut total = 0;
    for (kind, (name, faults, ends)) in kinds().into_iter().enumerate() {
        let mut outcomes = Outcomes::default();
        let mut counts = FaultCounts::default();
        let mut longest = Duration::ZERO;
        for seed in 0..SESSIONS {
            let case = &cases[usize::try_from(seed).unwrap() % cases.len()];
            let at = format!("{name}, seed {seed}");
            let mut transport = case.transport(faults, (kind as u64) << 32 | seed);
            match case.run(&mut transport, 1) {
                Ok((done, restarts)) => {
                    assert_eq!(done, case.expected, "{at}");
                    outcomes.same += 1;
                    outcomes.after_restarts += u32::from(restarts > 0);
                }
                Err(error) => {
                    assert!(is_clear(&error), "{at}: {error}");
                    let reset = matches!(error.specific(), Some(BoardError::Link(LinkError::Reset { .. })));
                    assert!(
                        ends == Ends::SameOrError || (ends == Ends::SameOrReset && reset),
                        "{at}: {error}"
                    );
                    let text = format!("{:?}", error.specific::<BoardError>());
                    let kind = text.split([' ', '{']).next().unwrap().to_owned();
                    *outcomes.errors.entry(kind).or_default() += 1;
                    // Frames that are late come even after the faults are over.
                    transport.set_faults(Faults::default());
                    let (done, _) =
                        case.run(&mut transport, 2).unwrap_or_else(|error| panic!("{at}: {error}"));
                    assert_eq!(done, case.expected, "{at}, again after {error}");
                }
            }
            assert!(transport.now() < BOUND, "{at}: {:?}", transport.now());
            longest = longest.max(transport.now());
            let c = transport.counts();
            counts.bytes += c.bytes;
            counts.frames += c.frames;
            counts.unplugged += c.unplugged;
            counts.unpowered += c.unpowered;
            total += 1;
        }
        println!("{name}: {outcomes:?}, {counts:?}, longest {longest:.1?}");
        assert_ne!(counts, FaultCounts::default(), "{name}: nothing went wrong");
        assert!(outcomes.same > 0, "{name}: not one session came through");
    }
    println!("{total} sessions");
    assert!(total >= 1000);
}

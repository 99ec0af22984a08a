//! Recorded sessions: the same bytes in both directions as ever. `cargo xtask bless` records them anew.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod board;

use board::*;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use wheatstone::device::Linked;
use wheatstone_learn::device::Device;
use wheatstone_link::protocol::SampleLayout;
use wheatstone_link::{Capacities, Recorder, Replay, Tracer, Transport};
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{Design, Format, LearningSchedule, Nudge, Omega, OutputCoding, Rules};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/link");
const BAUD: u32 = 3_000_000;

fn tiny() -> Arc<Design> {
    let nudge = Nudge::Clamped { eta: 1 };
    let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge, g_min: 1, lowest_rail: 0 };
    Arc::new(Design::new(crossbar(2, 2, EdgeKind::Linear).unwrap(), Format::COMPACT, rules).unwrap())
}

fn session<T: Transport>(transport: T, samples: &Samples) -> (Linked<T>, Done) {
    let mut linked = Linked::connect(transport, tiny(), options()).unwrap();
    let done = exercise(&mut linked, samples, LearningSchedule::Quasistatic).unwrap();
    (linked, done)
}

#[test]
fn golden_recordings_of_sessions() {
    let design = tiny();
    let samples = samples(&design, 9, 1);
    let expected = exercise(&mut model(&design), &samples, LearningSchedule::Quasistatic).unwrap();
    let words = SampleLayout::of(design.network()).words();
    for (name, records) in [("resident", 9), ("streaming", 4)] {
        let sample_words = u32::try_from((words * records).next_power_of_two()).unwrap();
        let capacities = Capacities { sample_words, ..Capacities::default() };
        let mut recording = Vec::new();
        let (_, done) = session(Recorder::new(transport(&design, capacities), &mut recording), &samples);
        assert_eq!(done, expected, "{name}");
        let recording = String::from_utf8(recording).unwrap();

        let path = Path::new(FOLDER).join(format!("{name}.jsonl"));
        if std::env::var_os("WHEATSTONE_BLESS").is_some() {
            fs::create_dir_all(FOLDER).unwrap();
            fs::write(&path, &recording).unwrap();
        }
        let golden = fs::read_to_string(&path).unwrap();
        let mut replay = Replay::new(&golden, BAUD).unwrap();
        let (_, done) = session(&mut replay, &samples);
        assert_eq!((done, replay.left()), (expected.clone(), 0), "{name}");
        assert!(
            recording == golden,
            "{name}: the bytes have changed; if that is meant, run `cargo xtask bless`"
        );
    }
}

#[test]
fn another_transcript_is_told_from_the_recorded_one() {
    let golden = fs::read_to_string(Path::new(FOLDER).join("resident.jsonl")).unwrap();
    let design = tiny();
    let samples = samples(&design, 9, 2);
    let mut linked = Linked::connect(Replay::new(&golden, BAUD).unwrap(), design, options()).unwrap();
    let error = linked
        .set_state(&initial_state(&tiny()))
        .and_then(|()| linked.set_samples(&mut samples.iter().cloned(), OutputCoding::default()))
        .and_then(|()| Ok(linked.upload()?))
        .unwrap_err()
        .to_string();
    assert!(error.contains("write samples 0..") && error.contains("line "), "{error}");
    let error = Replay::new("{}\n", BAUD).unwrap_err().to_string();
    assert!(error.starts_with("line 1:"), "{error}");
    let odd = r#"{"ns":1,"to":"host","hex":"0"}"#;
    assert!(Replay::new(odd, BAUD).unwrap_err().to_string().contains("`0`"));
}

#[test]
fn a_trace_tells_what_happens() {
    let design = tiny();
    let mut trace = Vec::new();
    session(Tracer::new(transport(&design, Capacities::default()), &mut trace), &samples(&design, 2, 1));
    let trace = String::from_utf8(trace).unwrap();
    for words in ["> 0/1 identify", "open session 1", "write samples 0..", "generated learn targets", "Tally"]
    {
        assert!(trace.contains(words), "{words} is missing in\n{trace}");
    }
}

//! A virtual board behind a real serial port: in a thread of this process, and as a process of its own.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod board;
mod common;

use board::*;
use common::Place;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wheatstone::device::Linked;
use wheatstone::link::{LineUse, Pty, PtyBoard, SerialTransport};
use wheatstone_learn::device::Device;
use wheatstone_link::protocol::SampleLayout;
use wheatstone_link::{Capacities, Session, SessionOptions, TransportError};
use wheatstone_sim::{Checkpoint, Configuration, Design, LearningSchedule, OutputCoding};

/// Runs `host` against a board behind a pseudo-terminal; how the board saw the line.
fn with_board(
    design: &Arc<Design>,
    capacities: Capacities,
    baud: u32,
    host: impl FnOnce(SerialTransport),
) -> LineUse {
    let pty = Pty::open().unwrap();
    let path = pty.path().to_owned();
    let mut board = board(design, capacities);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let served = scope.spawn(|| pty.serve(&mut board, baud, || stop.load(Ordering::SeqCst)).unwrap());
        // Whatever becomes of the host, the board ends too.
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            host(SerialTransport::open(&path, if baud == 0 { 3_000_000 } else { baud }).unwrap());
        }));
        stop.store(true, Ordering::SeqCst);
        let usage = served.join().unwrap();
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        usage
    })
}

/// Other programs share this machine: only a real failure is late.
fn patient() -> SessionOptions {
    SessionOptions {
        allowance: Duration::from_millis(500),
        patience: Duration::from_secs(30),
        ..SessionOptions::default()
    }
}

#[test]
fn a_board_behind_a_port_does_what_the_model_does() {
    let design = design(1);
    let samples = samples(&design, 11, 1);
    let expected = exercise(&mut model(&design), &samples, LearningSchedule::Quasistatic).unwrap();
    with_board(&design, Capacities::default(), 0, |transport| {
        let mut linked = Linked::connect(transport, design.clone(), patient()).unwrap();
        assert_eq!(exercise(&mut linked, &samples, LearningSchedule::Quasistatic).unwrap(), expected);
    });
}

#[test]
fn a_set_goes_up_at_the_speed_of_a_throttled_line() {
    const BAUD: u32 = 230_400;
    let design = design(1);
    let words = SampleLayout::of(design.network()).words();
    let samples = samples(&design, u32::try_from(14_000 / words).unwrap(), 1);
    let data = (2 * words * samples.len()) as f64;
    let up = || {
        let usage = with_board(&design, Capacities::default(), BAUD, |transport| {
            let mut linked = Linked::connect(transport, design.clone(), patient()).unwrap();
            linked.set_samples(&mut samples.iter().cloned(), OutputCoding::default()).unwrap();
            linked.upload().unwrap();
            println!("{:?}", linked.statistics());
        });
        assert!(usage.received as f64 > data, "the set went up");
        let line = (usage.busy + usage.idle).as_secs_f64() * f64::from(BAUD) / 10.0;
        println!("{data} bytes of samples on a line with time for {line:.0}: {usage:?}");
        data / line
    };
    // A machine that is busy elsewhere makes a line idle; one whose window is too small never has it busy.
    let shares: Vec<f64> = (0..5).map(|_| up()).take_while(|&share| share < 0.85).collect();
    assert!(shares.len() < 5, "{shares:?}");
}

#[test]
fn a_port_in_use_is_no_access() {
    let design = design(1);
    with_board(&design, Capacities::default(), 0, |transport| {
        let error = SerialTransport::open(transport.path(), 115_200).err().unwrap();
        assert!(matches!(error, TransportError::NoAccess { .. }), "{error}");
    });
}

#[test]
fn a_virtual_board_is_a_process_of_its_own() {
    let design = design(1);
    let state = initial_state(&design);
    let samples = samples(&design, 11, 1);
    let configuration = Configuration { steps: 5, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    let checkpoint = Checkpoint {
        design: (*design).clone(),
        configuration,
        samples: 0,
        steps: 0,
        remark: String::new(),
        state: state.clone(),
    };
    let place = Place::new();
    place.write("board.bin", checkpoint.to_bytes());
    let file = place.path("board.bin");
    let arguments = ["virtual-board", "--checkpoint", file.to_str().unwrap(), "--sample-words", "64"];
    let start = || PtyBoard::start(common::program(), arguments, 3_000_000).unwrap();

    let mut linked = Linked::connect(start(), design.clone(), patient()).unwrap();
    assert_eq!(linked.state().unwrap(), state, "it is switched on in the checkpoint's state");
    let expected = exercise(&mut model(&design), &samples, LearningSchedule::Quasistatic).unwrap();
    assert_eq!(exercise(&mut linked, &samples, LearningSchedule::Quasistatic).unwrap(), expected);
    assert_eq!(linked.identity().unwrap().sample_words, 64);

    // A board that ends is gone: its terminal may be another program's by now.
    let mut transport = start();
    transport.kill().unwrap();
    let mut session = Session::new(transport, SessionOptions { absence: Duration::ZERO, ..patient() });
    let error = session.open().unwrap_err();
    assert!(error.to_string().contains("has ended; start it again"), "{error}");
}

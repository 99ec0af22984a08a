//! What a device behind a link does when the line goes away, and when somebody asks to stop.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod board;

use board::*;
use std::time::Duration;
use wheatstone::device::BoardError;
use wheatstone::link::SerialTransport;
use wheatstone_learn::device::Device;
use wheatstone_link::{BoardTransport, Capacities, SessionOptions, Stop, Transport, TransportError};
use wheatstone_sim::Reference;

/// Asking to stop ends waiting for a board that is silent, and nothing else.
#[test]
fn a_board_that_answers_is_not_interrupted() {
    let options = SessionOptions { stop: Stop::when(|| true), ..options() };
    let design = design(1);
    let transport = transport(&design, Capacities::default());
    let mut linked = wheatstone::device::Linked::connect(transport, design.clone(), options).unwrap();
    let samples = samples(&design, 5, 1);
    let expected =
        exercise(&mut model(&design), &samples, wheatstone_sim::LearningSchedule::Quasistatic).unwrap();
    let found = exercise(&mut linked, &samples, wheatstone_sim::LearningSchedule::Quasistatic).unwrap();
    assert_eq!(found, expected);
}

/// A transport that is plugged out for good.
struct Unplugged(BoardTransport<Reference>, bool);

impl Transport for Unplugged {
    fn describe(&self) -> String {
        "/dev/ttyGONE".to_owned()
    }

    fn baud(&self) -> u32 {
        self.0.baud()
    }

    fn now(&self) -> Duration {
        self.0.now()
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        if self.1 { self.reopen() } else { self.0.send(bytes) }
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, TransportError> {
        self.0.receive(buffer, deadline)
    }

    fn wait(&mut self, until: Duration) {
        self.0.wait(until);
    }

    fn reopen(&mut self) -> Result<(), TransportError> {
        Err(TransportError::Gone { port: self.describe() })
    }
}

#[test]
fn a_board_that_is_gone_for_good_is_no_device() {
    let design = design(1);
    let transport = Unplugged(transport(&design, Capacities::default()), false);
    let mut linked = connect(transport, &design).unwrap();
    linked.set_state(&initial_state(&design)).unwrap();
    linked.session_mut().transport_mut().1 = true;
    let error = linked.state().unwrap_err();
    assert!(matches!(error.specific(), Some(BoardError::NoDevice(_))), "{error}");
    // Plugged in again, it goes on from the last state it knows.
    linked.session_mut().transport_mut().1 = false;
    assert_eq!(linked.state().unwrap(), initial_state(&design));
}

#[test]
fn a_port_that_is_not_there() {
    let error = SerialTransport::open("/dev/there-is-no-such-port", 115_200).err().unwrap();
    assert!(matches!(error, TransportError::Gone { .. }), "{error}");
    assert!(error.to_string().contains("/dev/there-is-no-such-port"), "{error}");
}

//! What a session says when it cannot go on: each cause has its own error, with what to do about it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{design, engine};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use wheatstone_link::protocol::frame::{self, Deframer, Header};
use wheatstone_link::protocol::{Command, Identity, Reply, ResultCode, Space};
use wheatstone_link::{
    Board, BoardTransport, Capacities, LineModel, LinkError, Session, SessionOptions, Stop, Transport,
    TransportError,
};
use wheatstone_sim::{LearningSchedule, Reference};

/// Short waits: virtual time has no hiccups.
fn options() -> SessionOptions {
    SessionOptions { allowance: Duration::from_millis(5), ..SessionOptions::default() }
}

/// A session with a board in this process.
fn session() -> Session<BoardTransport<Reference>> {
    let board = Board::new(engine(LearningSchedule::Quasistatic), Capacities::default()).unwrap();
    let mut session = Session::new(BoardTransport::new(board, LineModel::default()), options());
    session.open().unwrap();
    session
}

/// A transport whose other end makes bytes of bytes.
struct Odd<F> {
    now: Duration,
    answer: F,
    ready: Vec<u8>,
}

impl<F: FnMut(&[u8]) -> Vec<u8>> Odd<F> {
    fn new(answer: F) -> Self {
        Odd { now: Duration::ZERO, answer, ready: Vec::new() }
    }
}

impl<F: FnMut(&[u8]) -> Vec<u8>> Transport for Odd<F> {
    fn describe(&self) -> String {
        "/dev/ttyODD".to_owned()
    }

    fn baud(&self) -> u32 {
        115_200
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        self.ready.extend((self.answer)(bytes));
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, TransportError> {
        let count = self.ready.len().min(buffer.len());
        buffer.iter_mut().zip(self.ready.drain(..count)).for_each(|(place, byte)| *place = byte);
        self.now = if count > 0 { self.now + Duration::from_micros(1) } else { self.now.max(deadline) };
        Ok(count)
    }

    fn wait(&mut self, until: Duration) {
        self.now = self.now.max(until);
    }

    fn reopen(&mut self) -> Result<(), TransportError> {
        Ok(())
    }
}

/// What opening a session leads to.
fn opening(answer: impl FnMut(&[u8]) -> Vec<u8>) -> (LinkError, Duration) {
    let mut session = Session::new(Odd::new(answer), options());
    let error = session.open().unwrap_err();
    (error, session.now())
}

/// Answers every whole frame with a reply made of its head.
fn replying(mut reply: impl FnMut(Header) -> Reply) -> impl FnMut(&[u8]) -> Vec<u8> {
    let mut deframer = Deframer::default();
    move |bytes| {
        let frames = bytes.iter().filter_map(|&byte| deframer.push(byte)?.ok());
        frames.flat_map(|contents| frame::encode(&reply(Header::from_bytes(&contents)).to_bytes())).collect()
    }
}

fn identity() -> Identity {
    Identity { credits: 4, ..Identity::of(&design()).unwrap() }
}

fn done(Header { session, sequence, opcode }: Header, result: Vec<u8>) -> Reply {
    Reply { session, sequence, opcode, code: ResultCode::Done, expected: 0, result }
}

#[test]
fn a_silent_board() {
    let (error, time) = opening(|_| Vec::new());
    assert!(matches!(error, LinkError::Silent { baud: 115_200, .. }), "{error}");
    assert!(error.to_string().contains("/dev/ttyODD") && error.to_string().contains("bitstream"), "{error}");
    assert!(time < Duration::from_secs(10), "{time:?}");
}

#[test]
fn a_wrong_baud() {
    let (error, _) = opening(|bytes| bytes.iter().map(|byte| byte.wrapping_mul(91) | 1).chain([0]).collect());
    assert!(matches!(error, LinkError::Garbled { bytes: 1.., .. }), "{error}");
}

#[test]
fn a_loopback() {
    let (error, _) = opening(<[u8]>::to_vec);
    assert!(matches!(error, LinkError::Loopback { .. }), "{error}");
}

#[test]
fn something_else_that_talks_in_frames() {
    let (error, _) = opening(|_| frame::encode(&[1, 2, 3, 200, 99, 0, 0]));
    assert!(matches!(error, LinkError::NotABoard { .. }), "{error}");
}

#[test]
fn another_version() {
    let (error, time) = opening(replying(|header| done(header, vec![2; 100])));
    assert!(matches!(error, LinkError::Version { found: 2 }), "{error}");
    assert!(time < Duration::from_secs(1), "it is told at once: {time:?}");
}

#[test]
fn a_board_without_credits() {
    let none = Identity { credits: 0, ..identity() };
    let (error, _) = opening(replying(move |header| done(header, none.to_bytes())));
    assert!(matches!(error, LinkError::NoCredits), "{error}");
}

#[test]
fn an_identity_of_another_length() {
    let (error, _) = opening(replying(|header| done(header, vec![1; 100])));
    assert!(matches!(error, LinkError::Malformed { bytes: 100, .. }), "{error}");
}

/// A board that answers but never opens a session does not keep anybody for ever.
#[test]
fn a_board_that_never_opens() {
    let identity = identity();
    let (error, time) = opening(replying(move |header| match header.opcode {
        1 => Reply { session: 0, ..done(header, identity.to_bytes()) },
        _ => Reply { session: 0, code: ResultCode::OutOfOrder, ..done(header, Vec::new()) },
    }));
    assert!(time < Duration::from_secs(10), "{time:?} {error}");
}

#[test]
fn a_refusal_says_what_was_refused() {
    let mut session = session();
    let beyond = |address| Command::Write { space: Space::Samples, address, data: vec![0; 4] };
    session.post(beyond(16_383)).unwrap();
    let error = session.flush().unwrap_err();
    assert!(matches!(error, LinkError::Refused { code: ResultCode::Address, .. }), "{error}");
    assert!(error.to_string().contains("write samples 16383..16385"), "{error}");
    let ticket = session.ask(Command::Read { space: Space::Order, address: 2048, count: 1 }).unwrap();
    assert!(matches!(session.take(ticket), Err(LinkError::Refused { code: ResultCode::Address, .. })));
    session.post(beyond(0)).unwrap();
    session.flush().unwrap();
}

#[test]
fn a_result_of_an_earlier_session_is_gone() {
    let mut session = session();
    let ticket = session.ask(Command::Status).unwrap();
    session.open().unwrap();
    assert!(matches!(session.take(ticket), Err(LinkError::Reset { .. })));
}

#[test]
fn asking_to_stop_ends_the_wait_for_a_silent_board() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let stop = Stop::when(move || count.fetch_add(1, Ordering::SeqCst) > 2);
    let options = SessionOptions { stop, patience: Duration::from_secs(1000), ..options() };
    let mut silent = Session::new(Odd::new(|_| Vec::new()), options);
    let error = silent.open().unwrap_err();
    assert!(matches!(error, LinkError::Interrupted { .. }), "{error}");
    assert!(silent.now() < Duration::from_secs(5));
    assert!(asked.load(Ordering::SeqCst) > 2, "it waits until it is asked to stop");
}

//! A session: commands go in, results come out, whatever the line does in between.

mod error;
mod frames;
mod opening;
mod options;
mod statistics;
mod window;

pub use error::LinkError;
pub use options::{SessionOptions, Stop};
pub use statistics::LinkStatistics;
pub use window::Ticket;

use crate::protocol::frame::{self, Header};
use crate::protocol::{Command, Identity, Reply};
use crate::transport::{Transport, line_time};
use frames::Frames;
use opening::IDENTIFY;
use std::time::Duration;
use window::{Heard, Window};

/// The longest a wait lasts before the deadline is looked at again.
const SLICE: Duration = Duration::from_millis(50);
/// The most the wait for a reply doubles.
const MOST_BACKOFF: u32 = 4;
/// At every so many misses in a row the board is asked where it is, instead of being sent the same once more.
const BLIND: u32 = 4;
/// Bytes of the longest frame on the wire.
const LONGEST: u64 = (frame::LONGEST + frame::OVERHEAD) as u64;

/// The host's end of the link: makes commands and results of the bytes of a [`Transport`].
#[derive(Debug)]
pub struct Session<T> {
    frames: Frames<T>,
    options: SessionOptions,
    identity: Option<Identity>,
    /// The session's number; 0 while there is none.
    number: u8,
    window: Window,
    /// When the oldest request's reply is missed.
    due: Duration,
    /// How often it was missed in a row.
    missed: u32,
    /// When a request was last acknowledged, or the session was last at rest.
    progress: Duration,
    /// How often the line was gone since.
    absences: u32,
    /// The line was gone: the board is to be asked where it is.
    resume: bool,
    /// Number of the last identify, so that an old answer is not taken for a new one.
    nonce: u16,
}

impl<T: Transport> Session<T> {
    /// Nothing is sent before [`Session::open`].
    pub fn new(transport: T, options: SessionOptions) -> Self {
        Session {
            nonce: u16::from(options.salt) << 8,
            frames: Frames::new(transport),
            options,
            identity: None,
            number: 0,
            window: Window::default(),
            due: Duration::ZERO,
            missed: 0,
            progress: Duration::ZERO,
            absences: 0,
            resume: false,
        }
    }

    /// The transport below the session.
    pub fn transport(&self) -> &T {
        &self.frames.transport
    }

    /// The transport, for tests that reach behind it.
    pub fn transport_mut(&mut self) -> &mut T {
        &mut self.frames.transport
    }

    /// Who the board said it is, when a session was last opened.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// What went over the link so far.
    pub fn statistics(&self) -> LinkStatistics {
        self.frames.statistics
    }

    /// How long to wait and when to give up.
    pub fn options(&self) -> &SessionOptions {
        &self.options
    }

    /// Asks for a command and waits for its result.
    ///
    /// # Errors
    /// [`LinkError`], of this or an earlier command.
    pub fn call(&mut self, command: Command) -> Result<Vec<u8>, LinkError> {
        let ticket = self.ask(command)?;
        self.take(ticket)
    }

    /// Asks for a command whose result is taken later. Waits only while the board has no room for it.
    ///
    /// # Errors
    /// [`LinkError`], of this or an earlier command.
    pub fn ask(&mut self, command: Command) -> Result<Ticket, LinkError> {
        self.before_submit();
        let ticket = self.window.ask(command);
        self.submit().map(|()| ticket)
    }

    /// Sends a command whose result is empty. Waits only while the board has no room for it.
    ///
    /// # Errors
    /// [`LinkError`], of this or an earlier command.
    pub fn post(&mut self, command: Command) -> Result<(), LinkError> {
        self.before_submit();
        self.window.post(command);
        self.submit()
    }

    fn before_submit(&mut self) {
        if self.window.is_empty() {
            self.progress = self.now();
        }
    }

    fn submit(&mut self) -> Result<(), LinkError> {
        self.send_ready()?;
        while self.window.len() > self.credits() {
            self.step(SLICE)?;
        }
        Ok(())
    }

    /// Waits for the result of an [`ask`](Session::ask).
    ///
    /// # Errors
    /// [`LinkError`], of this or an earlier command; [`LinkError::Reset`] if another session was opened since.
    pub fn take(&mut self, ticket: Ticket) -> Result<Vec<u8>, LinkError> {
        loop {
            if let Some(result) = self.window.take(&ticket) {
                return result.map_err(LinkError::refused);
            }
            if !self.window.awaits(&ticket) {
                return Err(LinkError::Reset { expected: 0, found: self.number });
            }
            self.step(SLICE)?;
        }
    }

    /// The result of an [`ask`](Session::ask), or its ticket again if it has not come yet.
    ///
    /// # Errors
    /// As [`Session::take`].
    pub fn try_take(&mut self, ticket: Ticket) -> Result<Result<Vec<u8>, Ticket>, LinkError> {
        if !self.window.is_empty() {
            self.step(Duration::ZERO)?;
        }
        match self.window.take(&ticket) {
            Some(result) => result.map(Ok).map_err(LinkError::refused),
            None => Ok(Err(ticket)),
        }
    }

    /// Waits until every command is answered.
    ///
    /// # Errors
    /// [`LinkError`], of any of them.
    pub fn flush(&mut self) -> Result<(), LinkError> {
        while !self.window.is_empty() {
            self.step(SLICE)?;
        }
        Ok(())
    }

    /// Waits until nothing is on its way, then for that long.
    ///
    /// # Errors
    /// [`LinkError`], of a command that was on its way.
    pub fn pause(&mut self, time: Duration) -> Result<(), LinkError> {
        self.flush()?;
        self.frames.transport.wait(self.now() + time);
        Ok(())
    }

    /// The time on the wire's clock.
    pub fn now(&self) -> Duration {
        self.frames.transport.now()
    }

    fn credits(&self) -> usize {
        self.identity.as_ref().map_or(1, |identity| identity.credits.max(1).into())
    }

    /// Sends what may be sent, then waits at most `time` for something to come.
    fn step(&mut self, time: Duration) -> Result<(), LinkError> {
        if self.resume {
            self.compare()?;
        }
        self.send_ready()?;
        let deadline = (self.now() + time).min(self.due);
        for reply in self.receive(deadline)? {
            self.take_in(reply)?;
        }
        if let Some(refusal) = self.window.take_refused() {
            return Err(LinkError::refused(refusal));
        }
        if !self.window.is_empty() && self.now() >= self.due {
            self.miss()?;
        }
        Ok(())
    }

    fn take_in(&mut self, reply: Reply) -> Result<(), LinkError> {
        if reply.opcode == IDENTIFY {
            return Ok(());
        }
        if reply.session != self.number {
            // It may be old. What the board says now counts.
            return self.compare();
        }
        let heard = self.window.hear(reply);
        self.note(heard);
        if heard.gap {
            self.due = self.reply_due(self.missed);
            self.give_up_in_time()?;
        }
        Ok(())
    }

    fn note(&mut self, heard: Heard) {
        self.frames.statistics.asked_anew += heard.asked_anew as u64;
        if heard.acknowledged > 0 {
            self.progress = self.now();
            (self.missed, self.absences) = (0, 0);
            self.frames.clear_noise();
            self.due = self.reply_due(0);
        }
    }

    /// The oldest request's reply stays away.
    fn miss(&mut self) -> Result<(), LinkError> {
        self.frames.statistics.timeouts += 1;
        self.missed += 1;
        self.stop_if_asked()?;
        self.give_up_in_time()?;
        if self.missed.is_multiple_of(BLIND) {
            self.compare()?;
        }
        self.window.go_back();
        self.due = self.reply_due(self.missed);
        Ok(())
    }

    fn send_ready(&mut self) -> Result<(), LinkError> {
        while let Some((sequence, command, again)) = self.window.send_next(self.credits()) {
            self.frames.statistics.resent += u64::from(again);
            let header = Header { session: self.number, sequence, opcode: command.opcode() };
            if !self.send(header, &command.payload())? {
                return Ok(());
            }
            if self.window.only_one_in_flight() {
                self.due = self.reply_due(self.missed);
            }
        }
        Ok(())
    }

    /// When a reply to what is being sent now is missed, after that many misses before.
    fn reply_due(&self, missed: u32) -> Duration {
        let rotation = self.identity.as_ref().map_or(Duration::ZERO, |identity| match identity.clock_hz {
            0 => Duration::ZERO,
            clock_hz => Duration::from_secs_f64(2.0 * f64::from(identity.scan_bits) / f64::from(clock_hz)),
        });
        let patience = self.options.allowance * (1 << missed.min(MOST_BACKOFF));
        self.frames.free() + self.window_time() + rotation + patience
    }

    /// Sends a frame. `false` if the line was gone in between: what was on its way is lost then.
    fn send(&mut self, header: Header, payload: &[u8]) -> Result<bool, LinkError> {
        let lead = self.missed > 0 || header.opcode == IDENTIFY;
        match self.frames.send(header, payload, lead) {
            Ok(()) => Ok(true),
            Err(error) => self.return_from(error).map(|()| false),
        }
    }

    /// The replies that come until `deadline`; none if the line was gone in between.
    fn receive(&mut self, deadline: Duration) -> Result<Vec<Reply>, LinkError> {
        match self.frames.receive(deadline) {
            Ok(replies) => Ok(replies),
            Err(error) => self.return_from(error).map(|()| Vec::new()),
        }
    }

    fn stop_if_asked(&self) -> Result<(), LinkError> {
        if self.options.stop.is_requested() {
            return Err(LinkError::Interrupted { port: self.frames.transport.describe() });
        }
        Ok(())
    }

    /// Ends a silence that lasts too long.
    fn give_up_in_time(&self) -> Result<(), LinkError> {
        let waited = self.now().saturating_sub(self.progress);
        let patience = self.options.patience + 4 * self.window_time();
        if waited < patience { Ok(()) } else { Err(self.frames.silence(self.missed + 1, waited)) }
    }

    /// How long the longest replies to a window of requests take.
    fn window_time(&self) -> Duration {
        line_time(LONGEST * self.credits() as u64, self.frames.transport.baud())
    }
}

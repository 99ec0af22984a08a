//! How a session is opened, and taken up again after the line was gone or the board seems to be elsewhere.

use super::Session;
use super::error::LinkError;
use crate::protocol::frame::Header;
use crate::protocol::{Command, Identity, Reply, ResultCode, VERSION};
use crate::transport::{Transport, TransportError};
use std::time::Duration;

/// How often a line that is gone is looked for.
const LOOK: Duration = Duration::from_millis(100);
/// How often the line may go away without one request being answered in between.
const MOST_ABSENCES: u32 = 8;
pub(super) const IDENTIFY: u8 = 1;
const OPEN: u8 = 2;

/// Where the board is in a session.
#[derive(Clone, Copy, Debug)]
struct Standing {
    session: u8,
    expected: u16,
}

impl<T: Transport> Session<T> {
    /// Asks the board who it is and opens a new session, in which nothing is on its way.
    ///
    /// # Errors
    /// [`LinkError`] if there is no board, or none of this version.
    pub fn open(&mut self) -> Result<(), LinkError> {
        self.window.restart(0);
        self.frames.clear_noise();
        self.progress = self.now();
        (self.missed, self.absences) = (0, 0);
        loop {
            let (identity, standing) = self.identify()?;
            if identity.credits == 0 {
                return Err(LinkError::NoCredits);
            }
            self.identity = Some(identity);
            if let Some(expected) = self.ask_open(standing)? {
                self.window.restart(expected);
                self.frames.statistics.sessions += 1;
                self.progress = self.now();
                (self.missed, self.resume) = (0, false);
                return Ok(());
            }
            self.give_up_in_time()?;
        }
    }

    /// Opens the next session; the number expected in it, unless that got lost.
    fn ask_open(&mut self, board: Standing) -> Result<Option<u16>, LinkError> {
        self.number = self.next_number(board.session);
        let header = Header { session: board.session, sequence: board.expected, opcode: OPEN };
        if !self.send(header, &[self.number])? {
            return Ok(None);
        }
        let opened = (self.number, board.expected, OPEN, ResultCode::Done);
        let mine = |reply: &Reply| (reply.session, reply.sequence, reply.opcode, reply.code) == opened;
        if let Some(reply) = self.wait_for(self.reply_due(1), mine)? {
            return Ok(Some(reply.expected));
        }
        // The reply may be what got lost.
        let (_, standing) = self.identify()?;
        Ok((standing.session == self.number).then_some(standing.expected))
    }

    /// Neither 0, nor the board's, nor our last one.
    fn next_number(&self, board: u8) -> u8 {
        let last = if self.number == 0 { self.options.salt } else { self.number };
        let next = |number: u8| if number == u8::MAX { 1 } else { number + 1 };
        let first = next(last);
        if first == board { next(first) } else { first }
    }

    /// Asks until an answer to this very question comes; other frames are let go, they are sent again if need be.
    fn identify(&mut self) -> Result<(Identity, Standing), LinkError> {
        let mut tries = 0;
        loop {
            self.nonce = self.nonce.wrapping_add(1);
            let nonce = self.nonce;
            let header = Header { session: self.number, sequence: nonce, opcode: IDENTIFY };
            if self.send(header, &[])? {
                let mine = |reply: &Reply| {
                    (reply.sequence, reply.opcode, reply.code) == (nonce, IDENTIFY, ResultCode::Done)
                };
                if let Some(reply) = self.wait_for(self.reply_due(tries), mine)? {
                    let standing = Standing { session: reply.session, expected: reply.expected };
                    return Ok((identity(&reply.result)?, standing));
                }
                self.frames.statistics.timeouts += 1;
            }
            self.stop_if_asked()?;
            tries += 1;
            self.missed = self.missed.max(tries);
            self.give_up_in_time()?;
        }
    }

    /// Waits for one reply and drops all else.
    fn wait_for(
        &mut self,
        until: Duration,
        mine: impl Fn(&Reply) -> bool,
    ) -> Result<Option<Reply>, LinkError> {
        while self.now() < until {
            if let Some(reply) = self.receive(until)?.into_iter().find(&mine) {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    /// Finds out whether the board is still in our session, and goes on from where it is.
    pub(super) fn compare(&mut self) -> Result<(), LinkError> {
        let (identity, Standing { session, expected }) = self.identify()?;
        self.resume = false;
        let same = self.identity.as_ref().is_some_and(|known| known.digest == identity.digest);
        let reset = LinkError::Reset { expected: self.number, found: session };
        if session != self.number || !same {
            return Err(reset);
        }
        // A board that lost its power and then got a late copy of our `open` is in our session, but not where we are.
        let heard = self.window.hear_expected(expected).ok_or(reset)?;
        self.note(heard);
        self.window.go_back();
        Ok(())
    }

    /// Waits for a line that is gone to come back.
    pub(super) fn return_from(&mut self, error: TransportError) -> Result<(), LinkError> {
        if !matches!(error, TransportError::Gone { .. }) || self.absences >= MOST_ABSENCES {
            return Err(error.into());
        }
        self.absences += 1;
        let until = self.now() + self.options.absence;
        loop {
            self.frames.transport.wait(self.now() + LOOK);
            match self.frames.reopen() {
                Ok(()) => break,
                // The system may give a port that came back its owner a little later.
                Err(TransportError::Gone { .. } | TransportError::NoAccess { .. }) if self.now() < until => {}
                Err(error) => return Err(error.into()),
            }
            self.stop_if_asked()?;
        }
        self.resume = true;
        self.progress = self.now();
        Ok(())
    }
}

/// Reads an identity; one of another version may have another length.
fn identity(result: &[u8]) -> Result<Identity, LinkError> {
    match result.first() {
        Some(&version) if version != VERSION => Err(LinkError::Version { found: version }),
        _ => Identity::from_bytes(result).ok_or_else(|| LinkError::malformed(&Command::Identify, result)),
    }
}

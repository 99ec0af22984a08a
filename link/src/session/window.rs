//! The window of a session: which requests are unanswered, and what a reply says about them.
//!
//! Go-back-N: the board executes requests in order only, so once one is lost all after it are sent again. There is no
//! input or output here and no clock.

use crate::protocol::{Command, Reply, ResultCode};
use std::collections::{BTreeMap, VecDeque};

/// Stands for the result of a request until it is taken.
#[derive(Debug, PartialEq, Eq)]
pub struct Ticket(u64);

/// A request the board did not execute, and why.
pub type Refusal = (Command, ResultCode);

#[derive(Debug)]
struct Pending {
    command: Command,
    /// The ticket of who wants the result; nobody if it is a write.
    ticket: Option<u64>,
    answer: Option<(ResultCode, Vec<u8>)>,
}

/// What a reply led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Requests that are now known to be executed or refused.
    pub acknowledged: usize,
    /// Reads whose result was lost.
    pub asked_anew: usize,
    /// A request got lost, and those after it were refused: they go out again.
    pub gap: bool,
}

#[derive(Debug, Default)]
pub struct Window {
    /// Number of the next new request.
    next: u16,
    pending: VecDeque<Pending>,
    /// Pending requests before this one are sent.
    sent: usize,
    /// The most that `sent` was since the oldest one: the board may have executed up to there.
    reached: usize,
    /// Numbers of sent frames that are not answered, oldest first, each with the round it was sent in.
    in_flight: VecDeque<(u16, u32)>,
    /// Counts how often sending went back.
    round: u32,
    tickets: u64,
    results: BTreeMap<u64, Result<Vec<u8>, Refusal>>,
    /// Requests without a ticket that were refused.
    refused: VecDeque<Refusal>,
}

impl Window {
    /// Forgets everything; the next request has that number.
    pub fn restart(&mut self, next: u16) {
        *self = Window { next, tickets: self.tickets, ..Window::default() };
    }

    /// Adds a request whose result nobody wants to the end.
    pub fn post(&mut self, command: Command) {
        self.add(command, None);
    }

    /// Adds a request to the end whose result is wanted.
    pub fn ask(&mut self, command: Command) -> Ticket {
        self.tickets += 1;
        self.add(command, Some(self.tickets));
        Ticket(self.tickets)
    }

    fn add(&mut self, command: Command, ticket: Option<u64>) {
        self.pending.push_back(Pending { command, ticket, answer: None });
        self.next = self.next.wrapping_add(1);
    }

    /// Requests not acknowledged.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether all requests are acknowledged.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Number of the oldest request that is not acknowledged.
    fn base(&self) -> u16 {
        let back = u16::try_from(self.pending.len()).unwrap_or(u16::MAX);
        self.next.wrapping_sub(back)
    }

    /// The next request to send, with its number and whether it was sent before, if the board has room for it.
    pub fn send_next(&mut self, credits: usize) -> Option<(u16, Command, bool)> {
        if self.in_flight.len() >= credits || self.sent >= self.pending.len() {
            return None;
        }
        let number = self.base().wrapping_add(u16::try_from(self.sent).unwrap_or(u16::MAX));
        let again = self.sent < self.reached;
        let command = self.pending[self.sent].command.clone();
        self.in_flight.push_back((number, self.round));
        self.sent += 1;
        self.reached = self.reached.max(self.sent);
        Some((number, command, again))
    }

    /// Whether the frame sent last is the only one on its way.
    pub fn only_one_in_flight(&self) -> bool {
        self.in_flight.len() == 1
    }

    /// Sends everything again from the oldest request on; nothing is on its way any more.
    pub fn go_back(&mut self) {
        self.in_flight.clear();
        self.sent = 0;
        self.round = self.round.wrapping_add(1);
    }

    /// Takes in a reply of our session. One that cannot be, because it is old, changes nothing.
    pub fn hear(&mut self, reply: Reply) -> Heard {
        let Some(ahead) = self.ahead(reply.expected) else { return Heard::default() };
        if reply.code == ResultCode::OtherSession {
            // A late frame of an earlier session was refused, and not the one of ours that has its number.
            return self.acknowledge(ahead);
        }
        let round = self.answered(reply.sequence);
        let at = usize::from(reply.sequence.wrapping_sub(self.base()));
        if reply.code == ResultCode::OutOfOrder {
            let mut heard = self.acknowledge(ahead);
            // Frames of an earlier round tell of a gap that is being filled already.
            if at >= ahead && at < self.reached + ahead && round == Some(self.round) && !self.is_empty() {
                heard.gap = true;
                self.sent = 0;
                self.round = self.round.wrapping_add(1);
            }
            return heard;
        }
        if at < ahead
            && let Some(pending) = self.pending.get_mut(at)
            && pending.command.opcode() == reply.opcode
        {
            pending.answer = Some((reply.code, reply.result));
        }
        self.acknowledge(ahead)
    }

    /// Takes in the number the board expects, learned otherwise. `None` if that cannot be: what was sent does not lead there.
    pub fn hear_expected(&mut self, expected: u16) -> Option<Heard> {
        self.ahead(expected).map(|ahead| self.acknowledge(ahead))
    }

    /// How many requests `expected` acknowledges; `None` if it lies outside of what was sent.
    fn ahead(&self, expected: u16) -> Option<usize> {
        Some(usize::from(expected.wrapping_sub(self.base()))).filter(|&ahead| ahead <= self.reached)
    }

    /// A frame of that number is answered, and those sent before it are answered or lost; the round it was sent in.
    fn answered(&mut self, number: u16) -> Option<u32> {
        let at = self.in_flight.iter().position(|(sent, _)| *sent == number)?;
        self.in_flight.drain(..=at).next_back().map(|(_, round)| round)
    }

    fn acknowledge(&mut self, count: usize) -> Heard {
        let mut heard = Heard { acknowledged: count, ..Heard::default() };
        for _ in 0..count {
            let Some(Pending { command, ticket, answer }) = self.pending.pop_front() else { break };
            match (answer, ticket) {
                (Some((code, result)), Some(ticket)) => {
                    let result = if code == ResultCode::Done { Ok(result) } else { Err((command, code)) };
                    self.results.insert(ticket, result);
                }
                (Some((ResultCode::Done, _)), None) => {}
                (Some((code, _)), None) => self.refused.push_back((command, code)),
                (None, Some(ticket)) => {
                    heard.asked_anew += 1;
                    self.add(command, Some(ticket));
                }
                (None, None) => {}
            }
        }
        self.sent = self.sent.saturating_sub(count);
        self.reached -= count.min(self.reached);
        if self.pending.is_empty() {
            // Replies that are still missing are lost.
            self.in_flight.clear();
        }
        heard
    }

    /// Whether a ticket's result is still to come.
    pub fn awaits(&self, ticket: &Ticket) -> bool {
        self.pending.iter().any(|pending| pending.ticket == Some(ticket.0))
    }

    /// A result that has come.
    pub fn take(&mut self, ticket: &Ticket) -> Option<Result<Vec<u8>, Refusal>> {
        self.results.remove(&ticket.0)
    }

    /// A request without a ticket that was refused.
    pub fn take_refused(&mut self) -> Option<Refusal> {
        self.refused.pop_front()
    }
}

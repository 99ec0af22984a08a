//! A board in this process, at the end of a modelled line, in virtual time.

use crate::Board;
use crate::transport::{Transport, TransportError, line_time};
use std::collections::VecDeque;
use std::time::Duration;
use wheatstone_sim::Engine;

/// A line, and the pace of the board at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineModel {
    /// Its speed; 0 if bytes take no time.
    pub baud: u32,
    /// From one end to the other.
    pub latency: Duration,
    /// What a sample takes the board.
    pub sample_time: Duration,
}

impl Default for LineModel {
    /// A fast USB bridge and a small network.
    fn default() -> Self {
        LineModel {
            baud: 3_000_000,
            latency: Duration::from_millis(1),
            sample_time: Duration::from_micros(10),
        }
    }
}

/// Bytes on their way, each with the time it arrives.
#[derive(Debug, Default)]
struct Direction {
    bytes: VecDeque<(Duration, u8)>,
    /// When the last byte has left.
    free: Duration,
}

impl Direction {
    fn put(&mut self, bytes: &[u8], now: Duration, line: LineModel) {
        for &byte in bytes {
            self.free = self.free.max(now) + line_time(1, line.baud);
            self.bytes.push_back((self.free + line.latency, byte));
        }
    }

    fn next(&self) -> Option<Duration> {
        self.bytes.front().map(|(time, _)| *time)
    }
}

/// The transport to a [`Board`] in this process. It buffers as many requests as its credits say and loses further ones, as
/// hardware does.
#[derive(Debug)]
pub struct BoardTransport<E> {
    board: Board<E>,
    line: LineModel,
    now: Duration,
    to_board: Direction,
    to_host: Direction,
    /// When the sample the board is at ends.
    sample_ends: Option<Duration>,
    /// When each reply that is not sent yet will have left the board: a request keeps its buffer until then.
    buffers: VecDeque<Duration>,
    overruns: u64,
}

impl<E: Engine> BoardTransport<E> {
    /// A line with a board at its end, at time 0.
    pub fn new(board: Board<E>, line: LineModel) -> Self {
        BoardTransport {
            board,
            line,
            now: Duration::ZERO,
            to_board: Direction::default(),
            to_host: Direction::default(),
            sample_ends: None,
            buffers: VecDeque::new(),
            overruns: 0,
        }
    }

    /// The board at the other end.
    pub fn board(&self) -> &Board<E> {
        &self.board
    }

    /// Another board in its place, or the same one just switched on again.
    pub fn set_board(&mut self, board: Board<E>) {
        self.board = board;
        self.sample_ends = None;
        self.buffers.clear();
        self.to_host = Direction::default();
    }

    /// Requests for which the board had no buffer.
    pub fn overruns(&self) -> u64 {
        self.overruns
    }

    /// Lets everything happen up to `until`, or up to the first byte that reaches the host.
    fn run(&mut self, until: Duration, stop_at_byte: bool) {
        let until = until.max(self.now);
        loop {
            if self.sample_ends.is_none() && self.board.is_running() {
                self.sample_ends = Some(self.now + self.line.sample_time);
            }
            let next = [self.to_board.next(), self.sample_ends].into_iter().flatten().min();
            let next = next.filter(|&time| time <= until);
            if stop_at_byte
                && let Some(byte) = self.to_host.next()
                && byte <= next.unwrap_or(until)
            {
                self.now = self.now.max(byte);
                return;
            }
            let Some(time) = next else { break };
            self.now = self.now.max(time);
            if self.sample_ends == Some(time) {
                self.sample_ends = None;
                self.board.work();
            } else if let Some((_, byte)) = self.to_board.bytes.pop_front() {
                self.deliver(byte);
            }
        }
        self.now = self.now.max(until);
    }

    fn deliver(&mut self, byte: u8) {
        while self.buffers.front().is_some_and(|&free| free <= self.now) {
            self.buffers.pop_front();
        }
        if byte == 0 && self.buffers.len() >= self.board.identity().credits.into() {
            self.overruns += 1;
            // What ends in the middle is no frame, and so is not answered.
            self.board.receive(u8::MAX);
        }
        if let Some(reply) = self.board.receive(byte) {
            self.to_host.put(&reply, self.now, self.line);
            self.buffers.push_back(self.to_host.free);
        }
    }
}

impl<E: Engine> Transport for BoardTransport<E> {
    fn describe(&self) -> String {
        "the board in this process".to_owned()
    }

    fn baud(&self) -> u32 {
        self.line.baud
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        self.to_board.put(bytes, self.now, self.line);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, TransportError> {
        self.run(deadline, true);
        let mut count = 0;
        while count < buffer.len() && self.to_host.next().is_some_and(|time| time <= self.now) {
            buffer[count] = self.to_host.bytes.pop_front().map_or(0, |(_, byte)| byte);
            count += 1;
        }
        Ok(count)
    }

    fn wait(&mut self, until: Duration) {
        self.run(until, false);
    }

    fn reopen(&mut self) -> Result<(), TransportError> {
        self.to_board.bytes.clear();
        self.to_host.bytes.clear();
        Ok(())
    }
}

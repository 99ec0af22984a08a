//! Recordings of what goes over a transport, one JSON object a line, and transports that play them back.
//!
//! `{"ns":1234,"to":"board","hex":"...","means":"..."}`: when, to whom, the bytes, and in words what they say. The words are
//! there for readers; nobody reads them back.

use crate::protocol::describe;
use crate::protocol::frame::Splitter;
use crate::transport::{Transport, TransportError, as_inner};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::Duration;
use thiserror::Error;
use wheatstone_sim::{categorize, hex};

/// Who gets bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum To {
    Board,
    Host,
}

/// One line of a recording: the bytes of one frame, or what is left of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    ns: u64,
    to: To,
    hex: String,
    #[serde(default)]
    means: String,
}

/// A recording that cannot be read.
#[derive(Debug, Error)]
pub enum RecordingError {
    /// A line is not as told in the documentation.
    #[error("line {line}: {source}; a recording has one object with ns, to, hex and means a line")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Bytes are not hexadecimal digits.
    #[error("line {line}: `{hex}` are no bytes; write two hexadecimal digits for each")]
    Hex {
        /// Which, from 1.
        line: usize,
        /// What stands there.
        hex: String,
    },
}

categorize! {
    RecordingError {
        BadInput: Line, Hex;
    }
}

/// A transport around another one that writes down what goes over it.
pub struct Recorder<T, O: Write> {
    inner: T,
    output: O,
    splitter: Splitter,
    /// The first thing that went wrong with the output.
    failed: Option<io::Error>,
}

impl<T: Transport, O: Write> Recorder<T, O> {
    /// Writes to `output`.
    pub fn new(inner: T, output: O) -> Self {
        Recorder { inner, output, splitter: Splitter::default(), failed: None }
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// The first thing that went wrong with the output.
    pub fn finish(mut self) -> io::Result<O> {
        self.output.flush()?;
        self.failed.map_or(Ok(self.output), Err)
    }

    fn put(&mut self, to: To, bytes: &[u8]) {
        let ns = u64::try_from(self.inner.now().as_nanos()).unwrap_or(u64::MAX);
        let entry = Entry { ns, to, hex: hex::encode(bytes), means: describe::first_frame(bytes) };
        let written = serde_json::to_writer(&mut self.output, &entry)
            .map_err(io::Error::from)
            .and_then(|()| self.output.write_all(b"\n"));
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }
}

impl<T: Transport, O: Write> Transport for Recorder<T, O> {
    as_inner!();

    fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        self.put(To::Board, bytes);
        self.inner.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, TransportError> {
        let count = self.inner.receive(buffer, deadline)?;
        for &byte in &buffer[..count] {
            if let Some(piece) = self.splitter.push(byte) {
                self.put(To::Host, &[&piece[..], &[0]].concat());
            }
        }
        Ok(count)
    }

    fn wait(&mut self, until: Duration) {
        self.inner.wait(until);
    }

    fn reopen(&mut self) -> Result<(), TransportError> {
        self.splitter.clear();
        self.inner.reopen()
    }
}

/// A transport that plays a recording back, in the recording's time: what the host sends must be what was recorded.
#[derive(Debug)]
pub struct Replay {
    entries: VecDeque<(usize, Duration, To, Vec<u8>)>,
    baud: u32,
    now: Duration,
}

impl Replay {
    /// Reads a recording made at that speed.
    ///
    /// # Errors
    /// [`RecordingError`] names the line.
    pub fn new(recording: &str, baud: u32) -> Result<Replay, RecordingError> {
        let lines = recording.lines().enumerate().map(|(index, text)| (index + 1, text));
        let entries = lines.map(|(line, text)| {
            let Entry { ns, to, hex, .. } =
                serde_json::from_str(text).map_err(|source| RecordingError::Line { line, source })?;
            let bytes = hex::decode(&hex).ok_or(RecordingError::Hex { line, hex })?;
            Ok((line, Duration::from_nanos(ns), to, bytes))
        });
        Ok(Replay { entries: entries.collect::<Result<_, _>>()?, baud, now: Duration::ZERO })
    }

    /// Lines that were not played.
    pub fn left(&self) -> usize {
        self.entries.len()
    }
}

/// Bytes as a recording shows them.
fn shown(to: To, bytes: &[u8]) -> String {
    let to = if to == To::Board { "to the board" } else { "to the host" };
    format!("`{}` {to} ({})", hex::encode(bytes), describe::first_frame(bytes))
}

impl Transport for Replay {
    fn describe(&self) -> String {
        "a recording".to_owned()
    }

    fn baud(&self) -> u32 {
        self.baud
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        let next = self.entries.iter().position(|(_, _, to, _)| *to == To::Board);
        match next.and_then(|at| self.entries.remove(at)) {
            Some((_, _, _, recorded)) if recorded == bytes => Ok(()),
            Some((line, _, to, recorded)) => Err(TransportError::Replay {
                line,
                expected: shown(to, &recorded),
                found: shown(To::Board, bytes),
            }),
            None => Err(TransportError::Replay {
                line: 0,
                expected: "nothing more to the board".to_owned(),
                found: shown(To::Board, bytes),
            }),
        }
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, TransportError> {
        if let Some((_, time, To::Host, bytes)) = self.entries.front_mut()
            && *time <= deadline.max(self.now)
        {
            self.now = self.now.max(*time);
            let count = bytes.len().min(buffer.len());
            buffer.iter_mut().zip(bytes.drain(..count)).for_each(|(place, byte)| *place = byte);
            if bytes.is_empty() {
                self.entries.pop_front();
            }
            return Ok(count);
        }
        self.now = self.now.max(deadline);
        Ok(0)
    }

    fn wait(&mut self, until: Duration) {
        self.now = self.now.max(until);
    }

    fn reopen(&mut self) -> Result<(), TransportError> {
        Ok(())
    }
}

//! A transport that tells in words what goes over it.

use crate::protocol::describe;
use crate::protocol::frame::Splitter;
use crate::transport::{Transport, TransportError, as_inner};
use std::io::Write;
use std::time::Duration;

/// A transport around another one that writes every frame in words: `>` to the board, `<` from it.
#[derive(Debug)]
pub struct Tracer<T, O> {
    inner: T,
    output: O,
    splitter: Splitter,
}

impl<T: Transport, O: Write> Tracer<T, O> {
    /// Writes to `output`, and goes on if that fails.
    pub fn new(inner: T, output: O) -> Self {
        Tracer { inner, output, splitter: Splitter::default() }
    }

    fn tell(&mut self, direction: char, text: &str) {
        let seconds = self.inner.now().as_secs_f64();
        drop(writeln!(self.output, "{seconds:12.6} {direction} {text}"));
    }

    fn tell_frames(&mut self, direction: char, bytes: &[u8]) {
        for frame in bytes.split(|&byte| byte == 0).filter(|frame| !frame.is_empty()) {
            self.tell(direction, &describe::frame(frame));
        }
    }
}

impl<T: Transport, O: Write> Transport for Tracer<T, O> {
    as_inner!();

    fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        self.tell_frames('>', bytes);
        self.inner.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, TransportError> {
        let count = self.inner.receive(buffer, deadline)?;
        for &byte in &buffer[..count] {
            if let Some(piece) = self.splitter.push(byte) {
                self.tell_frames('<', &piece);
            }
        }
        Ok(count)
    }

    fn wait(&mut self, until: Duration) {
        self.inner.wait(until);
    }

    fn reopen(&mut self) -> Result<(), TransportError> {
        let reopened = self.inner.reopen();
        let text = reopened.as_ref().err().map_or("opened anew".to_owned(), ToString::to_string);
        self.tell('-', &text);
        reopened
    }
}

//! A wire that tells in words what goes over it.

use crate::protocol::describe;
use crate::transport::{Wire, WireError};
use std::io::Write;
use std::time::Duration;

/// A wire around another one that writes every frame in words: `>` to the board, `<` from it.
#[derive(Debug)]
pub struct Tracer<W, O> {
    inner: W,
    output: O,
    /// What came since the last zero.
    part: Vec<u8>,
}

impl<W: Wire, O: Write> Tracer<W, O> {
    /// Writes to `output`, and goes on if that fails.
    pub fn new(inner: W, output: O) -> Self {
        Tracer { inner, output, part: Vec::new() }
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

impl<W: Wire, O: Write> Wire for Tracer<W, O> {
    fn describe(&self) -> String {
        self.inner.describe()
    }

    fn baud(&self) -> u32 {
        self.inner.baud()
    }

    fn now(&self) -> Duration {
        self.inner.now()
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), WireError> {
        self.tell_frames('>', bytes);
        self.inner.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, WireError> {
        let count = self.inner.receive(buffer, deadline)?;
        for &byte in &buffer[..count] {
            self.part.push(byte);
            if byte == 0 {
                let part = std::mem::take(&mut self.part);
                self.tell_frames('<', &part);
            }
        }
        Ok(count)
    }

    fn wait(&mut self, until: Duration) {
        self.inner.wait(until);
    }

    fn reopen(&mut self) -> Result<(), WireError> {
        let reopened = self.inner.reopen();
        let text = reopened.as_ref().err().map_or("opened anew".to_owned(), ToString::to_string);
        self.tell('-', &text);
        reopened
    }
}

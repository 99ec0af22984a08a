//! Frames over a transport: requests go out, replies come in, and everything is counted.

use super::error::LinkError;
use super::statistics::LinkStatistics;
use crate::protocol::frame::{self, Deframer, Header};
use crate::protocol::{Reply, ReplyError};
use crate::transport::{Transport, TransportError, line_time};
use std::time::Duration;

/// The lowest opcode of a reply.
const FIRST_REPLY: u8 = 128;

/// A transport with frames on it.
#[derive(Debug)]
pub struct Frames<T> {
    pub transport: T,
    pub statistics: LinkStatistics,
    deframer: Deframer,
    /// When the bytes handed to the transport will have left.
    free: Duration,
    /// What came since the board last got on.
    noise: Noise,
}

#[derive(Debug, Default)]
struct Noise {
    bytes: u64,
    echoes: u64,
    not_a_reply: Option<ReplyError>,
}

impl<T: Transport> Frames<T> {
    pub fn new(transport: T) -> Self {
        Frames {
            transport,
            statistics: LinkStatistics::default(),
            deframer: Deframer::default(),
            free: Duration::ZERO,
            noise: Noise::default(),
        }
    }

    /// When all that was sent will have left.
    pub fn free(&self) -> Duration {
        self.free.max(self.transport.now())
    }

    /// Sends a request. With `lead`, a zero first: it ends whatever noise the board may have taken for the beginning of a frame.
    pub fn send(&mut self, header: Header, payload: &[u8], lead: bool) -> Result<(), TransportError> {
        let contents = [&header.to_bytes()[..], payload].concat();
        let lead: &[u8] = if lead { &[0] } else { &[] };
        let bytes = [lead, &frame::encode(&contents)].concat();
        self.statistics.frames_sent += 1;
        self.statistics.bytes_sent += bytes.len() as u64;
        self.free = self.free() + line_time(bytes.len() as u64, self.transport.baud());
        self.transport.send(&bytes)
    }

    /// The replies that come until `deadline`, or earlier if any bytes come.
    pub fn receive(&mut self, deadline: Duration) -> Result<Vec<Reply>, TransportError> {
        let mut buffer = [0; 512];
        let count = self.transport.receive(&mut buffer, deadline)?;
        self.statistics.bytes_received += count as u64;
        self.noise.bytes += count as u64;
        let mut replies = Vec::new();
        for found in buffer[..count].iter().filter_map(|&byte| self.deframer.push(byte)) {
            let Ok(contents) = found else {
                self.statistics.damaged += 1;
                continue;
            };
            match Reply::from_bytes(&contents) {
                Ok(reply) => {
                    self.statistics.frames_received += 1;
                    replies.push(reply);
                }
                Err(_) if Header::from_bytes(&contents).opcode < FIRST_REPLY => self.noise.echoes += 1,
                Err(error) => self.noise.not_a_reply = Some(error),
            }
        }
        Ok(replies)
    }

    /// Opens the transport anew; what was on its way is lost.
    pub fn reopen(&mut self) -> Result<(), TransportError> {
        self.transport.reopen()?;
        self.statistics.reopened += 1;
        self.deframer = Deframer::default();
        self.free = self.transport.now();
        Ok(())
    }

    /// The board got on: what came before was not noise only.
    pub fn clear_noise(&mut self) {
        self.noise = Noise::default();
    }

    /// Why the board did not get on for so long, judged by what came instead of replies.
    pub fn silence(&self, tries: u32, waited: Duration) -> LinkError {
        let (port, baud) = (self.transport.describe(), self.transport.baud());
        match self.noise {
            Noise { not_a_reply: Some(error), .. } => {
                LinkError::NotABoard { port, reason: error.to_string() }
            }
            Noise { echoes: 1.., .. } => LinkError::Loopback { port },
            Noise { bytes: 0, .. } => LinkError::Silent { port, baud, tries, waited },
            Noise { bytes, .. } => LinkError::Garbled { port, baud, bytes, waited },
        }
    }
}

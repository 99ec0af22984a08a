//! What can go wrong between a host and a board, and what to do then.

use super::window::Refusal;
use crate::protocol::{Command, ResultCode, VERSION, describe};
use crate::transport::TransportError;
use std::time::Duration;
use thiserror::Error;
use wheatstone_sim::categorize;

/// A session that cannot go on.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The line is gone, may not be used, or fails.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Nothing comes back.
    #[error(
        "nothing at {port} answers at {baud} baud, after {tries} tries in {waited:.1?}; check that the board has power and its bitstream, and the cable and baud"
    )]
    Silent {
        /// The port that was used.
        port: String,
        /// Its speed in baud.
        baud: u32,
        /// Requests sent without a reply.
        tries: u32,
        /// For how long.
        waited: Duration,
    },
    /// Bytes come back, and no frame is whole.
    #[error(
        "what comes from {port} at {baud} baud is garbled ({bytes} bytes in {waited:.1?}, and no whole frame lately); check the baud and the cable, and that this is the board's port"
    )]
    Garbled {
        /// The port that was used.
        port: String,
        /// Its speed in baud.
        baud: u32,
        /// Bytes that came.
        bytes: u64,
        /// For how long.
        waited: Duration,
    },
    /// Our own frames come back.
    #[error(
        "{port} gives back what is sent; its two data lines are joined, or a terminal echoes: connect the board"
    )]
    Loopback {
        /// The port that was used.
        port: String,
    },
    /// Frames come that are no replies.
    #[error("what answers at {port} is no Wheatstone board: {reason}")]
    NotABoard {
        /// The port that was used.
        port: String,
        /// What is wrong with its replies.
        reason: String,
    },
    /// The board speaks another version of the protocol.
    #[error(
        "the board speaks version {found} of the link protocol and this program version {VERSION}; load a bitstream made by this version, or use the program that made the board's"
    )]
    Version {
        /// The version that the board tells.
        found: u8,
    },
    /// The board says it has no room for any request.
    #[error("the board offers no credits; its bitstream is at fault, load another")]
    NoCredits,
    /// The board does not do what it was asked.
    #[error("the board refuses to {command} ({code:?}); {}", advice(*.code))]
    Refused {
        /// What it was asked.
        command: String,
        /// Why it refuses.
        code: ResultCode,
    },
    /// A reply of another length than the command's.
    #[error("the board answers {bytes} bytes to `{command}`; its bitstream is at fault, load another")]
    Malformed {
        /// What it was asked.
        command: String,
        /// Bytes of the result.
        bytes: usize,
    },
    /// The board no longer knows our session: it lost power, or another program has it.
    #[error(
        "the board, in session {found}, is not where our session {expected} was: it lost power, or another program opened it; its state is lost, go on from the last checkpoint"
    )]
    Reset {
        /// Number of our session.
        expected: u8,
        /// Number of the session the board is in.
        found: u8,
    },
    /// The array came to no rest.
    #[error(
        "the array did not come to rest in time and was reset: a handshake is broken, so the bitstream's delays do not fit this part; build it with more margin, or run `wheatstone verify` on the board"
    )]
    Stalled,
    /// A run does not get on.
    #[error(
        "the board answers but has been at sample {done} of a run of {limit} for {waited:.1?}; switch it off and on, and resume from the last checkpoint"
    )]
    Stuck {
        /// Samples the board has done.
        done: u32,
        /// Samples asked for.
        limit: u32,
        /// For how long.
        waited: Duration,
    },
    /// Asked to stop while the board was silent or gone.
    #[error("interrupted while waiting for the board at {port}")]
    Interrupted {
        /// The port that was used.
        port: String,
    },
}

categorize! {
    LinkError {
        inner: Transport;
        Link: Silent, Garbled, Loopback, NotABoard, Version, NoCredits, Refused, Malformed, Reset, Stalled, Stuck;
        Interrupted: Interrupted;
    }
}

impl LinkError {
    /// The board did not execute a command.
    pub(super) fn refused((command, code): Refusal) -> LinkError {
        LinkError::Refused { command: describe::command(&command), code }
    }

    /// A command's result has another length than the protocol says.
    pub fn malformed(command: &Command, result: &[u8]) -> LinkError {
        LinkError::Malformed { command: describe::command(command), bytes: result.len() }
    }
}

fn advice(code: ResultCode) -> &'static str {
    match code {
        ResultCode::Busy => "it is in a run this program did not start: another program uses it",
        ResultCode::Unknown | ResultCode::Length => {
            "it speaks another dialect of the protocol: load a bitstream made by this version"
        }
        ResultCode::Address => "its memories are smaller than it says: load a bitstream made by this version",
        ResultCode::NotAState => "the state is none of its design: use a checkpoint of this design",
        ResultCode::Done | ResultCode::OutOfOrder | ResultCode::OtherSession => "switch it off and on",
    }
}

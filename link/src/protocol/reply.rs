//! What a board answers.

use super::frame::{self, Header};
use super::{u8_at, u16_at};
use thiserror::Error;
use wheatstone_sim::categorize;

/// Added to a request's opcode in its reply.
const REPLY: u8 = 128;
/// Bytes of a reply before its result.
const HEAD: usize = frame::HEADER + 3;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResultCode {
    /// The command was executed.
    Done,
    /// Its number is not the expected one; not executed.
    OutOfOrder,
    /// It is of another session; not executed.
    OtherSession,
    /// No such opcode or memory.
    Unknown,
    /// The payload is too short or too long.
    Length,
    /// The memory ends before.
    Address,
    /// A run is in progress, and this needs rest.
    Busy,
    /// What was written to the scan chain is no state of the design.
    NotAState,
}

impl ResultCode {
    /// All of them, in the order of their numbers on the wire.
    pub const ALL: [ResultCode; 8] = [
        ResultCode::Done,
        ResultCode::OutOfOrder,
        ResultCode::OtherSession,
        ResultCode::Unknown,
        ResultCode::Length,
        ResultCode::Address,
        ResultCode::Busy,
        ResultCode::NotAState,
    ];

    fn number(self) -> u8 {
        ResultCode::ALL.iter().position(|&code| code == self).and_then(|i| u8::try_from(i).ok()).unwrap_or(0)
    }

    /// Whether the request used up its number.
    pub fn is_consumed(self) -> bool {
        !matches!(self, ResultCode::OutOfOrder | ResultCode::OtherSession)
    }
}

/// What a board answers to one frame.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reply {
    /// The board's session.
    pub session: u8,
    /// Number of the request it answers.
    pub sequence: u16,
    /// Opcode of the request it answers.
    pub opcode: u8,
    /// What became of it.
    pub code: ResultCode,
    /// The number the board executes next.
    pub expected: u16,
    /// What was asked for.
    pub result: Vec<u8>,
}

/// A whole frame that is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum ReplyError {
    /// It is too short.
    #[error(
        "a reply of {0} bytes, and {HEAD} is the least; this is not a Wheatstone board, or of another version"
    )]
    Length(usize),
    /// Its opcode is a request's.
    #[error("opcode {0} is not a reply's; the line is looped back, or this is not a board")]
    Opcode(u8),
    /// A result code nobody knows.
    #[error("result code {0} is not known; the board speaks another version of the protocol")]
    ResultCode(u8),
}

categorize! {
    ReplyError {
        Link: Length, Opcode, ResultCode;
    }
}

impl Reply {
    /// The contents of its frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = Header {
            session: self.session,
            sequence: self.sequence,
            opcode: self.opcode.wrapping_add(REPLY),
        };
        let mut bytes = header.to_bytes().to_vec();
        bytes.push(self.code.number());
        bytes.extend(self.expected.to_le_bytes());
        bytes.extend(&self.result);
        bytes
    }

    /// Reads the contents of a frame.
    ///
    /// # Errors
    /// [`ReplyError`] if it is no reply.
    pub fn from_bytes(bytes: &[u8]) -> Result<Reply, ReplyError> {
        let result = bytes.get(HEAD..).ok_or(ReplyError::Length(bytes.len()))?.to_vec();
        let Header { session, sequence, opcode } = Header::from_bytes(bytes);
        let opcode = opcode.checked_sub(REPLY).ok_or(ReplyError::Opcode(opcode))?;
        let code = u8_at(bytes, frame::HEADER);
        let code = ResultCode::ALL.get(usize::from(code)).copied().ok_or(ReplyError::ResultCode(code))?;
        Ok(Reply { session, sequence, opcode, code, expected: u16_at(bytes, frame::HEADER + 1), result })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_parses_writes_the_same(bytes in prop::collection::vec(any::<u8>(), 0..=40)) {
            if let Ok(reply) = Reply::from_bytes(&bytes) {
                prop_assert_eq!(reply.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn what_is_no_reply_is_told_apart() {
        assert_eq!(Reply::from_bytes(&[0; 6]), Err(ReplyError::Length(6)));
        assert_eq!(Reply::from_bytes(&[0, 0, 0, 1, 0, 0, 0]), Err(ReplyError::Opcode(1)));
        assert_eq!(Reply::from_bytes(&[0, 0, 0, 129, 8, 0, 0]), Err(ReplyError::ResultCode(8)));
    }
}

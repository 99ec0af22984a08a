//! What host and board share: frames, commands, replies and the layout of samples. `docs/link-protocol.md` tells the whole
//! protocol.
//!
//! [`frame`] makes bytes into frames that are whole or not there. [`Command`] and [`Reply`] are what valid frames say.
//! [`SampleLayout`] is how samples lie in a board's memory. The generator of the gateware takes its numbers from here.

mod command;
pub(crate) mod describe;
pub mod frame;
mod identity;
mod reply;
pub(crate) mod sample_layout;
mod status;

pub use command::{Command, Run, SampleOrder, Settings, Space};
pub use identity::{Identity, LinkLimit};
pub use reply::{Reply, ReplyError, ResultCode};
pub use sample_layout::{SampleLayout, sense_code};
pub use status::Status;

/// The version of the protocol told here.
pub const VERSION: u8 = 1;

/// The most data a frame carries to or from a memory, in bytes.
pub const MOST_DATA: usize = 240;

/// Integers of a fixed layout. Bytes that are missing read as 0; whoever parses checks the length first.
fn little_endian<const BYTES: usize>(bytes: &[u8], at: usize) -> u64 {
    (0..BYTES).rev().fold(0, |value, i| (value << 8) | u64::from(bytes.get(at + i).copied().unwrap_or(0)))
}

fn u8_at(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}

#[expect(clippy::cast_possible_truncation, reason = "two bytes were read")]
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    little_endian::<2>(bytes, at) as u16
}

#[expect(clippy::cast_possible_truncation, reason = "four bytes were read")]
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    little_endian::<4>(bytes, at) as u32
}

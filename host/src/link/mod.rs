//! The host's end of the link. `docs/link-protocol.md` tells the protocol; its shared code is [`wheatstone_sim::link`].
//!
//! A [`Wire`] carries bytes: a [`SerialWire`] to a real port, a [`BoardWire`] to a board in this process in virtual time.
//! A [`Session`] makes commands and results of them: retries, credits, sessions, lines that go away and come back. What a
//! board is used for is [`Linked`](crate::device::Linked)'s.

mod board_wire;
mod describe;
mod error;
mod faulty;
mod frames;
mod opening;
mod options;
mod serial;
mod session;
mod statistics;
mod window;
mod wire;

pub use board_wire::{BoardWire, Line};
pub use error::LinkError;
pub use faulty::{FaultCounts, Faults, Faulty};
pub use options::{Options, Stop};
pub use serial::SerialWire;
pub use session::Session;
pub(crate) use session::malformed;
pub use statistics::Statistics;
pub use window::Ticket;
pub use wire::{Wire, WireError, line_time};

//! The host's end of the link. `docs/link-protocol.md` tells the protocol; its shared code is [`wheatstone_sim::link`].
//!
//! A [`Wire`] carries bytes: a [`SerialWire`] to a real port, a [`BoardWire`] to a board in this process in virtual time,
//! an [`RtlWire`] to the simulated gateware, a `PtyBoard` to one in a process of its own. Around any of them go [`Faulty`], [`Recorder`] and [`Tracer`]; a [`Replay`]
//! plays what was recorded.
//! A [`Session`] makes commands and results of them: retries, credits, sessions, lines that go away and come back. What a
//! board is used for is [`Linked`](crate::device::Linked)'s.

mod board_wire;
mod describe;
mod error;
mod faulty;
mod frames;
mod opening;
mod options;
#[cfg(unix)]
mod pty;
mod recording;
mod recording_file;
mod rtl_wire;
mod serial;
mod session;
mod statistics;
mod tracer;
mod window;
mod wire;

pub use board_wire::{BoardWire, Line};
pub use error::LinkError;
pub use faulty::{FaultCounts, Faults, Faulty};
pub use options::{Options, Stop};
#[cfg(unix)]
pub use pty::{LineUse, Pty, PtyBoard};
pub use recording::{Recorder, RecordingError, Replay};
pub use recording_file::RecordingFile;
pub use rtl_wire::RtlWire;
pub use serial::SerialWire;
pub use session::Session;
pub(crate) use session::malformed;
pub use statistics::Statistics;
pub use tracer::Tracer;
pub use window::Ticket;
pub use wire::{Wire, WireError, line_time};

//! The transports that need the system or the hardware's simulation; the others, and all above them, are
//! [`wheatstone_link`]'s.
//!
//! [`SerialTransport`] leads to a real port, [`RtlTransport`] to the simulated gateware, `PtyBoard` to a virtual board in a process of its
//! own. What a board is used for is [`Linked`](crate::device::Linked)'s.

#[cfg(unix)]
mod pty;
mod recording_file;
mod rtl_transport;
mod serial;

#[cfg(unix)]
pub use pty::{LineUse, Pty, PtyBoard};
pub use recording_file::RecordingFile;
pub use rtl_transport::RtlTransport;
pub use serial::SerialTransport;

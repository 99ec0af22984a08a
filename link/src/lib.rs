//! The link: how a host and a board that learns talk over a serial line. `docs/link-protocol.md` is its text.
//!
//! [`protocol`] is what both ends share: frames, commands, replies, how samples lie in a board's memory. [`Board`] is the
//! board's end in its plainest form, around any engine: the reference that gateware is tested against. [`Session`] is the host's
//! end: commands go in and results come out, whatever the line loses, doubles, damages or delays.
//!
//! Between them is a [`Transport`]: bytes, and a clock. [`BoardTransport`] leads to a board in this process, in virtual time. Around any
//! of them go [`Faulty`], [`Recorder`] and [`Tracer`]; a [`Replay`] plays what was recorded. Nothing here opens a port or a file,
//! and nothing above a transport looks at the wall clock.
//!
//! ```
//! use std::sync::Arc;
//! use wheatstone_link::protocol::{Command, Run, SampleLayout, Settings, Space, Status};
//! use wheatstone_link::{Board, BoardTransport, Capacities, LineModel, SessionOptions, Session};
//! use wheatstone_sim::network::{EdgeKind, crossbar};
//! use wheatstone_sim::{
//!     Configuration, Design, Engine, Format, Initial, LearningSchedule, Nudge, Omega, OutputCoding, Reference, Rules, Sample,
//!     Sense, State, Target, scan,
//! };
//!
//! // Two rails and one output, which learns to divide in half.
//! let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
//! let design = Arc::new(Design::new(crossbar(2, 1, EdgeKind::Linear)?, Format::WIDE, rules)?);
//! let configuration = Configuration { steps: 8, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
//! let start = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 1);
//! let half = Target { voltage: 10_000, sense: Sense::Equal };
//! let sample = Sample { inputs: vec![20_000, 0], targets: vec![Some(half)] };
//! let mut model = Reference::new(design.clone(), configuration, start)?;
//!
//! // A board with the same design and state, at the end of a line of 3 Mbaud.
//! let board = Board::new(model.clone(), Capacities::default())?;
//! let mut session = Session::new(BoardTransport::new(board, LineModel::default()), SessionOptions::default());
//! session.open()?;
//! let record = SampleLayout::of(design.network()).encode(&sample, None);
//! let data = record.iter().flat_map(|word| word.to_le_bytes()).collect();
//! session.post(Command::Write { space: Space::Samples, address: 0, data })?;
//! session.post(Command::Configure(Settings::new(configuration, OutputCoding::default())?))?;
//! let run = Run { learn: true, impose_targets: true, store_answers: false, limit: 200, ..Run::reading(1) };
//! session.post(Command::Run(run))?;
//! while Status::from_bytes(&session.call(Command::Status)?).is_some_and(|status| status.running) {}
//!
//! // The state comes back over the scan chain, and is what the model learns by itself.
//! let count = u8::try_from(scan::byte_length(&design))?;
//! let chain = session.call(Command::Read { space: Space::Scan, address: 0, count })?;
//! for _ in 0..200 {
//!     model.train(&sample)?;
//! }
//! assert_eq!(scan::from_bytes(&design, &chain, 0), model.state());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod board;
mod board_transport;
mod faults;
pub mod protocol;
mod recording;
mod session;
mod tracer;
mod transport;

pub use board::{Board, Capacities};
pub use board_transport::{BoardTransport, LineModel};
pub use faults::{FaultCounts, Faults, Faulty};
pub use recording::{Recorder, RecordingError, Replay};
pub use session::{LinkError, LinkStatistics, Session, SessionOptions, Stop, Ticket};
pub use tracer::Tracer;
pub use transport::{Transport, TransportError, line_time};

//! Devices by their names: what a URL stands for, opened.

use super::{BoardError, DeviceUrl, Linked, SerialUrl, SimulatedArray};
use crate::link::{RecordingFile, RtlTransport, SerialTransport};
use crate::ports::System;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use wheatstone_hdl::Board;
use wheatstone_hdl::tile::FoldedOptions;
use wheatstone_hdl::top::TopError;
use wheatstone_learn::device::{Device, DeviceError, DeviceKind, Model};
use wheatstone_link::protocol::Identity;
use wheatstone_link::{Faults, Faulty, Recorder, SessionOptions, Stop, Tracer, Transport};
use wheatstone_sim::{Checkpoint, Configuration, Design, LearningSchedule, State};

/// Added to a session's number for whoever opens the next one.
const SALTS: u32 = 251;

/// What goes around the transport to a board.
#[derive(Debug, Default)]
pub struct Around {
    /// Where every byte is recorded.
    pub recording: Option<RecordingFile>,
    /// Every frame is told on standard error.
    pub trace: bool,
    /// Faults are injected, drawn from this seed.
    pub faults: Option<u64>,
}

/// Faults as bad as on a cable that ought to be replaced: about one frame in ten is hurt.
pub const BAD_CABLE: Faults = Faults {
    dropped: 200,
    flipped: 200,
    doubled: 100,
    inserted: 100,
    delayed: 10_000,
    late: 10_000,
    repeated: 10_000,
    lateness: Duration::from_millis(20),
    unplugged: 0,
    absence: Duration::ZERO,
    unpowered: 0,
    brownouts: 0,
};

/// Opens a device for a design. A device in software starts in `state`; a board keeps what it has. So many threads share what the
/// model does. Waiting ends when `stop` says so.
///
/// # Errors
/// [`DeviceError`] says what stands in the way.
pub fn open(
    url: &DeviceUrl,
    design: &Arc<Design>,
    state: &State,
    threads: NonZeroUsize,
    stop: Stop,
    around: Around,
) -> Result<Box<dyn Device>, DeviceError> {
    if *url != DeviceUrl::Sim {
        // What no board can be is told before one is begun.
        Identity::of(design).map_err(BoardError::from)?;
    }
    let salt = u8::try_from(std::process::id() % SALTS).unwrap_or(0);
    let options = SessionOptions { salt, stop, ..SessionOptions::default() };
    let connect = |transport: Box<dyn Transport>, kind| {
        let linked = Linked::connect(around.wrap(transport), Arc::clone(design), options)?;
        Ok(Box::new(linked.called(kind)) as Box<dyn Device>)
    };
    match url {
        DeviceUrl::Sim => Ok(Box::new(Model::with_threads(Arc::clone(design), state.clone(), threads)?)),
        DeviceUrl::Pty => connect(virtual_board(design, state)?, DeviceKind::VirtualBoard),
        DeviceUrl::Rtl(array) => {
            let transport = simulated(*array, design).map_err(BoardError::from)?;
            connect(Box::new(transport), DeviceKind::Simulation)
        }
        DeviceUrl::Serial(line) => connect(Box::new(serial(line)?), DeviceKind::Board),
    }
}

/// The simulated gateware.
fn simulated(array: SimulatedArray, design: &Arc<Design>) -> Result<RtlTransport, TopError> {
    let board = Board::default();
    let spatial = || RtlTransport::new(Arc::clone(design), board.technology(), board);
    let folded = || RtlTransport::new(Arc::clone(design), FoldedOptions::for_board(board), board);
    match array {
        SimulatedArray::Spatial => spatial(),
        SimulatedArray::Folded => folded(),
        SimulatedArray::Either => match spatial() {
            // Its scan chain is too long.
            Err(TopError::Link(limit)) => folded().map_err(|error| match error {
                TopError::NotFoldable(_) => TopError::Link(limit),
                error => error,
            }),
            other => other,
        },
    }
}

impl Around {
    fn wrap(self, mut transport: Box<dyn Transport>) -> Box<dyn Transport> {
        if let Some(seed) = self.faults {
            transport = Box::new(Faulty::new(transport, BAD_CABLE, seed, |_| ()));
        }
        if self.trace {
            transport = Box::new(Tracer::new(transport, io::stderr()));
        }
        match self.recording {
            Some(file) => Box::new(Recorder::new(transport, file)),
            None => transport,
        }
    }
}

fn serial(line: &SerialUrl) -> Result<SerialTransport, BoardError> {
    let port = System::new().resolve(line)?;
    Ok(SerialTransport::open(&port.path.to_string_lossy(), line.baud())
        .map_err(wheatstone_link::LinkError::from)?)
}

/// A virtual board in a process of its own: this program, started again.
#[cfg(unix)]
fn virtual_board(design: &Arc<Design>, state: &State) -> Result<Box<dyn Transport>, BoardError> {
    use crate::link::PtyBoard;
    let start = |source| BoardError::VirtualBoard { source };
    let checkpoint = Checkpoint {
        design: (**design).clone(),
        configuration: Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 },
        samples: 0,
        steps: 0,
        remark: String::new(),
        state: state.clone(),
    };
    let mut file = tempfile::NamedTempFile::new().map_err(start)?;
    file.write_all(&checkpoint.to_bytes()).and_then(|()| file.flush()).map_err(start)?;
    let program: PathBuf = std::env::current_exe().map_err(start)?;
    let arguments = ["virtual-board".as_ref(), "--checkpoint".as_ref(), file.path().as_os_str()];
    // The board has read its checkpoint when it names its port.
    let board = PtyBoard::start(program, arguments, super::DEFAULT_BAUD);
    Ok(Box::new(board.map_err(wheatstone_link::LinkError::from)?))
}

#[cfg(not(unix))]
fn virtual_board(_: &Arc<Design>, _: &State) -> Result<Box<dyn Transport>, BoardError> {
    Err(BoardError::VirtualBoard { source: io::ErrorKind::Unsupported.into() })
}

//! What only a device behind a link can say.

use crate::ports::PortError;
use thiserror::Error;
use wheatstone_hdl::TopError;
use wheatstone_learn::device::DeviceError;
use wheatstone_link::protocol::LinkLimit;
use wheatstone_link::{LinkError, TransportError};
use wheatstone_sim::BoxedError;
use wheatstone_sim::{StateError, categorize};

/// A device behind a link that could not be opened, or not do what it was asked.
#[derive(Debug, Error)]
pub enum BoardError {
    /// The state is none of the design.
    #[error(transparent)]
    State(#[from] StateError),
    /// The design or a setting is more than a link can say.
    #[error(transparent)]
    Limit(#[from] LinkLimit),
    /// The design cannot be put on a chip.
    #[error(transparent)]
    Chip(#[from] TopError),
    /// No port, several, or one that may not be used.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The process of a virtual board.
    #[error(
        "the virtual board cannot be started: {source}; its checkpoint goes to the folder for temporary files"
    )]
    VirtualBoard {
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no board, or no longer.
    #[error(transparent)]
    NoDevice(TransportError),
    /// There is a board, and not for us.
    #[error(transparent)]
    NoAccess(TransportError),
    /// The board does not answer, or not as the protocol says.
    #[error(transparent)]
    Link(LinkError),
    /// The board holds another design.
    #[error("the board holds {found} and this is about {expected}; load the bitstream built for this design")]
    OtherDesign {
        /// Name, format and digest of the board's.
        found: String,
        /// Of the one that was to be there.
        expected: String,
    },
    /// The board has no room for a single sample.
    #[error(
        "a sample of this network has {words} words and the board's sample memory {found}; build a bitstream with more"
    )]
    Memory {
        /// Words of a sample.
        words: usize,
        /// Words of the memory.
        found: u32,
    },
    /// The network needs more phases than an array has.
    #[error("the network's nodes need {phases} colours, and an array has two; choose a bipartite network")]
    Phases {
        /// Colours that the nodes need.
        phases: u8,
    },
    /// An input remembers what no sample can have put there.
    #[error(
        "input node {node} has u_F = {u_free} and u_C = {u_clamped}, and an array keeps one voltage without guard bits for an \
         input; present a sample to the model before moving its state to a board"
    )]
    InputState {
        /// The node's name.
        node: String,
        /// Its free accumulator.
        u_free: i64,
        /// Its clamped accumulator.
        u_clamped: i64,
    },
}

categorize! {
    BoardError {
        inner: State, Limit, Chip, Port, NoDevice, NoAccess, Link;
        Failed: VirtualBoard;
        BadInput: OtherDesign, Memory, Phases, InputState;
    }
}

impl From<LinkError> for BoardError {
    fn from(error: LinkError) -> BoardError {
        match error {
            LinkError::Transport(error @ (TransportError::Gone { .. } | TransportError::Ended { .. })) => {
                BoardError::NoDevice(error)
            }
            LinkError::Transport(error @ TransportError::NoAccess { .. }) => BoardError::NoAccess(error),
            error => BoardError::Link(error),
        }
    }
}

impl From<BoardError> for DeviceError {
    fn from(error: BoardError) -> DeviceError {
        match error {
            BoardError::State(error) => DeviceError::State(error),
            error => DeviceError::Specific(BoxedError::new(error)),
        }
    }
}

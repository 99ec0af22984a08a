//! What can be wrong with the structure of a routed chip.

use serde::Serialize;
use thiserror::Error;

/// What is wrong with the structure of a routed chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Error)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A matched delay is not as long as the design says.
    #[error("its matched delay has another length than the design's")]
    ChainLength,
    /// A LUT of a matched delay does something else.
    #[error("is a LUT of a matched delay that does not hold back the fire")]
    ChainFunction,
    /// A fire runs over a global buffer, whose delays the file of delays does not tell.
    #[error("puts a fire on a global buffer; its net needs the attribute `noglobal`")]
    PromotedFire,
    /// A fire runs over a global buffer and beside it.
    #[error(
        "clocks some flip-flops over a global buffer and others not, so that nothing is known of their skew"
    )]
    SplitFire,
    /// A strobe of a folded array is made otherwise than of the clock's low half, or not at all.
    #[error("is no gate that lets the low half of the board's clock through")]
    Gate,
    /// A flip-flop is clocked by something else.
    #[error("is clocked neither by a fire nor by the board's clock")]
    ForeignClock,
    /// A loop without a flip-flop.
    #[error("is part of a loop without a flip-flop")]
    Loop,
    /// A request starts at 1.
    #[error("holds a request and starts at 1")]
    PhaseStart,
    /// A request is not reset as the others of its cell are.
    #[error("holds a request and has another reset than its cell's")]
    PhaseReset,
    /// Data come from a cell that sends no request with them.
    #[error("takes data from a cell that sends it no request")]
    DataWithoutRequest,
    /// A cell whose fire nothing brings about.
    #[error("never fires: no request reaches its join")]
    NoRequest,
    /// A cell whose fire its own flip-flops do not end.
    #[error("has a fire that its own phase does not end")]
    NoPulseEnd,
    /// The chip has no clock.
    #[error("is not there: the island has no clock")]
    NoClock,
}

/// A fault of the structure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Error)]
#[error("{cell}: {object} {kind}")]
pub struct Fault {
    /// The cell; empty for what lies in none.
    pub cell: String,
    /// The net, cell or pin that is wrong.
    pub object: String,
    /// What is wrong with it.
    pub kind: FaultKind,
}

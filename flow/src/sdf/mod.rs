//! Delays of a routed chip: the part of the standard delay format (IEEE 1497) that nextpnr writes.
//!
//! A file has one entry a cell, with the delays from its inputs to its outputs (`IOPATH`) and what its flip-flops ask for
//! (`SETUPHOLD`, `SETUP`, `HOLD`, `WIDTH`), and one entry for the top with the delays of all wires (`INTERCONNECT`). Every
//! delay is `(min:typ:max)` or a single value for all three, for a rising and for a falling edge. Times are whole
//! femtoseconds, read from the decimals without a float between.
//!
//! Anything else in a file is refused, with the line and column where it stands: a delay that is skipped is a delay that
//! nobody checks.
//!
//! ```
//! use wheatstone_flow::sdf::{Sdf, Time};
//!
//! let sdf = Sdf::parse(r#"(DELAYFILE (TIMESCALE 1ps)
//!     (CELL (CELLTYPE "LUT4") (INSTANCE edge_0\.lut0)
//!         (DELAY (ABSOLUTE (IOPATH A Z (141:188.5:236) (141:188.5:236))))))"#)?;
//! let path = &sdf.cells[0].paths[0];
//! assert_eq!(sdf.cells[0].instance, "edge_0.lut0");
//! assert_eq!(path.delay.rise.typ, Time::from_fs(188_500));
//!
//! let wrong = Sdf::parse("(DELAYFILE\n  (TIMESCALE 3ps))").unwrap_err();
//! assert_eq!(wrong.to_string(), "2:14: `3ps` is no time scale; write 1, 10 or 100 and a unit from s to fs");
//! # Ok::<(), wheatstone_flow::sdf::SdfError>(())
//! ```

mod lexer;
mod parser;
mod time;
mod write;

pub use time::{Time, Unit};

use thiserror::Error;
use wheatstone_hdl::Corner;
use wheatstone_sim::categorize;

/// Delays of one kind in the three corners that a file tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Triple {
    /// The least, in the fast corner.
    pub min: Time,
    /// In the typical corner.
    pub typ: Time,
    /// The greatest, in the slow corner.
    pub max: Time,
}

impl Triple {
    /// The same in all corners.
    pub const fn all(time: Time) -> Triple {
        Triple { min: time, typ: time, max: time }
    }

    /// In one corner.
    pub fn at(&self, corner: Corner) -> Time {
        match corner {
            Corner::Min => self.min,
            Corner::Typ => self.typ,
            Corner::Max => self.max,
        }
    }
}

/// A delay of a rising and of a falling edge of what it leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delay {
    /// Of a rising edge.
    pub rise: Triple,
    /// Of a falling edge.
    pub fall: Triple,
}

impl Delay {
    /// In a corner: the longer of both edges if it should be late, else the shorter.
    pub fn at(&self, corner: Corner, late: bool) -> Time {
        let (rise, fall) = (self.rise.at(corner), self.fall.at(corner));
        if late { rise.max(fall) } else { rise.min(fall) }
    }
}

/// An edge of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// From 0 to 1.
    Rising,
    /// From 1 to 0.
    Falling,
}

/// A pin of the cell an entry is about, with the edge that counts; both if there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The pin of the cell.
    pub name: String,
    /// The edge it is meant at; any if absent.
    pub edge: Option<Edge>,
}

/// A delay through a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IoPath {
    /// The input, with its edge if the output only follows one.
    pub from: Port,
    /// The output that follows it.
    pub to: String,
    /// From one to the other, for both edges.
    pub delay: Delay,
}

/// A pin anywhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PinName {
    /// The cell it belongs to; empty for a port of the chip.
    pub instance: String,
    /// The pin in that instance.
    pub port: String,
}

/// A delay of a wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interconnect {
    /// The output that drives it.
    pub from: PinName,
    /// The input it ends in.
    pub to: PinName,
    /// From one to the other, for both edges.
    pub delay: Delay,
}

/// Something a cell asks of its inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimingCheck {
    /// The data stand this long before the clock's edge. Of a negative time, they may come after.
    Setup {
        /// The data.
        data: Port,
        /// The clock.
        clock: Port,
        /// How long.
        time: Triple,
    },
    /// The data stand this long after the clock's edge. Of a negative time, they may go before.
    Hold {
        /// The data.
        data: Port,
        /// The clock.
        clock: Port,
        /// How long.
        time: Triple,
    },
    /// A level that begins with the edge lasts this long.
    Width {
        /// The pin and the edge.
        port: Port,
        /// How long.
        time: Triple,
    },
}

/// What a file says of one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The type of the instance, as `CELLTYPE` tells it.
    pub kind: String,
    /// Its name, without escapes; empty for the top.
    pub instance: String,
    /// Delays from its inputs to its outputs.
    pub paths: Vec<IoPath>,
    /// Delays of wires, in the top's entry.
    pub wires: Vec<Interconnect>,
    /// What it asks for.
    pub checks: Vec<TimingCheck>,
}

/// A file of delays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sdf {
    /// The name of the design; empty if the file does not say.
    pub design: String,
    /// Its cells, as they come.
    pub cells: Vec<Cell>,
}

impl Sdf {
    /// Reads a file's text.
    ///
    /// # Errors
    /// [`SdfError`] at the first place that is not of the subset.
    pub fn parse(text: &str) -> Result<Sdf, SdfError> {
        parser::parse(text)
    }
}

/// A place of a file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{line}:{column}: {fault}")]
pub struct SdfError {
    /// Line, counted from 1.
    pub line: usize,
    /// Character of the line, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub fault: SdfFault,
}

categorize!(SdfError: BadInput);

/// What is wrong with a file of delays.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SdfFault {
    /// Something else should come.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What should come.
        expected: &'static str,
        /// What comes.
        found: String,
    },
    /// A text without an end.
    #[error("this quotation mark is never closed")]
    OpenText,
    /// A time scale that is none.
    #[error("`{text}` is no time scale; write 1, 10 or 100 and a unit from s to fs")]
    TimeScale {
        /// What stands there.
        text: String,
    },
    /// A number that is none, or a time of 1 ms or more.
    #[error("`{text}` is no delay; write a decimal of less than 1 ms")]
    Number {
        /// What stands there.
        text: String,
    },
    /// One or three values make a delay.
    #[error("`{text}` has {count} values; write one, or three as min:typ:max")]
    Values {
        /// What stands there.
        text: String,
        /// How many it has.
        count: usize,
    },
    /// A delay whose corners are not in order.
    #[error("`{text}` is not in the order min:typ:max")]
    Order {
        /// What stands there.
        text: String,
    },
    /// A construct that is not of the subset.
    #[error("`{keyword}` is not read here; only what nextpnr writes is")]
    Unsupported {
        /// Its keyword.
        keyword: String,
    },
    /// A pin of a wire without an instance.
    #[error("`{name}` names no pin; write instance{divider}port")]
    NoPin {
        /// What stands there.
        name: String,
        /// What divides them in this file.
        divider: char,
    },
}

categorize! {
    SdfFault {
        BadInput: Unexpected, OpenText, TimeScale, Number, Values, Order, Unsupported, NoPin;
    }
}

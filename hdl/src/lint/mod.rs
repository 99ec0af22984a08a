//! Structural checks of an emitted array: is it clockless, and made of joins and forks only?
//!
//! Yosys flattens the emitted Verilog; the checks walk the resulting graph of bits. They are proofs about structure, not
//! tests: each covers every flip-flop, net and path there is, under every value of every input. Two assume something:
//! `no-look-at-requests` that the scan input is low, `held-back-fires` that the strobe is.
//!
//! | check | claim |
//! |---|---|
//! | `own-fire` | every flip-flop is clocked by the fire of its own cell and by nothing else |
//! | `fire-from-requests` | every fire is made in its own cell, from requests, `strobe`, `scan` and `reset` |
//! | `no-loop` | every loop passes a flip-flop |
//! | `delayed-requests` | every path from a flip-flop or request from outside to a fire passes the matched delay |
//! | `held-back-fires` | no fire is high before every LUT of its matched delay is, and these rise one after another |
//! | `joined-requests` | requests from outside a cell reach its fire through its join only |
//! | `no-look-at-requests` | no register's data or enable depends on a request from outside its cell |
//! | `no-latch` | there are gates, flip-flops and delay LUTs only, and each drives its nets alone |
//! | `no-asynchronous-set` | only the reset input sets or resets a flip-flop without a clock |
//! | `off-global-buffers` | every fire net has `noglobal` |
//! | `kept-delays` | every LUT of a delay chain has `keep` |
//!
//! What they do not say: whether a delay is long enough (that is measured after place-and-route), whether a join waits
//! for the right phase of its requests, and whether the cell computes what it should.

mod array;
mod attributes;
mod clocks;
mod cone;
mod constants;
pub mod convention;
mod delays;
mod graph;
mod joins;
mod kind;
mod loops;
mod report;
mod synthesis;

pub use report::{Check, Fault, Report, Violation};

use crate::tool_category;
use array::Array;
use graph::Graph;
use std::io;
use thiserror::Error;
use wheatstone_sim::{Categorized, ErrorCategory};
use wheatstone_tools::{Tool, ToolError};

/// An array that could not be examined.
#[derive(Debug, Error)]
pub enum LintError {
    /// Yosys is missing, or refuses the Verilog.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The folder yosys works in.
    #[error("cannot use a temporary folder: {source}; free space there, or set TMPDIR")]
    Folder {
        /// Why.
        source: io::Error,
    },
    /// The netlist does not read as one.
    #[error("the netlist is not the JSON of yosys: {source}; use yosys 0.38 or newer")]
    Netlist {
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The top module is not there.
    #[error("the netlist has no module `{}`; the checks need the whole array", convention::TOP)]
    NoTop,
    /// No instance can be told from another.
    #[error("the netlist does not tell its hierarchy; it has no instances, or yosys is older than 0.38")]
    NoHierarchy,
}

impl Categorized for LintError {
    fn category(&self) -> ErrorCategory {
        match self {
            LintError::Tool(error) => tool_category(error),
            LintError::Folder { source } => ErrorCategory::Failed.unless_denied(source),
            LintError::Netlist { .. } | LintError::NoTop | LintError::NoHierarchy => ErrorCategory::Failed,
        }
    }
}

/// Checks the Verilog of an array.
///
/// # Errors
/// [`LintError`] if the array cannot be examined. What the checks find is in the report.
pub fn check_verilog(yosys: &Tool, verilog: &str) -> Result<Report, LintError> {
    check_netlist(&synthesis::netlist(yosys, verilog)?)
}

/// Checks the netlist of an array: the text of yosys's `write_json`, flattened after its gates were made.
///
/// # Errors
/// [`LintError`] if the netlist cannot be examined. What the checks find is in the report.
pub fn check_netlist(json: &str) -> Result<Report, LintError> {
    let graph = Graph::parse(json)?;
    let array = Array::of(&graph);
    let checks = vec![
        clocks::own_fire(&array),
        clocks::fire_from_requests(&array),
        loops::no_loop(&graph),
        delays::delayed(&array),
        delays::held_back(&array),
        joins::joined(&array),
        joins::no_look_at_requests(&array),
        joins::no_latch(&array),
        joins::no_asynchronous_set(&array),
        attributes::off_global_buffers(&array),
        attributes::kept_delays(&array),
    ];
    Ok(Report { checks })
}

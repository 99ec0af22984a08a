//! Areas that could not be measured, and why.

use crate::technology::Technology;
use crate::tool_category;
use std::io;
use thiserror::Error;
use wheatstone_sim::{Categorized, ErrorCategory};
use wheatstone_tools::ToolError;

/// Areas that could not be measured.
#[derive(Debug, Error)]
pub enum AreaError {
    /// There is no device.
    #[error("{} has no LUTs to count; choose a board with an ECP5 or an iCE40", technology.name())]
    NoDevice {
        /// What the array is for.
        technology: Technology,
    },
    /// The array has no such cell.
    #[error("the array has no cell of the kind `{cell}`; it has {}", kinds.join(", "))]
    NoSuchCell {
        /// The kind of cell.
        cell: String,
        /// Those it has.
        kinds: Vec<String>,
    },
    /// Yosys fails on a cell.
    #[error("{cell}: {source}")]
    Tool {
        /// The kind of cell.
        cell: String,
        /// Why.
        source: ToolError,
    },
    /// The folder yosys works in.
    #[error("cannot use a temporary folder: {source}; free space there, or set TMPDIR")]
    Folder {
        /// Why.
        source: io::Error,
    },
    /// What yosys counted does not read as that.
    #[error("{cell}: the statistics are not the JSON of yosys: {source}; use yosys 0.38 or newer")]
    Statistics {
        /// The kind of cell.
        cell: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The cell is not among what yosys counted.
    #[error("{cell} is not in the statistics of yosys; use yosys 0.38 or newer")]
    NotCounted {
        /// The kind of cell.
        cell: String,
    },
}

impl Categorized for AreaError {
    fn category(&self) -> ErrorCategory {
        match self {
            AreaError::NoDevice { .. } => ErrorCategory::BadInput,
            AreaError::NoSuchCell { .. } | AreaError::Statistics { .. } | AreaError::NotCounted { .. } => {
                ErrorCategory::Failed
            }
            AreaError::Tool { source, .. } => tool_category(source),
            AreaError::Folder { source } => ErrorCategory::Failed.unless_denied(source),
        }
    }
}

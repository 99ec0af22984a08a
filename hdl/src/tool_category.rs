//! Of what category the errors of tools are. The crate that runs them knows no categories, so that it stays quick to compile.

use wheatstone_sim::ErrorCategory;
use wheatstone_tools::ToolError;

/// The category of a tool's error.
pub fn tool_category(error: &ToolError) -> ErrorCategory {
    match error {
        ToolError::NotFound { .. } | ToolError::NotAFile { .. } | ToolError::Failed { .. } => {
            ErrorCategory::Failed
        }
        ToolError::Start { source, .. } | ToolError::Log { source, .. } => {
            ErrorCategory::Failed.unless_denied(source)
        }
        ToolError::Stopped { .. } => ErrorCategory::Interrupted,
    }
}

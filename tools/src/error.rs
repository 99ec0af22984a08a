//! What can go wrong with a tool.

use crate::Program;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A tool that cannot be used, or that found a fault.
#[derive(Debug, Error)]
pub enum ToolError {
    /// It is nowhere.
    #[error(
        "{program} was not found in PATH; install it (`cargo xtask setup` or `{}`) or set {} to its file",
        program.installation(),
        program.variable()
    )]
    NotFound {
        /// What was looked for.
        program: Program,
    },
    /// The environment names a file that is none.
    #[error("{} names {}, which is not a file; correct it, or unset it to search PATH", program.variable(), path.display())]
    NotAFile {
        /// What was looked for.
        program: Program,
        /// What the environment variable says.
        path: PathBuf,
    },
    /// The operating system did not start it.
    #[error("{}: cannot be started in {}: {source}; check that both exist and may be used", path.display(), folder.display())]
    Start {
        /// The file of the program.
        path: PathBuf,
        /// The folder it was to run in.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It ran and said no.
    #[error("{} failed with {}; it said:\n{output}", path.display(), exit_text(*code))]
    Failed {
        /// The file of the program.
        path: PathBuf,
        /// Its exit code; absent if a signal ended it.
        code: Option<i32>,
        /// The last lines of its output.
        output: String,
    },
    /// Its log cannot be written.
    #[error("{}: cannot be written: {source}; free space there, or choose another folder", path.display())]
    Log {
        /// The log.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was asked to stop, and is gone.
    #[error("{} was stopped", path.display())]
    Stopped {
        /// The file of the program.
        path: PathBuf,
    },
}

fn exit_text(code: Option<i32>) -> String {
    code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"))
}

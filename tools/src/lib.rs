//! The open tools that the hardware is checked and built with, run as processes.
//!
//! [`Tool::find`] looks for a [`Program`] in three places: the environment variable that names its file (`WHEATSTONE_YOSYS` and so on),
//! the folder where `cargo xtask setup` installs pinned versions (`target/tools` of the checkout this was compiled from, or the folder
//! that `WHEATSTONE_TOOLS` names), and `PATH`. [`Tool::run`] captures the output, [`Tool::run_logged`] writes it to a file and can be
//! stopped at any moment. The exit code is never ignored: a failure shows the last lines the program wrote.
//!
//! The crate depends on little, so that the project's tasks compile in seconds.
//!
//! # Example
//!
//! A shell stands in for yosys. It gets a time limit, which the second call exceeds:
//!
//! ```
//! use std::time::{Duration, Instant};
//! use wheatstone_tools::{Program, Tool, ToolError};
//!
//! # if cfg!(unix) {
//! let yosys = Tool::at(Program::Yosys, "/bin/sh");
//! let folder = tempfile::tempdir()?;
//! let log = folder.path().join("synth.log");
//! let within = |script: &str, limit: Duration| {
//!     let begin = Instant::now();
//!     yosys.run_logged(["-c", script], folder.path(), &log, || begin.elapsed() > limit)
//! };
//!
//! within("echo 3 cells > cells.txt; echo done", Duration::from_secs(60))?;
//! assert_eq!(std::fs::read_to_string(&log)?, "done\n");
//! assert!(folder.path().join("cells.txt").exists(), "tools run in the folder they are given");
//!
//! let late = within("exec sleep 60", Duration::ZERO);
//! assert!(matches!(late, Err(ToolError::Stopped { .. })));
//!
//! let failed = yosys.run(["-c", "echo no such file; exit 3"], folder.path()).unwrap_err();
//! assert_eq!(failed.to_string(), "/bin/sh failed with exit code 3; it said:\nno such file");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod program;
mod tool;
mod version;

pub use error::ToolError;
pub use program::Program;
pub use tool::{Output, SETUP_VARIABLE, Tool, WATCH};

//! What every measurement of Wheatstone has in common, whether it is of a training step beside other software
//! (`cargo xtask compare-speed`) or of time and energy to a goal (`wheatstone bench`).
//!
//! - [`Worker`]: a process that is asked in JSON, one request and one reply a line.

mod worker;

pub use worker::{Worker, WorkerError};

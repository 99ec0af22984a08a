//! What every measurement of Wheatstone has in common, whether it is of a training step beside other software
//! (`cargo xtask compare-speed`) or of time and energy to a goal (`wheatstone bench`).
//!
//! - [`Worker`]: a process that is asked in JSON, one request and one reply a line; [`training_step`]: what `compare-speed` asks.
//! - [`TurnOrder`]: who has a turn when.
//! - [`statistics`]: medians, ratios, and the one kind of interval they have.
//! - [`Machine`], [`LoadWatch`]: where something was measured, and what others did there meanwhile.
#![cfg_attr(not(test), expect(clippy::cast_precision_loss, reason = "counts far below 2^53"))]

mod bounded;
mod load;
mod machine;
mod number;
pub mod statistics;
pub mod training_step;
mod turns;
mod worker;

pub use bounded::Bounded;
pub use load::{DISTURBED, LoadWatch};
pub use machine::{Machine, date};
pub use number::{significant, with_prefix};
pub use turns::{Turn, TurnOrder};
pub use worker::{Worker, WorkerError};

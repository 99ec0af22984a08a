//! The parts every cell is made of that are not arithmetic: flip-flops, matched delays, joins.

mod carry;
mod delay;
mod flop;
mod join;

pub(crate) use carry::{CarryRow, SaturationRow};
pub use delay::matched_delay;
pub use flop::{falling_flop, register};
pub use join::{join_ends, join_requests, rest};

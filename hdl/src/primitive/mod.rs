//! The parts every cell is made of that are not arithmetic: flip-flops, matched delays, joins.
//!
//! | primitive | behaviour | Verilog | delay |
//! |---|---|---|---|
//! | [`register`](register()) | `q` takes `d` when `fire` rises and `enable` is 1 | `always @(posedge fire)` | [clock to output](crate::Technology::clock_to_q_ps) |
//! | [`falling_flop`] | `q` takes `d` when `fire` falls | `always @(negedge fire)` | [clock to output](crate::Technology::clock_to_q_ps) |
//! | [`matched_delay`](matched_delay()) | rises `n` LUTs after `enable`, falls one LUT after it | a chain of kept `LUT4`, `SB_LUT4` or `delay_lut` | `n` times a [LUT](crate::Technology::lut_ps) |
//! | [`delay_line`] | follows `n` LUTs late, both ways | a chain of kept LUTs | `n` times a [LUT](crate::Technology::lut_ps) |
//! | [`join_requests`] | a node's join: all requests equal its phase, and `go` differs from `done` | `assign` | [LUT](crate::Technology::lut_ps) levels of the AND |
//! | [`join_ends`] | an edge's join: both requests differ from its phase, and the last pulse is over | `assign` | two [LUTs](crate::Technology::lut_ps) |
//! | [`idle`] | every node's `done` equals `go` | `assign` | [LUT](crate::Technology::lut_ps) levels of the AND |
//!
//! Adders with a gate in front of every bit, which are written out for the ECP5's `CCU2C`, are parts of the leaves that
//! use them: their delay is the leaf's, from [`Technology::carry_ps`].
//!
//! Every delay is the documented one of the device with an average wire: enough to size matched delays before anything is
//! placed.
//!
//! [`Technology::carry_ps`]: crate::Technology::carry_ps
//! [`falling_flop`]: falling_flop()
//! [`join_requests`]: join_requests()
//! [`join_ends`]: join_ends()
//! [`delay_line`]: delay_line()
//! [`idle`]: idle()

mod carry;
mod delay;
mod flop;
mod join;

pub(crate) use carry::{CarryRow, SaturationRow};
pub use delay::{clock_gate, delay_line, matched_delay};
pub use flop::{falling_flop, register};
pub use join::{idle, join_ends, join_requests};

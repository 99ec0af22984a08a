//! What the array is estimated to take on an FPGA nobody has metered yet.
//!
//! The simulated array trains samples while an [`Activity`](wheatstone_hdl::activity::Activity) counts what switches;
//! [`constants`] turn counts into joules and time into static energy. Counts and times are simulated, joules are
//! estimated: two bounds an order of magnitude or more apart, because no vendor says what a toggle costs. The first
//! meter in a board's supply replaces all of it.

pub mod constants;
mod estimate;

pub use constants::Constant;
pub use estimate::{EXCLUDES, Estimate, EstimateError, Part, estimate};

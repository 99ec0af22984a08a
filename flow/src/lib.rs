//! From the self-timed array to a bitstream with open tools, its timing proved after routing.

pub mod baked;
pub mod check;
pub mod routed;
pub mod sdf;
pub mod twin;

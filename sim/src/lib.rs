//! Bit-exact model of a self-timed, fixed-point resistor network that learns.

mod format;
mod sample;

pub use format::{Format, FormatError, shift_rounded};
pub use sample::{Sample, Sense, Target};

//! Board meters: power read now and then, integrated between marks.
//!
//! A [`LogMeter`] reads what an instrument wrote to a file; a [`SerialMeter`] listens to an INA219 or INA226 behind a
//! microcontroller. Both read lines of the same [`columns`], fill a [`Trace`], and integrate it by the trapezoid rule,
//! interpolated at the marks. `docs/energy-method.md` describes both formats.

pub mod columns;
mod error;
mod log;
mod sampled;
mod serial;
mod trace;

/// Who says how accurate a meter is.
const GIVEN: &str = "given by the user";

pub use error::{ColumnError, LogError, LogProblem, MeterError};
pub use log::{LogMeter, LogOptions, parse_log};
pub use sampled::{Readings, Sampled};
pub use serial::{SerialMeter, SerialOptions};
pub use trace::{Reading, Tolerance, Trace};

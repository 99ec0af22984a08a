//! Energy: where it can be read, how it is measured, and what the array is estimated to take.
//!
//! An [`EnergySource`] says how much energy its scope took between two marks: the processor's own counters ([`rapl`]),
//! a GPU's ([`nvml`]), a [`meter`] in a board's supply. [`find_sources`] tells which there are, and of those that are
//! missing, why. [`measure()`] lets baselines take turns under them and gives quantities with 95 % intervals. [`fpga`]
//! estimates what no meter has read yet, and [`mod@reference`] holds published quantities to compare with. Every quantity
//! carries its [`Kind`](crate::quantity::Kind).
//!
//! The method, its reasons and its sources of error are in `docs/energy-method.md`.

pub mod clock;
pub mod cross_check;
pub mod fpga;
pub mod measure;
pub mod measurement;
pub mod meter;
pub mod nvml;
pub mod plan;
pub mod rapl;
pub mod reference;
pub mod search;
pub mod source;
pub mod units;

pub use clock::{Clock, SystemClock};
pub use cross_check::CrossCheck;
pub use measure::{Activity, Baseline, MeasureError, Progress, Spent, measure, spend};
pub use measurement::{Basis, Measurement, Round};
pub use plan::{Plan, PlanError};
pub use search::{BOARD_METER, Found, Search, find_sources};
pub use source::{Description, EnergySource, Mark, Resolution, Scope, SourceError};
pub use units::{Bounded, Joule, Watt};

//! Energy: where it can be read, how it is measured, and what the array is estimated to take.
//!
//! An [`EnergySource`] says how much energy its scope took between two marks: the processor's own counters ([`rapl`]), a
//! [`meter`] in a board's supply. [`measure()`] lets contenders take turns under them and gives figures with 95 % intervals. Every figure
//! carries its [`Kind`].

pub mod clock;
pub mod measure;
pub mod measurement;
pub mod meter;
pub mod plan;
pub mod quantity;
pub mod rapl;
pub mod source;
pub mod statistics;

pub use clock::{Clock, SystemClock};
pub use measure::{Activity, Contender, MeasureError, Progress, measure};
pub use measurement::{Basis, FigureError, Measured, Measurement, Quantity, Round};
pub use plan::{Order, Plan, PlanError};
pub use quantity::{Bounded, Joule, Kind, Watt};
pub use source::{Description, EnergySource, Mark, Missing, Resolution, Scope, SourceError};

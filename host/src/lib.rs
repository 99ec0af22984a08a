//! Everything the `wheatstone` command is made of.

pub mod data;
pub mod metrics;
pub mod plot;
pub mod report;

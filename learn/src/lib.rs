//! Training of resistor networks that learn by themselves: data, configurations, runs.

pub mod bounded;
pub mod cohort;
pub mod config;
pub mod conversion;
pub mod cross_validation;
pub mod data;
pub mod device;
pub mod evaluation;
pub mod experiment;
pub mod given;
pub mod metrics;
pub mod network_file;
pub mod prediction;
pub mod preset;
pub mod run;
pub mod training;
pub mod verification;
pub mod whole_file;

//! Everything the `wheatstone` command is made of.

pub mod bench;
mod bounded;
pub mod building;
pub mod cohort;
pub mod config;
pub mod conversion;
pub mod cross_validation;
pub mod data;
pub mod device;
pub mod energy;
pub mod evaluation;
pub mod experiment;
pub mod figure;
pub mod given;
pub mod link;
pub mod loading;
pub mod metrics;
pub mod network_file;
pub mod plot;
pub mod ports;
pub mod prediction;
pub mod preset;
pub mod report;
pub mod run;
pub mod training;
pub mod verification;
pub mod whole_file;

//! Everything the `wheatstone` command is made of.

pub mod bench;
pub mod building;
pub mod device;
pub mod energy;
pub mod link;
pub mod loading;
pub mod plot;
pub mod ports;
pub mod quantity;
pub mod report;
pub mod tables;

//! What both benches share.
#![allow(dead_code, reason = "either bench uses another part of it")]
#![allow(clippy::unwrap_used, reason = "a bench may panic")]

pub mod plain;
pub mod roofline;
pub mod subjects;

//! The I/O island: the synchronous part of a board, on the board's own clock, between the serial line and the array.
//!
//! Its blocks are rust-hdl's own, derived and translated by its macros, because everything here has one clock and a
//! fixed width. Those macros are easily given expressions of which simulation and Verilog differ; so each block is
//! replayed in a Verilog simulator by [`replay`], clock by clock.

mod assembler;
pub mod controller;
pub mod core;
mod instruction;
pub mod memory;
pub mod program;
mod ram;

pub use controller::Controller;
pub use core::Core;
pub use memory::{Memory, MemoryKind, TwoPortMemory};

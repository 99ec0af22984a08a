//! The I/O island: the synchronous part of a board, on the board's own clock, between the serial line and the array.
//!
//! Its blocks are rust-hdl's own, derived and translated by its macros, because everything here has one clock and a
//! fixed width. Those macros are easily given expressions of which simulation and Verilog differ; so each block is
//! replayed in a Verilog simulator by [`replay`], clock by clock.

pub mod array_interface;
/// A block with these fields; those whose names follow begin as by default: signals unconnected, flip-flops at 0.
macro_rules! block {
    ($block:ident { $($given:tt)* } $($field:ident)+) => {
        $block { $($field: Default::default(),)+ $($given)* }
    };
}

mod assembler;
pub mod controller;
pub mod core;
pub mod counter;
mod instruction;
pub mod link;
pub mod memory;
mod options;
pub mod ports;
pub mod program;
mod ram;
pub mod receiver;
pub mod replay;
pub mod shuffler;
pub mod square;
pub mod streamer;
pub mod streaming_core;
pub mod transmitter;
pub mod uart;
pub mod verilog;
pub mod whole;

pub use array_interface::{ArrayInterface, Ranks};
pub use controller::Controller;
pub use core::Core;
pub use counter::SaturatingCounter;
pub use link::SerialLink;
pub use memory::{Memory, TwoPortMemory, WatchedMemory};
pub use options::{IslandOptions, MemoryKind};
pub use receiver::LinkReceiver;
pub use shuffler::Shuffler;
pub use square::Square;
pub use streamer::{StreamedRecord, Streamer};
pub use streaming_core::StreamingCore;
pub use transmitter::LinkTransmitter;
pub use uart::{UartReceiver, UartTransmitter};
pub use verilog::verilog_of;
pub use whole::{Island, PlainIsland, StreamingIsland};

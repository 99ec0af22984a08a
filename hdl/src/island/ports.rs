//! The ports that blocks of the island hand on, each list once.
//!
//! A block has such a list as one field. In Verilog its ports have their own names, without the field's. Manifests hold the
//! digest of that text, so the names stay: `rest` says that the array is idle, and what begins with `border` goes to the
//! array's interface.

use rust_hdl::prelude::*;

/// The frame that waits, and the reply: between the controller and the serial link.
#[derive(Clone, Debug, Default, LogicInterface)]
pub struct FramePorts {
    /// 1 while a whole frame waits.
    pub frame_ready: Signal<In, Bit>,
    /// Bytes of the frame that waits, without its CRC.
    pub frame_length: Signal<In, Bits<8>>,
    /// Which of them to show.
    pub frame_address: Signal<Out, Bits<8>>,
    /// The one asked for a clock ago.
    pub frame_data: Signal<In, Bits<8>>,
    /// The frame that waited is done with.
    pub frame_release: Signal<Out, Bit>,
    /// Damaged frames so far.
    pub damaged: Signal<In, Bits<16>>,
    /// Frames so far for which there was no room.
    pub overruns: Signal<In, Bits<16>>,
    /// A byte to send.
    pub reply_byte: Signal<Out, Bits<8>>,
    /// `reply_byte` is valid.
    pub reply_push: Signal<Out, Bit>,
    /// The byte is taken if it is valid.
    pub reply_accept: Signal<In, Bit>,
    /// The reply is complete.
    pub reply_finish: Signal<Out, Bit>,
}

/// What the controller asks of the array and its interface, and hears from them.
#[derive(Clone, Debug, Default, LogicInterface)]
pub struct ArrayPorts {
    /// Number of an output.
    pub answer_index: Signal<Out, Bits<16>>,
    /// Its free voltage, sign-extended.
    pub answer: Signal<In, Bits<16>>,
    /// The array's steps in the next burst.
    pub steps: Signal<Out, Bits<8>>,
    /// Whether the burst closes.
    pub close: Signal<Out, Bit>,
    /// Whether inputs take the sample.
    pub present: Signal<Out, Bit>,
    /// Number of the burst's first step modulo 2.
    pub phase: Signal<Out, Bit>,
    /// Whether edges learn when the burst closes.
    pub learn: Signal<Out, Bit>,
    /// Whether only some edges learn.
    pub desynchronous: Signal<Out, Bit>,
    /// How few, minus 1.
    pub rarity: Signal<Out, Bits<3>>,
    /// What is added to every learning shift, 0 to 3.
    pub offset: Signal<Out, Bits<2>>,
    /// Whether the array's interface shows the senses.
    pub impose: Signal<Out, Bit>,
    /// The request for a burst, two-phase: each change is one.
    pub go: Signal<Out, Bit>,
    /// Scan mode: all registers of the array form one shift register.
    pub scan: Signal<Out, Bit>,
    /// Clocks the scan chain.
    pub strobe: Signal<Out, Bit>,
    /// Into the scan chain.
    pub scan_in: Signal<Out, Bit>,
    /// Brings the handshakes to their start.
    pub reset: Signal<Out, Bit>,
    /// The array is idle; asynchronous to the clock.
    pub rest: Signal<In, Bit>,
    /// Out of the scan chain.
    pub scan_out: Signal<In, Bit>,
}

/// The frames that are received, oldest first: what a [`LinkReceiver`](super::LinkReceiver) shows.
#[derive(Clone, Debug, Default, LogicInterface)]
pub struct SlotPorts {
    /// A whole frame waits.
    pub ready: Signal<Out, Bit>,
    /// How many bytes the frame has without its CRC, while `ready` is 1.
    pub length: Signal<Out, Bits<8>>,
    /// Which byte of the frame to show.
    pub address: Signal<In, Bits<8>>,
    /// The byte at the `address` of the last edge, if `ready` was 1 then.
    pub data: Signal<Out, Bits<8>>,
    /// 1 for one clock, while `ready` is 1: the frame is done with. `ready` is then 0 for some clocks.
    pub free: Signal<In, Bit>,
    /// Frames that were not whole. Stops at 65535.
    pub damaged: Signal<Out, Bits<16>>,
    /// Whole frames for which there was no slot when they began. Stops at 65535.
    pub overruns: Signal<Out, Bits<16>>,
}

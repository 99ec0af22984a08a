//! The whole way between the pins of a serial line and the frames of the link protocol.

use super::ports::SlotPorts;
use super::receiver::LinkReceiver;
use super::transmitter::LinkTransmitter;
use super::uart::{UartReceiver, UartTransmitter};
use rust_hdl::prelude::*;

/// A [`UartReceiver`] before a [`LinkReceiver`], and a [`LinkTransmitter`] before a [`UartTransmitter`]. Its ports are
/// theirs; those of the transmitter begin with `reply`.
#[derive(LogicBlock)]
pub struct SerialLink {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// The line from the host.
    pub rx: Signal<In, Bit>,
    /// The line to the host.
    pub tx: Signal<Out, Bit>,

    /// The frames that are received.
    pub frames: SlotPorts,

    /// A byte of a reply.
    pub reply_data: Signal<In, Bits<8>>,
    /// Whether there is one.
    pub reply_push: Signal<In, Bit>,
    /// Whether it would be taken.
    pub reply_accept: Signal<Out, Bit>,
    /// The reply is complete.
    pub reply_finish: Signal<In, Bit>,
    /// A new reply may begin.
    pub reply_idle: Signal<Out, Bit>,

    uart_receiver: UartReceiver,
    uart_transmitter: UartTransmitter,
    receiver: LinkReceiver,
    transmitter: LinkTransmitter,
}

impl SerialLink {
    /// A link over a line of some baud with a number of frame slots.
    ///
    /// # Panics
    /// As [`UartReceiver::new`] and [`LinkReceiver::new`].
    pub fn new(clock_hz: u32, baud: u32, credits: u8) -> SerialLink {
        block! {
            SerialLink {
                uart_receiver: UartReceiver::new(clock_hz, baud),
                uart_transmitter: UartTransmitter::new(clock_hz, baud),
                receiver: LinkReceiver::new(credits),
            }
            clock rx tx frames reply_data reply_push reply_accept reply_finish reply_idle
            transmitter
        }
    }
}

impl Logic for SerialLink {
    #[hdl_gen]
    fn update(&mut self) {
        self.uart_receiver.clock.next = self.clock.val();
        self.uart_transmitter.clock.next = self.clock.val();
        self.receiver.clock.next = self.clock.val();
        self.transmitter.clock.next = self.clock.val();

        self.uart_receiver.rx.next = self.rx.val();
        self.receiver.line_data.next = self.uart_receiver.data.val();
        self.receiver.line_valid.next = self.uart_receiver.valid.val();
        self.receiver.line_error.next = self.uart_receiver.error.val();
        self.receiver.frames.address.next = self.frames.address.val();
        self.receiver.frames.free.next = self.frames.free.val();
        self.frames.ready.next = self.receiver.frames.ready.val();
        self.frames.length.next = self.receiver.frames.length.val();
        self.frames.data.next = self.receiver.frames.data.val();
        self.frames.damaged.next = self.receiver.frames.damaged.val();
        self.frames.overruns.next = self.receiver.frames.overruns.val();

        self.transmitter.data.next = self.reply_data.val();
        self.transmitter.push.next = self.reply_push.val();
        self.transmitter.finish.next = self.reply_finish.val();
        self.reply_accept.next = self.transmitter.accept.val();
        self.reply_idle.next = self.transmitter.idle.val();
        self.uart_transmitter.data.next = self.transmitter.line_data.val();
        self.uart_transmitter.push.next = self.transmitter.line_push.val();
        self.transmitter.line_ready.next = self.uart_transmitter.ready.val();
        self.tx.next = self.uart_transmitter.tx.val();
    }
}

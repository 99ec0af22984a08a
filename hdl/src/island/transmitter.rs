//! From a reply's bytes to the bytes of the line.
//!
//! A reply is built in block RAM: encoded (COBS) while its bytes come, with one write for each, because a code byte is
//! written when the zero it stands for comes and its place is known. Its CRC is computed bit by bit. When the
//! controller is finished, the CRC is appended, and the encoded frame is sent up to the zero that ends it.

use super::memory::TwoPortMemory;
use super::receiver::POLYNOMIAL;
use rust_hdl::prelude::*;

/// Bytes an encoded frame can have with its end.
const FRAME_BYTES: usize = 256;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Phase {
    /// Takes bytes.
    Build,
    /// Encodes the CRC.
    Append,
    /// Writes the last code byte.
    Close,
    /// Writes the zero at the end.
    End,
    /// A byte is being read.
    Read,
    /// It waits for the line.
    Send,
}

/// Sends frames of 1 to 250 bytes and the CRC. What it does with longer ones is undefined, but it ends.
#[derive(LogicBlock)]
pub struct LinkTransmitter {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// A byte of the reply.
    pub data: Signal<In, Bits<8>>,
    /// Whether there is one.
    pub push: Signal<In, Bit>,
    /// Whether a byte is taken at this edge, if `push` is 1 too. It is 0 for 8 clocks after each.
    pub accept: Signal<Out, Bit>,
    /// 1 for one clock after the last byte has been taken: the reply is complete.
    pub finish: Signal<In, Bit>,
    /// Nothing has been taken since the last reply has been sent.
    pub idle: Signal<Out, Bit>,
    /// A byte for the line.
    pub line_data: Signal<Out, Bits<8>>,
    /// Whether there is one.
    pub line_push: Signal<Out, Bit>,
    /// Whether the line takes one; it does at an edge at which both are 1.
    pub line_ready: Signal<In, Bit>,

    memory: TwoPortMemory,
    phase: DFF<Phase>,
    /// Bytes taken; the next one is written one place further. When sending, the place that is read.
    count: DFF<Bits<8>>,
    /// Where the code byte of this block will be.
    code: DFF<Bits<8>>,
    /// Bytes in this block; its code byte is one more.
    run: DFF<Bits<8>>,
    /// The complement of the CRC.
    crc: DFF<Bits<32>>,
    /// The bits that are still to enter it, below a one.
    crc_bits: DFF<Bits<9>>,
    /// Bytes of the CRC that have been appended.
    appended: DFF<Bits<2>>,

    busy: Signal<Local, Bit>,
    take: Signal<Local, Bit>,
    byte_in: Signal<Local, Bits<8>>,
    feedback: Signal<Local, Bit>,
    shifted: Signal<Local, Bits<32>>,
    next_count: Signal<Local, Bits<8>>,
    next_run: Signal<Local, Bits<8>>,
    place: Signal<Local, Bits<8>>,
    /// A zero is taken, or the end of the frame, which is encoded likewise.
    close: Signal<Local, Bit>,
    sent: Signal<Local, Bit>,

    zero: Constant<Bits<8>>,
    one: Constant<Bits<8>>,
    marker: Constant<Bits<9>>,
    polynomial: Constant<Bits<32>>,
    top: Constant<Bits<32>>,
    cleared: Constant<Bits<32>>,
    no_bits: Constant<Bits<9>>,
    one_appended: Constant<Bits<2>>,
}

impl Default for LinkTransmitter {
    fn default() -> LinkTransmitter {
        block! {
            LinkTransmitter {
                memory: TwoPortMemory::new(FRAME_BYTES),
                zero: Constant::new(0.into()),
                one: Constant::new(1.into()),
                marker: Constant::new(0x100.into()),
                polynomial: Constant::new(POLYNOMIAL.into()),
                top: Constant::new((1 << 31).into()),
                cleared: Constant::new(0.into()),
                no_bits: Constant::new(0.into()),
                one_appended: Constant::new(1.into()),
            }
            clock data push accept finish idle line_data line_push line_ready phase count code run
            crc crc_bits appended busy take byte_in feedback shifted next_count next_run place close
            sent
        }
    }
}

impl Logic for LinkTransmitter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, phase, count, code, run, crc, crc_bits, appended);

        // The CRC. When it is appended it is only shifted out.
        self.busy.next = self.crc_bits.q.val().get_bits::<8>(1).any();
        self.feedback.next = !(self.crc.q.val().get_bit(0) ^ self.crc_bits.q.val().get_bit(0));
        self.shifted.next = (self.crc.q.val() >> 1) | self.top.val();
        if self.busy.val() {
            self.crc_bits.d.next = self.crc_bits.q.val() >> 1;
            self.crc.d.next = self.shifted.val();
            if self.feedback.val() & !self.appended.q.val().any() {
                self.crc.d.next = self.shifted.val() ^ self.polynomial.val();
            }
        }

        // Bytes on their way into the memory.
        self.next_count.next = self.count.q.val() + self.one.val();
        self.next_run.next = self.run.q.val() + self.one.val();
        self.byte_in.next = self.data.val();
        if self.phase.q.val() == Phase::Append {
            self.byte_in.next = self.crc.q.val().get_bits::<8>(0);
        }
        self.close.next = (self.byte_in.val() == self.zero.val()) | (self.phase.q.val() == Phase::Close);
        self.take.next = !self.busy.val()
            & ((self.phase.q.val() == Phase::Append)
                | ((self.phase.q.val() == Phase::Build) & self.push.val()));
        self.memory.write.next = self.take.val();
        self.memory.data_in.next = self.byte_in.val();
        self.place.next = self.next_count.val();
        if self.close.val() {
            self.memory.data_in.next = self.next_run.val();
            self.place.next = self.code.q.val();
        }
        if self.take.val() {
            self.crc_bits.d.next = bit_cast::<9, 8>(self.byte_in.val()) | self.marker.val();
            self.count.d.next = self.next_count.val();
            self.run.d.next = self.next_run.val();
            if self.close.val() {
                self.code.d.next = self.next_count.val();
                self.run.d.next = self.zero.val();
            }
        }

        match self.phase.q.val() {
            Phase::Build => {
                if self.finish.val() {
                    self.phase.d.next = Phase::Append;
                }
            }
            Phase::Append => {
                if self.take.val() {
                    self.appended.d.next = self.appended.q.val() + self.one_appended.val();
                    if self.appended.q.val().all() {
                        self.phase.d.next = Phase::Close;
                    }
                }
            }
            Phase::Close => {
                self.memory.write.next = true;
                self.code.d.next = self.next_count.val();
                self.phase.d.next = Phase::End;
            }
            Phase::End => {
                self.memory.write.next = true;
                self.memory.data_in.next = self.zero.val();
                self.place.next = self.code.q.val();
                self.count.d.next = self.zero.val();
                self.phase.d.next = Phase::Read;
            }
            Phase::Read => {
                self.phase.d.next = Phase::Send;
            }
            Phase::Send => {
                if self.line_ready.val() {
                    self.phase.d.next = Phase::Read;
                    self.count.d.next = self.next_count.val();
                }
            }
            _ => {
                self.phase.d.next = Phase::Build;
            }
        }

        // Its zero is sent.
        self.sent.next =
            (self.phase.q.val() == Phase::Send) & self.line_ready.val() & !self.memory.data_out.val().any();
        if self.sent.val() {
            self.phase.d.next = Phase::Build;
            self.count.d.next = self.zero.val();
            self.code.d.next = self.zero.val();
            self.run.d.next = self.zero.val();
            self.crc.d.next = self.cleared.val();
            self.crc_bits.d.next = self.no_bits.val();
        }

        self.memory.clock.next = self.clock.val();
        self.memory.write_address.next = bit_cast::<16, 8>(self.place.val());
        self.memory.read_address.next = bit_cast::<16, 8>(self.count.q.val());
        self.accept.next = (self.phase.q.val() == Phase::Build) & !self.busy.val();
        self.idle.next = (self.phase.q.val() == Phase::Build) & !self.count.q.val().any();
        self.line_data.next = self.memory.data_out.val();
        self.line_push.next = self.phase.q.val() == Phase::Send;
    }
}

//! From the bytes of the line to whole frames.
//!
//! Bytes are decoded (COBS) as they come and written into a ring of slots in block RAM, while their CRC is computed bit
//! by bit. At the zero byte that ends a frame it is known whether the frame is whole: then it becomes one of those
//! the controller is shown, oldest first; else its slot is written anew. So nothing that arrives can do more harm
//! than be counted.

use super::counter::SaturatingCounter;
use super::memory::TwoPortMemory;
use super::ports::SlotPorts;
use rust_hdl::prelude::*;

/// Bytes from one slot to the next. The last one of a slot holds the length of its frame.
const SLOT_BYTES: usize = 256;

/// What a CRC-32/ISO-HDLC leaves after a frame and its CRC, complemented as here everywhere: flip-flops begin with 0,
/// the CRC with ones.
const RESIDUE: u64 = 0x2144_DF1C;

/// The CRC's polynomial, lowest power highest.
pub(super) const POLYNOMIAL: u64 = 0xEDB8_8320;

/// Where the controller's side is.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Shown {
    /// At a frame's length, if there is a frame.
    Nothing,
    /// The length is being read.
    Length,
    /// At what the controller asks for.
    Frame,
}

/// Receives frames of 8 to 254 bytes.
///
/// Bytes of the line must be 10 clocks apart, so that the CRC keeps up.
#[derive(LogicBlock)]
pub struct LinkReceiver {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// A byte of the line.
    pub line_data: Signal<In, Bits<8>>,
    /// 1 for one clock when there is one.
    pub line_valid: Signal<In, Bit>,
    /// 1 for one clock when a byte could not be read. Its frame is damaged.
    pub line_error: Signal<In, Bit>,
    /// The frames that are received.
    pub frames: SlotPorts,

    memory: TwoPortMemory,

    // The frame that is coming in.
    /// Bytes until the next code byte.
    left: DFF<Bits<8>>,
    /// A zero stands before the next block.
    zero_due: DFF<Bit>,
    /// Bytes decoded; 255 stands for all that is too long.
    count: DFF<Bits<8>>,
    begun: DFF<Bit>,
    bad: DFF<Bit>,
    lost: DFF<Bit>,
    /// The complement of the CRC.
    crc: DFF<Bits<32>>,
    /// The bits that are still to enter it, below a one.
    crc_bits: DFF<Bits<9>>,

    // The ring. Its places have one bit more than they need to tell slots apart: so full differs from empty.
    head: DFF<Bits<4>>,
    tail: DFF<Bits<4>>,
    shown: DFF<Shown>,
    frame_length: DFF<Bits<8>>,

    damaged_frames: SaturatingCounter,
    overrun_frames: SaturatingCounter,

    is_end: Signal<Local, Bit>,
    is_code: Signal<Local, Bit>,
    take: Signal<Local, Bit>,
    full: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    whole: Signal<Local, Bit>,
    commit: Signal<Local, Bit>,
    byte_in: Signal<Local, Bits<8>>,
    remaining: Signal<Local, Bits<8>>,
    feedback: Signal<Local, Bit>,
    shifted: Signal<Local, Bits<32>>,
    head_slot: Signal<Local, Bits<4>>,
    tail_slot: Signal<Local, Bits<4>>,
    place_in: Signal<Local, Bits<8>>,
    place_out: Signal<Local, Bits<8>>,
    distance: Signal<Local, Bits<4>>,
    next_head: Signal<Local, Bits<4>>,
    next_tail: Signal<Local, Bits<4>>,

    zero: Constant<Bits<8>>,
    one: Constant<Bits<8>>,
    crc_bytes: Constant<Bits<8>>,
    last: Constant<Bits<8>>,
    marker: Constant<Bits<9>>,
    residue: Constant<Bits<32>>,
    polynomial: Constant<Bits<32>>,
    top: Constant<Bits<32>>,
    cleared: Constant<Bits<32>>,
    no_bits: Constant<Bits<9>>,
    one_slot: Constant<Bits<4>>,
    credits: Constant<Bits<4>>,
    slots: Constant<Bits<4>>,
    places: Constant<Bits<4>>,
}

impl LinkReceiver {
    /// A receiver with so many slots.
    ///
    /// # Panics
    /// If they are not 1, 2, 4 or 8.
    pub fn new(credits: u8) -> LinkReceiver {
        assert!(matches!(credits, 1 | 2 | 4 | 8), "a receiver has 1, 2, 4 or 8 slots, not {credits}");
        let slots = u64::from(credits);
        block! {
            LinkReceiver {
                memory: TwoPortMemory::new(SLOT_BYTES * usize::from(credits)),
                zero: Constant::new(0.into()),
                one: Constant::new(1.into()),
                crc_bytes: Constant::new(4.into()),
                last: Constant::new(255.into()),
                marker: Constant::new(0x100.into()),
                residue: Constant::new(RESIDUE.into()),
                polynomial: Constant::new(POLYNOMIAL.into()),
                top: Constant::new((1 << 31).into()),
                cleared: Constant::new(0.into()),
                no_bits: Constant::new(0.into()),
                one_slot: Constant::new(1.into()),
                credits: Constant::new(slots.into()),
                slots: Constant::new((slots - 1).into()),
                places: Constant::new((2 * slots - 1).into()),
            }
            clock line_data line_valid line_error frames left zero_due count begun bad lost crc
            crc_bits head tail shown frame_length damaged_frames overrun_frames is_end is_code take
            full ends whole commit byte_in remaining feedback shifted head_slot tail_slot place_in
            place_out distance next_head next_tail
        }
    }
}

impl Logic for LinkReceiver {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            left,
            zero_due,
            count,
            begun,
            bad,
            lost,
            crc,
            crc_bits,
            head,
            tail,
            shown,
            frame_length
        );

        // What the byte of the line is.
        self.is_end.next = self.line_data.val() == self.zero.val();
        self.is_code.next = self.left.q.val() == self.zero.val();
        self.ends.next = self.line_valid.val() & self.is_end.val();
        self.take.next =
            self.line_valid.val() & !self.is_end.val() & (!self.is_code.val() | self.zero_due.q.val());
        self.byte_in.next = self.line_data.val();
        self.remaining.next = self.left.q.val();
        if self.is_code.val() {
            self.byte_in.next = self.zero.val();
            self.remaining.next = self.line_data.val();
        }

        // The ring.
        self.distance.next = self.head.q.val() ^ self.tail.q.val();
        self.full.next = self.distance.val() == self.credits.val();
        self.head_slot.next = self.head.q.val() & self.slots.val();
        self.tail_slot.next = self.tail.q.val() & self.slots.val();
        self.next_head.next = self.head.q.val() + self.one_slot.val();
        self.next_tail.next = self.tail.q.val() + self.one_slot.val();

        // The CRC.
        self.feedback.next = !(self.crc.q.val().get_bit(0) ^ self.crc_bits.q.val().get_bit(0));
        self.shifted.next = (self.crc.q.val() >> 1) | self.top.val();
        if self.crc_bits.q.val().get_bits::<8>(1).any() {
            self.crc_bits.d.next = self.crc_bits.q.val() >> 1;
            self.crc.d.next = self.shifted.val();
            if self.feedback.val() {
                self.crc.d.next = self.shifted.val() ^ self.polynomial.val();
            }
        }

        // The frame that is coming in.
        if self.line_valid.val() {
            self.begun.d.next = true;
            self.left.d.next = self.remaining.val() - self.one.val();
            if self.is_code.val() {
                self.zero_due.d.next = !self.line_data.val().all();
            }
        }
        if self.take.val() {
            self.crc_bits.d.next = bit_cast::<9, 8>(self.byte_in.val()) | self.marker.val();
            if !self.count.q.val().all() {
                self.count.d.next = self.count.q.val() + self.one.val();
            }
            if self.full.val() {
                self.lost.d.next = true;
            }
        }
        if self.line_error.val() {
            self.begun.d.next = true;
            self.bad.d.next = true;
        }

        // Its end.
        self.whole.next = self.is_code.val()
            & self.count.q.val().get_bits::<5>(3).any()
            & !self.count.q.val().all()
            & !self.bad.q.val()
            & (self.crc.q.val() == self.residue.val());
        self.commit.next = self.ends.val() & self.whole.val() & !self.lost.q.val();
        if self.ends.val() {
            self.left.d.next = self.zero.val();
            self.zero_due.d.next = false;
            self.count.d.next = self.zero.val();
            self.begun.d.next = false;
            self.bad.d.next = false;
            self.lost.d.next = false;
            self.crc.d.next = self.cleared.val();
            self.crc_bits.d.next = self.no_bits.val();
        }
        if self.commit.val() {
            self.head.d.next = self.next_head.val() & self.places.val();
        }

        self.damaged_frames.clock.next = self.clock.val();
        self.overrun_frames.clock.next = self.clock.val();
        self.damaged_frames.increment.next = self.ends.val() & self.begun.q.val() & !self.whole.val();
        self.overrun_frames.increment.next = self.ends.val() & self.whole.val() & self.lost.q.val();

        // What is written: bytes, and at the end the length.
        self.memory.clock.next = self.clock.val();
        self.memory.write.next = self.commit.val()
            | (self.take.val() & !self.full.val() & !self.lost.q.val() & !self.count.q.val().all());
        self.memory.data_in.next = self.byte_in.val();
        self.place_in.next = self.count.q.val();
        if self.is_end.val() {
            self.memory.data_in.next = self.count.q.val() - self.crc_bytes.val();
            self.place_in.next = self.last.val();
        }
        self.memory.write_address.next =
            (bit_cast::<16, 4>(self.head_slot.val()) << 8) | bit_cast::<16, 8>(self.place_in.val());

        // What the controller is shown.
        self.place_out.next = self.last.val();
        match self.shown.q.val() {
            Shown::Nothing => {
                if self.distance.val().any() {
                    self.shown.d.next = Shown::Length;
                }
            }
            Shown::Length => {
                self.frame_length.d.next = self.memory.data_out.val();
                self.shown.d.next = Shown::Frame;
            }
            Shown::Frame => {
                self.place_out.next = self.frames.address.val();
                if self.frames.free.val() {
                    self.tail.d.next = self.next_tail.val() & self.places.val();
                    self.shown.d.next = Shown::Nothing;
                }
            }
            _ => {
                self.shown.d.next = Shown::Nothing;
            }
        }
        self.memory.read_address.next =
            (bit_cast::<16, 4>(self.tail_slot.val()) << 8) | bit_cast::<16, 8>(self.place_out.val());
        self.frames.ready.next = self.shown.q.val() == Shown::Frame;
        self.frames.length.next = self.frame_length.q.val();
        self.frames.data.next = self.memory.data_out.val();
        self.frames.damaged.next = self.damaged_frames.count.val();
        self.frames.overruns.next = self.overrun_frames.count.val();
    }
}

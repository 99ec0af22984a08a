//! The controller: a processor of 16 bits that runs a [program](super::program) made for the design.
//!
//! Nearly all of a board's behaviour is bookkeeping: parsing frames, counters of 32 and 48 bits, four dozen parameters. As
//! wired state machines that would be larger than the network it serves on a small device; as a program it costs block RAM, of
//! which an array uses none. What must be quick is one instruction: a word into the border, a step of a product, the next number
//! of the order's generator, a shift of the scan chain.
//!
//! One instruction a clock, in two stages. An instruction that has come out of the program memory reads its operand from the
//! scratch memory while the one before it executes. A branch that is taken costs one more clock. The words are those of
//! `instruction.rs`.
//!
//! Operations wait in place: a byte to send until the transmitter accepts it, a shift of the scan chain for its four clocks, a
//! repeated instruction until its count is done. The first 256 clocks after power-up pass so, since block RAM of some devices is
//! not readable at once.

use super::program::Image;
use super::ram::{Program, Scratch};
use rust_hdl::prelude::*;
use rust_hdl::widgets::edge_ff::EdgeDFF;

/// Repetitions of the empty instruction at power-up.
const POWER_UP: u64 = 255;

/// The controller.
#[derive(LogicBlock)]
pub struct Controller {
    /// The board's clock.
    pub clock: Signal<In, Clock>,
    /// A frame waits.
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
    /// It is there.
    pub reply_push: Signal<Out, Bit>,
    /// It is taken, if it is there.
    pub reply_accept: Signal<In, Bit>,
    /// The reply is complete.
    pub reply_finish: Signal<Out, Bit>,
    /// Address in the sample and the order memory.
    pub memory_address: Signal<Out, Bits<16>>,
    /// What to write there.
    pub memory_data: Signal<Out, Bits<16>>,
    /// Writes the sample memory.
    pub samples_write: Signal<Out, Bit>,
    /// What the sample memory held at the address of the clock before.
    pub samples_data: Signal<In, Bits<16>>,
    /// Writes the order memory.
    pub order_write: Signal<Out, Bit>,
    /// What the order memory held at the address of the clock before.
    pub order_data: Signal<In, Bits<16>>,
    /// Shifts `samples_data` into the border.
    pub border_shift: Signal<Out, Bit>,
    /// Number of an output.
    pub answer_index: Signal<Out, Bits<16>>,
    /// Its free voltage, sign-extended.
    pub answer: Signal<In, Bits<16>>,
    /// The array's steps in the next chunk.
    pub steps: Signal<Out, Bits<8>>,
    /// Whether the chunk closes.
    pub close: Signal<Out, Bit>,
    /// Whether inputs take the sample.
    pub present: Signal<Out, Bit>,
    /// Number of the chunk's first step modulo 2.
    pub phase: Signal<Out, Bit>,
    /// Whether edges learn.
    pub learn: Signal<Out, Bit>,
    /// Whether only some edges learn.
    pub desynchronous: Signal<Out, Bit>,
    /// How few, minus 1.
    pub rarity: Signal<Out, Bits<3>>,
    /// Alpha offset.
    pub offset: Signal<Out, Bits<2>>,
    /// Whether the border shows the senses.
    pub impose: Signal<Out, Bit>,
    /// The request, two-phase.
    pub go: Signal<Out, Bit>,
    /// Scan mode.
    pub scan: Signal<Out, Bit>,
    /// Clocks the scan chain.
    pub strobe: Signal<Out, Bit>,
    /// Into the scan chain.
    pub scan_in: Signal<Out, Bit>,
    /// Brings the handshakes to their start.
    pub reset: Signal<Out, Bit>,
    /// The array is at rest; from another time.
    pub rest: Signal<In, Bit>,
    /// Out of the scan chain.
    pub scan_out: Signal<In, Bit>,

    instructions: Program,
    scratch: Scratch,
    // The fetched instruction's place, the executed instruction, where a subroutine returns to.
    counter: DFF<Bits<11>>,
    executed: DFF<Bits<16>>,
    link: DFF<Bits<11>>,
    // More executions of the executed instruction.
    repeats: EdgeDFF<Bits<8>>,
    accumulator: DFF<Bits<16>>,
    carry: DFF<Bit>,
    quotient: DFF<Bits<16>>,
    address: DFF<Bits<16>>,
    frame: DFF<Bits<8>>,
    index: DFF<Bits<16>>,
    generator: DFF<Bits<32>>,
    chunk: DFF<Bits<12>>,
    mode: DFF<Bits<7>>,
    pins: DFF<Bits<3>>,
    request: DFF<Bit>,
    shift_phase: DFF<Bits<2>>,
    shift_bit: DFF<Bit>,
    shift_strobe: DFF<Bit>,
    rest_early: DFF<Bit>,
    rest_now: DFF<Bit>,

    // The executed instruction, decoded.
    branch: Signal<Local, Bit>,
    operation: Signal<Local, Bits<5>>,
    place: Signal<Local, Bits<4>>,
    sends: Signal<Local, Bit>,
    strobes: Signal<Local, Bit>,
    complete: Signal<Local, Bit>,
    advance: Signal<Local, Bit>,
    outputs: Signal<Local, Bit>,
    condition: Signal<Local, Bit>,
    zero: Signal<Local, Bit>,
    taken: Signal<Local, Bit>,
    next: Signal<Local, Bits<11>>,
    fetched: Signal<Local, Bits<11>>,
    // Its operand, and what becomes of it.
    port_low: Signal<Local, Bits<16>>,
    port_high: Signal<Local, Bits<16>>,
    operand: Signal<Local, Bits<16>>,
    addend: Signal<Local, Bits<16>>,
    carry_in: Signal<Local, Bit>,
    sum: Signal<Local, Bits<18>>,
    bitwise: Signal<Local, Bits<16>>,
    // One step of the generator.
    shifted_13: Signal<Local, Bits<32>>,
    shifted_17: Signal<Local, Bits<32>>,
}

impl Controller {
    /// A controller that runs that program.
    pub fn new(image: &Image) -> Controller {
        Controller {
            clock: Signal::default(),
            frame_ready: Signal::default(),
            frame_length: Signal::default(),
            frame_address: Signal::default(),
            frame_data: Signal::default(),
            frame_release: Signal::default(),
            damaged: Signal::default(),
            overruns: Signal::default(),
            reply_byte: Signal::default(),
            reply_push: Signal::default(),
            reply_accept: Signal::default(),
            reply_finish: Signal::default(),
            memory_address: Signal::default(),
            memory_data: Signal::default(),
            samples_write: Signal::default(),
            samples_data: Signal::default(),
            order_write: Signal::default(),
            order_data: Signal::default(),
            border_shift: Signal::default(),
            answer_index: Signal::default(),
            answer: Signal::default(),
            steps: Signal::default(),
            close: Signal::default(),
            present: Signal::default(),
            phase: Signal::default(),
            learn: Signal::default(),
            desynchronous: Signal::default(),
            rarity: Signal::default(),
            offset: Signal::default(),
            impose: Signal::default(),
            go: Signal::default(),
            scan: Signal::default(),
            strobe: Signal::default(),
            scan_in: Signal::default(),
            reset: Signal::default(),
            rest: Signal::default(),
            scan_out: Signal::default(),
            instructions: Program::new(&image.program),
            scratch: Scratch::new(&image.scratch),
            counter: DFF::default(),
            executed: DFF::default(),
            link: DFF::default(),
            repeats: EdgeDFF::new(POWER_UP.into()),
            accumulator: DFF::default(),
            carry: DFF::default(),
            quotient: DFF::default(),
            address: DFF::default(),
            frame: DFF::default(),
            index: DFF::default(),
            generator: DFF::default(),
            chunk: DFF::default(),
            mode: DFF::default(),
            pins: DFF::default(),
            request: DFF::default(),
            shift_phase: DFF::default(),
            shift_bit: DFF::default(),
            shift_strobe: DFF::default(),
            rest_early: DFF::default(),
            rest_now: DFF::default(),
            branch: Signal::default(),
            operation: Signal::default(),
            place: Signal::default(),
            sends: Signal::default(),
            strobes: Signal::default(),
            complete: Signal::default(),
            advance: Signal::default(),
            outputs: Signal::default(),
            condition: Signal::default(),
            zero: Signal::default(),
            taken: Signal::default(),
            next: Signal::default(),
            fetched: Signal::default(),
            port_low: Signal::default(),
            port_high: Signal::default(),
            operand: Signal::default(),
            addend: Signal::default(),
            carry_in: Signal::default(),
            sum: Signal::default(),
            bitwise: Signal::default(),
            shifted_13: Signal::default(),
            shifted_17: Signal::default(),
        }
    }
}

impl Controller {
    /// Address of the instruction that is being fetched.
    pub fn place(&self) -> u16 {
        self.counter.q.val().to_u16()
    }
}

impl Logic for Controller {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            counter,
            executed,
            link,
            accumulator,
            carry,
            quotient,
            address,
            frame,
            index,
            generator,
            chunk,
            mode,
            pins,
            request,
            shift_phase,
            shift_bit,
            shift_strobe,
            rest_early,
            rest_now
        );
        self.repeats.clk.next = self.clock.val();
        self.instructions.clock.next = self.clock.val();
        self.scratch.clock.next = self.clock.val();
        self.rest_early.d.next = self.rest.val();
        self.rest_now.d.next = self.rest_early.q.val();

        // Decoding, and whether the instruction is through with its last execution.
        self.branch.next = self.executed.q.val().get_bit(15);
        self.operation.next = self.executed.q.val().get_bits::<5>(10);
        self.place.next = self.executed.q.val().get_bits::<4>(0);
        self.sends.next = !self.branch.val() & (self.executed.q.val().get_bits::<4>(11) == 2);
        self.strobes.next = !self.branch.val() & (self.operation.val() == 6);
        self.outputs.next = !self.branch.val() & (self.operation.val() == 10);
        self.complete.next = !(self.sends.val() & !self.reply_accept.val())
            & !(self.strobes.val() & (self.shift_phase.q.val() != 3));
        self.advance.next = self.complete.val() & (self.repeats.q.val() == 0);

        // The operand: a word of the scratch memory or of a port.
        if self.place.val().get_bit(2) {
            if self.place.val().get_bit(1) {
                self.port_low.next = self.quotient.q.val();
            } else {
                if self.place.val().get_bit(0) {
                    self.port_low.next = self.answer.val();
                } else {
                    self.port_low.next = self.order_data.val();
                }
            }
        } else {
            if self.place.val().get_bit(1) {
                if self.place.val().get_bit(0) {
                    self.port_low.next = self.samples_data.val();
                } else {
                    self.port_low.next = bit_cast::<16, 8>(self.frame_length.val());
                }
            } else {
                if self.place.val().get_bit(0) {
                    self.port_low.next = bit_cast::<16, 8>(self.frame_data.val());
                } else {
                    self.port_low.next = (bit_cast::<16, 8>(self.frame_data.val()) << 8)
                        | bit_cast::<16, 8>(self.accumulator.q.val().get_bits::<8>(8));
                }
            }
        }
        if self.place.val().get_bit(1) {
            if self.place.val().get_bit(0) {
                self.port_high.next = self.generator.q.val().get_bits::<16>(0);
            } else {
                self.port_high.next = self.generator.q.val().get_bits::<16>(16);
            }
        } else {
            if self.place.val().get_bit(0) {
                self.port_high.next = self.overruns.val();
            } else {
                self.port_high.next = self.damaged.val();
            }
        }
        if self.executed.q.val().get_bit(9) {
            if self.place.val().get_bit(3) {
                self.operand.next = self.port_high.val();
            } else {
                self.operand.next = self.port_low.val();
            }
        } else {
            self.operand.next = self.scratch.data_out.val();
        }

        // Arithmetic, with the carry as a bit below the lowest.
        self.addend.next = self.operand.val();
        if self.operation.val().get_bit(2) {
            self.addend.next = !self.operand.val();
        }
        if self.operation.val().get_bit(0) & !self.quotient.q.val().get_bit(0) {
            self.addend.next = 0.into();
        }
        self.carry_in.next = self.operation.val().get_bit(2);
        if self.operation.val().get_bit(1) {
            self.carry_in.next = self.carry.q.val();
        }
        self.sum.next = ((bit_cast::<18, 16>(self.accumulator.q.val()) << 1) | 1)
            + ((bit_cast::<18, 16>(self.addend.val()) << 1) | bit_cast::<18, 1>(self.carry_in.val().into()));
        if self.operation.val().get_bit(1) {
            if self.operation.val().get_bit(0) {
                self.bitwise.next = self.accumulator.q.val() | self.operand.val();
            } else {
                self.bitwise.next = self.accumulator.q.val() ^ self.operand.val();
            }
        } else {
            if self.operation.val().get_bit(0) {
                self.bitwise.next = self.accumulator.q.val() & self.operand.val();
            } else {
                self.bitwise.next = self.operand.val();
            }
        }
        if !self.branch.val() & self.operation.val().get_bit(4) & self.complete.val() {
            if self.operation.val().get_bit(3) {
                self.accumulator.d.next = self.bitwise.val();
            } else if self.operation.val().get_bit(0) {
                self.accumulator.d.next = self.sum.val().get_bits::<16>(2);
                self.quotient.d.next = (bit_cast::<16, 15>(self.quotient.q.val().get_bits::<15>(1)))
                    | (bit_cast::<16, 1>(self.sum.val().get_bits::<1>(1)) << 15);
            } else {
                self.accumulator.d.next = self.sum.val().get_bits::<16>(1);
                self.carry.d.next = self.sum.val().get_bit(17);
            }
        }

        // The scan chain: its last bit, or the lowest of Q, is caught and shown; a clock later the strobe is high for two.
        self.shift_strobe.d.next =
            self.strobes.val() & (self.shift_phase.q.val().get_bit(0) ^ self.shift_phase.q.val().get_bit(1));
        if self.strobes.val() {
            self.shift_phase.d.next = self.shift_phase.q.val() + 1;
            if self.shift_phase.q.val() == 0 {
                self.shift_bit.d.next = self.quotient.q.val().get_bit(0);
                if self.pins.q.val().get_bit(1) {
                    self.shift_bit.d.next = self.scan_out.val();
                }
            }
            if self.shift_phase.q.val() == 3 {
                self.quotient.d.next = (bit_cast::<16, 15>(self.quotient.q.val().get_bits::<15>(1)))
                    | (bit_cast::<16, 1>(self.shift_bit.q.val().into()) << 15);
            }
        }
        if !self.branch.val() & (self.operation.val() == 1) {
            self.quotient.d.next = self.operand.val();
        }

        // Memories and border.
        if !self.branch.val() & self.executed.q.val().get_bit(8) & self.complete.val() {
            self.address.d.next = self.address.q.val() + 1;
        }
        self.memory_address.next = self.address.q.val();
        self.memory_data.next = self.accumulator.q.val();
        self.samples_write.next = !self.branch.val() & (self.operation.val() == 8);
        self.order_write.next = !self.branch.val() & (self.operation.val() == 9);
        self.border_shift.next = !self.branch.val() & (self.operation.val() == 7);

        // The frame that waits is read byte after byte.
        if !self.branch.val()
            & self.executed.q.val().get_bit(9)
            & (self.executed.q.val().get_bits::<3>(1) == 0)
        {
            self.frame.d.next = self.frame.q.val() + 1;
        }
        self.frame_address.next = self.frame.q.val();
        self.reply_byte.next = self.operand.val().get_bits::<8>(0);
        if self.operation.val().get_bit(0) {
            self.reply_byte.next = self.operand.val().get_bits::<8>(8);
        }
        self.reply_push.next = self.sends.val();

        // Registers that instructions set.
        self.shifted_13.next = self.generator.q.val() ^ (self.generator.q.val() << 13);
        self.shifted_17.next = self.shifted_13.val() ^ (self.shifted_13.val() >> 17);
        self.frame_release.next = false;
        self.reply_finish.next = false;
        if self.outputs.val() {
            if self.place.val() == 0 {
                self.address.d.next = self.accumulator.q.val();
            }
            if self.place.val() == 1 {
                self.index.d.next = self.accumulator.q.val();
            }
            if self.place.val() == 2 {
                self.chunk.d.next = self.accumulator.q.val().get_bits::<12>(0);
            }
            if self.place.val() == 3 {
                self.mode.d.next = self.accumulator.q.val().get_bits::<7>(0);
            }
            if self.place.val() == 4 {
                self.pins.d.next = self.accumulator.q.val().get_bits::<3>(0);
            }
            if self.place.val() == 5 {
                self.request.d.next = !self.request.q.val();
            }
            if self.place.val() == 6 {
                self.frame_release.next = true;
                self.frame.d.next = 0.into();
            }
            if self.place.val() == 7 {
                self.reply_finish.next = true;
            }
            if self.place.val() == 8 {
                self.generator.d.next = (bit_cast::<32, 16>(self.generator.q.val().get_bits::<16>(0)) << 16)
                    | bit_cast::<32, 16>(self.accumulator.q.val());
            }
            if self.place.val() == 9 {
                self.generator.d.next = self.shifted_17.val() ^ (self.shifted_17.val() << 5);
            }
        }
        if self.pins.q.val().get_bit(2) {
            self.request.d.next = false;
        }
        self.answer_index.next = self.index.q.val();
        self.steps.next = self.chunk.q.val().get_bits::<8>(0);
        self.close.next = self.chunk.q.val().get_bit(8);
        self.learn.next = self.chunk.q.val().get_bit(9);
        self.present.next = self.chunk.q.val().get_bit(10);
        self.phase.next = self.chunk.q.val().get_bit(11);
        self.rarity.next = self.mode.q.val().get_bits::<3>(0);
        self.desynchronous.next = self.mode.q.val().get_bit(3);
        self.offset.next = self.mode.q.val().get_bits::<2>(4);
        self.impose.next = self.mode.q.val().get_bit(6);
        self.scan.next = self.pins.q.val().get_bit(0);
        self.reset.next = self.pins.q.val().get_bit(2);
        self.go.next = self.request.q.val();
        self.strobe.next = self.shift_strobe.q.val();
        self.scan_in.next = self.shift_bit.q.val();

        // Where the program goes on.
        self.zero.next = self.accumulator.q.val() == 0;
        if self.executed.q.val().get_bit(14) {
            if self.executed.q.val().get_bit(13) {
                self.condition.next = self.quotient.q.val().get_bit(0);
            } else if self.executed.q.val().get_bit(12) {
                self.condition.next = self.rest_now.q.val();
            } else {
                self.condition.next = self.frame_ready.val();
            }
        } else {
            if self.executed.q.val().get_bit(13) {
                if self.executed.q.val().get_bit(12) {
                    self.condition.next = self.accumulator.q.val().get_bit(15);
                } else {
                    self.condition.next = self.carry.q.val();
                }
            } else {
                // Without a condition the inverting bit makes it a call.
                self.condition.next = self.zero.val();
                if !self.executed.q.val().get_bit(12) {
                    self.condition.next = !self.executed.q.val().get_bit(11);
                }
            }
        }
        self.taken.next = self.branch.val() & (self.condition.val() ^ self.executed.q.val().get_bit(11));
        self.next.next = self.executed.q.val().get_bits::<11>(0);
        if !self.branch.val() {
            self.taken.next = self.operation.val() == 11;
            self.next.next = self.link.q.val();
        }
        self.fetched.next = self.counter.q.val() + 1;
        if self.taken.val() {
            self.fetched.next = self.next.val();
        }
        if self.executed.q.val().get_bits::<5>(11) == 17 {
            self.link.d.next = self.counter.q.val();
        }
        if self.advance.val() {
            self.counter.d.next = self.fetched.val();
            self.executed.d.next = self.instructions.data.val();
            if self.taken.val() {
                self.executed.d.next = 0.into();
            }
        }
        self.instructions.address.next = self.fetched.val();
        self.instructions.enable.next = self.advance.val();
        self.scratch.read_address.next = self.instructions.data.val().get_bits::<8>(0);
        self.scratch.read.next = self.advance.val();
        self.scratch.write_address.next = self.executed.q.val().get_bits::<8>(0);
        self.scratch.write.next = !self.branch.val() & (self.operation.val() == 2);
        self.scratch.data_in.next = self.accumulator.q.val();

        self.repeats.d.next = self.repeats.q.val();
        if self.complete.val() & (self.repeats.q.val() != 0) {
            self.repeats.d.next = self.repeats.q.val() - 1;
        }
        if !self.branch.val() & (self.operation.val() == 3) {
            self.repeats.d.next = self.operand.val().get_bits::<8>(0) - 1;
        }
    }
}

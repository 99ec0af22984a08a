//! The controller: a processor of 16 bits that runs a [program](super::program) made for the design.
//!
//! Nearly all of a board's behaviour is bookkeeping: parsing frames, counters of 32 and 48 bits, four dozen parameters. As
//! wired state machines that would be larger than the network it serves on a small device; as a program it costs block RAM, of
//! which an array uses none. What must be quick is one instruction: a word into the array interface, a step of a product, the next number
//! of the order's generator, a shift of the scan chain.
//!
//! One instruction a clock, in two stages. An instruction that has come out of the program memory reads its operand from the
//! scratch memory while the one before it executes. A branch that is taken costs one more clock. The words are those of
//! `instruction.rs`.
//!
//! Operations wait in place: a byte to send until the transmitter accepts it, a shift of the scan chain for its four clocks, a
//! repeated instruction until its count is done. The first 256 clocks after power-up pass so, since block RAM of some devices is
//! not readable at once.

use super::instruction::{Operation, Register, burst, kind, mode, pins, shift, step, word, xorshift};
use super::ports::{ArrayPorts, FramePorts};
use super::program::Image;
use super::ram::{Program, Scratch};
use rust_hdl::prelude::*;
use rust_hdl::widgets::edge_ff::EdgeDFF;

/// Repetitions of the empty instruction at power-up.
const POWER_UP: u64 = 255;

/// The controller.
#[derive(Default, LogicBlock)]
pub struct Controller {
    /// The board's clock; everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// The frame that waits, and the reply.
    pub line: FramePorts,
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
    /// Shifts `samples_data` into the array interface.
    pub border_shift: Signal<Out, Bit>,
    /// What the array is asked, and answers.
    pub array: ArrayPorts,

    // Names of fields are those of the emitted text, which manifests hold the digest of: `chunk` is the burst that is asked for.
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
            instructions: Program::new(&image.program),
            scratch: Scratch::new(&image.scratch),
            repeats: EdgeDFF::new(POWER_UP.into()),
            ..Controller::default()
        }
    }

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
        self.rest_early.d.next = self.array.rest.val();
        self.rest_now.d.next = self.rest_early.q.val();

        // Decoding, and whether the instruction is through with its last execution.
        self.branch.next = self.executed.q.val().get_bit(word::BRANCH);
        self.operation.next = self.executed.q.val().get_bits::<5>(word::OPERATION);
        self.place.next = self.executed.q.val().get_bits::<4>(word::PLACE);
        self.sends.next =
            !self.branch.val() & (self.executed.q.val().get_bits::<4>(word::PAIR) == kind::SEND);
        self.strobes.next = !self.branch.val() & (self.operation.val() == Operation::Shift.to_bits());
        self.outputs.next = !self.branch.val() & (self.operation.val() == Operation::Out.to_bits());
        self.complete.next = !(self.sends.val() & !self.line.reply_accept.val())
            & !(self.strobes.val() & (self.shift_phase.q.val() != shift::LAST));
        self.advance.next = self.complete.val() & (self.repeats.q.val() == 0);

        // The operand: a word of the scratch memory or of a port. The bits of a port's number lead through the tree of ports.
        if self.place.val().get_bit(2) {
            if self.place.val().get_bit(1) {
                self.port_low.next = self.quotient.q.val();
            } else {
                if self.place.val().get_bit(0) {
                    self.port_low.next = self.array.answer.val();
                } else {
                    self.port_low.next = self.order_data.val();
                }
            }
        } else {
            if self.place.val().get_bit(1) {
                if self.place.val().get_bit(0) {
                    self.port_low.next = self.samples_data.val();
                } else {
                    self.port_low.next = bit_cast::<16, 8>(self.line.frame_length.val());
                }
            } else {
                if self.place.val().get_bit(0) {
                    self.port_low.next = bit_cast::<16, 8>(self.line.frame_data.val());
                } else {
                    self.port_low.next = (bit_cast::<16, 8>(self.line.frame_data.val()) << 8)
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
                self.port_high.next = self.line.overruns.val();
            } else {
                self.port_high.next = self.line.damaged.val();
            }
        }
        if self.executed.q.val().get_bit(word::PORT) {
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
        if self.operation.val().get_bit(step::SUBTRACTS) {
            self.addend.next = !self.operand.val();
        }
        if self.operation.val().get_bit(step::MULTIPLIES) & !self.quotient.q.val().get_bit(0) {
            self.addend.next = 0.into();
        }
        self.carry_in.next = self.operation.val().get_bit(step::SUBTRACTS);
        if self.operation.val().get_bit(step::CARRIES) {
            self.carry_in.next = self.carry.q.val();
        }
        self.sum.next = ((bit_cast::<18, 16>(self.accumulator.q.val()) << 1) | 1)
            + ((bit_cast::<18, 16>(self.addend.val()) << 1) | bit_cast::<18, 1>(self.carry_in.val().into()));
        if self.operation.val().get_bit(step::CHOICE_HIGH) {
            if self.operation.val().get_bit(step::CHOICE_LOW) {
                self.bitwise.next = self.accumulator.q.val() | self.operand.val();
            } else {
                self.bitwise.next = self.accumulator.q.val() ^ self.operand.val();
            }
        } else {
            if self.operation.val().get_bit(step::CHOICE_LOW) {
                self.bitwise.next = self.accumulator.q.val() & self.operand.val();
            } else {
                self.bitwise.next = self.operand.val();
            }
        }
        if !self.branch.val() & self.operation.val().get_bit(step::ACCUMULATES) & self.complete.val() {
            if self.operation.val().get_bit(step::BITWISE) {
                self.accumulator.d.next = self.bitwise.val();
            } else if self.operation.val().get_bit(step::MULTIPLIES) {
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
            if self.shift_phase.q.val() == shift::FIRST {
                self.shift_bit.d.next = self.quotient.q.val().get_bit(0);
                if self.pins.q.val().get_bit(pins::FEEDBACK) {
                    self.shift_bit.d.next = self.array.scan_out.val();
                }
            }
            if self.shift_phase.q.val() == shift::LAST {
                self.quotient.d.next = (bit_cast::<16, 15>(self.quotient.q.val().get_bits::<15>(1)))
                    | (bit_cast::<16, 1>(self.shift_bit.q.val().into()) << 15);
            }
        }
        if !self.branch.val() & (self.operation.val() == Operation::LoadQ.to_bits()) {
            self.quotient.d.next = self.operand.val();
        }

        // Memories and array interface.
        if !self.branch.val() & self.executed.q.val().get_bit(word::ADVANCE) & self.complete.val() {
            self.address.d.next = self.address.q.val() + 1;
        }
        self.memory_address.next = self.address.q.val();
        self.memory_data.next = self.accumulator.q.val();
        self.samples_write.next =
            !self.branch.val() & (self.operation.val() == Operation::StoreSample.to_bits());
        self.order_write.next =
            !self.branch.val() & (self.operation.val() == Operation::StoreOrder.to_bits());
        self.border_shift.next = !self.branch.val() & (self.operation.val() == Operation::Show.to_bits());

        // The frame that waits is read byte after byte.
        if !self.branch.val()
            & self.executed.q.val().get_bit(word::PORT)
            & (self.executed.q.val().get_bits::<3>(word::PORT_PAIR) == kind::FRAME)
        {
            self.frame.d.next = self.frame.q.val() + 1;
        }
        self.line.frame_address.next = self.frame.q.val();
        self.line.reply_byte.next = self.operand.val().get_bits::<8>(0);
        if self.operation.val().get_bit(step::HIGH_BYTE) {
            self.line.reply_byte.next = self.operand.val().get_bits::<8>(8);
        }
        self.line.reply_push.next = self.sends.val();

        // Registers that instructions set.
        self.shifted_13.next = self.generator.q.val() ^ (self.generator.q.val() << xorshift::LEFT);
        self.shifted_17.next = self.shifted_13.val() ^ (self.shifted_13.val() >> xorshift::RIGHT);
        self.line.frame_release.next = false;
        self.line.reply_finish.next = false;
        if self.outputs.val() {
            if self.place.val() == Register::Address.to_bits() {
                self.address.d.next = self.accumulator.q.val();
            }
            if self.place.val() == Register::Index.to_bits() {
                self.index.d.next = self.accumulator.q.val();
            }
            if self.place.val() == Register::Burst.to_bits() {
                self.chunk.d.next = self.accumulator.q.val().get_bits::<12>(0);
            }
            if self.place.val() == Register::Mode.to_bits() {
                self.mode.d.next = self.accumulator.q.val().get_bits::<7>(0);
            }
            if self.place.val() == Register::Pins.to_bits() {
                self.pins.d.next = self.accumulator.q.val().get_bits::<3>(0);
            }
            if self.place.val() == Register::Go.to_bits() {
                self.request.d.next = !self.request.q.val();
            }
            if self.place.val() == Register::Release.to_bits() {
                self.line.frame_release.next = true;
                self.frame.d.next = 0.into();
            }
            if self.place.val() == Register::Finish.to_bits() {
                self.line.reply_finish.next = true;
            }
            if self.place.val() == Register::Seed.to_bits() {
                self.generator.d.next = (bit_cast::<32, 16>(self.generator.q.val().get_bits::<16>(0)) << 16)
                    | bit_cast::<32, 16>(self.accumulator.q.val());
            }
            if self.place.val() == Register::Draw.to_bits() {
                self.generator.d.next =
                    self.shifted_17.val() ^ (self.shifted_17.val() << xorshift::LEFT_AGAIN);
            }
        }
        if self.pins.q.val().get_bit(pins::RESET) {
            self.request.d.next = false;
        }
        self.array.answer_index.next = self.index.q.val();
        self.array.steps.next = self.chunk.q.val().get_bits::<8>(burst::STEPS);
        self.array.close.next = self.chunk.q.val().get_bit(burst::CLOSE);
        self.array.learn.next = self.chunk.q.val().get_bit(burst::LEARN);
        self.array.present.next = self.chunk.q.val().get_bit(burst::PRESENT);
        self.array.phase.next = self.chunk.q.val().get_bit(burst::PHASE);
        self.array.rarity.next = self.mode.q.val().get_bits::<3>(mode::RARITY);
        self.array.desynchronous.next = self.mode.q.val().get_bit(mode::DESYNCHRONOUS);
        self.array.offset.next = self.mode.q.val().get_bits::<2>(mode::OFFSET);
        self.array.impose.next = self.mode.q.val().get_bit(mode::IMPOSE);
        self.array.scan.next = self.pins.q.val().get_bit(pins::SCAN);
        self.array.reset.next = self.pins.q.val().get_bit(pins::RESET);
        self.array.go.next = self.request.q.val();
        self.array.strobe.next = self.shift_strobe.q.val();
        self.array.scan_in.next = self.shift_bit.q.val();

        // Where the program goes on.
        self.zero.next = self.accumulator.q.val() == 0;
        if self.executed.q.val().get_bit(word::CONDITION_HIGH) {
            if self.executed.q.val().get_bit(word::CONDITION_MIDDLE) {
                self.condition.next = self.quotient.q.val().get_bit(0);
            } else if self.executed.q.val().get_bit(word::CONDITION_LOW) {
                self.condition.next = self.rest_now.q.val();
            } else {
                self.condition.next = self.line.frame_ready.val();
            }
        } else {
            if self.executed.q.val().get_bit(word::CONDITION_MIDDLE) {
                if self.executed.q.val().get_bit(word::CONDITION_LOW) {
                    self.condition.next = self.accumulator.q.val().get_bit(15);
                } else {
                    self.condition.next = self.carry.q.val();
                }
            } else {
                // Without a condition the inverting bit makes it a call.
                self.condition.next = self.zero.val();
                if !self.executed.q.val().get_bit(word::CONDITION_LOW) {
                    self.condition.next = !self.executed.q.val().get_bit(word::INVERT);
                }
            }
        }
        self.taken.next =
            self.branch.val() & (self.condition.val() ^ self.executed.q.val().get_bit(word::INVERT));
        self.next.next = self.executed.q.val().get_bits::<11>(word::TARGET);
        if !self.branch.val() {
            self.taken.next = self.operation.val() == Operation::Return.to_bits();
            self.next.next = self.link.q.val();
        }
        self.fetched.next = self.counter.q.val() + 1;
        if self.taken.val() {
            self.fetched.next = self.next.val();
        }
        if self.executed.q.val().get_bits::<5>(word::INVERT) == kind::CALL {
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
        self.scratch.read_address.next = self.instructions.data.val().get_bits::<8>(word::SCRATCH);
        self.scratch.read.next = self.advance.val();
        self.scratch.write_address.next = self.executed.q.val().get_bits::<8>(word::SCRATCH);
        self.scratch.write.next = !self.branch.val() & (self.operation.val() == Operation::Store.to_bits());
        self.scratch.data_in.next = self.accumulator.q.val();

        self.repeats.d.next = self.repeats.q.val();
        if self.complete.val() & (self.repeats.q.val() != 0) {
            self.repeats.d.next = self.repeats.q.val() - 1;
        }
        if !self.branch.val() & (self.operation.val() == Operation::Repeat.to_bits()) {
            self.repeats.d.next = self.operand.val().get_bits::<8>(0) - 1;
        }
    }
}

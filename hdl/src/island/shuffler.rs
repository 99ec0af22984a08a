//! Fills a bank of the order memory with the order of an epoch: the shuffle of `wheatstone_sim::generator::epoch_order`, on
//! addresses instead of numbers.

use super::instruction::{stream, xorshift};
use super::program::WARM_UP;
use rust_hdl::prelude::*;

/// What the shuffler is at.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    /// Nothing.
    Idle,
    /// Drops the generator's first numbers.
    WarmUp,
    /// Writes all addresses in sequence.
    Fill,
    /// Draws a number, if there is still one to exchange.
    Draw,
    /// It is being scaled to the places that are left.
    Scale,
    /// The drawn place is being read.
    ReadDrawn,
    /// What is there is taken, and the last place is being read.
    ReadLast,
    /// The last place's goes to the drawn place.
    WriteDrawn,
    /// The drawn place's goes to the last place.
    WriteLast,
}

/// The upper 16 bits of a product of 32 and 16 bits, at every rising edge.
#[derive(Default, LogicBlock)]
pub struct Scale {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// A fraction of 2^32.
    pub fraction: Signal<In, Bits<32>>,
    /// What it is a fraction of.
    pub count: Signal<In, Bits<16>>,
    /// `fraction * count / 2^32` rounded down, of what both were at the last edge.
    pub scaled: Signal<Out, Bits<16>>,
}

impl Logic for Scale {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            self.scaled.next = ((self.fraction.val().to_u64() * self.count.val().to_u64()) >> 32).into();
        }
    }

    fn connect(&mut self) {
        self.scaled.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "wire [47:0] product = fraction * count;\ninitial scaled = 16'h0;\nalways @(posedge clock) scaled <= product[47:32];\n"
                .to_owned(),
        )
    }
}

/// The shuffler. It exchanges each place, from the last on, with one before it or itself: six
/// clocks a place, and one to fill it.
#[derive(LogicBlock)]
pub struct Shuffler {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// Writes a register: the seed, or how many records to shuffle.
    pub write: Signal<In, Bit>,
    /// Which one.
    pub register: Signal<In, Bits<3>>,
    /// What is written.
    pub data_in: Signal<In, Bits<16>>,
    /// It has the order memory.
    pub active: Signal<Out, Bit>,
    /// Address in the order memory.
    pub address: Signal<Out, Bits<16>>,
    /// Writes it.
    pub store: Signal<Out, Bit>,
    /// What is written.
    pub stored: Signal<Out, Bits<16>>,
    /// What the order memory held at the address of the clock before.
    pub order: Signal<In, Bits<16>>,

    step: DFF<Step>,
    generator: DFF<Bits<32>>,
    left_to_drop: DFF<Bits<4>>,
    // Places that are filled, or left to exchange.
    places: DFF<Bits<16>>,
    count: DFF<Bits<16>>,
    // The address that is written next, or that was taken from the drawn place.
    item: DFF<Bits<16>>,
    scale: Scale,
    shifted_13: Signal<Local, Bits<32>>,
    shifted_17: Signal<Local, Bits<32>>,
    drawn: Signal<Local, Bits<32>>,
    last: Signal<Local, Bits<16>>,
    next: Signal<Local, Bits<16>>,
    record_words: Constant<Bits<16>>,
    dropped: Constant<Bits<4>>,
}

impl Shuffler {
    /// A shuffler of records of so many words.
    pub fn new(record_words: u16) -> Shuffler {
        block! {
            Shuffler {
                record_words: Constant::new(u64::from(record_words).into()),
                dropped: Constant::new(u64::from(WARM_UP).into()),
            }
            clock write register data_in active address store stored order step generator left_to_drop places count item
            scale shifted_13 shifted_17 drawn last next
        }
    }
}

impl Logic for Shuffler {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, step, generator, left_to_drop, places, count, item);
        self.scale.clock.next = self.clock.val();
        self.scale.fraction.next = self.generator.q.val();
        self.scale.count.next = self.places.q.val();
        self.shifted_13.next = self.generator.q.val() ^ (self.generator.q.val() << xorshift::LEFT);
        self.shifted_17.next = self.shifted_13.val() ^ (self.shifted_13.val() >> xorshift::RIGHT);
        self.drawn.next = self.shifted_17.val() ^ (self.shifted_17.val() << xorshift::LEFT_AGAIN);
        self.last.next = self.places.q.val() - 1;
        // A signal of its own, since Verilog compares a sum with all its bits.
        self.next.next = self.places.q.val() + 1;

        self.address.next = self.scale.scaled.val();
        self.store.next = false;
        self.stored.next = self.item.q.val();
        match self.step.q.val() {
            Step::Idle => {}
            Step::WarmUp => {
                self.generator.d.next = self.drawn.val();
                self.left_to_drop.d.next = self.left_to_drop.q.val() - 1;
                if self.left_to_drop.q.val() == 1 {
                    self.step.d.next = Step::Fill;
                }
            }
            Step::Fill => {
                self.address.next = self.places.q.val();
                self.store.next = true;
                self.item.d.next = self.item.q.val() + self.record_words.val();
                self.places.d.next = self.next.val();
                if self.next.val() == self.count.q.val() {
                    self.step.d.next = Step::Draw;
                }
            }
            Step::Draw => {
                self.step.d.next = Step::Idle;
                if self.places.q.val().get_bits::<15>(1).any() {
                    self.generator.d.next = self.drawn.val();
                    self.step.d.next = Step::Scale;
                }
            }
            Step::Scale => {
                self.step.d.next = Step::ReadDrawn;
            }
            Step::ReadDrawn => {
                self.step.d.next = Step::ReadLast;
            }
            Step::ReadLast => {
                self.item.d.next = self.order.val();
                self.address.next = self.last.val();
                self.step.d.next = Step::WriteDrawn;
            }
            Step::WriteDrawn => {
                self.store.next = true;
                self.stored.next = self.order.val();
                self.step.d.next = Step::WriteLast;
            }
            Step::WriteLast => {
                self.address.next = self.last.val();
                self.store.next = true;
                self.places.d.next = self.last.val();
                self.step.d.next = Step::Draw;
            }
            _ => {
                self.step.d.next = Step::Idle;
            }
        }
        if self.write.val() {
            if self.register.val() == stream::SEED {
                self.generator.d.next = (bit_cast::<32, 16>(self.generator.q.val().get_bits::<16>(0)) << 16)
                    | bit_cast::<32, 16>(self.data_in.val());
            }
            if self.register.val() == stream::SHUFFLE {
                self.count.d.next = self.data_in.val();
                self.places.d.next = 0.into();
                self.item.d.next = 0.into();
                self.left_to_drop.d.next = self.dropped.val();
                self.step.d.next = Step::WarmUp;
            }
        }
        self.active.next = self.step.q.val() != Step::Idle;
    }
}

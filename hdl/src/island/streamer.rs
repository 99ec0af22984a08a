//! Shows the array one sample after the other, without the controller in between.
//!
//! While the array relaxes one sample, the streamer counts what the array answered to the one before, and then brings the one
//! after into the array interface. So the time of a sample is the array's, and a few clocks:
//!
//! ```text
//! array        |<---- sample n ---->|  |<---- sample n+1 -->|
//! streamer      tally n-1, load n+1  ^  tally n, load n+2
//!                                    answers held, next sample taken, `go`
//! ```
//!
//! A sample here is one burst. The controller begins a stream of samples within an epoch, waits, and takes over what was
//! counted; what samples of several bursts ask for it does itself, as without a streamer. It finds the streamer's registers behind
//! the order memory's largest address.
//!
//! Where answers are stored, they may be targets of the sample that follows. So nothing is loaded then before the tally is
//! done.

use super::instruction::{stream, stream_flag, streamed};
use super::square::Square;
use rust_hdl::prelude::*;

/// Clocks after a request for a burst for which the array may still look idle.
const STILL_IDLE: u64 = 4;

/// What the streamer is at.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Step {
    /// Nothing: the controller has the memories and the array.
    Idle,
    /// Finds out what comes next.
    Choose,
    /// Takes the next record's address.
    Find,
    /// The record's first word is being read.
    Seek,
    /// A word goes into the array interface.
    Load,
    /// Asks the array.
    Go,
    /// Finds the sample's targets.
    Targets,
    /// Finds its senses.
    Senses,
    /// The word of senses is being read.
    SensesRead,
    /// Takes the senses of eight outputs.
    SensesTaken,
    /// Takes an answer and its target.
    First,
    /// The second target of a pair is being read.
    SecondRead,
    /// Takes the second of a pair.
    Second,
    /// Compares the answer with its target and with the best one.
    Compare,
    /// The distance is being squared.
    Squared,
    /// Adds the square.
    Add,
    /// Finds the sample's class.
    Class,
    /// The class is being read.
    ClassRead,
    /// Compares it with the answer.
    Judge,
    /// Stores an answer.
    Store,
}

/// Where the parts of a record lie, and how the answers in it are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamedRecord {
    /// Words from one record to the next.
    pub words: u16,
    /// Place of the first target; so many are the inputs.
    pub targets_at: u16,
    /// Place of the first word of senses.
    pub senses_at: u16,
    /// Place of the class; so many words go into the array interface.
    pub class_at: u16,
    /// Number of outputs.
    pub outputs: u16,
    /// Bits of a voltage, 2 to 16.
    pub voltage_bits: u32,
}

/// The streamer.
#[derive(LogicBlock)]
pub struct Streamer {
    /// Everything happens at its rising edge.
    pub clock: Signal<In, Clock>,
    /// Writes a register.
    pub write: Signal<In, Bit>,
    /// Which one is written or read.
    pub register: Signal<In, Bits<3>>,
    /// What is written.
    pub data_in: Signal<In, Bits<16>>,
    /// What the register shows.
    pub data_out: Signal<Out, Bits<16>>,
    /// The streamer has the sample memory and the array interface.
    pub active: Signal<Out, Bit>,
    /// Address in the sample memory.
    pub address: Signal<Out, Bits<16>>,
    /// Writes the answer there.
    pub store: Signal<Out, Bit>,
    /// What the sample memory held at the address of the clock before.
    pub samples: Signal<In, Bits<16>>,
    /// Address in the order memory.
    pub place: Signal<Out, Bits<16>>,
    /// What it held at the address of the clock before.
    pub order: Signal<In, Bits<16>>,
    /// An order is being made, says the shuffler.
    pub shuffling: Signal<In, Bit>,
    /// The bank of the order memory the controller and the shuffler see.
    pub bank: Signal<Out, Bit>,
    /// The bank of the order memory the streamer sees.
    pub watched_bank: Signal<Out, Bit>,
    /// Shifts what was read of the sample memory into the array interface.
    pub shift: Signal<Out, Bit>,
    /// The array sees the sample that was shifted in last.
    pub take: Signal<Out, Bit>,
    /// The array interface keeps the array's answers.
    pub hold: Signal<Out, Bit>,
    /// Number of an output.
    pub answer_index: Signal<Out, Bits<16>>,
    /// Its answer, sign-extended.
    pub answer: Signal<In, Bits<16>>,
    /// The streamer's part of the request for a burst: each change is one.
    pub go: Signal<Out, Bit>,
    /// Whether the burst's first step has the other number modulo 2 than the controller says.
    pub flip: Signal<Out, Bit>,
    /// The array is idle; asynchronous to the clock.
    pub rest: Signal<In, Bit>,
    /// The next sample may be brought: the array has no more use for the one before.
    pub free: Signal<In, Bit>,
    /// Gives everything up but what has been counted.
    pub reset: Signal<In, Bit>,

    step: DFF<Step>,
    // The stream.
    flags: DFF<Bits<5>>,
    banks: DFF<Bits<2>>,
    left: DFF<Bits<16>>,
    // The next sample's record, or its place in the order memory.
    next_sample: DFF<Bits<16>>,
    // Records: the one that is loaded or counted, and the one the array works on.
    record: DFF<Bits<16>>,
    record_at_work: DFF<Bits<16>>,
    loaded: DFF<Bit>,
    at_work: DFF<Bit>,
    uncounted: DFF<Bit>,
    // The array.
    request: DFF<Bit>,
    parity: DFF<Bit>,
    still_idle: DFF<Bits<3>>,
    rest_early: DFF<Bit>,
    rest_now: DFF<Bit>,
    // The memory.
    memory_place: DFF<Bits<16>>,
    // A word of the record, or an output.
    index: DFF<Bits<16>>,
    // The tally of a sample: the senses of the output and those after it, and places in the record.
    senses: DFF<Bits<16>>,
    target_at: DFF<Bits<16>>,
    senses_at: DFF<Bits<16>>,
    // Signed, 18 bits.
    value: DFF<Bits<18>>,
    wanted: DFF<Bits<18>>,
    // Counted from the lowest number of 18 bits.
    best: DFF<Bits<18>>,
    answered: DFF<Bits<16>>,
    above: DFF<Bit>,
    distance: DFF<Bits<18>>,
    counts: DFF<Bit>,
    square: Square,
    // The tally of the stream.
    done: DFF<Bits<16>>,
    right: DFF<Bits<16>>,
    error: DFF<Bits<48>>,

    busy: Signal<Local, Bit>,
    is_idle: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    takes: Signal<Local, Bit>,
    part_at: Signal<Local, Bits<16>>,
    part: Signal<Local, Bits<16>>,
    limit: Signal<Local, Bits<16>>,
    extended_answer: Signal<Local, Bits<18>>,
    extended_target: Signal<Local, Bits<18>>,
    number: Signal<Local, Bits<16>>,
    next_place: Signal<Local, Bits<16>>,
    next_index: Signal<Local, Bits<16>>,
    sample_step: Signal<Local, Bits<16>>,
    difference: Signal<Local, Bits<18>>,
    from_lowest: Signal<Local, Bits<18>>,
    sum: Signal<Local, Bits<49>>,
    said: Signal<Local, Bits<16>>,

    record_words: Constant<Bits<16>>,
    targets_place: Constant<Bits<16>>,
    senses_place: Constant<Bits<16>>,
    class_place: Constant<Bits<16>>,
    last_word: Constant<Bits<16>>,
    outputs: Constant<Bits<16>>,
    paired_outputs: Constant<Bits<16>>,
    last_output: Constant<Bits<16>>,
    sign: Constant<Bits<16>>,
    above_sign: Constant<Bits<18>>,
    below_sign: Constant<Bits<18>>,
    upper_bits: Constant<Bits<18>>,
    lowest: Constant<Bits<18>>,
    full: Constant<Bits<48>>,
    waiting: Constant<Bits<3>>,
}

impl Streamer {
    /// A streamer of such records.
    pub fn new(record: StreamedRecord) -> Streamer {
        let StreamedRecord { words, targets_at, senses_at, class_at, outputs, voltage_bits } = record;
        let sign = 1u64 << (voltage_bits - 1);
        let wide = (1u64 << 18) - 1;
        let constant = |value: u16| Constant::new(u64::from(value).into());
        block! {
            Streamer {
                record_words: constant(words),
                targets_place: constant(targets_at),
                senses_place: constant(senses_at),
                class_place: constant(class_at),
                last_word: constant(class_at - 1),
                outputs: constant(outputs),
                paired_outputs: constant(outputs & !1),
                last_output: constant(outputs - 1),
                sign: Constant::new(sign.into()),
                above_sign: Constant::new((wide & !(sign - 1)).into()),
                below_sign: Constant::new((sign - 1).into()),
                upper_bits: Constant::new((wide & !0xFFFF).into()),
                lowest: Constant::new((1u64 << 17).into()),
                full: Constant::new(((1u64 << 48) - 1).into()),
                waiting: Constant::new(STILL_IDLE.into()),
            }
            clock write register data_in data_out active address store samples place order shuffling bank watched_bank shift take hold
            answer_index answer go flip rest free reset step flags banks left next_sample record record_at_work loaded
            at_work uncounted request parity still_idle rest_early rest_now memory_place index senses
            target_at senses_at value wanted best answered above distance counts square done right error busy is_idle ends takes
            part_at part limit extended_answer extended_target number next_place
            next_index sample_step difference from_lowest sum said
        }
    }
}

impl Logic for Streamer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            step,
            flags,
            banks,
            left,
            next_sample,
            record,
            record_at_work,
            loaded,
            at_work,
            uncounted,
            request,
            parity,
            still_idle,
            rest_early,
            rest_now,
            memory_place,
            index,
            senses,
            target_at,
            senses_at,
            value,
            wanted,
            best,
            answered,
            above,
            distance,
            counts,
            done,
            right,
            error
        );
        self.busy.next = self.step.q.val() != Step::Idle;
        self.square.clock.next = self.clock.val();
        self.square.number.next = self.distance.q.val();
        self.rest_early.d.next = self.rest.val();
        self.rest_now.d.next = self.rest_early.q.val();
        if self.still_idle.q.val().any() {
            self.still_idle.d.next = self.still_idle.q.val() - 1;
        }
        self.is_idle.next = self.rest_now.q.val() & !self.still_idle.q.val().any();

        // Where a part of the record lies.
        self.part_at.next = self.targets_place.val();
        if self.step.q.val() == Step::Senses {
            self.part_at.next = self.senses_place.val();
        }
        if self.step.q.val() == Step::Class {
            self.part_at.next = self.class_place.val();
        }
        self.part.next = self.record.q.val() + self.part_at.val();

        // Voltages as numbers of 18 bits, and what the tally does with them.
        self.extended_answer.next = bit_cast::<18, 16>(self.answer.val());
        if self.answer.val().get_bit(15) {
            self.extended_answer.next = bit_cast::<18, 16>(self.answer.val()) | self.upper_bits.val();
        }
        self.extended_target.next = bit_cast::<18, 16>(self.samples.val()) & self.below_sign.val();
        if (self.samples.val() & self.sign.val()).any() {
            self.extended_target.next = bit_cast::<18, 16>(self.samples.val()) | self.above_sign.val();
        }
        self.difference.next = self.value.q.val() - self.wanted.q.val();
        self.from_lowest.next = self.value.q.val() ^ self.lowest.val();
        self.sum.next = bit_cast::<49, 48>(self.error.q.val()) + bit_cast::<49, 36>(self.square.square.val());
        self.limit.next = self.outputs.val();
        self.number.next = self.index.q.val();
        if self.flags.q.val().get_bit(stream_flag::DIFFERENTIAL) {
            self.limit.next = self.paired_outputs.val();
            self.number.next = self.index.q.val() >> 1;
        }
        self.next_place.next = self.memory_place.q.val() + 1;
        self.next_index.next = self.index.q.val() + 1;
        self.sample_step.next = self.record_words.val();
        if self.flags.q.val().get_bit(stream_flag::ORDERED) {
            self.sample_step.next = 1.into();
        }
        self.said.next = self.answered.q.val();
        if self.flags.q.val().get_bit(stream_flag::SINGLE) {
            self.said.next = bit_cast::<16, 1>(self.above.q.val().into());
        }

        self.ends.next = false;
        self.takes.next = false;
        self.shift.next = false;
        self.store.next = false;
        match self.step.q.val() {
            Step::Idle => {}
            Step::Choose => {
                if self.uncounted.q.val() {
                    self.step.d.next = Step::Targets;
                } else if self.left.q.val().any()
                    & self.free.val()
                    & !self.loaded.q.val()
                    & !(self.flags.q.val().get_bit(stream_flag::STORE) & self.at_work.q.val())
                {
                    self.step.d.next = Step::Find;
                } else if self.at_work.q.val() {
                    self.ends.next = self.is_idle.val();
                    self.takes.next = self.is_idle.val() & self.loaded.q.val();
                } else if self.loaded.q.val() {
                    self.takes.next = true;
                } else {
                    self.step.d.next = Step::Idle;
                }
            }
            Step::Find => {
                // None is left if the pause came with the choice.
                self.step.d.next = Step::Choose;
                if self.left.q.val().any() {
                    self.record.d.next = self.next_sample.q.val();
                    self.memory_place.d.next = self.next_sample.q.val();
                    if self.flags.q.val().get_bit(stream_flag::ORDERED) {
                        self.record.d.next = self.order.val();
                        self.memory_place.d.next = self.order.val();
                    }
                    self.next_sample.d.next = self.next_sample.q.val() + self.sample_step.val();
                    self.left.d.next = self.left.q.val() - 1;
                    self.index.d.next = 0.into();
                    self.step.d.next = Step::Seek;
                }
            }
            Step::Seek => {
                self.memory_place.d.next = self.next_place.val();
                self.step.d.next = Step::Load;
            }
            Step::Load => {
                self.shift.next = true;
                self.memory_place.d.next = self.next_place.val();
                self.index.d.next = self.next_index.val();
                if self.index.q.val() == self.last_word.val() {
                    self.loaded.d.next = true;
                    self.step.d.next = Step::Choose;
                }
            }
            Step::Go => {
                self.request.d.next = !self.request.q.val();
                self.still_idle.d.next = self.waiting.val();
                self.step.d.next = Step::Choose;
            }
            Step::Targets => {
                self.target_at.d.next = self.part.val();
                self.index.d.next = 0.into();
                self.answered.d.next = 0.into();
                self.best.d.next = 0.into();
                self.above.d.next = false;
                self.step.d.next = Step::Senses;
            }
            Step::Senses => {
                self.senses_at.d.next = self.part.val();
                self.memory_place.d.next = self.part.val();
                self.step.d.next = Step::SensesRead;
                if !self.limit.val().any() {
                    self.step.d.next = Step::Class;
                }
            }
            Step::SensesRead => {
                self.memory_place.d.next = self.target_at.q.val();
                self.senses_at.d.next = self.next_place.val();
                self.step.d.next = Step::SensesTaken;
            }
            Step::SensesTaken => {
                self.senses.d.next = self.samples.val();
                self.step.d.next = Step::First;
            }
            Step::First => {
                self.value.d.next = self.extended_answer.val();
                self.wanted.d.next = self.extended_target.val();
                self.memory_place.d.next = self.next_place.val();
                self.target_at.d.next = self.next_place.val();
                self.step.d.next = Step::Compare;
                if self.flags.q.val().get_bit(stream_flag::DIFFERENTIAL) {
                    // The first of a pair has an even number.
                    self.index.d.next = self.index.q.val() | 1;
                    self.step.d.next = Step::SecondRead;
                }
            }
            Step::SecondRead => {
                self.step.d.next = Step::Second;
            }
            Step::Second => {
                self.value.d.next = self.value.q.val() - self.extended_answer.val();
                if self.senses.q.val().get_bits::<2>(2).any() {
                    self.wanted.d.next = self.wanted.q.val() - self.extended_target.val();
                }
                self.memory_place.d.next = self.next_place.val();
                self.target_at.d.next = self.next_place.val();
                self.step.d.next = Step::Compare;
            }
            Step::Compare => {
                self.distance.d.next = self.difference.val();
                self.counts.d.next = self.senses.q.val().get_bit(0);
                if self.difference.val().get_bit(17) {
                    self.counts.d.next = self.senses.q.val().get_bit(0) ^ self.senses.q.val().get_bit(1);
                }
                // The first of the highest.
                if self.best.q.val() < self.from_lowest.val() {
                    self.best.d.next = self.from_lowest.val();
                    self.answered.d.next = self.number.val();
                }
                if !self.number.val().any() {
                    self.above.d.next = self.value.q.val().any() & !self.value.q.val().get_bit(17);
                }
                self.index.d.next = self.next_index.val();
                self.senses.d.next = self.senses.q.val() >> 2;
                if self.flags.q.val().get_bit(stream_flag::DIFFERENTIAL) {
                    self.senses.d.next = self.senses.q.val() >> 4;
                }
                self.step.d.next = Step::Squared;
            }
            Step::Squared => {
                self.step.d.next = Step::Add;
            }
            Step::Add => {
                if self.counts.q.val() {
                    self.error.d.next = self.sum.val().get_bits::<48>(0);
                    if self.sum.val().get_bit(48) {
                        self.error.d.next = self.full.val();
                    }
                }
                self.step.d.next = Step::First;
                if !self.index.q.val().get_bits::<3>(0).any() {
                    self.memory_place.d.next = self.senses_at.q.val();
                    self.step.d.next = Step::SensesRead;
                }
                if self.index.q.val() == self.limit.val() {
                    self.step.d.next = Step::Class;
                }
            }
            Step::Class => {
                self.memory_place.d.next = self.part.val();
                self.step.d.next = Step::ClassRead;
            }
            Step::ClassRead => {
                self.memory_place.d.next = self.part.val();
                self.index.d.next = 0.into();
                self.step.d.next = Step::Judge;
            }
            Step::Judge => {
                self.done.d.next = self.done.q.val() + 1;
                if self.samples.val() == self.said.val() {
                    self.right.d.next = self.right.q.val() + 1;
                }
                self.uncounted.d.next = false;
                self.step.d.next = Step::Choose;
                if self.flags.q.val().get_bit(stream_flag::STORE) {
                    self.step.d.next = Step::Store;
                }
            }
            Step::Store => {
                self.store.next = true;
                self.memory_place.d.next = self.next_place.val();
                self.index.d.next = self.next_index.val();
                if self.index.q.val() == self.last_output.val() {
                    self.step.d.next = Step::Choose;
                }
            }
            _ => {
                self.step.d.next = Step::Idle;
            }
        }

        // One sample ends, or one begins, or both: the records change places.
        if self.ends.val() | self.takes.val() {
            self.record.d.next = self.record_at_work.q.val();
            self.record_at_work.d.next = self.record.q.val();
            self.at_work.d.next = self.takes.val();
        }
        if self.ends.val() {
            self.uncounted.d.next = true;
            self.parity.d.next = self.parity.q.val() ^ self.flags.q.val().get_bit(stream_flag::ODD);
        }
        if self.takes.val() {
            self.loaded.d.next = false;
            self.step.d.next = Step::Go;
        }

        // Registers.
        if self.write.val() {
            if self.register.val() == stream::SAMPLE {
                self.next_sample.d.next = self.data_in.val();
            }
            if self.register.val() == stream::FLAGS {
                self.flags.d.next = self.data_in.val().get_bits::<5>(0);
            }
            if self.register.val() == stream::START {
                self.left.d.next = self.data_in.val();
                self.done.d.next = 0.into();
                self.right.d.next = 0.into();
                self.error.d.next = 0.into();
                self.parity.d.next = false;
                self.step.d.next = Step::Choose;
            }
            if self.register.val() == stream::PAUSE {
                self.left.d.next = 0.into();
            }
            if self.register.val() == stream::BANKS {
                self.banks.d.next = self.data_in.val().get_bits::<2>(0);
            }
        }
        if self.reset.val() {
            self.step.d.next = Step::Idle;
            self.request.d.next = false;
            self.loaded.d.next = false;
            self.at_work.d.next = false;
            self.uncounted.d.next = false;
        }
        self.data_out.next = self.done.q.val();
        if self.register.val() == streamed::RIGHT {
            self.data_out.next = self.right.q.val();
        }
        if self.register.val() == streamed::ERROR_LOW {
            self.data_out.next = self.error.q.val().get_bits::<16>(0);
        }
        if self.register.val() == streamed::ERROR_MIDDLE {
            self.data_out.next = self.error.q.val().get_bits::<16>(16);
        }
        if self.register.val() == streamed::ERROR_HIGH {
            self.data_out.next = self.error.q.val().get_bits::<16>(32);
        }
        if self.register.val() == streamed::STATUS {
            self.data_out.next = bit_cast::<16, 1>(self.busy.val().into())
                | (bit_cast::<16, 1>(self.parity.q.val().into()) << 1)
                | (bit_cast::<16, 1>(self.shuffling.val().into()) << 2);
        }

        self.active.next = self.busy.val();
        self.address.next = self.memory_place.q.val();
        self.place.next = self.next_sample.q.val();
        self.bank.next = self.banks.q.val().get_bit(0);
        self.watched_bank.next = self.banks.q.val().get_bit(1);
        self.answer_index.next = self.index.q.val();
        self.go.next = self.request.q.val();
        self.flip.next = self.parity.q.val() & self.busy.val();
        // Beside the streamer's work the array interface follows, so that the controller can do without it.
        self.take.next = self.takes.val() | !self.busy.val();
        self.hold.next = self.rest_now.q.val() & (self.ends.val() | !self.busy.val());
    }
}

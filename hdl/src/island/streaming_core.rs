//! The island without its serial line, with a streamer.

use super::controller::Controller;
use super::memory::{Memory, WatchedMemory};
use super::options::MemoryKind;
use super::ports::{ArrayPorts, FramePorts};
use super::program::{Facts, Image, program};
use super::shuffler::Shuffler;
use super::streamer::Streamer;
use rust_hdl::prelude::*;

/// A [`Core`](super::Core) whose samples a [`Streamer`] shows. The order memory has two banks: while the streamer follows the order
/// in one, a [`Shuffler`] fills the other.
#[derive(LogicBlock)]
#[expect(missing_docs, reason = "the ports are the controller's and the streamer's")]
pub struct StreamingCore {
    pub clock: Signal<In, Clock>,
    pub line: FramePorts,
    pub border_shift: Signal<Out, Bit>,
    pub border_word: Signal<Out, Bits<16>>,
    pub border_take: Signal<Out, Bit>,
    pub border_hold: Signal<Out, Bit>,
    pub border_streams: Signal<Out, Bit>,
    pub border_free: Signal<In, Bit>,
    pub array: ArrayPorts,
    controller: Controller,
    streamer: Streamer,
    shuffler: Shuffler,
    samples: Memory,
    order: WatchedMemory,
    sample_address: Signal<Local, Bits<16>>,
    order_address: Signal<Local, Bits<16>>,
    is_register: Signal<Local, Bit>,
    sample_mask: Constant<Bits<16>>,
    order_mask: Constant<Bits<16>>,
    second_bank: Constant<Bits<16>>,
}

impl StreamingCore {
    /// The core for a design, its sample memory of that kind.
    pub fn new(facts: &Facts, samples: MemoryKind) -> StreamingCore {
        StreamingCore::with_program(facts, samples, &program(facts))
    }

    /// The same with another program.
    pub fn with_program(facts: &Facts, samples: MemoryKind, image: &Image) -> StreamingCore {
        let depth = |mask: u16| usize::from(mask) + 1;
        let order_words = depth(facts.order_mask());
        block! {
            StreamingCore {
                controller: Controller::new(image),
                streamer: Streamer::new(facts.streamed_record()),
                shuffler: Shuffler::new(facts.streamed_record().words),
                samples: Memory::new(samples, depth(facts.sample_mask())),
                order: WatchedMemory::new(2 * order_words),
                sample_mask: Constant::new(u64::from(facts.sample_mask()).into()),
                order_mask: Constant::new(u64::from(facts.order_mask()).into()),
                second_bank: Constant::new((order_words as u64).into()),
            }
            clock line border_shift border_word border_take border_hold border_streams border_free array sample_address order_address
            is_register
        }
    }

    /// The controller.
    pub fn controller(&self) -> &Controller {
        &self.controller
    }
}

impl Logic for StreamingCore {
    #[hdl_gen]
    fn update(&mut self) {
        self.controller.clock.next = self.clock.val();
        self.streamer.clock.next = self.clock.val();
        self.shuffler.clock.next = self.clock.val();
        self.samples.clock.next = self.clock.val();
        self.order.clock.next = self.clock.val();
        // The line.
        FramePorts::link(&mut self.line, &mut self.controller.line);

        // The sample memory is the streamer's while it is active. Addresses wrap at the memories' ends.
        self.sample_address.next = self.controller.memory_address.val();
        self.samples.data_in.next = self.controller.memory_data.val();
        self.samples.write.next = self.controller.samples_write.val();
        if self.streamer.active.val() {
            self.sample_address.next = self.streamer.address.val();
            self.samples.data_in.next = self.array.answer.val();
            self.samples.write.next = self.streamer.store.val();
        }
        self.samples.address.next = self.sample_address.val() & self.sample_mask.val();
        self.controller.samples_data.next = self.samples.data_out.val();
        self.streamer.samples.next = self.samples.data_out.val();

        // The order memory, and behind its largest address the registers of streamer and shuffler.
        self.is_register.next = self.controller.memory_address.val().get_bit(15);
        self.order_address.next = self.controller.memory_address.val() & self.order_mask.val();
        self.order.data_in.next = self.controller.memory_data.val();
        self.order.write.next = self.controller.order_write.val() & !self.is_register.val();
        if self.shuffler.active.val() {
            self.order_address.next = self.shuffler.address.val() & self.order_mask.val();
            self.order.data_in.next = self.shuffler.stored.val();
            self.order.write.next = self.shuffler.store.val();
        }
        self.order.address.next = self.order_address.val();
        if self.streamer.bank.val() {
            self.order.address.next = self.order_address.val() | self.second_bank.val();
        }
        self.shuffler.order.next = self.order.data_out.val();
        self.order.watched.next = self.streamer.place.val() & self.order_mask.val();
        if self.streamer.watched_bank.val() {
            self.order.watched.next =
                (self.streamer.place.val() & self.order_mask.val()) | self.second_bank.val();
        }
        self.streamer.order.next = self.order.watched_data.val();
        self.streamer.register.next = self.controller.memory_address.val().get_bits::<3>(0);
        self.streamer.data_in.next = self.controller.memory_data.val();
        self.streamer.write.next = self.controller.order_write.val() & self.is_register.val();
        self.streamer.shuffling.next = self.shuffler.active.val();
        self.shuffler.register.next = self.controller.memory_address.val().get_bits::<3>(0);
        self.shuffler.data_in.next = self.controller.memory_data.val();
        self.shuffler.write.next = self.controller.order_write.val() & self.is_register.val();
        // What the controller computes with has one value only at any time, or a simulator of events would go round in circles.
        if self.is_register.val() {
            self.controller.order_data.next = self.streamer.data_out.val();
        } else {
            self.controller.order_data.next = self.order.data_out.val();
        }

        // The array interface.
        self.border_shift.next = self.controller.border_shift.val() | self.streamer.shift.val();
        self.border_word.next = self.samples.data_out.val();
        self.border_take.next = self.streamer.take.val();
        self.border_hold.next = self.streamer.hold.val();
        self.border_streams.next = self.streamer.active.val();
        self.streamer.free.next = self.border_free.val();

        // The array.
        self.array.answer_index.next = self.controller.array.answer_index.val();
        if self.streamer.active.val() {
            self.array.answer_index.next = self.streamer.answer_index.val();
        }
        self.controller.array.answer.next = self.array.answer.val();
        self.streamer.answer.next = self.array.answer.val();
        self.array.steps.next = self.controller.array.steps.val();
        self.array.close.next = self.controller.array.close.val();
        self.array.present.next = self.controller.array.present.val();
        self.array.phase.next = self.controller.array.phase.val() ^ self.streamer.flip.val();
        self.array.learn.next = self.controller.array.learn.val();
        self.array.desynchronous.next = self.controller.array.desynchronous.val();
        self.array.rarity.next = self.controller.array.rarity.val();
        self.array.offset.next = self.controller.array.offset.val();
        self.array.impose.next = self.controller.array.impose.val();
        self.array.go.next = self.controller.array.go.val() ^ self.streamer.go.val();
        self.array.scan.next = self.controller.array.scan.val();
        self.array.strobe.next = self.controller.array.strobe.val();
        self.array.scan_in.next = self.controller.array.scan_in.val();
        self.array.reset.next = self.controller.array.reset.val();
        self.streamer.reset.next = self.controller.array.reset.val();
        self.controller.array.rest.next = self.array.rest.val();
        self.streamer.rest.next = self.array.rest.val();
        self.controller.array.scan_out.next = self.array.scan_out.val();
    }
}

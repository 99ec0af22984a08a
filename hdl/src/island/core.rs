//! The island without its serial line: the controller and its memories.

use super::controller::Controller;
use super::memory::{Memory, MemoryKind};
use super::program::{Facts, Image, program};
use rust_hdl::prelude::*;

/// The island between the frames of the line and the border of the array. Its ports are those of the [`Controller`].
#[derive(LogicBlock)]
#[expect(missing_docs, reason = "the ports are the controller's")]
pub struct Core {
    pub clock: Signal<In, Clock>,
    pub frame_ready: Signal<In, Bit>,
    pub frame_length: Signal<In, Bits<8>>,
    pub frame_address: Signal<Out, Bits<8>>,
    pub frame_data: Signal<In, Bits<8>>,
    pub frame_release: Signal<Out, Bit>,
    pub damaged: Signal<In, Bits<16>>,
    pub overruns: Signal<In, Bits<16>>,
    pub reply_byte: Signal<Out, Bits<8>>,
    pub reply_push: Signal<Out, Bit>,
    pub reply_accept: Signal<In, Bit>,
    pub reply_finish: Signal<Out, Bit>,
    pub border_shift: Signal<Out, Bit>,
    pub border_word: Signal<Out, Bits<16>>,
    pub answer_index: Signal<Out, Bits<16>>,
    pub answer: Signal<In, Bits<16>>,
    pub steps: Signal<Out, Bits<8>>,
    pub close: Signal<Out, Bit>,
    pub present: Signal<Out, Bit>,
    pub phase: Signal<Out, Bit>,
    pub learn: Signal<Out, Bit>,
    pub desynchronous: Signal<Out, Bit>,
    pub rarity: Signal<Out, Bits<3>>,
    pub offset: Signal<Out, Bits<2>>,
    pub impose: Signal<Out, Bit>,
    pub go: Signal<Out, Bit>,
    pub scan: Signal<Out, Bit>,
    pub strobe: Signal<Out, Bit>,
    pub scan_in: Signal<Out, Bit>,
    pub reset: Signal<Out, Bit>,
    pub rest: Signal<In, Bit>,
    pub scan_out: Signal<In, Bit>,
    controller: Controller,
    samples: Memory,
    order: Memory,
    sample_mask: Constant<Bits<16>>,
    order_mask: Constant<Bits<16>>,
}

impl Core {
    /// The core for a design, its sample memory of that kind.
    pub fn new(facts: &Facts, samples: MemoryKind) -> Core {
        Core::with_program(facts, samples, &program(facts))
    }

    /// The same with another program.
    pub fn with_program(facts: &Facts, samples: MemoryKind, image: &Image) -> Core {
        let depth = |mask: u16| usize::from(mask) + 1;
        Core {
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
            border_shift: Signal::default(),
            border_word: Signal::default(),
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
            controller: Controller::new(image),
            samples: Memory::new(samples, depth(facts.sample_mask())),
            order: Memory::new(MemoryKind::Block, depth(facts.order_mask())),
            sample_mask: Constant::new(u64::from(facts.sample_mask()).into()),
            order_mask: Constant::new(u64::from(facts.order_mask()).into()),
        }
    }
}

impl Core {
    /// The controller.
    pub fn controller(&self) -> &Controller {
        &self.controller
    }
}

impl Logic for Core {
    #[hdl_gen]
    fn update(&mut self) {
        self.controller.clock.next = self.clock.val();
        self.samples.clock.next = self.clock.val();
        self.order.clock.next = self.clock.val();
        // The line.
        self.controller.frame_ready.next = self.frame_ready.val();
        self.controller.frame_length.next = self.frame_length.val();
        self.frame_address.next = self.controller.frame_address.val();
        self.controller.frame_data.next = self.frame_data.val();
        self.frame_release.next = self.controller.frame_release.val();
        self.controller.damaged.next = self.damaged.val();
        self.controller.overruns.next = self.overruns.val();
        self.reply_byte.next = self.controller.reply_byte.val();
        self.reply_push.next = self.controller.reply_push.val();
        self.controller.reply_accept.next = self.reply_accept.val();
        self.reply_finish.next = self.controller.reply_finish.val();
        // The memories: addresses wrap at their ends.
        self.samples.address.next = self.controller.memory_address.val() & self.sample_mask.val();
        self.samples.data_in.next = self.controller.memory_data.val();
        self.samples.write.next = self.controller.samples_write.val();
        self.controller.samples_data.next = self.samples.data_out.val();
        self.order.address.next = self.controller.memory_address.val() & self.order_mask.val();
        self.order.data_in.next = self.controller.memory_data.val();
        self.order.write.next = self.controller.order_write.val();
        self.controller.order_data.next = self.order.data_out.val();
        // The border.
        self.border_shift.next = self.controller.border_shift.val();
        self.border_word.next = self.samples.data_out.val();
        self.answer_index.next = self.controller.answer_index.val();
        self.controller.answer.next = self.answer.val();
        self.steps.next = self.controller.steps.val();
        self.close.next = self.controller.close.val();
        self.present.next = self.controller.present.val();
        self.phase.next = self.controller.phase.val();
        self.learn.next = self.controller.learn.val();
        self.desynchronous.next = self.controller.desynchronous.val();
        self.rarity.next = self.controller.rarity.val();
        self.offset.next = self.controller.offset.val();
        self.impose.next = self.controller.impose.val();
        self.go.next = self.controller.go.val();
        self.scan.next = self.controller.scan.val();
        self.strobe.next = self.controller.strobe.val();
        self.scan_in.next = self.controller.scan_in.val();
        self.reset.next = self.controller.reset.val();
        self.controller.rest.next = self.rest.val();
        self.controller.scan_out.next = self.scan_out.val();
    }
}

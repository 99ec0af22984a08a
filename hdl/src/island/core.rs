//! The island without its serial line: the controller and its memories.

use super::controller::Controller;
use super::memory::Memory;
use super::options::MemoryKind;
use super::ports::{ArrayPorts, FramePorts};
use super::program::{Facts, Image, program};
use rust_hdl::prelude::*;

/// The island between the frames of the line and the interface of the array. Its ports are those of the [`Controller`].
#[derive(LogicBlock)]
#[expect(missing_docs, reason = "the ports are the controller's")]
pub struct Core {
    pub clock: Signal<In, Clock>,
    pub line: FramePorts,
    pub border_shift: Signal<Out, Bit>,
    pub border_word: Signal<Out, Bits<16>>,
    pub array: ArrayPorts,
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
        block! {
            Core {
                controller: Controller::new(image),
                samples: Memory::new(samples, depth(facts.sample_mask())),
                order: Memory::new(MemoryKind::Block, depth(facts.order_mask())),
                sample_mask: Constant::new(u64::from(facts.sample_mask()).into()),
                order_mask: Constant::new(u64::from(facts.order_mask()).into()),
            }
            clock line border_shift border_word array
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
        FramePorts::link(&mut self.line, &mut self.controller.line);
        // The memories: addresses wrap at their ends.
        self.samples.address.next = self.controller.memory_address.val() & self.sample_mask.val();
        self.samples.data_in.next = self.controller.memory_data.val();
        self.samples.write.next = self.controller.samples_write.val();
        self.controller.samples_data.next = self.samples.data_out.val();
        self.order.address.next = self.controller.memory_address.val() & self.order_mask.val();
        self.order.data_in.next = self.controller.memory_data.val();
        self.order.write.next = self.controller.order_write.val();
        self.controller.order_data.next = self.order.data_out.val();
        // The array interface.
        self.border_shift.next = self.controller.border_shift.val();
        self.border_word.next = self.samples.data_out.val();
        ArrayPorts::link(&mut self.array, &mut self.controller.array);
    }
}

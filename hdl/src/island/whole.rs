//! The whole island: from the two pins of the serial line to the ports of the array and its interface.

use super::core::Core;
use super::link::SerialLink;
use super::options::IslandOptions;
use super::ports::ArrayPorts;
use super::program::Facts;
use rust_hdl::prelude::*;
use wheatstone_link::protocol::{Identity, LinkLimit};
use wheatstone_sim::Design;

impl IslandOptions {
    /// What the island's program must know to serve a design.
    ///
    /// # Errors
    /// [`LinkLimit`] if a number of the design does not fit the protocol or the island: voltages of at most 16 bits, a scan chain of
    /// at most 65,535.
    pub fn facts(self, design: &Design) -> Result<Facts, LinkLimit> {
        let identity = Identity::of(design)?;
        let (bits, most) = (identity.scan_bits as usize, usize::from(u16::MAX));
        if bits > most {
            return Err(LinkLimit::Count { what: "bits of state", value: bits, most });
        }
        let IslandOptions { clock_hz, baud, credits, sample_words, order_words, watchdog, .. } = self;
        Ok(Facts {
            identity: Identity { credits, sample_words, order_words, clock_hz, baud, ..identity },
            watchdog,
        })
    }
}

/// A [`SerialLink`] before a [`Core`].
#[derive(LogicBlock)]
#[expect(missing_docs, reason = "the ports are those of the line and of the controller")]
pub struct Island {
    pub clock: Signal<In, Clock>,
    pub rx: Signal<In, Bit>,
    pub tx: Signal<Out, Bit>,
    pub border_shift: Signal<Out, Bit>,
    pub border_word: Signal<Out, Bits<16>>,
    pub array: ArrayPorts,
    link: SerialLink,
    core: Core,
}

impl Island {
    /// The island for a design.
    ///
    /// # Errors
    /// As [`IslandOptions::facts`].
    ///
    /// # Panics
    /// As [`SerialLink::new`].
    pub fn new(design: &Design, options: IslandOptions) -> Result<Island, LinkLimit> {
        let facts = options.facts(design)?;
        Ok(block! {
            Island {
                link: SerialLink::new(options.clock_hz, options.baud, options.credits),
                core: Core::new(&facts, options.sample_memory),
            }
            clock rx tx border_shift border_word array
        })
    }
}

impl Logic for Island {
    #[hdl_gen]
    fn update(&mut self) {
        self.link.clock.next = self.clock.val();
        self.core.clock.next = self.clock.val();
        self.link.rx.next = self.rx.val();
        self.tx.next = self.link.tx.val();
        self.core.line.frame_ready.next = self.link.frames.ready.val();
        self.core.line.frame_length.next = self.link.frames.length.val();
        self.link.frames.address.next = self.core.line.frame_address.val();
        self.core.line.frame_data.next = self.link.frames.data.val();
        self.link.frames.free.next = self.core.line.frame_release.val();
        self.core.line.damaged.next = self.link.frames.damaged.val();
        self.core.line.overruns.next = self.link.frames.overruns.val();
        self.link.reply_data.next = self.core.line.reply_byte.val();
        self.link.reply_push.next = self.core.line.reply_push.val();
        self.link.reply_finish.next = self.core.line.reply_finish.val();
        self.core.line.reply_accept.next = self.link.reply_accept.val();
        self.border_shift.next = self.core.border_shift.val();
        self.border_word.next = self.core.border_word.val();
        ArrayPorts::link(&mut self.array, &mut self.core.array);
    }
}

//! The whole island: from the two pins of the serial line to the ports of the array and its border.

use super::core::Core;
use super::link::SerialLink;
use super::memory::MemoryKind;
use super::program::Facts;
use rust_hdl::prelude::*;
use wheatstone_link::protocol::{Identity, LinkLimit};
use wheatstone_sim::Design;

/// How an island is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IslandOptions {
    /// The board's clock in Hz.
    pub clock_hz: u32,
    /// Speed of the serial line in baud.
    pub baud: u32,
    /// Frames that are kept until they are executed.
    pub credits: u8,
    /// Words of sample memory, a power of two up to 65,536.
    pub sample_words: u32,
    /// What the sample memory is made of.
    pub sample_memory: MemoryKind,
    /// Words of order memory, a power of two up to 32,768.
    pub order_words: u16,
    /// Clocks after which an array that has not come to rest is given up, about.
    pub watchdog: u32,
}

impl Default for IslandOptions {
    /// What suits a large device at 25 MHz.
    fn default() -> Self {
        IslandOptions {
            clock_hz: 25_000_000,
            baud: 3_000_000,
            credits: 8,
            sample_words: 16_384,
            sample_memory: MemoryKind::Block,
            order_words: 2048,
            watchdog: 1 << 20,
        }
    }
}

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
        Ok(Island {
            clock: Signal::default(),
            rx: Signal::default(),
            tx: Signal::default(),
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
            link: SerialLink::new(options.clock_hz, options.baud, options.credits),
            core: Core::new(&facts, options.sample_memory),
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
        self.core.frame_ready.next = self.link.ready.val();
        self.core.frame_length.next = self.link.length.val();
        self.link.address.next = self.core.frame_address.val();
        self.core.frame_data.next = self.link.data.val();
        self.link.free.next = self.core.frame_release.val();
        self.core.damaged.next = self.link.damaged.val();
        self.core.overruns.next = self.link.overruns.val();
        self.link.reply_data.next = self.core.reply_byte.val();
        self.link.reply_push.next = self.core.reply_push.val();
        self.link.reply_finish.next = self.core.reply_finish.val();
        self.core.reply_accept.next = self.link.reply_accept.val();
        self.border_shift.next = self.core.border_shift.val();
        self.border_word.next = self.core.border_word.val();
        self.answer_index.next = self.core.answer_index.val();
        self.core.answer.next = self.answer.val();
        self.steps.next = self.core.steps.val();
        self.close.next = self.core.close.val();
        self.present.next = self.core.present.val();
        self.phase.next = self.core.phase.val();
        self.learn.next = self.core.learn.val();
        self.desynchronous.next = self.core.desynchronous.val();
        self.rarity.next = self.core.rarity.val();
        self.offset.next = self.core.offset.val();
        self.impose.next = self.core.impose.val();
        self.go.next = self.core.go.val();
        self.scan.next = self.core.scan.val();
        self.strobe.next = self.core.strobe.val();
        self.scan_in.next = self.core.scan_in.val();
        self.reset.next = self.core.reset.val();
        self.core.rest.next = self.rest.val();
        self.core.scan_out.next = self.scan_out.val();
    }
}

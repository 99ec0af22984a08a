//! The whole island: from the two pins of the serial line to the ports of the array and its interface.

use super::core::Core;
use super::link::SerialLink;
use super::options::IslandOptions;
use super::ports::ArrayPorts;
use super::program::Facts;
use super::streaming_core::StreamingCore;
use rust_hdl::prelude::*;
use wheatstone_link::protocol::{Identity, LinkLimit};
use wheatstone_sim::Design;

impl IslandOptions {
    /// What the island's program must know to serve a design.
    ///
    /// # Errors
    /// [`LinkLimit`] if a number of the design does not fit the protocol or the island: voltages of at most 16 bits, a scan chain of
    /// at most 65,535 bits, or bytes with [`IslandOptions::byte_chain`].
    pub fn facts(self, design: &Design) -> Result<Facts, LinkLimit> {
        let identity = Identity::of(design)?;
        let (bits, most) = (identity.scan_bits as usize, usize::from(u16::MAX));
        let (what, value) =
            if self.byte_chain { ("bytes of state", bits.div_ceil(8)) } else { ("bits of state", bits) };
        if value > most {
            return Err(LinkLimit::Count { what, value, most });
        }
        let IslandOptions {
            clock_hz,
            baud,
            credits,
            sample_words,
            order_words,
            watchdog,
            streaming,
            byte_chain,
            ..
        } = self;
        Ok(Facts {
            identity: Identity { credits, sample_words, order_words, clock_hz, baud, ..identity },
            watchdog,
            streaming,
            byte_chain,
        })
    }
}

/// An island with that core, its ports those of the line and of the core.
macro_rules! island {
    ($(#[$about:meta])* $island:ident $core:ident $($further:ident)*; $($heard:ident)*) => {
        $(#[$about])*
        #[derive(LogicBlock)]
        #[expect(missing_docs, reason = "the ports are those of the line and of the core")]
        pub struct $island {
            pub clock: Signal<In, Clock>,
            pub rx: Signal<In, Bit>,
            pub tx: Signal<Out, Bit>,
            pub border_shift: Signal<Out, Bit>,
            pub border_word: Signal<Out, Bits<16>>,
            $(pub $further: Signal<Out, Bit>,)*
            $(pub $heard: Signal<In, Bit>,)*
            pub array: ArrayPorts,
            link: SerialLink,
            core: $core,
        }

        impl $island {
            fn new(facts: &Facts, options: IslandOptions) -> $island {
                block! {
                    $island {
                        link: SerialLink::new(options.clock_hz, options.baud, options.credits),
                        core: $core::new(facts, options.sample_memory),
                    }
                    clock rx tx border_shift border_word $($further)* $($heard)* array
                }
            }
        }

        impl Logic for $island {
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
                $(self.$further.next = self.core.$further.val();)*
                $(self.core.$heard.next = self.$heard.val();)*
                ArrayPorts::link(&mut self.array, &mut self.core.array);
            }
        }
    };
}

island! {
    /// A [`SerialLink`] before a [`Core`].
    PlainIsland Core;
}

island! {
    /// A [`SerialLink`] before a [`StreamingCore`].
    StreamingIsland StreamingCore border_take border_hold border_streams; border_free
}

/// The island for a design: a block with the pins `rx` and `tx` and the ports to the array.
pub enum Island {
    /// The controller shows the samples.
    Plain(Box<PlainIsland>),
    /// Samples stream.
    Streaming(Box<StreamingIsland>),
}

/// The same of either island.
macro_rules! either {
    ($self:ident, $island:ident => $what:expr) => {
        match $self {
            $crate::island::Island::Plain($island) => $what,
            $crate::island::Island::Streaming($island) => $what,
        }
    };
}

pub(crate) use either;

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
        Ok(if options.streaming {
            Island::Streaming(Box::new(StreamingIsland::new(&facts, options)))
        } else {
            Island::Plain(Box::new(PlainIsland::new(&facts, options)))
        })
    }

    /// The board's clock.
    pub fn clock(&mut self) -> &mut Signal<In, Clock> {
        either!(self, island => &mut island.clock)
    }

    /// The line from the host.
    pub fn rx(&mut self) -> &mut Signal<In, Bit> {
        either!(self, island => &mut island.rx)
    }

    /// The line to the host.
    pub fn tx(&self) -> &Signal<Out, Bit> {
        either!(self, island => &island.tx)
    }
}

impl Logic for Island {
    fn update(&mut self) {
        either!(self, island => island.update());
    }

    fn connect(&mut self) {
        either!(self, island => island.connect());
    }

    fn hdl(&self) -> Verilog {
        either!(self, island => island.hdl())
    }

    fn timing(&self) -> Vec<TimingInfo> {
        either!(self, island => island.timing())
    }
}

impl Block for Island {
    fn connect_all(&mut self) {
        either!(self, island => island.connect_all());
    }

    fn update_all(&mut self) {
        either!(self, island => island.update_all());
    }

    fn has_changed(&self) -> bool {
        either!(self, island => island.has_changed())
    }

    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        either!(self, island => island.accept(name, probe));
    }
}

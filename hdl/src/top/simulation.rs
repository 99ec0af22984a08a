//! The island, clock by clock, together with the array, picosecond by picosecond.

use super::{ArrayForm, Chip, Streaming, TopError};
use crate::circuit::Circuit;
use crate::island::ports::ArrayPorts;
use crate::island::replay::Bench;
use crate::island::whole::either;
use crate::island::{Core, Island, IslandOptions, PlainIsland, Ranks, StreamingCore, StreamingIsland};
use rust_hdl::prelude::{Block, Clock, In, Signal};
use std::collections::VecDeque;
use std::sync::Arc;
use wheatstone_sim::Design;

/// A block that can stand where the island stands.
pub trait ArraySide: Block {
    /// Its clock.
    fn clock(&mut self) -> &mut Signal<In, Clock>;
    /// The word it shifts into the array's interface at the next clock, if it shifts one.
    fn shifted_word(&self) -> Option<i64>;
    /// Its ports to the array.
    fn ports(&self) -> &ArrayPorts;
    /// The same, to be driven.
    fn ports_mut(&mut self) -> &mut ArrayPorts;
    /// Whether the array interface takes the words at the next clock, and whether it holds the answers.
    fn ranks(&self) -> [bool; 2] {
        [false; 2]
    }
    /// Whether samples stream and another one comes.
    fn streams(&self) -> bool {
        false
    }
    /// Tells it that the next sample may be brought.
    fn set_free(&mut self, _free: bool) {}
}

/// Of a block without streaming samples, or of one whose ports `take` and `hold` have those names.
macro_rules! array_side {
    ($block:ty $(, $take:ident, $hold:ident, $streams:ident, $free:ident)?) => {
        impl ArraySide for $block {
            fn clock(&mut self) -> &mut Signal<In, Clock> {
                &mut self.clock
            }

            fn shifted_word(&self) -> Option<i64> {
                self.border_shift.val().then(|| self.border_word.val().to_u64().cast_signed())
            }

            fn ports(&self) -> &ArrayPorts {
                &self.array
            }

            fn ports_mut(&mut self) -> &mut ArrayPorts {
                &mut self.array
            }

            $(fn ranks(&self) -> [bool; 2] {
                [self.$take.val(), self.$hold.val()]
            }

            fn streams(&self) -> bool {
                self.$streams.val()
            }

            fn set_free(&mut self, free: bool) {
                self.$free.next = free;
            })?
        }
    };
}

array_side!(Core);
array_side!(PlainIsland);
array_side!(StreamingCore, border_take, border_hold, border_streams, border_free);
array_side!(StreamingIsland, border_take, border_hold, border_streams, border_free);

impl ArraySide for Island {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        Island::clock(self)
    }

    fn shifted_word(&self) -> Option<i64> {
        either!(self, island => island.shifted_word())
    }

    fn ports(&self) -> &ArrayPorts {
        either!(self, island => island.ports())
    }

    fn ports_mut(&mut self) -> &mut ArrayPorts {
        either!(self, island => island.ports_mut())
    }

    fn ranks(&self) -> [bool; 2] {
        either!(self, island => island.ranks())
    }

    fn streams(&self) -> bool {
        either!(self, island => island.streams())
    }

    fn set_free(&mut self, free: bool) {
        either!(self, island => island.set_free(free));
    }
}

/// A block in the island's place, and the array beside it.
pub struct TopSimulation<B = Island> {
    /// The block's bench: set its other inputs with `next`, read its outputs with `val()`.
    pub bench: Bench<B>,
    chip: Chip,
    circuit: Circuit,
    /// What the array and its interface see of the block.
    shown: [i64; 16],
    period_ps: u64,
    clocks: u64,
    /// Words have been shifted in that the array does not see yet.
    untaken: bool,
    /// The array may have answers that are not held yet.
    unheld: bool,
}

impl TopSimulation<Island> {
    /// A design on a board, just switched on.
    ///
    /// # Errors
    /// [`TopError`] if it cannot be built.
    pub fn new(
        design: Arc<Design>,
        array: impl Into<ArrayForm>,
        options: IslandOptions,
    ) -> Result<TopSimulation<Island>, TopError> {
        let chip = Chip::new(design, array, options)?;
        let island = chip.island()?;
        let mut simulation = TopSimulation::around(Bench::unrecorded(island, Island::clock), chip);
        simulation.bench.block.rx().next = true;
        Ok(simulation)
    }
}

impl<B: ArraySide> TopSimulation<B> {
    /// The array and its array interface around some block.
    pub fn around(bench: Bench<B>, chip: impl Into<Chip>) -> TopSimulation<B> {
        let chip = chip.into();
        let mut circuit = Circuit::new(chip.module.clone());
        let period_ps = 1_000_000_000_000 / u64::from(chip.options.clock_hz.max(1));
        circuit.quiesce(period_ps);
        let shown = [0; 16];
        TopSimulation { bench, chip, circuit, shown, period_ps, clocks: 0, untaken: false, unheld: true }
    }

    /// The array with its interface.
    pub fn chip(&self) -> &Chip {
        &self.chip
    }

    /// The running array and its array interface.
    pub fn circuit_mut(&mut self) -> &mut Circuit {
        &mut self.circuit
    }

    /// Clocks so far.
    pub fn clocks(&self) -> u64 {
        self.clocks
    }

    /// The block's ports to the array.
    pub fn ports(&self) -> &ArrayPorts {
        self.bench.block.ports()
    }

    /// One clock.
    ///
    /// # Panics
    /// If the block never settles.
    pub fn tick(&mut self) {
        let chip = &self.chip.ports;
        let bit = |bus: &crate::bus::Bus| bus.val() == 1;
        let ports = self.bench.block.ports_mut();
        ports.answer.next = (chip.answer.val().cast_unsigned() & 0xFFFF).into();
        ports.rest.next = bit(&chip.idle);
        ports.scan_out.next = bit(&chip.scan[1]);
        let free = chip.streaming.as_ref().and_then(|streaming| streaming.free.as_ref());
        // A folded array's interface goes on by the clock.
        let always = free.is_some();
        self.bench.block.set_free(free.is_none_or(bit));
        self.bench.settle();
        let (shifted, [take, hold]) = (self.bench.block.shifted_word(), self.bench.block.ranks());
        self.bench.tick();
        self.clocks += 1;

        let edge_ps = self.circuit.now_ps();
        // Where nothing would change, the interface is not given the clock.
        let (takes, holds) = (take && self.untaken, hold && self.unheld);
        let clocked = always || shifted.is_some() || takes || holds;
        if clocked {
            let interface = &self.chip.ports;
            self.circuit.set(&interface.shift, shifted.is_some().into());
            self.circuit.set(&interface.word, shifted.unwrap_or_default());
            if let Some(Streaming { ranks: Ranks { take, hold }, .. }) = &interface.streaming {
                self.circuit.set(take, takes.into());
                self.circuit.set(hold, holds.into());
            }
            self.circuit.set(&interface.clock, 1);
            self.circuit.run_until(edge_ps);
            self.untaken = shifted.is_some() || (self.untaken && !takes);
            self.unheld &= !holds;
        }
        self.unheld |= self.chip.ports.idle.val() == 0;
        self.show();
        if clocked {
            self.circuit.run_until(edge_ps + self.period_ps / 2);
            self.circuit.set(&self.chip.ports.clock, 0);
        }
        self.circuit.run_until(edge_ps + self.period_ps);
    }

    /// Shows the array what the block drives.
    fn show(&mut self) {
        let (interface, ports) = (&self.chip.ports, self.bench.block.ports());
        let (controls, word) = (&interface.controls, |value: u64| value.cast_signed());
        let streams = interface.streaming.as_ref().and_then(|streaming| streaming.streams.as_ref());
        let driven = [
            (&interface.index, word(ports.answer_index.val().to_u64())),
            (&interface.impose, ports.impose.val().into()),
            (&controls.steps, word(ports.steps.val().to_u64())),
            (&controls.close, ports.close.val().into()),
            (&controls.present, ports.present.val().into()),
            (&controls.phase, ports.phase.val().into()),
            (&controls.learn, ports.learn.val().into()),
            (&controls.desynchronous, ports.desynchronous.val().into()),
            (&controls.rarity, word(ports.rarity.val().to_u64())),
            (&controls.offset, word(ports.offset.val().to_u64())),
            (&controls.go, ports.go.val().into()),
            (&controls.scan, ports.scan.val().into()),
            (&controls.strobe, ports.strobe.val().into()),
            (&interface.scan[0], ports.scan_in.val().into()),
            (&controls.reset, ports.reset.val().into()),
            // Where nobody asks, nothing changes.
            (
                streams.unwrap_or(&controls.reset),
                if streams.is_some() { self.bench.block.streams() } else { ports.reset.val() }.into(),
            ),
        ];
        let values = driven.map(|(_, value)| value);
        if values != self.shown {
            self.unheld = true;
            driven.into_iter().for_each(|(bus, value)| self.circuit.set(bus, value));
            self.shown = values;
        }
    }
}

/// The host's end of the serial line of a [`TopSimulation`]: bytes in, bytes out.
#[derive(Debug)]
pub struct SerialLine {
    clock_hz: u64,
    baud: u64,
    /// Bytes to send, and what is being sent: its bits with start and stop, lowest first, and when the present one began.
    sending: VecDeque<u8>,
    bits: u16,
    bits_left: u32,
    sent_at: u64,
    /// Time in units of 1 / (clock * baud) seconds.
    now: u64,
    /// When the byte that comes in began, and what has come of it.
    began: Option<u64>,
    came: u16,
    came_bits: u32,
}

impl SerialLine {
    /// A line that idles.
    pub fn new(options: IslandOptions) -> SerialLine {
        SerialLine {
            clock_hz: options.clock_hz.into(),
            baud: options.baud.into(),
            sending: VecDeque::new(),
            bits: 1,
            bits_left: 0,
            sent_at: 0,
            now: 0,
            began: None,
            came: 0,
            came_bits: 0,
        }
    }

    /// Queues bytes to be sent.
    pub fn send(&mut self, bytes: &[u8]) {
        self.sending.extend(bytes);
    }

    /// One clock of the board; the byte that came, if one is complete.
    ///
    /// # Panics
    /// As [`TopSimulation::tick`].
    pub fn tick(&mut self, top: &mut TopSimulation<Island>) -> Option<u8> {
        let bit = self.clock_hz;
        if self.bits_left > 0 && self.now >= self.sent_at + bit {
            self.sent_at += bit;
            self.bits = (self.bits >> 1) | 0x8000;
            self.bits_left -= 1;
        }
        if self.bits_left == 0
            && let Some(byte) = self.sending.pop_front()
        {
            self.bits = u16::from(byte) << 1 | 0xFE00;
            self.bits_left = 10;
            self.sent_at = self.now;
        }
        top.bench.block.rx().next = self.bits & 1 == 1;
        top.tick();
        self.now += self.baud;
        self.listen(top.bench.block.tx().val())
    }

    /// Samples every bit in its middle.
    fn listen(&mut self, tx: bool) -> Option<u8> {
        let Some(began) = self.began else {
            if !tx {
                self.began = Some(self.now);
                (self.came, self.came_bits) = (0, 0);
            }
            return None;
        };
        let middle = began + self.clock_hz / 2 + u64::from(self.came_bits) * self.clock_hz;
        if self.now < middle {
            return None;
        }
        self.came |= u16::from(tx) << self.came_bits;
        self.came_bits += 1;
        if self.came_bits < 10 {
            return None;
        }
        self.began = None;
        u8::try_from((self.came >> 1) & 0xFF).ok()
    }
}

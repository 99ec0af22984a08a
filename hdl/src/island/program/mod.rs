//! What the [controller](super::controller) does: one loop, told in pieces.
//!
//! ```text
//! loop {
//!     if a frame waits { execute it, reply }      frames, memories, scan
//!     else if done < limit { run a sample }       run, order, tally
//! }                                               or many, with a streamer: stream
//! ```
//!
//! So commands are executed between samples, no two things ever want a memory at once, and a run needs no state of its own
//! beside its variables. The program is made for one design: its counts are constants of it.

mod counting;
mod frames;
mod memories;
mod order;
mod run;
mod scan_access;
mod stream;
mod tally;
mod watchdog;
mod wire;

use super::assembler::Assembler;
pub use super::assembler::Image;
use super::instruction::Condition;
use super::streamer::StreamedRecord;
pub(crate) use order::WARM_UP;
use wheatstone_link::protocol::{Identity, SampleLayout};

/// What the program must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What the board says of itself: the design's counts, its memories, clock and line.
    pub identity: Identity,
    /// Clocks after which an array that has not settled is given up, about.
    pub watchdog: u32,
    /// Whether there is a [`Streamer`](super::Streamer).
    pub streaming: bool,
    /// Whether the scan chain has whole bytes and is counted in them.
    pub byte_chain: bool,
}

impl Facts {
    fn layout(&self) -> SampleLayout {
        SampleLayout { inputs: self.identity.inputs.into(), outputs: self.identity.outputs.into() }
    }

    /// The largest address of the sample memory.
    pub(crate) fn sample_mask(&self) -> u16 {
        mask(self.identity.sample_words)
    }

    /// What a streamer must know of a record.
    pub(crate) fn streamed_record(&self) -> StreamedRecord {
        let layout = self.layout();
        StreamedRecord {
            words: sixteen(layout.words()),
            targets_at: sixteen(layout.targets_at()),
            senses_at: sixteen(layout.senses_at()),
            class_at: sixteen(layout.class_at()),
            outputs: sixteen(layout.outputs),
            voltage_bits: self.identity.widths[0].into(),
        }
    }

    /// The largest address of the order memory.
    pub(crate) fn order_mask(&self) -> u16 {
        mask(self.identity.order_words.into())
    }
}

fn mask(words: u32) -> u16 {
    u16::try_from(words.saturating_sub(1)).unwrap_or(u16::MAX)
}

/// A count of the design as a constant of the program.
fn sixteen(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

/// The program for a design.
pub fn program(facts: &Facts) -> Image {
    let mut a = Assembler::new();
    frames::declare(&mut a);
    memories::declare(&mut a);
    scan_access::declare(&mut a);
    run::declare(&mut a);
    order::declare(&mut a);
    tally::declare(&mut a);
    if facts.streaming {
        stream::declare(&mut a);
    }

    a.label("main");
    a.jump(Condition::Ready, "frame");
    compare_done(&mut a);
    a.jump(Condition::Carry, "main");
    if facts.streaming {
        stream::samples(&mut a, facts);
    }
    run::sample(&mut a, facts);
    if facts.streaming {
        stream::fill(&mut a);
        stream::take_over(&mut a, facts);
    } else {
        order::fill(&mut a, facts);
    }
    frames::frames(&mut a, facts);
    run::commands(&mut a, facts);
    memories::commands(&mut a, facts);
    scan_access::commands(&mut a, facts);
    run::burst(&mut a, facts);
    run::prepare(&mut a);
    tally::clear(&mut a);
    scan_access::rotate(&mut a, facts);
    a.finish()
}

/// C = 1 if no run is in progress.
fn compare_done(a: &mut Assembler) {
    a.load("done_low");
    a.subtract("limit_low");
    a.load("done_high");
    a.subtract_carry("limit_high");
}

//! How an island is built: what boards differ in.

use serde::{Deserialize, Serialize};

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
    /// Clocks after which an array that has not settled is given up, about.
    pub watchdog: u32,
    /// Whether samples stream: the next one is loaded, and the answers to the last one are counted, while the array works.
    pub streaming: bool,
    /// Whether the scan chain has whole bytes and is counted in them, as a folded array's is; it may be eight times as long then.
    pub byte_chain: bool,
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
            streaming: false,
            byte_chain: false,
        }
    }
}

/// What a [`Memory`](super::Memory) is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MemoryKind {
    /// Whatever block RAM yosys finds in the device.
    Block,
    /// `SB_SPRAM256KA` of an iCE40 UltraPlus, 16384 words each. Yosys takes them by name only.
    Spram,
}

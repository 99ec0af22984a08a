//! Waiting for the array, and what ends it if the array stalls.

use super::super::assembler::Assembler;
use super::super::instruction::{Condition::Carry, RESET, Register};
use super::Facts;
use super::wire::STALLED;

/// Begins to count the turns of a loop that waits for the array, each of so many clocks, until the watchdog's time is over.
pub(super) fn begin_waiting(a: &mut Assembler, facts: &Facts, clocks: u32) {
    let turns = facts.watchdog.div_ceil(clocks).max(1);
    a.set("waited_low", u16::try_from(turns & 0xFFFF).unwrap_or(0));
    a.set("waited_high", u16::try_from(turns >> 16).unwrap_or(0));
}

/// Counts one turn, and goes to `label` unless it was the last.
pub(super) fn count_waiting(a: &mut Assembler, label: &str) {
    for word in ["waited_low", "waited_high"] {
        a.load(word);
        a.subtract(1);
        a.store(word);
        a.jump(Carry, label);
    }
}

/// Resets an array that has stalled.
pub(super) fn reset_stalled(a: &mut Assembler) {
    a.load(RESET);
    a.out(Register::Pins);
    a.set("stalled", STALLED);
    a.load(0);
    a.out(Register::Pins);
}

//! The scan chain as a memory of bytes.
//!
//! `position` is how many bits have left the chain, which rotates: what leaves goes in again, unless something else is
//! written. At 0 the chain is home, and the array can run.
//!
//! A folded array has memories for a chain. It has whole bytes then, and `position` counts them; and once scan mode is entered the
//! first words must be read before the chain may be shifted, which the array says by its rest.

use super::super::assembler::Assembler;
use super::super::instruction::{Condition, FEEDBACK, Operation, Port, Register, SCAN};
use super::counting::count_down;
use super::frames::{require_idle, success};
use super::watchdog::{begin_waiting, count_waiting, reset_stalled};
use super::wire::OPCODE_READ;
use super::{Facts, sixteen};
use Condition::{Always, Carry, NoCarry, NotZero, Zero};
use wheatstone_link::protocol::MOST_DATA;

/// Clocks of one turn of the loop that waits for the scan chain.
const WAITING_CLOCKS: u32 = 12;

/// Bits rotated at once.
const STRIDE: u16 = 128;

pub(super) fn declare(a: &mut Assembler) {
    a.variables(&["position", "target", "turn"]);
}

pub(super) fn commands(a: &mut Assembler, facts: &Facts) {
    let chain = Chain::of(facts);

    a.label("read scan");
    a.load("count");
    a.subtract(sixteen(MOST_DATA) + 1);
    a.jump(Carry, "length");
    a.label("write scan");
    go_to_place(a, chain);
    a.load("opcode");
    a.xor(OPCODE_READ);
    a.jump(Zero, "scan is there to read");
    a.load(SCAN);
    a.out(Register::Pins);
    a.label("write scan byte");
    a.on(Operation::LoadQ, Port::FrameByte);
    shift_byte(a, chain, "write");
    count_down(a, "write scan byte");
    leave(a, "write");
    a.jump(Always, "done");

    a.label("scan is there to read");
    success(a);
    a.label("read scan byte");
    shift_byte(a, chain, "read");
    a.on(Operation::SendHigh, Port::Q);
    count_down(a, "read scan byte");
    leave(a, "read");
    a.jump(Always, "finish");
}

/// The chain of an array.
#[derive(Clone, Copy)]
struct Chain {
    /// How far it rotates until it is home.
    length: u16,
    /// That is in bytes, and not in bits.
    in_bytes: bool,
}

impl Chain {
    fn of(facts: &Facts) -> Chain {
        let (bits, in_bytes) = (facts.identity.scan_bits as usize, facts.byte_chain);
        Chain { length: sixteen(if in_bytes { bits.div_ceil(8) } else { bits }), in_bytes }
    }

    fn bytes(self) -> u16 {
        if self.in_bytes { self.length } else { self.length.div_ceil(8) }
    }
}

/// Rotates the chain home.
pub(super) fn home(a: &mut Assembler, facts: &Facts) {
    let home = a.unique();
    a.load("position");
    a.jump(Zero, home.clone());
    a.load(Chain::of(facts).length);
    a.subtract("position");
    a.call("rotate");
    a.load(0);
    a.store("position");
    a.out(Register::Pins);
    a.label(home);
}

/// Rotates the chain to byte `at`.
fn go_to_place(a: &mut Assembler, chain: Chain) {
    require_idle(a);
    a.load(chain.bytes());
    a.subtract("at");
    a.jump(NoCarry, "address");
    a.subtract("count");
    a.jump(NoCarry, "address");
    a.load("at");
    if !chain.in_bytes {
        // Eight bits a byte.
        for _ in 0..3 {
            a.store("target");
            a.add("target");
        }
    }
    a.store("target");
    a.subtract("position");
    a.jump(Carry, "place is ahead");
    a.add(chain.length);
    a.label("place is ahead");
    a.call("rotate");
    a.set("position", "target");
}

/// Shifts a byte of the chain, or as much as is left of it.
fn shift_byte(a: &mut Assembler, chain: Chain, what: &str) {
    let Chain { length, in_bytes } = chain;
    let rest = if in_bytes { 0 } else { length % 8 };
    let (last, shifted) = (format!("{what}: last byte"), format!("{what}: byte shifted"));
    a.load("position");
    if rest != 0 {
        a.xor(length - rest);
        a.jump(Zero, last.clone());
        a.load("position");
    }
    a.add(if in_bytes { 1 } else { 8 });
    a.store("position");
    a.on(Operation::Repeat, 8);
    a.plain(Operation::Shift);
    if rest == 0 {
        a.xor(length);
        a.jump(NotZero, shifted.clone());
        a.set("position", 0);
    } else {
        a.jump(Always, shifted.clone());
        a.label(last);
        a.on(Operation::Repeat, rest);
        a.plain(Operation::Shift);
        // The bits that are not there are 0; so is A.
        a.store("position");
        a.shift_right(8 - rest);
    }
    a.label(shifted);
}

/// Leaves scan mode if the chain is home.
fn leave(a: &mut Assembler, what: &str) {
    let away = format!("{what}: away");
    a.load("position");
    a.jump(NotZero, away.clone());
    a.out(Register::Pins);
    a.label(away);
}

/// Subroutine: enters scan mode and rotates the chain by A.
pub(super) fn rotate(a: &mut Assembler, facts: &Facts) {
    a.label("rotate");
    a.store("turn");
    a.load(SCAN | FEEDBACK);
    a.out(Register::Pins);
    if facts.byte_chain {
        rotate_bytes(a, facts);
        return;
    }
    a.label("rotate on");
    a.load("turn");
    a.subtract(STRIDE);
    a.jump(NoCarry, "rotate the rest");
    a.store("turn");
    a.on(Operation::Repeat, STRIDE);
    a.plain(Operation::Shift);
    a.jump(Always, "rotate on");
    a.label("rotate the rest");
    a.load("turn");
    a.jump(Zero, "rotated");
    a.on(Operation::Repeat, "turn");
    a.plain(Operation::Shift);
    a.label("rotated");
    a.plain(Operation::Return);
}

/// The rest of `rotate` where `turn` counts bytes.
fn rotate_bytes(a: &mut Assembler, facts: &Facts) {
    // The rest of before is seen for some clocks.
    begin_waiting(a, facts, WAITING_CLOCKS);
    a.label("scan is not there");
    a.jump(Condition::Idle, "rotate bytes");
    count_waiting(a, "scan is not there");
    // What is read is no state, and the status says so.
    reset_stalled(a);
    a.load(SCAN | FEEDBACK);
    a.out(Register::Pins);
    a.label("rotate bytes");
    a.load("turn");
    a.jump(Zero, "rotated");
    a.subtract(1);
    a.store("turn");
    a.on(Operation::Repeat, 8);
    a.plain(Operation::Shift);
    a.jump(Always, "rotate bytes");
    a.label("rotated");
    a.plain(Operation::Return);
}

//! Reading and writing the sample and the order memory.

use super::super::assembler::Assembler;
use super::super::instruction::{Condition, Operation, Port, Register};
use super::counting::count_down;
use super::frames::{exactly, success, take_byte, take_word};
use super::wire::{SPACE_SCAN, SPACES, WRITE_HEAD_BYTES};
use super::{Facts, sixteen};
use Condition::{Always, Carry, NoCarry, NotZero, Odd, Zero};
use wheatstone_link::protocol::MOST_DATA;

pub(super) fn declare(a: &mut Assembler) {
    a.variables(&["space", "at", "count", "last"]);
}

pub(super) fn commands(a: &mut Assembler, facts: &Facts) {
    let most = sixteen(MOST_DATA);
    a.label("write");
    a.load("payload");
    a.subtract(WRITE_HEAD_BYTES);
    a.jump(NoCarry, "length");
    a.store("count");
    space_and_address(a);
    a.load("count");
    a.jump(Zero, "length");
    a.subtract(most + 1);
    a.jump(Carry, "length");
    a.load("space");
    a.subtract(SPACE_SCAN);
    a.jump(Zero, "write scan");
    a.on(Operation::LoadQ, "count");
    a.jump(Odd, "length");
    a.load("count");
    a.shift_right(1);
    a.store("count");
    a.call("bounds");
    a.load("at");
    a.out(Register::Address);
    a.load("space");
    a.jump(NotZero, "write order");
    write_words(a, "write samples", Operation::StoreSample);
    write_words(a, "write order", Operation::StoreOrder);

    a.label("read");
    exactly(a, 4);
    space_and_address(a);
    take_byte(a, "count");
    a.jump(Zero, "length");
    a.load("space");
    a.subtract(SPACE_SCAN);
    a.jump(Zero, "read scan");
    a.load("count");
    a.subtract(most / 2 + 1);
    a.jump(Carry, "length");
    a.call("bounds");
    success(a);
    a.load("at");
    a.out(Register::Address);
    a.load("space");
    a.jump(NotZero, "read order");
    read_words(a, "read samples", Port::Samples);
    read_words(a, "read order", Port::Order);
    in_bounds(a, facts);
}

fn space_and_address(a: &mut Assembler) {
    take_byte(a, "space");
    a.subtract(SPACES);
    a.jump(Carry, "unknown");
    take_word(a, "at");
}

/// Subroutine: refuses the frame if the last of `count` words lies behind the end of the memory.
fn in_bounds(a: &mut Assembler, facts: &Facts) {
    a.label("bounds");
    a.load("at");
    a.add("count");
    a.subtract(1);
    a.store("last");
    // What went beyond the largest address came out below `at`.
    a.subtract("at");
    a.jump(NoCarry, "address");
    a.load("space");
    a.jump(NotZero, "order's bounds");
    a.load(facts.sample_mask());
    a.jump(Always, "last in bounds");
    a.label("order's bounds");
    a.load(facts.order_mask());
    a.label("last in bounds");
    a.subtract("last");
    a.jump(NoCarry, "address");
    a.plain(Operation::Return);
}

fn write_words(a: &mut Assembler, name: &'static str, operation: Operation) {
    a.label(name);
    a.load(Port::FrameWord);
    a.load(Port::FrameWord);
    a.plain(operation);
    a.and_advance();
    count_down(a, name);
    a.jump(Always, "done");
}

fn read_words(a: &mut Assembler, name: &'static str, port: Port) {
    a.label(name);
    a.send_word(port);
    a.and_advance();
    count_down(a, name);
    a.jump(Always, "finish");
}

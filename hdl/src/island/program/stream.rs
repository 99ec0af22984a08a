//! Samples that stream: what the program does where there is a [`Streamer`](super::super::Streamer).
//!
//! A *stream* is the samples up to the end of the epoch or of the run. The streamer is told where it begins; while it works, the
//! program has the next epoch's order made in the other bank of the order memory, and looks for frames. A frame ends the stream
//! early, for commands are executed between samples. Then what was done and counted is added to the run's numbers.

use super::super::assembler::Assembler;
use super::super::instruction::{
    Condition, Operation, PHASE, PRESENT, Port, Register, STREAM_REGISTERS, stream, stream_flag, streamed,
};
use super::counting::add_to;
use super::run::{self, MOST_STEPS};
use super::watchdog::{begin_waiting, count_waiting, reset_stalled};
use super::wire::{CODING_DIFFERENTIAL, CODING_SINGLE, RUN_GENERATED, RUN_GIVEN, RUN_STORE};
use super::{Facts, order, sixteen, tally};
use Condition::{Always, Carry, NoCarry, NotReady, NotZero, Zero};

/// Clocks of one turn of the loop that waits for the streamer.
const WAITING_CLOCKS: u32 = 24;

/// Bit of [`streamed::STATUS`]: samples are left to do.
const ACTIVE: u16 = 1;
/// Bit of [`streamed::STATUS`]: the phase has changed.
const ODD_STEPS: u16 = 2;
/// Bit of [`streamed::STATUS`]: an order is being made.
const SHUFFLING: u16 = 4;

pub(super) fn declare(a: &mut Assembler) {
    // The bank the run's order is in, 0 or 1, and whether the other one holds the next epoch's.
    a.variables(&["bank", "order ahead"]);
    // The samples to stream and what they have in common, the samples that are left of the run, and those that have been streamed.
    a.variables(&["to stream", "common", "left of run_low", "left of run_high", "streamed samples"]);
}

/// The address of a register.
fn address(register: u64) -> u16 {
    STREAM_REGISTERS | u16::try_from(register).unwrap_or(0)
}

/// The next access is to that register.
fn point_at(a: &mut Assembler, register: u64) {
    a.load(address(register));
    a.out(Register::Address);
}

/// The next register takes a source.
fn write(a: &mut Assembler, source: &'static str) {
    a.load(source);
    a.plain(Operation::StoreOrder);
    a.and_advance();
}

/// A takes a register.
fn read(a: &mut Assembler, register: u64) {
    point_at(a, register);
    a.load(Port::Order);
}

/// Both sides of the order memory see the run's bank.
fn show_bank(a: &mut Assembler) {
    point_at(a, stream::BANKS);
    a.load("bank");
    a.add("bank");
    a.or("bank");
    a.plain(Operation::StoreOrder);
}

/// Has the order made where it is due.
pub(super) fn due_order(a: &mut Assembler) {
    let stands = a.unique();
    a.load("order due");
    a.jump(Zero, stands.clone());
    a.call("fill order");
    wait_for_order(a);
    a.label(stands);
}

/// Subroutine: the order memory takes the epoch's order, if the run wants one. Where it has been made ahead, the banks change
/// places; else the shuffler begins. From `shuffle` on it begins in any case.
pub(super) fn fill(a: &mut Assembler) {
    a.label("fill order");
    order::unless_generated(a, "order is filled");
    a.load("order ahead");
    a.jump(Zero, "shuffle");
    a.set("order ahead", 0);
    a.load(1);
    a.xor("bank");
    a.store("bank");
    show_bank(a);
    a.label("order is filled");
    a.plain(Operation::Return);

    a.label("shuffle");
    point_at(a, stream::SEED);
    order::seed(a, |a| a.plain(Operation::StoreOrder));
    point_at(a, stream::SHUFFLE);
    a.load("run samples");
    a.plain(Operation::StoreOrder);
    order::next_key(a);
    a.plain(Operation::Return);
}

/// Waits until no order is being made.
fn wait_for_order(a: &mut Assembler) {
    let again = a.unique();
    a.label(again.clone());
    read(a, streamed::STATUS);
    a.and(SHUFFLING);
    a.jump(NotZero, again);
}

/// Begins with the samples up to the end of the epoch or of the run, and waits for them. Samples of several bursts are left to
/// what follows.
pub(super) fn samples(a: &mut Assembler, facts: &Facts) {
    a.load("segment");
    a.xor("steps");
    a.jump(NotZero, "sample");
    a.load("steps");
    a.subtract(MOST_STEPS + 1);
    a.jump(Carry, "sample");
    due_order(a);
    tally::clear_where_due(a);
    count(a);
    begin(a);
    order_ahead(a);
    wait(a, facts);
    a.label("sample");
}

/// Counts the samples to stream: as many as there are to the end of the epoch, and no more than are left of the run.
fn count(a: &mut Assembler) {
    a.load("run samples");
    a.subtract("place");
    a.store("to stream");
    a.jump(NotZero, "epoch has an end");
    a.set("to stream", 0xFFFF);
    a.label("epoch has an end");
    a.load("limit_low");
    a.subtract("done_low");
    a.store("left of run_low");
    a.load("limit_high");
    a.subtract_carry("done_high");
    a.store("left of run_high");
    a.jump(NotZero, "samples are known");
    a.load("left of run_low");
    a.subtract("to stream");
    a.jump(Carry, "samples are known");
    a.set("to stream", "left of run_low");
    a.label("samples are known");
}

/// Tells the array and the streamer what the samples have in common, and has the streamer begin.
fn begin(a: &mut Assembler) {
    a.load("steps");
    a.or(PRESENT);
    a.or("learned closing");
    a.or("phase");
    a.out(Register::Burst);
    a.set("common", 0);
    for (value, flag) in [
        ("flags", [(RUN_GIVEN | RUN_GENERATED, stream_flag::ORDERED), (RUN_STORE, stream_flag::STORE)]),
        ("coding", [(CODING_DIFFERENTIAL, stream_flag::DIFFERENTIAL), (CODING_SINGLE, stream_flag::SINGLE)]),
    ] {
        for (mask, bit) in flag {
            let unset = a.unique();
            a.load(value);
            a.and(mask);
            a.jump(Zero, unset.clone());
            a.load(1u16 << bit);
            a.label(unset);
            a.or("common");
            a.store("common");
        }
    }
    a.load("steps");
    a.and(1);
    a.jump(Zero, "even steps");
    a.load(1u16 << stream_flag::ODD);
    a.label("even steps");
    a.or("common");
    a.store("common");
    point_at(a, stream::FLAGS);
    write(a, "common");
    a.load("flags");
    a.and(RUN_GIVEN | RUN_GENERATED);
    a.jump(Zero, "records in sequence");
    write(a, "place");
    a.jump(Always, "first sample is known");
    a.label("records in sequence");
    write(a, "sequential");
    a.label("first sample is known");
    write(a, "to stream");
    a.set("streamed samples", 0);
}

/// Has the next epoch's order made, if there will be one.
fn order_ahead(a: &mut Assembler) {
    a.load("flags");
    a.and(RUN_GENERATED);
    a.jump(Zero, "no order ahead");
    a.load("order ahead");
    a.jump(NotZero, "no order ahead");
    a.load("left of run_high");
    a.jump(NotZero, "fill order ahead");
    a.load("to stream");
    a.subtract("left of run_low");
    a.jump(Carry, "no order ahead");
    a.label("fill order ahead");
    a.set("order ahead", 1);
    point_at(a, stream::BANKS);
    // The other bank for the shuffler: 1 - bank + 2 bank.
    a.load(1);
    a.add("bank");
    a.plain(Operation::StoreOrder);
    a.call("shuffle");
    a.label("no order ahead");
}

/// Waits for the streamer, and goes on with the main loop.
fn wait(a: &mut Assembler, facts: &Facts) {
    a.label("sample is done");
    begin_waiting(a, facts, WAITING_CLOCKS);
    a.label("streaming");
    read(a, streamed::DONE);
    a.xor("streamed samples");
    a.jump(Zero, "no sample done");
    a.xor("streamed samples");
    a.store("streamed samples");
    a.jump(Always, "sample is done");
    a.label("no sample done");
    read(a, streamed::STATUS);
    a.and(ACTIVE);
    a.jump(Zero, "streamed");
    count_waiting(a, "look for a frame");
    // An odd number of steps has been asked for, and changes the phase.
    reset_stalled(a);
    a.load("steps");
    a.and(1);
    a.jump(Zero, "stalled phase");
    a.load(PHASE);
    a.label("stalled phase");
    a.xor("phase");
    a.store("phase");
    end(a);
    run::stop(a);
    a.jump(Always, "main");
    a.label("look for a frame");
    a.jump(NotReady, "streaming");
    point_at(a, stream::PAUSE);
    a.plain(Operation::StoreOrder);
    a.jump(Always, "streaming");

    a.label("streamed");
    end(a);
    a.load("streamed samples");
    a.jump(Zero, "main");
    a.load("place");
    a.subtract("run samples");
    a.jump(NotZero, "main");
    a.jump(Always, "end of epoch");
}

/// Ends a stream: nothing is at work but the controller.
fn end(a: &mut Assembler) {
    wait_for_order(a);
    show_bank(a);
    a.call("take over");
}

/// Subroutine: adds to the run's numbers what the streamer has done.
pub(super) fn take_over(a: &mut Assembler, facts: &Facts) {
    a.label("take over");
    read(a, streamed::DONE);
    a.store("streamed samples");
    a.add("place");
    a.store("place");
    for [low, high] in [["done_low", "done_high"], ["samples_low", "samples_high"]] {
        add_to(a, low, high, "streamed samples");
    }
    a.on(Operation::LoadQ, "streamed samples");
    a.load(0);
    a.multiply(sixteen(facts.layout().words()));
    a.load(Port::Q);
    a.add("sequential");
    a.store("sequential");
    read(a, streamed::RIGHT);
    a.store("common");
    add_to(a, "right_low", "right_high", "common");

    read(a, streamed::ERROR_LOW);
    a.add("error_low");
    a.store("error_low");
    for (register, word) in [(streamed::ERROR_MIDDLE, "error_middle"), (streamed::ERROR_HIGH, "error_high")] {
        read(a, register);
        a.add_carry(word);
        a.store(word);
    }
    a.jump(NoCarry, "error is added");
    tally::fill_error(a);
    a.label("error is added");

    read(a, streamed::STATUS);
    a.and(ODD_STEPS);
    a.jump(Zero, "phase is taken over");
    a.load(PHASE);
    a.label("phase is taken over");
    a.xor("phase");
    a.store("phase");
    a.plain(Operation::Return);
}

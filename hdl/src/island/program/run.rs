//! Runs: their commands, and how one sample is shown.

use super::super::assembler::Assembler;
use super::super::instruction::{
    CLOSE, Condition, DESYNCHRONOUS, IMPOSE, LEARN, OFFSET, Operation, PHASE, PRESENT, Port, Register,
};
use super::counting::count_up;
use super::frames::{exactly, require_idle, take_byte, take_word};
use super::watchdog::{begin_waiting, reset_stalled};
use super::wire::{
    self, CONTINUOUS, RUN_GENERATED, RUN_GIVEN, RUN_IMPOSE, RUN_LEARN, RUN_ONE_TALLY, RUN_STORE,
};
use super::{Facts, compare_done, order, scan_access, sixteen, stream, tally};
use Condition::{Always, Carry, Idle, NoCarry, NotZero, Zero};

/// The longest burst the array takes.
pub(super) const MOST_STEPS: u16 = 255;

/// Most executions of a repeated instruction.
const MOST_REPEATS: u16 = 255;

/// Clocks of one turn of the loop that waits for the array.
const WAITING_CLOCKS: u32 = 7;

pub(super) fn declare(a: &mut Assembler) {
    // The settings.
    a.variables(&["steps", "learning", "every", "rarity", "coding"]);
    // The run as it was asked for.
    a.variables(&["flags", "run samples", "limit_low", "limit_high", "fall every"]);
    // How far it is.
    a.variables(&[
        "done_low",
        "done_high",
        "place",
        "epochs",
        "offset",
        "until fall",
        "sequential",
        "stalled",
    ]);
    // The sample: its record, its steps to do, how many before the next learning step, and the burst.
    a.variables(&["record", "class", "left", "segment", "burst steps", "first", "closing", "phase"]);
    a.variables(&["learned closing", "mode", "waited_low", "waited_high"]);
    // A board that is only told how far to run reads its first sample.
    for (name, value) in
        [("steps", 1), ("segment", 1), ("run samples", 1), ("flags", RUN_STORE | RUN_ONE_TALLY)]
    {
        a.initially(name, value);
    }
}

pub(super) fn commands(a: &mut Assembler, facts: &Facts) {
    a.label("configure");
    exactly(a, 7);
    require_idle(a);
    take_word(a, "steps");
    take_byte(a, "learning");
    take_word(a, "every");
    take_byte(a, "rarity");
    take_byte(a, "coding");
    a.call("prepare");
    a.jump(Always, "done");

    a.label("run");
    exactly(a, 22);
    require_idle(a);
    take_byte(a, "flags");
    for name in
        ["run samples", "place", "limit_low", "limit_high", "seed_low", "seed_high", "key_low", "key_high"]
    {
        take_word(a, name);
    }
    take_byte(a, "offset");
    take_word(a, "until fall");
    take_word(a, "fall every");
    for name in ["done_low", "done_high", "epochs"] {
        a.set(name, 0);
    }
    a.call("clear tally");
    a.set("order due", 1);
    if facts.streaming {
        a.set("order ahead", 0);
    }
    a.on(Operation::LoadQ, "place");
    a.load(0);
    a.multiply(sixteen(facts.layout().words()));
    a.set("sequential", Port::Q);
    a.call("prepare");
    scan_access::home(a, facts);
    a.jump(Always, "done");

    a.label("extend");
    exactly(a, 4);
    take_word(a, "limit_low");
    take_word(a, "limit_high");
    // If this lets a run go on that had ended, the chain may be away. During a run it never is.
    scan_access::home(a, facts);
    a.jump(Always, "done");

    a.label("stop");
    exactly(a, 0);
    stop(a);
    a.jump(Always, "done");

    a.label("commit");
    exactly(a, 1);
    require_idle(a);
    a.load(Port::FrameByte);
    a.and(1);
    a.jump(Zero, "commit phase");
    a.load(PHASE);
    a.label("commit phase");
    a.store("phase");
    scan_access::home(a, facts);
    a.load(CLOSE);
    a.call("burst");
    a.jump(Always, "done");
}

/// Sets the limit to what is done.
pub(super) fn stop(a: &mut Assembler) {
    a.set("limit_low", "done_low");
    a.set("limit_high", "done_high");
}

/// Subroutine: what all samples have in common. How many steps there are between learning steps, what a learning step asks of the
/// array, and its rarity, its offset and whether outputs are nudged.
pub(super) fn prepare(a: &mut Assembler) {
    a.label("prepare");
    a.set("segment", "steps");
    a.load("flags");
    a.and(RUN_LEARN);
    a.jump(Zero, "segment is set");
    a.load("learning");
    a.subtract(CONTINUOUS);
    a.jump(NotZero, "does learn");
    // No steps at all would never end; no host asks for them.
    a.load("every");
    a.jump(Zero, "does learn");
    a.store("segment");
    a.label("does learn");
    a.load(CLOSE | LEARN);
    a.label("segment is set");
    a.store("learned closing");
    a.on(Operation::LoadQ, "offset");
    a.load(0);
    a.multiply(OFFSET);
    a.set("mode", Port::Q);
    a.load("learning");
    a.subtract(wire::DESYNCHRONOUS);
    a.jump(NotZero, "all learn");
    a.load("rarity");
    a.subtract(1);
    a.and(7);
    a.or(DESYNCHRONOUS);
    a.or("mode");
    a.store("mode");
    a.label("all learn");
    a.load("flags");
    a.and(RUN_IMPOSE);
    a.jump(Zero, "free");
    a.load(IMPOSE);
    a.label("free");
    a.or("mode");
    a.out(Register::Mode);
    a.plain(Operation::Return);
}

/// Shows the next sample, and goes on with the main loop.
pub(super) fn sample(a: &mut Assembler, facts: &Facts) {
    let layout = facts.layout();
    if facts.streaming {
        stream::due_order(a);
    } else {
        a.load("order due");
        a.jump(NotZero, "fill order");
        a.label("order is filled");
    }

    a.load("flags");
    a.and(RUN_GIVEN | RUN_GENERATED);
    a.jump(Zero, "in sequence");
    a.load("place");
    a.out(Register::Address);
    a.load(Port::Order);
    a.jump(Always, "show");
    a.label("in sequence");
    a.load("sequential");
    a.label("show");
    a.store("record");
    // A word comes a clock after its address, so the address goes on once before the first is shown.
    let words = sixteen(layout.class_at());
    for from in (0..words).step_by(usize::from(MOST_REPEATS)) {
        if from > 0 {
            a.load("record");
            a.add(from);
        }
        a.out(Register::Address);
        a.on(Operation::Repeat, (words - from).min(MOST_REPEATS));
        a.and_advance();
        a.plain(Operation::Show);
        a.and_advance();
    }
    a.set("class", Port::Samples);

    tally::clear_where_due(a);

    a.set("first", PRESENT);
    a.set("left", "steps");
    a.label("next segment");
    a.load("left");
    a.subtract("segment");
    a.jump(Carry, "whole segment");
    a.set("closing", 0);
    a.set("burst steps", "left");
    a.set("left", 0);
    a.jump(Always, "next burst");
    a.label("whole segment");
    a.store("left");
    a.set("closing", "learned closing");
    a.set("burst steps", "segment");
    a.label("next burst");
    a.load("burst steps");
    a.subtract(MOST_STEPS + 1);
    a.jump(NoCarry, "last burst");
    a.add(1);
    a.store("burst steps");
    a.load(MOST_STEPS);
    a.or("first");
    a.call("burst");
    a.set("first", 0);
    a.jump(Always, "next burst");
    a.label("last burst");
    a.load("burst steps");
    a.or("first");
    a.or("closing");
    a.call("burst");
    a.set("first", 0);
    a.load("left");
    a.jump(NotZero, "next segment");

    tally::count(a, facts);
    store_answers(a, facts);

    count_up(a, "done_low", "done_high");
    a.load("sequential");
    a.add(sixteen(layout.words()));
    a.store("sequential");
    a.load("place");
    a.add(1);
    a.store("place");
    a.subtract("run samples");
    a.jump(NotZero, "main");

    a.label("end of epoch");
    a.store("place");
    a.store("sequential");
    a.load("epochs");
    a.add(1);
    a.store("epochs");
    a.set("order due", 1);
    if !facts.streaming {
        order::next_key(a);
    }
    a.load("until fall");
    a.jump(Zero, "main");
    a.subtract(1);
    a.store("until fall");
    a.jump(NotZero, "main");
    a.set("until fall", "fall every");
    a.load("offset");
    a.jump(Zero, "main");
    a.subtract(1);
    a.store("offset");
    a.call("prepare");
    a.jump(Always, "main");
}

fn store_answers(a: &mut Assembler, facts: &Facts) {
    let layout = facts.layout();
    a.load("flags");
    a.and(RUN_STORE);
    a.jump(Zero, "answers are stored");
    a.load("record");
    a.add(sixteen(layout.targets_at()));
    a.out(Register::Address);
    a.load(0);
    a.label("store answer");
    a.store("output");
    a.out(Register::Index);
    a.load(Port::Answer);
    a.plain(Operation::StoreSample);
    a.and_advance();
    a.load("output");
    a.add(1);
    a.store("output");
    a.xor(sixteen(layout.outputs));
    a.jump(Zero, "answers are stored");
    a.load("output");
    a.jump(Always, "store answer");
    a.label("answers are stored");
}

/// Subroutine: lets the array work through the burst in A, and waits for it.
pub(super) fn burst(a: &mut Assembler, facts: &Facts) {
    a.label("burst");
    a.or("phase");
    a.out(Register::Burst);
    a.out(Register::Go);
    // An odd number of steps changes the phase. `rest` of before is seen for four more clocks.
    a.and(1);
    a.jump(Zero, "burst goes");
    a.load(PHASE);
    a.label("burst goes");
    a.xor("phase");
    a.store("phase");
    begin_waiting(a, facts, WAITING_CLOCKS);
    a.label("wait");
    a.jump(Idle, "idle");
    a.load("waited_low");
    a.subtract(1);
    a.jump(Idle, "idle");
    a.store("waited_low");
    a.jump(Carry, "wait");
    a.load("waited_high");
    a.subtract(1);
    a.store("waited_high");
    a.jump(Carry, "wait");

    reset_stalled(a);
    // The sample is given up; if there is none, it was a commit's burst, which is answered.
    compare_done(a);
    a.jump(Carry, "done");
    stop(a);
    a.jump(Always, "main");
    a.label("idle");
    a.plain(Operation::Return);
}

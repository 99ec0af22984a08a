//! The tally: what `wheatstone_sim::Tally` counts.
//!
//! Voltages are compared as their distance from the lowest one, so that an unsigned comparison is right. With differential
//! outputs everything is a difference of two voltages, in two words.

use super::super::assembler::Assembler;
use super::super::instruction::{Condition, Operation, Port, Register};
use super::counting::count_up;
use super::wire::{CODING_DIFFERENTIAL, CODING_SINGLE, RUN_ONE_TALLY};
use super::{Facts, sixteen};
use Condition::{Always, Carry, Even, Negative, NoCarry, NotNegative, NotZero, Odd, Zero};

/// Minus the lowest voltage.
fn sign(facts: &Facts) -> u16 {
    1 << (facts.identity.widths[0] - 1)
}

/// A takes an output's voltage, counted from the lowest one.
fn load_answer(a: &mut Assembler, facts: &Facts) {
    a.out(Register::Index);
    a.load(Port::Answer);
    a.add(sign(facts));
}

/// A takes the voltage of a target's word, cut to the format's width.
fn load_target(a: &mut Assembler, facts: &Facts) {
    a.load(Port::Samples);
    let sign = sign(facts);
    if sign < 0x8000 {
        a.and(2 * sign - 1);
    }
}

/// Outputs whose senses share a word.
const SENSES: u16 = 8;

const ALL: [&str; 7] =
    ["samples_low", "samples_high", "right_low", "right_high", "error_low", "error_middle", "error_high"];

pub(super) fn declare(a: &mut Assembler) {
    a.variables(&ALL);
    a.variables(&["output", "answered", "best", "best_high", "value", "value_high", "wanted", "wanted_high"]);
    a.variables(&["senses", "against", "target at", "senses at", "square"]);
}

/// Subroutine: nothing is counted.
pub(super) fn clear(a: &mut Assembler) {
    a.label("clear tally");
    a.load(0);
    for name in ALL {
        a.store(name);
    }
    a.plain(Operation::Return);
}

/// Clears the tally where a sample begins it anew: at the beginning of an epoch, unless the run has one tally.
pub(super) fn clear_where_due(a: &mut Assembler) {
    a.load("flags");
    a.and(RUN_ONE_TALLY);
    a.or("place");
    let goes_on = a.unique();
    a.jump(NotZero, goes_on.clone());
    a.call("clear tally");
    a.label(goes_on);
}

/// Counts the sample.
pub(super) fn count(a: &mut Assembler, facts: &Facts) {
    let layout = facts.layout();
    count_up(a, "samples_low", "samples_high");
    a.set("answered", 0);
    a.load("record");
    a.add(sixteen(layout.senses_at()));
    a.store("senses at");
    a.load("record");
    a.add(sixteen(layout.targets_at()));
    a.store("target at");
    a.set("output", 0);
    a.load("coding");
    a.and(CODING_DIFFERENTIAL);
    a.jump(NotZero, "pairs");
    plain(a, facts);
    if layout.outputs > 1 {
        a.jump(Always, "answers are counted");
        a.label("pairs");
        pairs(a, facts);
    } else {
        // There is no pair.
        a.label("pairs");
    }
    a.label("answers are counted");
    a.load("answered");
    a.xor("class");
    a.jump(NotZero, "answer is wrong");
    count_up(a, "right_low", "right_high");
    a.label("answer is wrong");
}

/// Begins the loop over the answers. `senses` has the answer's sense in its lowest bits, and `against` says in its lowest bit
/// whether an answer below its target counts; both begin anew with every word of senses.
fn begin(a: &mut Assembler, facts: &Facts, label: &'static str, what: &str) {
    if one_word(facts) {
        take_senses(a);
        a.load("target at");
        a.out(Register::Address);
        a.label(label);
        return;
    }
    let known = format!("{what}: senses are known");
    a.label(label);
    a.load("output");
    a.and(SENSES - 1);
    a.jump(NotZero, known.clone());
    take_senses(a);
    a.label(known);
}

/// Whether the senses of all outputs are in one word, so that the targets can be read one after the other.
fn one_word(facts: &Facts) -> bool {
    facts.layout().outputs <= usize::from(SENSES)
}

/// Goes to the answer's target, if reading the one before has not. It is that many words before the next one's.
fn find_target(a: &mut Assembler, facts: &Facts, words: u16) {
    if !one_word(facts) {
        a.load("target at");
        a.out(Register::Address);
        a.add(words);
        a.store("target at");
    }
}

fn take_senses(a: &mut Assembler) {
    a.load("senses at");
    a.out(Register::Address);
    a.add(1);
    a.store("senses at");
    a.set("senses", Port::Samples);
    a.shift_right(1);
    a.xor("senses");
    a.store("against");
}

/// Moves the senses on by so many outputs.
fn next_senses(a: &mut Assembler, outputs: u16) {
    for name in ["senses", "against"] {
        a.load(name);
        a.shift_right(2 * outputs);
        a.store(name);
    }
}

/// Adds the square of A to the error, and `extra` to its upper two words if bit 16 of the number is set.
fn add_square(a: &mut Assembler, wide: Option<&'static str>, what: &str) {
    let (added, full) = (format!("{what}: added"), format!("{what}: full"));
    a.store("value");
    a.plain(Operation::Nothing);
    a.on(Operation::LoadQ, "value");
    a.load(0);
    a.multiply("value");
    a.store("square");
    a.load(Port::Q);
    a.add("error_low");
    a.store("error_low");
    a.load("square");
    a.add_carry("error_middle");
    a.store("error_middle");
    a.load("error_high");
    a.add_carry(0);
    a.store("error_high");
    a.jump(Carry, full.clone());
    if let Some(high) = wide {
        // (2^16 + l)^2 = l^2 + 2^16 (2 l) + 2^32.
        a.load(high);
        a.jump(Zero, added.clone());
        for _ in 0..2 {
            a.load("error_middle");
            a.add("value");
            a.store("error_middle");
            a.load("error_high");
            a.add_carry(0);
            a.store("error_high");
            a.jump(Carry, full.clone());
        }
        a.load("error_high");
        a.add(1);
        a.store("error_high");
        a.jump(Carry, full.clone());
    }
    a.jump(Always, added.clone());
    a.label(full);
    fill_error(a);
    a.label(added);
}

/// The error stops at its end.
pub(super) fn fill_error(a: &mut Assembler) {
    a.load(0xFFFF);
    for name in ["error_low", "error_middle", "error_high"] {
        a.store(name);
    }
}

/// Every output is an answer.
fn plain(a: &mut Assembler, facts: &Facts) {
    let outputs = sixteen(facts.layout().outputs);
    a.set("best", 0);
    begin(a, facts, "next answer", "answer");
    find_target(a, facts, 1);
    load_target(a, facts);
    a.xor(sign(facts));
    a.and_advance();
    a.store("wanted");
    a.load("output");
    load_answer(a, facts);
    a.store("value");
    // The first of the highest.
    a.load("best");
    a.subtract("value");
    a.jump(Carry, "not the best");
    a.set("best", "value");
    a.set("answered", "output");
    a.label("not the best");
    a.load("value");
    a.subtract("wanted");
    a.jump(Carry, "above");
    a.store("value");
    a.load(0);
    a.subtract("value");
    a.on(Operation::LoadQ, "against");
    a.jump(Odd, "distance");
    a.jump(Always, "answer counted");
    a.label("above");
    a.on(Operation::LoadQ, "senses");
    a.jump(Even, "answer counted");
    a.label("distance");
    a.jump(Zero, "answer counted");
    add_square(a, None, "answer");
    a.label("answer counted");
    if outputs > 1 {
        next_senses(a, 1);
        a.load("output");
        a.add(1);
        a.store("output");
        a.subtract(outputs);
        a.jump(NotZero, "next answer");
    }
    // One output for two classes: the highest is the only one.
    single(a, "plain", |a| {
        a.load(0);
        a.out(Register::Index);
        a.load(Port::Answer);
    });
}

/// One answer tells two classes apart: whether what `first` puts into A is above 0.
fn single(a: &mut Assembler, what: &str, first: impl FnOnce(&mut Assembler)) {
    let (many, is) = (format!("{what}: many classes"), format!("{what}: class is known"));
    a.load("coding");
    a.and(CODING_SINGLE);
    a.jump(Zero, many.clone());
    first(a);
    a.jump(Zero, is.clone());
    a.jump(Negative, format!("{what}: below"));
    a.load(1);
    a.jump(Always, is.clone());
    a.label(format!("{what}: below"));
    a.load(0);
    a.label(is);
    a.store("answered");
    a.label(many);
}

/// The difference of the voltage in A and the one in `second`, both counted from the lowest one, in two words.
fn difference(a: &mut Assembler, second: &'static str, low: &'static str, high: &'static str) {
    a.subtract(second);
    a.store(low);
    a.load(0);
    a.subtract_carry(0);
    a.store(high);
}

/// Every two outputs are an answer.
fn pairs(a: &mut Assembler, facts: &Facts) {
    let outputs = sixteen(facts.layout().outputs);
    a.set("best", 0);
    // Below every difference, and so near that a difference from it does not overflow.
    a.set("best_high", 0xC000);
    begin(a, facts, "next pair", "pair");
    // What is wanted: the second target counts as 0 if it is none.
    find_target(a, facts, 2);
    load_target(a, facts);
    a.xor(sign(facts));
    a.and_advance();
    a.store("value");
    a.load("senses");
    a.and(3 << 2);
    a.jump(Zero, "no second target");
    load_target(a, facts);
    a.label("no second target");
    a.xor(sign(facts));
    a.and_advance();
    a.store("wanted");
    a.load("value");
    difference(a, "wanted", "wanted", "wanted_high");
    // What is answered.
    a.load("output");
    a.add(1);
    load_answer(a, facts);
    a.store("value");
    a.load("output");
    load_answer(a, facts);
    difference(a, "value", "value", "value_high");
    a.load("best");
    a.subtract("value");
    a.load("best_high");
    a.subtract_carry("value_high");
    a.jump(NotNegative, "pair is not the best");
    a.set("best", "value");
    a.set("best_high", "value_high");
    a.set("answered", "output");
    a.label("pair is not the best");
    a.load("value");
    a.subtract("wanted");
    a.store("value");
    a.load("value_high");
    a.subtract_carry("wanted_high");
    a.store("value_high");
    a.jump(NotNegative, "pair above");
    a.on(Operation::LoadQ, "against");
    a.jump(Even, "pair counted");
    a.load(0);
    a.subtract("value");
    a.store("value");
    a.load(0);
    a.subtract_carry("value_high");
    a.store("value_high");
    a.jump(Always, "pair distance");
    a.label("pair above");
    a.on(Operation::LoadQ, "senses");
    a.jump(Even, "pair counted");
    a.label("pair distance");
    a.load("value");
    add_square(a, Some("value_high"), "pair");
    a.label("pair counted");
    next_senses(a, 2);
    a.load("output");
    a.add(2);
    a.store("output");
    a.xor(outputs & !1);
    a.jump(NotZero, "next pair");
    // Two outputs a class.
    a.load("answered");
    a.shift_right(1);
    a.store("answered");
    single(a, "pairs", |a| {
        // The difference of the first two, cut to its sign and whether it is 0.
        a.load(1);
        load_answer(a, facts);
        a.store("value");
        a.load(0);
        load_answer(a, facts);
        a.subtract("value");
        a.jump(Zero, "first pair");
        a.load(0);
        a.jump(NoCarry, "first pair");
        a.load(1);
        a.label("first pair");
    });
}

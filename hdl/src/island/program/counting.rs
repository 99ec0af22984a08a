//! Counting in numbers of one word and of two.

use super::super::assembler::{Assembler, Source};
use super::super::instruction::Condition::NotZero;

/// Adds 1 to a number of two words.
pub(super) fn count_up(a: &mut Assembler, low: &'static str, high: &'static str) {
    add_to(a, low, high, 1);
}

/// Adds a word to a number of two.
pub(super) fn add_to(a: &mut Assembler, low: &'static str, high: &'static str, word: impl Into<Source>) {
    a.load(low);
    a.add(word);
    a.store(low);
    a.load(high);
    a.add_carry(0);
    a.store(high);
}

/// Goes to `label` unless `count` has come down to 0.
pub(super) fn count_down(a: &mut Assembler, label: &str) {
    a.load("count");
    a.subtract(1);
    a.store("count");
    a.jump(NotZero, label);
}

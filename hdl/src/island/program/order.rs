//! The order of an epoch: the shuffle of `wheatstone_sim::generator::epoch_order`, on addresses instead of numbers.

use super::super::assembler::Assembler;
use super::super::instruction::{Condition, Operation, Port, Register};
use super::wire::RUN_GENERATED;
use super::{Facts, sixteen};
use Condition::{Always, Carry, NotZero, Zero};
use wheatstone_sim::generator::KEY_STEP;

/// Numbers the generator drops at the beginning.
pub(crate) const WARM_UP: u16 = 8;

pub(super) fn declare(a: &mut Assembler) {
    a.variables(&[
        "seed_low",
        "seed_high",
        "key_low",
        "key_high",
        "order due",
        "remaining",
        "drawn",
        "taken",
        "item",
    ]);
}

fn halves(value: u32) -> [u16; 2] {
    [value & 0xFFFF, value >> 16].map(|half| u16::try_from(half).unwrap_or(0))
}

/// The key of the next epoch.
pub(super) fn next_key(a: &mut Assembler) {
    let [low, high] = halves(KEY_STEP);
    a.load("key_low");
    a.add(low);
    a.store("key_low");
    a.load("key_high");
    a.add_carry(high);
    a.store("key_high");
}

/// Goes to a label unless the run wants an order that is generated; it is not due any more.
pub(super) fn unless_generated(a: &mut Assembler, label: &'static str) {
    a.set("order due", 0);
    a.load("flags");
    a.and(RUN_GENERATED);
    a.jump(Zero, label);
}

/// Gives a generator the epoch's seed, by a register that takes its upper half and then its lower one.
pub(super) fn seed(a: &mut Assembler, put: impl Fn(&mut Assembler)) {
    let [low, high] = halves(KEY_STEP);
    a.load("seed_high");
    a.xor("key_high");
    put(a);
    a.store("drawn");
    a.load("seed_low");
    a.xor("key_low");
    put(a);
    a.or("drawn");
    a.jump(NotZero, "seeded");
    a.load(high);
    put(a);
    a.load(low);
    put(a);
    a.label("seeded");
}

/// Fills the order memory if the run wants it.
pub(super) fn fill(a: &mut Assembler, facts: &Facts) {
    a.label("fill order");
    unless_generated(a, "order is filled");
    seed(a, |a| a.out(Register::Seed));
    a.on(Operation::Repeat, WARM_UP);
    a.out(Register::Draw);

    // All addresses in sequence.
    a.set("remaining", "run samples");
    a.load(0);
    a.out(Register::Address);
    a.store("item");
    a.label("next address");
    a.load("item");
    a.plain(Operation::StoreOrder);
    a.and_advance();
    a.add(sixteen(facts.layout().words()));
    a.store("item");
    a.load("remaining");
    a.subtract(1);
    a.store("remaining");
    a.jump(NotZero, "next address");

    // Each from the last on changes places with one before it, or itself: (x * remaining) >> 32.
    a.set("remaining", "run samples");
    a.label("next exchange");
    a.subtract(2);
    a.jump(Carry, "exchange");
    a.jump(Always, "order is filled");
    a.label("exchange");
    a.out(Register::Draw);
    a.on(Operation::LoadQ, "remaining");
    a.load(0);
    a.multiply(Port::GeneratorLow);
    a.on(Operation::LoadQ, "remaining");
    a.multiply(Port::GeneratorHigh);
    a.store("drawn");
    a.out(Register::Address);
    a.plain(Operation::Nothing);
    a.set("taken", Port::Order);
    a.load("remaining");
    a.subtract(1);
    a.store("remaining");
    a.out(Register::Address);
    a.plain(Operation::Nothing);
    a.set("item", Port::Order);
    a.load("taken");
    a.plain(Operation::StoreOrder);
    a.load("drawn");
    a.out(Register::Address);
    a.load("item");
    a.plain(Operation::StoreOrder);
    a.load("remaining");
    a.jump(Always, "next exchange");
}

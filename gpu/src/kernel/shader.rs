//! The kernel's text: the constants of a design, 64-bit arithmetic, and the network.

use super::plan::{Memory, Plan};
use super::tables::{NON_NEGATIVE, NON_POSITIVE, Tables};
use super::words::{AT_LEAST, AT_MOST, CONTINUOUS, DESYNCHRONOUS, NO_TARGET};
use std::fmt::{Display, Write};
use wheatstone_sim::network::EdgeKind;
use wheatstone_sim::{Design, Nudge};

/// Whole numbers of 64 bits.
pub(crate) const ARITHMETIC: &str = include_str!("arithmetic.wgsl");
const NETWORK: &str = include_str!("network.wgsl");

/// Constants of a kernel's text.
struct Constants(String);

impl Constants {
    fn put(&mut self, kind: &str, name: &str, value: impl Display) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "const {name}: {kind} = {value};");
    }

    fn words(&mut self, constants: &[(&str, u32)]) {
        constants.iter().for_each(|(name, value)| self.put("u32", name, format_args!("{value}u")));
    }

    fn integers(&mut self, constants: &[(&str, i64)]) {
        constants.iter().for_each(|(name, value)| self.put("i32", name, value));
    }

    fn flags(&mut self, constants: &[(&str, bool)]) {
        constants.iter().for_each(|(name, value)| self.put("bool", name, value));
    }

    fn longs(&mut self, constants: &[(&str, i64)]) {
        for (name, value) in constants {
            let [low, high] = halves(*value);
            self.put("vec2<u32>", name, format_args!("vec2<u32>({low}u, {high}u)"));
        }
    }
}

/// A number of 64 bits as two words, the low one first.
pub(super) fn halves(value: i64) -> [u32; 2] {
    let bits = value.cast_unsigned();
    #[expect(clippy::cast_possible_truncation, reason = "the halves are taken apart on purpose")]
    let halves = [bits as u32, (bits >> 32) as u32];
    halves
}

/// The text of a design's kernel.
pub(crate) fn text(design: &Design, plan: &Plan, tables: &Tables) -> String {
    let (network, format, rules) = (design.network(), design.format(), design.rules());
    let near = |place: Memory, words: u32| if place == Memory::Workgroup { words.max(1) } else { 1 };
    let (centred, current, nudge_shift) = match rules.nudge {
        Nudge::Clamped { eta } => (false, false, eta.into()),
        Nudge::Modulated { .. } | Nudge::Dithered { .. } => unreachable!("a plan refuses them"),
        Nudge::Current { beta, centred } => (centred, true, format.k_bits() - u32::from(beta)),
    };
    let [u_words, k_words, _] = plan.replica_words().map(super::plan::small);
    let has = |kind| network.edges().iter().any(|edge| edge.kind == kind);
    let mut constants = Constants(String::new());
    constants.words(&[
        ("WORKGROUP", plan.workgroup),
        ("LANES", plan.lanes),
        ("PARTS", plan.parts()),
        ("INPUTS", plan.inputs),
        ("EDGES", plan.edges),
        ("COLOURS", network.colouring().count().max(1).into()),
        ("SLOTS", plan.slots().max(1)),
        ("NEAR_U", near(plan.u, u_words)),
        ("NEAR_K", near(plan.k, k_words)),
        ("K_WORDS", plan.k_words),
        ("SAMPLE_WORDS", super::plan::small(plan.sample_words())),
        ("STARTS", tables.starts),
        ("TRAITS", tables.traits),
        ("INCIDENCES", tables.incidences),
        ("ENDS", tables.ends),
        ("PHASES", tables.phases),
        ("TURNS", tables.turns),
        ("NON_NEGATIVE", NON_NEGATIVE),
        ("NON_POSITIVE", NON_POSITIVE),
        ("CONTINUOUS", CONTINUOUS),
        ("DESYNCHRONOUS", DESYNCHRONOUS),
        ("V_GUARD", format.v_guard()),
        ("HALF_SHIFT", format.v_guard().saturating_sub(1)),
        ("K_BITS", format.k_bits()),
        ("K_GUARD", format.k_guard()),
        ("SPLIT", plan.split.bits),
        ("TERMS", plan.split.terms),
        ("NUDGE_SHIFT", nudge_shift),
    ]);
    // With no relaxing node there is nothing to keep, and an array still needs a place.
    constants.words(&[("RELAXING", plan.relaxing())]);
    constants.words(&[("GAINS", plan.relaxing().max(1))]);
    // Only accumulators of two words use it, and these have more than 12 guard bits.
    constants.words(&[("K_GUARD_REST", (32 - format.k_guard()).min(31))]);
    let (v_low, v_high) = format.v_range();
    let (u_low, u_high) = format.u_range();
    let (k_low, k_high) = format.k_range(rules.g_min.into());
    constants.integers(&[
        ("V_LOW", v_low),
        ("V_HIGH", v_high),
        ("U_LOW", u_low),
        ("U_HIGH", u_high),
        ("LOWEST_RAIL", rules.lowest_rail.into()),
        ("SPLIT_MASK", (1 << plan.split.bits) - 1),
        ("NO_TARGET", NO_TARGET.into()),
        ("AT_LEAST", AT_LEAST.into()),
        ("AT_MOST", AT_MOST.into()),
    ]);
    constants.longs(&[("K_LOW", k_low), ("K_HIGH", k_high)]);
    constants.flags(&[
        ("U_IS_NEAR", plan.u == Memory::Workgroup),
        ("K_IS_NEAR", plan.k == Memory::Workgroup),
        ("PACKED", tables.packed),
        ("LINEAR", has(EdgeKind::Linear)),
        ("TRANSISTORS", has(EdgeKind::Transistor)),
        ("FLUSHES", network.max_degree() > plan.split.terms as usize),
        ("CLAMPED_NUDGE", !current),
        ("CURRENT_NUDGE", current),
        ("CENTRED", centred),
    ]);
    gain_table(&mut constants, design);
    constants.0 + ARITHMETIC + NETWORK
}

/// The design's sixteen gains: `q` in four bits each, in two words, and `d` in two bits each, in one.
fn gain_table(constants: &mut Constants, design: &Design) {
    let mut q = [0; 2];
    let mut d = 0;
    for (m, &(entry_q, entry_d)) in design.gains().entries().iter().enumerate() {
        q[m / 8] |= u32::from(entry_q) << (4 * (m % 8));
        d |= u32::from(entry_d) << (2 * m);
    }
    constants.words(&[("GAIN_Q_LOWER", q[0]), ("GAIN_Q_UPPER", q[1]), ("GAIN_D", d)]);
}

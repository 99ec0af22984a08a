//! What an edge with bit-serial multipliers does at which fire.
//!
//! One counter of bit times is all there is to follow; every event of a round is a constant of it. With `P = 2^n` the
//! length of a pass over the bits of the voltages, a round of a linear edge is one of two:
//!
//! ```text
//! relaxing, publishing   0 ..= V+2             bit j of the drops is picked at j and multiplied at j + 2
//! learning               0 .. P                the difference of the drops becomes a multiplicand; bits are drawn
//!                        P .. 2P               their bits are picked again, and their sum is multiplied from P + 3 on;
//!                                              it stays at its sign bit from 2P on
//!                        P+5-alpha ..          the conductance accumulator turns once and the product is added
//!                        .. finish             the sum's bits above the accumulator: all 0, or it has to saturate
//! ```
//!
//! A transistor edge has a pass more at the beginning of both, in which it finds out which of its overdrives are negative,
//! and relaxes by a difference and a sum as it learns: of overdrives instead of drops.
//!
//! Learning is followed by publishing. An accumulator that is too small is set to the smallest value at `finish`; one
//! that is too large learns a second time, with ones in place of the sum.

use super::Context;
use super::operand::overdrive_bits;
use crate::bus::{Bus, Shape};
use crate::leaf::Leaf;
use crate::module::Module;
use crate::primitive::register;
use wheatstone_sim::Format;
use wheatstone_sim::network::EdgeKind;

/// Bits of the longest run of draws, minus one draw.
const RARITY_BITS: u32 = 3;

/// The bit times at which something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timeline {
    /// Bits of the counter that number a voltage's bits: `n`.
    pub index_bits: u32,
    /// Bits of the counter.
    pub count_bits: u32,
    /// Number of the pass in which learning multiplies.
    pub multiplying: i64,
    /// Relaxing ends here: the highest bit of a drop, or of a sum of overdrives, is multiplied.
    pub run_end: i64,
    /// The bit below the accumulator's lowest: what it is rounded by.
    pub start: i64,
    /// The accumulator's highest bit.
    pub stop: i64,
    /// What the accumulator saturates to is known.
    pub finish: i64,
}

impl Timeline {
    /// The bit times of an edge's kind, a format and a group's learning shift.
    pub fn new(format: Format, kind: EdgeKind, alpha: i32) -> Timeline {
        let (v_bits, alpha) = (i64::from(format.v_bits()), i64::from(alpha));
        let width = i64::from(format.k_bits() + format.k_guard());
        let (multiplying, relaxing, last_index) = match kind {
            EdgeKind::Linear => (1, 0, v_bits + 2),
            EdgeKind::Transistor => (2, 2, i64::from(overdrive_bits(format)) + 3),
        };
        // A pass holds a difference of drops or overdrives, all draws, and what a left shift needs beforehand.
        let least = (v_bits + 4).max(last_index + 1).max(1 << RARITY_BITS).max(alpha - 1);
        let index_bits = 64 - (least - 1).leading_zeros();
        let pass = 1i64 << index_bits;
        // Bit 0 of the sum is there at 2 of its pass, multiplied at 3, delayed by 1 at least and added at 5.
        let product = multiplying * pass + 5;
        let start = product - alpha - 1;
        let stop = start + width;
        let run_end = relaxing * pass + last_index;
        // The largest offset delays the product's sign, bit 2 V, by 3. The counter returns from `finish` in every round, and
        // must not before relaxing ends.
        let finish = (stop + 1).max(product + 2 * v_bits + 3).max(run_end) + 1;
        let count_bits = 64 - finish.leading_zeros();
        Timeline { index_bits, count_bits, multiplying, run_end, start, stop, finish }
    }

    /// Length of a pass.
    pub fn pass(self) -> i64 {
        1 << self.index_bits
    }
}

/// The control state of an edge with bit-serial multipliers, and what follows from it.
#[derive(Clone, Debug)]
pub(crate) struct SerialSequence {
    /// Toggles at every fire.
    pub tick: Bus,
    /// Number of the bit time.
    pub count: Bus,
    /// The edge learns.
    pub learning: Bus,
    /// The edge sends its conductance.
    pub publish: Bus,
    /// Bit 0 of the voltages has been picked.
    pub head: Bus,
    /// A pass begins: accumulators and carries become 0.
    pub clear: Bus,
    /// New bits of the voltages are picked.
    pub pick: Bus,
    /// The passes before learning multiplies.
    pub early: Bus,
    /// The sum of the drops is multiplied.
    pub late: Bus,
    /// The bit time before the last one of relaxing or publishing.
    pub sign: Bus,
    /// The last bit time of relaxing or publishing.
    pub run_end: Bus,
    /// The bit time before the conductance accumulator turns.
    pub start: Bus,
    /// The bit time after everything is known.
    pub finish: Bus,
    /// The conductance accumulator turns.
    pub rotating: Bus,
    /// The second time of learning: the accumulator fills with ones.
    pub fill: Bus,
    /// A bit that was drawn was 1: nothing is learnt.
    pub skip: Bus,
    /// The generator moves on, or shifts in scan mode.
    pub take_generator: Bus,
    /// Set by the learning adder: learning is over, the accumulator need not be filled.
    pub learnt_now: Bus,
    /// Set by the learning adder: it has to be filled.
    pub next_fill: Bus,
}

/// Adds an edge's control state to `cell`.
pub(crate) fn serial_sequence(
    cell: &mut Module,
    context: Context<'_>,
    timeline: Timeline,
    fire: &Bus,
    phase: &Bus,
    last: &Bus,
    generator: &Bus,
) -> SerialSequence {
    let (technology, controls) = (context.technology, context.controls);
    let shape = Shape::unsigned(timeline.count_bits);
    let [count, next_count] = ["count", "next_count"].map(|name| cell.wire(name, shape));
    let mut bit = |name: &str| cell.wire(name, Shape::BIT);
    let [tick, next_tick, next_phase, running] = ["tick", "next_tick", "next_phase", "running"].map(&mut bit);
    let [learnt, next_learnt, learnt_now, fill, next_fill] =
        ["learnt", "next_learnt", "learnt_now", "fill", "next_fill"].map(&mut bit);
    let [rotating, next_rotating, stop] = ["rotating", "next_rotating", "stop"].map(&mut bit);
    let [drawn, next_drawn, skip, next_skip, take_generator] =
        ["drawn", "next_drawn", "skip", "next_skip", "take_generator"].map(&mut bit);
    let [learning, publish, head, clear, pick, early, late, sign, run_end, start, finish] = [
        "learning", "publish", "head", "clear", "pick", "early", "late", "sign", "run_end", "start", "finish",
    ]
    .map(&mut bit);
    let sequence = SerialSequence {
        tick,
        count,
        learning,
        publish,
        head,
        clear,
        pick,
        early,
        late,
        sign,
        run_end,
        start,
        finish,
        rotating,
        fill,
        skip,
        take_generator,
        learnt_now,
        next_fill,
    };
    let s = &sequence;
    cell.leaf("bit_times", bit_times(context, timeline, s, &learnt, last, &stop));

    let bits = timeline.count_bits;
    let toggles: Vec<String> = (0..bits)
        .rev()
        .map(|i| if i == 0 { "1'b1".to_owned() } else { format!("&count[{}:0]", i - 1) })
        .collect();
    let leaf =
        Leaf::function(format!("serial_sequence_{bits}"), "control state of an edge after this bit time", {
            2 * technology.lut_ps()
        })
        .input("count", &s.count)
        .input("run_end", &s.run_end)
        .input("start", &s.start)
        .input("stop", &stop)
        .input("finish", &s.finish)
        .input("learnt_now", &s.learnt_now)
        .input("learnt", &learnt)
        .input("rotating", &s.rotating)
        .input("tick", &s.tick)
        .input("phase", phase)
        .input("scan", &controls.scan)
        .verilog(format!(
            "wire wrap = run_end | finish;\nwire [{}:0] toggles = {{{}}};",
            bits - 1,
            toggles.join(", ")
        ))
        .output("next_count", &next_count, format!("{{{bits}{{~wrap}}}} & (count ^ toggles)"))
        .output("next_learnt", &next_learnt, "learnt ? ~run_end : learnt_now")
        .output("next_rotating", &next_rotating, "start | (rotating & ~stop)")
        .output("next_tick", &next_tick, "~tick")
        .output("next_phase", &next_phase, "phase ^ run_end")
        .output("running", &running, "~scan")
        .evaluate(|x, y| {
            let &[count, run_end, start, stop, finish, learnt_now, learnt, rotating, tick, phase, scan] = x
            else {
                return;
            };
            y[0] = if run_end | finish == 1 { 0 } else { count + 1 };
            y[1] = if learnt == 1 { 1 - run_end } else { learnt_now };
            y[2] = start | (rotating & (1 - stop));
            y[3] = 1 - tick;
            y[4] = phase ^ run_end;
            y[5] = 1 - scan;
        });
    cell.leaf("control", leaf);
    cell.leaf("draw", draw(context, s, &drawn, generator, [&next_drawn, &next_skip]));
    for (name, d, q) in [
        ("count_register", &next_count, &s.count),
        ("learnt_register", &next_learnt, &learnt),
        ("fill_register", &s.next_fill, &s.fill),
        ("rotating_register", &next_rotating, &s.rotating),
        ("drawn_register", &next_drawn, &drawn),
        ("skip_register", &next_skip, &s.skip),
        ("tick_register", &next_tick, &s.tick),
        ("phase_register", &next_phase, phase),
    ] {
        cell.leaf(name, register(technology, fire, d, q, Some(&running), Some(&controls.reset), 0));
    }
    sequence
}

/// What a bit time is.
fn bit_times(
    context: Context<'_>,
    timeline: Timeline,
    sequence: &SerialSequence,
    learnt: &Bus,
    last: &Bus,
    stop: &Bus,
) -> Leaf {
    let Timeline { index_bits, count_bits, multiplying, run_end, start, stop: stop_at, finish } = timeline;
    let (index_top, count_top) = (index_bits - 1, count_bits - 1);
    let (number_bits, pass) = (count_bits - index_bits, timeline.pass());
    let at = |time: i64| format!("count == {count_bits}'d{time}");
    // Where one pass is enough, the number of the pass need not be looked at: only learning has others.
    let one_pass = run_end < pass;
    let relaxing_at =
        |time: i64| if one_pass { format!("count[{index_top}:0] == {index_bits}'d{time}") } else { at(time) };
    Leaf::function("bit_times", "what this bit time is", 2 * context.technology.lut_ps())
        .input("count", &sequence.count)
        .input("last", last)
        .input("learn", &context.controls.learn)
        .input("learnt", learnt)
        .verilog(format!(
            "wire is_learning = last & learn & ~learnt;\n\
             wire is_front = ~|count[{index_top}:1];\n\
             wire is_head = is_front & count[0];\n\
             wire [{}:0] number = count[{count_top}:{index_bits}];\n\
             wire is_early = {};\n\
             wire is_pick = {};",
            number_bits - 1,
            less("number", number_bits, multiplying),
            less("number", number_bits, multiplying + 1),
        ))
        .output("learning", &sequence.learning, "is_learning")
        .output("publish", &sequence.publish, "last & ~is_learning")
        .output("head", &sequence.head, "is_head")
        .output("clear", &sequence.clear, "is_head & is_pick")
        .output("pick", &sequence.pick, "is_pick | ~is_learning")
        .output("early", &sequence.early, "is_early")
        .output("late", &sequence.late, "~is_early & ~(is_front & is_pick)")
        .output("sign", &sequence.sign, format!("~is_learning & ({})", relaxing_at(run_end - 1)))
        .output("run_end", &sequence.run_end, format!("~is_learning & ({})", relaxing_at(run_end)))
        .output("start", &sequence.start, format!("is_learning & ({})", at(start)))
        .output("stop", stop, at(stop_at))
        .output("finish", &sequence.finish, at(finish))
        .evaluate(move |x, y| {
            let &[count, last, learn, learnt] = x else { return };
            let learning = last == 1 && learn == 1 && learnt == 0;
            let index = count % pass;
            let number = count / pass;
            let (head, early, pick) = (index == 1, number < multiplying, number <= multiplying);
            let time = if one_pass { index } else { count };
            let values = [
                learning,
                last == 1 && !learning,
                head,
                head && pick,
                pick || !learning,
                early,
                !early && (index > 1 || !pick),
                !learning && time == run_end - 1,
                !learning && time == run_end,
                learning && count == start,
                count == stop_at,
                count == finish,
            ];
            for (out, value) in y.iter_mut().zip(values) {
                *out = value.into();
            }
        })
}

/// A Verilog expression for `name < bound`, written bit by bit: a comparison would become a carry chain.
pub(super) fn less(name: &str, width: u32, bound: i64) -> String {
    if bound >= 1 << width {
        return "1'b1".to_owned();
    }
    let mut expression = "1'b0".to_owned();
    for i in 0..width {
        let bit = if width == 1 { format!("~{name}") } else { format!("~{name}[{i}]") };
        expression = match ((bound >> i) & 1, expression.as_str()) {
            (1, "1'b0") => bit,
            (1, _) => format!("({bit} | {expression})"),
            (_, "1'b0") => expression,
            _ => format!("({bit} & {expression})"),
        };
    }
    expression
}

/// Draws from the local generator during the first bit times of learning, at most once a round.
fn draw(
    context: Context<'_>,
    sequence: &SerialSequence,
    drawn: &Bus,
    generator: &Bus,
    [next_drawn, next_skip]: [&Bus; 2],
) -> Leaf {
    let controls = context.controls;
    let mask = (1 << RARITY_BITS) - 1;
    Leaf::function("draw", "whether a bit is drawn, and whether all were 0", 2 * context.technology.lut_ps())
        .input("count", &sequence.count)
        .input("learning", &sequence.learning)
        .input("drawn", drawn)
        .input("skip", &sequence.skip)
        .input("generator", generator)
        .input("desynchronous", &controls.desynchronous)
        .input("rarity", &controls.rarity)
        .input("scan", &controls.scan)
        .verilog(format!(
            "wire drawing = learning & desynchronous & ~drawn;\n\
             wire enough = count[{}:0] == rarity;",
            RARITY_BITS - 1
        ))
        .output("next_drawn", next_drawn, "learning & (drawn | enough)")
        .output("next_skip", next_skip, "learning & (skip | (drawing & generator[0]))")
        .output("take_generator", &sequence.take_generator, "scan | drawing")
        .evaluate(move |x, y| {
            let &[count, learning, drawn, skip, generator, desynchronous, rarity, scan] = x else { return };
            let drawing = learning & desynchronous & (1 - drawn);
            y[0] = learning & (drawn | i64::from(count & mask == rarity));
            y[1] = learning & (skip | (drawing & generator));
            y[2] = scan | drawing;
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_order_for_every_format_and_shift() {
        let widths = |guard| (4..=20).flat_map(move |v| (4..=20).map(move |k| (v, k, guard)));
        for (v, k, guard) in [0, 14, 20].into_iter().flat_map(widths) {
            let format = Format::new(v, 8, k, guard).unwrap();
            for &kind in EdgeKind::ALL {
                for alpha in -24..=16 {
                    let t = Timeline::new(format, kind, alpha);
                    let pass = t.pass();
                    // A whole difference is there when a pass is over, and all bits are drawn before the product.
                    assert!(pass >= i64::from(v) + 4 && pass > t.run_end % pass && pass >= 8, "{t:?}");
                    assert!(t.start >= 0 && t.start + i64::from(alpha) == t.multiplying * pass + 4, "{t:?}");
                    assert!(t.stop < t.finish && t.finish < 1 << t.count_bits, "{t:?}");
                    assert!(t.run_end < t.finish && t.multiplying * pass < t.finish, "{t:?}");
                }
            }
        }
    }

    #[test]
    fn less_is_less() {
        assert_eq!(less("x", 2, 4), "1'b1");
        assert_eq!(less("x", 2, 1), "(~x[1] & ~x[0])");
        assert_eq!(less("x", 2, 3), "(~x[1] | ~x[0])");
        assert_eq!(less("x", 1, 1), "~x");
    }
}

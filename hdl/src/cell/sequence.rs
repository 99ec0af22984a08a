//! What a cell does at which fire: the small state machines of nodes and edges.

use super::{Context, NodePorts, STEP_BITS};
use crate::bus::{Bus, Shape};
use crate::leaf::Leaf;
use crate::module::Module;
use crate::primitive::{CarryRow, register};
use crate::technology::Technology;

/// The control state of a node.
///
/// A burst of `steps` steps is this many fires: one to start (tokens go out to the edges), one for each step, and if
/// the burst closes one more, in which the edges have learnt and sent their conductances instead of currents. The last
/// one answers the array interface instead of the edges: `done` toggles, `phase` does not.
#[derive(Clone, Debug)]
pub(crate) struct NodeSequence {
    /// The node's number of edges.
    pub degree: usize,
    /// The token on its way to the edges asks them to learn and to send their conductances.
    pub last: Bus,
    /// The wave updated last, whose voltage is `current`, is the free one.
    pub current_is_free: Bus,
    /// This fire is a relaxing step.
    pub relax: Bus,
    /// This fire starts a burst.
    pub start: Bus,
}

/// Adds a node's control state to `cell`. `colour` is the node's.
pub(crate) fn node_sequence(
    cell: &mut Module,
    context: Context<'_>,
    fire: &Bus,
    colour: u8,
    ports: &NodePorts,
) -> NodeSequence {
    let (technology, controls) = (context.technology, context.controls);
    let NodePorts { phase, done, last, current_is_free, .. } = ports;
    let count_shape = Shape::unsigned(STEP_BITS);
    let (count, next_count) = (cell.wire("count", count_shape), cell.wire("next_count", count_shape));
    let started = cell.wire("started", Shape::BIT);
    let [next_started, next_last, next_phase, next_done, next_free, running, relax, start] =
        ["next_started", "next_last", "next_phase", "next_done", "next_free", "running", "relax", "start"]
            .map(|name| cell.wire(name, Shape::BIT));

    let odd = colour == 0;
    let first_free = if odd { "phase_of_step" } else { "~phase_of_step" };
    let mask = (1 << STEP_BITS) - 1;
    // On the ECP5 the counter is cleared in the LUTs of its carry chain: P = count | stop, carry in 1.
    let counter = match technology {
        Technology::Ecp5 => CarryRow {
            name: "counted",
            bits: STEP_BITS,
            init: 0xeeee,
            first: 0xeeee,
            carry_in: true,
            operands: [
                "count".to_owned(),
                format!("{{{STEP_BITS}{{stop}}}}"),
                format!("{STEP_BITS}'d0"),
                format!("{STEP_BITS}'d0"),
            ],
        }
        .verilog(),
        _ => format!("wire [{}:0] counted = stop ? {STEP_BITS}'d0 : count + {STEP_BITS}'d1;", STEP_BITS - 1),
    };
    let leaf = Leaf::function(
        format!("node_sequence_{colour}"),
        "control state of a node after this fire",
        3 * technology.lut_ps(),
    )
    .input("count", &count)
    .input("started", &started)
    .input("last", last)
    .input("phase", phase)
    .input("done", done)
    .input("free", current_is_free)
    .input("steps", &controls.steps)
    .input("close", &controls.close)
    .input("phase_of_step", &controls.phase)
    .input("scan", &controls.scan)
    .verilog(
        "(* keep *) wire full;\nassign full = count == steps;\n\
         (* keep *) wire stop;\nassign stop = last | (full & ~close);",
    )
    .verilog(counter)
    .output("next_count", &next_count, "counted")
    .output("next_started", &next_started, "~stop")
    .output("next_last", &next_last, "full & close & ~last")
    .output("next_phase", &next_phase, "phase ^ ~stop")
    .output("next_done", &next_done, "done ^ stop")
    .output("next_free", &next_free, format!("started ? free ^ ~last : {first_free}"))
    .output("running", &running, "~scan")
    .output("relax", &relax, "~scan & started & ~last")
    .output("start", &start, "~scan & ~started")
    .evaluate(move |x, y| {
        let &[count, started, last, phase, done, free, steps, close, phase_of_step, scan] = x else { return };
        let full = i64::from(count == steps);
        let stop = last | (full & (1 - close));
        y[0] = if stop == 1 { 0 } else { (count + 1) & mask };
        y[1] = 1 - stop;
        y[2] = full & close & (1 - last);
        y[3] = phase ^ (1 - stop);
        y[4] = done ^ stop;
        y[5] = if started == 1 { free ^ (1 - last) } else { phase_of_step ^ i64::from(!odd) };
        y[6] = 1 - scan;
        y[7] = (1 - scan) & started & (1 - last);
        y[8] = (1 - scan) & (1 - started);
    });
    cell.leaf("control", leaf);
    for (name, d, q) in [
        ("count_register", &next_count, &count),
        ("started_register", &next_started, &started),
        ("last_register", &next_last, last),
        ("phase_register", &next_phase, phase),
        ("done_register", &next_done, done),
        ("free_register", &next_free, current_is_free),
    ] {
        cell.leaf(name, register(technology, fire, d, q, Some(&running), Some(&controls.reset), 0));
    }
    NodeSequence {
        degree: ports.requests.len(),
        last: last.clone(),
        current_is_free: current_is_free.clone(),
        relax,
        start,
    }
}

/// States of an edge with a parallel multiplier. The encoding makes most of what depends on them one bit.
mod state {
    /// First product: the current into end 0; in the last round the square of the clamped drop.
    pub(super) const FIRST: i64 = 0;
    /// Second product: the current into end 1; in the last round the square of the free drop.
    pub(super) const SECOND: i64 = 1;
    /// The conductance goes out to both ends.
    pub(super) const PUBLISH: i64 = 2;
    /// A bit is drawn from the generator.
    pub(super) const DRAW: i64 = 4;
    /// The difference of squares is doubled, or the conductance updated.
    pub(super) const SHIFT: i64 = 5;
}

/// The control state of an edge with a parallel multiplier.
#[derive(Clone, Debug)]
pub(crate) struct EdgeSequence {
    /// Toggles at every fire.
    pub tick: Bus,
    /// This fire's product is the current into end 1, or belongs to the wave of end 0's current voltage.
    pub other: Bus,
    /// This fire sends the conductance.
    pub publish: Bus,
    /// What `second` becomes: 0 the product, 1 its negative, 2 the sum of both, 3 twice itself.
    pub accumulate: Bus,
    /// `first` takes this fire's product.
    pub take_first: Bus,
    /// `second` changes.
    pub take_second: Bus,
    /// The conductance accumulator is updated, or shifts in scan mode.
    pub take_k: Bus,
    /// The generator moves on, or shifts in scan mode.
    pub take_generator: Bus,
}

/// Adds an edge's control state to `cell`.
pub(crate) fn edge_sequence(
    cell: &mut Module,
    context: Context<'_>,
    fire: &Bus,
    phase: &Bus,
    last: &Bus,
    current_is_free: &Bus,
    generator: &Bus,
) -> EdgeSequence {
    use state::{DRAW, FIRST, PUBLISH, SECOND, SHIFT};
    let (technology, controls) = (context.technology, context.controls);
    let three = Shape::unsigned(3);
    let [state, next_state, count, next_count] =
        ["state", "next_state", "count", "next_count"].map(|name| cell.wire(name, three));
    let [skip, next_skip, tick, next_tick, next_phase, running, other, publish] =
        ["skip", "next_skip", "tick", "next_tick", "next_phase", "running", "other", "publish"]
            .map(|name| cell.wire(name, Shape::BIT));
    let accumulate = cell.wire("accumulate", Shape::unsigned(2));
    let [take_first, take_second, take_k, take_generator] =
        ["take_first", "take_second", "take_k", "take_generator"].map(|name| cell.wire(name, Shape::BIT));

    let leaf = Leaf::function("edge_sequence", "what this fire does, and the control state after it", 3 * technology.lut_ps())
        .input("state", &state)
        .input("count", &count)
        .input("skip", &skip)
        .input("tick", &tick)
        .input("phase", phase)
        .input("last", last)
        .input("free", current_is_free)
        .input("generator", generator)
        .input("learn", &controls.learn)
        .input("desynchronous", &controls.desynchronous)
        .input("rarity", &controls.rarity)
        .input("offset", &controls.offset)
        .input("scan", &controls.scan)
        .verilog(format!(
            "wire is_first = state == 3'd{FIRST}, is_second = state == 3'd{SECOND}, is_publish = state == 3'd{PUBLISH};\n\
             wire is_draw = state == 3'd{DRAW}, is_shift = state == 3'd{SHIFT};\n\
             wire hit = count == (is_draw ? rarity : {{1'b0, offset}});\n\
             (* keep *) wire stay;\nassign stay = state[2] & ~hit;\n\
             wire learns = is_second & last & learn;\n\
             wire over = is_publish | (is_second & ~last);"
        ))
        .output(
            "next_state",
            &next_state,
            "{state[2] ? is_draw | ~hit : learns, (is_shift & hit) | (is_second & last & ~learn), \
             is_first | (learns & ~desynchronous) | (is_draw & hit) | (is_shift & ~hit)}",
        )
        .output(
            "next_count",
            &next_count,
            "{stay & (count[2] ^ (count[1] & count[0])), stay & (count[1] ^ count[0]), stay & ~count[0]}",
        )
        .output("next_skip", &next_skip, "state[2] & (skip | (is_draw & generator[0]))")
        .output("next_tick", &next_tick, "~tick")
        .output("next_phase", &next_phase, "phase ^ over")
        .output("running", &running, "~scan")
        .output("other", &other, "state[0] ^ (last & ~free)")
        .output("publish", &publish, "state[1]")
        .output("accumulate", &accumulate, "{state[0] & (state[2] | last), state[2] | ~(state[0] | state[1])}")
        .output("take_first", &take_first, "~state[0] & ~state[2]")
        .output("take_second", &take_second, "state[0] | state[1] | (~state[2] & last)")
        .output("take_k", &take_k, "scan | (is_shift & hit & ~skip)")
        .output("take_generator", &take_generator, "scan | is_draw")
        .evaluate(|x, y| {
            let &[
                state,
                count,
                skip,
                tick,
                phase,
                last,
                free,
                generator,
                learn,
                desynchronous,
                rarity,
                offset,
                scan,
            ] = x
            else {
                return;
            };
            let bit = |i: i64| (state >> i) & 1 == 1;
            let (skip, last, free, learn, scan) = (skip == 1, last == 1, free == 1, learn == 1, scan == 1);
            let hit = count == if state == DRAW { rarity } else { offset };
            let learns = state == SECOND && last && learn;
            let drawn = state == DRAW && hit;
            let high = if bit(2) { state == DRAW || !hit } else { learns };
            let middle = (state == SHIFT && hit) || (state == SECOND && last && !learn);
            let low = state == FIRST || (learns && desynchronous == 0) || drawn || (state == SHIFT && !hit);
            y[0] = (i64::from(high) << 2) | (i64::from(middle) << 1) | i64::from(low);
            y[1] = if bit(2) && !hit { count + 1 } else { 0 };
            y[2] = i64::from(bit(2) && (skip || (state == DRAW && generator & 1 == 1)));
            y[3] = 1 - tick;
            y[4] = phase ^ i64::from(state == PUBLISH || (state == SECOND && !last));
            y[5] = i64::from(!scan);
            y[6] = i64::from(bit(0) ^ (last && !free));
            y[7] = i64::from(bit(1));
            y[8] = (i64::from(bit(0) && (bit(2) || last)) << 1) | i64::from(bit(2) || !(bit(0) || bit(1)));
            y[9] = i64::from(!bit(0) && !bit(2));
            y[10] = i64::from(bit(0) || bit(1) || (!bit(2) && last));
            y[11] = i64::from(scan || (state == SHIFT && hit && !skip));
            y[12] = i64::from(scan || state == DRAW);
        });
    cell.leaf("control", leaf);
    for (name, d, q) in [
        ("state_register", &next_state, &state),
        ("count_register", &next_count, &count),
        ("skip_register", &next_skip, &skip),
        ("tick_register", &next_tick, &tick),
        ("phase_register", &next_phase, phase),
    ] {
        cell.leaf(name, register(technology, fire, d, q, Some(&running), Some(&controls.reset), 0));
    }
    EdgeSequence { tick, other, publish, accumulate, take_first, take_second, take_k, take_generator }
}

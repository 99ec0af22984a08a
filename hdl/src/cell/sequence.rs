//! What a cell does at which fire: the small state machines of nodes and edges.

use super::{Context, NodePorts, STEP_BITS};
use crate::bus::{Bus, Shape};
use crate::leaf::Leaf;
use crate::module::Module;
use crate::primitive::register;

/// The control state of a node.
///
/// A chunk of `steps` steps is this many fires: one to start (tokens go out to the edges), one for each step, and if
/// the chunk closes one more, in which the edges have learnt and sent their conductances instead of currents. The last
/// one answers the border instead of the edges: `done` toggles, `phase` does not.
#[derive(Clone, Debug)]
pub(crate) struct NodeSequence {
    /// The token on its way to the edges asks them to learn and to send their conductances.
    pub last: Bus,
    /// The wave updated last, whose voltage is `current`, is the free one.
    pub current_is_free: Bus,
    /// This fire is a relaxing step.
    pub relax: Bus,
    /// This fire starts a chunk.
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
    let (technology, border) = (context.technology, context.border);
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
    .input("steps", &border.steps)
    .input("close", &border.close)
    .input("phase_of_step", &border.phase)
    .input("scan", &border.scan)
    .verilog("wire full = count == steps;\nwire stop = last | (full & ~close);")
    .output("next_count", &next_count, format!("stop ? {STEP_BITS}'d0 : count + {STEP_BITS}'d1"))
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
        cell.leaf(name, register(technology, fire, d, q, Some(&running), Some(&border.reset), 0));
    }
    NodeSequence { last: last.clone(), current_is_free: current_is_free.clone(), relax, start }
}

/// States of an edge with a parallel multiplier.
pub(crate) mod state {
    /// First product: the current into end 0, or the square of the free drop.
    pub const FIRST: i64 = 0;
    /// Second product: the current into end 1, or minus the square of the clamped drop.
    pub const SECOND: i64 = 1;
    /// A bit is drawn from the generator.
    pub const DRAW: i64 = 2;
    /// The difference of squares is doubled, or the conductance updated.
    pub const SHIFT: i64 = 3;
    /// The conductance goes out towards end 0.
    pub const PUBLISH_FIRST: i64 = 4;
    /// The conductance goes out towards end 1.
    pub const PUBLISH_SECOND: i64 = 5;
}

/// The control state of an edge with a parallel multiplier.
#[derive(Clone, Debug)]
pub(crate) struct EdgeSequence {
    /// Toggles at every fire.
    pub tick: Bus,
    /// One of [`state`].
    pub state: Bus,
    /// `first` takes this fire's product.
    pub take_first: Bus,
    /// `second` takes this fire's difference, or doubles.
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
    generator: &Bus,
) -> EdgeSequence {
    use state::{DRAW, FIRST, PUBLISH_FIRST, PUBLISH_SECOND, SECOND, SHIFT};
    let (technology, border) = (context.technology, context.border);
    let three = Shape::unsigned(3);
    let [state, next_state, count, next_count] =
        ["state", "next_state", "count", "next_count"].map(|name| cell.wire(name, three));
    let [skip, next_skip, tick, next_tick, next_phase, running] =
        ["skip", "next_skip", "tick", "next_tick", "next_phase", "running"]
            .map(|name| cell.wire(name, Shape::BIT));
    let [take_first, take_second, take_k, take_generator] =
        ["take_first", "take_second", "take_k", "take_generator"].map(|name| cell.wire(name, Shape::BIT));

    let leaf = Leaf::function("edge_sequence", "control state of an edge after this fire", 3 * technology.lut_ps())
        .input("state", &state)
        .input("count", &count)
        .input("skip", &skip)
        .input("tick", &tick)
        .input("phase", phase)
        .input("last", last)
        .input("generator", generator)
        .input("learn", &border.learn)
        .input("desynchronous", &border.desynchronous)
        .input("rarity", &border.rarity)
        .input("offset", &border.offset)
        .input("scan", &border.scan)
        .verilog(
            "wire is_first = state == 3'd0, is_second = state == 3'd1, is_draw = state == 3'd2;\n\
             wire is_shift = state == 3'd3, is_publish_first = state == 3'd4, is_publish_second = state == 3'd5;\n\
             wire drawn = is_draw & (count == rarity);\n\
             wire shifted = is_shift & (count == {1'b0, offset});\n\
             wire over = (is_second & ~last) | is_publish_second;\n\
             wire [2:0] after_second = ~last ? 3'd0 : ~learn ? 3'd4 : desynchronous ? 3'd2 : 3'd3;",
        )
        .output(
            "next_state",
            &next_state,
            "is_first ? 3'd1 : is_second ? after_second : is_draw ? (drawn ? 3'd3 : 3'd2) : \
             is_shift ? (shifted ? 3'd4 : 3'd3) : is_publish_first ? 3'd5 : 3'd0",
        )
        .output(
            "next_count",
            &next_count,
            "((is_draw & ~drawn) | (is_shift & ~shifted)) ? count + 3'd1 : 3'd0",
        )
        .output("next_skip", &next_skip, "is_draw ? skip | generator[0] : is_shift & skip")
        .output("next_tick", &next_tick, "~tick")
        .output("next_phase", &next_phase, "phase ^ over")
        .output("running", &running, "~scan")
        .output("take_first", &take_first, "~scan & (is_first | is_publish_first)")
        .output("take_second", &take_second, "~scan & (is_second | (is_shift & ~shifted) | is_publish_second)")
        .output("take_k", &take_k, "scan | (shifted & ~skip)")
        .output("take_generator", &take_generator, "scan | is_draw")
        .evaluate(|x, y| {
            let &[
                state,
                count,
                skip,
                tick,
                phase,
                last,
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
            let (drawn, shifted) = (state == DRAW && count == rarity, state == SHIFT && count == offset);
            y[0] = match state {
                FIRST => SECOND,
                SECOND if last == 0 => FIRST,
                SECOND if learn == 0 => PUBLISH_FIRST,
                SECOND if desynchronous == 1 => DRAW,
                SECOND => SHIFT,
                DRAW if !drawn => DRAW,
                DRAW => SHIFT,
                SHIFT if !shifted => SHIFT,
                SHIFT => PUBLISH_FIRST,
                PUBLISH_FIRST => PUBLISH_SECOND,
                _ => FIRST,
            };
            let counts = (state == DRAW && !drawn) || (state == SHIFT && !shifted);
            y[1] = if counts { count + 1 } else { 0 };
            y[2] = match state {
                DRAW => skip | (generator & 1),
                SHIFT => skip,
                _ => 0,
            };
            y[3] = 1 - tick;
            y[4] = phase ^ i64::from((state == SECOND && last == 0) || state == PUBLISH_SECOND);
            y[5] = 1 - scan;
            let runs = |condition: bool| i64::from(condition && scan == 0);
            y[6] = runs(state == FIRST || state == PUBLISH_FIRST);
            y[7] = runs(state == SECOND || (state == SHIFT && !shifted) || state == PUBLISH_SECOND);
            y[8] = i64::from(scan == 1 || (shifted && skip == 0));
            y[9] = i64::from(scan == 1 || state == DRAW);
        });
    cell.leaf("control", leaf);
    for (name, d, q) in [
        ("state_register", &next_state, &state),
        ("count_register", &next_count, &count),
        ("skip_register", &next_skip, &skip),
        ("tick_register", &next_tick, &tick),
        ("phase_register", &next_phase, phase),
    ] {
        cell.leaf(name, register(technology, fire, d, q, Some(&running), Some(&border.reset), 0));
    }
    EdgeSequence { tick, state, take_first, take_second, take_k, take_generator }
}

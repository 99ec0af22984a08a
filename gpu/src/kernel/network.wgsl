// A resistor network that learns, by the cell contract: one workgroup a replica, and one dispatch trains many samples.
//
// What stands in front of this text: the constants of the design (`kernel/shader.rs`) and 64-bit arithmetic. Relaxing
// nodes, those that are not inputs, are counted by themselves. A *slot* is a voltage's place in `v`: inputs first, which
// both waves share, then the relaxing nodes of wave F, then those of wave C.

// How one dispatch runs.
struct Run {
    first: u32,      // place of its first sample in the order
    samples: u32,
    order_length: u32,
    steps: u32,
    mode: u32,       // QUASISTATIC, CONTINUOUS or DESYNCHRONOUS
    every: u32,
    rarity: u32,
    alpha_offset: i32,
}

@group(0) @binding(0) var<uniform> run: Run;
// The graph, laid out by `kernel/tables.rs`.
@group(0) @binding(1) var<storage, read> tables: array<u32>;
// Sample by sample: input voltages, then a voltage and a sense for each output.
@group(0) @binding(2) var<storage, read> samples: array<i32>;
// The order of the samples, replica by replica.
@group(0) @binding(3) var<storage, read> orders: array<u32>;
@group(0) @binding(4) var<storage, read_write> phases: array<u32>;
@group(0) @binding(5) var<storage, read_write> all_u: array<i32>;
@group(0) @binding(6) var<storage, read_write> all_k: array<u32>;
@group(0) @binding(7) var<storage, read_write> all_generators: array<u32>;

var<workgroup> v: array<i32, SLOTS>;
var<workgroup> gains: array<u32, GAINS>;
var<workgroup> parts: array<Long, PARTS>;
// One word where the design keeps them in the storage buffers.
var<workgroup> near_u: array<i32, NEAR_U>;
var<workgroup> near_k: array<u32, NEAR_K>;

// The first word of this replica in each of the storage buffers.
var<private> first_u: u32;
var<private> first_k: u32;
var<private> first_generator: u32;
var<private> lane: u32;

fn synchronise() {
    workgroupBarrier();
    if (!U_IS_NEAR || !K_IS_NEAR) {
        storageBarrier();
    }
}

fn load_u(index: u32) -> i32 {
    if (U_IS_NEAR) {
        return near_u[index];
    }
    return all_u[first_u + index];
}

fn store_u(index: u32, u: i32) {
    if (U_IS_NEAR) {
        near_u[index] = u;
    } else {
        all_u[first_u + index] = u;
    }
}

fn load_k_word(index: u32) -> u32 {
    if (K_IS_NEAR) {
        return near_k[index];
    }
    return all_k[first_k + index];
}

fn store_k_word(index: u32, word: u32) {
    if (K_IS_NEAR) {
        near_k[index] = word;
    } else {
        all_k[first_k + index] = word;
    }
}

fn load_k(edge: u32) -> Long {
    if (K_WORDS == 1u) {
        return Long(load_k_word(edge), 0u);
    }
    return Long(load_k_word(edge), load_k_word(EDGES + edge));
}

fn store_k(edge: u32, k: Long) {
    store_k_word(edge, k.x);
    if (K_WORDS == 2u) {
        store_k_word(EDGES + edge, k.y);
    }
}

// Section 1: a conductance is read by truncation.
fn conductance(edge: u32) -> i32 {
    if (K_WORDS == 1u) {
        return bitcast<i32>(load_k_word(edge) >> K_GUARD);
    }
    let k = load_k(edge);
    return bitcast<i32>((k.x >> K_GUARD) | (k.y << K_GUARD_REST));
}

// Section 1: a voltage is rounded to nearest, ties up, and saturated.
fn voltage(u: i32) -> i32 {
    if (V_GUARD == 0u) {
        return u;
    }
    let half = (u >> HALF_SHIFT) & 1;
    return clamp((u >> V_GUARD) + half, V_LOW, V_HIGH);
}

// An edge at a node: its index, whether it is a transistor, and the slot of the other end in wave F.
struct Incidence {
    edge: u32,
    transistor: bool,
    slot: u32,
}

fn incidence(index: u32) -> Incidence {
    if (PACKED) {
        let word = tables[INCIDENCES + index];
        return Incidence(word & 0xFFFFu, TRANSISTORS && (!LINEAR || (word >> 31u) == 1u), (word >> 16u) & 0x7FFFu);
    }
    let word = tables[INCIDENCES + 2u * index];
    let slot = tables[INCIDENCES + 2u * index + 1u];
    return Incidence(word & 0x7FFFFFFFu, TRANSISTORS && (!LINEAR || (word >> 31u) == 1u), slot);
}

fn in_wave(slot: u32, wave: u32) -> u32 {
    return slot + select(0u, RELAXING, wave == 1u && slot >= INPUTS);
}

// Section 4: a share of the currents into a node, twice their value. Each is a product of a signed number below 2^V and
// an unsigned one; the unsigned one is split in two so that TERMS products add up in a word.
fn share_of_current(node: u32, wave: u32, share: u32) -> Long {
    let own = v[INPUTS + wave * RELAXING + node];
    let end = tables[STARTS + node + 1u];
    var sum = Long(0u, 0u);
    var low = 0;
    var high = 0;
    var terms = 0u;
    for (var i = tables[STARTS + node] + share; i < end; i += LANES) {
        let at = incidence(i);
        let other = v[in_wave(at.slot, wave)];
        let g = conductance(at.edge);
        var x = other - own;
        var y = 2 * g;
        if (at.transistor) {
            let a = max(0, g - own);
            let b = max(0, g - other);
            x = a - b;
            y = a + b;
        }
        low += x * (y & SPLIT_MASK);
        high += x * (y >> SPLIT);
        if (FLUSHES) {
            terms += 1u;
            if (terms == TERMS) {
                sum = add(sum, add(long(low), shift_left(long(high), SPLIT)));
                low = 0;
                high = 0;
                terms = 0u;
            }
        }
    }
    return add(sum, add(long(low), shift_left(long(high), SPLIT)));
}

struct Aim {
    sense: i32,
    voltage: i32,
}

fn aim_of(port: u32, sample: u32) -> Aim {
    if (port == 0u) {
        return Aim(NO_TARGET, 0);
    }
    let at = sample + INPUTS + 2u * (port - 1u);
    return Aim(samples[at + 1u], samples[at]);
}

// A turn: a relaxing node and the wave it updates.
struct Turn {
    node: u32,
    wave: u32,
    diode: u32,
    aim: Aim,
    // Section 6, clamped: the node does not relax.
    imposed: bool,
}

fn turn_at(index: u32, sample: u32) -> Turn {
    let word = tables[TURNS + index];
    let node = word & 0x7FFFFFFFu;
    let wave = word >> 31u;
    let traits = tables[TRAITS + node];
    let aim = aim_of(traits >> 2u, sample);
    return Turn(node, wave, traits & 3u, aim, CLAMPED_NUDGE && wave == 1u && aim.sense != NO_TARGET);
}

fn twice_current(turn: Turn, share: u32) -> Long {
    if (turn.imposed) {
        return Long(0u, 0u);
    }
    return share_of_current(turn.node, turn.wave, share);
}

// Section 6: coupled learning.
fn nudged(turn: Turn) -> i32 {
    let free = load_u(turn.node);
    let v_free = v[INPUTS + turn.node];
    let satisfied = (turn.aim.sense == AT_LEAST && v_free >= turn.aim.voltage)
        || (turn.aim.sense == AT_MOST && v_free <= turn.aim.voltage);
    if (satisfied) {
        return free;
    }
    let way = subtract(shift_left(long(turn.aim.voltage), V_GUARD), long(free));
    return bitcast<i32>(add(long(free), shift_rounded(way, NUDGE_SHIFT)).x);
}

// Section 6: equilibrium propagation. Twice the nudging current.
fn twice_nudging_current(turn: Turn) -> Long {
    if (!CURRENT_NUDGE || turn.aim.sense == NO_TARGET || (turn.wave == 0u && !CENTRED)) {
        return Long(0u, 0u);
    }
    var passed = turn.aim.voltage - v[INPUTS + turn.wave * RELAXING + turn.node];
    if (turn.aim.sense == AT_LEAST) {
        passed = max(0, passed);
    } else if (turn.aim.sense == AT_MOST) {
        passed = min(0, passed);
    }
    if (turn.wave == 0u) {
        passed = -passed;
    }
    return shift_left(long(passed), NUDGE_SHIFT + 1u);
}

// Section 5: a node's update from twice the sum of the currents of its edges.
fn relaxed(turn: Turn, twice_current: Long) -> i32 {
    let twice_sum = add(twice_current, twice_nudging_current(turn));
    let gain = gains[turn.node];
    let change = shift_rounded(times(shift_left(twice_sum, V_GUARD), gain & 15u), (gain >> 4u) + 4u);
    return clamp_to_word(add(long(load_u(turn.wave * RELAXING + turn.node)), change), U_LOW, U_HIGH);
}

fn update_node(turn: Turn, twice_current: Long) {
    var u: i32;
    if (turn.imposed) {
        u = nudged(turn);
    } else {
        u = relaxed(turn, twice_current);
    }
    if (turn.diode == NON_NEGATIVE) {
        u = max(0, u);
    } else if (turn.diode == NON_POSITIVE) {
        u = min(0, u);
    }
    let index = turn.wave * RELAXING + turn.node;
    store_u(index, u);
    v[INPUTS + index] = voltage(u);
}

// Section 3: one step. No node reads a voltage that another one writes in the same step.
fn take_step(phase: u32, sample: u32) {
    let end = tables[PHASES + phase + 1u];
    var index = tables[PHASES + phase] + lane / LANES;
    if (LANES == 1u) {
        for (; index < end; index += WORKGROUP) {
            let turn = turn_at(index, sample);
            update_node(turn, twice_current(turn, 0u));
        }
    } else {
        // There are lanes for every turn of a phase.
        if (index < end) {
            parts[lane] = twice_current(turn_at(index, sample), lane % LANES);
        }
        workgroupBarrier();
        if (index < end && lane % LANES == 0u) {
            update_node(turn_at(index, sample), sum_of_parts());
        }
    }
    synchronise();
}

fn sum_of_parts() -> Long {
    var sum = parts[lane];
    for (var i = 1u; i < LANES; i += 1u) {
        sum = add(sum, parts[lane + i]);
    }
    return sum;
}

// Section 5: what a share of a node's edges can conduct.
fn share_of_conductance(node: u32, share: u32) -> Long {
    let end = tables[STARTS + node + 1u];
    var sum = Long(0u, 0u);
    for (var i = tables[STARTS + node] + share; i < end; i += LANES) {
        let at = incidence(i);
        var g = conductance(at.edge);
        if (at.transistor) {
            g = max(0, g - LOWEST_RAIL);
        }
        sum = add(sum, long(g));
    }
    return sum;
}

// Section 5: the gain `(q, s)` of a node, as `q + 16 s`.
fn gain(node: u32, conductances: Long) -> u32 {
    var sum = conductances;
    if (CURRENT_NUDGE && (tables[TRAITS + node] >> 2u) != 0u) {
        sum = add(sum, Long(1u << NUDGE_SHIFT, 0u));
    }
    if (sum.x == 0u && sum.y == 0u) {
        sum.x = 1u;
    }
    let n = log2_floor(sum);
    // The five leading bits.
    var leading = sum.x;
    if (n > 35u) {
        leading = sum.y >> (n - 36u);
    } else if (n >= 4u) {
        leading = shift_floor(sum, n - 4u).x;
    } else {
        leading = sum.x << (4u - n);
    }
    let m = leading & 15u;
    let mantissas = select(GAIN_Q_LOWER, GAIN_Q_UPPER, m >= 8u);
    let q = (mantissas >> (4u * (m & 7u))) & 15u;
    let d = (GAIN_D >> (2u * m)) & 3u;
    return q | (max(n + d, K_BITS - 4u) << 4u);
}

// `a / 2^n`, rounded down, for a from 0 and n below 32.
fn shift_floor(a: Long, n: u32) -> Long {
    if (n == 0u) {
        return a;
    }
    return Long((a.x >> n) | (a.y << (32u - n)), a.y >> n);
}

fn update_gains() {
    if (LANES == 1u) {
        for (var node = lane; node < RELAXING; node += WORKGROUP) {
            gains[node] = gain(node, share_of_conductance(node, 0u));
        }
    } else {
        for (var first = 0u; first < RELAXING; first += WORKGROUP / LANES) {
            let node = first + lane / LANES;
            if (node < RELAXING) {
                parts[lane] = share_of_conductance(node, lane % LANES);
            }
            workgroupBarrier();
            if (node < RELAXING && lane % LANES == 0u) {
                gains[node] = gain(node, sum_of_parts());
            }
            workgroupBarrier();
        }
    }
}

// Section 7: whether an edge learns at this learning step; in the desynchronous mode its generator decides.
fn fires(edge: u32) -> bool {
    if (run.mode != DESYNCHRONOUS) {
        return true;
    }
    var x = all_generators[first_generator + edge];
    var drawn = 0u;
    for (var i = 0u; i < run.rarity; i += 1u) {
        let bit = x & 1u;
        drawn |= bit;
        x = (x >> 1u) ^ select(0u, 0xB400u, bit == 1u);
    }
    all_generators[first_generator + edge] = x;
    return drawn == 0u;
}

// Section 7: a learning step.
fn learn() {
    for (var edge = lane; edge < EDGES; edge += WORKGROUP) {
        if (fires(edge)) {
            let a = tables[ENDS + 3u * edge];
            let b = tables[ENDS + 3u * edge + 1u];
            let alpha = bitcast<i32>(tables[ENDS + 3u * edge + 2u]) + run.alpha_offset;
            let free = v[a] - v[b];
            let clamped = v[in_wave(a, 1u)] - v[in_wave(b, 1u)];
            let p = product(free - clamped, free + clamped);
            var change: Long;
            if (alpha >= 0) {
                change = shift_left(p, bitcast<u32>(alpha));
            } else {
                change = shift_rounded(p, bitcast<u32>(-alpha));
            }
            store_k(edge, clamp_long(add(load_k(edge), change), K_LOW, K_HIGH));
        }
    }
    synchronise();
    update_gains();
    synchronise();
}

// Section 8: training samples.
@compute @workgroup_size(WORKGROUP)
fn train(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
    let replica = group.x;
    lane = index;
    first_u = replica * 2u * RELAXING;
    first_k = replica * K_WORDS * EDGES;
    first_generator = replica * EDGES;
    for (var i = lane; i < 2u * RELAXING; i += WORKGROUP) {
        let u = all_u[first_u + i];
        if (U_IS_NEAR) {
            near_u[i] = u;
        }
        v[INPUTS + i] = voltage(u);
    }
    if (K_IS_NEAR) {
        for (var i = lane; i < K_WORDS * EDGES; i += WORKGROUP) {
            near_k[i] = all_k[first_k + i];
        }
    }
    var phase = phases[replica];
    synchronise();
    update_gains();
    synchronise();

    for (var n = 0u; n < run.samples; n += 1u) {
        let sample = orders[replica * run.order_length + run.first + n] * SAMPLE_WORDS;
        for (var i = lane; i < INPUTS; i += WORKGROUP) {
            v[i] = samples[sample + i];
        }
        synchronise();
        for (var step = 0u; step < run.steps; step += 1u) {
            take_step(phase, sample);
            phase += 1u;
            if (phase == COLOURS) {
                phase = 0u;
            }
            if (run.mode == CONTINUOUS && (step + 1u) % run.every == 0u) {
                learn();
            }
        }
        if (run.mode != CONTINUOUS) {
            learn();
        }
    }

    if (U_IS_NEAR) {
        for (var i = lane; i < 2u * RELAXING; i += WORKGROUP) {
            all_u[first_u + i] = near_u[i];
        }
    }
    if (K_IS_NEAR) {
        for (var i = lane; i < K_WORDS * EDGES; i += WORKGROUP) {
            all_k[first_k + i] = near_k[i];
        }
    }
    if (lane == 0u) {
        phases[replica] = phase;
    }
}

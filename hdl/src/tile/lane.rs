//! A lane: the edges of its rows in a memory, two multipliers, an accumulator a row.
//!
//! ```text
//!                 ┌──────────┐        ┌─────┐  ┌───────┐
//!  address ══════▶│ k memory │══k════▶│  +  │═▶│ limit │═▶ k' (written)
//!                 └──────────┘        └──▲──┘  └───┬───┘
//!  column, row drops ══▶ × ══▶ shift ════╯         │ g'          learn: the sample before
//!                       │                          ▼
//!  relax: g, row ══════▶╯══▶ up the tree      g ═▶ × ◀══ column's voltage ══▶ accumulator of the row
//! ```
//!
//! In a learn train the first multiplier makes `(dF - dC)(dF + dC)` (Stern et al., Phys. Rev. X 11, 021045, 2021; section 7 of the
//! contract), in a relax train `g` times the row's voltage of the wave that columns relax. The second one makes `g` times the
//! column's voltage. See the [schedule](super::schedule) for the ages.

use super::columns::{ColumnVoltages, VoltageWrite};
use super::folding::TilePlan;
use super::scan_port::{CellScan, ScanPort};
use super::sequencer::Sequence;
use super::tokens::{TokenControls, shifts};
use crate::bus::{Bus, Shape};
use crate::leaf::{Clocked, Leaf};
use crate::primitive::SaturationRow;
use crate::technology::Technology;
use wheatstone_sim::{Design, EdgeGenerator, Format, shift_rounded};

/// What the array interface says about learning; stable while the array works.
#[derive(Clone, Debug)]
pub(super) struct LearningControls {
    /// The sample before is learnt from.
    pub apply: Bus,
    /// Added to every learning shift.
    pub offset: Bus,
    /// Edges learn by their generators.
    pub desynchronous: Bus,
    /// Bits drawn at a learning step, less 1.
    pub rarity: Bus,
}

impl LearningControls {
    pub(super) fn new() -> LearningControls {
        let bit = || Bus::new(Shape::BIT);
        LearningControls {
            apply: bit(),
            offset: Bus::new(Shape::unsigned(2)),
            desynchronous: bit(),
            rarity: Bus::new(Shape::unsigned(3)),
        }
    }

    pub(super) fn named(&self) -> [(&'static str, &Bus); 4] {
        [
            ("apply", &self.apply),
            ("offset", &self.offset),
            ("desynchronous", &self.desynchronous),
            ("rarity", &self.rarity),
        ]
    }
}

/// What a lane gives away.
#[derive(Clone, Debug)]
pub(super) struct LaneOutputs {
    /// The sum that is taken out of an accumulator, 0 otherwise.
    pub sum: Bus,
    /// The conductances of that row, summed in a learn train; 0 otherwise.
    pub conductance: Bus,
    /// What goes up the tree.
    pub rising: Bus,
    /// What the scan port asks for, 0 otherwise.
    pub scanned: Bus,
}

/// Widths of sums in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SumWidths {
    /// Of an accumulator.
    pub sum: u32,
    /// Of a sum of conductances.
    pub conductance: u32,
}

impl SumWidths {
    /// Those of a design.
    pub(super) fn of(design: &Design) -> SumWidths {
        let terms = usize::BITS - (design.network().max_degree() + 2).leading_zeros();
        SumWidths { sum: super::schedule::sum_bits(design), conductance: design.format().k_bits() + terms }
    }
}

#[derive(Clone, Debug)]
struct Lane {
    format: Format,
    g_min: i64,
    shifts: Vec<i8>,
    k: Vec<i64>,
    generators: Vec<i64>,
    voltages: [Vec<i64>; 2],
    sums: Vec<i64>,
    conductances: Vec<i64>,
    row_sum: i64,
    row_difference: i64,
    row_voltage: i64,
    /// What the memories have read, on its way to a register.
    k_latched: i64,
    k_read: i64,
    generator_latched: i64,
    generator: u16,
    drawn: u16,
    first: [i64; 2],
    product: i64,
    change: i64,
    raw: i64,
    k_new: i64,
    second: [i64; 2],
    forward: i64,
    sum_out: i64,
    conductance_out: i64,
}

/// The inputs of a lane in order, after its clock.
struct Inputs {
    learn: bool,
    wave: usize,
    read_address: usize,
    row_slot: usize,
    shift: usize,
    write_address: usize,
    sum_slot: usize,
    slot: usize,
    draw_address: usize,
    draw_write_address: usize,
    column_sum: i64,
    column_difference: i64,
    forward: i64,
    take: bool,
    take_slot: usize,
    sent_slot: usize,
    sent_wave: usize,
    sent_both: bool,
    sent_voltage: i64,
    apply: bool,
    offset: i32,
    desynchronous: bool,
    rarity: u8,
    learns: bool,
    write: bool,
    rises: bool,
    accumulates: bool,
    draw_write: bool,
    sent: bool,
    scan: bool,
    scan_word: i64,
    scan_lane: bool,
    scan_write: bool,
}

impl Inputs {
    fn new(values: &[i64]) -> Inputs {
        let mut values = values[1..].iter().copied();
        let mut next = || values.next().unwrap_or(0);
        let index = |value: i64| usize::try_from(value).unwrap_or(0);
        Inputs {
            learn: next() == 1,
            wave: index(next()),
            read_address: index(next()),
            row_slot: index(next()),
            shift: index(next()),
            write_address: index(next()),
            sum_slot: index(next()),
            slot: index(next()),
            draw_address: index(next()),
            draw_write_address: index(next()),
            column_sum: next(),
            column_difference: next(),
            forward: next(),
            take: next() == 1,
            take_slot: index(next()),
            sent_slot: index(next()),
            sent_wave: index(next()),
            sent_both: next() == 1,
            sent_voltage: next(),
            apply: next() == 1,
            offset: i32::try_from(next()).unwrap_or(0),
            desynchronous: next() == 1,
            rarity: u8::try_from(next()).unwrap_or(0),
            learns: next() == 1,
            write: next() == 1,
            rises: next() == 1,
            accumulates: next() == 1,
            draw_write: next() == 1,
            sent: next() == 1,
            scan: next() == 1,
            scan_word: next(),
            scan_lane: next() == 1,
            scan_write: next() == 1,
        }
    }
}

/// The word at an index, zero beyond the end.
pub(super) fn at<T: Copy + Default>(words: &[T], index: usize) -> T {
    words.get(index).copied().unwrap_or_default()
}

impl Lane {
    /// `product` times `2^alpha`, rounded.
    fn scaled(&self, product: i64, shift: usize, offset: i32) -> i64 {
        let Some(&alpha) = self.shifts.get(shift) else { return 0 };
        let alpha = i32::from(alpha) + offset;
        if alpha >= 0 { product << alpha } else { shift_rounded(product, alpha.unsigned_abs()) }
    }

    /// Every register takes what was before it; the order is from the end of the pipeline to its begin, memories are read before
    /// they are written.
    fn fire(&mut self, x: &Inputs) {
        let [g_new, g_read] = [self.k_new, self.k_read].map(|k| self.format.conductance(k));
        let (k_latched, generator_latched) =
            (at(&self.k, x.read_address), at(&self.generators, x.draw_address));
        // A lane of one row has registers instead of memories, and no use for the number of a slot.
        let place = |slot: usize| slot % self.sums.len();
        let [row_slot, sent_slot] = [x.row_slot, x.sent_slot].map(place);
        let voltages = [0, 1].map(|wave: usize| self.voltages[wave][row_slot]);

        let ends = if x.take { [x.take_slot; 2] } else { [x.slot, x.sum_slot] };
        let [sum_at, conductance_at] = ends.map(place);
        (self.sum_out, self.conductance_out) = (0, 0);
        if x.take {
            self.sum_out = std::mem::take(&mut self.sums[sum_at]);
            self.conductance_out = std::mem::take(&mut self.conductances[conductance_at]);
        } else {
            if x.accumulates {
                self.sums[sum_at] += self.forward;
            }
            if x.write {
                self.conductances[conductance_at] += g_new;
            }
        }
        if x.scan_write || (x.write && x.apply) {
            self.k[x.write_address] = self.k_new;
        }
        if x.scan_write || (x.draw_write && x.apply && x.desynchronous) {
            self.generators[x.draw_write_address] = self.drawn.into();
        }
        self.forward = self.second[0] * self.second[1];
        self.second = [if x.learn { g_new } else { g_read }, x.forward];

        let (low, high) = self.format.k_range(self.g_min);
        let kk = self.format.k_bits() + self.format.k_guard();
        self.k_new = if x.scan { x.scan_word & ((1 << kk) - 1) } else { self.raw.clamp(low, high) };
        self.raw = self.k_read + self.change;
        // No state is 0; if one were, it would stay so.
        let (fires, next) = if self.generator == 0 {
            (true, 0)
        } else {
            let mut drawing = EdgeGenerator::new(self.generator);
            (drawing.fires(x.rarity + 1), drawing.state())
        };
        self.drawn = if x.scan { u16::try_from((x.scan_word >> kk) & 0xFFFF).unwrap_or(0) } else { next };
        let learns = x.learns && x.apply && (fires || !x.desynchronous);
        self.change = if learns { self.scaled(self.product, x.shift, x.offset) } else { 0 };
        self.product = self.first[0] * self.first[1];
        self.first = if x.learn {
            [x.column_difference - self.row_difference, x.column_sum - self.row_sum]
        } else {
            [g_read, self.row_voltage]
        };

        self.k_read = std::mem::replace(&mut self.k_latched, k_latched);
        let generator = std::mem::replace(&mut self.generator_latched, generator_latched);
        self.generator = u16::try_from(generator).unwrap_or(1);
        let [free, clamped] = voltages;
        (self.row_sum, self.row_difference) = (free + clamped, free - clamped);
        self.row_voltage = if x.wave == 0 { clamped } else { free };
        for wave in (0..2).filter(|&wave| x.sent && (x.sent_both || x.sent_wave == wave)) {
            self.voltages[wave][sent_slot] = x.sent_voltage;
        }
    }
}

impl Clocked for Lane {
    fn edge(&mut self, _clock: usize, inputs: &[i64]) {
        self.fire(&Inputs::new(inputs));
    }

    fn outputs(&self, inputs: &[i64], outputs: &mut [i64]) {
        let x = Inputs::new(inputs);
        let rising = if x.learn { self.format.conductance(self.k_new) } else { self.product };
        let word =
            self.k_read | (i64::from(self.generator) << (self.format.k_bits() + self.format.k_guard()));
        outputs.copy_from_slice(&[
            self.sum_out,
            self.conductance_out,
            if x.rises { rising } else { 0 },
            if x.scan_lane { word } else { 0 },
        ]);
    }

    fn memory(&mut self, name: &str) -> Option<&mut [i64]> {
        match name {
            "k" => Some(&mut self.k),
            "generators" => Some(&mut self.generators),
            "voltages_0" => Some(&mut self.voltages[0]),
            "voltages_1" => Some(&mut self.voltages[1]),
            _ => None,
        }
    }
}

/// What all lanes of a tile share.
pub(super) struct LaneContext<'a> {
    pub technology: Technology,
    pub design: &'a Design,
    pub plan: &'a TilePlan,
    pub fire: &'a Bus,
    pub sequence: &'a Sequence,
    pub take_slot: &'a Bus,
    pub tokens: &'a TokenControls,
    pub columns: &'a ColumnVoltages,
    pub learning: &'a LearningControls,
    pub sent: &'a VoltageWrite,
    pub sent_slot: &'a Bus,
    pub port: &'a ScanPort,
    pub scan: &'a CellScan,
}

/// Lane number `lane` of a tile; `take` says that the sums of one of its rows are taken, `sent` that a voltage is sent to one.
pub(super) fn lane(context: &LaneContext<'_>, lane: usize, take: &Bus, sent: &Bus) -> (Leaf, LaneOutputs) {
    let LaneContext { technology, design, plan, sequence, tokens, columns, learning, .. } = *context;
    let format = design.format();
    let widths = SumWidths::of(design);
    let outputs = LaneOutputs {
        sum: Bus::new(Shape::signed(widths.sum)),
        conductance: Bus::new(Shape::unsigned(widths.conductance)),
        rising: Bus::new(Shape::signed(format.v_bits() + format.k_bits() + 1)),
        scanned: Bus::new(Shape::unsigned(16 + format.k_bits() + format.k_guard())),
    };
    let (words, slots) = (1usize << tokens.read_address.shape().bits, plan.slots().next_power_of_two());
    let model = Lane {
        format,
        g_min: design.rules().g_min.into(),
        shifts: shifts(plan),
        // What a state may hold, as the edges of a spatial array have it at power-up.
        k: vec![format.k_range(design.rules().g_min.into()).0; words],
        generators: vec![1; words],
        voltages: [vec![0; slots], vec![0; slots]],
        sums: vec![0; slots],
        conductances: vec![0; slots],
        row_sum: 0,
        row_difference: 0,
        row_voltage: 0,
        k_latched: 0,
        k_read: 0,
        generator_latched: 1,
        generator: 1,
        drawn: 1,
        first: [0; 2],
        product: 0,
        change: 0,
        raw: 0,
        k_new: 0,
        second: [0; 2],
        forward: 0,
        sum_out: 0,
        conductance_out: 0,
    };
    let inputs: [(&str, &Bus); 33] = [
        ("learn", &sequence.learn),
        ("wave", &sequence.wave),
        ("read_address", &tokens.read_address),
        ("row_slot", &tokens.row_slot),
        ("shift", &tokens.shift),
        ("write_address", &tokens.write_address),
        ("sum_slot", &tokens.sum_slot),
        ("slot", &tokens.slot),
        ("draw_address", &tokens.draw_address),
        ("draw_write_address", &tokens.draw_write_address),
        ("column_sum", &columns.sum),
        ("column_difference", &columns.difference),
        ("forward", &columns.forward),
        ("take", take),
        ("take_slot", context.take_slot),
        ("sent_slot", context.sent_slot),
        ("sent_wave", &context.sent.wave),
        ("sent_both", &context.sent.both),
        ("sent_voltage", &context.sent.voltage),
        ("apply", &learning.apply),
        ("offset", &learning.offset),
        ("desynchronous", &learning.desynchronous),
        ("rarity", &learning.rarity),
        ("learns", &tokens.learns[lane]),
        ("write", &tokens.write[lane]),
        ("rises", &tokens.rises[lane]),
        ("accumulates", &tokens.accumulates[lane]),
        ("draw_write", &tokens.draw_write[lane]),
        ("sent", sent),
        ("scan", &context.port.mode),
        ("scan_word", &context.port.word),
        ("scan_lane", &context.scan.lanes[lane]),
        ("scan_write", &context.scan.write_lanes[lane]),
    ];
    let mut leaf = Leaf::clocked(
        "lane",
        "the edges of a few rows: conductances, two products, sums",
        technology.clock_to_q_ps() + technology.lut_ps(),
        1,
        move || Box::new(model.clone()),
    )
    .reads_asynchronously()
    .internal_delay(technology.memory_ps().max(technology.multiplier_ps(format.v_bits())))
    .input("fire", context.fire);
    for (name, bus) in inputs {
        leaf = leaf.input(name, bus);
    }
    let leaf = leaf
        .output("sum", &outputs.sum, "sum_q")
        .output("conductance", &outputs.conductance, "conductance_q")
        .output("rising", &outputs.rising, "rises ? (learn ? $signed({1'b0, g_new}) : product) : 0")
        .output("scanned", &outputs.scanned, "scan_lane ? {generator, k_read} : 0")
        .verilog(verilog(technology, design, plan, words, slots));
    (leaf, outputs)
}

/// The Verilog of a lane. Every register takes what was before it, as in [`Lane::fire`].
fn verilog(technology: Technology, design: &Design, plan: &TilePlan, words: usize, slots: usize) -> String {
    let format = design.format();
    let SumWidths { sum, conductance } = SumWidths::of(design);
    let (v, k, kk, guard) =
        (format.v_bits(), format.k_bits(), format.k_bits() + format.k_guard(), format.k_guard());
    let shifts = shifts(plan);
    let highest = shifts.iter().map(|&shift| i32::from(shift) + 3).max().unwrap_or(0);
    // A change holds the largest product; with `k` a bit more.
    let change = (2 * v + 3 + highest.max(0).unsigned_abs()).max(kk + 2);
    let product = (2 * v + 2).max(v + k + 1) + 1;
    let (low, high) = format.k_range(design.rules().g_min.into());
    let mut scaled = String::new();
    for (number, &shift) in shifts.iter().enumerate() {
        for offset in 0..4 {
            let alpha = i32::from(shift) + offset;
            let by = alpha.unsigned_abs();
            let value = match alpha {
                0.. => format!("wide <<< {by}"),
                _ => format!("(wide + {}) >>> {by}", Shape::signed(change).literal(1 << (by - 1))),
            };
            scaled +=
                &format!("    {}: scaled = {value};\n", number * 4 + usize::try_from(offset).unwrap_or(0));
        }
    }
    let mut draws = String::from("wire [15:0] draw_0 = generator;\nwire zero_0 = 1'b1;\n");
    for bit in 1..=8 {
        let before = bit - 1;
        draws += &format!(
            "wire [15:0] draw_{bit} = {{1'b0, draw_{before}[15:1]}} ^ (draw_{before}[0] ? 16'hb400 : 16'h0);\n\
             wire zero_{bit} = zero_{before} & ~draw_{before}[0];\n"
        );
    }
    let of_rarity = |name: &str| {
        let arms: Vec<String> =
            (0..8).map(|rarity| format!("rarity == {rarity} ? {name}_{}", rarity + 1)).collect();
        format!("{} : {name}_8", arms[..7].join(" : "))
    };
    // A lane of one row has registers instead of memories of rows.
    let of_rows = |text: &str| if slots == 1 { String::new() } else { text.to_owned() };
    let saturated = SaturationRow {
        name: "saturated",
        bits: kk,
        value: "kept",
        scanned: "scan_k",
        code: "code",
        high,
        low,
    }
    .verilog(technology == Technology::Ecp5);
    let g_min = design.rules().g_min;
    let too_low = match g_min {
        1 => "~|raw_g".to_owned(),
        _ => format!("raw_g < {k}'d{g_min}"),
    };
    format!(
        "reg [{kk1}:0] k [0:{words1}];\nreg [15:0] generators [0:{words1}];\n\
         reg signed [{v1}:0] voltages_0{rows};\nreg signed [{v1}:0] voltages_1{rows};\n\
         reg signed [{sum1}:0] sums{rows};\nreg [{conductance1}:0] conductances{rows};\n\
         reg [{kk1}:0] k_latched, k_read, k_new;\nreg [15:0] generator_latched, generator, drawn;\n\
         reg signed [{v}:0] row_sum, row_difference;\nreg signed [{v1}:0] row_voltage, second_b;\n\
         reg signed [{a1}:0] first_a, first_b;\nreg signed [{product1}:0] product;\n\
         reg signed [{change1}:0] change, raw;\nreg [{k1}:0] second_a;\nreg signed [{f1}:0] forwarded;\n\
         reg signed [{sum1}:0] sum_q;\nreg [{conductance1}:0] conductance_q;\ninteger i;\n\
         initial begin\n    for (i = 0; i <= {words1}; i = i + 1) begin k[i] = {kk}'d{low}; generators[i] = 1; end\n\
         \x20   for (i = 0; i < {slots}; i = i + 1) begin voltages_0{each} = 0; voltages_1{each} = 0; sums{each} = 0; conductances{each} = 0; end\n\
         \x20   k_latched = 0; generator_latched = 1; k_read = 0; k_new = 0; generator = 1; drawn = 1; row_sum = 0; row_difference = 0; row_voltage = 0;\n\
         \x20   second_a = 0; second_b = 0; first_a = 0; first_b = 0; product = 0; change = 0; raw = 0; forwarded = 0; sum_q = 0; conductance_q = 0;\nend\n\
         wire [{k1}:0] g_read = k_read[{kk1}:{guard}];\nwire [{k1}:0] g_new = k_new[{kk1}:{guard}];\n\
         wire signed [{change1}:0] wide = product;\nreg signed [{change1}:0] scaled;\n\
         always @* case ({{shift, offset}})\n{scaled}    default: scaled = 0;\nendcase\n\
         {draws}wire [15:0] next_drawn = {drawn};\nwire fires = {fires};\n\
         wire [{k1}:0] raw_g = raw[{kk1}:{guard}];\nwire above = |raw[{change2}:{kk}];\n\
         wire low = raw[{change1}] | (~above & {too_low});\nwire high = ~raw[{change1}] & above;\n\
         wire [1:0] code = {{scan | low, scan | high}};\nwire [{kk1}:0] kept = raw[{kk1}:0];\nwire [{kk1}:0] scan_k = scan_word[{kk1}:0];\n{saturated}\
         wire [{slot1}:0] sum_at = take ? take_slot : slot;\nwire [{slot1}:0] conductance_at = take ? take_slot : sum_slot;\n\
         always @(posedge fire) begin\n\
         \x20   k_latched <= k[read_address];\n    k_read <= k_latched;\n\
         \x20   generator_latched <= generators[draw_address];\n    generator <= generator_latched;\n    drawn <= scan ? scan_word[{drawn1}:{kk}] : next_drawn;\n\
         \x20   row_sum <= voltages_0{row} + voltages_1{row};\n    row_difference <= voltages_0{row} - voltages_1{row};\n\
         \x20   row_voltage <= wave ? voltages_0{row} : voltages_1{row};\n\
         \x20   first_a <= learn ? column_difference - row_difference : $signed({{1'b0, g_read}});\n\
         \x20   first_b <= learn ? column_sum - row_sum : row_voltage;\n    product <= first_a * first_b;\n\
         \x20   change <= learns & apply & (fires | ~desynchronous) ? scaled : 0;\n    raw <= $signed({{1'b0, k_read}}) + change;\n\
         \x20   k_new <= saturated;\n\
         \x20   second_a <= learn ? g_new : g_read;\n    second_b <= forward;\n    forwarded <= $signed({{1'b0, second_a}}) * second_b;\n\
         \x20   if (scan_write | (write & apply)) k[write_address] <= k_new;\n    if (scan_write | (draw_write & apply & desynchronous)) generators[draw_write_address] <= drawn;\n\
         \x20   if (take | accumulates) sums{sum_at} <= take ? 0 : sums{sum_at} + forwarded;\n\
         \x20   if (take | write) conductances{conductance_at} <= take ? 0 : conductances{conductance_at} + g_new;\n\
         \x20   sum_q <= take ? sums{sum_at} : 0;\n    conductance_q <= take ? conductances{conductance_at} : 0;\n\
         \x20   if (sent & (sent_both | ~sent_wave)) voltages_0{sent_at} <= sent_voltage;\n\
         \x20   if (sent & (sent_both | sent_wave)) voltages_1{sent_at} <= sent_voltage;\nend\n",
        kk1 = kk - 1,
        words1 = words - 1,
        v1 = v - 1,
        rows = of_rows(&format!(" [0:{}]", slots - 1)),
        each = of_rows("[i]"),
        row = of_rows("[row_slot]"),
        sent_at = of_rows("[sent_slot]"),
        sum_at = of_rows("[sum_at]"),
        conductance_at = of_rows("[conductance_at]"),
        sum1 = sum - 1,
        conductance1 = conductance - 1,
        slot1 = slots.ilog2().max(1) - 1,
        a1 = (v + 2).max(k + 1) - 1,
        product1 = product - 1,
        change1 = change - 1,
        k1 = k - 1,
        f1 = v + k,
        drawn = of_rarity("draw"),
        fires = of_rarity("zero"),
        change2 = change - 2,
        drawn1 = kk + 15,
    )
}

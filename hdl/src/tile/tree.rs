//! Sums of columns on their way from the lanes to the root: over the lanes of a tile, over its slots, over the tiles.
//!
//! A tile leaves the sum of each column in a memory, and beside it a *token* that changes with every sum. The root reads a sum
//! when the token has changed since its last train. So the sums of a train stream: the root takes the first while the
//! tile works on the next, and none can be lost, since a tile begins its next train only when the root has ended this one.

use super::folding::LANES;
use super::lane::SumWidths;
use super::sequencer::number;
use super::tokens::TokenControls;
use crate::bus::{Bus, Shape};
use crate::leaf::{Clocked, Leaf};
use crate::technology::Technology;
use wheatstone_sim::Design;

/// What a tile shows of the column that the root asks for.
#[derive(Clone, Debug)]
pub(super) struct PartialSum {
    /// The sum over the tile.
    pub sum: Bus,
    /// Changes with every sum.
    pub token: Bus,
}

#[derive(Clone, Debug)]
struct Partials {
    /// The registers of the tree over the lanes, by level.
    levels: [Vec<i64>; 3],
    running: i64,
    sums: Vec<i64>,
    tokens: Vec<i64>,
}

fn pairs(values: &[i64]) -> Vec<i64> {
    values.chunks(2).map(|pair| pair.iter().sum()).collect()
}

impl Clocked for Partials {
    fn edge(&mut self, clock: usize, inputs: &[i64]) {
        if clock == 1 {
            self.tokens.fill(0);
            return;
        }
        let (lanes, rest) = inputs[2..].split_at(LANES);
        let &[valid, first, last, column, _] = rest else { return };
        if valid == 1 {
            let sum = self.levels[2][0] + if first == 1 { 0 } else { self.running };
            self.running = sum;
            let column = usize::try_from(column).unwrap_or(0);
            if last == 1 && column < self.sums.len() {
                self.sums[column] = sum;
                self.tokens[column] = (1 - self.tokens[column]) & (1 - inputs[1]);
            }
        }
        self.levels = [pairs(lanes), pairs(&self.levels[0]), pairs(&self.levels[1])];
    }

    fn outputs(&self, inputs: &[i64], outputs: &mut [i64]) {
        let column = inputs.last().and_then(|&column| usize::try_from(column).ok()).unwrap_or(0);
        let read = |words: &[i64]| words.get(column).copied().unwrap_or(0);
        outputs.copy_from_slice(&[read(&self.sums), read(&self.tokens)]);
    }
}

/// The tree of a tile and its memory of sums. The root asks by `column`.
pub(super) fn partial_sums(
    technology: Technology,
    design: &Design,
    columns: usize,
    [fire, reset]: [&Bus; 2],
    rising: &[Bus],
    tokens: &TokenControls,
    column: &Bus,
) -> (Leaf, PartialSum) {
    let width = SumWidths::of(design).sum;
    let partial = PartialSum { sum: Bus::new(Shape::signed(width)), token: Bus::new(Shape::BIT) };
    let model = Partials {
        levels: [vec![0; LANES / 2], vec![0; LANES / 4], vec![0; 1]],
        running: 0,
        sums: vec![0; columns],
        tokens: vec![0; columns],
    };
    let mut leaf = Leaf::clocked(
        format!("partial_sums_{columns}"),
        "sums of the columns over the lanes and slots of a tile",
        technology.clock_to_q_ps() + 2 * technology.lut_ps(),
        2,
        move || Box::new(model.clone()),
    )
    .reads_asynchronously()
    .input("fire", fire)
    .input("reset", reset);
    let rising_bits = rising[0].shape().bits;
    for (lane, bus) in rising.iter().enumerate() {
        leaf = leaf.input(format!("rising_{lane}"), bus);
    }
    let leaf = leaf
        .input("sum_valid", &tokens.sum_valid)
        .input("sum_first", &tokens.sum_first)
        .input("sum_last", &tokens.sum_last)
        .input("sum_column", &tokens.sum_column)
        .input("column", column)
        .output("partial", &partial.sum, "sums[column]")
        .output("token", &partial.token, "tokens[column]")
        .verilog(partials_verilog(columns, tokens.sum_column.shape().bits, rising_bits, width));
    (leaf, partial)
}

/// A column's sum over all tiles, and what goes with it.
#[derive(Clone, Debug)]
pub(super) struct ColumnSum {
    /// A sum is there.
    pub valid: Bus,
    /// The column.
    pub column: Bus,
    /// The sum.
    pub sum: Bus,
}

/// The tree over the tiles: the data of every level.
#[derive(Clone, Debug)]
struct TileTree {
    levels: Vec<Vec<i64>>,
    /// By level: whether a sum is there, and the number beside it.
    columns: Vec<[i64; 2]>,
}

impl Clocked for TileTree {
    fn edge(&mut self, _clock: usize, inputs: &[i64]) {
        let &[_, valid, column, ref tiles @ ..] = inputs else { return };
        let mut next = pairs(tiles);
        for level in &mut self.levels {
            let before = std::mem::replace(level, next);
            next = pairs(&before);
        }
        self.columns.rotate_right(1);
        self.columns[0] = [valid, column];
    }

    fn outputs(&self, _inputs: &[i64], outputs: &mut [i64]) {
        let [valid, column] = self.columns.last().copied().unwrap_or_default();
        let sum = self.levels.last().and_then(|level| level.first()).copied().unwrap_or(0);
        outputs.copy_from_slice(&[valid, column, sum]);
    }
}

/// The tree over the tiles, as many levels as they need and at least one, and for each level a fire.
pub(super) fn tile_tree(
    technology: Technology,
    fire: &Bus,
    valid: &Bus,
    column: &Bus,
    tiles: &[PartialSum],
) -> (Leaf, ColumnSum) {
    let levels = super::schedule::tree_levels(tiles.len());
    let width = tiles[0].sum.shape();
    let sum =
        ColumnSum { valid: Bus::new(Shape::BIT), column: Bus::new(column.shape()), sum: Bus::new(width) };
    let mut count = tiles.len();
    let registers = (0..levels).map(|_| {
        count = count.div_ceil(2);
        vec![0; count]
    });
    let model = TileTree { levels: registers.collect(), columns: vec![[0; 2]; levels] };
    let mut leaf = Leaf::clocked(
        format!("tile_tree_{}", tiles.len()),
        "sums of a column over the tiles",
        technology.clock_to_q_ps(),
        1,
        move || Box::new(model.clone()),
    )
    .input("fire", fire)
    .input("valid", valid)
    .input("column", column);
    for (tile, partial) in tiles.iter().enumerate() {
        leaf = leaf.input(format!("partial_{tile}"), &partial.sum);
    }
    let leaf = leaf
        .output("sum_valid", &sum.valid, "valid_q")
        .output("sum_column", &sum.column, "column_q")
        .output("sum", &sum.sum, "sum_q")
        .verilog(tile_tree_verilog(tiles.len(), levels, column.shape().bits, width.bits));
    (leaf, sum)
}

/// Which tiles send a sum of which column: one word a column, one bit a tile.
pub(super) fn senders(folding: &super::folding::Folding) -> Vec<i64> {
    let mut senders = vec![0; folding.free.len()];
    for (tile, plan) in folding.tiles.iter().enumerate() {
        for token in &plan.tokens[..plan.free] {
            senders[token.column] |= 1 << tile;
        }
    }
    senders
}

/// The root's join: it may fire in the middle of a train or when a request is open, when the last pulse is over, and, where it
/// reads a column, when all tiles that send a sum of it have sent it.
#[expect(clippy::too_many_arguments, reason = "the inputs of one join")]
pub(super) fn join_root(
    technology: Technology,
    senders: Vec<i64>,
    controls: [&Bus; 5],
    phase: &Bus,
    valid: &Bus,
    column: &Bus,
    tiles: &[PartialSum],
    enable: &Bus,
) -> Leaf {
    let [go, done, busy, tick, back] = controls;
    let mut leaf = Leaf::function(
        "join_root",
        "a request or a train is open, the last pulse is over, and the column's sums are there",
        3 * technology.lut_ps(),
    )
    .input("go", go)
    .input("done", done)
    .input("busy", busy)
    .input("tick", tick)
    .input("back", back)
    .input("phase", phase)
    .input("valid", valid)
    .input("column", column);
    for (tile, partial) in tiles.iter().enumerate() {
        leaf = leaf.input(format!("token_{tile}"), &partial.token);
    }
    let words: Vec<String> = senders
        .iter()
        .enumerate()
        .map(|(column, word)| format!("{column}: expected = {}'h{word:x};", tiles.len()))
        .collect();
    let tokens: Vec<String> = (0..tiles.len()).rev().map(|tile| format!("token_{tile}")).collect();
    leaf.verilog(format!(
        "reg [{top}:0] expected;\nalways @* case (column)\n    {}\n    default: expected = 0;\nendcase\n\
         wire there = ~valid | &(~expected | ({{{}}} ^ {{{}{{phase}}}}));",
        words.join("\n    "),
        tokens.join(", "),
        tiles.len(),
        top = tiles.len() - 1
    ))
    .output("enable", enable, "((go ^ done) | busy) & (tick ~^ back) & there")
    .evaluate(move |x, y| {
        let &[go, done, busy, tick, back, phase, valid, column, ref tokens @ ..] = x else { return };
        let expected = usize::try_from(column).ok().and_then(|c| senders.get(c)).copied().unwrap_or(0);
        let sent = |(tile, &token): (usize, &i64)| (expected >> tile) & 1 == 0 || token != phase;
        let there = valid == 0 || tokens.iter().enumerate().all(sent);
        y[0] = i64::from((go != done || busy == 1) && tick == back && there);
    })
}

/// A tile's join: it may fire in the middle of a train, or when a request is open and the root has ended the train before; and
/// when the last pulse is over.
pub(super) fn join_tile(
    technology: Technology,
    controls: [&Bus; 5],
    phases: [&Bus; 2],
    enable: &Bus,
) -> Leaf {
    let [go, done, busy, tick, back] = controls;
    let [phase, answer] = phases;
    Leaf::function(
        "join_tile",
        "a train is open, or a request and the root's answer are there; and the last pulse is over",
        2 * technology.lut_ps(),
    )
    .input("go", go)
    .input("done", done)
    .input("busy", busy)
    .input("tick", tick)
    .input("back", back)
    .input("phase", phase)
    .input("answer", answer)
    .output("enable", enable, "(((go ^ done) & (answer ~^ phase)) | busy) & (tick ~^ back)")
    .evaluate(|x, y| {
        let &[go, done, busy, tick, back, phase, answer] = x else { return };
        y[0] = i64::from(((go != done && answer == phase) || busy == 1) && tick == back);
    })
}

/// The sums of the row that is taken: all other lanes give 0.
pub(super) fn row_sums(
    technology: Technology,
    lanes: &[super::lane::LaneOutputs],
    sum: &Bus,
    conductance: &Bus,
) -> Leaf {
    let mut leaf = Leaf::function("row_sums", "the sums of the row that is taken", 2 * technology.lut_ps());
    for (lane, outputs) in lanes.iter().enumerate() {
        leaf = leaf
            .input(format!("sum_{lane}"), &outputs.sum)
            .input(format!("conductance_{lane}"), &outputs.conductance);
    }
    let any = |what: &str| (0..LANES).map(|lane| format!("{what}_{lane}")).collect::<Vec<_>>().join(" | ");
    leaf.output("sum", sum, any("sum")).output("conductance", conductance, any("conductance")).evaluate(
        |x, y| {
            y[0] = x.iter().step_by(2).fold(0, |any, sum| any | sum);
            y[1] = x[1..].iter().step_by(2).fold(0, |any, sum| any | sum);
        },
    )
}

/// The lane of a row, one bit a lane, and its slot.
pub(super) fn row_place(technology: Technology, valid: &Bus, row: &Bus, lanes: &[Bus], slot: &Bus) -> Leaf {
    let bits = row.shape().bits;
    let index = if bits < 3 { format!("{{{}'d0, row}}", 3 - bits) } else { "row[2:0]".to_owned() };
    let slot_text = if bits > 3 { format!("row[{}:3]", bits - 1) } else { "1'b0".to_owned() };
    let mut leaf = Leaf::function("row_place", "the lane and the slot of a row", technology.lut_ps())
        .input("valid", valid)
        .input("row", row)
        .verilog(format!("wire [2:0] lane = {index};"));
    for (lane, bus) in lanes.iter().enumerate() {
        leaf = leaf.output(format!("lane_{lane}"), bus, format!("valid & lane == 3'd{lane}"));
    }
    leaf.output("slot", slot, slot_text).evaluate(|x, y| {
        let row = usize::try_from(x[1]).unwrap_or(0);
        for (lane, output) in y.iter_mut().take(LANES).enumerate() {
            *output = i64::from(x[0] == 1 && row % LANES == lane);
        }
        y[LANES] = number(row / LANES);
    })
}

/// The Verilog of a tile's tree, three levels of registers, and of its memory of sums.
fn partials_verilog(columns: usize, column_bits: u32, rising: u32, width: u32) -> String {
    use std::fmt::Write;
    let end = (1usize << column_bits) - 1;
    let mut text = format!(
        "reg signed [{top}:0] sums [0:{end}];\nreg [{end}:0] tokens;\nreg signed [{top}:0] running;\ninteger i;\n\
         initial begin for (i = 0; i <= {end}; i = i + 1) sums[i] = 0; tokens = 0; running = 0; end\n",
        top = width - 1
    );
    let mut names: Vec<String> = (0..LANES).map(|lane| format!("rising_{lane}")).collect();
    for level in 1u32..=3 {
        let next: Vec<String> = (0..names.len() / 2).map(|i| format!("level_{level}_{i}")).collect();
        for (name, pair) in next.iter().zip(names.chunks(2)) {
            let _ = writeln!(
                text,
                "reg signed [{}:0] {name};\ninitial {name} = 0;\nalways @(posedge fire) {name} <= {} + {};",
                rising + level - 1,
                pair[0],
                pair[1]
            );
        }
        names = next;
    }
    let _ = write!(
        text,
        "wire signed [{top}:0] running_sum = level_3_0 + (sum_first ? 0 : running);\n\
         always @(posedge fire) if (sum_valid) begin\n    running <= running_sum;\n\
         \x20   if (sum_last & sum_column < {columns}) sums[sum_column] <= running_sum;\nend\n\
         always @(posedge fire or posedge reset)\n    if (reset) tokens <= 0;\n\
         \x20   else if (sum_valid & sum_last & sum_column < {columns}) tokens[sum_column] <= ~tokens[sum_column];\n",
        top = width - 1
    );
    text
}

/// The Verilog of the tree over the tiles.
fn tile_tree_verilog(tiles: usize, levels: usize, column_bits: u32, width: u32) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    let mut names: Vec<String> = (0..tiles).map(|tile| format!("partial_{tile}")).collect();
    let (mut valid, mut column) = ("valid".to_owned(), "column".to_owned());
    for level in 1..=levels {
        let next: Vec<String> = (0..names.len().div_ceil(2)).map(|i| format!("level_{level}_{i}")).collect();
        for (name, pair) in next.iter().zip(names.chunks(2)) {
            let sum = pair.join(" + ");
            let _ = writeln!(
                text,
                "reg signed [{}:0] {name};\ninitial {name} = 0;\nalways @(posedge fire) {name} <= {sum};",
                width - 1
            );
        }
        let _ = writeln!(
            text,
            "reg valid_{level};\nreg [{top}:0] column_{level};\ninitial begin valid_{level} = 0; column_{level} = 0; end\n\
             always @(posedge fire) begin valid_{level} <= {valid}; column_{level} <= {column}; end",
            top = column_bits - 1
        );
        (valid, column, names) = (format!("valid_{level}"), format!("column_{level}"), next);
    }
    let _ = writeln!(
        text,
        "wire valid_q = {valid};\nwire [{}:0] column_q = {column};\nwire signed [{}:0] sum_q = {};",
        column_bits - 1,
        width - 1,
        names[0]
    );
    text
}

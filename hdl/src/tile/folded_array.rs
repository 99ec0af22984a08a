//! The folded array: tiles and the root, wired as a marked graph of trains.

use super::columns::{SampleWrite, TO_ROOT, TO_TILE, VoltageWrite, columns};
use super::folding::{Folding, LANES, NotFoldable, TilePlan};
use super::lane::{LaneContext, LaneOutputs, LearningControls, SumWidths, lane};
use super::schedule::{root_train, tree_levels};
use super::sequencer::{STEP_BITS, Sequence, index_bits, number, root_sequencer, tile_sequencer};
use super::tokens::tokens;
use super::tree::{
    ColumnSum, PartialSum, join_root, join_tile, partial_sums, row_place, row_sums, senders, tile_tree,
};
use super::update::{UpdateStream, update_unit};
use crate::bus::{Bus, Shape};
use crate::leaf::Leaf;
use crate::module::Module;
use crate::primitive::{falling_flop, idle, matched_delay, register};
use crate::technology::Technology;
use crate::timing;
use std::collections::BTreeMap;
use std::sync::Arc;
use wheatstone_sim::Design;

/// How a folded array is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoldedOptions {
    /// The primitives that the array is built of.
    pub technology: Technology,
    /// Largest number of tiles.
    pub tiles: usize,
}

impl From<Technology> for FoldedOptions {
    /// Up to eight tiles.
    fn from(technology: Technology) -> Self {
        FoldedOptions { technology, tiles: 8 }
    }
}

/// What the array interface imposes on all cells.
#[derive(Clone, Debug)]
pub struct FoldedControls {
    /// Changes with every request.
    pub go: Bus,
    /// Relaxing steps of the request.
    pub steps: Bus,
    /// Number of its first step modulo 2.
    pub phase: Bus,
    /// Bank of the sample before, which is learnt from.
    pub old_bank: Bus,
    /// Bank of the sample that is relaxed.
    pub new_bank: Bus,
    pub(super) learning: LearningControls,
    pub(super) write: SampleWrite,
}

/// A design folded onto lanes.
#[derive(Clone, Debug)]
pub struct FoldedArray {
    design: Arc<Design>,
    folding: Folding,
    options: FoldedOptions,
    /// The whole as a module named `folded_array`.
    pub module: Module,
    /// What the array interface imposes.
    pub controls: FoldedControls,
    /// 1 while every cell has done what `go` asked for.
    pub idle: Bus,
    /// The fires of the tiles, then the root's, if there is one.
    pub fires: Vec<Bus>,
}

/// Buses between the cells.
struct Channels {
    /// The tiles' fires.
    fires: Vec<Bus>,
    root_fire: Bus,
    /// Changes when the root has ended a train.
    answer: Bus,
    done: Vec<Bus>,
    partials: Vec<Option<PartialSum>>,
    /// The column whose sum the root reads.
    read: Bus,
    sent: VoltageWrite,
}

impl FoldedArray {
    /// The folded array of a design, its matched delays sized from the documented delays of its data paths.
    ///
    /// # Errors
    /// [`NotFoldable`] if the design cannot be folded.
    pub fn new(design: Arc<Design>, options: impl Into<FoldedOptions>) -> Result<FoldedArray, NotFoldable> {
        let options = options.into();
        let folding = Folding::new(&design, options.tiles)?;
        let draft = FoldedArray::with_delays(Arc::clone(&design), folding.clone(), options, &BTreeMap::new());
        let lengths = timing::matched_lengths(&draft.module, options.technology);
        Ok(FoldedArray::with_delays(design, folding, options, &lengths))
    }

    /// The array with matched delays of given lengths, by the name of a cell's module.
    fn with_delays(
        design: Arc<Design>,
        folding: Folding,
        options: FoldedOptions,
        lengths: &BTreeMap<String, u32>,
    ) -> FoldedArray {
        let mut top =
            Module::new("folded_array", format!("{} in format {}", design.network().name(), design.format()));
        let controls = controls(&mut top, &design, &folding);
        let bit = || Bus::new(Shape::BIT);
        let mut channels = Channels {
            fires: folding.tiles.iter().map(|_| bit()).collect(),
            root_fire: bit(),
            answer: bit(),
            done: Vec::new(),
            partials: Vec::new(),
            read: Bus::new(Shape::unsigned(index_bits(folding.free.len()))),
            sent: VoltageWrite::new(folding.free.len(), design.format().v_bits()),
        };
        for tile in 0..folding.tiles.len() {
            let cell =
                tile_cell(&design, &folding, options.technology, tile, &controls, &mut channels, lengths);
            top.module(format!("tile_{tile}"), cell);
        }
        let mut fires = channels.fires.clone();
        let has_root = !folding.free.is_empty();
        if has_root {
            let cell = root_cell(&design, &folding, options.technology, &controls, &mut channels, lengths);
            top.module("root", cell);
            fires.push(channels.root_fire.clone());
        }
        for (name, bus) in
            [("answer", &channels.answer), ("root_fire", &channels.root_fire), ("read", &channels.read)]
        {
            top.local(name, bus);
        }
        for (name, bus) in channels.sent.named() {
            top.local(name, bus);
        }
        for (tile, fire) in channels.fires.iter().enumerate() {
            top.local(format!("fire_{tile}"), fire);
        }
        for (tile, partial) in channels.partials.iter().enumerate() {
            if let Some(partial) = partial {
                top.local(format!("partial_{tile}"), &partial.sum);
                top.local(format!("token_{tile}"), &partial.token);
            }
        }
        for (cell, done) in channels.done.iter().enumerate() {
            top.local(format!("done_{cell}"), done);
        }
        if !has_root {
            let nothing = |name: &str, bus: &Bus| {
                Leaf::function(format!("no_{name}"), "there are no free columns", 0)
                    .output(name, bus, "0")
                    .evaluate(|_, y| y[0] = 0)
            };
            top.leaf("no_fire", nothing("root_fire", &channels.root_fire));
            top.leaf("no_read", nothing("read", &channels.read));
            for (name, bus) in channels.sent.named() {
                top.leaf(format!("no_{name}"), nothing(name, bus));
            }
        }
        let idle_bus = bit();
        top.output("idle", &idle_bus);
        top.leaf("idle_join", idle(options.technology, &channels.done, &controls.go, &idle_bus));
        FoldedArray { design, folding, options, module: top, controls, idle: idle_bus, fires }
    }

    /// The design it is.
    pub fn design(&self) -> &Arc<Design> {
        &self.design
    }

    /// Where everything lies in it.
    pub fn folding(&self) -> &Folding {
        &self.folding
    }

    /// How it is built.
    pub fn options(&self) -> FoldedOptions {
        self.options
    }

    /// Its Verilog, without a header.
    pub fn verilog(&self) -> String {
        crate::verilog::emit(&self.module, self.options.technology)
    }
}

fn controls(top: &mut Module, design: &Design, folding: &Folding) -> FoldedControls {
    let bit = || Bus::new(Shape::BIT);
    let most = folding.tiles.iter().map(|tile| tile.rows.len()).max().unwrap_or(0);
    let most = most.max(folding.imposed.len()).max(folding.free.len());
    let controls = FoldedControls {
        go: bit(),
        steps: Bus::new(Shape::unsigned(STEP_BITS)),
        phase: bit(),
        old_bank: bit(),
        new_bank: bit(),
        learning: LearningControls::new(),
        write: SampleWrite {
            strobe: bit(),
            to: Bus::new(Shape::unsigned(index_bits(folding.tiles.len() + 2))),
            bank: bit(),
            index: Bus::new(Shape::unsigned(index_bits(most))),
            voltage: Bus::new(Shape::signed(design.format().v_bits())),
            sense: Bus::new(Shape::unsigned(2)),
        },
    };
    for (name, bus) in controls.named() {
        top.input(name, bus);
    }
    controls
}

impl FoldedControls {
    /// The buses under their names.
    pub(super) fn named(&self) -> Vec<(&'static str, &Bus)> {
        let mut named = vec![
            ("go", &self.go),
            ("steps", &self.steps),
            ("start_phase", &self.phase),
            ("old_bank", &self.old_bank),
            ("new_bank", &self.new_bank),
            ("strobe", &self.write.strobe),
            ("to", &self.write.to),
            ("write_bank", &self.write.bank),
            ("index", &self.write.index),
            ("voltage", &self.write.voltage),
            ("sense", &self.write.sense),
        ];
        named.extend(self.learning.named());
        named
    }
}

/// Names all buses of a cell that its parts share: inputs from outside, outputs, and the rest as wires.
fn name_ports(cell: &mut Module, inputs: &[(String, Bus)], outputs: &[(String, Bus)]) {
    for (name, bus) in inputs {
        cell.input(name.clone(), bus);
    }
    for (name, bus) in outputs {
        cell.output(name.clone(), bus);
    }
}

fn owned(named: &[(&str, &Bus)]) -> Vec<(String, Bus)> {
    named.iter().map(|&(name, bus)| (name.to_owned(), bus.clone())).collect()
}

/// The self-timed loop of a cell: `tick` follows every fire, `back` its end.
struct Loop {
    tick: Bus,
    back: Bus,
    enable: Bus,
}

fn pulse_loop(cell: &mut Module, technology: Technology, luts: u32, fire: &Bus) -> Loop {
    let pulse = Loop {
        tick: cell.wire("tick", Shape::BIT),
        back: cell.wire("back", Shape::BIT),
        enable: cell.wire("enable", Shape::BIT),
    };
    let next = cell.wire("next_tick", Shape::BIT);
    let low = cell.wire("no_strobe", Shape::BIT);
    let toggle = Leaf::function("toggle", "changes with every fire", technology.lut_ps())
        .input("tick", &pulse.tick)
        .output("next", &next, "~tick")
        .output("low", &low, "1'b0")
        .evaluate(|x, y| (y[0], y[1]) = (1 - x[0], 0));
    cell.leaf("toggle", toggle);
    cell.leaf("tick_register", register(technology, fire, &next, &pulse.tick, None, None, 0));
    cell.leaf("back_register", falling_flop(technology, fire, &pulse.tick, &pulse.back, None));
    cell.leaf("matched_delay", matched_delay(technology, luts, &pulse.enable, &low, fire));
    pulse
}

fn tile_cell(
    design: &Arc<Design>,
    folding: &Folding,
    technology: Technology,
    tile: usize,
    controls: &FoldedControls,
    channels: &mut Channels,
    lengths: &BTreeMap<String, u32>,
) -> Module {
    let plan: &TilePlan = &folding.tiles[tile];
    let name = format!("tile_{tile}");
    let luts = lengths.get(&name).copied().unwrap_or(1);
    let mut cell = Module::new(name, "eight lanes, their tree and their update unit");
    let fire = channels.fires[tile].clone();
    let has_root = !folding.free.is_empty();
    let sequence = Sequence::new(plan.tokens.len(), plan.rows.len());
    let mut inputs = owned(&controls.named());
    inputs.extend(owned(&[("root_fire", &channels.root_fire), ("read", &channels.read)]));
    inputs.extend(channels.sent.named().map(|(name, bus)| (format!("root_{name}"), bus.clone())));
    let mut outputs = owned(&[("fire", &fire), ("done", &sequence.done)]);
    if has_root {
        inputs.push(("answer".to_owned(), channels.answer.clone()));
    }
    for (name, bus) in sequence.named() {
        if name != "done" {
            cell.local(name, bus);
        }
    }
    let pulse = pulse_loop(&mut cell, technology, luts, &fire);
    let joins = [&controls.go, &sequence.done, &sequence.busy, &pulse.tick, &pulse.back];
    // Without a root a train has nobody to wait for.
    let answer = if has_root { &channels.answer } else { &sequence.phase };
    cell.leaf("join_tile", join_tile(technology, joins, [&sequence.phase, answer], &pulse.enable));
    let (leaf, rows) = tile_sequencer(
        technology,
        plan,
        folding.row_colour,
        [("fire", &fire), ("steps", &controls.steps), ("start_phase", &controls.phase)],
        &sequence,
    );
    cell.leaf("sequencer", leaf);
    for (name, bus) in [
        ("take_valid", &rows.take_valid),
        ("take", &rows.take),
        ("row_valid", &rows.row_valid),
        ("row", &rows.row),
    ] {
        cell.local(name, bus);
    }
    let most_columns = folding.free.len().max(folding.imposed.len());
    let (leaf, token_controls) = tokens(technology, tile, plan, most_columns, &fire, &sequence);
    for port in leaf.outputs() {
        cell.local(port.name.clone(), &port.bus);
    }
    cell.leaf("tokens", leaf);
    let banks = [&controls.old_bank, &controls.new_bank];
    let (leaf, voltages) = columns(
        technology,
        design.format().v_bits(),
        [folding.imposed.len(), folding.free.len()],
        [&fire, &channels.root_fire],
        &controls.write,
        &channels.sent,
        banks,
        &sequence,
        &token_controls,
    );
    for port in leaf.outputs() {
        cell.local(port.name.clone(), &port.bus);
    }
    cell.leaf("columns", leaf);

    let widths = SumWidths::of(design);
    let sum = cell.wire("row_sum", Shape::signed(widths.sum));
    let conductance = cell.wire("row_conductance", Shape::unsigned(widths.conductance));
    let stream = UpdateStream {
        valid: &rows.row_valid,
        node: &rows.row,
        learn: &sequence.learn,
        wave: &sequence.wave,
        sum: &sum,
        conductance: &conductance,
    };
    let sent = VoltageWrite::new(plan.rows.len(), design.format().v_bits());
    let unit = update_unit(
        technology,
        design,
        TO_TILE + number(tile),
        &plan.rows,
        &fire,
        &controls.write,
        &controls.new_bank,
        &sequence,
        &stream,
        &sent,
    );
    for port in unit.outputs() {
        cell.local(port.name.clone(), &port.bus);
    }
    cell.leaf("update_unit", unit);
    let sent_lanes: Vec<Bus> = (0..LANES).map(|lane| cell.wire(format!("sent_{lane}"), Shape::BIT)).collect();
    let sent_slot = cell.wire("sent_slot", token_controls.row_slot.shape());
    cell.leaf("sent_place", row_place(technology, &sent.valid, &sent.index, &sent_lanes, &sent_slot));
    let take_lanes: Vec<Bus> = (0..LANES).map(|lane| cell.wire(format!("take_{lane}"), Shape::BIT)).collect();
    let take_slot = cell.wire("take_slot", token_controls.row_slot.shape());
    cell.leaf("take_place", row_place(technology, &rows.take_valid, &rows.take, &take_lanes, &take_slot));
    let context = LaneContext {
        technology,
        design,
        plan,
        fire: &fire,
        sequence: &sequence,
        take_slot: &take_slot,
        tokens: &token_controls,
        columns: &voltages,
        learning: &controls.learning,
        sent: &sent,
        sent_slot: &sent_slot,
    };
    let mut lanes: Vec<LaneOutputs> = Vec::new();
    for (number, (take, sent)) in take_lanes.iter().zip(&sent_lanes).enumerate() {
        let (leaf, outputs) = lane(&context, number, take, sent);
        for port in leaf.outputs() {
            cell.local(format!("{}_{number}", port.name), &port.bus);
        }
        cell.leaf(format!("lane_{number}"), leaf);
        lanes.push(outputs);
    }
    cell.leaf("row_sums", row_sums(technology, &lanes, &sum, &conductance));
    if has_root {
        let rising: Vec<Bus> = lanes.iter().map(|lane| lane.rising.clone()).collect();
        let (leaf, partial) = partial_sums(
            technology,
            design,
            folding.free.len(),
            &fire,
            &rising,
            &token_controls,
            &channels.read,
        );
        cell.leaf("partial_sums", leaf);
        outputs.extend(owned(&[("partial", &partial.sum), ("sum_token", &partial.token)]));
        channels.partials.push(Some(partial));
    }
    channels.done.push(sequence.done.clone());
    name_ports(&mut cell, &inputs, &outputs);
    cell
}

fn root_cell(
    design: &Arc<Design>,
    folding: &Folding,
    technology: Technology,
    controls: &FoldedControls,
    channels: &mut Channels,
    lengths: &BTreeMap<String, u32>,
) -> Module {
    let luts = lengths.get("root").copied().unwrap_or(1);
    let mut cell = Module::new("root", "the free columns: sums over the tiles, and their update unit");
    let columns = folding.free.len();
    let fire = channels.root_fire.clone();
    let mut sequence = Sequence::new(columns, columns);
    (sequence.phase, sequence.token) = (channels.answer.clone(), channels.read.clone());
    let pulse = pulse_loop(&mut cell, technology, luts, &fire);
    let partials: Vec<PartialSum> = channels.partials.iter().flatten().cloned().collect();
    let joins = [&controls.go, &sequence.done, &sequence.busy, &pulse.tick, &pulse.back];
    cell.leaf(
        "join_root",
        join_root(
            technology,
            senders(folding),
            joins,
            &sequence.phase,
            &sequence.token_valid,
            &sequence.token,
            &partials,
            &pulse.enable,
        ),
    );
    let schedule = root_train(folding);
    let leaf = root_sequencer(
        technology,
        (schedule.read, schedule.columns, schedule.length),
        1 - folding.row_colour,
        [("fire", &fire), ("steps", &controls.steps), ("start_phase", &controls.phase)],
        &sequence,
    );
    cell.leaf("sequencer", leaf);
    for (name, bus) in sequence.named() {
        if !["done", "phase", "token"].contains(&name) {
            cell.local(name, bus);
        }
    }
    let levels = tree_levels(folding.tiles.len());
    let sum = if levels == 0 {
        ColumnSum {
            valid: sequence.token_valid.clone(),
            column: sequence.token.clone(),
            sum: partials[0].sum.clone(),
        }
    } else {
        let (leaf, sum) = tile_tree(technology, &fire, &sequence.token_valid, &sequence.token, &partials);
        for port in leaf.outputs() {
            cell.local(port.name.clone(), &port.bus);
        }
        cell.leaf("tile_tree", leaf);
        sum
    };
    let zero = cell.wire("imposed_sum", Shape::signed(SumWidths::of(design).sum));
    let conductance = cell.wire("column_conductance", Shape::unsigned(SumWidths::of(design).conductance));
    let width = conductance.shape().bits;
    let split = Leaf::function(
        "root_sums",
        "a learn train sums conductances, a relax train currents",
        technology.lut_ps(),
    )
    .input("learn", &sequence.learn)
    .input("sum", &sum.sum)
    .output("current", &zero, "learn ? 0 : sum")
    .output("conductance", &conductance, format!("sum[{}:0]", width - 1))
    .evaluate(|x, y| (y[0], y[1]) = (if x[0] == 1 { 0 } else { x[1] }, x[1]));
    cell.leaf("root_sums", split);
    let stream = UpdateStream {
        valid: &sum.valid,
        node: &sum.column,
        learn: &sequence.learn,
        wave: &sequence.wave,
        sum: &zero,
        conductance: &conductance,
    };
    let unit = update_unit(
        technology,
        design,
        TO_ROOT,
        &folding.free,
        &fire,
        &controls.write,
        &controls.new_bank,
        &sequence,
        &stream,
        &channels.sent,
    );
    cell.leaf("update_unit", unit);
    let mut inputs = owned(&controls.named());
    for (tile, partial) in partials.iter().enumerate() {
        inputs.push((format!("partial_{tile}"), partial.sum.clone()));
        inputs.push((format!("token_{tile}"), partial.token.clone()));
    }
    let mut outputs = owned(&[
        ("fire", &fire),
        ("done", &sequence.done),
        ("answer", &channels.answer),
        ("read", &channels.read),
    ]);
    outputs.extend(channels.sent.named().map(|(name, bus)| (name.to_owned(), bus.clone())));
    channels.done.push(sequence.done.clone());
    name_ports(&mut cell, &inputs, &outputs);
    cell
}

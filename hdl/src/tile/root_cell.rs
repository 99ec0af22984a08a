//! The root: the free columns, their sums over the tiles and their update unit, behind one fire.

use super::columns::TO_ROOT;
use super::folding::Folding;
use super::interface::{Channels, FoldedControls, answers, name_ports, owned, pulse_loop};
use super::lane::SumWidths;
use super::scan_port::{cell_scan, scanned, word_bits};
use super::schedule::{root_train, tree_levels};
use super::sequencer::{Sequence, SequencerInputs, root_sequencer};
use super::tree::{ColumnSum, PartialSum, join_root, senders, tile_tree};
use super::update::{UnitInputs, UnitOutputs, UpdateStream, update_unit};
use crate::bus::{Bus, Shape};
use crate::delays::{CellId, Delays};
use crate::leaf::Leaf;
use crate::module::Module;
use crate::technology::Technology;
use std::sync::Arc;
use wheatstone_sim::Design;

/// The root.
pub(super) fn root_cell(
    design: &Arc<Design>,
    folding: &Folding,
    technology: Technology,
    controls: &FoldedControls,
    channels: &mut Channels,
    lengths: &Delays,
) -> Module {
    let mut cell =
        Module::new(CellId::Root.to_string(), "the free columns: sums over the tiles, and their update unit");
    let columns = folding.free.len();
    let fire = channels.root_fire.clone();
    let mut sequence = Sequence::new(columns, columns);
    (sequence.phase, sequence.token) = (channels.answer.clone(), channels.read.clone());
    let pulse = pulse_loop(&mut cell, technology, (CellId::Root, lengths), &fire, controls);
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
        &SequencerInputs {
            fire: &fire,
            reset: &controls.reset,
            steps: &controls.steps,
            phase: &controls.phase,
            scan: &controls.scan,
        },
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
    let (leaf, scan) = cell_scan(technology, &controls.scan, TO_ROOT, 0);
    for port in leaf.outputs() {
        cell.local(port.name.clone(), &port.bus);
    }
    cell.leaf("scan_place", leaf);
    let format = design.format();
    let scanned_node = cell.wire("scanned_node", Shape::unsigned(format.v_bits() + format.v_guard()));
    let unit = update_unit(
        technology,
        design,
        TO_ROOT,
        &folding.free,
        &fire,
        &UnitInputs {
            write: &controls.write,
            bank: &controls.new_bank,
            senses: &controls.senses,
            port: &controls.scan,
            scan: &scan,
        },
        (&sequence, &stream),
        &UnitOutputs { sent: &channels.sent, scanned: &scanned_node },
    );
    cell.leaf("update_unit", unit);
    let word = Bus::new(Shape::unsigned(word_bits(design)));
    cell.leaf("scan_join", scanned(technology, "scanned", &[scanned_node], &word));
    let answers = answers(&mut cell, technology, design, &folding.free, &fire, &channels.sent, channels);
    let mut inputs = owned(controls.named());
    for (tile, partial) in partials.iter().enumerate() {
        inputs.push((format!("partial_{tile}"), partial.sum.clone()));
        inputs.push((format!("token_{tile}"), partial.token.clone()));
    }
    let mut outputs = owned([
        ("fire", &fire),
        ("done", &sequence.done),
        ("answer", &channels.answer),
        ("read", &channels.read),
        ("scanned", &word),
    ]);
    outputs.extend(answers);
    channels.scanned.push(word.clone());
    outputs.extend(channels.sent.named().map(|(name, bus)| (name.to_owned(), bus.clone())));
    channels.done.push(sequence.done.clone());
    name_ports(&mut cell, &inputs, &outputs);
    cell
}

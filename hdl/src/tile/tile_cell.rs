//! A tile: eight lanes with their sequencer, columns, tree and update unit, behind one fire.

use super::columns::{ColumnInputs, TO_TILE, VoltageWrite, columns};
use super::folding::{Folding, LANES, TilePlan};
use super::interface::{Channels, FoldedControls, answers, name_ports, owned, pulse_loop};
use super::lane::{LaneContext, LaneOutputs, SumWidths, lane};
use super::scan_port::{cell_scan, scanned, word_bits};
use super::sequencer::{Sequence, SequencerInputs, number, tile_sequencer};
use super::tokens::tokens;
use super::tree::{join_tile, partial_sums, row_place, row_sums};
use super::update::{UnitInputs, UnitOutputs, UpdateStream, update_unit};
use crate::bus::{Bus, Shape};
use crate::delays::{CellId, Delays};
use crate::module::Module;
use crate::technology::Technology;
use std::sync::Arc;
use wheatstone_sim::Design;

/// Tile number `tile`.
pub(super) fn tile_cell(
    design: &Arc<Design>,
    folding: &Folding,
    technology: Technology,
    tile: usize,
    controls: &FoldedControls,
    channels: &mut Channels,
    lengths: &Delays,
) -> Module {
    let plan: &TilePlan = &folding.tiles[tile];
    let name = CellId::Tile(tile).to_string();
    let mut cell = Module::new(name, "eight lanes, their tree and their update unit");
    let fire = channels.fires[tile].clone();
    let has_root = !folding.free.is_empty();
    let sequence = Sequence::new(plan.tokens.len(), plan.rows.len());
    let mut inputs = owned(controls.named());
    inputs.extend(owned([("root_fire", &channels.root_fire), ("read", &channels.read)]));
    inputs.extend(channels.sent.named().map(|(name, bus)| (format!("root_{name}"), bus.clone())));
    let mut outputs = owned([("fire", &fire), ("done", &sequence.done), ("learnt", &sequence.learnt)]);
    if has_root {
        inputs.push(("answer".to_owned(), channels.answer.clone()));
    }
    for (name, bus) in sequence.named() {
        if !["done", "learnt"].contains(&name) {
            cell.local(name, bus);
        }
    }
    let pulse = pulse_loop(&mut cell, technology, (CellId::Tile(tile), lengths), &fire, controls);
    let joins = [&controls.go, &sequence.done, &sequence.busy, &pulse.tick, &pulse.back];
    // Without a root a train has nobody to wait for.
    let answer = if has_root { &channels.answer } else { &sequence.phase };
    cell.leaf("join_tile", join_tile(technology, joins, [&sequence.phase, answer], &pulse.enable));
    let (leaf, rows) = tile_sequencer(
        technology,
        plan,
        folding.row_colour,
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
    let (leaf, scan) = cell_scan(technology, &controls.scan, TO_TILE + number(tile), LANES);
    for port in leaf.outputs() {
        cell.local(port.name.clone(), &port.bus);
    }
    cell.leaf("scan_place", leaf);
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
    let inputs_of_columns = ColumnInputs {
        fire: &fire,
        root_fire: &channels.root_fire,
        write: &controls.write,
        sent: &channels.sent,
        banks: [&controls.old_bank, &controls.new_bank],
        sequence: &sequence,
        tokens: &token_controls,
    };
    let counts = [folding.imposed.len(), folding.free.len()];
    let (leaf, voltages) = columns(technology, design.format().v_bits(), counts, &inputs_of_columns);
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
    let scanned_node =
        cell.wire("scanned_node", Shape::unsigned(design.format().v_bits() + design.format().v_guard()));
    let unit = update_unit(
        technology,
        design,
        TO_TILE + number(tile),
        &plan.rows,
        &fire,
        &UnitInputs {
            write: &controls.write,
            bank: &controls.new_bank,
            senses: &controls.senses,
            port: &controls.scan,
            scan: &scan,
        },
        (&sequence, &stream),
        &UnitOutputs { sent: &sent, scanned: &scanned_node },
    );
    for (name, bus) in sent.named() {
        cell.local(name, bus);
    }
    cell.leaf("update_unit", unit);
    outputs.extend(answers(&mut cell, technology, design, &plan.rows, &fire, &sent, channels));
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
        port: &controls.scan,
        scan: &scan,
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
    let word = Bus::new(Shape::unsigned(word_bits(design)));
    let mut words: Vec<Bus> = lanes.iter().map(|lane| lane.scanned.clone()).collect();
    words.push(scanned_node);
    cell.leaf("scan_join", scanned(technology, "scanned", &words, &word));
    outputs.push(("scanned".to_owned(), word.clone()));
    channels.scanned.push(word);
    cell.leaf("row_sums", row_sums(technology, &lanes, &sum, &conductance));
    if has_root {
        let rising: Vec<Bus> = lanes.iter().map(|lane| lane.rising.clone()).collect();
        let (leaf, partial) = partial_sums(
            technology,
            design,
            folding.free.len(),
            [&fire, &controls.reset],
            &rising,
            &token_controls,
            &channels.read,
        );
        cell.leaf("partial_sums", leaf);
        outputs.extend(owned([("partial", &partial.sum), ("sum_token", &partial.token)]));
        channels.partials.push(Some(partial));
    }
    channels.done.push(sequence.done.clone());
    channels.learnt.push(sequence.learnt.clone());
    name_ports(&mut cell, &inputs, &outputs);
    cell
}

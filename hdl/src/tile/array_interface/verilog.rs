//! The Verilog of the array interface. It says what [`Border`](super::Border) does, in the same order.

use super::places::{RecordWord, Scanned, ScannedKind};
use super::{Doing, Fill, STILL_IDLE, Stage};
use crate::cell::STEP_BITS;
use std::fmt::Write;
use wheatstone_sim::Format;

/// What the text depends on.
pub(super) struct Layout<'a> {
    pub format: Format,
    pub places: &'a [Scanned],
    pub record: &'a [RecordWord],
    pub fill: Fill,
    pub index_bits: u32,
    pub write_index_bits: u32,
    pub cell_bits: u32,
    pub word_bits: u32,
    pub inputs: usize,
    pub outputs: usize,
}

/// Bits that hold numbers up to `most`.
fn bits_of(most: usize) -> u32 {
    (usize::BITS - most.leading_zeros()).max(1)
}

/// A memory of constants.
fn constants(name: &str, bits: u32, words: &[i64]) -> String {
    let mut text = format!("reg [{}:0] {name} [0:{}];\ninitial begin\n", bits - 1, words.len() - 1);
    for (place, word) in words.iter().enumerate() {
        let _ = writeln!(text, "    {name}[{place}] = {bits}'h{word:x};");
    }
    text + "end\n"
}

/// Fields of a word of constants, from the top, each with its bits.
fn packed(fields: &[(u32, i64)]) -> i64 {
    fields.iter().fold(0, |word, &(bits, value)| (word << bits) | value)
}

pub(super) fn verilog(layout: &Layout<'_>) -> String {
    let Layout { format, places, record, fill, inputs, outputs, .. } = *layout;
    let (v, u) = (format.v_bits(), format.v_bits() + format.v_guard());
    let (cell, index, word) = (layout.cell_bits, layout.index_bits, layout.word_bits);
    let place_bits = bits_of(places.len().saturating_sub(1));
    let slots = places.iter().map(|place| usize::try_from(place.slot).unwrap_or(0)).max().unwrap_or(0);
    let slot = bits_of(slots);
    let widest = places.iter().map(|place| place.bits).max().unwrap_or(1);
    let length = bits_of(widest as usize);
    // Kind, colour, cell, slot, index, bits.
    let place_words: Vec<i64> = places
        .iter()
        .map(|place| {
            packed(&[
                (2, place.kind.code()),
                (1, place.colour),
                (cell, place.target.to),
                (slot, place.slot),
                (index, place.target.index),
                (length, place.bits.into()),
            ])
        })
        .collect();
    let place_width = 3 + cell + slot + index + length;
    let count = bits_of(record.len().saturating_sub(1));
    let write_index = layout.write_index_bits;
    let record_words: Vec<i64> = record
        .iter()
        .map(|word| match word {
            RecordWord::Input(target) => packed(&[(2, 0), (cell, target.to), (write_index, target.index)]),
            RecordWord::Target(target) => packed(&[(2, 1), (cell, target.to), (write_index, target.index)]),
            RecordWord::Senses => packed(&[(2, 2), (cell + write_index, 0)]),
        })
        .collect();
    let sense_words = record.iter().filter(|&&word| word == RecordWord::Senses).count();
    let first_node = places.iter().position(|place| place.kind != ScannedKind::Edge).unwrap_or(0);
    let longest = fill.access(ScannedKind::Edge, true).end().max(fill.access(ScannedKind::Node, true).end());
    let c_bits = bits_of(usize::try_from(longest + 1).unwrap_or(0));
    let input_bits = bits_of(inputs.saturating_sub(1));
    let code = |doing: Doing| format!("3'd{}", doing.code());
    let [idle, settle, working, scan, swap] =
        [Doing::Idle, Doing::Settle, Doing::Working, Doing::Scan, Doing::Swap].map(code);
    let stage = |stage: Stage| {
        format!(
            "2'd{}",
            match stage {
                Stage::None => 0,
                Stage::Find => 1,
                Stage::Begin => 2,
                Stage::Strobe => 3,
            }
        )
    };
    let [none, find, begin, strobe] = [Stage::None, Stage::Find, Stage::Begin, Stage::Strobe].map(stage);
    let mut text = constants("places", place_width, &place_words);
    text += &constants("record", 2 + cell + write_index, &record_words);
    // Even bits of a node's word are its previous accumulator, odd ones the current one.
    let every_second = |first: u32| {
        let bits: Vec<String> =
            (0..u).rev().map(|i| format!("behind[{}]", (2 * i + first).min(widest - 1))).collect();
        format!("{{{}}}", bits.join(", "))
    };
    let interleaved: Vec<String> =
        (0..u).rev().map(|i| format!("current_read[{i}], previous_read[{i}]")).collect();
    let _ = write!(
        text,
        "reg [2:0] doing;\nreg [1:0] stage;\nreg go_seen, go_q, start_phase_q, old_bank_q, new_bank_q, apply_q, desynchronous_q, pending, pending_desynchronous, phase_now;\n\
         reg [{st1}:0] steps_q;\nreg [1:0] offset_q, pending_offset;\nreg [2:0] rarity_q, pending_rarity, wait_q;\nreg idle_1, idle_2, learnt_1, learnt_2;\n\
         reg [{count1}:0] count;\nreg write_now, write_bank_q;\nreg [{cell1}:0] to_q;\nreg [{wi1}:0] index_q;\nreg signed [{v1}:0] voltage_q;\n\
         reg [{senses1}:0] next_senses;\nreg [{kept_senses1}:0] senses;\n\
         reg [{v1}:0] inputs_0 [0:{inputs1}];\nreg [{v1}:0] inputs_1 [0:{inputs1}];\n\
         reg strobe_seen, home, ready, loaded, must_write, must_read, writes, strobing;\nreg [{wide1}:0] shifted, ahead, behind;\nreg [{place1}:0] shifted_place, ahead_place, behind_place, place;\n\
         reg [{length1}:0] shifted_bits, ahead_bits, bit_now;\nreg [{pw1}:0] found;\nreg [{c1}:0] c;\nreg [{word1}:0] read_before;\n\
         reg scan_q, scan_edge_q, scan_wave_q, scan_write_q;\nreg [{cell1}:0] scan_cell_q;\nreg [2:0] scan_lane_q;\nreg [{index1}:0] scan_index_q;\nreg [{word1}:0] scan_word_q;\ninteger i;\n\
         initial begin\n    for (i = 0; i <= {inputs1}; i = i + 1) begin inputs_0[i] = 0; inputs_1[i] = 0; end\n\
         \x20   doing = 0; stage = 0; go_seen = 0; go_q = 0; start_phase_q = 0; old_bank_q = 0; new_bank_q = 0; apply_q = 0; desynchronous_q = 0; pending = 0; pending_desynchronous = 0; phase_now = 0;\n\
         \x20   steps_q = 0; offset_q = 0; pending_offset = 0; rarity_q = 0; pending_rarity = 0; wait_q = 0; idle_1 = 0; idle_2 = 0; learnt_1 = 0; learnt_2 = 0;\n\
         \x20   count = 0; write_now = 0; write_bank_q = 0; to_q = 0; index_q = 0; voltage_q = 0; next_senses = 0; senses = 0; strobe_seen = 0; home = 0; ready = 0; loaded = 0; must_write = 0; must_read = 0; writes = 0; strobing = 0;\n\
         \x20   shifted = 0; ahead = 0; behind = 0; shifted_place = 0; ahead_place = 0; behind_place = 0; place = 0; shifted_bits = 0; ahead_bits = 0; bit_now = 0; found = 0; c = 0; read_before = 0;\n\
         \x20   scan_q = 0; scan_edge_q = 0; scan_wave_q = 0; scan_write_q = 0; scan_cell_q = 0; scan_lane_q = 0; scan_index_q = 0; scan_word_q = 0;\nend\n",
        st1 = STEP_BITS - 1,
        count1 = count - 1,
        cell1 = cell - 1,
        wi1 = write_index - 1,
        v1 = v - 1,
        senses1 = 16 * sense_words - 1,
        kept_senses1 = 2 * outputs - 1,
        inputs1 = (1usize << input_bits) - 1,
        wide1 = widest - 1,
        place1 = place_bits - 1,
        length1 = length - 1,
        pw1 = place_width - 1,
        c1 = c_bits - 1,
        word1 = word - 1,
        index1 = index - 1,
    );
    let from = |low: u32, bits: u32| {
        if bits == 1 { format!("found[{low}]") } else { format!("found[{}:{low}]", low + bits - 1) }
    };
    let _ = write!(
        text,
        "wire request = asked_go ^ go_seen;\nwire flush = pending & ~streams;\n\
         wire free_now = (doing == {idle} & ~request) | (doing == {working} & wait_q == 0 & learnt_2);\n\
         wire rest_now = ~request & ((doing == {scan} & ready & asked_scan & ~home) | (doing == {idle} & ~flush & ~asked_scan));\n\
         wire [{rw1}:0] entry = record[count];\nwire [1:0] entry_kind = entry[{rw1}:{rk}];\n\
         wire [1:0] kind = {kind};\nwire colour = {colour};\nwire [{cell1}:0] found_cell = {found_cell};\nwire [{slot1}:0] found_slot = {found_slot};\nwire [{index1}:0] found_index = {found_index};\nwire [{length1}:0] found_bits = {found_bits};\n\
         wire [{place1}:0] after = ahead_place == {last_place} ? 0 : ahead_place + 1;\n\
         wire write_phase = doing == {swap} ? asked_phase : phase_now;\n\
         // The current accumulator is the free wave's if phase and colour differ.\n\
         wire [{u1}:0] previous_written = {previous}, current_written = {current};\n\
         wire free_is_current = write_phase ^ colour;\n\
         wire [{u1}:0] free_written = free_is_current ? current_written : previous_written;\nwire [{u1}:0] clamped_written = free_is_current ? previous_written : current_written;\n\
         wire read_free_is_current = phase_now ^ colour;\n\
         wire [{u1}:0] current_read = read_free_is_current ? read_before[{u1}:0] : scanned[{u1}:0];\nwire [{u1}:0] previous_read = read_free_is_current ? scanned[{u1}:0] : read_before[{u1}:0];\n\
         wire [{v1}:0] input_read = new_bank_q ? inputs_1[{slot_index}] : inputs_0[{slot_index}];\n\
         wire [{wide1}:0] both_read = {{{interleaved}}};\nwire [{wide1}:0] edge_read = scanned;\n\
         wire [{c1}:0] fill = kind == 0 ? {edge_fill} : writes ? {node_write_fill} : {node_read_fill};\nwire ends = c == fill + (writes ? 4 : 2);\n\
         wire [{wide1}:0] after_bit = (shifted >> 1) | ({{{wide1}'d0, scan_in}} << (shifted_bits - 1));\n\
         wire at_input = stage == {begin} & kind == 2;\n\
         wire finishes = at_input | (stage == {strobe} & ends & (kind == 0 | scan_wave_q));\n\
         wire [{wide1}:0] word_read = at_input ? input_read : kind == 1 ? both_read : edge_read;\n\
         wire takes_input = shift & entry_kind == 0;\nwire writes_input = at_input & writes & ~takes_input;\n\
         wire [{ib1}:0] input_place = takes_input ? {count_index} : {slot_index};\nwire [{v1}:0] input_value = takes_input ? word[{v1}:0] : behind[{v1}:0];\n",
        rw1 = 1 + cell + write_index,
        rk = cell + write_index,
        kind = from(1 + cell + slot + index + length, 2),
        colour = from(cell + slot + index + length, 1),
        found_cell = from(slot + index + length, cell),
        found_slot = from(index + length, slot),
        found_index = from(length, index),
        found_bits = from(0, length),
        cell1 = cell - 1,
        slot1 = slot - 1,
        index1 = index - 1,
        length1 = length - 1,
        place1 = place_bits - 1,
        last_place = places.len() - 1,
        u1 = u - 1,
        v1 = v - 1,
        previous = every_second(0),
        current = every_second(1),
        interleaved = interleaved.join(", "),
        wide1 = widest - 1,
        c1 = c_bits - 1,
        edge_fill = fill.edge,
        node_read_fill = fill.node_read,
        node_write_fill = fill.node_write,
        ib1 = input_bits - 1,
        count_index = super::super::sequencer::resized("count", count, input_bits),
        slot_index = super::super::sequencer::resized("found_slot", slot, input_bits),
    );
    let _ = write!(
        text,
        "always @(posedge clock) begin\n    if ((takes_input & new_bank_q) | (writes_input & ~new_bank_q)) inputs_0[input_place] <= input_value;\n\
         \x20   if ((takes_input & ~new_bank_q) | (writes_input & new_bank_q)) inputs_1[input_place] <= input_value;\nend\n\
         always @(posedge clock) begin\n\
         \x20   idle_1 <= array_idle; idle_2 <= idle_1; learnt_1 <= learnt; learnt_2 <= learnt_1; strobe_seen <= asked_strobe; write_now <= 0;\n\
         \x20   // A word of a sample.\n\
         \x20   if (shift) begin\n        count <= count == {last_word} ? 0 : count + 1; voltage_q <= word[{v1}:0]; write_bank_q <= ~new_bank_q;\n\
         \x20       if (entry_kind == 2) next_senses <= {next_senses};\n\
         \x20       else begin to_q <= entry[{rk1}:{write_index}]; index_q <= entry[{wi1}:0]; write_now <= 1; end\n    end\n\
         \x20   // Requests.\n\
         \x20   case (doing)\n\
         \x20       {idle}:\n            if (request & asked_phase != phase_now) begin doing <= {swap}; scan_q <= 1; place <= {first_node}; writes <= 0; stage <= {find}; end\n\
         \x20           else if (request) begin\n                doing <= {settle}; go_seen <= asked_go; steps_q <= asked_steps; start_phase_q <= asked_phase; phase_now <= asked_phase ^ asked_steps[0]; old_bank_q <= new_bank_q;\n\
         \x20               if (asked_present) begin new_bank_q <= ~new_bank_q; senses <= next_senses[{kept_senses1}:0]; end\n\
         \x20               apply_q <= pending; offset_q <= pending_offset; desynchronous_q <= pending_desynchronous; rarity_q <= pending_rarity;\n\
         \x20               pending <= asked_close & asked_learn; pending_offset <= asked_offset; pending_desynchronous <= asked_desynchronous; pending_rarity <= asked_rarity;\n\
         \x20           end else if (flush) begin\n                doing <= {settle}; steps_q <= 0; old_bank_q <= new_bank_q; apply_q <= 1; pending <= 0; offset_q <= pending_offset; desynchronous_q <= pending_desynchronous; rarity_q <= pending_rarity;\n\
         \x20           end else if (asked_scan) begin\n                doing <= {scan}; scan_q <= 1; loaded <= 0; ready <= 0; home <= 0; shifted_place <= 0; ahead_place <= 0; bit_now <= 0; must_read <= 1; must_write <= 0;\n            end\n\
         \x20       {settle}: begin go_q <= ~go_q; wait_q <= {still_idle}; doing <= {working}; end\n\
         \x20       {working}: if (wait_q != 0) wait_q <= wait_q - 1; else if (idle_2) doing <= {idle};\n\
         \x20       {scan}: begin\n            if (~asked_scan) home <= 1;\n\
         \x20           if (stage == {none}) begin\n                if (must_read) begin place <= ahead_place; writes <= 0; stage <= {find}; end\n\
         \x20               else if (must_write) begin place <= behind_place; writes <= 1; stage <= {find}; end\n\
         \x20               else if (home) begin doing <= {idle}; scan_q <= 0; end\n            end\n\
         \x20           if (asked_strobe & ~strobe_seen & ready) begin\n\
         \x20               if (bit_now + 1 == shifted_bits) begin\n                    behind <= after_bit; behind_place <= shifted_place; must_write <= 1; shifted <= ahead; shifted_bits <= ahead_bits; shifted_place <= ahead_place;\n\
         \x20                   ahead_place <= after; must_read <= 1; bit_now <= 0;\n\
         \x20               end else begin shifted <= after_bit; bit_now <= bit_now + 1; end\n            end\n        end\n\
         \x20       default: ;\n    endcase\n\
         \x20   // Accesses to the array's memories.\n\
         \x20   case (stage)\n\
         \x20       {find}: begin found <= places[place]; stage <= {begin}; end\n\
         \x20       {begin}:\n            if (kind == 2) begin if (writes) begin voltage_q <= behind[{v1}:0]; to_q <= found_cell; index_q <= {found_write_index}; write_bank_q <= new_bank_q; write_now <= 1; end end\n\
         \x20           else begin\n                scan_cell_q <= found_cell; scan_edge_q <= kind == 0; scan_lane_q <= {lane}; scan_index_q <= found_index; scan_wave_q <= 0; c <= 0; stage <= {strobe};\n\
         \x20               scan_word_q <= kind == 0 ? {edge_written} : {free_written};\n            end\n\
         \x20       {strobe}: begin\n            strobing <= c < fill | (writes & (c == fill + 1 | c == fill + 3)); scan_write_q <= writes & (c == fill | c == fill + 1); c <= c + 1;\n\
         \x20           if (ends) begin\n                read_before <= scanned;\n                if (kind == 1 & ~scan_wave_q) begin scan_wave_q <= 1; c <= 0; scan_word_q <= {clamped_written}; end\n            end\n        end\n\
         \x20       default: ;\n    endcase\n\
         \x20   if (finishes) begin\n        stage <= {none};\n\
         \x20       if (doing == {swap}) begin\n            if (~writes) begin behind <= word_read; writes <= 1; stage <= {begin}; end\n\
         \x20           else if (place == {last_place}) begin phase_now <= asked_phase; doing <= {idle}; scan_q <= 0; end\n\
         \x20           else begin place <= place + 1; writes <= 0; stage <= {find}; end\n\
         \x20       end else if (writes) must_write <= 0;\n\
         \x20       else if (~loaded) begin shifted <= word_read; shifted_bits <= found_bits; loaded <= 1; ahead_place <= after; end\n\
         \x20       else begin ahead <= word_read; ahead_bits <= found_bits; must_read <= 0; ready <= 1; end\n    end\n\
         \x20   if (asked_reset) begin doing <= {idle}; stage <= {none}; go_seen <= asked_go; go_q <= 0; pending <= 0; count <= 0; write_now <= 0; scan_q <= 0; strobing <= 0; scan_write_q <= 0; end\nend\n",
        last_word = record.len() - 1,
        v1 = v - 1,
        next_senses = if sense_words == 1 {
            "word".to_owned()
        } else {
            format!("{{word, next_senses[{}:16]}}", 16 * sense_words - 1)
        },
        rk1 = cell + write_index - 1,
        wi1 = write_index - 1,
        kept_senses1 = 2 * outputs - 1,
        still_idle = STILL_IDLE,
        last_place = places.len() - 1,
        found_write_index = super::super::sequencer::resized("found_index", index, write_index),
        lane = super::super::sequencer::resized("found_slot", slot, 3),
        edge_written = super::super::sequencer::resized("behind", widest, word),
        free_written = super::super::sequencer::resized("free_written", u, word),
        clamped_written = super::super::sequencer::resized("clamped_written", u, word),
    );
    text
}

//! The Verilog of the update unit.

use super::super::lane::SumWidths;
use super::Node;
use crate::bus::Shape;
use crate::primitive::SaturationRow;
use crate::technology::Technology;
use std::fmt::Write;
use wheatstone_sim::network::DiodeClamp;
use wheatstone_sim::{Design, Nudge, Wave};

/// One constant a node, chosen by a number: `name(node)`.
fn constants(name: &str, bits: u32, index_bits: u32, values: impl Iterator<Item = i64>) -> String {
    let mut text =
        format!("function [{}:0] {name}(input [{}:0] node);\n    case (node)\n", bits - 1, index_bits - 1);
    for (node, value) in values.enumerate().filter(|&(_, value)| value != 0) {
        let _ = writeln!(text, "        {node}: {name} = {bits}'d{value};");
    }
    text + &format!("        default: {name} = {bits}'d0;\n    endcase\nendfunction\n")
}

/// The stages stand in the order in which a node passes them, first those to its base.
pub(super) fn verilog(
    technology: Technology,
    design: &Design,
    cell: i64,
    nodes: &[Node],
    index_bits: u32,
) -> String {
    let (format, rules) = (design.format(), design.rules());
    let SumWidths { sum, conductance } = SumWidths::of(design);
    let (v, guard, k) = (format.v_bits(), format.v_guard(), format.k_bits());
    let u = v + guard;
    let scaled = sum + guard + 5;
    let size = 1usize << index_bits;
    let is = |value: bool| i64::from(value);
    let mut text = constants("is_imposed", 1, index_bits, nodes.iter().map(|node| is(!node.kind.relaxes())));
    text += &constants("is_output", 1, index_bits, nodes.iter().map(|node| is(node.kind.is_nudged())));
    let diode = |node: &Node| match node.clamp {
        DiodeClamp::None => 0,
        DiodeClamp::NonNegative => 1,
        DiodeClamp::NonPositive => 2,
    };
    text += &constants("diode", 2, index_bits, nodes.iter().map(diode));
    // The gain table: factor and how much further the shift is.
    let table = |which: fn(&(u8, u8)) -> u8| {
        design.gains().entries().iter().map(move |entry| i64::from(which(entry)))
    };
    text += &constants("factor_of", 4, 4, table(|entry| entry.0));
    text += &constants("further", 2, 4, table(|entry| entry.1));
    let nudging = rules.nudge.conductance(format);
    let directions = Wave::BOTH.map(|wave| rules.nudge.direction(wave));
    let nudge = |direction: i32| match direction {
        0 => "0".to_owned(),
        1 => format!("passed <<< {}", nudging.ilog2()),
        _ => format!("-(passed <<< {})", nudging.ilog2()),
    };
    let (nudged, moved) = match rules.nudge {
        Nudge::Clamped { eta } => (
            "is_output(node_5) & wave_5 & sense_5 != 0".to_owned(),
            match eta {
                0 => "uf_5 + drop".to_owned(),
                eta => {
                    format!("uf_5 + ((drop + {}) >>> {eta})", Shape::signed(u + 3).literal(1 << (eta - 1)))
                }
            },
        ),
        Nudge::Current { .. } => ("1'b0".to_owned(), "0".to_owned()),
        Nudge::Modulated { .. } | Nudge::Dithered { .. } => unreachable!("refused by `check`"),
    };
    let smallest = k - 4;
    // The sense of a node's target, for the nodes that have one.
    let sense_of = |name: &str, node: &str| {
        let arms: String = nodes
            .iter()
            .enumerate()
            .filter_map(|(number, node)| Some(format!("{number}: {name} = sense_of_{}; ", node.sense?)))
            .collect();
        format!("reg [1:0] {name};\nalways @* case ({node})\n    {arms}default: {name} = 0;\nendcase\n")
    };
    let senses = [sense_of("sense_now", "prepare"), sense_of("sense_5", "node_5")].concat();
    let (low, high) = format.u_range();
    let saturated = SaturationRow {
        name: "saturated",
        bits: u,
        value: "kept",
        scanned: "scan_u",
        code: "code",
        high,
        low,
    }
    .verilog(technology == Technology::Ecp5);
    let _ = write!(
        text,
        "reg signed [{u1}:0] u_0 [0:{end}];\nreg signed [{u1}:0] u_1 [0:{end}];\nreg signed [{sum1}:0] imposed_sums [0:{end}];\n\
         reg signed [{sum1}:0] bases [0:{end}];\nreg [{c1}:0] conductances [0:{end}];\nreg [3:0] factors [0:{end}];\nreg [5:0] shifts [0:{end}];\n\
         reg signed [{v1}:0] samples_0 [0:{end}];\nreg signed [{v1}:0] samples_1 [0:{end}];\n{senses}\
         integer i;\ninitial for (i = 0; i <= {end}; i = i + 1) begin u_0[i] = 0; u_1[i] = 0; imposed_sums[i] = 0; bases[i] = 0; conductances[i] = 0;\n\
         \x20   factors[i] = {factor}; shifts[i] = {shift}; samples_0[i] = 0; samples_1[i] = 0; end\n\
         always @(posedge strobe) if (to == {cell}) begin\n\
         \x20   if (write_bank) samples_1[index_] <= voltage; else samples_0[index_] <= voltage;\nend\n",
        u1 = u - 1,
        sum1 = sum - 1,
        c1 = conductance - 1,
        v1 = v - 1,
        end = size - 1,
        factor = nodes[0].gain.q,
        shift = nodes[0].gain.s,
    );
    // Prepare.
    let _ = write!(
        text,
        "// The base of a node: what the imposed columns contribute, its own voltage times its conductance, its nudge.\n\
         wire signed [{u1}:0] u_now = wave ? u_1[prepare] : u_0[prepare];\n\
         wire signed [{u}:0] u_half = u_now + {half};\nwire signed [{v}:0] v_long = u_half >>> {guard};\n\
         wire signed [{v1}:0] v_now = v_long > {v_high} ? {v_high} : v_long;\n\
         wire signed [{v1}:0] target_now = bank ? samples_1[prepare] : samples_0[prepare];\n\
         reg valid_p1, valid_p2, valid_p3, valid_p4, wave_p1, wave_p2;\nreg [{i1}:0] node_p1, node_p2, node_p3, node_p4;\nreg signed [{v1}:0] v_p1, target_p1;\nreg [1:0] sense_p1;\nreg signed [{v}:0] passed_p2;\n\
         reg [{c1}:0] d_p1;\nreg signed [{sum1}:0] imposed_p1, imposed_p2, low_p2, high_p2, product_p3, start_p3, base_p4;\n\
         initial begin valid_p1 = 0; valid_p2 = 0; valid_p3 = 0; valid_p4 = 0; wave_p1 = 0; wave_p2 = 0; node_p1 = 0; node_p2 = 0; node_p3 = 0; node_p4 = 0; v_p1 = 0; target_p1 = 0; sense_p1 = 0; passed_p2 = 0; d_p1 = 0; imposed_p1 = 0; imposed_p2 = 0; low_p2 = 0; high_p2 = 0; product_p3 = 0; start_p3 = 0; base_p4 = 0; end\n\
         wire signed [{v}:0] missing = target_p1 - v_p1;\nwire signed [{sum1}:0] passed = passed_p2;\nwire signed [17:0] d_low = {d_low};\nwire signed [17:0] d_high = {d_high};\n\
         always @(posedge fire) begin\n\
         \x20   valid_p1 <= prepare_valid; wave_p1 <= wave; node_p1 <= prepare; v_p1 <= v_now; d_p1 <= conductances[prepare]; imposed_p1 <= imposed_sums[prepare];\n\
         \x20   target_p1 <= target_now; sense_p1 <= is_output(prepare) ? sense_now : 0;\n\
         \x20   valid_p2 <= valid_p1; node_p2 <= node_p1; low_p2 <= d_low * v_p1; high_p2 <= d_high * v_p1; imposed_p2 <= imposed_p1; wave_p2 <= wave_p1;\n\
         \x20   passed_p2 <= sense_p1 == 0 | (sense_p1 == 2 & missing < 0) | (sense_p1 == 3 & missing > 0) ? 0 : missing;\n\
         \x20   valid_p3 <= valid_p2; node_p3 <= node_p2; product_p3 <= low_p2 + (high_p2 <<< 17); start_p3 <= imposed_p2 + (wave_p2 ? {clamped} : {free});\n\
         \x20   valid_p4 <= valid_p3; node_p4 <= node_p3; base_p4 <= start_p3 - product_p3;\n    if (valid_p4) bases[node_p4] <= base_p4;\nend\n",
        u1 = u - 1,
        half = if guard == 0 { "0".to_owned() } else { Shape::signed(u + 1).literal(1 << (guard - 1)) },
        v1 = v - 1,
        v_high = Shape::signed(v + 1).literal((1 << (v - 1)) - 1),
        i1 = index_bits - 1,
        c1 = conductance - 1,
        sum1 = sum - 1,
        // A sum of conductances is wider than an operand of the device's multiplier.
        d_low = if conductance > 17 { "{1'b0, d_p1[16:0]}" } else { "{1'b0, d_p1}" },
        d_high =
            if conductance > 17 { format!("{{1'b0, d_p1[{}:17]}}", conductance - 1) } else { "0".to_owned() },
        clamped = nudge(directions[1]),
        free = nudge(directions[0]),
    );
    // Update.
    let _ = write!(
        text,
        "// The update of a node, stage by stage.\n\
         reg valid_1, valid_2, valid_3, valid_4, valid_5, valid_6, valid_7, learn_1, learn_2, learn_3, learn_4, learn_5, learn_6, learn_7, wave_1, wave_2, wave_3, wave_4, wave_5, wave_6, wave_7;\n\
         reg [{i1}:0] node_1, node_2, node_3, node_4, node_5, node_6, node_7;\n\
         reg signed [{sum1}:0] sum_1, sum_2;\nreg [{c1}:0] d_1;\nreg [{d1}:0] d_2, d_3, d_4;\nreg [5:0] left_3, left_4;\nreg [3:0] q_2, q_5;\nreg [5:0] s_2, s_3, s_4, s_5;\n\
         reg signed [{scaled1}:0] eight_3, rest_3, scaled_4, halves_5;\nreg signed [{scaled1}:0] t_6;\nreg signed [{u1}:0] r_7;\nreg sent_q, sent_wave_q, sent_both_q, scanned_7;\nreg signed [{u1}:0] scanned_q;\nreg [{i1}:0] sent_index_q;\nreg signed [{v1}:0] sent_voltage_q;\n\
         initial begin valid_1 = 0; valid_2 = 0; valid_3 = 0; valid_4 = 0; valid_5 = 0; valid_6 = 0; valid_7 = 0; node_1 = 0; wave_1 = 0; learn_1 = 0; node_2 = 0; wave_2 = 0; learn_2 = 0; node_3 = 0; wave_3 = 0; learn_3 = 0; node_4 = 0; wave_4 = 0; learn_4 = 0; node_5 = 0; wave_5 = 0; learn_5 = 0; node_6 = 0; wave_6 = 0; learn_6 = 0; node_7 = 0; wave_7 = 0; learn_7 = 0; sum_1 = 0; sum_2 = 0; d_1 = 0; d_2 = 0; d_3 = 0; d_4 = 0; left_3 = 0; left_4 = 0; q_2 = 0; q_5 = 0; s_2 = 0; s_3 = 0; s_4 = 0; s_5 = 0; eight_3 = 0; rest_3 = 0; scaled_4 = 0; halves_5 = 0; t_6 = 0; r_7 = 0; scanned_7 = 0; scanned_q = 0; sent_q = 0; sent_wave_q = 0; sent_both_q = 0; sent_index_q = 0; sent_voltage_q = 0; end\n\
         // D, its leading one moved to the top in two stages.\n\
         function [{d1}:0] coarse(input [{d1}:0] d);\n    coarse = |d[{d1}:{d16}] ? d : |d[{d16m}:{d32}] ? d << 8 : |d[{d32m}:{d48}] ? d << 16 : d << 24;\nendfunction\n\
         function [5:0] coarse_left(input [{d1}:0] d);\n    coarse_left = |d[{d1}:{d16}] ? 0 : |d[{d16m}:{d32}] ? 8 : |d[{d32m}:{d48}] ? 16 : 24;\nendfunction\n\
         function [2:0] fine_left(input [7:0] top);\n    fine_left = top[7] ? 0 : top[6] ? 1 : top[5] ? 2 : top[4] ? 3 : top[3] ? 4 : top[2] ? 5 : top[1] ? 6 : 7;\nendfunction\n\
         wire [2:0] fine = fine_left(d_3[{d1}:{d8}]);\nwire [3:0] m = d_4[{dm}:{dn}];\n\
         wire [6:0] n_and_d = {d1} - left_4 + further(m);\n\
         wire signed [{scaled1}:0] sum_wide = sum_2;\n\
         wire signed [{u1}:0] u_5 = wave_5 ? u_1[node_5] : u_0[node_5];\nwire signed [{u1}:0] uf_5 = u_0[node_5];\n\
         wire signed [{v1}:0] sample_5 = bank ? samples_1[node_5] : samples_0[node_5];\n\
         wire signed [{u}:0] uf_half = uf_5 + {half};\nwire signed [{v}:0] vf_long = uf_half >>> {guard};\nwire signed [{v1}:0] vf_5 = vf_long > {v_high} ? {v_high} : vf_long;\n\
         wire satisfied = (sense_5 == 2 & vf_5 >= sample_5) | (sense_5 == 3 & vf_5 <= sample_5);\n\
         wire signed [{t1}:0] aim = sample_5;\nwire signed [{drop1}:0] drop = (aim <<< {guard}) - uf_5;\nwire nudged = {nudged};\nwire signed [{t1}:0] moved = {moved};\n\
         wire signed [{scaled1}:0] change_5 = (halves_5 + {one}) >>> 1;\n\
         wire signed [{scaled1}:0] long_6 = u_5 + change_5;\n\
         wire signed [{u}:0] r_half = r_7 + {half};\nwire signed [{v}:0] rv_long = r_half >>> {guard};\nwire signed [{v1}:0] rv = rv_long > {v_high} ? {v_high} : rv_long;\n\
         wire negative = t_6[{scaled1}];\nwire above = ~negative & |t_6[{scaled2}:{u1}];\nwire below = negative & ~&t_6[{scaled2}:{u1}];\n\
         wire zero = ~scan & ~learn_6 & ((diode(node_6) == 1 & negative) | (diode(node_6) == 2 & ~negative));\n\
         wire [1:0] code = {{scan | below, scan | above}};\nwire [{u1}:0] kept = t_6[{u1}:0];\nwire [{u1}:0] scan_u = scan_word[{u1}:0];\n{saturated}\
         wire takes = (scan_write & scanned_7) | (valid_7 & (is_imposed(node_7) == learn_7));\n",
        i1 = index_bits - 1,
        sum1 = sum - 1,
        c1 = conductance - 1,
        d1 = 31,
        d16 = 24,
        d16m = 23,
        d32 = 16,
        d32m = 15,
        d48 = 8,
        d8 = 24,
        dm = 30,
        dn = 27,
        scaled1 = scaled - 1,
        scaled2 = scaled - 2,
        t1 = u + 2,
        drop1 = u + 2,
        u1 = u - 1,
        v1 = v - 1,
        half = if guard == 0 { "0".to_owned() } else { Shape::signed(u + 1).literal(1 << (guard - 1)) },
        v_high = Shape::signed(v + 1).literal((1 << (v - 1)) - 1),
        one = Shape::signed(scaled).literal(1),
    );
    let _ = write!(
        text,
        "always @(posedge fire) begin\n\
         \x20   valid_1 <= update_valid; node_1 <= update; learn_1 <= update_learn; wave_1 <= update_wave; sum_1 <= sum; d_1 <= conductance;\n\
         \x20   valid_2 <= valid_1; node_2 <= node_1; learn_2 <= learn_1; wave_2 <= wave_1;\n\
         \x20   sum_2 <= learn_1 ? sum_1 : sum_1 + bases[node_1]; q_2 <= factors[node_1]; s_2 <= shifts[node_1];\n\
         \x20   d_2 <= d_1 + (is_output(node_1) ? {nudging} : 0);\n\
         \x20   if (valid_1 & learn_1) begin imposed_sums[node_1] <= sum_1; conductances[node_1] <= d_1; end\n\
         \x20   valid_3 <= valid_2; node_3 <= node_2; learn_3 <= learn_2; wave_3 <= wave_2; s_3 <= s_2;\n\
         \x20   eight_3 <= (sum_wide <<< 3) + (q_2[0] ? sum_wide : 0); rest_3 <= (q_2[2] ? sum_wide <<< 2 : 0) + (q_2[1] ? sum_wide <<< 1 : 0); d_3 <= coarse(d_2); left_3 <= coarse_left(d_2);\n\
         \x20   valid_4 <= valid_3; node_4 <= node_3; learn_4 <= learn_3; wave_4 <= wave_3; s_4 <= s_3; scaled_4 <= (eight_3 + rest_3) <<< {guard}; d_4 <= d_3 == 0 ? 32'h8000_0000 : d_3 << fine; left_4 <= d_3 == 0 ? 31 : left_3 + fine;\n\
         \x20   valid_5 <= valid_4; node_5 <= node_4; learn_5 <= learn_4; wave_5 <= wave_4; halves_5 <= scaled_4 >>> (s_4 + 2);\n\
         \x20   q_5 <= factor_of(m); s_5 <= n_and_d > {smallest} ? n_and_d : {smallest};\n\
         \x20   valid_6 <= valid_5; node_6 <= node_5; learn_6 <= learn_5; wave_6 <= wave_5;\n\
         \x20   t_6 <= learn_5 ? aim <<< {guard} : nudged ? (satisfied ? uf_5 : moved) : long_6;\n\
         \x20   if (valid_5 & learn_5) begin factors[node_5] <= q_5; shifts[node_5] <= s_5; end\n\
         \x20   valid_7 <= valid_6; node_7 <= node_6; learn_7 <= learn_6; wave_7 <= wave_6;\n\
         \x20   r_7 <= zero ? 0 : saturated; scanned_7 <= scan; scanned_q <= scan_node ? u_now : 0;\n\
         \x20   sent_q <= takes; sent_index_q <= takes ? node_7 : 0; sent_wave_q <= takes & wave_7; sent_both_q <= takes & is_imposed(node_7); sent_voltage_q <= takes ? rv : 0;\n\
         \x20   if (takes & (is_imposed(node_7) | ~wave_7)) u_0[node_7] <= r_7;\n    if (takes & (is_imposed(node_7) | wave_7)) u_1[node_7] <= r_7;\nend\n",
    );
    text
}

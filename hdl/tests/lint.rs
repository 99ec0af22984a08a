//! The structural checks on a small array, and on copies of it with one fault each.
//!
//! They need yosys. Without one they say so and pass, unless `CI` is set.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../sim/tests/common/mod.rs"]
mod common;
mod designs;

use std::env;
use std::sync::{Arc, OnceLock};
use wheatstone_hdl::lint::{Fault, LintError, Report, check_netlist, check_verilog};
use wheatstone_hdl::{Array, Technology};
use wheatstone_sim::{Format, Nudge, Omega};
use wheatstone_tools::{Program, Tool, ToolError};

const ARRAY: &str = include_str!("lint/array.v");

/// A text of the array and what stands in its place.
type Replacement<'a> = (&'a str, &'a str);

/// The yosys to test with; none if it is not installed.
fn yosys() -> Option<&'static Tool> {
    static YOSYS: OnceLock<Option<Tool>> = OnceLock::new();
    let found = YOSYS.get_or_init(|| match Tool::find(Program::Yosys) {
        Ok(tool) => Some(tool),
        Err(error @ ToolError::NotFound { .. }) if env::var_os("CI").is_none() => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    });
    found.as_ref()
}

/// The array with some texts replaced, each of which must be there exactly once.
fn mutated(replacements: &[Replacement<'_>]) -> String {
    replacements.iter().fold(ARRAY.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "not once in the array: {from}");
        text.replace(from, to)
    })
}

fn report(yosys: &Tool, verilog: &str) -> Report {
    check_verilog(yosys, verilog).unwrap_or_else(|error| panic!("{error}"))
}

/// Checks that a mutated array has these violations and no others: object, fault, and the path joined with spaces.
#[track_caller]
fn fails(replacements: &[Replacement<'_>], expected: &[(&str, Fault, &str)]) {
    let Some(yosys) = yosys() else { return };
    let report = report(yosys, &mutated(replacements));
    let found = report.violations().map(|v| (v.object.clone(), v.fault, v.path.join(" ")));
    let found: Vec<_> = found.collect();
    let expected = expected.iter().map(|&(object, fault, path)| (object.to_owned(), fault, path.to_owned()));
    assert_eq!(found, expected.collect::<Vec<_>>(), "\n{report}");
}

const EDGE_DATA: &str =
    "register_4 current (.clock(fire), .reset(reset), .d(scan ? {out[2:0], phase_out} : difference)";
const EDGE_JOIN: &str = "assign enable = (request_0 ^ phase) & (request_1 ^ phase);";
const HIDDEN_PHASE: &str = "register_1 phase (.clock(fire), .reset(reset), .d(scan ? out[3]";

#[test]
fn a_vendors_flip_flop_is_known() {
    let register = |body: &str| {
        format!(
            "module register_1 (input clock, input reset, input d, output q); {body} endmodule module unused_1 ("
        )
    };
    let ecp5 = r#"TRELLIS_FF #(.GSR("DISABLED"), .CEMUX("1"), .CLKMUX("CLK"), .LSRMUX("LSR"), .SRMODE("ASYNC"),
        .REGSET("RESET")) ff (.CLK(clock), .LSR(reset), .CE(1'b1), .DI(d), .Q(q));"#;
    for body in [ecp5, "SB_DFFR ff (.C(clock), .R(reset), .D(d), .Q(q));"] {
        let register = register(body);
        fails(&[("module register_1 (", &register)], &[]);
        let strobed = HIDDEN_PHASE.replace(".clock(fire)", ".clock(strobe)");
        let expected = [("node_1.phase.q", Fault::InputClock, "strobe node_1.phase.q")];
        fails(&[("module register_1 (", &register), (HIDDEN_PHASE, &strobed)], &expected);
        let set = HIDDEN_PHASE.replace(".reset(reset)", ".reset(in[0])");
        let expected = [("node_1.phase.q", Fault::AsynchronousSet, "edge_0.out[0]")];
        fails(&[("module register_1 (", &register), (HIDDEN_PHASE, &set)], &expected);
    }
}

/// Lets the edge see the fire of the hidden node.
const SHOW_FIRE: [Replacement<'_>; 6] = [
    ("  wire from_node_0,", "  wire shown, from_node_0,"),
    (
        ".scan_in(scan_in), .scan_out(from_node_1),",
        ".shown(shown), .scan_in(scan_in), .scan_out(from_node_1),",
    ),
    ("input request_0, input [3:0] in,", "output shown, input request_0, input [3:0] in,"),
    ("  assign scan_out = phase_out;", "  assign scan_out = phase_out;\n  assign shown = fire;"),
    (".a(node_0_data)", ".shown(shown), .a(node_0_data)"),
    ("input [3:0] a,", "input shown, input [3:0] a,"),
];

fn with_shown_fire<'a>(more: &[Replacement<'a>]) -> Vec<Replacement<'a>> {
    SHOW_FIRE.iter().chain(more).copied().collect()
}

#[test]
fn a_clockless_array_passes_every_check() {
    let Some(yosys) = yosys() else { return };
    let report = report(yosys, ARRAY);
    assert!(report.passed(), "\n{report}");
    let examined: Vec<_> = report.checks.iter().map(|check| (check.name, check.examined)).collect();
    let expected = [
        ("own-fire", 15),
        ("fire-from-requests", 3),
        ("no-loop", 45),
        ("delayed-requests", 8),
        ("held-back-fires", 9),
        ("joined-requests", 5),
        ("no-look-at-requests", 15),
        ("no-latch", 54),
        ("no-asynchronous-set", 15),
        ("off-global-buffers", 3),
        ("kept-delays", 9),
    ];
    assert_eq!(examined, expected, "\n{report}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["checks"][1]["objects"], "cells");
}

#[test]
fn the_fire_of_another_cell_is_no_clock() {
    fails(&SHOW_FIRE, &[]);
    let clock = EDGE_DATA.replace(".clock(fire)", ".clock(shown)");
    let expected = [
        ("edge_0.out[0]", Fault::ForeignClock, "node_1.fire edge_0.out[0]"),
        ("edge_0.out[1]", Fault::ForeignClock, "node_1.fire edge_0.out[1]"),
        ("edge_0.out[2]", Fault::ForeignClock, "node_1.fire edge_0.out[2]"),
        ("edge_0.out[3]", Fault::ForeignClock, "node_1.fire edge_0.out[3]"),
    ];
    fails(&with_shown_fire(&[(EDGE_DATA, &clock)]), &expected);
}

#[test]
fn two_cells_do_not_share_a_fire() {
    let Some(yosys) = yosys() else { return };
    // Each register of the edge is clocked by the edge's fire, but that is the node's.
    let shared = with_shown_fire(&[
        ("matched_delay_4 matched_delay (.i(enable), .strobe(strobe), .fire(fire));", "assign fire = shown;"),
        ("module matched_delay_4 (", "module matched_delay_unused ("),
    ]);
    let report = report(yosys, &mutated(&shared));
    let faults: Vec<_> = report.violations().map(|v| (v.object.as_str(), v.fault)).collect();
    for fault in [Fault::NoFire, Fault::NoDelay, Fault::NoJoin] {
        assert!(faults.contains(&("edge_0.fire", fault)), "{fault}\n{report}");
    }
    assert!(faults.contains(&("node_1.fire", Fault::SharedFire)), "\n{report}");
}

#[test]
fn an_input_of_the_array_is_no_clock() {
    let clock = HIDDEN_PHASE.replace(".clock(fire)", ".clock(strobe)");
    fails(&[(HIDDEN_PHASE, &clock)], &[("node_1.phase.q", Fault::InputClock, "strobe node_1.phase.q")]);
}

#[test]
fn neither_is_another_net_of_the_cell() {
    let clock = HIDDEN_PHASE.replace(".clock(fire)", ".clock(enable)");
    fails(
        &[(HIDDEN_PHASE, &clock)],
        &[("node_1.phase.q", Fault::OtherClock, "node_1.enable node_1.phase.q")],
    );
}

#[test]
fn no_register_lies_outside_the_cells() {
    let register = "register_1 spare (.clock(node_0_phase), .reset(reset), .d(sample[0]), .q(answer[0]));
        assign answer[3:1] = node_1_data[3:1];";
    let expected =
        [("spare.q", Fault::FlopOutsideCells, ""), ("spare.q", Fault::OtherClock, "node_0.phase.q spare.q")];
    fails(&[("assign answer = node_1_data;", register)], &expected);
}

#[test]
fn a_fire_is_not_made_from_another() {
    let chained = [
        ("module join_edge (", "module join_edge (input shown, "),
        ("join_edge join_requests (", "join_edge join_requests (.shown(shown), "),
        (EDGE_JOIN, "assign enable = (request_0 ^ phase) & (request_1 ^ phase) & shown;"),
    ];
    let path = "node_1.fire edge_0.enable edge_0.matched_delay.t0 edge_0.matched_delay.t1 \
                edge_0.matched_delay.t2 edge_0.matched_delay.t3 edge_0.fire";
    fails(&with_shown_fire(&chained), &[("edge_0.fire", Fault::FireFromFire, path)]);
}

#[test]
fn an_input_that_moves_stays_away_from_a_fire() {
    let data = [
        ("module join_node_input (", "module join_node_input (input bit, "),
        ("join_node_input join_requests (", "join_node_input join_requests (.bit(in[0]), "),
        ("(request_0 ~^ phase) & (request_1 ~^ phase)", "(request_0 ~^ phase) & (request_1 ~^ phase) & bit"),
    ];
    let path = "sample[0] node_0.enable node_0.matched_delay.t1 node_0.fire";
    fails(&data, &[("node_0.fire", Fault::FireFromInput, path)]);
}

#[test]
fn a_loop_needs_a_register() {
    // A C-element: high once both requests are, and until both are low.
    let held = "assign enable = (request_0 & request_1) | (enable & (request_0 | request_1));";
    let path = "edge_0.enable edge_0.join_requests.($_AND_) edge_0.enable";
    fails(&[(EDGE_JOIN, held)], &[("edge_0.enable", Fault::CombinationalLoop, path)]);
}

#[test]
fn a_fire_waits_for_the_whole_delay() {
    // A last LUT that also listens to the join: it may wait for both, but not for either.
    let last = "LUT4 #(.INIT(16'heeee)) lut2 (.A(t1), .B(strobe), .C(1'b0)";
    fails(&[(last, "LUT4 #(.INIT(16'hecec)) lut2 (.A(t1), .B(strobe), .C(i)")], &[]);
    let expected = [
        ("node_1.matched_delay.lut0", Fault::FiresEarly, ""),
        ("node_1.matched_delay.lut0", Fault::ParallelDelay, ""),
        ("node_1.matched_delay.lut1", Fault::FiresEarly, ""),
        ("node_1.matched_delay.lut1", Fault::ParallelDelay, ""),
        ("node_1.matched_delay.lut2", Fault::ParallelDelay, ""),
    ];
    fails(&[(last, "LUT4 #(.INIT(16'hfefe)) lut2 (.A(t1), .B(strobe), .C(i)")], &expected);
}

#[test]
fn the_luts_of_a_delay_stand_in_a_row() {
    let side_by_side = [
        ("lut1 (.A(t0), .B(1'b0)", "lut1 (.A(i), .B(1'b0)"),
        ("LUT4 #(.INIT(16'haaaa)) lut2 (.A(t1), .B(1'b0)", "LUT4 #(.INIT(16'h8888)) lut2 (.A(t1), .B(t0)"),
    ];
    let expected = [
        ("edge_0.matched_delay.lut0", Fault::ParallelDelay, ""),
        ("edge_0.matched_delay.lut1", Fault::ParallelDelay, ""),
    ];
    fails(&side_by_side, &expected);
}

#[test]
fn no_request_passes_beside_the_delay() {
    let expected = [
        ("edge_0.phase.q", Fault::BypassesDelay, "edge_0.phase.q node_1.enable node_1.fire"),
        ("node_1.phase.q", Fault::BypassesDelay, "node_1.phase.q node_1.enable node_1.fire"),
    ];
    fails(&[(".Z(fire));", ".Z(t2));\n  wire t2;\n  assign fire = t2 & i;")], &expected);
}

#[test]
fn a_cell_has_a_delay() {
    fails(
        &[
            ("module matched_delay_3 (", "module chain_3 ("),
            ("matched_delay_3 matched_delay (", "chain_3 matched_delay ("),
        ],
        &[("node_1.fire", Fault::NoDelay, "")],
    );
}

#[test]
fn a_request_enters_through_the_join() {
    let beside = "matched_delay_3 matched_delay (.i(enable & request_0)";
    let path =
        "edge_0.phase.q node_1.matched_delay.i node_1.matched_delay.t0 node_1.matched_delay.t1 node_1.fire";
    fails(
        &[("matched_delay_3 matched_delay (.i(enable)", beside)],
        &[("edge_0.phase.q", Fault::BypassesJoin, path)],
    );
    let renamed = [
        ("module join_node_1 (", "module and_node_1 ("),
        ("join_node_1 join_requests (", "and_node_1 join_requests ("),
    ];
    fails(&renamed, &[("node_1.fire", Fault::NoJoin, "")]);
    let unused = [
        ("matched_delay_3 matched_delay (.i(enable)", "matched_delay_3 matched_delay (.i(~phase_out)"),
        ("assign scan_out = phase_out;", "assign scan_out = phase_out ^ enable;"),
    ];
    fails(&unused, &[("node_1.fire", Fault::NoJoin, "")]);
    // A join that waits for nobody.
    fails(
        &[("assign enable = request_0 ~^ phase;", "assign enable = ~phase;")],
        &[("node_1.fire", Fault::NoJoin, "")],
    );
}

#[test]
fn a_register_does_not_look_at_requests() {
    let data = EDGE_DATA.replace("difference", "{difference[3:1], request_1}");
    let path = "node_1.phase.q edge_0.current.d[0]";
    fails(&[(EDGE_DATA, &data)], &[("edge_0.out[0]", Fault::LooksAtRequest, path)]);
    // A phase under any name is known by the fires it makes.
    let renamed = HIDDEN_PHASE.replace(" phase ", " turn ");
    let path = "node_1.turn.q edge_0.current.d[0]";
    let expected = [("edge_0.out[0]", Fault::LooksAtRequest, path)];
    fails(&[(EDGE_DATA, &data), (HIDDEN_PHASE, &renamed)], &expected);
    let controls = (": in)", ": {in[3:1], request_1})");
    fails(&[controls], &[("node_0.out[0]", Fault::LooksAtRequest, "go node_0.voltage.d[0]")]);
}

#[test]
fn a_latch_is_found() {
    let latch = "assign scan_out = phase_out;\n  reg held;\n  always @* if (in[1]) held = in[0];";
    let replacements = [("assign scan_out = phase_out;", latch), (": out + in)", ": out + {in[3:1], held})")];
    fails(&replacements, &[("node_1.held ($_DLATCH_P_)", Fault::Latch, "")]);
}

#[test]
fn unknown_cells_and_shared_nets_are_found() {
    let shared = "assign answer = node_1_data;\n  assign done = go;";
    fails(&[("assign answer = node_1_data;", shared)], &[("go", Fault::TwoDrivers, "")]);
    let floating = "assign answer = {scan ? node_1_data[3] : 1'bz, node_1_data[2:0]};";
    fails(&[("assign answer = node_1_data;", floating)], &[("answer[3] ($_TBUF_)", Fault::UnknownCell, "")]);
}

#[test]
fn only_the_reset_input_sets() {
    let data = HIDDEN_PHASE.replace(".reset(reset)", ".reset(reset | in[0])");
    let path = "edge_0.out[0] node_1.phase.reset";
    fails(&[(HIDDEN_PHASE, &data)], &[("node_1.phase.q", Fault::AsynchronousSet, path)]);
}

#[test]
fn a_fire_stays_off_the_global_buffers() {
    let edge = "(* noglobal *) wire fire;\n  wire [3:0] difference";
    for attribute in ["", "(* noglobal = 0 *) "] {
        let without = edge.replace("(* noglobal *) ", attribute);
        fails(&[(edge, &without)], &[("edge_0.fire", Fault::MayBeGlobal, "")]);
    }
}

#[test]
fn delay_luts_are_kept() {
    let expected = [("node_1.matched_delay.lut1", Fault::MayBeRemoved, "")];
    fails(&[("(* keep *) delay_lut", "delay_lut")], &expected);
    fails(&[("(* keep *) delay_lut", "(* keep = 0 *) delay_lut")], &expected);
}

#[test]
fn a_check_that_finds_nothing_fails() {
    let Some(yosys) = yosys() else { return };
    let renamed = [(" node_0 (", " knot_0 ("), (" node_1 (", " knot_1 ("), (" edge_0 (", " link_0 (")];
    let report = report(yosys, &mutated(&renamed));
    let empty = report.checks.iter().filter(|check| check.examined == 0);
    let found: Vec<_> = empty.map(|check| (check.name, check.violations[0].fault)).collect();
    let names = [
        "fire-from-requests",
        "delayed-requests",
        "held-back-fires",
        "joined-requests",
        "off-global-buffers",
        "kept-delays",
    ];
    assert_eq!(found, names.map(|name| (name, Fault::NothingExamined)), "\n{report}");
    let outside = |fault| report.violations().filter(|violation| violation.fault == fault).count();
    assert_eq!([Fault::FlopOutsideCells, Fault::OtherClock].map(outside), [15, 15], "\n{report}");
}

#[test]
fn what_cannot_be_examined_is_an_error() {
    assert!(matches!(check_netlist("{}"), Err(LintError::Netlist { .. })));
    assert!(matches!(check_netlist(r#"{"modules": {}}"#), Err(LintError::NoTop)));
    let Some(yosys) = yosys() else { return };
    let message = |verilog: &str| check_verilog(yosys, verilog).unwrap_err().to_string();
    let syntax = message("module array (input a;\nendmodule");
    assert!(syntax.contains("array.v:1") && syntax.contains("syntax error"), "{syntax}");
    let unknown = message(&mutated(&[("rest_2 rest (", "rest_3 rest (")]));
    assert!(unknown.contains("rest_3"), "{unknown}");
    let flat = check_verilog(yosys, "module array (input a, output b); assign b = a; endmodule");
    assert!(matches!(flat, Err(LintError::NoHierarchy)));
}

/// Emitted arrays, of every kind of cell and for every technology.
#[test]
fn emitted_arrays_are_clockless() {
    let Some(yosys) = yosys() else { return };
    for technology in [Technology::Ecp5, Technology::Ice40, Technology::Generic] {
        let mut draw = common::Draw::new(11);
        let graph = common::Graph {
            nodes: 7,
            extra_edges: 4,
            inputs: 2,
            outputs: 2,
            kinds: common::Kinds::Mixed,
            diodes: true,
            bipartite: true,
            alpha: (-4, 0),
        };
        let network = common::random_network(&mut draw, graph);
        let (omega, nudge) = (Omega::GAUSS_SEIDEL, Nudge::Clamped { eta: 1 });
        let design = common::design_on(network, Format::COMPACT, omega, nudge, (0, 1));
        let cells = design.network().nodes().len() + design.network().edges().len();
        let array = designs::drawn_out(&Array::new(Arc::new(design), technology).unwrap());
        let report = report(yosys, &array.verilog());
        assert!(report.passed(), "{technology:?}\n{report}");
        let fires = report.checks.iter().find(|check| check.name == "fire-from-requests");
        assert_eq!(fires.map(|check| check.examined), Some(cells));
    }
}

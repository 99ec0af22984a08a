//! Boards from a file alone: one more of every family, built for with fake tools and with the real ones.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]

mod chip;

use chip::{board, converged, means, spec};
use std::fs;
use wheatstone_flow::Stage;
use wheatstone_flow::build::{Settings, build};
use wheatstone_flow::check::{Corner, Policy};
use wheatstone_flow::sdf::Time;
use wheatstone_hdl::Board;

/// A board that no code knows: another's device in a package of its own choice, with other pins and another island.
fn invented(name: &str, file: &str, pins: (&str, &str)) -> Board {
    // What a file says is known from when it is opened on.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{name}.toml"));
    fs::write(folder.path().join(pins.0), pins.1).unwrap();
    fs::write(&path, format!("{file}pins = \"{}\"\nloading = \"by hand\"\n{ISLAND}", pins.0)).unwrap();
    Board::open(path.to_str().unwrap()).unwrap()
}

const ISLAND: &str =
    "[island]\nclock_hz = 12_000_000\nsample_words = 1024\nsample_memory = \"block\"\norder_words = 256\n";

/// One of every family.
fn all() -> [Board; 3] {
    let lpf = "LOCATE COMP \"clk\" SITE \"A9\";\nFREQUENCY PORT \"clk\" 12 MHZ;\nLOCATE COMP \"rx\" SITE \"M18\";\n\
               LOCATE COMP \"tx\" SITE \"N17\";\nIOBUF PORT \"clk\" IO_TYPE=LVCMOS33;\nIOBUF PORT \"rx\" IO_TYPE=LVCMOS33;\n\
               IOBUF PORT \"tx\" IO_TYPE=LVCMOS33;\n";
    [
        invented("my-ecp5", "device = \"LFE5U-25F\"\npackage = \"CSFBGA285\"\n", ("my-ecp5.lpf", lpf)),
        invented(
            "my-hx",
            "device = \"iCE40 HX8K\"\npackage = \"cb132\"\n",
            ("my-hx.pcf", "set_io clk P7\nset_io rx P14\nset_io tx M9\n"),
        ),
        invented(
            "my-up",
            "device = \"iCE40 UP5K\"\npackage = \"sg48\"\n",
            ("my-up.pcf", "set_io clk 20\nset_io rx 15\nset_io tx 14\n"),
        ),
    ]
}

#[test]
fn the_policy_of_a_new_board_is_that_of_its_family() {
    for (board, pulse_ps, corners) in
        all().into_iter().zip([1000, 1000, 2000]).zip([3, 1, 1]).map(|((a, b), c)| (a, b, c))
    {
        let policy = Policy::of(board);
        assert_eq!(policy.min_pulse, Time::from_ps(pulse_ps), "{board}");
        assert_eq!(wheatstone_flow::simulation::corners(board).len(), corners, "{board}");
        assert_eq!(policy.comparisons.iter().any(|c| c.early == Corner::Min), corners == 3, "{board}");
    }
}

#[test]
fn a_new_board_is_not_looked_at_with_the_pulse_of_another_of_its_device() {
    // The same device, the same policy, whatever the board is called.
    let [_, _, up] = all();
    assert_eq!(Policy::of(up), Policy::of(board("icebreaker")));
    assert_ne!(Policy::of(up).min_pulse, Policy::of(board("hx8k-evn")).min_pulse);
}

#[test]
fn chips_for_new_boards_are_emitted_and_synthesised() {
    for board in all() {
        let Some(means) = means(board) else { continue };
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            until: Stage::Synth,
            ..Settings::new(folder.path().join("chip"), folder.path().join("cache"))
        };
        let built = build(&spec(board), &means, &settings, &mut |_, _| {}, &|| false).unwrap();
        assert_eq!(built.stages.len(), 2, "{board}");
        let text = fs::read_to_string(settings.folder.join("design.v")).unwrap();
        assert!(text.contains(&format!("for {board}")), "{board}");
    }
}

/// Places, routes and checks a chip for a board; its timing holds.
fn holds(board: Board) {
    let Some((_, _, report)) = converged(board) else { return };
    assert!(report.passed(), "{board}: {report}");
}

#[test]
fn the_timing_of_a_new_ecp5_board_holds() {
    let [ecp5, ..] = all();
    holds(ecp5);
}

#[test]
fn the_timing_of_a_new_ice40_hx_board_holds() {
    let [_, hx, _] = all();
    holds(hx);
}

#[test]
fn the_timing_of_a_new_ice40_up_board_holds() {
    let [.., up] = all();
    holds(up);
}

//! The smallest design on the smallest device, with the real tools.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::order;
use std::env;
use std::fs;
use wheatstone_flow::build::{Means, Settings, build};
use wheatstone_flow::{FlowError, Stage};
use wheatstone_hdl::Board;

#[test]
fn the_smallest_design_becomes_a_bitstream_whose_timing_holds() {
    let board = Board::Icebreaker;
    let means = match Means::find(board) {
        Ok(means) => means,
        Err(error @ FlowError::Missing(_)) if env::var_os("CI").is_none() => {
            eprintln!("skipped: {error}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        folder: folder.path().join("out"),
        cache: folder.path().join("cache"),
        from: None,
        until: Stage::Pack,
    };
    let built = build(&order(board), &means, &settings, &mut |_, _| {}, &|| false).unwrap();
    let layout = built.layout.unwrap();
    assert!(
        layout.total.lut4 > 1000 && layout.total.lut4 <= board.lut4_sites().unwrap(),
        "{:?}",
        layout.total
    );
    assert_eq!(layout.kinds["serial_linear_edge_p0"].count, 2);
    let findings = built.timing.unwrap();
    assert!(findings.checked && findings.violations.is_empty(), "{:?}", findings.violations);
    assert!(findings.worst_ps("bundling").unwrap() >= 0 && findings.worst_ps("hold").unwrap() >= 0);
    let bitstream = built.bitstream.unwrap();
    assert_eq!(fs::read(&bitstream.path).unwrap().len() / 1000, 104, "an UP5K takes 104 kB");
}

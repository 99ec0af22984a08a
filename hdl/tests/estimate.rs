//! What a folded chip is estimated to take, beside chips that were placed and routed.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::sync::Arc;
use wheatstone_hdl::Board;
use wheatstone_hdl::tile::{Estimate, estimate};
use wheatstone_sim::network::{EdgeKind, layered};
use wheatstone_sim::{Design, Format, Nudge, Omega, Rules};

fn estimated(layers: &[usize], format: Format, board: &str) -> Estimate {
    let rules = Rules {
        omega: Omega::GAUSS_SEIDEL,
        nudge: Nudge::Current { beta: 2, centred: false },
        g_min: 1,
        lowest_rail: 0,
    };
    let network = layered(layers, EdgeKind::Linear).unwrap();
    let board: Board = board.parse().unwrap();
    estimate(Arc::new(Design::new(network, format, rules).unwrap()), board, 8).unwrap()
}

/// Layers, format, board; LUT4 sites and blocks of RAM that nextpnr 0.10 counted.
#[test]
fn sizes_are_near_those_of_routed_chips() {
    for (layers, format, board, [lut4, ebr]) in [
        (&[4, 8, 2], Format::COMPACT, "ulx3s-25f", [11_254, 25]),
        (&[126, 8, 2], Format::COMPACT, "ulx3s-25f", [11_951, 45]),
        (&[10, 16, 3], Format::WIDE, "ulx3s-25f", [16_176, 26]),
        (&[10, 16, 3], Format::WIDE, "ulx3s-85f", [21_939, 26]),
    ] {
        let estimate = estimated(layers, format, board);
        let off = estimate.lut4.abs_diff(lut4) * 100 / lut4;
        assert!(off < 15, "{layers:?} on {board}: {} LUT4 sites against {lut4}", estimate.lut4);
        assert!(estimate.ebr.abs_diff(ebr) <= 1, "{layers:?}: {} blocks against {ebr}", estimate.ebr);
        assert!(estimate.fits, "{:?}", estimate.remedies);
    }
}

#[test]
fn what_does_not_fit_is_said_with_a_way_out() {
    let estimate = estimated(&[130, 64, 10], Format::WIDE, "ulx3s-25f");
    assert!(!estimate.fits);
    let said = estimate.remedies.join("\n");
    assert!(said.contains("blocks of RAM are needed, 56 can be used: fewer inputs"), "{said}");
}

#[test]
fn more_tiles_make_a_sample_shorter() {
    let [few, many] = ["ulx3s-25f", "ulx3s-85f"].map(|board| estimated(&[10, 32, 3], Format::WIDE, board));
    assert_eq!((few.lanes, many.lanes, few.slots, many.slots), (8, 32, 4, 1));
    assert!(many.sample_ns < few.sample_ns && many.step_ns < few.step_ns);
    assert_eq!(few.samples_on_chip, many.samples_on_chip);
}

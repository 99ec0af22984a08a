//! The island against the board's behaviour in its plainest form.
#![allow(clippy::unwrap_used, reason = "tests")]

use rust_hdl::prelude::*;
use wheatstone_hdl::island::program::Facts;
use wheatstone_hdl::island::{Controller, Core, MemoryKind, program};
use wheatstone_sim::link::Identity;
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{Design, Format, Nudge, Omega, Rules};

#[test]
fn dump() {
    let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    let design = Design::new(crossbar(8, 3, EdgeKind::Linear).unwrap(), Format::COMPACT, rules).unwrap();
    let identity = Identity { sample_words: 4096, order_words: 512, credits: 8, ..Identity::of(&design).unwrap() };
    let facts = Facts { identity, watchdog: 1 << 20 };
    let image = program::program(&facts);
    println!("program {} scratch {}", image.program.len(), image.scratch.len());
    let mut core = Controller::new(&image);
    core.connect_all();
    std::fs::write("/tmp/wt-control/target/controller.v", generate_verilog_unchecked(&core)).unwrap();
    let mut core = Core::new(&facts, MemoryKind::Block);
    core.connect_all();
    std::fs::write("/tmp/wt-control/target/core.v", generate_verilog_unchecked(&core)).unwrap();
}

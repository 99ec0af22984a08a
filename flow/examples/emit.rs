//! dev
use std::sync::Arc;
use wheatstone_hdl::{island::IslandOptions, *};
use wheatstone_sim::{network::*, *};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let board: Board = a[1].parse().unwrap();
    let (i, o): (usize, usize) = (a[2].parse().unwrap(), a[3].parse().unwrap());
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    let net = if a.len() > 5 {
        layered(&[i, a[5].parse().unwrap(), o], EdgeKind::Linear)
    } else {
        crossbar(i, o, EdgeKind::Linear)
    };
    let design = Arc::new(Design::new(net.unwrap(), Format::COMPACT, rules).unwrap());
    let technology = board.technology();
    let multiplier = if technology == Technology::Ice40 { Multiplier::Serial } else { Multiplier::Parallel };
    let lengths: Option<std::collections::BTreeMap<String, u32>> = std::env::var("LENGTHS")
        .ok()
        .map(|f| serde_json::from_str(&std::fs::read_to_string(f).unwrap()).unwrap());
    let top = if let Some(l) = lengths {
        Top::with_delays(design, ArrayOptions { technology, multiplier }, &l, IslandOptions::of(board))
            .unwrap()
    } else {
        Top::new(design, ArrayOptions { technology, multiplier }, IslandOptions::of(board)).unwrap()
    };
    std::fs::write(&a[4], top.verilog(board, "dev").unwrap()).unwrap();
    println!("{:?}", top.array.delay_lengths());
}

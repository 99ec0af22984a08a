//! dev
use std::sync::Arc;
use wheatstone_flow::{check::*, routed::Routed};
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
    let mut opts = IslandOptions::of(board);
    if let Ok(w) = std::env::var("WORDS") {
        opts.sample_words = w.parse().unwrap();
    }
    let lengths: Option<std::collections::BTreeMap<String, u32>> = std::env::var("LENGTHS")
        .ok()
        .map(|f| serde_json::from_str(&std::fs::read_to_string(f).unwrap()).unwrap());
    let top = if let Some(l) = lengths {
        Top::with_delays(design, ArrayOptions { technology, multiplier }, &l, opts).unwrap()
    } else {
        Top::new(design, ArrayOptions { technology, multiplier }, opts).unwrap()
    };
    let d = std::path::Path::new(&a[4]);
    let t = std::time::Instant::now();
    let routed = Routed::read(&d.join("routed.json"), &d.join("routed.sdf")).unwrap();
    eprintln!("read {:?}", t.elapsed());
    let report = check(&top, &routed, Policy::of(board));
    eprintln!("check {:?}", t.elapsed());
    println!("{report}");
    println!("{:?} pulse {}", report.prediction, report.min_pulse_ps);
    for (k, s) in &report.summaries {
        if let Some(w) = &s.worst {
            println!("--{k}: {w}");
        }
    }
    std::fs::write(d.join("lengths.json"), serde_json::to_string(&report.corrections()).unwrap()).unwrap();
    println!("{:?}\n{:?}", report.lengths, report.corrections());
}

//! dev
use std::sync::Arc;
use wheatstone_flow::{baked::*, check::*, routed::Routed, sdf::Time};
use wheatstone_hdl::{island::IslandOptions, *};
use wheatstone_sim::{network::*, *};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let board: Board = a[1].parse().unwrap();
    let (i, o): (usize, usize) = (a[2].parse().unwrap(), a[3].parse().unwrap());
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    let net = crossbar(i, o, EdgeKind::Linear);
    let design = Arc::new(Design::new(net.unwrap(), Format::COMPACT, rules).unwrap());
    let d = std::path::Path::new(&a[4]);
    let corner = match a[5].as_str() {
        "min" => Corner::Min,
        "typ" => Corner::Typ,
        _ => Corner::Max,
    };
    let samples: u16 = a[6].parse().unwrap();
    let words: u32 = a.get(7).map_or(0, |w| w.parse().unwrap());
    let mut options = IslandOptions::of(board);
    if words > 0 {
        options.sample_words = words;
    }
    let routed = Routed::read(&d.join("routed.json"), &d.join("routed.sdf")).unwrap();
    let text = bake(&routed, corner, Time::from_ps(1000)).unwrap();
    let conversation = Conversation::training(&design, options, 6, samples, 60).unwrap();
    assert_ne!(conversation.start, conversation.end);
    let watched: Vec<_> = routed
        .nets
        .iter()
        .enumerate()
        .filter_map(|(n, net)| {
            let driver = net.driver?;
            let cell = &routed.cell(routed.pin(driver).cell).name;
            (cell.contains("node_0.matched_delay") && net.names.iter().any(|n| n.contains("fire")))
                .then(|| ("node_0".to_owned(), wheatstone_flow::routed::NetId(n)))
        })
        .collect();
    let bench = testbench(&conversation, options, &watched, &routed);
    std::fs::write(d.join("baked.v"), format!("{text}{bench}")).unwrap();
}

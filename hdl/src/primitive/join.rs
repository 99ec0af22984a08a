//! Joins: when a cell may fire. The array has no other way to wait, and none to choose.

use crate::bus::Bus;
use crate::leaf::Leaf;
use crate::technology::Technology;

/// LUT levels of an AND over `inputs` two-input terms, two terms a LUT at the first level.
fn levels(terms: usize) -> u64 {
    let (mut signals, mut levels) = (terms.div_ceil(2), 1);
    while signals > 1 {
        (signals, levels) = (signals.div_ceil(4), levels + 1);
    }
    levels
}

/// Name and delay of a join over that many terms.
fn new(technology: Technology, name: &str, summary: &str, terms: usize) -> Leaf {
    Leaf::function(format!("{name}_{terms}"), summary, levels(terms) * technology.lut_ps())
}

/// A node may fire when the array runs (`go` differs from `done`) and every edge has answered its last token: all
/// request phases equal its own phase.
pub fn join_requests(
    technology: Technology,
    requests: &[Bus],
    phase: &Bus,
    go: &Bus,
    done: &Bus,
    enable: &Bus,
) -> Leaf {
    let n = requests.len();
    let mut leaf = new(technology, "join_requests", "every edge has answered, and the array runs", n + 1);
    for (i, request) in requests.iter().enumerate() {
        leaf = leaf.input(format!("request_{i}"), request);
    }
    let all: Vec<String> = (0..n).rev().map(|i| format!("request_{i}")).collect();
    let condition = format!("&({{{}}} ~^ {{{n}{{phase}}}}) & (go ^ done)", all.join(", "));
    leaf.input("phase", phase)
        .input("go", go)
        .input("done", done)
        .output("enable", enable, condition)
        .evaluate(move |x, y| {
            let (requests, rest) = x.split_at(n);
            y[0] = i64::from(requests.iter().all(|&r| r == rest[0]) && rest[1] != rest[2]);
        })
}

/// An edge may fire when both ends have sent a token it has not answered (their phases differ from its own) and the
/// pulse of its last tick is over (`tick` has come back).
pub fn join_ends(
    technology: Technology,
    requests: [&Bus; 2],
    phase: &Bus,
    tick: &Bus,
    tick_back: &Bus,
    enable: &Bus,
) -> Leaf {
    new(technology, "join_ends", "both ends have sent a token, and the last tick is over", 3)
        .input("request_0", requests[0])
        .input("request_1", requests[1])
        .input("phase", phase)
        .input("tick", tick)
        .input("tick_back", tick_back)
        .output("enable", enable, "(request_0 ^ phase) & (request_1 ^ phase) & (tick ~^ tick_back)")
        .evaluate(|x, y| y[0] = i64::from(x[0] != x[2] && x[1] != x[2] && x[3] == x[4]))
}

/// The array is idle when every node has done what `go` asked for.
pub fn idle(technology: Technology, done: &[Bus], go: &Bus, idle: &Bus) -> Leaf {
    let n = done.len();
    let mut leaf = new(technology, "rest", "every node has done what go asked for", n);
    for (i, phase) in done.iter().enumerate() {
        leaf = leaf.input(format!("done_{i}"), phase);
    }
    let all: Vec<String> = (0..n).rev().map(|i| format!("done_{i}")).collect();
    leaf.input("go", go)
        .output("rest", idle, format!("&({{{}}} ~^ {{{n}{{go}}}})", all.join(", ")))
        .evaluate(move |x, y| y[0] = i64::from(x[..n].iter().all(|&d| d == x[n])))
}

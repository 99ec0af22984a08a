//! Files of delays: what is written reads back, and whatever else comes is refused in good order.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use proptest::prelude::*;
use wheatstone_flow::sdf::{
    Cell, Delay, Edge, Interconnect, IoPath, PinName, Port, Sdf, Time, TimingCheck, Triple,
};

fn time() -> impl Strategy<Value = Time> {
    (-10_000_000i64..10_000_000).prop_map(Time::from_fs)
}

fn triple() -> impl Strategy<Value = Triple> {
    [time(), time(), time()].prop_map(|mut times| {
        times.sort();
        Triple { min: times[0], typ: times[1], max: times[2] }
    })
}

fn delay() -> impl Strategy<Value = Delay> {
    (triple(), triple()).prop_map(|(rise, fall)| Delay { rise, fall })
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_./\\[\\]$: ()\\\\\"\u{e9}]{1,12}"
}

fn port() -> impl Strategy<Value = Port> {
    let edges = [None, Some(Edge::Rising), Some(Edge::Falling)];
    (name(), proptest::sample::select(edges.to_vec())).prop_map(|(name, edge)| Port { name, edge })
}

fn pin() -> impl Strategy<Value = PinName> {
    (prop_oneof![Just(String::new()), name()], name()).prop_map(|(instance, port)| PinName { instance, port })
}

fn check() -> impl Strategy<Value = TimingCheck> {
    prop_oneof![
        (port(), port(), triple()).prop_map(|(data, clock, time)| TimingCheck::Setup { data, clock, time }),
        (port(), port(), triple()).prop_map(|(data, clock, time)| TimingCheck::Hold { data, clock, time }),
        (port(), triple()).prop_map(|(port, time)| TimingCheck::Width { port, time }),
    ]
}

fn cell() -> impl Strategy<Value = Cell> {
    let path = (port(), name(), delay()).prop_map(|(from, to, delay)| IoPath { from, to, delay });
    let wire = (pin(), pin(), delay()).prop_map(|(from, to, delay)| Interconnect { from, to, delay });
    let lists = (
        prop::collection::vec(path, 0..4),
        prop::collection::vec(wire, 0..4),
        prop::collection::vec(check(), 0..4),
    );
    ("[A-Z0-9_]{1,8}", name(), lists).prop_map(|(kind, instance, (paths, wires, checks))| Cell {
        kind,
        instance,
        paths,
        wires,
        checks,
    })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(design in "[a-z]{0,5}", cells in prop::collection::vec(cell(), 0..4)) {
        let sdf = Sdf { design, cells };
        prop_assert_eq!(Sdf::parse(&sdf.to_string()).unwrap(), sdf);
    }

    #[test]
    fn a_damaged_file_is_read_or_refused(
        cells in prop::collection::vec(cell(), 1..3),
        place in any::<prop::sample::Index>(),
        patch in "[()\":a-z0-9. \\\\]{0,3}",
    ) {
        let text: Vec<char> = Sdf { design: String::new(), cells }.to_string().chars().collect();
        let at = place.index(text.len());
        let damaged: String =
            text[..at].iter().copied().chain(patch.chars()).chain(text[at + 1..].iter().copied()).collect();
        if let Err(error) = Sdf::parse(&damaged) {
            let lines: Vec<&str> = damaged.split('\n').collect();
            prop_assert!(error.line >= 1 && error.line <= lines.len(), "{}", error);
            prop_assert!(error.column <= lines[error.line - 1].chars().count() + 1, "{}", error);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = Sdf::parse(&text);
    }
}

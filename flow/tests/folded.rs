//! A folded chip, placed and routed: its relative timing holds, and the check finds what is broken on purpose.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests may panic, and tell what they saw")]

mod chip;

use chip::{Files, board, converged_folded};
use std::collections::BTreeSet;
use wheatstone_flow::check::{FaultKind, Policy, Report, SlackKind, check};
use wheatstone_flow::netlist::names;
use wheatstone_flow::sdf::{Delay, Time, Triple};

/// Later than anything may be.
const LATE_PS: i64 = 60_000;

fn later(delay: &mut Delay, ps: i64) {
    let by = Time::from_ps(ps);
    for triple in [&mut delay.rise, &mut delay.fall] {
        *triple = Triple { min: triple.min + by, typ: triple.typ + by, max: triple.max + by };
    }
}

/// Makes wires late: those into pins that `ends` names, or out of cells that it does.
fn late_wires(files: &mut Files, ends: impl Fn(&str, &str) -> bool) {
    let mut found = 0;
    for wire in files.wires() {
        if ends(&wire.to.instance, &wire.to.port) || ends(&wire.from.instance, &wire.from.port) {
            later(&mut wire.delay, LATE_PS);
            found += 1;
        }
    }
    assert!(found > 0, "no such wire");
}

/// Makes what cells of a kind in a tile compute late.
fn late_cells(files: &mut Files, kind: &str) {
    let of_kind = |(name, cell): (&String, &serde_json::Value)| {
        (cell["type"] == kind && name.contains("array.tile_0.")).then(|| name.clone())
    };
    let cells: BTreeSet<String> = files.cells().iter().filter_map(of_kind).collect();
    assert!(!cells.is_empty(), "no {kind}");
    for part in files.delays.cells.iter_mut().filter(|part| cells.contains(&part.instance)) {
        part.paths.iter_mut().for_each(|path| later(&mut path.delay, LATE_PS));
    }
}

/// Makes the LUTs of a delay line instant, wires and all.
fn instant(files: &mut Files, line: &str) {
    let name = format!("{line}.lut");
    for part in &mut files.delays.cells {
        if part.instance.contains(&name) {
            part.paths.iter_mut().for_each(|path| path.delay = Delay::default());
        }
        for wire in part.wires.iter_mut().filter(|wire| wire.from.instance.contains(&name)) {
            wire.delay = Delay::default();
        }
    }
}

/// A flip-flop on the rising edge of a tile, by a part of its name.
fn flop(files: &mut Files, part: &str) -> String {
    let found = files.cells().iter().find(|(name, cell)| {
        name.contains(part) && cell["type"] == "TRELLIS_FF" && cell["parameters"]["CLKMUX"] != "INV"
    });
    found.unwrap_or_else(|| panic!("a flip-flop of {part}")).0.clone()
}

fn kinds(report: &Report) -> (BTreeSet<FaultKind>, BTreeSet<SlackKind>) {
    let faults = report.faults.iter().map(|fault| fault.kind).collect();
    (faults, report.violations.iter().map(|slack| slack.kind).collect())
}

/// What is broken, what must find it, and how it is done.
type Broken<K> = (&'static str, K, &'static dyn Fn(&mut Files));

#[test]
fn a_folded_chip_holds_and_every_fault_is_found() {
    let board = board("ulx3s-25f");
    let Some((chip, files, report)) = converged_folded(board) else { return };
    report.verdict().unwrap();
    for kind in [SlackKind::Bundling, SlackKind::Overwrite, SlackKind::Hold, SlackKind::Pulse] {
        assert!(report.summaries[&kind].examined > 1, "{kind}");
    }
    assert!(report.prediction.unwrap().slow.step_ps > 0);

    let slacks: [Broken<SlackKind>; 9] = [
        ("a tile does not wait for its data", SlackKind::Bundling, &|files| {
            instant(files, "tile_0.matched_delay");
        }),
        ("the root does not wait for its tree", SlackKind::Bundling, &|files| {
            instant(files, "root.matched_delay");
        }),
        ("a word is written to an address that comes late", SlackKind::Bundling, &|files| {
            late_wires(files, |cell, pin| cell.contains("array.tile_0.") && pin.starts_with("WAD"));
        }),
        ("a block of RAM reads slowly", SlackKind::Bundling, &|files| late_cells(files, "DP16KD")),
        ("a multiplier is slow", SlackKind::Bundling, &|files| late_cells(files, "MULT18X18D")),
        ("a column's sum comes after its token", SlackKind::Bundling, &|files| {
            late_wires(files, |cell, pin| cell.contains("partial_sums.sums") && pin == "F");
        }),
        ("a join hears late of its own cell", SlackKind::Recovery, &|files| {
            let first = names::delay_lut("tile_0".parse().unwrap(), 0);
            late_wires(files, |cell, pin| cell == first && ["A", "B"].contains(&pin));
        }),
        ("a strobe begins before its clock half", SlackKind::ArrayInterface, &|files| {
            let gate = names::gate("strobe");
            late_wires(files, |cell, pin| cell == gate && pin == "B");
        }),
        ("a strobe is let through too late", SlackKind::ArrayInterface, &|files| {
            let gate = names::gate("scan_strobe");
            late_wires(files, |cell, pin| cell == gate && pin == "A");
        }),
    ];
    for (fault, kind, change) in slacks {
        let mut changed = files.clone();
        change(&mut changed);
        let (_, found) = kinds(&check(&chip, &changed.join().unwrap(), Policy::of(board)));
        println!("{fault}: {found:?}");
        assert!(found.contains(&kind), "{fault}: {kind} is not among {found:?}");
    }

    let faults: [Broken<FaultKind>; 6] = [
        ("a strobe is the high half of the clock", FaultKind::Gate, &|files| {
            files.cells()[&names::gate("strobe")]["parameters"]["INITVAL"] = "1000100010001000".into();
        }),
        ("a flip-flop has a copy of the fire beside the global network", FaultKind::SplitFire, &|files| {
            let flop = flop(files, "tile_0.lane_0.k_new");
            let buffer = files.cells()[&flop]["connections"]["CLK"].clone();
            let by_buffer = |(_, cell): &(&String, &serde_json::Value)| cell["connections"]["CLKO"] == buffer;
            let buffer = files.cells().iter().find(by_buffer).unwrap().0.clone();
            files.rewire(&flop, "CLK", &buffer, "CLKI");
        }),
        ("a matched delay has lost a LUT", FaultKind::ChainLength, &|files| {
            let lut = names::delay_lut("root".parse().unwrap(), 3);
            let cell = files.cells().remove(&lut).unwrap();
            files.cells().insert("other".to_owned(), cell);
            for part in &mut files.delays.cells {
                let ends = part.wires.iter_mut().flat_map(|wire| [&mut wire.from, &mut wire.to]);
                let names = ends.map(|end| &mut end.instance).chain([&mut part.instance]);
                names.filter(|name| **name == lut).for_each(|name| "other".clone_into(name));
            }
        }),
        ("a token starts at 1", FaultKind::PhaseStart, &|files| {
            let flop = flop(files, "tile_0.sum_token");
            files.cells()[&flop]["parameters"]["REGSET"] = "SET".into();
        }),
        ("the tick of a tile waits for a clock to be reset", FaultKind::PhaseReset, &|files| {
            let flop = flop(files, "tile_0.join_tile.back");
            files.cells()[&flop]["parameters"]["SRMODE"] = "LSR_OVER_CE".into();
        }),
        ("a flip-flop is clocked by a strobe of the interface", FaultKind::ForeignClock, &|files| {
            let flop = flop(files, "tile_0.lane_0.k_new");
            files.rewire(&flop, "CLK", &names::gate("scan_strobe"), "A");
        }),
    ];
    for (fault, kind, change) in faults {
        let mut changed = files.clone();
        change(&mut changed);
        let (found, _) = kinds(&check(&chip, &changed.join().unwrap(), Policy::of(board)));
        println!("{fault}: {found:?}");
        assert!(found.contains(&kind), "{fault}: {kind:?} is not among {found:?}");
    }
}

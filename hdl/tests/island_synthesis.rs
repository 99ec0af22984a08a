//! What other tools say about the island's Verilog, and what it costs.
#![allow(clippy::unwrap_used, reason = "tests")]
mod designs;

use designs::{loses_bits, tool};
use rust_hdl::prelude::Block;
use std::collections::BTreeMap;
use std::fs;
use wheatstone_hdl::island::memory::SPRAM_MODEL;
use wheatstone_hdl::island::{
    LinkReceiver, Memory, MemoryKind, SerialLink, TwoPortMemory, UartReceiver, WatchedMemory, verilog_of,
};
use wheatstone_tools::Program;

/// Verilator's warnings, all but these:
/// - `DECLFILENAME`: one file has all modules;
/// - `UNUSEDSIGNAL`: memories take addresses of 16 bits whatever their depth, and constants of a family are not all used;
/// - operands narrower than their place: rust-hdl extends by masks. What loses bits is a warning here too.
const VERILATOR: [&str; 5] = ["--lint-only", "-Wall", "-Wno-fatal", "-Wno-DECLFILENAME", "-Wno-UNUSEDSIGNAL"];

fn text(name: &str, mut block: impl Block) -> (String, String) {
    block.connect_all();
    (name.to_owned(), verilog_of(name, &block))
}

/// Every block of the wire side; the link holds all that are not named.
fn blocks() -> Vec<(String, String)> {
    vec![
        text("memory_1024", Memory::new(MemoryKind::Block, 1024)),
        text("memory_6144", Memory::new(MemoryKind::Block, 6144)),
        text("spram_1", Memory::new(MemoryKind::Spram, 1 << 14)),
        text("spram_4", Memory::new(MemoryKind::Spram, 1 << 16)),
        text("bytes_300", TwoPortMemory::new(300)),
        text("watched_512", WatchedMemory::new(512)),
        text("receiver_868", UartReceiver::new(100_000_000, 115_200)),
        text("frames_1", LinkReceiver::new(1)),
        text("frames_8", LinkReceiver::new(8)),
        text("link_2", SerialLink::new(25_000_000, 3_000_000, 2)),
        text("link_4", SerialLink::new(12_000_000, 3_000_000, 4)),
    ]
}

#[test]
fn verilator_has_nothing_to_say() {
    let Some(verilator) = tool(Program::Verilator) else { return };
    for (name, text) in blocks() {
        let folder = tempfile::tempdir().unwrap();
        let models = if text.contains("SPRAM") { SPRAM_MODEL } else { "" };
        let models =
            format!("// verilator lint_off UNUSEDSIGNAL\n{models}// verilator lint_on UNUSEDSIGNAL\n");
        fs::write(folder.path().join("island.v"), format!("{models}{text}")).unwrap();
        let arguments = VERILATOR.into_iter().chain(["--top-module", &name, "island.v"]);
        let said = verilator.run(arguments, folder.path()).unwrap();
        let warnings: Vec<&str> =
            said.lines().filter(|line| line.starts_with('%') && loses_bits(line)).collect();
        assert!(warnings.is_empty(), "{}\n{text}", warnings.join("\n"));
    }
}

#[test]
fn all_blocks_stand_in_one_file_and_yosys_has_nothing_to_say() {
    let Some(yosys) = tool(Program::Yosys) else { return };
    let folder = tempfile::tempdir().unwrap();
    let texts: String = blocks().into_iter().map(|(_, text)| text).collect();
    fs::write(folder.path().join("island.v"), texts).unwrap();
    let script =
        "read_verilog -lib +/ice40/cells_sim.v; read_verilog island.v; hierarchy -check; proc; check -assert";
    let said = yosys.run(["-q", "-p", script], folder.path()).unwrap();
    assert_eq!(said.lines().collect::<Vec<_>>(), [""; 0]);
}

/// How many of each primitive a block takes.
fn primitives((name, text): (String, String), synthesis: &str) -> Option<BTreeMap<String, u64>> {
    let yosys = tool(Program::Yosys)?;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("island.v"), text).unwrap();
    let script = format!("read_verilog island.v; {synthesis} -top {name}; tee -q -o stat.json stat -json");
    yosys.run(["-q", "-p", &script], folder.path()).unwrap();
    let stat = fs::read_to_string(folder.path().join("stat.json")).unwrap();
    let stat: serde_json::Value = serde_json::from_str(&stat[stat.find('{').unwrap()..]).unwrap();
    let primitives = serde_json::from_value(stat["design"]["num_cells_by_type"].clone()).unwrap();
    eprintln!("{name}, {synthesis}: {primitives:?}");
    Some(primitives)
}

#[test]
fn the_serial_link_is_small_on_an_ice40() {
    let Some(link) = primitives(text("link", SerialLink::new(25_000_000, 3_000_000, 2)), "synth_ice40")
    else {
        return;
    };
    assert_eq!(link["SB_RAM40_4K"], 2);
    assert!(link["SB_LUT4"] <= 360, "{link:?}");
}

#[test]
fn the_serial_link_is_small_on_an_ecp5() {
    let Some(link) = primitives(text("link", SerialLink::new(25_000_000, 3_000_000, 8)), "synth_ecp5") else {
        return;
    };
    assert_eq!(link["DP16KD"], 2);
    assert!(link["LUT4"] + 2 * link["CCU2C"] <= 500, "{link:?}");
}

#[test]
fn memories_are_block_ram() {
    let block = |depth| text("memory", Memory::new(MemoryKind::Block, depth));
    let spram = text("memory", Memory::new(MemoryKind::Spram, 1 << 14));
    let Some(memory) = primitives(block(1024), "synth_ice40") else { return };
    assert_eq!((memory["SB_RAM40_4K"], memory.get("SB_DFF")), (4, None), "{memory:?}");
    assert_eq!(primitives(block(4096), "synth_ecp5").unwrap()["DP16KD"], 4);
    let watched = text("watched", WatchedMemory::new(4096));
    let watched = primitives(watched, "synth_ecp5").unwrap();
    assert_eq!((watched["DP16KD"], watched.get("TRELLIS_FF")), (4, None), "{watched:?}");
    let spram = primitives(spram, "synth_ice40").unwrap();
    assert_eq!(spram, BTreeMap::from([("SB_SPRAM256KA".to_owned(), 1)]));
}

//! The smallest design, and tools that only pretend.
#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(dead_code, reason = "each test uses its part")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use wheatstone_flow::BuildSpec;
use wheatstone_flow::build::Means;
use wheatstone_flow::timing::Findings;
use wheatstone_flow::toolchain::Toolchain;
use wheatstone_hdl::{ArrayOptions, Board, Chip, Multiplier, Technology};
use wheatstone_hdl::{bitstream, device};
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{Design, Format, Nudge, Omega, Rules};
use wheatstone_tools::{Program, Tool};

/// The board of a name.
pub fn board(name: &str) -> Board {
    name.parse().unwrap()
}

/// Two edges, in a format as narrow as can be.
pub fn spec(board: Board) -> BuildSpec {
    let network = crossbar(2, 1, EdgeKind::Linear).unwrap();
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
    let format = Format::new(8, 4, 6, 8).unwrap();
    let parallel = board.technology() == Technology::Ecp5;
    BuildSpec {
        name: "smallest".to_owned(),
        design: Arc::new(Design::new(network, format, rules).unwrap()),
        board,
        array: ArrayOptions {
            technology: board.technology(),
            multiplier: if parallel { Multiplier::Parallel } else { Multiplier::Serial },
        }
        .into(),
        island: board.island_options(),
        seed: 1,
    }
}

/// What a fake nextpnr leaves behind: one logic cell, and an island at 45.5 MHz.
pub const NEXTPNR: &str = r#"
grep -q netlist synth.json || exit 9
grep -q 'set_io clk' hx8k-evn.pcf || exit 8
echo '{"modules": {"top": {"cells": {"island.a": {"type": "ICESTORM_LC", "attributes": {"NEXTPNR_BEL": "X1/Y1/lc0"}}}}}}' > routed.json
echo '{"fmax": {"clk_$glb_clk": {"achieved": 45.5, "constraint": 12}, "bordered_array.array.edge_0.fire": {"achieved": 5}}}' > route-report.json
echo '(DELAYFILE)' > routed.sdf
echo routed > routed.asc
echo well routed
"#;

const YOSYS: &str = "grep -q 'module top' design.v || exit 9\necho netlist > synth.json";

/// Shell scripts in the place of yosys, nextpnr and icepack.
pub struct Fakes {
    folder: TempDir,
}

impl Fakes {
    pub fn new() -> Fakes {
        let fakes = Fakes { folder: tempfile::tempdir().unwrap() };
        fakes.write("yosys", "echo 'Yosys 0.70 (fake)'", YOSYS);
        fakes.write("nextpnr-ice40", "echo 'nextpnr-ice40 (Version nextpnr-0.11.1)'", NEXTPNR);
        fakes.packs("iCE40 HX8K");
        fakes
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A fake icepack that packs whatever is routed for a device.
    pub fn packs(&self, name: &str) {
        let sample = self.folder().join("sample.bin");
        fs::write(&sample, bitstream::sample(device::device(name).unwrap().part, "")).unwrap();
        let script = format!("grep -q routed routed.asc || exit 9\ncp {} bitstream.bin", sample.display());
        self.write("icepack", ":", &script);
    }

    /// Replaces one of them.
    pub fn write(&self, name: &str, version: &str, body: &str) {
        let (path, calls) = (self.folder().join(name), self.folder().join("calls"));
        let script = format!(
            "#!/bin/sh\ncase $1 in -V|--version) {version}; exit 0;; esac\necho {name} >> {}\n{body}\n",
            calls.display()
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The tools that ran, versions left out.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder().join("calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    pub fn tool(&self, name: &str) -> Tool {
        let program = match name {
            "yosys" => Program::Yosys,
            "nextpnr-ice40" => Program::NextpnrIce40,
            _ => Program::Icepack,
        };
        Tool::at(program, self.folder().join(name))
    }

    /// These tools, and a check that finds nothing wrong.
    pub fn means(&self) -> Means {
        let tools = Toolchain::of(["yosys", "nextpnr-ice40", "icepack"].map(|name| self.tool(name))).unwrap();
        let well = |chip: &Chip| Findings {
            checked: true,
            lengths: chip.array.delays().clone(),
            ..Findings::default()
        };
        Means { tools, examine: Box::new(move |top, _, _, _| Ok((well(top), None))) }
    }
}

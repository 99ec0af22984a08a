//! Small designs, placed and routed with the open tools where these are there.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::print_stdout, reason = "tests tell why they are skipped")]

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::{env, fs};
use wheatstone_flow::check::{Policy, Report, check};
use wheatstone_flow::routed::{Routed, RoutedError};
use wheatstone_flow::sdf::{Interconnect, Sdf};
use wheatstone_hdl::array::DelayLengths;
use wheatstone_hdl::island::IslandOptions;
use wheatstone_hdl::tools::{Program, Tool};
use wheatstone_hdl::{ArrayOptions, Board, Multiplier, Technology, Top};
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{Design, Format, Nudge, Omega, Rules};

/// Rounds of placing and correcting before a design counts as one that does not converge.
const ROUNDS: usize = 8;

/// Inputs and outputs of the crossbar on a board.
const SHAPES: [(Board, (usize, usize)); 2] = [(Board::Ulx3s25f, (2, 1)), (Board::Hx8kEvn, (3, 2))];

/// Lengths of matched delays that hold with the pinned tools; without any, those of the documented delays.
const KNOWN: [(Board, &str, u32); 5] = [
    (Board::Ulx3s25f, "edge_0", 40),
    (Board::Ulx3s25f, "edge_1", 37),
    (Board::Ulx3s25f, "node_0", 3),
    (Board::Ulx3s25f, "node_1", 3),
    (Board::Ulx3s25f, "node_2", 28),
];

/// Seeds of the placement to begin with.
const SEEDS: [(Board, u32); 2] = [(Board::Ulx3s25f, 2), (Board::Hx8kEvn, 1)];

/// A crossbar on a board, with matched delays of given lengths, of documented delays if none are given.
pub fn top(board: Board, inputs: usize, outputs: usize, lengths: Option<&DelayLengths>) -> Top {
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    let network = crossbar(inputs, outputs, EdgeKind::Linear).unwrap();
    let design = Arc::new(Design::new(network, Format::COMPACT, rules).unwrap());
    let technology = board.technology();
    let multiplier = if technology == Technology::Ice40 { Multiplier::Serial } else { Multiplier::Parallel };
    let array = ArrayOptions { technology, multiplier };
    let options = IslandOptions::of(board);
    match lengths {
        Some(lengths) => Top::with_delays(design, array, lengths, options).unwrap(),
        None => Top::new(design, array, options).unwrap(),
    }
}

fn nextpnr(board: Board) -> Option<PathBuf> {
    let family = if board.technology() == Technology::Ice40 { "ice40" } else { "ecp5" };
    if let Some(path) = env::var_os(format!("WHEATSTONE_NEXTPNR_{}", family.to_uppercase())) {
        return Some(path.into());
    }
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let names = [format!("nextpnr-{family}"), format!("yowasp-nextpnr-{family}")];
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

fn run(program: &Path, arguments: &[&str], folder: &Path) {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    let tail: Vec<&str> = text.lines().rev().take(12).collect();
    assert!(output.status.success(), "{} {arguments:?}: {tail:#?}", program.display());
}

/// Netlist and delays of a routed chip, as files can be changed before they are joined.
#[derive(Clone)]
pub struct Files {
    pub netlist: Value,
    pub delays: Sdf,
}

impl Files {
    pub fn join(&self) -> Result<Routed, RoutedError> {
        Routed::parse(&self.netlist.to_string(), &self.delays.to_string())
    }

    pub fn cells(&mut self) -> &mut serde_json::Map<String, Value> {
        self.netlist["modules"]["top"]["cells"].as_object_mut().unwrap()
    }

    pub fn wires(&mut self) -> impl Iterator<Item = &mut Interconnect> {
        self.delays.cells.iter_mut().flat_map(|cell| &mut cell.wires)
    }

    /// Connects an input to what drives another.
    pub fn rewire(&mut self, cell: &str, pin: &str, like_cell: &str, like_pin: &str) {
        let net = self.cells()[like_cell]["connections"][like_pin].clone();
        self.cells()[cell]["connections"][pin] = net;
        let driver = self
            .wires()
            .find(|wire| wire.to.instance == like_cell && wire.to.port == like_pin)
            .map(|wire| wire.from.clone())
            .unwrap();
        let wire = self.wires().find(|wire| wire.to.instance == cell && wire.to.port == pin).unwrap();
        wire.from = driver;
    }
}

/// Places and routes a chip's Verilog, once for each text. Nothing, with a word on why, if a tool is missing.
pub fn route(board: Board, verilog: &str, seed: u32) -> Option<Files> {
    let (Ok(yosys), Some(nextpnr)) = (Tool::find(Program::Yosys), nextpnr(board)) else {
        println!("skipped: yosys or nextpnr is missing");
        return None;
    };
    let digest: String = Sha256::digest(verilog).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let seed = seed.to_string();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("routed-{board}-{digest}-{seed}"));
    if !folder.join("done").is_file() {
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("top.v"), verilog).unwrap();
        let ice40 = board.technology() == Technology::Ice40;
        let synthesis = if ice40 { "synth_ice40" } else { "synth_ecp5" };
        let script = format!("read_verilog top.v; {synthesis} -top top -json top.json");
        yosys.run(["-q", "-p", &script], &folder).unwrap();
        let device: &[&str] = match board {
            Board::Icebreaker => &["--up5k", "--package", "sg48", "--pcf-allow-unconstrained"],
            Board::Hx8kEvn => &["--hx8k", "--package", "ct256", "--pcf-allow-unconstrained"],
            _ => &["--25k", "--package", "CABGA381", "--lpf-allow-unconstrained"],
        };
        let common = [
            "--json",
            "top.json",
            "--write",
            "routed.json",
            "--sdf",
            "routed.sdf",
            "--seed",
            &seed,
            "--freq",
            "12",
            "--ignore-loops",
            "--timing-allow-fail",
            "-q",
        ];
        run(&nextpnr, &[device, &common[..]].concat(), &folder);
        fs::write(folder.join("done"), "").unwrap();
    }
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    Some(Files {
        netlist: serde_json::from_str(&read("routed.json")).unwrap(),
        delays: Sdf::parse(&read("routed.sdf")).unwrap(),
    })
}

/// A chip whose timing holds, and what it was built from. It begins with lengths of matched delays that an earlier search
/// ended with, which saves rounds as long as the tools are the same; otherwise it searches on.
pub fn converged(board: Board) -> Option<(Top, Files, Report)> {
    let (inputs, outputs) = SHAPES.into_iter().find(|shape| shape.0 == board).map(|shape| shape.1).unwrap();
    let known = KNOWN.iter().filter(|known| known.0 == board);
    let known: DelayLengths = known.map(|&(_, cell, luts)| (cell.to_owned(), luts)).collect();
    let mut lengths = (!known.is_empty()).then_some(known);
    let mut seed = SEEDS.into_iter().find(|seed| seed.0 == board).map_or(1, |seed| seed.1);
    for round in 0..ROUNDS {
        let top = top(board, inputs, outputs, lengths.as_ref());
        let files = route(board, &top.verilog(board, "a test").unwrap(), seed)?;
        let report = check(&top, &files.join().unwrap(), Policy::of(board));
        println!("round {round}, seed {seed}, lengths {:?}\n{report}{:?}", report.lengths, report.prediction);
        if report.passed() {
            return Some((top, files, report));
        }
        assert!(report.faults.is_empty(), "{report}");
        let corrections = report.corrections();
        // What no delay mends, another placement may.
        seed += u32::from(corrections == report.lengths);
        lengths = Some(corrections);
    }
    panic!("{board}: no placement of {ROUNDS} holds");
}

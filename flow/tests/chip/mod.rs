//! Small designs, placed and routed with the open tools where these are there.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::print_stdout, reason = "tests tell why they are skipped")]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};
use wheatstone_flow::build::{Means, Settings, build};
use wheatstone_flow::check::{Policy, Report, check};
use wheatstone_flow::routed::{Routed, RoutedError};
use wheatstone_flow::sdf::{Interconnect, Sdf};
use wheatstone_flow::toolchain::{Pass, Passes, file, products, router_arguments, synthesis_arguments};
use wheatstone_flow::{BuildSpec, FlowError, Stage};
use wheatstone_hdl::delays::Delays;
use wheatstone_hdl::tile::FoldedOptions;
use wheatstone_hdl::{ArrayOptions, Board, Chip, Multiplier, Technology};
use wheatstone_sim::network::{EdgeKind, crossbar, layered};
use wheatstone_sim::{Design, Format, Nudge, Omega, Rules};

/// The board of a name.
pub fn board(name: &str) -> Board {
    name.parse().unwrap()
}

/// A crossbar of two inputs and an output.
pub fn spec(board: Board) -> BuildSpec {
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
    let network = crossbar(2, 1, EdgeKind::Linear).unwrap();
    let parallel = board.technology() == Technology::Ecp5;
    BuildSpec {
        name: "crossbar".to_owned(),
        design: Arc::new(Design::new(network, Format::COMPACT, rules).unwrap()),
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

/// So many inputs that conductances lie in block RAM, eight hidden nodes and two outputs, folded onto one tile.
pub fn folded_spec(board: Board) -> BuildSpec {
    let rules = Rules {
        omega: Omega::GAUSS_SEIDEL,
        nudge: Nudge::Current { beta: 2, centred: false },
        g_min: 1,
        lowest_rail: 0,
    };
    let network = layered(&[126, 8, 2], EdgeKind::Linear).unwrap();
    let array = FoldedOptions { technology: board.technology(), tiles: 1 };
    BuildSpec {
        name: "folded".to_owned(),
        design: Arc::new(Design::new(network, Format::COMPACT, rules).unwrap()),
        array: array.into(),
        ..spec(board)
    }
}

/// The tools for a board. Nothing, with a word on why, if one is missing where nobody installs it.
pub fn means(board: Board) -> Option<Means> {
    match Means::find(board) {
        Ok(means) => Some(means),
        Err(error @ FlowError::Missing(_)) if env::var_os("CI").is_none() => {
            println!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// A folder that stays, for what takes long to make.
fn folder(board: Board) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(board.name())
}

/// Netlist and delays of a routed chip, as files can be changed before they are joined.
#[derive(Clone)]
pub struct Files {
    pub netlist: Value,
    pub delays: Sdf,
}

impl Files {
    fn read(folder: &Path) -> Files {
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        Files {
            netlist: serde_json::from_str(&read(file::ROUTED)).unwrap(),
            delays: Sdf::parse(&read(file::DELAYS)).unwrap(),
        }
    }

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

/// By which inputs a LUT of a matched delay hears the LUT before, the join, and the strobe.
pub fn inputs_of_delays(board: Board) -> [&'static str; 3] {
    match Passes::of(board.description().unwrap(), spec(board).array) {
        Passes::One => ["I0", "I1", "I2"],
        Passes::Trimmed => ["B", "A", "C"],
        Passes::FiresFirst => ["A", "B", "C"],
    }
}

/// A chip whose timing holds. What the tools made of it is kept for the next test.
pub fn converged(board: Board) -> Option<(Chip, Files, Report)> {
    converged_of(&spec(board), "chip", None)
}

/// The same of a folded chip, from lengths that once held.
pub fn converged_folded(board: Board) -> Option<(Chip, Files, Report)> {
    let lengths = [("root", 12), ("root.pause", 12), ("tile_0", 12), ("tile_0.pause", 4)];
    let lengths: BTreeMap<String, u32> = lengths.map(|(line, luts)| (line.to_owned(), luts)).into();
    converged_of(&folded_spec(board), "folded", Some(lengths.try_into().unwrap()))
}

fn converged_of(spec: &BuildSpec, name: &str, delays: Option<Delays>) -> Option<(Chip, Files, Report)> {
    let board = spec.board;
    let means = means(board)?;
    let folder = folder(board);
    let settings =
        Settings { until: Stage::Timing, delays, ..Settings::new(folder.join(name), folder.join("cache")) };
    let built = build(spec, &means, &settings, &mut |_, _| {}, &|| false).unwrap();
    let files = Files::read(&settings.folder);
    let report = check(&built.chip, &files.join().unwrap(), Policy::of(board));
    println!("{board}, round {}: {:?}\n{report}", built.rounds, report.prediction);
    Some((built.chip, files, report))
}

/// The wires of every fire and join, in a netlist that the build of a converged chip left.
pub fn wires_of_fires(board: Board, netlist: &str) -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(folder(board).join("chip").join(netlist)).unwrap();
    let netlist: Value = serde_json::from_str(&text).unwrap();
    let nets = netlist["modules"]["top"]["netnames"].as_object().unwrap();
    let fires = nets.iter().filter(|(name, _)| name.ends_with(".fire") || name.ends_with(".enable"));
    let wires = |net: &Value| {
        let wires = net["attributes"]["ROUTING"].as_str().unwrap().split(';').step_by(3);
        wires.map(str::to_owned).collect()
    };
    fires.map(|(name, net)| (name.clone(), wires(net))).collect()
}

/// What a routed chip's configuration says of memories, pads, and pins that are connected to nothing, and in how many places; of
/// the chip a build left, and of the same routed by nextpnr in one go.
pub fn configurations(board: Board) -> Option<[BTreeMap<String, usize>; 2]> {
    let tools = means(board)?.tools;
    let (description, pins) = (board.description().unwrap(), board.pins().unwrap());
    let [built, at_once] = ["chip", "at-once"].map(|name| folder(board).join(name));
    fs::create_dir_all(&at_once).unwrap();
    for name in [Pass::Whole.netlist(description.technology()), pins.file] {
        fs::copy(built.join(name), at_once.join(name)).unwrap();
    }
    tools.router.tool.run(router_arguments(description, Pass::Whole, pins.file, 1), &at_once).unwrap();
    Some([built, at_once].map(|folder| {
        let [configuration, _] = products(description.technology());
        let text = fs::read_to_string(folder.join(configuration)).unwrap();
        // Which of their inputs LUTs use, and which of two clocks and resets a slice, is the router's choice.
        let chosen = |line: &str| {
            let prefixes = ["arc:", ".tile", "enum: CLK", "enum: LSR"];
            let input = line.starts_with("enum: SLICE") && line.ends_with("MUX 1");
            line.is_empty()
                || input
                || line.contains(".INIT")
                || prefixes.iter().any(|part| line.starts_with(part))
        };
        let mut counts = BTreeMap::new();
        for line in text.lines().filter(|line| !chosen(line)) {
            *counts.entry(line.to_owned()).or_default() += 1;
        }
        counts
    }))
}

/// Places and routes any Verilog for a board.
pub fn route(board: Board, verilog: &str) -> Option<Files> {
    let tools = means(board)?.tools;
    let (description, pins) = (board.description().unwrap(), board.pins().unwrap());
    let folder = folder(board).join("routed");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(file::DESIGN), verilog).unwrap();
    fs::write(folder.join(pins.file), pins.text).unwrap();
    tools.synthesis.tool.run(synthesis_arguments(description), &folder).unwrap();
    let routers = folder.join(Pass::Whole.netlist(description.technology()));
    fs::rename(folder.join(file::SYNTHESISED), routers).unwrap();
    tools.router.tool.run(router_arguments(description, Pass::Whole, pins.file, 1), &folder).unwrap();
    Some(Files::read(&folder))
}

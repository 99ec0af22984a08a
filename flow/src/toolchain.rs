//! The tools of a device's family, with their versions, and what they are told.

use crate::error::FlowError;
use serde::Serialize;
use wheatstone_hdl::board::Description;
use wheatstone_hdl::device::Router;
use wheatstone_hdl::{ArrayForm, Board, Technology};
use wheatstone_tools::{Program, Tool};

/// Names of the files of a build; tools run in their folder.
pub mod file {
    /// The Verilog of the chip.
    pub const DESIGN: &str = "design.v";
    /// The netlist of the device's primitives.
    pub const SYNTHESISED: &str = "synth.json";
    /// The same with hold buffers.
    pub const BUFFERED: &str = "padded.json";
    /// The netlist with its places.
    pub const PLACED: &str = "placed.json";
    /// The same with nothing connected but fires and joins.
    pub const FIRES: &str = "fires.json";
    /// That with their wires.
    pub const ROUTED_FIRES: &str = "routed-fires.json";
    /// The netlist with its places and the wires of fires and joins.
    pub const BEGUN: &str = "begun.json";
    /// The netlist with its places and wires.
    pub const ROUTED: &str = "routed.json";
    /// The delays of everything routed.
    pub const DELAYS: &str = "routed.sdf";
    /// What nextpnr says of resources and clocks.
    pub const REPORT: &str = "route-report.json";
    /// What the check of relative timing found.
    pub const TIMING: &str = "timing.json";
}

/// A tool and what it states of its version.
#[derive(Clone, Debug)]
pub struct Versioned {
    /// The program that was found.
    pub tool: Tool,
    /// The line with its version.
    pub version: String,
}

/// A tool as reports name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolVersion {
    /// What it is called.
    pub name: String,
    /// The line with its version.
    pub version: String,
}

impl Versioned {
    fn new(tool: Tool) -> Result<Versioned, FlowError> {
        let version = tool.version().map_err(FlowError::Missing)?;
        Ok(Versioned { tool, version })
    }

    fn named(&self) -> ToolVersion {
        ToolVersion { name: self.tool.program().to_string(), version: self.version.clone() }
    }
}

/// The three tools between Verilog and a bitstream.
#[derive(Clone, Debug)]
pub struct Toolchain {
    /// Yosys: Verilog to a netlist.
    pub synthesis: Versioned,
    /// nextpnr for the device's family: places and wires.
    pub router: Versioned,
    /// icepack or ecppack: the bitstream.
    pub packer: Versioned,
}

impl Toolchain {
    /// Finds the tools for a board's device.
    ///
    /// # Errors
    /// [`FlowError::NoDevice`] if it has none, [`FlowError::Missing`] if a tool is missing or does not start.
    pub fn find(board: Board) -> Result<Toolchain, FlowError> {
        let [synthesis, router, packer] = match board.technology() {
            Technology::Ecp5 => [Program::Yosys, Program::NextpnrEcp5, Program::Ecppack],
            Technology::Ice40 => [Program::Yosys, Program::NextpnrIce40, Program::Icepack],
            Technology::Generic => return Err(FlowError::NoDevice { board }),
        };
        let find = |program| Tool::find(program).map_err(FlowError::Missing);
        Toolchain::of([find(synthesis)?, find(router)?, find(packer)?])
    }

    /// These tools: for synthesis, for routing, for packing.
    ///
    /// # Errors
    /// [`FlowError::Missing`] if one does not start.
    pub fn of([synthesis, router, packer]: [Tool; 3]) -> Result<Toolchain, FlowError> {
        Ok(Toolchain {
            synthesis: Versioned::new(synthesis)?,
            router: Versioned::new(router)?,
            packer: Versioned::new(packer)?,
        })
    }

    fn all(&self) -> [&Versioned; 3] {
        [&self.synthesis, &self.router, &self.packer]
    }

    /// The tools as reports name them.
    pub fn versions(&self) -> Vec<ToolVersion> {
        self.all().map(Versioned::named).to_vec()
    }

    /// What is to be said of versions other than the pinned ones.
    pub fn warnings(&self) -> Vec<String> {
        self.all().iter().filter_map(|versioned| versioned.tool.warning(&versioned.version)).collect()
    }
}

/// The names of the router's result and of the bitstream, which differ between the families.
pub fn products(technology: Technology) -> [&'static str; 2] {
    match technology {
        Technology::Ice40 => ["routed.asc", "bitstream.bin"],
        Technology::Ecp5 | Technology::Generic => ["routed.config", "bitstream.bit"],
    }
}

/// Modules of cells, as yosys selects them.
const CELLS: &str = "*_edge_* input_node_* hidden_node_* output_node_* tile_[0-9]* root";

/// In which passes a chip is placed and routed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passes {
    /// One for everything.
    One,
    /// Places; then, with delays trimmed, all wires, by router 1. It lays one wire after the other, so that few move where a LUT is gone.
    Trimmed,
    /// Places; fires and joins, by router 1; all other wires, by router 2. It lets all wires bargain anew where a LUT is gone, for
    /// many minutes: delays stay as they are placed.
    FiresFirst,
}

impl Passes {
    /// Those of an array on a board. The fires of a folded array run over global networks, whatever the router. The delays of an iCE40 are told for one corner only, and nothing is gained by what [`Passes::Trimmed`] does
    /// about corners.
    pub fn of(board: &Description, array: ArrayForm) -> Passes {
        if let ArrayForm::Folded(_) = array {
            return Passes::One;
        }
        match (board.technology(), board.device.router) {
            (Technology::Ecp5, Router::Router1) => Passes::Trimmed,
            (_, Router::Router1) => Passes::One,
            (_, Router::Router2) => Passes::FiresFirst,
        }
    }
}

/// One of nextpnr's runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Places and routes everything.
    Whole,
    /// Places everything and routes nothing.
    Places,
    /// Routes fires and joins.
    Fires,
    /// Routes the rest.
    Rest,
}

impl Pass {
    /// The netlist it reads; that of an ECP5 has hold buffers.
    pub fn netlist(self, technology: Technology) -> &'static str {
        match (self, technology) {
            (Pass::Fires, _) => file::FIRES,
            (Pass::Rest, _) => file::BEGUN,
            (_, Technology::Ecp5) => file::BUFFERED,
            (_, Technology::Ice40 | Technology::Generic) => file::SYNTHESISED,
        }
    }

    /// What it leaves behind.
    pub fn results(self, technology: Technology) -> Vec<&'static str> {
        match self {
            Pass::Whole | Pass::Rest => {
                let [routed, _] = products(technology);
                vec![file::ROUTED, file::DELAYS, file::REPORT, routed]
            }
            Pass::Places => vec![file::PLACED],
            Pass::Fires => vec![file::ROUTED_FIRES],
        }
    }

    /// The file that takes what nextpnr prints.
    pub fn log(self) -> &'static str {
        match self {
            Pass::Whole | Pass::Rest => "route.log",
            Pass::Places => "place.log",
            Pass::Fires => "fires.log",
        }
    }
}

/// What yosys is told.
///
/// An array for an ECP5 has hundreds of cells of few kinds: each kind is mapped once, and the cells are dissolved
/// afterwards, which takes a twentieth of the time. The devices of the other family are so small that every LUT counts.
pub fn synthesis_arguments(board: &Description) -> Vec<String> {
    let synthesis = &board.device.family.synthesis;
    let [before, after] = match board.technology() {
        Technology::Ecp5 => [
            format!("setattr -mod -set keep_hierarchy 1 {CELLS}; "),
            "; setattr -mod -unset keep_hierarchy *; flatten; opt_clean -purge".to_owned(),
        ],
        Technology::Ice40 | Technology::Generic => [String::new(), String::new()],
    };
    let script = format!(
        "read_verilog {}; {before}{synthesis} -top top{after}; write_json {}",
        file::DESIGN,
        file::SYNTHESISED
    );
    vec!["-p".to_owned(), script]
}

/// What nextpnr is told. A crystal's period is no bound for a cell, which has its own pace: the clocks are judged
/// afterwards, so that nextpnr must not refuse.
pub fn router_arguments(board: &Description, pass: Pass, pins: &str, seed: u64) -> Vec<String> {
    let [pins_option, product_option] = match board.technology() {
        Technology::Ice40 => ["--pcf", "--asc"],
        Technology::Ecp5 | Technology::Generic => ["--lpf", "--textcfg"],
    };
    let (seed, clock) = (seed.to_string(), (f64::from(board.island.clock_hz) / 1e6).to_string());
    let [routed, _] = products(board.technology());
    let everything =
        [product_option, routed, "--write", file::ROUTED, "--sdf", file::DELAYS, "--report", file::REPORT];
    let device = board.device.nextpnr.as_deref();
    let mut arguments: Vec<&str> = device.into_iter().collect();
    arguments.extend(["--package", &board.package, pins_option, pins]);
    arguments.extend(["--json", pass.netlist(board.technology())]);
    match pass {
        Pass::Whole => arguments.extend(everything),
        Pass::Places => arguments.extend(["--no-route", "--write", file::PLACED]),
        Pass::Fires => arguments.extend(["--no-pack", "--no-place", "--write", file::ROUTED_FIRES]),
        Pass::Rest => arguments.extend(["--no-pack", "--no-place"].into_iter().chain(everything)),
    }
    arguments.extend(["--freq", &clock, "--timing-allow-fail"]);
    // A placed netlist says itself which router is used.
    if pass == Pass::Whole {
        arguments.extend(["--router", board.device.router.name()]);
    }
    arguments.extend(["--seed", &seed]);
    arguments.into_iter().map(str::to_owned).collect()
}

/// What the packer is told.
pub fn packer_arguments(technology: Technology, idcode: Option<u32>) -> Vec<String> {
    let [routed, bitstream] = products(technology);
    let mut arguments: Vec<String> = match technology {
        Technology::Ice40 => [routed, bitstream].map(str::to_owned).to_vec(),
        Technology::Ecp5 | Technology::Generic => {
            ["--compress", "--input", routed, "--bit", bitstream].map(str::to_owned).to_vec()
        }
    };
    // An ECP5-12F is the die of a 25F under another code.
    if let Some(idcode) = idcode {
        arguments.extend(["--idcode".to_owned(), format!("{idcode:#010x}")]);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(name: &str) -> Board {
        name.parse().unwrap()
    }

    fn description(board: Board) -> &'static Description {
        board.description().unwrap()
    }

    #[test]
    fn tools_are_told_device_package_and_pins() {
        let passes = |board, pass| router_arguments(description(board), pass, "pins", 7).join(" ");
        let router = |board| passes(board, Pass::Whole);
        assert_eq!(
            router(board("ulx3s-12f")),
            "--12k --package CABGA381 --lpf pins --json padded.json --textcfg routed.config --write routed.json \
             --sdf routed.sdf --report route-report.json --freq 25 --timing-allow-fail --router router1 --seed 7"
        );
        assert!(router(board("ulx3s-85f")).contains("--router router2"));
        let common = "--85k --package CABGA381 --lpf pins --json";
        let end = "--freq 25 --timing-allow-fail --seed 7";
        let passes = [Pass::Places, Pass::Fires, Pass::Rest].map(|pass| passes(board("ulx3s-85f"), pass));
        let told = [
            "padded.json --no-route --write placed.json",
            "fires.json --no-pack --no-place --write routed-fires.json",
            "begun.json --no-pack --no-place --textcfg routed.config --write routed.json --sdf routed.sdf \
             --report route-report.json",
        ];
        assert_eq!(passes, told.map(|told| format!("{common} {told} {end}")));
        assert!(
            router(board("hx8k-evn"))
                .starts_with("--hx8k --package ct256 --pcf pins --json synth.json --asc")
        );
        let synthesis = |board| synthesis_arguments(description(board)).join(" ");
        assert_eq!(
            synthesis(board("icebreaker")),
            "-p read_verilog design.v; synth_ice40 -device u -top top; write_json synth.json"
        );
        assert_eq!(
            synthesis(board("ulx3s-85f")),
            "-p read_verilog design.v; setattr -mod -set keep_hierarchy 1 *_edge_* input_node_* hidden_node_* output_node_* tile_[0-9]* root; \
             synth_ecp5 -nowidelut -top top; setattr -mod -unset keep_hierarchy *; flatten; opt_clean -purge; \
             write_json synth.json"
        );
        assert_eq!(
            packer_arguments(Technology::Ecp5, Some(0x2111_1043)).join(" "),
            "--compress --input routed.config --bit bitstream.bit --idcode 0x21111043"
        );
        assert_eq!(packer_arguments(Technology::Ice40, None).join(" "), "routed.asc bitstream.bin");
    }

    #[test]
    fn delays_are_trimmed_where_router_1_wires_an_ecp5() {
        let boards = [
            board("ulx3s-12f"),
            board("ulx3s-25f"),
            board("ulx3s-85f"),
            board("icebreaker"),
            board("hx8k-evn"),
        ];
        let passes = [Passes::Trimmed, Passes::Trimmed, Passes::FiresFirst, Passes::One, Passes::One];
        assert_eq!(
            boards.map(|board| Passes::of(description(board), crate::spec::tests::spec(board).array)),
            passes
        );
    }

    #[test]
    fn there_are_no_tools_for_no_device() {
        let error = Toolchain::find(Board::generic()).unwrap_err();
        assert!(matches!(error, FlowError::NoDevice { .. }), "{error}");
    }
}

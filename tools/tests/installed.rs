//! The tools that are installed here answer as they should.

use std::env;
use wheatstone_tools::{Program, Tool, ToolError};

#[test]
fn installed_tools_state_their_versions() {
    for (program, beginning) in [
        (Program::Yosys, "Yosys "),
        (Program::Iverilog, "Icarus Verilog version "),
        (Program::Vvp, "Icarus Verilog runtime version "),
        (Program::Verilator, "Verilator "),
        (Program::Ecppack, "Project Trellis ecppack Version "),
        (Program::Icepack, "icepack "),
    ] {
        match Tool::find(program) {
            Ok(tool) => {
                let version = tool.version().unwrap();
                assert!(version.starts_with(beginning), "{program}: {version}");
            }
            Err(error @ ToolError::NotFound { .. }) if env::var_os("CI").is_none() => {
                eprintln!("skipped: {error}")
            }
            Err(error) => panic!("{error}"),
        }
    }
}

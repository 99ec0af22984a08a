//! `wheatstone hdl emit`

use super::arguments::DesignArguments;
use crate::cli::failure::Result;
use crate::cli::output::Output;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use wheatstone_hdl::emitted;
use wheatstone_learn::run::write_whole;
use wheatstone_sim::{FileStem, hex};

/// Write the array's Verilog
#[derive(Args, Debug)]
pub struct Emit {
    #[command(flatten)]
    design: DesignArguments,
    /// File to write; default: NAME-BOARD.v
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Serialize)]
struct Emitted {
    file: String,
    board: &'static str,
    nodes: usize,
    edges: usize,
    modules: usize,
    design_digest: String,
}

impl Emit {
    pub fn run(&self, output: &Output) -> Result<()> {
        let (name, array) = self.design.array()?;
        let board = self.design.target.board;
        let command: Vec<String> =
            std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        let verilog = emitted(&array, board, &format!("wheatstone {}", command.join(" ")));
        let file = match &self.out {
            Some(file) => file.clone(),
            None => format!("{}-{board}.v", FileStem::new("name", &name)?).into(),
        };
        write_whole(&file, verilog.as_bytes())?;
        let result = Emitted {
            board: board.name(),
            nodes: array.nodes.len(),
            edges: array.edges.len(),
            // Without the vendor's cells that stand at the end for Verilator.
            modules: verilog
                .lines()
                .take_while(|line| *line != "`ifdef VERILATOR")
                .filter(|line| line.starts_with("module "))
                .count(),
            design_digest: hex::encode(&array.design().digest()),
            file: file.display().to_string(),
        };
        output.result(&result, || {
            let Emitted { file, board, nodes, edges, modules, .. } = &result;
            format!("{file}: {nodes} nodes, {edges} edges, {modules} modules for {board}")
        })
    }
}

//! `wheatstone hdl emit`

use super::arguments::{DesignArguments, Form};
use crate::cli::failure::Result;
use crate::cli::output::Output;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use wheatstone_hdl::{emitted, emitted_folded};
use wheatstone_learn::run::write_whole;
use wheatstone_sim::{FileStem, hex};

/// Write the array's Verilog
#[derive(Args, Debug)]
pub struct Emit {
    #[command(flatten)]
    design: DesignArguments,
    /// The form of the array
    #[arg(long, value_enum, default_value_t)]
    array: Form,
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
        let board = self.design.target.board;
        let command: Vec<String> =
            std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        let command = format!("wheatstone {}", command.join(" "));
        let (name, design, verilog) = match self.array {
            Form::Spatial => {
                let (name, array) = self.design.array()?;
                (name, Arc::clone(array.design()), emitted(&array, board, &command))
            }
            Form::Folded => {
                let (name, array) = self.design.folded()?;
                (name, Arc::clone(array.design()), emitted_folded(&array, board, &command))
            }
        };
        let file = match &self.out {
            Some(file) => file.clone(),
            None => format!("{}-{board}.v", FileStem::new("name", &name)?).into(),
        };
        write_whole(&file, verilog.as_bytes())?;
        let result = Emitted {
            board: board.name(),
            nodes: design.network().nodes().len(),
            edges: design.network().edges().len(),
            // Without the vendor's cells that stand at the end for Verilator.
            modules: verilog
                .lines()
                .take_while(|line| *line != "`ifdef VERILATOR")
                .filter(|line| line.starts_with("module "))
                .count(),
            design_digest: hex::encode(&design.digest()),
            file: file.display().to_string(),
        };
        output.result(&result, || {
            let Emitted { file, board, nodes, edges, modules, .. } = &result;
            format!("{file}: {nodes} nodes, {edges} edges, {modules} modules for {board}")
        })
    }
}

//! `wheatstone study`

mod rate;
mod scaling;

use super::failure::Result;
use super::output::Output;
use clap::Subcommand;

/// Study how a network learns, over many settings
#[derive(Debug, Subcommand)]
pub enum Study {
    Rate(rate::Rate),
    Scaling(scaling::Scaling),
}

impl Study {
    pub fn run(&self, output: &Output) -> Result<()> {
        match self {
            Study::Rate(verb) => verb.run(output),
            Study::Scaling(verb) => verb.run(output),
        }
    }
}

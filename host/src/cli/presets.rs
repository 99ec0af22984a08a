//! `wheatstone presets`

use super::failure::Result;
use super::output::Output;
use super::table;
use clap::{Args, Subcommand};
use serde_json::json;
use wheatstone_learn::preset::Preset;

/// List the presets, or show one as a configuration file
#[derive(Args, Debug)]
pub struct Presets {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print a preset as a complete configuration file
    Show {
        /// Its name
        name: String,
    },
}

impl Presets {
    pub fn run(&self, output: &Output) -> Result<()> {
        match &self.verb {
            Some(Verb::Show { name }) => {
                let config = Preset::find(name)?.config()?;
                output.result(&config, || config.to_toml())
            }
            None => {
                let mut list = table::plain(["preset", "what it learns"]);
                let mut names = Vec::new();
                for preset in Preset::ALL {
                    let config = preset.config()?;
                    names.push(json!({ "name": preset.name, "description": config.description.clone() }));
                    list.add_row([preset.name.to_owned(), config.description]);
                }
                output.result(&json!({ "presets": names }), || list.to_string())
            }
        }
    }
}

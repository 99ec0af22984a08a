//! `wheatstone man`

use super::failure::{OrFailed, Result};
use super::{Cli, output};
use clap::{Args, CommandFactory};
use std::path::PathBuf;

/// Print the man page, or write one a verb into a folder
#[derive(Args, Debug)]
pub struct Man {
    /// Folder to write the pages to; it is made if it is not there
    folder: Option<PathBuf>,
}

impl Man {
    pub fn run(&self) -> Result<()> {
        let command = Cli::command();
        match &self.folder {
            Some(folder) => {
                let writing = || format!("{}: cannot write the man pages", folder.display());
                std::fs::create_dir_all(folder).or_failed_to(writing())?;
                clap_mangen::generate_to(command, folder).or_failed_to(writing())
            }
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(command).render(&mut page).or_failed()?;
                output::print(&page)
            }
        }
    }
}

//! `wheatstone load`

use super::failure::{Failure, OrFailed, Result};
use super::output::Output;
use super::table;
use clap::Args;
use serde::Serialize;
use std::env;
use std::path::{Path, PathBuf};
use wheatstone::loading::{LoadError, Loading, preset_bitstream};
use wheatstone_hdl::Board;
use wheatstone_hdl::bitstream::WrongBoard;
use wheatstone_learn::preset::Preset;
use wheatstone_tools::{Program, Tool};

/// Load a bitstream into a board, with openFPGALoader
///
/// The bitstream is lost when the board is switched off, unless it goes into the flash. Before anything is sent the file
/// is checked: every checksum in it must be right, it must be what the manifest beside it tells of if there is one, and it must be
/// for the device of this board.
#[derive(Args, Debug)]
pub struct Load {
    /// Bitstream (.bit for an ECP5, .bin for an iCE40), or preset whose bitstream is in bitstreams/BOARD/PRESET
    bitstream: String,
    /// Board to load, or the file of another (see constraints/README.md)
    #[arg(long, value_parser = Board::open)]
    board: Board,
    /// Write it to the flash, from where the board loads it whenever it is switched on
    #[arg(long)]
    flash: bool,
    /// Serial number of the board's bridge, where several are plugged in; see `wheatstone devices`
    #[arg(long, value_name = "SERIAL")]
    ftdi_serial: Option<String>,
    /// Check the bitstream and print the command, but load nothing
    #[arg(long)]
    dry_run: bool,
}

/// What is printed.
#[derive(Serialize)]
struct Loaded {
    board: &'static str,
    bitstream: String,
    part: String,
    comment: Vec<String>,
    flash: bool,
    /// Empty if openFPGALoader does not know the board.
    command: Vec<String>,
    /// What a person does then.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_hand: Option<&'static str>,
    /// The manifest beside it that vouches for every byte.
    manifest: Option<String>,
    loaded: bool,
}

impl Load {
    pub fn run(&self, output: &Output) -> Result<()> {
        if self.board.device().is_none() {
            return Err(WrongBoard::NoDevice { board: self.board }.into());
        }
        let loading = Loading::prepare(&self.file()?, self.board)?
            .into_flash(self.flash)
            .into_bridge(self.ftdi_serial.clone());
        // Whoever only asks whether a file is whole needs no loader that knows the board.
        let (command, by_hand) = match loading.arguments() {
            Err(LoadError::ByHand { by_hand, .. }) if self.dry_run => (None, Some(by_hand)),
            arguments => (Some(arguments?), None),
        };
        let tool = match Tool::find(Program::OpenFpgaLoader) {
            Err(_) if self.dry_run => None,
            found => Some(found.map_err(Failure::tool)?),
        };
        let program = tool
            .as_ref()
            .map_or_else(|| Program::OpenFpgaLoader.to_string(), |t| t.path().display().to_string());
        let loaded = Loaded {
            board: self.board.name(),
            bitstream: loading.path().display().to_string(),
            part: loading.bitstream().part.to_string(),
            comment: loading.bitstream().comment.clone(),
            flash: self.flash,
            command: command
                .into_iter()
                .flat_map(|arguments| [vec![program.clone()], arguments].concat())
                .collect(),
            by_hand,
            manifest: loading.manifest().map(|path| path.display().to_string()),
            loaded: !self.dry_run,
        };
        if let Some(tool) = tool.filter(|_| !self.dry_run) {
            let target = if self.flash { "flash, which takes up to a minute" } else { "device" };
            output.say(&format!("loading {} into the {target}", loaded.bitstream));
            loading.load(&tool)?;
        }
        output.result(&loaded, || text(&loaded))
    }

    /// The file: as named, or of the preset of that name.
    fn file(&self) -> Result<PathBuf> {
        let path = Path::new(&self.bitstream);
        let is_name = path.extension().is_none() && path.components().count() == 1 && !path.exists();
        if !is_name {
            return Ok(path.to_owned());
        }
        let preset = Preset::find(&self.bitstream)?;
        Ok(preset_bitstream(preset.name, self.board, &env::current_dir().or_failed()?)?)
    }
}

fn text(loaded: &Loaded) -> String {
    let Loaded { board, bitstream, part, comment, flash, command, by_hand, manifest, loaded } = loaded;
    let checked = if comment.is_empty() { part.clone() } else { format!("{part} ({})", comment.join("; ")) };
    let vouched = match manifest {
        Some(_) => " by its checksums and the manifest beside it",
        None => " by its checksums (no manifest is beside it)",
    };
    let outcome = match (loaded, flash) {
        (false, _) => "nothing was loaded",
        (true, false) => "loaded; lost when the board is switched off",
        (true, true) => "loaded into the flash",
    };
    let rows = [
        ("bitstream", bitstream.clone()),
        ("checked", format!("whole{vouched}, and for the {checked} of {board}")),
        ("command", by_hand.map_or_else(|| command.join(" "), str::to_owned)),
        ("outcome", outcome.to_owned()),
    ];
    table::facts(rows).to_string()
}

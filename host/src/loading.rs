//! Bitstreams into boards: what is to be loaded, checked before anything is sent, and openFPGALoader to send it.

use std::fs;
use std::path::{Path, PathBuf};
use thiserror::Error;
use wheatstone_hdl::bitstream::{Bitstream, BitstreamError, WrongBoard};
use wheatstone_hdl::tools::{Tool, ToolError};
use wheatstone_hdl::{Board, Technology};

/// Where the bitstream of a preset is kept, in the project's folder.
const FOLDER: &str = "bitstreams";

/// A bitstream that was not loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// Its file cannot be read.
    #[error("{}: cannot read: {source}; name a bitstream (.bit for an ECP5, .bin for an iCE40) or a preset", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its file is no bitstream.
    #[error("{}: {error}", path.display())]
    Bitstream {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: BitstreamError,
    },
    /// It is for another board.
    #[error("{}: {error}", path.display())]
    WrongBoard {
        /// The file.
        path: PathBuf,
        /// Both devices.
        error: WrongBoard,
    },
    /// None has been built.
    #[error(
        "there is no bitstream of preset {preset} for {board}: {} does not exist; build one (`wheatstone build --network {preset} --board {board}`) and name its file",
        path.display()
    )]
    NotBuilt {
        /// The preset.
        preset: String,
        /// The board.
        board: Board,
        /// Where it would be.
        path: PathBuf,
    },
    /// openFPGALoader is missing or does not start.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// openFPGALoader finds no board.
    #[error("openFPGALoader found no {board} on USB; it said:\n{said}")]
    NoDevice {
        /// The board.
        board: Board,
        /// The end of its output.
        said: String,
    },
    /// openFPGALoader finds the board and may not use it.
    #[error("openFPGALoader may not use the {board}; it said:\n{said}")]
    NoAccess {
        /// The board.
        board: Board,
        /// The end of its output.
        said: String,
    },
    /// It tried, and the device did not start.
    #[error("openFPGALoader could not load the {board}; it said:\n{said}")]
    Failed {
        /// The board.
        board: Board,
        /// The end of its output.
        said: String,
        /// Whether it wrote to the flash.
        flash: bool,
    },
}

/// A bitstream that is for its board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loading {
    board: Board,
    path: PathBuf,
    bitstream: Bitstream,
    flash: bool,
    ftdi_serial: Option<String>,
}

impl Loading {
    /// Reads a bitstream and makes sure that it is for the board.
    ///
    /// # Errors
    /// [`LoadError`] if it is none, not whole, or for another board.
    pub fn prepare(path: &Path, board: Board) -> Result<Loading, LoadError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let bytes = fs::read(&path).map_err(|source| LoadError::Read { path: path.clone(), source })?;
        let read = Bitstream::read(&bytes);
        let bitstream = read.map_err(|error| LoadError::Bitstream { path: path.clone(), error })?;
        bitstream.check(board).map_err(|error| LoadError::WrongBoard { path: path.clone(), error })?;
        Ok(Loading { board, path, bitstream, flash: false, ftdi_serial: None })
    }

    /// Into the flash, from where the device configures itself when it is switched on.
    #[must_use]
    pub fn into_flash(self, flash: bool) -> Loading {
        Loading { flash, ..self }
    }

    /// Into the board whose bridge has this serial number, where several are plugged in.
    #[must_use]
    pub fn into_bridge(self, ftdi_serial: Option<String>) -> Loading {
        Loading { ftdi_serial, ..self }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says of itself.
    pub fn bitstream(&self) -> &Bitstream {
        &self.bitstream
    }

    /// What openFPGALoader is told.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["-b".to_owned(), loader_name(self.board).to_owned()];
        if let Some(serial) = &self.ftdi_serial {
            arguments.extend(["--ftdi-serial".to_owned(), serial.clone()]);
        }
        // Reading back what was written takes a few seconds, and a flash that failed shows only at the next start.
        let target = if self.flash { ["--write-flash", "--verify"].as_slice() } else { &["--write-sram"] };
        arguments.extend(target.iter().map(|&argument| argument.to_owned()));
        arguments.push(self.path.to_string_lossy().into_owned());
        arguments
    }

    /// Loads it.
    ///
    /// # Errors
    /// [`LoadError`] tells a board that is not there from one that may not be used, and from one that did not start.
    pub fn load(&self, tool: &Tool) -> Result<(), LoadError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        match tool.run(self.arguments(), folder) {
            // A device that does not start after all has been sent is printed, and ends in 0 all the same.
            Ok(output) => match output.lines().find(|line| line.contains("FAIL")) {
                Some(_) => Err(self.failure(output.lines().collect::<Vec<_>>().join("\n"))),
                None => Ok(()),
            },
            Err(ToolError::Failed { output, .. }) => Err(self.failure(output)),
            Err(error) => Err(error.into()),
        }
    }

    fn failure(&self, said: String) -> LoadError {
        let board = self.board;
        let any = |signs: &[&str]| {
            let said = said.to_ascii_lowercase();
            signs.iter().any(|sign| said.contains(sign))
        };
        // libftdi numbers its errors: -4 cannot open, -5 cannot claim the interface.
        if any(&["usb_open() failed", "unable to open ftdi device: -5", "permission denied", "error_access"])
        {
            LoadError::NoAccess { board, said }
        } else if any(&["device not found", "no device found", "cannot find device"]) {
            LoadError::NoDevice { board, said }
        } else {
            LoadError::Failed { board, said, flash: self.flash }
        }
    }
}

/// What openFPGALoader 1.1 calls a board. It has one name for all iCE40 behind interface A of an FT2232H.
fn loader_name(board: Board) -> &'static str {
    board.description().map_or("ice40_generic", |description| description.loader.as_str())
}

/// The file of a preset's bitstream. The project's folder is the nearest one above `from` with a folder of bitstreams in it.
///
/// # Errors
/// [`LoadError::NotBuilt`] if there is no such file.
pub fn preset_bitstream(preset: &str, board: Board, from: &Path) -> Result<PathBuf, LoadError> {
    let extension = if board.technology() == Technology::Ice40 { "bin" } else { "bit" };
    let project = from.ancestors().find(|folder| folder.join(FOLDER).is_dir()).unwrap_or(from);
    let path = project.join(FOLDER).join(board.name()).join(preset).join(format!("bitstream.{extension}"));
    if path.is_file() {
        Ok(path)
    } else {
        Err(LoadError::NotBuilt { preset: preset.to_owned(), board, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheatstone_hdl::bitstream::Part;

    fn loading(board: Board) -> Loading {
        let bitstream = Bitstream { part: Part::of(board).unwrap(), comment: Vec::new() };
        Loading { board, path: "/there/array.bit".into(), bitstream, flash: false, ftdi_serial: None }
    }

    #[test]
    fn the_command_line_says_where_to() {
        let arguments = |loading: Loading| loading.arguments().join(" ");
        assert_eq!(arguments(loading(Board::Ulx3s12f)), "-b ulx3s --write-sram /there/array.bit");
        assert_eq!(
            arguments(loading(Board::Icebreaker).into_flash(true).into_bridge(Some("K00123".into()))),
            "-b ice40_generic --ftdi-serial K00123 --write-flash --verify /there/array.bit"
        );
    }

    #[test]
    fn failures_are_told_apart() {
        let failure = |said: &str| loading(Board::Ulx3s85f).failure(said.to_owned());
        let absent = "unable to open ftdi device: -3 (device not found)\nJTAG init failed with: unable to open ftdi device";
        assert!(matches!(failure(absent), LoadError::NoDevice { .. }));
        let closed = "unable to open ftdi device: -4 (usb_open() failed)\nJTAG init failed with: unable to open ftdi device";
        assert!(matches!(failure(closed), LoadError::NoAccess { .. }));
        assert!(matches!(failure("Wait for CDONE FAIL"), LoadError::Failed { .. }));
    }
}

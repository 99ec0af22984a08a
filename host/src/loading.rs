//! Bitstreams into boards: what is to be loaded, checked before anything is sent, and openFPGALoader to send it.

use std::path::{Path, PathBuf};
use thiserror::Error;
use wheatstone_flow::cache::sha256;
use wheatstone_flow::manifest::{self, Manifest, ManifestError};
use wheatstone_hdl::bitstream::{Bitstream, BitstreamError, WrongBoard};
use wheatstone_hdl::board::Loading as How;
use wheatstone_hdl::tool_category;
use wheatstone_hdl::{Board, Technology};
use wheatstone_learn::bounded::read_bounded;
use wheatstone_sim::{Categorized, ErrorCategory};
use wheatstone_tools::{Tool, ToolError};

/// Where the bitstream of a preset is kept, in the project's folder.
const FOLDER: &str = "bitstreams";

/// More bytes than the bitstream of any device that is known; the longest has two million.
const LONGEST: u64 = 16 << 20;

/// A bitstream that was not loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// Its file cannot be read.
    #[error("{}: cannot read: {source}; name a bitstream (.bit for an ECP5, .bin for an iCE40) or a preset", path.display())]
    Read {
        /// The file that was named.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Its file is no bitstream.
    #[error("{}: {error}", path.display())]
    Bitstream {
        /// The file that was named.
        path: PathBuf,
        /// What is wrong.
        error: BitstreamError,
    },
    /// It is for another board.
    #[error("{}: {error}", path.display())]
    WrongBoard {
        /// The file that was named.
        path: PathBuf,
        /// The device of the bitstream and that of the board.
        error: WrongBoard,
    },
    /// It is not the file that the manifest beside it tells of.
    #[error(
        "{}: its SHA-256 is {found} and {} says {expected}: a copy was damaged or the file is another; build or copy both again, or move \
         the manifest away to load it all the same", path.display(), manifest.display()
    )]
    OtherThanManifest {
        /// The bitstream.
        path: PathBuf,
        /// The manifest beside it.
        manifest: PathBuf,
        /// What the manifest says.
        expected: String,
        /// What the file has.
        found: String,
    },
    /// The manifest beside it tells of another file.
    #[error(
        "{}: {} beside it tells of {named}, which this is not: neither the name nor the SHA-256 ({found}) is the same; copy the manifest of this \
         file beside it, or move this one away to load the file all the same", path.display(), manifest.display()
    )]
    ManifestOfOther {
        /// The bitstream.
        path: PathBuf,
        /// The manifest beside it.
        manifest: PathBuf,
        /// The file that the manifest names.
        named: String,
        /// What the file has.
        found: String,
    },
    /// The manifest beside it tells of another board.
    #[error("{}: built for {found} says {}, and {board} was named: pins may be elsewhere; build it for {board}", path.display(), manifest.display())]
    OtherBoard {
        /// The bitstream.
        path: PathBuf,
        /// The manifest beside it.
        manifest: PathBuf,
        /// The board it was built for.
        found: String,
        /// What was asked for.
        board: Board,
    },
    /// The manifest beside it does not read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// openFPGALoader does not know the board.
    #[error("openFPGALoader does not load {board}: {by_hand}")]
    ByHand {
        /// The board that was named.
        board: Board,
        /// What a person does.
        by_hand: &'static str,
    },
    /// None has been built.
    #[error(
        "there is no bitstream of preset {preset} for {board}: {} does not exist; build one (`wheatstone build --network {preset} --board {board}`) and name its file",
        path.display()
    )]
    NotBuilt {
        /// The preset that was named.
        preset: String,
        /// The board that was named.
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
        /// The board that was looked for.
        board: Board,
        /// The end of its output.
        said: String,
    },
    /// openFPGALoader finds the board and may not use it.
    #[error("openFPGALoader may not use the {board}; it said:\n{said}")]
    NoAccess {
        /// The board that was found.
        board: Board,
        /// The end of its output.
        said: String,
    },
    /// It tried, and the device did not start.
    #[error("openFPGALoader could not load the {board}; it said:\n{said}")]
    Failed {
        /// The board that was found.
        board: Board,
        /// The end of its output.
        said: String,
        /// Whether it wrote to the flash.
        flash: bool,
    },
}

impl Categorized for LoadError {
    fn category(&self) -> ErrorCategory {
        match self {
            LoadError::Read { source, .. } => ErrorCategory::BadInput.unless_denied(source),
            LoadError::Bitstream { error, .. } => error.category(),
            LoadError::WrongBoard { error, .. } => error.category(),
            LoadError::OtherThanManifest { .. }
            | LoadError::ManifestOfOther { .. }
            | LoadError::OtherBoard { .. }
            | LoadError::ByHand { .. }
            | LoadError::NotBuilt { .. } => ErrorCategory::BadInput,
            LoadError::Manifest(error) => error.category(),
            LoadError::Tool(error) => tool_category(error),
            LoadError::NoDevice { .. } => ErrorCategory::NoDevice,
            LoadError::NoAccess { .. } => ErrorCategory::NoAccess,
            LoadError::Failed { .. } => ErrorCategory::Failed,
        }
    }
}

/// A whole bitstream that is for its board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loading {
    board: Board,
    path: PathBuf,
    bitstream: Bitstream,
    /// The manifest beside it that vouches for every byte.
    manifest: Option<PathBuf>,
    flash: bool,
    ftdi_serial: Option<String>,
}

impl Loading {
    /// Reads a bitstream and makes sure that it is for the board.
    ///
    /// # Errors
    /// [`LoadError`] if it is none, not whole, damaged, for another board, or not what a manifest beside it tells of.
    pub fn prepare(path: &Path, board: Board) -> Result<Loading, LoadError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let bytes = read_bounded(&path, LONGEST);
        let bytes = bytes.map_err(|source| LoadError::Read { path: path.clone(), source })?;
        let read = Bitstream::read(&bytes);
        let bitstream = read.map_err(|error| LoadError::Bitstream { path: path.clone(), error })?;
        bitstream.check(board).map_err(|error| LoadError::WrongBoard { path: path.clone(), error })?;
        let manifest = check_manifest(&path, board, &bytes)?;
        Ok(Loading { board, path, bitstream, manifest, flash: false, ftdi_serial: None })
    }

    /// The manifest beside it, which vouches for every byte; without one its checksums do, which leave out the comment.
    pub fn manifest(&self) -> Option<&Path> {
        self.manifest.as_deref()
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

    /// The file of the bitstream.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says of itself.
    pub fn bitstream(&self) -> &Bitstream {
        &self.bitstream
    }

    /// What openFPGALoader is told.
    ///
    /// # Errors
    /// [`LoadError::ByHand`] if it does not know the board.
    pub fn arguments(&self) -> Result<Vec<String>, LoadError> {
        let loader = match self.board.description().map(|description| &description.loading) {
            Some(How::Loader(loader)) => loader,
            Some(How::ByHand(by_hand)) => return Err(LoadError::ByHand { board: self.board, by_hand }),
            None => {
                let (path, error) = (self.path.clone(), WrongBoard::NoDevice { board: self.board });
                return Err(LoadError::WrongBoard { path, error });
            }
        };
        let mut arguments = vec!["-b".to_owned(), loader.clone()];
        if let Some(serial) = &self.ftdi_serial {
            arguments.extend(["--ftdi-serial".to_owned(), serial.clone()]);
        }
        // Reading back what was written takes a few seconds, and a flash that failed shows only at the next start.
        let target = if self.flash { ["--write-flash", "--verify"].as_slice() } else { &["--write-sram"] };
        arguments.extend(target.iter().map(|&argument| argument.to_owned()));
        arguments.push(self.path.to_string_lossy().into_owned());
        Ok(arguments)
    }

    /// Loads it.
    ///
    /// # Errors
    /// [`LoadError`] tells a board that is not there from one that may not be used, and from one that did not start.
    pub fn load(&self, tool: &Tool) -> Result<(), LoadError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        match tool.run(self.arguments()?, folder) {
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

/// Compares a bitstream with what the manifest beside it says of it; gives the manifest if there is one. The file may have been renamed.
fn check_manifest(path: &Path, board: Board, bytes: &[u8]) -> Result<Option<PathBuf>, LoadError> {
    let manifest = path.with_file_name(manifest::FILE);
    if !manifest.exists() {
        return Ok(None);
    }
    let Manifest { board: built_for, bitstream, .. } = Manifest::read(&manifest)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (path, found) = (path.to_owned(), sha256(bytes));
    let (named, expected) = (bitstream.get("file"), bitstream.get("sha256"));
    if expected != Some(&found) {
        return Err(match (named, expected) {
            (Some(named), Some(expected)) if *named == name => {
                LoadError::OtherThanManifest { path, manifest, expected: expected.clone(), found }
            }
            _ => {
                let named = named.map_or("no bitstream", String::as_str).to_owned();
                LoadError::ManifestOfOther { path, manifest, named, found }
            }
        });
    }
    if built_for != board.name() {
        return Err(LoadError::OtherBoard { path, manifest, found: built_for, board });
    }
    Ok(Some(manifest))
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

    fn board(name: &str) -> Board {
        name.parse().unwrap()
    }

    fn loading(board: Board) -> Loading {
        let bitstream = Bitstream { part: board.part().unwrap(), comment: Vec::new() };
        Loading {
            board,
            path: "/there/array.bit".into(),
            bitstream,
            manifest: None,
            flash: false,
            ftdi_serial: None,
        }
    }

    #[test]
    fn the_command_line_says_where_to() {
        let arguments = |loading: Loading| loading.arguments().unwrap().join(" ");
        assert_eq!(arguments(loading(board("ulx3s-12f"))), "-b ulx3s --write-sram /there/array.bit");
        assert_eq!(
            arguments(loading(board("icebreaker")).into_flash(true).into_bridge(Some("K00123".into()))),
            "-b ice40_generic --ftdi-serial K00123 --write-flash --verify /there/array.bit"
        );
    }

    #[test]
    fn failures_are_told_apart() {
        let failure = |said: &str| loading(board("ulx3s-85f")).failure(said.to_owned());
        let absent = "unable to open ftdi device: -3 (device not found)\nJTAG init failed with: unable to open ftdi device";
        assert!(matches!(failure(absent), LoadError::NoDevice { .. }));
        let closed = "unable to open ftdi device: -4 (usb_open() failed)\nJTAG init failed with: unable to open ftdi device";
        assert!(matches!(failure(closed), LoadError::NoAccess { .. }));
        assert!(matches!(failure("Wait for CDONE FAIL"), LoadError::Failed { .. }));
    }
}

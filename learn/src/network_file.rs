//! Networks from files, in whatever format they are.

use crate::bounded::{read_bounded, read_on};
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use thiserror::Error;
use wheatstone_sim::network::formats::{self, Graph, GraphError, GraphFormat, Outline, Ports};
use wheatstone_sim::{Categorized, ErrorCategory, Network};

/// A network that cannot be read from its file.
#[derive(Debug, Error)]
pub enum NetworkFileError {
    /// The file cannot be read.
    #[error("{file}: {source}; check the path and its permissions")]
    Read {
        /// Path of the file, as it was named.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// It holds no network.
    #[error("{file}: {error}")]
    Graph {
        /// Path of the file, as it was named.
        file: String,
        /// The line or entry at fault, and what is wrong with it.
        error: Box<GraphError>,
    },
}

impl Categorized for NetworkFileError {
    fn category(&self) -> ErrorCategory {
        match self {
            NetworkFileError::Read { source, .. } => ErrorCategory::BadInput.unless_denied(source),
            NetworkFileError::Graph { error, .. } => error.category(),
        }
    }
}

/// What the file of a run's network is called in its folder.
pub const IN_RUN_FOLDER: &str = "network.json";

/// How much of a file is looked at before the rest is read.
const HEAD: u64 = 4096;

/// The most bytes of a text that is held.
const LONGEST: u64 = 1 << 30;

/// Reads a network in any format that [`formats::read`] takes. A network file in JSON that begins with its version, as this
/// program writes it, is read as it comes; of others the text is held.
///
/// # Errors
/// [`NetworkFileError`] names the file, and the line or entry at fault.
pub fn read_network(path: &Path, ports: &Ports) -> Result<Graph, NetworkFileError> {
    let file = || path.display().to_string();
    let failed = |source| NetworkFileError::Read { file: file(), source };
    let wrong = |error| NetworkFileError::Graph { file: file(), error: Box::new(error) };
    let mut opened = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    opened.by_ref().take(HEAD).read_to_end(&mut bytes).map_err(failed)?;
    if begins_as_network_file(&bytes) {
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes).to_vec();
        let network =
            Network::from_json_reader(Cursor::new(text).chain(BufReader::with_capacity(1 << 16, opened)));
        return network.map_err(GraphError::from).and_then(|n| formats::with_ports(n, ports)).map_err(wrong);
    }
    // A byte 0 stands in no text, however much of it follows.
    if !bytes.contains(&0) {
        read_on(&mut opened, &mut bytes, LONGEST).map_err(failed)?;
    }
    let is_toml = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
    let read = || {
        let text = formats::text(&bytes)?;
        if let Some(offset) = text.bytes().position(|byte| byte == 0) {
            return Err(GraphError::Encoding { offset, hint: " (it is 0, as only in other files)" });
        }
        let format = if is_toml { GraphFormat::Toml } else { formats::recognise(text)? };
        formats::read_as(format, text, ports)
    };
    read().map_err(wrong)
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Whether it is JSON whose first key is the version.
fn begins_as_network_file(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).trim_ascii_start();
    text.strip_prefix(b"{").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"\"wheatstone_network\""))
}

/// What a file holds whose graph names no ports, and what it needs to be a network; `None` if `error` says something else.
pub fn outline(path: &Path, error: &NetworkFileError) -> Option<(Outline, String)> {
    let NetworkFileError::Graph { error, .. } = error else { return None };
    if !matches!(**error, GraphError::NoPorts { .. }) {
        return None;
    }
    let outline = formats::outline(&read_bounded(path, LONGEST).ok()?).ok()??;
    Some((outline, error.to_string()))
}

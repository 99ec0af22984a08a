//! Checkpoints: a design with its state in one self-contained file.
//!
//! Layout, integers little-endian: the eight bytes `WHEATSTN`; version (4 bytes); length of the header (4 bytes);
//! the header, a JSON object with the network file, format, rules, configuration and counters; the state as
//! [`State::to_bytes`] writes it; SHA-256 of all before it (32 bytes). A plain design is
//! written as version 1, one with features as version 2.

use crate::{
    Configuration, ConfigurationError, Design, DesignError, Features, Format, Network, NetworkError, Rules,
    State, StateError, categorize,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

const MAGIC: &[u8; 8] = b"WHEATSTN";
/// The version of a plain design's checkpoint, and of one with features.
const VERSIONS: [u32; 2] = [1, 2];
const DIGEST_BYTES: usize = 32;
const PREFIX_BYTES: usize = 16;

/// A design, its state, and how far its training has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The network, format and rules.
    pub design: Design,
    /// The configuration in force.
    pub configuration: Configuration,
    /// Samples trained so far.
    pub samples: u64,
    /// Relaxing steps made so far while training.
    pub steps: u64,
    /// Whatever the program that wrote it wants to find again; not interpreted here.
    pub remark: String,
    /// The architectural state of that design.
    pub state: State,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    network: String,
    format: Format,
    rules: Rules,
    #[serde(default, skip_serializing_if = "Features::is_plain")]
    features: Features,
    configuration: Configuration,
    samples: u64,
    steps: u64,
    remark: String,
}

/// A file that is not a whole checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// It does not begin as one.
    #[error("byte 0: this is not a checkpoint (it does not begin with `WHEATSTN`); name a checkpoint file")]
    Magic,
    /// It was written by a later program.
    #[error(
        "byte 8: checkpoint version {found} is not known; this program reads versions 1 to {known}, use a newer one"
    )]
    Version {
        /// What the file says.
        found: u32,
        /// The newest that this program reads.
        known: u32,
    },
    /// It ends too early.
    #[error(
        "the file ends after {found} bytes, before the {expected} its header promises; copy it again or use an earlier checkpoint"
    )]
    Truncated {
        /// Bytes there are.
        found: usize,
        /// Bytes there should be, at least.
        expected: usize,
    },
    /// Its digest does not match its contents.
    #[error(
        "the digest at byte {offset} does not match the contents; the file is damaged, use an earlier checkpoint"
    )]
    Damaged {
        /// Where the digest is.
        offset: usize,
    },
    /// Its header is not of the documented shape.
    #[error("header: {0}; the file was not written by this program")]
    Header(String),
    /// Its version is not that of its features.
    #[error(
        "byte 8: version {version} does not go with the header's features (1 without, 2 with any); the file was not written by this program"
    )]
    Features {
        /// What the file says.
        version: u32,
    },
    /// Its network is not valid.
    #[error("header, network: {0}")]
    Network(#[from] NetworkError),
    /// Its design is not valid.
    #[error("header, rules: {0}")]
    Design(#[from] DesignError),
    /// Its configuration is not valid.
    #[error("header, configuration: {0}")]
    Configuration(#[from] ConfigurationError),
    /// Its state is not one of its design.
    #[error("state: {0}")]
    State(#[from] StateError),
}

categorize! {
    CheckpointError {
        inner: Network, Design, Configuration, State;
        BadInput: Magic, Version, Truncated, Damaged, Header, Features;
    }
}

impl Checkpoint {
    /// The checkpoint as a file's contents.
    ///
    /// # Panics
    /// With a header of 4 GiB or more.
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = Header {
            network: self.design.network().to_json(),
            format: self.design.format(),
            rules: self.design.rules(),
            features: self.design.features(),
            configuration: self.configuration,
            samples: self.samples,
            steps: self.steps,
            remark: self.remark.clone(),
        };
        #[expect(clippy::expect_used, reason = "strings and integers always serialise")]
        let header = serde_json::to_vec(&header).expect("a header serialises");
        #[expect(clippy::expect_used, reason = "documented")]
        let header_bytes = u32::try_from(header.len()).expect("a header below 4 GiB");
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSIONS[usize::from(!self.design.features().is_plain())].to_le_bytes());
        bytes.extend(header_bytes.to_le_bytes());
        bytes.extend(header);
        bytes.extend(self.state.to_bytes());
        bytes.extend(Sha256::digest(&bytes));
        bytes
    }

    /// Reads a checkpoint and checks everything in it.
    ///
    /// # Errors
    /// [`CheckpointError`] names the byte or part of the file at fault.
    pub fn from_bytes(bytes: &[u8]) -> Result<Checkpoint, CheckpointError> {
        if !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) || bytes.is_empty() {
            return Err(CheckpointError::Magic);
        }
        let found = bytes.len();
        let word = |at: usize| {
            let field = bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
            field.ok_or(CheckpointError::Truncated { found, expected: PREFIX_BYTES })
        };
        let version = word(8)?;
        if !VERSIONS.contains(&version) {
            return Err(CheckpointError::Version { found: version, known: VERSIONS[1] });
        }
        let header_end = PREFIX_BYTES + word(12)? as usize;
        let body_end = found.saturating_sub(DIGEST_BYTES);
        if body_end < header_end {
            return Err(CheckpointError::Truncated { found, expected: header_end + DIGEST_BYTES });
        }
        let parse = |e: serde_json::Error| CheckpointError::Header(e.to_string());
        let header: Result<Header, _> =
            serde_json::from_slice(&bytes[PREFIX_BYTES..header_end]).map_err(parse);
        let whole = Sha256::digest(&bytes[..body_end])[..] == bytes[body_end..];
        if !whole {
            return Err(match header.map(|h| h.file_bytes(header_end)) {
                Ok(Some(expected)) if found < expected => CheckpointError::Truncated { found, expected },
                _ => CheckpointError::Damaged { offset: body_end },
            });
        }
        let header = header?;
        if version != VERSIONS[usize::from(!header.features.is_plain())] {
            return Err(CheckpointError::Features { version });
        }
        let design = Design::new(Network::from_json(&header.network)?, header.format, header.rules)?
            .with_features(header.features)?;
        header.configuration.check()?;
        let (nodes, edges) = (design.network().nodes().len(), design.network().edges().len());
        let state = State::from_bytes(&bytes[header_end..body_end], nodes, edges, design.noisy_nodes())
            .ok_or(CheckpointError::Damaged { offset: header_end })?;
        state.check(&design)?;
        let Header { configuration, samples, steps, remark, .. } = header;
        Ok(Checkpoint { design, configuration, samples, steps, remark, state })
    }
}

impl Header {
    /// Length of the whole file, if its network can be read.
    fn file_bytes(&self, header_end: usize) -> Option<usize> {
        let network = Network::from_json(&self.network).ok()?;
        let noisy = if self.features.temperature.is_some() {
            network.nodes().len() - network.inputs().len()
        } else {
            0
        };
        Some(
            header_end
                + 8
                + 16 * network.nodes().len()
                + 10 * network.edges().len()
                + 4 * noisy
                + DIGEST_BYTES,
        )
    }
}

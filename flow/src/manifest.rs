//! What a bitstream was made of and what is known of it: `MANIFEST.toml` beside it.

use crate::build::Built;
use crate::cache::sha256;
use crate::simulation::Simulated;
use crate::spec::BuildSpec;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};
use thiserror::Error;
use wheatstone_hdl::delays::Delays;
use wheatstone_sim::{Categorized, ErrorCategory, hex};

/// The file.
pub const FILE: &str = "MANIFEST.toml";

const HEADER: &str =
    "# Made by `wheatstone build`; `cargo xtask check-bitstreams` builds it again and compares.\n";

/// Everything about one bitstream. What is not known is absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The preset or network.
    pub name: String,
    /// Name of the board.
    pub board: String,
    /// What `wheatstone build` was told, so that it can be told again.
    pub arguments: Vec<String>,
    /// The number format, as `V/GV/K/GK`.
    pub format: String,
    /// How edges multiply, as `--multiplier` names it.
    pub multiplier: String,
    /// Nodes of the network.
    pub nodes: usize,
    /// Edges of the network.
    pub edges: usize,
    /// Seed of the placement.
    pub seed: u64,
    /// SHA-256 of what it was made of.
    pub sources: BTreeMap<String, String>,
    /// Tools with the lines that state their versions.
    pub tools: BTreeMap<String, String>,
    /// What it takes of the device.
    pub resources: BTreeMap<String, u64>,
    /// What is known of its timing.
    pub timing: Timing,
    /// Name and SHA-256 of the bitstream.
    pub bitstream: BTreeMap<String, String>,
    /// Lengths of the matched delays in LUTs. A build that begins with them needs one round.
    pub delays: Delays,
    /// What the routed chip learnt in simulation, corner by corner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub simulated: Vec<Simulated>,
}

/// Figures of relative timing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Whether relative timing was checked on the routed chip.
    pub checked: bool,
    /// What the island's clock reaches.
    pub island_mhz: Option<f64>,
    /// Least slack of requests against their data.
    pub worst_bundling_slack_ps: Option<i64>,
    /// Least slack of data against the same fire elsewhere.
    pub worst_hold_slack_ps: Option<i64>,
    /// Width of the narrowest fire in the fast corner.
    pub min_pulse_ps: Option<i64>,
    /// Predicted time of a relaxation step of the whole array.
    pub step_ps: Option<u64>,
}

/// A file that is no manifest.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It says something else.
    #[error("{} is no manifest of a build: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
}

impl Categorized for ManifestError {
    fn category(&self) -> ErrorCategory {
        match self {
            ManifestError::Io { source, .. } => ErrorCategory::BadInput.unless_denied(source),
            ManifestError::Malformed { .. } => ErrorCategory::BadInput,
        }
    }
}

impl Manifest {
    /// Of a build.
    pub fn new(spec: &BuildSpec, built: &Built, arguments: Vec<String>) -> Manifest {
        let (design, network) = (&spec.design, spec.design.network());
        let pins = spec.board.pins().map_or("", |pins| pins.text);
        let sources = [
            ("design", hex::encode(&design.digest())),
            ("network", hex::encode(&network.digest())),
            ("verilog", built.verilog_sha256.clone()),
            ("pins", sha256(pins)),
        ];
        let total = built.layout.as_ref().map(|layout| &layout.total);
        let resources = [
            ("lut4", total.map(|total| total.lut4)),
            ("lut4_sites", spec.board.lut4_sites()),
            ("flip_flops", total.map(|total| total.flip_flops)),
            ("multipliers", total.map(|total| total.multipliers)),
            ("rams", total.map(|total| total.rams)),
        ];
        let findings = built.timing.as_ref();
        let worst = |kind| findings.and_then(|findings| findings.worst_ps(kind));
        let bitstream = built.bitstream.iter().flat_map(|product| {
            let file = product.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            [("file".to_owned(), file), ("sha256".to_owned(), product.sha256.clone())]
        });
        Manifest {
            name: spec.name.clone(),
            board: spec.board.name().to_owned(),
            arguments,
            format: design.format().to_string(),
            multiplier: spec.array.multiplier().name().to_owned(),
            nodes: network.nodes().len(),
            edges: network.edges().len(),
            seed: built.seed,
            sources: sources.into_iter().map(|(name, digest)| (name.to_owned(), digest)).collect(),
            tools: built.tools.iter().map(|tool| (tool.name.clone(), tool.version.clone())).collect(),
            resources: resources
                .into_iter()
                .filter_map(|(name, number)| Some((name.to_owned(), number?)))
                .collect(),
            timing: Timing {
                checked: findings.is_some_and(|findings| findings.checked),
                island_mhz: built.island_mhz,
                worst_bundling_slack_ps: worst("bundling"),
                worst_hold_slack_ps: worst("hold"),
                min_pulse_ps: findings.and_then(|findings| findings.min_pulse_ps),
                step_ps: findings.and_then(|findings| findings.step_ps()),
            },
            bitstream: bitstream.collect(),
            delays: built.chip.array.delays().clone(),
            simulated: built.simulated.clone(),
        }
    }

    /// Of a file.
    ///
    /// # Errors
    /// [`ManifestError`] if it cannot be read or is no manifest.
    pub fn read(path: &Path) -> Result<Manifest, ManifestError> {
        let path = path.to_owned();
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text)
                .map_err(|source| ManifestError::Malformed { path, source: Box::new(source) }),
            Err(source) => Err(ManifestError::Io { path, source }),
        }
    }

    /// As text.
    ///
    /// # Errors
    /// It cannot be TOML; with the fields it has, that does not happen.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        Ok(format!("{HEADER}{}", toml::to_string(self)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::Product;
    use crate::spec::tests::{board, spec};
    use crate::toolchain::ToolVersion;

    #[test]
    fn a_manifest_reads_back_and_invents_nothing() {
        let spec = spec(board("hx8k-evn"));
        let built = Built {
            chip: spec.chip(None).unwrap(),
            tools: vec![ToolVersion { name: "yosys".into(), version: "Yosys 0.70".into() }],
            warnings: Vec::new(),
            stages: Vec::new(),
            rounds: 2,
            seed: 1001,
            verilog_sha256: "ab".into(),
            layout: None,
            island_mhz: Some(40.5),
            timing: None,
            simulated: Vec::new(),
            bitstream: Some(Product { path: "x/bitstream.bin".into(), sha256: "cd".into() }),
        };
        let manifest = Manifest::new(&spec, &built, vec!["smallest".into(), "--seed".into(), "1".into()]);
        let text = manifest.to_toml().unwrap();
        assert_eq!(toml::from_str::<Manifest>(&text).unwrap(), manifest);
        for line in [
            "board = \"hx8k-evn\"",
            "checked = false",
            "sha256 = \"cd\"",
            "lut4_sites = 7680",
            "seed = 1001",
            "yosys = \"Yosys 0.70\"",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(!text.contains("lut4 =") && !text.contains("slack"), "{text}");
    }
}

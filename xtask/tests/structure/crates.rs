//! The crates of the workspace: which may depend on which.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// A crate and what must never be among the packages it is built from.
pub struct Layer {
    pub name: &'static str,
    pub folder: &'static str,
    pub without: &'static [&'static str],
}

/// The crates, lowest first: each depends on crates before it only.
pub const LAYERS: &[Layer] = &[
    Layer { name: "wheatstone-tools", folder: "tools", without: &["serde", "regex", "tempfile"] },
    Layer {
        name: "wheatstone-measure",
        folder: "measure",
        without: &["serialport", "plotters", "ratatui", "clap", "rayon"],
    },
    Layer {
        name: "wheatstone-sim",
        folder: "sim",
        without: &["wheatstone-hdl", "rust-hdl", "serialport", "plotters", "ratatui", "clap", "rayon"],
    },
    Layer {
        name: "wheatstone-learn",
        folder: "learn",
        without: &[
            "wheatstone-hdl",
            "wheatstone-link",
            "rust-hdl",
            "serialport",
            "plotters",
            "ratatui",
            "clap",
        ],
    },
    Layer {
        name: "wheatstone-python",
        folder: "python",
        without: &[
            "wheatstone-hdl",
            "wheatstone-link",
            "rust-hdl",
            "serialport",
            "plotters",
            "ratatui",
            "clap",
        ],
    },
    Layer {
        name: "wheatstone-link",
        folder: "link",
        without: &[
            "wheatstone-hdl",
            "wheatstone-learn",
            "rust-hdl",
            "serialport",
            "plotters",
            "ratatui",
            "clap",
            "rayon",
        ],
    },
    Layer { name: "wheatstone-hdl", folder: "hdl", without: &["serialport", "plotters", "ratatui", "clap"] },
    Layer {
        name: "wheatstone-flow",
        folder: "flow",
        without: &["serialport", "plotters", "ratatui", "clap"],
    },
    Layer {
        name: "wheatstone-gpu",
        folder: "gpu",
        without: &["wheatstone-hdl", "serialport", "plotters", "clap"],
    },
    Layer { name: "wheatstone", folder: "host", without: &[] },
    Layer { name: "xtask", folder: "xtask", without: &[] },
];

/// What `cargo metadata` says: the dependencies of every package, without those of tests and build scripts.
pub struct Metadata {
    members: BTreeSet<String>,
    dependencies: BTreeMap<String, BTreeSet<String>>,
}

impl Metadata {
    /// Of a workspace.
    pub fn of(root: &Path) -> Metadata {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        // Packages for other machines need not have been downloaded.
        let rustc = Command::new("rustc").arg("-vV").output().unwrap();
        let about = String::from_utf8(rustc.stdout).unwrap();
        let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", host])
            .current_dir(root)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let names: BTreeMap<String, String> = list(&metadata["packages"])
            .iter()
            .map(|package| (text(&package["id"]), text(&package["name"])))
            .collect();
        let mut dependencies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in list(&metadata["resolve"]["nodes"]) {
            let normal = list(&node["deps"]).into_iter().filter(|dependency| {
                list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null())
            });
            let normal = normal.map(|dependency| names[&text(&dependency["pkg"])].clone());
            dependencies.entry(names[&text(&node["id"])].clone()).or_default().extend(normal);
        }
        let members = list(&metadata["workspace_members"]);
        let members = members.iter().map(|id| names[&text(id)].clone()).collect();
        Metadata { members, dependencies }
    }

    /// The crates of the workspace.
    pub fn members(&self) -> BTreeSet<&str> {
        self.members.iter().map(String::as_str).collect()
    }

    /// Adds a dependency, to see whether it is found.
    pub fn add(&mut self, from: &str, to: &str) {
        self.dependencies.get_mut(from).unwrap().insert(to.to_owned());
    }

    /// Dependencies on a crate of the same layer or of one above.
    pub fn back_arrows(&self) -> Vec<String> {
        let layer = |name: &str| LAYERS.iter().position(|layer| layer.name == name);
        let arrows = LAYERS
            .iter()
            .flat_map(|from| self.dependencies[from.name].iter().map(|to| (from.name, to.as_str())));
        let back = arrows.filter(|(from, to)| layer(to).is_some_and(|to| Some(to) >= layer(from)));
        back.map(|(from, to)| format!("{from} depends on {to}")).collect()
    }

    /// Packages that a crate is built from, near or far, and must not be.
    pub fn forbidden(&self) -> Vec<String> {
        let pulled_in = |layer: &Layer| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![layer.name.to_owned()]);
            while let Some(name) = open.pop() {
                for dependency in self.dependencies.get(&name).into_iter().flatten() {
                    if seen.insert(dependency.clone()) {
                        open.push(dependency.clone());
                    }
                }
            }
            seen
        };
        let found = LAYERS.iter().flat_map(|layer| {
            let seen = pulled_in(layer);
            let found = layer.without.iter().filter(move |&&package| seen.contains(package));
            found.map(|package| format!("{} pulls in {package}", layer.name))
        });
        found.collect()
    }
}

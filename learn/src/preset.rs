//! Presets: complete configurations that ship with the program.

use crate::config::{ConfigError, Draft, RunConfig};

/// A configuration under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name on the command line, and that of runs of it.
    pub name: &'static str,
    /// Its TOML text.
    pub text: &'static str,
}

macro_rules! presets {
    ($($name:literal),* $(,)?) => {
        &[$(Preset { name: $name, text: include_str!(concat!("../presets/", $name, ".toml")) }),*]
    };
}

impl Preset {
    /// What `wheatstone train` trains when nothing is named.
    pub const DEFAULT: &'static str = "iris";

    /// What is trained on a table of the user's when no preset is named.
    pub const TABLE: &'static str = "table";

    /// All presets, in the order they are listed.
    pub const ALL: &'static [Preset] = presets![
        "iris",
        "iris-continuous",
        "iris-desynchronous",
        "wine",
        "wine-continuous",
        "wine-desynchronous",
        "breast-cancer",
        "digits",
        "mnist",
        "table",
        "xor",
        "linear-regression",
        "nonlinear-regression",
        "allostery",
    ];

    /// The preset of that name.
    ///
    /// # Errors
    /// [`ConfigError::UnknownPreset`] lists the names there are.
    pub fn find(name: &str) -> Result<&'static Preset, ConfigError> {
        Preset::ALL.iter().find(|p| p.name == name).ok_or_else(|| ConfigError::UnknownPreset {
            name: name.into(),
            known: Preset::ALL.iter().map(|p| p.name).collect::<Vec<_>>().join(", "),
        })
    }

    /// Its configuration, complete.
    ///
    /// # Errors
    /// None for the presets that ship: a test reads them all.
    pub fn config(&self) -> Result<RunConfig, ConfigError> {
        Draft::parse(self.text, &format!("preset {}", self.name))?.finish()
    }
}

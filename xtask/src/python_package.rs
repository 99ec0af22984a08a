//! The Python package in `python/`: built into an environment of its own, and tested there with its notebooks.

use anyhow::Result;

use crate::invocation::Invocation;
use crate::venv::PACKAGE;
use crate::{apt, paths, tool};

/// Steps that build and test the package.
pub struct PythonPackage {
    /// The program that its tests of devices call.
    program: String,
}

impl PythonPackage {
    /// With its environment, which is made first where it is missing.
    ///
    /// # Errors
    /// Python is missing, or its packages cannot be installed. Without GNU parallel, one test skips itself.
    pub fn provide() -> Result<PythonPackage> {
        PACKAGE.python()?;
        if tool::on_path("parallel").is_none()
            && let Err(error) = apt::install(&["parallel"])
        {
            eprintln!("note: sweeps are not started by GNU parallel: {error:#}");
        }
        Ok(PythonPackage::new())
    }

    /// With its environment, if that is there.
    pub fn locate() -> Option<PythonPackage> {
        PACKAGE.is_installed().then(PythonPackage::new)
    }

    fn new() -> PythonPackage {
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), std::path::PathBuf::from);
        let program = paths::root().join(target).join("debug/wheatstone");
        PythonPackage { program: program.to_string_lossy().into_owned() }
    }

    /// Puts the package into the environment. With the checks of the tests, and with what others wrote compiled quickly.
    pub fn build(&self) -> Invocation {
        Invocation::new(PACKAGE.program("maturin"))
            .args("develop --quiet --locked --profile python --manifest-path python/Cargo.toml".split(' '))
            .env("VIRTUAL_ENV", &PACKAGE.folder().to_string_lossy())
    }

    /// Builds the site of the documentation, in which no link may lead nowhere, with the notebooks that the tests have executed.
    pub fn site(&self) -> Invocation {
        Invocation::new(PACKAGE.program("python"))
            .args("-m mkdocs build --strict --config-file python/site/mkdocs.yml".split(' '))
            .env("WHEATSTONE_NOTEBOOKS", &notebooks())
    }

    /// Runs its tests, notebooks among them.
    pub fn test(&self) -> Invocation {
        Invocation::new(PACKAGE.program("python"))
            .args(["-m", "pytest", "-p", "no:cacheprovider", "python/tests"])
            .env("WHEATSTONE_PROGRAM", &self.program)
            .env("WHEATSTONE_NOTEBOOKS", &notebooks())
            .env("PYTHONDONTWRITEBYTECODE", "1")
    }
}

/// Where the tests leave the notebooks that they have executed.
fn notebooks() -> String {
    paths::root().join("target/notebooks").to_string_lossy().into_owned()
}

/// What is said where the environment is missing.
pub const MISSING: &str = "the Python package is not tested (remedy: cargo xtask setup --python)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_is_built_into_its_own_environment_and_tested_beside_the_program() {
        let package = PythonPackage { program: "target/debug/wheatstone".to_owned() };
        let build = package.build().to_string();
        assert!(build.ends_with("--profile python --manifest-path python/Cargo.toml"), "{build}");
        assert!(build.contains("target/venv-python"), "{build}");
        assert!(package.test().to_string().starts_with("WHEATSTONE_PROGRAM=target/debug/wheatstone "));
        let notebooks = "WHEATSTONE_NOTEBOOKS=";
        assert!([package.test(), package.site()].iter().all(|step| step.to_string().contains(notebooks)));
    }
}

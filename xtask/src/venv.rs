//! A Python environment inside `target/`, with exactly the packages a comparison was written for.

use std::fs;

use anyhow::{Context, Result};

use crate::invocation::Invocation;
use crate::paths;

const FOLDER: &str = "target/venv";
const REQUIREMENTS: &str = "xtask/peers/requirements.txt";

/// The interpreter of the environment, which is made first where it is missing or holds other packages.
///
/// # Errors
/// Python 3 is missing, or its packages cannot be installed.
pub fn python() -> Result<Invocation> {
    let wanted = fs::read_to_string(paths::root().join(REQUIREMENTS))
        .with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    // Written last, so that an installation that broke off counts as none.
    let installed = paths::root().join(FOLDER).join("installed.txt");
    if fs::read_to_string(&installed).ok().as_ref() != Some(&wanted) {
        install()?;
        fs::write(&installed, wanted).with_context(|| format!("cannot write {}", installed.display()))?;
    }
    Ok(interpreter())
}

fn interpreter() -> Invocation {
    Invocation::new(format!("{FOLDER}/bin/python"))
}

fn install() -> Result<()> {
    let make = Invocation::new("python3").args(["-m", "venv", "--clear", FOLDER]);
    make.announce("make a Python environment");
    make.run()
        .context("cannot make a Python environment; Python 3.11 or newer with its venv module is needed")?;
    let fill = interpreter().args("-m pip install --quiet --only-binary :all: --requirement".split(' '));
    let fill = fill.args([REQUIREMENTS]);
    fill.announce("install the peers");
    fill.run().context("cannot install the peers; they need Python 3.11 or newer and access to PyPI")
}

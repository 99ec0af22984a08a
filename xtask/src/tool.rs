//! Cargo subcommands the project uses beside cargo itself, each pinned to one version.
//!
//! A pinned version keeps the outcome of a check the same everywhere. On a developer's machine a missing tool is no
//! reason to stop; a machine that integrates (environment variable `CI`) installs it into `target/tools`, so that
//! nothing outside the repository changes.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::invocation::Invocation;
use crate::paths;

/// Runs tests one process each, with a limit on time.
pub const NEXTEST: Tool = Tool { subcommand: "nextest", version: Version(0, 9, 143) };
/// Checks licences and sources of the dependencies.
pub const DENY: Tool = Tool { subcommand: "deny", version: Version(0, 20, 2) };
/// Builds and runs the fuzz targets.
pub const FUZZ: Tool = Tool { subcommand: "fuzz", version: Version(0, 13, 2) };

/// Where missing tools are installed, relative to the root of the repository.
const LOCAL: &str = "target/tools";

/// Major, minor, patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// The first word that is a version in what `--version` printed; a pre-release or build suffix is ignored.
    fn find(text: &str) -> Option<Version> {
        text.split_whitespace().find_map(Version::parse)
    }

    fn parse(word: &str) -> Option<Version> {
        let numbers = word.trim_start_matches('v').split(['-', '+']).next()?;
        let mut parts = numbers.split('.').map(|part| part.parse().ok());
        let version = Version(parts.next()??, parts.next()??, parts.next()??);
        parts.next().is_none().then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// A cargo subcommand at the version the project is checked with.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    subcommand: &'static str,
    version: Version,
}

impl Tool {
    /// The command that starts this tool, or `None` where there is none.
    ///
    /// The pinned version is preferred, then the copy in `target/tools`. Any other version is used with a warning.
    pub fn locate(&self) -> Option<Invocation> {
        let mut other = None;
        for (starter, version) in self.candidates() {
            if version == Some(self.version) {
                return Some(starter);
            }
            other = other.or(Some((starter, version)));
        }
        let (starter, version) = other?;
        let found = version.map_or_else(|| "of unknown version".to_owned(), |v| v.to_string());
        eprintln!("warning: {self} is {found}, the project is checked with {}", self.version);
        eprintln!("         (remedy: {})", self.user_install());
        Some(starter)
    }

    /// [`Tool::locate`], after an installation into `target/tools` where it found nothing.
    ///
    /// # Errors
    /// The installation failed.
    pub fn locate_or_install(&self) -> Result<Invocation> {
        if let Some(starter) = self.locate() {
            return Ok(starter);
        }
        let install = self.local_install();
        install.announce(&format!("install {self}"));
        install.run().with_context(|| format!("installing {self} failed"))?;
        self.locate().with_context(|| format!("{self} was installed into {LOCAL}, but does not start"))
    }

    /// What a developer can run once to have the tool everywhere.
    pub fn user_install(&self) -> Invocation {
        Invocation::cargo("install --locked --version").args([self.version.to_string(), self.to_string()])
    }

    fn local_install(&self) -> Invocation {
        Invocation::cargo("install --locked --version")
            .args([self.version.to_string()])
            .args(["--root", LOCAL])
            .args([self.to_string()])
    }

    /// Everything of that name which exists, with the version it reports.
    fn candidates(&self) -> Vec<(Invocation, Option<Version>)> {
        let file = format!("{self}{}", std::env::consts::EXE_SUFFIX);
        let local = format!("{LOCAL}/bin/{file}");
        let mut starters = Vec::new();
        if paths::root().join(&local).is_file() {
            starters.push(Invocation::new(local));
        }
        if on_path(&file).is_some() {
            starters.push(Invocation::new("cargo"));
        }
        starters
            .into_iter()
            .map(|starter| starter.args([self.subcommand]))
            .map(|starter| {
                let reported = starter.clone().args(["--version"]).stdout().ok();
                (starter, reported.as_deref().and_then(Version::find))
            })
            .collect()
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cargo-{}", self.subcommand)
    }
}

/// The first file of that name in the folders of `PATH`.
pub fn on_path(file: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(file)).find(|path| path.is_file())
}

/// Builds the program, and says where it is.
///
/// # Errors
/// It cannot be built.
pub fn built_program() -> Result<PathBuf> {
    let build = Invocation::cargo("build --release --locked --bin wheatstone --message-format json");
    build.announce("build the program");
    let last = |text: String| {
        let messages = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back()
    };
    last(build.stdout()?).with_context(|| format!("cargo names no program in {}", paths::root().display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_found_in_what_tools_print() {
        let nextest = "cargo-nextest 0.9.143 (60fa45f63 2026-08-04)\nrelease: 0.9.143\n";
        assert_eq!(Version::find(nextest), Some(Version(0, 9, 143)));
        assert_eq!(Version::find("cargo-deny 0.20.2\n"), Some(Version(0, 20, 2)));
        assert_eq!(Version::find("tool v1.2.3-rc.4+build"), Some(Version(1, 2, 3)));
    }

    #[test]
    fn what_is_no_version_is_not_taken_for_one() {
        for text in ["", "error: no such command", "tool 1.2", "tool 1.2.3.4", "tool 1.x.3"] {
            assert_eq!(Version::find(text), None, "{text}");
        }
    }

    #[test]
    fn installation_is_pinned_and_stays_in_the_repository() {
        assert_eq!(
            DENY.local_install().to_string(),
            "cargo install --locked --version 0.20.2 --root target/tools cargo-deny"
        );
        assert_eq!(
            NEXTEST.user_install().to_string(),
            "cargo install --locked --version 0.9.143 cargo-nextest"
        );
    }
}

//! `cargo xtask check-bitstreams`: builds every committed bitstream again and compares.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::invocation::Invocation;
use crate::paths;

/// Where they are, one folder each: `bitstreams/BOARD/NAME`.
const FOLDER: &str = "bitstreams";
/// Where they are built again.
const BUILT: &str = "target/bitstreams";
const MANIFEST: &str = "MANIFEST.toml";

/// Build every bitstream under bitstreams/ again, by what its MANIFEST.toml says, and compare every bit
///
/// Needs yosys, nextpnr and the packers at the versions of `cargo xtask setup`.
#[derive(clap::Args)]
pub struct Args {
    /// Only those whose folder has this in its name, for example hx8k
    filter: Option<String>,
    /// Only the one with the fewest edges
    #[arg(long, conflicts_with = "filter")]
    smallest: bool,
    /// Replace what differs instead of failing
    #[arg(long)]
    update: bool,
}

/// What a manifest says, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Manifest {
    arguments: Vec<String>,
    edges: usize,
    bitstream: Product,
}

#[derive(Debug, Deserialize)]
struct Product {
    file: String,
}

/// A committed bitstream.
#[derive(Debug)]
struct Committed {
    /// Its folder, relative to the root of the repository.
    folder: PathBuf,
    manifest: Manifest,
}

impl Committed {
    fn read(folder: PathBuf) -> Result<Committed> {
        let path = paths::root().join(&folder).join(MANIFEST);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let manifest = toml::from_str(&text).with_context(|| format!("{} is no manifest", path.display()))?;
        Ok(Committed { folder, manifest })
    }

    /// Where it is built again.
    fn built(&self) -> PathBuf {
        Path::new(BUILT).join(self.folder.strip_prefix(FOLDER).unwrap_or(&self.folder))
    }

    fn build(&self) -> Invocation {
        Invocation::cargo("run --release --quiet --locked --package wheatstone -- build")
            .args(self.manifest.arguments.iter().cloned())
            .args(["--out", &self.built().to_string_lossy()])
            .args(["--cache", &format!("{BUILT}/cache"), "--from", "emit"])
    }

    /// The files that must be the same to the last bit.
    fn files(&self) -> [&str; 2] {
        [&self.manifest.bitstream.file, MANIFEST]
    }
}

/// Builds and compares.
///
/// # Errors
/// There is none, one cannot be built, or one differs; the error names all that differ.
pub fn run(args: &Args) -> Result<()> {
    let mut all = committed()?;
    if let Some(filter) = &args.filter {
        all.retain(|one| one.folder.to_string_lossy().contains(filter.as_str()));
    }
    if args.smallest {
        all.sort_by_key(|one| one.manifest.edges);
        all.truncate(1);
    }
    ensure!(!all.is_empty(), "there is no such bitstream under {FOLDER}/");
    let mut different = Vec::new();
    for one in &all {
        let build = one.build();
        build.announce(&one.folder.display().to_string());
        build.run()?;
        let [old, new] = [&one.folder, &one.built()].map(|folder| paths::root().join(folder));
        let differs = differing(&old, &new, &one.files())?;
        if args.update {
            for file in one.files().into_iter().chain(["report.html"]) {
                fs::copy(new.join(file), old.join(file)).with_context(|| format!("cannot replace {file}"))?;
            }
        } else if !differs.is_empty() {
            different.push(format!("{}: {}", one.folder.display(), differs.join(", ")));
        }
    }
    if different.is_empty() {
        println!("{} bitstreams built again", all.len());
        return Ok(());
    }
    bail!(
        "built again, these differ: {}; what is new lies under {BUILT}/. If the change is meant: cargo xtask check-bitstreams --update",
        different.join("; ")
    )
}

fn committed() -> Result<Vec<Committed>> {
    let root = paths::root();
    let mut found = Vec::new();
    for board in folders(&root.join(FOLDER))? {
        for folder in folders(&board)? {
            if folder.join(MANIFEST).is_file() {
                found.push(Committed::read(folder.strip_prefix(&root).unwrap_or(&folder).to_owned())?);
            }
        }
    }
    Ok(found)
}

/// The folders in a folder, in order of their names.
fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut folders: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// Those of the files that are not equal in both folders.
fn differing<'a>(old: &Path, new: &Path, files: &[&'a str]) -> Result<Vec<&'a str>> {
    let mut differing = Vec::new();
    for &file in files {
        let read = |folder: &Path| {
            let path = folder.join(file);
            fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        if read(old)? != read(new)? {
            differing.push(file);
        }
    }
    Ok(differing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_repeated_as_its_manifest_says() {
        let text = "edges = 2\narguments = [\"--network\", \"iris\", \"--board\", \"hx8k-evn\"]\n\
                    [bitstream]\nfile = \"bitstream.bin\"\nsha256 = \"00\"\n";
        let manifest = toml::from_str(text).unwrap();
        let one = Committed { folder: "bitstreams/hx8k-evn/iris".into(), manifest };
        assert_eq!(
            one.build().to_string(),
            "cargo run --release --quiet --locked --package wheatstone -- build --network iris --board hx8k-evn \
             --out target/bitstreams/hx8k-evn/iris --cache target/bitstreams/cache --from emit"
        );
        assert_eq!(one.files(), ["bitstream.bin", "MANIFEST.toml"]);
    }

    #[test]
    fn one_bit_makes_a_difference() {
        let folder = tempfile::tempdir().unwrap();
        let [old, new] = ["old", "new"].map(|name| folder.path().join(name));
        for (path, last) in [(&old, 1u8), (&new, 0)] {
            fs::create_dir(path).unwrap();
            fs::write(path.join("same"), [7]).unwrap();
            fs::write(path.join("bitstream"), [7, last]).unwrap();
        }
        assert_eq!(differing(&old, &new, &["same", "bitstream"]).unwrap(), ["bitstream"]);
        assert!(differing(&old, &new, &["gone"]).unwrap_err().to_string().contains("gone"));
    }

    #[test]
    fn committed_bitstreams_have_manifests_that_read() {
        for one in committed().unwrap() {
            assert!(one.manifest.arguments.iter().any(|a| a == "--board"), "{}", one.folder.display());
            assert!(paths::root().join(&one.folder).join(&one.manifest.bitstream.file).is_file());
        }
    }
}

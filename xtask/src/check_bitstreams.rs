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
    /// Build and simulate anew, and replace what is there instead of comparing
    #[arg(long)]
    update: bool,
    /// Instead, route each with that many other seeds of placement, and print how many rounds their timing takes to hold
    #[arg(long, value_name = "COUNT", conflicts_with = "update")]
    seeds: Option<u64>,
}

/// What a manifest says, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Manifest {
    arguments: Vec<String>,
    edges: usize,
    seed: u64,
    bitstream: Product,
    #[serde(default)]
    simulated: Vec<Simulated>,
}

/// What the routed chip learnt in simulation.
#[derive(Debug, Deserialize)]
struct Simulated {
    samples: u16,
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
        self.build_in(&self.built()).args(self.manifest.arguments.iter().cloned()).args(["--from", "emit"])
    }

    /// The same, with the simulated training that the manifest tells of.
    fn build_anew(&self) -> Invocation {
        let samples = self.manifest.simulated.first().map(|simulated| simulated.samples.to_string());
        self.build().args(samples.iter().flat_map(|samples| ["--simulate", samples]))
    }

    /// The beginning of a build in a folder, with the lengths of matched delays that are known.
    fn build_in(&self, folder: &Path) -> Invocation {
        Invocation::cargo("run --release --quiet --locked --package wheatstone -- build")
            .args(["--out", &folder.to_string_lossy(), "--cache", &format!("{BUILT}/cache")])
            .args(["--delays", &self.folder.join(MANIFEST).to_string_lossy()])
    }

    /// The same design placed with another seed.
    fn build_with(&self, seed: u64) -> Invocation {
        let mut arguments = self.manifest.arguments.clone();
        if let Some(place) = arguments.iter().position(|argument| argument == "--seed") {
            arguments.drain(place..(place + 2).min(arguments.len()));
        }
        let folder = self.built().join(format!("seed{seed}"));
        let seed = seed.to_string();
        self.build_in(&folder).args(arguments).args(["--seed", &seed, "--until", "timing", "--json"])
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
    if let Some(count) = args.seeds {
        return other_seeds(&all, count);
    }
    let mut different = Vec::new();
    for one in &all {
        let build = if args.update { one.build_anew() } else { one.build() };
        build.announce(&one.folder.display().to_string());
        build.run()?;
        let [old, new] = [&one.folder, &one.built()].map(|folder| paths::root().join(folder));
        if args.update {
            for file in [&one.manifest.bitstream.file, MANIFEST, "report.html", "config.toml"] {
                if new.join(file).is_file() {
                    fs::copy(new.join(file), old.join(file))
                        .with_context(|| format!("cannot replace {file}"))?;
                }
            }
        } else if let Some(what) = difference(&old, &new, &one.manifest.bitstream.file)? {
            different.push(format!("{}: {what}", one.folder.display()));
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

/// How a build with another seed ended.
#[derive(Debug, Deserialize)]
struct Outcome {
    rounds: u32,
    worst_bundling_slack_ps: i64,
    worst_hold_slack_ps: i64,
    min_pulse_ps: i64,
    step_ns: f64,
}

/// Prints a table of how each goes with other seeds.
fn other_seeds(all: &[Committed], count: u64) -> Result<()> {
    println!("| bitstream | seed | rounds | bundling, ps | hold, ps | narrowest fire, ps | step, ns |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for one in all {
        let name = one.folder.strip_prefix(FOLDER).unwrap_or(&one.folder).display();
        for seed in (one.manifest.seed + 1..).take(usize::try_from(count)?) {
            let build = one.build_with(seed);
            build.announce(&format!("{name}, seed {seed}"));
            let said = build.stdout()?;
            let outcome: Outcome = serde_json::from_str(said.lines().last().unwrap_or_default())?;
            let Outcome { rounds, worst_bundling_slack_ps: bundling, worst_hold_slack_ps: hold, .. } =
                outcome;
            let (pulse, step) = (outcome.min_pulse_ps, outcome.step_ns);
            println!("| {name} | {seed} | {rounds} | {bundling} | {hold} | {pulse} | {step:.1} |");
        }
    }
    Ok(())
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

/// In what two builds differ: a bit of the bitstream, or a key of the manifest. What was simulated is no part of the build.
fn difference(old: &Path, new: &Path, bitstream: &str) -> Result<Option<String>> {
    let read = |folder: &Path, file: &str| {
        let path = folder.join(file);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    if read(old, bitstream)? != read(new, bitstream)? {
        return Ok(Some(bitstream.to_owned()));
    }
    let table = |folder| -> Result<toml::Table> {
        let mut table: toml::Table = toml::from_slice(&read(folder, MANIFEST)?)?;
        table.remove("simulated");
        Ok(table)
    };
    let [old, new] = [table(old)?, table(new)?];
    let keys = old.keys().chain(new.keys());
    Ok(keys.into_iter().find(|key| old.get(*key) != new.get(*key)).map(|key| format!("{key} in {MANIFEST}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_repeated_as_its_manifest_says() {
        let text = "edges = 2\nseed = 1\narguments = [\"--network\", \"iris\", \"--board\", \"hx8k-evn\", \"--seed\", \"1\"]\n\
                    [bitstream]\nfile = \"bitstream.bin\"\nsha256 = \"00\"\n[[simulated]]\nsamples = 3\n";
        let manifest = toml::from_str(text).unwrap();
        let one = Committed { folder: "bitstreams/hx8k-evn/iris".into(), manifest };
        assert_eq!(
            one.build().to_string(),
            "cargo run --release --quiet --locked --package wheatstone -- build --out target/bitstreams/hx8k-evn/iris \
             --cache target/bitstreams/cache --delays bitstreams/hx8k-evn/iris/MANIFEST.toml \
             --network iris --board hx8k-evn --seed 1 --from emit"
        );
        assert!(one.build_anew().to_string().ends_with("--from emit --simulate 3"));
        assert_eq!(
            one.build_with(7).to_string(),
            "cargo run --release --quiet --locked --package wheatstone -- build --out target/bitstreams/hx8k-evn/iris/seed7 \
             --cache target/bitstreams/cache --delays bitstreams/hx8k-evn/iris/MANIFEST.toml \
             --network iris --board hx8k-evn --seed 7 --until timing --json"
        );
    }

    #[test]
    fn one_bit_makes_a_difference() {
        let folder = tempfile::tempdir().unwrap();
        let [old, new] = ["old", "new"].map(|name| folder.path().join(name));
        for (path, bit, seed) in
            [(&old, 1u8, "seed = 1\n[[simulated]]\ncorner = \"max\""), (&new, 0, "seed = 2")]
        {
            fs::create_dir(path).unwrap();
            fs::write(path.join("a.bit"), [7, bit]).unwrap();
            fs::write(path.join(MANIFEST), seed).unwrap();
        }
        assert_eq!(difference(&old, &new, "a.bit").unwrap().unwrap(), "a.bit");
        fs::write(new.join("a.bit"), [7, 1]).unwrap();
        assert_eq!(difference(&old, &new, "a.bit").unwrap().unwrap(), "seed in MANIFEST.toml");
        fs::write(new.join(MANIFEST), "seed = 1").unwrap();
        assert_eq!(difference(&old, &new, "a.bit").unwrap(), None);
        assert!(difference(&old, &new, "gone").unwrap_err().to_string().contains("gone"));
    }

    #[test]
    fn committed_bitstreams_have_manifests_that_read() {
        for one in committed().unwrap() {
            assert!(one.manifest.arguments.iter().any(|a| a == "--board"), "{}", one.folder.display());
            assert!(paths::root().join(&one.folder).join(&one.manifest.bitstream.file).is_file());
        }
    }
}

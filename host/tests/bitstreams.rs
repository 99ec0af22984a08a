//! The committed bitstreams: what they say of themselves is true, and the smallest is built again to the last bit.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]
#![expect(clippy::print_stderr, reason = "says why nothing was tested")]

mod common;

use common::program;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};
use wheatstone_flow::FlowError;
use wheatstone_flow::build::Means;
use wheatstone_flow::cache::sha256;
use wheatstone_flow::manifest::{FILE, Manifest};

/// Folders of the committed bitstreams with their manifests.
fn committed() -> Vec<(PathBuf, Manifest)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bitstreams");
    let folders = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_dir()).collect()
    };
    let all = folders(&root).into_iter().flat_map(|board| folders(&board));
    all.map(|folder| (folder.clone(), Manifest::read(&folder.join(FILE)).unwrap())).collect()
}

/// Builds what a manifest says into a folder of the test. False, with a word on why, if tools are missing where nobody
/// installs them.
fn build(folder: &Path, manifest: &Manifest, into: &Path, until: &str) -> bool {
    match Means::find(manifest.board.parse().unwrap()) {
        Ok(_) => {}
        Err(error @ FlowError::Missing(_)) if env::var_os("CI").is_none() => {
            eprintln!("skipped: {error}");
            return false;
        }
        Err(error) => panic!("{error}"),
    }
    let done = Command::new(program())
        .arg("build")
        .args(&manifest.arguments)
        .args(["--until", until, "--out"])
        .arg(into)
        .arg("--cache")
        .arg(into.join("cache"))
        .arg("--delays")
        .arg(folder.join(FILE))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}: {}", folder.display(), String::from_utf8_lossy(&done.stderr));
    true
}

#[test]
fn every_manifest_tells_of_its_bitstream_and_of_these_sources() {
    let all = committed();
    assert!(!all.is_empty());
    for (folder, manifest) in all {
        let bitstream = fs::read(folder.join(&manifest.bitstream["file"])).unwrap();
        assert_eq!(sha256(bitstream), manifest.bitstream["sha256"], "{}", folder.display());
        let timing = &manifest.timing;
        assert!(timing.checked && timing.worst_bundling_slack_ps >= Some(0), "{}", folder.display());
        assert!(timing.worst_hold_slack_ps >= Some(0), "{}", folder.display());
        assert!(manifest.simulated.iter().all(|s| s.passed() && s.samples >= 3), "{}", folder.display());
        assert!(
            !manifest.simulated.is_empty() && folder.join("report.html").is_file(),
            "{}",
            folder.display()
        );
        let into = tempfile::tempdir().unwrap();
        if build(&folder, &manifest, into.path(), "emit") {
            let verilog = sha256(fs::read(into.path().join("design.v")).unwrap());
            assert_eq!(
                verilog,
                manifest.sources["verilog"],
                "{} was built from other sources; `cargo xtask check-bitstreams --update` builds it anew",
                folder.display()
            );
        }
    }
}

#[test]
fn the_smallest_is_built_again_to_the_last_bit() {
    let (folder, manifest) = committed().into_iter().min_by_key(|(_, manifest)| manifest.edges).unwrap();
    let into = tempfile::tempdir().unwrap();
    if build(&folder, &manifest, into.path(), "pack") {
        let file = &manifest.bitstream["file"];
        let [old, new] = [folder.as_path(), into.path()].map(|folder| fs::read(folder.join(file)).unwrap());
        assert!(old == new, "{} differs from what {} says", folder.display(), FILE);
        let again = Manifest::read(&into.path().join(FILE)).unwrap();
        assert_eq!(Manifest { simulated: Vec::new(), ..manifest }, again);
    }
}

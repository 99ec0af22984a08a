//! Tells the program which commit it was built from, where that can be known without a network, and how it was built.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=WHEATSTONE_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    // Whoever builds from an archive may say it.
    let given = std::env::var("WHEATSTONE_COMMIT").ok().filter(|commit| !commit.trim().is_empty());
    let commit = given.or_else(|| is_own().then(|| git(&["rev-parse", "--short=12", "HEAD"]))?);
    let version = env!("CARGO_PKG_VERSION");
    match commit {
        Some(commit) => println!("cargo::rustc-env=WHEATSTONE_VERSION={version} (commit {})", commit.trim()),
        None => println!("cargo::rustc-env=WHEATSTONE_VERSION={version}"),
    }
    let told = |name: &str| std::env::var(name).unwrap_or_default();
    let flags = told("CARGO_ENCODED_RUSTFLAGS").replace('\u{1f}', " ");
    let features: Vec<String> = std::env::vars()
        .filter_map(|(name, _)| Some(name.strip_prefix("CARGO_FEATURE_")?.to_lowercase()))
        .collect();
    let compiler = Command::new(told("RUSTC")).arg("--version").output().ok();
    let compiler = compiler.and_then(|said| String::from_utf8(said.stdout).ok()).unwrap_or_default();
    println!(
        "cargo::rustc-env=WHEATSTONE_BUILD=profile {}, opt-level {}, target {}, features [{}], flags [{flags}], {}",
        told("PROFILE"),
        told("OPT_LEVEL"),
        told("TARGET"),
        features.join(", "),
        compiler.trim()
    );
    // HEAD changes with the branch, its log with every commit.
    for name in ["HEAD", "logs/HEAD"].into_iter().filter(|_| is_own()) {
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}

/// Whether the repository is the project's own, and not one that an archive of it was unpacked in.
fn is_own() -> bool {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(|path| path.canonicalize().ok());
    let top = git(&["rev-parse", "--show-toplevel"]).and_then(|top| Path::new(&top).canonicalize().ok());
    project.is_some() && project == top
}

/// What git says, if it is there.
fn git(arguments: &[&str]) -> Option<String> {
    let said = Command::new("git").args(arguments).output().ok().filter(|said| said.status.success())?;
    let said = String::from_utf8(said.stdout).ok()?.trim().to_owned();
    (!said.is_empty()).then_some(said)
}

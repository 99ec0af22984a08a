//! `cargo xtask fuzz`: arbitrary bytes for everything that parses.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::invocation::Invocation;
use crate::{paths, tool};

/// Feed arbitrary bytes to everything that parses
///
/// Needs cargo-fuzz, and the nightly compiler or, where there is none, a stable one that is told to take unstable flags. Inputs that were interesting are kept in fuzz/corpus, inputs that broke
/// something in fuzz/artifacts.
#[derive(clap::Args)]
pub struct Args {
    /// One target of fuzz/fuzz_targets; all of them, one after the other, if left out
    target: Option<String>,
    /// How long each target runs
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    minutes: u64,
}

/// What one target did.
struct Outcome {
    target: String,
    executions: Option<u64>,
    findings: Vec<OsString>,
}

/// Fuzzes every chosen target for its time; a finding does not keep the next target from running.
///
/// # Errors
/// The compiler or cargo-fuzz is missing, the target is unknown or does not build, or something was found.
pub fn run(args: &Args) -> Result<()> {
    let targets = chosen(&known_targets()?, args.target.as_deref())?;
    let compiler = Compiler::found();
    if tool::FUZZ.locate().is_none() {
        bail!("cargo-fuzz not found (remedy: {})", tool::FUZZ.user_install());
    }

    let outcomes = targets
        .iter()
        .map(|target| fuzz(compiler, target, args.minutes))
        .collect::<Result<Vec<Outcome>>>()?;
    for outcome in &outcomes {
        println!("{}", line(outcome));
    }
    let broken = outcomes.iter().filter(|outcome| !outcome.findings.is_empty()).count();
    if broken > 0 {
        let repeat = compiler.fuzz();
        bail!("{broken} of {} targets broke (repeat one: {repeat} TARGET FILE)", outcomes.len());
    }
    Ok(())
}

/// What compiles the targets: instrumented code needs flags that only a nightly compiler takes unasked.
#[derive(Clone, Copy)]
enum Compiler {
    Nightly,
    /// The compiler there is, with `RUSTC_BOOTSTRAP=1`.
    Stable,
}

impl Compiler {
    fn found() -> Compiler {
        let nightly = Invocation::cargo("+nightly --version").succeeds();
        if nightly { Compiler::Nightly } else { Compiler::Stable }
    }

    fn fuzz(self) -> Invocation {
        match self {
            Compiler::Nightly => Invocation::cargo("+nightly fuzz run"),
            Compiler::Stable => Invocation::cargo("fuzz run").env("RUSTC_BOOTSTRAP", "1"),
        }
    }
}

fn fuzz(compiler: Compiler, target: &str, minutes: u64) -> Result<Outcome> {
    let artifacts = paths::root().join("fuzz/artifacts").join(target);
    let before = files_in(&artifacts)?;
    let corpus = paths::root().join("fuzz/corpus").join(target);
    std::fs::create_dir_all(&corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
    let invocation = invocation(compiler, target, minutes);
    invocation.announce(&format!("fuzz {target}"));
    let (status, log) = invocation.tee_stderr()?;
    let findings: Vec<OsString> = files_in(&artifacts)?.difference(&before).cloned().collect();
    if !status.success() && findings.is_empty() {
        bail!("target `{target}` does not build or run: `{invocation}` ended with {status}");
    }
    Ok(Outcome { target: target.to_owned(), executions: executions(&log), findings })
}

fn invocation(compiler: Compiler, target: &str, minutes: u64) -> Invocation {
    compiler
        .fuzz()
        .args([
            target.to_owned(),
            format!("fuzz/corpus/{target}"),
            format!("fuzz/seeds/{target}"),
            "--".to_owned(),
        ])
        .args([format!("-max_total_time={}", minutes.saturating_mul(60)), "-print_final_stats=1".to_owned()])
}

/// Names of the files in `fuzz/fuzz_targets`, without their ending.
fn known_targets() -> Result<Vec<String>> {
    let names = files_in(&paths::root().join("fuzz/fuzz_targets"))?;
    Ok(names.iter().filter_map(|name| name.to_str()?.strip_suffix(".rs")).map(str::to_owned).collect())
}

fn chosen(known: &[String], wanted: Option<&str>) -> Result<Vec<String>> {
    match wanted {
        None => Ok(known.to_vec()),
        Some(name) if known.iter().any(|target| target == name) => Ok(vec![name.to_owned()]),
        Some(name) => bail!("no fuzz target `{name}`; there are: {}", known.join(", ")),
    }
}

/// File names in sorted order; a folder that does not exist holds none.
fn files_in(folder: &Path) -> Result<BTreeSet<OsString>> {
    if !folder.exists() {
        return Ok(BTreeSet::new());
    }
    let entries = folder.read_dir().with_context(|| format!("cannot list {}", folder.display()))?;
    entries
        .map(|entry| Ok(entry?.file_name()))
        .collect::<Result<_>>()
        .with_context(|| format!("cannot list {}", folder.display()))
}

/// The number of executions in libFuzzer's final statistics.
fn executions(log: &str) -> Option<u64> {
    log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok())
}

fn line(outcome: &Outcome) -> String {
    let executions = outcome.executions.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
    let mut line =
        format!("{}: {executions} executions, {} findings", outcome.target, outcome.findings.len());
    for finding in &outcome.findings {
        line.push_str(&format!("\n  fuzz/artifacts/{}/{}", outcome.target, finding.to_string_lossy()));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_given_in_seconds() {
        assert_eq!(
            invocation(Compiler::Nightly, "csv", 2).to_string(),
            "cargo +nightly fuzz run csv fuzz/corpus/csv fuzz/seeds/csv -- -max_total_time=120 -print_final_stats=1"
        );
        let stable = invocation(Compiler::Stable, "csv", 2).to_string();
        assert!(stable.starts_with("RUSTC_BOOTSTRAP=1 cargo fuzz run csv "), "{stable}");
    }

    #[test]
    fn unknown_target_is_answered_with_the_known_ones() {
        let known = ["csv".to_owned(), "network".to_owned()];
        assert_eq!(chosen(&known, None).unwrap(), known);
        assert_eq!(chosen(&known, Some("csv")).unwrap(), ["csv"]);
        let error = chosen(&known, Some("cvs")).unwrap_err().to_string();
        assert_eq!(error, "no fuzz target `cvs`; there are: csv, network");
    }

    #[test]
    fn every_target_of_the_crate_is_found() {
        let manifest = std::fs::read_to_string(paths::root().join("fuzz/Cargo.toml")).unwrap();
        let known = known_targets().unwrap();
        assert!(!known.is_empty());
        assert_eq!(manifest.matches("[[bin]]").count(), known.len());
        for target in known {
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
        }
    }

    #[test]
    fn executions_are_read_from_the_final_statistics() {
        let log = "Done 7 runs\nstat::number_of_executed_units: 1234\nstat::average_exec_per_sec: 9\n";
        assert_eq!(executions(log), Some(1234));
        assert_eq!(executions("error: could not compile"), None);
    }

    #[test]
    fn a_finding_is_shown_with_its_file() {
        let outcome = Outcome { target: "csv".into(), executions: Some(3), findings: vec!["crash-1".into()] };
        assert_eq!(line(&outcome), "csv: 3 executions, 1 findings\n  fuzz/artifacts/csv/crash-1");
    }
}

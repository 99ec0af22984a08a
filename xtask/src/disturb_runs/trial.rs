//! One disturbed run: a small training run in which strace has a write fail or kills the program at a system call, and after it
//! the same run gone on with. Both the sweep and a test of the program use this.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run must end in, whatever disturbed it.
const FILES: [&str; 3] = ["checkpoint.bin", "metrics.jsonl", "evaluation.json"];

/// The run that is disturbed: small, with all that a run writes.
const TRAIN: &str = "train xor --epochs 6 --out run";

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// A write fails.
    Write {
        /// Name of the error, such as `ENOSPC`.
        error: &'static str,
        /// Which write of a thread, counted from 1.
        at: u32,
        /// Whether all later ones fail too.
        onwards: bool,
    },
    /// The program is killed in a system call.
    Kill {
        /// Its name.
        call: String,
        /// Which of that name in a thread, counted from 1.
        at: u32,
    },
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Disturbance::Write { error, at, onwards: false } => write!(f, "write:error={error}:when={at}"),
            Disturbance::Write { error, at, onwards: true } => write!(f, "write:error={error}:when={at}+"),
            Disturbance::Kill { call, at } => write!(f, "{call}:signal=KILL:when={at}"),
        }
    }
}

/// How a disturbed run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With an exit code.
    Code(i32),
    /// It was killed.
    Killed,
}

/// The program, a folder to work in, and what an undisturbed run leaves.
#[derive(Debug)]
pub struct Trial {
    program: PathBuf,
    folder: PathBuf,
    whole: Vec<Vec<u8>>,
}

/// Whether strace is there and may trace.
pub fn strace_works() -> bool {
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    traced.is_ok_and(|traced| traced.status.success())
}

impl Trial {
    /// Trains once undisturbed, in a folder that the trial may clear.
    ///
    /// # Errors
    /// The program cannot be run, or does not train.
    pub fn new(program: &Path, folder: &Path) -> io::Result<Trial> {
        let mut trial = Trial { program: program.to_owned(), folder: folder.to_owned(), whole: Vec::new() };
        trial.clear()?;
        let (code, said) = trial.run(&[], TRAIN)?;
        if code != Ended::Code(0) {
            return Err(io::Error::other(format!("`{TRAIN}` ends with {code:?}: {said}")));
        }
        trial.whole = trial.left()?;
        Ok(trial)
    }

    /// A kill for every system call of the run. (strace counts the calls of each name by themselves.)
    ///
    /// # Errors
    /// The program cannot be traced.
    pub fn kills(&self) -> io::Result<Vec<Disturbance>> {
        self.clear()?;
        let (ended, said) = self.run(&["strace", "-qq", "-o", "calls"], TRAIN)?;
        if ended != Ended::Code(0) {
            return Err(io::Error::other(format!("`{TRAIN}` ends with {ended:?} under strace: {said}")));
        }
        let mut counts = BTreeMap::<String, u32>::new();
        let log = fs::read(self.folder.join("calls"))?;
        for line in String::from_utf8_lossy(&log).lines() {
            let name = line.split_once('(').map_or("", |(name, _)| name);
            if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                *counts.entry(name.to_owned()).or_default() += 1;
            }
        }
        let kill = |(call, count): (String, u32)| {
            (1..=count).map(move |at| Disturbance::Kill { call: call.clone(), at })
        };
        Ok(counts.into_iter().flat_map(kill).collect())
    }

    /// Trains disturbed, then goes on with the run.
    ///
    /// # Errors
    /// A sentence that says what should not have happened.
    pub fn disturb(&self, disturbance: &Disturbance) -> Result<Ended, String> {
        let told = |what: &str, said: String| format!("{disturbance}: {what}: {said}");
        let io = |error: io::Error| told("the trial itself", error.to_string());
        self.clear().map_err(io)?;
        let inject = disturbance.to_string();
        let strace =
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=all", "-e", &format!("inject={inject}")];
        let (ended, said) = self.run(&strace, TRAIN).map_err(io)?;
        if !matches!(ended, Ended::Killed | Ended::Code(0 | 1 | 130)) || said.contains("panicked") {
            return Err(told(&format!("train ends with {ended:?}"), said));
        }
        let begun = self.folder.join("run/config.toml").exists();
        let go_on = if begun { "resume run" } else { TRAIN };
        let (ended_then, said) = self.run(&[], go_on).map_err(io)?;
        if ended_then != Ended::Code(0) {
            return Err(told(&format!("`{go_on}` ends with {ended_then:?}"), said));
        }
        let left = self.left().map_err(io)?;
        for ((file, left), whole) in FILES.iter().zip(&left).zip(&self.whole) {
            if left != whole {
                return Err(told(&format!("`{go_on}` ends in other bits"), format!("{file} differs")));
            }
        }
        match self.leftovers().map_err(io)? {
            Some(name) => Err(told("something half written is left", name)),
            None => Ok(ended),
        }
    }

    fn run(&self, around: &[&str], arguments: &str) -> io::Result<(Ended, String)> {
        let program = self.program.as_os_str();
        let mut words = around.iter().map(AsRef::as_ref).chain([program]);
        let mut command = Command::new(words.next().unwrap_or(program));
        command.args(words).args(arguments.split(' ')).current_dir(&self.folder);
        let output = command.stdin(Stdio::null()).output()?;
        let ended = output.status.code().map_or(Ended::Killed, Ended::Code);
        Ok((ended, String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    fn left(&self) -> io::Result<Vec<Vec<u8>>> {
        FILES.iter().map(|file| fs::read(self.folder.join("run").join(file))).collect()
    }

    fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => fs::create_dir_all(&self.folder),
        }
    }

    /// A file or folder written aside that nobody took away.
    fn leftovers(&self) -> io::Result<Option<String>> {
        for folder in [self.folder.clone(), self.folder.join("run")] {
            for entry in fs::read_dir(folder)? {
                let name = entry?.file_name().to_string_lossy().into_owned();
                if name.ends_with(".tmp") {
                    return Ok(Some(name));
                }
            }
        }
        Ok(None)
    }
}

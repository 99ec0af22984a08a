//! What goes to standard output, for people or for machines.

use serde::Serialize;
use std::io::{self, Write};

/// How results are printed.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
    quiet: bool,
}

impl Output {
    /// As the global flags say.
    pub fn new(json: bool, quiet: bool) -> Self {
        Output { json, quiet }
    }

    /// Whether only results and errors are wanted.
    pub fn quiet(self) -> bool {
        self.quiet
    }

    /// Whether results are printed as JSON.
    pub fn json(self) -> bool {
        self.json
    }

    /// Prints a result: `text` for people, or `value` as one line of JSON.
    pub fn result(self, value: &impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(value)?)?;
        } else {
            writeln!(out, "{}", text().trim_end())?;
        }
        Ok(out.flush()?)
    }

    /// Says something on the way, to people only, on standard error.
    pub fn say(self, text: &str) {
        if !self.quiet {
            eprintln!("{text}");
        }
    }
}

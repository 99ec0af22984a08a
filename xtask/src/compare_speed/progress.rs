//! What is going on, on stderr.

use std::io::{IsTerminal, Write};

/// One line that is overwritten, on a terminal; elsewhere only the headings.
pub struct Progress {
    terminal: bool,
}

impl Progress {
    /// On stderr.
    pub fn new() -> Progress {
        Progress { terminal: std::io::stderr().is_terminal() }
    }

    /// A heading stays.
    pub fn heading(&self, text: &str) {
        self.clear();
        eprintln!("==> {text}");
    }

    /// Replaces what was shown before.
    pub fn show(&self, text: &str) {
        if self.terminal {
            let text: String = text.chars().take(78).collect();
            eprint!("\r\x1b[K{text}");
            // A line that does not appear hurts nobody.
            let _ = std::io::stderr().flush();
        }
    }

    /// Before something else is written.
    pub fn clear(&self) {
        self.show("");
    }
}

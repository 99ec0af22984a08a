//! What goes to standard output, for people or for machines, and to standard error.
//!
//! Names from files reach a terminal through [`visible`] alone, and nothing here panics: standard error may be closed or full, which
//! is no reason to end a run.

use super::failure::{OrFailed, Result};
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Write as _;
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
    pub fn result(self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<()> {
        let line = if self.json {
            visible_json(&serde_json::to_string(value).or_failed()?).into_owned()
        } else {
            visible(text().trim_end()).into_owned()
        };
        print(format!("{line}\n").as_bytes())
    }

    /// Says something on the way, to people only, on standard error.
    pub fn say(self, text: &str) {
        if !self.quiet {
            tell(text);
        }
    }
}

/// Prints what a program reads, as it is.
pub fn print(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).or_failed()
}

/// Says something on standard error. If nobody can hear it, that changes nothing.
pub fn tell(text: &str) {
    drop(writeln!(io::stderr().lock(), "{}", visible(text)));
}

/// Text for a terminal: what would move the cursor, change colours, set the title or turn the direction of writing is shown
/// instead, as in `\u{1b}`. Line ends and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |c| matches!(c, '\n' | '\t'), |out, c| write!(out, "\\u{{{:x}}}", u32::from(c)))
}

/// A line of JSON for a terminal: the same characters as JSON escapes them, which changes nothing for its reader.
fn visible_json(json: &str) -> Cow<'_, str> {
    escaped(json, |_| false, |out, c| write!(out, "\\u{:04x}", u32::from(c)))
}

fn escaped(
    text: &str,
    stays: impl Fn(char) -> bool,
    escape: impl Fn(&mut String, char) -> std::fmt::Result,
) -> Cow<'_, str> {
    let is_dangerous = |c: char| is_invisible(c) && !stays(c);
    if !text.contains(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_dangerous(c) {
            // Writing to memory cannot fail.
            let _ = escape(&mut out, c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Control characters, separators of lines that are none, and what embeds, overrides or isolates a direction of writing.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_see_what_they_would_obey() {
        for (text, shown) in [
            ("\u{1b}]0;pwned\u{7}\u{1b}[31mred", "\\u{1b}]0;pwned\\u{7}\\u{1b}[31mred"),
            ("a\rb\u{8}", "a\\u{d}b\\u{8}"),
            ("\u{9b}2J\u{7f}", "\\u{9b}2J\\u{7f}"),
            ("user\u{202e}cod.exe\u{2066}", "user\\u{202e}cod.exe\\u{2066}"),
            ("two\nlines\tand \u{e9}, \u{4e2d}", "two\nlines\tand \u{e9}, \u{4e2d}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn json_stays_the_same_value() {
        let names = vec!["\u{1b}[2J", "\u{9b}31m\u{7f}", "\u{202e}x"];
        let text = serde_json::to_string(&names).unwrap();
        let shown = visible_json(&text);
        assert!(!shown.contains(is_invisible), "{shown}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), names);
    }
}

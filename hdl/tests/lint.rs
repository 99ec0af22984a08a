//! The structural checks on a small array, and on copies of it with one fault each.
//!
//! They need yosys. Without one they say so and pass, unless `CI` is set.

use std::env;
use std::sync::OnceLock;
use wheatstone_hdl::lint::{Fault, LintError, Report, check_verilog};
use wheatstone_hdl::tools::{Program, Tool, ToolError};

const ARRAY: &str = include_str!("lint/array.v");

/// The yosys to test with; none if it is not installed.
fn yosys() -> Option<&'static Tool> {
    static YOSYS: OnceLock<Option<Tool>> = OnceLock::new();
    let found = YOSYS.get_or_init(|| match Tool::find(Program::Yosys) {
        Ok(tool) => Some(tool),
        Err(error) if env::var_os("CI").is_some() => panic!("{error}"),
        Err(error @ ToolError::NotFound { .. }) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    });
    found.as_ref()
}

/// The array with some text replaced. Every replacement must find its text exactly `times` times.
fn mutated(replacements: &[(&str, usize, &str)]) -> String {
    replacements.iter().fold(ARRAY.to_owned(), |text, &(from, times, to)| {
        assert_eq!(text.matches(from).count(), times, "the array no longer has this: {from}");
        text.replace(from, to)
    })
}

fn report(yosys: &Tool, verilog: &str) -> Report {
    check_verilog(yosys, verilog).unwrap_or_else(|error| panic!("{error}"))
}

/// Checks that a mutated array fails in that way at that place, on the path shown, and that this is all that fails.
#[track_caller]
fn fails(replacements: &[(&str, usize, &str)], expected: &[(&str, Fault, &str)]) {
    let Some(yosys) = yosys() else { return };
    let report = report(yosys, &mutated(replacements));
    let found: Vec<_> = report
        .violations()
        .map(|v| (format!("{} {}", v.cell, v.object), v.fault, v.path.join(" > ")))
        .collect();
    let found: Vec<_> =
        found.iter().map(|(place, fault, path)| (place.as_str(), *fault, path.as_str())).collect();
    let expected: Vec<_> = expected.to_vec();
    assert_eq!(found, expected, "\n{report}");
}

#[test]
fn a_clockless_array_passes_every_check() {
    let Some(yosys) = yosys() else { return };
    let report = report(yosys, ARRAY);
    assert!(report.passed(), "\n{report}");
    let examined: Vec<_> = report.checks.iter().map(|check| (check.name, check.examined)).collect();
    println!("{report}");
    println!("{examined:?}");
}

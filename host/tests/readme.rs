//! The README's quantities are those of the benches committed beside it; `cargo xtask bless` writes them anew.

#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

use std::fmt::Write;
use std::path::Path;
use wheatstone::bench::{Results, metric};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const BEGIN: &str = "<!-- figures of docs/bench; `cargo xtask bless` writes them -->\n";
const END: &str = "<!-- end of the figures -->\n";

fn results(preset: &str) -> Results {
    let file = Path::new(ROOT).join(format!("docs/bench/{preset}.json"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Two columns a preset: a training sample, and all of them to the goal; with the kind of the quantity where it is not measured.
fn table(benches: &[Results]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for row in benches.iter().flat_map(|results| results.of(metric::SAMPLE_TIME)) {
        if !names.contains(&row.baseline.as_str()) {
            names.push(&row.baseline);
        }
    }
    let mut text = String::from("|");
    for results in benches {
        write!(text, " | `{0}`: a sample | `{0}`: to the goal", results.preset).unwrap();
    }
    text += " |\n|---|";
    text += &"---|---|".repeat(benches.len());
    text += "\n";
    for name in names {
        write!(text, "| `{name}`").unwrap();
        for results in benches {
            for metric in [metric::SAMPLE_TIME, metric::TIME_TO_GOAL] {
                let cell = match results.of(metric).find(|row| row.baseline == name) {
                    Some(row) if row.foreign_load.is_some() => format!("{} \u{2020}", row.quantity),
                    Some(row) if row.quantity.kind.name() == "measured" => row.quantity.to_string(),
                    Some(row) => format!("{} ({})", row.quantity, row.quantity.kind),
                    None => "missing".to_owned(),
                };
                write!(text, " | {cell}").unwrap();
            }
        }
        text += " |\n";
    }
    text += "\n";
    for results in benches {
        let loads = results.rows.iter().filter_map(|row| row.foreign_load);
        let most = loads.fold(0.0, f64::max);
        let disturbed = if most > 0.0 {
            format!(", \u{2020} while others took up to {most:.1} processors")
        } else {
            String::new()
        };
        let day = results.date.split('T').next().unwrap_or_default();
        writeln!(
            text,
            "`{}`: {} of {}; measured on {}, {day}, `docs/bench/{0}.json`{disturbed}.",
            results.preset,
            results.goal,
            results.judged_rows(),
            results.machine_text()
        )
        .unwrap();
    }
    text
}

#[test]
fn golden_figures_of_the_readme() {
    let file = Path::new(ROOT).join("README.md");
    let readme = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    let wanted = table(&["iris", "digits"].map(results));
    if std::env::var_os("WHEATSTONE_BLESS").is_some() {
        std::fs::write(&file, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(found, wanted, "the benches have changed; run `cargo xtask bless`");
}

/// Titles of groups with the commands in each.
type Groups = Vec<(String, Vec<String>)>;

/// As `--help` lists them.
fn groups_of_the_help() -> Groups {
    let output = assert_cmd::Command::cargo_bin("wheatstone").unwrap().arg("--help").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (mut groups, mut known) = (Groups::new(), false);
    for line in text.lines().skip_while(|line| !line.starts_with("Usage:")).skip(1) {
        if let Some(title) = line.strip_suffix(':').filter(|title| !title.starts_with(' ')) {
            known = title != "Options";
            if known {
                groups.push((title.to_lowercase(), Vec::new()));
            }
        } else if known && let Some(name) = line.strip_prefix("  ").and_then(|line| line.split(' ').next()) {
            groups.last_mut().unwrap().1.push(name.to_owned());
        }
    }
    groups
}

/// As the README's table lists them: the first word in backquotes of every entry.
fn groups_of_the_readme() -> Groups {
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let table = readme.split_once("| to | commands |\n|---|---|\n").unwrap().1.split_once("\n\n").unwrap().0;
    let rows = table.lines().map(|row| row.trim_matches(['|', ' ']).split_once(" | ").unwrap());
    let name = |entry: &str| entry.split('`').nth(1).unwrap().split(' ').next().unwrap().to_owned();
    rows.map(|(title, entries)| (title.to_owned(), entries.split(" · ").map(name).collect())).collect()
}

#[test]
fn the_readme_lists_the_commands_as_the_help_does() {
    assert_eq!(groups_of_the_readme(), groups_of_the_help());
}

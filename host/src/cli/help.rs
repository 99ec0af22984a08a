//! The program's help: commands in groups, by what people want to do.

use clap::{Command, CommandFactory};
use std::fmt::Write;

/// Commands that serve one purpose, in the order in which they are shown.
struct Group {
    title: &'static str,
    commands: &'static [&'static str],
}

/// Every command that is shown stands in one group. The README's table has the same groups.
const GROUPS: [Group; 7] = [
    Group { title: "Learn", commands: &["train", "resume", "monitor", "cross-validate", "sweep", "tune"] },
    Group { title: "Use what was learnt", commands: &["eval", "predict", "convert", "inspect"] },
    Group { title: "Study its physics", commands: &["sample", "trace", "study", "anneal"] },
    Group { title: "Find data and settings", commands: &["presets", "data"] },
    Group { title: "Make hardware", commands: &["hdl", "build"] },
    Group { title: "Work with a board", commands: &["doctor", "devices", "load", "verify", "scan"] },
    Group { title: "Measure and set up", commands: &["bench", "energy-table", "completions", "man", "help"] },
];

/// The command line with its commands in groups: clap itself lists them in one.
pub fn command() -> Command {
    let mut command = super::Cli::command();
    // Adds the command `help`.
    command.build();
    let (groups, options) = (groups(&command), heading(&command, "Options"));
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}{options}\n{{options}}{{after-help}}",
    ))
}

fn groups(command: &Command) -> String {
    let (name_style, mut text) = (command.get_styles().get_literal(), String::new());
    for Group { title, commands } in &GROUPS {
        _ = writeln!(text, "{}", heading(command, title));
        for name in *commands {
            let about = command.find_subcommand(name).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            _ = writeln!(text, "  {name_style}{name:<14}{name_style:#}  {about}");
        }
        text.push('\n');
    }
    text
}

fn heading(command: &Command, title: &str) -> String {
    let style = command.get_styles().get_header();
    format!("{style}{title}:{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_stands_in_one_group_and_on_one_line() {
        let command = command();
        let mut shown: Vec<&str> =
            command.get_subcommands().filter(|c| !c.is_hide_set()).map(Command::get_name).collect();
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|group| group.commands).copied().collect();
        shown.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(grouped, shown);
        for name in grouped {
            let about = command.find_subcommand(name).and_then(Command::get_about).unwrap().to_string();
            assert!(!about.contains('\n') && (10..=62).contains(&about.len()), "{name}: {about}");
        }
    }
}

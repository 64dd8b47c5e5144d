//! The overview of commands, grouped by what people are about to do.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use super::arguments::Arguments;

/// Which commands stand together. What is in none of these groups is bookkeeping.
const GROUPS: [(&str, &[&str]); 2] = [
    ("Load and ask", &["load", "extract", "query", "queries", "status", "check"]),
    ("Operate", &["repositories", "backends", "migrate", "backup", "restore", "health", "config", "doctor"]),
];
const REST: &str = "Bookkeeping";

const AFTER: &str = "Start here:
  snake-pipe load .
  snake-pipe query hotspots

Exit codes:
  0    done; skipped files and syntax errors are rows, not failures
  1    failed, though rightly put, such as a database that is down
  2    wrongly put: names what does not exist, or says what cannot be
  3    partly failed: a backend or file was refused, the rest is done
  130  interrupted; nothing half-loaded is visible";

/// The command line's grammar with its overview.
pub(super) fn command() -> Command {
    let command = Arguments::command();
    let overview = overview(&command);
    command.after_help(AFTER).help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{overview}\nEverywhere:\n{{options}}{{after-help}}"
    ))
}

fn overview(command: &Command) -> String {
    let is_in = |name: &str, group: &[&str]| group.contains(&name);
    let grouped = GROUPS.map(|(title, names)| {
        let listed = names.iter().filter_map(|name| command.find_subcommand(name)).collect::<Vec<_>>();
        (title, listed)
    });
    let rest: Vec<_> = command
        .get_subcommands()
        .filter(|one| {
            one.get_name() != "help" && !GROUPS.iter().any(|(_, names)| is_in(one.get_name(), names))
        })
        .collect();
    let mut text = String::new();
    for (title, commands) in grouped.into_iter().chain([(REST, rest)]) {
        if commands.is_empty() {
            continue;
        }
        // Writing into a text does not fail.
        let _ = write!(text, "\n{title}:\n");
        for command in commands {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {:<13} {about}", command.get_name());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grouped_command_exists_and_no_line_is_too_long_for_a_terminal() {
        let command = command();
        for name in GROUPS.iter().flat_map(|(_, names)| *names) {
            assert!(command.find_subcommand(name).is_some(), "{name}");
        }
        for line in overview(&command).lines().chain(AFTER.lines()) {
            assert!(line.chars().count() <= 80, "{line}");
        }
        command.debug_assert();
    }
}

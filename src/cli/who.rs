//! `so help`: who each command is for.

use serde_json::json;

use super::Exit;
use crate::ui::{HEAD, Ui};

/// Who may run a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// It only reads, or works on a source tree.
    Anyone,
    /// It speaks for the agent that runs it.
    Agent,
    /// It writes where only a person should, or takes a decision that is the person's.
    Person,
    /// A client calls it.
    Client,
}

impl Who {
    fn words(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Agent => "an agent inside its session",
            Self::Person => "the person only",
            Self::Client => "a client, by itself",
        }
    }
}

/// What each subcommand is; the longest prefix counts.
const WHO: &[(&str, Who)] = &[
    ("ack", Who::Anyone),
    ("adopt", Who::Person),
    ("allow", Who::Person),
    ("brief", Who::Anyone),
    ("build", Who::Anyone),
    ("check", Who::Anyone),
    ("ci", Who::Anyone),
    ("close", Who::Agent),
    ("completions", Who::Anyone),
    ("config", Who::Anyone),
    ("diff", Who::Anyone),
    ("doctor", Who::Anyone),
    ("gate", Who::Anyone),
    ("guard", Who::Anyone),
    ("handoff", Who::Agent),
    ("help", Who::Anyone),
    ("hook", Who::Client),
    ("import", Who::Anyone),
    ("init", Who::Anyone),
    ("install", Who::Person),
    ("issue", Who::Anyone),
    ("issue carryover", Who::Agent),
    // Anybody looks and proposes; what is kept is the person's.
    ("learn", Who::Anyone),
    ("learn approve", Who::Person),
    ("learn confirm", Who::Person),
    ("learn contradict", Who::Person),
    ("learn forget", Who::Person),
    ("learn prune", Who::Person),
    ("learn reject", Who::Person),
    ("log", Who::Anyone),
    ("man", Who::Anyone),
    ("mode", Who::Anyone),
    ("new", Who::Anyone),
    ("plan", Who::Anyone),
    // The decision is the person's: it asks whether they have taken it.
    ("plan approve", Who::Agent),
    ("platforms", Who::Anyone),
    ("policy", Who::Anyone),
    ("policy accept", Who::Person),
    ("pr", Who::Anyone),
    ("report", Who::Anyone),
    ("resolve", Who::Person),
    ("rollback", Who::Person),
    ("rules", Who::Anyone),
    ("rules accept", Who::Person),
    ("rules prune", Who::Person),
    ("session", Who::Agent),
    ("session list", Who::Anyone),
    ("session status", Who::Anyone),
    ("snapshot", Who::Anyone),
    ("state", Who::Anyone),
    ("status", Who::Anyone),
    ("statusline", Who::Anyone),
    ("task", Who::Agent),
    ("trust", Who::Person),
    // It saves the present state first, and leaves alone what guards the session.
    ("undo", Who::Anyone),
    ("uninstall", Who::Person),
    ("upgrade", Who::Person),
    ("usage", Who::Anyone),
    ("verify", Who::Anyone),
    ("wave", Who::Agent),
    ("wave status", Who::Anyone),
    ("worktree", Who::Agent),
    ("worktree list", Who::Anyone),
];

/// What a client may be told to let agents run without a question, when the person wants it: what a session needs that
/// neither runs commands which a plan or a setting names, nor publishes, nor writes where it is told to.
pub(super) const UNASKED: &[&str] = &[
    "ack",
    "brief",
    "config",
    "guard check",
    "guard explain",
    "learn analyze",
    "learn list",
    "learn propose",
    "learn show",
    "mode",
    "plan check",
    "plan schema",
    "plan set",
    "plan show",
    "platforms",
    "session list",
    "session resume",
    "session start",
    "session status",
    "snapshot",
    "state",
    "status",
    "task start",
    "wave status",
];

/// Who may run the subcommand `words`, such as `guard check`. What is not listed is the person's.
pub(super) fn who(words: &str) -> Who {
    let fits = |prefix: &str| {
        words == prefix || words.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(' '))
    };
    let listed = WHO.iter().filter(|(prefix, _)| fits(prefix)).max_by_key(|(prefix, _)| prefix.len());
    listed.map_or(Who::Person, |(_, who)| *who)
}

/// Show help for a command, or who each command is for
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The command
    #[arg(value_name = "COMMAND", num_args = 0..)]
    words: Vec<String>,
    /// Say for each command who may run it
    #[arg(long)]
    who: bool,
}

pub(super) fn run(ui: &Ui, args: &Args) -> anyhow::Result<Exit> {
    if !args.who {
        let mut command = super::subcommand(&args.words)?;
        let help = command.render_long_help();
        ui.text(&format!("{}\n", if ui.color() { help.ansi().to_string() } else { help.to_string() }));
        return Ok(Exit::Done);
    }
    let command = super::command();
    let mut list = Vec::new();
    for name in command.get_subcommands().map(clap::Command::get_name) {
        let parts = WHO.iter().map(|(words, _)| *words).filter(|words| words.split(' ').next() == Some(name));
        list.extend(parts.map(|words| (words.to_owned(), who(words))));
    }
    if ui.json {
        let list: Vec<_> =
            list.iter().map(|(name, who)| json!({"command": name, "who": who.words()})).collect();
        ui.result(true, json!({"commands": list}));
    } else {
        for (name, who) in &list {
            ui.print(&format!("{} {}\n", ui.paint(HEAD, &format!("so {name:<14}")), who.words()));
        }
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_row_and_every_row_a_command() {
        let command = crate::cli::command();
        let mut names: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
        names.sort_unstable();
        let rows: Vec<_> = WHO.iter().map(|(name, _)| *name).filter(|name| !name.contains(' ')).collect();
        assert_eq!(names, rows);
    }

    #[test]
    fn the_guard_keeps_agents_from_what_is_the_persons() {
        let persons = WHO.iter().filter(|(_, who)| matches!(who, Who::Person | Who::Client));
        let persons: Vec<&str> = persons.map(|(words, _)| *words).collect();
        assert_eq!(crate::guard::rules::change_hooks::PERSON_ONLY, persons);
    }

    #[test]
    fn nothing_of_the_persons_is_run_without_a_question() {
        for words in UNASKED {
            let parts: Vec<String> = words.split(' ').map(str::to_owned).collect();
            assert!(crate::cli::subcommand(&parts).is_ok(), "{words}");
            assert!(matches!(who(words), Who::Anyone | Who::Agent), "{words}");
            let below = WHO.iter().filter(|(row, _)| row.starts_with(&format!("{words} ")));
            assert!(below.clone().all(|(_, who)| *who != Who::Person), "{words}");
        }
    }
}

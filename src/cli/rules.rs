//! `so rules`: strong learnings as rules for some files, for some time.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::error::hinted;
use super::{Exit, person, place};
use crate::session::learn::rule::{self, Draft, Rule};
use crate::session::person::Why;
use crate::ui::{DIM, GOOD, HEAD, Ui, WARN};
use crate::{clock, plain};

/// Show the rules of this project that were made of learnings; propose more
///
/// A learning that was seen to hold more than once, that names files and says something that can be kept to, may become
/// a rule: a file in .orchestrator/rules/ for those files only, with a last day. The briefs of tasks with these files
/// show it. Nothing becomes a rule by itself, and none is for everything.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show those that are there (the default)
    List,
    /// Show what could become a rule, as the files that would be written; write nothing
    Propose,
    /// Write what is proposed; all of it without NAME (the person only)
    Accept {
        /// Names of proposed rules, or the beginnings of them
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// Remove rules whose last day is over or whose learning is gone (the person only)
    Prune {
        /// Show what would go; change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    match &args.command {
        None | Some(Command::List) => Ok(list(ui, &project)),
        Some(Command::Propose) => Ok(propose(ui, &project)),
        Some(Command::Accept { names }) => accept(ui, &project, names),
        Some(Command::Prune { dry_run }) => prune(ui, &project, *dry_run),
    }
}

fn list(ui: &Ui, project: &Path) -> Exit {
    let (rules, now) = (rule::read(project), clock::now_ms());
    if ui.json {
        ui.result(true, json!({"rules": rules}));
        return Exit::Done;
    }
    for rule in &rules {
        let over = if rule.is_over(now) { ui.paint(WARN, " (over)") } else { String::new() };
        ui.print(&format!("{}{over}  {}\n", ui.paint(HEAD, &plain::line(&rule.name, 60)), about(ui, rule)));
    }
    if rules.is_empty() {
        ui.print("no learning is a rule here yet: so rules propose\n");
    }
    Exit::Done
}

fn about(ui: &Ui, rule: &Rule) -> String {
    let until = if rule.expires.is_empty() { String::new() } else { format!(", until {}", rule.expires) };
    let files = plain::line(&format!("{}{until}", plain::list(&rule.globs, 3)), 160);
    format!("{}\n    {}", plain::line(&rule.text, 200), ui.paint(DIM, &files))
}

fn propose(ui: &Ui, project: &Path) -> Exit {
    let drafts = rule::propose(project, clock::now_ms());
    if ui.json {
        let list = drafts.iter().map(|one| {
            json!({"name": one.name, "path": path(one), "learning": one.learning,
            "strength": one.strength, "text": one.text, "renews": !one.before.is_empty()})
        });
        ui.result(true, json!({"proposals": list.collect::<Vec<_>>(), "person_runs": "so rules accept"}));
        return Exit::Done;
    }
    let fits = fitting(&drafts);
    show(ui, drafts.get(..fits).unwrap_or_default());
    let left: Vec<&str> = drafts.iter().skip(fits).map(|one| one.name.as_str()).collect();
    if !left.is_empty() {
        ui.print(&format!("{} more: {}; so rules propose --json\n", left.len(), left.join(", ")));
    }
    if drafts.is_empty() {
        ui.print(
            "nothing is strong enough: a rule needs a learning of 0.60 or more, of a type that can be a rule, with files\n",
        );
    } else {
        ui.print("The person decides, in a terminal of their own: so rules accept [NAME…]\n");
    }
    Exit::Done
}

/// So many are shown at once: with the lines around them 600 tokens of four bytes.
fn fitting(drafts: &[Draft]) -> usize {
    const BUDGET: usize = 1_700;
    let mut bytes = 0;
    let fits = |draft: &&Draft| {
        bytes += draft.text.len() + draft.text.lines().count() + draft.name.len() + 40;
        bytes <= BUDGET
    };
    drafts.iter().take_while(fits).count().max(1).min(drafts.len())
}

fn path(draft: &Draft) -> String {
    format!("{}/{}.md", rule::DIR, draft.name)
}

fn show(ui: &Ui, drafts: &[Draft]) {
    for draft in drafts {
        let word = if draft.before.is_empty() { "create" } else { "renew" };
        ui.print(&format!("{word} {} ({:.2})\n", ui.paint(HEAD, &path(draft)), draft.strength));
        for line in draft.text.lines() {
            let line: String = line.chars().map(|c| if plain::is_hidden(c) { '·' } else { c }).collect();
            ui.print(&format!("{}\n", ui.paint(GOOD, &format!("+{line}"))));
        }
    }
}

fn accept(ui: &Ui, project: &Path, names: &[String]) -> anyhow::Result<Exit> {
    let drafts = rule::propose(project, clock::now_ms());
    let all: Vec<&str> = drafts.iter().map(|one| one.name.as_str()).collect();
    let chosen = rule::chosen(names, &all).map_err(|_| {
        hinted(format!("no rule of these is proposed: {}", names.join(", ")), "so rules propose")
    })?;
    let drafts: Vec<Draft> =
        drafts.iter().filter(|one| chosen.contains(&one.name.as_str())).cloned().collect();
    if drafts.is_empty() {
        return Ok(propose(ui, project));
    }
    if !ui.json {
        show(ui, &drafts);
    }
    if let Err(why) = person::agrees(project, "Write these rules.") {
        return Ok(refused(ui, &why, "accept"));
    }
    let paths: Vec<PathBuf> =
        drafts.iter().map(|one| rule::accept(project, one)).collect::<anyhow::Result<_>>()?;
    if ui.json {
        ui.result(true, json!({"written": paths}));
    } else {
        let count = plain::count(paths.len(), "rule", "rules");
        ui.print(&format!(
            "{} {count}; commit them, so that everybody has them\n",
            ui.paint(GOOD, "written:")
        ));
    }
    Ok(Exit::Done)
}

fn refused(ui: &Ui, why: &Why, word: &str) -> Exit {
    let text =
        person::refusal(why, &format!("Ask the person to run `so rules {word}` in a terminal of their own."));
    if ui.json {
        ui.result(false, json!({"error": {"code": "person-only", "message": text}}));
    } else {
        ui.note(&text);
    }
    Exit::Findings
}

fn prune(ui: &Ui, project: &Path, dry_run: bool) -> anyhow::Result<Exit> {
    let stale = rule::stale(project, clock::now_ms());
    let list: Vec<_> = stale.iter().map(|(rule, why)| json!({"name": rule.name, "why": why})).collect();
    if !ui.json {
        for (rule, why) in &stale {
            ui.print(&format!("remove {}/{}.md: {why}\n", rule::DIR, rule.name));
        }
    }
    if stale.is_empty() || dry_run {
        if ui.json {
            ui.result(true, json!({"stale": list, "removed": false}));
        } else if stale.is_empty() {
            ui.print("every rule counts\n");
        }
        return Ok(Exit::Done);
    }
    if let Err(why) = person::agrees(project, "Remove these rules.") {
        return Ok(refused(ui, &why, "prune"));
    }
    let answer = if ui.yes { Some(true) } else { ui.confirm("Remove them?", false)? };
    if answer != Some(true) {
        if ui.json {
            let ask = json!({"question": "Remove them?", "options": ["yes", "no"], "answer": "so rules prune --yes"});
            ui.result(false, json!({"ask": ask, "stale": list}));
        } else {
            ui.print(&format!("{}: so rules prune --yes\n", ui.paint(WARN, "nothing was changed")));
        }
        return Ok(Exit::Findings);
    }
    for (rule, _) in &stale {
        rule::remove(project, rule)?;
    }
    if ui.json {
        ui.result(true, json!({"stale": list, "removed": true}));
    } else {
        ui.print(&format!("{}\n", ui.paint(GOOD, "removed")));
    }
    Ok(Exit::Done)
}

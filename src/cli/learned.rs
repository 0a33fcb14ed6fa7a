//! What is shown of learnings and of proposals: for `so learn`.

use std::path::Path;

use serde_json::json;

use super::{Exit, trust};
use crate::session::learn::relevant::{self, Hand};
use crate::session::learn::{Learning, Proposal, Unknown, What, analyze, find, ledger, proposal};
use crate::ui::{DIM, GOOD, HEAD, Ui, WARN};
use crate::{clock, plain};

/// Which ones are shown.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {
    /// What waits for the person, instead of what is kept
    #[arg(long)]
    pending: bool,
    /// Everything: those that have faded too, and more than is read at once
    #[arg(long)]
    all: bool,
    /// Those that matter for these files, globs relative to the project, as a brief would choose them
    #[arg(long = "for", value_name = "GLOB", conflicts_with_all = ["pending", "all"])]
    files: Vec<String>,
}

/// Bytes of a list that are shown at once: with the lines around it 600 tokens of four.
const BUDGET: usize = 2_200;

/// Prints whole entries as long as they fit; how many are left.
fn print_fitting(ui: &Ui, entries: &[String], is_all: bool) -> usize {
    let mut bytes = 0;
    let fits = |entry: &&String| {
        bytes += entry.len();
        is_all || bytes <= BUDGET
    };
    let shown = entries.iter().take_while(fits).inspect(|entry| ui.print(entry)).count();
    entries.len() - shown
}

/// One learning as a line.
pub(super) struct Shown {
    pub(super) line: String,
}

impl Shown {
    pub(super) fn of(ui: &Ui, learning: &Learning, now: u64) -> Self {
        let strength = learning.age.strength(now);
        let files = if learning.said.files.is_empty() {
            String::new()
        } else {
            format!("  ({})", plain::line(&plain::list(&learning.said.files, 2), 80))
        };
        let line = format!(
            "{} {strength:.2} {}  {}{}",
            ui.paint(HEAD, &plain::line(&learning.id, 40)),
            plain::line(&learning.said.kind, 40),
            learning.said.line(160),
            ui.paint(DIM, &files),
        );
        Self { line }
    }
}

/// What is kept, or what waits.
pub(super) fn list(ui: &Ui, project: &Path, args: &Args) -> Exit {
    if args.pending {
        return pending(ui, project, args.all);
    }
    let now = clock::now_ms();
    let mut all = ledger::read(project);
    ledger::by_strength(&mut all, now);
    let (shown, faded): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| one.age.is_shown(now));
    let most = most(project);
    let chosen: Vec<&Learning> = if args.files.is_empty() {
        let most = if args.all { usize::MAX } else { most };
        shown.iter().chain(faded.iter().filter(|_| args.all)).take(most).collect()
    } else {
        relevant::relevant(&shown, &Hand { files: &args.files, words: "" }, most, now)
    };
    let waiting = proposal::waiting(project).len();
    if ui.json {
        let list: Vec<_> = chosen.iter().map(|one| one.json(now)).collect();
        let count = shown.len() + faded.len();
        ui.result(true, json!({"learnings": list, "count": count, "faded": faded.len(), "pending": waiting}));
        return Exit::Done;
    }
    let entries: Vec<String> =
        chosen.iter().map(|one| format!("{}\n", Shown::of(ui, one, now).line)).collect();
    let left = print_fitting(ui, &entries, args.all);
    let more = if args.files.is_empty() { shown.len().saturating_sub(chosen.len() - left) } else { left };
    rest(ui, project, (chosen.len(), more, faded.len()), args);
    Exit::Done
}

/// What is not shown, and what waits.
fn rest(ui: &Ui, project: &Path, (shown, more, faded): (usize, usize, usize), args: &Args) {
    if shown == 0 {
        let what =
            if args.files.is_empty() { "nothing was learned here yet" } else { "nothing is known of these" };
        ui.print(&format!("{what}\n"));
    }
    let parts = [(more, "more"), (faded, "faded")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if !args.all && !parts.is_empty() && (args.files.is_empty() || more > 0) {
        ui.print(&format!("{}: so learn list --all\n", parts.join(", ")));
    }
    if let Some(words) = proposal::words(project) {
        ui.print(&format!("{words}\n"));
    }
}

/// How many the project wants to see at most.
pub(super) fn most(project: &Path) -> usize {
    let number = trust::config(project).int("learnings-surface-top-n", "");
    number.and_then(|number| usize::try_from(number).ok()).unwrap_or(relevant::TOLD)
}

fn pending(ui: &Ui, project: &Path, is_all: bool) -> Exit {
    let waiting = proposal::waiting(project);
    if ui.json {
        ui.result(true, json!({"pending": waiting, "person_types": "so learn approve"}));
        return Exit::Done;
    }
    let entries: Vec<String> = waiting.iter().map(|one| entry(ui, one)).collect();
    let left = print_fitting(ui, &entries, is_all);
    if left > 0 {
        ui.print(&format!("{left} more: so learn list --pending --all\n"));
    }
    if waiting.is_empty() {
        ui.print("no proposal waits\n");
    } else {
        ui.print(
            "The person decides, in the chat or in a terminal of their own: so learn approve [ID…], so learn reject ID…\n",
        );
    }
    Exit::Done
}

/// A proposal with what it rests on, a line each.
fn entry(ui: &Ui, one: &Proposal) -> String {
    let mut text = format!("{}  {}\n", ui.paint(HEAD, &one.id), one.line(300));
    let What::Keep(said) = &one.what else { return text };
    let of = plain::count(one.from.len(), "proposal", "proposals");
    let of = if one.from.is_empty() { String::new() } else { format!("{of}: {}", one.from.join(", ")) };
    let facts = [("files", said.files.join(", ")), ("evidence", said.evidence.clone()), ("made of", of)];
    for (name, fact) in facts.iter().filter(|(_, fact)| !fact.is_empty()) {
        let fact = ui.paint(DIM, &format!("    {name}: {}", plain::line(fact, 200)));
        text.extend([fact.as_str(), "\n"]);
    }
    text
}

/// What the records show more than once.
pub(super) fn analyze(ui: &Ui, project: &Path) -> Exit {
    let (found, sessions) = analyze::candidates(project);
    if ui.json {
        let list = found.iter().map(|one| {
            json!({"type": one.kind, "subject": one.subject, "insight": one.insight, "evidence": one.evidence,
                "files": one.files})
        });
        ui.result(true, json!({"proposals": list.collect::<Vec<_>>(), "sessions": sessions}));
        return Exit::Done;
    }
    for one in &found {
        let evidence = ui.paint(DIM, &format!("    {}", plain::line(&one.evidence, 160)));
        ui.print(&format!("{}  {}\n{evidence}\n", ui.paint(HEAD, &one.kind), plain::line(&one.insight, 200)));
    }
    let count = plain::count(sessions, "session", "sessions");
    if sessions < analyze::LEAST {
        ui.print(&format!("{count} recorded: too few to tell a pattern, from {} on\n", analyze::LEAST));
    } else if found.is_empty() {
        ui.print(&format!("nothing happened more than once in {count}\n"));
    } else {
        ui.print(&format!("from {count}; next, for what says something: so learn propose\n"));
    }
    Exit::Done
}

/// The proposals that `ids` name; all without any.
pub(super) fn chosen(waiting: &[Proposal], ids: &[String]) -> Result<Vec<Proposal>, Unknown> {
    if ids.is_empty() {
        return Ok(waiting.to_vec());
    }
    let mut all = Vec::new();
    for wanted in ids {
        let id = find(wanted, waiting.iter().map(|one| one.id.as_str()))?;
        all.extend(waiting.iter().filter(|one| one.id == id).cloned());
    }
    Ok(all)
}

/// The learning that `id` names.
pub(super) fn one(project: &Path, id: &str) -> Result<Learning, Unknown> {
    let all = ledger::read(project);
    let id = find(id, all.iter().map(|one| one.id.as_str()))?.to_owned();
    all.into_iter().find(|one| one.id == id).ok_or(Unknown::None(id))
}

/// So much of what happened to one is shown.
const HISTORY: usize = 5;

/// One with all that is known of it.
pub(super) fn show(ui: &Ui, project: &Path, id: &str) -> anyhow::Result<Exit> {
    let (learning, now) = (one(project, id)?, clock::now_ms());
    if ui.json {
        ui.result(true, json!({"learning": learning.json(now)}));
        return Ok(Exit::Done);
    }
    let over = learning.age.over(now);
    let state = match over {
        Some(why) => ui.paint(WARN, why),
        None if learning.age.is_shown(now) => ui.paint(GOOD, "shown to agents"),
        None => ui.paint(DIM, "faded: no longer shown"),
    };
    let said = &learning.said;
    ui.print(&format!(
        "{} {} {:.2}, {state}\n",
        ui.paint(HEAD, &plain::line(&learning.id, 40)),
        plain::line(&said.kind, 40),
        learning.age.strength(now)
    ));
    let fact = |name: &str, text: &str| {
        let (lines, _) = plain::quoted(text, 4_000);
        if !text.is_empty() {
            ui.print(&format!("{name}\n{}\n", lines.join("\n")));
        }
    };
    fact("subject", &said.subject);
    fact("insight", &said.insight);
    fact("evidence", &said.evidence);
    fact("files", &said.files.join("\n"));
    let older = learning.history.len().saturating_sub(HISTORY);
    if older > 0 {
        ui.print(&format!("{older} older: so learn show {} --json\n", plain::line(&learning.id, 40)));
    }
    for event in learning.history.iter().skip(older) {
        let why = if event.evidence.is_empty() { String::new() } else { format!(": {}", event.evidence) };
        ui.print(&format!("{} {}{}\n", event.at, event.change, plain::line(&why, 200)));
    }
    if learning.age.expires < u64::MAX {
        ui.print(&format!("ends {} unless it is confirmed\n", clock::date_of(learning.age.expires)));
    }
    Ok(Exit::Done)
}

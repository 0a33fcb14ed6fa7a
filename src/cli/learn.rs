//! `so learn`: what sessions learned about this project.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::error::hinted;
use super::learned::{self, Shown};
use super::{Exit, person, place, session};
use crate::session::learn::write::{self, Decided};
use crate::session::learn::{Change, Unknown, ledger, proposal};
use crate::session::person::Why;
use crate::ui::{BAD, DIM, GOOD, Ui, WARN};
use crate::{clock, plain};

/// Show what sessions learned here; agents propose, you decide what is kept
///
/// A learning is one fact that would have saved time: "the parser tests need LANG=C". Agents propose them, in their
/// reports and with `so learn propose`; nothing is kept before you say so, with `so learn approve` in the chat of a
/// session or in a terminal of your own. What is kept is shown to agents whose files it speaks of.
///
/// It begins at 0.50. Each time it is seen to hold it gains 0.15 and its time begins anew, each time it is not it loses
/// 0.20; half of it fades in 90 days. Below 0.30 it is no longer shown, below 0.10 `so learn prune` takes it away. They
/// stand in .orchestrator/learnings.jsonl: commit it, so that everybody has them.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show them, the strongest first (the default)
    List(learned::Args),
    /// Show one with its evidence and what happened to it
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Count in the records of sessions what happened more than once; propose nothing
    ///
    /// Files that many sessions changed, tasks that were carried over again, gates that were not green, sizes of plans.
    /// What says something you propose; `so learn analyze --json | so learn propose --report -` proposes all of it.
    Analyze,
    /// Put a learning before the person, or what was seen of one that is kept
    Propose(super::propose::Args),
    /// Keep what is proposed; all that waits without ID (the person only)
    Approve {
        /// Ids of proposals, or the beginnings of them
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
    /// Do not keep it; the same is not proposed again (the person only)
    Reject {
        /// Ids of proposals, or the beginnings of them
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
    },
    /// Say that one was seen to hold (the person only)
    Confirm(Seen),
    /// Say that one was seen not to hold (the person only)
    Contradict(Seen),
    /// Let one go for good (the person only)
    Forget {
        /// Its id, or the beginning of it
        id: String,
    },
    /// Take away what is over or was forgotten; its lines go to an archive (the person only)
    Prune {
        /// Show what would go; change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Seen {
    /// Its id, or the beginning of it
    id: String,
    /// What showed it
    #[arg(long, value_name = "TEXT", default_value = "")]
    evidence: String,
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let done = match &args.command {
        None => Ok(learned::list(ui, &project, &learned::Args::default())),
        Some(Command::List(args)) => Ok(learned::list(ui, &project, args)),
        Some(Command::Show { id }) => learned::show(ui, &project, id),
        Some(Command::Analyze) => Ok(learned::analyze(ui, &project)),
        Some(Command::Propose(args)) => super::propose::run(ui, &project, &session_of(&project), args),
        Some(Command::Approve { ids }) => decide(ui, &project, ids, "Keep", &write::approve),
        Some(Command::Reject { ids }) => decide(ui, &project, ids, "Reject", &write::reject),
        Some(Command::Confirm(seen)) => change(ui, &project, seen, Change::Confirmed),
        Some(Command::Contradict(seen)) => change(ui, &project, seen, Change::Contradicted),
        Some(Command::Forget { id }) => forget(ui, &project, id),
        Some(Command::Prune { dry_run }) => prune(ui, &project, *dry_run),
    };
    done.map_err(explained)
}

/// The session that is open here, or none.
fn session_of(project: &Path) -> String {
    session::own(project).map(|session| session.id).unwrap_or_default()
}

fn explained(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<Unknown>() {
        Some(unknown) => {
            hinted(unknown.to_string(), "`so learn list --all` and `so learn list --pending` show ids")
        }
        None => error,
    }
}

/// What a caller is told who is not the person.
fn refused(ui: &Ui, why: &Why, words: &str) -> Exit {
    let instead =
        format!("The person types `so learn {words}` into the chat, or runs it in a terminal of their own.");
    let text = person::refusal(why, &instead);
    if ui.json {
        ui.result(false, json!({"error": {"code": "person-only", "message": text}}));
    } else {
        ui.note(&text);
    }
    Exit::Findings
}

type Decide = dyn Fn(&Path, &[String], &str) -> anyhow::Result<Vec<Decided>>;

fn decide(ui: &Ui, project: &Path, ids: &[String], word: &str, act: &Decide) -> anyhow::Result<Exit> {
    let waiting = proposal::waiting(project);
    let all = learned::chosen(&waiting, ids)?;
    if all.is_empty() {
        return Ok(nothing(ui));
    }
    let lines: String = all.iter().map(|one| format!("  {}  {}\n", one.id, one.line(300))).collect();
    let words = if word == "Keep" { "approve" } else { "reject ID" };
    if let Err(why) = person::agrees(project, &format!("{word} what is proposed:\n{lines}")) {
        return Ok(refused(ui, &why, words));
    }
    // These and no others: what came in the meantime was not read.
    let ids: Vec<String> = all.iter().map(|one| one.id.clone()).collect();
    let decided = act(project, &ids, &clock::now())?;
    if ui.json {
        ui.result(true, json!({"decided": decided, "file": ledger::FILE}));
        return Ok(Exit::Done);
    }
    for Decided { proposal, did } in &decided {
        ui.print(&format!("{} {}  {}\n", ui.paint(GOOD, did), proposal.id, proposal.line(300)));
    }
    if word == "Keep" {
        ui.say(&format!("in {}; commit it, so that everybody has them", ledger::FILE));
    }
    Ok(Exit::Done)
}

fn nothing(ui: &Ui) -> Exit {
    if ui.json {
        ui.result(true, json!({"decided": []}));
    } else {
        ui.print("no proposal waits\n");
    }
    Exit::Done
}

fn change(ui: &Ui, project: &Path, seen: &Seen, change: Change) -> anyhow::Result<Exit> {
    let learning = learned::one(project, &seen.id)?;
    let word = change.word();
    let what = format!("Say that this was {word}:\n  {}  {}", learning.id, learning.said.line(300));
    if let Err(why) = person::agrees(project, &what) {
        let verb = if change == Change::Confirmed { "confirm" } else { "contradict" };
        return Ok(refused(ui, &why, &format!("{verb} {}", learning.id)));
    }
    let after = write::change(project, &learning.id, change, &seen.evidence, &clock::now())?;
    let now = clock::now_ms();
    if ui.json {
        ui.result(true, json!({"change": change, "learning": after.json(now)}));
    } else {
        let (before, after_it) = (learning.age.strength(now), after.age.strength(now));
        ui.print(&format!(
            "{} {}: {before:.2} → {after_it:.2}  {}\n",
            ui.paint(GOOD, word),
            after.id,
            ui.paint(DIM, &after.said.line(200))
        ));
    }
    Ok(Exit::Done)
}

fn forget(ui: &Ui, project: &Path, id: &str) -> anyhow::Result<Exit> {
    let learning = learned::one(project, id)?;
    let what = format!("Forget this:\n  {}  {}", learning.id, learning.said.line(300));
    if let Err(why) = person::agrees(project, &what) {
        return Ok(refused(ui, &why, &format!("forget {}", learning.id)));
    }
    write::forget(project, &learning.id, &clock::now())?;
    if ui.json {
        ui.result(true, json!({"forgotten": learning.json(clock::now_ms())}));
    } else {
        ui.print(&format!("{} {}  {}\n", ui.paint(GOOD, "forgotten"), learning.id, learning.said.line(300)));
    }
    Ok(Exit::Done)
}

fn prune(ui: &Ui, project: &Path, dry_run: bool) -> anyhow::Result<Exit> {
    let now = clock::now_ms();
    let plan = write::prunable(project, now);
    let over = plan.over.iter().map(|(one, why)| json!({"why": why, "learning": one.json(now)}));
    let over: Vec<_> = over.collect();
    if !ui.json {
        for (learning, why) in &plan.over {
            let Shown { line, .. } = Shown::of(ui, learning, now);
            ui.print(&format!("{line}  {}\n", ui.paint(DIM, why)));
        }
        let what = if plan.lines == 0 { "nothing is over".to_owned() } else { would_go(plan.lines) };
        ui.print(&format!("{what}\n"));
    }
    if dry_run || plan.lines == 0 {
        if ui.json {
            ui.result(true, json!({"over": over, "lines": plan.lines, "pruned": false}));
        }
        return Ok(Exit::Done);
    }
    if let Err(why) = person::agrees(project, "Take these learnings away.") {
        return Ok(refused(ui, &why, "prune"));
    }
    let answer = if ui.yes { Some(true) } else { ui.confirm("Take them away?", false)? };
    match answer {
        Some(true) => {
            let pruned = write::prune(project, now)?;
            if ui.json {
                ui.result(true, json!({"over": over, "lines": pruned.lines, "pruned": true}));
            } else {
                ui.print(&format!("{}; the archive is in .orchestrator/metrics\n", ui.paint(GOOD, "done")));
            }
            return Ok(Exit::Done);
        }
        Some(false) => ui.note("nothing was changed"),
        None if ui.json => {
            let ask = json!({"question": "Take them away?", "options": ["yes", "no"], "answer": "so learn prune --yes"});
            ui.result(false, json!({"ask": ask, "over": over, "lines": plan.lines}));
        }
        None => ui.print(&format!("{}: so learn prune --yes\n", ui.paint(WARN, "nothing was changed"))),
    }
    Ok(Exit::Findings)
}

fn would_go(lines: usize) -> String {
    format!("{} of {} would go to the archive", plain::count(lines, "line", "lines"), ledger::FILE)
}

/// One line, where something waits for the person.
pub(super) fn waiting(project: &Path) -> Option<String> {
    proposal::words(project)
}

/// A text that is not taken.
pub(super) fn not_taken(ui: &Ui, id: &str, why: &str) {
    ui.print(&format!("{} {id}{why}\n", ui.paint(BAD, "not taken:")));
}

//! `so worktree`: a working tree of its own for a second session.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::error::hinted;
use super::{Exit, carry, place};
use crate::session::worktree::{self, Tree};
use crate::ui::{DIM, GOOD, HEAD, Ui};
use crate::{clock, env};

/// Working trees beside this one, so that a second session can work at the same time
///
/// One session owns a working tree. Another one stands beside the project, as PROJECT-NAME, on a branch of its own.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make one, on the branch NAME
    Add {
        /// Its name, and that of its branch
        name: String,
        /// Where a new branch begins [default: the commit that is checked out here]
        #[arg(long, value_name = "COMMIT")]
        from: Option<String>,
    },
    /// List them (the default)
    List,
    /// Remove one in which everything is committed; its branch stays, and ignored files are saved first
    Remove {
        /// Its name, its branch or its path
        name: String,
        /// Say what would happen; change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    match &args.command {
        None | Some(Command::List) => list(ui, &project),
        Some(Command::Add { name, from }) => add(ui, &project, name, from.as_deref()),
        Some(Command::Remove { name, dry_run }) => remove(ui, &project, name, *dry_run),
    }
}

fn list(ui: &Ui, project: &Path) -> anyhow::Result<Exit> {
    const SHOWN: usize = 20;
    let trees = worktree::list(project)?;
    if ui.json {
        ui.result(true, json!({"worktrees": trees}));
        return Ok(Exit::Done);
    }
    for tree in trees.iter().take(SHOWN) {
        ui.print(&format!("{}\n", row(ui, tree)));
    }
    if trees.len() > SHOWN {
        ui.print(&format!("{} more: git worktree list\n", trees.len() - SHOWN));
    }
    ui.print("next: so worktree add NAME\n");
    Ok(Exit::Done)
}

fn row(ui: &Ui, tree: &Tree) -> String {
    let name = if tree.name.is_empty() { "(main)" } else { &tree.name };
    let mut facts =
        vec![if tree.branch.is_empty() { "on no branch".to_owned() } else { tree.branch.clone() }];
    facts.push(match tree.changed {
        Some(0) => "all committed".to_owned(),
        Some(changed) => format!("{changed} changed"),
        None => "unreadable".to_owned(),
    });
    if !tree.session.is_empty() {
        facts.push(format!("session {}", tree.session));
    }
    if tree.here {
        facts.push("here".to_owned());
    }
    format!(
        "{} {}  {}",
        ui.paint(HEAD, &format!("{name:<16}")),
        facts.join(", "),
        ui.paint(DIM, &tree.path.display().to_string())
    )
}

fn add(ui: &Ui, project: &Path, name: &str, from: Option<&str>) -> anyhow::Result<Exit> {
    let tree = worktree::add(project, name, from).map_err(|error| advised(&error))?;
    let path = tree.path.display();
    let next = format!("start a client in {path}, and there: so session start");
    if ui.json {
        ui.result(true, json!({"worktree": tree, "next": next}));
    } else {
        ui.print(&format!("{} {path} on `{}`\nnext: {next}\n", ui.paint(GOOD, "made"), tree.branch));
    }
    Ok(Exit::Done)
}

fn advised(error: &anyhow::Error) -> anyhow::Error {
    let text = format!("{error:#}");
    let hint = if text.contains("ermission denied") || text.contains("ead-only") {
        "a client's sandbox keeps it read-only: ask for approval to run this command outside the sandbox; nothing was made"
    } else {
        "`so worktree list` shows what there is; nothing was made"
    };
    hinted(text, hint)
}

fn remove(ui: &Ui, project: &Path, name: &str, dry_run: bool) -> anyhow::Result<Exit> {
    let state = env::state_dir();
    let tree = match worktree::removable(project, state.as_deref(), name) {
        Ok(tree) => tree,
        Err(why) => return Ok(refused(ui, &format!("{why:#}"))),
    };
    let path = tree.path.display().to_string();
    if !ui.json {
        ui.print(&format!(
            "remove {path}; its branch `{}` stays, ignored files are saved first\n",
            tree.branch
        ));
    }
    if dry_run {
        if ui.json {
            ui.result(true, json!({"worktree": tree, "removed": false}));
        }
        return Ok(Exit::Done);
    }
    if !ui.yes {
        let question = "Remove this working tree?";
        match ui.confirm(question, false)? {
            Some(true) => {}
            Some(false) => return Ok(Exit::Findings),
            None => return carry::nobody_to_ask(ui, question),
        }
    }
    let (tree, saved) = match worktree::remove(project, state.as_deref(), name, clock::seconds()) {
        Ok(done) => done,
        Err(why) => return Ok(refused(ui, &format!("{why:#}"))),
    };
    if ui.json {
        ui.result(true, json!({"worktree": tree, "removed": true, "snapshot": saved}));
    } else {
        let saved = saved
            .map(|number| format!("; ignored files are in snapshot {number}: so undo {number} --here"))
            .unwrap_or_default();
        ui.print(&format!("{} {path}{saved}\n", ui.paint(GOOD, "removed")));
    }
    Ok(Exit::Done)
}

fn refused(ui: &Ui, why: &str) -> Exit {
    let hint = "commit what is to stay, or end the session there; nothing was removed";
    if ui.json {
        ui.result(false, json!({"error": {"code": "kept", "message": why, "hint": hint}}));
    } else {
        ui.print(&format!("{why}\nnext: {hint}\n"));
    }
    Exit::Findings
}

//! `so task`: an agent says which task of the open wave it works on.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use super::error::hinted;
use super::{Exit, place};
use crate::session::scope::{self, Scope};
use crate::ui::{HEAD, Ui};

/// Begin one task of the open wave
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a task's brief; the agent that runs it is held to the task's files from then on
    ///
    /// A subagent runs it first. Without ID, or with one that is no task of the open wave, it lists the tasks and
    /// exits 1.
    Start {
        /// The task
        id: Option<String>,
    },
}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, args: &Args) -> anyhow::Result<Exit> {
    let Command::Start { id } = &args.command;
    let root = place::project(project.map(PathBuf::as_path))?;
    let wave = Scope::open(&root)
        .map_err(|why| hinted(why, "only `so` writes this file: ask the person to mend or remove it"))?;
    for finding in scope::findings(&root) {
        ui.complain(&format!("warning: {finding}\n"));
    }
    let Some(wave) = wave else { return Ok(none(ui)) };
    match id.as_deref().filter(|id| wave.tasks.contains_key(*id)) {
        Some(id) => start(ui, &root, &wave, id),
        None => Ok(list(ui, &wave, id.as_deref())),
    }
}

fn start(ui: &Ui, root: &Path, wave: &Scope, id: &str) -> anyhow::Result<Exit> {
    let brief = scope::briefs(root).remove(id).unwrap_or_default();
    let files = wave.patterns(Some(id));
    let enforcement = wave.enforcement.word();
    if ui.json {
        ui.result(
            true,
            json!({"task": id, "wave": wave.wave, "role": wave.role, "enforcement": enforcement, "files": files, "brief": brief}),
        );
        return Ok(Exit::Done);
    }
    let files = if files.is_empty() { "none: this role only reads".to_owned() } else { files.join(", ") };
    let head = ui.paint(HEAD, &format!("task {id}"));
    ui.print(&format!("{head} (wave {}, {})\nfiles: {files}\nscope: {enforcement}\n", wave.wave, wave.role));
    if !brief.is_empty() {
        ui.print(&format!("\n{}\n", brief.trim_end()));
    }
    Ok(Exit::Done)
}

fn none(ui: &Ui) -> Exit {
    if ui.json {
        ui.result(false, json!({"error": {"code": "no-wave", "message": "no wave is open here"}}));
    } else {
        ui.print("no wave is open here: there is no task to start\n");
    }
    Exit::Findings
}

fn list(ui: &Ui, wave: &Scope, asked: Option<&str>) -> Exit {
    let message = match asked {
        Some(id) => format!("wave {} has no task `{id}`", wave.wave),
        None => format!("which task of wave {}?", wave.wave),
    };
    if ui.json {
        let error = json!({"code": "no-task", "message": message});
        ui.result(false, json!({"error": error, "wave": wave.wave, "tasks": wave.tasks}));
        return Exit::Findings;
    }
    ui.print(&format!("{message}\n"));
    for (id, files) in &wave.tasks {
        ui.print(&format!("  {id}: {}\n", files.join(", ")));
    }
    Exit::Findings
}

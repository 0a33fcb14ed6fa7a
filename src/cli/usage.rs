//! `so usage`: which skills were opened here, and how often.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::error::hinted;
use super::{Exit, place};
use crate::env;
use crate::store::Store;
use crate::ui::{HEAD, Ui};

/// Show how often each skill was opened in the sessions of this project
///
/// Counted by the hooks while a session is open; nothing leaves this machine.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(ui: &Ui, project: Option<&PathBuf>, _args: &Args) -> anyhow::Result<Exit> {
    let project = place::project(project.map(PathBuf::as_path))?;
    let state = env::state_dir().ok_or_else(|| hinted("there is no home directory", "set HOME"))?;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for line in Store::of(&state, &project).lines("usage.jsonl") {
        if let Some(skill) = line.get("skill").and_then(Value::as_str) {
            *counts.entry(skill.to_owned()).or_default() += 1;
        }
    }
    let mut list: Vec<(String, u64)> = counts.into_iter().collect();
    list.sort_by_key(|(_, count)| std::cmp::Reverse(*count)); // stable: equal counts stay in the order of names
    if ui.json {
        let list: Vec<_> =
            list.iter().map(|(skill, count)| json!({"skill": skill, "count": count})).collect();
        ui.result(true, json!({"skills": list}));
    } else if list.is_empty() {
        ui.say("no skill was opened in a session of this project yet");
    } else {
        for (skill, count) in list {
            ui.print(&format!("{count:>5}  {}\n", ui.paint(HEAD, &skill)));
        }
    }
    Ok(Exit::Done)
}

//! The hook commands that our locks own: what the client runs, and how.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Machine;
use super::wiring::{State, Wiring};
use crate::compile::artifact::Edit;
use crate::compile::platform::{Platform, Scope};
use crate::install::settings;

/// One command that a client runs because of us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handler {
    /// The client's event.
    pub event: String,
    /// How it is started.
    pub runs: Runs,
    /// Where it runs, when not where the client works.
    pub cwd: Option<PathBuf>,
    /// The file it stands in.
    pub file: PathBuf,
    /// Its keys and position in that file, when the client knows it by them: event, group and handler.
    pub group: Option<usize>,
    /// What stands there.
    pub value: Value,
}

/// How a handler is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runs {
    /// A text for a shell.
    Shell(String, String),
    /// A program and its arguments.
    Program(Vec<String>),
}

/// The commands of one wiring that are as we wrote them: no others are ours to run.
pub fn handlers(machine: &Machine<'_>, platform: &Platform, wiring: &Wiring) -> Vec<Handler> {
    let mut found = Vec::new();
    for piece in wiring.files.iter().filter(|piece| piece.state == State::Same) {
        let text = std::fs::read_to_string(&piece.path).unwrap_or_default();
        if let Some(value) = settings::read(&piece.path) {
            found.extend(in_hooks(machine, platform, wiring, &piece.path, &value));
        }
        found.extend(in_extension(machine, platform, &piece.path, &text));
    }
    for piece in &wiring.edits {
        let present = settings::read(&piece.path).unwrap_or_default();
        for done in &piece.entry.record.done {
            let Edit::Append { at, value } = &done.edit else { continue };
            let [hooks, event] = at.as_slice() else { continue };
            let groups = present.get(hooks).and_then(|hooks| hooks.get(event)).and_then(Value::as_array);
            let group = groups.and_then(|groups| groups.iter().position(|group| group == value));
            if group.is_some() {
                found.extend(commands(value).into_iter().map(|command| {
                    handler(machine, platform, wiring, (&piece.path, event), command, group, value)
                }));
            }
        }
    }
    found
}

/// A whole hooks file of ours.
fn in_hooks(
    machine: &Machine<'_>,
    platform: &Platform,
    wiring: &Wiring,
    path: &Path,
    file: &Value,
) -> Vec<Handler> {
    let events = file.get("hooks").and_then(Value::as_object);
    let groups = events
        .into_iter()
        .flatten()
        .flat_map(|(event, groups)| groups.as_array().into_iter().flatten().map(move |group| (event, group)));
    let each =
        groups.flat_map(|(event, group)| commands(group).into_iter().map(move |text| (event, text, group)));
    each.map(|(event, text, group)| handler(machine, platform, wiring, (path, event), text, None, group))
        .collect()
}

/// The commands in one entry: its own, or those of the group.
fn commands(value: &Value) -> Vec<String> {
    let own = value.get("command").and_then(Value::as_str);
    let grouped = value.get("hooks").and_then(Value::as_array).into_iter().flatten();
    own.into_iter()
        .chain(grouped.filter_map(|handler| handler.get("command").and_then(Value::as_str)))
        .map(str::to_owned)
        .collect()
}

fn handler(
    machine: &Machine<'_>,
    platform: &Platform,
    wiring: &Wiring,
    (file, event): (&Path, &str),
    text: String,
    group: Option<usize>,
    value: &Value,
) -> Handler {
    let shell = platform.hooks.shell.clone().unwrap_or_else(|| "/bin/sh".to_owned());
    let elsewhere = wiring.scope != Scope::Project && !platform.hooks.cwd.is_empty();
    Handler {
        event: event.to_owned(),
        runs: Runs::Shell(shell, text),
        cwd: elsewhere.then(|| settings::in_home(machine.roots, &platform.hooks.cwd)),
        file: file.to_path_buf(),
        group,
        value: value.clone(),
    }
}

/// An extension starts a program itself, whose words stand in its first constant: one handler for each event.
fn in_extension(machine: &Machine<'_>, platform: &Platform, path: &Path, text: &str) -> Vec<Handler> {
    let Some(list) = text.lines().find_map(|line| line.strip_prefix("const SO: string[] = ")) else {
        return Vec::new();
    };
    let launcher = || {
        let launcher = machine.roots.project.as_ref()?.join(".orchestrator/so-hook");
        Some(vec![launcher.display().to_string(), platform.id.clone()])
    };
    let Some(words) = serde_json::from_str(list.trim_end_matches(';')).ok().or_else(launcher) else {
        return Vec::new();
    };
    let events = platform.hooks.events.values().flat_map(|event| &event.native);
    let list = text.lines().find(|line| line.starts_with("const BOUND")).unwrap_or_default();
    let bound = events.filter(|event| list.contains(&format!("\"{}\"", event.name)));
    let one = |name: &str| Handler {
        event: name.to_owned(),
        runs: Runs::Program([words.clone(), vec![name.to_owned()]].concat()),
        cwd: None,
        file: path.to_path_buf(),
        group: None,
        value: Value::Null,
    };
    bound.map(|event| one(&event.name)).collect()
}

impl Handler {
    /// The program that answers in the end, where the text names it: not behind a launcher.
    pub fn program(&self, platform: &str) -> Option<PathBuf> {
        match &self.runs {
            Runs::Program(words) => {
                words.first().filter(|word| !word.ends_with("/so-hook")).map(PathBuf::from)
            }
            Runs::Shell(_, text) => {
                let (before, _) = text.split_once(&format!(" hook {platform} "))?;
                let plain = before.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
                Some(plain.map_or_else(|| before.to_owned(), |text| text.replace("'\\''", "'")).into())
            }
        }
    }
}

//! What happened, as JSON lines in the main working tree: sessions and events in `.orchestrator/metrics/`.
//!
//! One writer for all of them. Texts are masked before they are written; command texts do not belong here. What cannot
//! be written is the caller's to judge: the work goes on without a record, never without a state.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::lease::Session;
use crate::guard::consent::masked;
use crate::lines::{self, Keeping};

/// Finished and abandoned sessions, one line each.
pub const SESSIONS: &str = "sessions.jsonl";
/// What happened in them.
pub const EVENTS: &str = "events.jsonl";

const DIR: &str = ".orchestrator/metrics";
/// The version of a line.
const SCHEMA: u32 = 1;
/// Bytes at which a file moves on.
const KEEPING: Keeping = Keeping { private: false, rotate_at: 10 << 20 };

/// Notes an event such as `orchestrator.wave.started`; `fields` is an object.
///
/// # Errors
/// It cannot be written.
pub fn event(project: &Path, now: &str, name: &str, fields: &Value) -> anyhow::Result<()> {
    let mut line = json!({"schema": SCHEMA, "at": now, "event": name});
    join(&mut line, fields);
    append(project, EVENTS, line)
}

/// Notes a finished session; `fields` is an object with its `id`.
///
/// # Errors
/// It cannot be written.
pub fn session(project: &Path, fields: &Value) -> anyhow::Result<()> {
    let mut line = json!({"schema": SCHEMA});
    join(&mut line, fields);
    append(project, SESSIONS, line)
}

/// Notes a session that was given up, once.
///
/// # Errors
/// It cannot be written.
pub fn abandoned(project: &Path, session: &Session, reason: &str, now: &str) -> anyhow::Result<()> {
    if read(project, SESSIONS).iter().any(|line| line.get("id").is_some_and(|id| *id == session.id)) {
        return Ok(());
    }
    self::session(
        project,
        &json!({"id": session.id, "label": session.label, "mode": session.mode, "status": "abandoned",
        "started-at": session.started_at, "completed-at": now, "branch": session.branch,
        "platform": session.holder.platform, "reason": reason}),
    )?;
    sync(project)
}

/// Sees to it that all records outlive the machine: a session has ended.
///
/// # Errors
/// The disk does not take them.
pub fn sync(project: &Path) -> anyhow::Result<()> {
    for name in [SESSIONS, EVENTS] {
        let path = dir(project).join(name);
        lines::sync(&path).with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}

/// The lines of one of the files, oldest first.
pub fn read(project: &Path, name: &str) -> Vec<Value> {
    lines::read(&dir(project).join(name))
}

/// The last `count` lines of one of the files, oldest first; old files that have moved on are not read.
pub fn last(project: &Path, name: &str, count: usize) -> Vec<Value> {
    lines::last(&dir(project).join(name), count)
}

/// Where the records of `project` stand: in the main working tree, whichever tree they speak of.
pub fn dir(project: &Path) -> PathBuf {
    main_tree(project).join(DIR)
}

/// The main working tree of the repository that `project` belongs to; itself without one.
pub fn main_tree(project: &Path) -> PathBuf {
    let main = git2::Repository::open(project).ok().filter(git2::Repository::is_worktree);
    let main = main.and_then(|repository| repository.commondir().parent().map(Path::to_path_buf));
    main.unwrap_or_else(|| project.to_path_buf())
}

fn append(project: &Path, name: &str, mut line: Value) -> anyhow::Result<()> {
    mask(&mut line);
    let path = dir(project).join(name);
    lines::append(&path, &line, KEEPING).with_context(|| format!("failed to write `{}`", path.display()))
}

fn join(line: &mut Value, fields: &Value) {
    if let (Some(line), Some(fields)) = (line.as_object_mut(), fields.as_object()) {
        line.extend(fields.clone());
    }
}

/// Hides what looks secret in every text of a value.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(fields) => fields.values_mut().for_each(mask),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_writers_do_not_meet() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..64 {
                let project = dir.path();
                scope.spawn(move || {
                    let fields = json!({"writer": writer, "text": "PASSWORD=hunter2secret"});
                    event(project, "2026-01-01T00:00:00Z", "orchestrator.test.ran", &fields).unwrap();
                });
            }
        });
        let lines = read(dir.path(), EVENTS);
        assert_eq!(lines.len(), 64);
        assert!(!lines[0].to_string().contains("hunter2secret"), "{}", lines[0]);
    }
}
